import numpy as np
import pytest
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional.normalization import (
    group_norm_backward,
    group_norm_forward,
    instance_norm_backward,
    instance_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
)

LAYER = (layer_norm_forward, layer_norm_backward)
GROUP = (group_norm_forward, group_norm_backward)
INSTANCE = (instance_norm_forward, instance_norm_backward)


def draw(rng, shape, features, dtype="float64"):
    """x, gamma, beta and dout."""
    arrays = rng.normal(1, 2, size=shape), rng.normal(size=features), rng.normal(size=features), rng.normal(size=shape)
    return [a.astype(dtype) for a in arrays]


def torch_layer(x, gamma, beta, *, eps=1e-5):
    return F.layer_norm(x, gamma.shape, gamma, beta, eps)


def torch_group(x, gamma, beta, *, groups, eps=1e-5):
    return F.group_norm(x, groups, gamma, beta, eps)


def torch_instance(x, gamma, beta, *, eps=1e-5):
    return F.instance_norm(x, weight=gamma, bias=beta, eps=eps)


def agree(backend, close, torch_gradients, pair, reference, arrays, *, rtol=1e-10, atol=1e-11, **options):
    *inputs, dout = arrays
    out, gradients = backend.pair(*pair, inputs, dout, **options)
    exact = [a.astype("float64") for a in arrays]
    expected, expected_gradients = torch_gradients(reference, exact[:3], exact[3], **options)
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        assert actual.dtype == dout.dtype
        close(actual, wanted, rtol=rtol, atol=atol)


@given(shape=array_shapes(min_dims=1, max_dims=4, max_side=4), data=st.data(), seed=st.integers(0, 2**16))
def test_layer_norm_agrees_with_torch(backend, close, torch_gradients, shape, data, seed):
    axes = data.draw(st.integers(1, len(shape)))
    arrays = draw(np.random.default_rng(seed), shape, shape[-axes:])
    agree(backend, close, torch_gradients, LAYER, torch_layer, arrays)


@given(
    n=st.integers(1, 3),
    groups=st.integers(1, 3),
    members=st.integers(1, 3),
    positions=array_shapes(min_dims=0, max_dims=3, max_side=3),
    seed=st.integers(0, 2**16),
)
@example(n=2, groups=1, members=1, positions=(), seed=0)
def test_group_norm_agrees_with_torch(backend, close, torch_gradients, n, groups, members, positions, seed):
    shape = (n, groups * members, *positions)
    arrays = draw(np.random.default_rng(seed), shape, shape[1])
    if n * members * int(np.prod(positions)) == 1:
        return  # PyTorch refuses this; test_a_set_of_one_value_becomes_beta has it
    agree(backend, close, torch_gradients, GROUP, torch_group, arrays, groups=groups)


@given(
    shape=array_shapes(min_dims=3, max_dims=5, max_side=4).filter(lambda s: np.prod(s[2:]) > 1),
    seed=st.integers(0, 2**16),
)
@example(shape=(1, 1, 2), seed=0)
def test_instance_norm_agrees_with_torch(backend, close, torch_gradients, shape, seed):
    arrays = draw(np.random.default_rng(seed), shape, shape[1])
    agree(backend, close, torch_gradients, INSTANCE, torch_instance, arrays)


EVERY = [
    (LAYER, torch_layer, (3, 4, 5), (4, 5), {}),
    (GROUP, torch_group, (3, 6, 2, 5), (6,), {"groups": 3}),
    (INSTANCE, torch_instance, (3, 4, 2, 5), (4,), {}),
]
every = pytest.mark.parametrize(
    ("pair", "reference", "shape", "features", "options"), EVERY, ids=["layer", "group", "instance"]
)


@every
@pytest.mark.parametrize("eps", [1e-8, 0.1])
def test_eps(backend, close, torch_gradients, pair, reference, shape, features, options, eps):
    arrays = draw(np.random.default_rng(0), shape, features)
    agree(backend, close, torch_gradients, pair, reference, arrays, **options, eps=eps)


@every
def test_float32_stays_float32_and_is_off_by_its_rounding_alone(
    backend, close, torch_gradients, pair, reference, shape, features, options
):
    arrays = draw(np.random.default_rng(1), shape, features, dtype="float32")
    agree(backend, close, torch_gradients, pair, reference, arrays, **options, rtol=1e-4, atol=1e-5)


@every
def test_gradients_agree_with_central_differences(close, numeric_gradient, pair, reference, shape, features, options):
    *inputs, dout = draw(np.random.default_rng(2), shape, features)
    forward, backward = pair
    _, cache = forward(*inputs, **options)
    for i, gradient in enumerate(backward(dout, cache)):

        def f(a, i=i):
            return forward(*inputs[:i], a, *inputs[i + 1 :], **options)[0]

        close(gradient, numeric_gradient(f, inputs[i], dout), rtol=1e-7, atol=1e-8)


@every
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_inputs_are_finite_and_right(
    backend, close, torch_gradients, pair, reference, shape, features, options, dtype
):
    """One sample of ±1e4, one with a small spread on a large mean, one without any spread."""
    rng = np.random.default_rng(3)
    x, *rest = draw(rng, shape, features, dtype)
    x[0] = 1e4 * np.sign(x[0])
    x[1] = 1e4 + np.round(x[1])
    x[2] = 0.1
    tolerance = {"float32": 1e-3, "float64": 1e-10}[dtype]
    agree(backend, close, torch_gradients, pair, reference, [x, *rest], **options, rtol=tolerance, atol=tolerance)
    out, gradients = backend.pair(*pair, [x, *rest[:2]], rest[2], **options)
    assert all(np.isfinite(a).all() for a in (out, *gradients))


@pytest.mark.parametrize(
    ("pair", "shape", "features", "options"),
    [(LAYER, (2, 1), (1,), {}), (GROUP, (1, 2), (2,), {"groups": 2}), (INSTANCE, (2, 3, 1, 1), (3,), {})],
)
def test_a_set_of_one_value_becomes_beta(backend, close, pair, shape, features, options):
    x, gamma, beta, dout = draw(np.random.default_rng(4), shape, features)
    out, (dx, dgamma, dbeta) = backend.pair(*pair, [x, gamma, beta], dout, **options)
    close(out, np.zeros(shape) + beta.reshape((-1,) + (1,) * (len(shape) - 2)))
    close(dx, np.zeros(shape))
    close(dgamma, np.zeros(features))
    close(dbeta, dout.sum(axis=tuple(a for a in range(len(shape)) if a != 1)))


def test_how_the_layers_relate(backend, close):
    """Student summary, figure VIII.1: group norm is instance norm with C groups, and layer norm with one."""
    x, gamma, beta, dout = draw(np.random.default_rng(5), (3, 4, 2, 5), (4,))
    instance = backend.pair(*INSTANCE, [x, gamma, beta], dout)
    group = backend.pair(*GROUP, [x, gamma, beta], dout, groups=4)
    for a, b in zip((instance[0], *instance[1]), (group[0], *group[1]), strict=True):
        close(a, b)
    maps = [np.broadcast_to(v[:, None, None], (4, 2, 5)).copy() for v in (gamma, beta)]
    layer = backend.pair(*LAYER, [x, *maps], dout)
    group = backend.pair(*GROUP, [x, gamma, beta], dout, groups=1)
    close(layer[0], group[0])
    close(layer[1][0], group[1][0])
    close(layer[1][1].sum(axis=(1, 2)), group[1][1])
    close(layer[1][2].sum(axis=(1, 2)), group[1][2])


@every
def test_a_sample_does_not_depend_on_its_neighbours(backend, close, pair, reference, shape, features, options):
    x, gamma, beta, dout = draw(np.random.default_rng(6), shape, features)
    out, (dx, *_) = backend.pair(*pair, [x, gamma, beta], dout, **options)
    alone, (dalone, *_) = backend.pair(*pair, [x[:1], gamma, beta], dout[:1], **options)
    close(out[:1], alone)
    close(dx[:1], dalone)


def test_no_samples(backend, close, torch_gradients):
    for pair, reference, shape, features, options in EVERY[:2]:
        arrays = draw(np.random.default_rng(7), (0, *shape[1:]), features)
        agree(backend, close, torch_gradients, pair, reference, arrays, **options)


@pytest.mark.parametrize(
    ("forward", "shapes", "options", "message"),
    [
        (layer_norm_forward, ((2, 3), (2,), (2,)), {}, r"the last axes of x \(2, 3\), but its shape is \(2,\)"),
        (layer_norm_forward, ((2, 3), (), ()), {}, r"the last axes of x \(2, 3\), but its shape is \(\)"),
        (layer_norm_forward, ((3,), (2, 3), (2, 3)), {}, r"the last axes of x \(3,\), but its shape is \(2, 3\)"),
        (layer_norm_forward, ((2, 3), (3,), (1, 3)), {}, r"beta must have shape \(3,\), but its shape is \(1, 3\)"),
        (layer_norm_forward, ((2, 0), (0,), (0,)), {}, r"gamma must hold at least one number, .* \(0,\)"),
        (layer_norm_forward, ((2, 3), (3,), (3,)), {"eps": -1.0}, "eps must be a finite number above 0"),
        (group_norm_forward, ((4,), (4,), (4,)), {"groups": 2}, r"x must have shape \(N, C, d_1, .*shape is \(4,\)"),
        (group_norm_forward, ((2, 4, 0), (4,), (4,)), {"groups": 2}, r"with entries .*shape is \(2, 4, 0\)"),
        (group_norm_forward, ((2, 4), (2,), (4,)), {"groups": 2}, r"gamma must have shape \(4,\), .* is \(2,\)"),
        (group_norm_forward, ((2, 4), (4,), (2,)), {"groups": 2}, r"beta must have shape \(4,\), .* is \(2,\)"),
        (group_norm_forward, ((2, 4), (4,), (4,)), {"groups": 3}, r"x of shape \(2, 4\), but 3 does not divide 4"),
        (group_norm_forward, ((2, 4), (4,), (4,)), {"groups": 0}, "but 0 does not divide 4"),
        (group_norm_forward, ((2, 4), (4,), (4,)), {"groups": 2, "eps": 0.0}, "eps must be a finite number above 0"),
        (instance_norm_forward, ((2, 4), (4,), (4,)), {}, r"with k at least 1, but its shape is \(2, 4\)"),
        (instance_norm_forward, ((2, 4, 3), (3,), (4,)), {}, r"gamma must have shape \(4,\), .* is \(3,\)"),
    ],
)
def test_bad_arguments(backend, forward, shapes, options, message):
    with pytest.raises(ValueError, match=message):
        forward(*(backend.array(np.ones(shape)) for shape in shapes), **options)


@every
@pytest.mark.parametrize("position", range(3))
def test_integers_are_refused(backend, pair, reference, shape, features, options, position):
    arrays = draw(np.random.default_rng(8), shape, features)[:3]
    arrays[position] = arrays[position].astype("int64")
    name = ("x", "gamma", "beta")[position]
    with pytest.raises(TypeError, match=f"{name} must hold real floating-point numbers, but its dtype is .*int64"):
        pair[0](*map(backend.array, arrays), **options)


@every
def test_a_wrong_upstream_gradient(backend, pair, reference, shape, features, options):
    *inputs, dout = draw(np.random.default_rng(9), shape, features)
    _, cache = pair[0](*map(backend.array, inputs), **options)
    with pytest.raises(ValueError, match=r"dout must have shape \(3, .*, but its shape is \(2, "):
        pair[1](backend.array(dout[:2]), cache)
    with pytest.raises(TypeError, match="dout must hold real floating-point numbers"):
        pair[1](backend.array(dout.astype("int64")), cache)

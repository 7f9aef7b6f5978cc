import functools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import (
    ACTIVATIONS,
    elu_backward,
    elu_forward,
    leaky_relu_backward,
    leaky_relu_forward,
    maxout_backward,
    maxout_forward,
    prelu_backward,
    prelu_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_backward,
    softmax_forward,
    softplus_backward,
    softplus_forward,
    swish_backward,
    swish_forward,
)

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)
SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


def in_torch(name):
    """The same function in PyTorch; the step has no gradient there, so it is written with one."""
    if name == "step":
        return lambda x: torch.heaviside(x.detach(), torch.ones((), dtype=x.dtype)) + 0 * torch.nan_to_num(x)
    if name == "softplus":
        return functools.partial(F.softplus, threshold=40)  # PyTorch's own 20 is a shortcut, visible in float64
    return functools.reduce(getattr, ACTIVATIONS[name].torch.split(".")[1:], torch)


def run(backend, name, x, dout):
    out, (dx,) = backend.pair(ACTIVATIONS[name].forward, ACTIVATIONS[name].backward, [x], dout)
    return out, dx


@every_activation
@given(shape=SHAPES, seed=st.integers(0, 2**16))
@example(shape=(1, 1), seed=0)
@example(shape=(0, 3), seed=0)
def test_value_and_gradient_agree_with_torch(backend, close, torch_gradients, name, shape, seed):
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(scale=4, size=shape), rng.normal(size=shape)
    out, dx = run(backend, name, x, dout)
    expected, (expected_dx,) = torch_gradients(in_torch(name), [x], dout)
    close(out, expected)
    close(dx, expected_dx)


@every_activation
def test_gradient_agrees_with_central_differences(close, numeric_gradient, name):
    activation = ACTIVATIONS[name]
    rng = np.random.default_rng(0)
    x, dout = rng.normal(scale=2, size=(4, 5)), rng.normal(size=(4, 5))
    assert np.abs(x).min() > 1e-3  # no entry so near the corner that the difference straddles it
    _, cache = activation.forward(x)
    dx = activation.backward(dout, cache)
    close(dx, numeric_gradient(lambda x: activation.forward(x)[0], x, dout), rtol=1e-7, atol=1e-9)


@every_activation
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_scores_are_finite_and_right(backend, close, torch_gradients, name, dtype):
    x = np.array([-1e4, -750.0, -100.0, -1.0, -0.0, 0.0, 1.0, 100.0, 750.0, 1e4], dtype=dtype)
    out, dx = run(backend, name, x, np.ones_like(x))
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()
    expected, (expected_dx,) = torch_gradients(in_torch(name), [x.astype("float64")], np.ones(10))
    tolerance = {"float32": 1e-6, "float64": 1e-12}[dtype]
    close(out, expected, rtol=tolerance, atol=1e-37)
    close(dx, expected_dx, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("dtype", "rtol", "scores"), [("float64", 1e-14, [-700, -300, -40, -20]), ("float32", 1e-6, [-85, -40, -20])]
)
def test_the_sigmoid_keeps_its_digits_where_it_is_small(backend, close, dtype, rtol, scores):
    """σ(−40) = 4·10⁻¹⁸, which ½ + ½ tanh(−20) loses; and at both ends it goes on to 0 and 1."""
    x = np.array([*scores, -1e30, -np.inf, 40, 1e30, np.inf], dtype=dtype)
    out, (dx,) = backend.pair(sigmoid_forward, sigmoid_backward, [x], np.ones_like(x))
    small = [1 / (1 + math.exp(-s)) for s in scores]
    close(out, np.array([*small, 0, 0, 1, 1, 1]), rtol=rtol, atol=0)
    close(out[: len(scores)], torch.sigmoid(torch.tensor(x[: len(scores)])).numpy(), rtol=rtol, atol=0)
    close(dx, np.array([*small, 0, 0, 0, 0, 0]), rtol=rtol, atol=rtol * 1e-2)
    swished = backend.call(lambda x: swish_forward(x)[0], np.array([-1e30, 1e30], dtype=dtype))
    close(swished, np.array([0, 1e30], dtype=dtype))


@every_activation
def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, name):
    rng = np.random.default_rng(1)
    x, dout = rng.normal(scale=3, size=(50,)), rng.normal(size=(50,))
    x, dout = x.astype("float32"), dout.astype("float32")
    out, dx = run(backend, name, x, dout)
    assert out.dtype == dx.dtype == np.dtype("float32")
    activation = ACTIVATIONS[name]
    exact, cache = activation.forward(x.astype("float64"))
    close(out, exact, rtol=1e-6, atol=1e-7)
    close(dx, activation.backward(dout.astype("float64"), cache), rtol=1e-5, atol=1e-6)


def test_at_the_corner_the_left_branch_decides(backend):
    zero, one = np.zeros(1), np.ones(1)
    slopes = {name: run(backend, name, zero, one)[1][0] for name in ("relu", "leaky_relu", "elu", "step")}
    assert slopes == {"relu": 0.0, "leaky_relu": 0.01, "elu": 1.0, "step": 0.0}
    assert run(backend, "step", zero, one)[0][0] == 1.0


@every_activation
def test_what_the_registry_claims(name):
    """Range, saturation, centring and death, read off the function on a fine grid from −40 to 40."""
    activation = ACTIVATIONS[name]
    assert activation.name == name
    assert activation.source
    x = np.linspace(-40, 40, 80_001)
    out, cache = activation.forward(x)
    slope = activation.backward(np.ones_like(x), cache)
    low, high = activation.range
    assert low - 1e-12 <= out.min()
    assert out.max() <= high
    assert out.min() <= (low + 1e-6 if math.isfinite(low) else -0.01 * 40)
    assert out.max() >= (high - 1e-6 if math.isfinite(high) else 39)
    assert activation.saturates == (abs(slope[0]) < 1e-9 and abs(slope[-1]) < 1e-9)
    assert activation.zero_centred == np.allclose(out, -out[::-1], rtol=0, atol=1e-12)
    assert activation.can_die == bool((slope[x < 0] == 0).all())


@every_activation
def test_bad_arguments(backend, name):
    activation = ACTIVATIONS[name]
    with pytest.raises(TypeError, match=r"x must hold real floating-point numbers, but its dtype is .*int64"):
        activation.forward(backend.array(np.zeros((2, 3), dtype="int64")))
    _, cache = activation.forward(backend.array(np.zeros((2, 3))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(3,\)"):
        activation.backward(backend.array(np.zeros(3)), cache)
    with pytest.raises(TypeError, match=r"dout must hold real floating-point numbers"):
        activation.backward(backend.array(np.zeros((2, 3), dtype="int64")), cache)
    with pytest.raises(TypeError):
        activation.forward([1.0, 2.0])


@every_activation
def test_the_output_does_not_share_memory_with_the_input(name):
    activation = ACTIVATIONS[name]
    x, dout = np.ones((2, 3)), np.ones((2, 3))
    out, cache = activation.forward(x)
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(activation.backward(dout, cache), dout)


OPTIONS = [
    (leaky_relu_forward, leaky_relu_backward, {"alpha": 0.1}, functools.partial(F.leaky_relu, negative_slope=0.1)),
    (leaky_relu_forward, leaky_relu_backward, {"alpha": 1.5}, functools.partial(F.leaky_relu, negative_slope=1.5)),
    (elu_forward, elu_backward, {"alpha": 0.3}, functools.partial(F.elu, alpha=0.3)),
    (softplus_forward, softplus_backward, {"beta": 2.5}, functools.partial(F.softplus, beta=2.5, threshold=80)),
    (swish_forward, swish_backward, {"beta": 1.7}, lambda x: x * torch.sigmoid(1.7 * x)),
    (swish_forward, swish_backward, {"beta": 0.0}, lambda x: x / 2),
    (swish_forward, swish_backward, {"beta": 1e3}, F.relu),
    (softplus_forward, softplus_backward, {"beta": 1e6}, F.relu),
]


@pytest.mark.parametrize(("forward", "backward", "options", "reference"), OPTIONS)
def test_options_agree_with_torch(backend, close, torch_gradients, forward, backward, options, reference):
    rng = np.random.default_rng(2)
    x, dout = rng.normal(scale=3, size=(3, 4)), rng.normal(size=(3, 4))
    out, (dx,) = backend.pair(forward, backward, [x], dout, **options)
    expected, (expected_dx,) = torch_gradients(reference, [x], dout)
    close(out, expected)
    close(dx, expected_dx)


@pytest.mark.parametrize(
    ("forward", "options"),
    [
        (leaky_relu_forward, {"alpha": math.nan}),
        (elu_forward, {"alpha": math.inf}),
        (softplus_forward, {"beta": 0.0}),
        (swish_forward, {"beta": math.nan}),
    ],
)
def test_bad_options(backend, forward, options):
    (name,) = options
    with pytest.raises(ValueError, match=f"{name} must be a finite number"):
        forward(backend.array(np.zeros(2)), **options)


@given(shape=array_shapes(min_dims=2, max_dims=4, max_side=4), shared=st.booleans(), seed=st.integers(0, 2**16))
@example(shape=(1, 1), shared=False, seed=0)
@example(shape=(2, 3, 4), shared=False, seed=0)
def test_prelu_agrees_with_torch(backend, close, torch_gradients, shape, shared, seed):
    rng = np.random.default_rng(seed)
    x, dout, alpha = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=1 if shared else shape[1])
    out, (dx, dalpha) = backend.pair(prelu_forward, prelu_backward, [x, alpha], dout)
    expected, (expected_dx, expected_dalpha) = torch_gradients(F.prelu, [x, alpha], dout)
    close(out, expected)
    close(dx, expected_dx)
    close(dalpha, expected_dalpha)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_prelu_with_one_slope_of_no_axes(backend, close, shape):
    x, dout = np.full(shape, -2.0), np.full(shape, 0.5)
    out, (dx, dalpha) = backend.pair(prelu_forward, prelu_backward, [x, np.array(0.25)], dout)
    close(out, np.full(shape, -0.5))
    close(dx, np.full(shape, 0.125))
    close(dalpha, np.array(-1.0 * np.prod(shape)))


def test_prelu_refuses_slopes_for_other_channels(backend):
    with pytest.raises(ValueError, match=r"alpha must have shape \(3,\), but its shape is \(4,\)"):
        prelu_forward(backend.array(np.zeros((2, 3, 4))), backend.array(np.zeros(4)))
    with pytest.raises(TypeError, match="alpha must hold real floating-point numbers"):
        prelu_forward(backend.array(np.zeros((2, 3))), backend.array(np.zeros(3, dtype="int64")))


@given(data=st.data(), shape=array_shapes(min_dims=1, max_dims=4, max_side=4), seed=st.integers(0, 2**16))
def test_softmax_agrees_with_torch(backend, close, torch_gradients, data, shape, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(seed)
    x, dout = rng.normal(scale=3, size=shape), rng.normal(size=shape)
    out, (dx,) = backend.pair(softmax_forward, softmax_backward, [x], dout, axis=axis)
    expected, (expected_dx,) = torch_gradients(functools.partial(torch.softmax, dim=axis), [x], dout)
    close(out, expected)
    close(dx, expected_dx)
    close(out.sum(axis=axis), np.ones(out.sum(axis=axis).shape))
    close(dx.sum(axis=axis), np.zeros(out.sum(axis=axis).shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_softmax_of_extreme_scores(backend, close, dtype):
    x = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, -1e4]], dtype=dtype)
    out, (dx,) = backend.pair(softmax_forward, softmax_backward, [x], np.eye(3, dtype=dtype))
    close(out, np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0]]), rtol=1e-6)
    close(dx, np.array([[0, 0, 0], [-1 / 9, 2 / 9, -1 / 9], [0, 0, 0]]), rtol=1e-6, atol=1e-7)


def test_softmax_refuses_an_axis_that_is_not_there(backend):
    with pytest.raises(ValueError, match=r"axis must be one of the 2 axes of x of shape \(2, 3\), but it is 2"):
        softmax_forward(backend.array(np.zeros((2, 3))), axis=2)
    _, cache = softmax_forward(backend.array(np.zeros((2, 3))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(2,\)"):
        softmax_backward(backend.array(np.zeros(2)), cache)


def torch_maxout(x, w, b):
    return (torch.einsum("nd,kdm->knm", x, w) + b[:, None]).max(dim=0).values


@given(n=st.integers(1, 4), d=st.integers(1, 4), m=st.integers(1, 4), k=st.integers(1, 5), seed=st.integers(0, 2**16))
@example(n=1, d=1, m=1, k=1, seed=0)
def test_maxout_agrees_with_torch(backend, close, torch_gradients, n, d, m, k, seed):
    rng = np.random.default_rng(seed)
    x, w, b, dout = (rng.normal(size=shape) for shape in ((n, d), (k, d, m), (k, m), (n, m)))
    out, gradients = backend.pair(maxout_forward, maxout_backward, [x, w, b], dout)
    expected, expected_gradients = torch_gradients(torch_maxout, [x, w, b], dout)
    close(out, expected)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted)


def test_maxout_gives_a_tie_to_the_first_piece(backend, close):
    x, w, b = np.ones((1, 1)), np.array([[[1.0]], [[2.0]], [[2.0]]]), np.zeros((3, 1))
    _, (dx, dw, db) = backend.pair(maxout_forward, maxout_backward, [x, w, b], np.ones((1, 1)))
    close(dx, [[2.0]])
    close(dw, [[[0.0]], [[1.0]], [[0.0]]])
    close(db, [[0.0], [1.0], [0.0]])


def test_two_maxout_pieces_make_a_relu_or_an_absolute_value(backend, close):
    x = np.linspace(-2, 2, 9).reshape(-1, 1)
    dout = np.ones_like(x)
    relu_weights, abs_weights = np.array([[[0.0]], [[1.0]]]), np.array([[[-1.0]], [[1.0]]])
    out, (dx, _, _) = backend.pair(maxout_forward, maxout_backward, [x, relu_weights, np.zeros((2, 1))], dout)
    relu, (drelu,) = backend.pair(relu_forward, relu_backward, [x], dout)
    close(out, relu)
    close(dx, drelu)
    close(backend.numpy(maxout_forward(*map(backend.array, (x, abs_weights, np.zeros((2, 1)))))[0]), np.abs(x))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3, 1), (2, 3, 4), (2, 4)), r"x must have shape \(N, D\), but its shape is \(2, 3, 1\)"),
        (((2, 3), (2, 5, 4), (2, 4)), r"w must have shape \(k, 3, M\), but its shape is \(2, 5, 4\)"),
        (((2, 3), (2, 3, 4), (4,)), r"b must have shape \(2, 4\), but its shape is \(4,\)"),
        (((2, 3), (0, 3, 4), (0, 4)), r"w must hold at least one piece, but its shape \(k, D, M\) is \(0, 3, 4\)"),
    ],
)
def test_maxout_shapes_that_do_not_fit(backend, shapes, message):
    with pytest.raises(ValueError, match=message):
        maxout_forward(*(backend.array(np.zeros(shape)) for shape in shapes))


def test_maxout_wrong_upstream_gradient(backend):
    _, cache = maxout_forward(*(backend.array(np.zeros(shape)) for shape in ((2, 3), (2, 3, 4), (2, 4))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 4\), but its shape is \(2, 2, 4\)"):
        maxout_backward(backend.array(np.zeros((2, 2, 4))), cache)

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import affine_backward, affine_forward, relu_forward
from i2dl.functional.batch_norm import (
    batch_norm_backward,
    batch_norm_forward,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
)

VECTORS = (batch_norm_forward, batch_norm_backward)
MAPS = (spatial_batch_norm_forward, spatial_batch_norm_backward)
# At least two values for each channel: PyTorch refuses to train on one.
SHAPES = array_shapes(min_dims=2, max_dims=5, max_side=4).filter(lambda s: np.prod(s) > s[1])


def draw(rng, shape, dtype="float64"):
    """x, gamma, beta, running_mean, running_var and dout."""
    c = shape[1]
    arrays = (rng.normal(1, 2, size=shape), *(rng.normal(size=c) for _ in range(3)), rng.uniform(0.5, 2, size=c))
    return [a.astype(dtype) for a in (*arrays, rng.normal(size=shape))]


def run(backend, x, gamma, beta, running_mean, running_var, dout, **options):
    """Output, gradients and running statistics; nothing that went in may have changed."""
    inputs = (x, gamma, beta, running_mean, running_var, dout)
    theirs = [None if a is None else backend.array(a) for a in inputs]
    forward, backward = VECTORS if x.ndim == 2 else MAPS
    out, cache, running = forward(*theirs[:3], running_mean=theirs[3], running_var=theirs[4], **options)
    before = backend.numpy(out).copy()
    gradients = [backend.numpy(g) for g in backward(theirs[5], cache)]
    for mine, original in zip((*theirs, out), (*inputs, before), strict=True):
        if original is not None:
            np.testing.assert_array_equal(backend.numpy(mine), original)
    return before, gradients, {k: None if v is None else backend.numpy(v) for k, v in running.items()}


def torch_run(x, gamma, beta, running_mean, running_var, dout, *, train, momentum=0.1, eps=1e-5):
    leaves = [torch.tensor(a).requires_grad_() for a in (x, gamma, beta)]
    statistics = [None if a is None else torch.tensor(a) for a in (running_mean, running_var)]
    out = F.batch_norm(leaves[0], *statistics, *leaves[1:], train, momentum, eps)
    gradients = torch.autograd.grad(out, leaves, torch.tensor(dout))
    return out.detach().numpy(), [g.numpy() for g in gradients], [None if s is None else s.numpy() for s in statistics]


@given(shape=SHAPES, train=st.booleans(), seed=st.integers(0, 2**16))
@example(shape=(2, 1), train=True, seed=0)
@example(shape=(1, 2, 3), train=True, seed=0)
@example(shape=(1, 3, 1, 2), train=True, seed=0)
@example(shape=(1, 4), train=False, seed=0)
@example(shape=(4, 3, 2, 5), train=True, seed=0)
def test_agrees_with_torch(backend, close, shape, train, seed):
    arrays = draw(np.random.default_rng(seed), shape)
    out, gradients, running = run(backend, *arrays, train=train, momentum=0.9, unbiased=True)
    expected, expected_gradients, statistics = torch_run(*arrays, train=train, momentum=0.1)
    close(out, expected)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted, atol=1e-11)
    close(running["running_mean"], statistics[0])
    close(running["running_var"], statistics[1])


@pytest.mark.parametrize("momentum", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("eps", [1e-8, 0.1])
def test_options_agree_with_torch(backend, close, momentum, eps):
    arrays = draw(np.random.default_rng(0), (5, 3, 2))
    out, gradients, running = run(backend, *arrays, train=True, momentum=momentum, eps=eps, unbiased=True)
    expected, expected_gradients, statistics = torch_run(*arrays, train=True, momentum=1 - momentum, eps=eps)
    close(out, expected)
    close(gradients[0], expected_gradients[0])
    close(running["running_mean"], statistics[0])
    close(running["running_var"], statistics[1])


def test_without_running_statistics(backend, close):
    x, gamma, beta, _, _, dout = draw(np.random.default_rng(1), (5, 3))
    out, gradients, running = run(backend, x, gamma, beta, None, None, dout, train=True)
    expected, expected_gradients, _ = torch_run(x, gamma, beta, None, None, dout, train=True)
    close(out, expected)
    close(gradients[0], expected_gradients[0])
    assert running == {"running_mean": None, "running_var": None}


def test_the_running_average_is_the_lectures(backend, close):
    """Lecture 8: βₘ weighs the old value, and the mini-batch's variance is the one it is normalized with, divisor N."""
    x, gamma, beta, mean, var, dout = draw(np.random.default_rng(2), (6, 3, 2, 2))
    axes, beta_m = (0, 2, 3), 0.8
    _, _, running = run(backend, x, gamma, beta, mean, var, dout, train=True, momentum=beta_m)
    close(running["running_mean"], beta_m * mean + (1 - beta_m) * x.mean(axis=axes))
    close(running["running_var"], beta_m * var + (1 - beta_m) * x.var(axis=axes))


def test_running_statistics_can_be_handed_on(backend, close):
    """After many batches of one distribution, evaluation normalizes with its mean and variance."""
    rng = np.random.default_rng(3)
    gamma, beta = backend.array(np.ones(2)), backend.array(np.zeros(2))
    running = {"running_mean": backend.array(np.zeros(2)), "running_var": backend.array(np.ones(2))}
    for _ in range(200):
        x = backend.array(rng.normal([3.0, -1.0], [2.0, 0.5], size=(64, 2)))
        _, _, running = batch_norm_forward(x, gamma, beta, **running, train=True)
    close(backend.numpy(running["running_mean"]), [3.0, -1.0], rtol=0.1)
    close(backend.numpy(running["running_var"]), [4.0, 0.25], rtol=0.2)
    one = backend.array(np.array([[3.0, -1.0]]))
    out, _, after = batch_norm_forward(one, gamma, beta, **running, train=False)
    close(backend.numpy(out), np.zeros((1, 2)), atol=0.2)
    for name, value in running.items():
        np.testing.assert_array_equal(backend.numpy(after[name]), backend.numpy(value))


def test_exam_august_2022_question_7_3(backend):
    """Running mean and variance for an input of shape (8, 3, 32, 64) hold 2 · 3 = 6 values."""
    *_, running = run(backend, *draw(np.random.default_rng(4), (8, 3, 32, 64)), train=True)
    assert sum(statistic.size for statistic in running.values()) == 6


def test_exam_august_2020_problem_3(backend, close):
    """x̂ = (x − E[x])/√Var[x], y = γx̂ + β: the graph of 3d, node by node, gives output and gradients."""
    x, gamma, beta, _, _, dout = draw(np.random.default_rng(5), (7, 2))
    eps = 1e-5
    n = x.shape[0]
    c = x - x.mean(axis=0)
    v = (c**2).mean(axis=0)
    r = 1 / np.sqrt(v + eps)
    xhat = c * r
    dxhat = dout * gamma
    dr = (dxhat * c).sum(axis=0)
    ds = -0.5 * r**3 * dr / n
    dc = dxhat * r + 2 * c * ds
    dx = dc - dc.sum(axis=0) / n
    out, gradients, _ = run(backend, x, gamma, beta, None, None, dout, train=True, eps=eps)
    close(out, gamma * xhat + beta)
    for gradient, wanted in zip(gradients, (dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)), strict=True):
        close(gradient, wanted)


@pytest.mark.parametrize("train", [True, False])
def test_gradients_agree_with_central_differences(close, numeric_gradient, train):
    *inputs, mean, var, dout = draw(np.random.default_rng(6), (4, 3, 2))
    options = {"running_mean": mean, "running_var": var, "train": train}
    _, cache, _ = spatial_batch_norm_forward(*inputs, **options)
    for i, gradient in enumerate(spatial_batch_norm_backward(dout, cache)):

        def f(a, i=i):
            return spatial_batch_norm_forward(*inputs[:i], a, *inputs[i + 1 :], **options)[0]

        close(gradient, numeric_gradient(f, inputs[i], dout), rtol=1e-7, atol=1e-8)


def test_maps_are_normalized_like_a_batch_of_their_pixels(backend, close):
    """Student summary, IX.5: one mean and variance per channel."""
    x, gamma, beta, mean, var, dout = draw(np.random.default_rng(7), (3, 4, 5, 2))
    rows = [np.moveaxis(a, 1, -1).reshape(-1, 4) for a in (x, dout)]
    out, (dx, dgamma, dbeta), running = run(backend, x, gamma, beta, mean, var, dout, train=True)
    flat = run(backend, rows[0], gamma, beta, mean, var, rows[1], train=True)
    close(np.moveaxis(out, 1, -1).reshape(-1, 4), flat[0])
    close(np.moveaxis(dx, 1, -1).reshape(-1, 4), flat[1][0])
    close(dgamma, flat[1][1])
    close(dbeta, flat[1][2])
    close(running["running_var"], flat[2]["running_var"])


def test_the_network_can_undo_it(backend, close):
    """Lecture 8: γ = √Var[x] and β = E[x] give x back (√(Var[x] + ε), to be exact)."""
    x = np.random.default_rng(8).normal(3, 2, size=(10, 4))
    gamma, beta = np.sqrt(x.var(axis=0) + 1e-5), x.mean(axis=0)
    out, _, _ = run(backend, x, gamma, beta, None, None, x, train=True)
    close(out, x)


def test_a_bias_before_it_does_nothing_and_gets_no_gradient(backend, close):
    """Student summary, VIII.3: batch norm shifts by the mean, and any constant is cancelled."""
    rng = np.random.default_rng(9)
    x, w, gamma, beta, dout = (rng.normal(size=s) for s in ((6, 3), (3, 4), (4,), (4,), (6, 4)))
    outs = []
    for b in (np.zeros(4), rng.normal(size=4)):
        scores = backend.numpy(affine_forward(*map(backend.array, (x, w, b)))[0])
        out, (dscores, _, _), _ = run(backend, scores, gamma, beta, None, None, dout, train=True)
        _, (_, _, db) = backend.pair(affine_forward, affine_backward, [x, w, b], dscores)
        close(db, np.zeros(4))
        outs.append(out)
    close(*outs)


def test_exam_february_2022_question_1_5(backend):
    """BatchNorm(ReLU(x)) is not ReLU(BatchNorm(x))."""
    x = np.random.default_rng(10).normal(size=(8, 3))
    one, zero = np.ones(3), np.zeros(3)
    first, _, _ = run(backend, np.maximum(x, 0), one, zero, None, None, x, train=True)
    normalized, _, _ = run(backend, x, one, zero, None, None, x, train=True)
    second = backend.numpy(relu_forward(backend.array(normalized))[0])
    assert np.abs(first - second).max() > 0.1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_inputs_are_finite_and_right(backend, close, dtype):
    """Columns of ±1e4, of a tiny spread on a large mean, of no spread at all, and of zeros."""
    x = np.array([[1e4, 1e4 + 1, 0.1, 0.0], [-1e4, 1e4, 0.1, 0.0], [1e4, 1e4 - 1, 0.1, 0.0], [-1e4, 1e4, 0.1, 0.0]])
    gamma, beta, dout = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0]), np.eye(4)
    arrays = [a.astype(dtype) for a in (x, gamma, beta, np.zeros(4), np.ones(4), dout)]
    out, gradients, running = run(backend, *arrays, train=True, unbiased=True)
    expected, expected_gradients, statistics = torch_run(
        *(a.astype(dtype).astype("float64") for a in (x, gamma, beta, np.zeros(4), np.ones(4), dout)), train=True
    )
    tolerance = {"float32": 1e-5, "float64": 1e-10}[dtype]
    close(out, expected, rtol=tolerance, atol=1e-4 if dtype == "float32" else 1e-12)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        assert np.isfinite(gradient).all()
        close(gradient, wanted, rtol=tolerance, atol=1e-4 if dtype == "float32" else 1e-10)
    close(running["running_mean"], statistics[0], rtol=tolerance)
    close(running["running_var"], statistics[1], rtol=tolerance, atol=tolerance)


def test_one_value_per_feature_becomes_beta(backend, close):
    """A batch of one vector is its own mean: the output is β, nothing flows back to it, and all is finite."""
    x, gamma, beta, mean, var, dout = draw(np.random.default_rng(11), (1, 3))
    for shape in ((1, 3), (1, 3, 1, 1)):
        arrays = x.reshape(shape), gamma, beta, mean, var, dout.reshape(shape)
        out, (dx, dgamma, dbeta), running = run(backend, *arrays, train=True)
        close(out, beta.reshape(shape))
        close(dx, np.zeros(shape))
        close(dgamma, np.zeros(3))
        close(dbeta, dout[0])
        close(running["running_mean"], 0.9 * mean + 0.1 * x[0])
        close(running["running_var"], 0.9 * var)
        with pytest.raises(ValueError, match="an unbiased variance needs at least 2 values per feature"):
            run(backend, *arrays, train=True, unbiased=True)


@pytest.mark.parametrize("train", [True, False])
def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, train):
    arrays = draw(np.random.default_rng(12), (16, 5, 7, 6), dtype="float32")
    out, gradients, running = run(backend, *arrays, train=train, unbiased=True)
    expected, expected_gradients, statistics = torch_run(*(a.astype("float64") for a in arrays), train=train)
    for actual, wanted in zip(
        (out, *gradients, *running.values()), (expected, *expected_gradients, *statistics), strict=True
    ):
        assert actual.dtype == np.dtype("float32")
        close(actual, wanted, rtol=1e-4, atol=1e-5)


def test_no_samples_at_test_time(backend, close):
    out, (dx, dgamma, dbeta), _ = run(backend, *draw(np.random.default_rng(13), (0, 3)), train=False)
    close(out, np.zeros((0, 3)))
    close(dx, np.zeros((0, 3)))
    close(dgamma, np.zeros(3))
    close(dbeta, np.zeros(3))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": (3,)}, ValueError, r"x must have shape \(N, D\), but its shape is \(3,\)"),
        ({"x": (2, 3, 4)}, ValueError, r"x must have shape \(N, D\), but its shape is \(2, 3, 4\)"),
        ({"x": (0, 3)}, ValueError, r"x must hold at least one number, but its shape is \(0, 3\)"),
        ({"gamma": (4,)}, ValueError, r"gamma must have shape \(3,\), but its shape is \(4,\)"),
        ({"beta": (1, 3)}, ValueError, r"beta must have shape \(3,\), but its shape is \(1, 3\)"),
        ({"running_mean": (2,)}, ValueError, r"running_mean must have shape \(3,\), but its shape is \(2,\)"),
        ({"running_var": ()}, ValueError, r"running_var must have shape \(3,\), but its shape is \(\)"),
        ({"momentum": 1.5}, ValueError, "momentum must be a finite number at least 0 and at most 1, but it is 1.5"),
        ({"eps": 0.0}, ValueError, "eps must be a finite number above 0, but it is 0.0"),
    ],
)
def test_bad_arguments(backend, change, error, message):
    shapes = {"x": (2, 3)} | dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), (3,))
    shapes |= {name: shape for name, shape in change.items() if name in shapes}
    arrays = {name: backend.array(np.ones(shape)) for name, shape in shapes.items()}
    options = {name: value for name, value in change.items() if name not in shapes}
    with pytest.raises(error, match=message):
        batch_norm_forward(**arrays, train=True, **options)


@pytest.mark.parametrize("name", ["x", "gamma", "beta", "running_mean", "running_var"])
def test_integers_are_refused(backend, name):
    arrays = {"x": np.ones((2, 3))} | dict.fromkeys(("gamma", "beta", "running_mean", "running_var"), np.ones(3))
    arrays[name] = arrays[name].astype("int64")
    with pytest.raises(TypeError, match=f"{name} must hold real floating-point numbers, but its dtype is .*int64"):
        batch_norm_forward(**{k: backend.array(v) for k, v in arrays.items()}, train=True)


def test_bad_maps_and_gradients(backend):
    x, gamma, beta, mean, var = (backend.array(a) for a in draw(np.random.default_rng(14), (2, 3))[:5])
    with pytest.raises(ValueError, match=r"x must have shape \(N, C, d_1, ..., d_k\) .*, but its shape is \(2, 3\)"):
        spatial_batch_norm_forward(x, gamma, beta, running_mean=mean, running_var=var, train=True)
    with pytest.raises(ValueError, match=r"at test time needs running_mean and running_var of shape \(3,\)"):
        batch_norm_forward(x, gamma, beta, running_mean=mean, running_var=None, train=False)
    for train in (True, False):
        _, cache, _ = batch_norm_forward(x, gamma, beta, running_mean=mean, running_var=var, train=train)
        with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(3,\)"):
            batch_norm_backward(gamma, cache)
        with pytest.raises(TypeError, match="dout must hold real floating-point numbers"):
            batch_norm_backward(backend.array(np.ones((2, 3), dtype="int64")), cache)


def test_autograd_runs_through_the_forward_pass():
    """The forward pass changes no array that autograd needs: PyTorch's own gradients of it are the hand-made ones."""
    arrays = [torch.tensor(a) for a in draw(np.random.default_rng(15), (4, 3, 2))]
    leaves = [a.requires_grad_() for a in arrays[:3]]
    out, cache, _ = spatial_batch_norm_forward(*leaves, running_mean=arrays[3], running_var=arrays[4], train=True)
    expected = torch.autograd.grad(out, leaves, arrays[5], retain_graph=True)
    with torch.no_grad():
        torch.testing.assert_close(spatial_batch_norm_backward(arrays[5], cache), tuple(expected), rtol=0, atol=1e-12)

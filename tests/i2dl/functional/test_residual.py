import doctest

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

import i2dl.functional.residual
from i2dl.bridge import autograd_function
from i2dl.functional import affine_backward, affine_forward, dropout_forward
from i2dl.functional.residual import residual_dropout_backward, residual_dropout_forward


def pair(backend, x, fx, dout, mask=None, **options):
    options |= {} if mask is None else {"mask": backend.array(mask)}
    return backend.pair(residual_dropout_forward, residual_dropout_backward, [x, fx], dout, **options)


@given(
    shape=array_shapes(min_dims=0, max_dims=4, max_side=5),
    p=st.one_of(st.sampled_from([0.0, 0.1, 1.0]), st.floats(0, 1)),
    seed=st.integers(0, 2**16),
)
@example(shape=(0, 3), p=0.5, seed=0)
@example(shape=(1, 1, 4), p=0.1, seed=0)
def test_training_agrees_with_torch(backend, close, torch_gradients, shape, p, seed):
    rng = np.random.default_rng(seed)
    x, fx, dout, mask = *(rng.normal(size=shape) for _ in range(3)), rng.random(shape) >= p
    out, gradients = pair(backend, x, fx, dout, mask=mask, p=p, train=True)
    scale = 1 / (1 - p) if p < 1 else 1.0
    expected, wanted = torch_gradients(lambda x, fx: x + fx * torch.tensor(mask) * scale, [x, fx], dout)
    close(out, expected)
    for mine, theirs in zip(gradients, wanted, strict=True):
        close(mine, theirs)


def test_training_is_torchs_dropout_of_the_sublayer_alone(backend, close):
    torch.manual_seed(0)
    x, fx = (torch.randn(40, 50, dtype=torch.float64, requires_grad=True) for _ in range(2))
    dropped = torch.nn.functional.dropout(fx, 0.1, training=True)
    (x + dropped).sum().backward()
    mask = (dropped != 0).numpy()
    out, (dx, dfx) = pair(
        backend, x.detach().numpy(), fx.detach().numpy(), np.ones((40, 50)), mask=mask, p=0.1, train=True
    )
    close(out, (x + dropped).detach().numpy())
    close(dx, x.grad.numpy())
    close(dfx, fx.grad.numpy())
    assert 0.05 < (dfx == 0).mean() < 0.15


def test_evaluation_adds(backend, close):
    rng = np.random.default_rng(0)
    x, fx, dout = (rng.normal(size=(2, 3, 4)) for _ in range(3))
    out, (dx, dfx) = pair(backend, x, fx, dout, p=0.4, train=False)
    close(out, x + fx)
    close(dx, dout)
    close(dfx, dout)


def test_with_all_dropped_the_layer_is_the_identity(backend, close):
    rng = np.random.default_rng(1)
    x, fx, dout = (rng.normal(size=(3, 4)) for _ in range(3))
    out, (dx, dfx) = pair(backend, x, fx, dout, p=1.0, train=True, rng=rng)
    close(out, x, rtol=0)
    close(dx, dout, rtol=0)
    close(dfx, np.zeros((3, 4)))


def test_the_mask_is_that_of_dropout_on_every_backend(backend, close):
    x, fx = np.zeros((30, 40)), np.ones((30, 40))
    out, _ = pair(backend, x, fx, fx, p=0.25, train=True, rng=np.random.default_rng(5))
    close(out, dropout_forward(fx, p=0.25, train=True, rng=np.random.default_rng(5))[0])


def test_exam_august_2020_question_4g(backend, close):
    """H(x) = x + R(x) with R(x) = l₂(l₁(x)): ∂H/∂x = 1 + r, where r is the product of both layers' weights."""
    x, w1, w2, b = np.array([[0.3]]), np.array([[2.0]]), np.array([[-0.7]]), np.zeros(1)
    arrays = [backend.array(a) for a in (x, w1, w2, b)]
    h, cache1 = affine_forward(arrays[0], arrays[1], arrays[3])
    r, cache2 = affine_forward(h, arrays[2], arrays[3])
    _, cache = residual_dropout_forward(arrays[0], r, p=0.0, train=False)
    dx, dr = residual_dropout_backward(backend.array(np.ones((1, 1))), cache)
    dh, _, _ = affine_backward(dr, cache2)
    close(backend.numpy(dx + affine_backward(dh, cache1)[0]), [[1 + 2.0 * -0.7]])


def test_through_a_sublayer_the_two_ways_add_up(close, numeric_gradient):
    rng = np.random.default_rng(2)
    x, w, b, dout = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4), rng.normal(size=(3, 4))
    mask = rng.random((3, 4)) < 0.6

    def layer(x):
        fx, cache_f = affine_forward(x, w, b)
        out, cache = residual_dropout_forward(x, fx, p=0.4, train=True, mask=mask)
        return out, cache, cache_f

    _, cache, cache_f = layer(x)
    dx, dfx = residual_dropout_backward(dout, cache)
    close(dx + affine_backward(dfx, cache_f)[0], numeric_gradient(lambda x: layer(x)[0], x, dout), rtol=1e-8, atol=1e-9)


def test_gradcheck():
    f = autograd_function(residual_dropout_forward, residual_dropout_backward)
    x, fx = (torch.randn(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    mask = torch.arange(12).reshape(3, 4) % 3 > 0
    assert torch.autograd.gradcheck(lambda x, fx: f(x, fx, p=0.3, train=True, mask=mask), (x, fx))
    assert torch.autograd.gradcheck(lambda x, fx: f(x, fx, p=0.3, train=False), (x, fx))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_numbers_are_finite(backend, dtype):
    large = np.full((2, 3), 1e30, dtype=dtype)
    out, (dx, dfx) = pair(backend, large, large, large, p=0.9, train=True, rng=np.random.default_rng(0))
    assert out.dtype == dx.dtype == dfx.dtype == np.dtype(dtype)
    assert np.isfinite(out).all()
    assert np.isfinite(dfx).all()


def test_bad_arguments(backend):
    x, rng = backend.array(np.ones((2, 3))), np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"fx must have shape \(2, 3\), but its shape is \(3,\)"):
        residual_dropout_forward(x, backend.array(np.ones(3)), p=0.1, train=False)
    with pytest.raises(TypeError, match="fx must hold real floating-point numbers"):
        residual_dropout_forward(x, backend.array(np.ones((2, 3), dtype="int64")), p=0.1, train=False)
    with pytest.raises(ValueError, match="p must be a finite number at least 0 and at most 1, but it is 2"):
        residual_dropout_forward(x, x, p=2, train=True, rng=rng)
    with pytest.raises(ValueError, match=r"needs rng, or a mask of shape \(2, 3\), but both are None"):
        residual_dropout_forward(x, x, p=0.1, train=True)
    _, cache = residual_dropout_forward(x, x, p=0.1, train=True, rng=rng)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(3,\)"):
        residual_dropout_backward(backend.array(np.ones(3)), cache)


@pytest.mark.parametrize("train", [True, False])
def test_nothing_shares_memory(train):
    x, fx = np.ones((2, 3)), np.ones((2, 3))
    out, cache = residual_dropout_forward(x, fx, p=0.0, train=train, rng=np.random.default_rng(0))
    gradients = residual_dropout_backward(x, cache)
    for array in (out, *gradients):
        assert not np.shares_memory(array, x)
        assert not np.shares_memory(array, fx)
    assert not np.shares_memory(*gradients)


def test_the_example():
    assert doctest.testmod(i2dl.functional.residual) == (0, 7)

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import affine_backward, affine_forward, flatten_backward, flatten_forward

BATCHES = array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4)


def torch_affine(x, w, b):
    return torch.nn.functional.linear(x.flatten(1), w.T, b)


@given(shape=BATCHES, seed=st.integers(0, 2**16))
@example(shape=(0, 2, 3), seed=0)
def test_flatten_and_back(backend, close, shape, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    dout = rng.normal(size=(shape[0], int(np.prod(shape[1:]))))
    out, (dx,) = backend.pair(flatten_forward, flatten_backward, [x], dout)
    close(out, torch.tensor(x).flatten(1).numpy(), rtol=0, atol=0)
    close(dx, dout.reshape(shape), rtol=0, atol=0)


def test_flatten_goes_row_by_row_and_channel_by_channel(backend):
    c, h, w = 3, 4, 5
    x = np.arange(2.0 * c * h * w).reshape(2, c, h, w)
    out = backend.numpy(flatten_forward(backend.array(x))[0])
    for channel, row, column in np.ndindex(c, h, w):
        assert out[1, (channel * h + row) * w + column] == x[1, channel, row, column]


@given(shape=BATCHES, outputs=st.integers(1, 4), seed=st.integers(0, 2**16))
@example(shape=(1, 1), outputs=1, seed=0)
@example(shape=(0, 3), outputs=2, seed=0)
def test_affine_agrees_with_torch(backend, close, torch_gradients, shape, outputs, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=shape), rng.normal(size=(int(np.prod(shape[1:])), outputs)), rng.normal(size=outputs)
    dout = rng.normal(size=(shape[0], outputs))
    out, gradients = backend.pair(affine_forward, affine_backward, [x, w, b], dout)
    expected, expected_gradients = torch_gradients(torch_affine, [x, w, b], dout)
    close(out, expected)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted)


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    rng = np.random.default_rng(1)
    arrays = [rng.normal(size=shape).astype("float32") for shape in ((8, 5, 6), (30, 7), (7,), (8, 7))]
    out, gradients = backend.pair(affine_forward, affine_backward, arrays[:3], arrays[3])
    expected, expected_gradients = torch_gradients(torch_affine, [a.astype(float) for a in arrays[:3]], arrays[3])
    assert {a.dtype for a in (out, *gradients)} == {np.dtype("float32")}
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(actual, wanted, rtol=1e-5, atol=1e-5)


def test_the_gradients_add_up_over_the_batch(backend, close):
    rng = np.random.default_rng(2)
    x, w, b, dout = (rng.normal(size=shape) for shape in ((3, 4), (4, 2), (2,), (3, 2)))
    _, (dx, dw, db) = backend.pair(affine_forward, affine_backward, [x, w, b], dout)
    _, (dx2, dw2, db2) = backend.pair(
        affine_forward, affine_backward, [np.concatenate([x, x]), w, b], np.concatenate([dout, dout])
    )
    close(dx2, np.concatenate([dx, dx]))
    close(dw2, 2 * dw)
    close(db2, 2 * db)


def test_the_short_formulas_equal_the_product_with_the_jacobian(backend, close):
    n, d, m = 3, 4, 5
    rng = np.random.default_rng(3)
    x, w, b, dout = (rng.normal(size=shape) for shape in ((n, d), (d, m), (m,), (n, m)))
    jacobians = torch.autograd.functional.jacobian(torch_affine, tuple(map(torch.tensor, (x, w, b))))
    _, gradients = backend.pair(affine_forward, affine_backward, [x, w, b], dout)
    for gradient, jacobian in zip(gradients, jacobians, strict=True):
        close(gradient, np.tensordot(dout, jacobian.numpy(), axes=2))
    dy_dw = jacobians[1].numpy()
    assert dy_dw.size == n * m * d * m
    assert np.count_nonzero(dy_dw) == dy_dw.size // m  # all but one in M are zero


def test_the_layer_is_affine_but_not_linear(backend, close):
    x, w, b = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([5.0])
    once, twice = (backend.numpy(affine_forward(*map(backend.array, (factor * x, w, b)))[0]) for factor in (1, 2))
    close(once, [[16.0]])
    close(twice, [[27.0]])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((3,), (3, 2), (2,)), r"x must have shape \(N, d_1, ..., d_k\) .*, but its shape is \(3,\)"),
        (((2, 3, 2), (5, 3), (3,)), r"w must have shape \(6, M\), but its shape is \(5, 3\)"),
        (((2, 6), (6,), (3,)), r"w must have shape \(6, M\), but its shape is \(6,\)"),
        (((2, 6), (6, 3), (4,)), r"b must have shape \(3,\), but its shape is \(4,\)"),
        (((2, 6), (6, 3), (1, 3)), r"b must have shape \(3,\), but its shape is \(1, 3\)"),
    ],
)
def test_shapes_that_do_not_fit(backend, shapes, message):
    with pytest.raises(ValueError, match=message):
        affine_forward(*(backend.array(np.zeros(shape)) for shape in shapes))


@pytest.mark.parametrize("position", range(3))
def test_integers_are_refused(backend, position):
    arrays = [np.zeros((2, 6)), np.zeros((6, 3)), np.zeros(3)]
    arrays[position] = arrays[position].astype("int64")
    with pytest.raises(TypeError, match=f"{'xwb'[position]} must hold real floating-point numbers, .*int64"):
        affine_forward(*map(backend.array, arrays))


def test_a_wrong_upstream_gradient(backend):
    _, cache = affine_forward(*(backend.array(np.zeros(shape)) for shape in ((2, 6), (6, 3), (3,))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(3, 2\)"):
        affine_backward(backend.array(np.zeros((3, 2))), cache)
    with pytest.raises(TypeError, match=r"dout must hold real floating-point numbers, .*int64"):
        affine_backward(backend.array(np.zeros((2, 3), dtype="int64")), cache)
    _, cache = flatten_forward(backend.array(np.zeros((2, 3, 2))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 6\), but its shape is \(2, 3, 2\)"):
        flatten_backward(backend.array(np.zeros((2, 3, 2))), cache)


def test_arrays_of_two_libraries_do_not_mix():
    with pytest.raises(TypeError):
        affine_forward(np.zeros((2, 3)), torch.zeros(3, 2), torch.zeros(2))

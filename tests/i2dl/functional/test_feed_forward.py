import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.feed_forward import position_wise_backward, position_wise_forward


def draw(seed, n, t, e, h, m, dtype="float64"):
    rng = np.random.default_rng(seed)
    shapes = ((n, t, e), (e, h), (h,), (h, m), (m,), (n, t, m))
    *inputs, dout = (np.asarray(rng.normal(size=shape), dtype) for shape in shapes)
    return inputs, dout


def in_torch(x, w1, b1, w2, b2):
    return F.linear(torch.relu(F.linear(x, w1.T, b1)), w2.T, b2)


LENGTHS = st.integers(1, 5)


@given(n=st.integers(0, 4), t=LENGTHS, e=LENGTHS, h=LENGTHS, m=LENGTHS, seed=st.integers(0, 2**16))
@example(n=1, t=1, e=1, h=1, m=1, seed=0)
@example(n=2, t=3, e=4, h=16, m=4, seed=0)
def test_it_agrees_with_torch(backend, close, torch_gradients, n, t, e, h, m, seed):
    inputs, dout = draw(seed, n, t, e, h, m)
    out, gradients = backend.pair(position_wise_forward, position_wise_backward, inputs, dout)
    expected, wanted = torch_gradients(in_torch, inputs, dout)
    close(out, expected)
    for mine, theirs in zip(gradients, wanted, strict=True):
        close(mine, theirs)


def test_it_is_two_convolutions_with_windows_of_one_place(backend, close):
    (x, w1, b1, w2, b2), dout = draw(0, 2, 5, 3, 7, 4)
    out, _ = backend.pair(position_wise_forward, position_wise_backward, [x, w1, b1, w2, b2], dout)
    maps = torch.relu(F.conv1d(torch.tensor(x.transpose(0, 2, 1)), torch.tensor(w1.T[:, :, None]), torch.tensor(b1)))
    close(out, F.conv1d(maps, torch.tensor(w2.T[:, :, None]), torch.tensor(b2)).numpy().transpose(0, 2, 1))


def test_no_place_sees_another(close):
    (x, *weights), _ = draw(1, 2, 5, 3, 7, 3)
    order = np.array([4, 2, 0, 1, 3])
    out, _ = position_wise_forward(x, *weights)
    close(position_wise_forward(x[:, order], *weights)[0], out[:, order])


def test_gradcheck():
    inputs, _ = draw(2, 2, 3, 4, 5, 2)
    f = autograd_function(position_wise_forward, position_wise_backward)
    assert torch.autograd.gradcheck(f, [torch.tensor(x, requires_grad=True) for x in inputs])


def test_gradients_agree_with_central_differences(close, numeric_gradient):
    inputs, dout = draw(3, 1, 2, 3, 4, 2)
    _, cache = position_wise_forward(*inputs)
    for i, gradient in enumerate(position_wise_backward(dout, cache)):

        def out(value, i=i):
            return position_wise_forward(*inputs[:i], value, *inputs[i + 1 :])[0]

        close(gradient, numeric_gradient(out, inputs[i], dout), rtol=1e-7, atol=1e-9)


def test_float32_is_off_by_its_rounding_alone(backend, close):
    inputs, dout = draw(4, 3, 4, 5, 20, 5)
    _, cache = position_wise_forward(*inputs)
    exact = position_wise_backward(dout, cache)
    single = [np.asarray(x, "float32") for x in inputs]
    _, gradients = backend.pair(position_wise_forward, position_wise_backward, single, np.asarray(dout, "float32"))
    for mine, wanted in zip(gradients, exact, strict=True):
        assert mine.dtype == np.dtype("float32")
        close(mine, wanted, rtol=1e-4, atol=1e-4)


def test_large_numbers_stay_finite(backend):
    inputs, dout = draw(5, 2, 3, 4, 5, 4, dtype="float32")
    inputs[0] *= 1e30
    out, gradients = backend.pair(position_wise_forward, position_wise_backward, inputs, dout)
    assert all(np.isfinite(a).all() for a in (out, *gradients))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((3, 4), (4, 5), (5,), (5, 4), (4,)), r"x must have shape \(N, T, E\), but its shape is \(3, 4\)"),
        (((2, 3, 4), (3, 5), (5,), (5, 4), (4,)), r"w must have shape \(4, M\), but its shape is \(3, 5\)"),
        (((2, 3, 4), (4, 5), (4,), (5, 4), (4,)), r"b must have shape \(5,\), but its shape is \(4,\)"),
        (((2, 3, 4), (4, 5), (5,), (4, 4), (4,)), r"w must have shape \(5, M\), but its shape is \(4, 4\)"),
    ],
)
def test_shapes_that_do_not_fit(backend, shapes, message):
    with pytest.raises(ValueError, match=message):
        position_wise_forward(*(backend.array(np.zeros(shape)) for shape in shapes))


def test_wrong_types_and_a_wrong_upstream_gradient(backend):
    inputs, _ = draw(6, 2, 3, 4, 5, 4)
    arrays = [backend.array(x) for x in inputs]
    with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
        position_wise_forward(backend.array(np.zeros((2, 3, 4), dtype="int64")), *arrays[1:])
    _, cache = position_wise_forward(*arrays)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3, 4\), but its shape is \(6, 4\)"):
        position_wise_backward(backend.array(np.zeros((6, 4))), cache)

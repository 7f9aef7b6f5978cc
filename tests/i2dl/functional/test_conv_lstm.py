import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.conv_lstm import conv_lstm_step_backward, conv_lstm_step_forward
from i2dl.functional.lstm import lstm_step_backward, lstm_step_forward

SIZES, KERNELS = st.integers(1, 3), st.sampled_from([1, 3, 5])


def draw(n, c, f, size, kernel, seed=0):
    """x, prev_h, prev_c, Wx, Wh, b, and the upstream gradients of h and c."""
    rng = np.random.default_rng(seed)
    shapes = ((n, c, *size), (n, f, *size), (n, f, *size), (4 * f, c, *kernel), (4 * f, f, *kernel), (4 * f,))
    return [rng.normal(size=shape) for shape in (*shapes, (n, f, *size), (n, f, *size))]


def run(backend, inputs, upstream, forward=conv_lstm_step_forward, backward=conv_lstm_step_backward):
    theirs, dtheirs = [backend.array(a) for a in inputs], [backend.array(a) for a in upstream]
    h, c, cache = forward(*theirs)
    results = [backend.numpy(a).copy() for a in (h, c)]
    gradients = [backend.numpy(a) for a in backward(*dtheirs, cache)]
    for mine, original in zip([*theirs, *dtheirs, h, c], [*inputs, *upstream, *results], strict=True):
        np.testing.assert_array_equal(backend.numpy(mine), original)
    return [*results, *gradients]


def torch_step(x, prev_h, prev_c, Wx, Wh, b):
    """The formulas of the paper with PyTorch's convolution, one for the image and one for the state."""
    padding = tuple(k // 2 for k in Wx.shape[2:])
    conv = torch.nn.functional.conv2d
    i, f, o, g = (conv(x, Wx, b, padding=padding) + conv(prev_h, Wh, padding=padding)).chunk(4, dim=1)
    c = f.sigmoid() * prev_c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def torch_results(inputs, upstream):
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    results = torch_step(*tensors)
    gradients = torch.autograd.grad(results, tensors, [torch.tensor(a) for a in upstream])
    return [a.detach().numpy() for a in (*results, *gradients)]


@given(
    n=SIZES,
    c=SIZES,
    f=SIZES,
    size=st.tuples(*[st.integers(1, 6)] * 2),
    kernel=st.tuples(KERNELS, KERNELS),
    seed=st.integers(0, 99),
)
@example(n=1, c=1, f=1, size=(1, 1), kernel=(1, 1), seed=0)
@example(n=1, c=2, f=3, size=(2, 5), kernel=(5, 3), seed=0)
def test_a_step_agrees_with_torch(backend, close, n, c, f, size, kernel, seed):
    *inputs, dh, dc = draw(n, c, f, size, kernel, seed)
    actual = run(backend, inputs, [dh, dc])
    for mine, theirs in zip(actual, torch_results(inputs, [dh, dc]), strict=True):
        close(mine, theirs, atol=1e-11)


def test_with_filters_of_one_pixel_every_pixel_is_an_lstm(backend, close):
    """A 1 × 1 convolution is an affine layer at each pixel, so a 1 × 1 ConvLSTM is an LSTM at each pixel."""
    *inputs, dh, dc = draw(2, 3, 4, (2, 3), (1, 1))
    images = run(backend, inputs, [dh, dc])
    rows = [np.moveaxis(a, 1, -1).reshape(12, -1) for a in (*inputs[:3], dh, dc)]
    weights = [inputs[3][:, :, 0, 0].T, inputs[4][:, :, 0, 0].T, inputs[5]]
    vectors = run(backend, [*rows[:3], *weights], rows[3:], lstm_step_forward, lstm_step_backward)
    for mine, wanted in zip(images[:5], vectors[:5], strict=True):
        close(np.moveaxis(mine, 1, -1).reshape(12, -1), wanted)
    for mine, wanted in zip(images[5:7], vectors[5:7], strict=True):
        close(mine[:, :, 0, 0].T, wanted)
    close(images[7], vectors[7])


def test_large_inputs_stay_finite(backend):
    *inputs, dh, dc = draw(1, 2, 2, (4, 3), (3, 3))
    inputs[0] *= 1e4
    assert all(np.all(np.isfinite(a)) for a in run(backend, inputs, [dh, dc]))


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close):
    arrays = [a.astype("float32") for a in draw(2, 3, 4, (6, 5), (3, 3))]
    expected = torch_results([a.astype(float) for a in arrays[:6]], [a.astype(float) for a in arrays[6:]])
    actual = run(backend, arrays[:6], arrays[6:])
    assert {a.dtype for a in actual} == {np.dtype("float32")}
    for mine, theirs in zip(actual, expected, strict=True):
        close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_gradcheck():
    inputs = [torch.tensor(a, requires_grad=True) for a in draw(1, 2, 1, (3, 2), (3, 1))[:6]]
    assert torch.autograd.gradcheck(autograd_function(conv_lstm_step_forward, conv_lstm_step_backward), inputs)


GOOD = {
    "x": (2, 3, 4, 5),
    "prev_h": (2, 6, 4, 5),
    "prev_c": (2, 6, 4, 5),
    "Wx": (24, 3, 3, 1),
    "Wh": (24, 6, 3, 1),
    "b": (24,),
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": (3, 4, 5)}, r"x must have shape \(N, C, H, W\), but its shape is \(3, 4, 5\)"),
        ({"prev_h": (2, 6, 4, 4)}, r"prev_h must have shape \(2, 6, 4, 5\), but its shape is \(2, 6, 4, 4\)"),
        ({"prev_c": (2, 5, 4, 5)}, r"prev_c must have shape \(2, 6, 4, 5\), but its shape is \(2, 5, 4, 5\)"),
        ({"Wx": (24, 3, 3, 3)}, r"Wx must have shape \(24, 3, 3, 1\), but its shape is \(24, 3, 3, 3\)"),
        ({"Wh": (6, 6, 3, 1)}, r"Wh must have shape \(24, 6, 3, 1\), but its shape is \(6, 6, 3, 1\)"),
        ({"Wh": (24, 6)}, r"Wh must have shape \(4F, F, HH, WW\), but its shape is \(24, 6\)"),
        ({"b": (6,)}, r"b must have shape \(24,\), but its shape is \(6,\)"),
        (
            {"Wx": (24, 3, 2, 1), "Wh": (24, 6, 2, 1)},
            r"Wh must have an odd height and width, .*, but its shape is \(24, 6, 2, 1\)",
        ),
    ],
)
def test_shapes_that_do_not_fit(backend, changes, message):
    arrays = {key: backend.array(np.zeros(shape)) for key, shape in (GOOD | changes).items()}
    with pytest.raises(ValueError, match=message):
        conv_lstm_step_forward(**arrays)


def test_other_bad_input(backend):
    arrays = {key: backend.array(np.zeros(shape)) for key, shape in GOOD.items()}
    with pytest.raises(TypeError, match=r"b must hold real floating-point numbers, .*int64"):
        conv_lstm_step_forward(**arrays | {"b": backend.array(np.zeros(24, dtype="int64"))})
    *_, cache = conv_lstm_step_forward(**arrays)
    with pytest.raises(ValueError, match=r"dnext_h must have shape \(2, 6, 4, 5\), but its shape is \(24,\)"):
        conv_lstm_step_backward(arrays["b"], arrays["prev_c"], cache)

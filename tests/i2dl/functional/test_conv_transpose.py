import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional import _correlation
from i2dl.functional.conv import conv2d_backward, conv2d_forward
from i2dl.functional.conv_transpose import conv_transpose2d_backward, conv_transpose2d_forward

PAIR = (conv_transpose2d_forward, conv_transpose2d_backward)


@st.composite
def layers(draw):
    """Shapes of x and w, and options with which some of the output is left."""
    two = st.tuples
    kernel, stride, dilation = (draw(two(st.integers(1, high), st.integers(1, high))) for high in (3, 4, 2))
    image = draw(two(st.integers(1, 4), st.integers(1, 4)))
    more = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    full = [
        (n - 1) * s + d * (f - 1) + 1 + m for n, s, d, f, m in zip(image, stride, dilation, kernel, more, strict=True)
    ]
    padding = tuple(draw(st.integers(0, min(3, (length - 1) // 2))) for length in full)
    groups, channels, filters, n = (draw(st.integers(1, 3)) for _ in range(4))
    options = {"stride": stride, "padding": padding, "output_padding": more, "dilation": dilation, "groups": groups}
    return (n, groups * channels, *image), (groups * channels, filters, *kernel), options


def draw_arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def check_against_torch(backend, close, torch_gradients, seed, layer):
    x_shape, w_shape, options = layer
    x, w, b = draw_arrays(seed, x_shape, w_shape, (w_shape[1] * options["groups"],))
    shape = F.conv_transpose2d(*map(torch.tensor, (x, w, b)), **options).shape
    (dout,) = draw_arrays(seed + 1, shape)
    out, gradients = backend.pair(*PAIR, [x, w, b], dout, **options)
    expected, expected_gradients = torch_gradients(F.conv_transpose2d, [x, w, b], dout, **options)
    close(out, expected, atol=1e-11)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted, atol=1e-11)


PLAIN = {"stride": (1, 1), "padding": (0, 0), "output_padding": (0, 0), "dilation": (1, 1), "groups": 1}


@given(layer=layers(), seed=st.integers(0, 2**16))
@example(layer=((1, 4, 3, 5), (4, 2, 2, 2), PLAIN | {"stride": (2, 2)}), seed=0)  # U-Net's up-convolution
@example(layer=((2, 2, 3, 2), (2, 3, 2, 1), PLAIN | {"stride": (3, 4)}), seed=0)  # stride > kernel: gaps stay empty
@example(layer=((2, 2, 3, 3), (2, 3, 3, 3), PLAIN | {"dilation": (2, 2), "output_padding": (1, 1)}), seed=0)
@example(layer=((0, 2, 3, 3), (2, 3, 3, 3), PLAIN), seed=0)
def test_agrees_with_torch(backend, close, torch_gradients, layer, seed):
    check_against_torch(backend, close, torch_gradients, seed, layer)


@pytest.mark.parametrize("block", [1, 40, 300])
def test_blocks_of_any_size_give_the_same(backend, close, torch_gradients, monkeypatch, block):
    monkeypatch.setattr(_correlation, "BLOCK", block)
    monkeypatch.setattr(_correlation, "GPU_BLOCK", block)
    options = PLAIN | {"stride": (2, 1), "padding": (1, 1), "output_padding": (1, 0), "groups": 2}
    check_against_torch(backend, close, torch_gradients, 0, ((3, 4, 4, 5), (4, 3, 3, 2), options))


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1, "output_padding": 1}, {"dilation": (1, 2), "groups": 2}]
)
def test_gradcheck(options):
    f = autograd_function(*PAIR)
    shapes = [(2, 2, 3, 2), (2, 2 // options.get("groups", 1), 2, 3), (2,)]
    inputs = tuple(torch.tensor(array, requires_grad=True) for array in draw_arrays(0, *shapes))
    assert torch.autograd.gradcheck(lambda *tensors: f(*tensors, **options), inputs)


def test_it_is_the_transpose_of_the_convolutions_matrix(close):
    """A has one column for each pixel of the large image: what the convolution makes of this pixel alone."""
    channels, filters, large, small = 2, 3, (5, 6), (3, 3)
    w, no_bias = draw_arrays(1, (filters, channels, 3, 2))[0], np.zeros(filters)
    options = {"stride": (2, 2), "padding": (1, 0)}
    units = np.eye(channels * large[0] * large[1]).reshape(-1, channels, *large)
    maps, _ = conv2d_forward(units, w, no_bias, **options)
    assert maps.shape[2:] == small
    a = maps.reshape(len(units), -1).T
    x = draw_arrays(2, (1, filters, *small))[0]
    out, _ = conv_transpose2d_forward(x, w, np.zeros(channels), **options)
    close(out.ravel(), a.T @ x.ravel())


def test_forward_and_backward_are_those_of_the_convolution_exchanged(backend, close):
    w, x, dout = draw_arrays(3, (4, 3, 3, 3), (2, 3, 9, 7), (2, 4, 5, 4))
    options = {"stride": 2, "padding": 1}
    out, (dx, dw, _) = backend.pair(conv2d_forward, conv2d_backward, [x, w, np.zeros(4)], dout, **options)
    up, (dsmall, dw_up, _) = backend.pair(*PAIR, [dout, w, np.zeros(3)], x, **options)
    close(up, dx)
    close(dsmall, out)
    close(dw_up, dw)


def test_it_is_spreading_the_pixels_and_convolving_with_the_turned_filter(backend, close):
    """Lecture 10: unpooling, then a convolution filter."""
    x, w = draw_arrays(4, (2, 1, 4, 3), (1, 1, 3, 3))
    spread = np.zeros((2, 1, 7, 5))
    spread[:, :, ::2, ::2] = x
    expected = backend.call(
        lambda *a: conv2d_forward(*a, padding=2)[0], spread, np.ascontiguousarray(w[:, :, ::-1, ::-1]), np.zeros(1)
    )
    close(backend.call(lambda *a: conv_transpose2d_forward(*a, stride=2)[0], x, w, np.zeros(1)), expected)


def test_one_pixel_lays_down_one_filter_and_neighbours_overlap(backend, close):
    w = np.arange(1.0, 10).reshape(1, 1, 3, 3)
    one = backend.call(lambda *a: conv_transpose2d_forward(*a)[0], np.full((1, 1, 1, 1), 2.0), w, np.ones(1))
    close(one[0, 0], 2 * w[0, 0] + 1)
    two = backend.call(lambda *a: conv_transpose2d_forward(*a, stride=2)[0], np.ones((1, 1, 1, 2)), w, np.zeros(1))
    close(two[0, 0], np.array([[1.0, 2, 3 + 1, 2, 3], [4, 5, 6 + 4, 5, 6], [7, 8, 9 + 7, 8, 9]]))


@pytest.mark.parametrize("size", range(4, 12))
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_output_padding_brings_every_size_back(close, size, stride):
    """A convolution with stride S maps S neighbouring sizes to one; the right output padding tells them apart."""
    w = draw_arrays(5, (2, 1, 3, 3))[0]
    small, _ = conv2d_forward(np.zeros((1, 1, size, size)), w, np.zeros(2), stride=stride, padding=1)
    more = (size + 2 - 3) % stride
    back, _ = conv_transpose2d_forward(small, w, np.zeros(1), stride=stride, padding=1, output_padding=more)
    assert back.shape == (1, 1, size, size)


def test_unets_up_convolution_doubles_the_image_and_halves_the_channels(backend):
    """Lecture 10: a 2 × 2 up-convolution that halves the number of channels."""
    shapes = (1, 8, 28, 28), (8, 4, 2, 2), (4,)
    out = backend.call(lambda *a: conv_transpose2d_forward(*a, stride=2)[0], *map(np.zeros, shapes))
    assert out.shape == (1, 4, 56, 56)


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    arrays = [a.astype("float32") for a in draw_arrays(6, (3, 8, 5, 5), (8, 6, 4, 4), (6,), (3, 6, 10, 10))]
    options = {"stride": 2, "padding": 1}
    out, gradients = backend.pair(*PAIR, arrays[:3], arrays[3], **options)
    exact = [a.astype(float) for a in arrays]
    expected, expected_gradients = torch_gradients(F.conv_transpose2d, exact[:3], exact[3], **options)
    assert {a.dtype for a in (out, *gradients)} == {np.dtype("float32")}
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(actual, wanted, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((2, 3, 4), (3, 2, 2, 2), (2,)), {}, r"x must have shape \(N, C, H, W\), but its shape is \(2, 3, 4\)"),
        (((2, 3, 4, 4), (2, 2, 2, 2), (2,)), {}, r"w must have shape \(3, F / groups, HH, WW\), but .* \(2, 2, 2, 2\)"),
        (((2, 4, 4, 4), (4, 2, 2, 2), (2,)), {"groups": 2}, r"b must have shape \(4,\), but its shape is \(2,\)"),
        (((2, 3, 4, 4), (3, 2, 2, 2), (2,)), {"groups": 2}, r"groups must divide 3 channels, but it is 2"),
        (((2, 3, 4, 4), (3, 2, 2, 2), (2,)), {"stride": 0}, r"stride must be at least 1, but it is 0"),
        (((2, 3, 0, 4), (3, 2, 2, 2), (2,)), {}, r"image must be at least 1, but it is .*0, 4"),
        (
            ((2, 3, 4, 4), (3, 2, 2, 2), (2,)),
            {"stride": (3, 2), "output_padding": 2},
            r"output_padding must be less than the stride \(3, 2\) or the dilation \(1, 1\), but it is \(2, 2\)",
        ),
        (
            ((2, 3, 1, 2), (3, 2, 2, 2), (2,)),
            {"padding": 1},
            r"padding must leave at least one pixel .* with padding \(1, 1\) its size would be \(0, 1\)",
        ),
    ],
)
def test_arguments_that_do_not_fit(backend, shapes, options, message):
    with pytest.raises(ValueError, match=message):
        conv_transpose2d_forward(*(backend.array(np.zeros(shape)) for shape in shapes), **options)


def test_wrong_types(backend):
    shapes = (2, 3, 4, 4), (3, 2, 2, 2), (2,)
    arrays = [backend.array(np.zeros(shape)) for shape in shapes]
    with pytest.raises(TypeError, match=r"output_padding must be an int or a pair of ints, but it is 0.5"):
        conv_transpose2d_forward(*arrays, output_padding=0.5)
    with pytest.raises(TypeError, match=r"groups must be an int, but it is 1.0"):
        conv_transpose2d_forward(*arrays, groups=1.0)
    for position, name in enumerate("xwb"):
        wrong = [*arrays]
        wrong[position] = backend.array(np.zeros(shapes[position], dtype="int64"))
        with pytest.raises(TypeError, match=f"{name} must hold real floating-point numbers, .*int64"):
            conv_transpose2d_forward(*wrong)


def test_a_wrong_upstream_gradient(backend):
    _, cache = conv_transpose2d_forward(*(backend.array(np.zeros(s)) for s in ((2, 3, 4, 4), (3, 2, 2, 2), (2,))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 2, 5, 5\), but its shape is \(2, 2, 4, 4\)"):
        conv_transpose2d_backward(backend.array(np.zeros((2, 2, 4, 4))), cache)

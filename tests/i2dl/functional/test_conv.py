import numpy as np
import pytest
import scipy.signal
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional import _correlation, affine_backward, affine_forward
from i2dl.functional.conv import conv1d_backward, conv1d_forward, conv2d_backward, conv2d_forward

# The 5 × 5 image of lectures 9 and 10.
LECTURE_IMAGE = np.array(
    [[-5, 3, 2, -5, 3], [4, 3, 2, 1, -3], [1, 0, 3, 3, 5], [-2, 0, 1, 4, 4], [5, 6, 7, 9, -1]], dtype=float
)


def conv2d_by_loops(x, w, b, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1):
    """The formula, one number at a time."""
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    n, _, height, width = x.shape
    f, channels, hh, ww = w.shape
    rows = (height - dilation[0] * (hh - 1) - 1) // stride[0] + 1
    columns = (width - dilation[1] * (ww - 1) - 1) // stride[1] + 1
    out = np.zeros((n, f, rows, columns))
    for image, k, p, q in np.ndindex(*out.shape):
        total = b[k]
        first = k // (f // groups) * channels
        for channel, i, j in np.ndindex(channels, hh, ww):
            row, column = p * stride[0] + i * dilation[0], q * stride[1] + j * dilation[1]
            total += w[k, channel, i, j] * x[image, first + channel, row, column]
        out[image, k, p, q] = total
    return out


PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def layers(draw, axes=2):
    """Shapes of x and w, and options with which at least one window fits."""
    per_axis = [st.integers(1, 3), st.integers(1, 4), st.integers(0, 3), st.integers(1, 2), st.integers(0, 4)]
    kernel, stride, padding, dilation, rest = (draw(st.tuples(*[numbers] * axes)) for numbers in per_axis)
    reach = [d * (f - 1) + 1 for d, f in zip(dilation, kernel, strict=True)]
    image = tuple(max(1, r - 2 * p) + more for r, p, more in zip(reach, padding, rest, strict=True))
    groups, (channels, filters), n = draw(st.integers(1, 3)), draw(PAIRS), draw(st.integers(1, 3))
    x, w = (n, groups * channels, *image), (groups * filters, channels, *kernel)
    return x, w, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def draw_arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def check_against_torch(backend, close, torch_gradients, seed, pair, reference, layer, theirs=None):
    x_shape, w_shape, options = layer
    x, w, b = draw_arrays(seed, x_shape, w_shape, (w_shape[0],))
    with torch.no_grad():
        (dout,) = draw_arrays(seed + 1, reference(*map(torch.tensor, (x, w, b)), **(theirs or options)).shape)
    out, gradients = backend.pair(*pair, [x, w, b], dout, **options)
    expected, expected_gradients = torch_gradients(reference, [x, w, b], dout, **(theirs or options))
    close(out, expected, atol=1e-11)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted, atol=1e-11)


SAME = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
TWO = {"stride": (2, 2), "padding": (0, 0), "dilation": (1, 1), "groups": 1}


@given(layer=layers(), seed=st.integers(0, 2**16))
@example(layer=((1, 3, 5, 7), (2, 3, 3, 3), SAME), seed=0)
@example(layer=((2, 4, 6, 5), (4, 1, 3, 3), SAME | {"groups": 4}), seed=0)  # depthwise
@example(layer=((2, 3, 7, 7), (2, 3, 3, 3), TWO | {"stride": (3, 3)}), seed=0)  # a remainder is cut off
@example(layer=((2, 3, 9, 8), (2, 3, 2, 1), TWO | {"stride": (4, 3)}), seed=0)  # stride > kernel: pixels never seen
@example(layer=((2, 3, 1, 1), (2, 3, 3, 3), SAME | {"padding": (3, 5)}), seed=0)  # windows in the padding alone
@example(layer=((0, 3, 4, 4), (2, 3, 3, 3), SAME), seed=0)
def test_conv2d_agrees_with_torch(backend, close, torch_gradients, layer, seed):
    check_against_torch(backend, close, torch_gradients, seed, (conv2d_forward, conv2d_backward), F.conv2d, layer)


@given(layer=layers(axes=1), seed=st.integers(0, 2**16))
@example(layer=((1, 2, 5), (2, 2, 3), {"stride": (1,), "padding": (1,), "dilation": (1,), "groups": 1}), seed=0)
def test_conv1d_agrees_with_torch(backend, close, torch_gradients, layer, seed):
    x, w, theirs = layer
    ours = {name: value if name == "groups" else value[0] for name, value in theirs.items()}
    pair = (conv1d_forward, conv1d_backward)
    check_against_torch(backend, close, torch_gradients, seed, pair, F.conv1d, (x, w, ours), theirs)


@given(layer=layers(), seed=st.integers(0, 2**16))
def test_conv2d_is_its_formula_in_loops(close, layer, seed):
    x_shape, w_shape, options = layer
    x, w, b = draw_arrays(seed, x_shape, w_shape, (w_shape[0],))
    close(conv2d_forward(x, w, b, **options)[0], conv2d_by_loops(x, w, b, **options), atol=1e-11)


@pytest.mark.parametrize("block", [1, 40, 300, 1000])
def test_blocks_of_any_size_give_the_same(backend, close, torch_gradients, monkeypatch, block):
    """Small blocks cut a batch into images and an image into rows of windows."""
    monkeypatch.setattr(_correlation, "BLOCK", block)
    monkeypatch.setattr(_correlation, "GPU_BLOCK", block)
    layer = ((3, 4, 7, 6), (6, 2, 3, 2), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2})
    check_against_torch(backend, close, torch_gradients, 0, (conv2d_forward, conv2d_backward), F.conv2d, layer)


def test_an_int_is_the_same_for_rows_and_columns(backend, close):
    x, w, b = draw_arrays(0, (2, 2, 9, 8), (3, 2, 2, 2), (3,))
    one = backend.call(lambda *a: conv2d_forward(*a, stride=2, padding=1, dilation=2)[0], x, w, b)
    two = backend.call(lambda *a: conv2d_forward(*a, stride=[2, 2], padding=(1, 1), dilation=(2, 2))[0], x, w, b)
    close(one, two, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("forward", "backward", "shapes", "options"),
    [
        (conv2d_forward, conv2d_backward, [(2, 2, 4, 3), (3, 2, 2, 3), (3,)], {"padding": 1}),
        (conv2d_forward, conv2d_backward, [(2, 4, 5, 5), (4, 2, 2, 2), (4,)], {"stride": (2, 3), "groups": 2}),
        (conv2d_forward, conv2d_backward, [(1, 2, 6, 5), (2, 2, 3, 2), (2,)], {"dilation": 2, "padding": (1, 0)}),
        (conv1d_forward, conv1d_backward, [(2, 2, 7), (3, 2, 3), (3,)], {"stride": 2, "padding": 1}),
    ],
)
def test_gradcheck(forward, backward, shapes, options):
    f = autograd_function(forward, backward)
    inputs = tuple(torch.tensor(array, requires_grad=True) for array in draw_arrays(0, *shapes))
    assert torch.autograd.gradcheck(lambda *tensors: f(*tensors, **options), inputs)


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    arrays = [a.astype("float32") for a in draw_arrays(1, (4, 8, 9, 9), (6, 8, 3, 3), (6,), (4, 6, 9, 9))]
    out, gradients = backend.pair(conv2d_forward, conv2d_backward, arrays[:3], arrays[3], padding=1)
    exact = [a.astype(float) for a in arrays]
    expected, expected_gradients = torch_gradients(F.conv2d, exact[:3], exact[3], padding=1)
    assert {a.dtype for a in (out, *gradients)} == {np.dtype("float32")}
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(actual, wanted, rtol=1e-5, atol=1e-4)  # sums of up to 324 numbers of order 1


@pytest.mark.parametrize("power", [-900, 900])
def test_extreme_numbers_scale_exactly(backend, close, power):
    """Multiplying by a power of two changes no digit: no intermediate result overflows or vanishes."""
    x, w, b, dout = draw_arrays(2, (2, 3, 5, 4), (2, 3, 3, 3), (2,), (2, 2, 5, 4))
    pair = (conv2d_forward, conv2d_backward)
    out, (dx, dw, db) = backend.pair(*pair, [x, w, b], dout, padding=1)
    scale = 2.0**power
    large, _ = backend.pair(*pair, [x * scale, w, b * scale], dout, padding=1)
    _, (large_dx, large_dw, large_db) = backend.pair(*pair, [x, w, b], dout * scale, padding=1)
    close(large, out * scale, atol=0)
    close(large_dx, dx * scale, atol=0)
    close(large_dw, dw * scale, atol=0)
    close(large_db, db * scale, atol=0)


def test_backward_can_be_called_twice(backend, close):
    x, w, b, dout = map(backend.array, draw_arrays(3, (2, 3, 5, 4), (2, 3, 3, 3), (2,), (2, 2, 5, 4)))
    _, cache = conv2d_forward(x, w, b, padding=1)
    first, second = (conv2d_backward(dout, cache) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        close(backend.numpy(one), backend.numpy(two), rtol=0, atol=0)


def test_results_share_no_memory_with_the_arguments():
    """Not even where the filter is one pixel and only copies."""
    x, w, b = np.ones((1, 1, 3, 3)), np.ones((1, 1, 1, 1)), np.zeros(1)
    out, cache = conv2d_forward(x, w, b)
    dx, dw, db = conv2d_backward(out, cache)
    for result in (out, dx, dw, db):
        assert not any(np.shares_memory(result, argument) for argument in (x, w, b))
    assert not np.shares_memory(dx, out)


# ------------------------------------------------------------------------------------------------ what the lecture says


def test_lecture_9_sizes(backend):
    """32 × 32 × 3 and ten 5 × 5 filters: with padding 2 32 × 32 × 10; without, and one filter, 28 × 28 locations."""
    x, w, b = np.zeros((1, 3, 32, 32)), np.zeros((10, 3, 5, 5)), np.zeros(10)
    assert backend.call(lambda *a: conv2d_forward(*a, padding=2)[0], x, w, b).shape == (1, 10, 32, 32)
    assert backend.call(lambda *a: conv2d_forward(*a)[0], x, w[:1], b[:1]).shape == (1, 1, 28, 28)
    assert w.size + b.size == 760
    assert w[0].size == 75


@pytest.mark.parametrize(
    ("channels", "filters", "size", "options", "image", "expected"),
    [
        (32, 8, 6, {"stride": 2, "padding": 1}, 32, (8, 15, 15)),  # mock exam 2020, II.7
        (26, 5, 7, {"stride": 3, "padding": 1}, 26, (5, 8, 8)),  # exam Aug 2020, 4b
        (28, 6, 5, {"stride": 3, "padding": 2}, 28, (6, 10, 10)),  # exam Jul 2021, 2.6
        (1, 1, 3, {}, 7, (1, 5, 5)),  # lecture 9
        (1, 1, 3, {"stride": 2}, 7, (1, 3, 3)),  # lecture 9
        (1, 1, 3, {"padding": 1}, 7, (1, 7, 7)),  # lecture 9
    ],
)
def test_exam_sizes(backend, channels, filters, size, options, image, expected):
    x, w = np.zeros((1, channels, image, image)), np.zeros((filters, channels, size, size))
    out = backend.call(lambda *a: conv2d_forward(*a, **options)[0], x, w, np.zeros(filters))
    assert out.shape == (1, *expected)


def test_lecture_10_one_by_one_kernel(backend, close):
    """The kernel (2) on the 5 × 5 image keeps its size and doubles every pixel."""
    x, w = LECTURE_IMAGE[None, None], np.full((1, 1, 1, 1), 2.0)
    out = backend.call(lambda *a: conv2d_forward(*a)[0], x, w, np.zeros(1))
    expected = [[-10, 6, 4, -10, 6], [8, 6, 4, 2, -6], [2, 0, 6, 6, 10], [-4, 0, 2, 8, 8], [10, 12, 14, 18, -2]]
    close(out[0, 0], np.array(expected, dtype=float))


def test_one_by_one_is_an_affine_layer_at_every_pixel(backend, close):
    n, c, f, h, w_ = 2, 4, 3, 5, 6
    x, w, b, dout = draw_arrays(4, (n, c, h, w_), (f, c, 1, 1), (f,), (n, f, h, w_))
    out, (dx, dw, db) = backend.pair(conv2d_forward, conv2d_backward, [x, w, b], dout)

    def rows(maps):
        return maps.transpose(0, 2, 3, 1).reshape(n * h * w_, -1)

    pixels, (dpixels, dmatrix, dbias) = backend.pair(
        affine_forward, affine_backward, [rows(x), w[:, :, 0, 0].T, b], rows(dout)
    )
    close(rows(out), pixels)
    close(rows(dx), dpixels)
    close(dw[:, :, 0, 0].T, dmatrix, atol=1e-11)
    close(db, dbias, atol=1e-11)


def test_an_affine_layer_is_a_convolution_with_a_window_as_large_as_the_image(backend, close):
    """Exam Aug 2022, 4.5: 100 filters, kernel size 28, no padding, stride 1 (printed as 0)."""
    x, w, b, dout = draw_arrays(5, (2, 2, 28, 28), (2 * 28 * 28, 100), (100,), (2, 100))
    filters = np.ascontiguousarray(w.T.reshape(100, 2, 28, 28))
    out, (dx, dw, db) = backend.pair(affine_forward, affine_backward, [x, w, b], dout)
    maps, (dmaps, dfilters, dbias) = backend.pair(
        conv2d_forward, conv2d_backward, [x, filters, b], dout[:, :, None, None]
    )
    close(maps[:, :, 0, 0], out, atol=1e-11)
    close(dmaps, dx, atol=1e-11)
    close(dfilters.reshape(100, -1).T, dw, atol=1e-11)
    close(dbias, db, atol=1e-11)


def test_a_fully_convolutional_classifier_scores_every_crop(backend, close):
    """Lecture 10: the affine layer, written as a convolution, accepts a larger image and answers with a map."""
    x, w, b = draw_arrays(6, (1, 3, 9, 8), (5, 3, 6, 6), (5,))
    out = backend.call(lambda *a: conv2d_forward(*a)[0], x, w, b)
    for p, q in np.ndindex(4, 3):
        crop = x[:, :, p : p + 6, q : q + 6]
        close(out[:, :, p, q], crop.reshape(1, -1) @ w.reshape(5, -1).T + b, atol=1e-11)


def test_a_shifted_image_gives_a_shifted_map(backend, close):
    """Exam Aug 2020, 1d: a convolution is translation equivariant."""
    x, w, b = draw_arrays(7, (1, 2, 8, 8), (3, 2, 3, 3), (3,))
    out, shifted = (
        backend.call(lambda *a: conv2d_forward(*a)[0], image, w, b) for image in (x, np.roll(x, (1, 2), axis=(2, 3)))
    )
    close(shifted[:, :, 1:, 2:], out[:, :, :-1, :-2])


def test_a_depthwise_convolution_treats_every_channel_alone(backend, close):
    x, w, b = draw_arrays(8, (2, 3, 5, 5), (3, 1, 3, 3), (3,))
    out = backend.call(lambda *a: conv2d_forward(*a, groups=3)[0], x, w, b)
    for c in range(3):
        alone = backend.call(lambda *a: conv2d_forward(*a)[0], *(a[s] for a, s in alone_slices(x, w, b, c)))
        close(out[:, c : c + 1], alone)


def alone_slices(x, w, b, c):
    return (x, np.s_[:, c : c + 1]), (w, np.s_[c : c + 1]), (b, np.s_[c : c + 1])


def test_the_filter_is_not_turned(backend, close):
    """Mathematics' convolution turns it by 180°; ours is the cross-correlation, as in PyTorch and in the lecture."""
    x, w = draw_arrays(9, (1, 1, 6, 5), (1, 1, 3, 2))
    out = backend.call(lambda *a: conv2d_forward(*a)[0], x, w, np.zeros(1))
    close(out[0, 0], scipy.signal.correlate2d(x[0, 0], w[0, 0], mode="valid"))
    close(out[0, 0], scipy.signal.convolve2d(x[0, 0], w[0, 0, ::-1, ::-1], mode="valid"))


# -------------------------------------------------------------------------------------------------------- bad arguments


def forward2d(backend, x=(2, 4, 5, 5), w=(4, 4, 3, 3), b=(4,), **options):
    return conv2d_forward(*(backend.array(np.zeros(shape)) for shape in (x, w, b)), **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": (4, 5, 5)}, r"x must have shape \(N, C, H, W\), but its shape is \(4, 5, 5\)"),
        ({"w": (4, 3, 3, 3)}, r"w must have shape \(F, 4, HH, WW\), but its shape is \(4, 3, 3, 3\)"),
        ({"w": (4, 4, 3, 3), "groups": 2}, r"w must have shape \(F, 2, HH, WW\), but its shape is \(4, 4, 3, 3\)"),
        ({"w": (4, 4, 3)}, r"w must have shape \(F, 4, HH, WW\), but its shape is \(4, 4, 3\)"),
        ({"w": ()}, r"w must have shape \(F, 4, HH, WW\), but its shape is \(\)"),
        ({"b": (5,)}, r"b must have shape \(4,\), but its shape is \(5,\)"),
        ({"w": (4, 4, 0, 3)}, r"kernel_size must be at least 1, but it is .*0, 3"),
        ({"groups": 3}, r"groups must divide 4 channels and 4 filters, but it is 3"),
        ({"groups": 0}, r"groups must divide 4 channels and 4 filters, but it is 0"),
        ({"w": (3, 2, 3, 3), "groups": 2}, r"groups must divide 4 channels and 3 filters, but it is 2"),
        ({"stride": 0}, r"stride must be at least 1, but it is 0"),
        ({"stride": (1, 0)}, r"stride must be at least 1, but it is \(1, 0\)"),
        ({"padding": -1}, r"padding must be at least 0, but it is -1"),
        ({"dilation": 0}, r"dilation must be at least 1, but it is 0"),
        ({"dilation": 3}, r"3 entries with dilation 3 reach over 7 pixels, and the image has 5 with padding 0"),
        ({"w": (4, 4, 8, 3), "padding": 1}, r"8 entries .* reach over 8 pixels, and the image has 5 with padding 1"),
        ({"x": (2, 4, 0, 5), "padding": 3}, r"3 entries .* reach over 3 pixels, and the image has 0 with padding 3"),
    ],
)
def test_arguments_that_do_not_fit(backend, arguments, message):
    with pytest.raises(ValueError, match=message):
        forward2d(backend, **arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stride": 1.5}, r"stride must be an int or a pair of ints, but it is 1.5"),
        ({"padding": (1, 1, 1)}, r"padding must be an int or a pair of ints, but it is \(1, 1, 1\)"),
        ({"padding": "same"}, r"padding must be an int or a pair of ints, but it is 'same'"),
        ({"dilation": (1, 2.0)}, r"dilation must be an int or a pair of ints, but it is \(1, 2.0\)"),
        ({"groups": 2.0}, r"groups must be an int, but it is 2.0"),
        ({"groups": True}, r"groups must be an int, but it is True"),
    ],
)
def test_options_of_the_wrong_type(backend, options, message):
    with pytest.raises(TypeError, match=message):
        forward2d(backend, **options)


@pytest.mark.parametrize("position", range(3))
def test_integers_are_refused(backend, position):
    for forward, shapes in (
        (conv2d_forward, [(2, 4, 5, 5), (4, 4, 3, 3), (4,)]),
        (conv1d_forward, [(2, 4, 5), (4, 4, 3), (4,)]),
    ):
        arrays = [np.zeros(shape, dtype="int64" if i == position else float) for i, shape in enumerate(shapes)]
        with pytest.raises(TypeError, match=f"{'xwb'[position]} must hold real floating-point numbers, .*int64"):
            forward(*map(backend.array, arrays))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3, 4, 5), (2, 3, 3), (2,)), r"x must have shape \(N, C, L\), but its shape is \(2, 3, 4, 5\)"),
        (((2, 3, 4), (2, 3, 1, 3), (2,)), r"w must have shape \(F, 3, K\), but its shape is \(2, 3, 1, 3\)"),
        (((2, 3, 4), (2, 3, 3), (2, 1)), r"b must have shape \(2,\), but its shape is \(2, 1\)"),
        (((2, 3, 4), (2, 3, 5), (2,)), r"5 entries .* reach over 5 pixels, and the image has 4"),
    ],
)
def test_sequences_that_do_not_fit(backend, shapes, message):
    with pytest.raises(ValueError, match=message):
        conv1d_forward(*(backend.array(np.zeros(shape)) for shape in shapes))


def test_a_wrong_upstream_gradient(backend):
    _, cache = forward2d(backend)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 4, 3, 3\), but its shape is \(2, 4, 5, 5\)"):
        conv2d_backward(backend.array(np.zeros((2, 4, 5, 5))), cache)
    with pytest.raises(TypeError, match=r"dout must hold real floating-point numbers, .*int64"):
        conv2d_backward(backend.array(np.zeros((2, 4, 3, 3), dtype="int64")), cache)
    _, cache = conv1d_forward(*(backend.array(np.zeros(shape)) for shape in ((2, 3, 4), (2, 3, 3), (2,))))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 2, 2\), but its shape is \(2, 2, 1, 2\)"):
        conv1d_backward(backend.array(np.zeros((2, 2, 1, 2))), cache)

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.conv import conv2d_forward
from i2dl.functional.pooling import (
    average_pool2d_backward,
    average_pool2d_forward,
    global_average_pool_backward,
    global_average_pool_forward,
    max_pool2d_backward,
    max_pool2d_forward,
)
from i2dl.functional.unpooling import max_pool2d_indices, max_unpool2d_backward, max_unpool2d_forward

MAX = (max_pool2d_forward, max_pool2d_backward)
AVERAGE = (average_pool2d_forward, average_pool2d_backward)

LECTURE_SLICE = np.array([[[[3.0, 1, 3, 5], [6, 0, 7, 9], [3, 2, 1, 4], [0, 2, 4, 3]]]])


@st.composite
def pools(draw, largest_dilation=1):
    """A shape of x, and options of a pooling for which a window fits."""
    two = st.tuples
    kernel, stride, rest = (draw(two(*[st.integers(low, 4)] * 2)) for low in (1, 1, 0))
    dilation = draw(two(*[st.integers(1, largest_dilation)] * 2))
    reach = [d * (f - 1) + 1 for d, f in zip(dilation, kernel, strict=True)]
    padding = tuple(draw(st.integers(0, f // 2)) for f in kernel)
    # An image smaller than the dilation could slip through a window; PyTorch then writes outside of its memory.
    image = tuple(max(d, r - 2 * p) + more for d, r, p, more in zip(dilation, reach, padding, rest, strict=True))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *image)
    options = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return shape, options | ({"dilation": dilation} if largest_dilation > 1 else {})


def draw_arrays(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def check_against_torch(backend, close, torch_gradients, x, pair, reference, options):
    (dout,) = draw_arrays(0, reference(torch.tensor(x), **options).shape)
    out, (dx,) = backend.pair(*pair, [x], dout, **options)
    expected, (expected_dx,) = torch_gradients(reference, [x], dout, **options)
    close(out, expected)
    close(dx, expected_dx)


# --------------------------------------------------------------------------------------------------------- max pooling


def test_lecture_9_max_pooling(backend, close):
    """2 × 2 filters and stride 2: 6 9 / 3 4."""
    out, (dx,) = backend.pair(*MAX, [LECTURE_SLICE], np.ones((1, 1, 2, 2)), kernel_size=2)
    close(out[0, 0], np.array([[6.0, 9.0], [3.0, 4.0]]))
    close(dx[0, 0], np.array([[0.0, 0, 0, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]]))  # of the two 4s the first


@given(pool=pools(largest_dilation=3), seed=st.integers(0, 2**16))
@example(pool=((1, 2, 5, 7), {"kernel_size": 2}), seed=0)  # the last row and column are cut off
@example(pool=((1, 2, 5, 7), {"kernel_size": 2, "ceil_mode": True}), seed=0)
@example(pool=((2, 1, 6, 5), {"kernel_size": 3, "stride": 2, "padding": 1}), seed=0)  # ResNet's, AlexNet's
@example(pool=((2, 2, 9, 9), {"kernel_size": (2, 1), "stride": (4, 3)}), seed=0)
@example(pool=((0, 2, 4, 4), {"kernel_size": 2}), seed=0)
def test_max_pool2d_agrees_with_torch(backend, close, torch_gradients, pool, seed):
    shape, options = pool
    (x,) = draw_arrays(seed, shape)
    if shape[0] == 0:  # PyTorch's backward pass refuses
        out, (dx,) = backend.pair(*MAX, [x], np.zeros((0, 2, 2, 2)), **options)
        assert (out.shape, dx.shape) == ((0, 2, 2, 2), shape)
        return
    check_against_torch(backend, close, torch_gradients, x, MAX, F.max_pool2d, options)


@given(pool=pools(), seed=st.integers(0, 2**16))
def test_ties_go_to_the_first(backend, close, torch_gradients, pool, seed):
    """As in PyTorch, on images of few values."""
    shape, options = pool
    x = np.random.default_rng(seed).integers(0, 2, size=shape).astype(float)
    check_against_torch(backend, close, torch_gradients, x, MAX, F.max_pool2d, options)


def test_a_tie_in_plain_sight(backend, close):
    _, (dx,) = backend.pair(*MAX, [np.zeros((1, 1, 2, 2))], np.full((1, 1, 1, 1), 5.0), kernel_size=2)
    close(dx[0, 0], np.array([[5.0, 0.0], [0.0, 0.0]]))


def test_a_pixel_that_wins_twice_receives_twice(backend, close):
    x = np.array([[[[0.0, 3.0, 1.0]]]])
    _, (dx,) = backend.pair(*MAX, [x], np.array([[[[2.0, 5.0]]]]), kernel_size=(1, 2), stride=1)
    close(dx, np.array([[[[0.0, 7.0, 0.0]]]]))


def test_a_window_of_more_than_256_entries(backend, close, torch_gradients):
    """Its entries are numbered with more than a byte."""
    (x,) = draw_arrays(0, (2, 2, 19, 20))
    check_against_torch(backend, close, torch_gradients, x, MAX, F.max_pool2d, {"kernel_size": 17, "stride": 1})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_padding_never_wins_and_extremes_are_right(backend, close, dtype):
    largest = float(np.finfo(dtype).max)
    x = np.array([[[[-largest, -1e4], [-1e30, -largest]]]], dtype=dtype)
    out, (dx,) = backend.pair(*MAX, [x], np.ones((1, 1, 2, 2), dtype=dtype), kernel_size=2, padding=1)
    assert out.dtype == dx.dtype == np.dtype(dtype)
    close(out, x, rtol=0)
    close(dx, np.ones_like(x), rtol=0)


def test_padding_of_more_than_half_a_window(backend, close, torch_gradients):
    """PyTorch refuses it; with the padding made by hand it computes the same."""
    x, dout = draw_arrays(1, (2, 1, 3, 4), (2, 1, 5, 6))
    out, (dx,) = backend.pair(*MAX, [x], dout, kernel_size=3, stride=1, padding=2)
    expected, (expected_dx,) = torch_gradients(lambda x: F.max_pool2d(F.pad(x, [2] * 4, value=-1e9), 3, 1), [x], dout)
    close(out, expected)
    close(dx, expected_dx)


def test_a_dilated_window_may_not_reach_round_the_image(backend):
    x = backend.array(np.zeros((1, 1, 1, 3)))
    with pytest.raises(ValueError, match=r"one of \(2, 2\) with dilation \(3, 1\) lies beside the image of \(1, 3\)"):
        max_pool2d_forward(x, kernel_size=2, stride=1, padding=(2, 0), dilation=(3, 1))


def test_nan_is_not_swallowed(backend):
    x = LECTURE_SLICE.copy()
    x[0, 0, 1, 1] = math.nan
    out = backend.call(lambda x: max_pool2d_forward(x, kernel_size=2)[0], x)
    expected = F.max_pool2d(torch.tensor(x), 2).numpy()
    np.testing.assert_array_equal(out, expected)
    assert np.isnan(out).sum() == 1


# ----------------------------------------------------------------------------------------------------- average pooling


def test_lecture_9_average_pooling(backend, close):
    """2 × 2 filters and stride 2: 2.5 6 / 1.75 3."""
    out, (dx,) = backend.pair(*AVERAGE, [LECTURE_SLICE], np.ones((1, 1, 2, 2)), kernel_size=2)
    close(out[0, 0], np.array([[2.5, 6.0], [1.75, 3.0]]))
    close(dx, np.full((1, 1, 4, 4), 0.25))


@given(pool=pools(), include=st.booleans(), seed=st.integers(0, 2**16))
@example(pool=((1, 2, 5, 7), {"kernel_size": 2, "ceil_mode": True}), include=True, seed=0)
@example(pool=((1, 2, 5, 6), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}), include=True, seed=0)
@example(pool=((1, 2, 4, 4), {"kernel_size": 3, "stride": 1, "padding": 1}), include=False, seed=0)
def test_average_pool2d_agrees_with_torch(backend, close, torch_gradients, pool, include, seed):
    shape, options = pool
    (x,) = draw_arrays(seed, shape)
    options = options | {"count_include_pad": include}
    check_against_torch(backend, close, torch_gradients, x, AVERAGE, F.avg_pool2d, options)


def test_average_pooling_is_a_depthwise_convolution_with_a_box_filter(backend, close):
    (x,) = draw_arrays(1, (2, 3, 6, 7))
    box = np.full((3, 1, 3, 3), 1 / 9)
    options = {"stride": 2, "padding": 1}
    expected = backend.call(lambda *a: conv2d_forward(*a, groups=3, **options)[0], x, box, np.zeros(3))
    close(backend.call(lambda x: average_pool2d_forward(x, kernel_size=3, **options)[0], x), expected)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 1, 1, 1), (2, 3, 6), (2, 2, 2, 3, 2), (0, 3, 2, 2)])
def test_global_average_pool_agrees_with_torch(backend, close, torch_gradients, shape):
    x, dout = draw_arrays(2, shape, shape[:2])
    out, (dx,) = backend.pair(global_average_pool_forward, global_average_pool_backward, [x], dout)
    expected, (expected_dx,) = torch_gradients(lambda x: x.flatten(2).mean(dim=2), [x], dout)
    close(out, expected)
    close(dx, expected_dx)


def test_global_average_pooling_is_average_pooling_with_one_window(backend, close):
    (x,) = draw_arrays(3, (2, 3, 5, 4))
    out = backend.call(lambda x: global_average_pool_forward(x)[0], x)
    close(out, backend.call(lambda x: average_pool2d_forward(x, kernel_size=(5, 4))[0], x)[:, :, 0, 0])


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    x, dout = (a.astype("float32") for a in draw_arrays(4, (2, 3, 9, 9), (2, 3, 4, 4)))
    options = {"kernel_size": 3, "stride": 2}
    for pair, reference in ((MAX, F.max_pool2d), (AVERAGE, F.avg_pool2d)):
        out, (dx,) = backend.pair(*pair, [x], dout, **options)
        expected, (expected_dx,) = torch_gradients(reference, [x.astype(float)], dout.astype(float), **options)
        assert out.dtype == dx.dtype == np.dtype("float32")
        close(out, expected, rtol=1e-6, atol=1e-6)
        close(dx, expected_dx, rtol=1e-6, atol=1e-6)


# ---------------------------------------------------------------------------------------------------------- unpooling


@given(pool=pools(largest_dilation=2), seed=st.integers(0, 2**16))
def test_indices_are_torchs(backend, pool, seed):
    shape, options = pool
    (x,) = draw_arrays(seed, shape)
    _, expected = F.max_pool2d(torch.tensor(x), return_indices=True, **options)
    indices = backend.call(lambda x: max_pool2d_indices(max_pool2d_forward(x, **options)[1]), x)
    np.testing.assert_array_equal(indices, expected.numpy())


def test_unpooling_the_lectures_example(backend, close):
    """The maxima of lecture 9's 4 × 4 slice return to where they stood."""
    pooled, cache = max_pool2d_forward(backend.array(LECTURE_SLICE), kernel_size=2)
    indices = max_pool2d_indices(cache)
    np.testing.assert_array_equal(backend.numpy(indices)[0, 0], [[4, 7], [8, 11]])
    out, _ = max_unpool2d_forward(pooled, indices=indices, kernel_size=2)
    close(backend.numpy(out)[0, 0], np.array([[0.0, 0, 0, 0], [6, 0, 0, 9], [3, 0, 0, 4], [0, 0, 0, 0]]))


UNPOOL = [
    ((2, 3, 6, 8), {"kernel_size": 2}),
    ((1, 2, 7, 5), {"kernel_size": 2}),
    ((1, 2, 7, 5), {"kernel_size": 2, "ceil_mode": True}),
    ((2, 1, 8, 9), {"kernel_size": (2, 3), "stride": (3, 3)}),
    ((2, 2, 7, 7), {"kernel_size": 3, "stride": 3, "padding": 1}),
    ((1, 1, 1, 1), {"kernel_size": 1}),
]


@pytest.mark.parametrize(("shape", "options"), UNPOOL)
def test_max_unpool2d_agrees_with_torch(backend, close, torch_gradients, shape, options):
    """From the pooling of the same image; the size that came in comes out."""
    (image,) = draw_arrays(5, shape)
    pooled, indices = F.max_pool2d(torch.tensor(image), return_indices=True, **options)
    x, dout = draw_arrays(6, tuple(pooled.shape), shape)
    geometry = {name: value for name, value in options.items() if name != "ceil_mode"}
    out, (dx,) = backend.pair(
        max_unpool2d_forward,
        max_unpool2d_backward,
        [x],
        dout,
        indices=backend.array(indices.numpy()),
        output_size=shape[2:],
        **geometry,
    )
    expected, (expected_dx,) = torch_gradients(
        lambda x: F.max_unpool2d(x, indices, output_size=shape[2:], **geometry), [x], dout
    )
    close(out, expected)
    close(dx, expected_dx)


def test_unpooling_does_forward_what_max_pooling_does_backward(backend, close):
    image, x = draw_arrays(7, (2, 3, 6, 6), (2, 3, 3, 3))
    _, cache = max_pool2d_forward(backend.array(image), kernel_size=2)
    dx = max_pool2d_backward(backend.array(x), cache)
    out, _ = max_unpool2d_forward(backend.array(x), indices=max_pool2d_indices(cache), kernel_size=2)
    close(backend.numpy(out), backend.numpy(dx))


def test_an_index_into_the_padding_or_another_window_is_refused(backend):
    x = backend.array(np.ones((1, 1, 2, 2)))
    message = r"indices of shape \(1, 1, 2, 2\) must each name a pixel of their own window of \(2, 2\)"
    for wrong in ([[0, 2], [8, 0]], [[-1, 2], [8, 10]], [[0, 2], [8, 16]]):
        with pytest.raises(ValueError, match=message):
            max_unpool2d_forward(x, indices=backend.array(np.array([[wrong]])), kernel_size=2)
    # With padding 1 on 3 × 3 the third window holds pixels 3 and 6; what lies left of 3 is no pixel, least of all 2.
    options = {"kernel_size": 2, "padding": 1, "output_size": 3}
    max_unpool2d_forward(x, indices=backend.array(np.array([[[[0, 2], [3, 8]]]])), **options)
    for wrong in ([[-1, 2], [3, 8]], [[0, 2], [2, 8]]):
        with pytest.raises(ValueError, match=message):
            max_unpool2d_forward(x, indices=backend.array(np.array([[wrong]])), **options)


@pytest.mark.parametrize(("forward", "backward"), [MAX, AVERAGE])
def test_results_share_no_memory_with_the_arguments(forward, backward):
    """Not even where the window is one pixel and only copies."""
    x = np.ones((1, 1, 3, 3))
    out, cache = forward(x, kernel_size=1)
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(backward(out, cache), out)


# --------------------------------------------------------------------------------------------- gradcheck, bad arguments


@pytest.mark.parametrize(
    ("forward", "backward", "shape", "options"),
    [
        (*MAX, (2, 2, 5, 4), {"kernel_size": 2}),
        (*MAX, (1, 2, 5, 4), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}),
        (*AVERAGE, (2, 2, 5, 4), {"kernel_size": 3, "stride": 2, "padding": 1}),
        (*AVERAGE, (1, 2, 5, 4), {"kernel_size": 2, "ceil_mode": True, "count_include_pad": False}),
        (global_average_pool_forward, global_average_pool_backward, (2, 3, 2, 3), {}),
    ],
)
def test_gradcheck(forward, backward, shape, options):
    f = autograd_function(forward, backward)
    (x,) = draw_arrays(8, shape)
    assert torch.autograd.gradcheck(lambda x: f(x, **options), torch.tensor(x, requires_grad=True))


def test_unpooling_gradcheck():
    f = autograd_function(max_unpool2d_forward, max_unpool2d_backward)
    image, x = (torch.tensor(a) for a in draw_arrays(9, (2, 2, 5, 4), (2, 2, 2, 2)))
    indices = F.max_pool2d(image, 2, return_indices=True)[1]
    options = {"indices": indices, "kernel_size": 2, "output_size": (5, 4)}
    assert torch.autograd.gradcheck(lambda x: f(x, **options), x.requires_grad_())


@pytest.mark.parametrize("forward", [max_pool2d_forward, average_pool2d_forward])
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((3, 4, 4), {"kernel_size": 2}, r"x must have shape \(N, C, H, W\), but its shape is \(3, 4, 4\)"),
        ((2, 3, 4, 4), {"kernel_size": 0}, r"kernel_size must be at least 1, but it is 0"),
        ((2, 3, 4, 4), {"kernel_size": 2, "stride": 0}, r"stride must be at least 1, but it is 0"),
        ((2, 3, 4, 4), {"kernel_size": 5}, r"5 entries .* reach over 5 pixels, and the image has 4 with padding 0"),
        ((2, 3, 4, 4), {"kernel_size": 2, "padding": (0, 2)}, r"with padding \(0, 2\) one of \(2, 2\) .* lies beside"),
        ((2, 3, 0, 4), {"kernel_size": 2, "padding": 1}, r"the image has 0 with padding 1"),
    ],
)
def test_pooling_arguments_that_do_not_fit(backend, forward, shape, options, message):
    with pytest.raises(ValueError, match=message):
        forward(backend.array(np.zeros(shape)), **options)


@pytest.mark.parametrize("forward", [max_pool2d_forward, average_pool2d_forward])
def test_pooling_wrong_types(backend, forward):
    with pytest.raises(TypeError, match=r"x must hold real floating-point numbers, .*int64"):
        forward(backend.array(np.zeros((1, 1, 2, 2), dtype="int64")), kernel_size=2)
    with pytest.raises(TypeError, match=r"kernel_size must be an int or a pair of ints, but it is 2.0"):
        forward(backend.array(np.zeros((1, 1, 2, 2))), kernel_size=2.0)


@pytest.mark.parametrize(("forward", "backward"), [MAX, AVERAGE])
def test_a_wrong_upstream_gradient(backend, forward, backward):
    _, cache = forward(backend.array(np.zeros((2, 3, 4, 4))), kernel_size=2)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3, 2, 2\), but its shape is \(2, 3, 4, 4\)"):
        backward(backend.array(np.zeros((2, 3, 4, 4))), cache)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 0, 4)])
def test_global_average_pool_needs_pixels(backend, shape):
    with pytest.raises(ValueError, match=r"x must have shape \(N, C, d_1, ..., d_k\) with at least one pixel, but"):
        global_average_pool_forward(backend.array(np.zeros(shape)))
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(2, 3, 1, 1\)"):
        global_average_pool_backward(backend.array(np.zeros((2, 3, 1, 1))), (2, 3, 4, 4))


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((1, 1, 3, 3), {}, r"indices must have shape \(1, 1, 3, 3\), but its shape is \(1, 1, 2, 2\)"),
        ((1, 2, 2), {}, r"x must have shape \(N, C, OH, OW\), but its shape is \(1, 2, 2\)"),
        ((1, 1, 2, 2), {"stride": 1}, r"stride must be at least the kernel size \(2, 2\), .* but it is \(1, 1\)"),
        (
            (1, 1, 2, 2),
            {"output_size": 6},
            r"output_size must differ from \(4, 4\) by less than .*\(2, 2\), .* \(6, 6\)",
        ),
        (
            (1, 1, 2, 2),
            {"output_size": 2},
            r"output_size must differ from \(4, 4\) by less than .*\(2, 2\), .* \(2, 2\)",
        ),
    ],
)
def test_unpooling_arguments_that_do_not_fit(backend, shape, options, message):
    indices = backend.array(np.array([[[[0, 2], [8, 10]]]]))
    with pytest.raises(ValueError, match=message):
        max_unpool2d_forward(backend.array(np.zeros(shape)), indices=indices, kernel_size=2, **options)


def test_unpooling_wrong_types(backend):
    x = backend.array(np.zeros((1, 1, 2, 2)))
    with pytest.raises(TypeError, match=r"indices must hold integers, but its dtype is .*float64"):
        max_unpool2d_forward(x, indices=x, kernel_size=2)
    with pytest.raises(TypeError, match=r"cache must be \(winner, windows\) from max_pool2d_forward"):
        max_pool2d_indices((x, (2, 2)))
    indices = backend.array(np.array([[[[0, 2], [8, 10]]]]))
    _, cache = max_unpool2d_forward(x, indices=indices, kernel_size=2)
    with pytest.raises(ValueError, match=r"dout must have shape \(1, 1, 4, 4\), but its shape is \(1, 1, 2, 2\)"):
        max_unpool2d_backward(x, cache)

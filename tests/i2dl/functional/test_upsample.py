import functools

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.upsample import upsample_backward, upsample_forward

every_mode = pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))
# Factors that PyTorch's float32 arithmetic leaves unambiguous.
SCALES = st.sampled_from([0.5, 1, 1.5, 2, 2.5, 3, 4, 7])


def pair(backend, mode, x, dout, **options):
    return backend.pair(upsample_forward, upsample_backward, [x], dout, mode=mode, **options)


def check_against_torch(backend, close, torch_gradients, mode, seed, shape, ours, theirs):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    reference = functools.partial(F.interpolate, mode=mode)
    dout = rng.normal(size=reference(torch.tensor(x), **theirs).shape)
    out, (dx,) = pair(backend, mode, x, dout, **ours)
    expected, (expected_dx,) = torch_gradients(reference, [x], dout, **theirs)
    close(out, expected)
    close(dx, expected_dx)


@every_mode
@given(n=st.integers(1, 2), c=st.integers(1, 2), image=SIZES, size=SIZES, seed=st.integers(0, 2**16))
@example(n=1, c=1, image=(1, 1), size=(3, 2), seed=0)
@example(n=2, c=3, image=(3, 4), size=(6, 8), seed=0)
@example(n=2, c=3, image=(9, 8), size=(4, 3), seed=0)  # smaller, too
@example(n=1, c=1, image=(5, 6), size=(5, 6), seed=0)
def test_sizes_agree_with_torch(backend, close, torch_gradients, mode, n, c, image, size, seed):
    options = {"size": size}
    check_against_torch(backend, close, torch_gradients, mode, seed, (n, c, *image), options, options)


@every_mode
@given(image=st.tuples(*[st.integers(2, 9)] * 2), scale=st.tuples(SCALES, SCALES), seed=st.integers(0, 2**16))
@example(image=(5, 7), scale=(1.5, 2.5), seed=0)  # 7.5 and 17.5 pixels are rounded down, the factor is not
def test_scales_agree_with_torch(backend, close, torch_gradients, mode, image, scale, seed):
    theirs = {"scale_factor": tuple(map(float, scale))}
    check_against_torch(backend, close, torch_gradients, mode, seed, (2, 1, *image), {"scale": scale}, theirs)


@every_mode
@pytest.mark.parametrize("length", [1, 2, 5, 9])
def test_a_factor_too_small_to_add_a_pixel_copies(backend, close, mode, length):
    """1.1 · 9 is 9 pixels. (PyTorch's bicubic forward pass shifts the image here; its backward pass does not.)"""
    x = np.random.default_rng(4).normal(size=(1, 2, length, length))
    out, (dx,) = pair(backend, mode, x, x, scale=1.1)
    close(out, x)
    close(dx, x)
    if mode != "bicubic":
        close(F.interpolate(torch.tensor(x), scale_factor=1.1, mode=mode).numpy(), x)


@every_mode
def test_one_number_is_the_same_for_rows_and_columns(backend, close, mode):
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4))
    forward = functools.partial(upsample_forward, mode=mode)
    both = backend.call(lambda x: forward(x, scale=(2, 2))[0], x)
    close(backend.call(lambda x: forward(x, scale=2)[0], x), both, rtol=0)
    close(backend.call(lambda x: forward(x, size=[6, 8])[0], x), both, rtol=0)
    close(
        backend.call(lambda x: forward(x, size=5)[0], x), backend.call(lambda x: forward(x, size=(5, 5))[0], x), rtol=0
    )


@every_mode
def test_gradcheck(mode):
    f = functools.partial(autograd_function(upsample_forward, upsample_backward), mode=mode)
    x = torch.tensor(np.random.default_rng(1).normal(size=(2, 2, 3, 4)), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: f(x, size=(5, 7)), x)
    assert torch.autograd.gradcheck(lambda x: f(x, scale=1.5), x)
    # PyTorch's own bicubic backward pass and forward pass disagree where the size stays the same.
    assert torch.autograd.gradcheck(lambda x: f(x, scale=1.1), x)


@every_mode
def test_it_is_two_small_matrices(backend, close, mode):
    """out = A X Bᵀ and dX = Aᵀ dout B: A and B are what becomes of unit vectors."""
    rng = np.random.default_rng(2)
    x, dout = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 3, 7, 11))
    forward = functools.partial(upsample_forward, mode=mode)
    a = forward(np.eye(4)[:, None, :, None], size=(7, 1))[0][:, 0, :, 0].T
    b = forward(np.eye(5)[:, None, None, :], size=(1, 11))[0][:, 0, 0, :].T
    assert (a.shape, b.shape) == ((7, 4), (11, 5))
    close(a.sum(axis=1), np.ones(7))
    out, (dx,) = pair(backend, mode, x, dout, size=(7, 11))
    close(out, a @ x @ b.T)
    close(dx, a.T @ dout @ b)


@every_mode
def test_an_even_image_stays_even(backend, close, mode):
    out = backend.call(lambda x: upsample_forward(x, mode=mode, scale=3.7)[0], np.full((1, 1, 3, 4), 2.5))
    close(out, np.full((1, 1, 11, 14), 2.5))


@every_mode
def test_without_images(backend, mode):
    out, (dx,) = pair(backend, mode, np.zeros((0, 2, 3, 4)), np.zeros((0, 2, 6, 8)), scale=2)
    assert (out.shape, dx.shape) == ((0, 2, 6, 8), (0, 2, 3, 4))


def test_nearest_makes_blocks_and_sums_over_them(backend, close):
    x, dout = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.arange(24.0).reshape(1, 1, 4, 6)
    out, (dx,) = pair(backend, "nearest", x, dout, scale=(2, 3))
    close(out[0, 0], np.kron(x[0, 0], np.ones((2, 3))), rtol=0)
    close(dx[0, 0], dout[0, 0].reshape(2, 2, 2, 3).sum(axis=(1, 3)))


def test_nearest_is_exact_for_all_sizes():
    """Also where PyTorch's ratio in float32 is not, as from 14 to 46."""
    for n in range(1, 41):
        x = np.arange(float(n)).reshape(1, 1, n, 1)
        for m in range(1, 121):
            out, _ = upsample_forward(x, mode="nearest", size=(m, 1))
            np.testing.assert_array_equal(out[0, 0, :, 0], [o * n // m for o in range(m)])


def test_bilinear_draws_straight_lines(backend, close):
    """Centres of output pixels lie at −¼, ¼, ¾, 1¼; past the border the outermost pixel is repeated."""
    out = backend.call(lambda x: upsample_forward(x, mode="bilinear", scale=(1, 2))[0], np.array([[[[0.0, 4.0]]]]))
    close(out, np.array([[[[0.0, 1.0, 3.0, 4.0]]]]))


def test_bicubic_overshoots(backend, close):
    """At the middle of an edge the weights are −3/32, 19/32, 19/32, −3/32."""
    step = np.array([[[[0.0, 0, 0, 32, 32, 32]]]])
    out = backend.call(lambda x: upsample_forward(x, mode="bicubic", size=(1, 18))[0], step)
    assert out.min() < 0
    assert out.max() > 32
    middle = backend.call(
        lambda x: upsample_forward(x, mode="bicubic", size=(1, 3))[0], np.array([[[[0.0, 0, 0, 0, 32, 0]]]])
    )
    close(middle[0, 0, 0, 2], 19.0)  # 32 · 19/32, halfway between the last two pixels
    middle = backend.call(
        lambda x: upsample_forward(x, mode="bicubic", size=(1, 3))[0], np.array([[[[32.0, 0, 0, 0, 0, 0]]]])
    )
    close(middle[0, 0, 0, 0], 16.0)  # 19/32 and −3/32, since the pixel is repeated past the border


@every_mode
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_numbers(backend, close, mode, dtype):
    largest = float(np.finfo(dtype).max) / 8
    x = np.array([[[[largest, -largest], [0.0, largest]]]], dtype=dtype)
    out, (dx,) = pair(backend, mode, x, np.full((1, 1, 4, 4), largest / 4, dtype=dtype), scale=2)
    assert out.dtype == dx.dtype == np.dtype(dtype)
    assert np.isfinite(out).all()
    close(dx, np.full_like(x, largest), rtol=1e-6)


@every_mode
def test_float32_is_off_by_its_rounding_alone(backend, close, torch_gradients, mode):
    rng = np.random.default_rng(3)
    x, dout = rng.normal(size=(2, 3, 6, 5)), rng.normal(size=(2, 3, 16, 9))
    x, dout = x.astype("float32"), dout.astype("float32")
    out, (dx,) = pair(backend, mode, x, dout, size=(16, 9))
    reference = functools.partial(F.interpolate, mode=mode, size=(16, 9))
    expected, (expected_dx,) = torch_gradients(reference, [x.astype(float)], dout.astype(float))
    close(out, expected, rtol=1e-5, atol=1e-5)
    close(dx, expected_dx, rtol=1e-5, atol=1e-5)


@every_mode
@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((2, 3, 4), {"scale": 2}, r"x must have shape \(N, C, H, W\), but its shape is \(2, 3, 4\)"),
        ((2, 3, 4, 0), {"scale": 2}, r"x must have at least one pixel, but its shape is \(2, 3, 4, 0\)"),
        ((2, 3, 4, 4), {}, r"give either scale or size, but they are None and None"),
        ((2, 3, 4, 4), {"scale": 2, "size": 8}, r"give either scale or size, but they are 2 and 8"),
        ((2, 3, 4, 4), {"size": 0}, r"size must be at least 1, but it is 0"),
        ((2, 3, 4, 4), {"scale": 0}, r"scale must be a finite number above 0, but it is 0"),
        ((2, 3, 4, 4), {"scale": (2, float("nan"))}, r"scale must be a finite number above 0, but it is nan"),
        ((2, 3, 4, 4), {"scale": (2, 2, 2)}, r"scale must be a number or a pair of numbers, but it is \(2, 2, 2\)"),
        ((2, 3, 4, 4), {"scale": 0.2}, r"scale must leave at least one pixel of an image of \(4, 4\), but it is 0.2"),
    ],
)
def test_arguments_that_do_not_fit(backend, mode, shape, options, message):
    with pytest.raises(ValueError, match=message):
        upsample_forward(backend.array(np.zeros(shape)), mode=mode, **options)


@every_mode
def test_wrong_types_and_a_wrong_upstream_gradient(backend, mode):
    forward = functools.partial(upsample_forward, mode=mode)
    with pytest.raises(TypeError, match=r"x must hold real floating-point numbers, .*int64"):
        forward(backend.array(np.zeros((1, 1, 2, 2), dtype="int64")), scale=2)
    with pytest.raises(TypeError, match=r"size must be an int or a pair of ints, but it is 4.0"):
        forward(backend.array(np.zeros((1, 1, 2, 2))), size=4.0)
    _, cache = forward(backend.array(np.zeros((1, 1, 2, 2))), scale=2)
    with pytest.raises(ValueError, match=r"dout must have shape \(1, 1, 4, 4\), but its shape is \(1, 1, 2, 2\)"):
        upsample_backward(backend.array(np.zeros((1, 1, 2, 2))), cache)
    with pytest.raises(TypeError, match=r"dout must hold real floating-point numbers, .*int64"):
        upsample_backward(backend.array(np.zeros((1, 1, 4, 4), dtype="int64")), cache)


def test_an_unknown_mode_is_named(backend):
    with pytest.raises(ValueError, match="mode must be one of 'nearest', 'bilinear', 'bicubic', but it is 'cubic'"):
        upsample_forward(backend.array(np.zeros((1, 1, 2, 2))), mode="cubic", scale=2)

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from i2dl.functional.filters import (
    box_kernel,
    edge_kernel,
    filter_image,
    filter_signal,
    gaussian_kernel,
    scharr_kernel,
    sharpen_kernel,
    sobel_kernel,
)

LECTURE_SIGNAL = np.array([4.0, 3, 2, -5, 3, 5, 2, 5, 5, 6])
LECTURE_IMAGE = np.array(
    [[-5, 3, 2, -5, 3], [4, 3, 2, 1, -3], [1, 0, 3, 3, 5], [-2, 0, 1, 4, 4], [5, 6, 7, 9, -1]], dtype=float
)
LIKE = np.zeros(())

# Each kernel as the lecture (box, Gaussian, sharpen, edge) or the student summary (Sobel, Scharr) prints it.
PRINTED = {
    "box": (box_kernel, np.ones((3, 3)) / 9),
    "gaussian": (gaussian_kernel, np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16),
    "sharpen": (sharpen_kernel, np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])),
    "edge": (edge_kernel, np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])),
    "sobel": (sobel_kernel, np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])),
    "scharr": (scharr_kernel, np.array([[3.0, 0, -3], [10, 0, -10], [3, 0, -3]])),
}


def test_lecture_9_one_dimensional_box_filter(backend, close):
    """4 3 2 −5 3 5 2 5 5 6: shrunk 3 0 0 1 10/3 4 4 16/3; padded also 7/3 and 11/3 at the ends."""
    kernel = backend.call(lambda like: box_kernel(like, size=(1, 3))[0, :], LIKE)
    shrunk = [3, 0, 0, 1, 10 / 3, 4, 4, 16 / 3]
    close(backend.call(filter_signal, LECTURE_SIGNAL, kernel), np.array(shrunk))
    close(backend.call(filter_signal, LECTURE_SIGNAL, kernel, padding=1), np.array([7 / 3, *shrunk, 11 / 3]))


def test_lecture_9_sharpening_the_image(backend, close):
    """First row 6 1 8, second −7 9; the slide goes no further."""
    out = backend.call(filter_image, LECTURE_IMAGE, PRINTED["sharpen"][1])
    assert out.shape == (3, 3)
    close(out[0], np.array([6.0, 1, 8]))
    close(out[1, :2], np.array([-7.0, 9]))


@pytest.mark.parametrize("name", PRINTED)
def test_kernels_are_those_of_the_sources(backend, close, name):
    make, expected = PRINTED[name]
    kernel = backend.call(make, LIKE)
    close(kernel, expected)
    assert backend.call(make, LIKE.astype("float32")).dtype == np.dtype("float32")


@pytest.mark.parametrize("name", PRINTED)
def test_what_the_sum_of_the_weights_means(backend, close, name):
    """On an even region a filter that sums to 1 changes nothing, and one that sums to 0 finds nothing."""
    kernel = backend.call(PRINTED[name][0], LIKE)
    kept = {"box": 1, "gaussian": 1, "sharpen": 1, "edge": 0, "sobel": 0, "scharr": 0}[name]
    close(backend.call(filter_image, np.full((5, 6), 7.0), kernel), np.full((3, 4), 7.0 * kept))


@given(
    height=st.integers(3, 7),
    width=st.integers(3, 7),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    seed=st.integers(0, 2**16),
)
def test_agrees_with_scipy(backend, close, height, width, kernel, seed):
    rng = np.random.default_rng(seed)
    image, weights = rng.normal(size=(height, width)), rng.normal(size=kernel)
    close(backend.call(filter_image, image, weights), scipy.signal.correlate2d(image, weights, mode="valid"))
    padded = scipy.signal.correlate2d(image, weights, mode="full")
    whole = tuple(k - 1 for k in kernel)
    close(backend.call(filter_image, image, weights, padding=whole), padded)


@pytest.mark.parametrize("name", PRINTED)
def test_padding_of_one_keeps_the_size(backend, close, name):
    image, kernel = np.random.default_rng(0).normal(size=(6, 7)), PRINTED[name][1]
    expected = scipy.ndimage.correlate(image, kernel, mode="constant")
    close(backend.call(filter_image, image, kernel, padding=1), expected)


def test_every_channel_of_every_image_is_filtered_by_itself(backend, close):
    rng = np.random.default_rng(1)
    images, kernel = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(3, 2))
    out = backend.call(filter_image, images, kernel, padding=(1, 0))
    assert out.shape == (2, 3, 5, 5)
    for n, c in np.ndindex(2, 3):
        close(out[n, c], backend.call(filter_image, images[n, c], kernel, padding=(1, 0)))
    signals = rng.normal(size=(4, 9))
    both = backend.call(filter_signal, signals, kernel[:, 0], padding=2)
    assert both.shape == (4, 11)
    for n in range(4):
        close(both[n], np.correlate(signals[n], kernel[:, 0], mode="full"))


def test_exam_august_2020_4a(backend):
    """(1 −1 / 1 −1) answers to vertical edges and to no others; so do Sobel and Scharr."""
    vertical = np.zeros((6, 6))
    vertical[:, 3:] = 1.0
    kernels = [
        np.array([[1.0, -1.0], [1.0, -1.0]]),
        *(backend.call(make, LIKE) for make in (sobel_kernel, scharr_kernel)),
    ]
    for kernel in kernels:
        assert (np.abs(backend.call(filter_image, vertical, kernel)).max(axis=0) > 0).any()
        assert not backend.call(filter_image, np.ascontiguousarray(vertical.T), kernel).any()


@pytest.mark.parametrize("make", [sobel_kernel, scharr_kernel])
def test_horizontal_edges(backend, close, make):
    vertical = backend.call(make, LIKE)
    close(backend.call(make, LIKE, edges="horizontal"), vertical.T)
    step = np.zeros((3, 3))
    step[:, :2] = 1.0  # bright on the left
    assert backend.call(filter_image, step, vertical)[0, 0] > 0
    with pytest.raises(ValueError, match="edges must be 'vertical' or 'horizontal', but it is 'diagonal'"):
        make(backend.array(LIKE), edges="diagonal")


def test_scipys_sobel_is_ours_up_to_sign(close):
    """SciPy subtracts the left from the right."""
    image = np.random.default_rng(2).normal(size=(6, 7))
    ours = filter_image(image, sobel_kernel(image), padding=1)
    close(ours, -scipy.ndimage.sobel(image, axis=1, mode="constant"))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9, 15])
def test_gaussian_kernels_of_other_sizes(backend, close, size):
    kernel = backend.call(gaussian_kernel, LIKE, size=size)
    row = kernel.sum(axis=0)
    places = np.arange(size) - (size - 1) / 2
    close(kernel, np.outer(row, row))
    close(row.sum(), 1.0)
    close((row * places**2).sum(), (size - 1) / 4)
    if size == 15:
        bell = np.exp(-(places**2) / (2 * (size - 1) / 4))
        close(row, bell / bell.sum(), rtol=0, atol=0.005)
    close(backend.call(gaussian_kernel, LIKE, size=(1, size)), row[None, :])


@pytest.mark.parametrize("size", [1, 4, (2, 3)])
def test_box_kernels_of_other_sizes(backend, close, size):
    shape = (size, size) if isinstance(size, int) else size
    close(backend.call(box_kernel, LIKE, size=size), np.full(shape, 1 / np.prod(shape)))


def test_bad_arguments(backend):
    image, kernel = backend.array(np.zeros((4, 4))), backend.array(np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"image must have shape \(..., H, W\), but its shape is \(4,\)"):
        filter_image(image[0, :], kernel)
    with pytest.raises(ValueError, match=r"kernel must have shape \(HH, WW\), but its shape is \(3,\)"):
        filter_image(image, kernel[0, :])
    with pytest.raises(ValueError, match=r"5 entries .* reach over 5 pixels, and the image has 4"):
        filter_image(image, backend.array(np.zeros((5, 5))))
    with pytest.raises(ValueError, match=r"signal must have shape \(..., L\), but its shape is \(\)"):
        filter_signal(backend.array(np.zeros(())), kernel[0, :])
    with pytest.raises(ValueError, match=r"kernel must have shape \(K,\), but its shape is \(3, 3\)"):
        filter_signal(image, kernel)
    with pytest.raises(TypeError, match=r"image must hold real floating-point numbers, .*int64"):
        filter_image(backend.array(np.zeros((4, 4), dtype="int64")), kernel)
    with pytest.raises(TypeError, match=r"kernel must hold real floating-point numbers, .*int64"):
        filter_image(image, backend.array(np.zeros((3, 3), dtype="int64")))
    with pytest.raises(TypeError, match=r"like must hold real floating-point numbers, .*int64"):
        sharpen_kernel(backend.array(np.zeros(3, dtype="int64")))
    with pytest.raises(ValueError, match="size must be at least 1, but it is 0"):
        gaussian_kernel(image, size=0)
    with pytest.raises(ValueError, match=r"size must be at least 1, but it is \(3, 0\)"):
        box_kernel(image, size=(3, 0))

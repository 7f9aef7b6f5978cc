"""Image filters: convolutions whose weights were thought out, not learnt.

Before filters were learnt they were designed, and a few of these show what the weights of a filter mean. If they are
all positive and sum to 1, each pixel becomes a weighted mean of its surroundings: the image is blurred. If they sum
to 0, an even region becomes 0 whatever its brightness, and only what changes is left: edges. Sharpening adds the edges
to the image, and its weights sum to 1 again. An edge filter that is positive on one side and negative on the other
answers to the edges of one direction.

**At the border** a window hangs out of the image, and one either leaves these positions out (*shrink*, padding 0) or
surrounds the image with zeros (*pad*; with P = (F − 1)/2 the size stays the same). In one dimension, for a mean of
three on the ten numbers of lecture 9:

    4 3 2 −5 3 5 2 5 5 6   shrink →        3 0 0 1 10/3 4 4 16/3
                           pad    →    7/3 3 0 0 1 10/3 4 4 16/3 11/3

**Not turned.** As in the lecture's examples the kernel is laid on the image as it is printed. Signal processing's
convolution turns it by 180° first; that makes no difference to the symmetric ones, and changes the sign of Sobel and
Scharr.

All kernels take their array library, dtype and device from their first argument, mostly the image they are meant for.

Source: I2DL lecture 9; student summary, IX.1; exam Aug 2020, 4a.
"""

import math

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.functional._windows import IntOrPair, as_pair
from i2dl.functional.conv import conv2d_forward

__all__ = [
    "box_kernel",
    "edge_kernel",
    "filter_image",
    "filter_signal",
    "gaussian_kernel",
    "scharr_kernel",
    "sharpen_kernel",
    "sobel_kernel",
]


def filter_image(image: Array, kernel: Array, *, padding: IntOrPair = 0) -> Array:
    """out[p, q] = Σ_ij kernel[i, j] · image[p + i, q + j], in every channel by itself.

    Parameters
    ----------
    image : array, shape (..., H, W)
        A grey image, the channels of one, or a batch.
    kernel : array, shape (HH, WW)
        The filter.
    padding : int or pair of int
        P, how many zeros are put on each side: 0 shrinks the image, (HH − 1)/2 keeps its size.

    Returns
    -------
    out : array, shape (..., H + 2P − HH + 1, W + 2P − WW + 1)
        The filtered image.

    Raises
    ------
    TypeError
        If an array is not real floating, or the padding not made of ints.
    ValueError
        If the image has fewer than two axes, the kernel not two, or the kernel is larger than the padded image.

    References
    ----------
    I2DL lecture 9.
    """
    xp = array_namespace(image, kernel)
    check_floating(image=image, kernel=kernel)
    check_shape("kernel", kernel, ("HH", "WW"))
    shape = tuple(image.shape)
    if len(shape) < 2:
        msg = f"image must have shape (..., H, W), but its shape is {shape}"
        raise ValueError(msg)
    planes = xp.reshape(image, (math.prod(shape[:-2]), 1, *shape[-2:]))
    no_bias = xp.zeros((1,), dtype=image.dtype, device=device(image))
    out, _ = conv2d_forward(planes, kernel[None, None, :, :], no_bias, padding=padding)
    return xp.reshape(out, (*shape[:-2], *out.shape[2:]))


def filter_signal(signal: Array, kernel: Array, *, padding: int = 0) -> Array:
    """out[p] = Σ_i kernel[i] · signal[p + i]: the lecture's first example, in one dimension.

    Parameters
    ----------
    signal : array, shape (..., L)
        A sequence of numbers, or several.
    kernel : array, shape (K,)
        The filter.
    padding : int
        P, how many zeros are put at each end: 0 shrinks the signal, (K − 1)/2 keeps its length.

    Returns
    -------
    out : array, shape (..., L + 2P − K + 1)
        The filtered signal.

    Raises
    ------
    TypeError
        If an array is not real floating, or the padding not an int.
    ValueError
        If the signal has no axis, the kernel not one, or the kernel is longer than the padded signal.

    References
    ----------
    I2DL lecture 9.
    """
    check_shape("kernel", kernel, ("K",))
    if signal.ndim < 1:
        msg = f"signal must have shape (..., L), but its shape is {tuple(signal.shape)}"
        raise ValueError(msg)
    return filter_image(signal[..., None, :], kernel[None, :], padding=(0, padding))[..., 0, :]


def box_kernel(like: Array, *, size: IntOrPair = 3) -> Array:
    """The mean of a window: 1/(HH·WW) everywhere.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.
    size : int or pair of int
        HH and WW; ``box_kernel(signal, size=(1, 3))[0, :]`` is the lecture's first filter.

    Returns
    -------
    kernel : array, shape (HH, WW)
        The filter, which blurs.

    Raises
    ------
    TypeError
        If ``like`` is not real floating, or the size not made of ints.
    ValueError
        If the size is less than 1.

    References
    ----------
    I2DL lecture 9 ("box mean"); exam Aug 2020, 4a.
    """
    height, width = as_pair("size", size, at_least=1)
    return _kernel(like, [[1 / (height * width)] * width] * height)


def gaussian_kernel(like: Array, *, size: IntOrPair = 3) -> Array:
    """A mean that weighs near pixels more: binomial coefficients, which approach the bell curve.

    The rows of Pascal's triangle are what a fair coin's heads follow, and tend to a normal distribution of variance
    (F − 1)/4. The lecture's 1/16 · [[1, 2, 1], [2, 4, 2], [1, 2, 1]] is row 1 2 1, once down and once across.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.
    size : int or pair of int
        HH and WW.

    Returns
    -------
    kernel : array, shape (HH, WW)
        The filter, which blurs.

    Raises
    ------
    TypeError
        If ``like`` is not real floating, or the size not made of ints.
    ValueError
        If the size is less than 1.

    References
    ----------
    I2DL lecture 9 ("Gaussian blur").
    """
    column, row = (
        [math.comb(length - 1, i) / 2 ** (length - 1) for i in range(length)]
        for length in as_pair("size", size, at_least=1)
    )
    return _kernel(like, [[down * across for across in row] for down in column])


def sharpen_kernel(like: Array) -> Array:
    """The pixel itself plus how much it differs from its four neighbours.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.

    Returns
    -------
    kernel : array, shape (3, 3)
        The filter.

    Raises
    ------
    TypeError
        If ``like`` is not real floating.

    References
    ----------
    I2DL lecture 9 ("sharpen").
    """
    return _kernel(like, [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])


def edge_kernel(like: Array) -> Array:
    """How much a pixel differs from its eight neighbours, whatever the direction.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.

    Returns
    -------
    kernel : array, shape (3, 3)
        The filter.

    Raises
    ------
    TypeError
        If ``like`` is not real floating.

    References
    ----------
    I2DL lecture 9 ("edge detection").
    """
    return _kernel(like, [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def sobel_kernel(like: Array, *, edges: str = "vertical") -> Array:
    """How much brighter it is on the left than on the right, averaged over three rows with weights 1, 2, 1.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.
    edges : {"vertical", "horizontal"}
        Which edges it answers to: "vertical" takes left minus right, "horizontal" top minus bottom.

    Returns
    -------
    kernel : array, shape (3, 3)
        The filter.

    Raises
    ------
    TypeError
        If ``like`` is not real floating.
    ValueError
        If ``edges`` is neither word.

    References
    ----------
    The I2DL student summary, IX.1.
    """
    return _difference_kernel(like, (1, 2, 1), edges)


def scharr_kernel(like: Array, *, edges: str = "vertical") -> Array:
    """Sobel's filter with weights 3, 10, 3, whose answer depends less on how an edge is inclined.

    Parameters
    ----------
    like : array, any shape
        Whose array library, dtype and device the kernel takes.
    edges : {"vertical", "horizontal"}
        Which edges it answers to: "vertical" takes left minus right, "horizontal" top minus bottom.

    Returns
    -------
    kernel : array, shape (3, 3)
        The filter.

    Raises
    ------
    TypeError
        If ``like`` is not real floating.
    ValueError
        If ``edges`` is neither word.

    References
    ----------
    The I2DL student summary, IX.1.
    """
    return _difference_kernel(like, (3, 10, 3), edges)


def _difference_kernel(like: Array, weights: tuple[int, int, int], edges: str) -> Array:
    """Each row is 1, 0, −1 times its weight; transposed for horizontal edges."""
    if edges not in ("vertical", "horizontal"):
        msg = f"edges must be 'vertical' or 'horizontal', but it is {edges!r}"
        raise ValueError(msg)
    kernel = _kernel(like, [[weight, 0, -weight] for weight in weights])
    return kernel if edges == "vertical" else array_namespace(like).matrix_transpose(kernel)


def _kernel(like: Array, rows: list[list[float]]) -> Array:
    check_floating(like=like)
    return array_namespace(like).asarray(rows, dtype=like.dtype, device=device(like))

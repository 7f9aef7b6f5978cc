"""Augmentation: more training images out of those that there are.

A classifier should not care where in the picture the cat sits, or how bright the day was. Images that are changed in
such ways keep their label, and training on them teaches the network what does not matter. Only the training images are
changed; and only in ways in which the images at test time may differ too: a digit turned by 10° is still that digit,
a 6 turned by 180° is a 9.

**Online and offline.** *Offline* augmentation computes the changed images once, before training, and stores a larger
training set. *Online* augmentation changes each mini-batch anew on its way into the network, so that no two epochs see
the same images. (The student summary has the two words the other way round.) The functions here take a batch and are
fast enough for online use.

All take images (N, C, H, W) with values from 0 to 1, return new arrays of their dtype and leave their argument alone;
each image gets random numbers of its own, from the generator `rng`.

Source: I2DL lecture 8, data augmentation; student summary, VIII.1; exams Feb 2022, 1.1, and Aug 2022, problem 3.
"""

from typing import Any

import numpy as np

__all__ = [
    "add_noise",
    "change_brightness",
    "change_contrast",
    "crop",
    "flip",
    "random_crops",
    "random_flips",
    "random_resized_crops",
    "rotate",
    "ten_crop",
]

Array = np.ndarray


def flip(images: Array, chosen: Any) -> Array:
    """Mirror some images, left to right.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    chosen : boolean array (N,)
        Which of them.

    Returns
    -------
    array (N, C, H, W)
        The images, those chosen mirrored.

    Raises
    ------
    ValueError
        If `images` has another shape, or `chosen` another length.

    References
    ----------
    Lecture 8, flip augmentation.
    """
    check_images(images)
    chosen = np.asarray(chosen, dtype=bool)
    if chosen.shape != images.shape[:1]:
        msg = f"chosen must have shape {images.shape[:1]}, one value an image, but its shape is {chosen.shape}"
        raise ValueError(msg)
    return np.where(chosen[:, None, None, None], images[..., ::-1], images)


def random_flips(images: Array, *, rng: np.random.Generator, p: float = 0.5) -> Array:
    """Mirror each image with probability `p`, left to right.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    rng : numpy.random.Generator
        Where the choice comes from.
    p : float in [0, 1]
        How often to flip.

    Returns
    -------
    array (N, C, H, W)
        The images, some of them mirrored.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Lecture 8, flip augmentation.
    """
    check_images(images)
    return flip(images, rng.random(len(images)) < p)


def crop(images: Array, tops: Any, lefts: Any, *, size: int, padding: int = 0) -> Array:
    """Cut a square out of each image, after a border of zeros was put around it.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    tops, lefts : integer arrays (N,)
        Row and column of each square's first pixel, counted in the padded image: 0 to H + 2 · padding − size.
    size : int
        Height and width of the square.
    padding : int
        Width of the border on all four sides.

    Returns
    -------
    array (N, C, size, size)
        The squares.

    Raises
    ------
    ValueError
        If `images` has another shape, or a square does not lie within its padded image.

    References
    ----------
    Lecture 8, random crops.
    """
    check_images(images)
    tops, lefts = np.asarray(tops), np.asarray(lefts)
    padded = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    height, width = padded.shape[2:]
    for name, starts, length in (("tops", tops, height), ("lefts", lefts, width)):
        if starts.shape != images.shape[:1] or np.any(starts < 0) or np.any(starts + size > length):
            msg = f"{name} must have shape {images.shape[:1]} and lie from 0 to {length - size}, but they are {starts}"
            raise ValueError(msg)
    # Every position of the window as a view, and of those one for each image.
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(2, 3))
    return windows[np.arange(len(images)), :, tops, lefts].copy()


def random_crops(images: Array, *, rng: np.random.Generator, size: int, padding: int = 0) -> Array:
    """Cut a square out of each image at random. With `size` that of the image, `padding` is how far it may shift.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    rng : numpy.random.Generator
        Where the positions come from; all are equally likely.
    size : int
        Height and width of the square.
    padding : int
        Width of a border of zeros around each image.

    Returns
    -------
    array (N, C, size, size)
        The squares.

    Raises
    ------
    ValueError
        If `images` has another shape, or the square is larger than the padded image.

    References
    ----------
    Lecture 8, random crops: at training, 224 × 224 out of an image whose short side has 256 to 480 pixels.
    """
    check_images(images)
    n, _, height, width = images.shape
    if not 1 <= size <= min(height, width) + 2 * padding:
        msg = f"size must be from 1 to that of the padded image, {min(height, width) + 2 * padding}, but it is {size}"
        raise ValueError(msg)
    tops = rng.integers(height + 2 * padding - size + 1, size=n)
    lefts = rng.integers(width + 2 * padding - size + 1, size=n)
    return crop(images, tops, lefts, size=size, padding=padding)


def random_resized_crops(
    images: Array, *, rng: np.random.Generator, size: int, scale: tuple[float, float] = (0.5, 1.0)
) -> Array:
    """Cut a square of random size out of each image at random, and scale it to `size`, with bilinear interpolation.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    rng : numpy.random.Generator
        Where sizes and positions come from.
    size : int
        Height and width of the result.
    scale : pair of floats in (0, 1]
        The smallest and the largest side of the square, as shares of the image's short side.

    Returns
    -------
    array (N, C, size, size)
        The squares.

    Raises
    ------
    ValueError
        If `images` has another shape, or the shares are not 0 < smallest ≤ largest ≤ 1.

    References
    ----------
    Lecture 8, random crops of resized images.
    """
    check_images(images)
    if not 0 < scale[0] <= scale[1] <= 1:
        msg = f"scale must be two shares, 0 < smallest ≤ largest ≤ 1, but it is {scale}"
        raise ValueError(msg)
    n, _, height, width = images.shape
    side = rng.uniform(*scale, n) * min(height, width)
    top, left = rng.uniform(0, height - side), rng.uniform(0, width - side)
    # Pixels are squares: the k-th of the result has its centre at (k + ½)/size of the side, and ours at whole numbers.
    steps = (np.arange(size) + 0.5) / size
    rows = top[:, None] + side[:, None] * steps - 0.5
    columns = left[:, None] + side[:, None] * steps - 0.5
    grid = (n, size, size)
    inside_rows, inside_columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    return _sample(
        images, np.broadcast_to(inside_rows[:, :, None], grid), np.broadcast_to(inside_columns[:, None], grid)
    )


def ten_crop(images: Array, *, size: int) -> Array:
    """Cut out the four corners and the centre, and the same five from the mirrored image: to be averaged at test time.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    size : int
        Height and width of each square.

    Returns
    -------
    array (N, 10, C, size, size)
        Top left, top right, bottom left, bottom right, centre; then these five, each mirrored left to right.

    Raises
    ------
    ValueError
        If `images` has another shape, or is smaller than the square.

    References
    ----------
    Lecture 8: 10 fixed crops of 224 × 224, (4 corners + 1 centre) × 2 flips.
    """
    check_images(images)
    down, right = images.shape[2] - size, images.shape[3] - size
    if size < 1 or min(down, right) < 0:
        msg = f"size must be from 1 to that of the images of shape {images.shape}, but it is {size}"
        raise ValueError(msg)
    corners = [(0, 0), (0, right), (down, 0), (down, right), (down // 2, right // 2)]
    five = np.stack([images[:, :, top : top + size, left : left + size] for top, left in corners], axis=1)
    return np.concatenate([five, five[..., ::-1]], axis=1)


def change_brightness(images: Array, *, rng: np.random.Generator, strength: float = 0.3) -> Array:
    """Multiply each image by a factor from 1 − strength to 1 + strength, and cut off at 0 and 1.

    Parameters
    ----------
    images : array (N, C, H, W), values in [0, 1]
        The images.
    rng : numpy.random.Generator
        Where the factors come from.
    strength : float, at least 0
        The largest change.

    Returns
    -------
    array (N, C, H, W), values in [0, 1]
        Images brighter or darker.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Lecture 8, random brightness and contrast changes.
    """
    check_images(images)
    return np.clip(images * _factors(images, rng, strength), 0, 1).astype(images.dtype)


def change_contrast(images: Array, *, rng: np.random.Generator, strength: float = 0.3) -> Array:
    """Stretch each image's distance from its mean by a factor from 1 − strength to 1 + strength; cut off at 0 and 1.

    Parameters
    ----------
    images : array (N, C, H, W), values in [0, 1]
        The images.
    rng : numpy.random.Generator
        Where the factors come from.
    strength : float, at least 0
        The largest change.

    Returns
    -------
    array (N, C, H, W), values in [0, 1]
        Images with more or less contrast.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Lecture 8, random brightness and contrast changes.
    """
    check_images(images)
    mean = images.mean(axis=(1, 2, 3), keepdims=True)
    return np.clip(mean + (images - mean) * _factors(images, rng, strength), 0, 1).astype(images.dtype)


def rotate(images: Array, *, rng: np.random.Generator, degrees: float = 10.0) -> Array:
    """Turn each image about its centre by up to `degrees` either way, with bilinear interpolation; zeros come in.

    Parameters
    ----------
    images : array (N, C, H, W)
        The images.
    rng : numpy.random.Generator
        Where the angles come from.
    degrees : float, at least 0
        The largest angle; a positive one turns counter-clockwise.

    Returns
    -------
    array (N, C, H, W)
        Turned images.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Student summary, VIII.1; exam Feb 2022, 1.1: digits may be turned by 10 degrees.
    """
    check_images(images)
    n, _, height, width = images.shape
    angles = np.deg2rad(rng.uniform(-degrees, degrees, n))[:, None, None]
    down, right = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    # Where each pixel of the result comes from: the turn backwards, in a frame whose rows grow downwards.
    rows = np.cos(angles) * down + np.sin(angles) * right + (height - 1) / 2
    columns = -np.sin(angles) * down + np.cos(angles) * right + (width - 1) / 2
    return _sample(images, rows, columns)


def add_noise(images: Array, *, rng: np.random.Generator, std: float = 0.05) -> Array:
    """Add Gaussian noise to every value, and cut off at 0 and 1.

    Parameters
    ----------
    images : array (N, C, H, W), values in [0, 1]
        The images.
    rng : numpy.random.Generator
        Where the noise comes from.
    std : float, at least 0
        Its standard deviation.

    Returns
    -------
    array (N, C, H, W), values in [0, 1]
        Noisy images.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Exam Feb 2022, 1.1 and 3.2: adding Gaussian noise.
    """
    check_images(images)
    return np.clip(images + rng.normal(0, std, images.shape), 0, 1).astype(images.dtype)


def check_images(images: Array, *, square: bool = False) -> None:
    """Raise ValueError unless the images have shape (N, C, H, W), and H = W where squares are asked for."""
    if images.ndim != 4 or (square and images.shape[2] != images.shape[3]):
        msg = f"images must have shape (N, C, H, {'H' if square else 'W'}), but their shape is {images.shape}"
        raise ValueError(msg)


def _factors(images: Array, rng: np.random.Generator, strength: float) -> Array:
    """One factor an image, to be multiplied with all its values."""
    return rng.uniform(1 - strength, 1 + strength, (len(images), 1, 1, 1))


def _sample(images: Array, rows: Array, columns: Array) -> Array:
    """Read images at places between pixels, (N, h, w) rows and columns, mixing the four nearest; 0 lies outside."""
    n, _, height, width = images.shape
    out = np.zeros((n, images.shape[1], *rows.shape[1:]))
    first_row, first_column = np.floor(rows).astype(int), np.floor(columns).astype(int)
    which = np.arange(n)[:, None, None]
    for row in (first_row, first_row + 1):
        for column in (first_column, first_column + 1):
            weight = (1 - np.abs(rows - row)) * (1 - np.abs(columns - column))
            weight = weight * ((row >= 0) & (row < height) & (column >= 0) & (column < width))
            values = images[which, :, np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
            out += np.moveaxis(values * weight[..., None], -1, 1)
    return out.astype(images.dtype)

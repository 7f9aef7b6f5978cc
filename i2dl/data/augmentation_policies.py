"""Policies: which changes an image gets, and how strong, drawn at random.

Source: I2DL lecture 8, data augmentation: advanced.
"""

from collections.abc import Callable

import numpy as np

from i2dl.data.augmentation import (
    Array,
    add_noise,
    change_brightness,
    change_contrast,
    check_images,
    random_crops,
    random_flips,
    rotate,
)

__all__ = ["OPERATIONS", "rand_augment", "trivial_augment"]

OPERATIONS: dict[str, Callable[..., Array]] = {
    "identity": lambda images, _rng, _strength: images.copy(),
    "flip": lambda images, rng, _strength: random_flips(images, rng=rng, p=1.0),
    "shift": lambda images, rng, strength: random_crops(
        images, rng=rng, size=images.shape[2], padding=round(0.25 * strength * images.shape[2])
    ),
    "brightness": lambda images, rng, strength: change_brightness(images, rng=rng, strength=0.9 * strength),
    "contrast": lambda images, rng, strength: change_contrast(images, rng=rng, strength=0.9 * strength),
    "rotation": lambda images, rng, strength: rotate(images, rng=rng, degrees=30 * strength),
    "noise": lambda images, rng, strength: add_noise(images, rng=rng, std=0.2 * strength),
}
"""What `rand_augment` and `trivial_augment` choose from: ``operation(images, rng, strength)``, strength from 0 to 1."""


def rand_augment(
    images: Array,
    *,
    rng: np.random.Generator,
    count: int = 2,
    strength: float = 0.3,
    operations: tuple[str, ...] = tuple(OPERATIONS),
) -> Array:
    """Apply `count` randomly chosen operations to each image, one after the other, all with one strength.

    Two numbers, count and strength, are all that is left to tune.

    Parameters
    ----------
    images : square images, array (N, C, H, H), values in [0, 1]
        The images.
    rng : numpy.random.Generator
        Where choices and operations get their random numbers.
    count : int
        Operations an image.
    strength : float in [0, 1]
        How strong each may be.
    operations : tuple of str
        Names in `OPERATIONS`, those that leave the labels as they are: no "flip" for digits.

    Returns
    -------
    array (N, C, H, H), values in [0, 1]
        Augmented images.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Cubuk et al., *RandAugment*, 2020; lecture 8, data augmentation: advanced.
    """
    check_images(images, square=True)
    out = images.copy()
    for i in range(len(images)):
        for name in rng.choice(operations, count):
            out[i : i + 1] = OPERATIONS[name](out[i : i + 1], rng, strength)
    return out


def trivial_augment(
    images: Array, *, rng: np.random.Generator, operations: tuple[str, ...] = tuple(OPERATIONS)
) -> Array:
    """Apply one randomly chosen operation of random strength to each image: nothing is left to tune.

    Parameters
    ----------
    images : square images, array (N, C, H, H), values in [0, 1]
        The images.
    rng : numpy.random.Generator
        Where choices, strengths and operations get their random numbers.
    operations : tuple of str
        Names in `OPERATIONS`.

    Returns
    -------
    array (N, C, H, H), values in [0, 1]
        Augmented images.

    Raises
    ------
    ValueError
        If `images` has another shape.

    References
    ----------
    Müller, Hutter, *TrivialAugment*, 2021; lecture 8, data augmentation: advanced.
    """
    check_images(images, square=True)
    names, strengths = rng.choice(operations, len(images)), rng.random(len(images))
    changed = [OPERATIONS[n](images[i : i + 1], rng, strengths[i]) for i, n in enumerate(names)]
    return np.concatenate(changed) if changed else images.copy()

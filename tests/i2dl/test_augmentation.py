"""Augmentation against PyTorch's samplers and plain indexing; what is random is counted."""

import inspect

import numpy as np
import pytest
import torch
from torch.nn import functional

from i2dl.data import augmentation as au
from i2dl.data import augmentation_policies as policies
from i2dl.data import load_digits

RANDOM = {
    "random_flips": {},
    "random_crops": {"size": 8, "padding": 2},
    "random_resized_crops": {"size": 8},
    "change_brightness": {},
    "change_contrast": {},
    "rotate": {},
    "add_noise": {},
    "rand_augment": {},
    "trivial_augment": {},
}


@pytest.fixture
def images():
    return np.random.default_rng(0).random((6, 3, 8, 8))


def test_a_flip_reverses_the_columns_of_the_chosen(images):
    chosen = [True, False, False, True, True, False]
    out = au.flip(images, chosen)
    flipped = torch.flip(torch.tensor(images), (3,)).numpy()
    for i, swapped in enumerate(chosen):
        np.testing.assert_array_equal(out[i], flipped[i] if swapped else images[i])


def test_flips_come_as_often_as_they_should(images):
    many = np.tile(images[:1], (4000, 1, 1, 1))
    out = au.random_flips(many, rng=np.random.default_rng(1), p=0.3)
    assert np.mean([not np.array_equal(o, images[0]) for o in out]) == pytest.approx(0.3, abs=0.03)


def test_a_crop_is_a_slice_of_the_padded_image(images):
    tops, lefts = np.array([0, 1, 2, 3, 4, 5]), np.array([5, 0, 4, 1, 3, 2])
    out = au.crop(images, tops, lefts, size=7, padding=2)
    padded = functional.pad(torch.tensor(images), (2, 2, 2, 2)).numpy()
    for i, (top, left) in enumerate(zip(tops, lefts, strict=True)):
        np.testing.assert_array_equal(out[i], padded[i, :, top : top + 7, left : left + 7])
    with pytest.raises(ValueError, match="from 0 to 5"):
        au.crop(images, tops + 1, lefts, size=7, padding=2)


def test_all_positions_of_a_random_crop_are_equally_likely():
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    out = au.random_crops(np.tile(image, (9000, 1, 1, 1)), rng=np.random.default_rng(2), size=2)
    values, counts = np.unique(out[:, 0, 0, 0], return_counts=True)
    assert values.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert counts / 9000 == pytest.approx(1 / 9, abs=0.015)
    np.testing.assert_array_equal(out[:, 0, 1, 1] - out[:, 0, 0, 0], 5)
    assert len(np.unique(out[:, 0, 0, 0] // 4 * 10 + out[:, 0, 0, 0] % 4)) == 9
    with pytest.raises(ValueError, match="from 1 to"):
        au.random_crops(image, rng=np.random.default_rng(0), size=5)


def test_ten_crops_are_five_and_their_mirror_images(images):
    out = au.ten_crop(images, size=5)
    assert out.shape == (6, 10, 3, 5, 5)
    for i, (top, left) in enumerate([(0, 0), (0, 3), (3, 0), (3, 3), (1, 1)]):
        part = images[:, :, top : top + 5, left : left + 5]
        np.testing.assert_array_equal(out[:, i], part)
        np.testing.assert_array_equal(out[:, 5 + i], part[..., ::-1])
    with pytest.raises(ValueError, match="size must be"):
        au.ten_crop(images, size=9)


class Drawn:
    """A generator whose uniform numbers are given."""

    def __init__(self, *values):
        self.values = list(values)

    def uniform(self, *_):
        return self.values.pop(0)


def test_a_rotation_is_that_of_pytorch(images):
    degrees = np.array([10.0, -25.0, 90.0, 0.0, 180.0, 3.0])
    out = au.rotate(images, rng=Drawn(degrees))
    angle = torch.tensor(np.deg2rad(degrees))
    zero = torch.zeros_like(angle)
    # Clockwise in PyTorch's frame, whose second axis points down, is the way back of a turn to the left.
    matrix = torch.stack(
        [torch.stack([angle.cos(), -angle.sin(), zero], 1), torch.stack([angle.sin(), angle.cos(), zero], 1)], 1
    )
    grid = functional.affine_grid(matrix, images.shape, align_corners=False)
    expected = functional.grid_sample(torch.tensor(images), grid, padding_mode="zeros", align_corners=False)
    np.testing.assert_allclose(out, expected.numpy(), atol=1e-12)
    np.testing.assert_allclose(out[2], np.rot90(images[2], axes=(1, 2)), atol=1e-12)


def test_a_resized_crop_is_that_of_pytorch(images):
    side, top, left = np.array([8.0] * 5 + [4.0]), np.array([0.0] * 5 + [2.0]), np.array([0.0] * 5 + [3.0])
    out = au.random_resized_crops(images, rng=Drawn(side / 8, top, left), size=16)
    whole = functional.interpolate(torch.tensor(images), size=(16, 16), mode="bilinear", align_corners=False).numpy()
    np.testing.assert_allclose(out[:5], whole[:5], atol=1e-12)
    # A crop in the middle sees its neighbours, so only its inside is that of the resized part.
    part = functional.interpolate(
        torch.tensor(images[5:, :, 2:6, 3:7]), size=(16, 16), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(out[5:, :, 2:-2, 2:-2], part.numpy()[:, :, 2:-2, 2:-2], atol=1e-12)
    with pytest.raises(ValueError, match="scale must be"):
        au.random_resized_crops(images, rng=np.random.default_rng(0), size=8, scale=(0.5, 1.2))


def test_brightness_multiplies_and_contrast_stretches_about_the_mean(images):
    grey = 0.4 + 0.2 * images
    factors = np.linspace(0.8, 1.2, 6).reshape(6, 1, 1, 1)
    np.testing.assert_allclose(au.change_brightness(grey, rng=Drawn(factors)), grey * factors)
    out = au.change_contrast(grey, rng=Drawn(factors))
    np.testing.assert_allclose(out.mean(axis=(1, 2, 3)), grey.mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(out.std(axis=(1, 2, 3)), grey.std(axis=(1, 2, 3)) * factors.ravel())


def test_noise_has_the_spread_that_was_asked_for():
    out = au.add_noise(np.full((50, 1, 20, 20), 0.5), rng=np.random.default_rng(3), std=0.05)
    assert out.std() == pytest.approx(0.05, rel=0.03)
    assert out.mean() == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_random_change_repeats_and_leaves_its_argument_alone(name, dtype):
    images = load_digits("train").images[:20].astype(dtype)
    before = images.copy()
    change = getattr(policies if name in policies.__all__ else au, name)
    one, two, other = (change(images, rng=np.random.default_rng(seed), **RANDOM[name]) for seed in (5, 5, 6))
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    assert not np.shares_memory(one, images)
    assert one.shape == images.shape
    assert one.dtype == images.dtype
    assert one.min() >= 0
    assert one.max() <= 1 + 1e-12
    # One image many times: each copy gets random numbers of its own.
    copies = change(np.tile(images[:1], (12, 1, 1, 1)), rng=np.random.default_rng(1), **RANDOM[name])
    assert len({copy.tobytes() for copy in copies}) > 1
    with pytest.raises(ValueError, match="images must have shape"):
        change(images[0], rng=np.random.default_rng(0), **RANDOM[name])


def test_randaugment_applies_what_it_is_allowed():
    images = load_digits("train").images[:10]
    same = policies.rand_augment(images, rng=np.random.default_rng(0), operations=("identity",))
    np.testing.assert_array_equal(same, images)
    none = policies.rand_augment(images, rng=np.random.default_rng(0), count=0)
    np.testing.assert_array_equal(none, images)
    twice = policies.rand_augment(images, rng=np.random.default_rng(0), operations=("flip",), count=2)
    np.testing.assert_array_equal(twice, images)
    once = policies.trivial_augment(images, rng=np.random.default_rng(0), operations=("flip",))
    np.testing.assert_array_equal(once, images[..., ::-1])


def test_docstrings_name_every_argument():
    for name in (*au.__all__, *policies.__all__):
        function = getattr(policies if name in policies.__all__ else au, name)
        if callable(function):
            for parameter in inspect.signature(function).parameters:
                assert parameter in function.__doc__, (name, parameter)
            assert all(part in function.__doc__ for part in ("Returns", "Raises", "References"))

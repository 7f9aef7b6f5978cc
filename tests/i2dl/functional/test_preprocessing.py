import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from sklearn.preprocessing import StandardScaler

from i2dl.data import load_digits
from i2dl.functional.preprocessing import denormalize, fit_normalization, normalize, zero_centre


@given(shape=array_shapes(min_dims=2, max_dims=4, max_side=5), seed=st.integers(0, 2**16))
def test_per_feature_agrees_with_sklearn(backend, close, shape, seed):
    rng = np.random.default_rng(seed)
    train, test = rng.normal(5, 3, size=shape), rng.normal(size=(3, *shape[1:]))
    scaler = StandardScaler().fit(train.reshape(shape[0], -1))
    mean, std = backend.call(fit_normalization, train)
    close(mean.reshape(-1), scaler.mean_)
    close(std.reshape(-1), scaler.scale_)
    out = backend.call(normalize, test, mean, std)
    close(out.reshape(3, -1), scaler.transform(test.reshape(3, -1)))
    close(backend.call(zero_centre, test, mean), test - mean)
    close(backend.call(denormalize, out, mean, std), test, atol=1e-11)


@given(shape=array_shapes(min_dims=2, max_dims=4, max_side=5), seed=st.integers(0, 2**16))
def test_per_channel_agrees_with_sklearn_on_pixels(backend, close, shape, seed):
    """A channel's mean and spread are those of the column that lists all its pixels."""

    def pixels(x):
        return np.moveaxis(x, 1, -1).reshape(-1, shape[1])

    rng = np.random.default_rng(seed)
    train, test = rng.normal(5, 3, size=shape), rng.normal(size=shape)
    scaler = StandardScaler().fit(pixels(train))
    mean, std = backend.call(fit_normalization, train, per="channel")
    close(mean, scaler.mean_)
    close(std, scaler.scale_)
    close(pixels(backend.call(normalize, test, mean, std)), scaler.transform(pixels(test)))
    close(pixels(backend.call(zero_centre, test, mean)), pixels(test) - mean)


@pytest.mark.parametrize("per", ["feature", "channel"])
def test_the_training_set_becomes_standard_and_others_nearly(backend, close, per):
    """Lecture 8: original, zero-centred, normalized data."""
    rng = np.random.default_rng(0)
    train, test = rng.normal(7, 4, size=(2000, 3, 2)), rng.normal(7, 4, size=(2000, 3, 2))
    mean, std = backend.call(fit_normalization, train, per=per)
    axes = (0,) if per == "feature" else (0, 2)
    for data, tolerance in ((train, 1e-12), (test, 0.15)):
        out = backend.call(normalize, data, mean, std)
        close(out.mean(axis=axes), np.zeros(mean.shape), atol=tolerance)
        close(out.std(axis=axes), np.ones(mean.shape), atol=tolerance)
    centred = backend.call(zero_centre, train, mean)
    close(centred.mean(axis=axes), np.zeros(mean.shape), atol=1e-11)
    close(centred.std(axis=axes), std)


def test_pixels_that_never_vary_do_no_harm(backend, close):
    """The digits' corners are constant; so is 0.1, whose mean over three rounds to another number."""
    images = load_digits("train").images
    mean, std = backend.call(fit_normalization, images)
    constant = images.max(axis=0) == images.min(axis=0)
    assert constant.any()
    assert not constant.all()
    assert (std[constant] == 1).all()
    out = backend.call(normalize, images, mean, std)
    assert np.isfinite(out).all()
    close(out[:, constant], np.zeros((len(images), constant.sum())))
    tenth = np.full((3, 1), 0.1)
    assert tenth.std() > 0
    mean, std = backend.call(fit_normalization, tenth)
    close(std, np.ones(1))
    close(backend.call(normalize, tenth, mean, std), np.zeros((3, 1)))


def test_float32_stays_float32(backend):
    x = np.random.default_rng(1).normal(size=(4, 3, 2)).astype("float32")
    mean, std = backend.call(fit_normalization, x, per="channel")
    out = backend.call(normalize, x, mean, std)
    assert {a.dtype for a in (mean, std, out)} == {np.dtype("float32")}


def test_bad_arguments(backend):
    x, mean = backend.array(np.ones((2, 3, 4))), backend.array(np.ones(3))
    with pytest.raises(TypeError, match=r"x must hold real floating-point numbers, but its dtype is .*uint8"):
        fit_normalization(backend.array(np.ones((2, 3), dtype="uint8")))
    with pytest.raises(ValueError, match=r"x must hold at least one number, but its shape is \(0, 3\)"):
        fit_normalization(backend.array(np.ones((0, 3))))
    with pytest.raises(ValueError, match=r"x must have shape \(N, d_1, ..., d_k\) .*, but its shape is \(3,\)"):
        fit_normalization(mean)
    with pytest.raises(ValueError, match="per must be 'feature' or 'channel', but it is 'pixel'"):
        fit_normalization(x, per="pixel")
    wrong = backend.array(np.ones(4))
    message = r"must have shape \(3, 4\) or \(3,\) for x of shape \(2, 3, 4\), but its shape is \(4,\)"
    with pytest.raises(ValueError, match="mean " + message):
        zero_centre(x, wrong)
    with pytest.raises(ValueError, match="std " + message):
        normalize(x, mean, wrong)
    with pytest.raises(ValueError, match="mean " + message):
        denormalize(x, wrong, mean)
    whole = backend.array(np.ones(3, dtype="int64"))
    for call in (lambda: zero_centre(x, whole), lambda: normalize(x, mean, whole), lambda: denormalize(x, whole, mean)):
        with pytest.raises(TypeError, match=r"(mean|std) must hold real floating-point numbers"):
            call()

import numpy as np
import pytest
import torch

from i2dl.functional.masks import causal_mask, local_mask, padding_mask


def like(backend):
    return backend.array(np.zeros((2, 3), dtype="float32"))


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_causal_is_the_opposite_of_torchs(backend, length):
    mask = backend.numpy(causal_mask(length, like=like(backend)))
    hidden = torch.nn.Transformer.generate_square_subsequent_mask(length).isinf().numpy()
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, ~hidden)


@pytest.mark.parametrize("length", [0, 1, 5])
@pytest.mark.parametrize("window", [0, 1, 2, 9])
def test_local_is_a_band(backend, length, window):
    mask = backend.numpy(local_mask(length, window, like=like(backend)))
    everything = np.ones((length, length), dtype=bool)
    np.testing.assert_array_equal(mask, np.tril(np.triu(everything, -window), window))


def test_padding_shows_the_words_of_each_text(backend):
    mask = backend.numpy(padding_mask(backend.array(np.array([3, 0, 4], dtype="int32")), 4))
    np.testing.assert_array_equal(mask, np.array([[[1, 1, 1, 0]], [[0, 0, 0, 0]], [[1, 1, 1, 1]]], dtype=bool))
    assert padding_mask(backend.array(np.zeros(0, dtype="int64")), 4).shape == (0, 1, 4)


def test_two_masks_are_joined(backend):
    lengths = backend.array(np.array([1, 3]))
    mask = backend.numpy(causal_mask(3, like=lengths) & padding_mask(lengths, 3))
    np.testing.assert_array_equal(mask[0], [[1, 0, 0], [1, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(mask[1], np.tril(np.ones((3, 3))))


def test_bad_input(backend):
    with pytest.raises(ValueError, match="length must be at least 0, but it is -1"):
        causal_mask(-1, like=like(backend))
    with pytest.raises(ValueError, match="window must be at least 0, but it is -1"):
        local_mask(3, -1, like=like(backend))
    for lengths in ([1, 5], [-1, 2]):
        found = f"they run from {lengths[0]} to {lengths[1]}"
        with pytest.raises(ValueError, match=rf"lengths of shape \(2,\) must hold numbers from 0 to 4, but {found}"):
            padding_mask(backend.array(np.array(lengths)), 4)
    with pytest.raises(ValueError, match=r"lengths must have shape \(N,\), but its shape is \(1, 2\)"):
        padding_mask(backend.array(np.array([[1, 2]])), 4)
    with pytest.raises(TypeError, match=r"lengths must hold integers, but its dtype is .*float32"):
        padding_mask(like(backend), 4)

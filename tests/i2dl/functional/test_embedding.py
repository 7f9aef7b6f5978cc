import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.bridge import autograd_function
from i2dl.functional.affine import affine_backward, affine_forward
from i2dl.functional.embedding import word_embedding_backward, word_embedding_forward


def lookup(backend, x, w, dout, **options):
    out, gradients = backend.pair(word_embedding_forward, word_embedding_backward, [x, w], dout, **options)
    return out, *gradients


@given(
    shape=array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6),
    vocabulary=st.integers(1, 9),
    d=st.integers(1, 4),
    padded=st.booleans(),
    dtype=st.sampled_from(["int64", "int32", "uint8"]),
    seed=st.integers(0, 2**16),
)
@example(shape=(4, 9), vocabulary=1, d=2, padded=False, dtype="int64", seed=0)
@example(shape=(1, 1), vocabulary=300, d=1, padded=True, dtype="uint8", seed=0)
def test_embedding_agrees_with_torch(backend, close, torch_gradients, shape, vocabulary, d, padded, dtype, seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, min(vocabulary, 256), size=shape).astype(dtype)
    w, dout = rng.normal(size=(vocabulary, d)), rng.normal(size=(*shape, d))
    padding = int(rng.integers(vocabulary)) if padded else None
    words = torch.tensor(x.astype("int64"))
    expected, (expected_dw,) = torch_gradients(
        lambda table: torch.nn.functional.embedding(words, table, padding_idx=padding), [w], dout
    )
    out, dw = lookup(backend, x, w, dout, padding=padding)
    close(out, expected, rtol=0, atol=0)
    close(dw, expected_dw)


@pytest.mark.parametrize("times", [1, 2, 3, 255, 256, 257, 1000])
def test_a_frequent_word_collects_every_one_of_its_gradients(backend, close, times):
    rng = np.random.default_rng(0)
    x = rng.permutation(np.array([2] * times + [0, 4, 4, 4, 5]))
    dout = rng.normal(size=(times + 5, 3))
    _, dw = lookup(backend, x, np.zeros((7, 3)), dout)
    expected = np.zeros((7, 3))
    np.add.at(expected, x, dout)
    close(dw, expected)


def test_it_is_an_affine_layer_on_one_hot_rows(backend, close):
    rng = np.random.default_rng(1)
    x, w, dout = rng.integers(0, 6, size=10), rng.normal(size=(6, 3)), rng.normal(size=(10, 3))
    expected, (_, expected_dw, _) = backend.pair(affine_forward, affine_backward, [np.eye(6)[x], w, np.zeros(3)], dout)
    out, dw = lookup(backend, x, w, dout)
    close(out, expected)
    close(dw, expected_dw)


def test_an_infinite_gradient_stays_with_its_word(backend, close):
    dout = np.array([[1.0], [np.inf], [2.0], [3.0]])
    _, dw = lookup(backend, np.array([0, 1, 2, 0]), np.zeros((4, 1)), dout)
    close(dw, [[4.0], [np.inf], [2.0], [0.0]])


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close):
    rng = np.random.default_rng(2)
    x, w = rng.integers(0, 5, size=(20, 30)), rng.normal(size=(5, 4)).astype("float32")
    dout = rng.normal(size=(20, 30, 4)).astype("float32")
    out, dw = lookup(backend, x, w, dout)
    expected = np.zeros((5, 4))
    np.add.at(expected, x, dout.astype(float))
    assert {out.dtype, dw.dtype} == {np.dtype("float32")}
    close(out, w[x], rtol=0, atol=0)
    close(dw, expected, rtol=1e-5, atol=1e-5)


def test_gradcheck():
    x = torch.tensor([[3, 1, 3], [0, 3, 1]])
    embed = autograd_function(lambda w, **options: word_embedding_forward(x, w, **options), word_embedding_backward)
    w = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(embed, (w,))
    padded = embed(w, padding=3)
    padded.sum().backward()
    assert w.grad.tolist() == [[1.0, 1.0], [2.0, 2.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("words", [[-1, 0, 2], [0, 3, 1]])
def test_words_outside_the_vocabulary(backend, words):
    found = rf"x of shape \(3,\) must hold words from 0 to 2, but its numbers run from {min(words)} to {max(words)}"
    with pytest.raises(ValueError, match=found):
        word_embedding_forward(backend.array(np.array(words)), backend.array(np.zeros((3, 2))))


def test_other_bad_input(backend):
    x, w = backend.array(np.array([0, 1])), backend.array(np.zeros((3, 2)))
    with pytest.raises(TypeError, match=r"x must hold the integer numbers of words, but its dtype is .*float64"):
        word_embedding_forward(backend.array(np.zeros(2)), w)
    with pytest.raises(TypeError, match=r"w must hold real floating-point numbers, .*int64"):
        word_embedding_forward(x, x)
    with pytest.raises(ValueError, match=r"w must have shape \(V, D\), but its shape is \(3,\)"):
        word_embedding_forward(x, backend.array(np.zeros(3)))
    with pytest.raises(ValueError, match=r"padding must be a word from 0 to 2 for w of shape \(3, 2\), but it is 3"):
        word_embedding_forward(x, w, padding=3)
    _, cache = word_embedding_forward(x, w)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 2\), but its shape is \(2, 3\)"):
        word_embedding_backward(backend.array(np.zeros((2, 3))), cache)
    with pytest.raises(TypeError, match=r"dout must hold real floating-point numbers, .*int64"):
        word_embedding_backward(backend.array(np.zeros((2, 2), dtype="int64")), cache)

import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional import attention
from i2dl.functional.attention import (
    attention_weights_backward,
    attention_weights_forward,
    scaled_dot_product_attention_backward,
    scaled_dot_product_attention_forward,
)
from i2dl.functional.masks import causal_mask

SIZES = st.integers(1, 6)
LEADING = st.sampled_from([(), (1,), (3,), (2, 3)])


def draw(leading, queries, keys, dk, dv, seed=0):
    """q, k, v and the upstream gradient."""
    rng = np.random.default_rng(seed)
    shapes = ((queries, dk), (keys, dk), (keys, dv), (queries, dv))
    return [rng.normal(size=(*leading, *shape)) for shape in shapes]


def run(backend, inputs, dout, mask=None):
    mask = None if mask is None else backend.array(mask)
    out, gradients = backend.pair(
        scaled_dot_product_attention_forward, scaled_dot_product_attention_backward, inputs, dout, mask=mask
    )
    return [out, *gradients]


def torch_attention(q, k, v, mask=None):
    """PyTorch's own, which wants at least three axes."""
    mask = None if mask is None else torch.tensor(mask)
    out = torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask)
    return out[0]


def expected_of(torch_gradients, inputs, dout, mask=None):
    out, gradients = torch_gradients(lambda *a: torch_attention(*a, mask=mask), inputs, dout)
    return [out, *gradients]


@given(leading=LEADING, queries=SIZES, keys=SIZES, dk=SIZES, dv=SIZES, seed=st.integers(0, 2**16))
@example(leading=(), queries=1, keys=1, dk=1, dv=1, seed=0)
@example(leading=(2, 3), queries=300, keys=200, dk=4, dv=3, seed=0)
def test_attention_agrees_with_torch(backend, close, torch_gradients, leading, queries, keys, dk, dv, seed):
    *inputs, dout = draw(leading, queries, keys, dk, dv, seed)
    actual = run(backend, inputs, dout)
    for mine, theirs in zip(actual, expected_of(torch_gradients, inputs, dout), strict=True):
        close(mine, theirs, atol=1e-11)


@pytest.mark.parametrize("size", [1, 10, 47, 100, 1000])
@pytest.mark.parametrize(
    ("leading", "mask"),
    [
        ((), None),
        ((), (7, 4)),
        ((), (4,)),
        ((5,), None),
        ((5,), (5, 7, 4)),
        ((5,), (1, 7, 4)),
        ((5,), (5, 1, 4)),
        ((3, 2), None),
        ((3, 2), (3, 1, 7, 4)),
        ((3, 2), (3, 2, 1, 4)),
        ((3, 2), (2, 7, 4)),
        ((3, 2), (7, 4)),
    ],
)
def test_blocks_of_any_size_give_the_same(backend, close, torch_gradients, monkeypatch, size, leading, mask):
    """A row holds 4 scores: blocks from one query to all, and from one sample to all."""
    monkeypatch.setattr(attention, "_BLOCK_ON_CPU", size)
    monkeypatch.setattr(attention, "_BLOCK_ELSEWHERE", size)
    *inputs, dout = draw(leading, 7, 4, 3, 2)
    if mask is not None:
        mask = np.random.default_rng(3).random(mask) < 0.6
        mask[..., 0] = True
    actual = run(backend, inputs, dout, mask)
    for mine, theirs in zip(actual, expected_of(torch_gradients, inputs, dout, mask), strict=True):
        close(mine, theirs, atol=1e-11)


@given(
    leading=LEADING,
    queries=SIZES,
    keys=SIZES,
    one_row=st.booleans(),
    batched=st.booleans(),
    floating=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_masks_agree_with_torch(
    backend, close, torch_gradients, leading, queries, keys, one_row, batched, floating, seed
):
    *inputs, dout = draw(leading, queries, keys, 3, 2, seed)
    rng = np.random.default_rng(seed)
    shape = (*(leading if batched else ()), 1 if one_row else queries, keys)
    mask = rng.random(shape) < 0.6
    mask[..., 0] = True  # PyTorch's answer for a row without any key depends on its version
    if floating:
        mask = np.where(mask, rng.normal(size=shape), -np.inf)
    actual = run(backend, inputs, dout, mask)
    for mine, theirs in zip(actual, expected_of(torch_gradients, inputs, dout, mask), strict=True):
        close(mine, theirs, atol=1e-11)


def test_the_formula_of_lecture_11(backend, close):
    q, k, v, dout = draw((), 3, 4, 5, 2)
    powers = np.exp(q @ k.T / math.sqrt(5))
    out, *_ = run(backend, [q, k, v], dout)
    close(out, powers / powers.sum(axis=1, keepdims=True) @ v)


def test_a_key_that_matches_far_better_than_all_others_is_a_lookup(backend, close):
    keys, values = np.eye(5), np.arange(10.0).reshape(5, 2)
    out, *_ = run(backend, [1e4 * keys[[3, 0]], keys, values], np.ones((2, 2)))
    close(out, values[[3, 0]])


def test_scores_keep_the_variance_of_their_vectors(backend):
    """Lecture 11: divided by √d_k the scores of long vectors leave the softmax a slope; undivided they do not."""
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(50, 1024)), rng.normal(size=(40, 1024))
    weights = backend.numpy(attention_weights_forward(backend.array(q), backend.array(k))[0])
    undivided = backend.numpy(attention_weights_forward(backend.array(q * math.sqrt(1024)), backend.array(k))[0])
    slope = lambda p: np.mean(p * (1 - p))  # noqa: E731
    assert slope(weights) > 10 * slope(undivided)


@pytest.mark.parametrize("floating", [False, True])
@pytest.mark.parametrize("empty", [[1], [0, 1, 2]])
def test_a_query_that_may_see_nothing_gets_zeros(backend, close, torch_gradients, floating, empty):
    *inputs, dout = draw((2,), 3, 4, 5, 2)
    mask = np.ones((3, 4), dtype=bool)
    mask[empty] = False
    kept = [row for row in range(3) if row not in empty]
    out, dq, dk, dv = run(backend, inputs, dout, np.where(mask, 0.0, -np.inf) if floating else mask)
    close(out[:, empty], np.zeros((2, len(empty), 2)), rtol=0, atol=0)
    close(dq[:, empty], np.zeros((2, len(empty), 5)), rtol=0, atol=0)
    if kept:  # the others are as they would be without it
        q, k, v = inputs
        wanted = expected_of(torch_gradients, [q[:, kept], k, v], dout[:, kept])
        for mine, theirs in zip((out[:, kept], dq[:, kept], dk, dv), wanted, strict=True):
            close(mine, theirs, atol=1e-11)
    else:
        assert not np.any(dk)
        assert not np.any(dv)


def test_a_hidden_key_has_no_influence_and_no_gradient(backend, close):
    """Exam Aug 2022, 9.4: what the decoder must not see yet is masked out."""
    *inputs, dout = draw((2,), 4, 4, 3, 2)
    mask = np.tril(np.ones((4, 4), dtype=bool))
    first = run(backend, inputs, np.where(np.arange(4)[:, None] < 2, dout, 0.0), mask)
    later = [inputs[0], *(a.copy() for a in inputs[1:])]
    later[1][:, 2:] += 100
    later[2][:, 2:] -= 100
    close(run(backend, later, dout, mask)[0][:, :2], first[0][:, :2], rtol=0, atol=0)
    for gradient in first[1:]:
        close(gradient[:, 2:], np.zeros_like(gradient[:, 2:]), rtol=0, atol=0)


@pytest.mark.parametrize("size", [1e4, -1e4, 1e150])
def test_large_scores_stay_finite(backend, close, size):
    q, k, v, dout = draw((), 6, 5, 3, 2)
    q, k = q * abs(size), k * math.copysign(max(1.0, abs(size) / 1e4), size)
    out, *gradients = run(backend, [q, k, v], dout)
    close(out, v[np.argmax(q @ k.T, axis=1)])
    assert all(np.all(np.isfinite(gradient)) for gradient in gradients)


def test_equal_scores_give_the_mean(backend, close):
    q, k, v, dout = draw((), 3, 4, 2, 2)
    out, *_ = run(backend, [0 * q, k, v], dout)
    close(out, np.tile(v.mean(axis=0), (3, 1)))


def test_the_weights_alone_agree_with_torch(backend, close, torch_gradients):
    q, k, _, _ = draw((2, 3), 4, 5, 3, 1)
    dweights = np.random.default_rng(1).normal(size=(2, 3, 4, 5))
    mask = np.tril(np.ones((4, 5), dtype=bool))

    def torch_weights(q, k):
        scores = (q @ k.mT / math.sqrt(3)).masked_fill(~torch.tensor(mask), -math.inf)
        return scores.softmax(-1)

    expected, expected_gradients = torch_gradients(torch_weights, [q, k], dweights)
    out, gradients = backend.pair(
        attention_weights_forward, attention_weights_backward, [q, k], dweights, mask=backend.array(mask)
    )
    for mine, theirs in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(mine, theirs)
    close(out.sum(axis=-1), np.ones((2, 3, 4)))


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    arrays = [a.astype("float32") for a in draw((2, 3), 50, 40, 16, 8)]
    mask = np.random.default_rng(2).normal(size=(50, 40))  # a mask of another dtype changes nothing
    expected = expected_of(torch_gradients, [a.astype(float) for a in arrays[:3]], arrays[3].astype(float), mask)
    actual = run(backend, arrays[:3], arrays[3], mask)
    assert {a.dtype for a in actual} == {np.dtype("float32")}
    for mine, theirs in zip(actual, expected, strict=True):
        close(mine, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(masked):
    q, k, v, _ = (torch.tensor(a, requires_grad=True) for a in draw((2,), 3, 3, 2, 2))
    mask = causal_mask(3, like=q) & torch.tensor([[True], [True], [False]]) if masked else None
    whole = autograd_function(scaled_dot_product_attention_forward, scaled_dot_product_attention_backward)
    weights = autograd_function(attention_weights_forward, attention_weights_backward)
    assert torch.autograd.gradcheck(lambda *a: whole(*a, mask=mask), (q, k, v))
    assert torch.autograd.gradcheck(lambda *a: weights(*a, mask=mask), (q, k))


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((4,), (5, 4), (5, 2)), r"q must have shape \(\.\.\., L, d_k\), but its shape is \(4,\)"),
        (((3, 4), (5, 3), (5, 2)), r"k must have shape \(S, 4\), but its shape is \(5, 3\)"),
        (((2, 3, 4), (1, 5, 4), (2, 5, 2)), r"k must have shape \(2, S, 4\), but its shape is \(1, 5, 4\)"),
        (((3, 4), (5, 4), (6, 2)), r"v must have shape \(5, d_v\), but its shape is \(6, 2\)"),
        (((3, 4), (0, 4), (0, 2)), r"k must hold at least one key .*, but its shape \(\.\.\., S, d_k\) is \(0, 4\)"),
        (((3, 0), (5, 0), (5, 2)), r"k must hold at least one key .*, but its shape \(\.\.\., S, d_k\) is \(5, 0\)"),
    ],
)
def test_shapes_that_do_not_fit(backend, shapes, message):
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention_forward(*(backend.array(np.zeros(shape)) for shape in shapes))


def test_no_queries_no_answers(backend, close):
    out, dq, dk, dv = run(backend, [np.zeros((0, 4)), np.ones((5, 4)), np.ones((5, 2))], np.zeros((0, 2)))
    close(out, np.zeros((0, 2)))
    close(dq, np.zeros((0, 4)))
    close(dk, np.zeros((5, 4)))
    close(dv, np.zeros((5, 2)))


@pytest.mark.parametrize("shape", [(4, 3), (5,), (3, 3), (2, 3, 4)])
def test_a_mask_that_does_not_fit(backend, shape):
    q, k, v, _ = map(backend.array, draw((), 3, 4, 2, 2))
    message = (
        rf"mask must have a shape that broadcasts to \(3, 4\), but its shape is \({', '.join(map(str, shape))},?\)"
    )
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention_forward(q, k, v, mask=backend.array(np.ones(shape, dtype=bool)))
    with pytest.raises(ValueError, match=message):
        attention_weights_forward(q, k, mask=backend.array(np.ones(shape, dtype=bool)))


def test_other_bad_input(backend):
    q, k, v, dout = map(backend.array, draw((), 3, 4, 2, 2))
    with pytest.raises(TypeError, match=r"mask must be boolean or real floating, but its dtype is .*int64"):
        scaled_dot_product_attention_forward(q, k, v, mask=backend.array(np.ones((3, 4), dtype="int64")))
    with pytest.raises(TypeError, match=r"v must hold real floating-point numbers, .*int64"):
        scaled_dot_product_attention_forward(q, k, backend.array(np.ones((4, 2), dtype="int64")))
    _, cache = scaled_dot_product_attention_forward(q, k, v)
    with pytest.raises(ValueError, match=r"dout must have shape \(3, 2\), but its shape is \(4, 2\)"):
        scaled_dot_product_attention_backward(v, cache)
    _, cache = attention_weights_forward(q, k)
    with pytest.raises(ValueError, match=r"dweights must have shape \(3, 4\), but its shape is \(3, 2\)"):
        attention_weights_backward(dout, cache)

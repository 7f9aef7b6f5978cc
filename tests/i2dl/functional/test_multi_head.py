import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.masks import causal_mask
from i2dl.functional.multi_head import multi_head_attention_backward, multi_head_attention_forward

SIZES = st.integers(1, 4)
NAMES = ("x_q", "x_kv", "Wq", "Wk", "Wv", "Wo", "bq", "bk", "bv", "bo")


def draw(n, queries, keys, e, f, k, v, m, seed=0):
    """The ten arguments, and the upstream gradient."""
    rng = np.random.default_rng(seed)
    shapes = ((n, queries, e), (n, keys, f), (e, k), (f, k), (f, v), (v, m), (k,), (k,), (v,), (m,), (n, queries, m))
    return [rng.normal(size=shape) for shape in shapes]


def run(backend, inputs, dout, *, heads, mask=None):
    mask = None if mask is None else backend.array(mask)
    out, gradients = backend.pair(
        multi_head_attention_forward, multi_head_attention_backward, inputs, dout, heads=heads, mask=mask
    )
    return [out, *gradients]


def torch_multi_head(heads, mask=None):
    """PyTorch's own with masks turned round, since there True says where not to look."""

    def function(x_q, x_kv, Wq, Wk, Wv, Wo, bq, bk, bv, bo):
        swap = lambda x: x.transpose(0, 1)  # noqa: E731
        hidden = mask
        if mask is not None and mask.ndim == 3:
            hidden = np.repeat(mask, heads, axis=0)
        out, _ = torch.nn.functional.multi_head_attention_forward(
            *map(swap, (x_q, x_kv, x_kv)),
            embed_dim_to_check=x_q.shape[2],
            num_heads=heads,
            in_proj_weight=None,
            in_proj_bias=torch.cat([bq, bk, bv]),
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=0.0,
            out_proj_weight=Wo.T,
            out_proj_bias=bo,
            use_separate_proj_weight=True,
            q_proj_weight=Wq.T,
            k_proj_weight=Wk.T,
            v_proj_weight=Wv.T,
            attn_mask=None if hidden is None else ~torch.tensor(hidden),
            need_weights=False,
        )
        return swap(out)

    return function


@given(
    n=SIZES,
    queries=SIZES,
    keys=SIZES,
    f=SIZES,
    heads=st.integers(1, 3),
    d=st.integers(1, 3),
    masked=st.sampled_from([None, 2, 3]),
    seed=st.integers(0, 2**16),
)
@example(n=1, queries=1, keys=1, f=1, heads=1, d=1, masked=None, seed=0)
@example(n=2, queries=130, keys=3, f=2, heads=2, d=2, masked=3, seed=0)
def test_multi_head_attention_agrees_with_torch(
    backend, close, torch_gradients, n, queries, keys, f, heads, d, masked, seed
):
    width = heads * d  # PyTorch wants E = K = V = M
    *inputs, dout = draw(n, queries, keys, width, f, width, width, width, seed)
    mask = None
    if masked:
        mask = np.random.default_rng(seed).random((n, queries, keys)[3 - masked :]) < 0.6
        mask[..., 0] = True
    expected, gradients = torch_gradients(torch_multi_head(heads, mask), inputs, dout)
    actual = run(backend, inputs, dout, heads=heads, mask=mask)
    for mine, theirs in zip(actual, (expected, *gradients), strict=True):
        close(mine, theirs, rtol=1e-9, atol=1e-10)


def test_all_widths_may_differ_and_a_head_is_an_attention(backend, close):
    """The definition of the paper, head by head, with a mask for each."""
    n, queries, keys, e, f, k, v, m, heads = 2, 3, 4, 5, 6, 4, 6, 7, 2
    *inputs, dout = draw(n, queries, keys, e, f, k, v, m)
    mask = np.random.default_rng(1).random((n, heads, queries, keys)) < 0.7
    mask[..., 0] = True
    x_q, x_kv, Wq, Wk, Wv, Wo, bq, bk, bv, bo = inputs
    found = []
    for head in range(heads):
        narrow, wide = slice(head * 2, head * 2 + 2), slice(head * 3, head * 3 + 3)
        q, key = x_q @ Wq[:, narrow] + bq[narrow], x_kv @ Wk[:, narrow] + bk[narrow]
        powers = np.exp(q @ np.swapaxes(key, 1, 2) / np.sqrt(2)) * mask[:, head]
        found.append(powers / powers.sum(axis=-1, keepdims=True) @ (x_kv @ Wv[:, wide] + bv[wide]))
    out, *_ = run(backend, inputs, dout, heads=heads, mask=mask)
    close(out, np.concatenate(found, axis=-1) @ Wo + bo)


def test_self_attention_adds_both_gradients_of_its_input(backend, close, torch_gradients):
    *inputs, dout = draw(2, 3, 3, 4, 4, 4, 4, 4)
    inputs[1] = inputs[0]
    _, (dx, *_) = torch_gradients(lambda x, *w: torch_multi_head(2)(x, x, *w), [inputs[0], *inputs[2:]], dout)
    _, dx_q, dx_kv, *_ = run(backend, inputs, dout, heads=2)
    close(dx_q + dx_kv, dx, atol=1e-11)


def test_a_bias_of_the_keys_changes_nothing(backend, close):
    *inputs, dout = draw(2, 3, 4, 4, 4, 4, 4, 4)
    out, *gradients = run(backend, inputs, dout, heads=2)
    close(gradients[NAMES.index("bk")], np.zeros(4), atol=1e-13)
    inputs[NAMES.index("bk")] += 3
    close(run(backend, inputs, dout, heads=2)[0], out)


def test_shuffled_words_get_shuffled_answers(backend, close):
    """Lecture 11, "What is missing from self-attention?": it does not know any order."""
    *inputs, dout = draw(1, 5, 5, 4, 4, 4, 4, 4)
    inputs[1] = inputs[0]
    order = np.array([3, 0, 4, 1, 2])
    out, *_ = run(backend, inputs, dout, heads=2)
    shuffled, *_ = run(backend, [inputs[0][:, order], inputs[0][:, order], *inputs[2:]], dout, heads=2)
    close(shuffled, out[:, order])


def test_exam_august_2022_problem_9_5(backend, close):
    """The same weights take a text of any length; masking the tail of a longer one gives the same."""
    *inputs, dout = draw(1, 7, 7, 4, 4, 4, 4, 4)
    inputs[1] = inputs[0]
    short = [inputs[0][:, :3], inputs[0][:, :3], *inputs[2:]]
    visible = np.arange(7)[None, :] < 3
    out, *_ = run(backend, inputs, dout, heads=2, mask=visible)
    close(out[:, :3], run(backend, short, dout[:, :3], heads=2)[0])


def test_a_masked_row_is_the_bias_alone(backend, close):
    *inputs, dout = draw(2, 3, 4, 4, 4, 4, 4, 4)
    out, *gradients = run(backend, inputs, dout, heads=2, mask=np.zeros((1, 4), dtype=bool))
    close(out, np.broadcast_to(inputs[-1], out.shape))
    close(gradients[-1], dout.sum(axis=(0, 1)))
    for gradient in gradients[:-1]:
        assert not np.any(gradient)


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    arrays = [a.astype("float32") / 2 for a in draw(2, 20, 30, 8, 8, 8, 8, 8)]
    wide = [a.astype(float) for a in arrays]
    expected, gradients = torch_gradients(torch_multi_head(4), wide[:-1], wide[-1])
    actual = run(backend, arrays[:-1], arrays[-1], heads=4)
    assert {a.dtype for a in actual} == {np.dtype("float32")}
    for mine, theirs in zip(actual, (expected, *gradients), strict=True):
        close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_gradcheck():
    *inputs, _ = (torch.tensor(a, requires_grad=True) for a in draw(2, 3, 3, 3, 2, 4, 2, 3))
    layer = autograd_function(multi_head_attention_forward, multi_head_attention_backward)
    mask = causal_mask(3, like=inputs[0])
    assert torch.autograd.gradcheck(lambda *a: layer(*a, heads=2, mask=mask), inputs)


GOOD = dict(zip(NAMES, ((2, 3, 5), (2, 4, 6), (5, 4), (6, 4), (6, 8), (8, 7), (4,), (4,), (8,), (7,)), strict=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_q": (3, 5)}, r"x_q must have shape \(N, L, E\), but its shape is \(3, 5\)"),
        ({"x_kv": (1, 4, 6)}, r"x_kv must have shape \(2, S, F\), but its shape is \(1, 4, 6\)"),
        (
            {"x_kv": (2, 0, 6)},
            r"k must hold at least one key of .*, but its shape \(\.\.\., S, d_k\) is \(2, 2, 0, 2\)",
        ),
        ({"Wq": (6, 4)}, r"Wq must have shape \(5, K\), but its shape is \(6, 4\)"),
        ({"Wk": (6, 5)}, r"Wk must have shape \(6, 4\), but its shape is \(6, 5\)"),
        ({"Wv": (8,)}, r"Wv must have shape \(6, V\), but its shape is \(8,\)"),
        ({"Wo": (4, 7)}, r"Wo must have shape \(8, M\), but its shape is \(4, 7\)"),
        ({"bq": (8,)}, r"bq must have shape \(4,\), but its shape is \(8,\)"),
        ({"bk": (1, 4)}, r"bk must have shape \(4,\), but its shape is \(1, 4\)"),
        ({"bv": (4,)}, r"bv must have shape \(8,\), but its shape is \(4,\)"),
        ({"bo": (8,)}, r"bo must have shape \(7,\), but its shape is \(8,\)"),
        ({"Wv": (6, 7), "bv": (7,)}, r"heads must divide the columns of Wv of shape \(6, 7\), but it is 2"),
        (
            {"Wq": (5, 3), "Wk": (6, 3), "bq": (3,)},
            r"heads must divide the columns of Wq of shape \(5, 3\), but it is 2",
        ),
    ],
)
def test_shapes_that_do_not_fit(backend, changes, message):
    arrays = {name: backend.array(np.zeros(shape)) for name, shape in (GOOD | changes).items()}
    with pytest.raises(ValueError, match=message):
        multi_head_attention_forward(**arrays, heads=2)


def test_other_bad_input(backend):
    arrays = {name: backend.array(np.zeros(shape)) for name, shape in GOOD.items()}
    with pytest.raises(ValueError, match=r"heads must divide the columns of Wq of shape \(5, 4\), but it is 0"):
        multi_head_attention_forward(**arrays, heads=0)
    with pytest.raises(ValueError, match=r"mask must have a shape that broadcasts to \(2, 2, 3, 4\), .* \(3, 3\)"):
        multi_head_attention_forward(**arrays, heads=2, mask=backend.array(np.ones((3, 3), dtype=bool)))
    with pytest.raises(TypeError, match=r"Wo must hold real floating-point numbers, .*int64"):
        multi_head_attention_forward(**arrays | {"Wo": backend.array(np.zeros((8, 7), dtype="int64"))}, heads=2)
    _, cache = multi_head_attention_forward(**arrays, heads=2)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 3, 7\), but its shape is \(2, 3, 5\)"):
        multi_head_attention_backward(arrays["x_q"], cache)

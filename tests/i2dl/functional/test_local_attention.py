import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.local_attention import local_attention_backward, local_attention_forward

SIZES = st.integers(1, 4)


def draw(leading, length, dk, dv, seed=0):
    """q, k, v and the upstream gradient."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(*leading, length, d)) for d in (dk, dk, dv, dv)]


def torch_local(window):
    def function(q, k, v):
        places = torch.arange(q.shape[-2])
        mask = (places[None, :] - places[:, None]).abs() <= window
        return torch.nn.functional.scaled_dot_product_attention(q[None], k[None], v[None], attn_mask=mask)[0]

    return function


@given(
    leading=st.sampled_from([(), (1,), (2, 3)]),
    length=st.integers(1, 9),
    window=st.integers(0, 10),
    dk=SIZES,
    dv=SIZES,
    seed=st.integers(0, 999),
)
@example(leading=(), length=1, window=0, dk=1, dv=1, seed=0)
@example(leading=(2,), length=3, window=7, dk=2, dv=2, seed=0)
def test_local_attention_is_attention_with_a_band(
    backend, close, torch_gradients, leading, length, window, dk, dv, seed
):
    *inputs, dout = draw(leading, length, dk, dv, seed)
    expected, expected_gradients = torch_gradients(torch_local(window), inputs, dout)
    out, gradients = backend.pair(local_attention_forward, local_attention_backward, inputs, dout, window=window)
    for mine, theirs in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(mine, theirs, atol=1e-11)


def test_a_place_that_sees_itself_alone_repeats_its_value(backend, close):
    *inputs, dout = draw((2,), 5, 3, 4)
    out, (dq, dk, dv) = backend.pair(local_attention_forward, local_attention_backward, inputs, dout, window=0)
    close(out, inputs[2])
    close(dv, dout)
    assert not np.any(dq)
    assert not np.any(dk)


def test_only_the_scores_of_neighbours_are_computed(backend):
    q, k, v, _ = map(backend.array, draw((2,), 1000, 3, 4))
    _, (*_, weights) = local_attention_forward(q, k, v, window=2)
    assert weights.shape == (2, 1000, 5)  # r · n instead of n²


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_large_scores_stay_finite(backend, size):
    q, k, v, dout = draw((), 6, 2, 2)
    out, gradients = backend.pair(local_attention_forward, local_attention_backward, [size * q, k, v], dout, window=1)
    assert all(np.all(np.isfinite(a)) for a in (out, *gradients))


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    arrays = [a.astype("float32") for a in draw((2,), 40, 8, 8)]
    wide = [a.astype(float) for a in arrays]
    expected, expected_gradients = torch_gradients(torch_local(3), wide[:3], wide[3])
    out, gradients = backend.pair(local_attention_forward, local_attention_backward, arrays[:3], arrays[3], window=3)
    assert {a.dtype for a in (out, *gradients)} == {np.dtype("float32")}
    for mine, theirs in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(mine, theirs, rtol=1e-5, atol=1e-5)


def test_gradcheck():
    inputs = [torch.tensor(a, requires_grad=True) for a in draw((2,), 4, 2, 3)[:3]]
    attention = autograd_function(local_attention_forward, local_attention_backward)
    assert torch.autograd.gradcheck(lambda *a: attention(*a, window=1), inputs)


@pytest.mark.parametrize(
    ("shapes", "window", "message"),
    [
        (((4,), (4,), (4,)), 1, r"q must have shape \(\.\.\., L, d_k\) .*, but its shape is \(4,\)"),
        (((4, 0), (4, 0), (4, 2)), 1, r"q must have shape \(\.\.\., L, d_k\) .*, but its shape is \(4, 0\)"),
        (((4, 3), (5, 3), (5, 2)), 1, r"k must have shape \(4, 3\), but its shape is \(5, 3\)"),
        (((4, 3), (4, 3), (5, 2)), 1, r"v must have shape \(4, d_v\), but its shape is \(5, 2\)"),
        (((4, 3), (4, 3), (4, 2)), -1, r"window must be at least 0, but it is -1"),
    ],
)
def test_bad_input(backend, shapes, window, message):
    with pytest.raises(ValueError, match=message):
        local_attention_forward(*(backend.array(np.zeros(shape)) for shape in shapes), window=window)


def test_bad_types_and_gradients(backend):
    arrays = [backend.array(np.zeros(shape)) for shape in ((4, 3), (4, 3), (4, 2))]
    with pytest.raises(TypeError, match=r"k must hold real floating-point numbers, .*int64"):
        local_attention_forward(arrays[0], backend.array(np.zeros((4, 3), dtype="int64")), arrays[2], window=1)
    _, cache = local_attention_forward(*arrays, window=1)
    with pytest.raises(ValueError, match=r"dout must have shape \(4, 2\), but its shape is \(4, 3\)"):
        local_attention_backward(arrays[0], cache)

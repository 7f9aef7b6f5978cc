import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import (
    elastic_net_penalty,
    l1_penalty,
    l2_penalty,
    max_norm,
    penalties,
    weight_decay_coupled,
    weight_decay_decoupled,
)

# The function, its strengths, its options, and the same in torch.
PENALTIES = [
    (l1_penalty, (0.3,), {}, lambda w: 0.3 * w.abs().sum()),
    (l2_penalty, (0.3,), {}, lambda w: 0.3 * (w**2).sum()),
    (l2_penalty, (0.3,), {"half": True}, lambda w: 0.15 * (w**2).sum()),
    (elastic_net_penalty, (0.3, 0.7), {}, lambda w: 0.3 * w.abs().sum() + 0.7 * (w**2).sum()),
    (elastic_net_penalty, (0.3, 0.7), {"half": True}, lambda w: 0.3 * w.abs().sum() + 0.35 * (w**2).sum()),
]


@pytest.mark.parametrize(("function", "strengths", "options", "reference"), PENALTIES)
@given(shape=array_shapes(min_dims=0, max_dims=4, max_side=4), seed=st.integers(0, 2**16))
def test_penalties_agree_with_torch(
    backend, close, torch_gradients, function, strengths, options, reference, shape, seed
):
    w = np.random.default_rng(seed).normal(size=shape)
    penalty, dw = backend.call(function, w, *strengths, **options)
    expected, (expected_dw,) = torch_gradients(reference, [w])
    close(penalty, expected)
    close(dw, expected_dw)


@pytest.mark.parametrize(("function", "strengths", "options", "reference"), PENALTIES)
def test_a_penalty_is_an_array_without_axes_in_the_weights_dtype(
    backend, close, function, strengths, options, reference
):
    w = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")
    penalty, dw = function(backend.array(w), *strengths, **options)
    assert tuple(penalty.shape) == ()
    assert backend.name != "numpy" or isinstance(penalty, np.ndarray)
    assert backend.numpy(penalty).dtype == backend.numpy(dw).dtype == np.dtype("float32")
    close(backend.numpy(penalty), reference(torch.tensor(w.astype("float64"))).numpy(), rtol=1e-6)


def test_the_absolute_value_is_flat_at_zero(backend, close):
    _, dw = backend.call(l1_penalty, np.array([-2.0, 0.0, -0.0, 3.0]), 0.5)
    close(dw, [-0.5, 0.0, 0.0, 0.5])


def test_each_matrix_has_its_own_strengths(backend, close, torch_gradients):
    rng = np.random.default_rng(1)
    w1, w2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    penalty, (dw1, dw2) = backend.call(penalties, [w1, w2], [(0.1, 0.2), (0.0, 0.5)], half=True)
    expected, (expected1, expected2) = torch_gradients(
        lambda w1, w2: 0.1 * w1.abs().sum() + 0.1 * (w1**2).sum() + 0.25 * (w2**2).sum(), [w1, w2]
    )
    close(penalty, expected)
    close(dw1, expected1)
    close(dw2, expected2)


@pytest.mark.parametrize("weights", [0, 1, 3])
def test_one_pair_of_strengths_per_matrix(backend, weights):
    with pytest.raises(ValueError, match=f"same length, at least 1, but they hold {weights} matrices and 2 pairs"):
        penalties([backend.array(np.ones((2, 2)))] * weights, [(0.1, 0.2)] * 2)


@given(rows=st.integers(1, 5), columns=st.integers(1, 5), c=st.floats(0.1, 5), seed=st.integers(0, 2**16))
def test_max_norm_agrees_with_torch(backend, close, rows, columns, c, seed):
    w = np.random.default_rng(seed).normal(size=(rows, columns))
    projected = backend.call(max_norm, w, c)
    # torch.renorm adds 1e-7 to each length, and so stays that much below the limit.
    close(projected, torch.renorm(torch.tensor(w), p=2, dim=1, maxnorm=c).numpy(), rtol=2e-6)
    lengths, limited = np.linalg.norm(w, axis=0), np.linalg.norm(projected, axis=0)
    close(limited, np.minimum(lengths, c))
    close(projected[:, lengths <= c], w[:, lengths <= c], rtol=0, atol=0)


def test_max_norm_of_filters_and_of_zeros(backend, close):
    filters = np.random.default_rng(2).normal(size=(3, 2, 5, 5))
    projected = backend.call(max_norm, filters, 1.0, axis=(1, 2, 3))
    close(np.linalg.norm(projected.reshape(3, -1), axis=1), np.ones(3))
    close(backend.call(max_norm, np.zeros((2, 2)), 1.0), np.zeros((2, 2)))


def test_coupled_decay_is_that_of_torchs_sgd(backend, close):
    rng = np.random.default_rng(3)
    w, dw = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    parameter = torch.nn.Parameter(torch.tensor(w))
    parameter.grad = torch.tensor(dw)
    torch.optim.SGD([parameter], lr=0.1, weight_decay=0.3).step()
    close(w - 0.1 * backend.call(weight_decay_coupled, w, dw, 0.3), parameter.detach().numpy())


def test_decoupled_decay_is_that_of_torchs_adamw(backend, close):
    w = np.random.default_rng(4).normal(size=(4, 3))
    parameter = torch.nn.Parameter(torch.tensor(w))
    parameter.grad = torch.zeros_like(parameter)  # so that Adam's own step is zero, and the decay is seen alone
    torch.optim.AdamW([parameter], lr=0.1, weight_decay=0.3).step()
    close(backend.call(weight_decay_decoupled, w, 0.1, 0.3), parameter.detach().numpy())


def test_under_plain_descent_both_decays_and_the_half_l2_penalty_are_one(backend, close):
    """I2DL exam Aug 2022, 2.4: (1 − αλ)θ − α∇L = θ − α(∇L + λθ)."""
    rng = np.random.default_rng(5)
    w, dw, rate, decay = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), 0.1, 0.3
    coupled = w - rate * backend.call(weight_decay_coupled, w, dw, decay)
    decoupled = backend.call(weight_decay_decoupled, w, rate, decay) - rate * dw
    penalized = w - rate * (dw + backend.call(l2_penalty, w, decay, half=True)[1])
    close(coupled, decoupled)
    close(coupled, penalized)


def test_bad_arguments(backend):
    w, whole = backend.array(np.ones((2, 3))), backend.array(np.ones((2, 3), dtype="int64"))
    for function, rest in [
        (l1_penalty, (0.1,)),
        (l2_penalty, (0.1,)),
        (elastic_net_penalty, (0.1, 0.1)),
        (max_norm, (1.0,)),
        (weight_decay_decoupled, (0.1, 0.1)),
    ]:
        with pytest.raises(TypeError, match=r"w must hold real floating-point numbers, but its dtype is .*int64"):
            function(whole, *rest)
        with pytest.raises(ValueError, match=r"must be a finite number (at least|above) 0, but it is -1"):
            function(w, *(-1.0 for _ in rest))
    with pytest.raises(ValueError, match="c must be a finite number above 0, but it is 0"):
        max_norm(w, 0.0)
    with pytest.raises(ValueError, match="strength must be a finite number at least 0, but it is nan"):
        l2_penalty(w, math.nan)
    with pytest.raises(ValueError, match=r"dw must have shape \(2, 3\), but its shape is \(3,\)"):
        weight_decay_coupled(w, backend.array(np.ones(3)), 0.1)
    with pytest.raises(TypeError, match="dw must hold real floating-point numbers"):
        weight_decay_coupled(w, whole, 0.1)

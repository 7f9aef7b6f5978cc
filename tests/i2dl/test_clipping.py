"""Clipping of gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from i2dl.optim import clip_by_global_norm, clip_by_value, global_norm


@given(seed=st.integers(0, 2**16), max_norm=st.floats(0.01, 10), count=st.integers(1, 4))
def test_clipping_by_global_norm_is_torchs(backend, close, seed, max_norm, count):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=rng.integers(1, 4, size=rng.integers(0, 4))) for _ in range(count)]
    parameters = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm).item()
    clipped, norm = backend.call(clip_by_global_norm, gradients, max_norm)
    close(norm, total)
    # PyTorch divides by norm + 1e-6.
    undo = (total + 1e-6) / total if max_norm / (total + 1e-6) < 1 else 1.0
    for mine, parameter in zip(clipped, parameters, strict=True):
        close(mine, parameter.grad.numpy() * undo, rtol=2e-6 if abs(total - max_norm) < 2e-6 else 1e-10)
    close(np.sqrt(sum((g**2).sum() for g in clipped)), min(total, max_norm))


@given(seed=st.integers(0, 2**16), limit=st.floats(0.1, 3))
def test_clipping_by_value_is_torchs(backend, close, seed, limit):
    dw = np.random.default_rng(seed).normal(size=(3, 4))
    parameter = torch.nn.Parameter(torch.zeros(3, 4, dtype=torch.float64))
    parameter.grad = torch.tensor(dw)
    torch.nn.utils.clip_grad_value_([parameter], limit)
    close(backend.call(clip_by_value, dw, limit), parameter.grad.numpy())


def test_clipping_survives_explosion_zero_and_empty_gradients(backend, close):
    huge = np.array([3e30, -4e30], dtype="float32")
    clipped, norm = backend.call(clip_by_global_norm, [huge, np.zeros((0, 2), "float32")], 1.0)
    close(norm, np.float32(5e30), rtol=1e-6)
    close(clipped[0], [0.6, -0.8], rtol=1e-6)
    clipped, norm = backend.call(clip_by_global_norm, [np.zeros(3)], 1.0)
    close(norm, 0.0)
    close(clipped[0], np.zeros(3))
    assert float(global_norm([backend.array(np.zeros(0))])) == 0.0


def test_one_norm_for_all_keeps_the_direction_and_one_value_each_does_not(close):
    gradients = [np.array([3.0, 0.0]), np.array([[4.0]])]
    clipped, norm = clip_by_global_norm(gradients, 1.0)
    close(norm, 5.0)
    close(np.array([*clipped[0], *clipped[1][0]]), [0.6, 0.0, 0.8])
    close(clip_by_value(np.array([3.0, 0.5]), 1.0), [1.0, 0.5])


def test_bad_arguments_are_named(backend):
    w = backend.array(np.ones(3))
    with pytest.raises(ValueError, match="max_norm must be a finite number above 0, but it is 0"):
        clip_by_global_norm([w], 0.0)
    with pytest.raises(ValueError, match="gradients must hold at least one array, but it is empty"):
        clip_by_global_norm([], 1.0)
    with pytest.raises(TypeError, match=r"gradients\[1\] must hold real floating-point numbers"):
        global_norm([w, backend.array(np.ones(3, dtype="int64"))])
    with pytest.raises(ValueError, match="limit must be a finite number above 0, but it is 0"):
        clip_by_value(w, 0.0)

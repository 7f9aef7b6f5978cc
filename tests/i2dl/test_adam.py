"""Adam and its relatives: what the lectures, exams and papers say about them."""

from functools import partial

import numpy as np
import pytest

from i2dl import optim
from i2dl.optim import adam_update, adamw_update, weight_decay_coupled


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_adams_first_step_is_the_rate_and_uncorrected_three_times_as_long(backend, close, scale):
    """Lecture 5 and exam Aug 2022, 8.6: the correction makes the first steps smaller, not bigger."""
    dw, zero = scale * np.array([1.0, -3.0]), np.zeros(2)
    options = {"step": 0, "learning_rate": 0.01, "eps": 0.0}
    call = partial(backend.call, lambda w, dw, m, v, **rest: adam_update(w, dw, m=m, v=v, **rest)[:3])
    w, m, v = call(zero, dw, zero, zero, **options)
    close(w, [-0.01, 0.01])
    close(m / (1 - 0.9), dw)
    close(v / (1 - 0.999), dw**2)
    uncorrected = call(zero, dw, zero, zero, bias_correction=False, **options)[0]
    close(uncorrected, w * (1 - 0.9) / np.sqrt(1 - 0.999))


def test_amsgrad_without_correction_is_the_papers_rule(close):
    """Reddi and others, 2018, algorithm 2, written out."""
    rng = np.random.default_rng(2)
    w = m = v = v_max = expected = em = ev = emax = np.zeros(3)
    step = 0
    for _ in range(10):
        dw = rng.normal(size=3)
        w, m, v, v_max, step = optim.amsgrad_update(
            w, dw, m=m, v=v, v_max=v_max, step=step, learning_rate=0.1, beta2=0.5, bias_correction=False
        )
        em, ev = 0.9 * em + 0.1 * dw, 0.5 * ev + 0.5 * dw**2
        emax = np.maximum(emax, ev)
        expected = expected - 0.1 * em / (np.sqrt(emax) + 1e-8)
        close(w, expected)
    assert (v_max > v).any()


def test_nadam_with_constant_momentum_is_the_surveys_rule(close):
    """Ruder, 2016, equation 33: m̂ = β₁ m/(1 − β₁ᵏ⁺²) + (1 − β₁) g/(1 − β₁ᵏ⁺¹)."""
    rng = np.random.default_rng(3)
    w = m = v = np.zeros(3)
    step, mu_product, expected = 0, 1.0, np.zeros(3)
    for k in range(10):
        dw = rng.normal(size=3)
        w, m, v, step, mu_product = optim.nadam_update(
            w, dw, m=m, v=v, step=step, mu_product=mu_product, learning_rate=0.1, momentum_decay=None
        )
        m_hat = 0.9 * m / (1 - 0.9 ** (k + 2)) + 0.1 * dw / (1 - 0.9 ** (k + 1))
        expected = expected - 0.1 * m_hat / (np.sqrt(v / (1 - 0.999 ** (k + 1))) + 1e-8)
        close(w, expected)
    assert step == 10


def test_in_adam_coupled_and_decoupled_decay_are_not_the_same(close):
    """Lecture 8: equivalent in gradient descent, but not in Adam, where large gradients swallow a coupled decay."""
    w, dw, zero = np.array([1.0, 1.0]), np.array([0.01, 100.0]), np.zeros(2)
    options = {"m": zero, "v": zero, "step": 0, "learning_rate": 0.1}
    coupled = adam_update(w, weight_decay_coupled(w, dw, 0.1), **options)[0]
    decoupled = adamw_update(w, dw, decay=0.1, **options)[0]
    plain = adam_update(w, dw, **options)[0]
    close(decoupled, plain - 0.1 * 0.1 * w)
    close(coupled, plain, atol=1e-6)


def test_adagrads_first_step_has_the_length_of_the_rate_and_later_ones_die_out(close):
    w, s, lengths = np.zeros(2), np.zeros(2), []
    for _ in range(100):
        new, s = optim.adagrad_update(w, np.array([1e-3, 1e3]), s=s, learning_rate=0.1)
        lengths.append(w - new)
        w = new
    close(np.array(lengths), np.outer(0.1 / np.sqrt(np.arange(1, 101)), [1.0, 1.0]), rtol=1e-6)

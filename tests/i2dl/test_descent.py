"""Descent as a whole: batches, convergence, the conditions of Robbins and Monro."""

from functools import partial

import numpy as np
import pytest
from array_api_compat import array_namespace
from descent_problems import FEATURES, LABELS, PROBLEMS, RATES, SMALL, logistic_gradient

from i2dl.optim import (
    RULES,
    exponential_decay,
    fractional_decay,
    has_converged,
    inverse_time_decay,
    iterations_per_epoch,
    minimize,
    minimize_stochastic,
    robbins_monro,
    square_root_decay,
    transformer_warmup,
)


def test_golden_exam_february_2022(backend, close):
    """5.5 to 5.7: x² from x₀ = 5 with rate 1 jumps between 5 and −5 for ever; a smaller rate converges."""
    x0 = backend.array(np.array([5.0]))
    square = partial(minimize, lambda x: x[0] ** 2, lambda x: 2.0 * x, x0, "sgd")
    path, values = square(steps=20, tolerance=1e-6, learning_rate=1.0)
    close([backend.numpy(x) for x in path], [[5.0 * (-1) ** k] for k in range(21)])
    close(values, [25.0] * 21)
    path, _ = square(steps=1000, tolerance=1e-6, learning_rate=0.1)
    assert 10 < len(path) < 1000
    close(backend.numpy(path[-1]), [0.0], atol=1e-5)
    path, _ = square(steps=3, tolerance=1e-6, learning_rate=0.5)
    close([backend.numpy(x) for x in path], [[5.0], [0.0], [0.0]])


def test_convergence_means_short_steps_not_a_minimum(backend):
    x = backend.array(np.array([3.0, 4.0]))
    assert has_converged(x, x + 1e-3, 2e-3)
    assert not has_converged(x, x + 1e-3, 1e-3)  # the step is √2 of that
    assert not has_converged(x, x, 0.0)
    path, values = minimize(lambda x: x[0] ** 2, lambda x: 2.0 * x, x, steps=5, tolerance=1e-6, learning_rate=1e-9)
    assert len(path) == 2
    assert values[-1] > 8.9


SCHEDULES = {
    "α/n": (lambda n: 0.5 / n, (True, True, True)),
    "n^-0.75": (lambda n: n**-0.75, (True, True, True)),
    "fractional": (partial(fractional_decay, initial=0.1, decay=1.0), (True, True, True)),
    "inverse time": (partial(inverse_time_decay, initial=0.1, strength=1e-4), (True, True, True)),
    "constant": (lambda n: 0.1, (True, True, False)),
    "square root": (partial(square_root_decay, initial=0.1), (True, True, False)),
    "warm-up": (transformer_warmup, (True, True, False)),
    "exponential": (partial(exponential_decay, initial=0.1, decay=0.95), (True, False, True)),
    "n^-2": (lambda n: n**-2.0, (True, False, True)),
    "zero": (lambda n: 0.0, (True, False, True)),
    "negative": (lambda n: -1.0 / n, (False, True, True)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_conditions_of_robbins_and_monro(name):
    schedule, expected = SCHEDULES[name]
    assert robbins_monro(schedule) == expected
    assert robbins_monro(schedule).hold == all(expected)


@pytest.mark.parametrize("name", ["n^-0.75", "constant", "n^-2"])
def test_the_verdict_agrees_with_the_partial_sums(name):
    schedule, (_, diverges, squares_converge) = SCHEDULES[name]
    rates = np.array([schedule(n) for n in range(1, 2**16 + 1)])
    for terms, still_grows in ((rates, diverges), (rates**2, not squares_converge)):
        sums = np.cumsum(terms)[2 ** np.arange(8, 17) - 1]
        growth = np.diff(sums)
        assert (growth[-1] > 0 and growth[-1] >= growth[-2]) == still_grows


def test_a_schedule_must_be_finite():
    with pytest.raises(ValueError, match=r"schedule must give finite numbers, but schedule\(1\) is inf"):
        robbins_monro(lambda n: float("inf"))


def test_sgd_with_the_rate_of_robbins_and_monro_is_the_running_mean(backend, close):
    """On ½(x − ξ)² with αₙ = 1/n each step averages one more sample in; with a constant rate the noise stays."""
    samples = np.random.default_rng(4).normal(size=200)
    there = backend.array(samples)
    xp = array_namespace(there)
    descend = partial(
        minimize_stochastic,
        lambda x, indices: x - xp.mean(xp.take(there, indices)),
        backend.array(np.array([9.0])),
        200,
        batch_size=1,
        epochs=1,
    )
    path = descend(rng=np.random.default_rng(5), learning_rate=lambda k: 1 / (k + 1))
    order = np.random.default_rng(5).permutation(200)
    close([backend.numpy(x)[0] for x in path[1:]], np.cumsum(samples[order]) / np.arange(1, 201))
    constant = descend(rng=np.random.default_rng(5), learning_rate=0.5)
    assert np.std([backend.numpy(x)[0] for x in constant[100:]]) > 0.3


def test_a_batch_of_all_samples_is_gradient_descent(backend, close):
    a, y = backend.array(FEATURES), backend.array(LABELS)
    xp = array_namespace(a)
    x0 = backend.array(np.zeros(4))

    def gradient(x, indices):
        return logistic_gradient(x, xp.take(a, indices, axis=0), xp.take(y, indices))

    options = {"learning_rate": 0.5, "beta": 0.8}
    path = minimize_stochastic(
        gradient, x0, 40, "nesterov", batch_size=40, epochs=10, rng=np.random.default_rng(0), **options
    )
    expected, values = minimize(
        lambda x: xp.sum(x * x), lambda x: logistic_gradient(x, a, y), x0, "nesterov", steps=10, **options
    )
    assert len(path) == len(expected) == len(values) == 11
    for mine, theirs in zip(path, expected, strict=True):
        close(backend.numpy(mine), backend.numpy(theirs))


def test_the_gradients_of_an_epochs_batches_average_to_the_full_gradient(close):
    seen = []

    def gradient(x, indices):
        seen.append((list(indices), logistic_gradient(x, FEATURES[indices], LABELS[indices])))
        return seen[-1][1]

    x0 = np.array([0.1, 0.2, 0.3, 0.4])
    path = minimize_stochastic(
        gradient, x0, 40, batch_size=8, epochs=2, rng=np.random.default_rng(0), learning_rate=0.0
    )
    assert len(path) == 1 + 2 * iterations_per_epoch(40, 8)
    for epoch in (seen[:5], seen[5:]):
        assert sorted(i for indices, _ in epoch for i in indices) == list(range(40))
        close(np.mean([g for _, g in epoch], axis=0), logistic_gradient(x0, FEATURES, LABELS))
    assert seen[0][0] != seen[5][0]


def test_golden_iterations_per_epoch():
    """Lecture 5: 2²⁰ images in batches of 64; student summary V.1: 1000 samples in batches of 500."""
    assert iterations_per_epoch(2**20, 64) == 16_384
    assert iterations_per_epoch(1000, 500) == 2
    assert iterations_per_epoch(10, 4) == 3


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_descends(backend, rule):
    gradient, _, start, data = PROBLEMS["ravine"]
    curvatures = backend.array(*data)
    xp = array_namespace(curvatures)
    # Adadelta starts with steps of 10⁻³: from closer by it arrives as well.
    start = 0.01 * start if rule == "adadelta" else start
    path, values = minimize(
        lambda x: 0.5 * xp.sum(curvatures * x * x),
        lambda x: gradient(x, curvatures),
        backend.array(start),
        rule,
        steps=200,
        learning_rate=SMALL["ravine"] if rule in RATES else 1.0 if rule == "adadelta" else 0.1,
    )
    assert len(path) == len(values) == 201
    assert values[-1] < 0.5 * values[0]


def test_a_schedule_for_the_rate_and_the_end_of_a_divergence(backend, close):
    x0 = backend.array(np.array([1.0]))
    path, _ = minimize(lambda x: x[0] ** 2, lambda x: 2.0 * x, x0, steps=3, learning_rate=lambda k: 0.5 / (k + 1))
    close([backend.numpy(x)[0] for x in path], [1.0, 0.0, 0.0, 0.0])
    path, _ = minimize(lambda x: x[0] ** 2, lambda x: x / x, x0, steps=3, learning_rate=lambda k: 0.5 / (k + 1))
    close([backend.numpy(x)[0] for x in path], [1.0, 0.5, 0.25, 0.25 - 0.5 / 3])
    path, values = minimize(lambda x: float("inf"), lambda x: x, x0, steps=50, learning_rate=0.1)
    assert len(path) == len(values) == 2


def test_bad_arguments_are_named(backend):
    w = backend.array(np.ones(3))
    descend = partial(minimize, lambda x: 0.0, lambda x: x, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"rule must be one of sgd, momentum, .*nadam, but it is 'adm'"):
        descend(w, "adm")
    with pytest.raises(TypeError, match="x0 must hold real floating-point numbers"):
        descend(backend.array(np.ones(3, dtype="int64")))
    with pytest.raises(ValueError, match="steps must be an integer at least 0, but it is -1"):
        descend(w, steps=-1)
    with pytest.raises(ValueError, match="batch_size must be an integer at least 1, but it is 0"):
        iterations_per_epoch(10, 0)
    with pytest.raises(ValueError, match=r"w_next must have shape \(3,\), but its shape is \(2,\)"):
        has_converged(w, backend.array(np.ones(2)), 0.1)
    with pytest.raises(ValueError, match="tolerance must be a finite number at least 0"):
        has_converged(w, w, -0.1)

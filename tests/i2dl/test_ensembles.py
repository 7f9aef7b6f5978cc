"""Ensembles: against SciPy and plain counting, on every backend; what is random against its probability."""

import math

import numpy as np
import pytest
from scipy import stats

from i2dl.classic.ensembles import average_probabilities, bootstrap_indices, ensemble_error, majority, out_of_bag


def test_a_bootstrap_sample_has_63_percent_of_the_samples():
    rng = np.random.default_rng(0)
    for n in (1, 10, 5000):
        shares = [len(np.unique(bootstrap_indices(n, rng=rng))) / n for _ in range(200)]
        assert np.mean(shares) == pytest.approx(1 - (1 - 1 / n) ** n, abs=0.03)
    counts = np.bincount(bootstrap_indices(200_000, rng=rng), minlength=200_000)
    for k in range(4):
        assert np.mean(counts == k) == pytest.approx(math.exp(-1) / math.factorial(k), abs=0.005)
    with pytest.raises(ValueError, match="at least 1"):
        bootstrap_indices(0, rng=rng)


def test_out_of_bag_is_what_was_not_drawn(backend):
    drawn = np.array([4, 0, 0, 6, 4])
    assert backend.call(out_of_bag, drawn, 7).tolist() == [False, True, True, True, False, True, False]


def test_the_average_is_that_over_the_models(backend, close):
    p = np.random.default_rng(1).dirichlet(np.ones(4), (3, 5))
    close(backend.call(average_probabilities, p), (p[0] + p[1] + p[2]) / 3)
    with pytest.raises(ValueError, match="probabilities must have shape"):
        backend.call(average_probabilities, p[0])
    with pytest.raises(ValueError, match="at least one model"):
        backend.call(average_probabilities, p[:0])


@pytest.mark.parametrize("models", [1, 2, 5, 6])
def test_the_majority_is_the_lowest_mode(models, backend):
    predictions = np.random.default_rng(models).integers(4, size=(models, 60))
    assert backend.call(majority, predictions, classes=4).tolist() == stats.mode(predictions, axis=0).mode.tolist()
    with pytest.raises(TypeError, match="integer classes"):
        backend.call(majority, predictions.astype(float), classes=4)


def test_the_error_of_an_average_is_measured():
    rng = np.random.default_rng(2)
    for k, v, c in ((1, 2.0, 0.7), (2, 1.0, -0.4), (5, 1.5, 0.6), (10, 1.0, 0.0), (4, 3.0, 3.0)):
        covariances = np.full((k, k), c) + (v - c) * np.eye(k)
        errors = rng.multivariate_normal(np.zeros(k), covariances, 60_000)
        assert ensemble_error(v, c, k) == pytest.approx(np.mean(errors.mean(axis=1) ** 2), rel=0.03)
    with pytest.raises(ValueError, match="members"):
        ensemble_error(1.0, 0.0, 0)
    with pytest.raises(ValueError, match="covariance"):
        ensemble_error(1.0, 1.5, 2)

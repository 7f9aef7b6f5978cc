import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2dl.data.toy import (
    MODE_RADIUS,
    MODES,
    clouds,
    linear_data,
    ring,
    three_modes,
    two_sides,
    xor_quadrants,
)

CLASSIFIED = [xor_quadrants, ring, three_modes, two_sides, clouds]
HARD = {xor_quadrants: 2 / 3, ring: 0.68, three_modes: 0.68}


def rng(seed=0):
    return np.random.default_rng(seed)


def best_line(x, y):
    """Accuracy of the best straight line, over 90 directions and all thresholds that make a difference."""
    best = 0.0
    for angle in np.linspace(0, np.pi, 90, endpoint=False):
        order = np.argsort(x @ [np.cos(angle), np.sin(angle)])
        ones = np.concatenate([[0], np.cumsum(y[order])])
        zeros = np.arange(len(y) + 1) - ones
        right = zeros + (ones[-1] - ones)  # 0 on this side of the threshold, 1 beyond
        best = max(best, right.max() / len(y), 1 - right.min() / len(y))
    return best


@pytest.mark.parametrize("make", CLASSIFIED)
@given(n=st.integers(1, 40), seed=st.integers(0, 2**16))
def test_shapes_and_labels(make, n, seed):
    x, y = make(n, rng=rng(seed))
    assert (x.shape, x.dtype) == ((n, 2), np.float64)
    assert (y.shape, y.dtype) == ((n,), np.int64)
    assert set(y.tolist()) <= ({0, 1, 2} if make is clouds else {0, 1})
    again = make(n, rng=rng(seed))
    np.testing.assert_array_equal(x, again[0])
    np.testing.assert_array_equal(y, again[1])


def test_quadrants():
    """Seed 003: class 1 is the first and third quadrant."""
    x, y = xor_quadrants(2000, rng=rng())
    first_or_third = ((x > 0).all(axis=1)) | ((x < 0).all(axis=1))
    np.testing.assert_array_equal(y, first_or_third)
    assert np.abs(x).max() <= 1
    for corner in (-1, 1):
        for other in (-1, 1):
            assert ((np.sign(x) == [corner, other]).all(axis=1)).sum() > 400


def test_ring():
    """Seed 003: class 1 is 1 ≤ ‖x‖₂ ≤ 2, class 2 everything else, inside and outside."""
    x, y = ring(4000, rng=rng())
    norm = np.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2)
    np.testing.assert_array_equal(y, (norm >= 1) & (norm <= 2))
    assert (norm < 1).sum() > 200
    assert (norm > 2).sum() > 200
    assert np.mean(y) == pytest.approx(np.pi * (2**2 - 1**2) / 5**2, abs=0.03)


def test_three_modes():
    """Seed 003: class 1 has three modes, class 2 is everything else."""
    x, y = three_modes(4000, rng=rng())
    inside = [np.linalg.norm(x - mode, axis=1) <= MODE_RADIUS for mode in MODES]
    np.testing.assert_array_equal(y, np.sum(inside, axis=0))
    assert min(map(np.sum, inside)) > 300
    assert np.mean(y) == pytest.approx(3 * np.pi * MODE_RADIUS**2 / 4.4**2, abs=0.03)
    gaps = [np.linalg.norm(MODES[i] - MODES[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert min(gaps) > 2 * MODE_RADIUS
    np.testing.assert_allclose(gaps, gaps[0])


@pytest.mark.parametrize("make", HARD)
def test_no_line_separates_the_hard_cases(make):
    x, y = make(3000, rng=rng(1))
    share = max(np.mean(y), 1 - np.mean(y))
    assert share - 1e-9 <= best_line(x, y) < HARD[make] + 0.03


def test_a_line_separates_two_sides_by_the_margin():
    x, y = two_sides(500, margin=0.3, rng=rng(2))
    distance = (x[:, 0] + x[:, 1]) / np.sqrt(2)
    np.testing.assert_array_equal(y, distance > 0)
    assert 0.3 <= np.abs(distance).min() < 0.32
    assert best_line(x, y) == 1
    assert 200 < y.sum() < 300


def test_clouds():
    x, y = clouds(3001, centres=[(0.0, 0.0, 5.0), (3.0, 0.0, 0.0)], spread=0.5, rng=rng(3))
    assert x.shape == (3001, 3)
    assert np.bincount(y).tolist() == [1501, 1500]
    assert y[:20].tolist() != sorted(y[:20].tolist())
    for label, centre in enumerate([(0.0, 0.0, 5.0), (3.0, 0.0, 0.0)]):
        np.testing.assert_allclose(x[y == label].mean(axis=0), centre, atol=0.05)
        np.testing.assert_allclose(x[y == label].std(axis=0), 0.5, atol=0.03)


def test_linear_data():
    x, y = linear_data(4000, theta=(1.0, -2.0, 0.5), noise=0.2, rng=rng(4))
    assert (x.shape, y.shape, x.dtype, y.dtype) == ((4000, 2), (4000,), np.float64, np.float64)
    noise = y - 1 + 2 * x[:, 0] - 0.5 * x[:, 1]
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(0.2, abs=0.01)
    assert np.abs(np.corrcoef(noise, x[:, 0])[0, 1]) < 0.05
    assert np.abs(x).max() <= 1
    x, y = linear_data(3, noise=0.0, rng=rng(5))
    np.testing.assert_allclose(y, 1 + 2 * x[:, 0])


@pytest.mark.parametrize("make", [*CLASSIFIED, linear_data])
def test_no_points_are_refused(make):
    with pytest.raises(ValueError, match="n must be at least 1, but it is 0"):
        make(0, rng=rng())


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match=r"margin must be a finite number at least 0, but it is -0.1"):
        two_sides(3, margin=-0.1, rng=rng())
    with pytest.raises(ValueError, match=r"centres must have shape \(C, D\) .* but their shape is \(2,\)"):
        clouds(3, centres=[1.0, 2.0], rng=rng())
    with pytest.raises(ValueError, match="spread must be a finite number at least 0"):
        clouds(3, spread=np.inf, rng=rng())
    with pytest.raises(ValueError, match=r"theta must have shape \(D \+ 1,\), .* but its shape is \(1,\)"):
        linear_data(3, theta=[1.0], rng=rng())
    with pytest.raises(ValueError, match="noise must be a finite number at least 0"):
        linear_data(3, noise=-1.0, rng=rng())

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kstest, spearmanr
from sklearn.model_selection import ParameterGrid

from i2dl.search import choose, coarse_to_fine, grid_points, log_uniform, random_points, refine, search

RANGES = {"rate": (1e-4, 1e-1), "decay": (1e-6, 1e-3)}


def bowl(point):
    """A loss whose minimum lies at rate 0.01 and decay 1e-5."""
    return math.log10(point["rate"] / 1e-2) ** 2 + 0.1 * math.log10(point["decay"] / 1e-5) ** 2


def test_a_grid_has_scikit_learns_points():
    values = {"rate": [0.1, 0.01, 0.001], "decay": [0.0, 1e-4], "width": [16, 32]}
    points = grid_points(values)
    key = str
    assert sorted(points, key=key) == sorted(
        ({name: point[name] for name in values} for point in ParameterGrid(values)), key=key
    )
    assert [p["width"] for p in points[:4]] == [16, 32, 16, 32], "the last one changes fastest"
    assert grid_points({}) == [{}]
    assert grid_points({"rate": []}) == []


def test_logarithms_are_uniform():
    drawn = log_uniform(1e-4, 1e-1, 5000, np.random.default_rng(0))
    assert kstest(np.log10(drawn), "uniform", (-4, 3)).pvalue > 0.01
    assert np.all((drawn >= 1e-4) & (drawn <= 1e-1))
    for low, high in ((0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)):
        with pytest.raises(ValueError, match="0 < low <= high"):
            log_uniform(low, high, 1, np.random.default_rng(0))


def test_random_points_vary_in_all_directions_at_once():
    points = random_points(RANGES, 3000, np.random.default_rng(0))
    columns = {name: np.array([p[name] for p in points]) for name in RANGES}
    for name, (low, high) in RANGES.items():
        spread = kstest(np.log(columns[name]), "uniform", (math.log(low), math.log(high / low)))
        assert spread.pvalue > 0.01
        assert len(set(columns[name])) == 3000
    assert abs(spearmanr(*columns.values()).statistic) < 0.05
    assert all(type(v) is float for p in points[:3] for v in p.values())


def test_one_state_one_draw():
    draws = [random_points(RANGES, 4, np.random.default_rng(7)) for _ in range(2)]
    assert draws[0] == draws[1]
    rng = np.random.default_rng(7)
    assert random_points(RANGES, 4, rng) != random_points(RANGES, 4, rng)


def test_the_best_comes_first_whatever_diverged():
    losses = {1: 0.5, 2: math.nan, 3: 0.2, 4: math.inf, 5: 0.2}
    asked = []

    def loss_of(point):
        asked.append(point["n"])
        return losses[point["n"]]

    found = search(loss_of, ({"n": n} for n in losses))
    assert asked == list(losses), "each point once"
    assert [p["n"] for _, p in found] == [3, 5, 1, 2, 4]
    assert [loss for loss, _ in found] == [0.2, 0.2, 0.5, math.inf, math.inf]


def test_the_point_is_safe_from_its_loss():
    points = [{"rate": 0.1}]
    assert search(lambda point: point.pop("rate"), points) == [(0.1, {"rate": 0.1})]
    assert points == [{"rate": 0.1}]


def test_refined_ranges_hold_the_best_points():
    results = [(0.3, {"a": 1.0, "b": 20.0}), (0.1, {"a": 4.0, "b": 5.0}), (math.nan, {"a": 9.0, "b": 90.0})]
    assert refine(results, keep=1, factor=2) == {"a": (2.0, 8.0), "b": (2.5, 10.0)}
    assert refine(results, keep=2, factor=1) == {"a": (1.0, 4.0), "b": (5.0, 20.0)}
    assert refine(results, keep=9, factor=1)["b"] == (5.0, 90.0)
    for keep, factor in ((0, 2.0), (1, 0.5)):
        with pytest.raises(ValueError, match="at least 1"):
            refine(results, keep=keep, factor=factor)
    with pytest.raises(ValueError, match="got 0 results"):
        refine([], keep=1, factor=1)
    with pytest.raises(ValueError, match=r"decay is 0\.0"):
        refine([(0.1, {"decay": 0.0})], keep=1, factor=2)


def test_coarse_to_fine_comes_closer_than_one_search_of_the_same_length():
    better = 0
    for seed in range(20):
        stages = coarse_to_fine(bowl, RANGES, stages=3, trials=8, rng=np.random.default_rng(seed))
        assert [len(stage) for stage in stages] == [8, 8, 8]
        at_once = search(bowl, random_points(RANGES, 24, np.random.default_rng(seed)))
        better += min(itertools.chain.from_iterable(stages), key=lambda r: r[0])[0] < at_once[0][0]
    assert better >= 14


def test_an_optimum_outside_the_first_range_is_reached():
    ranges = {"rate": (1e-5, 1e-4), "decay": (1e-6, 1e-3)}
    stages = coarse_to_fine(bowl, ranges, stages=12, trials=8, factor=4, rng=np.random.default_rng(0))
    assert min(loss for loss, _ in stages[-1]) < 0.1


def test_sixteen_random_points_try_sixteen_rates():
    """The lecture's picture: with one hyperparameter that does not matter, a grid wastes most of its trainings."""
    grid = grid_points({"rate": list(np.geomspace(1e-4, 1e-1, 4)), "decay": list(np.geomspace(1e-6, 1e-3, 4))})
    points = random_points(RANGES, 16, np.random.default_rng(0))
    assert (len(grid), len({p["rate"] for p in grid}), len({p["rate"] for p in points})) == (16, 4, 16)


def test_the_test_set_decides_nothing_and_is_looked_at_once():
    looked = []

    def error(model, data):
        looked.append(data)
        return abs(model - {"validation": 2, "test": 9}[data])

    assert choose([9, 1, 3, 7], "train", "validation", "test", fit=lambda s, data: s, error=error) == (1, 8)
    assert looked == ["validation"] * 4 + ["test"]
    with pytest.raises(ValueError, match="at least one setting"):
        choose([], "train", "validation", "test", fit=max, error=max)

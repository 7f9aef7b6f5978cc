"""Wrong in section 11."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SAMPLE = spoiled(
    "sample_learning_rates",
    """
def sample_learning_rates(low, high, size, rng):
    return np.exp(rng.uniform(np.log(low), np.log(high), size))
""",
    (
        "rates_uniform",
        "uniform themselves",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "rng.uniform(low, high, size)",
    ),
    (
        "rates_on_a_grid",
        "gave the same numbers",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "np.geomspace(low, high, size)",
    ),
    ("own_generator", "must come from rng", "rng.uniform", "np.random.default_rng().uniform"),
    (
        "whole_decades",
        "needed ≤ 0.05",
        "np.exp(rng.uniform(np.log(low), np.log(high), size))",
        "low * 10.0 ** rng.integers(0, 4, size)",
    ),
    ("exponential_forgotten", "the rates go from", "np.exp(rng", "(rng"),
)

RATES = spoiled(
    "learning_rate_search",
    """
def learning_rate_search(build, rates, train, validation, *, iterations=100, step, measure):
    losses = []
    for rate in rates:
        model, optimizer = build(rate)
        for _ in range(iterations):
            step(model, optimizer, *train)
        loss = measure(model, *validation)[0]
        losses.append(loss if loss < math.inf else math.inf)
    return losses
""",
    (
        "one_model_for_all_rates",
        "build a new model",
        "    for rate in rates:\n        model, optimizer = build(rate)\n",
        "    model, _ = build(rates[0])\n    for rate in rates:\n        _, optimizer = build(rate)\n"
        "        optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]['lr'])\n",
    ),
    ("compared_on_train", "this is the training loss", "*validation)", "*train)"),
    ("always_100_steps", "100 steps", "range(iterations)", "range(100)"),
    ("a_single_step", "a single step", "range(iterations)", "range(1)"),
    ("nan_reported", "a rate that diverges", "loss if loss < math.inf else math.inf", "loss"),
)

GRID = spoiled(
    "grid_points",
    """
def grid_points(values):
    points = [{}]
    for name in values:
        points = [{**point, name: value} for point in points for value in values[name]]
    return points
""",
    (
        "grid_side_by_side",
        "side by side",
        "    points = [{}]\n",
        "    return [dict(zip(values, each)) for each in zip(*values.values())]\n    points = [{}]\n",
    ),
    (
        "grid_one_at_a_time",
        "only one hyperparameter changes",
        "    points = [{}]\n",
        "    start = {name: values[name][0] for name in values}\n"
        "    return [start] + [{**start, n: v} for n in values for v in values[n][1:]]\n    points = [{}]\n",
    ),
    (
        "grid_of_one_dictionary",
        "one and the same dictionary",
        "    points = [{}]\n",
        "    one, points = {}, []\n"
        "    for numbers in __import__('itertools').product(*values.values()):\n"
        "        one.update(zip(values, numbers))\n"
        "        points.append(one)\n"
        "    return points\n",
    ),
    ("grid_without_the_last_values", "the last value of each", "in values[name]]", "in values[name][:-1]]"),
    ("grid_of_two", "only the first two", "for name in values:", "for name in list(values)[:2]:"),
    (
        "grid_values_alone",
        "each value stands alone",
        "return points",
        "return [{n: v} for n in values for v in values[n]]",
    ),
)

RANDOM = spoiled(
    "random_points",
    """
def random_points(ranges, trials, rng, *, draw):
    points = []
    for _ in range(trials):
        point = {}
        for name, (low, high) in ranges.items():
            point[name] = draw(low, high, 1, rng)[0]
        points.append(point)
    return points
""",
    (
        "points_uniform",
        "needed ≤ 0.06",
        "draw(low, high, 1, rng)[0]",
        "rng.uniform(low, high)",
    ),
    (
        "points_on_a_line",
        "lie on a line",
        "        point = {}\n",
        "        point, u = {}, rng.random()\n",
        "draw(low, high, 1, rng)[0]",
        "low * (high / low) ** u",
    ),
    (
        "points_on_a_grid",
        "as on a grid",
        "    points = []\n",
        "    points, k = [], math.ceil(trials**0.5)\n"
        "    few = {name: draw(low, high, k, rng) for name, (low, high) in ranges.items()}\n",
        "draw(low, high, 1, rng)[0]",
        "rng.choice(few[name])",
    ),
    (
        "points_all_the_same",
        "all points have the same",
        "draw(low, high, 1, rng)[0]",
        "same[name]",
        "    points = []\n",
        "    points = []\n    same = {name: draw(low, high, 1, rng)[0] for name, (low, high) in ranges.items()}\n",
    ),
    ("points_of_another_generator", "must come from rng", "1, rng)", "1, np.random.default_rng())"),
    ("one_point_too_few", "a list of `trials` points", "range(trials)", "range(trials - 1)"),
    ("points_as_lists", "each a dictionary", "points.append(point)", "points.append(list(point.values()))"),
)

SEARCH = spoiled(
    "search",
    """
def search(loss_of, points):
    results = []
    for point in points:
        loss = loss_of(point)
        results.append((loss if loss == loss else math.inf, point))
    results.sort(key=lambda result: result[0])
    return results
""",
    ("results_as_they_came", "sort them by their loss", "    results.sort(key=lambda result: result[0])\n", ""),
    ("worst_first", "the worst comes first", "key=lambda result: result[0]", "key=lambda result: -result[0]"),
    (
        "points_left_behind",
        "not their points with them",
        "    results.sort(key=lambda result: result[0])\n    return results",
        "    return list(zip(sorted(r[0] for r in results), points))",
    ),
    ("trained_twice", "trained twice", "loss = loss_of(point)", "loss_of(point)\n        loss = loss_of(point)"),
    ("the_best_alone", "only the best", "return results", "return results[:1]"),
    ("dictionaries_sorted", "not supported", "results.sort(key=lambda result: result[0])", "results.sort()"),
    ("nan_stays", "sorting goes wrong", "loss if loss == loss else math.inf", "loss"),
    ("nan_is_best", "the best of all", "else math.inf", "else 0.0"),
)

REFINE = spoiled(
    "refine",
    """
def refine(results, *, keep, factor):
    best = [point for _, point in sorted(results, key=lambda r: r[0])[:keep]]
    ranges = {}
    for name in best[0]:
        column = [point[name] for point in best]
        ranges[name] = (min(column) / factor, max(column) * factor)
    return ranges
""",
    ("refined_unsorted", "sort them by their loss first", "sorted(results, key=lambda r: r[0])", "results"),
    ("refined_around_the_worst", "highest losses", "key=lambda r: r[0]", "key=lambda r: -r[0]"),
    ("refined_around_all", "ranges of all points", "[:keep]", ""),
    ("refined_around_the_best", "around the best point alone", "[:keep]", "[:1]"),
    (
        "refined_first_to_last",
        "from the best point to the last",
        "min(column)",
        "min(column[0], column[-1])",
        "max(column)",
        "max(column[0], column[-1])",
    ),
    ("factor_forgotten", "`factor` is missing", " / factor", "", " * factor", ""),
    ("factor_added", "added and taken away", " / factor", " - factor", " * factor", " + factor"),
    (
        "range_narrowed",
        "narrower",
        "min(column) / factor",
        "min(column) * factor",
        "max(column) * factor",
        "max(column) / factor",
    ),
)

STAGES = spoiled(
    "coarse_to_fine",
    """
def coarse_to_fine(loss_of, ranges, *, stages, trials, rng, random_points, search, refine, keep=3, factor=1.5):
    found = [search(loss_of, random_points(ranges, trials, rng))]
    for _ in range(1, stages):
        so_far = sum(found, [])
        ranges = refine(so_far, keep=keep, factor=factor)
        found.append(search(loss_of, random_points(ranges, trials, rng)))
    return found
""",
    ("never_refined", "the ranges never change", "        ranges = refine(so_far, keep=keep, factor=factor)\n", ""),
    ("refined_by_the_last_stage", "by the last stage alone", "sum(found, [])", "found[-1]"),
    ("refined_by_the_first_stage", "by the first stage alone", "sum(found, [])", "found[0]"),
    (
        "refined_by_the_best_point",
        "by the best point alone",
        "sum(found, [])",
        "[min(sum(found, []), key=lambda r: r[0])]",
    ),
    ("one_stage_too_few", "one stage too few", "range(1, stages)", "range(2, stages)"),
    ("last_stage_alone", "the last stage alone", "return found", "return found[-1:]"),
    (
        "all_in_one_list",
        "all results are in one list",
        "return found",
        "return [sorted(sum(found, []), key=lambda r: r[0])]",
    ),
)

WRONG_SEARCH = [*SAMPLE, *RATES, *GRID, *RANDOM, *SEARCH, *REFINE, *STAGES]

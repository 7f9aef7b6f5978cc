"""Exercise 07: what is special to it; what holds of every exercise stands in test_exercises.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kstest
from sklearn.model_selection import ParameterGrid
from torch.nn.functional import cross_entropy

from autograder.demo.trial import SOLUTIONS, Trial
from autograder.verdict import Verdict
from exercises import trial as trial_of
from i2dl.data import load_digits

NAME = "07_training_a_network"
DRAWN = ("overfit", "sample_learning_rates", "random_points", "choose", "digits_accuracy", "own_accuracy")


@pytest.fixture(scope="module")
def trial() -> Trial:
    return trial_of(NAME)


@pytest.fixture(scope="module")
def solved(trial: Trial) -> dict[str, Any]:
    return trial.names


def judged(trial: Trial, task: str, seed: str = "public", **names: Any) -> Verdict:
    """Return the verdict on the solution with some names replaced."""
    return trial.verdict(task, {**trial.names, **names}, seed)


def test_sixty_points(trial: Trial) -> None:
    assert trial.exercise.points == 60
    assert len(trial.tasks) == 26


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources and of the text


def test_the_answers(solved: dict[str, Any]) -> None:
    assert solved["parameter_count"]([64, 32, 10]) == 64 * 32 + 32 + 32 * 10 + 10 == 2410
    assert solved["iteration_count"](len(load_digits("train")), 32, 20) == 34 * 20 == 680
    assert solved["initial_loss"](2) == pytest.approx(0.6931, abs=1e-4), "exam July 2021: log 2"


def test_the_examples_of_the_text(solved: dict[str, Any]) -> None:
    train, test = np.array([[1, 2], [3, 4], [5, 6]]), np.array([[3, 4], [4, 3], [1, 6], [5, 6]])
    assert list(solved["leaked"](train, test)) == [0, 3]
    scores, labels = torch.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 0.0]]), torch.tensor([0, 1, 1])
    assert solved["evaluate"](torch.nn.Identity(), scores, labels) == pytest.approx((0.558, 2 / 3), abs=1e-3)
    assert solved["bias_variance"](0.01, 0.05, 0.08, tolerance=0.02) == (
        pytest.approx(0.04),
        pytest.approx(0.03),
        "underfitting",
    )
    times = iter([0.0, 0.1, 0.5, 0.5, 0.8, 1.4])
    measured = solved["time_iterations"](int, id, iterations=2, warmup=0, clock=lambda: next(times))
    assert measured == pytest.approx((0.2, 0.5))
    assert solved["training_estimate"](0.1, 0.5, samples=100, batch_size=30, epochs=10) == (
        pytest.approx(24.0),
        True,
        "step",
    )
    losses = {"a": 0.7, "b": math.nan, "c": 0.2}
    assert solved["search"](losses.__getitem__, list("abc")) == [(0.2, "c"), (0.7, "a"), (math.inf, "b")]
    results = [(0.3, {"rate": 0.04}), (2.0, {"rate": 0.9}), (0.2, {"rate": 0.01})]
    assert solved["refine"](results, keep=2, factor=2)["rate"] == pytest.approx((0.005, 0.08))
    errors = {"validation": {"a": 0.3, "b": 0.1, "c": 0.2}, "test": {"a": 0.2, "b": 0.15, "c": 0.1}}
    found = solved["choose"](
        list("abc"), "train", "validation", "test", fit=lambda s, _: s, error=lambda s, data: errors[data][s]
    )
    assert found == ("b", 0.15)


def test_the_table_of_early_stopping(solved: dict[str, Any]) -> None:
    """Patience 2, best epoch 3, stopped after epoch 5."""
    stopper, model = solved["EarlyStopping"](2), torch.nn.Linear(1, 1)
    answers = [bool(stopper.step(loss, model)) for loss in (0.9, 0.7, 0.8, 0.6, 0.65, 0.62)]
    assert answers == [False] * 5 + [True]
    assert (stopper.best_epoch, stopper.best_loss) == (3, 0.6)


def test_a_grid_is_that_of_scikit_learn(solved: dict[str, Any]) -> None:
    values = {"rate": [0.1, 0.01, 0.001], "decay": [0.0, 1e-4], "width": [16, 32]}
    found, known = (
        sorted(map(sorted, map(dict.items, p))) for p in (solved["grid_points"](values), ParameterGrid(values))
    )
    assert found == known


def test_drawn_rates_are_uniform_in_their_logarithm(solved: dict[str, Any]) -> None:
    drawn = solved["sample_learning_rates"](1e-4, 1e-1, 3000, np.random.default_rng(0))
    assert kstest(np.log10(drawn), "uniform", (-4, 3)).pvalue > 0.01
    assert (drawn < 1e-3).sum() == pytest.approx(1000, abs=100)


def test_both_networks_read_digits(solved: dict[str, Any]) -> None:
    images, labels = load_digits("hidden").xy
    for name in ("final_model", "own_model"):
        read = solved["predict"](solved[name], torch.tensor(images, dtype=torch.float32))
        assert np.mean(read.numpy() == labels) >= 0.955, name


def test_own_layers_take_the_weights_of_pytorchs(solved: dict[str, Any]) -> None:
    own = solved["OwnMLP"]([64, 64, 10])
    own.load_state_dict(solved["final_model"].state_dict())
    x, y = solved["test"]
    torch.testing.assert_close(own(x), solved["final_model"](x))
    for model in (own, solved["final_model"]):
        model.zero_grad()
        cross_entropy(model(x), y).backward()
    for mine, known in zip(own.parameters(), solved["final_model"].parameters(), strict=True):
        torch.testing.assert_close(mine.grad, known.grad)


# ---------------------------------------------------------------------------------------------------------------
# The broken code


def test_broken_code_earns_nothing_as_it_is(trial: Trial, solved: dict[str, Any]) -> None:
    for task, name, broken in (
        ("mend_epoch", "train_epoch", "broken_epoch"),
        ("mend_data", "prepare", "broken_prepare"),
    ):
        found = judged(trial, task, **{name: solved[broken]})
        assert found.points == 0, task


def test_mending_helps(solved: dict[str, Any]) -> None:
    broken, mended = solved["losses_of"](solved["broken_epoch"]), solved["losses_of"](solved["train_epoch"])
    assert min(broken) > 1.5
    assert mended[-1] < 0.1


@pytest.mark.parametrize(("task", "mistakes"), [("mend_epoch", 4), ("mend_data", 3)])
def test_whatever_is_left_of_the_broken_code_is_named(task: str, mistakes: int, trial: Trial) -> None:
    """All faults of the broken code but the unreleased graph change numbers, and every set of them has its sentence."""
    known = trial.exercise.tasks[task].mistakes
    alone = [sentence for sentence in known if "; and " not in sentence][:mistakes]
    together = [sentence for sentence in known if "; and " in sentence]
    assert len(together) == 2**mistakes - 1 - mistakes
    assert all(sum(one in sentence for one in alone) >= 2 for sentence in together)


# ---------------------------------------------------------------------------------------------------------------
# What the pictures show is what the text says


def test_curves_say_what_the_text_says(solved: dict[str, Any]) -> None:
    runs = solved["runs"]
    assert np.ptp(runs["too large"]["train_loss"]) < 0.1
    assert all(np.diff(runs["too small"]["validation_loss"]) < 0)
    assert runs["good"]["validation_accuracy"][-1] > 0.95
    losses = runs["overfitted"]["validation_loss"]
    assert losses[-1] > 1.2 * min(losses)
    assert losses[solved["stopper"].best_epoch] == min(losses[: solved["stopper"].best_epoch + 6])
    verdicts = [solved["bias_variance"](*e, tolerance=0.02)[2] for e in solved["errors"].values()]
    assert verdicts == ["underfitting", "underfitting", "good", "overfitting"]


def test_the_log_keeps_every_run(solved: dict[str, Any]) -> None:
    for name, keeper in solved["kept"].items():
        assert {len(points) for points in keeper.curves.values()} == {15}
        assert keeper.table[0]["hparam/validation_loss"] == min(solved["runs"][name]["validation_loss"])


def test_searches_get_better_and_luck_does_not_last(solved: dict[str, Any]) -> None:
    best = {name: min(stage[0][0] for stage in stages) for name, stages in solved["searches"].items()}
    assert best["coarse to fine"] < best["random"] < best["grid"]
    assert [len(stage) for stage in solved["searches"]["coarse to fine"]] == [4, 4, 4]
    lucky = solved["guesses_wrong"](solved["luckiest"], solved["sets"][1])
    assert lucky < 0.85 < solved["its_test_error"]


# ---------------------------------------------------------------------------------------------------------------
# Fairness

UNUSABLE = [None, "3", 3, math.nan, np.full(200, math.nan), np.zeros((200, 10)), np.zeros(3), [], [[1], [2, 3]]]


@pytest.mark.parametrize("value", UNUSABLE, ids=str)
def test_unusable_predictions_are_explained(value: Any, trial: Trial) -> None:
    found = judged(trial, "digits_accuracy", predict=lambda model, images: value)
    assert found.points == 0
    assert any(found.diagnoses)


@pytest.mark.parametrize("value", [*UNUSABLE, torch.zeros(5, 5), (None, None)], ids=str)
def test_unusable_losses_rates_and_points_are_explained(value: Any, trial: Trial) -> None:
    for name in ("overfit", "sample_learning_rates", "random_points"):
        found = judged(trial, name, **{name: lambda *_, **__: value})
        assert found.points == 0
        assert any(found.diagnoses)


@pytest.mark.parametrize("model", [None, 3, torch.nn.Linear(64, 3), torch.nn.Linear(64, 10)], ids=str)
def test_unusable_models_are_explained(model: Any, trial: Trial) -> None:
    for task, name in (("digits_accuracy", "final_model"), ("own_accuracy", "own_model")):
        found = judged(trial, task, **{name: model})
        assert found.points == 0
        assert any(found.diagnoses)


def test_a_model_that_diverged_is_explained(trial: Trial) -> None:
    def overfit(model: Any, images: Any, labels: Any, *, step: Any) -> list[float]:
        torch.nn.init.constant_(next(model.parameters()), math.inf)
        return [1.0, 2.0]

    found = judged(trial, "overfit", overfit=overfit)
    assert found.points == 0
    assert "not finite" in " ".join(found.diagnoses)


def test_any_log_uniform_sampling_passes(trial: Trial) -> None:
    def by_rejection(low: float, high: float, size: int, rng: np.random.Generator) -> np.ndarray:
        kept: list[float] = []
        while len(kept) < size:
            rates = low * 10.0 ** rng.uniform(0, 9, 1000)
            kept += [r for r in rates if r <= high]
        return np.sort(kept[:size])

    found = judged(trial, "sample_learning_rates", "a seed", sample_learning_rates=by_rejection)
    assert found.right, found.diagnoses


def test_a_cell_that_runs_again_costs_no_training(trial: Trial) -> None:
    """The class of the trained model is then another one than that of its name."""
    names = trial.with_cells({"own_network_code": trial.answers["own_network_code"]})
    assert names["OwnMLP"] is not trial.names["OwnMLP"]
    assert trial.verdict("own_accuracy", names).right


def test_chance_costs_no_points(trial: Trial) -> None:
    for seed in range(12):
        for task in DRAWN:
            found = judged(trial, task, f"seed {seed}")
            assert found.right, (task, seed, found.diagnoses)


def test_the_text_prints_no_code_of_the_solution() -> None:
    text = "".join(line for line in (SOLUTIONS / f"{NAME}.py").read_text("utf-8").splitlines() if line[:2] == "# ")
    for code in (
        "math.log(",
        "nn.ModuleList(",
        "F.cross_entropy(",
        "itertools",
        ".load_state_dict(",
        "np.exp(",
        "[:keep]",
    ):
        assert code not in text, code

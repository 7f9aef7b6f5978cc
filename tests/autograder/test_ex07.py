"""Exercise 07: the solution earns everything, other right ways too, and every mistake is named."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from autograder.check import check_task
from autograder.demo.variants import Variant, variants
from autograder.task import load_exercise
from autograder.verdict import Verdict
from i2dl.data import load_digits

NAME = "07_training_a_network"
SOLUTION = Path(__file__).parents[2] / "solutions" / f"{NAME}.py"
EXERCISE = load_exercise(NAME)
TASKS = [t for t in EXERCISE.tasks.values() if t.kind != "written"]
SEEDS = ["public", "a secret", "another secret"]
RIGHT = [v for v in variants(NAME) if v.right]
WRONG = [v for v in variants(NAME) if not v.right]

TRAINED = {"digits_accuracy", "own_accuracy"}
# Which tasks' code calls which other task's: what may suffer from a mistake that is not their own.
USED_BY = {
    "mlp": {"overfit", "digits_accuracy"},
    "train_step": {"overfit", "fit", "learning_rate_search", *TRAINED},
    "evaluate": {"fit", "learning_rate_search", *TRAINED},
    "fit": TRAINED,
    "early_stopping": TRAINED,
    "digits_accuracy": {"own_accuracy"},
    "own_network": {"own_accuracy"},
}


def read_cells() -> list[Any]:
    return jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells


def grade_id(cell: Any) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def solution_cells() -> list[Any]:
    """Return the code cells that a student fills in."""
    return [c for c in read_cells() if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The names that the solution notebook leaves behind."""
    names: dict[str, Any] = {"__name__": "__main__"}
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        mpl.use("Agg")
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        for cell in read_cells():
            if cell.cell_type == "code":
                exec(cell.source, names)
        plt.close("all")
    yield names
    torch.set_num_threads(threads)


def with_cells(solved: dict[str, Any], cells: dict[str, str]) -> dict[str, Any]:
    """Return the names with these cells run anew."""
    names = dict(solved)
    for source in cells.values():
        exec(source, names)
    return names


def with_notebook(solved: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """Return the names after all of the student's cells, the variant's among them; a cell that fails is passed over."""
    names = dict(solved)
    for cell in solution_cells():
        with contextlib.suppress(Exception):
            exec(variant.cells.get(grade_id(cell), cell.source), names)
    return names


def verdict(task: str, names: dict[str, Any], seed: str = "public") -> Verdict:
    return check_task(EXERCISE, EXERCISE.tasks[task], names, seed)


def stub(source: str) -> str:
    """Return a solution cell as the student first sees it."""
    lines, hidden = [], False
    for line in source.split("\n"):
        if line.strip() == "### BEGIN SOLUTION":
            hidden = True
            lines.append(line.replace("### BEGIN SOLUTION", "raise NotImplementedError()"))
        if not hidden:
            lines.append(line)
        hidden = hidden and line.strip() != "### END SOLUTION"
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------------------------
# Right and wrong


def test_forty_points() -> None:
    assert EXERCISE.points == 40


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_the_solution_earns_all_points(task: str, seed: str, solved: dict[str, Any]) -> None:
    found = verdict(task, solved, seed)
    assert found.points == found.out_of, found.diagnoses
    assert not found.remarks


@pytest.mark.parametrize("variant", RIGHT, ids=lambda v: v.name)
def test_another_style_earns_all_points(variant: Variant, solved: dict[str, Any]) -> None:
    assert set(variant.cells) <= {grade_id(c) for c in solution_cells()}
    names = with_notebook(solved, variant)
    for seed in SEEDS[:2]:
        for task in TASKS:
            found = verdict(task.name, names, seed)
            assert found.points == found.out_of, (task.name, found.diagnoses)


@pytest.mark.parametrize("variant", WRONG, ids=lambda v: v.name)
def test_a_mistake_costs_points_and_is_named(variant: Variant, solved: dict[str, Any]) -> None:
    assert set(variant.cells) <= {grade_id(c) for c in solution_cells()}
    names = with_cells(solved, dict(variant.cells))
    for seed in SEEDS[:2]:
        found = verdict(variant.task, names, seed)
        assert found.points < found.out_of
        assert variant.says.lower() in " ".join(found.diagnoses).lower(), found.diagnoses


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_a_mistake_costs_its_own_task_alone(task: str, solved: dict[str, Any]) -> None:
    names = with_notebook(solved, next(v for v in WRONG if v.task == task))
    for other in TASKS:
        if other.name != task and other.name not in USED_BY.get(task, ()):
            found = verdict(other.name, names)
            assert found.points == found.out_of, (other.name, found.diagnoses)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_each_task_has_three_mistakes(task: str) -> None:
    assert sum(v.task == task for v in WRONG) >= 3


@pytest.mark.parametrize("task", [t.name for t in TASKS if t.kind != "quiz"])
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(task: str, solved: dict[str, Any]) -> None:
    names = dict(solved)
    for cell in solution_cells():
        with contextlib.suppress(NotImplementedError):
            exec(stub(cell.source), names)
    found = verdict(task, names)
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


@pytest.mark.parametrize("task", ["numbers", *sorted(TRAINED)])
def test_what_is_missing_is_said_to_be(task: str) -> None:
    found = verdict(task, {})
    assert found.points == 0
    assert "is not defined" in " ".join(found.diagnoses)


# ---------------------------------------------------------------------------------------------------------------
# Figures from outside


def test_the_answers(solved: dict[str, Any]) -> None:
    answers = EXERCISE.reference(EXERCISE.tasks["numbers"])
    assert answers.parameters == 64 * 32 + 32 + 32 * 10 + 10 == 2410
    assert answers.start_loss == pytest.approx(6.9078, abs=1e-4)
    assert answers.iterations == 34 * 20
    assert len(load_digits("train")) == 1077, "the notebook says so"
    assert solved["initial_loss"](2) == pytest.approx(0.6931, abs=1e-4), "exam July 2021: log 2"


def test_both_networks_read_digits(solved: dict[str, Any]) -> None:
    images, labels = load_digits("hidden").xy
    for name in ("final_model", "own_model"):
        read = solved["predict"](solved[name], torch.tensor(images, dtype=torch.float32))
        assert np.mean(read.numpy() == labels) >= 0.96


def test_own_layers_take_the_weights_of_pytorchs(solved: dict[str, Any]) -> None:
    own = solved["OwnMLP"]([64, 64, 10])
    own.load_state_dict(solved["final_model"].state_dict())
    x = solved["test"][0]
    torch.testing.assert_close(own(x), solved["final_model"](x))


def test_the_lectures_table_of_early_stopping(solved: dict[str, Any]) -> None:
    """The table of the notebook: patience 2, best epoch 3, stopped after epoch 5."""
    stopper, model = solved["EarlyStopping"](2), torch.nn.Linear(1, 1)
    answers = [bool(stopper.step(loss, model)) for loss in (0.9, 0.7, 0.8, 0.6, 0.65, 0.62)]
    assert answers == [False] * 5 + [True]
    assert (stopper.best_epoch, stopper.best_loss) == (3, 0.6)


# ---------------------------------------------------------------------------------------------------------------
# Fairness

UNUSABLE = [None, "3", 3, math.nan, np.full(200, math.nan), np.zeros((200, 10)), np.zeros(3), [], [[1], [2, 3]]]


@pytest.mark.parametrize("value", UNUSABLE, ids=str)
@pytest.mark.parametrize("task", sorted(TRAINED))
def test_unusable_predictions_are_explained(task: str, value: Any, solved: dict[str, Any]) -> None:
    found = verdict(task, {**solved, "predict": lambda model, images: value})
    assert found.points == 0
    assert any(found.diagnoses)


@pytest.mark.parametrize("value", [*UNUSABLE, torch.zeros(5, 5), torch.nn.Linear(64, 3), (None, None)], ids=str)
def test_unusable_models_and_rates_are_explained(value: Any, solved: dict[str, Any]) -> None:
    names = {
        **solved,
        "overfit": lambda images, labels: value,
        "sample_learning_rates": lambda low, high, size, rng: value,
    }
    for task in ("overfit", "sample_learning_rates"):
        found = verdict(task, names)
        assert found.points == 0
        assert any(found.diagnoses)


def test_a_model_that_diverged_is_explained(solved: dict[str, Any]) -> None:
    model = solved["MLP"]([64, 32, 10])
    torch.nn.init.constant_(next(model.parameters()), math.inf)
    found = verdict("overfit", {**solved, "overfit": lambda images, labels: (model, [])})
    assert found.points == 0
    assert "not finite" in " ".join(found.diagnoses)


def test_any_log_uniform_sampling_passes(solved: dict[str, Any]) -> None:
    def by_rejection(low: float, high: float, size: int, rng: np.random.Generator) -> np.ndarray:
        kept: list[float] = []
        while len(kept) < size:
            rates = low * 10.0 ** rng.uniform(0, 9, 1000)
            kept += [r for r in rates if r <= high]
        return np.sort(kept[:size])

    found = verdict("sample_learning_rates", {**solved, "sample_learning_rates": by_rejection}, "a seed")
    assert found.right, found.diagnoses


def test_seeds_draw_other_cases_of_the_same_kind() -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [n for v in value.values() for n in numbers(v)]
        if isinstance(value, (list, tuple)):
            return [n for v in value for n in numbers(v)]
        return np.asarray(value, dtype=float).ravel().tolist()

    for task in TASKS:
        if task.kind == "quiz":
            continue
        one, two, again = (
            [(c.name, numbers(dict(c.inputs))) for c in task.draw(seed)] for seed in ("one", "two", "one")
        )
        assert [name for name, _ in one] == [name for name, _ in two]
        assert repr(one) == repr(again)
        assert repr(one) != repr(two)


def test_the_tasks_are_read_without_torch() -> None:
    import subprocess
    import sys

    code = (
        f"import sys; from autograder.task import load_exercise; load_exercise({NAME!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

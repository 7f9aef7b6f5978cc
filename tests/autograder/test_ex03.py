"""Exercise 03: the solution earns everything, other right ways too, and every mistake is named."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import matplotlib as mpl
import numpy as np
import pytest

from autograder import tasks
from autograder.check import check_task
from autograder.demo.variants import Variant, variants
from autograder.task import load_exercise
from autograder.verdict import Verdict

NAME = "03_affine_layer"
SOLUTION = Path(__file__).parents[2] / "solutions" / f"{NAME}.py"
EXERCISE = load_exercise(NAME)
TASKS = [t for t in EXERCISE.tasks.values() if t.kind != "written"]
SEEDS = ["public", "a secret", "another secret"]
RIGHT = [v for v in variants(NAME) if v.right]
WRONG = [v for v in variants(NAME) if not v.right]

# Which tasks' code calls which other task's: what may suffer from a mistake that is not their own.
USED_BY = {
    "flatten": {
        "affine_forward",
        "affine_backward",
        "toy_network",
        "two_layer_loss",
        "digits_accuracy",
        "zero_initialization",
    },
    "affine_forward": {"affine_backward", "toy_network", "two_layer_loss", "digits_accuracy", "zero_initialization"},
    "affine_backward": {"toy_network", "two_layer_loss", "digits_accuracy", "zero_initialization"},
    "sigmoid": {"toy_network"},
    "relu": {"two_layer_loss", "digits_accuracy", "zero_initialization"},
    "softmax_loss": {"two_layer_loss", "digits_accuracy", "zero_initialization"},
    "two_layer_loss": {"digits_accuracy", "zero_initialization"},
    "sgd_update": {"digits_accuracy", "zero_initialization"},
}


@pytest.fixture(scope="module")
def cells() -> list[Any]:
    return jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells


@pytest.fixture(scope="module")
def solved(cells: list[Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        mpl.use("Agg")
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        for cell in cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def answered(solved: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """Return the names with the variant's cells in place of the solution's.

    The definitions move to a namespace of their own, so that functions which call one another find the variant's.
    """
    names = dict(solved)
    sources = jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells
    for cell in sources:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            exec(variant.cells.get(grade_id, cell.source), names)
    assert set(variant.cells) <= {c.metadata.get("nbgrader", {}).get("grade_id") for c in sources}
    return names


def verdict(task: str, names: dict[str, Any], seed: str = "public") -> Verdict:
    return check_task(EXERCISE, EXERCISE.tasks[task], names, seed)


def stubs(cells: list[Any]) -> Iterator[str]:
    """Yield the solution cells as the student first sees them."""
    for cell in cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            lines, inside = [], False
            for line in cell.source.split("\n"):
                if line.strip() == "### BEGIN SOLUTION":
                    inside = True
                    lines.append(line.replace("### BEGIN SOLUTION", "raise NotImplementedError()"))
                if not inside:
                    lines.append(line)
                inside = inside and line.strip() != "### END SOLUTION"
            yield "\n".join(lines)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_the_solution_earns_all_points(task: str, seed: str, solved: dict[str, Any]) -> None:
    found = verdict(task, solved, seed)
    assert found.points == found.out_of, found.diagnoses
    assert not found.remarks


@pytest.mark.parametrize("variant", RIGHT, ids=lambda v: v.name)
def test_another_style_earns_all_points(variant: Variant, solved: dict[str, Any]) -> None:
    names = answered(solved, variant)
    for seed in SEEDS[:2]:
        for task in TASKS:
            found = verdict(task.name, names, seed)
            assert found.points == found.out_of, (task.name, found.diagnoses)


@pytest.mark.parametrize("variant", WRONG, ids=lambda v: v.name)
def test_a_mistake_costs_points_and_is_named(variant: Variant, solved: dict[str, Any]) -> None:
    names = answered(solved, variant)
    for seed in SEEDS[:2]:
        found = verdict(variant.task, names, seed)
        assert found.points < found.out_of
        assert variant.says.lower() in " ".join(found.diagnoses).lower(), found.diagnoses
    for task in TASKS:
        if task.name != variant.task and task.name not in USED_BY.get(variant.task, ()):
            other = verdict(task.name, names)
            assert other.points == other.out_of, (task.name, other.diagnoses)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_each_task_has_three_mistakes(task: str) -> None:
    assert sum(v.task == task for v in WRONG) >= 3


@pytest.mark.parametrize("task", [t.name for t in TASKS if t.kind != "quiz"])
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(
    task: str, cells: list[Any], solved: dict[str, Any]
) -> None:
    names = dict(solved)
    for source in stubs(cells):
        if "NotImplementedError" in source and source.lstrip().startswith(("def", "class")):
            exec(source, names)
    found = verdict(task, names)
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


def test_an_unanswered_quiz_earns_nothing_and_one_answer_its_share() -> None:
    for task in ("quiz", "quiz_jacobian"):
        found = verdict(task, {})
        assert found.points == 0
        assert "still the stub" in " ".join(found.diagnoses)
    assert verdict("quiz", {"hidden_shape": [32, 48]}).points == pytest.approx(2 / 5)


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_notes_toy_network(solved: dict[str, Any]) -> None:
    """Halperin, *Matrix derivatives*, section 4."""
    x = np.array([[0.0, 1.0], [2.0, 3.0]])
    loss, df, dy, dx, dw = solved["toy_network"](
        x, np.ones((2, 2)), solved["square_forward"], solved["square_backward"]
    )
    assert loss == 52
    assert df.tolist() == [[1, 1], [1, 1]]
    assert dy.tolist() == [[2, 2], [10, 10]]
    assert dx.tolist() == [[4, 4], [20, 20]]
    assert dw.tolist() == [[20, 20], [32, 32]]
    reference = EXERCISE.reference(EXERCISE.tasks["toy_network"])
    again = reference.toy_network(x, np.ones((2, 2)), reference.square_forward, reference.square_backward)
    assert all(np.array_equal(a, b) for a, b in zip(again, (loss, df, dy, dx, dw), strict=True))


def test_the_lectures_scores(solved: dict[str, Any]) -> None:
    """Lecture 7: 2.04, 0.079, 6.156, and their mean 2.76."""
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    losses = [solved["softmax_loss"](scores[i : i + 1], np.array([i]))[0] for i in range(3)]
    assert losses == pytest.approx([2.04, 0.079, 6.156], abs=5e-4)
    assert solved["softmax_loss"](scores, np.arange(3))[0] == pytest.approx(2.76, abs=5e-3)


def test_the_trained_network_reads_digits(solved: dict[str, Any]) -> None:
    accuracy = np.mean(solved["predict"](solved["test_images"]) == solved["test_labels"])
    assert accuracy >= 0.93


def test_quiz_answers_follow_from_formulas() -> None:
    answers = EXERCISE.reference(EXERCISE.tasks["quiz"])
    assert answers.parameter_count == 64 * 48 + 48 + 48 * 10 + 10
    assert answers.start_loss == pytest.approx(np.log(10))
    assert answers.largest_slope == pytest.approx(0.25)
    assert answers.repeat_factor == pytest.approx(1)
    assert EXERCISE.reference(EXERCISE.tasks["quiz_jacobian"]).jacobian_entries == (64 * 48) ** 2


# ---------------------------------------------------------------------------------------------------------------
# Fairness


@pytest.mark.parametrize(
    "predictions",
    [
        None,
        "3",
        3,
        np.nan,
        np.full(200, np.nan),
        np.zeros((200, 1)),
        np.zeros((200, 10)),
        np.zeros(3),
        [],
        [[1], [2, 3]],
    ],
    ids=str,
)
def test_unusable_predictions_are_explained(predictions: Any) -> None:
    found = verdict("digits_accuracy", {"predict": lambda images: predictions})
    assert found.points == 0
    assert any(found.diagnoses)


def test_accuracy_is_linear_between_half_and_full(solved: dict[str, Any]) -> None:
    def worse(images: np.ndarray) -> np.ndarray:
        found = solved["predict"](images)
        found[:50] = (found[:50] + 1) % 10
        return found

    found = verdict("digits_accuracy", {"predict": worse})
    (value,) = found.facts["accuracy"]
    assert 0.6 < value < 0.8
    assert found.points == pytest.approx(3 * (value - 0.5) / 0.43, abs=1e-3)


def test_seeds_draw_other_cases_of_the_same_kind() -> None:
    for task in TASKS:
        if task.kind == "quiz":
            continue
        one, two, again = task.draw("one"), task.draw("two"), task.draw("one")
        assert [c.name for c in one] == [c.name for c in two]
        assert _same(one, again)
        assert not _same(one, two)


def _same(one: list[Any], two: list[Any]) -> bool:
    pairs = [(a.inputs[k], b.inputs[k]) for a, b in zip(one, two, strict=True) for k in a.inputs]
    return all(np.array_equal(a, b) for a, b in pairs)


def test_only_numpy_is_needed(cells: list[Any]) -> None:
    """The notebook and its tasks import no torch."""
    sources = [c.source for c in cells if c.cell_type == "code"]
    package = Path(tasks.__file__).parent / f"ex{NAME}"
    sources += [p.read_text(encoding="utf-8") for p in package.glob("*.py")]
    imported = set()
    for node in ast.walk(ast.parse("\n".join(s for s in sources).replace("from __future__ import annotations", ""))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= {"numpy", "autograder", "i2dl", "collections", "typing"}

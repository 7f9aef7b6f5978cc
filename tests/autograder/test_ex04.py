"""Exercise 04: the solution earns everything, other right ways too, and every mistake is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import matplotlib as mpl
import numpy as np
import pytest

from autograder.check import check_task
from autograder.demo.variants import Variant, variants
from autograder.inside import probe_source
from autograder.shortcuts import Notebook, asked
from autograder.task import load_exercise
from autograder.verdict import Verdict

NAME = "04_activations_and_losses"
SOLUTION = Path(__file__).parents[2] / "solutions" / f"{NAME}.py"
EXERCISE = load_exercise(NAME)
TASKS = [t for t in EXERCISE.tasks.values() if t.kind != "written"]
SEEDS = ["public", "a secret", "another secret"]
RIGHT = [v for v in variants(NAME) if v.right]
WRONG = [v for v in variants(NAME) if not v.right]
CELLS = jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells


def grade_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def is_answer(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        mpl.use("Agg")
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        for cell in CELLS:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def answered(solved: dict[str, Any], variant: Variant) -> dict[str, Any]:
    """Return the names with the variant's cells run after the solution's; no step calls another's functions."""
    assert set(variant.cells) <= {grade_id(c) for c in CELLS}
    names = dict(solved)
    for source in variant.cells.values():
        exec(source, names)
    return names


def verdict(task: str, names: dict[str, Any], seed: str = "public") -> Verdict:
    return check_task(EXERCISE, EXERCISE.tasks[task], names, seed)


def stubs() -> Iterator[tuple[str, str]]:
    """Yield the solution cells, by name, as the student first sees them."""
    for cell in CELLS:
        if is_answer(cell):
            lines, inside = [], False
            for line in cell.source.split("\n"):
                if line.strip() == "### BEGIN SOLUTION":
                    inside = True
                    lines.append(line.replace("### BEGIN SOLUTION", "raise NotImplementedError()"))
                if not inside:
                    lines.append(line)
                inside = inside and line.strip() != "### END SOLUTION"
            yield grade_id(cell), "\n".join(lines)


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


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_a_step_that_is_not_done_costs_its_own_points_alone(task: str) -> None:
    names: dict[str, Any] = {"__name__": "__main__"}
    skip = f"{task}_code"
    for cell in CELLS:
        # Setup, given helpers and answers; pictures and checks are not needed.
        if grade_id(cell) in {"setup", "given_sigmoid"} or (is_answer(cell) and grade_id(cell) != skip):
            exec(cell.source, names)
    for name, source in stubs():
        if name == skip and source.lstrip().startswith("def"):
            exec(source, names)
    for other in TASKS:
        found = verdict(other.name, names)
        assert (found.points == found.out_of) == (other.name != task), (other.name, found.diagnoses)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_each_task_has_four_mistakes_and_three_other_styles(task: str) -> None:
    assert sum(v.task == task for v in WRONG) >= 4
    assert sum(f"{task}_code" in v.cells for v in RIGHT) >= 3


def test_nine_mistakes_of_ten_are_named() -> None:
    assert sum(bool(v.says) for v in WRONG) >= 0.9 * len(WRONG)
    assert len({v.name for v in RIGHT + WRONG}) == len(RIGHT + WRONG)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(task: str, solved: dict[str, Any]) -> None:
    names = {k: v for k, v in solved.items() if k not in {"saturate", "zero_centred", "can_die", "never_negative"}}
    for _, source in stubs():
        if source.lstrip().startswith("def"):
            exec(source, names)
    found = verdict(task, names)
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


@pytest.mark.parametrize("variant", RIGHT, ids=lambda v: v.name)
def test_no_right_answer_is_taken_for_a_shortcut(variant: Variant) -> None:
    notebook = Notebook()
    for cell in CELLS:
        if cell.cell_type == "code":
            notebook.add(variant.cells.get(grade_id(cell), cell.source))
    for task in TASKS:
        assert task.probe is not None
        found = notebook.shortcuts(asked(probe_source(task.probe)), task.forbid)
        assert found == [], (task.name, found)


def test_every_task_has_its_cells() -> None:
    ids = [grade_id(c) for c in CELLS if grade_id(c)]
    assert len(ids) == len(set(ids))
    assert {t for t in EXERCISE.tasks if t not in ids} == set()
    assert {f"{t.name}_code" for t in TASKS} <= set(ids)


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_scores(solved: dict[str, Any]) -> None:
    """Lecture 7: cross-entropy 2.04, 0.079, 6.156, mean 2.76; hinge 2.9, 0, 12.9, mean 5.27."""
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    for loss, each, mean in (
        ("softmax_loss", [2.04, 0.079, 6.156], 2.76),
        ("svm_loss", [2.9, 0, 12.9], 5.27),
    ):
        found = [solved[loss](scores[i : i + 1], np.array([i]))[0] for i in range(3)]
        assert found == pytest.approx(each, abs=5e-4)
        assert solved[loss](scores, np.arange(3))[0] == pytest.approx(mean, abs=5e-3)


def test_three_models_of_the_lecture(solved: dict[str, Any]) -> None:
    """Lecture 7: hinge 0, 12, 0; cross-entropy 0.05, 5.70, 2.8e−11."""
    models, y = [[5.0, -3, 2], [5.0, 10, 10], [5.0, -20, -20]], np.zeros(1, dtype=int)
    hinge, entropy = ([solved[f](np.array([s]), y)[0] for s in models] for f in ("svm_loss", "softmax_loss"))
    assert hinge == [0, 12, 0]
    assert entropy == pytest.approx([0.05, 5.70, 2.8e-11], rel=3e-2)


def test_the_lectures_grids(solved: dict[str, Any]) -> None:
    """Lecture 7: differences of 3, 4, 2, 2 and otherwise 0 give L2 = 33 and L1 = 11."""
    difference = np.zeros((4, 4))
    difference.flat[[1, 6, 8, 11]] = 3, -4, 2, -2
    target = np.arange(16.0).reshape(4, 4)
    assert solved["mse_loss"](target + difference, target, reduction="sum")[0] == 33
    assert solved["l1_loss"](target + difference, target, reduction="sum")[0] == 11


def test_the_two_dog_classifiers(solved: dict[str, Any]) -> None:
    """Lecture 4: L2 0.5625 and 0.375, L1 0.75 and 1; lecture 7: R² = 1 and 0.25."""
    penalty = solved["elastic_net_penalty"]
    one, two = np.array([0, 0.75, 0]), np.array([0.25, 0.5, 0.25])
    assert [penalty(w, 0.0, 1.0)[0] for w in (one, two)] == [0.5625, 0.375]
    assert [penalty(w, 1.0, 0.0)[0] for w in (one, two)] == [0.75, 1]
    assert [penalty(w, 0.0, 1.0)[0] for w in (np.array([1.0, 0, 0, 0]), np.full(4, 0.25))] == [1, 0.25]


def test_the_exams_sigmoid(solved: dict[str, Any]) -> None:
    """Feb 2022, 6.3 and 6.4: slopes (0, 0.25), then dW = (0, −0.25) and db = 0.25, for outputs rounded to (1, 0.5)."""
    slopes = solved["sigmoid_backward"](np.ones((2, 1)), np.array([[1.0], [0.5]]))
    assert slopes.ravel().tolist() == [0, 0.25]
    assert (np.array([[1.0, 1], [0, -1]]).T @ slopes).ravel().tolist() == [0, -0.25]
    exact = solved["sigmoid_forward"](np.array([5.0]))[0]
    assert exact == pytest.approx(0.9933, abs=5e-5)
    assert solved["sigmoid_backward"](np.ones(1), exact) == pytest.approx(0.0066, abs=5e-5)


def test_the_text_tells_the_truth(solved: dict[str, Any]) -> None:
    """The worked examples of the notebook."""
    grid = np.linspace(-5, 5, 20001)
    assert solved["swish_forward"](grid)[0].min() == pytest.approx(-0.2785, abs=5e-5)
    w = np.array([1.0, -2.0])
    assert solved["elastic_net_penalty"](w, 0.5, 0.25)[0] == 2.75
    assert solved["elastic_net_penalty"](w, 0.5, 0.25)[1].tolist() == [1, -1.5]
    assert solved["elastic_net_penalty"](w, 0.5, 0.25, half=True)[0] == 2.125
    assert solved["best_weight"](np.array([3.0, 0.4, -2.0]), 1.0, 1.0).tolist() == [1.25, 0, -0.75]
    assert solved["prelu_backward"](
        np.array([[5.0], [7], [4]]), solved["prelu_forward"](np.array([[-2.0], [3], [-1]]), np.array([0.1]))[1]
    )[1].tolist() == [-14]
    p, cache = solved["softmax_forward"](np.array([[0.0, np.log(3)]]))
    assert p == pytest.approx(np.array([[0.25, 0.75]]))
    assert solved["softmax_backward"](np.array([[4.0, 0]]), cache) == pytest.approx(np.array([[0.75, -0.75]]))
    _, slope = solved["softmax_loss"](np.zeros((1, 4)), np.array([0]), label_smoothing=0.2)
    assert slope == pytest.approx(np.array([[-0.6, 0.2, 0.2, 0.2]]))
    hinges = [solved["hinge_loss"](np.array([s]), np.array([-1.0]))[0] for s in (2.0, -0.4, -5.0)]
    assert hinges == pytest.approx([3, 0.6, 0])


def test_best_weight_is_the_minimum() -> None:
    """Against a search on a fine grid."""
    best = EXERCISE.reference(EXERCISE.tasks["best_weight"]).best_weight
    grid = np.linspace(-4, 4, 80001)
    for v, l1, l2 in ((1.3, 0.8, 0.5), (-2.0, 1.0, 0.0), (0.3, 0.7, 0.2), (-0.9, 0.0, 2.0)):
        cost = (grid - v) ** 2 + l1 * np.abs(grid) + l2 * grid**2
        assert best(np.array([v]), l1, l2)[0] == pytest.approx(grid[np.argmin(cost)], abs=2e-4)


def test_the_full_losss_gradient_is_measured() -> None:
    """Against central differences, with the library's penalty."""
    from i2dl.functional import elastic_net_penalty

    full_loss = EXERCISE.reference(EXERCISE.tasks["full_loss"]).full_loss
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal((2, 3)), rng.standard_normal(3)

    def total(w: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        data = {"w1": 2 * w, "b1": 0 * b}
        found = full_loss((w**2).sum(), data, {"w1": w, "b1": b}, {"w1": (0.3, 0.2)}, elastic_net_penalty)
        return float(found[0]), found[1]

    for i in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[i] = 1e-6
        measured = (total(w + step)[0] - total(w - step)[0]) / 2e-6
        assert total(w)[1]["w1"][i] == pytest.approx(measured, rel=1e-6)
    assert not total(w)[1]["b1"].any()


def test_quiz_answers_follow_from_formulas() -> None:
    numbers = EXERCISE.reference(EXERCISE.tasks["quiz_activations"])
    assert numbers.largest_gradient(3) == 1 / 64
    assert numbers.tanh_from_sigmoid(1 / (1 + np.exp(-1.4))) == pytest.approx(np.tanh(0.7))
    w = np.array([1.0, -2.0, 3.0])
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T
    assert np.max(corners @ w + numbers.deadly_bias(w)) == 0
    numbers = EXERCISE.reference(EXERCISE.tasks["quiz_losses"])
    assert numbers.start_cross_entropy(10) == pytest.approx(np.log(10))
    assert numbers.start_hinge(10) == 9
    q = np.array([0.91, 0.03, 0.03, 0.03])
    assert numbers.lowest_smoothed_loss(4, 0.12) == pytest.approx(-(q * np.log(q)).sum())


# ---------------------------------------------------------------------------------------------------------------
# Fairness


def test_order_and_form_of_names_do_not_count() -> None:
    answers = {"saturate": ("tanh", "Step ", "sigmoid"), "can_die": {"relu", "step"}, "zero_centred": ["identity"]}
    assert verdict("quiz_properties", answers).points == pytest.approx(2 * 2 / 4)


def test_an_unanswered_quiz_earns_nothing() -> None:
    for task in ("quiz_properties", "quiz_activations", "quiz_losses"):
        assert verdict(task, {}).points == 0


def test_seeds_draw_other_cases_of_the_same_kind() -> None:
    for task in TASKS:
        if task.kind == "quiz":
            continue
        one, two, again = task.draw("one"), task.draw("two"), task.draw("one")
        assert [c.name for c in one] == [c.name for c in two]
        assert _flat(one) == _flat(again)
        assert _flat(one) != _flat(two)


def _flat(cases: list[Any]) -> list[Any]:
    return [repr(c.inputs) for c in cases]


def test_unfinished_pictures_do_not_stop_the_notebook() -> None:
    """A student whose step is still a stub sees the other curves, and no error."""

    def stub(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    from i2dl.functional import hinge_loss, sigmoid_backward, sigmoid_forward
    from i2dl.plots.curves import activation_curves, binary_loss_curves

    figure = activation_curves({"done": (sigmoid_forward, sigmoid_backward), "stub": (stub, stub)})
    assert len(figure.axes[0].lines) > 3
    assert figure.axes[1].texts[0].get_text() == "not written yet"
    figure = binary_loss_curves({"stub": stub, "hinge": hinge_loss})
    assert "hinge" in [line.get_label() for line in figure.axes[1].lines]

"""Exercise 02: the solution earns everything, other right ways too, and every mistake is named."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import jupytext
import matplotlib as mpl
import numpy as np
import pytest

from autograder.check import check_task
from autograder.demo.variants import Variant, variants
from autograder.task import load_exercise
from autograder.verdict import Verdict
from i2dl import autodiff
from i2dl.plots import GREEN
from i2dl.plots.graph import RED, draw_graph

NAME = "02_computing_gradients"
SOLUTION = Path(__file__).parents[2] / "solutions" / f"{NAME}.py"
CELLS = jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells
EXERCISE = load_exercise(NAME)
TASKS = [t for t in EXERCISE.tasks.values() if t.kind != "written"]
SEEDS = ["public", "a secret", "another secret"]
RIGHT = [v for v in variants(NAME) if v.right]
WRONG = [v for v in variants(NAME) if not v.right]
# The locked cells that define something on which the student's cells build.
FOUNDATIONS = {"setup", "numbers", "as_value", "as_dual", "logistic", "formulas"}


def grade_id(cell: Any) -> str:
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def is_solution(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


CODE = {grade_id(cell) for cell in CELLS if is_solution(cell)}


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the solution notebook leaves behind; the whole of it runs, without a warning."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch, mpl.rc_context():
        mpl.use("Agg")
        patch.chdir(tmp_path_factory.mktemp("notebook"))
        for cell in CELLS:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def answered(changed: dict[str, str]) -> dict[str, Any]:
    """Return the names that the student's cells leave behind, some of them with another source."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in CELLS:
        if grade_id(cell) in FOUNDATIONS or is_solution(cell):
            exec(changed.get(grade_id(cell), cell.source), names)
    assert set(changed) <= CODE
    return names


def verdict(task: str, names: dict[str, Any], seed: str = "public") -> Verdict:
    return check_task(EXERCISE, EXERCISE.tasks[task], names, seed)


def stubs() -> Iterator[tuple[str, str]]:
    """Yield the solution cells as the student first sees them."""
    for cell in filter(is_solution, CELLS):
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
def test_another_style_earns_all_points(variant: Variant) -> None:
    names = answered(dict(variant.cells))
    for seed in SEEDS[:2]:
        for task in TASKS:
            found = verdict(task.name, names, seed)
            assert found.points == found.out_of, (task.name, found.diagnoses)


@pytest.mark.parametrize("variant", WRONG, ids=lambda v: v.name)
def test_a_mistake_costs_its_own_points_and_is_named(variant: Variant) -> None:
    names = answered(dict(variant.cells))
    for seed in SEEDS[:2]:
        found = verdict(variant.task, names, seed)
        assert found.points < found.out_of
        assert found.ran
        assert variant.says.lower() in " ".join(found.diagnoses).lower(), found.diagnoses
    for task in TASKS:
        if task.name != variant.task:
            other = verdict(task.name, names)
            assert other.points == other.out_of, (task.name, other.diagnoses)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_each_task_has_wrong_and_right_variants(task: str) -> None:
    assert sum(v.task == task for v in WRONG) >= 4
    cell = next(grade_id(before) for before, c in pairwise(CELLS) if grade_id(c) == task)
    assert cell in CODE
    assert sum(cell in v.cells for v in RIGHT) >= 3
    assert len({v.cells[cell] for v in RIGHT if cell in v.cells}) >= 3


def test_variants_have_names_of_their_own_and_nearly_all_say_something() -> None:
    names = [v.name for v in (*RIGHT, *WRONG)]
    assert len(names) == len(set(names))
    assert sum(bool(v.says) for v in WRONG) >= 0.9 * len(WRONG)


@pytest.mark.parametrize("task", [t.name for t in TASKS])
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(task: str) -> None:
    names = answered(dict(stubs()))
    found = verdict(task, names)
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


def test_one_step_alone_can_be_right(solved: dict[str, Any]) -> None:
    """Whatever else is still a stub, a step that is done earns its points."""
    for cell in filter(is_solution, CELLS):
        names = answered(dict(stubs()) | {grade_id(cell): cell.source})
        task = grade_id(cell).removesuffix("_code")
        found = verdict(task, names)
        assert found.points == found.out_of, (task, found.diagnoses)


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_sum_times_z(solved: dict[str, Any]) -> None:
    assert solved["sum_times_z"](1.0, -3.0, 4.0) == (-8.0, (4.0, 4.0, -2.0))


def test_the_lectures_neuron(solved: dict[str, Any]) -> None:
    out, stages, dw, dx, db = solved["sigmoid_neuron"](np.array([2.0, -3.0]), np.array([-1.0, -2.0]), -3.0)
    assert round(float(out), 2) == 0.73
    assert np.round(stages, 2).tolist() == [-0.53, -0.53, -0.20, 0.20]
    assert np.round(dw, 2).tolist() == [-0.20, -0.39]
    assert np.round(dx, 2).tolist() == [0.39, -0.59]
    assert round(float(db), 2) == 0.20


def test_the_lectures_network(solved: dict[str, Any]) -> None:
    loss, dw1, dw2 = solved["relu_network"](1.0, 0.0, 1 / 3, 2.0)
    assert (loss, dw1, dw2) == pytest.approx((4 / 9, 8 / 3, 4 / 9))


def test_the_measured_weights_of_the_slides(solved: dict[str, Any]) -> None:
    """CS 4803/7643: losses 1.25347 before, and 1.25322, 1.25353, 1.25347 after a step of 0.0001."""
    after = {0.34: 1.25322, -1.11: 1.25353, 0.78: 1.25347}
    for w, loss in after.items():
        slope = solved["one_sided"](lambda v, w=w, loss=loss: 1.25347 if v == w else loss, w, 0.0001)
        assert slope == pytest.approx({0.34: -2.5, -1.11: 0.6, 0.78: 0.0}[w], abs=1e-6)


def test_the_logistic_map_has_one_slope(solved: dict[str, Any]) -> None:
    formula = solved["differentiate"](solved["logistic_formula"](3))
    for x in (0.2, 0.37, 0.9):
        slope = autodiff.four_ways(x)[0].derivative
        assert solved["slope_by_hand"](x) == pytest.approx(slope, rel=1e-12)
        assert solved["slope_alongside"](x, 3)[1] == pytest.approx(slope, rel=1e-12)
        assert solved["evaluate"](formula, x) == pytest.approx(slope, rel=1e-12)
        forward = solved["forward_gradient"](solved["logistic_map"], [x], solved["Dual"])
        backward = solved["reverse_gradient"](solved["logistic_map"], [x], solved["Value"])
        assert forward[1] == pytest.approx([slope], rel=1e-12)
        assert backward[1] == pytest.approx([slope], rel=1e-12)
    assert solved["slope_by_hand"](0.2) == pytest.approx(9.0660864, abs=1e-12)


def test_best_steps_are_where_the_errors_are_smallest(solved: dict[str, Any]) -> None:
    f, f2, f3, eps = 3.0, 0.7, 5.0, 1e-14
    h = np.exp(np.linspace(math.log(1e-9), math.log(1e-2), 400_001))
    one = h[np.argmin(h / 2 * f2 + 2 * eps * f / h)]
    two = h[np.argmin(h**2 / 6 * f3 + eps * f / h)]
    assert solved["best_step_one_sided"](f, f2, eps) == pytest.approx(one, rel=1e-4)
    assert solved["best_step_central"](f, f3, eps) == pytest.approx(two, rel=1e-4)


# ---------------------------------------------------------------------------------------------------------------
# The engine as a whole


def program(x: Any, y: Any, z: Any, of: Any) -> Any:
    a = x * y - z / (y * y + 1)
    b = of.exp(-a) + of.tanh(2 * x) * z
    return (a * b + 1 / (3 + x * x)) ** 2 - of.log(z * z + 1.5) + of.relu(y - x) * 0.5


def test_the_engine_agrees_with_pytorch_and_with_dual_numbers(solved: dict[str, Any]) -> None:
    import types

    import torch

    own = types.SimpleNamespace(**{name: solved[name] for name in ("exp", "tanh", "log", "relu")})
    rng = np.random.default_rng(0)
    for _ in range(5):
        inputs = [float(v) for v in rng.standard_normal(3)]
        tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in inputs]
        out = program(*tensors, torch)
        out.backward()
        slopes = [t.grad.item() for t in tensors]
        for mode, make in (("reverse_gradient", "Value"), ("forward_gradient", "Dual")):
            value, gradient = solved[mode](lambda *v: program(*v, own), inputs, solved[make])
            assert value == pytest.approx(out.item(), rel=1e-12)
            assert gradient == pytest.approx(slopes, rel=1e-10)


def test_the_students_graph_is_drawn_with_the_lectures_numbers(solved: dict[str, Any]) -> None:
    make, exp = solved["Value"], solved["exp"]
    b, w0, x0, w1, x1 = (make(v, name=n) for n, v in {"b": -3.0, "w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0}.items())
    neuron = 1 / (1 + exp(-(b + w0 * x0 + w1 * x1)))
    neuron.backward()
    shown: dict[str, list[str]] = {GREEN: [], RED: []}
    for text in draw_graph(neuron).axes[0].texts:
        shown.get(str(text.get_color()), []).append(text.get_text())
    assert {"0.37", "1.37", "0.73", "−1.00"} <= set(shown[GREEN])
    assert {"−0.53", "−0.20", "0.20", "0.39", "−0.39", "−0.59", "1.00"} <= set(shown[RED])
    assert shown[RED].count("−0.53") == 2


def test_the_network_learns_xor(solved: dict[str, Any]) -> None:
    assert solved["losses"][0] > 1
    assert solved["losses"][-1] < 0.01


def test_reverse_mode_costs_a_small_multiple_whatever_the_number_of_inputs(solved: dict[str, Any]) -> None:
    reverse, forward = solved["methods"]["reverse mode"][0], solved["methods"]["forward mode"][0]
    assert solved["cost"](reverse, 64) < 5
    assert solved["cost"](forward, 64) > 64


# ---------------------------------------------------------------------------------------------------------------
# Fairness


def test_what_is_of_no_use_is_refused_with_a_reason() -> None:
    for unusable in (None, 3, "three", [], [None] * 5, object()):
        names = answered({})
        for name in list(names):
            if callable(names[name]) and getattr(names[name], "__module__", "") == "__main__":
                names[name] = lambda *_, unusable=unusable, **__: unusable
        for task in TASKS:
            found = verdict(task.name, names)
            assert found.points < found.out_of, (task.name, unusable)
            assert any(found.diagnoses)
            assert "the check itself failed" not in found.reason, (task.name, unusable, found.reason)


def test_seeds_draw_other_cases_of_the_same_kind() -> None:
    for task in TASKS:
        one, two, again = task.draw("one"), task.draw("two"), task.draw("one")
        assert [c.name for c in one] == [c.name for c in two]
        assert str([c.inputs for c in one]) == str([c.inputs for c in again])
        assert str([c.inputs for c in one]) != str([c.inputs for c in two])


def test_probes_travel_as_text_and_cases_over_the_wire() -> None:
    from autograder import wire
    from autograder.inside import compile_probe, probe_source

    for task in TASKS:
        assert task.probe is not None
        assert compile_probe(probe_source(task.probe)).__name__ == task.name
        for case in task.draw("a seed"):
            sent = wire.loads(wire.dumps(dict(case.inputs)))
            assert list(sent) == list(case.inputs)


def test_the_notebook_imports_nothing_that_holds_an_answer() -> None:
    source = "\n".join(c.source for c in CELLS if c.cell_type == "code")
    imported = {line.split()[1] for line in source.split("\n") if line.startswith(("import ", "from "))}
    assert imported == {"math", "numpy", "autograder", "i2dl.plots", "i2dl.plots.graph", "torch"}
    assert EXERCISE.provides == ()

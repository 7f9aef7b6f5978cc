"""What holds of every exercise before any of it has run: its cases, its probes, its mistakes, what it imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import jupytext
import pytest
from threadpoolctl import threadpool_limits

from autograder import inside, wire
from autograder.compare import compare
from autograder.demo.trial import SOLUTIONS
from autograder.inside import compile_probe, probe_source
from autograder.judge import prepare
from autograder.reconcile import grade_id
from autograder.task import Case, Task, load_exercise
from exercises import NAMES, steps

every_exercise = pytest.mark.parametrize("exercise", NAMES)
every_step = pytest.mark.parametrize(("exercise", "task"), steps())
every_drawn_step = pytest.mark.parametrize(
    ("exercise", "task"), steps(kinds=frozenset({"function", "module", "metric"}))
)

# What a notebook may import: of the course's own, data and pictures alone, which hold no answer.
GIVEN = ("autograder.Check", "i2dl.data", "i2dl.plots", "numpy", "torch", "matplotlib")
GIVEN += ("copy", "itertools", "math", "time", "types")


def notebook(exercise: str) -> Any:
    return jupytext.reads((SOLUTIONS / f"{exercise}.py").read_text(encoding="utf-8"), fmt="py:percent")


def sent(cases: list[Case]) -> list[tuple[str, str, str]]:
    return [(c.name, c.edge, wire.dumps(dict(c.inputs))) for c in cases]


@every_drawn_step
def test_seeds_draw_other_cases_of_the_same_kind(exercise: str, task: str) -> None:
    one, two, again = (sent(load_exercise(exercise).tasks[task].draw(seed)) for seed in ("one", "two", "one"))
    assert [c[:2] for c in one] == [c[:2] for c in two]
    assert one == again
    assert one != two


@every_step
def test_probes_travel_as_text_and_cases_over_the_wire(exercise: str, task: str) -> None:
    asked = load_exercise(exercise).tasks[task]
    assert asked.probe is not None
    assert compile_probe(probe_source(asked.probe)).__name__ == task
    for case in asked.draw("a seed"):
        assert list(wire.loads(wire.dumps(dict(case.inputs)))) == list(case.inputs)


@every_step
def test_every_listed_mistake_differs_from_what_is_right(exercise: str, task: str) -> None:
    """One that gives what is due in every case could never be named."""
    judged = load_exercise(exercise).tasks[task]
    reference = load_exercise(exercise).reference(judged) if judged.mistakes else None
    assert judged.probe is not None
    cases = [c for seed in ("public", "a secret") for c in prepare(load_exercise(exercise), judged, seed)]
    # One thread, now that the reference is loaded: some mistakes train, and the tests have a process for each core.
    with threadpool_limits(limits=1):
        due = [answer(judged, judged.probe, reference, c) for c in cases] if judged.mistakes else []
        wrong = {s: [answer(judged, mistake, reference, c) for c in cases] for s, mistake in judged.mistakes.items()}
    for sentence, given in wrong.items():
        assert set().union(*given) <= set().union(*due), sentence
        assert any(
            not compare(mine[name], right[name], form="numpy").ok
            for mine, right in zip(given, due, strict=True)
            for name in set(mine) & set(right)
        ), sentence


def answer(task: Task, probe: Any, reference: Any, case: Case) -> Mapping[str, Any]:
    return inside.run(probe, reference, case.inputs, kind=task.kind, arrays=task.arrays, seed=case.seed).values


@every_exercise
def test_the_tasks_stand_in_the_notebooks_order(exercise: str) -> None:
    graded = [grade_id(c) for c in notebook(exercise).cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert graded == list(load_exercise(exercise).tasks)


@every_exercise
def test_the_notebook_imports_nothing_that_holds_an_answer(exercise: str) -> None:
    allowed = (*GIVEN, *load_exercise(exercise).provides)
    sources = (c.source for c in notebook(exercise).cells if c.cell_type == "code")
    for module in sorted(set().union(*map(imported, sources))):
        assert f"{module}.".startswith(tuple(f"{name}." for name in allowed)), module


def imported(source: str) -> set[str]:
    """Return what a cell imports, as ``i2dl.data.load_digits``."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
    return found


def test_naming_the_tasks_imports_neither_torch_nor_the_reference() -> None:
    code = f"""
import sys
from autograder.task import load_exercise
for name in {NAMES!r}:
    load_exercise(name)
print(sorted(m for m in sys.modules if m == "torch" or m.startswith("i2dl.") and not m.startswith("i2dl.data")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"

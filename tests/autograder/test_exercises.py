"""What holds of every exercise: its solution earns everything, other right ways do too, every mistake is named."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograder.demo.trial import SEEDS
from autograder.demo.variants import Variant
from exercises import NAMES, right, steps, tasks, trial, wrong

RIGHT = [pytest.param(name, v, id=f"{name[:2]}-{v.name}") for name in NAMES for v in right(name)]
SOLUTION = [pytest.param(name, Variant("solution", {}), id=f"{name[:2]}-solution") for name in NAMES]

every_exercise = pytest.mark.parametrize("exercise", NAMES)
every_step = pytest.mark.parametrize(("exercise", "task"), steps())


def needs(exercise: str, task: str) -> set[str]:
    """Return the tasks on whose functions this one builds by design, as variants say of theirs; most need none."""
    return {v.task for v in wrong(exercise) if task in v.breaks}


# ---------------------------------------------------------------------------------------------------------------
# Right


@every_step
def test_the_solution_earns_all_points(exercise: str, task: str) -> None:
    for seed in (*SEEDS, "a fourth"):
        found = trial(exercise).verdict(task, trial(exercise).names, seed)
        assert found.points == found.out_of, (seed, found.diagnoses)
        assert not found.remarks, seed


@pytest.mark.parametrize(("exercise", "variant"), RIGHT)
def test_another_style_earns_all_points(exercise: str, variant: Variant) -> None:
    tried = trial(exercise).tried(variant)
    assert tried.passed, tried.said


@every_step
def test_styles_mix(exercise: str, task: str) -> None:
    """A step in another style fits the others as the solution has them."""
    for variant in right(exercise):
        cells = {c: source for c, source in variant.cells.items() if c in trial(exercise).cells_of[task]}
        if cells:
            found = trial(exercise).verdict(task, trial(exercise).with_cells(cells))
            assert found.points == found.out_of, (variant.name, found.diagnoses)


@pytest.mark.parametrize(("exercise", "variant"), [*SOLUTION, *RIGHT])
def test_no_right_answer_is_taken_for_a_shortcut(exercise: str, variant: Variant) -> None:
    assert {task: said for task, said in trial(exercise).shortcuts(variant.cells).items() if said} == {}


# ---------------------------------------------------------------------------------------------------------------
# Wrong


@every_step
def test_mistakes_cost_points_and_are_named(exercise: str, task: str) -> None:
    tried = [(v, trial(exercise).tried(v)) for v in wrong(exercise) if v.task == task]
    assert [v.name for v, t in tried if not t.passed] == []
    assert [(v.name, v.says, t.said) for v, t in tried if v.says and not t.named] == []


@every_step
def test_mistakes_elsewhere_cost_nothing(exercise: str, task: str) -> None:
    """All other tasks are done wrong at once, in one way after the other, except those on which this one builds."""
    own = {task} | needs(exercise, task)
    others = [[v for v in wrong(exercise) if v.task == t.name] for t in tasks(exercise) if t.name not in own]
    for n in range(max(map(len, others), default=0)):
        chosen = [mistakes[n % len(mistakes)] for mistakes in others]
        names = trial(exercise).with_cells({cell: source for v in chosen for cell, source in v.cells.items()})
        found = trial(exercise).verdict(task, names)
        assert found.points == found.out_of, ([v.name for v in chosen], found.diagnoses)


@every_step
def test_each_task_has_wrong_and_right_variants(exercise: str, task: str) -> None:
    cells = trial(exercise).cells_of[task]
    assert sum(v.task == task for v in wrong(exercise)) >= 4
    sources = ([v.cells.get(cell) for cell in sorted(cells)] for v in right(exercise) if cells & set(v.cells))
    assert len({str(source) for source in sources}) >= 3


@every_exercise
def test_variants_are_told_apart_and_nearly_all_are_named(exercise: str) -> None:
    names = [v.name for v in (*right(exercise), *wrong(exercise))]
    assert len(names) == len(set(names))
    assert all(set(v.cells) <= set(trial(exercise).answers) for v in right(exercise))
    assert [v.name for v in wrong(exercise) if not set(v.cells) <= trial(exercise).cells_of[v.task]] == []
    assert sum(bool(v.says) for v in wrong(exercise)) >= 0.9 * len(wrong(exercise))


# ---------------------------------------------------------------------------------------------------------------
# Not yet done


@every_step
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(exercise: str, task: str) -> None:
    found = trial(exercise).verdict(task, trial(exercise).untouched())
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


@every_step
def test_one_step_alone_can_be_right(exercise: str, task: str) -> None:
    """Whatever else is still a stub, a step that is done earns its points."""
    done = {cell for t in {task} | needs(exercise, task) for cell in trial(exercise).cells_of[t]}
    names = trial(exercise).untouched(but={cell: trial(exercise).answers[cell] for cell in done})
    found = trial(exercise).verdict(task, names)
    assert found.points == found.out_of, found.diagnoses


# ---------------------------------------------------------------------------------------------------------------
# Of no use

UNUSABLE = {
    "none": None,
    "a number": 3,
    "text": "three",
    "nan": math.nan,
    "an empty list": [],
    "five times none": [None] * 5,
    "a pair of none": (None, None),
    "zeros": np.zeros((2, 2)),
    "a ragged list": [[1], [2, 3]],
    "an object": object(),
}


@every_exercise
@pytest.mark.parametrize("value", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_of_no_use_is_refused_with_a_reason(value: Any, exercise: str) -> None:
    names = {
        name: (lambda *_, **__: value) if callable(known) and getattr(known, "__module__", "") == "__main__" else known
        for name, known in trial(exercise).untouched().items()
    }
    for task in tasks(exercise):
        found = trial(exercise).verdict(task.name, names)
        assert found.points < found.out_of, task.name
        assert any(found.diagnoses), task.name
        assert "check itself failed" not in " ".join([*found.diagnoses, found.reason]), task.name

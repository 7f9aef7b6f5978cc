"""The exercises as their tests see them: the solution of each run once a process, its tasks and variants by name."""

from __future__ import annotations

import functools

import pytest
from threadpoolctl import threadpool_limits

from autograder.demo.trial import SOLUTIONS, Trial
from autograder.demo.variants import Variant, variants
from autograder.task import Task, exercise_names, load_exercise

__all__ = ["NAMES", "right", "steps", "tasks", "trial", "wrong"]

NAMES = [name for name in exercise_names() if (SOLUTIONS / f"{name}.py").exists()]


@functools.cache
def trial(exercise: str) -> Trial:
    """Return the exercise's trial: the whole notebook runs, without a warning."""
    # From here on, for the variants train again: the tests have a process for each core, and more threads would only
    # wait for one another.
    threadpool_limits(limits=1)
    return Trial(exercise)


def tasks(exercise: str) -> list[Task]:
    """Return the tasks that the referee judges."""
    return [t for t in load_exercise(exercise).tasks.values() if t.kind != "written"]


def steps(*, kinds: frozenset[str] = frozenset({"function", "module", "metric", "quiz"})) -> list[object]:
    """Return ``(exercise, task)`` for every task of these kinds, as parameters of a test."""
    found = [(name, t) for name in NAMES for t in tasks(name) if t.kind in kinds]
    return [pytest.param(name, t.name, id=f"{name[:2]}-{t.name}") for name, t in found]


@functools.cache
def right(exercise: str) -> list[Variant]:
    """Return the variants that earn everything."""
    return [v for v in variants(exercise) if v.right]


@functools.cache
def wrong(exercise: str) -> list[Variant]:
    """Return the variants that do not."""
    return [v for v in variants(exercise) if not v.right]

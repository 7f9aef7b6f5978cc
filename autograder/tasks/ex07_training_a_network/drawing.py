"""What the cases of several tasks are drawn from, and how a task gets to know its mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.task import Task

__all__ = ["Mistakes", "draw_data", "draw_network", "explain"]

Mistakes = dict[str, Callable[..., Any]]


def draw_network(rng: np.random.Generator, *sizes: int, norm: bool = False) -> dict[str, Any]:
    """Draw the parameters of affine, ReLU, batch norm (if asked for), affine, as one vector."""
    features, hidden, classes = sizes
    count = features * hidden + hidden + 2 * hidden * norm + hidden * classes + classes
    return {"sizes": list(sizes), "norm": norm, "parameters": 0.6 * rng.standard_normal(count)}


def draw_data(rng: np.random.Generator, features: int, classes: int, *shape: int) -> list[np.ndarray]:
    """Draw inputs (shape, features) and labels (shape)."""
    return [rng.standard_normal((*shape, features)), rng.integers(classes, size=shape)]


def explain(task: Task, name: str, wrong: Mapping[str, Callable[..., Any]]) -> None:
    """Let the task know its mistakes: its own probe, on the reference with wrong code in the place of ``name``."""
    for sentence, code in wrong.items():
        task.mistake(sentence)(_variant(task, name, code))


def _variant(task: Task, name: str, code: Callable[..., Any]) -> Callable[..., Any]:
    assert task.probe is not None
    probe = task.probe
    return lambda reference, **inputs: probe(_Wrong(reference, name, code), **inputs)


class _Wrong:
    """The reference with one function that is wrong."""

    def __init__(self, reference: Any, name: str, code: Callable[..., Any]) -> None:
        self._reference, self._name, self._code = reference, name, code

    def __getattr__(self, asked: str) -> Any:
        return self._code if asked == self._name else getattr(self._reference, asked)

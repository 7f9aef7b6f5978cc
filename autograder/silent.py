"""``check`` in a notebook that is being graded: the referee asks from outside, so it says only that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Check"]


class Check:
    """Takes what :class:`autograder.check.Check` takes, and checks nothing."""

    def __init__(self, exercise: str, names: Mapping[str, Any] | None = None, *, seed: str = "") -> None:
        del exercise, names, seed

    def __call__(self, task: str | None = None) -> None:
        """Say who checks."""
        del task
        print("being graded: the referee asks from outside")

    def verdict(self, task: str, names: Mapping[str, Any] | None = None) -> None:
        """Return no verdict."""
        del task, names

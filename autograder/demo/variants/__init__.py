"""What a student might write instead of the solution, one module an exercise.

Each module has a list ``VARIANTS``. The demo class hands them in; the tests check that each wrong one loses
points and is explained.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Variant", "variants"]


@dataclass(frozen=True)
class Variant:
    """Other sources for some solution cells of an exercise.

    Parameters
    ----------
    name
        Short and in snake case; becomes the student's name in the demo class.
    cells
        Source by ``grade_id`` of the solution cell it replaces.
    task
        The task that loses points, empty where the variant is right (another style).
    says
        A part of the sentence with which the diagnosis names the mistake.
    breaks
        Tasks that need what this one breaks: their own mistakes would go unseen beside it.
    """

    name: str
    cells: Mapping[str, str]
    task: str = ""
    says: str = ""
    breaks: frozenset[str] = frozenset()

    @property
    def right(self) -> bool:
        """Whether this variant earns all points."""
        return not self.task


def variants(exercise: str) -> list[Variant]:
    """Return the variants of ``exercise``."""
    return list(importlib.import_module(f"{__name__}.ex{exercise}").VARIANTS)

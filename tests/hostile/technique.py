"""What a hostile technique is, and the ways in which each is tried.

A technique is tried four ways: honest work gets its due (*control*), the attack gains nothing and harms nobody
(*attack*), it would gain without the layer that stops it (*without*, where that is safe), and what is permitted beside
it stays permitted (*neighbour*). Each way is a function that tries it once and returns what was :class:`Seen`.

A family is a module (or several) named in :data:`FAMILIES`; importing it registers its techniques.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["FAMILIES", "Seen", "Technique", "Way", "register", "techniques"]

Family = Literal[
    "lie about the value",
    "find the answer",
    "forge the verdict",
    "change the notebook",
    "exhaust or escape",
    "attack the instructor",
    "fairness",
]
Way = Literal["control", "attack", "without", "neighbour"]

FAMILIES: dict[Family, tuple[str, ...]] = {
    "lie about the value": ("lie_objects", "lie_settings"),
    "find the answer": ("find_process", "find_files"),
    "forge the verdict": ("forge_kernel", "forge_outside"),
    "change the notebook": ("change_cells", "change_files"),
    "exhaust or escape": ("exhaust",),
    "attack the instructor": ("instructor_pages", "instructor_length", "instructor_files"),
    "fairness": ("fairness",),
}
"""The modules of each family, below ``tests.hostile``."""


@dataclass(frozen=True)
class Seen:
    """What one try brought: the share of what was wanted, 0 to 1, and in a sentence what else it broke."""

    share: float
    harm: str = ""


Try = Callable[[], Seen]

WANTED: dict[Way, Callable[[Seen], bool]] = {
    "control": lambda seen: seen == Seen(1.0),
    "attack": lambda seen: seen == Seen(0.0),
    "without": lambda seen: seen.share > 0,
    "neighbour": lambda seen: seen == Seen(1.0),
}


@dataclass(frozen=True)
class Technique:
    """One way to cheat or to do harm.

    ``tries`` says in a sentence what it tries, ``layer`` what stops it. A case of fairness has no attack. ``gap`` says
    why it succeeds (or what is permitted fails) where it does: this is what the tests expect then, so that a gap that
    was mended is noticed.
    """

    family: Family
    name: str
    tries: str
    layer: str
    control: Try
    neighbour: Try
    attack: Try | None = None
    without: Try | None = None
    gap: str = ""

    @property
    def gap_way(self) -> Way | None:
        """The way that a gap shows: an attack that succeeds, or what is permitted and fails."""
        return None if not self.gap else "attack" if self.attack else "neighbour"

    @property
    def ways(self) -> dict[Way, Try]:
        """The ways in which it is tried."""
        found = {way: getattr(self, way) for way in get_args(Way)}
        return {way: found[way] for way in found if found[way] is not None}

    def problem(self, way: Way) -> str:
        """Try it one way and return what is not as it should be, or an empty text."""
        seen = self.ways[way]()
        if WANTED[way](seen):
            return ""
        return f"{way} of {self.name!r}: a share of {seen.share:g}{', and ' * bool(seen.harm)}{seen.harm}"


_REGISTERED: list[Technique] = []


def register(technique: Technique) -> Technique:
    """Add a technique to its family; no two have one name."""
    assert technique.name not in {t.name for t in _REGISTERED}, technique.name
    _REGISTERED.append(technique)
    return technique


def techniques(*families: Family) -> list[Technique]:
    """Return the techniques of these families, of all of them where none is named."""
    for family in families or FAMILIES:
        for module in FAMILIES[family]:
            importlib.import_module(f"tests.hostile.{module}")
    return [t for t in _REGISTERED if t.family in (families or FAMILIES)]

"""Where two arrays differ, as a small grid of cells and a few numbers side by side.

A cell is one entry, or a block of entries where there are many: ``"="`` right, ``"+"`` too large, ``"-"`` too small,
``"?"`` not finite.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.compare import Comparison

__all__ = ["Picture", "number", "picture", "shape_picture", "worst_entries"]

MAX_CELLS = 16
"""Rows and columns of a grid; larger arrays are shown in blocks."""

RIGHT, LARGE, SMALL, ODD = "=", "+", "-", "?"


@dataclass(frozen=True)
class Picture:
    """A grid of cells, as rows of symbols, and what has to be known to read it."""

    cells: Sequence[str]
    note: str = ""

    @property
    def symbols(self) -> list[str]:
        """The symbols that occur, in the order of a legend."""
        return [s for s in (RIGHT, LARGE, SMALL, ODD) if any(s in row for row in self.cells)]


def picture(comparison: Comparison, actual: Any, expected: Any) -> Picture | None:
    """Return where and in which direction ``actual`` is wrong; None where there is no array to draw."""
    if comparison.wrong is None or np.ndim(comparison.wrong) == 0:
        return None
    wrong = _flat(np.asarray(comparison.wrong))
    given, due = (np.asarray(a) for a in (actual, expected))
    if given.shape != due.shape or given.shape != np.shape(comparison.wrong) or wrong.size < 2:
        return None
    given, due = (_flat(a.astype(float)) for a in (given, due))
    rows, columns = (_blocks(n) for n in wrong.shape)
    cells = ["".join(_symbol(given[r, c], due[r, c], wrong[r, c]) for c in columns) for r in rows]
    return Picture(cells, _note(np.shape(comparison.wrong), wrong.shape))


def shape_picture(shape: Sequence[int]) -> Picture | None:
    """Return the outline of a small array of one or two axes."""
    if len(shape) not in {1, 2} or min(shape) < 1 or max(shape) > MAX_CELLS:
        return None
    rows, columns = (1, *shape) if len(shape) == 1 else shape
    return Picture([RIGHT * columns] * rows)


def worst_entries(comparison: Comparison, actual: Any, expected: Any, n: int = 4) -> list[tuple[str, str, str]]:
    """Return index, actual and expected number of the entries with the largest errors, in the array's order."""
    wrong = comparison.wrong
    if wrong is None:
        return []
    given, due = (np.asarray(a) for a in (actual, expected))
    if given.shape != due.shape or np.shape(wrong) != given.shape:
        return []
    with np.errstate(all="ignore"):
        error = np.abs(given.astype(float) - due.astype(float))
    error = np.where(np.isnan(error), np.inf, error)
    order = np.argsort(-np.where(wrong, error, -1.0), axis=None, kind="stable")[: min(n, int(np.sum(wrong)))]
    entries = []
    for flat in sorted(int(i) for i in order):
        index = tuple(int(i) for i in np.unravel_index(flat, given.shape))
        shown = [(number(given[index], digits), number(due[index], digits)) for digits in (4, 6, 9, 12)]
        # As many digits as it takes to see a difference.
        pair = next((p for p in shown if p[0] != p[1]), shown[-1])
        entries.append((f"[{', '.join(map(str, index))}]" if index else "", *pair))
    return entries


def number(value: Any, digits: int = 4) -> str:
    """Return a number in a few characters."""
    plain = value.item() if isinstance(value, (np.generic, np.ndarray)) else value
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        return str(plain)
    if isinstance(plain, int) and abs(plain) < 10**9:
        return str(plain)
    try:
        # Adding 0 makes −0 a plain 0.
        return f"{float(plain) + 0.0:.{digits}g}".replace("inf", "∞").replace("nan", "NaN")
    except OverflowError:
        return "very large"


def _flat(a: np.ndarray) -> np.ndarray:
    """Return ``a`` as a matrix: one row for a vector, leading axes laid out under one another."""
    return a.reshape(1, -1) if a.ndim == 1 else a.reshape(math.prod(a.shape[:-1]), a.shape[-1])


def _blocks(n: int) -> list[slice]:
    """Cut ``n`` indices into at most MAX_CELLS blocks."""
    edges = np.linspace(0, n, min(n, MAX_CELLS) + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _symbol(given: np.ndarray, due: np.ndarray, wrong: np.ndarray) -> str:
    """Return the symbol of a block: that of its worst entry."""
    if not wrong.any():
        return RIGHT
    difference = (given - due)[wrong]
    if not np.all(np.isfinite(given[wrong])) or np.any(np.isnan(difference)):
        return ODD
    return LARGE if difference[np.argmax(np.abs(difference))] > 0 else SMALL


def _note(shape: tuple[int, ...], drawn: tuple[int, ...]) -> str:
    notes = []
    if len(shape) > 2:
        leading = ", ".join(map(str, shape[:-1]))
        notes.append(f"the axes ({leading}) are laid out as rows")
    block = [math.ceil(n / MAX_CELLS) for n in drawn]
    if max(block) > 1:
        notes.append(f"a cell stands for up to {block[0]} × {block[1]} entries, and shows the worst")
    note = "; ".join(notes)
    return note[:1].upper() + note[1:]

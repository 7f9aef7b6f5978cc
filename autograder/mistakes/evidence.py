"""What is known of one wrong output, and when a guess explains it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autograder.compare import Comparison, tolerance_of
from autograder.inside import Answer
from autograder.task import Case, Task
from autograder.verdict import Row

__all__ = ["Evidence", "Hypothesis", "Pair", "fits", "upstream_names", "variety"]


@dataclass(frozen=True)
class Pair:
    """Actual and expected numbers of one case, both float64; they need not have one shape."""

    actual: np.ndarray
    expected: np.ndarray
    case: Case


@dataclass(frozen=True)
class Evidence:
    """All that is known of one wrong output.

    ``expected`` holds every output of the reference in this case; ``same_output`` the rows of this output in
    all cases; ``again`` the answer to the same case asked a second time; ``rerun(inputs)`` the reference's outputs
    for other inputs; ``reference()`` the reference itself, for the task's own list of mistakes. ``runs`` keeps what
    those mistakes gave: a run has all outputs, and is asked for one after the other. ``rows`` are those of all outputs
    in all cases: what is right elsewhere speaks against some mistakes.
    """

    task: Task
    case: Case
    output: str
    comparison: Comparison
    actual: Any
    expected: Mapping[str, Any]
    answer: Answer
    same_output: Sequence[Row]
    again: Answer | None
    rerun: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    reference: Callable[[], Any]
    runs: dict[Any, Mapping[str, Any]] = field(default_factory=dict)
    rows: Sequence[Row] = ()

    @cached_property
    def numbers(self) -> Pair | None:
        """Actual and expected as float arrays, without the entries that do not count; None if either is no array."""
        return _pair(self.actual, self.expected.get(self.output), self.case, self.output)

    @cached_property
    def tolerance(self) -> float:
        """Error allowed between the actual value and one that explains it, relative to the largest entry."""
        dtypes = [str(v.dtype) for v in (self.actual, self.expected.get(self.output)) if isinstance(v, np.ndarray)]
        # The looser device of the two: what a GPU's arithmetic costs must not hide a mistake's name.
        return max([tolerance_of(d, "cuda") for d in dtypes if d.startswith("float")], default=tolerance_of("float64"))

    @cached_property
    def ordinary_are_right(self) -> bool:
        """Whether the output is right in every case that is not an edge, of which there is at least one."""
        ordinary = [r for r in self.same_output if not r.case.edge]
        return bool(ordinary) and all(r.ok for r in ordinary)

    @cached_property
    def alike(self) -> list[Pair]:
        """The cases in which one and the same mistake should show: this one first, then every ordinary one."""
        if self.numbers is None:
            return []
        others = [r for r in self.same_output if not r.case.edge and r.case is not self.case and r.actual is not None]
        if self.case.edge and self.ordinary_are_right:
            others = []
        pairs = (_pair(r.actual, r.expected, r.case, self.output) for r in others)
        return [self.numbers, *(p for p in pairs if p is not None)]

    @cached_property
    def of_input(self) -> str:
        """Name of the input whose gradient this output is, where the expected shape says so too; else empty."""
        name = re.sub(r"^d[_ ]?", "", self.output)
        source, due = self.case.inputs.get(name), self.expected.get(self.output)
        same = isinstance(source, np.ndarray) and isinstance(due, np.ndarray) and source.shape == due.shape
        return name if same and name != self.output else ""

    def explains(self, candidate: Any) -> bool:
        """Whether ``candidate`` is what the student's code returned, and not merely near it.

        An explanation must leave less than a hundredth of the error, and zeros explain nothing: too many mistakes
        give them.
        """
        found = self.numbers
        guess = np.asarray(candidate)
        if found is None or guess.dtype.kind not in "biuf" or guess.shape != found.actual.shape:
            return False
        guess = guess.astype(float)
        ignore = _ignored(self.case, self.output, guess.shape)
        if ignore is not None:
            guess = np.where(ignore, 0.0, guess)
        if not guess.any() or not fits(found.actual, guess, self.tolerance):
            return False
        if guess.shape != found.expected.shape:
            return True
        left = np.max(np.abs(found.actual - guess), initial=0.0)
        error = np.max(np.abs(found.actual - found.expected), initial=0.0)
        return bool(error > 0 and left <= 0.01 * error)


Hypothesis = Callable[[Evidence], "str | None"]
"""One mistake: the sentence that names it where it explains the evidence, else None."""


def fits(actual: np.ndarray, guess: np.ndarray, tolerance: float) -> bool:
    """Whether two finite arrays have one shape and agree; one number alone must agree ten times better."""
    if actual.shape != guess.shape or not np.all(np.isfinite(actual)) or not np.all(np.isfinite(guess)):
        return False
    allowed = tolerance if actual.size > 1 else 0.1 * tolerance
    largest = np.max(np.abs(guess), initial=0.0)
    return bool(np.all(np.abs(actual - guess) <= allowed * largest))


def variety(a: np.ndarray) -> int:
    """Return how many different sizes of number ``a`` holds beside 0: with one alone, much looks like much else."""
    size = np.abs(a[np.isfinite(a)])
    size = size[size > 1e-9 * np.max(size, initial=0.0)]
    return len(np.unique(np.float32(size)))


def upstream_names(case: Case) -> list[str]:
    """Return the names of the inputs that bring the upstream gradient, such as `dout` or `dnext_h`."""
    return [n for n, v in case.inputs.items() if isinstance(v, np.ndarray) and _UPSTREAM.fullmatch(n)]


_UPSTREAM = re.compile(r"(d_?out|dy|dh|dz|da|df|dloss|dnext|dprev|grad|upstream)(_?\w+)?", re.IGNORECASE)


def _pair(actual: Any, expected: Any, case: Case, output: str) -> Pair | None:
    if actual is None or not isinstance(expected, (np.ndarray, float)):
        return None
    given, due = np.asarray(actual), np.asarray(expected)
    if given.dtype.kind not in "biuf" or due.dtype.kind not in "biuf":
        return None
    given, due = given.astype(float), due.astype(float)
    if given.size == due.size == 1:
        given = given.reshape(due.shape)
    ignore = _ignored(case, output, due.shape)
    if ignore is not None:
        due = np.where(ignore, 0.0, due)
        given = np.where(ignore, 0.0, given) if given.shape == due.shape else given
    return Pair(given, due, case)


def _ignored(case: Case, output: str, shape: tuple[int, ...]) -> np.ndarray | None:
    ignore = case.ignore.get(output)
    if ignore is None or np.shape(ignore) != shape:
        return None
    return np.asarray(ignore, dtype=bool)

"""The verdict on one task: each output right or wrong, the points, and the reason. It is made in `judge`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.compare import Comparison
from autograder.inside import Failure
from autograder.task import Case, Task

__all__ = ["Row", "Verdict", "pattern", "refuse"]


@dataclass(frozen=True)
class Row:
    """One output of one case. ``diagnosis`` says in a sentence what probably went wrong."""

    output: str
    case: Case
    comparison: Comparison
    actual: Any = None
    expected: Any = None
    diagnosis: str = ""

    @property
    def ok(self) -> bool:
        """Whether the output is right."""
        return self.comparison.ok


@dataclass(frozen=True)
class Verdict:
    """What a task earned and why. ``points`` lies between 0 and ``out_of``, whatever was handed in.

    ``shortcuts`` has a sentence for each forbidden shortcut that was taken; one is enough to earn nothing.
    """

    task: str
    points: float
    out_of: float
    rows: Sequence[Row] = ()
    reason: str = ""
    failure: Failure | None = None
    remarks: Sequence[str] = ()
    printed: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    ran: bool = True
    kind: str = "function"
    shortcuts: Sequence[str] = ()

    @property
    def right(self) -> bool:
        """Whether all points were earned."""
        return self.points >= self.out_of

    @property
    def diagnoses(self) -> list[str]:
        """The distinct sentences that explain what is wrong, the most common first.

        Sentences that differ only in numbers, as those of two cases do, count as one, and so do those on outputs
        that an error has left out; where an output is wrong in general, its edges add nothing. A forbidden shortcut
        comes before everything else.
        """
        wrong = [r for r in self.rows if r.diagnosis]
        general = {r.output for r in wrong if not r.case.edge}
        rows = [r for r in wrong if not r.case.edge or r.output not in general]
        found = [r.diagnosis for r in rows]
        patterns = [pattern(r.diagnosis, names=r.comparison.problem != "failed") for r in rows]
        if self.reason and not self.shortcuts and not any(s.endswith(self.reason) for s in found):
            found.append(self.reason)
            patterns.append(pattern(self.reason, names=False))
        first = dict(zip(reversed(patterns), reversed(found), strict=True))
        ordered = sorted(dict.fromkeys(patterns), key=lambda p: -patterns.count(p))
        return [*self.shortcuts, *(first[p] for p in ordered)]


def pattern(sentence: str, *, names: bool = True) -> str:
    """Return the sentence without its numbers and shapes, and without the names in it unless they count."""
    return re.sub(r"[\d\s()\[\],.]+", "#", sentence if names else re.sub(r"`[^`]*`", "", sentence))


def refuse(task: Task, reason: str) -> Verdict:
    """Return the verdict for a task that could not be run: 0 points and the reason."""
    return Verdict(task.name, 0.0, task.points, reason=reason, ran=False, kind=task.kind)

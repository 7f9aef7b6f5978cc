"""What is handed in and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.verdict import Verdict

__all__ = ["Limits", "Outcome", "Submission", "TaskResult"]

Kind = Literal["graded", "partly graded", "refused"]


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times are wall-clock seconds, sizes are bytes.

    ``memory_bytes`` is what it may take on top of the libraries, ``disk_bytes`` what it may write, ``trusted`` whether
    it is run even where the machine cannot confine it, ``pictures`` whether experiments are run that grading does not
    need, and pictures drawn: it takes longer than all else, and is for the eyes of whoever opens the graded notebook.
    """

    cell_seconds: float = 60.0
    total_seconds: float = 300.0
    output_bytes: int = 2 * 2**20
    restarts: int = 10
    memory_bytes: int = 2 * 2**30
    disk_bytes: int = 64 * 2**20
    processes: int = 64
    open_files: int = 256
    trusted: bool = False
    pictures: bool = False


@dataclass(frozen=True)
class Submission:
    """One notebook of one student for one exercise.

    ``problem`` says in one sentence why it cannot be graded, and is empty where it can; ``notes`` say what was
    made good (a wrong file name, say).
    """

    student: str
    exercise: str
    notebook: Path
    problem: str = ""
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class TaskResult:
    """One task's points; ``reasons`` explain every point that was lost. ``score`` is None until a person grades.

    ``ran`` is False where the task could not be run at all, so that nothing is known of the code.
    """

    task: str
    score: float | None
    out_of: float
    reasons: Sequence[str] = ()
    ran: bool = True

    @classmethod
    def of(cls, verdict: Verdict) -> TaskResult:
        """Return what is kept of a verdict."""
        reasons = [] if verdict.right else verdict.diagnoses
        return cls(verdict.task, verdict.points, verdict.out_of, tuple(reasons), verdict.ran)


@dataclass(frozen=True)
class Outcome:
    """How a submission ended: every one ends in exactly one of these."""

    student: str
    exercise: str
    kind: Kind
    reason: str = ""
    notes: Sequence[str] = ()
    results: Sequence[TaskResult] = ()
    seconds: float = 0.0

    @property
    def score(self) -> float:
        """The points that were decided by the referee."""
        return sum(r.score for r in self.results if r.score is not None)

    @property
    def out_of(self) -> float:
        """The most the referee could have given."""
        return sum(r.out_of for r in self.results if r.score is not None)

    @property
    def by_hand(self) -> float:
        """The points that wait for a person."""
        return sum(r.out_of for r in self.results if r.score is None)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome in JSON's terms."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outcome:
        """Return what :meth:`to_dict` was called on."""
        results = tuple(TaskResult(**{**r, "reasons": tuple(r["reasons"])}) for r in data["results"])
        return cls(**{**data, "notes": tuple(data["notes"]), "results": results})

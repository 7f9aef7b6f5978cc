"""Name the mistake that explains the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.compare import Comparison
from autograder.inside import Answer, Failure
from autograder.task import Case, Task

if TYPE_CHECKING:
    from autograder.verdict import Row

__all__ = ["Evidence", "diagnose", "explain_failure"]


@dataclass(frozen=True)
class Evidence:
    """All that is known of one wrong output.

    ``expected`` holds every output of the reference in this case; ``same_output`` the rows of this output in
    all cases; ``again`` the answer to the same case asked a second time; ``rerun(inputs)`` the reference's outputs
    for other inputs; ``reference()`` the reference itself, for the task's own list of mistakes.
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


def diagnose(evidence: Evidence) -> str:
    """Return the sentence that explains a wrong output best, or an empty string."""
    return evidence.comparison.message


def explain_failure(failure: Failure) -> str:
    """Return one sentence on an exception in the student's code."""
    return f"{failure.kind}: {failure.message}"

"""Name the mistake that explains the numbers.

The comparison knows that a value is wrong; here the mistakes that people make are tried one after the other, and
the first that gives just the student's numbers is named. A false name is worse than none, so a guess must reproduce
the value within the tolerance of its dtype, in this case and, where one mistake would show everywhere, in all.
"""

from __future__ import annotations

import warnings

import numpy as np

from autograder.compare import Comparison
from autograder.mistakes import HYPOTHESES
from autograder.mistakes.evidence import Evidence
from autograder.mistakes.raised import explain_failure
from autograder.task import Task
from autograder.text import clean

__all__ = ["Evidence", "diagnose", "explain_failure", "unexplained"]


def diagnose(evidence: Evidence) -> str:
    """Return the sentence that explains a wrong output best.

    Where no mistake is recognised, it is the task's hint for this output, else what the comparison found. A mistake
    that shows at an edge alone is said to be one.
    """
    if evidence.comparison.ok:
        return ""
    sentence = clean(_explain(evidence), 800)
    if evidence.case.edge and evidence.ordinary_are_right:
        return f"right in general, wrong at the edge: {evidence.case.edge}. {sentence}"
    return sentence


def _explain(e: Evidence) -> str:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for hypothesis in HYPOTHESES:
            try:
                sentence = hypothesis(e)
            except Exception:  # noqa: S112 - a guess that stumbles over odd values must not cost the verdict
                continue
            if sentence:
                return sentence
    return unexplained(e.task, e.output, e.comparison)


def unexplained(task: Task, output: str, comparison: Comparison) -> str:
    """Return what can be said of a wrong output without knowing the mistake."""
    return task.hints.get(output) or f"`{output}`: {comparison.message}"

"""Name the mistake that explains the numbers.

The comparison knows that a value is wrong; here the mistakes that people make are tried one after the other, and
the first that gives just the student's numbers is named. A false name is worse than none, so a guess must reproduce
the value within the tolerance of its dtype, in this case and, where one mistake would show everywhere, in all.
"""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.compare import Comparison
from autograder.inside import probe_source
from autograder.mistakes import HYPOTHESES
from autograder.mistakes.evidence import Evidence
from autograder.mistakes.raised import explain_failure
from autograder.task import Task
from autograder.text import clean

__all__ = ["UNMEASURED", "Evidence", "diagnose", "explain_failure", "quoted", "unexplained"]

UNMEASURED = "cannot be computed from what was returned"
"""How the message of a metric ends whose measure fails without a reason in words."""


def diagnose(evidence: Evidence) -> str:
    """Return the sentence that explains a wrong output best.

    Where no mistake is recognised, it is the task's hint for this output, else what the comparison found. A mistake
    that shows at an edge alone is said to be one.
    """
    if evidence.comparison.ok:
        return ""
    sentence = quoted(clean(_explain(evidence), 800), evidence.task)
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


def quoted(sentence: str, task: Task) -> str:
    """Return the sentence with its first word in backticks where that is a function of the student and does something.

    Then it gets no capital letter. "choose the lowest" is addressed to the reader, and stays as it is.
    """
    word, _, rest = sentence.partition(" ")
    if _DOES.match(rest) and task.probe is not None and word in _asked_for(task.probe):
        return f"`{word}` {rest}"
    return sentence


_DOES = re.compile(r"(must|should|may|can|cannot|is|was|has|does|returns|gives|puts|takes|needs|leaves|changes)\b")


@functools.lru_cache(256)
def _asked_for(probe: Callable[..., Any]) -> set[str]:
    """Return the names that a probe asks of the implementation, and of the objects that it makes with it."""
    try:
        nodes = list(ast.walk(ast.parse(probe_source(probe))))
    except (OSError, SyntaxError, TypeError, AssertionError):  # not written down as a function
        return set()
    made = {"impl"}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "impl":
                made |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return {n.attr for n in nodes if isinstance(n, ast.Attribute) and getattr(n.value, "id", "") in made}


def unexplained(task: Task, output: str, comparison: Comparison) -> str:
    """Return what can be said of a wrong output without knowing the mistake."""
    return task.hints.get(output) or f"`{output}`: {comparison.message}"

"""Right in one part, wrong in another."""

from __future__ import annotations

import numpy as np

from autograder.mistakes.evidence import Evidence, variety

__all__ = [
    "all_zero",
    "clipped",
    "crashes_beyond_given_shape",
    "cut_to_zero",
    "only_at_given_shape",
    "only_some_filled",
    "wrong_where",
]


def all_zero(e: Evidence) -> str | None:
    """Return a sentence if nothing was filled in."""
    found = e.numbers
    if found is None or found.actual.any() or not found.expected.any() or found.actual.size == 0:
        return None
    single = found.actual.size == 1
    if single and e.task.kind == "quiz":
        return None
    text = f"`{e.output}` is 0" if single else f"`{e.output}` is 0 everywhere"
    hint = e.task.hints.get(e.output)
    if hint:
        return f"{text}: {hint}"
    return f"{text}{', where another number is due' if single else ': it was never filled in, or everything cancels'}."


def only_some_filled(e: Evidence) -> str | None:
    """Return a sentence if some rows (or columns) are right and the others 0, as when a loop ends early."""
    right = _right_or_zero(e)
    if right is None or e.numbers is None:
        return None
    actual = e.numbers.actual
    for axis in range(actual.ndim):
        other = tuple(i for i in range(actual.ndim) if i != axis)
        filled, blank = np.all(right, axis=other), np.all(actual == 0, axis=other)
        if filled.any() and np.all(filled | blank):
            what = "entries" if actual.ndim == 1 else f"slices along axis {axis}"
            count = f"{int(filled.sum())} of {len(filled)} {what}"
            return f"`{e.output}` is filled in only in part ({count}), the rest is 0: does a loop end too early?"
    return None


def cut_to_zero(e: Evidence) -> str | None:
    """Return a sentence if each entry is either right or 0."""
    right = _right_or_zero(e)
    if right is None:
        return None
    return (
        f"`{e.output}` is right in {int(right.sum())} of {right.size} entries, and 0 in the others: are they cut off?"
    )


def _right_or_zero(e: Evidence) -> np.ndarray | None:
    """Return the mask of right entries if all others are 0, and there are both."""
    found = e.numbers
    if found is None or found.actual.shape != found.expected.shape or found.actual.size < 3:
        return None
    right = np.abs(found.actual - found.expected) <= e.tolerance * np.max(np.abs(found.expected))
    proper = np.any(right & (found.expected != 0)) and np.all(right | (found.actual == 0))
    # All may be right to this tolerance where the task's own is finer.
    return right if proper and not right.all() else None


def clipped(e: Evidence) -> str | None:
    """Return a sentence if everything beyond a bound sits at the bound."""
    found = e.numbers
    if found is None or found.actual.shape != found.expected.shape or variety(found.expected) < 3:
        return None
    low, high = float(found.actual.min()), float(found.actual.max())
    beyond = (found.expected < low) | (found.expected > high)
    if not (1 < beyond.sum() < beyond.size and variety(found.actual) > 2):
        return None
    if not e.explains(np.clip(found.expected, low, high)):
        return None
    below, above = bool(np.any(found.expected < low)), bool(np.any(found.expected > high))
    bounds = [f"below {low:.4g}"] * below + [f"above {high:.4g}"] * above
    return f"`{e.output}` is clipped: what should lie {' or '.join(bounds)} is cut off there."


def wrong_where(e: Evidence) -> str | None:
    """Return a sentence if just the entries are wrong at which some input is negative, zero or positive."""
    found, wrong = e.numbers, e.comparison.wrong
    if found is None or e.comparison.problem != "value" or wrong is None or wrong.size < 4:
        return None
    if not 1 < wrong.sum() < wrong.size:
        return None
    for name, value in e.case.inputs.items():
        if isinstance(value, np.ndarray) and value.shape == wrong.shape and value.dtype.kind == "f":
            for sign, mask in (("< 0", value < 0), ("> 0", value > 0), ("= 0", value == 0)):
                if np.array_equal(mask, wrong):
                    return f"`{e.output}` is wrong just where `{name}` {sign}, and right elsewhere."
    for axis in range(wrong.ndim if wrong.ndim > 1 else 0):
        other = tuple(i for i in range(wrong.ndim) if i != axis)
        some, whole = np.any(wrong, axis=other), np.all(wrong, axis=other)
        if np.array_equal(some, whole) and some.sum() == 1 and len(some) > 2:
            return f"`{e.output}` is wrong just at index {int(np.argmax(some))} of axis {axis}, and right elsewhere."
    return None


def only_at_given_shape(e: Evidence) -> str | None:
    """Return a sentence if the case printed in the notebook is right and no other is."""
    rows = [r for r in e.same_output if not r.case.edge]
    given, others = [r for r in rows if r.case.given], [r for r in rows if not r.case.given]
    if e.case.given or not given or not others or not all(r.ok for r in given) or any(r.ok for r in others):
        return None
    text = f"`{e.output}` is right only at the shape given in the notebook"
    elsewhere = [r for r in e.rows if r.output != e.output and not r.case.given and not r.case.edge]
    if not any(all(r.ok for r in elsewhere if r.output == name) for name in {r.output for r in elsewhere}):
        return f"{text}: take every size from the inputs, none as a number."
    # Code that makes another output right at every shape may have another fault, of which the author knows more.
    if e.task.hints.get(e.output):
        return None
    return (
        f"{text}, while another output is right in every case: is a size written as a number, "
        "or is a step wrong that only the other cases need?"
    )


def crashes_beyond_given_shape(e: Evidence) -> str | None:
    """Return a sentence if the code ends in an error in every case but the one printed in the notebook."""
    return only_at_given_shape(e) if e.answer.failure is not None else None

"""No number at all, or one of the wrong kind: still the stub, NaN, integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autograder.mistakes.evidence import Evidence, fits
from autograder.mistakes.raised import explain_failure

__all__ = [
    "changed_in_place",
    "integers",
    "not_finite",
    "not_reached",
    "nothing_returned",
    "overflow_elsewhere",
    "too_coarse",
]


def not_reached(e: Evidence) -> str | None:
    """Return what the error means if the code ended in one."""
    return explain_failure(e.answer.failure) if e.answer.failure is not None else None


def changed_in_place(e: Evidence) -> str | None:
    """Return a sentence if the value is right, and what had to stay as it was did not."""
    return f"{e.comparison.message}: make a new array instead." if e.comparison.problem == "changed" else None


def nothing_returned(e: Evidence) -> str | None:
    """Return a sentence if the value is None."""
    if e.comparison.problem != "missing":
        return None
    if all(v is None for v in e.answer.values.values()):
        return "still the stub: the result is None"
    if e.task.kind == "module" and e.output.startswith("d"):
        of = e.output.removeprefix("d").strip() or e.output
        return f"no gradient arrives at `{of}`: `forward` does not use it, or leaves autograd (detach, no_grad, .data)."
    return f"`{e.output}` is still None: is this part of the stub still to be done?"


def not_finite(e: Evidence) -> str | None:
    """Return a sentence on NaN and infinities where finite numbers are due."""
    if e.comparison.problem != "not finite" or e.numbers is None:
        return None
    actual = e.numbers.actual
    what = "NaN" if np.isnan(actual).any() else "inf"
    count = int((~np.isfinite(actual)).sum())
    many = f"{count} of {actual.size} entries are {what}" if actual.size > 1 else f"it is {what}"
    text = f"`{e.output}`: {many}"
    warned = " ".join(e.answer.warned)
    large = _large_input(e)
    # PyTorch does not warn; where NumPy does, its warning says which of the two it was.
    if large and (not warned or "overflow" in warned):
        return (
            f"{text}, from an overflow: exp of an entry of `{large}` exceeds the largest float. "
            "Keep what goes into exp at 0 or below; for a softmax, subtract the maximum first, it cancels."
        )
    if "overflow" in warned:
        return f"{text}, from an overflow: a number grew beyond the largest float. Scale or subtract before it does."
    if "divide by zero encountered in log" in warned:
        return f"{text}: the logarithm of 0 was taken. Combine log and exp on paper first, or keep away from 0."
    if "divide by zero" in warned:
        return f"{text}: something was divided by 0."
    if "invalid value" in warned:
        return f"{text}: an operation has no result, such as 0/0, ∞ − ∞ or log(−1)."
    return f"{text}, where every entry is finite."


def overflow_elsewhere(e: Evidence) -> str | None:
    """Return the sentence on another output's overflow, if this output is wrong in just the cases that have one."""
    overflows = {id(r.case) for r in e.rows if r.comparison.problem == "not finite"}
    if id(e.case) not in overflows or any(r.ok == (id(r.case) in overflows) for r in e.same_output):
        return None
    for row in e.rows:
        if row.case is e.case and row.comparison.problem == "not finite":
            other = replace(e, output=row.output, comparison=row.comparison, actual=row.actual)
            sentence = not_finite(other) or ""
            if "from an overflow" in sentence:
                return sentence
    return None


def _large_input(e: Evidence) -> str:
    """Return the name of the input whose exponential is no float any more."""
    limit = np.log(np.finfo(np.float32 if e.task.arrays == "torch" else np.float64).max)
    for name, value in e.case.inputs.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.max(np.abs(value), initial=0.0) > limit:
            return name
    return ""


def integers(e: Evidence) -> str | None:
    """Return a sentence if integers or truth values came where floats are due."""
    actual, found = e.actual, e.numbers
    expected = e.expected.get(e.output)
    if not isinstance(actual, np.ndarray) or actual.dtype.kind not in "biu" or e.task.kind == "quiz":
        return None
    if found is None or not isinstance(expected, (float, np.ndarray)) or np.asarray(expected).dtype.kind != "f":
        return None
    if found.actual.shape != found.expected.shape:
        return None
    text = f"`{e.output}` has the wrong dtype, {actual.dtype} where floats are due"
    cuts = {"cut off": np.trunc, "rounded down": np.floor, "rounded": np.rint}
    for how, cut in cuts.items():
        if found.actual.any() and fits(found.actual, cut(found.expected), e.tolerance):
            return f"{text}: the right numbers were {how} to integers, as in np.zeros(..., dtype=int) or `//`."
    return f"{text}."


def too_coarse(e: Evidence) -> str | None:
    """Return a sentence if the numbers are right but for the few digits that half precision keeps."""
    actual, found = e.actual, e.numbers
    if found is None or not isinstance(actual, np.ndarray) or not _is_half(e):
        return None
    if not fits(found.actual, found.expected, 5e-2):
        return None
    return f"`{e.output}` has the wrong dtype: half precision keeps three digits, and float32 or float64 is due."


def _is_half(e: Evidence) -> bool:
    assert isinstance(e.actual, np.ndarray)
    return e.actual.dtype == np.float16 or "bfloat16" in e.answer.forms.get(e.output, "")

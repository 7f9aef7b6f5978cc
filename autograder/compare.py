"""Is one value the same as another, within what the arithmetic can promise?

Every tolerance of the grader stands here, once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["STEADY", "TOLERANCE", "Comparison", "close", "compare", "tolerance_of"]

TOLERANCE = {
    # (dtype of the result, device): error allowed, relative to the largest expected entry.
    # Far above rounding, far below any mistake: a guard such as log(p + 1e-8) still passes in float64.
    ("float64", "cpu"): 1e-6,
    ("float64", "cuda"): 1e-6,
    ("float32", "cpu"): 2e-4,
    ("float32", "cuda"): 1e-3,
    ("float16", "cpu"): 2e-2,
    ("float16", "cuda"): 2e-2,
    ("bfloat16", "cpu"): 5e-2,
    ("bfloat16", "cuda"): 5e-2,
}

STEADY = 5e-5
"""What float32 is granted where float64 is expected and the reference itself loses next to nothing in float32."""


@dataclass(frozen=True)
class Comparison:
    """How an actual value stands to the expected one.

    ``problem`` is empty where they agree, else one of ``"missing"``, ``"type"``, ``"shape"``, ``"dtype"``,
    ``"not finite"``, ``"value"``; ``error`` is the largest absolute error, ``relative`` the same over the largest
    expected entry, ``where`` the index of the worst entry and ``wrong`` the mask of wrong entries.
    """

    problem: str = ""
    message: str = ""
    error: float = 0.0
    relative: float = 0.0
    where: tuple[int, ...] | None = None
    wrong: np.ndarray | None = None
    remarks: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether the two agree."""
        return not self.problem


def tolerance_of(dtype: str, device: str = "cpu") -> float:
    """Return the relative tolerance for results of ``dtype`` computed on ``device``."""
    return TOLERANCE.get((dtype, device.split(":")[0]), TOLERANCE["float64", "cpu"])


def close(actual: Any, expected: Any, tolerance: float = 1e-6) -> bool:
    """Whether two arrays have one shape and agree, relative to the largest expected entry."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape or actual.dtype.kind not in "biuf":
        return False
    with np.errstate(all="ignore"):
        error = np.abs(actual.astype(float) - expected.astype(float))
    return bool(np.all(error <= tolerance * _scale(expected)))


def compare(
    actual: Any,
    expected: Any,
    *,
    form: str = "numpy",
    expected_form: str = "numpy",
    device: str = "cpu",
    factor: float = 1.0,
    rtol: float | None = None,
    ignore: Any = None,
) -> Comparison:
    """Compare a plain value with the expected one.

    Parameters
    ----------
    actual, expected
        Plain values, as :func:`autograder.inside.run` returns them.
    form, expected_form
        What the two were before they became plain; it says which precision to expect. Half precision is granted
        only where the expected value has it too: elsewhere it would hide small mistakes.
    factor
        Multiplies the tolerance.
    rtol
        Replaces the tolerance, whatever the dtypes: for an answer typed in by hand.
    ignore
        Mask of entries that may have any value, of ``expected``'s shape.
    """
    if actual is None:
        return _missing(form)
    if isinstance(expected, np.ndarray) or (isinstance(expected, float) and not isinstance(expected, bool)):
        expected = np.asarray(expected)
        given = np.asarray(actual).dtype.name if isinstance(actual, (np.ndarray, float)) else ""
        allowed = _allowed(_precision(given, form), _precision(expected.dtype.name, expected_form), device)
        return _compare_arrays(actual, expected, form, factor * allowed if rtol is None else rtol, ignore)
    return _compare_answers(actual, expected)


def _missing(form: str) -> Comparison:
    if form == "NoneType":
        return Comparison("missing", "it is still None")
    if form == "absent":
        return Comparison("missing", "it was not returned")
    return Comparison("type", f"an array was expected, but this is {form}")


def _compare_arrays(actual: Any, expected: np.ndarray, form: str, allowed: float, ignore: Any) -> Comparison:
    if isinstance(actual, (str, dict)) or (isinstance(actual, list) and actual != []):
        return Comparison("type", f"an array was expected, but this is a {form}")
    actual = np.asarray(actual)
    remarks = []
    if actual.shape != expected.shape:
        if not (actual.size == expected.size == 1):
            return Comparison("shape", f"shape {actual.shape}, expected {expected.shape}")
        given_shape, actual = actual.shape, actual.reshape(expected.shape)
        due = "one number" if expected.ndim == 0 else f"shape {expected.shape}"
        remarks.append(f"{due} was expected; shape {given_shape}, with one entry too, was taken for it")
    if actual.dtype.kind not in "biuf":
        return Comparison("dtype", f"dtype {actual.dtype}, expected {expected.dtype}")

    with np.errstate(all="ignore"):
        difference = actual.astype(float) - expected.astype(float)
    # Two infinities of one sign agree, as do two NaN.
    difference = np.where((actual == expected) | (_isnan(actual) & _isnan(expected)), 0.0, difference)
    if ignore is not None:
        difference = np.where(np.asarray(ignore, dtype=bool), 0.0, difference)
    error = np.abs(difference)
    wrong = ~(error <= allowed * _scale(expected))
    if not wrong.any():
        if actual.dtype.kind == "f" and expected.dtype == np.float64 and actual.dtype != np.float64:
            remarks.append(f"the result is {actual.dtype}; float64 was expected")
        return Comparison(error=float(error.max(initial=0.0)), remarks=tuple(remarks))

    worst = np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, error))), error.shape)
    where = tuple(int(i) for i in worst)
    if not np.all(np.isfinite(actual)) and np.all(np.isfinite(expected)):
        bad = "NaN" if _isnan(actual).any() else "inf"
        message = f"{int((~np.isfinite(actual)).sum())} of {actual.size} entries are {bad}"
        return Comparison("not finite", message, math.inf, math.inf, where, wrong)
    largest = float(error[worst])
    if actual.dtype.kind != "f" and expected.dtype.kind == "f" and expected.ndim:
        message = f"dtype {actual.dtype}, expected {expected.dtype}"
        return Comparison("dtype", message, largest, largest / _scale(expected), where, wrong)
    message = f"{int(wrong.sum())} of {wrong.size} entries are wrong" if wrong.size > 1 else "the value is wrong"
    return Comparison("value", message, largest, largest / _scale(expected), where, wrong)


def _allowed(given: str, due: str, device: str) -> float:
    """The coarser of the two decides: float32 code is not asked for float64's digits, nor a float64 copy of it."""
    granted = given if given == "float32" else due
    return max(tolerance_of(granted, device), tolerance_of(due, device))


def _precision(dtype: str, form: str) -> str:
    """Return the dtype that decides the tolerance: NumPy has no bfloat16, so it comes as float32."""
    return "bfloat16" if form == "torch bfloat16" and dtype == "float32" else dtype


def _compare_answers(actual: Any, expected: Any) -> Comparison:
    """Compare answers that are not arrays: truth values, whole numbers, words, tuples of them."""
    if isinstance(actual, np.ndarray) and actual.dtype.kind in "biuf":
        actual = actual.tolist()
    if isinstance(expected, (list, tuple)):
        actual, expected = (list(v) if isinstance(v, (list, tuple)) else v for v in (actual, expected))
    if isinstance(expected, str) and isinstance(actual, str):
        actual, expected = actual.strip().lower(), expected.strip().lower()
    if isinstance(expected, bool) and not isinstance(actual, bool):
        return Comparison("type", "True or False was expected")
    try:
        same = bool(actual == expected)
    except ValueError:  # a list that holds arrays
        same = False
    if same:
        return Comparison()
    return Comparison("value", "the answer is wrong", math.nan, math.nan)


def _isnan(a: np.ndarray) -> Any:
    return np.isnan(a) if a.dtype.kind == "f" else np.zeros(a.shape, bool)


def _scale(expected: np.ndarray) -> float:
    """Return the largest finite entry of ``expected``, the size against which an error is measured."""
    finite = np.abs(expected[np.isfinite(expected)]).astype(float)
    return float(finite.max(initial=0.0)) or 1.0

"""Right but for a number: the sign, a factor, a constant added, also where the array is transposed as well.

One mistake makes one mark in every case, so a factor counts only if the same name for it (N, ½, `reg`, …) fits all
ordinary cases: 2 at a batch of two may be N or 2, but 5 at a batch of five is N.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from autograder.mistakes.evidence import Evidence, fits, upstream_names, variety
from autograder.task import Case

__all__ = ["constant_offset", "factor", "sign", "transposed", "transposed_and_scaled"]

View = Callable[[np.ndarray], "np.ndarray | None"]


def sign(e: Evidence) -> str | None:
    """Return a sentence if every number has the wrong sign."""
    ratios = _ratios(e, lambda a: a)
    if ratios is None or not all(_same(r, -1.0, e) for _, r in ratios):
        return None
    what = "it" if e.numbers is not None and e.numbers.expected.size == 1 else "every entry"
    return f"`{e.output}` has the wrong sign: {what} is minus what is due."


def factor(e: Evidence) -> str | None:
    """Return a sentence if one factor is missing or extra, whatever the sign."""
    if e.task.kind == "quiz":  # naming the factor would give the answer away
        return None
    found = _factor(e, lambda a: a)
    if not found:
        return None
    upstream = upstream_names(e.case)
    if upstream and "an extra factor 1/N" in found:
        return f"`{e.output}` {found}. The 1/N of a mean belongs to the loss, and arrives here inside `{upstream[0]}`."
    return f"`{e.output}` {found}."


def transposed(e: Evidence) -> str | None:
    """Return a sentence if the array is the right one with its axes in another order."""
    if e.numbers is None or e.numbers.expected.ndim < 2:
        return None
    expected = e.numbers.expected
    if expected.ndim == 2:
        flat = [p for p in e.alike if p.expected.ndim == 2]
        if not e.explains(expected.T) or not all(fits(p.actual, p.expected.T, e.tolerance) for p in flat):
            return None
        return f"`{e.output}` is transposed: {_due_shape(e)}."
    if expected.ndim > 5:
        return None
    for order in _orders(expected.ndim):
        if e.explains(np.transpose(expected, order)):
            axes = ", ".join(map(str, np.argsort(order)))
            return f"`{e.output}` is transposed: its axes are in the wrong order; transpose it with ({axes})."
    return None


def transposed_and_scaled(e: Evidence) -> str | None:
    """Return a sentence if the array is transposed, and its sign or a factor is wrong too."""
    if e.numbers is None or e.numbers.expected.ndim != 2 or min(e.numbers.expected.shape) < 2:
        return None
    ratios = _ratios(e, lambda a: a.T if a.ndim == 2 else None)
    if ratios is not None and all(_same(r, -1.0, e) for _, r in ratios):
        return f"`{e.output}` is transposed and has the wrong sign: {_due_shape(e)}."
    found = _factor(e, lambda a: a.T if a.ndim == 2 else None)
    return f"`{e.output}` is transposed ({_due_shape(e)}), and {found}." if found else None


def constant_offset(e: Evidence) -> str | None:
    """Return a sentence if one constant is added to every entry."""
    if e.task.kind == "quiz" or e.numbers is None or variety(e.numbers.expected) < 2:
        return None
    offsets = []
    for pair in e.alike:
        if pair.actual.shape != pair.expected.shape or pair.actual.size == 0:
            return None
        offsets.append(float(np.mean(pair.actual - pair.expected)))
        if not fits(pair.actual, pair.expected + offsets[-1], e.tolerance):
            return None
    if not e.explains(e.numbers.expected + offsets[0]) or not all(_same(o, offsets[0], e) for o in offsets):
        return None
    side = "large" if offsets[0] > 0 else "small"
    return f"`{e.output}` has a constant offset: every entry is too {side} by {abs(offsets[0]):.4g}."


# ---------------------------------------------------------------------------------------------------------------
# Ratios and the names they may have


@dataclass(frozen=True)
class _Quantity:
    """A number that may have slipped in or out of a formula, and how each of the two is said."""

    key: str
    value: float
    too_large: str
    too_small: str


def _factor(e: Evidence, view: View) -> str:
    """Return ``"is 5 times too large: a missing factor 1/N (N = 5, the batch size)"`` or nothing."""
    ratios = _ratios(e, view)
    if ratios is None or e.numbers is None or len({r > 0 for _, r in ratios}) > 1:
        return ""
    sizes = [(c, abs(r)) for c, r in ratios]
    first = sizes[0][1]
    if _same(first, 1.0, e):
        return ""
    also = ", and the sign is wrong too" if ratios[0][1] < 0 else ""
    names = _names(sizes, e)
    if names:
        plain = not any(n in names[0] for n in ("½", "⅓", "¼"))
        return f"is {_how_much(first, plain=plain)}: {', or '.join(names)}{also}"
    # One number alone is always some multiple of another: a constant needs more to be believed.
    enough = variety(e.numbers.expected) > 1 or len(sizes) > 1
    if enough and all(_same(r, first, e) for _, r in sizes):
        return (
            f"is {first:.4g} times what is due: an extra factor {first:.4g}, or a missing factor {1 / first:.4g}{also}"
        )
    return ""


def _ratios(e: Evidence, view: View) -> list[tuple[Case, float]] | None:
    """Return actual / view(expected) in each case; None if it is not one number in one of them."""
    if e.numbers is None:
        return None
    ratios = []
    for pair in e.alike:
        due = view(pair.expected)
        if due is None or due.shape != pair.actual.shape:
            return None
        if not due.any():
            if pair.actual.any():
                return None
            continue
        ratio = float(np.vdot(due, pair.actual) / np.vdot(due, due))
        if not math.isfinite(ratio) or ratio == 0.0 or not fits(pair.actual, ratio * due, e.tolerance):
            return None
        ratios.append((pair.case, ratio))
    mine = view(e.numbers.expected)
    if not ratios or ratios[0][0] is not e.case or mine is None or not e.explains(ratios[0][1] * mine):
        return None
    return ratios


def _names(ratios: list[tuple[Case, float]], e: Evidence) -> list[str]:
    """Return what the ratio is called in every case, two names at most."""
    tables = [{q.key: q for q in _quantities(c, e)} for c, _ in ratios]
    names: list[str] = []
    for key, quantity in tables[0].items():
        # The length of some axis is named only where nothing plainer fits.
        if len(names) == 2 or (names and key.startswith("axis")) or not all(key in t for t in tables):
            continue
        values = [t[key].value for t in tables]
        if all(_same(r, v, e) for (_, r), v in zip(ratios, values, strict=True)):
            names.append(quantity.too_large)
        elif all(_same(r * v, 1.0, e) for (_, r), v in zip(ratios, values, strict=True)):
            names.append(quantity.too_small)
    return names


def _quantities(case: Case, e: Evidence) -> Iterator[_Quantity]:
    """Yield what a factor in this case may be, the likeliest first."""
    arrays = {k: v for k, v in case.inputs.items() if isinstance(v, np.ndarray) and v.ndim}
    whole = e.expected.get(e.output)
    scalar = np.ndim(whole) == 0 if whole is not None else False
    for key, n, meaning in _counts(arrays):
        if n < 2:
            continue
        name = f"1/{key} ({key} = {n}, {meaning})" if len(key) == 1 else f"1/{n} ({n} is {meaning})"
        large, small = f"a missing factor {name}", f"an extra factor {name}"
        if scalar:
            large, small = f"{large}, sum instead of mean", f"{small}, mean instead of sum"
        yield _Quantity(key, float(n), large, small)
        if key == "N" and n > 2:
            yield _Quantity(
                "N-1",
                n / (n - 1),
                f"a factor N/(N − 1) with N = {n}, the batch size: divided by N − 1 where N is due",
                f"a factor (N − 1)/N with N = {n}, the batch size: divided by N where N − 1 is due",
            )
    for n, fraction in ((2, "½"), (3, "⅓"), (4, "¼"), (10, "1/10"), (100, "1/100")):
        large, small = f"an extra factor {n} or a missing {fraction}", f"a missing factor {n} or an extra {fraction}"
        yield _Quantity(str(n), float(n), large, small)
    for key, value in case.inputs.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) not in {0, 1}:
            size = abs(float(value))
            yield _Quantity(
                f"`{key}`", size, f"an extra factor `{key}` ({value:g})", f"a missing factor `{key}` ({value:g})"
            )
            if 0 < value < 1:
                name = f"1 − `{key}` ({1 - value:g})"
                yield _Quantity(f"1-{key}", 1 - size, f"an extra factor {name}", f"a missing factor {name}")


def _counts(arrays: dict[str, np.ndarray]) -> Iterator[tuple[str, int, str]]:
    """Yield key, number and meaning of what a mean may divide by; a key of one letter is the field's symbol."""
    batch = next((n for n in _BATCHES if n in arrays and arrays[n].ndim > 1), None)
    batch = batch or next((n for n, a in arrays.items() if a.ndim > 1), None) or next(iter(arrays), None)
    if batch is None:
        return
    shape = arrays[batch].shape
    yield "N", shape[0], "the batch size"
    if len(shape) > 1:
        labelled = any(a.dtype.kind in "iu" and a.shape == shape[:1] for a in arrays.values())
        if labelled and len(shape) == 2:
            yield "C", shape[1], "the number of classes"
        else:
            yield "D", math.prod(shape[1:]), "the number of entries per sample"
        yield "all", arrays[batch].size, f"the number of entries of `{batch}`"
    if len(shape) == 4:
        yield "pixels", shape[2] * shape[3], "the number of pixels of a channel"
        yield "batch pixels", shape[0] * shape[2] * shape[3], "the number of pixels of a channel in the whole batch"
    for name, a in arrays.items():
        for axis, n in enumerate(a.shape):
            yield f"axis {axis} of {name}", n, f"the length of axis {axis} of `{name}`"


_BATCHES = ("x", "X", "scores", "logits", "inputs", "images", "predictions", "y_pred", "y_hat", "h", "dout")


def _same(a: float, b: float, e: Evidence) -> bool:
    return abs(a - b) <= 2 * e.tolerance * max(abs(a), abs(b))


def _how_much(ratio: float, *, plain: bool) -> str:
    if not plain and abs(ratio - 2) < 1e-3:
        return "twice too large"
    if not plain and abs(ratio - 0.5) < 1e-3:
        return "half of what is due"
    return f"{ratio:.4g} times too large" if ratio > 1 else f"{1 / ratio:.4g} times too small"


def _due_shape(e: Evidence) -> str:
    """Return ``"its shape should be that of `w`, (4, 3)"``."""
    assert e.numbers is not None
    shape = e.numbers.expected.shape
    if shape == shape[::-1]:
        return "swap its two axes"
    return f"its shape should be {f'that of `{e.of_input}`, ' if e.of_input else ''}{shape}"


def _orders(n: int) -> Iterator[tuple[int, ...]]:
    return (p for p in itertools.permutations(range(n)) if p != tuple(range(n)))

"""The values are those of something else: another output, an input, another reduction of the same numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.compare import close
from autograder.mistakes.evidence import Evidence, variety

__all__ = ["another_output", "other_function", "other_reduction", "unchanged_input"]


def another_output(e: Evidence) -> str | None:
    """Return a sentence if the value is another output's."""
    for name, value in e.expected.items():
        if name == e.output or not isinstance(value, np.ndarray) or not e.explains(value):
            continue
        mine, theirs = e.expected[e.output], e.answer.values.get(name)
        swapped = theirs is not None and close(theirs, mine, e.tolerance)
        advice = f": `{e.output}` and `{name}` are swapped, check the order in which you return them" if swapped else ""
        if e.output.startswith("d") and name.startswith("d"):
            return f"`{e.output}` holds the gradient of another input, the values of `{name}`{advice}."
        return f"`{e.output}` holds another output, the values of `{name}`{advice}."
    return None


def unchanged_input(e: Evidence) -> str | None:
    """Return a sentence if the value is one of the inputs."""
    for name, value in e.case.inputs.items():
        if isinstance(value, np.ndarray) and value.size > 1 and e.explains(value):
            return f"`{e.output}` is the unchanged input `{name}`: nothing has been computed from it."
    return None


def other_reduction(e: Evidence) -> str | None:
    """Return a sentence if both values reduce the same numbers: over another axis, or by a mean and not a sum."""
    found = e.numbers
    if found is None or found.expected.size > _MANY:
        return None
    for what, numbers in _quantities(e):
        if found.expected.size >= numbers.size:
            continue
        right = _reductions(numbers, found.expected.shape)
        due = [(op, axes) for op, axes, v in right if close(v, found.expected, e.tolerance)]
        if not due:
            continue
        for op, axes, value in _reductions(numbers, found.actual.shape):
            if e.explains(value):
                return _reduction_sentence(e.output, what, (op, axes), due[0])
    return None


def _reduction_sentence(
    output: str, what: str, given: tuple[str, tuple[int, ...]], due: tuple[str, tuple[int, ...]]
) -> str:
    instead = f"{given[0]} instead of {due[0]}"
    if given[1] != due[1]:
        also = f" ({instead}, too)" if given[0] != due[0] else ""
        return (
            f"`{output}` is the {given[0]} of {what} over the wrong axis: {_axes(given[1])}, not {_axes(due[1])}{also}."
        )
    why = {
        "sum instead of mean": "adds up where it should average",
        "mean instead of sum": "averages where it should add up",
    }
    return f"`{output}` {why.get(instead, 'is reduced in another way')}: {instead}, over {_axes(due[1])} of {what}."


def _axes(axes: tuple[int, ...]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"the axes {axes}"


_MANY = 1_000_000
_OPERATIONS: dict[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean, "maximum": np.max, "minimum": np.min}


def _quantities(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what may have been reduced: an array of the case, or two of one shape combined."""
    arrays = {n: v for n, v in e.case.inputs.items() if isinstance(v, np.ndarray)}
    arrays |= {n: v for n, v in e.expected.items() if isinstance(v, np.ndarray) and n != e.output}
    arrays = {n: v.astype(float) for n, v in arrays.items() if 0 < v.ndim <= 4 and v.dtype.kind in "biuf"}
    arrays = {n: v for n, v in arrays.items() if 1 < v.size <= _MANY}
    yield from ((f"`{n}`", v) for n, v in arrays.items())
    for (m, a), (n, b) in itertools.combinations(arrays.items(), 2):
        if a.shape == b.shape:
            yield f"`{m}` · `{n}`", a * b
            yield f"(`{m}` − `{n}`)²", (a - b) ** 2
            yield f"|`{m}` − `{n}`|", np.abs(a - b)


def _reductions(a: np.ndarray, shape: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, ...], np.ndarray]]:
    """Yield every reduction of ``a`` that has this shape."""
    for k in range(1, a.ndim + 1):
        for axes in itertools.combinations(range(a.ndim), k):
            kept = tuple(n for i, n in enumerate(a.shape) if i not in axes)
            ones = tuple(1 if i in axes else n for i, n in enumerate(a.shape))
            if shape in {kept, ones}:
                for name, operation in _OPERATIONS.items():
                    yield name, axes, np.asarray(operation(a, axis=axes)).reshape(shape)


def other_function(e: Evidence) -> str | None:
    """Return a sentence if every entry is a simple function of the right one, or the entries stand reversed."""
    found = e.numbers
    if found is None or e.task.kind == "quiz" or found.actual.shape != found.expected.shape:
        return None
    a = found.expected
    for name, function in _FUNCTIONS.items():
        if e.explains(function(a)) and all(close(p.actual, function(p.expected), e.tolerance) for p in e.alike):
            return f"`{e.output}` is {name} of what is due."
    for axes in [(i,) for i in range(min(a.ndim, 4))] + [(-2, -1)] * (a.ndim > 1):
        if e.explains(np.flip(a, axes)):
            return f"`{e.output}` runs backwards along {_axes(axes)}: the right numbers in the reverse order."
    # Among few different numbers, such as labels, any order looks like another.
    if (
        variety(a) > 3
        and variety(a) >= a.size / 2
        and np.any(a != np.rint(a))
        and e.explains(_placed_as(found.actual, a))
    ):
        return f"`{e.output}` has the right numbers in the wrong places."
    return None


_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "the absolute value": np.abs,
    "the square": np.square,
    "the square root": np.sqrt,
    "the reciprocal": np.reciprocal,
    "the exponential": np.exp,
    "the logarithm": np.log,
}


def _placed_as(actual: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the expected numbers, placed by rank as the actual ones are."""
    placed = np.empty(actual.size)
    placed[np.argsort(actual, axis=None)] = np.sort(expected, axis=None)
    return placed.reshape(actual.shape)

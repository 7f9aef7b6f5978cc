"""The value is what the reference gives when something is left out: an input, the upstream gradient, a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder import inside
from autograder.compare import close, compare, tolerance_of
from autograder.mistakes.evidence import Evidence, fits, upstream_names
from autograder.task import Case
from autograder.verdict import Row

__all__ = ["as_if", "known_to_the_task", "not_deterministic", "other_axis", "upstream_ignored"]


def known_to_the_task(e: Evidence) -> str | None:
    """Return the task's own sentence for a wrong variant that gives just this value.

    Where several do, those are left that spoil the fewest outputs which the student has right in this case; of these
    it is the one that fits most cases, and then the one that gives most of the other outputs, too. One number alone,
    which much may give by chance, must be the variant's in all cases.
    """
    here = Row(e.output, e.case, e.comparison, e.actual)
    rows = [r for r in e.same_output if r.actual is not None and not r.case.edge]
    fitting = [(s, v) for s, v in e.task.mistakes.items() if _gives(e, v, here)]
    if e.numbers is None or e.numbers.actual.size == 1:
        fitting = [(s, v) for s, v in fitting if all(_gives(e, v, r) for r in rows)]
    spoilt = [_spoilt(e, variant) for _, variant in fitting]
    # A function's value and its gradient are written one by one, and one of them may have a mistake that the variant
    # makes in both. A network with another layer left out or added has nothing right.
    fewest = 0 if e.task.kind == "module" else min(spoilt, default=0)
    fitting = [f for f, count in zip(fitting, spoilt, strict=True) if count == fewest]
    if len(fitting) < 2:
        return fitting[0][0] if fitting else None
    return max(fitting, key=lambda f: (sum(_gives(e, f[1], r) for r in rows), _reproduced(e, f[1])))[0]


def _spoilt(e: Evidence, variant: Callable[..., Any]) -> int:
    """Return how many outputs of this case a wrong variant gives in another way, which the student has right."""
    count = 0
    for row in e.rows:
        if row.case is not e.case or row.output == e.output or not row.ok:
            continue
        value = _run(e, variant, row.case).get(row.output)
        ignore = row.case.ignore.get(row.output)
        count += value is not None and not compare(value, row.expected, factor=e.task.tolerance, ignore=ignore).ok
    return count


def _reproduced(e: Evidence, variant: Callable[..., Any]) -> int:
    """Return in how many ordinary cases, and in this one, a wrong variant gives the student's outputs."""
    rows = (r for r in e.rows if r.actual is not None and (r.case is e.case or not r.case.edge))
    return sum(_gives(e, variant, r) for r in rows)


def _run(e: Evidence, variant: Callable[..., Any], case: Case) -> Mapping[str, Any]:
    """Return the outputs of a wrong variant of the probe, run on the reference."""
    if (variant, id(case)) not in e.runs:
        e.runs[variant, id(case)] = inside.run(variant, e.reference(), case.inputs, **_how(e), seed=case.seed).values
    return e.runs[variant, id(case)]


def _gives(e: Evidence, variant: Callable[..., Any], row: Row) -> bool:
    """Whether a wrong variant returns what the student's code did."""
    value = _run(e, variant, row.case).get(row.output)
    if row.case is e.case and row.output == e.output and e.numbers is not None:
        return value is not None and e.explains(value)
    try:
        given, guess = np.asarray(row.actual), np.asarray(value)
    except ValueError:  # lists of several lengths
        return False
    if given.dtype.kind in "iuf" and guess.dtype.kind in "iuf":
        # A case in float32 is as rough as float32, even where what comes of it is one built-in number.
        dtypes = [str(v.dtype) for v in row.case.inputs.values() if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
        tolerance = max([e.tolerance, *(tolerance_of(dtype, "cuda") for dtype in dtypes)])
        return fits(given.astype(float), guess.astype(float), tolerance)
    return type(row.actual) is type(value) and given.shape == guess.shape and bool(np.all(given == guess))


def not_deterministic(e: Evidence) -> str | None:
    """Return a sentence if the same question was answered differently, though the reference answers it alike."""
    if e.again is None or e.task.probe is None or e.actual is None:
        return None
    before, now = np.asarray(e.actual), e.again.values.get(e.output)
    if e.again.failure is None and (now is None or _alike(before, np.asarray(now), e.tolerance)):
        return None
    expected = np.asarray(e.expected[e.output])
    for seed in (e.case.seed ^ 0x5EED, e.case.seed ^ 0xBEEF):
        other = inside.run(e.task.probe, e.reference(), e.case.inputs, **_how(e), seed=seed).values.get(e.output)
        if other is None or not _alike(expected, np.asarray(other), e.tolerance):
            return None
    return (
        f"`{e.output}` is not deterministic: the same inputs gave another result when asked again. "
        "Are there random numbers in it, or something kept from the call before?"
    )


def upstream_ignored(e: Evidence) -> str | None:
    """Return a sentence if the upstream gradient was taken for ones."""
    names = upstream_names(e.case)
    for chosen in ([n] for n in names) if len(names) < 2 else [*([n] for n in names), names]:
        changed = {n: np.ones_like(e.case.inputs[n]) for n in chosen}
        if e.explains(_with(e, changed)):
            listed = " and ".join(f"`{n}`" for n in chosen)
            return f"the upstream gradient is ignored: `{e.output}` is the local derivative alone, without {listed}."
    return None


def as_if(e: Evidence) -> str | None:
    """Return a sentence if the value is right for other inputs: one of them 0 or 1, or a switch turned."""
    silent: list[str] = []
    for what, change, changed in _changes(e):
        if not e.explains(_with(e, changed)):
            continue
        if change == "0":
            silent.append(what)
            continue
        return f"`{e.output}` is what comes out with {what} = {change}: {_advice(what, change)}."
    if not silent:
        return None
    listed = " or ".join(silent[:2])
    return f"`{e.output}` does not use {listed}: it is what comes out with {listed} = 0."


def _advice(what: str, change: str) -> str:
    if change in {"True", "False"}:
        return f"is {what} used, or used the wrong way round"
    return f"it does not use {what}"


def other_axis(e: Evidence) -> str | None:
    """Return a sentence if rows and columns of all inputs change roles, as in a softmax down the columns."""
    arrays = {n: v for n, v in e.case.inputs.items() if isinstance(v, np.ndarray) and v.ndim}
    if not arrays or any(v.ndim != 2 or min(v.shape) < 2 for v in arrays.values()):
        return None
    value = _with(e, {n: np.ascontiguousarray(v.T) for n, v in arrays.items()})
    if value is None or np.ndim(value) != 2 or not e.explains(np.asarray(value).T):
        return None
    return f"`{e.output}` works along the wrong axis: rows and columns have changed roles (axis 0 for axis 1)."


def _changes(e: Evidence) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield an input, what it is changed to, and the changed inputs."""
    upstream = upstream_names(e.case)
    names = e.case.inputs.get("parameter_names", ())
    for name, value in e.case.inputs.items():
        if isinstance(value, bool):
            yield f"`{name}`", str(not value), {name: not value}
        elif isinstance(value, (int, float)):
            for n in (0, 1):
                if value != n:
                    yield f"`{name}`", str(n), {name: type(value)(n)}
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f" and name not in upstream:
            yield f"`{name}`", "0", {name: np.zeros_like(value)}
            yield f"`{name}`", "1", {name: np.ones_like(value)}
        elif name == "parameters" and len(value) == len(names):
            for i, parameter in enumerate(value):
                silent = [*value[:i], np.zeros_like(parameter), *value[i + 1 :]]
                yield f"`{names[i]}`", "0", {name: silent}
    for name in upstream if len(upstream) > 1 else ():
        yield f"`{name}`", "0", {name: np.zeros_like(e.case.inputs[name])}


def _with(e: Evidence, changed: Mapping[str, Any]) -> Any:
    return e.rerun({**e.case.inputs, **changed}).get(e.output)


def _how(e: Evidence) -> dict[str, Any]:
    return {"kind": e.task.kind, "arrays": e.task.arrays}


def _alike(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf":
        return bool(a.shape == b.shape and np.all(a == b))
    finite = np.isfinite(a.astype(float))
    if a.shape != b.shape or not np.array_equal(finite, np.isfinite(b.astype(float))):
        return False
    return close(np.where(finite, a, 0), np.where(finite, b, 0), tolerance)

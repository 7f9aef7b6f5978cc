"""Mistakes of parts 6 and 7: the logistic map, symbolic differentiation, counting passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex02_computing_gradients.mistakes import Mistakes

Array = np.ndarray


def _terms(x: Any) -> tuple[Any, ...]:
    """Return the four terms of the product rule for 64 x (1 − x) a² b²."""
    a, b = 1 - 2 * x, 1 - 8 * x + 8 * x**2
    return (
        64 * (1 - x) * a**2 * b**2,
        -64 * x * a**2 * b**2,
        64 * x * (1 - x) * 2 * a * -2 * b**2,
        64 * x * (1 - x) * a**2 * 2 * b * (16 * x - 8),
    )


def _combined(combine: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, x: {"slope": combine(*_terms(x))}


def _logistic(x: Any) -> Any:
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


SLOPE_BY_HAND: Mistakes = {
    "the factor 64 is lost.": _combined(lambda *terms: sum(terms) / 64),
    "the term of the factor x is missing.": _combined(lambda _p, q, r, s: q + r + s),
    "the term of the factor 1 − x is missing.": _combined(lambda p, _q, r, s: p + r + s),
    "the term of the factor (1 − 2x)² is missing.": _combined(lambda p, q, _r, s: p + q + s),
    "the term of the factor (1 − 8x + 8x²)² is missing.": _combined(lambda p, q, r, _s: p + q + r),
    "the derivative of 1 − x is −1: its term has the wrong sign.": _combined(lambda p, q, r, s: p - q + r + s),
    "the inner derivative of (1 − 2x)² is −2, and is missing.": _combined(lambda p, q, r, s: p + q - r / 2 + s),
    "the inner derivative of (1 − 2x)² is −2, with a minus.": _combined(lambda p, q, r, s: p + q - r + s),
    "the inner derivative of (1 − 8x + 8x²)² is 16x − 8, and is missing.": lambda _, x: {
        "slope": sum(_terms(x)[:3]) + _terms(x)[3] / (16 * x - 8)
    },
    "the inner derivative of (1 − 8x + 8x²)² is 16x − 8, not 8x − 8.": lambda _, x: {
        "slope": sum(_terms(x)[:3]) + _terms(x)[3] * (8 * x - 8) / (16 * x - 8)
    },
    "the 2 of the squares is missing: (u²)′ = 2uu′.": _combined(lambda p, q, r, s: p + q + (r + s) / 2),
    "this is the value of f, not its slope.": lambda _, x: {"slope": _logistic(x)},
}


def _flawed(
    product: Callable[..., float] = lambda u, du, v, dv: du * v + u * dv,
    difference: Callable[[float, float], float] = lambda du, dv: du - dv,
    constant: float = 0.0,
) -> Callable[..., dict[str, Any]]:
    """Return the value of a derivative by other rules than those of calculus."""

    def variant(_: Any, formula: list[Any], at: Array) -> dict[str, Any]:
        slopes = []
        for x in at:
            stack: list[tuple[float, float]] = []
            for part in formula:
                if part not in ("+", "-", "*"):
                    stack.append((float(x), 1.0) if part == "x" else (part, constant))
                    continue
                (v, dv), (u, du) = stack.pop(), stack.pop()
                values = {"+": u + v, "-": u - v, "*": u * v}
                slope = {"+": du + dv, "-": difference(du, dv), "*": product(u, du, v, dv)}
                stack.append((values[part], slope[part]))
            slopes.append(stack[0][1])
        return {"slope": np.array(slopes)}

    return variant


DIFFERENTIATE: Mistakes = {
    "the derivatives of the two factors are multiplied: (u · v)′ is u′ · v + u · v′.": _flawed(
        product=lambda _u, du, _v, dv: du * dv
    ),
    "half of the product rule is missing: (u · v)′ is u′ · v + u · v′.": _flawed(product=lambda _u, du, v, _dv: du * v),
    "only the second half of the product rule is there: (u · v)′ is u′ · v + u · v′.": _flawed(
        product=lambda u, _du, _v, dv: u * dv
    ),
    "the product rule has a plus, u′ · v + u · v′; the minus is the quotient's.": _flawed(
        product=lambda u, du, v, dv: du * v - u * dv
    ),
    "each derivative stays with the other factor: u′ · v + u · v′, and not u · u′ + v · v′.": _flawed(
        product=lambda u, du, v, dv: u * du + v * dv
    ),
    "a difference is differentiated like a sum: (u − v)′ is u′ − v′.": _flawed(difference=lambda du, dv: du + dv),
    "the difference is the wrong way round: (u − v)′ is u′ − v′.": _flawed(difference=lambda du, dv: dv - du),
    "the derivative of a number is 0, not 1.": _flawed(constant=1.0),
}


def _rounds(update: Callable[[float, float], tuple[float, float]]) -> Callable[..., dict[str, Any]]:
    def variant(_: Any, x: float, rounds: int) -> dict[str, Any]:
        v, dv = x, 1.0
        for _round in range(rounds):
            v, dv = update(v, dv)
        return {"v": v, "dv": dv}

    return variant


def _after(v: float, dv: float) -> tuple[float, float]:
    new = 4 * v * (1 - v)
    return new, 4 * dv - 8 * new * dv


def _off(by: int) -> Callable[..., dict[str, Any]]:
    def variant(impl: Any, x: float, rounds: int) -> dict[str, Any]:
        v, dv = impl.slope_alongside(x, max(0, rounds + by))
        return {"v": float(v), "dv": float(dv)}

    return variant


SLOPE_ALONGSIDE: Mistakes = {
    "dv is computed from the new v: update both at once, from the old one.": _rounds(_after),
    "the slope of the last round alone: multiply it by the dv that came in.": _rounds(
        lambda v, _: (4 * v * (1 - v), 4 - 8 * v)
    ),
    "dv is added up: the slopes of the rounds are multiplied.": _rounds(
        lambda v, dv: (4 * v * (1 - v), dv + 4 - 8 * v)
    ),
    "4v² has the slope 8v, not 4v.": _rounds(lambda v, dv: (4 * v * (1 - v), 4 * dv - 4 * v * dv)),
    "the factor dv is missing behind 8v.": _rounds(lambda v, dv: (4 * v * (1 - v), 4 * dv - 8 * v)),
    "these are always three rounds: how many there are is the second argument.": lambda impl, x, **_: dict(
        zip(("v", "dv"), map(float, impl.slope_alongside(x, 3)), strict=True)
    ),
    "there is one round too few.": _off(-1),
    "there is one round too many.": _off(1),
}

PASSES: Mistakes = {
    "one run is missing: n in which an input is moved, and that one in which none is.": lambda _impl, n, m: {  # noqa: ARG005
        "one-sided": n
    },
    "the run where nothing is moved serves all inputs: it is needed once.": lambda _impl, n, m: {  # noqa: ARG005
        "one-sided": 2 * n
    },
    "central differences take two runs per input.": lambda _impl, n, m: {"central": n},  # noqa: ARG005
    "central differences do not use the run where nothing is moved.": lambda _impl, n, m: {"central": 2 * n + 1},  # noqa: ARG005
    "all outputs are read off the same run: do not multiply by m.": lambda _impl, n, m: {
        "one-sided": (n + 1) * m,
        "central": 2 * n * m,
        "forward": n * m,
    },
    "forward mode follows an input, reverse mode an output: here it is the other way round.": lambda _impl, n, m: {
        "forward": m,
        "reverse": n,
        "better": "reverse" if n < m else "forward",
    },
    "one backward pass yields the slopes of one output alone: there are m.": lambda _impl, n, m: {  # noqa: ARG005
        "reverse": 1
    },
    "a backward pass reaches all inputs: do not multiply by n.": lambda _impl, n, m: {"reverse": n * m},
}

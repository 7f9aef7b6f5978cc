"""Parts 6 and 7: the logistic map by hand, symbolically and with its slope alongside; what gradients cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex02_computing_gradients import way_mistakes as mistakes
from autograder.tasks.ex02_computing_gradients.by_hand import FORBIDDEN, signed


def _hand_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("one number", given=True, x=0.2)
    yield case("five numbers", x=rng.uniform(0.02, 0.98, 5))
    yield case("a matrix", x=rng.uniform(0.02, 0.98, (3, 4)))
    yield case("beyond the interval", x=rng.uniform(3.0, 6.0, 3))


@task(
    points=2,
    cases=_hand_cases,
    mistakes=mistakes.SLOPE_BY_HAND,
    tolerance=1e-4,
    forbid=(*FORBIDDEN, "numpy.gradient"),
    hints={
        "slope": "the product rule: one term for each of the four factors, in which that factor is differentiated. "
        "A slope that is measured has too few digits."
    },
)
def slope_by_hand(impl: Any, x: Any) -> dict[str, Any]:
    """The slope of the logistic map's closed form, to more digits than a measurement has."""
    return {"slope": impl.slope_by_hand(x)}


def _formula(rng: np.random.Generator, depth: int) -> list[Any]:
    """Draw a formula of this depth as a list in which an operation follows its two formulas."""
    if depth == 0:
        return ["x"] if rng.random() < 0.6 else [round(signed(rng), 2)]
    sign = str(rng.choice(["+", "-", "*", "*"]))
    return [*_formula(rng, depth - 1), *_formula(rng, depth - 1 - int(depth > 1 and rng.random() < 0.3)), sign]


def _formula_cases(rng: np.random.Generator) -> Iterator[Case]:
    at = rng.uniform(-1.5, 1.5, 4)
    yield case("4x(1 − x)", given=True, formula=[4, "x", "*", 1, "x", "-", "*"], at=at)
    yield case("a product of a sum and a difference", formula=["x", 3, "+", 2, "x", "-", "*"], at=at)
    yield case("a square minus a multiple", formula=["x", "x", "*", 5, "x", "*", "-"], at=at)
    for name, depth in (("a drawn formula", 3), ("a larger one", 4)):
        # A factor x(1.3 − x) makes sure that no constant is drawn.
        formula = [*_formula(rng, depth), "x", 1.3, "x", "-", "*", "*", "x", "x", "*", "x", "*", "+"]
        yield case(name, formula=formula, at=at)
    yield case("x alone", edge="a formula without operation", formula=["x"], at=at)
    yield case("a number alone", edge="a constant", formula=[7.5], at=at)


@task(
    points=3,
    cases=_formula_cases,
    mistakes=mistakes.DIFFERENTIATE,
    forbid=("sympy", *FORBIDDEN),
    hints={"slope": "(u + v)′ = u′ + v′, (u − v)′ = u′ − v′, (u · v)′ = u′ · v + u · v′, x′ = 1, and numbers have 0."},
)
def differentiate(impl: Any, formula: list[Any], at: np.ndarray) -> dict[str, Any]:
    """The derivative of a formula, evaluated: any form that is equal is right."""

    def evaluate(tree: Any, x: float) -> float:
        if isinstance(tree, (tuple, list)) and len(tree) == 3 and tree[0] in ("+", "-", "*"):
            u, v = evaluate(tree[1], x), evaluate(tree[2], x)
            return {"+": u + v, "-": u - v, "*": u * v}[tree[0]]
        if isinstance(tree, str) and tree == "x":
            return x
        if isinstance(tree, (int, float)) and not isinstance(tree, bool):
            return float(tree)
        lacks = " (does one of the cases lack its `return`?)" if tree is None else ""
        msg = f"the derivative contains {str(tree)[:40]}, which is no formula{lacks}"
        raise ValueError(msg)

    stack: list[Any] = []
    for part in formula:
        operation = part in ("+", "-", "*")
        v, u = (stack.pop(), stack.pop()) if operation else (None, None)
        stack.append((part, u, v) if operation else part)
    derivative = impl.differentiate(stack[0])
    if derivative is None:
        return {"slope": None}
    return {"slope": np.array([evaluate(derivative, float(x)) for x in at])}


def _start(rng: np.random.Generator, rounds: int) -> float:
    """Draw x so that neither the value nor the slope after the rounds is near 0, where rounding counts for much.

    With x = sin²φ the value is sin²(2ⁿφ), and the slope a multiple of sin(2·2ⁿφ).
    """
    while True:
        x = float(rng.uniform(0.05, 0.95))
        if abs(np.sin(2 * 2**rounds * np.arcsin(np.sqrt(x)))) > 0.3:
            return x


def _alongside_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("one round", given=True, x=0.2, rounds=1)
    for name, rounds in (("two rounds", 2), ("three rounds", 3), ("five rounds", 5)):
        yield case(name, x=_start(rng, rounds), rounds=rounds)
    yield case("no round", edge="no round at all", x=float(rng.uniform(0.05, 0.95)), rounds=0)


@task(
    points=2,
    cases=_alongside_cases,
    mistakes=mistakes.SLOPE_ALONGSIDE,
    tolerance=1e-2,
    forbid=FORBIDDEN,
    hints={
        "v": "in every round v becomes 4v(1 − v).",
        "dv": "dv starts at 1, and in every round becomes 4dv − 8v·dv, with the v from before the round.",
    },
)
def slope_alongside(impl: Any, x: float, rounds: int) -> dict[str, Any]:
    """The logistic map with its slope."""
    v, dv = impl.slope_alongside(x, rounds)
    return {"v": v if v is None else float(v), "dv": dv if dv is None else float(dv)}


def _pass_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three inputs, one output", given=True, n=3, m=1)
    yield case("many inputs, few outputs", n=int(rng.integers(100, 10_000)), m=int(rng.integers(2, 20)))
    yield case("few inputs, many outputs", n=int(rng.integers(3, 20)), m=int(rng.integers(100, 10_000)))


@task(
    points=2,
    cases=_pass_cases,
    mistakes=mistakes.PASSES,
    hints={
        "one-sided": "one run for every input that is moved, and one where none is.",
        "central": "every input is moved to both sides.",
        "forward": "one run follows one input, to all outputs.",
        "reverse": "one backward pass follows one output, to all inputs.",
        "better": "forward mode counts inputs, reverse mode counts outputs: which are fewer?",
    },
)
def passes(impl: Any, n: int, m: int) -> dict[str, Any]:
    """How many passes each way takes for n inputs and m outputs."""
    return {
        "one-sided": impl.runs_one_sided(n, m),
        "central": impl.runs_central(n, m),
        "forward": impl.runs_forward(n, m),
        "reverse": impl.passes_reverse(n, m),
        "better": impl.better_mode(n, m),
    }


why_reverse_mode = written("why_reverse_mode", points=2)

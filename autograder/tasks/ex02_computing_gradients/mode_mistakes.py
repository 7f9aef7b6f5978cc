"""Mistakes of parts 3 to 5: the local rules, the engine for reverse mode, dual numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex02_computing_gradients.mistakes import Mistakes

Array = np.ndarray


def _powers(positive: Array, n: list[float], whole: int, x: Array, slope: Callable[[Array, Array], Array]) -> Array:
    """Return ``slope(base, exponent)`` for all the bases and exponents of the task, in its order."""
    return slope(np.concatenate([positive, x]), np.array([*n, *[whole] * len(x)]))


def _power(slope: Callable[[Array, Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, positive, n, whole, at=None: {  # noqa: ARG005
        "slope of power": _powers(positive, n, whole, x, slope)
    }


def _of_x(output: str, slope: Callable[[Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, **_rest: {output: slope(x)}


def _of_relu(output: str, slope: Callable[[Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, at=None, **_rest: {output: slope(x if at is None else at)}


LOCAL_RULES: Mistakes = {
    "the power rule does not hold for eˣ, whose variable is the exponent: eˣ is its own slope.": _of_x(
        "slope of exp", lambda x: x * np.exp(x - 1)
    ),
    "the square is missing: the slope of 1/x is −1/x².": _of_x("slope of reciprocal", lambda x: -1 / x),
    "this is 1/log x: the slope of log x is 1/x.": lambda _impl, positive, **_: {"slope of log": 1 / np.log(positive)},
    "this is the logarithm of base 10: math.log is the natural one.": lambda _impl, positive, **_: {
        "log": np.log10(positive)
    },
    "the output is not squared: the slope is 1 − tanh².": _of_x("slope of tanh", lambda x: 1 - np.tanh(x)),
    "x is squared, not the output: the slope is 1 − tanh²(x).": _of_x("slope of tanh", lambda x: 1 - x**2),
    "this is the sigmoid's slope, t(1 − t): that of tanh is 1 − t².": _of_x(
        "slope of tanh", lambda x: np.tanh(x) * (1 - np.tanh(x))
    ),
    "tanh is taken twice: the output t is tanh x already, and the slope 1 − t².": _of_x(
        "slope of tanh", lambda x: 1 - np.tanh(np.tanh(x)) ** 2
    ),
    "this is the value, not the slope: where x > 0, the line max(0, x) has the slope 1.": _of_relu(
        "slope of relu", lambda x: np.maximum(0, x)
    ),
    "this is the slope of |x|: where x < 0, the ReLU is flat, with slope 0.": _of_relu("slope of relu", np.sign),
    "this is |x|: the ReLU is 0 where x < 0.": _of_relu("relu", np.abs),
    "the slope is 1 everywhere: where x < 0 it is 0.": _of_relu("slope of relu", np.ones_like),
    "the factor n is missing: the slope of xⁿ is n · xⁿ⁻¹.": _power(lambda x, n: x ** (n - 1)),
    "the exponent has to go down by one: the slope of xⁿ is n · xⁿ⁻¹.": _power(lambda x, n: n * x**n),
    "the exponent goes up: that is an integral, the slope of xⁿ is n · xⁿ⁻¹.": _power(
        lambda x, n: x ** (n + 1) / (n + 1)
    ),
    "the factor is n, and not n − 1: the slope of xⁿ is n · xⁿ⁻¹.": _power(lambda x, n: (n - 1) * x ** (n - 1)),
}


def _of_sum(
    slopes: Callable[[float, float, float], list[float]],
) -> Callable[..., dict[str, Any]]:
    return lambda _, a, b, c: {"slopes of the sum": np.array(slopes(a, b, c))}


def _of_product(
    slopes: Callable[[float, float, float], list[float]],
) -> Callable[..., dict[str, Any]]:
    return lambda _, a, b, c: {"slopes of the product": np.array(slopes(a, b, c))}


VALUE: Mistakes = {
    "the slope of a sum is 1, whatever the numbers are.": _of_sum(lambda a, b, _: [a, b, a, 2 * a]),
    "that is a product's slope: a sum has the slope 1 by each of its parents.": _of_sum(
        lambda a, b, c: [b, a, c, 2 * a]
    ),
    "the edge to `other` is missing: both numbers that went in are parents of a sum.": _of_sum(
        lambda _a, _b, _c: [1, 0, 1, 1]
    ),
    "the edge to `other` is missing: both numbers that went in are parents of a product.": _of_product(
        lambda _a, b, c: [b, 0, c, b]
    ),
    "a product's slope by one factor is the *other* factor; here each has its own.": _of_product(
        lambda a, b, _: [a, b, a, 2 * b]
    ),
    "these are a sum's slopes: a product's slope by one factor is the other factor.": _of_product(
        lambda _a, _b, _c: [1, 1, 1, 2]
    ),
    "both slopes are the whole product: leave the factor itself out.": _of_product(
        lambda a, b, c: [a * b, a * b, a * c, 2 * b * b]
    ),
    "a number that was used twice needs two edges, and has only one here.": lambda _, a, b, c: {
        "slopes of the sum": np.array([1.0, 1.0, 1.0, 1.0]),
        "slopes of the product": np.array([b, a, c, b]),
    },
    "the edge holds the value where the slope is due: the rule returns the value first.": lambda _, a, b, c: {  # noqa: ARG005
        "slope of apply": np.array([b**3])
    },
    "value and slope are swapped: the rule returns the value first.": lambda _, a, b, c: {  # noqa: ARG005
        "apply": np.array([3 * b * b]),
        "slope of apply": np.array([b**3]),
    },
    "nothing is to be multiplied yet: the edge holds the rule's slope as it is.": lambda _, a, b, c: {  # noqa: ARG005
        "slope of apply": np.array([3 * b * b * b])
    },
}

TOPOLOGICAL_ORDER: Mistakes = {
    "the list runs from the root to the inputs: parents come first, the root comes last.": lambda _impl, **_: {
        "parents first": False,
        "root last": False,
    },
    "only the root's own parents are visited: their parents have to be visited in turn.": lambda _impl, edges, n: {
        "nodes listed": 1.0 + len({int(parent) for child, parent in edges if child == n - 1})
    },
    "the root is missing: it is the last node of the list.": lambda _impl, n, **_: {"nodes listed": n - 1.0},
    "the inputs are missing: a node without parents is listed like any other.": lambda _impl, n, edges: {
        "nodes listed": n - len(set(range(n)) - {int(child) for child, _ in edges}) + 0.0
    },
}


def _data_for_slope(n: int, edges: Array, slopes: Array) -> Array:
    return _chain_rule(n, edges, np.array([1.5 + child for child, _ in edges], dtype=slopes.dtype))


def _parents_data(n: int, edges: Array, slopes: Array) -> Array:
    return _chain_rule(n, edges, np.array([1.5 + parent for _, parent in edges], dtype=slopes.dtype))


def _send_back(
    share: Callable[[float, float, float], float], *, start: Array | None = None, backwards: bool = True
) -> Callable[..., Array]:
    """Return the gradients when a parent's becomes ``share(its own, slope, the node's)``."""

    def gradients(n: int, edges: Array, slopes: Array, kept: Array | None = start) -> Array:
        grad = np.zeros(n) if kept is None else kept.copy()
        grad[-1] = 1.0
        for node in reversed(range(n)) if backwards else range(n):
            for (child, parent), slope in zip(edges, slopes, strict=True):
                if child == node:
                    grad[parent] = share(grad[parent], slope, grad[node])
        return grad

    return gradients


def _twice(gradients: Callable[..., Array]) -> Callable[..., dict[str, Any]]:
    def variant(_: Any, **inputs: Any) -> dict[str, Any]:
        found = gradients(**inputs)
        return {"gradients": found, "second call": found}

    return variant


_chain_rule = _send_back(lambda own, slope, upstream: own + slope * upstream)


def _kept(_: Any, **inputs: Any) -> dict[str, Any]:
    return {"second call": _chain_rule(**inputs, kept=_chain_rule(**inputs))}


def _kept_with_root(_: Any, n: int, edges: Array, slopes: Array) -> dict[str, Any]:
    """Also the last node keeps what it had: it starts from 2."""
    first = _chain_rule(n, edges, slopes)
    grad = first.copy()
    grad[-1] += 1.0
    for node in reversed(range(n)):
        for (child, parent), slope in zip(edges, slopes, strict=True):
            if child == node:
                grad[parent] += slope * grad[node]
    return {"second call": grad}


BACKWARD: Mistakes = {
    "a gradient overwrites the one that has arrived before: what is used twice adds up, +=.": _twice(
        _send_back(lambda _, slope, upstream: slope * upstream)
    ),
    "the nodes are visited from the first to the last: go backwards.": _twice(
        _send_back(lambda own, slope, upstream: own + slope * upstream, backwards=False)
    ),
    "the local slope is left out: the upstream gradient alone is passed on.": _twice(
        _send_back(lambda own, _, upstream: own + upstream)
    ),
    "the upstream gradient is left out: the local slopes alone are added up.": _twice(
        _send_back(lambda own, slope, _: own + slope)
    ),
    "slope and upstream gradient are added: the chain rule multiplies them.": _twice(
        _send_back(lambda own, slope, upstream: own + slope + upstream)
    ),
    "the node's data is multiplied in, where the slope of the edge is due.": _twice(_data_for_slope),
    "the parent's data is multiplied in, where the slope of the edge is due.": _twice(_parents_data),
    "the gradients of the call before are still there: begin by setting all of them to 0.": _kept,
    "the gradients of the call before are still there, that of the last node too: begin at 0 and 1.": _kept_with_root,
}


def _gradient(x: list[float], c: list[float]) -> tuple[float, Array]:
    """Return value and gradient of c₀x₀² + Σ cᵢxᵢ₋₁xᵢ."""
    value, gradient = c[0] * x[0] ** 2, np.zeros(len(x))
    gradient[0] = 2 * c[0] * x[0]
    for i in range(1, len(x)):
        value += c[i] * x[i - 1] * x[i]
        gradient[i - 1] += c[i] * x[i]
        gradient[i] += c[i] * x[i - 1]
    return value, gradient


REVERSE_GRADIENT: Mistakes = {
    "these are the inputs: the gradient is in their `grad`.": lambda _impl, x, **_: {"gradient": np.array(x)},
    "f and backward run once per input, and the gradients add up: once is enough for all.": lambda _, x, c: {
        "gradient": len(x) * _gradient(x, c)[1],
        "runs of f": float(len(x)),
    },
    "this is the gradient of the result by itself, 1: ask the inputs for theirs.": lambda _impl, x, **_: {
        "gradient": np.ones(len(x))
    },
}

DUAL: Mistakes = {
    "the slopes are multiplied: the slope of a product is a′b + ab′.": lambda _impl, a, da, b, db, **_: {
        "product": np.array([a * b, da * db])
    },
    "half of the product rule is missing: a′b + ab′.": lambda _impl, a, da, b, **_: {
        "product": np.array([a * b, da * b])
    },
    "the second half of the product rule is there alone: a′b + ab′.": lambda _impl, a, b, db, **_: {
        "product": np.array([a * b, a * db])
    },
    "each slope stays with the other value: a′b + ab′, not aa′ + bb′.": lambda _impl, a, da, b, db, **_: {
        "product": np.array([a * b, a * da + b * db])
    },
    "the slopes are added as in a sum: the slope of a product is a′b + ab′.": lambda _impl, a, da, b, db, **_: {
        "product": np.array([a * b, da + db])
    },
    "the product rule has a plus: a′b + ab′.": lambda _impl, a, da, b, db, **_: {
        "product": np.array([a * b, da * b - a * db])
    },
    "the slope of `other` is left out of the sum.": lambda _impl, a, da, b, **_: {"sum": np.array([a + b, da])},
    "the slopes of a sum are multiplied: they add up.": lambda _impl, a, da, b, db, **_: {
        "sum": np.array([a + b, da * db])
    },
    "the slope of self is left out: g(a + a′ε) = g(a) + g′(a)·a′ε.": lambda _impl, a, **_: {
        "apply": np.array([a**3, 3 * a**2])
    },
    "the slope of the function is left out: g(a + a′ε) = g(a) + g′(a)·a′ε.": lambda _impl, a, da, **_: {
        "apply": np.array([a**3, da])
    },
    "the two slopes are added: the chain rule multiplies them.": lambda _impl, a, da, **_: {
        "apply": np.array([a**3, 3 * a**2 + da])
    },
    "the rule is applied to the slope too: it is asked once, at the value.": lambda _impl, a, da, **_: {
        "apply": np.array([a**3, da**3])
    },
}

FORWARD_GRADIENT: Mistakes = {
    "all inputs have the slope 1 at once: in run i, it is input i alone.": lambda _, x, c: {
        "gradient": np.full(len(x), _gradient(x, c)[1].sum())
    },
    "the other inputs have lost their values: only their slopes are 0.": lambda _, x, c: {
        "gradient": np.array([2 * c[0] * x[0], *[0.0] * (len(x) - 1)])
    },
    "these are the values of the runs: the gradient is made of their slopes.": lambda _, x, c: {
        "gradient": np.full(len(x), _gradient(x, c)[0])
    },
    "the slope that is put in is 1, not the input itself.": lambda _, x, c: {
        "gradient": _gradient(x, c)[1] * np.array(x)
    },
    "only the first input gets a slope: run once for each input.": lambda _, x, c: {
        "gradient": np.full(len(x), _gradient(x, c)[1][0])
    },
    "this is one slope too: the value of f is asked for.": lambda _, x, c: {"out": float(_gradient(x, c)[1][-1])},
}

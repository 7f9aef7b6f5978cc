"""Mistakes of parts 1, 2, 6 and 7: for each the sentence that names it, and what it computes.

Those that any task may have (transposed, sign, factor, ...) are found without being listed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]

SUM_TIMES_Z: Mistakes = {
    "the brackets are missing: this is x + y · z.": lambda _, x, y, z: {"f": x + y * z},
    "x and y are multiplied, but they are added.": lambda _, x, y, z: {"f": x * y * z},
    "the local slope alone: multiply it by the upstream gradient, which at d is z.": (
        lambda _impl, **_: {"df/dx": 1.0, "df/dy": 1.0}
    ),
    "a product hands each factor the other one: d gets z, and z gets d. Here they are swapped.": (
        lambda _, x, y, z: {"df/dx": x + y, "df/dy": x + y, "df/dz": z}
    ),
    "z is multiplied by the whole d = x + y, not by one of the two.": lambda _impl, x, **_: {"df/dz": x},
    "the slope by z is d = x + y; multiplying by z once more gives f.": lambda _, x, y, z: {"df/dz": (x + y) * z},
    "x and y are added, not multiplied: their slope is 1, not the other one.": (
        lambda _, x, y, z: {"df/dx": y * z, "df/dy": x * z}
    ),
}


def _neuron(
    w: Array, x: Array, b: float, slopes: Callable[[float, float], tuple[float, float, float, float]]
) -> dict[str, Any]:
    """Run the neuron with the local slopes of 1/q, 1 + e, eⁿ and −s that ``slopes(q, e)`` gives."""
    e = float(np.exp(-(b + np.sum(w * x))))
    stages = np.cumprod(slopes(1 + e, e))
    s = stages[-1]
    return {"stages": stages, "dw": s * x, "dx": s * w, "db": float(s)}


def _swapped(impl: Any, w: Array, x: Array, b: float) -> dict[str, Any]:
    _, _, dw, dx, _ = impl.sigmoid_neuron(w, x, b)
    return {"dw": dx, "dx": dw}


def _kept_from_forward(_: Any, w: Array, x: Array, b: float) -> dict[str, Any]:
    s = b + np.sum(w * x)
    return {"stages": np.array([1 + np.exp(-s), np.exp(-s), -s, s])}


SIGMOID_NEURON: Mistakes = {
    "the sign in the exponent is missing: it is exp(−s).": (
        lambda impl, w, x, b: {"out": impl.sigmoid_neuron(-w, x, -b)[0]}
    ),
    "the bias is left out of the sum.": lambda impl, w, x, b: {"out": impl.sigmoid_neuron(w, x, 0.0 * b)[0]},
    "the minus of 1/q is missing: its slope is −1/q².": (
        lambda _, w, x, b: _neuron(w, x, b, lambda q, e: (1 / q**2, 1, e, -1))
    ),
    "the slope of 1/q is −1/q², with a square.": (lambda _, w, x, b: _neuron(w, x, b, lambda q, e: (-1 / q, 1, e, -1))),
    "the slope of eⁿ is left out: what arrives at e has to be multiplied by eⁿ.": (
        lambda _, w, x, b: _neuron(w, x, b, lambda q, _: (-1 / q**2, 1, 1, -1))
    ),
    "the sign of n = −s is left out on the way back.": (
        lambda _, w, x, b: _neuron(w, x, b, lambda q, e: (-1 / q**2, 1, e, 1))
    ),
    "the slope of eⁿ is eⁿ, and not e to the power of that.": (
        lambda _, w, x, b: _neuron(w, x, b, lambda q, e: (-1 / q**2, 1, math.exp(e), -1))
    ),
    "dw and dx are swapped: a product hands each factor the other one.": _swapped,
    "these are the values of the forward pass: stages are the gradients.": _kept_from_forward,
    "the stages are in the wrong order: the backward pass begins at q and ends at s.": (
        lambda impl, w, x, b: {"stages": impl.sigmoid_neuron(w, x, b)[1][::-1]}
    ),
    "these are the local slopes: multiply each by the gradient that has arrived.": (
        lambda _, w, x, b: {"stages": _local(w, x, b)}
    ),
}


def _local(w: Array, x: Array, b: float) -> Array:
    e = np.exp(-(b + np.sum(w * x)))
    return np.array([-1 / (1 + e) ** 2, 1, e, -1])


def _network(
    x: float, y: float, w1: float, w2: float, *, gate: float | None = None, two: float = 2.0, relu: bool = True
) -> dict[str, Any]:
    """Run the small network, with another slope of the ReLU, another factor, or no ReLU."""
    z = w1 * x
    h = max(0.0, z) if relu else z
    error = w2 * h - y
    gate = float(z > 0) if gate is None else gate
    return {"loss": error**2, "dw1": two * error * w2 * gate * x, "dw2": two * error * h}


def _from(output: str, run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return a mistake that shows in one output alone."""
    return lambda _, **inputs: {output: run(**inputs)[output]}


RELU_NETWORK: Mistakes = {
    "the ReLU's slope asks for x > 0: what counts is the sign of its own input, z = w₁x.": _from(
        "dw1", lambda x, **rest: _network(x, **rest, gate=float(x > 0))
    ),
    "the ReLU's slope asks for w₁ > 0: what counts is the sign of its own input, z = w₁x.": _from(
        "dw1", lambda w1, **rest: _network(w1=w1, **rest, gate=float(w1 > 0))
    ),
    "the ReLU is left out on the way back: where z ≤ 0, nothing gets through.": _from(
        "dw1", lambda **inputs: _network(**inputs, gate=1.0)
    ),
    "there is no ReLU on the way ahead: h is max(0, z).": lambda _, **inputs: _network(
        **inputs, relu=False, gate=float(inputs["w1"] * inputs["x"] > 0)
    ),
    "there is no ReLU at all: h is max(0, z), and its slope is 0 where z ≤ 0.": lambda _, **inputs: _network(
        **inputs, relu=False, gate=1.0
    ),
    "the 2 of the square is missing: its slope is 2(ŷ − y).": lambda _, **inputs: {
        k: v for k, v in _network(**inputs, two=1.0).items() if k != "loss"
    },
    "dw1 and dw2 are swapped: dw1 comes first.": lambda impl, **inputs: dict(
        zip(("dw2", "dw1"), impl.relu_network(**inputs)[1:], strict=True)
    ),
    "the factor w₂ is missing: on its way to w₁ the gradient passes ŷ = w₂h.": _from(
        "dw1", lambda w2, **rest: {"dw1": _network(w2=w2, **rest)["dw1"] / w2}
    ),
    "the factor x is missing: z = w₁x has the slope x by w₁.": _from(
        "dw1", lambda x, **rest: {"dw1": _network(x, **rest)["dw1"] / x}
    ),
    "the difference ŷ − y has to be squared.": lambda _, x, y, w1, w2: {"loss": w2 * max(0.0, w1 * x) - y},
    "the absolute difference: |ŷ − y| has to be squared.": lambda _, x, y, w1, w2: {
        "loss": abs(w2 * max(0.0, w1 * x) - y)
    },
}


# ---------------------------------------------------------------------------------------------------------------
# 2 Measured


def _slope(a: float, x: float, ahead: float, behind: float, over: float) -> float:
    """Return f(x + ahead) − f(x − behind), over ``over``, of the task's f."""
    f_high, f_low = ((v**3 + a * np.sin(v)) for v in (x + ahead, x - behind))
    return float((f_high - f_low) / over)


DIFFERENCES: Mistakes = {
    "divided by h, but the two points are 2h apart.": lambda _, a, x, h: {"central": _slope(a, x, h, h, h)},
    "brackets are missing below: / 2 * h divides by 2 and then multiplies by h.": lambda _, a, x, h: {
        "central": _slope(a, x, h, h, 2 / h)
    },
    "divided by 2h, but the two points are h apart.": lambda _, a, x, h: {"one-sided": _slope(a, x, h, 0, 2 * h)},
    "not divided by the distance of the two points.": lambda _, a, x, h: {
        "one-sided": _slope(a, x, h, 0, 1),
        "central": _slope(a, x, h, h, 1),
    },
    "this steps to the left: the one-sided difference takes f(x + h) − f(x).": (
        lambda _, a, x, h: {"one-sided": _slope(a, x, 0, h, h)}
    ),
    "this is the one-sided difference: step to both sides.": lambda _, a, x, h: {"central": _slope(a, x, h, 0, h)},
    "this is the central difference: step to the right alone.": (
        lambda _, a, x, h: {"one-sided": _slope(a, x, h, h, 2 * h)}
    ),
    "the steps are half as large as asked: h to both sides, so that the points are 2h apart.": (
        lambda _, a, x, h: {"central": _slope(a, x, h / 2, h / 2, h)}
    ),
    "the step is not the h that was passed in.": lambda _impl, a, x, **_: {
        "one-sided": 3 * x**2 + a * math.cos(x),
        "central": 3 * x**2 + a * math.cos(x),
    },
}

BEST_STEPS: Mistakes = {
    "the square root is missing: E₁′ = 0 is an equation for h².": lambda _impl, f, f2, eps, **_: {
        "one-sided": 4 * eps * f / f2
    },
    "the factor 2 is missing: there are two rounding errors in E₁, and ½ in front of f″.": (
        lambda _impl, f, f2, eps, **_: {"one-sided": math.sqrt(eps * f / f2)}
    ),
    "√2 where 2 is due: E₁ has ½ in front of |f″| and 2 in front of ε.": lambda _impl, f, f2, eps, **_: {
        "one-sided": math.sqrt(2 * eps * f / f2)
    },
    "the fraction is upside down: a more bent function asks for a smaller step.": lambda _impl, f, f2, f3, eps: {
        "one-sided": 2 * math.sqrt(eps * f2 / f),
        "central": math.cbrt(3 * eps * f3 / f),
    },
    "the factor 3 is missing: E₂′ is h|f‴|/3 − ε|f|/h².": lambda _impl, f, f3, eps, **_: {
        "central": math.cbrt(eps * f / f3)
    },
    "a square root, but E₂′ = 0 is an equation for h³.": lambda _impl, f, f3, eps, **_: {
        "central": math.sqrt(3 * eps * f / f3)
    },
    "the cube root is missing: E₂′ = 0 is an equation for h³.": lambda _impl, f, f3, eps, **_: {
        "central": 3 * eps * f / f3
    },
    "the 6 is not differentiated: the derivative of h²/6 is h/3.": lambda _impl, f, f3, eps, **_: {
        "central": math.cbrt(6 * eps * f / f3)
    },
    "the step must depend on |f| and its derivative too, not on ε alone.": lambda _impl, eps, **_: {
        "one-sided": 2 * math.sqrt(eps),
        "central": math.cbrt(3 * eps),
    },
}


def _measured(x: Array, c: Array, ahead: float, behind: float) -> Array:
    """Return the task's f with each entry moved ahead, minus f with it moved back, over the distance."""
    slopes = np.empty_like(x)
    for i in np.ndindex(*x.shape):
        high, low = x.copy(), x.copy()
        high[i] += ahead
        low[i] -= behind
        f_high, f_low = (np.sum(c * np.exp(v)) + np.sum(v) ** 3 for v in (high, low))
        slopes[i] = (f_high - f_low) / (ahead + behind)
    return slopes


def _never_put_back(_: Any, x: Array, c: Array, h: float) -> dict[str, Any]:
    moved, slopes = x.copy(), np.empty_like(x)
    for i in np.ndindex(*x.shape):
        slopes[i] = _measured(moved, c, h, h)[i]
        moved[i] -= h
    return {"gradient": slopes}


def _all_at_once(_: Any, x: Array, c: Array, h: float) -> dict[str, Any]:
    f_high, f_low = (np.sum(c * np.exp(v)) + np.sum(v) ** 3 for v in (x + h, x - h))
    return {"gradient": np.full_like(x, (f_high - f_low) / (2 * h))}


NUMERICAL_GRADIENT: Mistakes = {
    "a one-sided difference: take f(x + h) − f(x − h), whose error falls with h², over 2h.": (
        lambda _, x, c, h: {"gradient": _measured(x, c, h, 0.0)}
    ),
    "divided by h, but the two points are 2h apart.": lambda _, x, c, h: {"gradient": 2 * _measured(x, c, h, h)},
    "the step is not the h that was passed in.": lambda _impl, x, c, **_: {"gradient": _measured(x, c, 1e-5, 1e-5)},
    "an entry that was moved is not put back before the next one moves.": _never_put_back,
    "all entries are moved at once: move one, and leave the others where they are.": _all_at_once,
}


def _worst(errors: Array) -> dict[str, Any]:
    return {"error": float(errors.max()), "index": np.array(np.unravel_index(np.argmax(errors), errors.shape), float)}


def _flat(_: Any, derived: Array, measured: Array) -> dict[str, Any]:
    errors = np.abs(derived - measured) / np.maximum(np.abs(derived) + np.abs(measured), 1e-8)
    return {"index": np.array([float(np.argmax(errors))])}


def _mean(impl: Any, derived: Array, measured: Array) -> dict[str, Any]:
    singles = [impl.compare_gradients(a[None], b[None])[0] for a, b in zip(derived.flat, measured.flat, strict=True)]
    return {"error": float(np.mean(singles))}


COMPARE_GRADIENTS: Mistakes = {
    "this is the absolute error: divide it by the size of the two entries.": (
        lambda _, derived, measured: _worst(np.abs(derived - measured))
    ),
    "divided by the size of the derived entry alone: take |a| + |b|.": lambda _, derived, measured: _worst(
        np.abs(derived - measured) / np.maximum(np.abs(derived), 1e-8)
    ),
    "divided by the size of the measured entry alone: take |a| + |b|.": lambda _, derived, measured: _worst(
        np.abs(derived - measured) / np.maximum(np.abs(measured), 1e-8)
    ),
    "divided by the larger of the two sizes: take their sum, |a| + |b|.": lambda _, derived, measured: _worst(
        np.abs(derived - measured) / np.maximum(np.maximum(np.abs(derived), np.abs(measured)), 1e-8)
    ),
    "divided by |a + b|, in which opposite signs cancel: add up the sizes, |a| + |b|.": lambda _, derived, measured: (
        _worst(np.abs(derived - measured) / np.maximum(np.abs(derived + measured), 1e-8))
    ),
    "the sizes of two numbers are compared, so that opposite signs pass: take |a − b|.": lambda _, derived, measured: (
        _worst(np.abs(np.abs(derived) - np.abs(measured)) / np.maximum(np.abs(derived) + np.abs(measured), 1e-8))
    ),
    "divided by the largest entry of all: every entry has its own scale.": lambda _, derived, measured: _worst(
        np.abs(derived - measured) / np.max(np.abs(derived) + np.abs(measured))
    ),
    "the denominator may be 0: it is at least 1e-8.": lambda _, derived, measured: _worst(
        np.abs(derived - measured) / np.maximum(np.abs(derived) + np.abs(measured), 1e-300)
    ),
    "this is the mean of the errors: the largest is asked for.": _mean,
    "this is the position in the flattened array: an index per axis is asked for (np.unravel_index).": _flat,
}

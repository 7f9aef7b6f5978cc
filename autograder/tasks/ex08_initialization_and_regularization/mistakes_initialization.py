"""Mistakes of part 1: for each the sentence that names it, and what it computes.

Those that any task may have (transposed, sign, factor, ...) are found without being listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]

WEIGHT_SCALES: Mistakes = {
    "that is the variance: generators want the standard deviation, its square root.": lambda _impl, n, m: {  # noqa: ARG005
        "Xavier": 1 / n,
        "Kaiming": 2 / n,
    },
    "that is Xavier's: ReLU throws away half of the mean square, so the variance has to be doubled.": (
        lambda _impl, n, m: {"Kaiming": (1 / n) ** 0.5}  # noqa: ARG005
    ),
    "the variance has to be doubled; here it is halved.": lambda _impl, n, m: {"Kaiming": (1 / (2 * n)) ** 0.5},  # noqa: ARG005
    "the variance has to be doubled, not the standard deviation.": lambda _impl, n, m: {"Kaiming": 2 / n**0.5},  # noqa: ARG005
    "a uniform distribution on (−α, α) has the variance α²/3, so its bound is √3 times the standard deviation.": (
        lambda _impl, n, m: {"uniform": (1 / n) ** 0.5, "Glorot": (2 / (n + m)) ** 0.5}
    ),
    "solve n · α²/3 = 1 for α: here the root is missing.": lambda _impl, n, m: {"uniform": 3 / n},  # noqa: ARG005
    "the variance of U(−α, α) is α²/3; α²/12 is that of an interval of length α.": lambda _impl, n, m: {  # noqa: ARG005
        "uniform": (12 / n) ** 0.5
    },
    "solve a²/3 = 2/(n + m) for a: here the root is missing.": lambda _impl, n, m: {"Glorot": 6 / (n + m)},
    "the number of outputs counts too: the variance is 2/(n + m).": lambda _impl, n, m: {  # noqa: ARG005
        "Glorot": (6 / n) ** 0.5
    },
    "the variance 1/(n + m) is half of what is due, 2/(n + m).": lambda _impl, n, m: {"Glorot": (3 / (n + m)) ** 0.5},
    "√6 over n + m: the root belongs over both, √(6/(n + m)).": lambda _impl, n, m: {"Glorot": 6**0.5 / (n + m)},
}


def _walk(step: Callable[[Array, Array, Array, Callable[[Array], Array]], tuple[Array, Array]]) -> Callable[..., Any]:
    """Return the network's outputs if each layer does ``step(x, h, w, f) -> (kept, passed on)``."""

    def variant(_: Any, x: Array, weights: list[Array], relu: bool) -> dict[str, Any]:
        def f(s: Array) -> Array:
            return np.where(s > 0, s, 0 * s) if relu else np.tanh(s)

        h, layers = x, []
        for w in weights:
            kept, h = step(x, h, w, f)
            layers.append(kept)
        return {"layers": len(layers), "first": layers[0], "last": layers[-1]}

    return variant


def _with_input(impl: Any, x: Array, weights: list[Array], relu: bool) -> dict[str, Any]:  # noqa: ARG001
    return {"layers": len(weights) + 1, "first": x}


def _last_linear(_: Any, x: Array, weights: list[Array], relu: bool) -> dict[str, Any]:
    for w in weights[:-1]:
        s = x @ w
        x = np.where(s > 0, s, 0 * s) if relu else np.tanh(s)
    return {"last": x @ weights[-1]}


def _one_layer(_: Any, x: Array, weights: list[Array], relu: bool) -> dict[str, Any]:
    last = _walk(lambda _x, h, w, f: (f(h @ w), f(h @ w)))(None, x=x, weights=weights, relu=relu)["last"]
    return {"layers": 1, "first": last}


DEEP_ACTIVATIONS: Mistakes = {
    "only the last layer is there: keep the activations of each.": _one_layer,
    "the input is among the layers, which it should not be.": _with_input,
    "each layer gets the input x itself: hand it the activations of the layer before.": _walk(
        lambda x, _h, w, f: (f(x @ w), x)
    ),
    "the last layer has an activation, too.": _last_linear,
    "the scores s = h W are kept, not the activations f(s).": _walk(lambda _x, h, w, f: (h @ w, f(h @ w))),
    "the activation f is missing.": _walk(lambda _x, h, w, _f: (h @ w, h @ w)),
    "the activations are kept, but the next layer gets the scores: f is missing on the way.": _walk(
        lambda _x, h, w, f: (f(h @ w), h @ w)
    ),
    "the activation is applied to the input of a layer, before W: it belongs behind it.": _walk(
        lambda _x, h, w, f: (f(h) @ w, f(h) @ w)
    ),
    "the activation is applied twice.": _walk(lambda _x, h, w, f: (f(f(h @ w)), f(f(h @ w)))),
    "W is transposed: samples are rows, so it is h W.": _walk(lambda _x, h, w, f: (f(h @ w.T), f(h @ w.T))),
}


def _gradients(p: Mapping[str, Array], x: Array, labels: Array) -> dict[str, Array]:
    h = np.maximum(0.0, x @ p["W1"] + p["b1"])
    e = np.exp(h @ p["W2"] + p["b2"])
    error = (e / e.sum(axis=1, keepdims=True) - np.eye(len(p["b2"]))[labels]) / len(x)
    g = error @ p["W2"].T * (h > 0)
    return {"W1": x.T @ g, "b1": g.sum(axis=0), "W2": h.T @ error, "b2": error.sum(axis=0)}


def _runs(
    factor: float = -1.0, *, count: Callable[[int], int] = lambda s: s, frozen: bool = False, told: str = "start"
) -> Callable[..., dict[str, Any]]:
    """Return a flawed descent: another sign, other steps, the first gradient in all of them, another comparison."""

    def variant(_: Any, x: Array, labels: Array, rate: float, steps: int, **p: Array) -> dict[str, Any]:
        start, now, before, gradients = p, p, p, _gradients(p, x, labels)
        for _step in range(count(steps)):
            gradients = gradients if frozen else _gradients(now, x, labels)
            before, now = now, {name: now[name] + factor * rate * gradients[name] for name in now}
        moved = {
            "start": [n for n in p if not np.array_equal(now[n], start[n])],
            "before": [n for n in p if not np.array_equal(now[n], before[n])],
            "kept": [n for n in p if np.array_equal(now[n], start[n])],
            "nothing": [],
            "nonzero": [n for n in p if now[n].any()],
            "first step": [n for n in p if _gradients(p, x, labels)[n].any()],
        }[told]
        return {"moved": " ".join(sorted(moved)), **{n: now[n] for n in ("W1", "W2", "b2")}}

    return variant


def _only_told(told: str) -> Callable[..., dict[str, Any]]:
    return lambda impl, **inputs: {"moved": _runs(told=told)(impl, **inputs)["moved"]}


DESCEND: Mistakes = {
    "the steps go up the slope: subtract the gradient.": _runs(1.0),
    "these have a gradient in the first step: others may start to move later.": _only_told("first step"),
    "this is one step only.": _runs(count=lambda _: 1),
    "there is one step too few.": _runs(count=lambda s: s - 1),
    "there is one step too many.": _runs(count=lambda s: s + 1),
    "the gradient of the first step is used in all steps: ask for it anew in each.": _runs(frozen=True),
    "nothing is said to have moved: was the start changed in place, and then compared with itself?": _only_told(
        "nothing"
    ),
    "these are the parameters that have not moved.": _only_told("kept"),
    "these are the parameters that are not zero now: compare with the start, wherever that was.": _only_told("nonzero"),
}

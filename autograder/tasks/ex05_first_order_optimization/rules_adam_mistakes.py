"""Mistakes of part 6: for each the sentence that names it, and the step that it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex05_first_order_optimization.draws import Array, Mistakes, replay

FIRST = "the first moment is an average: m ← β₁m + (1 − β₁) dw."
LATE = "the exponent is the number of steps before this one: the first step has k = 0, and 1 − β⁰ is 0. Take k + 1."
UNCOUNTED = "the step is not counted: return step + 1, or every step is corrected as if it were the same."
UPHILL = "the step goes uphill: subtract it."
UNCORRECTED = "m is not corrected: divide it by 1 − β₁ᵏ⁺¹."


def _first(m: Array, dw: Array, beta1: float) -> Array:
    return beta1 * m + (1 - beta1) * dw


def _second(v: Array, dw: Array, beta2: float, _: Array) -> Array:
    return beta2 * v + (1 - beta2) * dw**2


def _move(m: Array, v: Array, eps: float) -> Array:
    return m / (np.sqrt(v) + eps)


def _adam(
    *,
    first: Callable[[Array, Array, float], Array] = _first,
    second: Callable[[Array, Array, float, Array], Array] = _second,
    sums: Callable[[float, float, int], tuple[float, float]] = lambda b1, b2, k: (1 - b1 ** (k + 1), 1 - b2 ** (k + 1)),
    move: Callable[[Array, Array, float], Array] = _move,
    keeps_corrected: bool = False,
    sign: float = -1.0,
    counts: int = 1,
) -> Callable[..., dict[str, Any]]:
    """Return Adam's walk with other moments, corrections or steps."""

    def step(
        w: Array, dw: Array, rate: float, m: Array, v: Array, k: int, *, beta1: float, beta2: float, eps: float
    ) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            m = first(m, dw, beta1)
            v = second(v, dw, beta2, m)
            sum1, sum2 = (np.float64(s) for s in sums(beta1, beta2, k))
            w = w + sign * rate * move(m / sum1, v / sum2, eps)
            return (w, m / sum1, v / sum2, k + counts) if keeps_corrected else (w, m, v, k + counts)

    return replay(step, "m", "v", "step")


def _flag_ignored(_: Any, **inputs: Any) -> dict[str, Any]:
    return {"w without bias correction": _adam()(_, **inputs)["w after one step"]}


SHARED: Mistakes = {
    FIRST: _adam(first=lambda m, dw, b: b * m + dw),
    LATE: _adam(sums=lambda b1, b2, k: (1 - b1**k, 1 - b2**k)),
    UNCOUNTED: _adam(counts=0),
    UPHILL: _adam(sign=1.0),
    "ε stands inside the root: here it is added to it, √v̂ + ε.": _adam(move=lambda m, v, eps: m / np.sqrt(v + eps)),
    "the root is missing: m̂ is divided by √v̂ + ε.": _adam(move=lambda m, v, eps: m / (v + eps)),
    "v averages the gradients: it is the average of their squares.": (
        _adam(second=lambda v, dw, b, _: b * v + (1 - b) * dw)
    ),
}

ADAM: Mistakes = {
    "the correction is missing: divide m by 1 − β₁ᵏ⁺¹ and v by 1 − β₂ᵏ⁺¹.": _adam(sums=lambda *_: (1.0, 1.0)),
    "only m is corrected: v starts at 0, too.": _adam(sums=lambda b1, _, k: (1 - b1 ** (k + 1), 1.0)),
    "only v is corrected: m starts at 0, too.": _adam(sums=lambda _, b2, k: (1.0, 1 - b2 ** (k + 1))),
    "the corrections are swapped: β₁ belongs to m, β₂ to v.": (
        _adam(sums=lambda b1, b2, k: (1 - b2 ** (k + 1), 1 - b1 ** (k + 1)))
    ),
    "divided by 1 − β, without the power: the correction fades as the steps go on.": (
        _adam(sums=lambda b1, b2, _: (1 - b1, 1 - b2))
    ),
    "the corrected moments are returned as the state: then the next step corrects them again.": (
        _adam(keeps_corrected=True)
    ),
    "v averages the square of m: it is the square of the gradient.": (
        _adam(second=lambda v, _, b, m: b * v + (1 - b) * m**2)
    ),
    **SHARED,
    "`bias_correction=False` makes no difference: then m and v stand in the step as they are.": _flag_ignored,
}


def _adamax(
    *,
    fade: Callable[[Array, Array, float], Array] = lambda u, dw, b: np.maximum(b * u, np.abs(dw) + 1e-8),
    sums: Callable[[float, float, int], float] = lambda b1, _, k: 1 - b1 ** (k + 1),
    move: Callable[[Array, Array], Array] = lambda m, u: m / u,
    first: Callable[[Array, Array, float], Array] = _first,
    sign: float = -1.0,
    counts: int = 1,
) -> Callable[..., dict[str, Any]]:
    def step(
        w: Array, dw: Array, rate: float, m: Array, u: Array, k: int, *, beta1: float, beta2: float
    ) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            m, u = first(m, dw, beta1), fade(u, dw, beta2)
            return w + sign * rate / np.float64(sums(beta1, beta2, k)) * move(m, u), m, u, k + counts

    return replay(step, "m", "u", "step")


ADAMAX: Mistakes = {
    "the absolute value is missing: the maximum is that of |dw|.": (
        _adamax(fade=lambda u, dw, b: np.maximum(b * u, dw + 1e-8))
    ),
    "the old maximum does not fade: it is β₂u that |dw| is compared with.": (
        _adamax(fade=lambda u, dw, _: np.maximum(u, np.abs(dw) + 1e-8))
    ),
    "u is an average of |dw|: here it is a maximum.": (_adamax(fade=lambda u, dw, b: b * u + (1 - b) * np.abs(dw))),
    "u is Adam's v, an average of squares: here it is a maximum.": (
        _adamax(fade=lambda u, dw, b: b * u + (1 - b) * dw**2)
    ),
    "the root of u is taken: u is a size already, not a square.": _adamax(move=lambda m, u: m / np.sqrt(u)),
    "the smaller of the two is taken: it is a maximum.": (
        _adamax(fade=lambda u, dw, b: np.minimum(b * u, np.abs(dw) + 1e-8))
    ),
    "u is corrected as well: a maximum does not start out too small.": (
        _adamax(sums=lambda b1, b2, k: (1 - b1 ** (k + 1)) / (1 - b2 ** (k + 1)))
    ),
    UNCORRECTED: _adamax(sums=lambda *_: 1.0),
    LATE: _adamax(sums=lambda b1, _, k: 1 - b1**k),
    UNCOUNTED: _adamax(counts=0),
    FIRST: _adamax(first=lambda m, dw, b: b * m + dw),
    UPHILL: _adamax(sign=1.0),
}


def _nadam(
    ahead: Callable[[Array, Array, Array, float, int], Array], sum2: Callable[[float, int], float] | None = None
) -> Callable[..., dict[str, Any]]:
    """Return Nadam's walk with ``ahead(new m, old m, dw, beta1, k)`` for m̂."""

    def step(
        w: Array, dw: Array, rate: float, m: Array, v: Array, k: int, *, beta1: float, beta2: float, eps: float
    ) -> tuple[Any, ...]:
        new, v = _first(m, dw, beta1), _second(v, dw, beta2, m)
        with np.errstate(all="ignore"):
            v_hat = v / (1 - beta2 ** (k + 1) if sum2 is None else sum2(beta2, k))
            return w - rate * _move(ahead(new, m, dw, beta1, k), v_hat, eps), new, v, k + 1

    return replay(step, "m", "v", "step")


def _look(m: Array, _: Array, dw: Array, b: float, k: int) -> Array:
    return b * m / (1 - b ** (k + 2)) + (1 - b) * dw / (1 - b ** (k + 1))


NADAM: Mistakes = {
    **{s: v for s, v in SHARED.items() if s in (FIRST, UPHILL)},
    "there is no look ahead: this is Adam.": _nadam(lambda m, _, __, b, k: m / (1 - b ** (k + 1))),
    "both terms are divided by 1 − β₁ᵏ⁺¹: the momentum of the next step has the exponent k + 2.": (
        _nadam(lambda m, _, dw, b, k: (b * m + (1 - b) * dw) / (1 - b ** (k + 1)))
    ),
    "both terms are divided by 1 − β₁ᵏ⁺²: today's gradient has the exponent k + 1.": (
        _nadam(lambda m, _, dw, b, k: (b * m + (1 - b) * dw) / (1 - b ** (k + 2)))
    ),
    "the look ahead uses the old m: today's gradient is missing in it.": (
        _nadam(lambda _, old, dw, b, k: b * old / (1 - b ** (k + 2)) + (1 - b) * dw / (1 - b ** (k + 1)))
    ),
    "today's gradient lacks its factor 1 − β₁.": (
        _nadam(lambda m, _, dw, b, k: b * m / (1 - b ** (k + 2)) + dw / (1 - b ** (k + 1)))
    ),
    "the new m lacks its factor β₁.": (
        _nadam(lambda m, _, dw, b, k: m / (1 - b ** (k + 2)) + (1 - b) * dw / (1 - b ** (k + 1)))
    ),
    "m and dw are not corrected.": _nadam(lambda m, _, dw, b, __: b * m + (1 - b) * dw),
    "v is not corrected: divide it by 1 − β₂ᵏ⁺¹.": _nadam(_look, lambda *_: 1.0),
    "the exponents are one too small: the first step has k = 0, and 1 − β⁰ is 0.": (
        _nadam(lambda m, _, dw, b, k: b * m / (1 - b ** (k + 1)) + (1 - b) * dw / np.float64(1 - b**k))
    ),
}


def _amsgrad(
    *,
    largest: Callable[[Array, Array, float, int], Array] = lambda v_max, v, _, __: np.maximum(v_max, v),
    below: Callable[[Array, Array, float, int], Array] = lambda v_max, _, b, k: v_max / (1 - b ** (k + 1)),
    sum1: Callable[[float, int], float] = lambda b, k: 1 - b ** (k + 1),
    first: Callable[[Array, Array, float], Array] = _first,
    v_is_max: bool = False,
    sign: float = -1.0,
    counts: int = 1,
) -> Callable[..., dict[str, Any]]:
    """Return AMSGrad's walk with another maximum, or another denominator."""

    def step(
        w: Array, dw: Array, rate: float, m: Array, v: Array, v_max: Array, k: int, **hyper: float
    ) -> tuple[Any, ...]:
        b1, b2, eps = hyper["beta1"], hyper["beta2"], hyper["eps"]
        m, v = first(m, dw, b1), _second(v, dw, b2, m)
        v_max = largest(v_max, v, b2, k)
        with np.errstate(all="ignore"):
            w = w + sign * rate * _move(m / np.float64(sum1(b1, k)), below(v_max, v, b2, k), eps)
        return w, m, v_max if v_is_max else v, v_max, k + counts

    return replay(step, "m", "v", "v_max", "step")


AMSGRAD: Mistakes = {
    "the step divides by the root of v, not of v_max: this is Adam.": (
        _amsgrad(below=lambda _, v, b, k: v / (1 - b ** (k + 1)))
    ),
    "the smaller of the two is kept: v_max may only grow.": _amsgrad(
        largest=lambda v_max, v, _, __: np.minimum(v_max, v)
    ),
    "the maximum is taken of the corrected v̂: here it is that of v, and is corrected afterwards.": _amsgrad(
        largest=lambda v_max, v, b, k: np.maximum(v_max, v / (1 - b ** (k + 1))), below=lambda v_max, *_: v_max
    ),
    "the maximum is returned for v as well: v goes on as in Adam, and may fall.": _amsgrad(v_is_max=True),
    "v_max is one number for all entries: every entry has its own.": (
        _amsgrad(largest=lambda v_max, v, _, __: np.full_like(v, max(v_max.max(), v.max())))
    ),
    "v_max forgets its past: it is the larger of the old v_max and v.": _amsgrad(largest=lambda _, v, __, ___: v),
    "v_max is not corrected: divide it by 1 − β₂ᵏ⁺¹.": _amsgrad(below=lambda v_max, *_: v_max),
    UNCORRECTED: _amsgrad(sum1=lambda *_: 1.0),
    LATE: _amsgrad(sum1=lambda b, k: 1 - b**k, below=lambda v_max, _, b, k: v_max / np.float64(1 - b**k)),
    UNCOUNTED: _amsgrad(counts=0),
    FIRST: _amsgrad(first=lambda m, dw, b: b * m + dw),
    UPHILL: _amsgrad(sign=1.0),
}


def _adamw(
    before: Callable[[Array, float, float], Array] = lambda w, *_: w,
    after: Callable[[Array, Array, float, float], Array] = lambda w, *_: w,
    penalty: Callable[[Array, float, float], Any] = lambda *_: 0.0,
) -> Callable[..., dict[str, Any]]:
    """Return AdamW's walk with the decay before the step, after it, or in the gradient."""

    def step(w: Array, dw: Array, rate: float, m: Array, v: Array, k: int, *, decay: float) -> tuple[Any, ...]:
        g = dw + penalty(w, rate, decay)
        m, v = _first(m, g, 0.9), _second(v, g, 0.999, m)
        move = _move(m / (1 - 0.9 ** (k + 1)), v / (1 - 0.999 ** (k + 1)), 1e-8)
        return after(before(w, rate, decay) - rate * move, w, rate, decay), m, v, k + 1

    return replay(step, "m", "v", "step")


ADAMW: Mistakes = {
    "λw joins the gradient: that is L2 regularization. Here the moments see the plain gradient.": (
        _adamw(penalty=lambda w, _, decay: decay * w)
    ),
    "αλw joins the gradient: the decay is taken from w itself, and the moments see the plain gradient.": (
        _adamw(penalty=lambda w, rate, decay: rate * decay * w)
    ),
    "the decay lacks the learning rate: the factor is 1 − αλ.": _adamw(lambda w, _, decay: (1 - decay) * w),
    "the weights grow: the factor is 1 − αλ.": _adamw(lambda w, rate, decay: (1 + rate * decay) * w),
    "the decay comes after the step, and shortens the step as well: first the decay, then Adam.": (
        _adamw(after=lambda w, _, rate, decay: (1 - rate * decay) * w)
    ),
    "there is no decay: this is plain Adam.": _adamw(),
    "the weights are multiplied by αλ: what is left of them is 1 − αλ.": _adamw(
        lambda w, rate, decay: rate * decay * w
    ),
    "decayed twice: once before the step is enough.": _adamw(
        lambda w, rate, decay: (1 - rate * decay) * w, lambda w, _, rate, decay: (1 - rate * decay) * w
    ),
}

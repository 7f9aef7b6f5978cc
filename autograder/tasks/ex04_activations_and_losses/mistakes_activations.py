"""Mistakes in activations: for each task the sentences that name them, and what they compute.

Those that any task may have (sign, factor, upstream gradient ignored, ...) are found without being listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


IDENTITY_AND_STEP: Mistakes = {
    "this is the sign of x, −1 on the left: the step is 0 there.": lambda _, x, **__: {
        "step": np.where(x >= 0, 1.0, -1.0)
    },
    "the step of 0 is 1: compare with ≥, not with >.": lambda _, x, **__: {"step": (x > 0) * 1.0},
    "the step is mirrored: 1 belongs to the right of 0.": lambda _, x, **__: {"step": (x <= 0) * 1.0},
    "the step lets the gradient through where it is 1: there, too, it is flat and its slope 0.": (
        lambda _, x, dout: {"d step": np.where(x >= 0, dout, 0.0)}
    ),
    "the step hands dout on as if its slope were 1: it is flat on both sides.": (
        lambda _impl, dout, **_: {"d step": dout}
    ),
    "dout is multiplied by the input: the slope of x is 1, not x.": lambda _, x, dout: {"d identity": dout * x},
}

SIGMOID: Mistakes = {
    "this is σ(−x): check the sign in the exponent.": lambda _, x, **__: {"out": _sigmoid(-x)},
    "the slope is taken at σ(x) instead of x: the sigmoid is applied twice.": (
        lambda _, x, dout: {"dx": dout * _sigmoid(_sigmoid(x)) * (1 - _sigmoid(_sigmoid(x)))}
    ),
    "x(1 − x) with the input x: the slope is y(1 − y), made from the output.": (
        lambda _, x, dout: {"dx": dout * x * (1 - x)}
    ),
    "the factor 1 − y is missing: the slope is y(1 − y).": lambda _, x, dout: {"dx": dout * _sigmoid(x)},
    "1 − y² is the slope of tanh: the sigmoid's is y(1 − y).": lambda _, x, dout: {"dx": dout * (1 - _sigmoid(x) ** 2)},
}

TANH: Mistakes = {
    "the square is missing: the slope is 1 − y², not 1 − y.": lambda _, x, dout: {"dx": dout * (1 - np.tanh(x))},
    "y(1 − y) is the sigmoid's slope: that of tanh is 1 − y².": (
        lambda _, x, dout: {"dx": dout * np.tanh(x) * (1 - np.tanh(x))}
    ),
    "1 − x² with the input x: the slope is 1 − y², made from the output.": lambda _, x, dout: {"dx": dout * (1 - x**2)},
    "the slope is taken at tanh(x) instead of x: tanh is applied twice.": (
        lambda _, x, dout: {"dx": dout * (1 - np.tanh(np.tanh(x)) ** 2)}
    ),
    "2σ(x) − 1 is tanh(x/2): tanh(x) = 2σ(2x) − 1.": lambda _, x, **__: {"out": np.tanh(x / 2)},
    "this is the sigmoid: tanh goes from −1 to 1.": lambda _, x, **__: {"out": _sigmoid(x)},
}

LEAKY_RELU: Mistakes = {
    "max(αx, x) picks the wrong branch where α > 1: decide by the sign of x.": (
        lambda _, x, alpha, **__: {"out": np.maximum(alpha * x, x)}
    ),
    "the left branch is the constant α (as a table of the course's summary prints it): it has to be α · x.": (
        lambda _, x, alpha, **__: {"out": np.where(x > 0, x, alpha)}
    ),
    "negative scores become 0, as in the plain ReLU: they are scaled by α here.": (
        lambda _, x, **__: {"out": np.maximum(x, 0)}
    ),
    "the slope on the left is 0, as in the plain ReLU: it is α here.": (
        lambda _, x, dout, **__: {"dx": np.where(x > 0, dout, 0)}
    ),
    "the branch is chosen by the sign of dout: what counts is the sign of the input.": (
        lambda _impl, dout, alpha, **_: {"dx": np.where(dout > 0, dout, alpha * dout)}
    ),
    "dout is multiplied by the output: the slope is 1 or α, not x or αx.": (
        lambda _, x, dout, alpha: {"dx": dout * np.where(x > 0, x, alpha * x)}
    ),
    "the two branches are exchanged: α belongs to the negative scores.": (
        lambda _, x, dout, alpha: {"out": np.where(x > 0, alpha * x, x), "dx": np.where(x > 0, alpha * dout, dout)}
    ),
}


def _prelu_dalpha(select: Callable[[Array, Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, dout, alpha: {"dalpha": select(x, dout) if alpha.size else alpha}


PRELU: Mistakes = {
    "dalpha sums over all entries: where x > 0 the output does not depend on alpha.": (
        _prelu_dalpha(lambda x, dout: (x * dout).sum(axis=0))
    ),
    "dalpha sums dout alone: the derivative of αx by α is x.": (
        _prelu_dalpha(lambda x, dout: np.where(x > 0, 0, dout).sum(axis=0))
    ),
    "dalpha sums the negative scores without dout: the upstream gradient is ignored.": (
        _prelu_dalpha(lambda x, _: np.minimum(x, 0).sum(axis=0))
    ),
    "dalpha is a mean over the batch: it has to be a sum, every sample uses the same alpha.": (
        _prelu_dalpha(lambda x, dout: np.where(x > 0, 0, x * dout).mean(axis=0))
    ),
    "dalpha adds up all channels: there is one alpha per channel, so sum over the samples alone.": (
        _prelu_dalpha(lambda x, dout: np.where(x > 0, 0, x * dout).sum())
    ),
    "dalpha is not summed: one alpha serves all samples of its channel, so sum over axis 0.": (
        _prelu_dalpha(lambda x, dout: np.where(x > 0, 0, x * dout))
    ),
    "dalpha contains the factor alpha: the derivative of αx by α is x.": (
        lambda _, x, dout, alpha: {"dalpha": np.where(x > 0, 0, alpha * x * dout).sum(axis=0)}
    ),
    "max(αx, x) picks the wrong branch where α > 1: decide by the sign of x.": (
        lambda _, x, alpha, **__: {"out": np.maximum(alpha * x, x)}
    ),
    "dx is 0 where the score was negative, as in the plain ReLU: it is alpha · dout there.": (
        lambda _, x, dout, **__: {"dx": np.where(x > 0, dout, 0)}
    ),
}

ELU: Mistakes = {
    "the −1 is missing: without it the curve jumps at 0.": (
        lambda _, x, alpha, **__: {"out": np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)))}
    ),
    "α multiplies the exponential alone: it is α(eˣ − 1).": (
        lambda _, x, alpha, **__: {"out": np.where(x > 0, x, alpha * np.exp(np.minimum(x, 0)) - 1)}
    ),
    "alpha is missing: it sets how deep the curve goes on the left.": lambda _, x, dout, **__: {
        "out": np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "dx": np.where(x > 0, dout, np.exp(np.minimum(x, 0)) * dout),
    },
    "the slope on the left is alpha times eˣ − 1: the −1 is a constant and has no slope.": (
        lambda _, x, dout, alpha: {"dx": np.where(x > 0, dout, alpha * np.expm1(np.minimum(x, 0)) * dout)}
    ),
    "the slope on the left is 0, as in the plain ReLU: it is alpha · eˣ here.": (
        lambda _, x, dout, **__: {"dx": np.where(x > 0, dout, 0)}
    ),
    "the slope on the left is the constant alpha, as in a leaky ReLU: it is alpha · eˣ here.": (
        lambda _, x, dout, alpha: {"dx": np.where(x > 0, dout, alpha * dout)}
    ),
}


def _dead(condition: Callable[[Array], Any]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, w, b: {"dead": np.where(condition(x @ w + b), 1, -1)}


DEAD_UNITS: Mistakes = {
    "a unit that is off for one sample is not dead yet: it has to be off for all.": (
        _dead(lambda s: (s <= 0).any(axis=0))
    ),
    "these are the units that live: the answer is turned round.": _dead(lambda s: (s > 0).any(axis=0)),
    "these are the samples for which all units are off: run along the other axis.": (
        _dead(lambda s: (s <= 0).all(axis=1))
    ),
    "the bias is missing from the scores.": lambda _impl, x, w, **_: {
        "dead": np.where((x @ w <= 0).all(axis=0), 1, -1)
    },
    "the mean score decides here: one positive score is enough to keep a unit alive.": (
        _dead(lambda s: s.mean(axis=0) <= 0)
    ),
    "at a score of exactly 0 the ReLU has no slope either: compare with ≤ 0.": _dead(lambda s: (s < 0).all(axis=0)),
    "one answer for all units together: give one per unit.": _dead(lambda s: (s <= 0).all()),
}

SOFTPLUS: Mistakes = {
    "β is missing inside the exponential.": lambda _, x, beta, **__: {"out": np.logaddexp(0, x) / beta},
    "the division by β is missing.": lambda _, x, beta, **__: {"out": np.logaddexp(0, beta * x)},
    "β is not used.": lambda _, x, dout, **__: {"out": np.logaddexp(0, x), "dx": dout * _sigmoid(x)},
    "log(e^(βx)) is βx: the 1 + is missing.": lambda _, x, **__: {"out": x},
    "the slope has an extra factor β: the one from the exponent cancels the 1/β in front.": (
        lambda _, x, dout, beta: {"dx": dout * beta * _sigmoid(beta * x)}
    ),
    "the slope of the softplus is the sigmoid itself, not the sigmoid's slope.": (
        lambda _, x, dout, beta: {"dx": dout * _sigmoid(beta * x) * (1 - _sigmoid(beta * x))}
    ),
    "the slope is 0 or 1, as the ReLU's: here it is σ(βx), the corner is rounded.": (
        lambda _, x, dout, **__: {"dx": np.where(x > 0, dout, 0)}
    ),
    "the slope is mirrored: it is σ(βx), nearly 1 on the right.": (
        lambda _, x, dout, beta: {"dx": dout * _sigmoid(-beta * x)}
    ),
}

SWISH: Mistakes = {
    "there is a factor 2 in front, as the course's summary prints it: swish has none, its slope on the right is 1.": (
        lambda _, x, beta, **__: {"out": 2 * x * _sigmoid(beta * x)}
    ),
    "the gate alone is returned: it has to be multiplied by x.": lambda _, x, beta, **__: {"out": _sigmoid(beta * x)},
    "β is not used.": lambda _, x, dout, **__: {
        "out": x * _sigmoid(x),
        "dx": dout * _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
    },
    "the gate is taken for a constant: the product rule has a second term, x times the gate's slope.": (
        lambda _, x, dout, beta: {"dx": dout * _sigmoid(beta * x)}
    ),
    "the gate's slope is without its inner derivative β.": (
        lambda _, x, dout, beta: {"dx": dout * _sigmoid(beta * x) * (1 + x * (1 - _sigmoid(beta * x)))}
    ),
    "only the second term of the product rule is there: the gate itself is missing.": (
        lambda _, x, dout, beta: {"dx": dout * beta * x * _sigmoid(beta * x) * (1 - _sigmoid(beta * x))}
    ),
    "the second term of the product rule is without its x.": (
        lambda _, x, dout, beta: {"dx": dout * _sigmoid(beta * x) * (1 + beta * (1 - _sigmoid(beta * x)))}
    ),
}


def _maxout_backward(x: Array, w: Array, b: Array, dout: Array, share: Callable[[Array], Array]) -> dict[str, Any]:
    parts = share(x @ w + b[:, None, :]) * dout
    return {
        "dx": (parts @ np.swapaxes(w, 1, 2)).sum(axis=0),
        "dw": np.swapaxes(x[None], 1, 2) @ parts,
        "db": parts.sum(axis=1),
    }


def _average(x: Array, b: Array, dout: Array, winners: Array) -> dict[str, Any]:
    parts = winners * dout
    return {"dw": np.swapaxes(x[None], 1, 2) @ parts / len(x), "db": parts.mean(axis=1) + 0 * b}


MAXOUT: Mistakes = {
    "the biases are missing.": lambda _impl, x, w, **_: {"out": (x @ w).max(axis=0)},
    "the biases are added after the maximum is taken: each piece has its own.": (
        lambda _impl, x, w, b, **_: {"out": (x @ w).max(axis=0) + b.max(axis=0)}
    ),
    "the pieces are added up: keep the largest.": lambda _impl, x, w, b, **_: {"out": (x @ w + b[:, None]).sum(axis=0)},
    "the pieces are averaged: keep the largest.": lambda _impl, x, w, b, **_: {
        "out": (x @ w + b[:, None]).mean(axis=0)
    },
    "the smallest piece is kept: take the largest.": (
        lambda _impl, x, w, b, **_: {"out": (x @ w + b[:, None]).min(axis=0)}
    ),
    "every piece receives the gradient: only the one that won took part in the output.": (
        lambda _, x, w, b, dout: _maxout_backward(x, w, b, dout, np.ones_like)
    ),
    "the gradient is shared out equally: all of it belongs to the piece that won.": (
        lambda _, x, w, b, dout: _maxout_backward(x, w, b, dout, lambda p: np.ones_like(p) / len(p))
    ),
    "the gradient goes to the smallest piece: it belongs to the one that won, the largest.": (
        lambda _, x, w, b, dout: _maxout_backward(x, w, b, dout, lambda p: p == p.min(axis=0))
    ),
    "averaged over the batch: a layer's gradients are sums, the 1/N belongs to the loss.": (
        lambda _, x, w, b, dout: _average(x, b, dout, (x @ w + b[:, None]) == (x @ w + b[:, None]).max(axis=0))
    ),
}


def _softmax(x: Array, axis: int = -1) -> Array:
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def _shared_sum(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum())


SOFTMAX: Mistakes = {
    "the softmax runs over the samples: a row of scores, not a column, belongs together.": (
        lambda _, x, **__: {"out": _softmax(x, axis=0)}
    ),
    "all samples share one sum: every row has to sum to 1 by itself.": (lambda _, x, **__: {"out": _shared_sum(x)}),
    "the scores are divided by their sum without exp.": lambda _, x, **__: {"out": x / x.sum(axis=1, keepdims=True)},
    "this is the logarithm of the probabilities.": lambda _, x, **__: {"out": np.log(_softmax(x))},
    "this is the sigmoid of each score: the rows do not sum to 1.": lambda _, x, **__: {"out": _sigmoid(x)},
    "p(1 − p) is the diagonal of the Jacobian alone: a score moves the other classes' probabilities as well.": (
        lambda _, x, dout: {"dx": dout * _softmax(x) * (1 - _softmax(x))}
    ),
    "the sum Σ doutₖ pₖ is missing: dx = p ⊙ (dout − Σₖ doutₖ pₖ).": lambda _, x, dout: {"dx": dout * _softmax(x)},
    "the factor p in front is missing: dx = p ⊙ (dout − Σₖ doutₖ pₖ).": (
        lambda _, x, dout: {"dx": dout - (dout * _softmax(x)).sum(axis=1, keepdims=True)}
    ),
    "the sum Σ doutₖ pₖ runs over the whole batch: each sample has its own.": (
        lambda _, x, dout: {"dx": _softmax(x) * (dout - (dout * _softmax(x)).sum())}
    ),
    "the sum runs over doutₖ alone: each is weighted with pₖ.": (
        lambda _, x, dout: {"dx": _softmax(x) * (dout - dout.sum(axis=1, keepdims=True))}
    ),
}

"""Mistakes in the quizzes' numbers: the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _names(**answers: str) -> Callable[..., dict[str, Any]]:
    return lambda _impl: dict(answers)


QUIZ_PROPERTIES: Mistakes = {
    "the ReLU keeps its slope on the right: it is blocked on one side only.": (
        _names(saturate="relu, sigmoid, step, tanh")
    ),
    "the step is flat at both ends, too.": _names(saturate="sigmoid, tanh"),
    "the sigmoid is symmetric around (0, ½), not around 0.": _names(zero_centred="identity, sigmoid, tanh"),
    "the identity has f(−x) = −f(x), too.": _names(zero_centred="tanh"),
    "the ELU's slope on the left is small, but not 0.": _names(can_die="elu, relu, step"),
    "the leaky ReLU's slope on the left is small, but not 0.": _names(can_die="leaky_relu, relu, step"),
    "the step never had a slope to begin with: it is dead from birth.": _names(can_die="relu"),
    "swish dips below 0, to −0.28 at x = −1.28.": _names(never_negative="relu, sigmoid, softplus, step, swish"),
    "softplus is the logarithm of a number above 1: positive.": _names(never_negative="relu, sigmoid, step"),
}

QUIZ_ACTIVATIONS: Mistakes = {
    "the slopes are added up: the chain rule multiplies them.": (
        lambda _, layers, **__: {"largest_gradient": 0.25 * layers}
    ),
    "½ is the sigmoid's value at 0: its largest slope is ½ · (1 − ½).": (
        lambda _, layers, **__: {"largest_gradient": 0.5**layers}
    ),
    "tanh of that number: no, s is σ(2x) already, and tanh(x) = 2σ(2x) − 1.": (
        lambda _, s, **__: {"tanh_from_sigmoid": np.tanh(s)}
    ),
    "the sigmoid is stretched, but not shifted down by 1.": lambda _, s, **__: {"tanh_from_sigmoid": 2 * s},
    "the biases are not counted: each piece has one per unit.": (
        lambda _, sizes, **__: {"maxout_parameters": float(np.prod(sizes))}
    ),
    "one bias per unit is counted: each of the pieces has its own.": (
        lambda _, sizes, **__: {"maxout_parameters": float(np.prod(sizes) + sizes[1])}
    ),
    "one affine layer is counted: there are as many as pieces.": (
        lambda _, sizes, **__: {"maxout_parameters": float((sizes[0] + 1) * sizes[1])}
    ),
    "all weights are added up: the worst input is 0 where a weight is negative.": (
        lambda _, w, **__: {"deadly_bias": float(-w.sum())}
    ),
    "the sign is missing: the bias has to outweigh the largest w · x.": (
        lambda _, w, **__: {"deadly_bias": float(np.maximum(w, 0).sum())}
    ),
    "all sizes are added up: the worst input is 0 where a weight is negative.": (
        lambda _, w, **__: {"deadly_bias": float(-np.abs(w).sum())}
    ),
}


def _entropy(q: Array) -> float:
    return float(-(q * np.log(q)).sum())


QUIZ_LOSSES: Mistakes = {
    "this is the probability: the loss is minus its logarithm.": (
        lambda _, classes, **__: {"start_cross_entropy": 1 / classes}
    ),
    "the sign is missing: the logarithm of a probability is negative, the loss is not.": (
        lambda _, classes, **__: {"start_cross_entropy": -np.log(classes)}
    ),
    "two classes are assumed: take the number that is given.": (
        lambda _impl, **_: {"start_cross_entropy": np.log(2), "start_hinge": 1.0}
    ),
    "the true class costs nothing: only the others are counted.": (
        lambda _, classes, **__: {"start_hinge": float(classes)}
    ),
    "the two are exchanged: an outlier pulls on the mean, and leaves the median where it is.": lambda _, y, **__: {
        "best_under_l1": float(y.mean()),
        "best_under_l2": float(np.median(y)),
    },
    "this is the middle between the smallest and the largest target.": (
        lambda _, y, **__: {name: float((y.min() + y.max()) / 2) for name in ("best_under_l1", "best_under_l2")}
    ),
    "only the true class is counted: the others have the weight ε/C each.": lambda _, classes, smoothing, **__: {
        "lowest_smoothed_loss": _entropy(np.array([1 - smoothing + smoothing / classes]))
    },
    "the true class lacks its own ε/C: q = (1 − ε)·onehot(y) + ε/C.": lambda _, classes, smoothing, **__: {
        "lowest_smoothed_loss": _entropy(np.array([1 - smoothing] + [smoothing / classes] * (classes - 1)))
    },
}

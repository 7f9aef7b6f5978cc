"""Mistakes in losses: for each task the sentences that name them, and what they compute.

Those that any task may have (sign, a factor ½ or 1/N, sum instead of mean, ...) are found without being listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _divisor(prediction: Array, reduction: str) -> int:
    return prediction.size if reduction == "mean" else 1


def _per_sample(_: Any, prediction: Array, target: Array, reduction: str) -> dict[str, Any]:
    d, n = prediction - target, len(prediction) if reduction == "mean" else 1
    return {"l1": np.abs(d).sum() / n, "dl1": np.sign(d) / n, "mse": (d**2).sum() / n, "dmse": 2 * d / n}


def _always(_: Any, prediction: Array, target: Array, *, mean: bool) -> dict[str, Any]:
    d = prediction - target
    n = d.size if mean else 1
    return {"l1": np.abs(d).sum() / n, "dl1": np.sign(d) / n, "mse": (d**2).sum() / n, "dmse": 2 * d / n}


def _gradient_of_sum(_: Any, prediction: Array, target: Array, **__: str) -> dict[str, Any]:
    d = prediction - target
    return {"dl1": np.sign(d), "dmse": 2 * d}


def _rooted(_: Any, prediction: Array, target: Array, reduction: str) -> dict[str, Any]:
    return {"mse": np.sqrt(((prediction - target) ** 2).sum() / _divisor(prediction, reduction))}


def _gradient_times_loss(_: Any, prediction: Array, target: Array, reduction: str) -> dict[str, Any]:
    d, n = prediction - target, _divisor(prediction, reduction)
    return {"dl1": np.abs(d) / n, "dmse": 2 * np.abs(d) / n}


REGRESSION_LOSSES: Mistakes = {
    "the gradient is not divided: where the loss is a mean over all entries, so is its gradient.": _gradient_of_sum,
    "divided by the number of samples alone: the mean here runs over all entries.": _per_sample,
    "`reduction` is not used: this is the mean, also where the sum is asked for.": (
        lambda impl, prediction, target, **_: _always(impl, prediction, target, mean=True)
    ),
    "`reduction` is not used: this is the sum, also where the mean is asked for.": (
        lambda impl, prediction, target, **_: _always(impl, prediction, target, mean=False)
    ),
    "the root is taken: the mean squared error has none.": _rooted,
    "the gradient has lost its sign: below the target it is negative.": _gradient_times_loss,
    "the difference itself is returned: the slope of |d| is the sign of d, however large d is.": (
        lambda _, prediction, target, reduction: {"dl1": (prediction - target) / _divisor(prediction, reduction)}
    ),
    "positive and negative differences cancel: take absolute values before you add up.": (
        lambda _, prediction, target, reduction: {
            "l1": np.abs((prediction - target).sum()) / _divisor(prediction, reduction)
        }
    ),
    "at a difference of 0 the slope is taken as −1 or 1: take 0, as np.sign does.": (
        lambda _, prediction, target, reduction: {
            "dl1": np.where(prediction > target, 1.0, -1.0) / _divisor(prediction, reduction)
        }
    ),
}


def _p_loss(terms: Callable[[Array, Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, probabilities, y, **__: {"from p": terms(probabilities, y).mean()}


def _dp(slope: Callable[[Array, Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, probabilities, y, **__: {"dp": slope(probabilities, y)}


BINARY_CROSS_ENTROPY: Mistakes = {
    "the losses of the samples are added up: take their mean.": lambda _, probabilities, scores, y: {
        "from p": -(y * np.log(probabilities) + (1 - y) * np.log(1 - probabilities)).sum(),
        "from s": (np.logaddexp(0, scores) - y * scores).sum(),
    },
    "the second term is missing: samples of class 0 cost −log(1 − p).": _p_loss(lambda p, y: -y * np.log(p)),
    "y and 1 − y are exchanged: log p belongs to the samples with y = 1.": (
        _p_loss(lambda p, y: -(1 - y) * np.log(p) - y * np.log(1 - p))
    ),
    "the labels are inside the logarithm: it is y log p, not p log y.": (
        _p_loss(lambda p, y: -p * np.log(y) - (1 - p) * np.log(1 - y))
    ),
    "the logarithm is to the base 2: the natural one is meant.": (
        _p_loss(lambda p, y: -y * np.log2(p) - (1 - y) * np.log2(1 - p))
    ),
    "p − y is the gradient for the score, before the sigmoid: for p it is (p − y) / (p(1 − p)).": (
        _dp(lambda p, y: (p - y) / y.size)
    ),
    "the gradient of log(1 − p) lacks its inner derivative −1.": (
        _dp(lambda p, y: (-y / p - (1 - y) / (1 - p)) / y.size)
    ),
    "the gradient is not divided by the number of samples: the loss is a mean.": lambda _, probabilities, scores, y: {
        "dp": (probabilities - y) / (probabilities * (1 - probabilities)),
        "ds": _sigmoid(scores) - y,
    },
    "the sigmoid's slope is still in it: it cancels, σ(s) − y is left.": lambda _, scores, y, **__: {
        "ds": (_sigmoid(scores) - y) * _sigmoid(scores) * (1 - _sigmoid(scores)) / y.size
    },
    "the score is taken for a probability: it has to go through the sigmoid first.": (
        lambda _, scores, y, **__: {"ds": (scores - y) / y.size}
    ),
    "the term −y·s is missing.": lambda _, scores, **__: {"from s": np.logaddexp(0, scores).mean()},
    "y·s is added: it has to be subtracted.": (
        lambda _, scores, y, **__: {"from s": (np.logaddexp(0, scores) + y * scores).mean()}
    ),
    "the loss is cut off: a guard in the logarithm hides how wrong a score of ±1000 is.": lambda _, scores, y, **__: {
        "from s": _guarded(scores, y)
    },
}


def _guarded(scores: Array, y: Array) -> float:
    p = _sigmoid(scores)
    return float(-(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)).mean())


def _ds(slope: Callable[[Array, Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, scores, z: {"dscores": slope(scores, z) / z.size}


BINARY_SOFTMAX_LOSS: Mistakes = {
    "the 2 in the exponent is missing: the scores of the two classes, +s and −s, are 2s apart.": lambda _, scores, z: {
        "loss": np.logaddexp(0, -z * scores).mean(),
        "dscores": -z * _sigmoid(-z * scores) / z.size,
    },
    "the sign in the exponent is wrong: a score on the right side has to cost little.": lambda _, scores, z: {
        "loss": np.logaddexp(0, 2 * z * scores).mean(),
        "dscores": 2 * z * _sigmoid(2 * z * scores) / z.size,
    },
    "the label is missing from the exponent.": lambda _, scores, **__: {
        "loss": np.logaddexp(0, -2 * scores).mean(),
    },
    "this is the probability, not minus its logarithm.": (
        lambda _, scores, z: {"loss": _sigmoid(2 * z * scores).mean()}
    ),
    "the logarithm of the mean probability is taken: take the mean of the logarithms.": (
        lambda _, scores, z: {"loss": -np.log(_sigmoid(2 * z * scores).mean())}
    ),
    "the inner derivative 2 is missing from the gradient.": _ds(lambda s, z: -z * _sigmoid(-2 * z * s)),
    "the label is missing from the gradient: its sign says which way to push.": _ds(
        lambda s, z: -2 * _sigmoid(-2 * z * s)
    ),
    "the gradient is weighted with the probability of the true class: the less probable it is, the harder the push.": (
        _ds(lambda s, z: -2 * z * _sigmoid(2 * z * s))
    ),
    "the gradient is not divided by the number of samples: the loss is a mean.": (
        lambda _, scores, z: {"dscores": -2 * z * _sigmoid(-2 * z * scores)}
    ),
}

HINGE_LOSS: Mistakes = {
    "there is no margin: right answers with z·s below 1 cost something, too.": (
        lambda _, scores, z: {"loss": np.maximum(0, -z * scores).mean()}
    ),
    "the label is missing: the margin counts on the side of z.": lambda _, scores, z: {
        "loss": np.maximum(0, 1 - scores).mean(),
        "dscores": np.where(scores < 1, -z, 0) / z.size,
    },
    "the sign is wrong: a score on the right side has to lower the loss.": (
        lambda _, scores, z: {"loss": np.maximum(0, 1 + z * scores).mean()}
    ),
    "the max(0, ·) is missing: beyond the margin nothing is earned.": (
        lambda _, scores, z: {"loss": (1 - z * scores).mean()}
    ),
    "the gradient goes on beyond the margin: there the loss is 0, and so is its slope.": _ds(lambda _, z: -z),
    "the gradient stops where the answer is right: it has to go on until the margin, z·s = 1.": (
        _ds(lambda s, z: np.where(z * s < 0, -z, 0))
    ),
    "the gradient is −1 inside the margin: it has to be −z.": _ds(lambda s, z: np.where(z * s < 1, -1, 0)),
    "the gradient is multiplied by the score: the derivative of −z·s by s is −z.": (
        _ds(lambda s, z: np.where(z * s < 1, -z * s, 0))
    ),
    "the gradient is not divided by the number of samples: the loss is a mean.": (
        lambda _, scores, z: {"dscores": np.where(z * scores < 1, -z, 0)}
    ),
    "the gradient has the wrong sign.": _ds(lambda s, z: np.where(z * s < 1, z, 0)),
}

ZERO_ONE_LOSS: Mistakes = {
    "this is the accuracy: the loss is one minus it.": lambda _, scores, z: {"loss": (z * scores >= 0).mean()},
    "wrong answers are counted: take their share.": lambda _, scores, z: {"loss": float((z * scores < 0).sum())},
    "a score of 0 counts as right: compare with < 0.": lambda _, scores, z: {"loss": (z * scores <= 0).mean()},
    "the label is not used: wrong is where score and label differ in sign.": (
        lambda _, scores, **__: {"loss": (scores < 0).mean()}
    ),
    "a score counts as wrong unless it equals its label: only the sign matters.": (
        lambda _, scores, z: {"loss": (scores != z).mean()}
    ),
    "a margin of 1 is asked for: that is the hinge's; here only the side counts.": (
        lambda _, scores, z: {"loss": (z * scores < 1).mean()}
    ),
    "this is the gradient of another loss: moving a score a little changes no answer, so the slope is 0.": (
        _ds(lambda s, z: np.where(z * s < 0, -z, 0))
    ),
    "this is the gradient of the hinge loss: moving a score a little changes no answer, so the slope is 0.": (
        _ds(lambda s, z: np.where(z * s < 1, -z, 0))
    ),
    "the 0s and 1s of the loss are not its slope: moving a score a little changes no answer.": (
        _ds(lambda s, z: (z * s < 0) * 1.0)
    ),
}


def _p(scores: Array, axis: int = 1) -> Array:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def _q(scores: Array, y: Array, smoothing: float) -> Array:
    classes = scores.shape[1]
    return np.asarray((1 - smoothing) * np.eye(classes)[y] + smoothing / classes)


def _with_target(scores: Array, q: Array, axis: int = 1) -> dict[str, Any]:
    p = _p(scores, axis)
    return {"loss": -(q * np.log(p)).sum(axis=1).mean(), "dscores": (p - q) / len(q)}


def _others_smoothed(_: Any, scores: Array, y: Array, label_smoothing: float) -> dict[str, Any]:
    hot = np.eye(scores.shape[1])[y]
    return _with_target(scores, (1 - label_smoothing) * hot + (1 - hot) * label_smoothing / (scores.shape[1] - 1))


SOFTMAX_LOSS: Mistakes = {
    "the smoothing is not used: q has (1 − ε) + ε/C for the true class and ε/C for the others.": (
        lambda _, scores, y, **__: {"loss": _with_target(scores, np.eye(scores.shape[1])[y])["loss"]}
    ),
    "the true class lacks its own ε/C: ε is spread over all C classes.": lambda _, scores, y, label_smoothing: (
        _with_target(
            scores, np.where(np.eye(scores.shape[1])[y] > 0, 1 - label_smoothing, label_smoothing / scores.shape[1])
        )
    ),
    "ε is spread over the wrong classes alone: it is ε/C for all C classes.": _others_smoothed,
    "every class gets ε instead of ε/C: the target's probabilities have to sum to 1.": (
        lambda _, scores, y, label_smoothing: _with_target(
            scores, (1 - label_smoothing) * np.eye(scores.shape[1])[y] + label_smoothing
        )
    ),
    "the target is not subtracted: the gradient is (p − q)/N, not p/N.": (
        lambda _, scores, **__: {"dscores": _p(scores) / len(scores)}
    ),
    "the gradient subtracts the hard label: it is p − q with the smoothed q.": (
        lambda _, scores, y, **__: {"dscores": (_p(scores) - np.eye(scores.shape[1])[y]) / len(scores)}
    ),
    "the gradient is not divided by the number of samples: the loss is a mean.": (
        lambda _, scores, y, label_smoothing: {"dscores": _p(scores) - _q(scores, y, label_smoothing)}
    ),
    "p is not divided by N, only the target is: divide p − q as a whole.": (
        lambda _, scores, y, label_smoothing: {"dscores": _p(scores) - _q(scores, y, label_smoothing) / len(y)}
    ),
    "the softmax runs over the samples: a row of scores, not a column, belongs together.": (
        lambda _, scores, y, label_smoothing: _with_target(scores, _q(scores, y, label_smoothing), axis=0)
    ),
    "the mean runs over all entries: it is one loss per sample, so divide by N alone.": (
        lambda _, scores, y, label_smoothing: {
            name: value / scores.shape[1]
            for name, value in _with_target(scores, _q(scores, y, label_smoothing)).items()
        }
    ),
}


def _hinges(scores: Array, y: Array, margin: float) -> tuple[Array, Array]:
    """Return s_k − s_y + margin for all classes, and the mask of the wrong ones."""
    return scores - scores[np.arange(len(y)), y][:, None] + margin, np.eye(scores.shape[1])[y] == 0


def _svm(scores: Array, y: Array, margin: float, *, true: Array | float | None = None) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    inside = ((gaps > 0) & wrong).astype(float)
    count = inside.sum(axis=1, keepdims=True) if true is None else true
    return {
        "loss": (np.maximum(gaps, 0) * wrong).sum(axis=1).mean(),
        "dscores": np.where(wrong, inside, -count) / len(y),
    }


def _true_counted(_: Any, scores: Array, y: Array, margin: float) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    inside = (gaps > 0) * 1.0
    return {
        "loss": np.maximum(gaps, 0).sum(axis=1).mean(),
        "dscores": np.where(wrong, inside, 1 - inside.sum(axis=1, keepdims=True)) / len(y),
    }


def _largest(_: Any, scores: Array, y: Array, margin: float) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    return {"loss": (np.maximum(gaps, 0) * wrong).max(axis=1).mean()}


def _weighted(_: Any, scores: Array, y: Array, margin: float) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    hinges = np.maximum(gaps, 0) * wrong
    return {"dscores": np.where(wrong, hinges, -hinges.sum(axis=1, keepdims=True)) / len(y)}


def _svm_squared(_: Any, scores: Array, y: Array, margin: float) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    return {"loss": ((np.maximum(gaps, 0) * wrong) ** 2).sum(axis=1).mean()}


def _turned(_: Any, scores: Array, y: Array, margin: float) -> dict[str, Any]:
    gaps, wrong = _hinges(scores, y, margin)
    return {"loss": (np.maximum(2 * margin - gaps, 0) * wrong).sum(axis=1).mean()}


SVM_LOSS: Mistakes = {
    "the true class is counted: with k = y every sample costs a margin too much.": _true_counted,
    "the margin is left out: a wrong class should stay that far below the true one.": (
        lambda _, scores, y, **__: _svm(scores, y, 0.0)
    ),
    "the margin is always 1: use the one that is passed in.": lambda _, scores, y, **__: _svm(scores, y, 1.0),
    "only the worst class is charged: add up all that are inside the margin.": _largest,
    "the hinges are squared.": _svm_squared,
    "the difference is turned round: it is s_k − s_y.": _turned,
    "the true class gets no gradient: every violation also pushes s_y up.": (
        lambda _, scores, y, margin: _svm(scores, y, margin, true=0.0)
    ),
    "the true class gets −1 however many classes violate the margin: each of them pushes.": (
        lambda _, scores, y, margin: _svm(scores, y, margin, true=1.0)
    ),
    "the gradient has the size of the hinges: their slope is 1, however large they are.": _weighted,
    "the gradient is not divided by the number of samples: the loss is a mean.": (
        lambda _, scores, y, margin: {"dscores": len(y) * _svm(scores, y, margin)["dscores"]}
    ),
    "the mean runs over all entries: it is one loss per sample, so divide by N alone.": (
        lambda _, scores, y, margin: {k: v / scores.shape[1] for k, v in _svm(scores, y, margin).items()}
    ),
}

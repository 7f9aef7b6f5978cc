"""Mistakes that only the tasks of exercise 03 know: for each the sentence that names it, and what it computes.

Those that any task may have (transposed, sign, factor, wrong axis, ...) are found without being listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]

FLATTEN: Mistakes = {
    "the channels are interleaved pixel by pixel: finish one channel before the next begins.": (
        lambda _, x: {"rows": np.moveaxis(x, 1, -1).reshape(len(x), -1)}
    ),
    "the images are read column by column: within a channel, go row by row.": (
        lambda _, x: {"rows": (np.swapaxes(x, -1, -2) if x.ndim > 2 else x).reshape(len(x), -1)}
    ),
}

AFFINE_FORWARD: Mistakes = {
    "the bias is missing.": lambda impl, x, w, b: {"out": impl.affine_forward(x, w, 0 * b)[0]},
    "the bias is subtracted: it has to be added.": lambda impl, x, w, b: {"out": impl.affine_forward(x, w, -b)[0]},
    "w is read in another order: it has the shape (D, M) already, and a reshape is no transpose.": (
        lambda impl, x, w, b: {"out": impl.affine_forward(x, w.reshape(w.shape[::-1]).T, b)[0]}
    ),
}

SIGMOID: Mistakes = {
    "this is σ(−x): check the sign in the exponent.": lambda impl, x, **_: {"out": impl.sigmoid_forward(-x)[0]},
    "the slope is taken at σ(x) instead of x: the sigmoid is applied twice.": (
        lambda impl, x, dout: {"dx": impl.sigmoid_backward(dout, impl.sigmoid_forward(impl.sigmoid_forward(x)[0])[1])}
    ),
    "x(1 − x) with the input x: the slope is σ(1 − σ), made from the output.": (
        lambda _, x, dout: {"dx": dout * x * (1 - x)}
    ),
    "the factor 1 − σ is missing: the slope is σ(1 − σ).": (
        lambda impl, x, dout: {"dx": dout * impl.sigmoid_forward(x)[0]}
    ),
}

RELU: Mistakes = {
    "dx is cut off where dout is negative: what counts is the sign of the input.": (
        lambda _impl, dout, **_: {"dx": np.maximum(dout, 0)}
    ),
    "out is |x|: a negative score becomes 0, it does not change its sign.": lambda _impl, x, **_: {"out": np.abs(x)},
    "dout is multiplied by the output: the slope is 1 where the input was positive, not x.": (
        lambda _, x, dout: {"dx": dout * np.maximum(x, 0)}
    ),
}


def _activation_skipped(_impl: Any, x: Array, w: Array, **_: str) -> dict[str, Any]:
    dy = np.ones((len(x), w.shape[1]))
    return {"dL/dy": dy, "dL/dx": dy @ w.T, "dL/dw": x.T @ dy}


def _averaged(impl: Any, x: Array, w: Array, activation: str) -> dict[str, Any]:
    square = activation == "square"
    forward, backward = (
        (impl.square_forward, impl.square_backward) if square else (impl.sigmoid_forward, impl.sigmoid_backward)
    )
    loss, *gradients = impl.toy_network(x, w, forward, backward)
    n = len(x) * w.shape[1]
    return {"loss": loss / n} | {f"dL/d{name}": g / n for name, g in zip("fyxw", gradients, strict=True)}


TOY_NETWORK: Mistakes = {
    "the entries of f are added up, the loss is not their mean.": _averaged,
    "the activation is left out on the way back: dL/dy is dL/df times its slope.": _activation_skipped,
    "the loss sums y, before the activation.": lambda _impl, x, w, **_: {"loss": (x @ w).sum()},
}


def _per_sample(impl: Any, prediction: Array, target: Array) -> dict[str, Any]:
    loss, gradient = impl.mse_loss(prediction, target, reduction="batch")
    return {"loss": loss, "dprediction": gradient}


def _absolute(_: Any, prediction: Array, target: Array) -> dict[str, Any]:
    difference = prediction - target
    return {"loss": np.abs(difference).mean(), "dprediction": np.sign(difference) / difference.size}


MSE_LOSS: Mistakes = {
    "divided by the number of samples alone: the mean here runs over all entries.": _per_sample,
    "the absolute differences are averaged, not their squares: that is the L1 loss.": _absolute,
}


def _no_onehot(impl: Any, scores: Array, y: Array) -> dict[str, Any]:
    return {"dscores": impl.softmax_loss(scores, y)[1] + np.eye(scores.shape[1])[y] / len(y)}


def _onehot_after_mean(impl: Any, scores: Array, y: Array) -> dict[str, Any]:
    n = len(y)
    return {"dscores": n * impl.softmax_loss(scores, y)[1] + (1 - 1 / n) * np.eye(scores.shape[1])[y]}


def _over_samples(_: Any, scores: Array, y: Array) -> dict[str, Any]:
    powers = np.exp(scores - scores.max(axis=0))
    p, onehot = powers / powers.sum(axis=0), np.eye(scores.shape[1])[y]
    return {"loss": -np.log((p * onehot).sum(axis=1)).mean(), "dscores": (p - onehot) / len(y)}


def _log_of_zero(impl: Any, scores: Array, y: Array) -> dict[str, Any]:
    p = len(y) * impl.softmax_loss(scores, y)[1] + np.eye(scores.shape[1])[y]
    with np.errstate(divide="ignore"):
        return {"loss": -np.log(p[np.arange(len(y)), y]).mean()}


SOFTMAX_LOSS: Mistakes = {
    "the 1 of the true class is not subtracted: the gradient is p − onehot(y), not p.": _no_onehot,
    "p is not divided by N, only the 1 of the true class is: divide p − onehot(y) as a whole.": _onehot_after_mean,
    "the softmax runs over the samples: a row of scores, not a column, belongs together.": _over_samples,
    "the logarithm of a probability that was rounded to 0: take log p = s − max s − log Σ exp instead.": _log_of_zero,
}


def _differences(x: Array, c: Array, ahead: float, behind: float) -> Array:
    """Return the task's f with each entry moved ahead, minus f with it moved back, over the distance."""
    slopes = np.empty_like(x)
    for i in np.ndindex(*x.shape):
        high, low = x.copy(), x.copy()
        high[i] += ahead
        low[i] -= behind
        f_high, f_low = (np.sum(c * v**3) + np.sum(np.sin(v)) ** 2 for v in (high, low))
        slopes[i] = (f_high - f_low) / (ahead + behind)
    return slopes


def _never_put_back(_: Any, x: Array, c: Array, h: float) -> dict[str, Any]:
    moved, slopes = x.copy(), np.empty_like(x)
    for i in np.ndindex(*x.shape):
        slopes[i] = _differences(moved, c, h, h)[i]
        moved[i] -= h
    return {"gradient": slopes}


NUMERICAL_GRADIENT: Mistakes = {
    "a one-sided difference: take f(x + h) − f(x − h), whose error falls with h², over 2h.": (
        lambda _, x, c, h: {"gradient": _differences(x, c, h, 0.0)}
    ),
    "divided by h, but the two points are 2h apart.": lambda _, x, c, h: {"gradient": 2 * _differences(x, c, h, h)},
    "the step is not the h that was passed in.": lambda _impl, x, c, **_: {"gradient": _differences(x, c, 1e-5, 1e-5)},
    "an entry that was moved is not put back before the next one moves.": _never_put_back,
}


def _without_relu(impl: Any, inputs: Mapping[str, Array], *, ahead: bool, back: bool) -> dict[str, Any]:
    """Run the network from its parts, with the ReLU left out on the way ahead, or back, or both."""
    z, cache1 = impl.affine_forward(inputs["x"], inputs["w1"], inputs["b1"])
    h, relu_cache = impl.relu_forward(z)
    scores, cache2 = impl.affine_forward(z if ahead else h, inputs["w2"], inputs["b2"])
    loss, dscores = impl.softmax_loss(scores, inputs["y"])
    dh, dw2, db2 = impl.affine_backward(dscores, cache2)
    _, dw1, db1 = impl.affine_backward(dh if back else impl.relu_backward(dh, relu_cache), cache1)
    return {"loss": loss, "dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}


TWO_LAYER_LOSS: Mistakes = {
    "the ReLU is left out on the way back: dh must pass it before the first affine layer.": (
        lambda impl, **inputs: _without_relu(impl, inputs, ahead=False, back=True)
    ),
    "there is no ReLU on the way ahead: the second affine layer takes h, not z.": (
        lambda impl, **inputs: _without_relu(impl, inputs, ahead=True, back=False)
    ),
    "there is no ReLU between the two affine layers: together they are one affine layer.": (
        lambda impl, **inputs: _without_relu(impl, inputs, ahead=True, back=True)
    ),
}


def _descent(step: Callable[[Array, Array, float], Array]) -> Callable[..., dict[str, Any]]:
    """Return the task's six steps, each taken by ``step``."""

    def path(_: Any, w: Array, minimum: Array, curvature: Array, learning_rate: float) -> dict[str, Any]:
        visited = [w]
        for _step in range(6):
            visited.append(step(visited[-1], curvature * (visited[-1] - minimum), learning_rate))
        return {"after one step": visited[1], "after six steps": visited[-1]}

    return path


SGD_UPDATE: Mistakes = {
    "the step goes uphill: against the gradient means w − learning_rate · dw.": (
        _descent(lambda w, dw, rate: w + rate * dw)
    ),
    "the learning rate is not used: the whole gradient is subtracted.": _descent(lambda w, dw, _: w - dw),
    "only the step is returned: the new parameter is w minus that step.": _descent(lambda _, dw, rate: rate * dw),
}

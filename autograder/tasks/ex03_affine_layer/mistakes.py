"""Mistakes that only the tasks of exercise 03 know: for each the sentence that names it, and what it computes.

Those that any task may have (transposed, sign, factor, wrong axis, ...) are found without being listed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]
PARAMETERS = ("w1", "b1", "w2", "b2")

FLATTEN: Mistakes = {
    "the channels are interleaved pixel by pixel: finish one channel before the next begins.": (
        lambda _, x: {"rows": np.moveaxis(x, 1, -1).reshape(len(x), -1)}
    ),
    "the images are read column by column: within a channel, go row by row.": (
        lambda _, x: {"rows": (np.swapaxes(x, -1, -2) if x.ndim > 2 else x).reshape(len(x), -1)}
    ),
}

QUIZ_JACOBIAN: Mistakes = {
    "this is the Jacobian of one row of Y: the batch has n rows, and each has m outputs.": (
        lambda _, n, d, m: {"jacobian entries": float(m * d * m)}  # noqa: ARG005
    ),
    "each output is derived by the weights of its own neuron alone: the zeros are entries of the Jacobian, too.": (
        lambda _, n, d, m: {"jacobian entries": float(n * m * d)}
    ),
    "sizes are added where they have to be multiplied: every output by every weight.": (
        lambda _, n, d, m: {"jacobian entries": float(n * m + d * m), "gradient entries": float(d + m)}
    ),
    "the gradient has no axis for the batch: it sums over it.": (
        lambda _, n, d, m: {"gradient entries": float(n * d * m)}
    ),
    "that is the size of ∂L/∂Y: the gradient for W has the shape of W.": (
        lambda _, n, d, m: {"gradient entries": float(n * m)}  # noqa: ARG005
    ),
}

AFFINE_FORWARD: Mistakes = {
    "the bias is missing.": lambda impl, x, w, b: {"out": impl.affine_forward(x, w, 0 * b)[0]},
    "the bias is subtracted: it has to be added.": lambda impl, x, w, b: {"out": impl.affine_forward(x, w, -b)[0]},
    "the bias is added to the first row only: every input gets it.": (
        lambda impl, x, w, b: {"out": impl.affine_forward(x, w, 0 * b)[0] + np.outer(np.arange(len(x)) == 0, b)}
    ),
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
    "that is tanh, which runs from −1 to 1: σ(x) = 1/(1 + e⁻ˣ) runs from 0 to 1.": (
        lambda _, x, **__: {"out": np.tanh(x)}
    ),
    "the factor 1 − σ is missing: the slope is σ(1 − σ).": (
        lambda impl, x, dout: {"dx": dout * impl.sigmoid_forward(x)[0]}
    ),
}

RELU: Mistakes = {
    "dx is cut off where dout is negative: what counts is the sign of the input.": (
        lambda _impl, dout, **_: {"dx": np.maximum(dout, 0)}
    ),
    "the gate is never shut: where the input was negative, no gradient gets through.": (
        lambda _impl, dout, **_: {"dx": dout}
    ),
    "this keeps the negative scores: max(0, x) keeps the positive ones.": (
        lambda _impl, x, **_: {"out": np.minimum(x, 0)}
    ),
    "out is |x|: a negative score becomes 0, it does not change its sign.": lambda _impl, x, **_: {"out": np.abs(x)},
    "the gate is the wrong way round: dx is dout where the input was positive and 0 elsewhere.": (
        lambda _, x, dout: {"dx": dout * (x <= 0)}
    ),
    "dout is multiplied by the output: the slope is 1 where the input was positive, not x.": (
        lambda _, x, dout: {"dx": dout * np.maximum(x, 0)}
    ),
}


def _activation_skipped(_impl: Any, x: Array, w: Array, **_: str) -> dict[str, Any]:
    dy = np.ones((len(x), w.shape[1]))
    return {"dL/dy": dy, "dL/dx": dy @ w.T, "dL/dw": x.T @ dy}


def _toy(
    _impl: Any, x: Array, w: Array, activation: str, *, df: float = 1.0, linear: float = 0.0, bias: float = 0.0
) -> dict[str, Any]:
    """Run the toy network with another gradient at its end, with the square's slope y instead of 2y, or a bias."""
    y = x @ w + bias
    if activation == "square":
        out, slope = y**2, (2 - linear) * y
    else:
        out = 1 / (1 + np.exp(-y))
        slope = out * (1 - out)
    upstream = np.full(y.shape, df)
    dy = upstream * slope
    return {"loss": out.sum() * df, "dL/df": upstream, "dL/dy": dy, "dL/dx": dy @ w.T, "dL/dw": x.T @ dy}


def _averaged(impl: Any, x: Array, w: Array, activation: str) -> dict[str, Any]:
    return _toy(impl, x, w, activation, df=1 / (len(x) * w.shape[1]))


def _seeded_with_loss(impl: Any, x: Array, w: Array, activation: str) -> dict[str, Any]:
    loss = _toy(impl, x, w, activation)["loss"]
    return _toy(impl, x, w, activation, df=loss) | {"loss": loss}


def _seeded_with_f(impl: Any, x: Array, w: Array, activation: str) -> dict[str, Any]:
    right = _toy(impl, x, w, activation)
    f = (x @ w) ** 2 if activation == "square" else 1 / (1 + np.exp(-(x @ w)))
    dy = right["dL/dy"] * f
    return {"dL/df": f, "dL/dy": dy, "dL/dx": dy @ w.T, "dL/dw": x.T @ dy}


TOY_NETWORK: Mistakes = {
    "the entries of f are added up, the loss is not their mean.": _averaged,
    "the activation is left out on the way back: dL/dy is dL/df times its slope.": _activation_skipped,
    "the loss sums y, before the activation.": lambda _impl, x, w, **_: {"loss": (x @ w).sum()},
    "the 2 is missing in the slope of the square: it is 2y.": lambda impl, **i: _toy(impl, **i, linear=1.0),
    "that is F itself: the sum has the slope 1 for every entry.": _seeded_with_f,
    "this network has no bias: pass zeros for it.": lambda impl, **i: _toy(impl, **i, bias=1.0),
    "the way back starts with the loss itself: the sum has the slope 1 for every entry.": _seeded_with_loss,
}


def _per_sample(impl: Any, prediction: Array, target: Array) -> dict[str, Any]:
    loss, gradient = impl.mse_loss(prediction, target, reduction="batch")
    return {"loss": loss, "dprediction": gradient}


def _absolute(_: Any, prediction: Array, target: Array) -> dict[str, Any]:
    difference = prediction - target
    return {"loss": np.abs(difference).mean(), "dprediction": np.sign(difference) / difference.size}


MSE_LOSS: Mistakes = {
    "divided by the number of samples alone: the mean here runs over all entries.": _per_sample,
    "the root is taken of the mean: the mean squared error goes without.": (
        lambda impl, prediction, target: {"loss": np.sqrt(impl.mse_loss(prediction, target)[0])}
    ),
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


def _normalised(scores: Array, y: Array, axis: int | None) -> dict[str, Any]:
    """Return the loss with each row's maximum taken off, as is right, and the powers summed over something else."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    onehot = np.eye(scores.shape[1])[y]
    return {"loss": -(log_p * onehot).sum() / len(y), "dscores": (np.exp(log_p) - onehot) / len(y)}


def _every_true_class(impl: Any, scores: Array, y: Array) -> dict[str, Any]:
    onehot = np.eye(scores.shape[1])[y]
    return {"dscores": impl.softmax_loss(scores, y)[1] + (onehot - onehot.max(axis=0)) / len(y)}


def _log_of_zero(impl: Any, scores: Array, y: Array) -> dict[str, Any]:
    p = len(y) * impl.softmax_loss(scores, y)[1] + np.eye(scores.shape[1])[y]
    with np.errstate(divide="ignore"):
        return {"loss": -np.log(p[np.arange(len(y)), y]).mean()}


SOFTMAX_LOSS: Mistakes = {
    "the 1 of the true class is not subtracted: the gradient is p − onehot(y), not p.": _no_onehot,
    "p is not divided by N, only the 1 of the true class is: divide p − onehot(y) as a whole.": _onehot_after_mean,
    "the loss is divided by the number of entries: it is a mean over the samples, each of which has one true class.": (
        lambda impl, scores, y: {"loss": impl.softmax_loss(scores, y)[0] / scores.shape[1]}
    ),
    "the softmax runs over the samples: a row of scores, not a column, belongs together.": _over_samples,
    "the powers are summed over the samples, axis 0: each row of p has to add up to 1, so sum over the classes.": (
        lambda _, scores, y: _normalised(scores, y, 0)
    ),
    "the powers are summed over all entries: each row of p has to add up to 1, so sum over the classes alone.": (
        lambda _, scores, y: _normalised(scores, y, None)
    ),
    "the 1 is subtracted in every row for every class that is in y: each row has one true class, [arange(N), y].": (
        _every_true_class
    ),
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


def _all_at_once(_: Any, x: Array, c: Array, h: float) -> dict[str, Any]:
    above, below = (np.sum(c * v**3) + np.sum(np.sin(v)) ** 2 for v in (x + h, x - h))
    return {"gradient": np.full(x.shape, (above - below) / (2 * h))}


NUMERICAL_GRADIENT: Mistakes = {
    "the difference is not divided by the distance of the two points, 2h.": (
        lambda _, x, c, h: {"gradient": 2 * h * _differences(x, c, h, h)}
    ),
    "all entries are moved at once: move one, and leave the others where they are.": _all_at_once,
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


def _relu_at_the_end(impl: Any, **inputs: Array) -> dict[str, Any]:
    """Cut the scores off at 0, and send the gradient back as if they were not."""
    z, cache1 = impl.affine_forward(inputs["x"], inputs["w1"], inputs["b1"])
    h, relu_cache = impl.relu_forward(z)
    scores, cache2 = impl.affine_forward(h, inputs["w2"], inputs["b2"])
    loss, dscores = impl.softmax_loss(np.maximum(scores, 0), inputs["y"])
    dh, dw2, db2 = impl.affine_backward(dscores, cache2)
    _, dw1, db1 = impl.affine_backward(impl.relu_backward(dh, relu_cache), cache1)
    return {"loss": loss, "dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}


def _scores_as_gradient(impl: Any, **inputs: Array) -> dict[str, Any]:
    z, cache1 = impl.affine_forward(inputs["x"], inputs["w1"], inputs["b1"])
    h, relu_cache = impl.relu_forward(z)
    scores, cache2 = impl.affine_forward(h, inputs["w2"], inputs["b2"])
    dh, dw2, db2 = impl.affine_backward(scores, cache2)
    _, dw1, db1 = impl.affine_backward(impl.relu_backward(dh, relu_cache), cache1)
    return {"dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}


TWO_LAYER_LOSS: Mistakes = {
    "the scores pass a ReLU, too: there is none behind the last layer.": _relu_at_the_end,
    "the way back starts with the scores: it starts with the gradient that the loss returned.": _scores_as_gradient,
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
    "divided by the learning rate: a larger rate means a larger step.": _descent(lambda w, dw, rate: w - dw / rate),
    "the learning rate scales the weight, too: it belongs to the gradient alone.": (
        _descent(lambda w, dw, rate: rate * (w - dw))
    ),
    "only the gradient's sign is used: its size counts, too.": _descent(lambda w, dw, rate: w - rate * np.sign(dw)),
    "the step goes uphill: against the gradient means w − learning_rate · dw.": (
        _descent(lambda w, dw, rate: w + rate * dw)
    ),
    "the learning rate is not used: the whole gradient is subtracted.": _descent(lambda w, dw, _: w - dw),
    "only the step is returned: the new parameter is w minus that step.": _descent(lambda _, dw, rate: rate * dw),
}


def _positions(x: Array, y: Array, start: list[Array], steps: int) -> list[Array]:
    """Return where the parameters are after the task's steps."""
    from i2dl.functional import two_layer_loss

    now = start
    for _ in range(steps):
        now = [p - 0.1 * dp for p, dp in zip(now, two_layer_loss(x, y, *now)[1], strict=True)]
    return now


def _those(
    which: Callable[[str, Array, Array], Any], steps: int | None = None, at_most: int = 100
) -> Callable[..., dict[str, Any]]:
    """Return the task's answers if ``which(name, before, after)`` decides, perhaps after other steps."""

    def answers(_: Any, x: Array, y: Array, **inputs: Any) -> dict[str, Any]:
        count = min(inputs["steps"], at_most) if steps is None else steps
        after = _positions(x, y, [inputs[name] for name in PARAMETERS], count)
        return {name: bool(which(name, inputs[name], a)) for name, a in zip(PARAMETERS, after, strict=True)}

    return answers


ZERO_INITIALIZATION: Mistakes = {
    "never found to move: compare every parameter, biases too, with a copy made before the first step; one entry that "
    "differs is enough.": _those(lambda *_: False),
    "only one step is taken: repeat it, as often as steps says.": _those(lambda _, p, q: np.any(p != q), steps=1),
    "all steps go by the gradients of the start: each step needs new ones.": (
        _those(lambda _, p, q: np.any(p != q), at_most=1)
    ),
    "these are the parameters that stay: asked for are those that move.": _those(lambda _, p, q: not np.any(p != q)),
    "all four are named, whether they move or not.": _those(lambda *_: True),
    "every entry has to differ here: one entry that differs is enough.": _those(lambda _, p, q: np.all(p != q)),
}

QUIZ: Mistakes = {
    "the biases are left out: every neuron has one.": lambda _, **i: {
        "parameter_count": float(i["d"] * i["h"] + i["h"] * i["c"])
    },
    "this counts the neurons, not the weights between them.": lambda _, **i: {
        "parameter_count": float(i["d"] + i["h"] + i["c"])
    },
    "rows and columns are swapped: a row per image of the batch.": lambda _, **i: {
        "hidden_shape": np.array([i["h"], i["n"]])
    },
    "that is the shape of W1: asked for is the gradient of H.": lambda _, **i: {
        "hidden_shape": np.array([i["d"], i["h"]])
    },
    "that is the shape of the scores: H is the layer before.": lambda _, **i: {
        "hidden_shape": np.array([i["n"], i["c"]])
    },
    "log 2 holds for two classes: equal scores make each of c classes equally likely.": lambda *_, **__: {
        "start_loss": np.log(2)
    },
    "the minus sign of −log p is missing.": lambda _, **i: {"start_loss": -np.log(i["c"])},
    "that is the probability of a class: the loss is −log of it.": lambda _, **i: {"start_loss": 1 / i["c"]},
    "that is the slope of σ(x): for σ(ax) the chain rule brings a factor a.": lambda *_, **__: {"largest_slope": 0.25},
    "that is the largest value of σ, not of its slope.": lambda *_, **__: {"largest_slope": 1.0},
    "half is the value of σ in the middle; the slope there is σ(1 − σ), times a.": lambda _, **i: {
        "largest_slope": 0.5 * i["a"]
    },
    "the mean divides by k times as many images, so the factor k that the sum brings is gone again.": (
        lambda _, **i: {"factor, mean": float(i["k"])}
    ),
    "the factor is taken away once more: the layer sums over k times as many images, and the mean divides by k.": (
        lambda _, **i: {"factor, mean": 1 / i["k"]}
    ),
    "a sum is not divided by the number of images: each image put in k times counts k times.": (
        lambda *_, **__: {"factor, sum": 1.0}
    ),
}

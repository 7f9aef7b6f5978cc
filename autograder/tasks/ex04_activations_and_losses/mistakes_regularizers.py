"""Mistakes in regularizers: for each task the sentences that name them, and what they compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray
Mistakes = dict[str, Callable[..., Mapping[str, Any]]]


def _net(w: Array, l1: float, l2: float, factor: float, slope: float) -> dict[str, Any]:
    return {"penalty": l1 * np.abs(w).sum() + factor * l2 * (w**2).sum(), "dw": l1 * np.sign(w) + slope * l2 * w}


PENALTY: Mistakes = {
    "the gradient of the squares lacks its factor 2 (unless half=True, where it cancels).": lambda _, w, l1, l2, **__: {
        "dw": l1 * np.sign(w) + l2 * w
    },
    "`half` is not used: with half=True the squares count half, and their gradient loses its 2.": (
        lambda _, w, l1, l2, **__: _net(w, l1, l2, 1.0, 2.0)
    ),
    "the squares are halved also where half=False.": lambda _, w, l1, l2, **__: _net(w, l1, l2, 0.5, 1.0),
    "the factor ½ is on the L1 part too: it belongs to the squares alone.": lambda _, w, l1, l2, half: {
        "penalty": (0.5 if half else 1.0) * (l1 * np.abs(w).sum() + l2 * (w**2).sum()),
        "dw": (0.5 if half else 1.0) * (l1 * np.sign(w) + 2 * l2 * w),
    },
    "the two strengths are exchanged: l1 goes with |w|, l2 with w².": lambda _, w, l1, l2, half: _net(
        w, l2, l1, 0.5 if half else 1.0, 1.0 if half else 2.0
    ),
    "positive and negative weights cancel: take absolute values before you add up.": lambda _, w, l1, l2, half: {
        "penalty": l1 * np.abs(w.sum()) + (0.5 if half else 1.0) * l2 * (w**2).sum()
    },
    "the sign is missing from the L1 gradient: it pulls towards 0 from both sides.": lambda _, w, l1, l2, half: {
        "dw": l1 + (1.0 if half else 2.0) * l2 * w
    },
    "the gradient of |w| is sign(w), not |w|.": lambda _, w, l1, l2, half: {
        "dw": l1 * np.abs(w) + (1.0 if half else 2.0) * l2 * w
    },
    "the gradient of |w| is sign(w), not w.": lambda _, w, l1, l2, half: {
        "dw": l1 * w + (1.0 if half else 2.0) * l2 * w
    },
    "the root of the sum of squares is taken: the penalty is the squared length.": lambda _, w, l1, l2, half: {
        "penalty": l1 * np.abs(w).sum() + (0.5 if half else 1.0) * l2 * np.sqrt((w**2).sum())
    },
    "the weights are averaged: a penalty is a sum over all of them.": lambda _, w, l1, l2, half: {
        name: value / w.size for name, value in _net(w, l1, l2, 0.5 if half else 1.0, 1.0 if half else 2.0).items()
    },
    "at a weight of exactly 0 the L1 gradient is 0: use np.sign.": lambda _, w, l1, l2, half: {
        "dw": l1 * np.where(w > 0, 1.0, -1.0) + (1.0 if half else 2.0) * l2 * w
    },
}


def _full(
    loss: float, gradients: dict[str, Array], parameters: dict[str, Array], strengths: dict[str, Any]
) -> dict[str, Any]:
    """Return the probe's outputs for these strengths, as they should be."""
    full, total = dict(gradients), loss
    for name, (l1, l2) in strengths.items():
        w = parameters[name]
        full[name] = gradients[name] + l1 * np.sign(w) + 2 * l2 * w
        total = total + l1 * np.abs(w).sum() + l2 * (w**2).sum()
    return {"loss": total, "dw1": full["w1"], "dw2": full["w2"], "db1": full["b1"], "dw2 passed in": gradients["w2"]}


def _biases_too(_: Any, loss: float, gradients: Any, parameters: Any, strengths: Any) -> dict[str, Any]:
    every = {name: strengths.get(f"w{name[1:]}", [0.0, 0.0]) for name in parameters}
    return _full(loss, gradients, parameters, every)


def _one_strength(_: Any, loss: float, gradients: Any, parameters: Any, strengths: Any) -> dict[str, Any]:
    first = next(iter(strengths.values()))
    return _full(loss, gradients, parameters, dict.fromkeys(strengths, first))


def _swapped(_: Any, loss: float, gradients: Any, parameters: Any, strengths: Any) -> dict[str, Any]:
    return _full(loss, gradients, parameters, {name: pair[::-1] for name, pair in strengths.items()})


def _last_only(_: Any, loss: float, gradients: Any, parameters: Any, strengths: Any) -> dict[str, Any]:
    last = list(strengths)[-1]
    return {"loss": _full(loss, gradients, parameters, {last: strengths[last]})["loss"]}


def _without_data(_: Any, loss: float, gradients: Any, parameters: Any, strengths: Any) -> dict[str, Any]:
    blank = {name: 0 * g for name, g in gradients.items()}
    found = _full(0.0, blank, parameters, strengths)
    return {name: found[name] for name in ("loss", "dw1", "dw2", "db1")} if loss else {}


FULL_LOSS: Mistakes = {
    "the penalty is in the loss but not in the gradients: descent would never notice it.": (
        lambda _impl, gradients, **_: {"dw1": gradients["w1"], "dw2": gradients["w2"]}
    ),
    "the penalty is missing from the loss.": lambda _impl, loss, **_: {"loss": loss},
    "the biases are penalized too: only the matrices named in `strengths` are.": _biases_too,
    "one pair of strengths is used for all matrices: each has its own.": _one_strength,
    "the two strengths of a pair are exchanged: the order is (l1, l2).": _swapped,
    "only the last matrix's penalty is in the loss: add them up.": _last_only,
    "the data loss and its gradients are gone: the penalties are added to them.": _without_data,
    "the gradients that were passed in are changed in place: whoever passed them has lost them.": (
        lambda _, loss, gradients, parameters, strengths: {
            "dw2 passed in": _full(loss, gradients, parameters, strengths)["dw2"]
        }
    ),
    "the penalty's gradient is subtracted: both gradients add up.": (
        lambda _, loss, gradients, parameters, strengths: {
            name: 2 * gradients[name[1:]] - _full(loss, gradients, parameters, strengths)[name]
            for name in ("dw1", "dw2")
        }
    ),
}


def _soft(v: Array, threshold: float) -> Array:
    return np.asarray(np.sign(v) * np.maximum(np.abs(v) - threshold, 0))


BEST_WEIGHT: Mistakes = {
    "the threshold is l1 instead of l1/2: the derivative of (w − v)² brings a 2.": (
        lambda _, v, l1, l2: {"w": _soft(v, l1) / (1 + l2)}
    ),
    "weights below the threshold change their sign: they stop at 0.": (
        lambda _, v, l1, l2: {"w": (v - np.sign(v) * l1 / 2) / (1 + l2)}
    ),
    "weights above the threshold keep their full size: they, too, are pulled down by l1/2.": (
        lambda _, v, l1, l2: {"w": np.where(np.abs(v) > l1 / 2, v, 0) / (1 + l2)}
    ),
    "the sign of v is lost.": lambda _, v, l1, l2: {"w": np.maximum(np.abs(v) - l1 / 2, 0) / (1 + l2)},
    "negative weights all become 0: the threshold works on both sides.": (
        lambda _, v, l1, l2: {"w": np.maximum(v - l1 / 2, 0) / (1 + l2)}
    ),
    "the L2 part is missing: divide by 1 + l2.": lambda _impl, v, l1, **_: {"w": _soft(v, l1 / 2)},
    "the L1 part is missing: first pull |v| down by l1/2.": lambda _impl, v, l2, **_: {"w": v / (1 + l2)},
    "divided by 1 + 2·l2: the 2 of the one square cancels that of the other.": (
        lambda _, v, l1, l2: {"w": _soft(v, l1 / 2) / (1 + 2 * l2)}
    ),
    "multiplied by 1 − l2: that is one step of gradient descent, not the minimum.": (
        lambda _, v, l1, l2: {"w": _soft(v, l1 / 2) * (1 - l2)}
    ),
    "divided before the threshold is taken: in the equation l1/2 is divided as well.": (
        lambda _, v, l1, l2: {"w": _soft(v / (1 + l2), l1 / 2)}
    ),
}


def _scaled(w: Array, c: float, axis: int | None) -> Array:
    lengths = np.sqrt((w**2).sum(axis=axis, keepdims=True))
    return np.asarray(w * c / np.maximum(lengths, c))


MAX_NORM: Mistakes = {
    "short columns are stretched: only those longer than c are scaled.": (
        lambda _, w, c: {"w": w * c / np.sqrt((w**2).sum(axis=0))}
    ),
    "lengths are taken along the rows: a neuron's weights stand in a column.": lambda _, w, c: {"w": _scaled(w, c, 1)},
    "the whole matrix is scaled by one length: each column has its own.": lambda _, w, c: {"w": _scaled(w, c, None)},
    "each entry is clipped: what is limited is the length of a column.": lambda _, w, c: {"w": np.clip(w, -c, c)},
    "columns that are too long are set to 0: scale them to the length c.": (
        lambda _, w, c: {"w": np.where((w**2).sum(axis=0) > c**2, 0, w)}
    ),
    "the root is missing: a length is the root of the sum of squares.": (
        lambda _, w, c: {"w": w * c / np.maximum((w**2).sum(axis=0), c)}
    ),
    "long columns end at length 1, not c.": (
        lambda _, w, c: {"w": np.where((w**2).sum(axis=0) > c**2, w / np.sqrt((w**2).sum(axis=0)), w)}
    ),
    "the lengths are sums of absolute values (L1): the Euclidean length is meant.": (
        lambda _, w, c: {"w": w * c / np.maximum(np.abs(w).sum(axis=0), c)}
    ),
}

WEIGHT_DECAY: Mistakes = {
    "the decay is subtracted from the gradient: the step is against the gradient, so it has to be added.": (
        lambda _, w, dw, learning_rate, decay: {
            "coupled": dw - decay * w,
            "one step of SGD": w - learning_rate * (dw - decay * w),
        }
    ),
    "the factor 2 of λ Σ w² is in it: weight decay is the gradient of ½ λ Σ w².": (
        lambda _, w, dw, learning_rate, decay: {
            "coupled": dw + 2 * decay * w,
            "one step of SGD": w - learning_rate * (dw + 2 * decay * w),
            "decoupled": (1 - 2 * learning_rate * decay) * w,
        }
    ),
    "the sign of w is added: that is the L1 penalty's gradient.": (
        lambda _, w, dw, learning_rate, decay: {
            "coupled": dw + decay * np.sign(w),
            "one step of SGD": w - learning_rate * (dw + decay * np.sign(w)),
        }
    ),
    "the learning rate is missing: the decay, too, is a step.": lambda _impl, w, decay, **_: {
        "decoupled": (1 - decay) * w
    },
    "the weights grow: the factor is 1 minus learning_rate · decay.": (
        lambda _impl, w, learning_rate, decay, **_: {"decoupled": (1 + learning_rate * decay) * w}
    ),
    "only the decay is returned: what is left of w is due.": (
        lambda _impl, w, learning_rate, decay, **_: {"decoupled": learning_rate * decay * w}
    ),
    "the gradient is scaled instead of the weights.": (
        lambda _, w, dw, learning_rate, decay: {
            "coupled": (1 + decay) * dw,
            "one step of SGD": w - learning_rate * (1 + decay) * dw,
        }
    ),
}

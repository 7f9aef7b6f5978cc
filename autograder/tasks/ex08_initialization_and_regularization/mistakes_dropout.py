"""Mistakes of part 2, on dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.tasks.ex08_initialization_and_regularization.mistakes_initialization import Mistakes

Array = np.ndarray
Draw = Callable[[tuple[int, ...], float, np.random.Generator], Array]


def _counted(draw: Draw) -> Callable[..., dict[str, Any]]:
    """Return what the task counts, of masks that are drawn in another way."""

    def variant(_: Any, shape: list[int], p: float, entropy: int) -> dict[str, Any]:
        mask = np.asarray(draw(tuple(shape), p, np.random.default_rng(entropy))).astype(float)
        return {"values": np.unique(mask), "kept / (1 − p)": round(float(np.mean(mask != 0)) / (1 - p), 1)}

    return variant


DROPOUT_MASK: Mistakes = {
    "p is taken for the probability to keep: here it is the probability to drop.": lambda impl, **inputs: {
        "kept / (1 − p)": _counted(lambda s, p, rng: rng.random(s) < p)(impl, **inputs)["kept / (1 − p)"]
    },
    "half of the entries are kept, whatever p is.": lambda impl, **inputs: {
        "kept / (1 − p)": _counted(lambda s, _p, rng: rng.random(s) < 0.5)(impl, **inputs)["kept / (1 − p)"]
    },
    "Gaussian numbers are compared with p: take rng.random, which is uniform on [0, 1).": lambda impl, **inputs: {
        "kept / (1 − p)": _counted(lambda s, p, rng: rng.standard_normal(s) >= p)(impl, **inputs)["kept / (1 − p)"]
    },
    "the mask is scaled already: here it is to say only what is kept, with 1 and 0.": lambda impl, **inputs: {
        "values": _counted(lambda s, p, rng: (rng.random(s) >= p) / (1 - p))(impl, **inputs)["values"]
    },
    "these are the random numbers themselves: compare them with p.": lambda impl, **inputs: {
        "values": _counted(lambda s, _p, rng: rng.random(s))(impl, **inputs)["values"]
    },
    "all rows have the same mask: every sample is to get a thinned network of its own.": lambda _impl, **_: {
        "independent rows": False
    },
    "the mask has to come from rng, anew at each call: the same generator state gives the same mask, and the next "
    "call another one.": lambda _impl, **_: {"from rng": False},
}


def _in_training(out: Callable[[Array, Array, float], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, dout, mask, p: {"out": out(x, mask, p), "dx": out(dout, mask, p)}


def _at_test(out: Callable[[Array, Array, float], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, x, dout, mask, p: {"out at test time": out(x, mask, p), "dx at test time": out(dout, mask, p)}


DROPOUT_INVERTED: Mistakes = {
    "the scaling is missing in training: divide by 1 − p.": _in_training(lambda x, mask, _p: x * mask),
    "it is divided by p: the probability to keep is 1 − p.": _in_training(
        lambda x, mask, p: x * mask / p if p else 0 * x
    ),
    "it is multiplied by 1 − p: to make up for what is dropped, divide.": _in_training(
        lambda x, mask, p: x * mask * (1 - p)
    ),
    "the mask is turned round: True is kept.": _in_training(lambda x, mask, p: x * ~mask / (1 - p)),
    "it is multiplied by p: divide by 1 − p.": _in_training(lambda x, mask, p: x * mask * p),
    "only the scaling is there, and nothing is dropped.": _in_training(lambda x, _mask, p: x / (1 - p)),
    "the derivative is 1 everywhere here: what was dropped gets no gradient, what was scaled a scaled one.": (
        lambda _, x, dout, mask, p: {"dx": dout}  # noqa: ARG005
    ),
    "nothing is dropped in training: train and test are swapped.": _in_training(lambda x, _mask, _p: x),
    "at test time nothing may be dropped.": _at_test(lambda x, mask, p: x * mask / (1 - p)),
    "at test time nothing may be dropped, scaled or not.": _at_test(lambda x, mask, _p: x * mask),
    "at test time inverted dropout leaves x as it is: the factor 1 − p belongs to test-time scaling.": _at_test(
        lambda x, _mask, p: (1 - p) * x
    ),
    "at test time x stays as it is: it is scaled in training only.": _at_test(lambda x, _mask, p: x / (1 - p)),
    "dout is ignored: this is the slope alone.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "dx": mask.astype(x.dtype) / x.dtype.type(1 - p)
    },
    "it is scaled twice.": _in_training(lambda x, mask, p: x * mask / (1 - p) ** 2),
}

DROPOUT_TEST_SCALING: Mistakes = {
    "x is multiplied by p at test time: p is the probability to drop, and what is due is that to keep, 1 − p.": (
        lambda _, x, dout, mask, p: {"out at test time": p * x}  # noqa: ARG005
    ),
    "the scaling at test time is missing: x would come out too large.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out at test time": x
    },
    "it is divided at test time: with all neurons there, x has to get smaller, so multiply by 1 − p.": (
        lambda _, x, dout, mask, p: {"out at test time": x / (1 - p)}  # noqa: ARG005
    ),
    "at test time nothing is dropped: multiply all of x by 1 − p.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out at test time": x * mask
    },
    "at test time nothing is dropped, all of x is multiplied by 1 − p.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out at test time": x * mask * (1 - p)
    },
    "that is inverted dropout: here training does not scale.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out": x * mask / (1 - p)
    },
    "training scales too, and the scaling at test time is then one too many.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out": x * mask * (1 - p)
    },
    "nothing is dropped in training: train and test are swapped.": lambda _, x, dout, mask, p: {  # noqa: ARG005
        "out": (1 - p) * x
    },
    "nothing is dropped in training.": lambda _, x, dout, mask, p: {"out": x},  # noqa: ARG005
    "the mask is turned round: True is kept.": lambda _, x, dout, mask, p: {"out": x * ~mask},  # noqa: ARG005
}


def _numbers(**wrong: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return a mistake of one question: ``pair=lambda p, q: ...`` and so on."""
    names = {
        "pair": ("dropped by the pair", ("p", "q")),
        "scale": ("scale of the pair", ("p", "q")),
        "networks": ("thinned networks", ("n",)),
        "parameters": ("parameters", ("sizes", "p")),
    }

    def variant(_: Any, **inputs: Any) -> dict[str, Any]:
        return {names[k][0]: f(*(inputs[i] for i in names[k][1])) for k, f in wrong.items()}

    return variant


def _weights(sizes: list[int]) -> int:
    return sum(n * m for n, m in zip(sizes, sizes[1:], strict=False))  # noqa: RUF007


DROPOUT_NUMBERS: Mistakes = {
    "p + q − 2pq is the exam's: it leaves out the case in which both drop the entry.": _numbers(
        pair=lambda p, q: p + q - 2 * p * q
    ),
    "p + q counts twice the case in which both drop the entry.": _numbers(pair=lambda p, q: p + q),
    "p · q is the probability that both drop it; one is enough.": _numbers(pair=lambda p, q: p * q),
    "that is the probability that the entry is kept.": _numbers(pair=lambda p, q: (1 - p) * (1 - q)),
    "that is the larger of the two: the layers draw independently of each other.": _numbers(pair=max),
    "to make up for what is dropped, divide by the probabilities to keep; here they are multiplied with.": _numbers(
        scale=lambda p, q: (1 - p) * (1 - q)
    ),
    "the layers scale by the probabilities to keep, 1 − p and 1 − q, not by p and q.": _numbers(
        scale=lambda p, q: 1 / (p * q)
    ),
    "the factors of the two layers are multiplied, not added.": _numbers(scale=lambda p, q: 1 / (1 - p) + 1 / (1 - q)),
    "each of the n neurons is there or not: that doubles the number, it does not add 2.": _numbers(
        networks=lambda n: 2 * n
    ),
    "it is 2 to the power n, not n squared.": _numbers(networks=lambda n: n**2),
    "the full network and the one without any count, too.": _numbers(networks=lambda n: 2**n - 1),
    "the full network and the one without any do count, both.": _numbers(networks=lambda n: 2**n - 2),
    "the biases are missing: one for each neuron but the inputs.": _numbers(
        parameters=lambda sizes, _p: _weights(sizes)
    ),
    "inputs have no bias.": _numbers(parameters=lambda sizes, _p: _weights(sizes) + sum(sizes)),
    "dropped neurons keep their weights, and train in other steps: the number does not depend on p.": _numbers(
        parameters=lambda sizes, p: (1 - p) * (_weights(sizes) + sum(sizes[1:]))
    ),
}


def _predictions(x: Array, noise: Array) -> Array:
    e = np.exp(x + noise)
    return e / e.sum(axis=-1, keepdims=True)


MONTE_CARLO: Mistakes = {
    "the variance is due to be rooted: std is its square root.": lambda _, x, noise, samples: {  # noqa: ARG005
        "std": _predictions(x, noise).var(axis=0)
    },
    "the squares are divided by T − 1, where T is due.": lambda _, x, noise, samples: {  # noqa: ARG005
        "std": _predictions(x, noise).std(axis=0, ddof=1)
    },
    "that is the standard error of the mean: do not divide by √T.": lambda _, x, noise, samples: {
        "std": _predictions(x, noise).std(axis=0) / np.sqrt(samples)
    },
    "predict is called once, and its result used T times: each prediction needs a mask of its own.": (
        lambda _, x, noise, samples: {  # noqa: ARG005
            "mean": _predictions(x, noise[0]),
            "std": 0 * x,
            "predictions": 1,
        }
    ),
    "the mean goes over the samples of the batch, and not over the predictions.": lambda _, x, noise, samples: {  # noqa: ARG005
        "mean": _predictions(x, noise).mean(axis=1),
        "std": _predictions(x, noise).std(axis=1),
    },
    "this is the last prediction alone: average all of them.": lambda _, x, noise, samples: {  # noqa: ARG005
        "mean": _predictions(x, noise[-1])
    },
    "the predictions are added up: divide by T.": lambda _, x, noise, samples: {  # noqa: ARG005
        "mean": _predictions(x, noise).sum(axis=0)
    },
    "predict is called once too often: take exactly T predictions.": lambda _, x, noise, samples: {  # noqa: ARG005
        "predictions": samples + 1
    },
    "mean and spread need twice the predictions here: keep those of the mean.": lambda _, x, noise, samples: {  # noqa: ARG005
        "predictions": 2 * samples
    },
}

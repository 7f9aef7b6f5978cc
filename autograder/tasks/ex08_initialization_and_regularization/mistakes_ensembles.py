"""Mistakes of part 6, on early stopping, bagging and ensembles."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.tasks.ex08_initialization_and_regularization.mistakes_initialization import Mistakes

Array = np.ndarray


def _watched(
    better: Callable[[float, float], bool] = lambda loss, best: loss < best,
    enough: Callable[[int, int], bool] = lambda waited, patience: waited >= patience,
    *,
    forgets: bool = True,
    told: Callable[[int, int, Sequence[float]], tuple[int, int]] = lambda stop, best, _losses: (stop, best),
) -> Callable[..., dict[str, Any]]:
    """Return a flawed watch: another idea of better, of enough, a count that is never set back, another answer."""

    def variant(_: Any, losses: Sequence[float], patience: int) -> dict[str, Any]:
        best, lowest, waited, stop = 0, math.inf, 0, len(losses) - 1
        for epoch, loss in enumerate(losses):
            if better(loss, lowest):
                best, lowest, waited = epoch, loss, 0 if forgets else waited
            else:
                waited += 1
            if enough(waited, patience):
                stop = epoch
                break
        stop, best = told(stop, best, losses)
        return {"stop": stop, "best": best}

    return variant


def _neighbours(reset: bool) -> Callable[..., dict[str, Any]]:
    """Compare each loss with the one before, as the summary does."""

    def variant(_: Any, losses: Sequence[float], patience: int) -> dict[str, Any]:
        rises, stop = 0, len(losses) - 1
        for epoch in range(1, len(losses)):
            rises = rises + 1 if losses[epoch] > losses[epoch - 1] else 0 if reset else rises
            if rises == patience:
                stop = epoch
                break
        return {"stop": stop, "best": int(np.argmin(losses[: stop + 1]))}

    return variant


EARLY_STOPPING: Mistakes = {
    "each loss is compared with its neighbour: compare it with the best so far.": _neighbours(True),
    "rises are counted, and never set back: count the epochs since the best.": _neighbours(False),
    "the epochs without a new best are counted all together: a new best sets the count back to 0.": _watched(
        forgets=False
    ),
    "an equal loss is no new best.": _watched(better=lambda loss, best: loss <= best),
    "it stops one epoch too late: patience epochs without a new best are enough.": _watched(
        enough=lambda waited, patience: waited > patience
    ),
    "it stops one epoch too early.": _watched(enough=lambda waited, patience: waited >= patience - 1 > 0),
    "the best of all losses is taken, but those after the stop are never computed.": _watched(
        told=lambda stop, _best, losses: (stop, int(np.argmin(losses)))
    ),
    "it never stops: the losses after the stop are never computed.": _watched(
        told=lambda _stop, _best, losses: (len(losses) - 1, int(np.argmin(losses)))
    ),
    "the best epoch is not the last one: return the one with the lowest loss.": _watched(
        told=lambda stop, _best, _losses: (stop, stop)
    ),
    "the best epoch is the one with the lowest loss, not the one `patience` epochs before the end.": (
        lambda impl, losses, patience: {"best": max(impl.early_stopping(losses, patience)[0] - patience, 0)}
    ),
    "epochs are counted from 0: both numbers are one too large.": _watched(
        told=lambda stop, best, _losses: (stop + 1, best + 1)
    ),
    "the two are swapped: first the last epoch, then the best.": _watched(
        told=lambda stop, best, _losses: (best, stop)
    ),
}

BOOTSTRAP: Mistakes = {
    "every sample is there once: draw with replacement.": lambda _impl, **_: {"share of different ones": 1.0},
    "samples and labels were drawn separately: take both at the same indices.": lambda _impl, **_: {
        "each with its label": False
    },
    "the draws have to come from rng, anew at each call: the same generator state gives the same, and the next call "
    "others.": lambda _impl, **_: {"from rng": False},
    "half as many were drawn: take as many as there are.": lambda _impl, n, **_: {"samples": n // 2},
    "63 % of the samples were taken: draw as many as there are, and 63 % of the samples will be among them.": (
        lambda _impl, n, **_: {"samples": int(0.63 * n)}
    ),
    "only the different ones are kept: samples that are drawn repeatedly stay in repeatedly.": (
        lambda impl, **inputs: {"samples": _different(impl, **inputs)}
    ),
    "the draws reach only half of the samples: every index from 0 to N − 1 is to be possible.": lambda _impl, **_: {
        "share of different ones": 0.4
    },
}


def _different(impl: Any, n: int, shape: list[int], entropy: int) -> int:
    y = np.random.default_rng(entropy).permutation(n)
    x = np.zeros((n, *shape))
    return len(np.unique(impl.bootstrap(x, y, np.random.default_rng(entropy + 1))[1]))


def _counts(votes: Array, classes: int) -> Array:
    return (votes[:, :, None] == np.arange(classes)).sum(axis=0)


def _error(of: Callable[[float, float, int], float]) -> Callable[..., dict[str, Any]]:
    return lambda _, v, c, k, **_kw: {"error": of(v, c, k)}


def _average(of: Callable[[Array], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, probabilities, **_kw: {"average": np.asarray(of(probabilities), float)}


def _vote(of: Callable[[Array, int], Array]) -> Callable[..., dict[str, Any]]:
    return lambda _, votes, classes, **_kw: {"vote": np.asarray(of(votes, classes), float)}


COMBINE: Mistakes = {
    "that is a vote: average the probabilities first, and take the largest afterwards.": _average(
        lambda p: _counts(p.argmax(axis=2), p.shape[2]).argmax(axis=1)
    ),
    "the surest model decides alone: average over the models.": _average(lambda p: p.max(axis=0).argmax(axis=1)),
    "the average runs over the classes, axis 2, where the models, axis 0, are due.": _average(
        lambda p: p.mean(axis=2).argmax(axis=0)
    ),
    "the probabilities are multiplied; here they are averaged.": _average(
        lambda p: np.log(p).sum(axis=0).argmax(axis=1)
    ),
    "the median is taken; here it is the mean.": _average(lambda p: np.median(p, axis=0).argmax(axis=1)),
    "this is the answer of the first model alone.": _average(lambda p: p[0].argmax(axis=1)),
    "this is the vote of the first model alone.": _vote(lambda votes, _c: votes[0]),
    "of classes with equally many votes, the highest is taken: it is to be the lowest.": _vote(
        lambda votes, c: c - 1 - _counts(votes, c)[:, ::-1].argmax(axis=1)
    ),
    "the class numbers are averaged: a 2 and a 4 do not make a 3. Count the votes.": _vote(
        lambda votes, _c: np.rint(votes.mean(axis=0))
    ),
    "the median of the class numbers is taken: count the votes.": _vote(
        lambda votes, _c: np.floor(np.median(votes, axis=0))
    ),
    "this is the number of votes, not the class that got them.": _vote(lambda votes, c: _counts(votes, c).max(axis=1)),
    "these are the classes with the fewest votes.": _vote(lambda votes, c: _counts(votes, c).argmin(axis=1)),
    "that is right for uncorrelated errors: the mixed products, with c, are missing.": _error(lambda v, _c, k: v / k),
    "of the k² products k are squares and k(k − 1) are mixed; the mixed ones have the weight (k − 1)/k, not 1.": _error(
        lambda v, c, k: v / k + c
    ),
    "each pair appears twice, as εᵢεⱼ and as εⱼεᵢ: the mixed part is twice as large.": _error(
        lambda v, c, k: v / k + (k - 1) / (2 * k) * c
    ),
    "the mixed part has the weight (k − 1)/k, not 1/k.": _error(lambda v, c, k: (v + c) / k),
    "the sum of the errors is squared without the 1/k of the average, which is squared too: divide by k².": _error(
        lambda v, c, k: k * v + k * (k - 1) * c
    ),
    "the 1/k of the average is squared, too: divide by k², not by k.": _error(lambda v, c, k: v + (k - 1) * c),
    "it does not fall linearly: there are k squares in the sum, divided by k².": _error(lambda v, _c, k: v - v * k),
    "v is divided by k²: there are k squares, so v/k remains.": _error(lambda v, c, k: v / k**2 + (k - 1) / k * c),
    "v is divided by √k: that would be the standard deviation.": _error(lambda v, c, k: v / k**0.5 + (k - 1) / k * c),
    "v and c are swapped.": _error(lambda v, c, k: c / k + (k - 1) / k * v),
}

"""The search for a learning rate."""

import math
from collections.abc import Callable, Iterable
from itertools import chain, islice, repeat

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from i2dl.data.batching import batches
from i2dl.training.steps import Loss, Pair, evaluate, train_step

__all__ = ["learning_rate_search"]


def learning_rate_search(
    build: Callable[[float], tuple[torch.nn.Module, torch.optim.Optimizer]],
    train: Pair,
    validation: Pair,
    rates: Iterable[float],
    *,
    seed: int,
    iterations: int = 100,
    batch_size: int = 32,
    loss_function: Loss = cross_entropy,
) -> list[tuple[float, float]]:
    """Try each learning rate for a few iterations, from the same start and on the same mini-batches.

    Parameters
    ----------
    build : callable
        ``build(rate) -> (model, optimizer)``, a new model each time. It is called under the same PyTorch seed for every
        rate, so that all start from the same weights.
    train, validation : pair of arrays (N, ...), (N,)
        Inputs and labels to train on, and to measure on.
    rates : iterable of float
        What to try; the lecture suggests 1e-1, 1e-2, 1e-3, 1e-4.
    seed : int
        Seeds the weights and the order of the samples.
    iterations : int
        Steps for each rate.
    batch_size : int
        Samples in a mini-batch.
    loss_function : callable
        ``loss_function(scores, y) -> scalar tensor``, a mean over the samples.

    Returns
    -------
    list of (float, float)
        Each rate with the validation loss after the last iteration, infinity if it diverged, in the order of `rates`;
        ``min(result, key=lambda pair: pair[1])`` is the best.

    References
    ----------
    Lecture 6, find a good learning rate: the loss should drop significantly within 100 iterations.
    """
    result = []
    for rate in rates:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model, optimizer = build(rate)
            rng = np.random.default_rng(seed)
            epochs = (batches(*train, batch_size, rng) for _ in repeat(None))
            for x, y in islice(chain.from_iterable(epochs), iterations):
                train_step(model, optimizer, x, y, loss_function)
            loss, _ = evaluate(model, *validation, loss_function)
        result.append((float(rate), loss if math.isfinite(loss) else math.inf))
    return result

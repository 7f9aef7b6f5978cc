"""What is left of the broken code of exercise 07 after a mending that missed something.

The broken functions have several faults each. Every set of them gives other numbers, so every set has a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from autograder.tasks.ex07_training_a_network.drawing import Mistakes

__all__ = ["CHOICE", "DATA", "EPOCH"]


def _every_set(faults: dict[str, str], broken: Callable[..., Any]) -> Mistakes:
    """Return a sentence and the code for every set of faults, the small ones first."""
    sets = (s for n in range(1, len(faults) + 1) for s in combinations(faults, n))
    return {"; and ".join(faults[f] for f in s): partial(broken, faults=frozenset(s)) for s in sets}


# ---------------------------------------------------------------------------------------------------------------
# An epoch


def _epoch(model: Any, optimizer: Any, minibatches: Any, *, faults: frozenset[str]) -> float:
    import torch
    from torch.nn.functional import cross_entropy

    if "mode" not in faults:
        model.train()
    losses, counts = [], []
    for x, y in minibatches:
        if "gradients" not in faults:
            optimizer.zero_grad()
        scores = model(x)
        loss = cross_entropy(torch.softmax(scores, dim=1) if "softmax" in faults else scores, y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        counts.append(1 if "mean of means" in faults else len(y))
    return float(np.average(losses, weights=counts))


EPOCH = _every_set(
    {
        "mode": "the model stays in evaluation mode: put it into training mode first",
        "gradients": "the old gradients are not cleared before backward() adds to them",
        "softmax": "the scores go through a softmax before the cross-entropy, which applies its own",
        "mean of means": "the small last mini-batch counts as much as a full one: weigh each loss by its samples",
    },
    _epoch,
)


def _epoch_that_clears_too_late(model: Any, optimizer: Any, minibatches: Any) -> float:
    from torch.nn.functional import cross_entropy

    model.train()
    for x, y in minibatches:
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    return loss.item()


EPOCH["the parameters do not move: the gradients are cleared between backward() and the step"] = (
    _epoch_that_clears_too_late
)


# ---------------------------------------------------------------------------------------------------------------
# The data


def _prepare(images: Any, labels: Any, rng: np.random.Generator, *, faults: frozenset[str]) -> Any:
    order = rng.permutation(len(images))
    images = images[order]
    labels = labels[rng.permutation(len(labels)) if "labels apart" in faults else order]
    n = len(images) // 5
    seen = images if "statistics of all" in faults else images[n:]
    images = (images - seen.mean()) / seen.std()
    start = 0 if "overlap" in faults else n
    return (images[start:], labels[start:]), (images[:n], labels[:n])


DATA = _every_set(
    {
        "labels apart": "images and labels are shuffled apart: no image keeps its label; draw one order for both",
        "statistics of all": "mean and spread are those of all images: the validation images must have no part in them",
        "overlap": "the validation images are in the training set as well: it starts behind them",
    },
    _prepare,
)


def _each_by_its_own(images: Any, labels: Any, rng: np.random.Generator) -> Any:
    order, n = rng.permutation(len(images)), len(images) // 5
    parts = [(images[s], labels[s]) for s in (order[n:], order[:n])]
    return [((x - x.mean()) / x.std(), y) for x, y in parts]


def _per_pixel(images: Any, labels: Any, rng: np.random.Generator) -> Any:
    order, n = rng.permutation(len(images)), len(images) // 5
    images, labels = images[order], labels[order]
    images = (images - images[n:].mean(axis=0)) / images[n:].std(axis=0)
    return (images[n:], labels[n:]), (images[:n], labels[:n])


def _other_part(images: Any, labels: Any, rng: np.random.Generator, *, last: bool) -> Any:
    order, n = rng.permutation(len(images)), len(images) // 5
    kept, held_back = (order[:-n], order[-n:]) if last else (order[-n:], order[:-n])
    images = (images - images[kept].mean()) / images[kept].std()
    return (images[kept], labels[kept]), (images[held_back], labels[held_back])


DATA |= {
    "the last fifth is held back: here it is the first one": partial(_other_part, last=True),
    "the network is left a fifth to learn from: it is the validation set that has the fifth": (
        partial(_other_part, last=False)
    ),
    "each set is standardized by its own mean and spread: both must go through the same map, the training set's": (
        _each_by_its_own
    ),
    "mean and spread are taken pixel by pixel: here they are one number each": _per_pixel,
}


# ---------------------------------------------------------------------------------------------------------------
# The choice of a setting


def _choice(
    settings: Any, train: Any, validation: Any, test: Any, *, fit: Any, error: Any, mistake: str
) -> tuple[Any, float]:
    models = [fit(setting, validation if mistake == "fits validation" else train) for setting in settings]
    if mistake == "watched":
        for model in models:
            error(model, test)
    judge = {"on test": test, "on train": train}.get(mistake, validation)
    errors = [error(model, judge) for model in models]
    pick = max if mistake == "worst" else min
    best = pick(range(len(settings)), key=errors.__getitem__)
    if mistake == "last model":
        return settings[best], error(models[-1], test)
    if mistake in {"on test", "reports validation"}:
        return settings[best], errors[best]
    return settings[best], error(models[best], test)


CHOICE: Mistakes = {
    "the setting is chosen on the test set: choose it on the validation set": partial(_choice, mistake="on test"),
    "the setting is chosen on the training set: choose it on the validation set": partial(_choice, mistake="on train"),
    "this is the validation error by which the setting was chosen, the luckiest of many: measure the chosen model on "
    "the test set": partial(_choice, mistake="reports validation"),
    "the setting with the highest error is chosen: the lowest is the best": partial(_choice, mistake="worst"),
    "the models are fitted on the validation set: fit them on the training set": (
        partial(_choice, mistake="fits validation")
    ),
    "the test set is looked at with every setting: measure on it once, at the end": partial(_choice, mistake="watched"),
    "the error is that of the last model, not of the chosen one: keep the model of the best setting": (
        partial(_choice, mistake="last model")
    ),
}

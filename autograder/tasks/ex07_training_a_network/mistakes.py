"""Mistakes in the first steps and the loop: for each the sentence that names it, and code that makes it.

A task runs its own probe on such code in the place of the student's, so the numbers that come out are those of a
student who made just this mistake. Mistakes that any task may have are found without being listed here.
"""

from __future__ import annotations

import copy
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.tasks.ex07_training_a_network.drawing import Mistakes

__all__ = [
    "EARLY_STOPPING",
    "EVALUATE",
    "FIT",
    "INITIAL_LOSS",
    "ITERATIONS",
    "LEAKED",
    "NETWORK",
    "PARAMETERS",
    "TRAIN_STEP",
]


# ---------------------------------------------------------------------------------------------------------------
# Three sets


def _leaked(train: Any, test: Any, *, same: Any, where: str = "test") -> list[int]:
    hits = [(i, k) for i, sample in enumerate(test) for k, other in enumerate(train) if same(sample, other)]
    if where == "train":
        return list(dict(reversed(hits)).values())[::-1]
    if where == "same place":
        return [i for i, k in hits if i == k]
    found = {i for i, _ in hits}
    if where == "mask":
        return [int(i in found) for i in range(len(test))]
    return [i for i in range(len(test)) if (i in found) != (where == "clean")]


LEAKED: Mistakes = {
    "these are places in the training set: asked for are those in the test set": (
        partial(_leaked, same=np.array_equal, where="train")
    ),
    "each test image is compared with one training image only, that at its own place: compare it with all": (
        partial(_leaked, same=np.array_equal, where="same place")
    ),
    "these are yes and no, one for each test image: return the places of those that leaked": (
        partial(_leaked, same=np.array_equal, where="mask")
    ),
    "these are the test images that did not leak": partial(_leaked, same=np.array_equal, where="clean"),
    "an image counts as leaked if a single one of its numbers stands at that place in a training image: all must": (
        partial(_leaked, same=lambda a, b: bool(np.any(a == b)))
    ),
    "an image that is nearly one of the training images counts as leaked: all numbers must be equal": (
        partial(_leaked, same=lambda a, b: bool(np.all(np.abs(a - b) < 0.05)))
    ),
    "two images count as equal if their sums are: shifted and mirrored ones have the same sum": (
        partial(_leaked, same=lambda a, b: bool(np.isclose(np.sum(a), np.sum(b), rtol=1e-9)))
    ),
}


# ---------------------------------------------------------------------------------------------------------------
# Networks


def _network(sizes: list[int], mistake: str) -> Any:
    import torch

    layers: list[Any] = [torch.nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    if mistake == "no ReLU":
        layers = [layer for layer in layers if not isinstance(layer, torch.nn.ReLU)]
    if mistake == "softmax":
        layers[-1] = torch.nn.Softmax(dim=1)
    if mistake == "ReLU first":
        layers = [layers[0], torch.nn.ReLU(), *layers[1:-1]]
    return torch.nn.Sequential(*layers)


NETWORK: Mistakes = {
    "a ReLU follows the last layer: negative scores must stay": partial(_network, mistake="ReLU at the end"),
    "there is no ReLU between the layers: together they are one affine layer": partial(_network, mistake="no ReLU"),
    "a softmax follows the last layer: it belongs to the loss, the network returns raw scores": (
        partial(_network, mistake="softmax")
    ),
    "the input went through a ReLU before the first layer": partial(_network, mistake="ReLU first"),
}

PARAMETERS: Mistakes = {
    "the biases are missing: each layer has as many as it has outputs": (
        lambda sizes: sum(d * m for d, m in pairwise(sizes))
    ),
    "these are the biases alone, or the neurons: each layer has a matrix of weights, too": lambda sizes: sum(sizes[1:]),
    "each layer has as many biases as inputs here: it has one for each output": (
        lambda sizes: sum(d * m + d for d, m in pairwise(sizes))
    ),
    "these are the parameters of the first layer alone": lambda sizes: sizes[0] * sizes[1] + sizes[1],
    "the last layer's biases are missing": lambda sizes: sum(d * m + m for d, m in pairwise(sizes)) - sizes[-1],
}

ITERATIONS: Mistakes = {
    "the small last mini-batch of each epoch counts as well: round up": lambda n, b, epochs: epochs * (n // b),
    "these are the iterations of one epoch": lambda n, b, _: -(-n // b),
    "round up in each epoch: every epoch has a small last mini-batch of its own": lambda n, b, epochs: (
        -(-n * epochs // b)
    ),
    "this is the number of samples seen: an iteration takes a whole mini-batch": lambda n, _, epochs: n * epochs,
}

INITIAL_LOSS: Mistakes = {
    "this is 1/C, the probability of each class: the loss is minus its logarithm": lambda classes: 1 / classes,
    "this is the logarithm to base 2: the cross-entropy uses the natural one": lambda classes: float(np.log2(classes)),
    "this is the logarithm to base 10: the cross-entropy uses the natural one": lambda c: float(np.log10(c)),
}


# ---------------------------------------------------------------------------------------------------------------
# One step, and measuring


def _step(model: Any, optimizer: Any, x: Any, y: Any, *, kept: str = "", **options: Any) -> float:
    """Take a step which keeps what it should change (mode, gradients, parameters), or changes scores or loss."""
    import torch
    from torch.nn.functional import cross_entropy

    def loss_now() -> Any:
        scores = model(x)
        if options.get("softmax"):
            scores = torch.softmax(scores, dim=1)
        return cross_entropy(scores, y, reduction=options.get("reduction", "mean"))

    model.train("mode" not in kept)
    if "gradients" not in kept:
        optimizer.zero_grad()
    loss = loss_now()
    loss.backward()
    if "parameters" not in kept:
        optimizer.step()
    return (loss_now() if options.get("after") else loss).item()


TRAIN_STEP: Mistakes = {
    "the old gradients are not cleared: backward() adds to them, so each step follows the sum of all so far": (
        partial(_step, kept="gradients")
    ),
    "the scores went through a softmax before the cross-entropy, which applies its own": partial(_step, softmax=True),
    "the parameters never move: is the optimizer's step missing, or the backward pass, or are the gradients cleared "
    "between the two?": partial(_step, kept="parameters"),
    "the model stayed in evaluation mode: put it into training mode first": partial(_step, kept="mode"),
    "the model stayed in evaluation mode, and the old gradients are not cleared": (
        partial(_step, kept="mode, gradients")
    ),
    "the loss is summed over the mini-batch: take its mean": partial(_step, reduction="sum"),
    "this is the loss after the step: return the one from before": partial(_step, after=True),
}


def _measured_in_training_mode(model: Any, x: Any, y: Any) -> tuple[float, float]:
    import torch
    from torch.nn.functional import cross_entropy

    before = model.training
    model.train()
    with torch.no_grad():
        scores = model(x)
    model.train(before)
    return cross_entropy(scores, y).item(), (scores.argmax(dim=1) == y).float().mean().item()


def _measured(model: Any, x: Any, y: Any) -> tuple[float, float]:
    from i2dl.training import evaluate

    loss, accuracy = evaluate(model, x, y)
    return loss, 1 - accuracy


EVALUATE: Mistakes = {
    "this is the share of wrong answers: the accuracy is that of the right ones": _measured,
    "this was measured in training mode: switch to evaluation mode first": _measured_in_training_mode,
}


# ---------------------------------------------------------------------------------------------------------------
# The loop


def _fit(
    model: Any,
    optimizer: Any,
    train: Any,
    validation: Any,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    early_stopping: Any = None,
    step: Any,
    measure: Any,
    mistake: str,
) -> dict[str, list[float]]:
    from i2dl.data import batches

    x, y = validation if mistake == "learns from validation" else train
    order = list(batches(x, y, batch_size, rng)) if mistake == "same order" else []
    history: dict[str, list[float]] = {}

    def record(losses: list[float]) -> None:
        for name, data in {"train": train, "validation": validation}.items():
            loss, accuracy = measure(model, *data)
            average = mistake == "running average" and name == "train"
            history.setdefault(f"{name}_loss", []).append(float(np.mean(losses)) if average else loss)
            history.setdefault(f"{name}_accuracy", []).append(accuracy)

    for _ in range(epochs):
        if mistake == "too soon":
            record([])
        losses = [step(model, optimizer, *batch) for batch in order or batches(x, y, batch_size, rng)]
        if mistake != "too soon":
            record(losses)
        told = mistake.removeprefix("told ") if mistake.startswith("told") else "validation_loss"
        if early_stopping and "goes on" not in mistake and early_stopping.step(history[told][-1], model):
            break
    if early_stopping and "not restored" not in mistake:
        early_stopping.restore(model)
    return history


FIT: Mistakes = {
    "the loss is an average over the epoch's mini-batches, made while the weights changed: evaluate at its end": (
        partial(_fit, mistake="running average")
    ),
    "the curves are measured before each epoch instead of after it": partial(_fit, mistake="too soon"),
    "every epoch has the same order: call `batches` anew for each": partial(_fit, mistake="same order"),
    "the model learns from the validation set": partial(_fit, mistake="learns from validation"),
    "the training goes on although early_stopping.step answered True": partial(_fit, mistake="goes on"),
    "early_stopping.restore is not called at the end": partial(_fit, mistake="not restored"),
    "early_stopping.step is told the training loss: it asks for the validation loss": (
        partial(_fit, mistake="told train_loss")
    ),
    "early_stopping.step is told the validation accuracy: it asks for the validation loss": (
        partial(_fit, mistake="told validation_accuracy")
    ),
    "early_stopping is never used": partial(_fit, mistake="goes on, not restored"),
}


class _Stopping:
    """Early stopping with one mistake."""

    def __init__(self, patience: int, *, mistake: str) -> None:
        self.patience = patience + {"too late": 1, "too early": -1}.get(mistake, 0)
        self.mistake, self.waited, self.weights = mistake, 0, None
        self.best_loss = self.previous = float("inf")
        self.epoch, self.best_epoch = -1 + (mistake == "from 1"), 0

    def step(self, loss: float, model: Any) -> bool:
        self.epoch += 1
        bar = self.previous if self.mistake == "previous" else self.best_loss
        better = loss <= bar if self.mistake == "equal" else not loss >= bar if self.mistake == "nan" else loss < bar
        self.previous = loss
        if better:
            state = model.state_dict()
            self.weights = state if self.mistake == "no copy" else copy.deepcopy(state)
            self.best_loss, self.best_epoch = loss, self.epoch
        self.waited = 0 if better and self.mistake != "never reset" else self.waited + (not better)
        return self.waited >= self.patience and self.mistake != "never stops"

    def restore(self, model: Any) -> None:
        if self.weights is not None and self.mistake != "not restored":
            model.load_state_dict(self.weights)


EARLY_STOPPING: Mistakes = {
    "it stops one epoch too late: the patience-th epoch without improvement is the last": (
        partial(_Stopping, mistake="too late")
    ),
    "it stops one epoch too early: patience counts the epochs without improvement": (
        partial(_Stopping, mistake="too early")
    ),
    "the count of bad epochs is never set back: an improvement starts it anew": (
        partial(_Stopping, mistake="never reset")
    ),
    "each loss is compared with the one before it: compare with the best so far": (
        partial(_Stopping, mistake="previous")
    ),
    "these are the last weights: were the best ones kept without a copy, so that they changed with the model?": (
        partial(_Stopping, mistake="no copy")
    ),
    "an equal loss counts as an improvement here: it must be lower": partial(_Stopping, mistake="equal"),
    "NaN is taken for an improvement: ask whether the loss is lower, not whether it is not higher": (
        partial(_Stopping, mistake="nan")
    ),
    "it never stops: does step return True when patience has run out?": partial(_Stopping, mistake="never stops"),
    "the epochs are counted from 1: the first call of step is epoch 0": partial(_Stopping, mistake="from 1"),
}

"""The training loop with its curves, and when to end it."""

import copy
import math
from typing import Any, TypeAlias

import torch
from torch.nn.functional import cross_entropy

from i2dl.data.batching import batches
from i2dl.training.steps import Loss, Pair, evaluate, train_step

__all__ = ["EarlyStopping", "History", "fit"]

# A numpy.random.Generator; the name of the library is not needed to call its methods.
Generator: TypeAlias = Any


class History(dict[str, list[float]]):
    """What happened in every epoch: a dictionary of four lists, one entry per epoch.

    Keys: ``train_loss``, ``validation_loss``, ``train_accuracy``, ``validation_accuracy``.
    """

    def __init__(self) -> None:
        """Start with four empty lists."""
        keys = ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
        super().__init__({key: [] for key in keys})

    def record(self, train: tuple[float, float], validation: tuple[float, float]) -> None:
        """Append one epoch: (loss, accuracy) on both sets."""
        for name, (loss, accuracy) in {"train": train, "validation": validation}.items():
            self[f"{name}_loss"].append(loss)
            self[f"{name}_accuracy"].append(accuracy)

    @property
    def epochs(self) -> int:
        """The number of epochs recorded."""
        return len(self["train_loss"])


class EarlyStopping:
    """Stop when the validation loss has not improved for a while, and keep the weights of its best moment.

    Parameters
    ----------
    patience : int
        How many epochs in a row without improvement end the training.
    min_delta : float
        By how much a loss must lie below the best one to be an improvement.

    Attributes
    ----------
    best_loss : float
        The lowest validation loss so far; infinity before the first.
    best_epoch : int or None
        The call of `step` it came with, counted from 0.

    Raises
    ------
    ValueError
        If `patience` is less than 1 or `min_delta` negative.

    References
    ----------
    Lecture 8, early stopping; student summary VIII.2.
    """

    def __init__(self, patience: int, min_delta: float = 0.0) -> None:
        """Wait for the first epoch."""
        if patience < 1 or min_delta < 0:
            msg = f"patience must be at least 1 and min_delta not negative, got {patience} and {min_delta}"
            raise ValueError(msg)
        self.patience = patience
        self.min_delta = min_delta
        self.best_loss = math.inf
        self.best_epoch: int | None = None
        self._epoch = -1
        self._best_weights: dict[str, Any] | None = None

    def step(self, validation_loss: float, model: torch.nn.Module | None = None) -> bool:
        """Take note of one epoch; return whether to stop.

        A NaN is no improvement. If `model` is given, a copy of its best weights is kept.
        """
        self._epoch += 1
        if validation_loss < self.best_loss - self.min_delta:
            self.best_loss = validation_loss
            self.best_epoch = self._epoch
            # A state dict refers to the live parameters, which the next step changes: keep a copy.
            self._best_weights = copy.deepcopy(model.state_dict()) if model is not None else None
        best_epoch = -1 if self.best_epoch is None else self.best_epoch
        return self._epoch - best_epoch >= self.patience

    def restore(self, model: torch.nn.Module) -> None:
        """Put the best weights back into the model; raise RuntimeError if none were kept."""
        if self._best_weights is None:
            msg = "there are no weights to restore: no epoch with a finite loss was seen with its model"
            raise RuntimeError(msg)
        model.load_state_dict(self._best_weights)


def fit(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    train: Pair,
    validation: Pair,
    *,
    epochs: int,
    batch_size: int,
    rng: Generator,
    loss_function: Loss = cross_entropy,
    early_stopping: EarlyStopping | None = None,
    progress: bool = False,
) -> History:
    """Train for a number of epochs and keep the learning curves.

    After every epoch both sets are measured with the same weights and in evaluation mode, so that the two curves can be
    compared. (The lecture takes the train error from the mini-batches instead: cheaper, but half an epoch old.)

    Parameters
    ----------
    model : torch.nn.Module
        Maps inputs to scores (N, C); its parameters change.
    optimizer : torch.optim.Optimizer
        Made for the model's parameters.
    train, validation : pair of arrays (N, ...), (N,)
        Inputs and labels, for example ``load_digits("train").xy``.
    epochs : int
        How often to go through the training set.
    batch_size : int
        Samples in a mini-batch.
    rng : numpy.random.Generator
        Where the order of the samples comes from.
    loss_function : callable
        ``loss_function(scores, y) -> scalar tensor``, a mean over the samples.
    early_stopping : EarlyStopping, optional
        Ends the training when it says so; the model gets its best weights back at the end.
    progress : bool
        Whether to print a line per epoch.

    Returns
    -------
    History
        The curves, one entry per epoch.

    References
    ----------
    Lecture 6, learning curves; lecture 8, early stopping.
    """
    history = History()
    for epoch in range(epochs):
        for x, y in batches(*train, batch_size, rng):
            train_step(model, optimizer, x, y, loss_function)
        history.record(evaluate(model, *train, loss_function), evaluate(model, *validation, loss_function))
        if progress:
            now = ", ".join(f"{key.replace('_', ' ')} {values[-1]:.4f}" for key, values in history.items())
            print(f"epoch {epoch + 1}/{epochs}: {now}")
        if early_stopping is not None and early_stopping.step(history["validation_loss"][-1], model):
            break
    if early_stopping is not None and early_stopping.best_epoch is not None:
        early_stopping.restore(model)
    return history

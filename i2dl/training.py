"""Training as lecture 6 teaches it: the loop, its two sanity checks, early stopping, and the search for a rate.

The recipe, from the lecture: the loss of an untrained classifier should be log C (`initial_loss`); a network should be
able to memorize one sample, then four, then more (`overfit`); some learning rate should make the loss drop clearly
within 100 iterations (`learning_rate_search`, over rates from `log_uniform`); then train, watch both curves (`fit`),
and stop where the validation loss is lowest (`EarlyStopping`).

Everything here works on any `torch.nn.Module` and any `torch.optim.Optimizer`. Data may be tensors or NumPy arrays;
each mini-batch goes to the model's device, in the model's floating type. Randomness comes in by argument.
"""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice, repeat
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from i2dl.data.batching import batches

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Pair = tuple[Any, Any]


def train_step(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Any,
    y: Any,
    loss_function: Loss = cross_entropy,
) -> float:
    """Take one step of the optimizer on one mini-batch.

    Training mode on, old gradients cleared, forward, backward, update: lecture 6's list of common mistakes is a list of
    lines that were forgotten here.

    Parameters
    ----------
    model : torch.nn.Module
        Its parameters change.
    optimizer : torch.optim.Optimizer
        Made for the model's parameters.
    x : array (N, ...)
        Inputs.
    y : array (N, ...)
        Labels (N,) or targets, whatever `loss_function` takes.
    loss_function : callable
        ``loss_function(model(x), y) -> scalar tensor``; cross-entropy of logits if left out.

    Returns
    -------
    float
        The loss before the step.

    References
    ----------
    Lecture 6, common mistakes in practice; lecture 5, SGD.
    """
    x, y = _tensors(model, x, y)
    model.train()
    optimizer.zero_grad()
    loss = loss_function(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(
    model: torch.nn.Module, x: Any, y: Any, loss_function: Loss = cross_entropy, *, batch_size: int = 1000
) -> tuple[float, float]:
    """Measure loss and accuracy, without training: in evaluation mode, without gradients.

    Every module is put back into the mode it was in.

    Parameters
    ----------
    model : torch.nn.Module
        Maps x to scores (N, C).
    x : array (N, ...)
        Inputs.
    y : integer array (N,)
        Labels.
    loss_function : callable
        ``loss_function(scores, y) -> scalar tensor``, a mean over the samples.
    batch_size : int
        Samples per forward pass; bounds the memory, the result is the same.

    Returns
    -------
    tuple of float
        The mean loss, and the share of samples whose highest score is at their label.

    Raises
    ------
    ValueError
        If there are no samples.

    References
    ----------
    Lecture 6, learning curves and debugging: evaluation must be consistent.
    """
    if len(x) == 0:
        msg = f"x must have at least one sample, got shape {tuple(x.shape)}"
        raise ValueError(msg)
    loss, correct = 0.0, 0
    with _evaluation_mode(model), torch.no_grad():
        for start in range(0, len(x), batch_size):
            part = slice(start, start + batch_size)
            inputs, labels = _tensors(model, x[part], y[part])
            scores = model(inputs)
            loss += loss_function(scores, labels).item() * len(labels)
            correct += int((scores.argmax(dim=1) == labels).sum())
    return loss / len(x), correct / len(x)


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
    rng: np.random.Generator,
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


def overfit(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Any,
    y: Any,
    *,
    steps: int,
    loss_function: Loss = cross_entropy,
) -> list[float]:
    """Train on the same few samples again and again: a sound network memorizes them.

    Start with one sample, then take four, then more. If the loss does not go to zero, the fault is in the code, not in
    the data.

    Parameters
    ----------
    model, optimizer, x, y, loss_function
        As in `train_step`.
    steps : int
        How many steps to take.

    Returns
    -------
    list of float
        The loss before each step.

    References
    ----------
    Lecture 6, how to start.
    """
    return [train_step(model, optimizer, x, y, loss_function) for _ in range(steps)]


def initial_loss(classes: int) -> float:
    """Return the cross-entropy that an untrained classifier should have: log C.

    A network that knows nothing gives every class the probability 1/C, and -log(1/C) = log C. A first loss far above
    means scores that start too large, far below that the network has seen the labels.

    Parameters
    ----------
    classes : int
        The number of classes C.

    Returns
    -------
    float
        log C, in nats.

    Raises
    ------
    ValueError
        If there is not at least one class.

    References
    ----------
    Lecture 6, find a good learning rate; exam July 2021 (log 2 for two classes).
    """
    if classes < 1:
        msg = f"classes must be at least 1, got {classes}"
        raise ValueError(msg)
    return math.log(classes)


def log_uniform(low: float, high: float, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw numbers whose logarithm is uniform: as many between 1e-4 and 1e-3 as between 1e-2 and 1e-1.

    The scale for random search over rates and strengths, which matter by their factor and not by their difference.

    Parameters
    ----------
    low, high : float
        The range, 0 < low ≤ high.
    size : int
        How many numbers.
    rng : numpy.random.Generator
        Where they come from.

    Returns
    -------
    numpy array (size,)
        exp(u) with u uniform between log(low) and log(high).

    Raises
    ------
    ValueError
        If not 0 < low ≤ high.

    References
    ----------
    Lecture 6, hyperparameter tuning: random search.
    """
    if not 0 < low <= high:
        msg = f"the range must be 0 < low <= high, got low = {low} and high = {high}"
        raise ValueError(msg)
    return np.exp(rng.uniform(math.log(low), math.log(high), size))


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


def _tensors(model: torch.nn.Module, x: Any, y: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return x and y as tensors on the model's device, floating ones in the model's type."""
    parameter = next(model.parameters(), torch.empty(0))

    def convert(array: Any) -> torch.Tensor:
        tensor = array if isinstance(array, torch.Tensor) else torch.tensor(array)
        return tensor.to(parameter) if tensor.is_floating_point() else tensor.to(parameter.device)

    return convert(x), convert(y)


@contextmanager
def _evaluation_mode(model: torch.nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode

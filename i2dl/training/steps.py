"""One step, one measurement, and the two tests that come before any long training."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch
from torch.nn.functional import cross_entropy

__all__ = ["Loss", "Pair", "evaluate", "initial_loss", "overfit", "train_step"]

Loss: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Pair: TypeAlias = tuple[Any, Any]


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

"""The schedules as PyTorch schedulers: they set the learning rate of an optimizer, epoch by epoch.

`StepLR`, `MultiStepLR`, `ExponentialLR` and `ReduceLROnPlateau` are drop-ins for those of `torch.optim.lr_scheduler`,
arguments and state dicts included. Like those, the first three multiply the rate that they find, so that schedules can
be chained. The others, which PyTorch does not have, compute it from the rate at the start and the time.

Call ``scheduler.step()`` after the optimizer's steps of an epoch, or after each of them where the schedule counts
updates (`InverseTimeLR`, `TransformerLR`).

Sources: I2DL lectures 6, 10 and 11; NAIST Artificial Intelligence, lecture 8.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch.optim.lr_scheduler import LRScheduler

from i2dl.functional._checks import check_number
from i2dl.optim import schedules
from i2dl.optim._checks import check_count
from i2dl.optim.torch_plateau import ReduceLROnPlateau

__all__ = [
    "ExponentialLR",
    "FractionalLR",
    "InverseTimeLR",
    "MultiStepLR",
    "PiecewiseConstantLR",
    "ReduceLROnPlateau",
    "SquareRootLR",
    "StepLR",
    "TransformerLR",
]

Optimizer = torch.optim.Optimizer


class StepLR(LRScheduler):
    """Multiply the rate by gamma once in every ``step_size`` epochs; a drop-in for PyTorch's (`step_decay`, 1 − t =
    gamma).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    step_size : int, at least 1
        n.
    gamma : float, at least 0
        What is left of the rate.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.

    References
    ----------
    I2DL lecture 6.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_count("step_size", step_size, at_least=1)
        check_number("gamma", gamma, at_least=0.0)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the next rate of each group."""
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return _times(self.optimizer, self.gamma if due else 1.0)


class MultiStepLR(LRScheduler):
    """Multiply the rate by gamma at each milestone; a drop-in for PyTorch's (`milestone_decay`).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    milestones : iterable of int
        Epochs; one that is listed twice multiplies twice.
    gamma : float, at least 0
        The factor.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If gamma is negative.

    References
    ----------
    I2DL lecture 6, training schedule.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        check_number("gamma", gamma, at_least=0.0)
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the next rate of each group."""
        return _times(self.optimizer, self.gamma ** self.milestones[self.last_epoch])


class ExponentialLR(LRScheduler):
    """Multiply the rate by gamma in every epoch; a drop-in for PyTorch's (`exponential_decay`, t = gamma).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    gamma : float, at least 0
        The factor.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If gamma is negative.

    References
    ----------
    I2DL lecture 6.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_number("gamma", gamma, at_least=0.0)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the next rate of each group."""
        return _times(self.optimizer, self.gamma if self.last_epoch > 0 else 1.0)


class FractionalLR(LRScheduler):
    """α₀ / (1 + d · epoch) (`fractional_decay`).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set; its own is α₀.
    decay : float, at least 0
        d.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If d is negative.

    References
    ----------
    I2DL lecture 6.
    """

    def __init__(self, optimizer: Optimizer, decay: float, last_epoch: int = -1) -> None:
        self.decay = decay
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group."""
        return [
            schedules.fractional_decay(self.last_epoch, initial=float(rate), decay=self.decay) for rate in self.base_lrs
        ]


class InverseTimeLR(LRScheduler):
    """η₀ (1 + η₀λt)⁻¹, where t counts updates (`inverse_time_decay`).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set; its own is η₀.
    strength : float, at least 0
        λ.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If λ is negative.

    References
    ----------
    Bottou, *Stochastic gradient descent tricks*, 2012; NAIST Artificial Intelligence, lecture 8.
    """

    def __init__(self, optimizer: Optimizer, strength: float, last_epoch: int = -1) -> None:
        self.strength = strength
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group."""
        return [
            schedules.inverse_time_decay(self.last_epoch, initial=float(rate), strength=self.strength)
            for rate in self.base_lrs
        ]


class SquareRootLR(LRScheduler):
    """t / √epoch · α₀, with epochs counted from 1 (`square_root_decay`).

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set; its own is α₀.
    decay : float, at least 0
        t.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If t is negative.

    References
    ----------
    I2DL lecture 6.
    """

    def __init__(self, optimizer: Optimizer, decay: float = 1.0, last_epoch: int = -1) -> None:
        self.decay = decay
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group."""
        return [
            schedules.square_root_decay(self.last_epoch + 1, initial=float(rate), decay=self.decay)
            for rate in self.base_lrs
        ]


class PiecewiseConstantLR(LRScheduler):
    """Rates from a list (`piecewise_constant`), the same for all groups whatever they started with.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    milestones : sequence of int
        Epochs at which a new rate begins, in increasing order.
    rates : sequence of float, one more than milestones
        The rates.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If the milestones do not increase, their number does not fit, or a rate is negative.

    References
    ----------
    I2DL lecture 6, training schedule.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Sequence[int], rates: Sequence[float], last_epoch: int = -1
    ) -> None:
        self.milestones = list(milestones)
        self.rates = list(rates)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group."""
        rate = schedules.piecewise_constant(self.last_epoch, milestones=self.milestones, rates=self.rates)
        return [rate] * len(self.base_lrs)


class TransformerLR(LRScheduler):
    """The optimizer's rate times d^(−½) · min(s^(−½), s · w^(−3/2)) for the s-th update (`transformer_warmup`).

    With lr=1 in the optimizer this is the paper's schedule.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    width : int, at least 1
        d.
    warmup : int, at least 1
        w.
    last_epoch : int
        −1 for a new schedule.

    Raises
    ------
    ValueError
        If d or w is less than 1.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, equation 3; I2DL lecture 11.
    """

    def __init__(self, optimizer: Optimizer, width: int = 512, warmup: int = 4000, last_epoch: int = -1) -> None:
        self.width = width
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rate of each group."""
        share = schedules.transformer_warmup(self.last_epoch + 1, width=self.width, warmup=self.warmup)
        return [float(rate) * share for rate in self.base_lrs]


def _times(optimizer: Optimizer, factor: float) -> list[Any]:
    """Return each group's present rate, times a factor."""
    return [float(group["lr"]) * factor for group in optimizer.param_groups]

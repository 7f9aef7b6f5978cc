"""The schedule that waits for a plateau as a PyTorch scheduler; the timed ones are in ``torch_schedulers.py``.

Source: I2DL lecture 10, ResNet.
"""

import math
from typing import Any, Literal, SupportsFloat

import torch
from torch.optim.lr_scheduler import LRScheduler

from i2dl.optim.schedules import reduce_on_plateau

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by ``factor`` when the validation loss stops improving; a drop-in for PyTorch's.

    The decision is `reduce_on_plateau`'s; this class remembers its state between epochs.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Whose rate to set.
    mode : {"min", "max"}
        Whether a smaller or a larger metric is better.
    factor : float, at least 0, below 1
        0.1 divides by ten, as for ResNet.
    patience : int
        How many bad epochs are put up with.
    threshold : float
        By how much a metric must beat the best one to count.
    threshold_mode : {"rel", "abs"}
        Whether the threshold is a share of the best metric, or an amount.
    cooldown : int
        Epochs after a reduction in which none counts as bad.
    min_lr : float or list of float
        The smallest rate, of all groups or of each.
    eps : float
        Reductions that would change the rate by no more than this are left out.

    Raises
    ------
    TypeError
        If ``optimizer`` is none.
    ValueError
        If a hyperparameter is out of range, or there is not one min_lr for each group.

    References
    ----------
    I2DL lecture 10, ResNet.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        mode: Literal["min", "max"] = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: Literal["rel", "abs"] = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not isinstance(optimizer, torch.optim.Optimizer):
            msg = f"optimizer must be a torch.optim.Optimizer, but it is a {type(optimizer).__name__}"
            raise TypeError(msg)
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            found = f"they are {mode!r} and {threshold_mode!r}"
            msg = f"mode must be 'min' or 'max' and threshold_mode 'rel' or 'abs', but {found}"
            raise ValueError(msg)
        # The base class's constructor is left out: it would count itself as the first epoch, and has no metric for it.
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.default_min_lr: float | None
        if isinstance(min_lr, list | tuple):
            self.default_min_lr, self.min_lrs = None, list(min_lr)
        else:
            self.default_min_lr, self.min_lrs = min_lr, []
        self.eps = eps
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        self.last_epoch = 0
        self._check_groups()
        self._last_lr = [float(group["lr"]) for group in optimizer.param_groups]
        self._next(0.0, 0.0, 0.0)  # complains about hyperparameters now, not after the first epoch

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take note of an epoch's metric, and lower the rates if it is time."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._check_groups()
        memory: list[Any] = [self.best, self.num_bad_epochs, self.cooldown_counter]
        for group, minimum in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            # The decision is the same for all groups; only the rates differ.
            rate, *memory = self._next(float(group["lr"]), float(metrics), minimum)
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        self.best, self.num_bad_epochs, self.cooldown_counter = memory
        self._last_lr = [float(group["lr"]) for group in self.optimizer.param_groups]

    def get_lr(self) -> list[Any]:
        """Return the rate of each group as it is."""
        return list(self._last_lr)

    def _next(self, rate: float, metric: float, minimum: float) -> tuple[float, float, int, int]:
        return reduce_on_plateau(
            rate,
            metric,
            best=self.best,
            bad_epochs=self.num_bad_epochs,
            pause=self.cooldown_counter,
            factor=self.factor,
            patience=self.patience,
            threshold=self.threshold,
            relative=self.threshold_mode == "rel",
            maximize=self.mode == "max",
            cooldown=self.cooldown,
            minimum=minimum,
            least_change=self.eps,
        )

    def _check_groups(self) -> None:
        """Give groups that were added meanwhile their smallest rate."""
        count = len(self.optimizer.param_groups)
        if self.default_min_lr is not None:
            self.min_lrs = [self.default_min_lr] * count
        if len(self.min_lrs) != count:
            msg = f"min_lr must hold one number for each of the {count} groups, but it holds {len(self.min_lrs)}"
            raise ValueError(msg)

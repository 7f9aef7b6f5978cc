"""The losses as modules; what each computes, and its gradient, is in `i2dl.functional`."""

import math
from typing import Literal

import torch

from i2dl.bridge import loss_function
from i2dl.functional.losses import mse_loss, softmax_loss

Reduction = Literal["mean", "sum"]

_softmax_loss = loss_function(softmax_loss)
_mse_loss = loss_function(mse_loss)


class CrossEntropyLoss(torch.nn.Module):
    """-log p_y with p = softmax(scores); a drop-in for `torch.nn.CrossEntropyLoss` with class labels.

    Takes raw scores: a softmax in front of it would be a second one.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        What becomes of the losses of all samples (and pixels).
    label_smoothing : float in [0, 1]
        The share of the target that is spread over all classes.

    Raises
    ------
    TypeError, ValueError
        When called: as `i2dl.functional.losses.softmax_loss`.

    References
    ----------
    Lecture 7; label smoothing: lecture 11.
    """

    def __init__(self, *, reduction: Reduction = "mean", label_smoothing: float = 0.0) -> None:
        """Keep the options."""
        super().__init__()
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, scores: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Map scores (N, C) or (N, C, d_1, ..., d_k) and labels (N,) or (N, d_1, ..., d_k) to a loss ()."""
        if scores.ndim < 2 or y.shape != scores.shape[:1] + scores.shape[2:]:
            msg = f"y must have the shape of scores {tuple(scores.shape)} without axis 1, got {tuple(y.shape)}"
            raise ValueError(msg)
        rows = scores.movedim(1, -1).reshape(math.prod(y.shape), scores.shape[1])
        return _softmax_loss(rows, y.reshape(-1), label_smoothing=self.label_smoothing, reduction=self.reduction)


class MSELoss(torch.nn.Module):
    """(ŷ - y)², averaged or summed over all entries; a drop-in for `torch.nn.MSELoss` with a constant target.

    Parameters
    ----------
    reduction : {"mean", "sum"}
        What becomes of the losses of all entries.

    Raises
    ------
    ValueError
        When called: if the shapes differ (PyTorch would warn and broadcast), or if the target needs a gradient.

    References
    ----------
    Lectures 3 and 7.
    """

    def __init__(self, *, reduction: Reduction = "mean") -> None:
        """Keep the reduction."""
        super().__init__()
        self.reduction = reduction

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Map a prediction and a target of one shape (N, ...) to a loss ()."""
        return _mse_loss(prediction, target, reduction=self.reduction)

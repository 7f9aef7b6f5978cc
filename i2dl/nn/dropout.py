"""Dropout as a module; what it computes, and its derivative, is in `i2dl.functional`."""

from collections.abc import Sequence

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.dropout import (
    dropout_backward,
    dropout_forward,
    spatial_dropout_backward,
    spatial_dropout_forward,
)

__all__ = ["Dropout", "Dropout2d"]

_dropout = autograd_function(dropout_forward, dropout_backward)
_spatial_dropout = autograd_function(spatial_dropout_forward, spatial_dropout_backward)


class Dropout(torch.nn.Module):
    """Every entry dropped with probability p in training; a drop-in for `torch.nn.Dropout` (lecture 8).

    The mask comes from PyTorch's own generator; on a CPU the same seed drops the same entries as there, where the
    entries of x lie in memory in their own order. (The mask is drawn in that order always; PyTorch draws that of a
    transposed or channels-last x as it lies.) What is kept is scaled by 1/(1 − p), so that evaluation has nothing left
    to do. For Monte-Carlo dropout leave it in training mode.

    Parameters
    ----------
    p : float in [0, 1]
        Probability to drop.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1].

    References
    ----------
    Srivastava et al., *Dropout*, 2014; lecture 8.
    """

    def __init__(self, p: float = 0.5) -> None:
        """Keep the probability."""
        super().__init__()
        if not 0 <= p <= 1:
            msg = f"p must be a probability between 0 and 1, got {p}"
            raise ValueError(msg)
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        if not self.training:
            return x
        return _dropout(x, p=self.p, train=True, mask=_keep(x, x.shape, self.p))

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}"


class Dropout2d(Dropout):
    """Every feature map dropped with probability p in training; a drop-in for `torch.nn.Dropout2d` on batches.

    Parameters and what is raised: as `Dropout`; also ValueError when called if x does not have four axes.

    References
    ----------
    Tompson et al., *Efficient object localization using convolutional networks*, 2015; student summary, IX.6.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to the same shape."""
        if x.ndim != 4:
            msg = f"x must have shape (N, C, H, W), got {tuple(x.shape)}"
            raise ValueError(msg)
        if not self.training:
            return x
        return _spatial_dropout(x, p=self.p, train=True, mask=_keep(x, x.shape[:2], self.p))


def _keep(x: torch.Tensor, shape: Sequence[int], p: float) -> torch.Tensor:
    """Draw True with probability 1 − p, as PyTorch's dropout draws: in the type of x, which decides the numbers."""
    return x.new_empty(tuple(shape)).bernoulli_(1 - p).bool()

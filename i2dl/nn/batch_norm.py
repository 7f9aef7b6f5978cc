"""Batch norm and instance norm as modules; what they compute, and its derivative, is in `i2dl.functional`.

Two conventions differ from the course's and are PyTorch's here: ``momentum`` weighs the *new* statistics (it is 1 − βₘ
of the lecture), and the running variance is the unbiased one.
"""

import math
from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.batch_norm import batch_norm_backward, batch_norm_forward, spatial_batch_norm_forward
from i2dl.functional.normalization import instance_norm_backward, instance_norm_forward
from i2dl.nn.normalization import ScaleAndShift

__all__ = ["BatchNorm1d", "BatchNorm2d", "InstanceNorm2d"]

Running = dict[str, torch.Tensor]


def _any_batch_norm_forward(
    x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor, *, updated: Running, **options: Any
) -> tuple[Any, Any]:
    """Batch norm as the bridge wants it: (out, cache). The third result goes into the dictionary `updated`."""
    forward = batch_norm_forward if x.ndim == 2 else spatial_batch_norm_forward
    out, cache, running = forward(x, gamma, beta, **options)
    updated.update(running)
    return out, cache


_batch_norm = autograd_function(_any_batch_norm_forward, batch_norm_backward)
_instance_norm = autograd_function(instance_norm_forward, instance_norm_backward)


class _ChannelNorm(ScaleAndShift):
    """What batch norm and instance norm have in common: a γ and a β per channel, and running statistics.

    Parameters
    ----------
    num_features : int
        C, the number of channels.
    eps : float
        ε in √(σ² + ε).
    momentum : float or None
        Weight of the new statistics in the running ones.
    affine : bool
        Whether γ and β are learnt.
    track_running_stats : bool
        Whether running statistics are kept, and used in evaluation.
    device, dtype
        Where parameters and statistics live and in which type.
    bias : bool
        Whether β is learnt, if `affine`.
    """

    running_mean: torch.Tensor | None
    running_var: torch.Tensor | None
    num_batches_tracked: torch.Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        """Create γ, β and the running statistics."""
        super().__init__((num_features,), affine, affine and bias, device, dtype)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        buffers: dict[str, torch.Tensor | None] = {
            "running_mean": torch.zeros(num_features, device=device, dtype=dtype),
            "running_var": torch.ones(num_features, device=device, dtype=dtype),
            "num_batches_tracked": torch.tensor(0, dtype=torch.long, device=device),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget all batches: mean 0, variance 1."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget all batches, and set γ to one and β to zero."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check(self, x: torch.Tensor, ranks: tuple[int, ...], shape: str) -> None:
        if x.ndim not in ranks or x.shape[1] != self.num_features:
            msg = f"x must have shape {shape} with C = {self.num_features}, got {tuple(x.shape)}"
            raise ValueError(msg)

    def extra_repr(self) -> str:
        """Return the sizes and options, as PyTorch prints them."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_ChannelNorm):
    def _normalize(self, x: torch.Tensor) -> torch.Tensor:
        train = self.training or self.running_mean is None
        if train and x.numel() == self.num_features:
            msg = f"training needs more than one value per channel, got x of shape {tuple(x.shape)}"
            raise ValueError(msg)
        updated: Running = {}
        out = _batch_norm(
            x,
            *self._gamma_beta(x),
            running_mean=self.running_mean,
            running_var=self.running_var,
            train=train,
            momentum=1 - self._weight_of_this_batch() if self.training else 1.0,
            eps=self.eps,
            unbiased=True,
            updated=updated,
        )
        if self.training and self.running_mean is not None and self.running_var is not None:
            self.running_mean.copy_(updated["running_mean"])
            self.running_var.copy_(updated["running_var"])
        return out

    def _weight_of_this_batch(self) -> float:
        """Count the batch; return `momentum`, or without one the weight that makes the average a plain mean."""
        if self.num_batches_tracked is None:
            return 0.0
        self.num_batches_tracked.add_(1)
        return 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum


class BatchNorm1d(_BatchNorm):
    """γ(x − μ)/√(σ² + ε) + β with statistics of the batch; a drop-in for `torch.nn.BatchNorm1d` (lecture 8).

    Parameters
    ----------
    num_features : int
        C, the number of features or channels.
    eps : float
        ε.
    momentum : float or None
        Weight of the new statistics in the running ones, 1 − βₘ of the lecture; None averages over all batches so far.
    affine : bool
        Whether γ and β are learnt.
    track_running_stats : bool
        Whether running statistics are kept, and used in evaluation; without them the batch's are used there too.
    device, dtype
        Where parameters and statistics live and in which type.
    bias : bool
        Whether β is learnt, if `affine`.

    Attributes
    ----------
    weight, bias : parameters (C,) or None
        γ and β.
    running_mean, running_var : buffers (C,) or None
        Running statistics; the variance is unbiased.
    num_batches_tracked : buffer () or None
        How many batches they have seen.

    Raises
    ------
    ValueError
        When called: if x has neither shape, or training comes to a batch with one value per channel.

    References
    ----------
    Ioffe, Szegedy, *Batch normalization*, 2015; lecture 8.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C) or (N, C, L) to the same shape."""
        self._check(x, (2, 3), "(N, C) or (N, C, L)")
        return self._normalize(x)


class BatchNorm2d(_BatchNorm):
    """Batch norm of feature maps, one mean and variance a channel; a drop-in for `torch.nn.BatchNorm2d` (lecture 8).

    Parameters, attributes and what is raised: as `BatchNorm1d`.

    References
    ----------
    Ioffe, Szegedy, *Batch normalization*, 2015, section 3.2; student summary, IX.5.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to the same shape."""
        self._check(x, (4,), "(N, C, H, W)")
        return self._normalize(x)


class InstanceNorm2d(_ChannelNorm):
    """Every feature map normalized by itself; a drop-in for `torch.nn.InstanceNorm2d` on batches (lecture 8).

    Parameters
    ----------
    num_features : int
        C, the number of channels.
    eps : float
        ε.
    momentum : float or None
        Weight of the new statistics in the running ones; None keeps these as they are.
    affine : bool
        Whether γ and β are learnt.
    track_running_stats : bool
        Whether statistics, averaged over the images, are kept, and used in evaluation.
    device, dtype
        Where parameters and statistics live and in which type.
    bias : bool
        Whether β is learnt, if `affine`.

    Raises
    ------
    ValueError
        When called: if x has another shape, or maps with a single pixel are to be normalized by themselves.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky, *Instance normalization*, 2016; lecture 8.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        """Create γ and β and running statistics, where asked for."""
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to the same shape."""
        self._check(x, (4,), "(N, C, H, W)")
        gamma, beta = self._gamma_beta(x)
        if self.running_mean is not None and not self.training:
            statistics = {"running_mean": self.running_mean, "running_var": self.running_var}
            return _batch_norm(x, gamma, beta, **statistics, train=False, eps=self.eps, updated={})
        if math.prod(x.shape[2:]) == 1:
            msg = f"training needs more than one value per feature map, got x of shape {tuple(x.shape)}"
            raise ValueError(msg)
        if self.running_mean is not None and self.running_var is not None and self.momentum is not None:
            maps = x.detach().flatten(2)
            self.running_mean.lerp_(maps.mean(2).mean(0), self.momentum)
            self.running_var.lerp_(maps.var(2).mean(0), self.momentum)
        return _instance_norm(x, gamma, beta, eps=self.eps)

"""Layers that normalize single samples, as modules; what they compute, and its derivative, is in `i2dl.functional`."""

from collections.abc import Sequence
from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.normalization import (
    group_norm_backward,
    group_norm_forward,
    layer_norm_backward,
    layer_norm_forward,
)

__all__ = ["GroupNorm", "LayerNorm"]

_layer_norm = autograd_function(layer_norm_forward, layer_norm_backward)
_group_norm = autograd_function(group_norm_forward, group_norm_backward)


class ScaleAndShift(torch.nn.Module):
    """γ and β under PyTorch's names, where wanted; ones and zeros that are not learnt otherwise."""

    weight: torch.nn.Parameter | None
    bias: torch.nn.Parameter | None

    def __init__(self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Any) -> None:
        super().__init__()
        self._shape = shape
        for name, wanted in {"weight": weight, "bias": bias}.items():
            empty = torch.empty(shape, device=device, dtype=dtype)
            self.register_parameter(name, torch.nn.Parameter(empty) if wanted else None)

    def reset_parameters(self) -> None:
        """Set γ to one and β to zero."""
        if self.weight is not None:
            torch.nn.init.ones_(self.weight)
        if self.bias is not None:
            torch.nn.init.zeros_(self.bias)

    def _gamma_beta(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gamma = x.new_ones(self._shape) if self.weight is None else self.weight
        beta = x.new_zeros(self._shape) if self.bias is None else self.bias
        return gamma, beta


class LayerNorm(ScaleAndShift):
    """Every sample normalized over its last axes; a drop-in for `torch.nn.LayerNorm` (lecture 8).

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The last axes of the input, over which the statistics are taken.
    eps : float
        ε.
    elementwise_affine : bool
        Whether γ and β are learnt.
    bias : bool
        Whether β is learnt, if `elementwise_affine`.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight, bias : parameters (normalized_shape) or None
        γ and β.

    Raises
    ------
    ValueError
        When called: if the last axes of x are others.

    References
    ----------
    Ba, Kiros, Hinton, *Layer normalization*, 2016; lecture 8.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create γ and β."""
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        super().__init__(shape, elementwise_affine, elementwise_affine and bias, device, dtype)
        self.normalized_shape = shape
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.reset_parameters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (..., *normalized_shape) to the same shape."""
        if x.shape[-len(self.normalized_shape) :] != self.normalized_shape:
            wanted = ", ".join(map(str, self.normalized_shape))
            msg = f"x must have shape (..., {wanted}), got {tuple(x.shape)}"
            raise ValueError(msg)
        return _layer_norm(x, *self._gamma_beta(x), eps=self.eps)

    def extra_repr(self) -> str:
        """Return the shape and options, as PyTorch prints them."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(ScaleAndShift):
    """Every sample normalized over groups of channels; a drop-in for `torch.nn.GroupNorm` (lecture 8).

    Parameters
    ----------
    num_groups : int
        G, a divisor of C.
    num_channels : int
        C.
    eps : float
        ε.
    affine : bool
        Whether γ and β are learnt, one of each for every channel.
    device, dtype
        Where the parameters live and in which type.
    bias : bool
        Whether β is learnt, if `affine`.

    Attributes
    ----------
    weight, bias : parameters (C,) or None
        γ and β.

    Raises
    ------
    ValueError
        If the groups do not divide the channels; when called, if x has another number of channels.

    References
    ----------
    Wu, He, *Group normalization*, 2018; lecture 8.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        """Create γ and β."""
        if num_groups < 1 or num_channels % num_groups:
            msg = f"num_channels must be divisible by num_groups, got {num_channels} and {num_groups}"
            raise ValueError(msg)
        super().__init__((num_channels,), affine, affine and bias, device, dtype)
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.reset_parameters()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, ...) to the same shape."""
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            msg = f"x must have shape (N, {self.num_channels}, ...), got {tuple(x.shape)}"
            raise ValueError(msg)
        return _group_norm(x, *self._gamma_beta(x), groups=self.num_groups, eps=self.eps)

    def extra_repr(self) -> str:
        """Return the sizes and options, as PyTorch prints them."""
        options = f"eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, {options}"

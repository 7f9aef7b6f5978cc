"""The affine layer as a module."""

import math
from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.affine import affine_backward, affine_forward

_affine = autograd_function(affine_forward, affine_backward)


class Linear(torch.nn.Module):
    """The affine layer y = x Wᵀ + b, a drop-in for `torch.nn.Linear`.

    PyTorch keeps W as (M, D), one row per output; `affine_forward` wants (D, M), one column per output: the layer
    transposes. Both start from U(-1/√D, 1/√D), as in PyTorch, number for number under the same seed.

    Parameters
    ----------
    in_features : int
        D, the length of an input.
    out_features : int
        M, the length of an output.
    bias : bool
        Whether to add b.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight : parameter (M, D)
        W.
    bias : parameter (M,) or None
        b.

    Raises
    ------
    ValueError
        When called, if the last axis of x is not D long.

    References
    ----------
    Lecture 3; D. Halperin, *Matrix derivatives*; the range 1/√D: WPI CS 4342, class 22.
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        """Create the parameters and draw their first values."""
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = torch.nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))
        self.bias: torch.nn.Parameter | None
        if bias:
            self.bias = torch.nn.Parameter(torch.empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias from U(-1/√D, 1/√D)."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0.0
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (..., D) to (..., M)."""
        if x.shape[-1:] != (self.in_features,):
            msg = f"x must have shape (..., {self.in_features}), got {tuple(x.shape)}"
            raise ValueError(msg)
        bias = self.weight.new_zeros(self.out_features) if self.bias is None else self.bias
        rows = x.reshape(math.prod(x.shape[:-1]), self.in_features)
        return _affine(rows, self.weight.T, bias).reshape(*x.shape[:-1], self.out_features)

    def extra_repr(self) -> str:
        """Return the sizes, as PyTorch prints them."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"

"""Pooling and its two ways back, unpooling and interpolation, as modules; the functions are in `i2dl.functional`."""

from collections.abc import Sequence
from typing import Any, get_args

import torch

from i2dl.bridge import autograd_function
from i2dl.functional import pooling, upsample
from i2dl.functional.unpooling import max_pool2d_indices, max_unpool2d_backward, max_unpool2d_forward

__all__ = ["AvgPool2d", "MaxPool2d", "MaxUnpool2d", "Upsample"]

Size = int | tuple[int, int]


def _max_pool2d_with_indices_forward(x: torch.Tensor, **options: Any) -> tuple[torch.Tensor, torch.Tensor, Any]:
    out, cache = pooling.max_pool2d_forward(x, **options)
    return out, max_pool2d_indices(cache), cache


def _max_pool2d_with_indices_backward(dout: torch.Tensor, _: torch.Tensor, cache: Any) -> torch.Tensor:
    return pooling.max_pool2d_backward(dout, cache)


_max_pool2d = autograd_function(pooling.max_pool2d_forward, pooling.max_pool2d_backward)
_max_pool2d_with_indices = autograd_function(_max_pool2d_with_indices_forward, _max_pool2d_with_indices_backward)
_average_pool2d = autograd_function(pooling.average_pool2d_forward, pooling.average_pool2d_backward)
_max_unpool2d = autograd_function(max_unpool2d_forward, max_unpool2d_backward)
_upsample = autograd_function(upsample.upsample_forward, upsample.upsample_backward)


class MaxPool2d(torch.nn.Module):
    """The largest number of each window, a drop-in for `torch.nn.MaxPool2d` (lecture 9).

    Parameters
    ----------
    kernel_size, padding, dilation : int or (int, int)
        F, P and D.
    stride : int or (int, int) or None
        S; None for F.
    return_indices : bool
        Whether to return (out, indices), for `MaxUnpool2d`.
    ceil_mode : bool
        Whether a window may hang over the far edge.

    Raises
    ------
    ValueError
        When called, as `max_pool2d_forward`.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        """Keep the options."""
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, x: torch.Tensor) -> Any:
        """Map x (N, C, H, W) to (N, C, OH, OW), or (C, H, W) to (C, OH, OW)."""
        options = {name: getattr(self, name) for name in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")}
        return _on_batch(_max_pool2d_with_indices if self.return_indices else _max_pool2d, x, **options)

    def extra_repr(self) -> str:
        """Return the options, as PyTorch prints them."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(torch.nn.Module):
    """The mean of each window, a drop-in for `torch.nn.AvgPool2d` (lecture 9).

    Parameters
    ----------
    kernel_size, padding : int or (int, int)
        F and P.
    stride : int or (int, int) or None
        S; None for F.
    ceil_mode : bool
        Whether a window may hang over the far edge.
    count_include_pad : bool
        Whether the zeros of the padding count as entries.

    Raises
    ------
    ValueError
        When called, as `average_pool2d_forward`.
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        """Keep the options."""
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to (N, C, OH, OW), or (C, H, W) to (C, OH, OW)."""
        options = {name: getattr(self, name) for name in ("kernel_size", "stride", "padding", "ceil_mode")}
        return _on_batch(_average_pool2d, x, count_include_pad=self.count_include_pad, **options)

    def extra_repr(self) -> str:
        """Return the window, as PyTorch prints it."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool2d(torch.nn.Module):
    """Every maximum back on its place, zeros elsewhere; a drop-in for `torch.nn.MaxUnpool2d` (lecture 10).

    Parameters
    ----------
    kernel_size, padding : int or (int, int)
        F and P of the pooling.
    stride : int or (int, int) or None
        S of the pooling, at least F; None for F.

    Raises
    ------
    ValueError
        When called, as `max_unpool2d_forward`.
    """

    def __init__(self, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> None:
        """Keep the options."""
        super().__init__()
        pairs = [(value, value) if isinstance(value, int) else value for value in (kernel_size, stride, padding)]
        self.kernel_size, self.stride, self.padding = pairs[0], pairs[1] or pairs[0], pairs[2]

    def forward(self, x: torch.Tensor, indices: torch.Tensor, output_size: Sequence[int] | None = None) -> torch.Tensor:
        """Map x and indices (N, C, OH, OW) to (N, C, H, W); output_size is the shape of the result, or its end."""
        options = {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}
        size = None if output_size is None else tuple(output_size)[-2:]
        batched = indices if x.ndim == 4 else indices[None]
        return _on_batch(_max_unpool2d, x, indices=batched, output_size=size, **options)

    def extra_repr(self) -> str:
        """Return the window, as PyTorch prints it."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class Upsample(torch.nn.Module):
    """Interpolation to a larger image, a drop-in for `torch.nn.Upsample` with align_corners=False (lecture 10).

    Parameters
    ----------
    size : int or (int, int) or None
        OH and OW.
    scale_factor : float or (float, float) or None
        How many times larger; give either this or size.
    mode : {"nearest", "bilinear", "bicubic"}
        How to fill in.
    align_corners : {None, False}
        Accepted for PyTorch's sake.

    Raises
    ------
    ValueError
        If the mode or align_corners is another; when called, as `upsample_forward`.
    """

    def __init__(
        self,
        size: Size | None = None,
        scale_factor: float | tuple[float, float] | None = None,
        mode: upsample.Mode = "nearest",
        align_corners: bool | None = None,
    ) -> None:
        """Keep the options."""
        super().__init__()
        if mode not in get_args(upsample.Mode):
            msg = f"mode must be one of {', '.join(map(repr, get_args(upsample.Mode)))}, got {mode!r}"
            raise ValueError(msg)
        if align_corners:
            msg = f"align_corners must be False or None, got {align_corners!r}"
            raise ValueError(msg)
        self.size = size
        self.scale_factor = tuple(map(float, scale_factor)) if isinstance(scale_factor, tuple) else scale_factor
        if isinstance(self.scale_factor, int):
            self.scale_factor = float(self.scale_factor)
        self.mode = mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to (N, C, OH, OW)."""
        return _upsample(x, mode=self.mode, size=self.size, scale=self.scale_factor)

    def extra_repr(self) -> str:
        """Return the size and the mode, as PyTorch prints them."""
        size = f"size={self.size}" if self.scale_factor is None else f"scale_factor={self.scale_factor}"
        return f"{size}, mode={self.mode!r}"


def _on_batch(function: Any, x: torch.Tensor, **options: Any) -> Any:
    """Call the function on the batch x, or on the batch of one image x."""
    if x.ndim != 3:
        return function(x, **options)
    result = function(x[None], **options)
    return tuple(part[0] for part in result) if isinstance(result, tuple) else result[0]

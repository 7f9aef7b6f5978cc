"""The convolutions as modules; what each computes, and its gradient, is in `i2dl.functional`."""

import math
from typing import Any, Literal

import torch

from i2dl.analysis import same_padding
from i2dl.bridge import autograd_function
from i2dl.functional.conv import conv1d_backward, conv1d_forward, conv2d_backward, conv2d_forward
from i2dl.functional.conv_transpose import conv_transpose2d_backward, conv_transpose2d_forward

__all__ = ["Conv1d", "Conv2d", "ConvTranspose2d"]

Size = int | tuple[int, ...]


_conv1d = autograd_function(conv1d_forward, conv1d_backward)
_conv2d = autograd_function(conv2d_forward, conv2d_backward)
_conv_transpose2d = autograd_function(conv_transpose2d_forward, conv_transpose2d_backward)


class _Convolution(torch.nn.Module):
    """What the convolutions share: the parameters, how they start, and how the layer is printed."""

    axes = 2  # of an image, beside its channels
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | Literal["valid", "same"] = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: Literal["zeros"] = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parameters and draw their first values."""
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            msg = f"groups must divide {in_channels} input and {out_channels} output channels, got {groups}"
            raise ValueError(msg)
        if padding_mode != "zeros":
            msg = f"padding_mode must be 'zeros', got {padding_mode!r}"
            raise ValueError(msg)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._per_axis(kernel_size)
        self.stride = self._per_axis(stride)
        self.padding = padding if isinstance(padding, str) else self._per_axis(padding)
        self.dilation = self._per_axis(dilation)
        self.output_padding = self._per_axis(0)
        self.groups = groups
        self.padding_mode = padding_mode
        self._pixels = self._padding_in_pixels()
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (first, second // groups, *self.kernel_size)
        self.weight = torch.nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.bias: torch.nn.Parameter | None
        if bias:
            self.bias = torch.nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias from U(-1/√n, 1/√n) with n = weight[0].numel(), number for number as PyTorch does."""
        n = math.prod(self.weight.shape[1:])
        bound = 1 / math.sqrt(n) if n > 0 else 0.0
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """Return the sizes, as PyTorch prints them."""
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        zeros, ones = self._per_axis(0), self._per_axis(1)
        for name, usual in (("padding", zeros), ("dilation", ones), ("output_padding", zeros), ("groups", 1)):
            value = getattr(self, name)
            parts += [f"{name}={value}"] if value != usual else []
        parts += ["bias=False"] if self.bias is None else []
        return ", ".join(parts)

    def _per_axis(self, value: Size) -> tuple[int, ...]:
        return (value,) * self.axes if isinstance(value, int) else tuple(value)

    def _padding_in_pixels(self) -> tuple[int, ...]:
        if not isinstance(self.padding, str):
            return self.padding
        if self.padding == "valid":
            return self._per_axis(0)
        if self.padding != "same" or self.stride != self._per_axis(1):
            msg = f"padding must be ints, 'valid', or 'same' with stride 1, got {self.padding!r}, stride {self.stride}"
            raise ValueError(msg)
        return tuple(same_padding(f, dilation=d) for f, d in zip(self.kernel_size, self.dilation, strict=True))

    def _convolve(self, function: Any, x: torch.Tensor, **options: Any) -> torch.Tensor:
        """Call the function on the batch x, or on the batch of one image x."""
        if x.ndim not in (self.axes + 1, self.axes + 2) or x.shape[-1 - self.axes] != self.in_channels:
            image = f"{self.in_channels}, {'L' if self.axes == 1 else 'H, W'}"
            msg = f"x must have shape (N, {image}) or ({image}), got {tuple(x.shape)}"
            raise ValueError(msg)
        bias = self.weight.new_zeros(self.out_channels) if self.bias is None else self.bias
        batch = x if x.ndim == self.axes + 2 else x[None]
        out = function(batch, self.weight, bias, groups=self.groups, **options)
        return out if x.ndim == self.axes + 2 else out[0]


class Conv1d(_Convolution):
    """A convolution over sequences, a drop-in for `torch.nn.Conv1d` (lecture 9).

    Parameters
    ----------
    in_channels, out_channels : int
        C and F.
    kernel_size, stride, dilation : int or (int,)
        K, S and D.
    padding : int or (int,) or {"valid", "same"}
        P; "valid" is 0, "same" keeps the length (D·(K - 1) must then be even; PyTorch also pads one end more).
    groups : int
        G.
    bias : bool
        Whether to add b.
    padding_mode : {"zeros"}
        What the padding holds.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight : parameter (F, C/G, K)
        The filters.
    bias : parameter (F,) or None
        b.

    Raises
    ------
    ValueError
        If the groups do not divide C and F or the padding is unknown; when called, as `conv1d_forward`.
    """

    axes = 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, L) to (N, F, OL), or (C, L) to (F, OL)."""
        (stride,), (padding,), (dilation,) = self.stride, self._pixels, self.dilation
        return self._convolve(_conv1d, x, stride=stride, padding=padding, dilation=dilation)


class Conv2d(_Convolution):
    """A convolutional layer, a drop-in for `torch.nn.Conv2d` (lecture 9).

    Parameters
    ----------
    in_channels, out_channels : int
        C and F.
    kernel_size, stride, dilation : int or (int, int)
        (HH, WW), S and D.
    padding : int or (int, int) or {"valid", "same"}
        P; "valid" is 0, "same" keeps the size (D·(F - 1) must then be even; PyTorch also pads one side more).
    groups : int
        G; C for a depthwise convolution.
    bias : bool
        Whether to add b.
    padding_mode : {"zeros"}
        What the padding holds.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight : parameter (F, C/G, HH, WW)
        The filters.
    bias : parameter (F,) or None
        b.

    Raises
    ------
    ValueError
        If the groups do not divide C and F or the padding is unknown; when called, as `conv2d_forward`.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to (N, F, OH, OW), or (C, H, W) to (F, OH, OW)."""
        return self._convolve(_conv2d, x, stride=self.stride, padding=self._pixels, dilation=self.dilation)


class ConvTranspose2d(_Convolution):
    """A transposed convolution, a drop-in for `torch.nn.ConvTranspose2d` (lecture 10).

    Parameters
    ----------
    in_channels, out_channels : int
        C and F.
    kernel_size, stride, padding, output_padding, dilation : int or (int, int)
        Those of `conv_transpose2d_forward`.
    groups : int
        G.
    bias : bool
        Whether to add b.
    padding_mode : {"zeros"}
        Accepted for PyTorch's sake.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight : parameter (C, F/G, HH, WW)
        The filters.
    bias : parameter (F,) or None
        b.

    Raises
    ------
    ValueError
        If the groups do not divide C and F; when called, as `conv_transpose2d_forward`.
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: Literal["zeros"] = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parameters and draw their first values."""
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self.output_padding = self._per_axis(output_padding)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, H, W) to (N, F, OH, OW), or (C, H, W) to (F, OH, OW)."""
        return self._convolve(
            _conv_transpose2d,
            x,
            stride=self.stride,
            padding=self._pixels,
            output_padding=self.output_padding,
            dilation=self.dilation,
        )

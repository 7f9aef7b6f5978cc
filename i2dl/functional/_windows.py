"""Windows that slide over an image: what convolution and pooling have in common.

**Where windows lie.** A window has HH rows of WW entries. It is laid onto the image, which is first surrounded by P
rows and columns of padding, then moved on by S pixels, the stride, and so on to the end of the row; then S pixels down.
With dilation D its entries are spread, D pixels from one to the next. So along one axis entry i of window o lies on
pixel

    o·S + i·D      of the padded image,

and of the N + 2P pixels there, D·(F − 1) + 1 are covered by a window of F entries. Its first position is 0, and it can
be moved on by S as often as the rest allows: there are ⌊(N + 2P − D·(F − 1) − 1)/S⌋ + 1 windows.

**Why no loop runs over positions.** An image of 224 × 224 has 50 000 windows of 3 × 3, and a loop over them in Python
takes seconds. But fix an entry i and let o run: the pixels o·S + i·D are every S-th from i·D on, a slice with a step,
which costs nothing to take. So the loops of this package run over the nine entries of a window, and each turn treats
all windows of all images at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array

Pair: TypeAlias = tuple[int, int]
IntOrPair: TypeAlias = int | Sequence[int]


@dataclass(frozen=True)
class Windows:
    """How the windows of one layer lie on its image; each pair is (rows, columns).

    Attributes
    ----------
    image : pair of int
        H and W, the size of the image without padding.
    kernel : pair of int
        HH and WW, the entries of a window.
    stride : pair of int
        From one window to the next.
    padding : pair of int
        In front of the image; behind it there is as much padding as the windows reach into.
    dilation : pair of int
        From one entry of a window to the next.
    out : pair of int
        How many windows there are: the size of the output.
    """

    image: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    out: Pair

    @property
    def entries(self) -> int:
        """HH · WW."""
        return self.kernel[0] * self.kernel[1]

    @property
    def padded(self) -> Pair:
        """The size of the padded image: to the end of the image or of the last window, whichever comes later."""
        return self._padded(0), self._padded(1)

    def slices(self, first: int = 0, last: int | None = None) -> list[tuple[slice, slice]]:
        """For every entry of a window, row by row: which rows and columns of the padded image it lies on.

        All windows are meant, or those of the output rows from ``first`` up to, but not including, ``last``.
        """
        end = self.out[0] if last is None else last
        return [(rows, columns) for rows in self._slices(0, first, end) for columns in self._slices(1, 0, self.out[1])]

    def _padded(self, axis: int) -> int:
        last_end = (self.out[axis] - 1) * self.stride[axis] + reach(self.kernel[axis], self.dilation[axis])
        return max(self.padding[axis] + self.image[axis], last_end)

    def _slices(self, axis: int, first: int, end: int) -> list[slice]:
        stride, offsets = self.stride[axis], (i * self.dilation[axis] for i in range(self.kernel[axis]))
        return [slice(first * stride + offset, (end - 1) * stride + offset + 1, stride) for offset in offsets]


def reach(kernel: int, dilation: int) -> int:
    """D·(F − 1) + 1, the pixels from the first to the last entry of a window along one axis."""
    return dilation * (kernel - 1) + 1


def count_windows(
    length: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """⌊(N + 2P − D·(F − 1) − 1)/S⌋ + 1 windows fit along one axis; ValueError if there is room for none.

    With ``ceil_mode`` the fraction is rounded up: a last window may hang over the end if it starts before it.
    """
    room = length + 2 * padding - reach(kernel, dilation)
    if length < 1 or room < 0:
        msg = (
            f"a window must fit into the padded image, but {kernel} entries with dilation {dilation} reach over "
            f"{reach(kernel, dilation)} pixels, and the image has {length} with padding {padding} on each side"
        )
        raise ValueError(msg)
    if ceil_mode:
        steps = -(-room // stride)
        return steps + 1 if steps * stride < length + padding else steps
    return room // stride + 1


def place_windows(
    image: Sequence[int],
    kernel: IntOrPair,
    *,
    stride: IntOrPair = 1,
    padding: IntOrPair = 0,
    dilation: IntOrPair = 1,
    ceil_mode: bool = False,
) -> Windows:
    """Check the hyperparameters and lay as many windows as fit onto an image of (H, W)."""
    sizes = as_pair("image", image, at_least=0)
    kernels = as_pair("kernel_size", kernel, at_least=1)
    strides = as_pair("stride", stride, at_least=1)
    paddings = as_pair("padding", padding, at_least=0)
    dilations = as_pair("dilation", dilation, at_least=1)
    rows, columns = (
        count_windows(n, f, stride=s, padding=p, dilation=d, ceil_mode=ceil_mode)
        for n, f, s, p, d in zip(sizes, kernels, strides, paddings, dilations, strict=True)
    )
    return Windows(sizes, kernels, strides, paddings, dilations, (rows, columns))


def as_pair(name: str, value: IntOrPair, *, at_least: int) -> Pair:
    """Return (value, value) for one int and (rows, columns) for two; raise where they are not ints or too small."""
    numbers = (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, Sequence) else ()
    if len(numbers) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        msg = f"{name} must be an int or a pair of ints, but it is {value!r}"
        raise TypeError(msg)
    if min(numbers) < at_least:
        msg = f"{name} must be at least {at_least}, but it is {value!r}"
        raise ValueError(msg)
    return numbers[0], numbers[1]


def pad(x: Array, windows: Windows, fill: float = 0.0) -> Array:
    """Surround images (..., H, W) with ``fill``; where no window needs padding, this is ``x`` itself."""
    if windows.padded == windows.image:
        return x
    xp = array_namespace(x)
    padded = xp.full((*x.shape[:-2], *windows.padded), fill, dtype=x.dtype, device=device(x))
    padded[inside(windows)] = x
    return padded


def inside(windows: Windows) -> Any:
    """Return the index of the image in the padded image."""
    (top, left), (height, width) = windows.padding, windows.image
    return ..., slice(top, top + height), slice(left, left + width)

"""One sum of products, and the two others that it becomes when it is differentiated.

A convolutional layer (without bias), its gradient for the image and its gradient for the filters are three readings of
one trilinear sum over images n, filters f, channels c, windows (p, q) and entries (i, j) of a window:

    L = Σ  dout[n, f, p, q] · w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D].

Leave out one of the three factors, and what is left of the sum is the derivative of L with respect to it:

- without dout it is the output,          `correlate`,
- without x it is the gradient for x,     `spread`,
- without w it is the gradient for w,     `filter_gradient`.

A transposed convolution uses the same three with x and dout in exchanged roles.

**As matrix products.** Take a window apart into its rows. Row i of a window holds C·WW numbers; write them under each
other, one column for every window, and the same weights of all filters side by side, one row for every filter. Then
the sum over c and j is a matrix product, and the sum over i adds HH of them:

    out = Σ_i w_i · rows_i,        drows_i = w_iᵀ · dout,        dw_i = dout · rows_iᵀ,

each time the affine layer's formulas. To build ``rows_i``, `gather` first copies every row h of the image, once for
each of the WW entries j:

    strips[c, j, h, n, q] = x[n, c, h, q·S + j·D].

Row i of window p is the image's row h = p·S + i·D, so ``rows_i`` is a slice of the strips, and for S = 1 not even a
copy. A pixel stands in several strips, each of which stands in several windows; its gradient is the sum over all of
these places, and `scatter` forms it.

**In blocks.** The strips of all images at once would take WW times the memory of the images, slow to fill and to read.
So some images, or some rows of windows of a large image, are treated at a time, and their strips stay in the
processor's cache.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array
from i2dl.functional._windows import Windows, inside, pad, reach

# How many windows make a block: a processor wants what belongs to them in its cache, a GPU wants few large steps.
BLOCK = 2**11
GPU_BLOCK = 2**18


@dataclass(frozen=True)
class Block:
    """Some images of a batch, and some rows of the windows on them."""

    images: slice
    rows: slice

    @property
    def maps(self) -> tuple[slice, ...]:
        """The index of this part of the maps (N, F, OH, OW)."""
        return self.images, slice(None), self.rows, slice(None)

    @property
    def size(self) -> tuple[int, int]:
        """How many rows and images, in the order of the strips."""
        return self.rows.stop - self.rows.start, self.images.stop - self.images.start

    def image_rows(self, windows: Windows) -> slice:
        """The rows of the padded images that the windows lie on."""
        last = (self.rows.stop - 1) * windows.stride[0]
        return slice(self.rows.start * windows.stride[0], last + reach(windows.kernel[0], windows.dilation[0]))

    def window_rows(self, windows: Windows) -> list[slice]:
        """For every row i of a window, the rows among these on which it lies."""
        stride, last = windows.stride[0], (self.size[0] - 1) * windows.stride[0]
        return [
            slice(i * windows.dilation[0], i * windows.dilation[0] + last + 1, stride) for i in range(windows.kernel[0])
        ]


def correlate(x: Array, w: Array, windows: Windows, groups: int) -> Array:
    """out[n, f, p, q] = Σ_cij w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D]: images become maps (N, F, OH, OW)."""
    xp = array_namespace(x, w)
    padded, filters = pad(x, windows), _rows_of_filters(w, groups)
    out = xp.empty((x.shape[0], w.shape[0], *windows.out), dtype=xp.result_type(x, w), device=device(x))
    for block in _blocks(x, windows):
        strips = gather(padded, block, windows, groups)
        first, *others = (
            xp.matmul(row, _as_matrix(strips[:, :, rows, :, :]))
            for row, rows in zip(filters, block.window_rows(windows), strict=True)
        )
        for product in others:
            first += product
        maps = xp.reshape(first, (w.shape[0], *block.size, windows.out[1]))
        out[block.maps] = xp.permute_dims(maps, (2, 0, 1, 3))
    return out


def spread(dout: Array, w: Array, windows: Windows, groups: int) -> Array:
    """dx[n, c, h, w] = Σ w[f, c, i, j] · dout[n, f, p, q] over windows (p, q) and entries (i, j) on pixel (h, w)."""
    xp = array_namespace(dout, w)
    filters = _rows_of_filters(w, groups)
    shape = (dout.shape[0], w.shape[1] * groups, *windows.padded)
    padded = xp.zeros(shape, dtype=xp.result_type(dout, w), device=device(dout))
    for block in _blocks(dout, windows):
        columns = _as_columns(dout[block.maps], groups)
        products = [xp.matmul(xp.matrix_transpose(row), columns) for row in filters]
        scatter(products, padded, block, windows)
    return padded[inside(windows)]


def filter_gradient(dout: Array, x: Array, windows: Windows, groups: int) -> Array:
    """dw[f, c, i, j] = Σ_npq dout[n, f, p, q] · x[n, c, p·S + i·D, q·S + j·D]."""
    xp = array_namespace(dout, x)
    filters, channels = dout.shape[1], x.shape[1] // groups
    padded = pad(x, windows)
    height, width = windows.kernel
    shape = (height, groups, filters // groups, channels * width)
    dw = xp.zeros(shape, dtype=xp.result_type(dout, x), device=device(x))
    for block in _blocks(x, windows):
        strips, columns = gather(padded, block, windows, groups), _as_columns(dout[block.maps], groups)
        for i, rows in enumerate(block.window_rows(windows)):
            dw[i, ...] += xp.matmul(columns, xp.matrix_transpose(_as_matrix(strips[:, :, rows, :, :])))
    return xp.permute_dims(xp.reshape(dw, (height, filters, channels, width)), (1, 2, 0, 3))


def gather(padded: Array, block: Block, windows: Windows, groups: int) -> Array:
    """Copy the block's strips: (G, C/G · WW, rows of the images, N, OW)."""
    xp = array_namespace(padded)
    channels, width = padded.shape[1], windows.kernel[1]
    rows = block.image_rows(windows)
    shape = (rows.stop - rows.start, block.size[1], windows.out[1])
    strips = xp.empty((channels, width, *shape), dtype=padded.dtype, device=device(padded))
    for j, columns in enumerate(windows.columns()):
        strips[:, j, ...] = xp.permute_dims(padded[block.images, :, rows, columns], (1, 2, 0, 3))
    return xp.reshape(strips, (groups, channels // groups * width, *shape))


def scatter(products: list[Array], padded: Array, block: Block, windows: Windows) -> None:
    """Add what belongs to row i of every window to its strips, and the strips, in place, to the pixels of ``padded``."""
    xp = array_namespace(padded)
    channels, width = padded.shape[1], windows.kernel[1]
    rows = block.image_rows(windows)
    shape = (channels, width, rows.stop - rows.start, block.size[1], windows.out[1])
    strips = xp.zeros(shape, dtype=padded.dtype, device=device(padded))
    for product, window_rows in zip(products, block.window_rows(windows), strict=True):
        strips[:, :, window_rows, :, :] += xp.reshape(product, (channels, width, *block.size, windows.out[1]))
    for j, columns in enumerate(windows.columns()):
        padded[block.images, :, rows, columns] += xp.permute_dims(strips[:, j, ...], (2, 0, 1, 3))


def check_groups(groups: int, **counts: int) -> None:
    """Raise unless ``groups`` is an int that divides all the counts, which are passed by what they count."""
    if not isinstance(groups, int) or isinstance(groups, bool):
        msg = f"groups must be an int, but it is {groups!r}"
        raise TypeError(msg)
    if groups < 1 or any(count % groups for count in counts.values()):
        counted = " and ".join(f"{count} {name}" for name, count in counts.items())
        msg = f"groups must divide {counted}, but it is {groups}"
        raise ValueError(msg)


def _rows_of_filters(w: Array, groups: int) -> list[Array]:
    """For every row i of the filters (F, C/G, HH, WW) its weights as a matrix, w_i (G, F/G, C/G · WW)."""
    xp = array_namespace(w)
    filters, channels, height, width = w.shape
    return [xp.reshape(w[:, :, i, :], (groups, filters // groups, channels * width)) for i in range(height)]


def _as_matrix(strips: Array) -> Array:
    """Strips (G, C/G · WW, rows, N, OW) as rows_i (G, C/G · WW, number of windows)."""
    xp = array_namespace(strips)
    return xp.reshape(strips, (*strips.shape[:2], math.prod(strips.shape[2:])))


def _as_columns(maps: Array, groups: int) -> Array:
    """Maps (N, F, rows, OW) as columns (G, F/G, number of windows), in the order of the strips."""
    xp = array_namespace(maps)
    n, filters, height, width = maps.shape
    return xp.reshape(xp.permute_dims(maps, (1, 2, 0, 3)), (groups, filters // groups, height * n * width))


def _blocks(images: Array, windows: Windows) -> Iterator[Block]:
    """Cut the windows on a batch into blocks: whole images, or rows of windows of one."""
    n, (height, width) = images.shape[0], windows.out
    rows = max(1, (GPU_BLOCK if "cuda" in str(device(images)) else BLOCK) // width)
    together = max(1, rows // height)
    for start in range(0, n, together):
        for top in range(0, height, rows):
            yield Block(slice(start, min(start + together, n)), slice(top, min(top + rows, height)))

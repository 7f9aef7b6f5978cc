"""One sum of products, and the two others that it becomes when it is differentiated.

A convolutional layer (without bias), its gradient for the image and its gradient for the filters are three readings of
one trilinear sum over images n, filters f, channels c, windows (p, q) and entries (i, j) of a window:

    L = Σ  dout[n, f, p, q] · w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D].

Leave out one of the three factors, and what is left of the sum is the derivative of L with respect to it:

- without dout it is the output,          `correlate`,
- without x it is the gradient for x,     `spread`,
- without w it is the gradient for w,     `filter_gradient`.

A transposed convolution uses the same three with x and dout in exchanged roles.

**As matrix products.** Write the C·HH·WW numbers that a window covers under each other: one column of a matrix. With a
column for every window of every image, and the filters as rows of a second matrix,

    out = w · columns,        dcolumns = wᵀ · dout,        dw = dout · columnsᵀ,

the affine layer's formulas. `gather` builds the columns. A pixel stands in many of them, once for each window
that covers it; its gradient is the sum over all of these places, and `scatter` forms it.

**In blocks.** The columns of all images at once would take HH·WW times the memory of the images, which is slow to fill
and to read. So the windows are treated in blocks, some images or some rows of windows at a time, whose columns stay in
the processor's cache.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array
from i2dl.functional._windows import Windows, inside, pad

# How many numbers the columns of one block may hold: a processor wants them in its cache, a GPU wants few large steps.
BLOCK = 2**20
GPU_BLOCK = 2**26


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
        """How many images and rows."""
        return self.images.stop - self.images.start, self.rows.stop - self.rows.start


def correlate(x: Array, w: Array, windows: Windows, groups: int) -> Array:
    """out[n, f, p, q] = Σ_cij w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D]: images become maps (N, F, OH, OW)."""
    xp = array_namespace(x, w)
    padded, filters = pad(x, windows), _as_rows(w, groups)
    out = xp.empty((x.shape[0], w.shape[0], *windows.out), dtype=xp.result_type(x, w), device=device(x))
    for block in _blocks(padded, windows):
        products = xp.matmul(filters, gather(padded, block, windows, groups))
        maps = xp.reshape(products, (w.shape[0], *block.size, windows.out[1]))
        out[block.maps] = xp.permute_dims(maps, (1, 0, 2, 3))
    return out


def spread(dout: Array, w: Array, windows: Windows, groups: int) -> Array:
    """dx[n, c, h, w] = Σ w[f, c, i, j] · dout[n, f, p, q] over windows (p, q) and entries (i, j) on pixel (h, w)."""
    xp = array_namespace(dout, w)
    filters = xp.matrix_transpose(_as_rows(w, groups))
    shape = (dout.shape[0], w.shape[1] * groups, *windows.padded)
    padded = xp.zeros(shape, dtype=xp.result_type(dout, w), device=device(dout))
    for block in _blocks(padded, windows):
        scatter(xp.matmul(filters, _as_columns(dout[block.maps], groups)), padded, block, windows)
    return padded[inside(windows)]


def filter_gradient(dout: Array, x: Array, windows: Windows, groups: int) -> Array:
    """dw[f, c, i, j] = Σ_npq dout[n, f, p, q] · x[n, c, p·S + i·D, q·S + j·D]."""
    xp = array_namespace(dout, x)
    filters, channels = dout.shape[1], x.shape[1] // groups
    padded = pad(x, windows)
    shape = (groups, filters // groups, channels * windows.entries)
    dw = xp.zeros(shape, dtype=xp.result_type(dout, x), device=device(x))
    for block in _blocks(padded, windows):
        columns = gather(padded, block, windows, groups)
        dw += xp.matmul(_as_columns(dout[block.maps], groups), xp.matrix_transpose(columns))
    return xp.reshape(dw, (filters, channels, *windows.kernel))


def gather(padded: Array, block: Block, windows: Windows, groups: int) -> Array:
    """Copy what each window of the block covers into a column: (G, C/G · HH·WW, number of windows)."""
    xp = array_namespace(padded)
    channels = padded.shape[1]
    shape = (channels, windows.entries, *block.size, windows.out[1])
    columns = xp.empty(shape, dtype=padded.dtype, device=device(padded))
    for k, (rows, across) in enumerate(windows.slices(block.rows.start, block.rows.stop)):
        columns[:, k, ...] = xp.permute_dims(padded[block.images, :, rows, across], (1, 0, 2, 3))
    return xp.reshape(columns, (groups, channels // groups * windows.entries, math.prod(shape[2:])))


def scatter(columns: Array, padded: Array, block: Block, windows: Windows) -> None:
    """Add each column, in place, to the pixels that its window covers: the transpose of `gather`."""
    xp = array_namespace(columns)
    columns = xp.reshape(columns, (padded.shape[1], windows.entries, *block.size, windows.out[1]))
    for k, (rows, across) in enumerate(windows.slices(block.rows.start, block.rows.stop)):
        padded[block.images, :, rows, across] += xp.permute_dims(columns[:, k, ...], (1, 0, 2, 3))


def check_groups(groups: int, **counts: int) -> None:
    """Raise unless ``groups`` is an int that divides all the counts, which are passed by what they count."""
    if not isinstance(groups, int) or isinstance(groups, bool):
        msg = f"groups must be an int, but it is {groups!r}"
        raise TypeError(msg)
    if groups < 1 or any(count % groups for count in counts.values()):
        counted = " and ".join(f"{count} {name}" for name, count in counts.items())
        msg = f"groups must divide {counted}, but it is {groups}"
        raise ValueError(msg)


def _as_rows(w: Array, groups: int) -> Array:
    """Filters (F, C/G, HH, WW) as rows (G, F/G, C/G · HH·WW)."""
    xp = array_namespace(w)
    return xp.reshape(w, (groups, w.shape[0] // groups, math.prod(w.shape[1:])))


def _as_columns(maps: Array, groups: int) -> Array:
    """Maps (N, F, OH, OW) as columns (G, F/G, N·OH·OW)."""
    xp = array_namespace(maps)
    n, f, height, width = maps.shape
    return xp.reshape(xp.permute_dims(maps, (1, 0, 2, 3)), (groups, f // groups, n * height * width))


def _blocks(images: Array, windows: Windows) -> Iterator[Block]:
    """Cut the windows on a batch into blocks of a limited number of columns: whole images, or rows of one."""
    n, channels = images.shape[:2]
    height, width = windows.out
    limit = GPU_BLOCK if "cuda" in str(device(images)) else BLOCK
    rows = max(1, limit // max(1, channels * windows.entries * width))
    together = max(1, rows // height)
    for start in range(0, n, together):
        for top in range(0, height, rows):
            yield Block(slice(start, min(start + together, n)), slice(top, min(top + rows, height)))

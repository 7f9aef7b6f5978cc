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
and to read. So the images are treated in blocks, whose columns stay in the processor's cache.
"""

import math
from collections.abc import Iterator

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array
from i2dl.functional._windows import Windows, inside, pad

# How many numbers the columns of one block may hold: a processor wants them in its cache, a GPU wants few large steps.
BLOCK = 2**20
GPU_BLOCK = 2**26


def correlate(x: Array, w: Array, windows: Windows, groups: int) -> Array:
    """out[n, f, p, q] = Σ_cij w[f, c, i, j] · x[n, c, p·S + i·D, q·S + j·D], for x (N, C, H, W) and w (F, C/G, HH, WW)."""
    xp = array_namespace(x, w)
    filters = w.shape[0]
    rows = _as_rows(w, groups)
    out = xp.empty((x.shape[0], filters, *windows.out), dtype=x.dtype, device=device(x))
    for block in _blocks(x, windows):
        products = xp.matmul(rows, gather(x[block], windows, groups))
        out[block] = xp.permute_dims(xp.reshape(products, (filters, -1, *windows.out)), (1, 0, 2, 3))
    return out


def spread(dout: Array, w: Array, windows: Windows, groups: int) -> Array:
    """dx[n, c, h, w] = Σ w[f, c, i, j] · dout[n, f, p, q] over all (p, q), (i, j) that meet on pixel (h, w)."""
    xp = array_namespace(dout, w)
    channels = w.shape[1] * groups
    columns_from = xp.matrix_transpose(_as_rows(w, groups))
    dx = xp.empty((dout.shape[0], channels, *windows.image), dtype=dout.dtype, device=device(dout))
    for block in _blocks(dx, windows):
        dx[block] = scatter(xp.matmul(columns_from, _as_columns(dout[block], groups)), channels, windows)
    return dx


def filter_gradient(dout: Array, x: Array, windows: Windows, groups: int) -> Array:
    """dw[f, c, i, j] = Σ_npq dout[n, f, p, q] · x[n, c, p·S + i·D, q·S + j·D]."""
    xp = array_namespace(dout, x)
    filters, channels = dout.shape[1], x.shape[1] // groups
    shape = (groups, filters // groups, channels * windows.entries)
    dw = xp.zeros(shape, dtype=x.dtype, device=device(x))
    for block in _blocks(x, windows):
        columns = gather(x[block], windows, groups)
        dw = dw + xp.matmul(_as_columns(dout[block], groups), xp.matrix_transpose(columns))
    return xp.reshape(dw, (filters, channels, *windows.kernel))


def gather(x: Array, windows: Windows, groups: int) -> Array:
    """Copy what every window covers into a column: images (N, C, H, W) become (G, C/G·HH·WW, N·out)."""
    xp = array_namespace(x)
    n, c = x.shape[:2]
    padded = pad(xp.permute_dims(x, (1, 0, 2, 3)), windows)
    columns = xp.empty((c, windows.entries, n, *windows.out), dtype=x.dtype, device=device(x))
    for k, pixels in enumerate(windows.slices()):
        columns[:, k, ...] = padded[pixels]
    return xp.reshape(columns, (groups, c // groups * windows.entries, n * math.prod(windows.out)))


def scatter(columns: Array, channels: int, windows: Windows) -> Array:
    """Add every column to the pixels that its window covers: (G, C/G·HH·WW, N·out) becomes images (N, C, H, W)."""
    xp = array_namespace(columns)
    n = columns.shape[2] // math.prod(windows.out)
    columns = xp.reshape(columns, (channels, windows.entries, n, *windows.out))
    padded = xp.zeros((channels, n, *windows.padded), dtype=columns.dtype, device=device(columns))
    for k, pixels in enumerate(windows.slices()):
        padded[pixels] += columns[:, k, ...]
    return xp.permute_dims(padded[inside(windows)], (1, 0, 2, 3))


def _as_rows(w: Array, groups: int) -> Array:
    """Filters (F, C/G, HH, WW) as rows (G, F/G, C/G·HH·WW)."""
    xp = array_namespace(w)
    return xp.reshape(w, (groups, w.shape[0] // groups, math.prod(w.shape[1:])))


def _as_columns(dout: Array, groups: int) -> Array:
    """Maps (N, F, OH, OW) as columns (G, F/G, N·OH·OW)."""
    xp = array_namespace(dout)
    n, f, height, width = dout.shape
    return xp.reshape(xp.permute_dims(dout, (1, 0, 2, 3)), (groups, f // groups, n * height * width))


def _blocks(images: Array, windows: Windows) -> Iterator[slice]:
    """Cut a batch into blocks whose columns are not too many numbers, but at least one image each."""
    per_image = images.shape[1] * windows.entries * math.prod(windows.out)
    size = max(1, (GPU_BLOCK if "cuda" in str(device(images)) else BLOCK) // max(1, per_image))
    for start in range(0, images.shape[0], size):
        yield slice(start, start + size)

"""Wrong: pooling."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

MAX_POOL = spoiled(
    "max_pool",
    """
def max_pool_forward(x, *, size, stride):
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for p in range(out.shape[2]):
        for q in range(out.shape[3]):
            window = x[:, :, p * stride : p * stride + size, q * stride : q * stride + size]
            out[:, :, p, q] = window.max(axis=(2, 3))
    return out, (x, size, stride)


def max_pool_backward(dout, cache):
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, p, q in np.ndindex(dout.shape):
        i, j = p * stride, q * stride
        window = x[n, c, i : i + size, j : j + size]
        winner = np.zeros((size, size))
        winner.flat[window.argmax()] = 1
        dx[n, c, i : i + size, j : j + size] += winner * dout[n, c, p, q]
    return dx
""",
    (
        "max_ties_all",
        "every pixel that is as large",
        "winner.flat[window.argmax()] = 1",
        "winner = window == window.max()",
    ),
    (
        "max_ties_shared",
        "tie share dout",
        "winner.flat[window.argmax()] = 1",
        "winner = (window == window.max()) / (window == window.max()).sum()",
    ),
    (
        "max_ties_last",
        "last pixel gets dout",
        "winner.flat[window.argmax()] = 1",
        "winner.flat[size * size - 1 - window[::-1, ::-1].argmax()] = 1",
    ),
    ("max_is_mean", "the average is taken", "window.max(axis=(2, 3))", "window.mean(axis=(2, 3))"),
    ("max_from_zero", "comparison starts at 0", "window.max(axis=(2, 3))", "window.max(axis=(2, 3), initial=0)"),
    ("max_absolute", "largest absolute value", "window.max(axis=(2, 3))", "np.abs(window).max(axis=(2, 3))"),
    (
        "max_over_channels",
        "over the channels as well",
        "window.max(axis=(2, 3))",
        "window.max(axis=(1, 2, 3))[:, None]",
    ),
    (
        "max_overwritten",
        "keeps the last dout alone",
        "        dx[n, c, i : i + size, j : j + size] += winner * dout[n, c, p, q]",
        "        dx[n, c, i : i + size, j : j + size][winner == 1] = dout[n, c, p, q]",
    ),
    ("max_windows_overwritten", "overwrites what others have added", "+= winner", "= winner"),
    ("max_spread", "spread over the whole window", "winner.flat[window.argmax()] = 1", "winner[:] = 1 / size**2"),
    ("max_all_pixels", "get the whole dout", "winner.flat[window.argmax()] = 1", "winner[:] = 1"),
    (
        "max_times_pixel",
        "multiplied by the pixel",
        "winner.flat[window.argmax()] = 1",
        "winner.flat[window.argmax()] = window.max()",
    ),
    ("max_upstream_ignored", "upstream gradient is ignored", "winner * dout[n, c, p, q]", "winner"),
)

AVERAGE_POOL = spoiled(
    "average_pool",
    """
def average_pool_forward(x, *, size, stride):
    n, c, h, w = x.shape
    out = np.zeros((n, c, (h - size) // stride + 1, (w - size) // stride + 1))
    for p in range(out.shape[2]):
        for q in range(out.shape[3]):
            window = x[:, :, p * stride : p * stride + size, q * stride : q * stride + size]
            out[:, :, p, q] = window.sum(axis=(2, 3)) / (size * size)
    return out, (x.shape, size, stride)


def average_pool_backward(dout, cache):
    shape, size, stride = cache
    dx = np.zeros(shape)
    for p in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            i, j = p * stride, q * stride
            dx[:, :, i : i + size, j : j + size] += dout[:, :, p : p + 1, q : q + 1] / (size * size)
    return dx


def global_average_pool(x):
    return np.mean(x, axis=(2, 3))
""",
    ("average_divided_once", "divided by the size alone", "(size * size)", "size"),
    ("average_summed", "windows are summed", "sum(axis=(2, 3)) / (size * size)", "sum(axis=(2, 3))"),
    ("average_whole_dout", "every pixel gets the whole dout", "q : q + 1] / (size * size)", "q : q + 1]"),
    ("average_overwritten", "share of one window alone", "+= dout", "= dout"),
    ("average_is_max", "the largest is taken", "window.sum(axis=(2, 3)) / (size * size)", "window.max(axis=(2, 3))"),
    ("average_over_channels", "channels are averaged as well", "np.mean(x, axis=(2, 3))", "np.mean(x, axis=(1, 2, 3))"),
    ("average_over_batch", "batch is averaged as well", "np.mean(x, axis=(2, 3))", "np.mean(x, axis=(0, 2, 3))"),
    ("average_global_sum", "global sum is taken", "np.mean(x, axis=(2, 3))", "np.sum(x, axis=(2, 3))"),
    ("average_global_max", "global maximum", "np.mean(x, axis=(2, 3))", "np.max(x, axis=(2, 3))"),
    ("average_keeps_axes", "wrong shape", "np.mean(x, axis=(2, 3))", "np.mean(x, axis=(2, 3), keepdims=True)"),
)

FAST = spoiled(
    "max_pool_fast",
    """
def fast_max_pool_forward(x, *, size):
    n, c, h, w = x.shape
    tiles = x.reshape(n, c, h // size, size, w // size, size).transpose(0, 1, 2, 4, 3, 5)
    tiles = tiles.reshape(n, c, h // size, w // size, size * size)
    return tiles.max(axis=-1), (tiles, size)


def fast_max_pool_backward(dout, cache):
    tiles, size = cache
    n, c, rows, columns = dout.shape
    mask = np.arange(size * size) == tiles.argmax(axis=-1)[..., None]
    dtiles = (mask * dout[..., None]).reshape(n, c, rows, columns, size, size)
    return dtiles.transpose(0, 1, 2, 4, 3, 5).reshape(n, c, rows * size, columns * size)
""",
    (
        "tiles_ties_all",
        "every pixel that is as large",
        "np.arange(size * size) == tiles.argmax(axis=-1)[..., None]",
        "tiles == tiles.max(axis=-1, keepdims=True)",
    ),
    (
        "tiles_ties_shared",
        "tie share dout",
        "np.arange(size * size) == tiles.argmax(axis=-1)[..., None]",
        "tiles == tiles.max(axis=-1, keepdims=True)\n    mask = mask / mask.sum(axis=-1, keepdims=True)",
    ),
    (
        "tiles_runs",
        "numbers that lie in one row",
        "x.reshape(n, c, h // size, size, w // size, size).transpose(0, 1, 2, 4, 3, 5)",
        "x",
    ),
    ("tiles_never_moved_back", "one after the other", "dtiles.transpose(0, 1, 2, 4, 3, 5).reshape", "dtiles.reshape"),
    ("tiles_averaged", "the average is taken", "return tiles.max(axis=-1)", "return tiles.mean(axis=-1)"),
    ("tiles_all_pixels", "get the whole dout", "mask * dout[..., None]", "np.ones(size * size) * dout[..., None]"),
    ("tiles_times_pixel", "multiplied by the pixel", "mask * dout[..., None]", "mask * tiles * dout[..., None]"),
    (
        "tiles_in_a_loop",
        "asks for a vectorised form",
        "return tiles.max(axis=-1)",
        "return np.array([[t.max(axis=-1) for t in image] for image in tiles])",
    ),
)

VARIANTS = [*MAX_POOL, *AVERAGE_POOL, *FAST]

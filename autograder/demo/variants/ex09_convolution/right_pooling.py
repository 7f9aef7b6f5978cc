"""Right, in other styles: pooling."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

POOL_BY_POOL = Variant(
    "pool_by_pool",
    {
        "max_pool_code": """
def max_pool_forward(x, *, size, stride):
    n, c, h, w = x.shape
    oh, ow = 1 + (h - size) // stride, 1 + (w - size) // stride
    out, winners = np.full((n, c, oh, ow), -np.inf), {}
    for m, k, p, q in np.ndindex(out.shape):
        for i, j in np.ndindex(size, size):
            place = m, k, p * stride + i, q * stride + j
            if x[place] > out[m, k, p, q]:
                out[m, k, p, q], winners[m, k, p, q] = x[place], place
    return out, (winners, x.shape)


def max_pool_backward(dout, cache):
    winners, shape = cache
    dx = np.zeros(shape)
    for place, winner in winners.items():
        dx[winner] += dout[place]
    return dx
""",
        "average_pool_code": """
def average_pool_forward(x, *, size, stride):
    n, c, h, w = x.shape
    oh, ow = 1 + (h - size) // stride, 1 + (w - size) // stride
    out = np.zeros((n, c, oh, ow))
    for i, j in np.ndindex(size, size):
        out += x[:, :, i : i + stride * oh : stride, j : j + stride * ow : stride]
    out /= size**2
    return out, {"shape": x.shape, "size": size, "stride": stride}


def average_pool_backward(dout, cache):
    size, stride = cache["size"], cache["stride"]
    dx = np.zeros(cache["shape"])
    for i, j in np.ndindex(size, size):
        dx[:, :, i : i + stride * dout.shape[2] : stride, j : j + stride * dout.shape[3] : stride] += dout
    dx /= size**2
    return dx


def global_average_pool(x):
    return np.array([[channel.sum() / channel.size for channel in image] for image in x])
""",
        "max_pool_fast_code": """
def fast_max_pool_forward(x, *, size):
    n, c, h, w = x.shape
    tiles = x.reshape(n, c, h // size, size, w // size, size)
    return tiles.max(axis=(3, 5)), (tiles.swapaxes(3, 4).reshape(n, c, h // size, w // size, -1), x.shape)


def fast_max_pool_backward(dout, cache):
    tiles, shape = cache
    dtiles = np.zeros(tiles.shape)
    np.put_along_axis(dtiles, tiles.argmax(axis=-1)[..., None], dout[..., None], axis=-1)
    size = shape[2] // dout.shape[2]
    return dtiles.reshape(*dout.shape, size, size).swapaxes(3, 4).reshape(shape)
""",
    },
)

POOL_WITH_WINDOWS = Variant(
    "pool_with_windows",
    {
        "max_pool_code": """
def max_pool_forward(x, *, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    flat = windows.reshape(*windows.shape[:4], -1)
    return flat.max(axis=-1), (flat.argmax(axis=-1), x.shape, size, stride)


def max_pool_backward(dout, cache):
    winner, shape, size, stride = cache
    n, c, p, q = np.indices(dout.shape)
    dx = np.zeros(shape)
    np.add.at(dx, (n, c, p * stride + winner // size, q * stride + winner % size), dout)
    return dx
""",
        "average_pool_code": """
def average_pool_forward(x, *, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.mean(axis=(-1, -2)), (x.shape, size, stride)


def average_pool_backward(dout, cache):
    (n, c, h, w), size, stride = cache
    rows, columns = np.zeros((dout.shape[2], h)), np.zeros((dout.shape[3], w))
    for p in range(len(rows)):
        rows[p, p * stride : p * stride + size] = 1 / size
    for q in range(len(columns)):
        columns[q, q * stride : q * stride + size] = 1 / size
    return rows.T @ dout @ columns


def global_average_pool(x):
    return x.reshape(*x.shape[:2], -1).mean(axis=-1)
""",
        "max_pool_fast_code": """
def fast_max_pool_forward(x, *, size):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::size, ::size]
    flat = windows.reshape(*windows.shape[:4], -1)
    winner = flat.argmax(axis=-1)
    return np.take_along_axis(flat, winner[..., None], axis=-1)[..., 0], (winner, x.shape, size)


def fast_max_pool_backward(dout, cache):
    winner, shape, size = cache
    n, c, p, q = np.indices(dout.shape)
    dx = np.zeros(shape)
    dx[n, c, p * size + winner // size, q * size + winner % size] = dout
    return dx
""",
    },
)

POOL_WITH_MASKS = Variant(
    "pool_with_masks",
    {
        "max_pool_code": """
def max_pool_forward(x, *, size, stride):
    n, c, h, w = x.shape
    rows, columns = range(0, h - size + 1, stride), range(0, w - size + 1, stride)
    wide = [np.stack([x[..., i : i + size, j : j + size].max(axis=(-1, -2)) for j in columns], -1) for i in rows]
    out = np.stack(wide, axis=-2)
    return out, (x, out, size, stride)


def max_pool_backward(dout, cache):
    x, out, size, stride = cache
    dx, taken = np.zeros(x.shape), np.zeros(out.shape, dtype=bool)
    for i in range(size):
        for j in range(size):
            place = (..., slice(i, i + stride * out.shape[2], stride), slice(j, j + stride * out.shape[3], stride))
            first = (x[place] == out) & ~taken
            dx[place] += first * dout
            taken |= first
    return dx
""",
        "average_pool_code": """
def average_pool_forward(x, *, size, stride):
    sums = np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0))).cumsum(axis=2).cumsum(axis=3)
    box = sums[..., size:, size:] - sums[..., :-size, size:] - sums[..., size:, :-size] + sums[..., :-size, :-size]
    return box[..., ::stride, ::stride] / size**2, (x.shape, size, stride)


def average_pool_backward(dout, cache):
    shape, size, stride = cache
    dx = np.zeros(shape)
    for n, c, p, q in np.ndindex(dout.shape):
        dx[n, c, p * stride : p * stride + size, q * stride : q * stride + size] += dout[n, c, p, q] * size**-2.0
    return dx


def global_average_pool(x):
    return np.einsum("nchw->nc", x) / (x.shape[2] * x.shape[3])
""",
        "max_pool_fast_code": """
def fast_max_pool_forward(x, *, size):
    n, c, h, w = x.shape
    tiles = np.moveaxis(x.reshape(n, c, h // size, size, w // size, size), 3, 4)
    out = tiles.max(axis=(4, 5))
    largest = (tiles == out[..., None, None]).reshape(*out.shape, size * size)
    return out, (largest & (largest.cumsum(axis=-1) == 1), size)


def fast_max_pool_backward(dout, cache):
    mask, size = cache
    n, c, oh, ow = dout.shape
    tiles = np.where(mask, dout[..., None], 0.0).reshape(n, c, oh, ow, size, size)
    return np.moveaxis(tiles, 4, 3).reshape(n, c, oh * size, ow * size)
""",
    },
)

VARIANTS = [POOL_BY_POOL, POOL_WITH_WINDOWS, POOL_WITH_MASKS]

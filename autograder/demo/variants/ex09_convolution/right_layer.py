"""Right, in other styles: the convolutional layer."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

PIXEL_BY_PIXEL = Variant(
    "pixel_by_pixel",
    {
        "conv2d_forward_code": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    (n, c, h, wide), (f, _, hh, ww) = x.shape, w.shape
    oh, ow = 1 + (h + 2 * padding - hh) // stride, 1 + (wide + 2 * padding - ww) // stride
    padded = np.zeros((n, c, h + 2 * padding, wide + 2 * padding))
    padded[:, :, padding : padding + h, padding : padding + wide] = x
    out = np.empty((n, f, oh, ow))
    for m, k, p, q in np.ndindex(n, f, oh, ow):
        i, j = p * stride, q * stride
        out[m, k, p, q] = np.vdot(w[k], padded[m, :, i : i + hh, j : j + ww]) + b[k]
    return out, (x, w, stride, padding)
""",
        "conv2d_backward_code": """
def conv2d_backward(dout, cache):
    x, w, stride, padding = cache
    (n, c, h, wide), (f, _, hh, ww) = x.shape, w.shape
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(f)
    for m, k, p, q in np.ndindex(dout.shape):
        d = dout[m, k, p, q]
        db[k] += d
        for i, j in np.ndindex(hh, ww):
            row, column = p * stride + i - padding, q * stride + j - padding
            if 0 <= row < h and 0 <= column < wide:
                dw[k, :, i, j] += d * x[m, :, row, column]
                dx[m, :, row, column] += d * w[k, :, i, j]
    return dx, dw, db
""",
        "window_rows_code": """
def window_rows(x, height, width, *, stride=1, padding=0):
    n, c, h, w = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    down = np.arange(0, h + 2 * padding - height + 1, stride)
    across = np.arange(0, w + 2 * padding - width + 1, stride)
    rows = down[:, None, None, None] + np.arange(height)[None, None, :, None]
    columns = across[None, :, None, None] + np.arange(width)[None, None, None, :]
    windows = padded[:, :, rows, columns]
    return np.moveaxis(windows, 1, 3).reshape(n * len(down) * len(across), -1)
""",
        "add_rows_code": """
def add_rows(rows, shape, height, width, *, stride=1, padding=0):
    n, c, h, w = shape
    across = (w + 2 * padding - width) // stride + 1
    down = (h + 2 * padding - height) // stride + 1
    x = np.zeros(shape)
    for number, row in enumerate(rows):
        image, place = divmod(number, down * across)
        p, q = divmod(place, across)
        for value, (k, i, j) in zip(row, np.ndindex(c, height, width)):
            a, b = p * stride + i - padding, q * stride + j - padding
            if 0 <= a < h and 0 <= b < w:
                x[image, k, a, b] += value
    return x
""",
        "conv2d_fast_code": """
def fast_conv2d_forward(x, w, b, window_rows, *, stride=1, padding=0):
    f, c, hh, ww = w.shape
    rows = window_rows(x, hh, ww, stride=stride, padding=padding)
    y = np.tensordot(rows.reshape(-1, c, hh, ww), w, axes=((1, 2, 3), (1, 2, 3))) + b
    oh = (x.shape[2] + 2 * padding - hh) // stride + 1
    cache = {"rows": rows, "w": w, "shape": x.shape, "options": {"stride": stride, "padding": padding}}
    return np.moveaxis(y.reshape(x.shape[0], oh, -1, f), -1, 1), cache


def fast_conv2d_backward(dout, cache, add_rows):
    w = cache["w"]
    f, c, hh, ww = w.shape
    dy = np.moveaxis(dout, 1, -1).reshape(-1, f)
    drows = np.tensordot(dy, w, axes=(1, 0)).reshape(len(dy), -1)
    dw = np.einsum("rf,rk->fk", dy, cache["rows"]).reshape(w.shape)
    return add_rows(drows, cache["shape"], hh, ww, **cache["options"]), dw, np.ones(len(dy)) @ dy
""",
    },
)

EINSTEIN = Variant(
    "einstein",
    {
        "conv2d_forward_code": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return np.einsum("ncpqij,fcij->nfpq", windows, w) + b[None, :, None, None], (x, w, stride, padding)
""",
        "conv2d_backward_code": """
def conv2d_backward(dout, cache):
    x, w, stride, padding = cache
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    dw = np.einsum("nfpq,ncpqij->fcij", dout, windows[:, :, ::stride, ::stride])
    dpadded = np.zeros_like(padded)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            rows = slice(i, i + stride * dout.shape[2], stride)
            columns = slice(j, j + stride * dout.shape[3], stride)
            dpadded[:, :, rows, columns] += np.einsum("nfpq,fc->ncpq", dout, w[:, :, i, j])
    height, width = x.shape[2:]
    return dpadded[..., padding : height + padding, padding : width + padding], dw, np.einsum("nfpq->f", dout)
""",
        "window_rows_code": """
def window_rows(x, height, width, *, stride=1, padding=0):
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    ordered = np.einsum("ncpqij->npqcij", windows[:, :, ::stride, ::stride])
    n, down, across = ordered.shape[:3]
    return ordered.reshape(n * down * across, -1)
""",
        "add_rows_code": """
def add_rows(rows, shape, height, width, *, stride=1, padding=0):
    n, c, h, w = shape
    down = (h + 2 * padding - height) // stride + 1
    across = (w + 2 * padding - width) // stride + 1
    windows = rows.reshape(n, down, across, c, height, width)
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for i in range(height):
        for j in range(width):
            entry = np.moveaxis(windows[..., i, j], 3, 1)
            padded[:, :, i : i + stride * down : stride, j : j + stride * across : stride] += entry
    return padded[:, :, padding : h + padding, padding : w + padding]
""",
        "conv2d_fast_code": """
def fast_conv2d_forward(x, w, b, window_rows, *, stride=1, padding=0):
    rows = window_rows(x, *w.shape[2:], stride=stride, padding=padding)
    oh = (x.shape[2] + 2 * padding - w.shape[2]) // stride + 1
    ow = (x.shape[3] + 2 * padding - w.shape[3]) // stride + 1
    flat = w.reshape(len(w), -1)
    out = np.einsum("fk,npqk->nfpq", flat, rows.reshape(len(x), oh, ow, -1)) + b[:, None, None]

    def back(dout, add_rows):
        drows = np.einsum("nfpq,fk->npqk", dout, flat).reshape(rows.shape)
        dw = np.einsum("nfpq,npqk->fk", dout, rows.reshape(len(x), oh, ow, -1)).reshape(w.shape)
        dx = add_rows(drows, x.shape, *w.shape[2:], stride=stride, padding=padding)
        return dx, dw, dout.sum(axis=(0, 2, 3))

    return out, back


def fast_conv2d_backward(dout, cache, add_rows):
    return cache(dout, add_rows)
""",
    },
)

WITH_THE_BIAS_AS_A_WEIGHT = Variant(
    "with_the_bias_as_a_weight",
    {
        "conv2d_forward_code": """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    hh, ww = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    rows = range(0, padded.shape[2] - hh + 1, stride)
    columns = range(0, padded.shape[3] - ww + 1, stride)
    flat = np.concatenate([w.reshape(len(w), -1), b[:, None]], axis=1)
    ones = np.ones((len(x), 1))
    out = [
        [np.hstack([padded[:, :, i : i + hh, j : j + ww].reshape(len(x), -1), ones]) @ flat.T for j in columns]
        for i in rows
    ]
    return np.transpose(out, (2, 3, 0, 1)), (x, w, stride, padding)
""",
        "conv2d_backward_code": """
def conv2d_backward(dout, cache):
    x, w, stride, padding = cache
    n, c, h, wide = x.shape
    f, _, hh, ww = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    dpadded, dflat = np.zeros(padded.shape), np.zeros((f, c * hh * ww))
    for p, i in enumerate(range(0, padded.shape[2] - hh + 1, stride)):
        for q, j in enumerate(range(0, padded.shape[3] - ww + 1, stride)):
            place = (slice(None), slice(None), slice(i, i + hh), slice(j, j + ww))
            dflat += dout[:, :, p, q].T @ padded[place].reshape(n, -1)
            dpadded[place] += (dout[:, :, p, q] @ w.reshape(f, -1)).reshape(n, c, hh, ww)
    if padding:
        dpadded = dpadded[:, :, padding:-padding, padding:-padding]
    return dpadded, dflat.reshape(w.shape), dout.sum(axis=(2, 3)).sum(axis=0)
""",
        "window_rows_code": """
def window_rows(x, height, width, *, stride=1, padding=0):
    padded = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    n, c, h, w = padded.shape
    shape = (n, (h - height) // stride + 1, (w - width) // stride + 1, c, height, width)
    s0, s1, s2, s3 = padded.strides
    view = np.lib.stride_tricks.as_strided(padded, shape, (s0, s2 * stride, s3 * stride, s1, s2, s3))
    return view.reshape(np.prod(shape[:3]), np.prod(shape[3:]))
""",
        "add_rows_code": """
def add_rows(rows, shape, height, width, *, stride=1, padding=0):
    n, c, h, w = shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    numbers = np.arange(padded.size).reshape(padded.shape)
    windows = np.lib.stride_tricks.sliding_window_view(numbers, (height, width), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    np.add.at(padded.reshape(-1), windows.ravel(), rows.ravel())
    return padded[:, :, padding : padding + h, padding : padding + w].copy()
""",
        "conv2d_fast_code": """
def fast_conv2d_forward(x, w, b, window_rows, *, stride=1, padding=0):
    f, _, hh, ww = w.shape
    rows = window_rows(x, hh, ww, stride=stride, padding=padding)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    flat = np.hstack([w.reshape(f, -1), b[:, None]])
    oh = 1 + (x.shape[2] + 2 * padding - hh) // stride
    out = (flat @ rows.T).reshape(f, len(x), oh, -1).swapaxes(0, 1)
    return out, (x.shape, w.shape, rows, flat, stride, padding)


def fast_conv2d_backward(dout, cache, add_rows):
    shape, filters, rows, flat, stride, padding = cache
    dy = dout.swapaxes(0, 1).reshape(filters[0], -1)
    drows = dy.T @ flat[:, :-1]
    dflat = dy @ rows
    dx = add_rows(drows, shape, filters[2], filters[3], stride=stride, padding=padding)
    return dx, dflat[:, :-1].reshape(filters), dflat[:, -1]
""",
    },
)

VARIANTS = [PIXEL_BY_PIXEL, EINSTEIN, WITH_THE_BIAS_AS_A_WEIGHT]

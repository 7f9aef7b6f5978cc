"""Wrong: the convolutional layer, with loops and as a matrix product."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

FORWARD = spoiled(
    "conv2d_forward",
    """
def conv2d_forward(x, w, b, *, stride=1, padding=0):
    n, c, height, width = x.shape
    f, _, hh, ww = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows = (height + 2 * padding - hh) // stride + 1
    columns = (width + 2 * padding - ww) // stride + 1
    out = np.zeros((n, f, rows, columns))
    for p in range(rows):
        for q in range(columns):
            i, j = p * stride, q * stride
            window = padded[:, :, i : i + hh, j : j + ww]
            for k in range(f):
                out[:, k, p, q] = np.sum(window * w[k], axis=(1, 2, 3)) + b[k]
    return out, (x, w, stride, padding)
""",
    ("conv_no_bias", "bias is missing", " + b[k]", ""),
    (
        "conv_bias_per_channel",
        "once for every channel",
        "np.sum(window * w[k], axis=(1, 2, 3)) + b[k]",
        "(np.sum(window * w[k], axis=(2, 3)) + b[k]).sum(axis=1)",
    ),
    (
        "conv_bias_per_weight",
        "with every weight",
        "np.sum(window * w[k], axis=(1, 2, 3)) + b[k]",
        "np.sum(window * w[k] + b[k], axis=(1, 2, 3))",
    ),
    ("conv_filters_turned", "turned by 180", "w[k],", "w[k, :, ::-1, ::-1],"),
    ("conv_moved_by_one", "moved on by one pixel", "i, j = p * stride, q * stride", "i, j = p, q"),
    ("conv_first_channel", "one channel alone", "window * w[k], axis=(1, 2, 3)", "window[:, 0] * w[k, 0], axis=(1, 2)"),
    ("conv_averaged", "products are averaged", "np.sum(", "np.mean("),
    (
        "conv_padded_at_one_corner",
        "all zeros are above",
        "(padding, padding), (padding, padding)",
        "(2 * padding, 0), (2 * padding, 0)",
    ),
    ("conv_border_repeated", "repeats the pixels", "(padding, padding)))", "(padding, padding)), mode='edge')"),
    ("conv_square_outputs", "taken to be a square", "columns = (width", "columns = (height"),
    ("conv_last_filter_alone", "filled in only in part", "for k in range(f):", "for k in range(1):"),
)

BACKWARD = spoiled(
    "conv2d_backward",
    """
def conv2d_backward(dout, cache):
    x, w, stride, padding = cache
    f, _, hh, ww = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dpadded = np.zeros_like(padded)
    dw = np.zeros_like(w)
    db = dout.sum(axis=(0, 2, 3))
    for p in range(dout.shape[2]):
        for q in range(dout.shape[3]):
            i, j = p * stride, q * stride
            for n in range(len(x)):
                for k in range(f):
                    dw[k] += dout[n, k, p, q] * padded[n, :, i : i + hh, j : j + ww]
                    dpadded[n, :, i : i + hh, j : j + ww] += dout[n, k, p, q] * w[k]
    dx = dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]
    return dx, dw, db
""",
    (
        "back_not_cropped",
        "border of the padding is still there",
        "[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]",
        "",
    ),
    (
        "back_cropped_to_nothing",
        "is empty: its shape is",
        "[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]",
        "[:, :, padding:-padding, padding:-padding]",
    ),
    (
        "back_overwritten",
        "windows and filters overwrite",
        "dpadded[n, :, i : i + hh, j : j + ww] += dout",
        "dpadded[n, :, i : i + hh, j : j + ww] = dout",
    ),
    (
        "back_windows_overwritten",
        "overwrites what others have added",
        "                for k in range(f):\n",
        "                dpadded[n, :, i : i + hh, j : j + ww] = 0\n                for k in range(f):\n",
    ),
    (
        "back_last_filter",
        "one filter alone",
        "                    dpadded[n, :, i",
        "                    if k == f - 1: dpadded[n, :, i",
    ),
    ("back_filters_turned", "turned by 180", "* w[k]\n", "* w[k, :, ::-1, ::-1]\n"),
    ("back_moved_by_one", "moved on by one pixel", "i, j = p * stride, q * stride", "i, j = p, q"),
    (
        "back_last_image",
        "last image alone",
        "dw[k] += dout[n, k, p, q]",
        "dw[k] += (n == len(x) - 1) * dout[n, k, p, q]",
    ),
    (
        "back_last_place",
        "last place alone counts for dw",
        "for n in range(len(x)):",
        "dw[...] = 0\n            for n in range(len(x)):",
    ),
    ("back_averaged", "averages are taken", "return dx, dw, db", "m = dout.size / f\n    return dx, dw / m, db / m"),
    (
        "back_averaged_over_places",
        "averaged over the places",
        "return dx, dw, db",
        "m = dout[0, 0].size\n    return dx, dw / m, db / m",
    ),
    ("back_divided_by_batch", "extra factor 1/n", "return dx, dw, db", "return dx, dw / len(x), db / len(x)"),
    (
        "back_bias_last_place",
        "last place alone counts for db",
        "db = dout.sum(axis=(0, 2, 3))",
        "db = dout[:, :, -1, -1].sum(axis=0)",
    ),
    (
        "back_upstream_ignored",
        "upstream gradient is ignored",
        "    f, _, hh, ww",
        "    dout = np.ones_like(dout)\n    f, _, hh, ww",
    ),
    ("back_gradients_swapped", "gradient of another input", "return dx, dw, db", "return dw, dx, db"),
)

WINDOW_ROWS = spoiled(
    "window_rows",
    """
def window_rows(x, height, width, *, stride=1, padding=0):
    c = x.shape[1]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, c * height * width)
""",
    ("rows_channels_interleaved", "channels are interleaved", "(0, 2, 3, 1, 4, 5)", "(0, 2, 3, 4, 5, 1)"),
    ("rows_column_by_column", "read column by column", "(0, 2, 3, 1, 4, 5)", "(0, 2, 3, 1, 5, 4)"),
    ("rows_images_interleaved", "images are interleaved", "(0, 2, 3, 1, 4, 5)", "(2, 3, 0, 1, 4, 5)"),
    ("rows_down_first", "windows come column by column", "(0, 2, 3, 1, 4, 5)", "(0, 3, 2, 1, 4, 5)"),
    ("rows_only_reshaped", "reshaped without being moved", ".transpose(0, 2, 3, 1, 4, 5)", ""),
    ("rows_every_place", "moved on by one pixel", "[:, :, ::stride, ::stride]", ""),
    ("rows_not_padded", "is not padded", "(padding, padding), (padding, padding)", "(0, 0), (0, 0)"),
    ("rows_sides_swapped", "changed places", "(height, width), axis", "(width, height), axis"),
    ("rows_as_columns", "transposed", "c * height * width)", "c * height * width).T"),
)

ADD_ROWS = spoiled(
    "add_rows",
    """
def add_rows(rows, shape, height, width, *, stride=1, padding=0):
    n, c, h, w = shape
    down = (h + 2 * padding - height) // stride + 1
    across = (w + 2 * padding - width) // stride + 1
    windows = rows.reshape(n, down, across, c, height, width)
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for p in range(down):
        for q in range(across):
            i, j = p * stride, q * stride
            padded[:, :, i : i + height, j : j + width] += windows[:, p, q]
    return padded[:, :, padding : padding + h, padding : padding + w]
""",
    ("add_overwritten", "overwrites what others have added", "+= windows", "= windows"),
    (
        "add_averaged",
        "are averaged",
        "    padded = np.zeros",
        "    count = np.zeros((h + 2 * padding, w + 2 * padding))\n    padded = np.zeros",
        "            padded[",
        "            count[i : i + height, j : j + width] += 1\n            padded[",
        "    return padded",
        "    padded /= np.maximum(count, 1)\n    return padded",
    ),
    (
        "add_not_cropped",
        "border of the padding",
        "padded[:, :, padding : padding + h, padding : padding + w]",
        "padded",
    ),
    (
        "add_cropped_to_nothing",
        "is empty: its shape is",
        "padded[:, :, padding : padding + h, padding : padding + w]",
        "padded[:, :, padding:-padding, padding:-padding]",
    ),
    (
        "add_channels_interleaved",
        "channels interleaved",
        "rows.reshape(n, down, across, c, height, width)",
        "np.moveaxis(rows.reshape(n, down, across, height, width, c), -1, 3)",
    ),
    (
        "add_down_first",
        "column by column",
        "rows.reshape(n, down, across, c, height, width)",
        "rows.reshape(n, across, down, c, height, width).swapaxes(1, 2)",
    ),
    (
        "add_images_interleaved",
        "images are taken to be interleaved",
        "rows.reshape(n, down, across, c, height, width)",
        "np.moveaxis(rows.reshape(down, across, n, c, height, width), 2, 0)",
    ),
    ("add_moved_by_one", "moved on by one pixel", "i, j = p * stride, q * stride", "i, j = p, q"),
)

FAST = spoiled(
    "conv2d_fast",
    """
def fast_conv2d_forward(x, w, b, window_rows, *, stride=1, padding=0):
    f, c, hh, ww = w.shape
    rows = window_rows(x, hh, ww, stride=stride, padding=padding)
    columns = w.reshape(f, -1).T
    down = (x.shape[2] + 2 * padding - hh) // stride + 1
    out = (rows @ columns + b).reshape(len(x), down, -1, f).transpose(0, 3, 1, 2)
    return out, (x.shape, w, rows, columns, stride, padding)


def fast_conv2d_backward(dout, cache, add_rows):
    shape, w, rows, columns, stride, padding = cache
    dy = dout.transpose(0, 2, 3, 1).reshape(-1, len(w))
    dx = add_rows(dy @ columns.T, shape, *w.shape[2:], stride=stride, padding=padding)
    dw = (rows.T @ dy).T.reshape(w.shape)
    return dx, dw, dy.sum(axis=0)
""",
    (
        "fast_out_reshaped",
        "out is reshaped from",
        "(len(x), down, -1, f).transpose(0, 3, 1, 2)",
        "(len(x), f, down, -1)",
    ),
    ("fast_filters_reshaped", "w is reshaped to", "w.reshape(f, -1).T", "w.reshape(-1, f)"),
    (
        "fast_upstream_reshaped",
        "dout is reshaped to",
        "dout.transpose(0, 2, 3, 1).reshape(-1, len(w))",
        "dout.reshape(-1, len(w))",
    ),
    ("fast_dw_reshaped", "dw is reshaped from", "(rows.T @ dy).T", "(rows.T @ dy)"),
    ("fast_no_bias", "bias is missing", "rows @ columns + b", "rows @ columns"),
    (
        "fast_averaged",
        "averages are taken",
        "return dx, dw, dy.sum(axis=0)",
        "return dx, dw / len(dy), dy.mean(axis=0)",
    ),
    ("fast_bias_per_window", "not summed over", "dy.sum(axis=0)", "dy"),
    (
        "fast_in_a_loop",
        "asks for a vectorised form",
        "    out = (rows @ columns + b)",
        "    out = np.stack([rows @ columns[:, k] + b[k] for k in range(f)], axis=1)",
    ),
)

VARIANTS = [*FORWARD, *BACKWARD, *WINDOW_ROWS, *ADD_ROWS, *FAST]

"""Wrong: kernels on signals and pictures."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

__all__ = ["VARIANTS"]

FILTER_SIGNAL = spoiled(
    "filter_signal",
    """
def filter_signal(signal, kernel, *, padding=0):
    padded = np.pad(signal, padding)
    places = len(padded) - len(kernel) + 1
    return np.array([np.sum(padded[p : p + len(kernel)] * kernel) for p in range(places)])
""",
    ("signal_kernel_turned", "turned round", "* kernel)", "* kernel[::-1])"),
    ("signal_zeros_in_front", "all zeros are put in front", "(signal, padding)", "(signal, (2 * padding, 0))"),
    ("signal_padded_once", "at one end only", "(signal, padding)", "(signal, (padding, 0))"),
    ("signal_ends_repeated", "repeats the values", "padding)\n", "padding, mode='edge')\n"),
    ("signal_last_window_missing", "last window is missing", "len(kernel) + 1\n", "len(kernel)\n"),
    ("signal_plain_mean", "every window is averaged", "np.sum(", "np.mean(", " * kernel)", ")"),
    ("signal_not_padded", "does not use `padding`", "padded = np.pad(signal, padding)", "padded = signal"),
    ("signal_minus", "wrong sign", "np.sum(", "-np.sum("),
)

CONVOLVE = spoiled(
    "convolve",
    """
def convolve(f, g):
    out = np.zeros(len(f) + len(g) - 1)
    for i in range(len(f)):
        for j in range(len(g)):
            out[i + j] += f[i] * g[j]
    return out
""",
    ("convolve_not_turned", "g is not turned", "f[i] * g[j]", "f[i] * g[len(g) - 1 - j]"),
    ("convolve_cut", "cut to the length of f", "return out", "return out[: len(f)]"),
    (
        "convolve_valid_alone",
        "overlap entirely",
        "out = np.zeros",
        "f, g = (f, g) if len(f) >= len(g) else (g, f)\n    out = np.zeros",
        "return out",
        "return out[len(g) - 1 : len(f)]",
    ),
    (
        "convolve_circular",
        "circular",
        "np.zeros(len(f) + len(g) - 1)",
        "np.zeros(max(len(f), len(g)))",
        "out[i + j]",
        "out[(i + j) % len(out)]",
    ),
    ("convolve_last_missing", "last entry is missing", "return out", "return out[:-1]"),
    ("convolve_both_turned", "runs backwards", "return out", "return out[::-1]"),
    ("convolve_overwritten", "overwrite earlier ones", "+=", "="),
)

FILTER_IMAGE = spoiled(
    "filter_image",
    """
def filter_image(image, kernel, *, padding=0):
    padded = np.pad(image, padding)
    high, wide = kernel.shape
    out = np.zeros((padded.shape[0] - high + 1, padded.shape[1] - wide + 1))
    for p in range(out.shape[0]):
        for q in range(out.shape[1]):
            out[p, q] = (padded[p : p + high, q : q + wide] * kernel).sum()
    return out
""",
    ("image_kernel_turned", "turned by 180", "* kernel)", "* kernel[::-1, ::-1])"),
    (
        "image_kernel_transposed",
        "kernel is transposed",
        "padded = np.pad",
        "kernel = kernel.T\n    padded = np.pad",
    ),
    ("image_border_repeated", "repeats the pixels", "padding)\n", "padding, mode='edge')\n"),
    (
        "image_padded_one_corner",
        "above and on the left only",
        "(image, padding)",
        "(image, ((padding, 0), (padding, 0)))",
    ),
    (
        "image_side_by_side",
        "side by side",
        "return out",
        "return out[::high, ::wide]",
    ),
    ("image_transposed", "is transposed", "return out", "return out.T"),
    ("image_not_padded", "does not use `padding`", "np.pad(image, padding)", "image"),
)

BLUR_KERNELS = spoiled(
    "blur_kernels",
    """
def box_kernel(size):
    return np.ones((size, size)) / (size * size)


def gaussian_kernel(size):
    row = np.ones(1)
    for _ in range(size - 1):
        row = np.convolve(row, [1.0, 1.0])
    return np.outer(row, row) / row.sum() ** 2
""",
    (
        "kernels_not_normalized",
        "do not add up to 1",
        " / (size * size)",
        "",
        " / row.sum() ** 2",
        "",
    ),
    ("kernels_divided_once", "divided by the size alone", "(size * size)", "size", "row.sum() ** 2", "row.sum()"),
    (
        "kernels_sampled_bell",
        "bell curve itself",
        "    return np.outer",
        "    row = np.exp(-((np.arange(size) - (size - 1) / 2) ** 2) / 2)\n    return np.outer",
    ),
    (
        "kernels_row_repeated",
        "one row is repeated",
        "np.outer(row, row) / row.sum() ** 2",
        "np.outer(np.ones(size), row) / row.sum() / size",
    ),
    (
        "kernels_are_rows",
        "this is a row",
        "np.ones((size, size)) / (size * size)",
        "np.ones(size) / size",
        "np.outer(row, row) / row.sum() ** 2",
        "row / row.sum()",
    ),
    (
        "kernels_next_row",
        "next row of pascal",
        "    return np.outer(row, row)",
        "    row = np.convolve(row, [1.0, 1.0])\n    return np.outer(row[:-1], row[:-1])",
    ),
    (
        "kernels_swapped",
        "holds another output",
        "def box_kernel",
        "def other_kernel",
        "def gaussian_kernel",
        "def box_kernel",
        "** 2\n",
        "** 2\n\n\ngaussian_kernel = other_kernel\n",
    ),
)

EDGE_STRENGTH = spoiled(
    "edge_strength",
    """
def edge_strength(image, filter_image):
    kernel = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    gx = filter_image(image, kernel)
    gy = filter_image(image, kernel.T)
    return np.sqrt(gx**2 + gy**2)
""",
    ("edges_vertical_alone", "vertical edges alone", "np.sqrt(gx**2 + gy**2)", "np.abs(gx)"),
    ("edges_horizontal_alone", "horizontal edges alone", "np.sqrt(gx**2 + gy**2)", "np.abs(gy)"),
    ("edges_sizes_added", "the sizes are added", "np.sqrt(gx**2 + gy**2)", "np.abs(gx) + np.abs(gy)"),
    ("edges_signs_kept", "with their signs", "np.sqrt(gx**2 + gy**2)", "gx + gy"),
    ("edges_no_root", "root is missing", "np.sqrt(gx**2 + gy**2)", "gx**2 + gy**2"),
    ("edges_without_the_two", "has the weight 2", "[2.0, 0.0, -2.0]", "[1.0, 0.0, -1.0]"),
    (
        "edges_scharr",
        "scharr",
        "[[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]",
        "[[3.0, 0, -3], [10, 0, -10], [3, 0, -3]]",
    ),
)

VARIANTS = [*FILTER_SIGNAL, *CONVOLVE, *FILTER_IMAGE, *BLUR_KERNELS, *EDGE_STRENGTH]

"""Pictures of convolution: images and filters side by side, where windows lie, and how far an output sees."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from i2dl.plots.basics import BLUE, GREY, ORANGE, Picture, as_numpy, axes_or_new, figure_of

__all__ = ["show_images", "show_receptive_field", "show_windows"]


def show_images(
    images: Mapping[str, Any], *, columns: int = 4, size: float = 2.2, signed: bool = False, title: str = ""
) -> Figure:
    """Show images side by side, each with its name above it.

    Parameters
    ----------
    images : mapping of array (H, W)
        Grey values, each image on its own scale: its smallest value black, its largest white.
    columns : int
        Images in a row.
    size : float
        Height of an image in inches.
    signed : bool
        Whether 0 matters, as in filters: it is white then, and what is negative has another colour than what is
        positive.
    title : str
        Written above all.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there are no images, or one has another number of axes.

    References
    ----------
    Lecture 9, image filters.
    """
    arrays = {name: as_numpy(image).astype(float) for name, image in images.items()}
    for name, image in arrays.items():
        if image.ndim != 2 or not image.size:
            msg = f"images must have shape (H, W), but {name!r} has shape {image.shape}"
            raise ValueError(msg)
    if not arrays:
        msg = "images must have at least one image"
        raise ValueError(msg)
    columns = min(columns, len(arrays))
    rows = -(-len(arrays) // columns)
    ratio = float(np.median([image.shape[1] / image.shape[0] for image in arrays.values()]))
    width = size * min(max(ratio, 0.5), 3.0)
    named = any(arrays)
    height = rows * (size + 0.35 * named) + 0.35 * bool(title)
    figure = Picture(figsize=(columns * width + 0.15 * columns, height), layout="constrained")
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for ax, (name, image) in zip(axes, arrays.items(), strict=False):
        bound = float(np.abs(image).max()) or 1.0
        scale = {"cmap": "PuOr", "vmin": -bound, "vmax": bound} if signed else {"cmap": "gray"}
        ax.imshow(image, interpolation="nearest", **scale)
        ax.set(xticks=[], yticks=[])
        ax.set_title(name, fontsize=9)
    for ax in axes[len(arrays) :]:
        ax.set_axis_off()
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def show_windows(n: int, kernel_size: int, *, stride: int = 1, padding: int = 0, ax: Axes | None = None) -> Figure:
    """Draw where windows lie along one axis: the pixels above, below them a bar for each window.

    Padding is drawn in grey, pixels that no window reaches in orange.

    Parameters
    ----------
    n, kernel_size, stride, padding : int
        N, F, S and P.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If the window is larger than the padded image, or a number too small.

    References
    ----------
    Lecture 9, dimensions of a convolution layer.
    """
    total = n + 2 * padding
    if min(n, kernel_size, stride) < 1 or padding < 0 or kernel_size > total:
        msg = (
            f"windows and stride must be at least 1 and a window must fit into {total} pixels, "
            f"got kernel_size = {kernel_size}, stride = {stride} and padding = {padding}"
        )
        raise ValueError(msg)
    count = (total - kernel_size) // stride + 1
    reached = (count - 1) * stride + kernel_size
    ax = axes_or_new(ax, 0.32 * total + 0.6, 0.5 + 0.22 * count + 0.5)
    for i in range(total):
        inside = padding <= i < padding + n
        colour = ORANGE if i >= reached else "white" if inside else "#cccccc"
        ax.add_patch(Rectangle((i, 0), 1, 1, facecolor=colour, edgecolor="black", linewidth=0.8))
        if not inside:
            ax.text(i + 0.5, 0.5, "0", ha="center", va="center", fontsize=8, color="black")
    for k in range(count):
        left, bottom = k * stride, -1.0 - 0.8 * k
        ax.add_patch(Rectangle((left, bottom), kernel_size, 0.55, facecolor=BLUE, linewidth=0))
        middle = left + kernel_size / 2, bottom + 0.26
        ax.text(*middle, str(k), ha="center", va="center", fontsize=7, color="white")
    rest = total - reached
    ends = f", {rest} left over" if rest else ""
    ax.set_title(f"N = {n}, F = {kernel_size}, S = {stride}, P = {padding}: {count} windows{ends}", fontsize=9)
    ax.set(xlim=(-0.2, total + 0.2), ylim=(-0.9 - 0.8 * count, 1.2), aspect="equal")
    ax.set_axis_off()
    return figure_of(ax)


def show_receptive_field(layers: Sequence[tuple[int, int]], *, ax: Axes | None = None) -> Figure:
    """Draw the cone of one output: which outputs of each layer below, and which pixels, it depends on.

    Parameters
    ----------
    layers : sequence of (int, int)
        (f, s), window and stride, for every layer, starting at the image. The picture shows one axis.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there are no layers, or a window or a stride is less than 1.

    References
    ----------
    Lecture 9, receptive field.
    """
    if not layers or min(min(f, s) for f, s in layers) < 1:
        msg = f"layers must have a window and a stride of at least 1 each, got {list(layers)}"
        raise ValueError(msg)
    # From the output down: of each level the first unit that is seen is number 0, and there are so many.
    seen = [1]
    for f, s in reversed(layers):
        seen.insert(0, (seen[0] - 1) * s + f)
    # Where the units of each level stand above the pixels, in pixels: in the middle of what they see.
    start, step = 0.0, 1.0
    places = [start + step * np.arange(seen[0])]
    for (f, s), count in zip(layers, seen[1:], strict=True):
        start, step = start + step * (f - 1) / 2, step * s
        places.append(start + step * np.arange(count))
    ax = axes_or_new(ax, min(max(0.3 * seen[0] + 1.6, 3.5), 10.0), 0.8 * len(layers) + 1.0)
    for level, (f, s) in enumerate(layers):
        for k, x in enumerate(places[level + 1]):
            for i in range(f):
                ax.plot([places[level][k * s + i], x], [level, level + 1], color=GREY, linewidth=0.7, zorder=1)
    for level, xs in enumerate(places):
        last = level == len(layers)
        marker = "s" if level == 0 else "o"
        ax.scatter(xs, np.full(len(xs), level), s=40, marker=marker, color=ORANGE if last else BLUE, zorder=2)
        name = "image" if level == 0 else f"layer {level}: F = {layers[level - 1][0]}, S = {layers[level - 1][1]}"
        ax.text(seen[0] - 0.3, level, name, va="center", fontsize=8)
    ax.set_title(f"one output sees {seen[0]} pixels", fontsize=10)
    ax.set(xlim=(-0.7, seen[0] + max(4.0, 0.35 * seen[0])), ylim=(-0.4, len(layers) + 0.4))
    ax.set_axis_off()
    return figure_of(ax)

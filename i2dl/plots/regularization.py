"""Pictures on keeping a deep network healthy: what its layers hold, what dropout drops, what shares a mean."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from i2dl.plots.basics import BLUE, GREY, ORANGE, Picture, as_numpy, axes_or_new, figure_of, tidy

# Pale enough for black text; neighbours in this order are far apart.
_SETS = ("#9ecae1", "#fdbe85", "#a1d99b", "#dadaeb", "#fee391", "#fbb4b9", "#c7e9b4", "#d9d9d9")


def layer_histograms(runs: Mapping[str, Sequence[Any]], limits: tuple[float, float] = (-1.0, 1.0)) -> Figure:
    """Show what values the neurons of each layer have: a row of histograms for each run, a column for each layer.

    Parameters
    ----------
    runs : mapping from str to sequence of arrays, any shape
        By title, the activations of layer after layer. All runs have as many layers.
    limits : pair of floats
        Range of the values shown; those beyond are counted at its ends.

    Returns
    -------
    matplotlib Figure
        The picture; under each histogram stands the standard deviation.

    Raises
    ------
    ValueError
        If there is no run, or runs differ in the number of layers.

    References
    ----------
    Lecture 7, small and big random numbers, Xavier initialization.
    """
    depths = {len(layers) for layers in runs.values()}
    if len(depths) != 1 or 0 in depths:
        msg = f"runs must have one number of layers, at least 1, but they have {sorted(depths)}"
        raise ValueError(msg)
    (depth,) = depths
    picture = Picture(figsize=(1.05 * depth + 0.2, 1.35 * len(runs)), layout="constrained")
    rows = picture.subplots(len(runs), depth, squeeze=False, sharex=True)
    for (title, layers), row in zip(runs.items(), rows, strict=True):
        for i, (layer, ax) in enumerate(zip(layers, row, strict=True)):
            values = as_numpy(layer).ravel()
            ax.hist(np.clip(values, *limits), bins=40, range=limits, color=BLUE)
            ax.set_yticks([])
            ax.set_xticks([limits[0], 0, limits[1]], [f"{limits[0]:g}", "0", f"{limits[1]:g}"], fontsize=7)
            ax.set_xlabel(f"std {values.std():.2g}", fontsize=7, labelpad=1)
            tidy(ax)
            if i == 0:
                ax.set_title(title, fontsize=9, loc="left")
            ax.set_title(f"{i + 1}" if i else "", fontsize=7, loc="right", color=GREY)
    return picture


def draw_thinned(kept: Sequence[Any], ax: Axes | None = None, title: str = "") -> Figure:
    """Draw a fully-connected network from the bottom up, without the neurons that dropout has dropped.

    Parameters
    ----------
    kept : sequence of boolean arrays, shape (neurons,)
        For each layer, which of its neurons are there. A dropped one is crossed out and has no connections.
    ax : matplotlib Axes, optional
        Where to draw.
    title : str
        Written above.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there are fewer than two layers.

    References
    ----------
    Lecture 8, dropout; Srivastava et al., 2014, figure 1.
    """
    masks = [np.asarray(k, dtype=bool) for k in kept]
    if len(masks) < 2:
        msg = f"kept must have at least two layers, but it has {len(masks)}"
        raise ValueError(msg)
    ax = axes_or_new(ax, 2.6, 2.4)
    places = [np.linspace(-1, 1, len(m) + 2)[1:-1] * max(map(len, masks)) / 2 for m in masks]
    for height, (low, high) in enumerate(itertools.pairwise(masks)):
        for i in np.flatnonzero(low):
            for j in np.flatnonzero(high):
                ends = [places[height][i], places[height + 1][j]]
                ax.plot(ends, [height, height + 1], color=GREY, linewidth=0.6, zorder=1)
    for height, (mask, x) in enumerate(zip(masks, places, strict=True)):
        levels = np.full(len(mask), height)
        ax.scatter(x[mask], levels[mask], s=110, color="white", edgecolor=BLUE, linewidth=1.5, zorder=2)
        ax.scatter(x[~mask], levels[~mask], s=110, color="white", edgecolor=GREY, linestyle=":", zorder=2)
        ax.scatter(x[~mask], levels[~mask], s=45, color=ORANGE, marker="x", zorder=3)
    ax.set(title=title, ylim=(-0.4, len(masks) - 0.6))
    ax.axis("off")
    return figure_of(ax)


def show_normalization_sets(samples: int = 3, channels: int = 6, groups: int = 2) -> Figure:
    """Show which feature maps share a mean and a variance: those of one colour.

    Parameters
    ----------
    samples, channels : int
        Size of the batch and number of channels; each cell is a whole feature map.
    groups : int
        Groups of group norm, a divisor of the channels.

    Returns
    -------
    matplotlib Figure
        Batch, layer, instance and group norm side by side.

    Raises
    ------
    ValueError
        If the groups do not divide the channels.

    References
    ----------
    Lecture 8, other normalizations; Wu, He, *Group normalization*, 2018, figure 2.
    """
    if channels % groups:
        msg = f"groups must divide the channels, but {groups} does not divide {channels}"
        raise ValueError(msg)
    n, c = np.indices((samples, channels))
    group = c * groups // channels
    norms = {
        "batch norm": c,
        "layer norm": n,
        "instance norm": c + n * channels,
        f"group norm, {groups} groups": group + n * groups,
    }
    picture = Picture(figsize=(10, 0.42 * samples + 1.0), layout="constrained")
    for ax, (title, sets) in zip(picture.subplots(1, len(norms)), norms.items(), strict=True):
        for i, j in np.ndindex(samples, channels):
            colour = _SETS[sets[i, j] % len(_SETS)]
            ax.fill([j, j + 1, j + 1, j], [i, i, i + 1, i + 1], facecolor=colour, edgecolor="white", linewidth=2)
            ax.text(j + 0.5, i + 0.5, str(sets[i, j] + 1), ha="center", va="center", fontsize=8)
        ax.set(title=f"{title}: {sets.max() + 1} sets", xlabel="channel", ylabel="sample", aspect="equal")
        ax.set(xlim=(0, channels), ylim=(samples, 0))
        ax.set_xticks([])
        ax.set_yticks([])
        ax.title.set_fontsize(10)
        for side in ax.spines.values():
            side.set_visible(False)
    return picture


def show_image_rows(rows: Mapping[str, Any]) -> Figure:
    """Show rows of grey images, with a caption to the left of each row.

    Parameters
    ----------
    rows : mapping from str to array (K, 1, H, W)
        By caption, the images of one row, values from 0 (white) to 1 (black); K is the same for all.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there is no row, or an array has another shape.

    References
    ----------
    Lecture 8, data augmentation.
    """
    images = {title: as_numpy(row) for title, row in rows.items()}
    counts = {len(row) for row in images.values()}
    if len(counts) != 1 or any(row.ndim != 4 or row.shape[1] != 1 for row in images.values()):
        msg = f"rows must be arrays (K, 1, H, W) of one K, but their shapes are {[r.shape for r in images.values()]}"
        raise ValueError(msg)
    (count,) = counts
    picture = Picture(figsize=(0.8 * count + 1.6, 0.8 * len(images)), layout="constrained")
    axes = picture.subplots(len(images), count, squeeze=False)
    for (title, row), line in zip(images.items(), axes, strict=True):
        for image, ax in zip(row, line, strict=True):
            ax.imshow(image[0], cmap="gray_r", vmin=0, vmax=1)
            ax.set_xticks([])
            ax.set_yticks([])
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=9)
    return picture

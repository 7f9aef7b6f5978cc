"""Pictures of points in the plane: which class or cluster each belongs to, and where a classifier puts the rest."""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from i2dl.plots.basics import BLUE, GREEN, GREY, ORANGE, as_numpy, axes_or_new, figure_of

# Okabe and Ito's colours (purple for their yellow, which hardly shows on white), then two more; each class has a
# marker of its own as well.
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#6A3D9A", "#8C564B", GREY)
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*", "<", ">")


def show_points(
    x: Any, labels: Any = None, *, centres: Any = None, title: str = "", size: float = 18.0, ax: Axes | None = None
) -> Figure:
    """Show points in the plane, each class in its own colour and with its own marker.

    Parameters
    ----------
    x : array (N, 2)
        The points.
    labels : integer array (N,), optional
        Their classes or clusters, 0 to 9; all alike if left out.
    centres : array (K, 2), optional
        Centres of clusters, drawn as large crosses.
    title : str
        Written above.
    size : float
        Area of a marker, in points².
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If `x` or `centres` has another shape, `x` and `labels` differ in length, or a label is not from 0 to 9.

    References
    ----------
    Lecture 2, nearest neighbor (the data with three classes) and clustering.
    """
    x = _points("x", x)
    labels = np.zeros(len(x), dtype=int) if labels is None else _labels(labels, len(x))
    ax = axes_or_new(ax, 4.5, 4.2)
    for label in np.unique(labels):
        mine = x[labels == label]
        # White edges keep points apart that lie on each other, and visible on a region of their own colour.
        ax.scatter(
            mine[:, 0],
            mine[:, 1],
            s=size,
            color=COLOURS[label],
            marker=MARKERS[label],
            edgecolor="white",
            linewidth=0.4,
            zorder=2,
        )
    if centres is not None:
        across, up = _points("centres", centres).T
        ax.scatter(across, up, s=170, color="white", marker="X", zorder=3)
        ax.scatter(across, up, s=80, color="black", marker="X", zorder=4)
    ax.set(title=title, xlabel="x₁", ylabel="x₂", aspect="equal")
    return figure_of(ax)


def show_regions(
    predict: Callable[[np.ndarray], Any],
    x: Any,
    labels: Any,
    *,
    title: str = "",
    steps: int = 90,
    size: float = 18.0,
    ax: Axes | None = None,
) -> Figure:
    """Show which class a classifier gives to each place in the plane, below the points.

    Parameters
    ----------
    predict : callable
        Maps points, an array (G, 2), to their classes, an integer array (G,).
    x : array (N, 2)
        The points to show; the picture reaches a little beyond them.
    labels : integer array (N,)
        Their true classes, 0 to 9.
    title : str
        Written above.
    steps : int
        Places along each side at which the classifier is asked.
    size : float
        Area of a marker, in points².
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If the points have another shape, or there is not one class from 0 to 9 for each of them and each place.

    References
    ----------
    Lecture 2, nearest neighbor: NN and 5NN classifier.
    """
    x = _points("x", x)
    ax = axes_or_new(ax, 4.5, 4.2)
    low, high = x.min(axis=0), x.max(axis=0)
    low, high = low - 0.06 * (high - low), high + 0.06 * (high - low)
    # Each place is the middle of the pixel that it colours.
    pixel = (high - low) / steps
    across, up = (np.linspace(low[i] + pixel[i] / 2, high[i] - pixel[i] / 2, steps) for i in range(2))
    places = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    classes = _labels(predict(places), len(places)).reshape(steps, steps)
    pale = np.array([[1 - 0.3 * (1 - c) for c in to_rgb(colour)] for colour in COLOURS])
    extent = (low[0], high[0], low[1], high[1])
    ax.imshow(pale[classes], origin="lower", extent=extent, interpolation="nearest", zorder=0)
    figure = show_points(x, labels, title=title, size=size, ax=ax)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    return figure


def _points(name: str, x: Any) -> np.ndarray:
    x = as_numpy(x)
    if x.ndim != 2 or x.shape[1] != 2 or not len(x):
        msg = f"{name} must have shape (N, 2) with N > 0, got {x.shape}"
        raise ValueError(msg)
    return x


def _labels(labels: Any, count: int) -> np.ndarray:
    labels = as_numpy(labels)
    if labels.shape != (count,) or not np.all(np.isin(labels, np.arange(len(COLOURS)))):
        msg = f"there must be one class from 0 to {len(COLOURS) - 1} for each of {count} points, got {labels.shape}"
        raise ValueError(msg)
    return labels.astype(int)

"""Curves of functions that somebody is still writing: activations, losses of two classes, penalties.

The functions to draw are passed in, so that a notebook can show a student's own. One that raises `NotImplementedError`
leaves its place empty, with a note, and the others are drawn.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from i2dl.plots.basics import BLUE, GREEN, GREY, ORANGE, Picture, tidy

__all__ = ["activation_curves", "binary_loss_curves", "penalty_contours"]

Forward = Callable[[np.ndarray], tuple[np.ndarray, Any]]
Backward = Callable[[np.ndarray, Any], np.ndarray]
Penalty = Callable[[np.ndarray], float]

_STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1)))
_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "black")


def activation_curves(
    functions: Mapping[str, tuple[Forward, Backward]], *, low: float = -5.0, high: float = 5.0, columns: int = 4
) -> Figure:
    """Draw each activation (solid), the slope that its backward pass claims (dashed), and measured slopes (dots).

    The dots are central differences of the forward pass. Where they leave the dashed line, one of the two is wrong.

    Parameters
    ----------
    functions : mapping of str to (forward, backward)
        By title: ``forward(x) -> (out, cache)`` and ``backward(dout, cache) -> dx``.
    low, high : float
        The range of x.
    columns : int
        Panels in a row.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there is no function.

    References
    ----------
    I2DL lectures 3 and 7, activation functions.
    """
    if not functions:
        msg = "functions must hold at least one pair (forward, backward), got none"
        raise ValueError(msg)
    columns = min(columns, len(functions))
    rows = -(-len(functions) // columns)
    figure = Picture(figsize=(2.9 * columns, 2.6 * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax, (title, (forward, backward)) in zip(axes, functions.items(), strict=False):
        ax.set_title(title, fontsize=10)
        ax.set_xlim(low, high)
        try:
            _draw_activation(ax, forward, backward, low, high)
        except NotImplementedError:
            _note(ax)
    for ax in axes[len(functions) :]:
        ax.set_axis_off()
    handles, labels = _first_legend(figure)
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_activation(ax: Axes, forward: Forward, backward: Backward, low: float, high: float) -> None:
    x = np.linspace(low, high, 801)
    value, cache = forward(x)
    slope = backward(np.ones_like(x), cache)
    # Between the curve's points, so that no dot sits on a corner.
    at, h = np.linspace(low, high, 20) + 1e-3, 1e-5
    measured = (forward(at + h)[0] - forward(at - h)[0]) / (2 * h)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.plot(x, _gap_at_jump(value), color=BLUE, linewidth=2, label="value")
    ax.plot(x, _gap_at_jump(slope), color=ORANGE, linewidth=2, linestyle="--", label="slope, from the backward pass")
    ax.plot(at, measured, "o", color="black", markersize=2.5, label="slope, measured")
    tidy(ax)


def _gap_at_jump(values: np.ndarray) -> np.ndarray:
    """Return the curve with NaN where it jumps, lest a vertical line be drawn there."""
    values = np.array(values, dtype=float)
    steps = np.abs(np.diff(values))
    values[:-1][steps > max(0.1 * float(np.ptp(values)), 1e-3)] = np.nan
    return values


def binary_loss_curves(
    losses: Mapping[str, Callable[[np.ndarray, np.ndarray], tuple[Any, np.ndarray]]],
    *,
    low: float = -3.0,
    high: float = 3.0,
) -> Figure:
    """Draw the losses of one sample of class z = +1 against its score s, and beside them their slopes.

    Parameters
    ----------
    losses : mapping of str to function
        By label: ``loss(scores, z) -> (loss, dscores)``, a mean over the samples.
    low, high : float
        The range of s. For z = −1 the curves are mirrored, so that the axis is z·s for both.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there is no loss.

    References
    ----------
    NAIST *Artificial Intelligence*, lecture 8: the 0/1 loss, the hinge loss and the cross-entropy.
    """
    if not losses:
        msg = "losses must hold at least one function, got none"
        raise ValueError(msg)
    figure = Picture(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    scores, z = np.linspace(low, high, 601), np.ones(1)
    for (label, loss), style, colour in zip(losses.items(), _STYLES, _COLOURS, strict=False):
        try:
            found = [loss(np.array([s]), z) for s in scores]
        except NotImplementedError:
            left.plot([], [], linestyle=style, color=colour, label=f"{label} (not written yet)")
            continue
        for ax, part in ((left, 0), (right, 1)):
            curve = np.array([float(np.reshape(pair[part], ())) for pair in found])
            ax.plot(scores, _gap_at_jump(curve), linestyle=style, color=colour, linewidth=2, label=label)
    left.set(title="what a sample costs", xlabel="z · s   (wrong | right)", ylabel="loss")
    right.set(title="how hard it is pushed", xlabel="z · s   (wrong | right)", ylabel="slope")
    for ax in (left, right):
        ax.axvline(0, color=GREY, linewidth=0.8)
        tidy(ax)
    left.legend(frameon=False, fontsize=9)
    return figure


def penalty_contours(
    penalties: Mapping[str, Penalty], *, centre: tuple[float, float] = (1.6, 0.5), curvature: Any = None
) -> Figure:
    """Draw the valley of a loss of two weights, one penalty's contours in it, and the path of the best weights.

    The path starts at the loss's own minimum, where the penalty's strength is 0, and ends near the origin. The best
    weights of each strength are searched on a grid, then on a finer one around the find, so any penalty can be drawn.

    Parameters
    ----------
    penalties : mapping of str to function
        By title: a function of a weight vector, shape (2,), that returns one number.
    centre : pair of float
        Where the loss without a penalty has its minimum.
    curvature : array (2, 2), optional
        A of the loss (w − centre)ᵀ A (w − centre); if left out, a valley that lies askew.

    Returns
    -------
    matplotlib Figure
        One panel for each penalty.

    Raises
    ------
    ValueError
        If there is no penalty.

    References
    ----------
    I2DL lecture 4, regularization; WPI CS 4342, class 22.
    """
    if not penalties:
        msg = "penalties must hold at least one function, got none"
        raise ValueError(msg)
    matrix = np.array([[1.0, 0.35], [0.35, 0.8]]) if curvature is None else np.asarray(curvature, dtype=float)
    # An odd number of points, so that the axes, where weights are exactly 0, lie on the grid.
    axis = np.linspace(-0.8, 2.4, 161)
    points = np.stack(np.meshgrid(axis, axis), axis=-1)
    offsets = np.linspace(axis[0] - axis[1], axis[1] - axis[0], 9)
    nearby = np.stack(np.meshgrid(offsets, offsets), axis=-1).reshape(-1, 2)

    def height(w: np.ndarray) -> np.ndarray:
        away = w - np.asarray(centre)
        return np.einsum("...i,ij,...j->...", away, matrix, away)

    loss = height(points)
    figure = Picture(figsize=(3.1 * len(penalties), 3.4), layout="constrained")
    for ax, (title, penalty) in zip(
        figure.subplots(1, len(penalties), squeeze=False).flat, penalties.items(), strict=True
    ):
        ax.set(title=title, xlabel="$w_1$", ylabel="$w_2$", aspect="equal", xlim=(-0.8, 2.4), ylim=(-0.8, 2.4))
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.contour(axis, axis, loss, levels=[0.05, 0.25, 0.7, 1.4, 2.4], colors=BLUE, linewidths=1)
        try:
            cost = np.array([[float(penalty(w)) for w in row] for row in points])
        except NotImplementedError:
            _note(ax)
            continue
        ax.contour(axis, axis, cost, levels=[0.25, 0.6, 1.1, 1.8], colors=ORANGE, linewidths=1, linestyles="--")
        path = []
        for strength in np.concatenate([[0], np.geomspace(0.02, 30, 60)]):
            best = points.reshape(-1, 2)[np.argmin(loss + strength * cost)]
            # A second, finer search around it: the grid's steps would show in the line.
            near = best + nearby
            path.append(near[np.argmin(height(near) + [strength * float(penalty(w)) for w in near])])
        ax.plot(*np.transpose(path), color="black", linewidth=2)
        ax.plot(*path[0], "o", color="black", markersize=6)
        ax.spines[["top", "right"]].set_visible(False)
    return figure


def _note(ax: Axes) -> None:
    ax.text(0.5, 0.5, "not written yet", transform=ax.transAxes, ha="center", va="center", color=GREY)
    ax.set_xticks([])
    ax.set_yticks([])


def _first_legend(figure: Figure) -> tuple[list[Any], list[str]]:
    for ax in figure.axes:
        handles, labels = ax.get_legend_handles_labels()
        if handles:
            return handles, labels
    return [], []

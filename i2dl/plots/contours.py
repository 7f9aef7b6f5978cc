"""Pictures of descent: contour maps with the paths that optimizers take on them, and three landscapes to walk in.

A path is an array (K, 2), the start and the points after each step. The landscapes take points in the last axis, so
that one call gives the height of a single point or of a whole map.

Sources: I2DL lecture 5 (the ravine); H. H. Rosenbrock, *An automatic method for finding the greatest or least value of
a function*, 1960; Y. Dauphin and others, *Identifying and attacking the saddle point problem*, 2014.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from i2dl.plots.basics import BLUE, GREEN, ORANGE, as_numpy, axes_or_new, figure_of, tidy

__all__ = ["RAVINE", "ROSENBROCK", "SADDLE", "Landscape", "show_contours", "show_line_walk", "show_values"]

_COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#000000", "#E69F00", "#56B4E9")
_STYLES = ("-", "--", "-.", ":")
# With more steps than this the points of a path would hide the path.
_MOST_MARKERS = 60


@dataclass(frozen=True)
class Landscape:
    """A function of two variables to be minimized, and where to look at it.

    Attributes
    ----------
    name : str
        Its name.
    value : callable
        ``value(x) -> array (...)``: the height of the points x (..., 2).
    gradient : callable
        ``gradient(x) -> array (..., 2)``: the gradient at the points x (..., 2).
    x_range, y_range : pair of float
        The part worth seeing.
    start : pair of float
        A start from which the way down is instructive.
    minimum : pair of float or None
        The lowest point; None if there is none.
    """

    name: str
    value: Callable[[np.ndarray], Any]
    gradient: Callable[[np.ndarray], np.ndarray]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    start: tuple[float, float]
    minimum: tuple[float, float] | None = None


def _ravine(x: np.ndarray) -> Any:
    return 0.5 * (x[..., 0] ** 2 + 20 * x[..., 1] ** 2)


def _ravine_gradient(x: np.ndarray) -> np.ndarray:
    return np.stack([x[..., 0], 20 * x[..., 1]], axis=-1)


def _saddle(x: np.ndarray) -> Any:
    return 0.5 * x[..., 0] ** 2 - 0.5 * x[..., 1] ** 2 + 0.25 * x[..., 1] ** 4


def _saddle_gradient(x: np.ndarray) -> np.ndarray:
    return np.stack([x[..., 0], x[..., 1] ** 3 - x[..., 1]], axis=-1)


def _rosenbrock(x: np.ndarray) -> Any:
    return (1 - x[..., 0]) ** 2 + 100 * (x[..., 1] - x[..., 0] ** 2) ** 2


def _rosenbrock_gradient(x: np.ndarray) -> np.ndarray:
    off = x[..., 1] - x[..., 0] ** 2
    return np.stack([-2 * (1 - x[..., 0]) - 400 * x[..., 0] * off, 200 * off], axis=-1)


RAVINE = Landscape("ravine", _ravine, _ravine_gradient, (-6.0, 2.0), (-1.5, 1.5), (-5.0, 1.0), (0.0, 0.0))
"""½(x² + 20y²): a long valley, twenty times steeper across than along."""

SADDLE = Landscape("saddle", _saddle, _saddle_gradient, (-2.2, 1.2), (-0.5, 1.6), (-2.0, 1e-3), (0.0, 1.0))
"""½x² − ½y² + ¼y⁴: a saddle at the origin, minima of −¼ at (0, ±1). The start lies almost on the ridge y = 0."""

ROSENBROCK = Landscape(
    "Rosenbrock", _rosenbrock, _rosenbrock_gradient, (-1.8, 1.5), (-0.6, 1.8), (-1.2, 1.0), (1.0, 1.0)
)
"""(1 − x)² + 100(y − x²)²: a bent valley with a nearly level floor."""


def show_contours(
    f: Callable[[np.ndarray], Any],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    paths: Mapping[str, Any] | None = None,
    minimum: tuple[float, float] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the contour lines of a function of two variables, and on them the paths of optimizers.

    The levels are chosen by area, with narrower bands below, so that a steep function shows its floor as well as its
    walls. Dark is low. A dot marks the start of each path and a square its end, a star the minimum. What leaves the map
    is cut off.

    Parameters
    ----------
    f : callable
        ``f(points) -> array (...)``, the height of the points (..., 2).
    x_range, y_range : pair of float
        The map's edges.
    paths : mapping of str to array (K, 2), optional
        The points visited, under the name for the legend.
    minimum : pair of float, optional
        Where to put the star.
    title : str
        Written above.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If a range is empty, if `f` does not give one height per point, or if a path is not of shape (K, 2).

    References
    ----------
    I2DL lecture 5, gradient descent with momentum.
    """
    for name, (low, high) in {"x_range": x_range, "y_range": y_range}.items():
        if not low < high:
            msg = f"{name} must go from a smaller to a larger number, got {(low, high)}"
            raise ValueError(msg)
    x, y = np.meshgrid(np.linspace(*x_range, 161), np.linspace(*y_range, 161))
    heights = as_numpy(f(np.stack([x, y], axis=-1)))
    if heights.shape != x.shape:
        msg = f"f must give one height per point, shape {x.shape}, got {heights.shape}"
        raise ValueError(msg)
    ax = axes_or_new(ax, 6.0, 4.0)
    levels = np.unique(np.quantile(heights[np.isfinite(heights)], np.linspace(0, 1, 16) ** 1.8))
    if len(levels) > 1:
        ax.contourf(x, y, heights, levels=levels, cmap="Greys_r", alpha=0.35)
        ax.contour(x, y, heights, levels=levels, colors="#777777", linewidths=0.5)
    for i, (name, path) in enumerate((paths or {}).items()):
        _draw_path(ax, i, name, path)
    if minimum is not None:
        ax.plot(*minimum, marker="*", markersize=13, color="white", markeredgecolor="black", linestyle="none", zorder=4)
    ax.set(xlim=tuple(x_range), ylim=tuple(y_range), xlabel="$x$", ylabel="$y$", title=title)
    if paths:
        ax.legend(fontsize=8, loc="best", framealpha=0.9)
    return figure_of(ax)


def show_line_walk(
    f: Callable[[np.ndarray], Any],
    x_range: tuple[float, float],
    path: Any,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw a function of one variable and a walk on it, with numbers at its first points.

    Parameters
    ----------
    f : callable
        ``f(x) -> array (...)`` for an array (...).
    x_range : pair of float
        The part of the axis to show.
    path : array (K,)
        The points visited.
    title : str
        Written above.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If the path has another shape.

    References
    ----------
    I2DL lecture 6, learning rate: implications; I2DL exam Feb 2022, 5.6.
    """
    path = as_numpy(path).astype(float)
    if path.ndim != 1:
        msg = f"path must have shape (K,), got {path.shape}"
        raise ValueError(msg)
    ax = axes_or_new(ax, 4.0, 3.2)
    x = np.linspace(*x_range, 401)
    heights = as_numpy(f(x))
    ax.plot(x, heights, color="#777777", linewidth=1.5)
    values = as_numpy(f(path))
    ax.plot(path, values, color=ORANGE, marker="o", markersize=4, linewidth=1, zorder=3)
    for step, (here, height) in enumerate(zip(path[:3], values[:3], strict=True)):
        if np.all(np.abs(path[:step] - here) > 0.03 * np.ptp(x)):  # where two numbers would overlap, the first stands
            ax.annotate(str(step), (here, height), textcoords="offset points", xytext=(7, 5), fontsize=9)
    margin = 0.05 * np.ptp(heights)
    ax.set(xlim=tuple(x_range), ylim=(heights.min() - margin, heights.max() + margin), xlabel="$x$", title=title)
    tidy(ax)
    return figure_of(ax)


def show_values(
    curves: Mapping[str, Sequence[float]],
    *,
    xlabel: str = "step",
    ylabel: str = "f",
    log: bool = True,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Plot how some values fall from step to step; what is not finite is left out.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        The values from the start on, under the name for the legend.
    xlabel, ylabel : str
        Names of the axes.
    log : bool
        Whether the vertical axis is logarithmic; values that are not positive are left out then.
    title : str
        Written above.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there are no curves.

    References
    ----------
    I2DL lecture 6, learning rate: implications.
    """
    if not curves:
        msg = "curves must hold at least one sequence of values, got none"
        raise ValueError(msg)
    ax = axes_or_new(ax, 5.0, 3.4)
    for i, (name, curve) in enumerate(curves.items()):
        values = as_numpy(curve).astype(float)
        shown = np.isfinite(values) & ((values > 0) | (not log))
        steps = np.arange(len(values))[shown]
        ax.plot(steps, values[shown], color=_colour(i), linestyle=_style(i), linewidth=1.6, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title, yscale="log" if log else "linear")
    if log:
        _plain_ticks(ax)
    ax.legend(fontsize=8, framealpha=0.85, edgecolor="none")
    tidy(ax)
    return figure_of(ax)


def _plain_ticks(ax: Axes) -> None:
    """Where a logarithmic axis spans less than two decades, write 0.2 and 0.5, not 2 × 10⁻¹ and the like."""
    low, high = ax.get_ylim()
    if high < 100 * low:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _draw_path(ax: Axes, i: int, name: str, path: Any) -> None:
    path = as_numpy(path).astype(float)
    if path.ndim != 2 or path.shape[1] != 2 or not len(path):
        msg = f"the path {name!r} must have shape (K, 2) with K > 0, got {path.shape}"
        raise ValueError(msg)
    # Beyond the first point that is not finite there is nothing to draw; far outside, a renderer may overflow.
    finite = np.all(np.isfinite(path) & (np.abs(path) < 1e6), axis=1)
    path = path[: len(path) if finite.all() else max(1, int(np.argmin(finite)))]
    marker = "." if len(path) <= _MOST_MARKERS else ""
    ax.plot(
        *path.T, color=_colour(i), linestyle=_style(i), marker=marker, markersize=4, linewidth=1.4, label=name, zorder=3
    )
    ax.plot(*path[0], marker="o", color=_colour(i), markersize=6, zorder=3)
    ax.plot(*path[-1], marker="s", color=_colour(i), markersize=5, markeredgecolor="white", zorder=5)


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _style(i: int) -> str:
    return _STYLES[i % len(_STYLES)]

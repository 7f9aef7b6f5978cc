"""Pictures for the notebooks: digits, learning curves, matrices, activations.

Every function returns a Matplotlib figure, which a notebook shows by itself. Given `ax`, it draws there and returns the
figure around it. Nothing is shown, and no global setting changed. Colours are those of Okabe and Ito, which remain
distinct for colour-blind readers; lines differ in style as well.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"

# With more rows or columns there is no room for a matrix's numbers, and for frames around its entries.
_LARGEST_ANNOTATED, _LARGEST_FRAMED = 12, 40


class Picture(Figure):
    """A figure that any notebook can show, whether or not pyplot is in use."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def show_digits(
    images: Any,
    labels: Sequence[int] | Any = None,
    predictions: Sequence[int] | Any = None,
    columns: int = 8,
    ax: Axes | None = None,
) -> Figure:
    """Show digits side by side, with their labels and what a model took them for.

    Above each image stands its label; with predictions, "label → prediction" where they differ, in another colour.

    Parameters
    ----------
    images : array (N, 1, H, W) or (N, H, W)
        Grey values, 0 white and 1 black.
    labels, predictions : array (N,), optional
        Classes.
    columns : int
        Images in a row.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If `images` has another shape or is empty, or if labels or predictions differ from it in length.

    References
    ----------
    Lecture 6, debugging: visualize input, prediction, ground truth.
    """
    images = as_numpy(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3 or not images.size:
        msg = f"images must have shape (N, 1, H, W) or (N, H, W) with N > 0, got {images.shape}"
        raise ValueError(msg)
    captions = _captions(len(images), labels, predictions)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    ax = axes_or_new(ax, 0.9 * columns, (1.15 if captions else 0.9) * rows)
    count, height, width = images.shape
    step_x, step_y = 1.15 * width, (1.45 if captions else 1.15) * height
    for i in range(count):
        left, top = i % columns * step_x, i // columns * step_y
        # Each image has its own place on the one set of axes; y points downwards, as rows do.
        ax.imshow(images[i], cmap="gray_r", vmin=0, vmax=1, extent=(left, left + width, top + height, top))
        ax.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=GREY, linewidth=0.5))
        if captions:
            text, wrong = captions[i]
            ax.text(
                left + width / 2,
                top - 0.05 * height,
                text,
                ha="center",
                va="bottom",
                color=ORANGE if wrong else "black",
                weight="bold" if wrong else "normal",
                fontsize=9,
            )
    right, bottom = (columns - 1) * step_x + width, (rows - 1) * step_y + height
    ax.set(xlim=(-0.5, right + 0.5), ylim=(bottom + 0.5, -0.4 * height if captions else -0.5), aspect="equal")
    ax.set_axis_off()
    if labels is not None and predictions is not None:
        ax.set_title(f"{sum(wrong for _, wrong in captions)} of {count} wrong")
    return figure_of(ax)


def learning_curves(history: Mapping[str, Sequence[float]], axes: tuple[Axes, Axes] | None = None) -> Figure:
    """Plot loss and accuracy of both sets over the epochs; a dotted line marks the lowest validation loss.

    Parameters
    ----------
    history : mapping of sequences
        ``train_loss``, ``validation_loss``, ``train_accuracy``, ``validation_accuracy``: one number per epoch each, as
        `i2dl.training.fit` returns them.
    axes : pair of matplotlib Axes, optional
        Where to draw the losses, and the accuracies.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If a curve is missing, or has no epochs.

    References
    ----------
    Lecture 6, learning curves.
    """
    for key in (f"{part}_{what}" for what in ("loss", "accuracy") for part in ("train", "validation")):
        if len(history.get(key, ())) == 0:
            msg = f"history must have one number per epoch under {key!r}, got keys {list(history)}"
            raise ValueError(msg)
    if axes is None:
        figure = Picture(figsize=(9, 3.4), layout="constrained")
        axes = tuple(figure.subplots(1, 2))
    best = int(np.argmin(history["validation_loss"])) + 1
    for ax, what in zip(axes, ("loss", "accuracy"), strict=True):
        train, validation = history[f"train_{what}"], history[f"validation_{what}"]
        epochs = np.arange(1, len(train) + 1)
        marker = "o" if len(epochs) <= 20 else ""
        ax.plot(epochs, train, color=BLUE, marker=marker, markersize=4, label="train")
        ax.plot(epochs, validation, color=ORANGE, linestyle="--", marker=marker, markersize=4, label="validation")
        ax.axvline(best, color=GREY, linestyle=":", label=f"lowest validation loss (epoch {best})")
        ax.set(title=f"{what.capitalize()} of both sets", xlabel="epoch", ylabel=what)
        tidy(ax)
    # On a ground of its own: the dotted line may pass behind the text.
    axes[0].legend(facecolor="white", framealpha=0.9, edgecolor="none")
    return figure_of(axes[0])


def show_matrix(matrix: Any, title: str = "", annotate: bool | None = None, ax: Axes | None = None) -> Figure:
    """Show a matrix as colours, with its numbers where there is room.

    Parameters
    ----------
    matrix : array, any shape
        One axis is shown as one row; from the second on, axes are laid side by side.
    title : str
        Written above, followed by the shape.
    annotate : bool, optional
        Whether to write the numbers; if left out, up to 12 rows and columns.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If the matrix is empty.
    """
    matrix = as_numpy(matrix)
    values = _two_axes(matrix)
    ax = axes_or_new(ax, *_matrix_size(values))
    low, high = _limits(values)
    image = _draw_matrix(ax, values, "cividis", low, high, annotate)
    figure_of(ax).colorbar(image, ax=ax, shrink=0.9)
    ax.set_title(f"{title} {matrix.shape}".strip())
    return figure_of(ax)


def matrix_difference(actual: Any, expected: Any, *, tolerance: float = 1e-6) -> Figure:
    """Show where a matrix differs from the expected one: both on one scale, and their difference.

    An entry differs where the difference exceeds `tolerance`, relative to the largest expected entry, and where one is
    not finite and the other not the same. Up to 40 rows and columns, these entries are framed.

    Parameters
    ----------
    actual, expected : array of one shape
        What came out, and what should have.
    tolerance : float
        The relative difference that counts as equal.

    Returns
    -------
    matplotlib Figure
        Three matrices: actual, expected, actual - expected.

    Raises
    ------
    ValueError
        If the shapes differ, or the matrices are empty.
    """
    actual, expected = as_numpy(actual), as_numpy(expected)
    if actual.shape != expected.shape:
        msg = f"actual must have the shape of expected {expected.shape}, got {actual.shape}"
        raise ValueError(msg)
    shape = actual.shape
    actual, expected = _two_axes(actual).astype(float), _two_axes(expected).astype(float)
    with np.errstate(invalid="ignore"):
        difference = actual - expected
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max() if finite.size and finite.max() > 0 else 1.0
    same = np.isclose(actual, expected, rtol=0, atol=tolerance * scale, equal_nan=True)
    difference[same & ~np.isfinite(difference)] = 0

    width, height = _matrix_size(actual)
    figure = Picture(figsize=(3 * min(width, 5.0), min(height, 5.0) + 0.4), layout="constrained")
    axes = figure.subplots(1, 3)
    low, high = _limits(np.stack([actual, expected]))
    _draw_matrix(axes[0], actual, "cividis", low, high)
    image = _draw_matrix(axes[1], expected, "cividis", low, high)
    figure.colorbar(image, ax=axes[:2].tolist(), shrink=0.9)
    largest = max(map(abs, _limits(difference)))
    image = _draw_matrix(axes[2], difference, "PuOr", -largest, largest)
    figure.colorbar(image, ax=axes[2], shrink=0.9)
    names = ("actual", "expected", "actual − expected")
    for ax, name, colour in zip(axes, names, (ORANGE, ORANGE, "black"), strict=True):
        ax.set_title(name)
        for row, column in np.argwhere(~same) if max(same.shape) <= _LARGEST_FRAMED else ():
            corner = (column - 0.5, row - 0.5)
            ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=colour, linewidth=1.5))
    count = int((~same).sum())
    figure.suptitle(f"shape {shape}: {count} of {same.size} entries differ")
    return figure


def show_activation(name: str, *, low: float = -5.0, high: float = 5.0, ax: Axes | None = None) -> Figure:
    """Plot an activation and its derivative.

    The derivative is the backward pass with an upstream gradient of 1.

    Parameters
    ----------
    name : str
        A key of `i2dl.functional.ACTIVATIONS`: "relu", "sigmoid", …
    low, high : float
        The range of x.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If there is no such activation.

    References
    ----------
    Lecture 7, activation functions.
    """
    from i2dl.functional import ACTIVATIONS  # the other pictures do without the functions themselves

    if name not in ACTIVATIONS:
        msg = f"name must be one of {', '.join(ACTIVATIONS)}, got {name!r}"
        raise ValueError(msg)
    activation = ACTIVATIONS[name]
    x = np.linspace(low, high, 1001)
    value, cache = activation.forward(x)
    derivative = activation.backward(np.ones_like(x), cache)
    ax = axes_or_new(ax, 5, 3.4)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.plot(x, _broken_at_jumps(value), color=BLUE, linewidth=2, label="f(x)")
    ax.plot(x, _broken_at_jumps(derivative), color=ORANGE, linewidth=2, linestyle="--", label="f′(x)")
    ax.set(title=f"{name.replace('_', ' ')}: f(x) = {activation.formula}", xlabel="x", ylabel="f(x), f′(x)")
    ax.legend(frameon=False)
    tidy(ax)
    return figure_of(ax)


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the axes that were given, or those of a new picture of this size (inches)."""
    if ax is not None:
        return ax
    return Picture(figsize=(width, height), layout="constrained").subplots()


def figure_of(ax: Axes) -> Figure:
    """Return the figure that the axes belong to."""
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that were removed from their figure cannot be drawn on
    return figure


def as_numpy(array: Any) -> np.ndarray:
    """Return a NumPy array of a torch tensor on any device, or of anything else."""
    if hasattr(array, "detach"):
        array = array.detach().cpu()
    return np.asarray(array)


def tidy(ax: Axes) -> None:
    """Give the axes a light grid and no frame above and on the right."""
    ax.grid(color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def _captions(count: int, labels: Any, predictions: Any) -> list[tuple[str, bool]]:
    """Return for every image its caption and whether the prediction is wrong; nothing if there is nothing to say."""
    for name, given in (("labels", labels), ("predictions", predictions)):
        if given is not None and len(given) != count:
            msg = f"{name} must have one entry for each of the {count} images, got {len(given)}"
            raise ValueError(msg)
    known = [None if given is None else as_numpy(given).tolist() for given in (labels, predictions)]
    if known[0] is None or known[1] is None:
        return [(str(caption), False) for caption in known[0] or known[1] or []]
    return [
        (f"{label}", False) if label == prediction else (f"{label} → {prediction}", True)
        for label, prediction in zip(*known, strict=True)
    ]


def _two_axes(matrix: np.ndarray) -> np.ndarray:
    if not matrix.size:
        msg = f"the matrix must not be empty, got shape {matrix.shape}"
        raise ValueError(msg)
    return matrix.reshape(matrix.shape[0] if matrix.ndim > 1 else 1, -1)


def _matrix_size(values: np.ndarray) -> tuple[float, float]:
    rows, columns = values.shape
    return min(max(3.0, 0.65 * columns + 1.2), 9.0), min(max(1.6, 0.5 * rows + 0.9), 7.0)


def _limits(values: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest finite value, a little apart if they are the same."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _draw_matrix(
    ax: Axes, values: np.ndarray, cmap: str, low: float, high: float, annotate: bool | None = None
) -> AxesImage:
    values = values.astype(float)
    image = ax.imshow(values, cmap=cmap, vmin=low, vmax=high, aspect="auto")
    rows, columns = values.shape
    for axis, name, size in ((ax.xaxis, "column", columns), (ax.yaxis, "row", rows)):
        axis.set_ticks(range(0, size, max(1, -(-size // 10))))
        axis.set_label_text(name)
    if max(rows, columns) <= _LARGEST_ANNOTATED if annotate is None else annotate:
        for (row, column), value in np.ndenumerate(values):
            red, green, blue = to_rgb(image.to_rgba(value)[:3]) if np.isfinite(value) else (1.0, 1.0, 1.0)
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            ax.text(
                column,
                row,
                f"{value:.3g}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if dark else "black",
            )
    return image


def _broken_at_jumps(values: np.ndarray) -> np.ndarray:
    """Return the curve with a gap where it jumps, so that no vertical line is drawn there."""
    values = values.copy()
    steps = np.abs(np.diff(values))
    values[:-1][steps > max(0.1 * np.ptp(values), 1e-3)] = np.nan
    return values

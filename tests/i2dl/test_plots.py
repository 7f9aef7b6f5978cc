import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from i2dl.data import load_digits
from i2dl.functional import ACTIVATIONS
from i2dl.plots import learning_curves, matrix_difference, show_activation, show_digits, show_matrix

HISTORY = {
    "train_loss": [2.0, 1.0, 0.5],
    "validation_loss": [2.1, 1.2, 1.3],
    "train_accuracy": [0.1, 0.5, 0.9],
    "validation_accuracy": [0.1, 0.4, 0.6],
}


def texts(figure):
    return [t.get_text() for ax in figure.axes for t in ax.texts]


def png(figure):
    return figure._repr_png_()


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: show_digits(load_digits("test").images[:5], ax=ax),
        lambda ax: show_matrix(np.eye(3), ax=ax),
        lambda ax: show_activation("relu", ax=ax),
        lambda ax: learning_curves(HISTORY, axes=ax and (ax, ax)),
    ],
    ids=["digits", "matrix", "activation", "curves"],
)
def test_pictures_are_figures_or_go_where_they_are_told(draw):
    settings = dict(mpl.rcParams)
    assert png(draw(None)).startswith(b"\x89PNG")
    figure = Figure()
    assert draw(figure.subplots()) is figure
    assert dict(mpl.rcParams) == settings
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_wrong_predictions_are_captioned():
    digits = load_digits("test")
    figure = show_digits(digits.images[:3], torch.tensor([1, 7, 9]), [1, 7, 4])
    assert texts(figure) == ["1", "7", "9 → 4"]
    assert figure.axes[0].get_title() == "1 of 3 wrong"
    assert texts(show_digits(digits.images[:3, 0], labels=[1, 7, 9])) == ["1", "7", "9"]
    assert texts(show_digits(digits.images[:3], predictions=[0, 7, 9])) == ["0", "7", "9"]


@pytest.mark.parametrize("count", [1, 8, 9, 20])
def test_digits_stand_apart_and_inside_the_picture(count):
    ax = show_digits(load_digits("test").images[:count]).axes[0]
    extents = [tuple(image.get_extent()) for image in ax.images]
    assert len(set(extents)) == count
    assert all(ax.get_xlim()[0] <= left and right <= ax.get_xlim()[1] for left, right, _, _ in extents)
    assert all(ax.get_ylim()[1] <= top and bottom <= ax.get_ylim()[0] for _, _, bottom, top in extents)


def test_digits_name_what_is_wrong():
    with pytest.raises(ValueError, match=r"\(N, 1, H, W\) or \(N, H, W\) with N > 0, got \(8, 8\)"):
        show_digits(np.ones((8, 8)))
    with pytest.raises(ValueError, match="labels must have one entry for each of the 2 images, got 1"):
        show_digits(np.ones((2, 8, 8)), [1])


def test_learning_curves_are_all_there():
    figure = learning_curves(HISTORY)
    for ax, what in zip(figure.axes, ["loss", "accuracy"], strict=True):
        assert ax.get_xlabel() == "epoch"
        curves = [line.get_ydata() for line in ax.lines[:2]]
        np.testing.assert_array_equal(curves, [HISTORY[f"train_{what}"], HISTORY[f"validation_{what}"]])
        np.testing.assert_array_equal(ax.lines[2].get_xdata(), [2, 2])
    frame = figure.axes[0].get_legend().get_frame()
    assert frame.get_facecolor() == (1, 1, 1, 0.9)  # the dotted line may pass behind the text


def test_learning_curves_name_what_is_missing():
    with pytest.raises(ValueError, match="under 'validation_loss', got keys"):
        learning_curves({"train_loss": [1.0]})


@pytest.mark.parametrize("shape", [(3, 4), (5,), (2, 3, 4), (), (1, 1)])
def test_any_matrix_is_annotated(shape):
    matrix = torch.arange(np.prod(shape, dtype=int)).reshape(shape)
    figure = show_matrix(matrix, "weights")
    assert texts(figure) == [str(v) for v in matrix.flatten().tolist()]
    assert figure.axes[0].get_title() == f"weights {tuple(shape)}"
    assert png(figure)


def test_large_matrices_are_annotated_on_demand():
    assert texts(show_matrix(np.eye(13))) == []
    assert len(texts(show_matrix(np.eye(13), annotate=True))) == 169
    assert texts(show_matrix(np.eye(2), annotate=False)) == []


def test_matrices_with_nan_and_infinity_can_be_shown():
    matrix = np.array([[1.0, np.nan], [np.inf, -np.inf]])
    assert png(show_matrix(matrix))
    figure = matrix_difference(matrix, matrix)
    assert png(figure)
    assert figure.get_suptitle() == "shape (2, 2): 0 of 4 entries differ"
    assert png(show_matrix(np.full((2, 2), np.nan)))


def test_a_difference_is_framed_where_it_is():
    expected = np.arange(12.0).reshape(3, 4)
    actual = expected.copy()
    actual[1, 2] += 1e-3
    actual[2, 0] = np.nan
    actual[0, 0] += 1e-9
    figure = matrix_difference(torch.tensor(actual), expected)
    assert figure.get_suptitle() == "shape (3, 4): 2 of 12 entries differ"
    for ax in figure.axes[:3]:
        assert [(p.get_x() + 0.5, p.get_y() + 0.5) for p in ax.patches] == [(2, 1), (0, 2)]
    np.testing.assert_allclose(figure.axes[2].images[0].get_array()[1, 2], 1e-3)


def test_differences_name_what_is_wrong():
    with pytest.raises(ValueError, match=r"shape of expected \(2, 3\), got \(3, 2\)"):
        matrix_difference(np.ones((3, 2)), np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"must not be empty, got shape \(0, 2\)"):
        show_matrix(np.ones((0, 2)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_derivative_shown_is_the_slope_of_the_value_shown(name):
    value, slope = show_activation(name).axes[0].lines[-2:]
    x = value.get_xdata()
    measured = np.gradient(value.get_ydata(), x)
    smooth = np.isfinite(measured) & np.isfinite(slope.get_ydata()) & (np.abs(x) > 0.05) & (np.abs(x) < 4.9)
    assert smooth.sum() > 900
    np.testing.assert_allclose(slope.get_ydata()[smooth], measured[smooth], atol=1e-3)


def test_an_unknown_activation_is_named():
    with pytest.raises(ValueError, match=r"name must be one of identity, .*, got 'rellu'"):
        show_activation("rellu")

"""Contour maps with paths, and the landscapes they are drawn on."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from i2dl.plots.contours import RAVINE, ROSENBROCK, SADDLE, show_contours, show_line_walk, show_values

LANDSCAPES = [RAVINE, SADDLE, ROSENBROCK]
PATH = np.array([[-5.0, 1.0], [-4.0, -0.5], [-3.0, 0.2]])


def png(figure):
    return figure._repr_png_()


def square(x):
    return x**2


@pytest.mark.parametrize("land", LANDSCAPES, ids=lambda land: land.name)
def test_gradients_are_the_slopes_of_the_heights(land):
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (6, 2))
    for axis in range(2):
        shift = 1e-6 * np.eye(2)[axis]
        measured = (land.value(points + shift) - land.value(points - shift)) / 2e-6
        np.testing.assert_allclose(land.gradient(points)[:, axis], measured, rtol=1e-6, atol=1e-6)
    assert land.gradient(points[0]).shape == (2,)
    np.testing.assert_array_equal(land.gradient(points)[3], land.gradient(points[3]))


@pytest.mark.parametrize("land", LANDSCAPES, ids=lambda land: land.name)
def test_nothing_lies_below_the_minimum(land):
    x, y = np.meshgrid(np.linspace(*land.x_range, 201), np.linspace(*land.y_range, 201))
    lowest = land.value(np.array(land.minimum))
    assert land.value(np.stack([x, y], -1)).min() >= lowest - 1e-12
    np.testing.assert_allclose(land.gradient(np.array(land.minimum)), 0, atol=1e-12)
    for value, (low, high) in zip(land.start, (land.x_range, land.y_range), strict=True):
        assert low < value < high


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: show_contours(RAVINE.value, RAVINE.x_range, RAVINE.y_range, paths={"gd": PATH}, ax=ax),
        lambda ax: show_line_walk(square, (-6, 6), [5.0, -5.0, 5.0], ax=ax),
        lambda ax: show_values({"a": [3.0, 2.0, 1.0]}, ax=ax),
    ],
    ids=["contours", "line walk", "values"],
)
def test_pictures_are_figures_or_go_where_they_are_told(draw):
    settings = dict(mpl.rcParams)
    assert png(draw(None)).startswith(b"\x89PNG")
    figure = Figure()
    assert draw(figure.subplots()) is figure
    assert dict(mpl.rcParams) == settings
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_paths_are_drawn_point_by_point_with_start_end_and_minimum():
    ax = show_contours(
        RAVINE.value, (-6, 2), (-2, 2), paths={"a": torch.tensor(PATH), "b": PATH + 0.1}, minimum=(0, 0), title="two"
    ).axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), PATH)
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), PATH[:1])
    np.testing.assert_array_equal(ax.lines[2].get_xydata(), PATH[-1:])
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), [[0, 0]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.lines[0].get_linestyle() != ax.lines[3].get_linestyle()
    assert (ax.get_title(), ax.get_xlim(), ax.get_ylim()) == ("two", (-6, 2), (-2, 2))


def test_a_path_that_diverges_is_cut_off():
    path = np.array([[1.0, 1.0], [-3.0, 9.0], [1e30, 0.0], [np.nan, np.inf]])
    figure = show_contours(RAVINE.value, (-6, 2), (-2, 2), paths={"wild": path})
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_xydata(), path[:2])
    assert png(figure)
    lost = show_contours(RAVINE.value, (-6, 2), (-2, 2), paths={"lost": np.full((2, 2), np.nan)})
    assert png(lost)


def test_a_level_plane_and_one_with_a_hole_can_be_drawn():
    assert png(show_contours(lambda p: 0 * p[..., 0], (-1, 1), (-1, 1)))
    assert png(show_contours(lambda p: np.where(p[..., 0] > 0, p[..., 1], np.nan), (-1, 1), (-1, 1)))


def test_values_that_cannot_be_shown_are_left_out():
    curves = {"a": [4.0, 1.0, 0.0, np.nan, 0.5], "b": [1.0, np.inf]}
    ax = show_values(curves, title="t").axes[0]
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0, 4], [1, 1], [4, 0.5]])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 1]])
    assert ax.get_yscale() == "log"
    linear = show_values({"a": [1.0, -1.0]}, log=False).axes[0]
    assert linear.lines[0].get_ydata().tolist() == [1.0, -1.0]


def test_a_short_logarithmic_axis_has_plain_numbers():
    def numbers(values):
        ax = show_values({"a": values}).axes[0]
        ax.figure.canvas.draw()
        low, high = ax.get_ylim()
        return [t.get_text() for t in ax.get_yticklabels() if low <= t.get_position()[1] <= high]

    assert numbers([0.9, 0.04]) == ["0.05", "0.1", "0.2", "0.5", "1"]
    assert all("10^" in label for label in numbers([1.0, 1e-6]))


def test_what_is_wrong_is_named():
    with pytest.raises(ValueError, match=r"x_range must go from a smaller to a larger number, got \(2, 1\)"):
        show_contours(RAVINE.value, (2, 1), (0, 1))
    with pytest.raises(ValueError, match=r"one height per point, shape \(161, 161\), got \(161, 161, 2\)"):
        show_contours(square, (0, 1), (0, 1))
    with pytest.raises(ValueError, match=r"the path 'p' must have shape \(K, 2\) with K > 0, got \(3,\)"):
        show_contours(RAVINE.value, (0, 1), (0, 1), paths={"p": [1.0, 2.0, 3.0]})
    with pytest.raises(ValueError, match=r"path must have shape \(K,\), got \(3, 2\)"):
        show_line_walk(square, (-1, 1), PATH)
    with pytest.raises(ValueError, match="at least one sequence of values, got none"):
        show_values({})

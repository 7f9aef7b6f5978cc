"""The pictures of points: what is drawn where, and what is refused."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from i2dl.plots import BLUE, ORANGE
from i2dl.plots.points import show_points, show_regions

mpl.use("Agg")
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def test_each_class_has_its_colour_and_all_points_are_there():
    (ax,) = show_points(SQUARE, [0, 1, 0, 1], centres=[[0.5, 0.5]], title="four").axes
    one, two, *crosses = ax.collections
    np.testing.assert_array_equal(one.get_offsets(), SQUARE[[0, 2]])
    np.testing.assert_array_equal(two.get_offsets(), SQUARE[[1, 3]])
    np.testing.assert_allclose(one.get_facecolor()[0, :3], to_rgb(BLUE))
    np.testing.assert_allclose(two.get_facecolor()[0, :3], to_rgb(ORANGE))
    assert ax.get_title() == "four"
    assert all(np.array_equal(c.get_offsets(), [[0.5, 0.5]]) for c in crosses)


def test_points_without_labels_are_alike():
    (ax,) = show_points(SQUARE).axes
    assert len(ax.collections) == 1


def test_regions_lie_where_the_classifier_says():
    asked = []

    def right_half(places):
        asked.append(places)
        return (places[:, 0] > 0.5).astype(int)

    (ax,) = show_regions(right_half, SQUARE, [0, 1, 0, 1], steps=10).axes
    image = ax.images[0].get_array()
    assert asked[0].shape == (100, 2)
    assert image.shape == (10, 10, 3)
    # Rows run upwards: the left half is pale blue, the right half pale orange, in every row.
    np.testing.assert_allclose(image[:, :5], np.broadcast_to(1 - 0.3 * (1 - np.array(to_rgb(BLUE))), (10, 5, 3)))
    np.testing.assert_allclose(image[:, 5:], np.broadcast_to(1 - 0.3 * (1 - np.array(to_rgb(ORANGE))), (10, 5, 3)))
    left, right = ax.get_xlim()
    assert left < 0
    assert right > 1


def test_a_region_above_is_drawn_above():
    (ax,) = show_regions(lambda p: (p[:, 1] > 0.5).astype(int), SQUARE, [0, 0, 1, 1], steps=4).axes
    assert ax.images[0].origin == "lower"
    np.testing.assert_allclose(ax.images[0].get_array()[-1, 0], 1 - 0.3 * (1 - np.array(to_rgb(ORANGE))))


@pytest.mark.parametrize("x", [np.zeros((3, 3)), np.zeros(4), np.zeros((0, 2))], ids=str)
def test_other_shapes_are_refused(x):
    with pytest.raises(ValueError, match="shape"):
        show_points(x)


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2, 10], [0.5, 1, 2, 3]], ids=str)
def test_other_labels_are_refused(labels):
    with pytest.raises(ValueError, match="one class from 0 to 9"):
        show_points(SQUARE, labels)


def test_a_classifier_must_answer_for_each_place():
    with pytest.raises(ValueError, match="one class"):
        show_regions(lambda places: np.zeros(3, dtype=int), SQUARE, [0, 1, 0, 1])

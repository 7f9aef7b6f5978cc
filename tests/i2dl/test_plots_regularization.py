"""The pictures of exercise 08: what is drawn, and what is refused."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from i2dl.plots import GREY
from i2dl.plots.regularization import draw_thinned, layer_histograms, show_image_rows, show_normalization_sets

mpl.use("Agg")


def test_a_histogram_counts_every_value_of_its_layer():
    rng = np.random.default_rng(0)
    runs = {"narrow": [rng.normal(0, 0.1, (20, 5)), np.zeros((20, 5))], "wide": [rng.normal(0, 9, (20, 5))] * 2}
    axes = layer_histograms(runs).axes
    assert len(axes) == 4
    for ax in axes:
        assert sum(bar.get_height() for bar in ax.patches) == 100
    assert [ax.get_title(loc="left") for ax in axes] == ["narrow", "", "wide", ""]
    assert axes[1].get_xlabel() == "std 0"
    # What lies beyond the limits is counted in the outermost bars.
    assert axes[2].patches[0].get_height() > 30
    with pytest.raises(ValueError, match="one number of layers"):
        layer_histograms({"a": [np.zeros(3)], "b": [np.zeros(3)] * 2})


def test_dropped_neurons_have_no_connections():
    (ax,) = draw_thinned([[1, 1, 0, 1], [1, 0, 1], [1, 1]], title="thinned").axes
    connections = [line for line in ax.lines if to_rgb(line.get_color()) == to_rgb(GREY)]
    assert len(connections) == 3 * 2 + 2 * 2
    crosses = sum(len(c.get_offsets()) for c in ax.collections[2::3])
    assert crosses == 2
    with pytest.raises(ValueError, match="at least two layers"):
        draw_thinned([[1, 1]])


def test_maps_of_one_set_have_one_number():
    batch, layer, instance, group = show_normalization_sets(2, 4, 2).axes
    numbers = [
        np.reshape([int(t.get_text()) for t in ax.texts], (2, 4)).tolist() for ax in (batch, layer, instance, group)
    ]
    assert numbers == [
        [[1, 2, 3, 4], [1, 2, 3, 4]],
        [[1, 1, 1, 1], [2, 2, 2, 2]],
        [[1, 2, 3, 4], [5, 6, 7, 8]],
        [[1, 1, 2, 2], [3, 3, 4, 4]],
    ]
    assert [ax.get_title().rpartition(" ")[0][-1] for ax in (batch, layer, instance, group)] == ["4", "2", "8", "4"]
    with pytest.raises(ValueError, match="divide"):
        show_normalization_sets(2, 4, 3)


def test_rows_of_images_have_their_captions():
    images = np.random.default_rng(1).random((3, 1, 8, 8))
    axes = show_image_rows({"before": images, "after": 1 - images}).axes
    assert [ax.get_ylabel() for ax in axes] == ["before", "", "", "after", "", ""]
    np.testing.assert_array_equal(axes[4].images[0].get_array(), 1 - images[1, 0])
    with pytest.raises(ValueError, match="one K"):
        show_image_rows({"before": images, "after": images[:2]})

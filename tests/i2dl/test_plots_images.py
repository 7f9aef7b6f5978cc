"""The pictures of convolution: what is drawn where, and what is refused."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex

from i2dl.analysis import output_size, receptive_field
from i2dl.plots import BLUE, ORANGE
from i2dl.plots.images import show_images, show_receptive_field, show_windows

mpl.use("Agg")


def test_every_image_is_shown_under_its_name():
    images = {"one": np.eye(3), "two": np.ones((2, 4)), "three": np.zeros((3, 3))}
    figure = show_images(images, columns=2, title="three")
    shown = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in shown] == list(images)
    for ax, image in zip(shown, images.values(), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
    assert len(figure.axes) == 4
    assert not figure.axes[3].axison


def test_signed_images_have_zero_in_the_middle_of_the_scale():
    (ax,) = show_images({"a filter": np.array([[-1.0, 3.0]])}, signed=True).axes
    assert ax.images[0].get_clim() == (-3, 3)
    # What is positive is purple.
    red, green, blue, _ = ax.images[0].cmap(1.0)
    assert blue > red > green


@pytest.mark.parametrize("images", [{}, {"a": np.ones(3)}, {"a": np.ones((1, 2, 3))}, {"a": np.ones((0, 3))}])
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match="images must have"):
        show_images(images)


@pytest.mark.parametrize(("n", "f", "s", "p"), [(7, 3, 1, 0), (7, 3, 3, 0), (5, 3, 2, 1), (4, 4, 1, 0), (6, 3, 2, 2)])
def test_as_many_windows_as_the_formula_says_each_in_its_place(n, f, s, p):
    (ax,) = show_windows(n, f, stride=s, padding=p).axes
    cells = [r for r in ax.patches if r.get_y() == 0]
    bars = [r for r in ax.patches if r.get_y() < 0]
    assert len(cells) == n + 2 * p
    assert [r.get_x() for r in bars] == [k * s for k in range(output_size(n, f, stride=s, padding=p))]
    assert all(r.get_width() == f for r in bars)
    end = bars[-1].get_x() + f
    left_over = [r.get_x() for r in cells if to_hex(r.get_facecolor()) == ORANGE.lower()]
    assert left_over == list(range(end, n + 2 * p))
    assert [t.get_text() for t in ax.texts].count("0") == 2 * p + 1  # the padding, and the first window's number


@pytest.mark.parametrize("arguments", [(3, 5, 1, 0), (3, 0, 1, 0), (3, 2, 0, 0), (3, 2, 1, -1), (0, 1, 1, 1)])
def test_windows_that_do_not_fit_are_refused(arguments):
    n, f, s, p = arguments
    with pytest.raises(ValueError, match="fit into"):
        show_windows(n, f, stride=s, padding=p)


@pytest.mark.parametrize("layers", [[(3, 1), (3, 1), (3, 1)], [(5, 1), (2, 2)], [(3, 2), (2, 2), (3, 1)], [(4, 3)]])
def test_the_cone_has_the_receptive_field_as_its_base(layers):
    (ax,) = show_receptive_field(layers).axes
    levels = [c.get_offsets() for c in ax.collections]
    assert len(levels) == len(layers) + 1
    assert len(levels[0]) == receptive_field(layers)[-1]
    assert len(levels[-1]) == 1
    assert str(receptive_field(layers)[-1]) in ax.get_title()
    assert levels[-1][0][0] == pytest.approx(np.mean(levels[0][:, 0]))  # the output stands over the middle
    edges = len(ax.lines)
    assert edges == sum(f * len(level) for (f, _), level in zip(layers, levels[1:], strict=True))
    assert to_hex(ax.collections[-1].get_facecolor()[0]) == ORANGE.lower()
    assert to_hex(ax.collections[0].get_facecolor()[0]) == BLUE.lower()


@pytest.mark.parametrize("layers", [[], [(0, 1)], [(3, 0)]])
def test_no_layers_are_refused(layers):
    with pytest.raises(ValueError, match="layers must have"):
        show_receptive_field(layers)

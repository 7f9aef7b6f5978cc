import io
import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from i2dl.autodiff import Value, drawing, exp, log, logistic_map, relu, sin, tanh, topological_order
from i2dl.plots import GREEN
from i2dl.plots.graph import RED, draw_graph


def inputs(**numbers):
    return [Value(number, name=name) for name, number in numbers.items()]


def lecture():
    x, y, z = inputs(x=1.0, y=-3.0, z=4.0)
    d = x + y
    d.name = "d"
    f = d * z
    f.name = "f"
    return f


def neuron():
    b, w0, x0, w1, x1 = inputs(b=-3.0, w0=2.0, x0=-1.0, w1=-3.0, x1=-2.0)
    return 1 / (1 + exp(-(b + w0 * x0 + w1 * x1)))


def regularized():
    x, y, w1, w2 = inputs(x=1.0, y=0.0, w1=1 / 3, w2=2.0)
    return (w2 * relu(w1 * x) - y) ** 2 + 0.1 * (w1**2 + w2**2)


def network():
    x1, x2, a, b, c, d, e, f, t = inputs(x1=0.5, x2=-1.0, a=0.1, b=0.2, c=-0.3, d=0.4, e=0.6, f=-0.7, t=1.0)
    return (e * tanh(a * x1 + b * x2) + f * tanh(c * x1 + d * x2) - t) ** 2


def baydin():
    x1, x2 = inputs(x1=2.0, x2=5.0)
    return log(x1) + x1 * x2 - sin(x2)


GRAPHS = {
    "lecture": lecture,
    "neuron": neuron,
    "regularized": regularized,
    "network": network,
    "baydin": baydin,
    "logistic map": lambda: logistic_map(*inputs(x=0.2)),
    "skip connection": lambda: (lambda x: x + tanh(sin(exp(x))))(*inputs(x=0.4)),
    "square": lambda: (lambda x: x * x)(*inputs(x=3.0)),
    "one input": lambda: inputs(x=3.0)[0],
    "constants alone": lambda: Value(2.0, "constant") * 3 - 1,
}


def drawn(root, **options):
    root.backward()
    return draw_graph(root, **options)


def texts(figure, color=None):
    return [t.get_text() for t in figure.axes[0].texts if color is None or same_color(t.get_color(), color)]


def shown(numbers):
    return sorted(f"{number:.2f}".replace("-", "−") for number in numbers)


def test_lecture_4_sum_times_z():
    figure = drawn(lecture())
    assert sorted(texts(figure, GREEN)) == shown([1, -3, -2, 4, -8])
    assert sorted(texts(figure, RED)) == shown([4, 4, 4, -2, 1])
    assert {"x", "y", "z", "d", "f", "+", "×"} <= set(texts(figure))


def test_lecture_4_sigmoid_neuron():
    figure = drawn(neuron())
    assert sorted(texts(figure, GREEN)) == shown([2, -1, -3, -2, -3, -2, 6, -5, 1, -1, 0.37, 1.37, 0.73])
    assert sorted(texts(figure, RED)) == shown(
        [-0.20, 0.39, -0.39, -0.59, 0.20, 0.20, 0.20, 0.20, 0.20, -0.20, -0.53, -0.53, 1.00]
    )
    assert {"·(−1)", "exp", "+1", "1/·"} <= set(texts(figure)), "constants belong to their operation"


def test_values_alone_show_the_forward_pass():
    figure = draw_graph(neuron(), gradients=False)
    assert set(texts(figure, RED)) <= {""}
    assert len(texts(figure, GREEN)) == 13


def test_what_comes_back_on_several_edges_is_added_up_at_the_node():
    root = GRAPHS["logistic map"]()
    figure = drawn(root)
    (x,) = (node for node in topological_order(root) if node.name == "x")
    sums = [t for t in texts(figure, RED) if t.startswith("Σ")]
    assert f"Σ {x.grad:.2f}" in sums
    assert len(sums) == 3
    assert {"12.09", "−3.02"} <= set(texts(figure, RED))  # 9.07 in total


@pytest.mark.parametrize("name", GRAPHS)
def test_the_graph_flows_from_left_to_right_without_overlap(name):
    root = GRAPHS[name]()
    figure = drawn(root)
    ax = figure.axes[0]
    circles = [np.array(p.center) for p in ax.patches if isinstance(p, Circle)]
    boxes = [
        np.array([p.get_x() + p.get_width() / 2, p.get_y() + p.get_height() / 2])
        for p in ax.patches
        if isinstance(p, FancyBboxPatch)
    ]
    nodes = [node for node in topological_order(root) if node.operation != "constant"]
    assert len(circles) == sum(bool(node.operation) for node in nodes)
    assert len(boxes) == sum(not node.operation for node in nodes)
    places = circles + boxes
    for i, place in enumerate(places):
        assert all(np.linalg.norm(place - other) > 0.7 for other in places[:i])
    edges = [line for line in ax.lines if len(line.get_xdata())]
    assert len(edges) == 1 + sum(parent.operation != "constant" for node in nodes for parent, _ in node.edges)
    for edge in edges:
        assert (np.diff(edge.get_xdata()) > 0).all()
        # An edge meets no node but those at its ends.
        points = np.stack(edge.get_data(), axis=1)
        for start, end in pairwise(points):
            for place in places:
                if min(np.linalg.norm(place - points[0]), np.linalg.norm(place - points[-1])) > 1e-9:
                    t = np.clip((place - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
                    assert np.linalg.norm(start + t * (end - start) - place) > 0.33
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    assert ax.get_xlim()[0] < low[0] - 0.3
    assert high[0] + 0.3 < ax.get_xlim()[1]
    assert ax.get_ylim()[0] < low[1] - 0.3
    assert high[1] + 0.3 < ax.get_ylim()[1]


@pytest.mark.parametrize("name", GRAPHS)
def test_no_two_labels_cover_each_other(name):
    figure = drawn(GRAPHS[name]())
    figure.savefig(io.BytesIO())  # fixes the layout
    ax = figure.axes[0]
    corners = []
    for text in ax.texts:
        if text.get_text():
            angle = text.get_rotation()
            text.set_rotation(0)
            box = text.get_window_extent()
            text.set_rotation(angle)
            turned = text.get_window_extent()
            middle = np.array([turned.x0 + turned.x1, turned.y0 + turned.y1]) / 2
            corners.append((text.get_text(), middle, box.width, box.height, np.radians(angle)))
    for i, (one, p, width, height, angle) in enumerate(corners):
        for other, q, w, h, _ in corners[:i]:
            along = abs((q - p) @ [np.cos(angle), np.sin(angle)])
            across = abs((q - p) @ [-np.sin(angle), np.cos(angle)])
            assert along > 0.4 * (width + w) or across > 0.3 * (height + h), f"{one} and {other}"


@pytest.mark.parametrize("name", GRAPHS)
def test_pictures_are_figures_or_go_where_they_are_told(name):
    settings = dict(mpl.rcParams)
    assert drawn(GRAPHS[name]())._repr_png_().startswith(b"\x89PNG")
    figure = Figure()
    assert drawn(GRAPHS[name](), ax=figure.subplots()) is figure
    assert dict(mpl.rcParams) == settings
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_very_small_and_very_large_numbers_remain_readable():
    x, y = inputs(x=1e-5, y=123456.0)
    figure = drawn(x * y)
    assert {"1.0e−05", "1.2e+05", "1.23"} <= set(texts(figure, GREEN))
    assert {"1.23456"} <= set(texts(drawn(x * y, digits=5), GREEN))
    (x,) = inputs(x=1e4)
    assert "inf" in texts(drawn(exp(x)), GREEN)
    (x,) = inputs(x=0.0)
    assert texts(drawn(-x), GREEN) == ["0.00", "0.00"], "a zero has no sign"


@pytest.mark.parametrize(
    ("make", "symbol"),
    [
        (lambda x: x + 2, "+2"),
        (lambda x: x - 2, "−2"),
        (lambda x: 2 - x, "2−·"),
        (lambda x: x * 2, "·2"),
        (lambda x: -0.5 * x, "·(−0.5)"),
        (lambda x: x / 2, "÷2"),
        (lambda x: 2 / x, "2/·"),
        (lambda x: x**2, "·²"),
        (lambda x: x**-1.5, "·^−1.5"),
        (lambda x: -x, "·(−1)"),
    ],
)
def test_operations_with_a_constant(make, symbol):
    assert symbol in texts(drawn(make(*inputs(x=3.0))))


class Box:
    """A node of another class than `Value`."""

    def __init__(self, data, operation="", edges=(), name="", grad=0.0):
        self.data, self.operation, self.edges, self.name, self.grad = data, operation, edges, name, grad


def test_nodes_may_be_of_any_class():
    x, y, z = Box(1, name="x", grad=4), Box(-3, name="y", grad=4), Box(4, name="z", grad=-2)
    d = Box(-2, "+", [(x, 1), (y, 1)], "d", grad=4)
    f = Box(-8, "×", [(d, 4), (z, -2)], "f", grad=1)
    figure = draw_graph(f)
    theirs = drawn(lecture())
    assert sorted(texts(figure)) == sorted(texts(theirs))
    assert drawing.draw_graph is draw_graph


def test_a_long_chain_of_any_class_is_laid_out_in_a_line():
    node = Box(0.0, name="x")
    for _ in range(12):
        node = Box(node.data + 1, "+1", [(node, 1.0)])
    ax = draw_graph(node).axes[0]
    places = [p.center for p in ax.patches if isinstance(p, Circle)]
    assert len({x for x, _ in places}) == 12
    assert len({round(y, 6) for _, y in places}) == 1


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="digits must be at least 0, but it is -1"):
        draw_graph(Value(1.0), digits=-1)
    with pytest.raises(TypeError, match="but this float has no data and no grad and no operation"):
        draw_graph(Box(1.0, "exp", [(2.0, 1.0)]))
    one, two = Box(1.0, "+"), Box(2.0, "+")
    one.edges, two.edges = [(two, 1.0)], [(one, 1.0)]
    with pytest.raises(ValueError, match="the graph has a cycle"):
        draw_graph(two)

"""Pictures of computational graphs, with the value above and the gradient below every edge.

A node may be of any class that has the attributes of `Node`: `i2dl.autodiff.Value`, or a student's own.

The graph flows from left to right. A circle is an operation, a box an input. On the edge that leads from a number to an
operation stands the number itself (above, green), and what the operation hands back to it in the backward pass (below,
red). If a number is used twice, two edges leave it, and its gradient is the sum of what comes back on both; this sum
stands at the number itself. Constants are drawn into their operation: the "+1" of the sigmoid neuron is one circle.

How the places are found: (1) every node goes into a *layer*, one to the right of its last parent, inputs right before
their first use. (2) Where an edge spans several layers, it is given a bend in each of those between, so that it can be
led around the nodes there. (3) In each layer, nodes are put in the order of the mean height of their neighbours, so
that few edges cross. (4) They are moved to that mean height, as far as those above and below in the layer let them.

The drawing follows I2DL lecture 4; the layout is that of K. Sugiyama, S. Tagawa, M. Toda, *Methods for visual
understanding of hierarchical system structures*, 1981, in its simplest form.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from i2dl.plots.basics import GREEN, GREY, axes_or_new, figure_of

RED = "#C62828"
# Distances in the picture: between layers, between nodes of a layer, and the size of a node.
_COLUMN, _ROW, _RADIUS = 2.2, 1.3, 0.32
# How often the layers are gone through to find their order, and then their heights.
_ORDERINGS, _SETTLINGS = 8, 60


class Node(Protocol):
    """A number that remembers how it was made.

    Attributes
    ----------
    data, grad : number
        The number, and the derivative of the end of the graph with respect to it.
    operation : str
        What made it: "" for an input, "constant" for a number that is no input, else a symbol like "+" or "exp".
    edges : sequence of (node, number)
        Its parents, each with the local slope ∂self/∂parent.
    name : str
        What the picture calls it; may be empty.
    """

    data: Any
    grad: Any
    operation: str
    edges: Sequence[tuple["Node", Any]]
    name: str


# A node, or the bend that an edge (from node, to node, which of its edges) makes in a layer.
Bend: TypeAlias = tuple[Node, Node, int, int]
Place: TypeAlias = Node | Bend
Edge: TypeAlias = tuple[Node, Node, int]
Point: TypeAlias = tuple[float, float]


def draw_graph(root: Node, *, gradients: bool = True, digits: int = 2, ax: Axes | None = None) -> Figure:
    """Draw the graph that ends in ``root``, with values and gradients on every edge.

    On an edge stand the value of the number it comes from, and local slope times upstream gradient: what this edge
    carries back. Call ``root.backward()`` first, or the gradients shown are those of an earlier call, or 0.

    Parameters
    ----------
    root : Node
        The end of the graph. Up to about twenty nodes remain readable.
    gradients : bool
        Whether to show them; without, the picture is that of the forward pass.
    digits : int
        Decimal places.
    ax : matplotlib Axes, optional
        Where to draw.

    Returns
    -------
    matplotlib Figure
        The picture.

    Raises
    ------
    ValueError
        If ``digits`` is negative, or the graph has a cycle.
    TypeError
        If a node lacks one of the attributes of `Node`.

    References
    ----------
    I2DL lecture 4, backprop and neural networks as computational graphs.
    """
    if digits < 0:
        msg = f"digits must be at least 0, but it is {digits}"
        raise ValueError(msg)
    nodes = [node for node in _reachable(root) if node.operation != "constant" or node is root]
    layers, chains = _layers(nodes)
    heights = _heights(layers, chains)
    at = {place: (column * _COLUMN, heights[place]) for column, layer in enumerate(layers) for place in layer}
    if ax is None:
        tallest = max(heights.values()) - min(heights.values())
        size = (0.62 * (_COLUMN * len(layers) + 0.6), 0.62 * (tallest + 1.4))
        ax = axes_or_new(None, *size)

    paths = _paths(chains, at)
    taken: list[list[Point]] = []
    for edge, path in paths.items():
        ax.plot(*zip(*path, strict=True), color=GREY, linewidth=1.2, zorder=1)
        parent, child, which = edge
        carried = child.edges[which][1] * child.grad
        others = [other for key, other in paths.items() if key != edge]
        stretch = _roomiest(path, others, taken)
        taken.append(stretch)
        _label(ax, stretch, _number(parent.data, digits), _number(carried, digits) if gradients else "")
    uses = Counter(parent for parent, _, _ in chains)
    for node in nodes:
        _draw_node(ax, node, at[node], named=node is not root)
        if gradients and uses[node] > 1:
            x, y = at[node]
            text = f"Σ {_number(node.grad, digits)}"
            ax.text(x, y - _RADIUS - 0.08, text, color=RED, ha="center", va="top", fontsize=8)
    # The end of the graph has an edge as well: f itself, and ∂f/∂f.
    x, y = at[root]
    end = x + 0.8 * _COLUMN
    ax.plot([x, end], [y, y], color=GREY, linewidth=1.2, zorder=1)
    stretch = [(x + _RADIUS, y), (end, y)]
    _label(ax, stretch, _number(root.data, digits), _number(root.grad, digits) if gradients else "")
    if root.operation:
        ax.text(end + 0.05, y, root.name, ha="left", va="center", style="italic")
    low, high = min(heights.values()), max(heights.values())
    ax.set(xlim=(-0.5, end + 0.3), ylim=(low - 0.7, high + 0.7), aspect="equal")
    ax.set_axis_off()
    return figure_of(ax)


def _reachable(root: Node) -> list[Node]:
    """List the root and all that it was made of, as one reads the formula from its end; check that each is a node."""
    found: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        found[id(node)] = node
        missing = [name for name in Node.__annotations__ if not hasattr(node, name)]
        if missing:
            msg = f"a node must have data, grad, operation, edges and name, but this {type(node).__name__} has no "
            raise TypeError(msg + " and no ".join(missing))
        waiting.extend(parent for parent, _ in reversed(node.edges))
    return list(found.values())


def _layers(nodes: list[Node]) -> tuple[list[list[Place]], dict[Edge, list[Place]]]:
    """Distribute nodes and bends over the layers; return these, and for each edge the places it goes through."""
    shown = set(nodes)
    edges = [
        (parent, child, which) for child in nodes for which, (parent, _) in enumerate(child.edges) if parent in shown
    ]
    layer = dict.fromkeys(nodes, 0)
    # Push every node to the right of its parents until none has to move. Only a cycle would never come to rest.
    for _ in nodes:
        late = [(parent, child) for parent, child, _ in edges if layer[child] <= layer[parent]]
        for parent, child in late:
            layer[child] = max(layer[child], layer[parent] + 1)
        if not late:
            break
    else:
        msg = "the graph has a cycle: no number can have been made of itself"
        raise ValueError(msg)
    for node in nodes:
        uses = [layer[child] for parent, child, _ in edges if parent is node]
        if uses and not node.edges:
            layer[node] = min(uses) - 1

    layers: list[list[Place]] = [[] for _ in range(max(layer.values()) + 1)]
    for node in nodes:
        layers[layer[node]].append(node)
    chains = {}
    for parent, child, which in edges:
        bends: list[Place] = []
        for column in range(layer[parent] + 1, layer[child]):
            bends.append((parent, child, which, column))
            layers[column].append(bends[-1])
        chains[parent, child, which] = [parent, *bends, child]
    return layers, chains


def _heights(layers: list[list[Place]], chains: dict[Edge, list[Place]]) -> dict[Place, float]:
    """Order each layer, and give each place its height; both by the mean height of the neighbours."""
    before: dict[Place, list[Place]] = defaultdict(list)
    after: dict[Place, list[Place]] = defaultdict(list)
    for places in chains.values():
        for left, right in pairwise(places):
            after[left].append(right)
            before[right].append(left)

    height: dict[Place, float] = {place: -_ROW * i for layer in layers for i, place in enumerate(layer)}

    def wish(place: Place, neighbours: list[Place]) -> float:
        return sum(height[n] for n in neighbours) / len(neighbours) if neighbours else height[place]

    for sweep in range(_ORDERINGS + _SETTLINGS + 1):
        ordering, last = sweep < _ORDERINGS, sweep == _ORDERINGS + _SETTLINGS
        forwards = sweep % 2 == 0
        for layer in layers if forwards else reversed(layers):
            if ordering or last:  # the last sweep puts each node level with its parents, so that chains run straight
                sides = {place: (before if forwards else after)[place] for place in layer}
            else:
                sides = {place: before[place] + after[place] for place in layer}
            wishes = {place: wish(place, sides[place]) for place in layer}
            if ordering:
                layer.sort(key=lambda place: -wishes[place])
            height.update(zip(layer, _apart([wishes[place] for place in layer]), strict=True))
    return height


def _apart(wishes: list[float]) -> list[float]:
    """Return heights in falling order, at least a row apart, that are closest to the wishes (least squares).

    With a row added for each predecessor the heights need only not rise: those who wish otherwise are pooled with their
    neighbours at their mean wish.
    """
    pools: list[tuple[float, int]] = []
    for i, y in enumerate(wishes):
        total, count = y + i * _ROW, 1
        while pools and pools[-1][0] / pools[-1][1] < total / count:
            earlier, number = pools.pop()
            total, count = total + earlier, count + number
        pools.append((total, count))
    level = [total / count for total, count in pools for _ in range(count)]
    return [y - i * _ROW for i, y in enumerate(level)]


def _paths(chains: dict[Edge, list[Place]], at: dict[Place, Point]) -> dict[Edge, list[Point]]:
    """Return the points that each edge goes through; two edges between the same nodes bulge apart."""
    parallel = Counter((parent, child) for parent, child, _ in chains)
    paths = {}
    for (parent, child, which), places in chains.items():
        path = [at[place] for place in places]
        if len(path) == 2 and parallel[parent, child] > 1:
            (x0, y0), (x1, y1) = path
            bulge = 0.45 if which == 0 else -0.45
            path[1:1] = [(x0 + t * (x1 - x0), y0 + t * (y1 - y0) + bulge) for t in (0.25, 0.75)]
        paths[parent, child, which] = path
    return paths


def _draw_node(ax: Axes, node: Node, place: tuple[float, float], *, named: bool) -> None:
    """Draw a circle with the operation and perhaps the name above it, or a box with the name of the input."""
    x, y = place
    if node.operation in ("", "constant"):
        side = 2 * _RADIUS * 0.8
        corner = (x - side / 2, y - side / 2)
        ax.add_patch(FancyBboxPatch(corner, side, side, boxstyle="round,pad=0.02", fc="#EEEEEE", ec=GREY, zorder=2))
        ax.text(x, y, node.name, ha="center", va="center", style="italic", zorder=3)
        return
    ax.add_patch(Circle((x, y), _RADIUS, facecolor="white", edgecolor="black", linewidth=1.0, zorder=2))
    text = _symbol(node)
    ax.text(x, y, text, ha="center", va="center", fontsize=10 if len(text) < 4 else 7.5, zorder=3)
    if named:
        ax.text(x, y + _RADIUS + 0.05, node.name, ha="center", va="bottom", style="italic", fontsize=9)


def _symbol(node: Node) -> str:
    """Write the operation, with its constant if it has one: "+1", "1/·", "·²"."""
    constants = [parent.operation == "constant" for parent, _ in node.edges]
    if not any(constants) or all(constants):
        return node.operation
    which = constants.index(True)
    value = f"{node.edges[which][0].data:.3g}".replace("-", "−")
    if node.operation == "^":
        return {"2": "·²", "3": "·³"}.get(value, f"·^{value}")
    if node.operation == "÷" and which == 0:
        return f"{value}/·"
    if node.operation == "−" and which == 0:
        return f"{value}−·"
    bracketed = f"({value})" if value.startswith("−") else value
    return f"{'·' if node.operation == '×' else node.operation}{bracketed}"


def _roomiest(path: list[Point], others: list[list[Point]], taken: list[list[Point]]) -> list[Point]:
    """Choose the stretch of an edge to label: where the other edges, and the labels that have a place, leave room."""
    # An edge that bulges is labelled where it is level, any other on its way out of the node.
    bulges = len(path) == 4 and path[1][1] == path[2][1] != path[0][1]
    (x0, y0), (x1, y1) = path[1:3] if bulges else path[:2]

    def stretch(t: float) -> list[Point]:
        return [(x0 + s * (x1 - x0), y0 + s * (y1 - y0)) for s in (t - 0.12, t, t + 0.12)]

    def distance(t: float, lines: list[list[Point]]) -> float:
        return min((_distance(p, *ends) for p in stretch(t) for line in lines for ends in pairwise(line)), default=9.0)

    def room(t: float) -> float:
        # A label reaches a quarter of a unit to either side; where two meet, both do. More room is no better.
        return min(distance(t, others), distance(t, taken) / 2, 0.25)

    return stretch(max((0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7), key=room))


def _label(ax: Axes, stretch: list[Point], above: str, below: str) -> None:
    """Write the value above and the gradient below the middle of a stretch, along it."""
    (x0, y0), (x1, y1) = stretch[0], stretch[-1]
    angle = math.atan2(y1 - y0, x1 - x0)
    for text, color, side in ((above, GREEN, 1), (below, RED, -1)):
        ax.annotate(
            text,
            ((x0 + x1) / 2, (y0 + y1) / 2),
            xytext=(-1.5 * side * math.sin(angle), 1.5 * side * math.cos(angle)),
            textcoords="offset points",
            rotation=math.degrees(angle),
            rotation_mode="anchor",
            color=color,
            ha="center",
            va="bottom" if side > 0 else "top",
            fontsize=8,
            zorder=4,
        )


def _distance(point: Point, start: Point, end: Point) -> float:
    """Distance from a point to the straight line between two others."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    length = math.hypot(x1 - x0, y1 - y0)
    along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length**2
    t = min(max(along, 0.0), 1.0)
    return math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0))


def _number(value: float, digits: int) -> str:
    """Write a number with so many decimals, or in powers of ten where these would not show it."""
    small = 1e-12 < abs(value) < 0.5 * 10.0**-digits  # below, it is a 0 that was rounded
    text = f"{float(value):.1e}" if small or 1e4 <= abs(value) < math.inf else f"{float(value):.{digits}f}"
    return text.replace("-", "−" if float(text) else "")

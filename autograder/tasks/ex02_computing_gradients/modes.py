"""Parts 3 to 5: the local rules, the engine for reverse mode, dual numbers for forward mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex02_computing_gradients import mode_mistakes as mistakes
from autograder.tasks.ex02_computing_gradients.by_hand import FORBIDDEN, signed

# ---------------------------------------------------------------------------------------------------------------
# 3 The local rules


def _rule_inputs(rng: np.random.Generator, n: int) -> dict[str, Any]:
    signs = np.where(np.arange(n) % 2, -1.0, 1.0)
    return {
        "x": signs * rng.uniform(0.4, 1.8, n),
        "positive": rng.uniform(0.3, 3.0, n),
        "n": [float(v) for v in rng.uniform(-2.5, 3.5, n)],
        "whole": int(rng.integers(3, 6)),
    }


def _rule_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("four numbers", given=True, **_rule_inputs(rng, 4))
    yield case("five others", **_rule_inputs(rng, 5))
    yield case("and six", **_rule_inputs(rng, 6))
    kink = _rule_inputs(rng, 3)
    kink["at"] = np.array([0.0, 2.0, -1.0])
    yield case("ReLU at its kink", edge="ReLU at 0", ignore={"slope of relu": kink["at"] == 0}, **kink)


_RULE_HINTS = {
    "exp": "eˣ is its own slope.",
    "reciprocal": "1/x is x to the power −1: its slope is −1/x².",
    "log": "the slope of the natural logarithm is 1/x.",
    "tanh": "the slope of tanh is 1 − tanh²: square the output.",
    "relu": "max(0, x) has the slope 1 for x > 0 and 0 for x < 0.",
    "power": "xⁿ has the slope n · xⁿ⁻¹.",
}


@task(
    points=4,
    cases=_rule_cases,
    mistakes=mistakes.LOCAL_RULES,
    forbid=FORBIDDEN,
    hints=_RULE_HINTS | {f"slope of {name}": hint for name, hint in _RULE_HINTS.items()},
)
def local_rules(
    impl: Any, x: np.ndarray, positive: np.ndarray, n: list[float], whole: int, at: np.ndarray | None = None
) -> dict[str, Any]:
    """Value and slope of six elementary functions."""
    asked = {
        "exp": [impl.exp_rule(float(v)) for v in x],
        "reciprocal": [impl.reciprocal_rule(float(v)) for v in x],
        "log": [impl.log_rule(float(v)) for v in positive],
        "tanh": [impl.tanh_rule(float(v)) for v in x],
        "relu": [impl.relu_rule(float(v)) for v in (x if at is None else at)],
        "power": [
            *(impl.power_rule(float(v), k) for v, k in zip(positive, n, strict=True)),
            *(impl.power_rule(float(v), whole) for v in x),
        ],
    }
    outputs = {}
    for name, pairs in asked.items():
        if any(not isinstance(pair, (tuple, list)) or len(pair) != 2 for pair in pairs):
            msg = f"`{name}_rule` must return two numbers, the value and the slope"
            raise TypeError(msg)
        outputs[name] = np.array([value for value, _ in pairs], dtype=float)
        outputs[f"slope of {name}"] = np.array([slope for _, slope in pairs], dtype=float)
    return outputs


# ---------------------------------------------------------------------------------------------------------------
# 4 Reverse mode


def _value_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("3 and 5", given=True, a=3.0, b=5.0, c=2.0)
    for name in ("other numbers", "and others"):
        yield case(name, a=signed(rng), b=signed(rng), c=signed(rng))
    yield case("zeros", edge="a factor of 0", a=0.0, b=signed(rng), c=signed(rng))


@task(
    points=3,
    cases=_value_cases,
    mistakes=mistakes.VALUE,
    forbid=FORBIDDEN,
    hints={
        "sum": "x + y, x + c and c + x are Values that hold these numbers.",
        "slopes of the sum": "a sum has the slope 1 by each of its two parents, and twice an edge where both are one.",
        "product": "x · y, x · c and c · x are Values that hold these numbers.",
        "slopes of the product": "a product's slope by one factor is the other factor; each has an edge.",
        "apply": "apply holds the value that the rule returns.",
        "slope of apply": "apply has one edge, to self, with the slope that the rule returns.",
    },
)
def value(impl: Any, a: float, b: float, c: float) -> dict[str, Any]:
    """What +, × and an elementary function compute, and which edges they leave."""

    def data(*nodes: Any) -> np.ndarray:
        for node in nodes:
            if not hasattr(node, "edges"):
                msg = f"the result of an operation must be a Value, but it is a {type(node).__name__}"
                raise TypeError(msg)
            if hasattr(node.data, "edges"):
                msg = "the `data` of a result is a Value, where a plain number is due: use `.data` of the parents"
                raise TypeError(msg)
        return np.array([node.data for node in nodes], dtype=float)

    def slopes(node: Any, *parents: Any) -> list[float]:
        for edge in node.edges:
            if not isinstance(edge, (tuple, list)) or len(edge) != 2:
                msg = "`edges` must hold pairs (parent, local slope), in brackets of their own"
                raise TypeError(msg)
            if hasattr(edge[1], "edges"):
                msg = "a local slope is a Value, where a plain number is due: use `.data`"
                raise TypeError(msg)
        return [float(sum(slope for p, slope in node.edges if p is parent)) for parent in parents]

    x, y = impl.Value(a), impl.Value(b)
    outputs = {
        "sum": data(x + y, x + c, c + x),
        "slopes of the sum": np.array(slopes(x + y, x, y) + slopes(x + c, x) + slopes(x + x, x)),
        "product": data(x * y, x * c, c * x),
        "slopes of the product": np.array(slopes(x * y, x, y) + slopes(x * c, x) + slopes(y * y, y)),
    }
    cube = y.apply(lambda v: (v**3, 3 * v * v), "cube")
    return {**outputs, "apply": data(cube), "slope of apply": np.array(slopes(cube, y))}


def _graph(rng: np.random.Generator, n: int, extra: int) -> np.ndarray:
    """Draw a graph of n nodes as rows (child, parent): everything leads to the last, some by several ways."""
    edges = [(int(rng.integers(k + 1, n)), k) for k in range(n - 1)]
    for _ in range(extra):
        parent, child = sorted(int(v) for v in rng.choice(n, 2, replace=False))
        edges.append((child, parent))
    return rng.permutation(np.array(edges))


EXAMPLE = np.array([(2, 0), (2, 1), (3, 0), (3, 2), (4, 2), (4, 3)])
DIAMOND = np.array([(1, 0), (2, 0), (3, 1), (3, 2)])
DIAMONDS = np.concatenate([DIAMOND + k for k in range(0, 27, 3)])


def _order_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a, b and f of the text", given=True, n=5, edges=EXAMPLE)
    yield case("a chain", n=7, edges=np.array([(k + 1, k) for k in range(6)]))
    yield case("nine diamonds in a row", n=28, edges=DIAMONDS)
    for name, n, extra in (("a drawn graph", 9, 8), ("a larger one", 14, 16)):
        yield case(name, n=n, edges=_graph(rng, n, extra))
    yield case("an input alone", edge="a root without parents", n=1, edges=np.zeros((0, 2), dtype=int))


@task(
    points=3,
    cases=_order_cases,
    mistakes=mistakes.TOPOLOGICAL_ORDER,
    forbid=(*FORBIDDEN, "i2dl.plots.graph"),
    hints={
        "nodes listed": "every node that the root was made of is to be listed, constants and the root too.",
        "each once": "a node is listed more than once: remember which nodes have been visited.",
        "parents first": "a node stands before one of its parents: write a node down after all its parents.",
        "root last": "the root was made of all others, so it comes last.",
    },
)
def topological_order(impl: Any, n: int, edges: np.ndarray) -> dict[str, Any]:
    """Whether an order is one: any that puts parents first is right."""

    class Node:
        def __init__(self) -> None:
            self.data, self.grad, self.operation, self.name = 0.0, 0.0, "", ""
            self.edges: list[Any] = []

    nodes = [Node() for _ in range(n)]
    for child, parent in edges:
        nodes[child].edges.append((nodes[parent], 1.0))
    order = list(impl.topological_order(nodes[-1]))
    if any(not isinstance(node, Node) for node in order):
        msg = "the list must hold nodes and nothing else: of an edge, take the parent alone"
        raise TypeError(msg)
    place = {id(node): k for k, node in reversed(list(enumerate(order)))}
    first = [id(p) in place and place[id(p)] < place[id(node)] for node in order for p, _ in node.edges]
    return {
        "nodes listed": float(len(place)),
        "each once": len(order) == len(place),
        "parents first": all(first),
        "root last": bool(order) and order[-1] is nodes[-1],
    }


def _backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    given = np.array([2.0, 3.0, 1.0, 1.0, 9.0, 6.0])  # the text's graph at x = 3
    yield case("a, b and f of the text", given=True, n=5, edges=EXAMPLE, slopes=given)
    chain = np.array([(k + 1, k) for k in range(5)])
    yield case("a chain", n=6, edges=chain, slopes=rng.uniform(0.5, 2.0, 5) * rng.choice([-1.0, 1.0], 5))
    yield case("a square", n=2, edges=np.array([(1, 0), (1, 0)]), slopes=np.full(2, signed(rng)))
    for name, n, extra in (("a drawn graph", 8, 6), ("a larger one", 12, 12)):
        edges = _graph(rng, n, extra)
        yield case(name, n=n, edges=edges, slopes=rng.standard_normal(len(edges)))
    empty = np.zeros((0, 2), dtype=int)
    yield case("an input alone", edge="a root without parents", n=1, edges=empty, slopes=np.zeros(0))


@task(
    points=3,
    cases=_backward_cases,
    mistakes=mistakes.BACKWARD,
    forbid=FORBIDDEN,
    hints={
        "gradients": "start with 1 at the last node; then, from the last to the first, add slope · node.grad to each "
        "parent's grad.",
        "second call": "a second call must give the same gradients: begin by setting all of them to 0.",
    },
)
def backward(impl: Any, n: int, edges: np.ndarray, slopes: np.ndarray) -> dict[str, Any]:
    """The gradients of all nodes, after one call and after another."""

    class Node:
        def __init__(self) -> None:
            self.data, self.grad, self.operation, self.name = 0.0, 0.0, "", ""
            self.edges: list[Any] = []

    nodes = [Node() for _ in range(n)]
    for k, node in enumerate(nodes):
        node.data = 1.5 + k
    for (child, parent), slope in zip(edges, slopes, strict=True):
        nodes[child].edges.append((nodes[parent], float(slope)))
    found = []
    for _ in range(2):
        impl.backward(list(nodes))
        found.append(np.array([node.grad for node in nodes], dtype=float))
    return {"gradients": found[0], "second call": found[1]}


def _gradient_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, n in (("two numbers", True, 2), ("three numbers", False, 3), ("five numbers", False, 5)):
        x, c = ([signed(rng, 0.5, 2.0) for _ in range(n)] for _ in range(2))
        yield case(name, given=given, x=x, c=c)
    yield case("one number", edge="a single input", x=[signed(rng)], c=[signed(rng)])


@task(
    points=2,
    cases=_gradient_cases,
    mistakes=mistakes.REVERSE_GRADIENT,
    forbid=FORBIDDEN,
    shares={"out": 1, "gradient": 2, "runs of f": 1},
    hints={
        "out": "the value is the data of what f returns.",
        "gradient": "after backward on the result, each gradient is the grad of the number that was put in.",
        "runs of f": "f has to run once, and not once per input.",
    },
)
def reverse_gradient(impl: Any, x: list[float], c: list[float]) -> dict[str, Any]:
    """Value and gradient of c₀x₀² + Σ cᵢxᵢ₋₁xᵢ by numbers that remember, which are made here."""

    class Node:
        def __init__(self, data: float, edges: Any = ()) -> None:
            self.data, self.edges, self.grad = data, edges, 0.0

        def __add__(self, other: Any) -> Any:
            other = other if isinstance(other, Node) else Node(other)
            return Node(self.data + other.data, ((self, 1.0), (other, 1.0)))

        def __mul__(self, other: Any) -> Any:
            other = other if isinstance(other, Node) else Node(other)
            return Node(self.data * other.data, ((self, other.data), (other, self.data)))

        __radd__, __rmul__ = __add__, __mul__

        def backward(self, share: float = 1.0) -> None:
            self.grad += share
            for parent, slope in self.edges:
                parent.backward(slope * share)

    runs = []

    def f(*values: Any) -> Any:
        if isinstance(values[0], (list, tuple)):
            msg = "f takes its numbers one by one, f(*values), and not as one list"
            raise TypeError(msg)
        runs.append(1)
        total = c[0] * (values[0] * values[0])
        for i in range(1, len(values)):
            total = total + c[i] * (values[i - 1] * values[i])
        return total

    out, gradient = impl.reverse_gradient(f, list(x), Node)
    if any(isinstance(v, Node) for v in (out, *gradient)):
        msg = "plain numbers are due, but a node is returned: take its data, or its grad"
        raise TypeError(msg)
    return {"out": out, "gradient": np.array(gradient, dtype=float), "runs of f": float(len(runs))}


# ---------------------------------------------------------------------------------------------------------------
# 5 Forward mode


def _dual_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("3 + 1ε and 5 + 2ε", given=True, a=3.0, da=1.0, b=5.0, db=2.0, c=4.0)
    for name in ("other numbers", "and others"):
        yield case(name, a=signed(rng), da=signed(rng), b=signed(rng), db=signed(rng), c=signed(rng))
    yield case("a slope of 0", edge="a constant", a=signed(rng), da=0.0, b=signed(rng), db=0.0, c=signed(rng))


@task(
    points=3,
    cases=_dual_cases,
    mistakes=mistakes.DUAL,
    forbid=FORBIDDEN,
    hints={
        "sum": "values add up, and so do slopes.",
        "product": "the slope of a product is a′b + ab′.",
        "with a plain number": "a plain number is a dual number whose slope is 0.",
        "apply": "g(a + a′ε) = g(a) + g′(a)·a′ε: the rule's slope times the slope of self.",
    },
)
def dual(impl: Any, a: float, da: float, b: float, db: float, c: float) -> dict[str, Any]:
    """Value and slope of a sum, a product and an elementary function."""

    def pairs(*numbers: Any) -> np.ndarray:
        for number in numbers:
            if not hasattr(number, "slope"):
                msg = f"the result of an operation must be a Dual, but it is a {type(number).__name__}"
                raise TypeError(msg)
            if hasattr(number.value, "slope") or hasattr(number.slope, "slope"):
                msg = "a Dual holds two plain numbers, but one of them is a Dual: use `.value` or `.slope`"
                raise TypeError(msg)
        return np.array([(number.value, number.slope) for number in numbers], dtype=float).squeeze()

    x, y = impl.Dual(a, da), impl.Dual(b, db)
    return {
        "sum": pairs(x + y),
        "product": pairs(x * y),
        "with a plain number": pairs(x + c, c * y),
        "apply": pairs(x.apply(lambda v: (v**3, 3 * v * v), "cube")),
    }


@task(
    points=2,
    cases=_gradient_cases,
    mistakes=mistakes.FORWARD_GRADIENT,
    forbid=FORBIDDEN,
    shares={"out": 1, "gradient": 2},
    hints={
        "out": "the value is that of what f returns, in any of the runs.",
        "gradient": "in run i, input i has the slope 1 and all others 0; the slope of the result is entry i.",
    },
)
def forward_gradient(impl: Any, x: list[float], c: list[float]) -> dict[str, Any]:
    """Value and gradient of c₀x₀² + Σ cᵢxᵢ₋₁xᵢ by numbers that know their slope, which are made here."""

    class Pair:
        def __init__(self, value: float, slope: float = 0.0) -> None:
            self.value, self.slope = value, slope

        def __add__(self, other: Any) -> Any:
            other = other if isinstance(other, Pair) else Pair(other)
            return Pair(self.value + other.value, self.slope + other.slope)

        def __mul__(self, other: Any) -> Any:
            other = other if isinstance(other, Pair) else Pair(other)
            return Pair(self.value * other.value, self.slope * other.value + self.value * other.slope)

        __radd__, __rmul__ = __add__, __mul__

    def f(*values: Any) -> Any:
        if isinstance(values[0], (list, tuple)):
            msg = "f takes its numbers one by one, f(*values), and not as one list"
            raise TypeError(msg)
        total = c[0] * (values[0] * values[0])
        for i in range(1, len(values)):
            total = total + c[i] * (values[i - 1] * values[i])
        return total

    out, gradient = impl.forward_gradient(f, list(x), Pair)
    if any(isinstance(v, Pair) for v in (out, *gradient)):
        msg = "plain numbers are due, but a dual number is returned: take its value, or its slope"
        raise TypeError(msg)
    return {"out": out, "gradient": np.array(gradient, dtype=float)}

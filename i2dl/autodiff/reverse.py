"""Reverse mode: backpropagation through a graph of single numbers.

Every number here remembers how it was made: from which numbers (its parents), by which operation, and with which local
slopes. Computing f with such numbers is the *forward pass*, and leaves a computational graph behind.

    x, y, z = Value(1.0), Value(-3.0), Value(4.0)
    d = x + y           # d = −2,   ∂d/∂x = 1,  ∂d/∂y = 1
    f = d * z           # f = −8,   ∂f/∂d = z,  ∂f/∂z = d
    f.backward()        # z.grad = d = −2,  d.grad = z = 4,  x.grad = 1 · 4,  y.grad = 1 · 4

The *backward pass* starts at the end, with ∂f/∂f = 1, and goes through the graph against its direction. Each node
does one thing, whatever the rest of the graph looks like: it takes the gradient that has arrived, the upstream gradient
∂f/∂node, and hands each parent its share,

    ∂f/∂parent  +=  ∂node/∂parent · ∂f/∂node        (local slope times upstream gradient).

The += is the chain rule's sum: a number that was used twice influences f on two ways, and is influenced back on both.

The local slope of an operation is known as soon as it is computed. So it is written in the same line as the operation,
as in ``Value(a * b, "×", ((a, b), (b, a)))``: "the product, made of a with slope b, and of b with slope a". This is all
that has to be derived by hand, once for each elementary operation and never again for the programs made of them.

One backward pass yields the slopes for *all* inputs at a few times the cost of computing f; a network has one loss and
millions of weights, which is why it is trained this way and not in forward mode (`i2dl.autodiff.forward`).
"""

from collections.abc import Callable
from numbers import Real
from typing import Any

from i2dl.autodiff.elementary import cos, exp, log, power, relu, sigmoid, sin, step, tanh


class Value:
    """A number that remembers how it was computed.

    Numbers that enter a computation with it (the 2 in ``2 * x``) become values too, with operation "constant".

    Parameters
    ----------
    data : number
        The number itself.
    operation : str
        What made it: "" for an input, "constant", or a symbol like "+" or "exp".
    edges : tuple of (Value, float)
        Its parents, each with the local slope ∂self/∂parent.
    name : str
        What pictures call it.

    Attributes
    ----------
    data, operation, edges, name
        As above.
    grad : float
        ∂f/∂self, after ``f.backward()``.

    Raises
    ------
    TypeError
        If ``data`` is not a real number.

    References
    ----------
    I2DL lectures 3 and 4, computational graphs and backprop.
    """

    __slots__ = ("data", "edges", "grad", "name", "operation")
    # NumPy's numbers would otherwise treat a Value on their right as an array of objects.
    __array_ufunc__ = None

    def __init__(
        self,
        data: Any,
        operation: str = "",
        edges: tuple[tuple["Value", float], ...] = (),
        *,
        name: str = "",
    ) -> None:
        if not isinstance(data, Real):
            msg = f"a Value holds one real number, but it is given a {type(data).__name__}"
            raise TypeError(msg)
        self.data: Any = data
        self.grad = 0.0
        self.operation = operation
        self.edges = edges
        self.name = name

    def __add__(self, other: "Value | float") -> "Value":
        b = _value(other)
        return Value(self.data + b.data, "+", ((self, 1.0), (b, 1.0)))

    def __sub__(self, other: "Value | float") -> "Value":
        b = _value(other)
        return Value(self.data - b.data, "−", ((self, 1.0), (b, -1.0)))

    def __mul__(self, other: "Value | float") -> "Value":
        b = _value(other)
        return Value(self.data * b.data, "×", ((self, b.data), (b, self.data)))

    def __truediv__(self, other: "Value | float") -> "Value":
        b = _value(other)
        out = self.data / b.data
        return Value(out, "÷", ((self, 1 / b.data), (b, -out / b.data)))

    def __pow__(self, other: "Value | float") -> "Value":
        if isinstance(other, Value):
            return (other * self.log()).exp()  # aᵇ = e^(b log a), and both have their slopes already
        b = _value(other)
        out = power(self.data, b.data)
        slope = b.data * power(self.data, b.data - 1) if b.data else 0.0
        return Value(out, "^", ((self, slope), (b, 0.0)))

    def __neg__(self) -> "Value":
        return Value(-self.data, "·(−1)", ((self, -1.0),))

    def exp(self) -> "Value":
        """Return eˣ; it is its own slope."""
        out = exp(self.data)
        return Value(out, "exp", ((self, out),))

    def log(self) -> "Value":
        """Return log x, with slope 1/x."""
        return Value(log(self.data), "log", ((self, 1 / self.data),))

    def sin(self) -> "Value":
        """Return sin x, with slope cos x."""
        return Value(sin(self.data), "sin", ((self, cos(self.data)),))

    def cos(self) -> "Value":
        """Return cos x, with slope −sin x."""
        return Value(cos(self.data), "cos", ((self, -sin(self.data)),))

    def tanh(self) -> "Value":
        """Return tanh x, with slope 1 − tanh² x."""
        out = tanh(self.data)
        return Value(out, "tanh", ((self, 1 - out * out),))

    def sigmoid(self) -> "Value":
        """Return σ(x), with slope σ(x) · σ(−x), in which 1 − σ(x) does not round to 0."""
        out = sigmoid(self.data)
        return Value(out, "σ", ((self, out * sigmoid(-self.data)),))

    def relu(self) -> "Value":
        """Return max(0, x), with slope 1 for x > 0, else 0."""
        return Value(relu(self.data), "relu", ((self, step(self.data)),))

    def step(self) -> "Value":
        """Return 1 for x > 0, else 0: flat, so the slope is 0 wherever there is one."""
        return Value(step(self.data), "step", ((self, 0.0),))

    def __radd__(self, other: float) -> "Value":
        return _value(other) + self

    def __rsub__(self, other: float) -> "Value":
        return _value(other) - self

    def __rmul__(self, other: float) -> "Value":
        return _value(other) * self

    def __rtruediv__(self, other: float) -> "Value":
        return _value(other) / self

    def __rpow__(self, other: float) -> "Value":
        return _value(other) ** self

    def backward(self) -> None:
        """Set ``grad`` of every node that this one was made of to ∂self/∂node.

        Each call begins anew; it does not add to what an earlier one has left, as PyTorch's does.

        References
        ----------
        I2DL lecture 4, backprop: backward pass.
        """
        order = topological_order(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        # Against the order, so that a node passes its gradient on only once all of it has arrived.
        for node in reversed(order):
            for parent, slope in node.edges:
                parent.grad += slope * node.grad

    def __repr__(self) -> str:
        """Return the number, its gradient and what made it."""
        label = f"{self.name}, " if self.name else ""
        made = f", {self.operation}" if self.operation else ""
        return f"Value({label}data={self.data:.6g}, grad={self.grad:.6g}{made})"


def topological_order(root: Value) -> list[Value]:
    """List all nodes that ``root`` was made of, each after its parents, and ``root`` last.

    A depth-first walk that writes a node down when it leaves it. It keeps its own stack, because a graph may be deeper
    than Python lets functions call themselves.

    Parameters
    ----------
    root : Value
        The end of the graph.

    Returns
    -------
    list of Value
        Every node once.

    References
    ----------
    I2DL lecture 3: a computational graph is directional and can be organized in layers.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in reversed(node.edges))
    return order


def reverse_gradient(f: Callable[..., Any], *inputs: float) -> tuple[Any, tuple[Any, ...]]:
    """Compute f and all its partial derivatives with one forward and one backward pass.

    Parameters
    ----------
    f : callable
        A program of + − × ÷ ** and the functions of `i2dl.autodiff.elementary`, from numbers to one number.
    inputs : number
        Where.

    Returns
    -------
    out : number
        f(inputs).
    gradient : tuple of number, one for each input
        ∂f/∂input.

    Raises
    ------
    TypeError
        If an input or what ``f`` returns is not a real number.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: reverse mode.
    """
    values = [Value(x) for x in inputs]
    out = _value(f(*values))
    out.backward()
    return out.data, tuple(value.grad for value in values)


def _value(number: Any) -> Value:
    """Return a Value as it is, and a number as a constant."""
    return number if isinstance(number, Value) else Value(number, "constant")

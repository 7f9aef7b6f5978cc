"""Symbolic differentiation: from a formula to the formula of its derivative.

A formula is a tree: numbers and variables are its leaves, operations its branchings. The derivative follows by walking
down the tree and writing out the rules of calculus, one for each operation. Here

    x = variable("x")
    f = 4 * x * (1 - x)
    str(f.derivative("x"))               # '(0·x + 4·1)·(1 − x) + 4·x·(0 − 1)'
    str(f.derivative("x").simplified())  # '4·(1 − x) + 4·x·(−1)'

The result is exact, and a formula that can be read, evaluated anywhere and differentiated again. Its price is
*expression swell*. The product rule turns u·v into u′·v + u·v′: both factors are written down twice. Nest products, and
the formula of the derivative outgrows the formula itself; and that one, which has no loops and no variables to keep
intermediate results in, may already be far longer than the program that computes the same (see
`i2dl.autodiff.four_ways.expression_swell`). Simplifying helps, but does not change how it grows. Automatic
differentiation applies the same rules to the program's numbers instead, and computes each intermediate result once.
"""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from i2dl.autodiff.elementary import cos, exp, log, power, relu, sigmoid, sin, step, tanh

_FUNCTIONS = {
    "exp": exp,
    "log": log,
    "sin": sin,
    "cos": cos,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "step": step,
}
# How tightly an operation binds, for setting as few brackets as needed.
_STRENGTH = {"+": 1, "−": 1, "·": 2, "/": 2, "^": 3}
_TIGHTEST = 4


@dataclass(frozen=True)
class Expression:
    """A formula: an operation and what it is applied to.

    Parameters
    ----------
    operation : str
        "number", "variable", one of + − · / ^, or the name of an elementary function.
    arguments : tuple
        One number, one name, or one or two formulas.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
    """

    operation: str
    arguments: tuple[Any, ...]
    # NumPy's numbers would otherwise treat an Expression on their right as an array of objects.
    __array_ufunc__: ClassVar[None] = None

    def derivative(self, name: str) -> "Expression":
        """Write out the derivative by the rules of calculus, and leave it as it comes.

        Parameters
        ----------
        name : str
            The variable to differentiate by; all others count as constants.

        Returns
        -------
        Expression
            ∂self/∂name.

        References
        ----------
        Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
        """
        if self.operation == "number":
            return number(0)
        if self.operation == "variable":
            return number(1 if self.arguments == (name,) else 0)
        u, *rest = self.arguments
        du = u.derivative(name)
        if self.operation == "^":
            (n,) = rest  # a number: powers of formulas are built from exp and log
            return n * u ** (n.arguments[0] - 1) * du
        if rest:
            (v,) = rest
            return _of_two(self.operation, u, v, du, v.derivative(name))
        return _slope(self, u) * du

    def simplified(self) -> "Expression":
        """Compute what consists of numbers alone, and drop + 0, · 0, · 1, / 1, ^ 0 and ^ 1.

        Returns
        -------
        Expression
            An equal formula, usually a shorter one.

        Raises
        ------
        ValueError, ZeroDivisionError
            If a part that consists of numbers alone has no value.

        References
        ----------
        Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
        """
        if self.operation in ("number", "variable"):
            return self
        parts = tuple(part.simplified() for part in self.arguments)
        if all(part.operation == "number" for part in parts):
            return number(_apply(self.operation, [part.arguments[0] for part in parts]))
        zero, one = number(0), number(1)
        match self.operation, parts:
            case ("+", (u, v)) if zero in (u, v):
                return v if u == zero else u
            case ("−", (u, v)) if v == zero:
                return u
            case ("·", (u, v)) if zero in (u, v):
                return zero
            case ("·", (u, v)) if one in (u, v):
                return v if u == one else u
            case ("/", (u, v)) if u == zero or v == one:
                return u
            case ("^", (u, n)) if n in (zero, one):
                return one if n == zero else u
        return Expression(self.operation, parts)

    def evaluate(self, **values: Any) -> Any:
        """Put numbers, or anything else that can be computed with, in the place of the variables.

        Parameters
        ----------
        **values : number, Value or Dual
            One for each variable.

        Returns
        -------
        number, Value or Dual
            The value of the formula.

        Raises
        ------
        ValueError
            If a variable is given no value, or an operation has none for its numbers.

        References
        ----------
        Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
        """
        if self.operation == "number":
            return self.arguments[0]
        if self.operation == "variable":
            (name,) = self.arguments
            if name not in values:
                msg = f"every variable needs a value, but {name!r} is not among {sorted(values)}"
                raise ValueError(msg)
            return values[name]
        return _apply(self.operation, [part.evaluate(**values) for part in self.arguments])

    def operations(self) -> int:
        """Count the operations of the formula, as it is written out.

        Returns
        -------
        int
            How many operation signs and function names it has.

        References
        ----------
        Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
        """
        if self.operation in ("number", "variable"):
            return 0
        return 1 + sum(part.operations() for part in self.arguments)

    def __add__(self, other: "Expression | float") -> "Expression":
        return Expression("+", (self, _expression(other)))

    def __sub__(self, other: "Expression | float") -> "Expression":
        return Expression("−", (self, _expression(other)))

    def __mul__(self, other: "Expression | float") -> "Expression":
        return Expression("·", (self, _expression(other)))

    def __truediv__(self, other: "Expression | float") -> "Expression":
        return Expression("/", (self, _expression(other)))

    def __pow__(self, other: "Expression | float") -> "Expression":
        if isinstance(other, Expression):
            return (other * self.log()).exp()
        return Expression("^", (self, _expression(other)))

    def __neg__(self) -> "Expression":
        return number(-1) * self

    def __radd__(self, other: float) -> "Expression":
        return _expression(other) + self

    def __rsub__(self, other: float) -> "Expression":
        return _expression(other) - self

    def __rmul__(self, other: float) -> "Expression":
        return _expression(other) * self

    def __rtruediv__(self, other: float) -> "Expression":
        return _expression(other) / self

    def __rpow__(self, other: float) -> "Expression":
        return _expression(other) ** self

    def exp(self) -> "Expression":
        """Return the formula eˣ."""
        return Expression("exp", (self,))

    def log(self) -> "Expression":
        """Return the formula log x."""
        return Expression("log", (self,))

    def sin(self) -> "Expression":
        """Return the formula sin x."""
        return Expression("sin", (self,))

    def cos(self) -> "Expression":
        """Return the formula cos x."""
        return Expression("cos", (self,))

    def tanh(self) -> "Expression":
        """Return the formula tanh x."""
        return Expression("tanh", (self,))

    def sigmoid(self) -> "Expression":
        """Return the formula σ(x)."""
        return Expression("sigmoid", (self,))

    def relu(self) -> "Expression":
        """Return the formula max(0, x)."""
        return Expression("relu", (self,))

    def step(self) -> "Expression":
        """Return the formula that is 1 for x > 0, else 0."""
        return Expression("step", (self,))

    def __str__(self) -> str:
        """Write the formula with as few brackets as possible."""
        return _text(self)[0]


def variable(name: str) -> Expression:
    """Return the formula that is just a variable.

    Parameters
    ----------
    name : str
        What it is called.

    Returns
    -------
    Expression
        The formula.

    Raises
    ------
    ValueError
        If ``name`` is not a name in Python's sense.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
    """
    if not name.isidentifier():
        msg = f"a variable must be called by a letter or a word, but it is called {name!r}"
        raise ValueError(msg)
    return Expression("variable", (name,))


def number(value: float) -> Expression:
    """Return the formula that is just a number.

    Parameters
    ----------
    value : number
        Which one.

    Returns
    -------
    Expression
        The formula.

    Raises
    ------
    TypeError
        If ``value`` is not a real number.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: symbolic differentiation.
    """
    if not isinstance(value, Real):
        msg = f"a formula is made of real numbers and variables, but it is given a {type(value).__name__}"
        raise TypeError(msg)
    return Expression("number", (value,))


def _expression(value: Any) -> Expression:
    return value if isinstance(value, Expression) else number(value)


def _of_two(operation: str, u: Expression, v: Expression, du: Expression, dv: Expression) -> Expression:
    """Derivative of a sum, a difference, a product or a quotient."""
    match operation:
        case "+":
            return du + dv
        case "−":
            return du - dv
        case "·":
            return du * v + u * dv
        case _:
            return (du * v - u * dv) / v**2


def _slope(out: Expression, u: Expression) -> Expression:
    """Derivative of the elementary function ``out`` of u with respect to u."""
    match out.operation:
        case "exp":
            return out
        case "log":
            return 1 / u
        case "sin":
            return u.cos()
        case "cos":
            return -u.sin()
        case "tanh":
            return 1 - out**2
        case "sigmoid":
            return out * (1 - out)
        case "relu":
            return u.step()
        case _:
            return number(0)  # the step is flat


def _apply(operation: str, arguments: list[Any]) -> Any:
    """Do what the operation says."""
    if operation in _FUNCTIONS:
        return _FUNCTIONS[operation](*arguments)
    a, b = arguments
    match operation:
        case "+":
            return a + b
        case "−":
            return a - b
        case "·":
            return a * b
        case "/":
            return a / b
        case _:
            return power(a, b) if isinstance(a, Real) else a**b


def _text(formula: Expression) -> tuple[str, int]:
    """Write the formula, and say how tightly it binds."""
    operation, arguments = formula.operation, formula.arguments
    if operation == "number":
        text = f"{arguments[0]:g}".replace("-", "−")
        return (f"({text})" if text.startswith("−") else text), _TIGHTEST
    if operation == "variable":
        return arguments[0], _TIGHTEST
    if operation in _FUNCTIONS:
        return f"{operation}({_text(arguments[0])[0]})", _TIGHTEST
    strength = _STRENGTH[operation]
    (left, left_strength), (right, right_strength) = map(_text, arguments)
    # What stands on the right of − or /, and below an exponent, must bind more tightly than they do.
    if left_strength < strength + (operation == "^"):
        left = f"({left})"
    if right_strength < strength + (operation in "−/"):
        right = f"({right})"
    sign = operation if operation in "·/^" else f" {operation} "
    return f"{left}{sign}{right}", strength

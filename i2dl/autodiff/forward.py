"""Forward mode: every number carries its slope along.

A *dual number* a + a′ε has a value a and a slope a′, and computes with the rule ε² = 0. Multiplying two of them out,

    (a + a′ε)(b + b′ε) = ab + (a′b + ab′) ε,

gives the product in front and, behind it, the product rule. The same holds for every operation, since the Taylor series
f(a + a′ε) = f(a) + f′(a) a′ε ends after its second term. So a program that is started with x + 1ε ends with
f(x) + f′(x)ε: seed the input with slope 1, run, read off the slope. Nothing has to be stored on the way and nothing is
run backwards.

What it costs: the slopes are those along *one* direction, that of the seeds. For the gradient with respect to n inputs
the program has to be run n times, each time with the 1 at another input; reverse mode does with one run and one
backward pass. With one input and many outputs it is the other way round.
"""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

from i2dl.autodiff.elementary import cos, exp, log, power, relu, sigmoid, sin, step, tanh


@dataclass(frozen=True, slots=True)
class Dual:
    """A value and its slope, a + a′ε with ε² = 0.

    Parameters
    ----------
    value : number
        a.
    slope : number
        a′, the derivative of a along the direction that the inputs were seeded with; 0 for a constant.

    Raises
    ------
    TypeError
        If ``value`` or ``slope`` is not a real number.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: forward mode; Baydin and others, *Automatic differentiation in
    machine learning: a survey*, 2018.
    """

    value: Any
    slope: Any = 0
    # NumPy's numbers would otherwise treat a Dual on their right as an array of objects.
    __array_ufunc__: ClassVar[None] = None

    def __post_init__(self) -> None:
        """Check that both parts are numbers."""
        for part in (self.value, self.slope):
            if not isinstance(part, Real):
                msg = f"a Dual holds two real numbers, but one of them is a {type(part).__name__}"
                raise TypeError(msg)

    def __add__(self, other: "Dual | float") -> "Dual":
        b = _dual(other)
        return Dual(self.value + b.value, self.slope + b.slope)

    def __sub__(self, other: "Dual | float") -> "Dual":
        b = _dual(other)
        return Dual(self.value - b.value, self.slope - b.slope)

    def __mul__(self, other: "Dual | float") -> "Dual":
        b = _dual(other)
        return Dual(self.value * b.value, self.slope * b.value + self.value * b.slope)

    def __truediv__(self, other: "Dual | float") -> "Dual":
        b = _dual(other)
        out = self.value / b.value
        return Dual(out, (self.slope - out * b.slope) / b.value)

    def __pow__(self, other: "Dual | float") -> "Dual":
        if isinstance(other, Dual):
            return (other * self.log()).exp()  # aᵇ = e^(b log a), and both have their slopes already
        b = _dual(other).value
        out = power(self.value, b)
        slope = b * power(self.value, b - 1) if b else 0
        return Dual(out, slope * self.slope)

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slope)

    def exp(self) -> "Dual":
        """Return eᵃ + eᵃ a′ε."""
        out = exp(self.value)
        return Dual(out, out * self.slope)

    def log(self) -> "Dual":
        """Return log a + a′/a ε."""
        return Dual(log(self.value), self.slope / self.value)

    def sin(self) -> "Dual":
        """Return sin a + cos a · a′ε."""
        return Dual(sin(self.value), cos(self.value) * self.slope)

    def cos(self) -> "Dual":
        """Return cos a − sin a · a′ε."""
        return Dual(cos(self.value), -sin(self.value) * self.slope)

    def tanh(self) -> "Dual":
        """Return t + (1 − t²) a′ε with t = tanh a."""
        out = tanh(self.value)
        return Dual(out, (1 - out * out) * self.slope)

    def sigmoid(self) -> "Dual":
        """Return σ(a) + σ(a) σ(−a) a′ε, in which 1 − σ(a) = σ(−a) does not round to 0."""
        out = sigmoid(self.value)
        return Dual(out, out * sigmoid(-self.value) * self.slope)

    def relu(self) -> "Dual":
        """Return a + a′ε for a > 0, else 0."""
        return Dual(relu(self.value), step(self.value) * self.slope)

    def step(self) -> "Dual":
        """Return 1 for a > 0, else 0: flat, so the slope is 0 wherever there is one."""
        return Dual(step(self.value))

    def __radd__(self, other: float) -> "Dual":
        return _dual(other) + self

    def __rsub__(self, other: float) -> "Dual":
        return _dual(other) - self

    def __rmul__(self, other: float) -> "Dual":
        return _dual(other) * self

    def __rtruediv__(self, other: float) -> "Dual":
        return _dual(other) / self

    def __rpow__(self, other: float) -> "Dual":
        return _dual(other) ** self


def derivative(f: Callable[[Any], Any], x: float) -> tuple[Any, Any]:
    """Compute f and its derivative in one run.

    Parameters
    ----------
    f : callable
        A program of + − × ÷ ** and the functions of `i2dl.autodiff.elementary`, from a number to a number.
    x : number
        Where.

    Returns
    -------
    out : number
        f(x).
    slope : number
        f′(x).

    Raises
    ------
    TypeError
        If ``x`` or what ``f`` returns is not a real number.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: forward mode.
    """
    out = _dual(f(Dual(x, 1)))
    return out.value, out.slope


def forward_gradient(f: Callable[..., Any], *inputs: float) -> tuple[Any, tuple[Any, ...]]:
    """Compute f and all its partial derivatives, with one run for each input.

    Parameters
    ----------
    f : callable
        A program of + − × ÷ ** and the functions of `i2dl.autodiff.elementary`, from numbers to one number.
    inputs : number
        Where; at least one.

    Returns
    -------
    out : number
        f(inputs).
    gradient : tuple of number, one for each input
        ∂f/∂input.

    Raises
    ------
    TypeError
        If there is no input, or if one of them or what ``f`` returns is not a real number.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: forward mode.
    """
    if not inputs:
        msg = "forward_gradient needs at least one input to differentiate by, but it is given 0"
        raise TypeError(msg)
    outs = []
    for i in range(len(inputs)):
        seeded = [Dual(x, 1 if i == j else 0) for j, x in enumerate(inputs)]
        outs.append(_dual(f(*seeded)))
    return outs[0].value, tuple(out.slope for out in outs)


def _dual(number: Any) -> Dual:
    """Return a Dual as it is, and a number as a constant."""
    return number if isinstance(number, Dual) else Dual(number)

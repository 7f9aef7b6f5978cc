"""Four ways to differentiate a program, side by side.

The program is the logistic map, a value that is fed back three times:

    v = x
    for i = 1 to 3:  v = 4 · v · (1 − v)          l₁ = x,  lₙ₊₁ = 4 lₙ (1 − lₙ),  f(x) = l₄

- *By hand*: multiply the loop out to a closed formula, differentiate it on paper, type the result in. Exact if no
  mistake was made on the way, and to be done again for four rounds.
- *Symbolic*: let a program do the same with the formula. Exact, but the formula swells.
- *Numerical*: run the program twice and divide the difference. Easy to write; approximate, and one more run for each
  further input.
- *Automatic*: run the program with numbers that know their slopes. Exact, for any number of rounds, at a small multiple
  of the program's own cost. In forward mode the slope travels along, in reverse mode it comes back.

`four_ways` runs all of them and counts what each costs, `expression_swell` lets the program grow longer.

The example is from A. Baydin, B. Pearlmutter, A. Radul, J. Siskind, *Automatic differentiation in machine learning: a
survey*, 2018, and is shown in Georgia Tech CS 4803/7643.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Self

from i2dl.autodiff.forward import derivative
from i2dl.autodiff.reverse import reverse_gradient
from i2dl.autodiff.symbolic import variable

# The step of the course's own program, and one that balances the error of the method and that of the rounding.
ONE_SIDED_STEP, CENTRAL_STEP = 1e-6, 1e-5


@dataclass(frozen=True)
class Way:
    """One way to the derivative, and what it took.

    Attributes
    ----------
    name : str
        Which way.
    derivative : float
        What it found for f′(x).
    error : float
        Relative difference to the exact derivative, which is computed with fractions; absolute where that is 0.
    operations : int
        How many + − × ÷ and powers were executed.
    """

    name: str
    derivative: float
    error: float
    operations: int


@dataclass(frozen=True)
class Swell:
    """How many operations lₙ and its derivative take.

    Attributes
    ----------
    n : int
        The index of lₙ.
    program : int
        Operations that the loop executes.
    formula, derivative, simplified : int
        Operations in the formula of lₙ, in that of its derivative, and in the latter after simplifying.
    forward, reverse : int
        Operations that are executed for lₙ and its derivative together, in either mode.
    """

    n: int
    program: int
    formula: int
    derivative: int
    simplified: int
    forward: int
    reverse: int


def logistic_map(x: Any, *, rounds: int = 3) -> Any:
    """Feed a number back: v ← 4 · v · (1 − v), so many rounds.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        l₁.
    rounds : int
        How often; l₄ takes three.

    Returns
    -------
    number, Value, Dual or Expression
        l of index ``rounds`` + 1, of the kind of ``x``.

    Raises
    ------
    ValueError
        If ``rounds`` is negative.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: program f.
    """
    _check_rounds(rounds)
    v = x
    for _ in range(rounds):
        v = 4 * v * (1 - v)
    return v


def closed_form(x: Any) -> Any:
    """l₄ multiplied out: 64 x (1 − x) (1 − 2x)² (1 − 8x + 8x²)².

    Parameters
    ----------
    x : number, Value, Dual or Expression
        l₁.

    Returns
    -------
    number, Value, Dual or Expression
        l₄, of the kind of ``x``.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: closed form of f.
    """
    return 64 * x * (1 - x) * (1 - 2 * x) ** 2 * (1 - 8 * x + 8 * x * x) ** 2


def by_hand(x: Any) -> Any:
    """Derivative of l₄, as someone found it on paper: the product rule on the four factors of `closed_form`.

    Parameters
    ----------
    x : number
        Where.

    Returns
    -------
    number
        dl₄/dx.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: manual differentiation.
    """
    a, b = 1 - 2 * x, 1 - 8 * x + 8 * x * x
    return (
        128 * x * (1 - x) * (-8 + 16 * x) * a**2 * b
        + 64 * (1 - x) * a**2 * b**2
        - 64 * x * a**2 * b**2
        - 256 * x * (1 - x) * a * b**2
    )


def slope_alongside(x: Any, *, rounds: int = 3) -> tuple[Any, Any]:
    """Compute what automatic differentiation turns the program into: in each line the slope of what the line computes.

    A `Dual` does this by itself. Written out, (v, dv) ← (4v(1 − v), 4dv − 8v·dv).

    Parameters
    ----------
    x : number
        l₁.
    rounds : int
        How often; l₄ takes three.

    Returns
    -------
    v : number
        l of index ``rounds`` + 1.
    dv : number
        Its derivative with respect to ``x``.

    Raises
    ------
    ValueError
        If ``rounds`` is negative.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients: automatic differentiation.
    """
    _check_rounds(rounds)
    v, dv = x, 1
    for _ in range(rounds):
        v, dv = 4 * v * (1 - v), 4 * dv - 8 * v * dv
    return v, dv


def count_operations(f: Callable[[Any], Any], x: float) -> tuple[Any, int]:
    """Run a program on a float that counts what is done with it and with what comes of it.

    Parameters
    ----------
    f : callable
        A program of + − × ÷ ** on one number.
    x : float
        Where to run it.

    Returns
    -------
    out : any
        f(x).
    operations : int
        How many + − × ÷ and powers were executed.

    References
    ----------
    Baydin and others, 2018, section 3, compare the ways by operations.
    """
    tally: list[str] = []
    out = f(_Counted(x, tally))
    return out, len(tally)


def four_ways(x: float) -> list[Way]:
    """Differentiate l₄ at x by hand, symbolically, numerically and automatically.

    Parameters
    ----------
    x : float
        Where; for 0 ≤ x ≤ 1 all lₙ stay in [0, 1].

    Returns
    -------
    list of Way
        By hand; symbolic, as it comes and simplified; numerical, one-sided and central; automatic, the slope written
        alongside, forward and reverse mode.

    Raises
    ------
    ValueError
        If ``x`` is not finite.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients; Baydin and others, 2018, figure 2.
    """
    if not math.isfinite(x):
        msg = f"x must be a finite number, but it is {x}"
        raise ValueError(msg)
    formula = logistic_map(variable("x")).derivative("x")
    short = formula.simplified()
    h, c = ONE_SIDED_STEP, CENTRAL_STEP
    ways: dict[str, Callable[[Any], Any]] = {
        "by hand": by_hand,
        "symbolic": lambda x: formula.evaluate(x=x),
        "symbolic, simplified": lambda x: short.evaluate(x=x),
        "numerical, one-sided": lambda x: (logistic_map(x + h) - logistic_map(x)) / h,
        "numerical, central": lambda x: (logistic_map(x + c) - logistic_map(x - c)) / (2 * c),
        "automatic, written alongside": lambda x: slope_alongside(x)[1],
        "automatic, forward mode": lambda x: derivative(logistic_map, x)[1],
        "automatic, reverse mode": lambda x: reverse_gradient(logistic_map, x)[1][0],
    }
    # A float is a fraction, of which all of the above can be computed without any rounding.
    exact = slope_alongside(Fraction(x))[1]
    results = []
    for name, way in ways.items():
        found, operations = count_operations(way, x)
        error = abs((Fraction(found) - exact) / (exact or 1))
        results.append(Way(name, float(found), float(error), operations))
    return results


def expression_swell(largest: int, *, x: float = 0.2) -> list[Swell]:
    """Count the operations for l₁ to lₙ and their derivatives: as program, as formula, and in both automatic modes.

    Parameters
    ----------
    largest : int
        The last n. The formulas about double with each, so that 12 is already a lot.
    x : float
        Where the programs are run; it does not change the counts.

    Returns
    -------
    list of Swell
        One for each n from 1 on.

    Raises
    ------
    ValueError
        If ``largest`` is not at least 1.

    References
    ----------
    Baydin and others, 2018, table 1.
    """
    if largest < 1:
        msg = f"largest must be at least 1, but it is {largest}"
        raise ValueError(msg)
    rows = []
    for n in range(1, largest + 1):
        program = partial(logistic_map, rounds=n - 1)
        formula = program(variable("x"))
        slope = formula.derivative("x")
        rows.append(
            Swell(
                n=n,
                program=count_operations(program, x)[1],
                formula=formula.operations(),
                derivative=slope.operations(),
                simplified=slope.simplified().operations(),
                forward=count_operations(partial(derivative, program), x)[1],
                reverse=count_operations(partial(reverse_gradient, program), x)[1],
            )
        )
    return rows


def as_table(ways: list[Way]) -> str:
    """Lay the results of `four_ways` out as text.

    Parameters
    ----------
    ways : list of Way
        The rows.

    Returns
    -------
    str
        A heading and one line for each.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients.
    """
    width = max(len(way.name) for way in ways)
    lines = [f"{'way':<{width}}  {'derivative':>20}  {'relative error':>14}  {'operations':>10}"]
    lines += [f"{w.name:<{width}}  {w.derivative:>20.15f}  {w.error:>14.1e}  {w.operations:>10}" for w in ways]
    return "\n".join(lines)


def _check_rounds(rounds: int) -> None:
    if rounds < 0:
        msg = f"rounds must be at least 0, but it is {rounds}"
        raise ValueError(msg)


class _Counted(float):
    """A float that writes each operation into a tally, which its results share."""

    tally: list[str]

    def __new__(cls, value: float, tally: list[str]) -> Self:
        self = super().__new__(cls, value)
        self.tally = tally
        return self


def _counting(name: str) -> Callable[..., Any]:
    plain = getattr(float, name)

    def operate(self: _Counted, *other: Any) -> Any:
        out = plain(self, *other)
        if out is NotImplemented:
            return out
        self.tally.append(name)
        return _Counted(out, self.tally)

    return operate


for _name in ("add", "sub", "mul", "truediv", "pow", "radd", "rsub", "rmul", "rtruediv", "rpow", "neg"):
    setattr(_Counted, f"__{_name}__", _counting(f"__{_name}__"))

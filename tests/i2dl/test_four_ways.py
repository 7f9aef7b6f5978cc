import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2dl.autodiff import (
    Dual,
    Value,
    as_table,
    cos,
    derivative,
    exp,
    expression_swell,
    forward_gradient,
    four_ways,
    log,
    logistic_map,
    number,
    relu,
    reverse_gradient,
    sigmoid,
    sin,
    tanh,
    variable,
)
from i2dl.autodiff.four_ways import by_hand, closed_form, count_operations, slope_alongside

EXACT = (
    "by hand",
    "symbolic",
    "symbolic, simplified",
    "automatic, written alongside",
    "automatic, forward mode",
    "automatic, reverse mode",
)
x = variable("x")
FORMULAS = {
    "polynomial": 3 * x**4 - 2 * x**2 + x - 7,
    "quotient": (1 - x) / (2 + x * x),
    "chain": sin(cos(x) * x),
    "exponential": exp(-x * x / 2),
    "logarithm": log(1 + x**2) / x,
    "tanh": tanh(2 * x) ** 3,
    "sigmoid": sigmoid(1 - 3 * x),
    "relu": relu(x - 1) * x,
    "power": x**x + 2**x,
}


def polynomial(rounds):
    """The logistic map multiplied out by NumPy."""
    p = np.polynomial.Polynomial([0, 1])
    for _ in range(rounds):
        p = 4 * p * (1 - p)
    return p


def test_baydin_table_1():
    """l₄′ = 64(1 − 42x + 504x² − 2640x³ + 7040x⁴ − 9984x⁵ + 7168x⁶ − 2048x⁷), simplified as far as possible."""
    coefficients = [64 * c for c in (1, -42, 504, -2640, 7040, -9984, 7168, -2048)]
    assert polynomial(3).deriv().coef.tolist() == coefficients
    for at in map(Fraction, (0, "1/7", "1/2", "3/4", 1, -2)):
        exact = sum(c * at**i for i, c in enumerate(coefficients))
        assert by_hand(at) == slope_alongside(at)[1] == derivative(logistic_map, at)[1] == exact
        assert logistic_map(x).derivative("x").evaluate(x=at) == exact
        assert logistic_map(x).derivative("x").simplified().evaluate(x=at) == exact


def test_the_closed_form_of_the_slides_is_the_program():
    for at in map(Fraction, (0, "1/7", "1/2", "3/4", 1, -2)):
        assert closed_form(at) == logistic_map(at) == slope_alongside(at)[0]


@given(st.integers(0, 6), st.floats(0, 1))
def test_any_number_of_rounds(rounds, at):
    # The chain rule along the loop: each round multiplies the slope by 4(1 − 2v).
    expected = math.prod(4 * (1 - 2 * logistic_map(at, rounds=i)) for i in range(rounds))
    tolerance = {"rel": 1e-10, "abs": 1e-10}
    assert slope_alongside(at, rounds=rounds)[1] == pytest.approx(expected, **tolerance)
    assert derivative(lambda x: logistic_map(x, rounds=rounds), at)[1] == pytest.approx(expected, **tolerance)
    assert reverse_gradient(lambda x: logistic_map(x, rounds=rounds), at)[1][0] == pytest.approx(expected, **tolerance)


@given(st.floats(0, 1))
def test_the_exact_ways_are_exact_and_the_numerical_ones_are_not(at):
    ways = {way.name: way for way in four_ways(at)}
    assert len(ways) == 8
    slope = ways["by hand"].derivative
    for name in EXACT:
        assert ways[name].derivative == pytest.approx(slope, rel=1e-12, abs=1e-12)
    # |f″| reaches 2688 and |f‴| about 10⁵ in [0, 1]; half of the first times 10⁻⁶, a sixth of the other times 10⁻¹⁰.
    assert abs(ways["numerical, one-sided"].derivative - slope) < 2e-3
    assert abs(ways["numerical, central"].derivative - slope) < 2e-5


def test_figures_of_the_four_ways_at_a_fifth():
    ways = {way.name: way for way in four_ways(0.2)}
    for name in EXACT:
        assert ways[name].error < 1e-14
    assert 1e-7 < ways["numerical, one-sided"].error < 1e-5
    assert 1e-10 < ways["numerical, central"].error < 1e-7
    cost = {name: way.operations for name, way in ways.items()}
    program = count_operations(logistic_map, 0.2)[1]
    assert program == 9
    # Three rounds of 4·v·(1 − v) and of 4·dv − 8·v·dv; what is done with constants alone does not count.
    assert cost["automatic, written alongside"] == 3 * (3 + 4) - 1
    assert cost["numerical, one-sided"] == 2 * program + 3
    assert cost["numerical, central"] == 2 * program + 4
    assert cost["automatic, forward mode"] <= 4 * program
    assert cost["automatic, reverse mode"] <= 5 * program
    assert cost["symbolic"] > cost["symbolic, simplified"] > cost["automatic, reverse mode"]


def test_where_the_slope_vanishes_the_error_is_absolute():
    ways = {way.name: way for way in four_ways(0.5)}
    assert all(ways[name].error == 0 for name in EXACT)
    assert ways["numerical, one-sided"].error == pytest.approx(ways["numerical, one-sided"].derivative)


def test_formulas_swell_and_programs_do_not():
    rows = expression_swell(8)
    assert [row.n for row in rows] == list(range(1, 9))
    assert [row.program for row in rows] == [3 * (row.n - 1) for row in rows]
    # l twice in every round, and three operations more.
    assert [row.formula for row in rows] == [3 * (2 ** (row.n - 1) - 1) for row in rows]
    for earlier, row in pairwise(rows[2:]):
        assert row.simplified > 2 * earlier.simplified
        assert row.derivative / row.formula > earlier.derivative / earlier.formula
    for mode in ("forward", "reverse"):
        steps = {getattr(row, mode) - getattr(before, mode) for before, row in pairwise(rows[1:])}
        assert len(steps) == 1, "each round costs the same"


def test_reverse_mode_costs_the_same_for_any_number_of_inputs():
    def f(*inputs):
        total = 0.0
        for i, value in enumerate(inputs):
            total = total * 0.5 + value * value * (i + 1)
        return total

    def cost(gradient, n):
        return (
            count_operations(lambda x: gradient(f, *[x] * n), 0.3)[1] / count_operations(lambda x: f(*[x] * n), 0.3)[1]
        )

    assert max(cost(reverse_gradient, n) for n in (2, 10, 40)) < 6
    assert cost(forward_gradient, 40) > 40


def test_count_operations_counts_each_once():
    def f(x):
        return -(((x + 1) * (2 - x) / x) ** 2) + 3**x - x

    out, operations = count_operations(f, 2.0)
    assert (out, operations) == (f(2.0), 9)
    assert count_operations(lambda x: 1 + 2, 2.0) == (3, 0)


@pytest.mark.parametrize("name", FORMULAS)
def test_derivatives_are_those_of_sympy(name):
    sympy = pytest.importorskip("sympy")
    formula = FORMULAS[name]
    symbol = sympy.Symbol("x", positive=True)
    names = {"sigmoid": lambda u: 1 / (1 + sympy.exp(-u)), "relu": lambda u: sympy.Max(0, u), "x": symbol}
    text = str(formula).replace("·", "*").replace("−", "-").replace("^", "**")
    theirs = sympy.sympify(text, locals=names)
    slope = theirs.diff(symbol)
    for at in (0.3, 1.7, 2.6):
        assert formula.evaluate(x=at) == pytest.approx(float(theirs.subs(symbol, at)), rel=1e-12)
        expected = float(slope.subs(symbol, at))
        assert formula.derivative("x").evaluate(x=at) == pytest.approx(expected, rel=1e-10)
        assert formula.derivative("x").simplified().evaluate(x=at) == pytest.approx(expected, rel=1e-10)
        assert derivative(lambda v: formula.evaluate(x=v), at)[1] == pytest.approx(expected, rel=1e-10)


def test_a_derivative_can_be_differentiated_again():
    second = FORMULAS["polynomial"].derivative("x").derivative("x").simplified()
    assert second.evaluate(x=2) == 3 * 4 * 3 * 2**2 - 4
    assert relu(x).derivative("x").evaluate(x=3) == 1
    assert relu(x).derivative("x").derivative("x").simplified() == number(0)


def test_partial_derivatives():
    y = variable("y")
    f = x * x * y + sin(y)
    assert f.derivative("x").evaluate(x=3, y=5) == 30
    assert f.derivative("y").evaluate(x=3, y=5) == pytest.approx(9 + math.cos(5))
    assert f.derivative("z").simplified() == number(0)


def test_formulas_are_written_with_as_few_brackets_as_possible():
    f = 4 * x * (1 - x)
    assert str(f) == "4·x·(1 − x)"
    assert str(f.derivative("x")) == "(0·x + 4·1)·(1 − x) + 4·x·(0 − 1)"
    assert str(f.derivative("x").simplified()) == "4·(1 − x) + 4·x·(−1)"
    assert str(x - (x - 1)) == "x − (x − 1)"
    assert str(x / (x * 2) - x**2 + (x + 1) ** 2) == "x/(x·2) − x^2 + (x + 1)^2"
    assert str((x**2) ** 3) == "(x^2)^3"
    assert str(exp(-(x + 1))) == "exp((−1)·(x + 1))"


def test_formulas_take_values_and_dual_numbers():
    formula = FORMULAS["quotient"]
    at = Value(0.7)
    formula.evaluate(x=at).backward()
    assert formula.evaluate(x=Dual(0.7, 1.0)).slope == pytest.approx(at.grad)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (x + 0, x),
        (0 + x, x),
        (x - 0, x),
        (x * 0, number(0)),
        (0 * x, number(0)),
        (x * 1, x),
        (1 * x, x),
        (x / 1, x),
        (0 / x, number(0)),
        (x**1, x),
        (x**0, number(1)),
        (number(2) * 3 + 1, number(7)),
        (sin(number(0)), number(0)),
        (sin(x * 1) + 0 * x, sin(x)),
    ],
)
def test_simplifications(formula, expected):
    assert formula.simplified() == expected


def test_the_table_has_a_line_for_each_way():
    lines = as_table(four_ways(0.2)).splitlines()
    assert len(lines) == 9
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split() == ["by", "hand", "9.066086400000001", *lines[1].split()[3:]]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="rounds must be at least 0, but it is -1"):
        logistic_map(0.5, rounds=-1)
    with pytest.raises(ValueError, match="rounds must be at least 0, but it is -2"):
        slope_alongside(0.5, rounds=-2)
    with pytest.raises(ValueError, match="largest must be at least 1, but it is 0"):
        expression_swell(0)
    with pytest.raises(ValueError, match="x must be a finite number, but it is nan"):
        four_ways(math.nan)
    with pytest.raises(ValueError, match="every variable needs a value, but 'x' is not among"):
        x.evaluate(y=1)
    with pytest.raises(ValueError, match="called by a letter or a word, but it is called '2x'"):
        variable("2x")
    with pytest.raises(TypeError, match="made of real numbers and variables, but it is given a list"):
        x * [1]

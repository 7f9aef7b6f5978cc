import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i2dl.autodiff import (
    Dual,
    cos,
    derivative,
    exp,
    forward_gradient,
    log,
    relu,
    reverse_gradient,
    sigmoid,
    sin,
    step,
    tanh,
)

FUNCTIONS = {
    "exp": (exp, math.exp),
    "log": (log, lambda x: 1 / x),
    "sin": (sin, math.cos),
    "cos": (cos, lambda x: -math.sin(x)),
    "tanh": (tanh, lambda x: 1 / math.cosh(x) ** 2),
    "sigmoid": (sigmoid, lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2),
    "relu": (relu, lambda x: 1.0),
    "step": (step, lambda x: 0.0),
    "power": (lambda x: x**2.5, lambda x: 2.5 * x**1.5),
    "inverse": (lambda x: 1 / x, lambda x: -1 / x**2),
    "exponential": (lambda x: 2**x, lambda x: math.log(2) * 2**x),
    "x to the x": (lambda x: x**x, lambda x: x**x * (math.log(x) + 1)),
    "negative": (lambda x: 3 - x, lambda x: -1.0),
    "minus": (lambda x: -x, lambda x: -1.0),
}


def f(x, y, z):
    """A program with a loop, in which every input is used several times."""
    total = x * y - z / x
    for i in range(1, 4):
        total = total + sin(total * i) * exp(tanh(y)) - log(x * x + i) + sigmoid(z) ** i - relu(x - y)
    return total


@pytest.mark.parametrize("name", FUNCTIONS)
@given(x=st.floats(0.1, 4))
def test_each_function_has_the_derivative_of_the_textbook(name, x):
    function, slope = FUNCTIONS[name]
    value, found = derivative(function, x)
    assert value == pytest.approx(function(x), rel=1e-12)
    assert found == pytest.approx(slope(x), rel=1e-10)


@given(st.tuples(st.floats(0.5, 2), st.floats(-2, 2), st.floats(-2, 2)))
def test_forward_and_reverse_mode_agree(inputs):
    out, gradient = forward_gradient(f, *inputs)
    expected, expected_gradient = reverse_gradient(f, *inputs)
    assert out == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-12)


def test_seeds_choose_the_direction():
    """The slope is the gradient times the direction that the inputs are seeded with."""
    inputs, direction = (1.2, -0.7, 0.4), (0.3, -2.0, 1.5)
    out = f(*(Dual(x, d) for x, d in zip(inputs, direction, strict=True)))
    assert out.slope == pytest.approx(np.dot(forward_gradient(f, *inputs)[1], direction), rel=1e-12)


def test_epsilon_squared_is_zero():
    epsilon = Dual(0.0, 1.0)
    assert epsilon * epsilon == Dual(0.0, 0.0)
    assert (2 + 3 * epsilon) * (5 - epsilon) == Dual(10.0, 13.0)


def test_fractions_are_differentiated_without_any_rounding():
    x = Fraction(1, 3)
    assert derivative(lambda x: (x**3 - 2) / (1 + x), x) == (
        (x**3 - 2) / (1 + x),
        (3 * x**2 * (1 + x) - (x**3 - 2)) / (1 + x) ** 2,
    )


@pytest.mark.parametrize(
    ("function", "x", "value", "slope"),
    [
        (sigmoid, -1e4, 0.0, 0.0),
        (sigmoid, 1e4, 1.0, 0.0),
        (tanh, 1e4, 1.0, 0.0),
        (exp, 1e4, math.inf, math.inf),
        (relu, 0.0, 0.0, 0.0),
        (lambda x: x**0, 0.0, 1.0, 0.0),
        (lambda x: x**2, 0.0, 0.0, 0.0),
        (lambda x: 7, 3.0, 7, 0.0),
    ],
)
def test_at_the_edge(function, x, value, slope):
    assert derivative(function, x) == (value, slope)


def test_what_is_not_a_number_is_refused():
    with pytest.raises(TypeError, match="two real numbers, but one of them is a list"):
        Dual([1.0], 1.0)
    with pytest.raises(TypeError, match="two real numbers, but one of them is a str"):
        Dual(1.0) + "1"
    with pytest.raises(TypeError, match="at least one input to differentiate by, but it is given 0"):
        forward_gradient(lambda: 1.0)
    with pytest.raises(ValueError, match="log needs a positive number, but it is given -1"):
        log(Dual(-1.0, 1.0))
    with pytest.raises(ValueError, match="fractional exponent"):
        Dual(-1.0, 1.0) ** 0.5


def test_a_dual_number_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Dual(1.0, 1.0).value = 2.0


def test_numpy_numbers_may_stand_on_the_left():
    assert np.float64(2) * Dual(3.0, 1.0) == Dual(6.0, 2.0)

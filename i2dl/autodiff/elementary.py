"""Elementary functions of a number, or of anything else that knows its own exponential.

A program is to be differentiated in several ways, yet written once. Its + − × ÷ already mean whatever its numbers make
of them; these functions do the same for exp, log and their kin. They compute with plain numbers, and hand every other
argument the question: ``exp(x)`` is then ``x.exp()``. So

    def f(x):
        return exp(x) * sin(x)

takes a float and gives a float, takes a `Value` and records a graph, takes a `Dual` and carries a slope along, or takes
an `Expression` and writes a formula.
"""

import math
from numbers import Real
from typing import Any


def exp(x: Any) -> Any:
    """eˣ, which is its own slope; infinite where it exceeds the largest float.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        The exponent.

    Returns
    -------
    number, Value, Dual or Expression
        eˣ, of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    I2DL lecture 4: g(x) = eˣ, ∂g/∂x = eˣ.
    """
    if not _is_number(x):
        return _ask(x, "exp")
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def log(x: Any) -> Any:
    """Natural logarithm, of slope 1/x.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        A positive number.

    Returns
    -------
    number, Value, Dual or Expression
        log x, of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.
    ValueError
        If ``x`` is not positive.

    References
    ----------
    I2DL lecture 3, computational graphs.
    """
    if not _is_number(x):
        return _ask(x, "log")
    if x <= 0:
        msg = f"log needs a positive number, but it is given {x}"
        raise ValueError(msg)
    return math.log(x)


def sin(x: Any) -> Any:
    """Sine, of slope cos x.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        An angle in radians.

    Returns
    -------
    number, Value, Dual or Expression
        sin x, of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients.
    """
    return math.sin(x) if _is_number(x) else _ask(x, "sin")


def cos(x: Any) -> Any:
    """Cosine, of slope −sin x.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        An angle in radians.

    Returns
    -------
    number, Value, Dual or Expression
        cos x, of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    Georgia Tech CS 4803/7643, computing gradients.
    """
    return math.cos(x) if _is_number(x) else _ask(x, "cos")


def tanh(x: Any) -> Any:
    """Hyperbolic tangent, of slope 1 − tanh² x.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        A score.

    Returns
    -------
    number, Value, Dual or Expression
        tanh x in [−1, 1], of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    I2DL lectures 3 and 7.
    """
    return math.tanh(x) if _is_number(x) else _ask(x, "tanh")


def sigmoid(x: Any) -> Any:
    """σ(x) = 1 / (1 + e⁻ˣ), of slope σ(1 − σ).

    The exponential is only ever taken of −|x|, so that it cannot overflow: for negative x the fraction is multiplied
    above and below by eˣ.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        A score.

    Returns
    -------
    number, Value, Dual or Expression
        σ(x) in [0, 1], of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    I2DL lectures 2 and 4.
    """
    if not _is_number(x):
        return _ask(x, "sigmoid")
    small = math.exp(-abs(x))
    return (1.0 if x >= 0 else small) / (1.0 + small)


def relu(x: Any) -> Any:
    """max(0, x), of slope `step`.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        A score.

    Returns
    -------
    number, Value, Dual or Expression
        max(0, x), of the kind of ``x``.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    I2DL lectures 3 and 4.
    """
    return max(x, 0.0) if _is_number(x) else _ask(x, "relu")


def step(x: Any) -> Any:
    """1 for x > 0, else 0: the slope of `relu`. At the kink, x = 0, it is 0, as in PyTorch.

    Lecture 4 writes the condition as "if x > 0"; what counts is the sign of the ReLU's own input, there called z.

    Parameters
    ----------
    x : number, Value, Dual or Expression
        A score.

    Returns
    -------
    number, Value, Dual or Expression
        0 or 1, of the kind of ``x``; its own slope is 0.

    Raises
    ------
    TypeError
        If ``x`` is none of these.

    References
    ----------
    I2DL lecture 4, gradient descent for neural networks.
    """
    return float(x > 0) if _is_number(x) else _ask(x, "step")


def power(base: Any, exponent: float) -> Any:
    """Real number to a real number, refusing the cases in which Python would turn to complex numbers.

    Parameters
    ----------
    base, exponent : number
        Numbers a and b.

    Returns
    -------
    number
        aᵇ; ±∞ where it exceeds the largest float.

    Raises
    ------
    ValueError
        If ``base`` is negative and ``exponent`` not whole.
    ZeroDivisionError
        If ``base`` is 0 and ``exponent`` negative.

    References
    ----------
    I2DL lecture 4: g(x) = 1/x, a power with exponent −1.
    """
    if base < 0 and exponent % 1 != 0:
        msg = f"a negative number has no real power with a fractional exponent, but {base} ** {exponent} is asked"
        raise ValueError(msg)
    try:
        return base**exponent
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf


def _is_number(x: Any) -> bool:
    return isinstance(x, Real)


def _ask(x: Any, function: str) -> Any:
    """Let an argument that is no plain number compute the function of itself."""
    if not hasattr(x, function):
        msg = f"{function} needs a real number, a Value, a Dual or an Expression, but it is given a {type(x).__name__}"
        raise TypeError(msg)
    return getattr(x, function)()

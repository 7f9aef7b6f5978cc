"""Argument checks shared by the update rules; those of single arrays and numbers are in `i2dl.functional`."""

from collections.abc import Sequence
from itertools import pairwise

from i2dl.functional._checks import Array, check_floating, check_number, check_shape


def check_update(w: Array, dw: Array, **state: Array) -> None:
    """Raise unless the parameter, its gradient and all arrays of the state are real floating and of one shape."""
    check_floating(w=w, dw=dw, **state)
    shape = tuple(w.shape)
    for name, array in {"dw": dw, **state}.items():
        check_shape(name, array, shape)


def check_rate(learning_rate: float) -> None:
    """Raise ValueError unless the learning rate is finite and not negative."""
    check_number("learning_rate", learning_rate, at_least=0.0)


def check_fraction(**values: float) -> None:
    """Raise ValueError unless every value, passed by its name, lies in [0, 1): what an average keeps of its past."""
    for name, value in values.items():
        if not 0.0 <= value < 1.0:
            msg = f"{name} must be at least 0 and below 1, but it is {value!r}"
            raise ValueError(msg)


def check_not_negative(**values: float) -> None:
    """Raise ValueError unless every value, passed by its name, is finite and at least 0."""
    for name, value in values.items():
        check_number(name, value, at_least=0.0)


def check_vector(name: str, x: Array) -> None:
    """Raise unless ``x`` is a vector of real floating-point numbers."""
    check_floating(**{name: x})
    check_shape(name, x, ("n",))


def check_count(name: str, value: int, *, at_least: int) -> None:
    """Raise ValueError unless ``value`` is an integer of that size or more."""
    if int(value) != value or value < at_least:
        msg = f"{name} must be an integer at least {at_least}, but it is {value!r}"
        raise ValueError(msg)


def check_increasing(name: str, values: Sequence[float]) -> None:
    """Raise ValueError unless each value is larger than the one before."""
    if any(after <= before for before, after in pairwise(values)):
        msg = f"{name} must increase, but they are {list(values)}"
        raise ValueError(msg)

"""Pictures for the notebooks, one family a file; every function returns a Matplotlib figure."""

from i2dl.plots.basics import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    Picture,
    learning_curves,
    matrix_difference,
    show_activation,
    show_digits,
    show_matrix,
)

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "ORANGE",
    "Picture",
    "learning_curves",
    "matrix_difference",
    "show_activation",
    "show_digits",
    "show_matrix",
]

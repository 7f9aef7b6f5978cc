"""The tasks of exercise 06: Newton's method and its relatives, line search, conjugate gradient, curve fitting.

Sources: I2DL lecture 5; I2DL student summary, V; I2DL exams Feb 2022 (5.6 to 5.9) and Aug 2022 (8.7, 8.8); J. Nocedal,
S. Wright, *Numerical optimization*, 2006.
"""

from __future__ import annotations

from autograder.tasks.ex06_second_order_optimization.answers import reference
from autograder.tasks.ex06_second_order_optimization.curvature import (
    convergence_order,
    least_squares_derivatives,
    newton,
    newton_and_saddles,
    newton_step,
    parabola_step,
    stationary_point,
)
from autograder.tasks.ex06_second_order_optimization.lines import (
    conjugate_gradient,
    exact_step,
    hessian_vector_product,
    wolfe_line_search,
)
from autograder.tasks.ex06_second_order_optimization.secants import bfgs, bfgs_update, lbfgs_direction
from autograder.tasks.ex06_second_order_optimization.squares import (
    costs,
    damped_descent,
    gauss_newton_step,
    growth,
    levenberg_marquardt_step,
    levenberg_step,
    why_not_deep,
)

__all__ = [
    "TITLE",
    "bfgs",
    "bfgs_update",
    "conjugate_gradient",
    "convergence_order",
    "costs",
    "damped_descent",
    "exact_step",
    "gauss_newton_step",
    "growth",
    "hessian_vector_product",
    "lbfgs_direction",
    "least_squares_derivatives",
    "levenberg_marquardt_step",
    "levenberg_step",
    "newton",
    "newton_and_saddles",
    "newton_step",
    "parabola_step",
    "reference",
    "stationary_point",
    "why_not_deep",
    "wolfe_line_search",
]

TITLE = "Second-order optimization"

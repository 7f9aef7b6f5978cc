"""Derivatives by other means than a hand-written backward pass: numerical, symbolic, and automatic in both modes.

- `gradient_check`: numerical differentiation, and the gradient check that rests on it;
- `elementary`: exp, log, sin and the like, for numbers and for what follows;
- `symbolic`: from formula to formula;
- `forward`: dual numbers, which carry their slope along;
- `reverse`: numbers that remember how they were made, and backpropagation through them;
- `four_ways`: all of them on one program, with what each costs;
- `drawing`: pictures of graphs. It needs Matplotlib and is imported by its full name,
  ``from i2dl.autodiff.drawing import draw_graph``.
"""

from i2dl.autodiff.elementary import cos, exp, log, relu, sigmoid, sin, step, tanh
from i2dl.autodiff.forward import Dual, derivative, forward_gradient
from i2dl.autodiff.four_ways import as_table, expression_swell, four_ways, logistic_map
from i2dl.autodiff.gradient_check import GradientCheck, gradient_check, numerical_gradient, relative_error
from i2dl.autodiff.reverse import Value, reverse_gradient, topological_order
from i2dl.autodiff.symbolic import Expression, number, variable

__all__ = [
    "Dual",
    "Expression",
    "GradientCheck",
    "Value",
    "as_table",
    "cos",
    "derivative",
    "exp",
    "expression_swell",
    "forward_gradient",
    "four_ways",
    "gradient_check",
    "log",
    "logistic_map",
    "number",
    "numerical_gradient",
    "relative_error",
    "relu",
    "reverse_gradient",
    "sigmoid",
    "sin",
    "step",
    "tanh",
    "topological_order",
    "variable",
]

"""The tasks of exercise 02: gradients by hand, symbolically, numerically and automatically, in both modes.

No task needs another: functions that work on nodes or numbers of a kind are asked with nodes made here.

Sources: I2DL lectures 3 and 4; Georgia Tech CS 4803/7643, computing gradients.
"""

from __future__ import annotations

from autograder.tasks.ex02_computing_gradients.answers import reference
from autograder.tasks.ex02_computing_gradients.by_hand import relu_network, sigmoid_neuron, sum_times_z
from autograder.tasks.ex02_computing_gradients.measured import (
    best_steps,
    compare_gradients,
    differences,
    numerical_gradient,
    why_not_smaller,
)
from autograder.tasks.ex02_computing_gradients.modes import (
    backward,
    dual,
    forward_gradient,
    local_rules,
    reverse_gradient,
    topological_order,
    value,
)
from autograder.tasks.ex02_computing_gradients.ways import (
    differentiate,
    passes,
    slope_alongside,
    slope_by_hand,
    why_reverse_mode,
)

__all__ = [
    "TITLE",
    "backward",
    "best_steps",
    "compare_gradients",
    "differences",
    "differentiate",
    "dual",
    "forward_gradient",
    "local_rules",
    "numerical_gradient",
    "passes",
    "reference",
    "relu_network",
    "reverse_gradient",
    "sigmoid_neuron",
    "slope_alongside",
    "slope_by_hand",
    "sum_times_z",
    "topological_order",
    "value",
    "why_not_smaller",
    "why_reverse_mode",
]

TITLE = "Computing gradients"

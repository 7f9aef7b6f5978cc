"""The tasks of exercise 09: convolution, pooling, batch norm over images, and a small LeNet (NumPy).

No step needs another one to be right: what a later step builds on is passed to it, and made in its probe.

Sources: I2DL lecture 9; student summary, IX; the exams Mock 2020, Aug 2020, Jul 2021, Feb 2022 and Aug 2022.
"""

from __future__ import annotations

from typing import Any

from autograder.tasks.ex09_convolution.filters import blur_kernels, convolve, edge_strength, filter_image, filter_signal
from autograder.tasks.ex09_convolution.geometry import layer_costs, output_size, quiz_networks, receptive_field
from autograder.tasks.ex09_convolution.layer import add_rows, conv2d_backward, conv2d_fast, conv2d_forward, window_rows
from autograder.tasks.ex09_convolution.pooling import average_pool, max_pool, max_pool_fast
from autograder.tasks.ex09_convolution.special_layers import (
    affine_as_convolution,
    one_by_one,
    spatial_batch_norm_backward,
    spatial_batch_norm_forward,
)
from autograder.tasks.ex09_convolution.training import lenet, lenet_accuracy, what_the_filters_see, why_share_weights

__all__ = [
    "TITLE",
    "add_rows",
    "affine_as_convolution",
    "average_pool",
    "blur_kernels",
    "conv2d_backward",
    "conv2d_fast",
    "conv2d_forward",
    "convolve",
    "edge_strength",
    "filter_image",
    "filter_signal",
    "layer_costs",
    "lenet",
    "lenet_accuracy",
    "max_pool",
    "max_pool_fast",
    "one_by_one",
    "output_size",
    "quiz_networks",
    "receptive_field",
    "reference",
    "spatial_batch_norm_backward",
    "spatial_batch_norm_forward",
    "what_the_filters_see",
    "why_share_weights",
    "window_rows",
]

TITLE = "Convolution"


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from autograder.tasks.ex09_convolution.answers import answers

    return Implementation(answers())

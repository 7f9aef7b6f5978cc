"""What students write in exercise 03: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants.ex03_affine_layer.right import EINSUM, LOOPS
from autograder.demo.variants.ex03_affine_layer.right_in_parts import DICTIONARIES
from autograder.demo.variants.ex03_affine_layer.right_tolerated import (
    FLOAT32,
    FUNCTIONS_AS_CACHE,
    IN_PLACE,
    SLOPE_ONE_AT_ZERO,
)
from autograder.demo.variants.ex03_affine_layer.wrong_layers import WRONG_LAYERS
from autograder.demo.variants.ex03_affine_layer.wrong_losses import WRONG_LOSSES
from autograder.demo.variants.ex03_affine_layer.wrong_network import WRONG_NETWORK
from autograder.demo.variants.ex03_affine_layer.wrong_numbers import WRONG_NUMBERS

__all__ = ["VARIANTS"]

VARIANTS = [
    LOOPS,
    EINSUM,
    DICTIONARIES,
    FUNCTIONS_AS_CACHE,
    IN_PLACE,
    FLOAT32,
    SLOPE_ONE_AT_ZERO,
    *WRONG_LAYERS,
    *WRONG_LOSSES,
    *WRONG_NETWORK,
    *WRONG_NUMBERS,
]

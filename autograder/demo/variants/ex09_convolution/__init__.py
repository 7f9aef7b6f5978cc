"""What students write in exercise 09: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.ex09_convolution import (
    right_filters,
    right_layer,
    right_network,
    right_pooling,
    wrong_filters,
    wrong_geometry,
    wrong_layer,
    wrong_network,
    wrong_norm,
    wrong_pooling,
)

__all__ = ["VARIANTS"]

VARIANTS: list[Variant] = [
    *right_filters.VARIANTS,
    *right_layer.VARIANTS,
    *right_pooling.VARIANTS,
    *right_network.VARIANTS,
    *wrong_filters.VARIANTS,
    *wrong_geometry.VARIANTS,
    *wrong_layer.VARIANTS,
    *wrong_pooling.VARIANTS,
    *wrong_norm.VARIANTS,
    *wrong_network.VARIANTS,
]

"""What students write in exercise 04: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.ex04_activations_and_losses import (
    right_activations,
    right_losses,
    right_rectifiers,
    wrong_activations,
    wrong_losses,
    wrong_many_classes,
    wrong_rectifiers,
    wrong_regularizers,
)

__all__ = ["VARIANTS"]

VARIANTS: list[Variant] = [
    *right_activations.VARIANTS,
    *right_rectifiers.VARIANTS,
    *right_losses.VARIANTS,
    *wrong_activations.VARIANTS,
    *wrong_rectifiers.VARIANTS,
    *wrong_losses.VARIANTS,
    *wrong_many_classes.VARIANTS,
    *wrong_regularizers.VARIANTS,
]

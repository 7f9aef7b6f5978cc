"""What students write in exercise 01: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.ex01_machine_learning_basics import distances, folds, hidden_structure, lines, logistic

__all__ = ["VARIANTS"]

_FAMILIES = (distances, folds, hidden_structure, lines, logistic)

VARIANTS: list[Variant] = [v for family in _FAMILIES for v in (*family.RIGHT, *family.WRONG)]

"""What students write in exercise 02: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants.ex02_computing_gradients.by_hand import BY_HAND
from autograder.demo.variants.ex02_computing_gradients.measured import MEASURED
from autograder.demo.variants.ex02_computing_gradients.modes import MODES
from autograder.demo.variants.ex02_computing_gradients.right import RIGHT
from autograder.demo.variants.ex02_computing_gradients.rules import RULES
from autograder.demo.variants.ex02_computing_gradients.ways import WAYS

__all__ = ["VARIANTS"]

VARIANTS = [*RIGHT, *BY_HAND, *MEASURED, *RULES, *MODES, *WAYS]

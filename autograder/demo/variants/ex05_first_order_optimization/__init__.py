"""What students write in exercise 05: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants.ex05_first_order_optimization import (
    adam,
    descent,
    right,
    right_in_loops,
    rules,
    schedules,
)

__all__ = ["VARIANTS"]

VARIANTS = [*right_in_loops.VARIANTS, *right.VARIANTS, *descent.WRONG, *rules.WRONG, *adam.WRONG, *schedules.WRONG]

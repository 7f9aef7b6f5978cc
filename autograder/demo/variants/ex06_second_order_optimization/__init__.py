"""What students write in exercise 06: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants.ex06_second_order_optimization import (
    curvature,
    lines,
    right_by_algebra,
    right_in_loops,
    right_in_place,
    secants,
    squares,
)

__all__ = ["VARIANTS"]

VARIANTS = [
    *right_in_loops.VARIANTS,
    *right_by_algebra.VARIANTS,
    *right_in_place.VARIANTS,
    *curvature.WRONG,
    *lines.WRONG,
    *secants.WRONG,
    *squares.WRONG,
]

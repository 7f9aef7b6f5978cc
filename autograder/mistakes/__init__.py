"""The mistakes that people make, each a small function from the evidence to the sentence that names it."""

from __future__ import annotations

from autograder.mistakes import factors, kinds, others, partial, reruns, shapes
from autograder.mistakes.evidence import Evidence, Hypothesis

__all__ = ["HYPOTHESES", "Evidence", "Hypothesis"]

HYPOTHESES: tuple[Hypothesis, ...] = (
    # No number to look at.
    partial.crashes_beyond_given_shape,
    kinds.not_reached,
    kinds.changed_in_place,
    kinds.nothing_returned,
    # Another question would be pointless.
    reruns.not_deterministic,
    # What the author of the task has seen before.
    reruns.known_to_the_task,
    kinds.not_finite,
    kinds.integers,
    kinds.too_coarse,
    # The wrong shape, from the sentence that says most to the one that says least.
    shapes.bias_gradient,
    factors.transposed,
    shapes.not_reshaped,
    shapes.broadcast,
    shapes.not_summed,
    # The right shape, or a wrong one that something else has.
    factors.sign,
    others.another_output,
    others.other_reduction,
    others.unchanged_input,
    factors.factor,
    factors.transposed_and_scaled,
    reruns.upstream_ignored,
    reruns.other_axis,
    # Before the zeros that an overflow leaves behind are taken for a loop that ends early.
    kinds.overflow_elsewhere,
    partial.all_zero,
    reruns.as_if,
    factors.constant_offset,
    others.other_function,
    partial.clipped,
    partial.only_some_filled,
    partial.wrong_where,
    partial.cut_to_zero,
    # Last, where nothing reproduces the numbers.
    partial.only_at_given_shape,
    shapes.shape_of_something_else,
)
"""The most specific first: the first that explains the evidence wins."""

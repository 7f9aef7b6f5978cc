"""Wrong variants made from right ones."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]


def spoiled(task: str, cell: str, right: str, *mistakes: tuple[str, str, str, str]) -> list[Variant]:
    """Return a variant for each ``(name, says, old, new)``: the right cell with ``old`` replaced by ``new``."""
    variants = []
    for name, says, old, new in mistakes:
        assert old in right, (name, old)
        variants.append(Variant(name, {cell: right.replace(old, new)}, task, says))
    return variants

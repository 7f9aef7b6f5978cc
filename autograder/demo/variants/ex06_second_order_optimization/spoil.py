"""How the wrong variants are made: a right cell, and the edits that spoil it."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]


def spoiled(task: str, right: str, *mistakes: tuple[str, str, str, str]) -> list[Variant]:
    """Return a variant for each ``(name, says, old, new)``: the task's right cell with ``old`` replaced by ``new``."""
    variants = []
    for name, says, old, new in mistakes:
        assert old in right, (name, old)
        variants.append(Variant(f"{task}_{name}", {f"{task}_code": right.replace(old, new)}, task, says))
    return variants

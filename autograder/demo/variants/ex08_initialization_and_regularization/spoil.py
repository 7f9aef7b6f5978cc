"""Make wrong variants of a right cell."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]


def spoiled(task: str, right: str, *mistakes: tuple[str, ...]) -> list[Variant]:
    """Return a variant for each ``(name, says, old, new, old, new, ...)``: the right cell with each old replaced."""
    variants = []
    for name, says, *edits in mistakes:
        source = right
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            assert old in source, (name, old)
            source = source.replace(old, new)
        variants.append(Variant(name, {f"{task}_code": source}, task, says))
    return variants

"""Wrong variants as one right source and what to replace in it."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]


def spoiled(task: str, right: str, *mistakes: tuple[str, str, str, str]) -> list[Variant]:
    """Return one variant per mistake: its name, a part of what it is called, and what is replaced by what."""
    found = []
    for name, says, old, new in mistakes:
        assert right.count(old) >= 1, (name, old)
        found.append(Variant(name, {f"{task}_code": right.replace(old, new)}, task, says))
    return found

"""Make wrong variants of a right cell."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]

_TRAINED = frozenset({"digits_accuracy"})
BREAKS = {
    "flatten": _TRAINED | {"affine_forward", "affine_backward"},
    "affine_forward": _TRAINED | {"affine_backward"},
    "affine_backward": _TRAINED,
    "two_layer_loss": _TRAINED,
    "sgd_update": _TRAINED,
}
"""Everything else gets its layers from the grader; only what is trained is trained with the student's own."""


def spoiled(task: str, right: str, *mistakes: tuple[str, ...], cell: str = "") -> list[Variant]:
    """Return a variant for each ``(name, says, old, new, old, new, ...)``: the right cell with each old replaced."""
    variants = []
    for name, says, *edits in mistakes:
        source = right
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            assert old in source, (name, old)
            source = source.replace(old, new)
        cells = {cell or f"{task}_code": source}
        variants.append(Variant(name, cells, task, says, BREAKS.get(task, frozenset())))
    return variants

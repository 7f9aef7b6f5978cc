"""Make wrong variants of a right cell: the right source, and the edits that spoil it."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["spoiled"]


def spoiled(
    task: str,
    right: str,
    *mistakes: tuple[str, ...],
    cell: str = "",
    prefix: str = "",
    breaks: frozenset[str] = frozenset(),
) -> list[Variant]:
    """Return one wrong variant for each mistake.

    Parameters
    ----------
    task
        The task that loses points.
    right
        A right source of the cell.
    mistakes
        ``(name, says, old, new, old, new, ...)``: the variant's name, a part of what the diagnosis says, and the edits,
        made one after the other. Every ``old`` must occur, and is replaced wherever it does.
    cell
        The ``grade_id`` of the cell; the task's name and ``_code`` where not given.
    prefix
        Stands before every name, so that mistakes may be shared by tasks.
    breaks
        Tasks that call what is spoiled here.

    Raises
    ------
    ValueError
        If there is nothing to replace.
    """
    variants = []
    for name, says, *edits in mistakes:
        source = right
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            if old not in source:
                msg = f"the variant {prefix}{name} replaces {old!r}, which does not occur in the right cell"
                raise ValueError(msg)
            source = source.replace(old, new)
        variants.append(Variant(f"{prefix}{name}", {cell or f"{task}_code": source}, task, says, breaks))
    return variants

"""From the text of a cell to its statements: magics are taken out, and what cannot be read stops nothing."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from dataclasses import dataclass
from typing import Any

__all__ = ["Cell", "read_cell", "seeming_names"]

MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Cell:
    """The statements of a cell, and the names whose definitions are too deep or too long to be read."""

    statements: tuple[ast.stmt, ...] = ()
    unread: tuple[tuple[str, int], ...] = ()


@functools.lru_cache(maxsize=512)
def read_cell(source: str) -> Cell:
    """Return the statements of ``source``; a cell that is no Python defines nothing, and has none."""
    if len(source) > MAX_CHARACTERS:
        return Cell(unread=seeming_names(source, 1))
    try:
        return Cell(tuple(_parse(source).body))
    except (RecursionError, MemoryError):
        return _block_by_block(source)
    except (SyntaxError, ValueError):
        pass
    try:
        return Cell(tuple(_parse(_without_magics(source)).body))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Cell()


def _parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _without_magics(source: str) -> str:
    """Return the Python that IPython makes of the cell: ``%time f()`` becomes a call with the code as its text."""
    try:
        return str(_manager().transform_cell(source))
    except ImportError:
        return re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", source)


@functools.cache
def _manager() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()


def _block_by_block(source: str) -> Cell:
    """Read a cell of which some part is nested too deeply, each block that begins at the margin by itself."""
    statements: list[ast.stmt] = []
    unread: list[tuple[str, int]] = []
    lines = source.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if re.match(r"[^\s#)\]}]", line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        block = "".join(lines[start:end])
        try:
            tree = _parse(block)
        except (RecursionError, MemoryError):
            unread += seeming_names(block, start + 1)
        except (SyntaxError, ValueError):
            continue
        else:
            ast.increment_lineno(tree, start)
            statements += tree.body
    return Cell(tuple(statements), tuple(unread))


def seeming_names(block: str, line: int = 1) -> tuple[tuple[str, int], ...]:
    """Return the names that a text seems to define at its margin."""
    found = re.findall(r"(?m)^(?:(?:async\s+)?def\s+|class\s+)?([^\W\d]\w*)\s*(?:[(:=])", block)
    return tuple((name, line) for name in dict.fromkeys(found))

"""What counts as a notebook: parsed, of a known version, upgraded and mended where that is safe.

Mending touches the form alone (missing fields, invalid ids, outputs that break the schema), never a cell's source.
"""

from __future__ import annotations

import codecs
import contextlib
import copy
import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat
from traitlets.log import get_logger

__all__ = ["NotANotebook", "ReadNotebook", "grade_ids", "read_notebook"]

MAX_CELLS = 2000
MAX_DEPTH = 100
"""How deeply JSON may be nested: libraries that read it anew, by recursion, would fail on more."""
MAX_ITEMS = 2_000_000
"""Lists and objects in a file: each costs many times the two characters that it takes there."""

TOO_DEEP = "the file is JSON of a size or depth that no notebook has"
FIELDS = {
    "code": {"id", "cell_type", "metadata", "source", "outputs", "execution_count"},
    "markdown": {"id", "cell_type", "metadata", "source", "attachments"},
    "raw": {"id", "cell_type", "metadata", "source", "attachments"},
}


class NotANotebook(ValueError):
    """The content is not a notebook that can be read; the message says why."""


@dataclass(frozen=True)
class ReadNotebook:
    """A notebook of format 4.5 in JSON's terms; ``mended`` says whether it differs from what was read."""

    content: dict[str, Any]
    mended: bool
    notes: list[str] = field(default_factory=list)


def read_notebook(data: bytes) -> ReadNotebook:
    """Return the notebook that ``data`` holds.

    Raises
    ------
    NotANotebook
        If it is empty, no JSON, JSON of another form, of a format before 3 or after 4, or damaged beyond mending.
    """
    content = _parse(data)
    version = content.get("nbformat")
    if type(version) is not int or not isinstance(content.get("cells", content.get("worksheets")), list):
        msg = "the file is JSON, but not a notebook"
        raise NotANotebook(msg)
    notes = []
    if version > 4:
        msg = f"the notebook has format {version}, newer than the format 4 that is read: save it as format 4"
        raise NotANotebook(msg)
    if version < 3:
        msg = f"the notebook has format {version}, older than the formats 3 and 4 that are read"
        raise NotANotebook(msg)
    count = _count_cells(content)
    if count > MAX_CELLS:
        msg = f"the notebook has {count} cells, more than the {MAX_CELLS} that are read"
        raise NotANotebook(msg)
    original = content
    if version == 3:
        content = _upgraded(content)
        notes.append("upgraded from notebook format 3")
    content, cells_lost = _mended(content)
    if cells_lost:
        notes.append(f"{cells_lost} damaged cells were left out" if cells_lost > 1 else "a damaged cell was left out")
    # The readers of a notebook take no byte order mark.
    return ReadNotebook(content, content != original or data.startswith(codecs.BOM_UTF8), notes)


def grade_ids(content: Mapping[str, Any]) -> frozenset[str]:
    """Return the ``grade_id`` of every cell that has one."""
    found = (c["metadata"].get("nbgrader") for c in content["cells"])
    ids = (n.get("grade_id") for n in found if isinstance(n, dict))
    return frozenset(i for i in ids if isinstance(i, str))


def _parse(data: bytes) -> dict[str, Any]:
    if not data.strip():
        msg = "the file is empty"
        raise NotANotebook(msg)
    if data.count(b"[") + data.count(b"{") > MAX_ITEMS:
        raise NotANotebook(TOO_DEEP)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        msg = "the file is not text in UTF-8, so it is not a notebook"
        raise NotANotebook(msg) from error
    except json.JSONDecodeError as error:
        msg = f"the file is not JSON, so it is not a notebook ({error.msg}, line {error.lineno})"
        raise NotANotebook(msg) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotANotebook(TOO_DEEP) from error
    if _depth_exceeds(content, MAX_DEPTH):
        raise NotANotebook(TOO_DEEP)
    return content if isinstance(content, dict) else {}


def _count_cells(content: Mapping[str, Any]) -> int:
    """Return how many cells there are; in format 3 they lie on worksheets."""
    if "cells" in content:
        return len(content["cells"])
    sheets = (s.get("cells") for s in content["worksheets"] if isinstance(s, dict))
    return sum(len(cells) for cells in sheets if isinstance(cells, list))


def _depth_exceeds(content: Any, depth: int) -> bool:
    level = [content] if isinstance(content, (dict, list)) else []
    for _ in range(depth):
        inner = (v for c in level for v in (c.values() if isinstance(c, dict) else c))
        level = [v for v in inner if isinstance(v, (dict, list))]
        if not level:
            return False
    return True


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    try:
        with _quiet():
            notebook = nbformat.convert(nbformat.from_dict(copy.deepcopy(content)), 4)
        # Through text: plain dictionaries again, and none of nbformat's own types.
        upgraded: dict[str, Any] = json.loads(json.dumps(notebook))
    except Exception as error:  # nbformat raises whatever the damage happens to cause
        msg = f"the notebook has format 3 and cannot be upgraded ({type(error).__name__})"
        raise NotANotebook(msg) from error
    for n, cell in enumerate(upgraded["cells"]):
        cell["id"] = f"cell-{n}"  # nbformat draws them at random
    return upgraded


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep nbformat's remarks on a damaged notebook off the instructor's screen: the problem says it once."""
    logger = get_logger()
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _mended(content: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Return a valid notebook of format 4.5 and the number of cells that had to go."""
    cells = [_mended_cell(c) for c in content["cells"]]
    kept = [c for c in cells if c is not None]
    _give_ids(kept)
    metadata = content["metadata"] if isinstance(content.get("metadata"), dict) else {}
    notebook = {"cells": kept, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    if not _valid(notebook):
        # Outputs and the notebook's metadata are what tools break most often, and what no grade depends on.
        notebook = {**notebook, "metadata": {}, "cells": [_bare(c) for c in kept]}
        if not _valid(notebook):
            msg = "the notebook is damaged: it does not have the form that its format asks for"
            raise NotANotebook(msg)
    return notebook, len(cells) - len(kept)


def _mended_cell(cell: Any) -> dict[str, Any] | None:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(kind, str) or kind not in FIELDS or not _is_text(cell.get("source", "")):
        return None
    mended = {key: value for key, value in cell.items() if key in FIELDS[kind]}
    mended.setdefault("source", "")
    if not isinstance(mended.get("metadata"), dict):
        mended["metadata"] = {}
    if kind == "code":
        if not isinstance(mended.get("outputs"), list):
            mended["outputs"] = []
        if type(mended.get("execution_count")) is not int:
            mended["execution_count"] = None
    return mended


def _is_text(source: Any) -> bool:
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(s, str) for s in source))


def _give_ids(cells: list[dict[str, Any]]) -> None:
    """Replace missing, invalid and repeated ids by ones that depend on nothing but the cell's place."""
    seen: set[str] = set()
    for n, cell in enumerate(cells):
        given = cell.get("id")
        if not isinstance(given, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", given) or given in seen:
            given = f"cell-{n}"
            while given in seen:
                given += "-"
            cell["id"] = given
        seen.add(given)


def _bare(cell: dict[str, Any]) -> dict[str, Any]:
    nbgrader = cell["metadata"].get("nbgrader")
    bare = {"id": cell["id"], "cell_type": cell["cell_type"], "source": cell["source"]}
    bare["metadata"] = {"nbgrader": nbgrader} if isinstance(nbgrader, dict) else {}
    return {**bare, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else bare


def _valid(notebook: dict[str, Any]) -> bool:
    try:
        nbformat.validate(notebook, version=4, version_minor=5)
    except (nbformat.ValidationError, RecursionError):
        return False
    return True

"""Attack the instructor: pages so long that they are never shown."""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import determine_grade

from autograder.sanitize import MAX_OUTPUTS, MAX_PICTURES, MAX_SOURCES, sanitize_notebook
from tests.hostile.bench import BENCH, notebook
from tests.hostile.instructor_pages import PNG, ran
from tests.hostile.technique import Seen, Technique, register


def _endless() -> NotebookNode:
    """A graded notebook whose pages would take hours, for rendering takes time that grows with the square of a length."""
    nb = ran("")
    noise = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mx" * 300_000 + "x" * 200_000}
    display = {"output_type": "display_data", "metadata": {}, "data": {"image/png": PNG, "text/plain": "p" * 100}}
    rest = {"metadata": {}, "execution_count": None, "source": ""}
    own = [new_markdown_cell("\\\\(" * 200_000), new_code_cell("@" * 1_000_000)]
    own += [new_markdown_cell("$a" * 4_000) for _ in range(100)]
    own += [
        nbformat.from_dict({**rest, "cell_type": "code", "id": f"o-{n}", "outputs": o})
        for n, o in enumerate(([noise], [display] * 20_000))
    ]
    return nbformat.from_dict({**nb, "cells": [*own, *nb.cells]})


def _weight(nb: NotebookNode) -> Seen:
    """Return the share by which a notebook is larger than what is shown in a moment."""
    outputs = [o for c in nb.cells for o in c.get("outputs", [])]
    said = sum(len(o.get("text", "")) + len(o.get("data", {}).get("text/plain", "")) + 100 for o in outputs)
    drawn = sum(len(o.get("data", {}).get("image/png", "")) for o in outputs)
    sources = sum(len(c.source) for c in nb.cells)
    return Seen(float(sources > MAX_SOURCES or said > 1.1 * MAX_OUTPUTS or drawn > MAX_PICTURES))


def _verdicts(nb: NotebookNode) -> float:
    """Return the share of the points that nbgrader reads from the cells."""
    graded = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert all("text/html" in c.outputs[0].data for c in graded)
    return sum(determine_grade(c)[0] or 0.0 for c in graded) / BENCH.points


register(
    Technique(
        "attack the instructor",
        "a page that takes for ever",
        "Texts, code and outputs are so long that rendering them keeps the grader and formgrader busy for hours.",
        "what is shown of a cell, an output and a notebook is limited; verdicts are not",
        control=lambda: Seen(1.0 - _weight(notebook()).share),
        attack=lambda: _weight(sanitize_notebook(_endless())),
        without=lambda: _weight(_endless()),
        neighbour=lambda: Seen(_verdicts(sanitize_notebook(_endless()))),
    )
)

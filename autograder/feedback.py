"""What the student gets back: one page with the score, the reasons, and the notebook with the referee's cards.

A page is a single file that loads nothing and runs nothing, at the desk and offline: the notebook is cleaned
(:mod:`autograder.sanitize`), formulas are MathML, pictures lie in the page, and a Content-Security-Policy forbids
whatever was overlooked.

``nbgrader generate_feedback`` makes the same pages, with the points and comments given by hand, where its
configuration says ``c.GenerateFeedback.exporter_class = "autograder.feedback.FeedbackExporter"``.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import PackageLoader
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import default
from traitlets.config import Config

from autograder.mathml import to_mathml
from autograder.sanitize import clean_card, clean_html, sanitize_notebook
from autograder.submission import Outcome, TaskResult
from autograder.text import clean

__all__ = ["FeedbackExporter", "sanitize_notebook", "write_feedback"]

MAX_SHOWN = 10_000
"""Characters of one output that the page shows; the notebook has more of it."""

LANGUAGES = {"python", "py", "python3", "ipython3", "bash", "text", "json"}


def write_feedback(
    notebook_path: Path, outcome: Outcome, to: Path, *, comments: Mapping[str, str] | None = None
) -> Path:
    """Write ``to/<exercise>.html`` and return its path.

    Parameters
    ----------
    notebook_path
        The graded notebook; where there is none, or none that can be read, the page says why and has no notebook.
    outcome
        The scores and the reasons. A task that a person has graded since has their score in it.
    to
        The directory of this student's feedback on this exercise, ``feedback/<student>/<exercise>`` for nbgrader.
    comments
        What a person wrote on an answer, in Markdown, by the cell's ``grade_id``.
    """
    try:
        notebook = nbformat.read(notebook_path, as_version=4)
    except Exception:  # the reason stands in the outcome
        notebook = nbformat.v4.new_notebook()
    page, _ = FeedbackExporter().from_notebook_node(notebook, {"autograder": outcome, "comments": comments or {}})
    path = to / f"{outcome.exercise}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(page, encoding="utf-8")
    part.replace(path)
    return path


class FeedbackExporter(HTMLExporter):
    """nbconvert's HTML exporter with a page of our own: cleaned, in one piece, without scripts."""

    export_from_notebook = None

    def __init__(self, config: Config | None = None, **options: Any) -> None:
        super().__init__(config=config, **options)
        self.extra_loaders = [PackageLoader("autograder")]

    @property
    def default_config(self) -> Config:
        """No preprocessor of nbconvert's own is needed."""
        return Config({"Exporter": {"default_preprocessors": []}})

    @default("template_file")
    def _template_file_default(self) -> str:
        return "feedback.html.j2"

    def default_filters(self) -> Any:
        """Yield nbconvert's filters and our own."""
        yield from super().default_filters()
        yield "clean_card", clean_card
        yield "markdown", _markdown
        yield "prose", _prose
        yield "shorten", _shorten
        yield "state", _state

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page; ``resources["autograder"]`` is the outcome, or the gradebook's scores are taken."""
        self.register_filter("highlight_code", _highlight)
        # HTMLExporter's own method would parse the page once more, to name pictures without a name: ours have one.
        page: tuple[str, dict[str, Any]] = super(HTMLExporter, self).from_notebook_node(
            sanitize_notebook(nb), resources, **options
        )
        return page

    def _preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        # Under nbgrader, GetGrades runs here and puts scores and comments into the cells.
        nb, resources = super()._preprocess(nb, resources)
        if "autograder" not in resources:
            resources["autograder"] = _from_gradebook(nb, resources.get("nbgrader", {}))
        return nb, resources


def _from_gradebook(nb: NotebookNode, resources: Mapping[str, Any]) -> Outcome:
    """Return the outcome that nbgrader's gradebook knows: the scores, and the comments as reasons."""
    graded = [c.metadata.nbgrader for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
    waiting = _waiting(resources)
    results = [
        TaskResult(
            g.grade_id,
            None if g.grade_id in waiting else g.get("score"),
            g.get("points", 0.0),
            tuple(filter(None, [g.get("comment")])),
        )
        for g in graded
    ]
    late = resources.get("late_penalty") or 0
    notes = [f"handed in late: {late:g} points less"] if late else []
    return Outcome(resources.get("student", ""), resources.get("assignment", ""), "graded", "", notes, results)


class _Renderer(IPythonRenderer):
    """nbconvert's Markdown with formulas as MathML."""

    def inline_math(self, body: str) -> str:
        """Return a formula within a line."""
        return to_mathml(body)

    def block_math(self, body: str) -> str:
        """Return a formula on a line of its own."""
        return to_mathml(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """Return an environment that stands by itself."""
        return to_mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return a block of code, coloured where its language is a usual one."""
        language = (info or "").split(maxsplit=1)[:1]
        return super().block_code(code, language[0] if set(language) <= LANGUAGES and language else None)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture, or its text where nothing is attached under its name."""
        if url.startswith("attachment:") and url.removeprefix("attachment:") not in self.attachments:
            return html.escape(text)
        return super().image(text, url, title)


def _waiting(resources: Mapping[str, Any]) -> set[str]:
    """Return the cells that a person has yet to grade: nbgrader counts them as 0 until then."""
    if "db_url" not in resources:
        return set()
    from nbgrader.api import Gradebook

    with Gradebook(resources["db_url"]) as book:
        names = (resources["notebook"], resources["assignment"], resources["student"])
        return {g.name for g in book.find_submission_notebook(*names).grades if g.needs_manual_grade}


# ---------------------------------------------------------------------------------------------------------------
# What the template asks for


# Most cells of a page stand in every other student's page, too.
KEPT, MAX_KEPT = 512, 20_000
"""How many cells are kept once they were made into HTML, and the longest of them, in characters."""


def _highlight(source: str, **_: Any) -> str:
    """Return code in colours."""
    return _colour(source) if len(source) <= MAX_KEPT else _colour.__wrapped__(source)


@functools.lru_cache(KEPT)
def _colour(source: str) -> str:
    return str(_colourer()(source))


@functools.cache
def _colourer() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")


def _markdown(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Render Markdown with formulas as MathML, and clean the result."""
    if attachments or len(source) > MAX_KEPT:
        return _render(source, attachments)
    return _rendered(source)


@functools.lru_cache(KEPT)
def _rendered(source: str) -> str:
    return _render(source)


def _render(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    renderer = _Renderer(escape=False, attachments=dict(attachments or {}), exclude_anchor_links=True)
    return clean_html(MarkdownWithMath(renderer=renderer).render(source))


def _prose(text: str) -> str:
    """Return a sentence with what stands between backticks set as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(clean(text, 2000)))


def _shorten(text: str) -> str:
    """Return what is left of an output when progress bars have been overwritten and its end is cut off."""
    lines = text[: 20 * MAX_SHOWN].replace("\r\n", "\n").split("\n")
    text = "\n".join(line.rpartition("\r")[2] for line in lines)
    left_out = len(text) - MAX_SHOWN
    return text if left_out <= 0 else f"{text[:MAX_SHOWN]}\n… {left_out} more characters"


def _state(result: TaskResult | None) -> str:
    """Return how a task went: right, partly, wrong, or waiting for a person."""
    if result is None:
        return ""
    if result.score is None:
        return "waits"
    return "right" if result.score >= result.out_of else "partly" if result.score > 0 else "wrong"

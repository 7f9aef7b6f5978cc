"""Notebooks as pages: shown as nbconvert and nbgrader show them, and what in a page may run or load something."""

from __future__ import annotations

import base64
import io
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbgrader
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from PIL import Image


def picture(kind: str = "png", size: tuple[int, int] = (3, 2)) -> str:
    stream = io.BytesIO()
    Image.new("1" if kind == "png" else "RGB", size).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str], ...]]] = []
        self.text: list[str] = []
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple((k, v or "") for k, v in attrs)))
        self.skipped += tag in {"style", "script", "title"}

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in {"style", "script", "title"}

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.text.append(data)


def parsed(page: str) -> _Elements:
    parser = _Elements()
    parser.feed(page)
    parser.close()
    return parser


def elements(page: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(tag, tuple(sorted(attrs))) for tag, attrs in parsed(page).found]


def visible(page: str) -> str:
    return " ".join(" ".join(parsed(page).text).split())


ACTIVE = {"script", "iframe", "object", "embed", "link", "base", "form", "set", "video", "audio", "frame", "applet"}
ACTIVE |= {"meta", "style", "template", "portal", "foreignobject", "animate", "use", "source", "track", "button"}


def active(page: str) -> Counter[str]:
    """Return everything in the page that may run or load something."""
    found: Counter[str] = Counter()
    for tag, attrs in elements(page):
        if tag in ACTIVE:
            found[tag] += 1
        for name, value in attrs:
            if name.startswith("on") or name in {
                "srcset",
                "srcdoc",
                "formaction",
                "action",
                "background",
                "ping",
                "poster",
            }:
                found[f"{tag} {name}"] += 1
            if name in {"href", "xlink:href"} and not re.match(r"https?://|#", value):
                found[f"{tag} {name}={value[:30]}"] += 1
            if name == "src" and not re.match(r"data:image/(png|jpeg);base64,", value):
                found[f"{tag} {name}={value[:30]}"] += 1
            if name == "style" and re.search(r"url|\\|expression|position", value):
                found[f"{tag} {name}={value[:30]}"] += 1
    return found


def rendered(source: str, attachments: Any = None) -> str:
    """Render Markdown as nbconvert does."""
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=attachments or {})).render(source)


def nbgrader_page(nb: NotebookNode, template: str) -> str:
    """Show a notebook as nbgrader does."""
    templates = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    exporter = HTMLExporter(
        template_name=template,
        extra_template_basedirs=[str(templates / "templates")],
        extra_template_paths=[str(templates / "static" / "node_modules" / "bootstrap" / "dist" / "css")],
    )
    for cell in nb.cells:
        if cell.metadata.get("nbgrader"):
            cell.metadata.nbgrader.setdefault("score", 1.0)  # as GetGrades does
    names = {"notebook": "exercise", "score": 1, "max_score": 2, "late_penalty": 0}
    resources = {"nbgrader": names, "base_url": "", "index": 0, "total": 1, "student": "ada", "notebook_id": "x"}
    page: str = exporter.from_notebook_node(nb, {**resources, "submission_id": "x", "assignment_id": "x"})[0]
    return page

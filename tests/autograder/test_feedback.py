"""Feedback pages: what they say, with an outcome, without a notebook, and under nbgrader."""

from __future__ import annotations

import base64
import html
import io
import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from autograder.feedback import FeedbackExporter, _shorten, write_feedback
from autograder.submission import Outcome, TaskResult

EXERCISE = "03_affine_layer"


def picture() -> str:
    stream = io.BytesIO()
    Image.new("1", (3, 2)).save(stream, "png")
    return base64.b64encode(stream.getvalue()).decode()


PNG = picture()


def graded_cell(name: str, card: str, points: float = 1.0) -> NotebookNode:
    """A cell as the referee leaves it."""
    data = {"text/html": card, "text/plain": "plain card"}
    outputs = [
        new_output("display_data", data=data, metadata={"autograder": "verdict"}),
        new_output("execute_result", data={"text/plain": repr(points)}),
    ]
    metadata = {"grade_id": name, "grade": True, "solution": False, "points": 4.0}
    return new_code_cell(f"check({name!r})", metadata={"nbgrader": metadata}, outputs=outputs, id=name)


def visible(page: str) -> str:
    """Return the text of a page as a reader sees it."""
    shown = re.sub(r"<(style|title)>.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", shown)).split())


def page_of(nb: NotebookNode, tmp_path: Path, outcome: Outcome | None = None) -> str:
    path = tmp_path / "graded.ipynb"
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    return write_feedback(path, outcome or Outcome("ada", EXERCISE, "graded"), tmp_path / "out").read_text("utf-8")


def test_summary(tmp_path: Path) -> None:
    results = [
        TaskResult("flatten", 2.0, 2.0),
        TaskResult("back", 1.5, 4.0, ("`dw` is transposed", "db is a <mean>")),
        TaskResult("sgd", 0.0, 2.0, ("still the stub",)),
        TaskResult("why", None, 3.0),
    ]
    outcome = Outcome("ada", EXERCISE, "partly graded", "sgd: no answer", ("the cell `relu` was restored",), results)
    nb = new_notebook(cells=[graded_cell("back", "<b>the card</b>", 1.5), graded_cell("flatten", "x", 2.0)])
    page = page_of(nb, tmp_path, outcome)
    text = visible(page)
    assert "3.5 of 8 points" in text
    assert "3 more points wait for a person" in text
    assert "Partly graded: sgd: no answer" in text
    assert "back 1.5 / 4" in text
    assert "dw is transposed db is a <mean>" in text
    assert "<code>dw</code>" in page
    assert "the cell relu was restored" in text
    assert 'href="#task-back"' in page
    assert 'id="task-back"' in page
    assert 'href="#task-sgd"' not in page  # no such cell to go to
    states = re.findall(r'<tr class="(\w+)">', page)
    assert states == ["right", "partly", "wrong", "waits"]
    assert "the card" in text
    assert "1.5</pre>" not in page  # the number that nbgrader reads is not for people


def test_refused_and_without_a_notebook(tmp_path: Path) -> None:
    (tmp_path / "broken.ipynb").write_text("not JSON")
    results = [TaskResult("flatten", 0.0, 2.0, ("the file is not JSON",), ran=False)]
    outcome = Outcome("ada", EXERCISE, "refused", "the file is not JSON", (), results)
    for name in ("broken.ipynb", "none.ipynb"):
        path = write_feedback(tmp_path / name, outcome, tmp_path / "out")
        assert path == tmp_path / "out" / f"{EXERCISE}.html"
        text = visible(path.read_text("utf-8"))
        assert "Refused: the file is not JSON" in text
        assert "0 of 2 points" in text
    assert [p.name for p in (tmp_path / "out").iterdir()] == [f"{EXERCISE}.html"]


def test_maths_text_and_outputs(tmp_path: Path) -> None:
    source = "# Title\n\nFor $a<b$ and **bold** text\n\n$$\\frac{\\partial L}{\\partial W}$$\n\n| a | b |\n|--|--|\n| 1 | 2 |"
    outputs = [
        new_output("stream", name="stdout", text="10 %\r50 %\rdone\n"),
        new_output("stream", name="stderr", text="\x1b[31mred\x1b[0m"),
        new_output("error", ename="E", evalue="v", traceback=["Trace <back>"]),
        new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure>"}),
        new_output("execute_result", data={"text/html": "<table>", "text/plain": "a frame"}),
        new_output("stream", name="stdout", text="x" * 50_000),
    ]
    page = page_of(new_notebook(cells=[new_markdown_cell(source), new_code_cell("x < y", outputs=outputs)]), tmp_path)
    assert '<math display="inline"><mrow><mi>a</mi><mo>&lt;</mo><mi>b</mi></mrow></math>' in page
    assert '<math display="block"><mrow><mfrac>' in page
    assert "<strong>bold</strong>" in page
    assert "<td>2</td>" in page
    assert f"data:image/png;base64,{PNG}" in page
    assert '<span class="ansi-red-fg">red</span>' in page
    text = visible(page)
    assert "done" in text
    assert "50 %" not in text
    assert "Trace <back>" in text
    assert "a frame" in text
    assert "… 40000 more characters" in text
    assert len(page) < 60_000


def test_a_long_line_is_shortened_at_once() -> None:
    # A pattern that looks for a carriage return from every character on would take minutes.
    assert _shorten("x" * 200_000) == "x" * 10_000 + "\n… 190000 more characters"
    assert _shorten("10 %\r50 %\rdone\r\nnext\r\n") == "done\nnext\n"


def test_comments_of_a_person(tmp_path: Path) -> None:
    answer = new_markdown_cell("my answer", metadata={"nbgrader": {"grade_id": "why", "grade": True, "solution": True}})
    path = tmp_path / "graded.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=[answer])), encoding="utf-8")
    outcome = Outcome("ada", EXERCISE, "graded", results=[TaskResult("why", 2.0, 3.0)])
    page = write_feedback(path, outcome, tmp_path, comments={"why": "Good, but $a<b$. <script>x</script>"})
    text = visible(page.read_text("utf-8"))
    assert "why 2 / 3 my answer Comment: Good, but a < b" in text
    assert "<script" not in page.read_text("utf-8")


def test_scores_and_comments_from_the_gradebook() -> None:
    """Under nbgrader, GetGrades puts these into the cells and the resources."""
    cell = graded_cell("back", "card")
    written = new_markdown_cell(
        "my answer", metadata={"nbgrader": {"grade_id": "why", "grade": True, "solution": True}}
    )

    def get_grades(nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb.cells[0].metadata.nbgrader |= {"score": 3.5, "points": 4.0}
        nb.cells[1].metadata.nbgrader |= {"score": 1.0, "points": 3.0, "comment": "see **this** <script>x</script>"}
        return nb, resources

    exporter = FeedbackExporter()
    exporter.register_preprocessor(get_grades, enabled=True)
    resources = {"nbgrader": {"student": "ada", "assignment": EXERCISE, "notebook": EXERCISE, "late_penalty": 2.0}}
    page, _ = exporter.from_notebook_node(new_notebook(cells=[cell, written]), resources)
    text = visible(page)
    assert "4.5 of 7 points" in text
    assert "why 1 / 3" in text
    assert "Comment: see this" in text
    assert "handed in late: 2 points less" in text
    assert "<script" not in page


def test_the_exporter_serves_nbgrader() -> None:
    from nbgrader.converters import GenerateFeedback
    from traitlets.config import Config

    config = Config({"GenerateFeedback": {"exporter_class": "autograder.feedback.FeedbackExporter"}})
    converter = GenerateFeedback(coursedir=None, config=config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    page, _ = exporter.from_notebook_node(new_notebook(cells=[new_markdown_cell("hello")]), {"nbgrader": {}})
    assert "Content-Security-Policy" in page
    assert "hello" in page

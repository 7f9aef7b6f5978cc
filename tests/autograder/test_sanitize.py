"""Cleaned notebooks: nothing from a submission runs or loads in a browser, and what is harmless stays.

The hostile notebook is shown in all three ways: our page, nbgrader's feedback, nbgrader's formgrader.
"""

from __future__ import annotations

import base64
import copy
import functools
import html
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from pages import active, elements, nbgrader_page, parsed, picture, rendered, visible

from autograder import sanitize
from autograder.check import Check
from autograder.display import card_html
from autograder.feedback import FeedbackExporter, sanitize_notebook
from autograder.sanitize import clean_card, clean_html
from autograder.submission import Outcome, TaskResult
from autograder.task import Task
from autograder.verdict import Verdict, refuse

EXERCISE = "03_affine_layer"


PNG, JPEG = picture(), picture("jpeg")


def graded_cell(name: str, html: str, points: float = 1.0, *, metadata: Any = None) -> NotebookNode:
    """A cell as the referee leaves it."""
    nbgrader_metadata = {
        "schema_version": 3,
        "grade_id": name,
        "grade": True,
        "solution": False,
        "locked": True,
        "task": False,
        "points": 4.0,
        "cell_type": "code",
        "checksum": "abc123",
    }
    card = new_output(
        "display_data",
        data={"text/html": html, "text/plain": "plain card"},
        metadata={"autograder": "verdict"} if metadata is None else metadata,
    )
    score = new_output("execute_result", data={"text/plain": repr(points)}, execution_count=None)
    return new_code_cell(f"check({name!r})", metadata={"nbgrader": nbgrader_metadata}, outputs=[card, score], id=name)


# ---------------------------------------------------------------------------------------------------------------
# What is kept


def test_sanitizing_is_pure_and_settles_at_once() -> None:
    nb = hostile()
    before = copy.deepcopy(nb)
    once = sanitize_notebook(nb)
    assert nb == before
    assert sanitize_notebook(once) == once
    nbformat.validate(once)


def test_what_is_harmless_stays() -> None:
    source = "a **b** `c` <b>d</b><br> [e](https://x.y) ![f](attachment:p.png)\n\n```python\nif a < b: c[0] = 1\n```\n"
    cells = [
        new_markdown_cell(source, attachments={"p.png": {"image/png": PNG}}, id="m"),
        new_code_cell("x = '<script>' if a<b else \"![\"", id="c", execution_count=3),
        graded_cell("flatten", "<b>card</b>"),
    ]
    kept = sanitize_notebook(new_notebook(cells=cells)).cells
    assert [c.source for c in kept] == [c.source for c in cells]
    assert [c.id for c in kept] == ["m", "c", "flatten"]
    assert kept[0].attachments == {"p.png": {"image/png": PNG}}
    assert kept[1].execution_count == 3
    assert kept[2].metadata == cells[2].metadata
    assert kept[2].outputs == cells[2].outputs


def test_nbgrader_reads_the_same_score() -> None:
    from nbgrader.utils import determine_grade

    cell = graded_cell("flatten", card_html(refuse(Task("flatten", 4.0), "no <answer>")), 2.5)
    assert determine_grade(sanitize_notebook(new_notebook(cells=[cell])).cells[0]) == (2.5, 4.0)


def wrong_flatten(x: np.ndarray) -> np.ndarray:
    print("<b>printed</b>")
    if len(x) == 1:
        raise ValueError("<script>alert(1)</script>")
    return 2 * np.reshape(x, (len(x), -1))


def looks(html: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the elements with their attributes; of a style, the names, for numbers may be written otherwise."""
    found = []
    for tag, attrs in parsed(html).found:
        kept: dict[str, Any] = dict(attrs)
        if "style" in kept:
            kept["style"] = sorted(re.findall(r"([a-z-]+)\s*:", kept["style"]))
        found.append((tag, kept))
    return found


@pytest.mark.parametrize(
    "verdict",
    [
        refuse(Task("flatten", 4.0), "`dw` is <b>transposed</b> & more"),
        Check(EXERCISE, {"flatten": wrong_flatten}).verdict("flatten"),
        Check(EXERCISE, {"flatten": lambda x: np.reshape(x, (len(x), -1)).T}).verdict("flatten"),
        Check(EXERCISE, {"flatten": lambda x: np.reshape(x, (len(x), -1))}).verdict("flatten"),
    ],
    ids=["refused", "wrong", "shape", "right"],
)
def test_the_card_is_kept_as_it_is(verdict: Verdict) -> None:
    html = card_html(verdict)
    cleaned = clean_card(html)
    assert looks(cleaned) == looks(html)
    assert visible(cleaned) == visible(html)
    assert clean_card(cleaned) == cleaned
    nb = new_notebook(cells=[graded_cell("flatten", html)])
    page, _ = FeedbackExporter().from_notebook_node(nb, {"autograder": Outcome("ada", EXERCISE, "graded")})
    assert visible(html) in visible(page)
    assert "plain card" not in page


def test_only_the_referee_has_cards() -> None:
    own = new_output(
        "display_data", data={"text/html": "<b>100 %</b>", "text/plain": "p"}, metadata={"autograder": "verdict"}
    )
    forged = [
        new_code_cell("1", outputs=[own]),
        new_code_cell("1", outputs=[own], metadata={"nbgrader": {"grade_id": "x", "grade": True, "solution": True}}),
        graded_cell("flatten", "<b>100 %</b>", metadata={"autograder": "other"}),
    ]
    for cell in sanitize_notebook(new_notebook(cells=forged)).cells:
        assert "text/html" not in cell.outputs[0].data
        assert cell.outputs[0].metadata == {}


@pytest.mark.parametrize(
    ("kind", "data", "kept"),
    [
        ("image/png", PNG, True),
        ("image/jpeg", JPEG, True),
        ("image/png", JPEG, False),
        ("image/png", "not base64 <script>", False),
        ("image/png", base64.b64encode(b"<svg onload=alert(1)>").decode(), False),
        ("image/png", picture(size=(20_000, 20_000)), False),
        ("image/svg+xml", "<svg/>", False),
        ("image/gif", "R0lGODlhAQABAAAAACw=", False),
    ],
)
def test_pictures(kind: str, data: str, kept: bool) -> None:
    output = new_output("display_data", data={kind: data, "text/plain": "p"})
    clean = sanitize_notebook(new_notebook(cells=[new_code_cell("", outputs=[output])])).cells[0].outputs[0]
    assert (kind in clean.data) == kept
    assert clean.data["text/plain"] == "p"


def test_formulas_among_the_outputs_stay_readable() -> None:
    data = {"text/latex": "$\\frac12$", "text/plain": "<IPython.core.display.Latex object>"}
    output = new_output("display_data", data=data)
    clean = sanitize_notebook(new_notebook(cells=[new_code_cell("", outputs=[output])])).cells[0].outputs[0]
    assert dict(clean.data) == {"text/plain": "$\\frac12$"}


# ---------------------------------------------------------------------------------------------------------------
# What is hostile


MARKDOWN = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil/x.js>",
    "text <img src=x onerror=alert(1)> text",
    "<img src='http://evil/track.png'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<details open ontoggle=alert(1)>",
    "<style>body{background:url(http://evil)}</style>",
    "<link rel=stylesheet href=http://evil>",
    "<base href=http://evil>",
    "<meta http-equiv=refresh content='0;url=http://evil'>",
    "<form action=http://evil><button>go</button></form>",
    "<object data=http://evil></object><embed src=http://evil>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<b onclick=alert(1)>x</b><b style='background:url(http://evil)'>x</b>",
    "<b><script>alert(1)</script></b>",
    "<b>[x](javascript:alert(1))</b>",
    "<code>[x](data:text/html;base64,PHNjcmlwdD4=)</code>",
    "<i>![x](https://evil/track.png)</i>",
    "<b>![x](attachment:missing.png)</b>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<div\nonmouseover=alert(1)>",
    "<https://onclick=alert(1)/ onclick=alert(1)>",
    "<javascript:alert(1)>",
    "[x](javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](JaVaScRiPt:alert(1) 'title')",
    "[x](java&#115;cript:alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:alert(1))",
    "[x](file:///etc/passwd)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x][z]\n\n[z]:\n  javascript:alert(1)",
    "[javascript]\n\n[javascript]: <javascript:alert(1)> 'x'",
    "![x](http://evil/track.png)",
    "![x](https://evil/track.png 'x\" onerror=\"alert(1)')",
    "![x](javascript:alert(1))",
    "![x][pic]\n\n[pic]: https://evil/track.png",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    "![x](attachment:missing.png)",
    "![x](attachment&#58;missing.png)",
    "![x](attachment:evil.svg)",
    "![x](attachment:p.png)",
    "![a ![b](https://evil/1.png) c](https://evil/2.png)",
    "[![x](https://evil/3.png)](https://evil)",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "$<img src=x onerror=alert(1)>$",
    "$$\\text{<script>alert(1)</script>}\\href{javascript:alert(1)}{x}$$",
    "\\begin{align}<img src=x onerror=alert(1)>\\end{align}",
    "# <img src=x onerror=alert(1)>",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)\\</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<\x00script>alert(1)</script>",
    "<b>\n\n<img src=x onerror=alert(1)>\n</b>",
    'https://evil/"onmouseover=alert(1)',
]


@pytest.mark.parametrize(
    "formula",
    [
        r"$\href{javascript:alert(1)}{x}$",
        r"<b>$\href {javascript:alert(1)}{x}$</b>",
        r"$\require{html}\cssId{a}{\class{b}{\style{position:fixed}{x}}}$",
        "&#36;&#92;href{javascript:alert(1)}{x}&#36;",
        "&#x24;&#X5C;href{javascript:alert(1)}{x}&#x24;",
        "&dollar;&bsol;href{javascript:alert(1)}{x}&dollar;",
    ],
)
def test_no_formula_has_a_link_or_a_style(formula: str) -> None:
    cell = sanitize_notebook(new_notebook(cells=[new_markdown_cell(formula)])).cells[0]
    for shown in (rendered(cell.source), clean_card(formula)):
        assert not re.search(r"\\(href|require|cssId|class|style)\b", html.unescape(shown)), shown


def test_formulas_stay_as_they_are() -> None:
    source = r"$\frac{\partial L}{\partial W} = \hat{h}^\top \mathbb{R}$, $$\begin{align}a &= b \\ c\end{align}$$ &amp; &#960;"
    assert sanitize_notebook(new_notebook(cells=[new_markdown_cell(source)])).cells[0].source == source


def test_code_reads_as_it_runs() -> None:
    cells = [
        new_code_cell("x = 'a\u202e\u2066b'  # שלום"),
        new_code_cell("print('\x1b[31mred\x1b[0m')\x1b]0;t\x07\x1b[2J!"),
    ]
    clean = sanitize_notebook(new_notebook(cells=cells)).cells
    assert [c.source for c in clean] == ["x = 'ab'  # שלום", "print('\x1b[31mred\x1b[0m')!"]


def test_what_nobody_reads_to_its_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in {"MAX_CODE": 100, "MAX_TEXT": 60, "MAX_OUTPUT": 80}.items():
        monkeypatch.setattr(sanitize, name, most)
    outputs = [
        new_output("stream", name="stdout", text="o" * 500),
        new_output("display_data", data={"text/plain": "p"}),
    ]
    cells = [new_code_cell("c" * 500, outputs=outputs), new_markdown_cell("m" * 500), new_code_cell("short")]
    once = sanitize_notebook(new_notebook(cells=cells))
    assert [len(c.source) for c in once.cells] == [100, 60, 5]
    assert once.cells[0].source == "c" * 78 + "\n… 400 more characters"
    assert [len(o.text) for o in once.cells[0].outputs[:1]] == [80]
    assert sanitize_notebook(once) == once


def test_a_verdict_is_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    from nbgrader.utils import determine_grade

    small = functools.partial(sanitize._Room, sources=100, outputs=300, pictures=2 * len(PNG))
    monkeypatch.setattr(sanitize, "_Room", small)
    drawn = new_output("display_data", data={"image/png": PNG, "text/plain": "p"})
    noise = new_code_cell("x" * 5000, outputs=[drawn] * 9)
    noise, graded = sanitize_notebook(new_notebook(cells=[noise, graded_cell("flatten", "<b>card</b>", 2.5)])).cells
    assert (len(noise.source), len(noise.outputs)) == (100, 3)
    assert sum("image/png" in o.data for o in noise.outputs) == 2
    assert determine_grade(graded) == (2.5, 4.0)
    assert graded.outputs[0].data["text/html"] == "<b>card</b>"


HTML = "<img src=x onerror=alert(1)><script>alert(1)</script><style>*{background:url(http://evil)}</style>"


def hostile() -> NotebookNode:
    """A notebook that tries everything, in every place, with metadata that no validation has seen."""
    svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
    bundle = {
        "text/html": HTML,
        "image/svg+xml": svg,
        "application/javascript": "alert(1)",
        "text/latex": "$\\href{javascript:alert(1)}{x}$",
        "text/markdown": HTML,
        "text/vnd.mermaid": HTML,
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "application/pdf": "JVBERi0=",
        "image/png": f'{PNG}" onerror="alert(1)',
        "text/plain": f"{HTML}\x1b[31m\x1b]0;title\x07",
    }
    evil_metadata = {"image/png": {"width": "1 onerror=alert(1)", "alt": HTML}, "text/html": {"isolated": True}}
    outputs = [
        new_output("display_data", data=bundle, metadata=evil_metadata),
        new_output("execute_result", data=bundle, metadata={"autograder": "verdict"}),
        new_output("stream", name="stdout", text=HTML),
        new_output("stream", name="stderr", text=HTML),
        new_output("error", ename=HTML, evalue=HTML, traceback=[HTML, "\x1b[31;<script>alert(1)</script>m"]),
        nbformat.from_dict({"output_type": "update_display_data", "data": bundle, "metadata": {}}),
        nbformat.from_dict({"output_type": "display_data", "data": HTML, "metadata": []}),
    ]
    code = new_code_cell(HTML)
    code["outputs"] = outputs
    code["execution_count"] = HTML
    code["id"] = '"><script>alert(1)</script>'
    code.metadata = nbformat.from_dict({"tags": [HTML], "name": HTML, "magics_language": HTML, "collapsed": HTML})
    forged = graded_cell("forged", HTML)
    forged.metadata.nbgrader.grade_id = f'x"><b onclick=alert(1)>{HTML}'
    points = graded_cell("y", HTML)
    points.metadata.nbgrader |= {"points": HTML, "comment": HTML, "score": HTML}
    card = graded_cell("card", f'<b style="position:fixed;background:url(http://evil)" onclick="x">c</b>{HTML}{svg}')
    raw = new_raw_cell(HTML, metadata={"raw_mimetype": "text/html"})
    evil = {"evil.svg": {"image/svg+xml": base64.b64encode(svg.encode()).decode()}, "p.png": {"image/png": PNG}}
    evil |= {'x"onerror="alert(1)': {"image/png": PNG}, "t.png": {'text/html"><script>alert(1)</script>': PNG}}
    texts = [new_markdown_cell(m, attachments=copy.deepcopy(evil)) for m in MARKDOWN]
    unknown = nbformat.from_dict({"cell_type": HTML, "metadata": HTML, "source": [HTML, 3], "id": 7})
    nb = new_notebook()
    nb.cells = [*texts, code, copy.deepcopy(code), forged, points, card, raw, unknown]
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": HTML}}
    nb.metadata = nbformat.from_dict(
        {"title": HTML, "widgets": widgets, "language_info": {"name": HTML, "pygments_lexer": HTML}, "kernelspec": HTML}
    )
    return nb


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_nothing_runs_in_nbgraders_pages(template: str) -> None:
    harmless = new_notebook(cells=[new_markdown_cell("hello"), graded_cell("card", "hello")])
    assert active(nbgrader_page(sanitize_notebook(hostile()), template)) == active(nbgrader_page(harmless, template))


def test_the_hostile_markdown_is_hostile() -> None:
    """Without the cleaning it would run: nbconvert shows it as it is."""
    found = sum((active(rendered(m)) for m in MARKDOWN if "attachment" not in m), Counter[str]())
    assert found["script"] > 3
    assert found["img onerror"] > 3
    assert found["img src=https://evil/track.png"] > 1
    assert sum(n for what, n in found.items() if what.startswith("a href=javascript:")) > 3


def test_nothing_runs_in_our_page(tmp_path: Path) -> None:
    results = [TaskResult(f"t{HTML}", 1.0, 4.0, (HTML, "`" + HTML + "`")), TaskResult("card", 1.0, 4.0)]
    outcome = Outcome(f"ada{HTML}", EXERCISE, "partly graded", HTML, (HTML,), results)
    page = FeedbackExporter().from_notebook_node(hostile(), {"autograder": outcome})[0]
    # Three of <meta> and the style sheet are our own.
    assert active(page) == {"meta": 4, "style": 1}
    policy = re.search(r'http-equiv="Content-Security-Policy"', page)
    assert policy is not None
    assert page.index("<meta") < policy.end() < page.index("<title")
    assert "default-src 'none'" in page
    assert "script-src" not in page
    # No address but those that a reader may click on.
    assert not [a for tag, attrs in elements(page) for a in attrs if "http" in a[1] and tag != "a"]
    assert "url(" not in re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]  # type: ignore[index]
    assert "<script>alert(1)</script>" in visible(page)  # as text, it may be read
    assert page.count(f"data:image/png;base64,{PNG}") == 1


def test_the_rendered_markdown_is_cleaned_a_second_time() -> None:
    for source in MARKDOWN:
        assert not active(clean_html(source)), source
        assert not active(clean_card(source)), source


ALLOWED = {
    "href": r"https?://.*|#.*",
    "src": r"data:image/png;base64,.*",
    "style": r"text-align:\s?(left|right|center)",
}
PIECES = [
    "<",
    ">",
    "</",
    "<!--",
    "<?",
    "script",
    "b>",
    "<b>",
    "</b>",
    "<br>",
    "img src=x onerror=y",
    "[",
    "]",
    "](",
    "]:",
]
PIECES += [
    "javascript:x",
    "java&#115;cript:x",
    "&#60;",
    "&lt;",
    "!",
    "![",
    "(",
    ")",
    "`",
    "```\n",
    "$",
    "$$",
    "\\",
    "\n",
]
PIECES += [
    "attachment:p.png)",
    "https://x",
    "http:",
    " ",
    "\t",
    "\n\n",
    "    ",
    '"',
    "'",
    "x",
    "*",
    "|",
    "~~",
    "# ",
    "- ",
    ":",
]
PIECES += [
    "\\begin{align}",
    "\\end{align}",
    "<p",
    "<div>",
    "<details>",
    "#",
    "&",
    "&Tab;",
    "\u00a0",
    "\x00",
    "<pre>",
    "data:x",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_markdown_gets_through(source: str) -> None:
    """Whatever the pieces are put together to: shown by nbconvert, which cleans nothing, it is harmless."""
    cell = new_markdown_cell(source, attachments={"p.png": {"image/png": PNG}})
    cell = sanitize_notebook(new_notebook(cells=[cell])).cells[0]
    page = rendered(cell.source, cell.get("attachments", {}))
    assert not active(page), page
    for _, attrs in elements(page):
        for name, value in attrs:
            assert name not in ALLOWED or re.fullmatch(ALLOWED[name], value, re.DOTALL | re.IGNORECASE), page

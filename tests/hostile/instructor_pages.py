"""Attack the instructor: whatever is shown in feedback pages and in nbgrader's formgrader."""

from __future__ import annotations

import base64
import copy
import functools
import re
import textwrap
from collections.abc import Callable
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell
from pages import active, nbgrader_page, picture, visible

from autograder.feedback import FeedbackExporter
from autograder.referee import grade_notebook
from autograder.sanitize import sanitize_notebook
from autograder.submission import Outcome, TaskResult
from tests.hostile.bench import BENCH, LIMITS, SEED, notebook
from tests.hostile.technique import Seen, Technique, register

CLEANED = "graded notebooks are cleaned before anything shows them"
ESCAPED = "words of a submission are escaped wherever they are put into a page"
HTML = "<img src=x onerror=alert(1)><script>alert(1)</script><iframe src=javascript:alert(1)></iframe>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
PNG = picture()

Make = Callable[[], NotebookNode]
Finds = Callable[[str], bool]
"""Looks for something in a page."""


@functools.cache
def ran(source: str) -> NotebookNode:
    nb = notebook({"last": source})
    grade_notebook(nb, BENCH, SEED, limits=LIMITS)
    return nb


def code(source: str) -> Make:
    """Return what makes the notebook that has run this code, with its outputs and its verdicts."""
    return lambda: copy.deepcopy(ran(textwrap.dedent(source)))


def cells(*own: NotebookNode, after: Make = notebook, **metadata: Any) -> Make:
    """Return what makes a notebook with these cells at its end."""

    def make() -> NotebookNode:
        nb = after()
        nb.cells += copy.deepcopy(own)
        nb.metadata.update(metadata)
        return nb

    return make


def texts(*sources: str, **fields: Any) -> Make:
    """Return what makes a notebook with these texts at its end."""
    return cells(*(new_markdown_cell(s, **copy.deepcopy(fields)) for s in sources))


def pages(nb: NotebookNode) -> dict[str, str]:
    """Return the notebook as our page, as nbgrader's feedback and in formgrader."""
    cleaned = sanitize_notebook(nb)
    ours, _ = FeedbackExporter().from_notebook_node(cleaned, {"autograder": Outcome("mallory", "bench", "graded")})
    return {"ours": ours, **{t: nbgrader_page(copy.deepcopy(cleaned), t) for t in ("feedback", "formgrade")}}


def careless(nb: NotebookNode) -> str:
    """Return the page that formgrader shows of a notebook that nobody has cleaned."""
    return nbgrader_page(nb, "formgrade")


@functools.cache
def _harmless() -> dict[str, Any]:
    return {name: active(page) for name, page in pages(notebook()).items()}


def shown(
    name: str,
    tries: str,
    layer: str,
    *,
    attack: Make,
    neighbour: Make,
    words: str,
    finds: Finds | None = None,
    without: bool = True,
) -> None:
    """Register notebooks that are to be shown.

    The attack has what it wants if one of the pages runs or loads more than that of an honest notebook, or holds what
    ``finds`` looks for; its neighbour if ``words`` stand in each page, as text or in its source.
    """

    def got_through(which: str, page: str) -> bool:
        return finds(page) if finds is not None else bool(active(page) - _harmless()[which])

    def attacked() -> Seen:
        found = pages(attack())
        return Seen(float(any(got_through(which, page) for which, page in found.items())))

    def uncleaned() -> Seen:
        return Seen(float(got_through("formgrade", careless(attack()))))

    def told(nb: NotebookNode) -> Seen:
        found = pages(nb).values()
        return Seen(sum(words in visible(p) or words in p for p in found) / len(found))

    register(
        Technique(
            "attack the instructor",
            name,
            tries,
            layer,
            control=lambda: Seen(float("return 2 * x" in visible(pages(notebook())["ours"]))),
            attack=attacked,
            without=uncleaned if without else None,
            neighbour=lambda: told(neighbour()),
        )
    )


# ---------------------------------------------------------------------------------------------------------------
# Outputs

shown(
    "a script in an output",
    "A cell displays HTML with a script, an iframe and an event handler.",
    CLEANED,
    attack=code(f"from IPython.display import HTML, display\ndisplay(HTML({HTML!r}))"),
    neighbour=code(
        "class Table:\n    def __repr__(self): return 'two rows'\n    def _repr_html_(self): return '<b>2</b>'\nTable()"
    ),
    words="two rows",
)

shown(
    "a drawing that runs",
    "An SVG has a script in it and begins when it is loaded.",
    CLEANED,
    attack=code(f"get_ipython().display_pub.publish({{'image/svg+xml': {SVG!r}, 'text/plain': 'd'}})"),
    neighbour=code("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nprint('drawn')"),
    words="drawn",
)

shown(
    "JavaScript as an output",
    "A cell displays what is code for the browser and nothing else.",
    CLEANED,
    attack=code(
        "from IPython.display import Javascript, display\ndisplay(Javascript('alert(1)'))\nget_ipython().run_cell_magic('javascript', '', 'alert(2)')"
    ),
    neighbour=code("print('alert(1) as text')"),
    words="alert(1) as text",
)

shown(
    "a widget",
    "A widget's state is brought along in the notebook's metadata, and its view shown.",
    CLEANED,
    attack=cells(
        after=code(
            """get_ipython().display_pub.publish({'application/vnd.jupyter.widget-view+json': {'model_id': 'x'},
            'text/html': '<script>require(["x"])</script>', 'text/plain': 'w'})"""
        ),
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {"x": {"model_name": HTML}}}},
    ),
    neighbour=code("print('a bar: 100 %')"),
    words="a bar: 100 %",
)

shown(
    "a picture that is none",
    "What is called a PNG is HTML, closes the attribute it stands in, or unpacks to gigabytes.",
    "pictures are decoded and measured before they are shown",
    attack=code(
        f"publish = get_ipython().display_pub.publish\npublish({{'image/png': 'x\" onerror=\"alert(1)'}})\n"
        f"publish({{'image/png': {base64.b64encode(HTML.encode()).decode()!r}}})\n"
        f"publish({{'image/jpeg': {picture(size=(20_000, 20_000))!r}}})"
    ),
    neighbour=code(f"get_ipython().display_pub.publish({{'image/png': {PNG!r}, 'text/plain': 'p'}})"),
    words=PNG,
    without=False,
)

shown(
    "a verdict of one's own",
    "A cell displays what looks like the referee's card, with full marks.",
    "only graded cells have cards, and their outputs are the referee's",
    attack=code(
        "get_ipython().display_pub.publish({'text/html': '<b>A card: 2 of 2 points</b>', 'text/plain': 'c'},"
        " metadata={'autograder': 'verdict'})"
    ),
    neighbour=code("print('I think: 2 of 2 points')"),
    words="I think: 2 of 2 points",
    finds=lambda page: "A card: 2 of 2 points" in visible(_without_code(page)),
)


def _without_code(page: str) -> str:
    """Return the page without the sources of its cells."""
    return re.sub(r"<div class=\"[^\"]*highlight.*?</pre>", "", page, flags=re.DOTALL)


shown(
    "words in the card",
    "Messages of exceptions, warnings and prints, which the referee quotes, are HTML.",
    ESCAPED,
    attack=code(
        f"import warnings\ndef double(x):\n    print({HTML!r})\n    warnings.warn({HTML!r})\n    raise ValueError({HTML!r})\n"
        f"def center(x):\n    warnings.warn({HTML!r})\n    return {HTML!r}"
    ),
    neighbour=code("def double(x):\n    raise ValueError('x < 0 & y > 0')"),
    words="x < 0 & y > 0",
    without=False,
)

shown(
    "an error that is HTML",
    "The name, the message and the traceback of an exception in a cell hold scripts.",
    ESCAPED,
    attack=code(f"raise type({HTML!r}, (Exception,), {{}})({HTML!r})"),
    neighbour=code("raise ValueError('a < b')"),
    words="a < b",
    without=False,
)

# ---------------------------------------------------------------------------------------------------------------
# Text

shown(
    "HTML in Markdown",
    "Tags that run, load, or send a form stand in a text, in a formula, in a table and in code.",
    CLEANED,
    attack=texts(
        HTML, f"$x{HTML}$", f"| a |\n|---|\n| {HTML} |", f"<b>\n\n{HTML}\n\n</b>", "<form action=http://evil><button>"
    ),
    neighbour=texts("Some **bold** text, <b>too</b>, and $a<b$."),
    words="bold",
)

shown(
    "a link that runs",
    "A link's address is code, written plainly, in entities, by reference, or inside permitted tags.",
    CLEANED,
    attack=texts(
        "[x](javascript:alert(1))",
        "<b>[x](javascript:alert(1))</b>",
        "<code>[x](data:text/html;base64,PHNjcmlwdD4=)</code>",
        "[x](java&#115;cript:alert(1))",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "<javascript:alert(1)>",
    ),
    neighbour=texts("[the paper](https://arxiv.org/abs/1502.01852)"),
    words='href="https://arxiv.org/abs/1502.01852"',
)

shown(
    "a picture that tells who looks",
    "A picture is loaded from a server of the student's, or from an address of the instructor's own.",
    CLEANED,
    attack=texts(
        "![x](https://evil.example/pixel.png)",
        "<i>![x](https://evil.example/pixel.png)</i>",
        "<b>![x](/formgrader/api/submission)</b>",
        "![x][p]\n\n[p]: https://evil.example/pixel.png",
        "<img src=https://evil.example/pixel.png>",
    ),
    neighbour=texts("![mine](attachment:p.png)", attachments={"p.png": {"image/png": PNG}}),
    words=PNG,
)

shown(
    "a formula that is a link",
    "Macros of MathJax give a formula an address, a style or an identity of its own.",
    "these macros are taken apart in texts and cards",
    attack=cells(
        *map(
            new_markdown_cell,
            (
                r"$\href{javascript:alert(1)}{x}$",
                r"$$\require{html}\cssId{x}{\style{position:fixed}{x}}$$",
                "&#36;&#92;href{javascript:alert(1)}{x}&#36;",
                r"<b>$\href{javascript:alert(1)}{x}$</b>",
            ),
        ),
        after=code(
            """
            import warnings
            def center(x):
                warnings.warn(r'$\\href{javascript:alert(1)}{x}$')
                return x - x.mean()
            """
        ),
    ),
    neighbour=texts(r"$\frac{\partial L}{\partial W}$ and $\mathbf{x}$"),
    words="W",
    finds=lambda page: (
        re.search(
            r"(\\|&#92;|&amp;#92;(?!href))(href|require|cssId|style)\{",
            re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL),
        )
        is not None
    ),
)

shown(
    "a raw cell that is HTML",
    "A raw cell says that it is already in the format of the page.",
    CLEANED,
    attack=cells(*(new_raw_cell(HTML, metadata={"raw_mimetype": m, "format": m}) for m in ("text/html", ""))),
    neighbour=cells(new_raw_cell("raw words")),
    words="raw words",
    without=False,
)

shown(
    "an attachment that is not what it says",
    "An attached picture is an SVG, has a name that closes its attribute, or a type that is HTML.",
    "pictures are decoded and measured before they are shown",
    attack=texts(
        "![x](attachment:p.png) ![y](attachment:q.svg)",
        attachments={
            "p.png": {"image/png": base64.b64encode(HTML.encode()).decode(), "text/html": HTML},
            "q.svg": {"image/svg+xml": base64.b64encode(SVG.encode()).decode()},
            'q"onerror=alert(1).png': {'image/png" onerror="alert(1)': PNG},
        },
    ),
    neighbour=texts("![mine](attachment:p.png)", attachments={"p.png": {"image/png": PNG}}),
    words=PNG,
)


FORGED = {"grade_id": f'x">{HTML}', "grade": True, "solution": False, "points": HTML, "score": HTML, "comment": HTML}

shown(
    "ids and metadata that are HTML",
    "Tags, ids, points, comments and the name of the language close the attributes they are put into.",
    "metadata of a submission are dropped; nbgrader's own are checked field by field",
    attack=cells(
        new_code_cell("1", metadata={"tags": [HTML], "name": HTML}),
        new_code_cell("2", metadata={"nbgrader": {"schema_version": 3, "locked": True, "task": False, **FORGED}}),
        title=HTML,
        language_info={"name": HTML, "pygments_lexer": "ipython3"},
    ),
    neighbour=cells(new_code_cell("print('tagged')", metadata={"tags": ["mine"]})),
    words="tagged",
)

shown(
    "code that reads otherwise than it runs",
    "Marks of direction turn a line of code around for whoever reads it.",
    "marks that turn the direction of a line are taken out of what is shown",
    attack=cells(new_code_cell("access = 'user\u202e \u2066# only if admin\u2069 \u2066'")),
    neighbour=cells(new_code_cell("greeting = 'שלום'")),
    words="שלום",
    finds=lambda page: re.search("[\u202a-\u202e\u2066-\u2069]", page) is not None,
)


def _page_of(words: str) -> str:
    """Return our page where these words stand in whatever can hold words of a submission."""
    results = [TaskResult("double", 1.0, 2.0, (words, f"`{words}`")), TaskResult(words, 1.0, 1.0)]
    outcome = Outcome(words, "bench", "partly graded", words, (words,), results)
    page, _ = FeedbackExporter().from_notebook_node(notebook(), {"autograder": outcome, "comments": {"double": words}})
    return page


register(
    Technique(
        "attack the instructor",
        "names, reasons and notes that are HTML",
        "The name of the student, of a task, a reason and a note close the element they are put into.",
        ESCAPED,
        control=lambda: Seen(float("3 &lt; 4" in _page_of("3 < 4"))),
        attack=lambda: Seen(float(bool(active(_page_of(f"\"'>{HTML}")) - _harmless()["ours"]))),
        neighbour=lambda: Seen(float("Grace O’Hopper & co" in visible(_page_of("Grace O’Hopper & co")))),
    )
)

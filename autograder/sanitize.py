r"""Make a notebook harmless to look at: nothing that came from a submission runs or loads in a browser.

The result is safe in our feedback pages, in nbgrader's formgrader and in JupyterLab, none of which clean what they
show. So the cleaning is done on the notebook itself, and in such a way that it depends on no parser:

* In Markdown no tag can begin, for ``<`` never stands before a letter (``$a<b$`` becomes ``$a< b$``, which reads the
  same), and no link or image can point anywhere but to a web page or an attached picture. The few tags left are
  those of a fixed list, without attributes.
* Of the outputs remain text and pictures that are what they say they are. HTML, SVG, JavaScript, LaTeX, widgets and
  all metadata go.
* The referee's cards stay, cleaned as well: their words may come from the submission.
* What nobody reads to its end is cut, for showing it takes time that grows with the square of its length.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import nbformat
import nh3
from nbformat import NotebookNode

__all__ = ["clean_card", "clean_html", "sanitize_notebook"]

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3", "file_extension": ".py"},
}
PICTURES = ("image/png", "image/jpeg")
UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
    r"|\x1b(?!\[[\d;]{0,20}m)(?:\[[0-?]{0,40}[ -/]{0,5}[@-~]|\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)?)?"
)
"""Control characters except tab, line breaks and the escapes of coloured output; terminals' other escapes; surrogates,
which no file can hold; marks that turn the direction of a line, so that code would read otherwise than it runs."""

MAX_PIXELS = 50_000_000
MAX_CODE, MAX_TEXT, MAX_OUTPUT = 50_000, 20_000, 100_000
"""Characters that are shown of a cell's code, of a cell's text, and of one output."""
MAX_SOURCES, MAX_OUTPUTS, MAX_PICTURES = 300_000, 1_000_000, 16 * 2**20
"""Characters that are shown of a notebook: of all cells, of all outputs in words, of all pictures."""
OUTPUT_ITSELF, MAX_LINES = 100, 200
"""What an output costs beside its words, in characters; the lines of a traceback that are shown."""

NBGRADER: dict[str, Callable[[Any], bool]] = {
    "grade_id": lambda v: isinstance(v, str) and bool(re.fullmatch(r"[\w.:-]{1,128}", v, re.ASCII)),
    "schema_version": lambda v: type(v) is int,
    "grade": lambda v: isinstance(v, bool),
    "solution": lambda v: isinstance(v, bool),
    "locked": lambda v: isinstance(v, bool),
    "task": lambda v: isinstance(v, bool),
    "points": lambda v: type(v) in {int, float},
    "cell_type": lambda v: v in {"code", "markdown", "raw"},
    "checksum": lambda v: isinstance(v, str) and v.isalnum() and v.isascii(),
}


def sanitize_notebook(nb: NotebookNode) -> NotebookNode:
    """Return a copy of ``nb`` in which nothing runs or loads when it is shown; code and maths stay as they are.

    Parameters
    ----------
    nb
        A notebook of format 4, as nbformat reads it; it need not be valid.
    """
    room = _Room()
    cells = [_cell(c, n, room) for n, c in enumerate(nb.get("cells", [])) if isinstance(c, dict)]
    seen: set[str] = set()
    for n, cell in enumerate(cells):
        if cell["id"] in seen:
            cell["id"] = f"cell-{n}-again"
        seen.add(cell["id"])
    return nbformat.from_dict({"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5})


@dataclass
class _Room:
    """The characters that are still to be shown of a notebook."""

    sources: int = MAX_SOURCES
    outputs: int = MAX_OUTPUTS
    pictures: int = MAX_PICTURES


def _fitted(text: str, most: int) -> str:
    """Return ``text``, or its beginning and how much is left out, in at most ``most`` characters."""
    if len(text) <= most:
        return text
    note = f"\n… {len(text) - most} more characters"
    return f"{text[: max(0, most - len(note))]}{note}"[:most]


def _cell(cell: Mapping[str, Any], n: int, room: _Room) -> dict[str, Any]:
    kind = cell.get("cell_type")
    given = cell.get("id")
    valid = isinstance(given, str) and re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", given)
    nbgrader = _nbgrader(cell.get("metadata"))
    source = _fitted(_text(cell.get("source")), min(MAX_CODE if kind == "code" else MAX_TEXT, room.sources))
    room.sources -= len(source)
    clean: dict[str, Any] = {
        "id": given if valid else f"cell-{n}",
        "cell_type": kind if kind in {"code", "markdown"} else "raw",
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
        "source": source,
    }
    if kind == "code":
        return {**clean, **_outputs(cell, nbgrader, room)}
    attachments = _attachments(cell.get("attachments"), room) if kind == "markdown" else {}
    clean["source"] = _markdown(source, attachments)
    return {**clean, "attachments": attachments} if attachments else clean


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(v for v in value if isinstance(v, str))
    return UNPRINTABLE.sub("", value) if isinstance(value, str) else ""


def _nbgrader(metadata: Any) -> dict[str, Any]:
    """Return nbgrader's own fields where all of them have the form that nbgrader writes; its templates trust them."""
    given = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if not isinstance(given, dict):
        return {}
    kept = {key: given[key] for key in NBGRADER if key in given}
    sound = "grade_id" in kept and all(NBGRADER[key](value) for key, value in kept.items())
    return kept if sound else {}


# ---------------------------------------------------------------------------------------------------------------
# Markdown

PAIR = (
    r"(?P<open><(?P<tag>b|i|u|s|em|strong|small|sub|sup|kbd|mark|code)>)(?P<inner>[^<>\n]*)(?P<close></(?P=tag)>)"
    r"|<br ?/?>|<hr ?/?>"
)
PICTURE = r"!\[[^\[\]\n]*\]\(attachment:(?P<name>[\w.-]+)\)"
# What puts a link, a style or another's identity into a formula: MathJax and KaTeX know these beside TeX's own.
MACROS = "href|url|style|class|cssId|require|unicode|csname|bbox|mmlToken|includegraphics|html[A-Za-z]+"
MACRO = rf"\\(?=(?:{MACROS})(?![A-Za-z]))"
UNSAFE = re.compile(
    rf"(?P<keep>{PAIR})|(?P<picture>{PICTURE})"
    # Where a tag, a picture, a link or the address of a link would begin.
    r"|<(?=[a-zA-Z/!?])|!(?=\[)|\](?=\((?!https?://|\#))|\](?=:(?!\s*https?://))"
    # Where a macro would begin, its backslash being written as an entity or not.
    rf"|{MACRO}|&(?=\#0*92(?!\d)|\#[xX]0*5[cC]|bsol)"
)


def _markdown(source: str, attachments: Mapping[str, Any]) -> str:
    """Return ``source`` in which a space keeps apart what must not stand together; all else is untouched."""

    def part(match: re.Match[str]) -> str:
        if match["keep"]:
            # No tag can stand inside, but Markdown's own links and pictures can.
            before, inner, after = match["open"], match["inner"], match["close"]
            return f"{before}{UNSAFE.sub(part, inner)}{after}" if inner else match[0]
        if match["name"] in attachments:
            return match[0]
        if match["picture"]:
            return f"[{match['name']}]"
        return f"{match[0]} "

    return UNSAFE.sub(part, source)


def _attachments(given: Any, room: _Room) -> dict[str, dict[str, str]]:
    kept = {}
    for name, bundle in given.items() if isinstance(given, dict) else ():
        pictures = _pictures(bundle, room)
        if isinstance(name, str) and re.fullmatch(r"[\w.-]+", name) and pictures:
            kept[name] = pictures
    return kept


# ---------------------------------------------------------------------------------------------------------------
# Outputs


def _outputs(cell: Mapping[str, Any], nbgrader: Mapping[str, Any], room: _Room) -> dict[str, Any]:
    given = cell.get("outputs")
    outputs = [o for o in given if isinstance(o, dict)] if isinstance(given, list) else []
    if nbgrader.get("grade") and not nbgrader.get("solution"):
        # The referee's own: nbgrader reads the score from them, so that none may be left out.
        cleaned = [_output(o, _Room(), graded=True) for o in outputs]
    else:
        cleaned = [_output(o, room, graded=False) for o in outputs if room.outputs > 0]
    return {"outputs": [o for o in cleaned if o], "execution_count": _count(cell.get("execution_count"))}


def _count(value: Any) -> int | None:
    return value if type(value) is int else None


def _said(value: Any, room: _Room) -> str:
    """Return the words of an output, as far as there is room for them."""
    text = _fitted(_text(value), min(MAX_OUTPUT, room.outputs))
    room.outputs -= len(text) + OUTPUT_ITSELF
    return text


def _output(output: Mapping[str, Any], room: _Room, *, graded: bool) -> dict[str, Any] | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _said(output.get("text"), room)}
    if kind == "error":
        lines = output.get("traceback")
        return {
            "output_type": "error",
            "ename": _said(output.get("ename"), room),
            "evalue": _said(output.get("evalue"), room),
            "traceback": [_said(line, room) for line in lines[:MAX_LINES]] if isinstance(lines, list) else [],
        }
    data = output.get("data")
    if kind not in {"display_data", "execute_result"} or not isinstance(data, dict):
        return None
    metadata = output.get("metadata")
    card = graded and isinstance(metadata, dict) and metadata.get("autograder") == "verdict"
    clean: dict[str, Any] = {"output_type": kind, "metadata": {}, "data": {"text/plain": _said(_plain(data), room)}}
    if card:
        clean["metadata"] = {"autograder": "verdict"}
        clean["data"]["text/html"] = clean_card(_text(data.get("text/html")))
    else:
        clean["data"] |= _pictures(data, room)
    if kind == "execute_result":
        clean["execution_count"] = _count(output.get("execution_count"))
    return clean


def _plain(data: Mapping[str, Any]) -> str:
    """Return the text of an output; where that only names an object, its source, so that formulas can be read."""
    text = _text(data.get("text/plain"))
    if text and not text.startswith("<IPython.core.display."):
        return text
    sources = (_text(data.get(kind)) for kind in ("text/latex", "text/markdown"))
    return next(filter(None, sources), text or "(an output that is not shown here)")


def _pictures(data: Any, room: _Room) -> dict[str, str]:
    """Return the pictures of a bundle of outputs that are what they say they are, as far as there is room for them."""
    found: dict[str, str] = {}
    for kind in PICTURES if isinstance(data, dict) else ():
        picture = _picture(_text(data.get(kind)), kind)
        if picture and len(picture) <= room.pictures:
            room.pictures -= len(picture)
            found[kind] = picture
    return found


def _picture(encoded: str, kind: str) -> str:
    from PIL import Image

    try:
        raw = base64.b64decode("".join(encoded.split()), validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of pictures that unpack to gigabytes
            with Image.open(io.BytesIO(raw), formats=[kind.removeprefix("image/")]) as picture:
                width, height = picture.size  # from the header; nothing is decoded
    except Exception:  # Pillow raises whatever a damaged header happens to cause
        return ""
    return base64.b64encode(raw).decode() if raw and width * height <= MAX_PIXELS else ""


# ---------------------------------------------------------------------------------------------------------------
# HTML


def _words(text: str) -> set[str]:
    return set(text.split())


TEXT_TAGS = _words(
    """
    a b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li mark ol p pre s small
    span strong sub summary sup table tbody td tfoot th thead tr u ul
    """
)
MATHS_TAGS = _words(
    """
    math mfrac mi mn mo mover mpadded mroot mrow mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder
    munderover
    """
)
STYLES = _words(
    """
    align-items background background-color border border-bottom border-collapse border-color border-left border-radius
    border-right border-spacing border-style border-top border-width box-shadow color display flex flex-direction
    flex-wrap font font-family font-size font-style font-variant-numeric font-weight gap grid-template-columns height
    justify-content letter-spacing line-height list-style margin margin-bottom margin-left margin-right margin-top
    max-height max-width min-width opacity overflow overflow-wrap overflow-x padding padding-bottom padding-left
    padding-right padding-top table-layout text-align text-decoration vertical-align white-space width word-break
    """
)
# What loads something, hides it from this look, or ends the declaration.
LOADS = re.compile(r"[\\@<>{}]|/\*|url\s*\(|image\s*\(|image-set|expression|attr\s*\(", re.IGNORECASE)
WEB = re.compile(r"https?://", re.IGNORECASE)
INLINE_PICTURE = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]+")


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Return the value to keep, or None for none; nh3 has already dropped what is not on the lists."""
    if name == "src":
        return value if INLINE_PICTURE.fullmatch(value) else None
    if name == "href":
        return value if WEB.match(value) else None
    return None if LOADS.search(value) else value


_MATHS = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "minsize", "maxsize", "movablelimits", "separator"},
    "mi": {"mathvariant"},
    "mn": {"mathvariant"},
    "mspace": {"width", "depth"},
    "mpadded": {"width", "height", "lspace", "voffset"},
    "mstyle": {"displaystyle", "scriptlevel"},
    "mtd": {"columnalign"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "munder": {"accent"},
}
_RENDERED = nh3.Cleaner(
    tags=TEXT_TAGS | MATHS_TAGS,
    attributes={
        **_MATHS,
        "a": {"href", "title"},
        "img": {"src", "alt", "title"},
        "span": {"class"},
        "div": {"class"},
        "th": {"style"},
        "td": {"style"},
    },
    url_schemes={"http", "https", "data"},
    url_relative="deny",
    attribute_filter=_attribute,
    filter_style_properties={"text-align"},
)
_CARD = nh3.Cleaner(
    tags=TEXT_TAGS,
    attributes={
        "*": {"class", "style", "title", "role", "aria-label"},
        "a": {"href"},
        "img": {"src", "alt", "width", "height"},
        "th": {"colspan", "rowspan", "scope"},
        "td": {"colspan", "rowspan"},
        "details": {"open"},
    },
    url_schemes={"http", "https", "data"},
    url_relative="deny",
    attribute_filter=_attribute,
    filter_style_properties=STYLES,
)


def clean_html(html: str) -> str:
    """Return rendered Markdown with text, tables, code, formulas and inline pictures, and nothing else."""
    return _RENDERED.clean(html)


def clean_card(html: str) -> str:
    """Return a card of the referee's with its inline styles; the words in it may be the submission's."""
    return re.sub(MACRO, r"\\ ", _CARD.clean(html))

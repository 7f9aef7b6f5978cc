r"""Formulas without scripts: the LaTeX of a notebook as MathML, which every browser draws by itself.

A page that may not load or run anything can have no MathJax. What a course writes in Markdown is a small language
(fractions, scripts, roots, accents, matrices, Greek), and this is a reader of it. A command that it does not know is
shown by its name, so a formula is never lost and nothing is raised.

>>> to_mathml(r"\frac{1}{N}")
'<math><mfrac><mn>1</mn><mi>N</mi></mfrac></math>'
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from html import escape

from autograder.mathml_symbols import (
    ACCENTS,
    ALPHABETS,
    DELIMITERS,
    FUNCTIONS,
    LARGE,
    OPERATORS,
    PLAIN,
    SPACES,
    SYMBOLS,
)

__all__ = ["to_mathml"]

TOKEN = re.compile(r"\\[a-zA-Z]+\*?|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)
MAX_LENGTH = 5_000
MAX_DEPTH = 60

MATRICES = {"matrix", "smallmatrix", "pmatrix", "bmatrix", "vmatrix", "Vmatrix", "array", "cases"}
NAMES = {"mathrm", "operatorname", "operatorname*"}
TEXTS = {"text", "textrm", "textnormal", "mbox", "textit", "textbf", "texttt"}
IGNORED = {
    *("displaystyle", "textstyle", "scriptstyle", "nonumber", "notag", "limits", "nolimits", "hline", "rm", "it"),
    *("big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle", "boldmath"),
}


def to_mathml(tex: str, *, display: bool = False) -> str:
    """Return ``tex`` (without its dollar signs) as a ``<math>`` element, every character of it escaped.

    ``display`` sets it on a line of its own. What is too long or too deeply nested is shown as it was written.
    """
    attributes = ' display="block"' if display else ""
    if len(tex) > MAX_LENGTH:
        return f"<math{attributes}>{_text(tex)}</math>"
    try:
        return f"<math{attributes}>{_Reader(tex, display=display).whole()}</math>"
    except _TooDeep:
        return f"<math{attributes}>{_text(tex)}</math>"


class _TooDeep(Exception):
    pass


def _text(text: str) -> str:
    return f"<mtext>{escape(text)}</mtext>"


def _operator(character: str, **attributes: str) -> str:
    given = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<mo{given}>{escape(character)}</mo>"


def _fence(character: str, *, stretchy: bool) -> str:
    if not character:
        return ""
    return _operator(character, stretchy="true" if stretchy else "false", lspace="0", rspace="0")


def _row(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"


def _table_row(cells: list[str], sides: list[str]) -> str:
    placed = (f'<mtd class="{side}">{cell}</mtd>' for cell, side in zip(cells, itertools.cycle(sides), strict=False))
    return f"<mtr>{''.join(placed)}</mtr>"


class _Reader:
    """Reads one formula from left to right; every method leaves ``at`` behind what it has read."""

    def __init__(self, tex: str, *, display: bool) -> None:
        self.tokens: list[str] = TOKEN.findall(re.sub(r"(?<!\\)%.*", "", tex))
        self.at = 0
        self.depth = 0
        self.display = display
        # Whether the last atom takes its scripts above and below.
        self.stacked = False

    def whole(self) -> str:
        rows = self.table(lambda _: False)
        if len(rows) == 1 and len(rows[0]) == 1:
            return rows[0][0]
        return self.aligned(rows)

    # -- rows and tables --------------------------------------------------------------------------------------

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def skip_space(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def row(self, stop: Callable[[str], bool]) -> list[str]:
        """Read atoms up to a word for which ``stop`` holds, or to the end."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep
        parts = []
        while (word := self.peek()) and not stop(word):
            if word.isspace():
                self.at += 1
                continue
            parts.append(self.scripted())
        self.depth -= 1
        return [p for p in parts if p]

    def table(self, stop: Callable[[str], bool]) -> list[list[str]]:
        """Read cells, separated by ``&``, and rows, separated by two backslashes."""
        rows: list[list[str]] = [[]]
        while True:
            rows[-1].append(_row(self.row(lambda t: t in {"&", "\\\\"} or stop(t))))
            word = self.peek()
            if not word or stop(word):
                break
            self.at += 1
            if word == "\\\\":
                self.skip_space()
                if self.peek() == "[":
                    self.bracketed()
                rows.append([])
        return rows if len(rows) == 1 or rows[-1] != ["<mrow></mrow>"] else rows[:-1]

    @staticmethod
    def aligned(rows: list[list[str]]) -> str:
        """Return rows that are aligned where an ``&`` stood: right of it and left of it in turn."""
        body = "".join(_table_row(cells, ["r", "l"] if len(cells) > 1 else ["c"]) for cells in rows)
        return f'<mtable displaystyle="true">{body}</mtable>'

    def environment(self) -> str:
        name = self.raw_group()
        if name == "array":
            self.raw_group()
        rows = self.table(lambda t: t == "\\end")
        if self.take():
            self.raw_group()
        if name not in MATRICES:
            return self.aligned(rows)
        body = "".join(_table_row(cells, ["l" if name == "cases" else "c"]) for cells in rows)
        # The style sheet draws the brackets of a matrix: not every font has them in every size.
        brace = _fence("{", stretchy=True) if name == "cases" else ""
        return f'<mrow>{brace}<mtable class="{name}">{body}</mtable></mrow>'

    # -- groups -----------------------------------------------------------------------------------------------

    def argument(self) -> str:
        """Read one argument: a group in braces or a single atom."""
        self.skip_space()
        if self.peek() == "{":
            return self.group()
        if self.peek()[:1].isdigit():
            # Without braces an argument is one digit: \frac12 is a half.
            digit, self.tokens[self.at] = self.peek()[0], self.peek()[1:]
            self.at += not self.tokens[self.at]
            return f"<mn>{digit}</mn>"
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeep
        read = self.atom() if self.peek() and self.peek() not in {"}", "&", "\\\\", "\\end"} else "<mrow></mrow>"
        self.depth -= 1
        return read or "<mrow></mrow>"

    def group(self) -> str:
        self.at += 1
        read = _row(self.row(lambda t: t == "}"))
        self.at += 1
        return read

    def bracketed(self) -> str:
        self.at += 1
        read = _row(self.row(lambda t: t in {"]", "}"}))
        self.at += 1
        return read

    def raw_group(self) -> str:
        """Read the characters of a group as they stand."""
        self.skip_space()
        if self.peek() != "{":
            return self.take()
        depth, parts = 0, []
        while word := self.take():
            depth += (word == "{") - (word == "}")
            parts.append(word)
            if depth == 0:
                break
        return "".join(parts)[1:-1]

    # -- atoms ------------------------------------------------------------------------------------------------

    def scripted(self) -> str:
        """Read an atom with its sub- and superscripts."""
        self.stacked = False
        function = self.peek().lstrip("\\") in FUNCTIONS
        base = "<mrow></mrow>" if self.peek() in {"^", "_", "'"} else self.atom()
        stacked = self.stacked
        below, above = "", []
        while True:
            self.skip_space()
            word = self.peek()
            if word in {"\\limits", "\\nolimits"}:
                self.at += 1
                stacked = word == "\\limits"
            elif word == "'":
                self.at += 1
                above.append(_operator("′", lspace="0", rspace="0"))
            elif word == "_" and not below:
                self.at += 1
                below = self.argument()
            elif word == "^":
                self.at += 1
                above.append(self.argument())
            else:
                break
        if below or above:
            kind = ("munder", "mover", "munderover") if stacked else ("msub", "msup", "msubsup")
            name = kind[2] if below and above else kind[0] if below else kind[1]
            base = f"<{name}>{base or '<mrow></mrow>'}{below}{_row(above) if above else ''}</{name}>"
        if function and self.peek() not in {"", "(", "[", "{", "}", ")", "\\left", ",", "&"}:
            base += '<mspace width="0.167em"></mspace>'
        return base

    def atom(self) -> str:
        word = self.take()
        if word.startswith("\\"):
            return self.command(word[1:])
        if word == "{":
            self.at -= 1
            return self.group()
        if word in "()[]|/":
            return _fence(word, stretchy=False)
        if word[0].isdigit():
            return f"<mn>{word}</mn>"
        if word in PLAIN:
            return _operator(PLAIN[word])
        if word.isalpha():
            return f"<mi>{word}</mi>"
        return '<mspace width="0.33em"></mspace>' if word == "~" else "" if word in "}&^_" else _operator(word)

    def command(self, name: str) -> str:
        if name in SYMBOLS:
            return f"<mi>{SYMBOLS[name]}</mi>"
        if name in OPERATORS:
            return _operator(OPERATORS[name])
        if name in LARGE:
            self.stacked = self.display and name not in {"int", "oint", "iint"}
            return _operator(LARGE[name], **({} if self.display else {"largeop": "false"}))
        if name in FUNCTIONS:
            self.stacked = self.display and FUNCTIONS[name]
            return f"<mi>{name.replace('arg', 'arg ') if name.startswith('argm') else name}</mi>"
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}"></mspace>' if SPACES[name] else ""
        if name in DELIMITERS:
            return _fence(DELIMITERS[name], stretchy=False)
        if name in IGNORED:
            return ""
        return self.construct(name)

    def construct(self, name: str) -> str:
        """Read a command that takes arguments."""
        if name in {"frac", "dfrac", "tfrac", "cfrac"}:
            return f"<mfrac>{self.argument()}{self.argument()}</mfrac>"
        if name in {"binom", "dbinom"}:
            inner = f'<mfrac linethickness="0">{self.argument()}{self.argument()}</mfrac>'
            return f"<mrow>{_fence('(', stretchy=True)}{inner}{_fence(')', stretchy=True)}</mrow>"
        if name == "sqrt":
            self.skip_space()
            degree = self.bracketed() if self.peek() == "[" else ""
            return f"<mroot>{self.argument()}{degree}</mroot>" if degree else f"<msqrt>{self.argument()}</msqrt>"
        if name in TEXTS:
            return self.text()
        if name in NAMES:
            return self.name(stacked=self.display and name.endswith("*"))
        if name in ALPHABETS:
            return self.lettered(ALPHABETS[name])
        if name in ACCENTS:
            kind = "munder" if name.startswith("under") else "mover"
            read = f'<{kind} accent="true">{self.argument()}{_operator(ACCENTS[name])}</{kind}>'
            self.stacked = name in {"underbrace", "overbrace"}
            return read
        if name in {"xrightarrow", "xleftarrow"}:
            self.skip_space()
            below = self.bracketed() if self.peek() == "[" else ""
            arrow = _operator("→" if name == "xrightarrow" else "←", stretchy="true")
            above = f"<mrow>{self.argument()}</mrow>"
            return f"<munderover>{arrow}{below}{above}</munderover>" if below else f"<mover>{arrow}{above}</mover>"
        if name in {"overset", "stackrel", "underset"}:
            script, base = self.argument(), self.argument()
            kind = "munder" if name == "underset" else "mover"
            return f"<{kind}>{base}{script}</{kind}>"
        if name == "left":
            return self.fenced()
        if name == "begin":
            return self.environment()
        if name in {"color", "textcolor"}:
            self.raw_group()
            return self.argument() if name == "textcolor" else ""
        if name == "tag":
            return f'<mspace width="2em"></mspace>{_text(f"({self.raw_group()})")}'
        if name == "label":
            self.raw_group()
            return ""
        return _text(f"\\{name}")

    def text(self) -> str:
        words = re.sub(r"\\([%$&#_{} ])", r"\1", self.raw_group()).replace("$", "")
        return _text(re.sub(r"^\s+|\s+$", "\u00a0", words))

    def name(self, *, stacked: bool) -> str:
        """Read letters that form one upright name."""
        letters = re.sub(r"\\[,;: ]|~", " ", self.raw_group())
        self.stacked = stacked
        return f'<mi mathvariant="normal">{escape(letters)}</mi>'

    def lettered(self, alphabet: Callable[[str], str]) -> str:
        """Read an argument in another alphabet; commands in it (a bold Greek letter) are read as ever."""
        start = self.at
        letters = self.raw_group()
        if letters.isalnum():
            return f"<mi>{''.join(map(alphabet, letters))}</mi>"
        self.at = start
        return self.argument()

    def fenced(self) -> str:
        left = self.delimiter()
        inner = self.row(lambda t: t == "\\right")
        right = self.delimiter() if self.take() else ""
        return f"<mrow>{_fence(left, stretchy=True)}{''.join(inner)}{_fence(right, stretchy=True)}</mrow>"

    def delimiter(self) -> str:
        self.skip_space()
        word = self.take()
        return "" if word == "." else DELIMITERS.get(word.removeprefix("\\"), word)

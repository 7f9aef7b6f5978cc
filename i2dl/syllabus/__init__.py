"""Where every topic of the course's library lives: what computes it, where it is from, and which test shows it right.

``python -m i2dl.syllabus`` prints the table of ``docs/library.md``. It covers the sections whose topics are single
layers, losses, rules or methods; what is built from these (training, architectures, generative models) is elsewhere.

What the course covers stands in ``topics.py``, and the rows in a file for every few sections.
"""

from i2dl.syllabus import basics, elements, images, optimization, sequences
from i2dl.syllabus.entry import Entry
from i2dl.syllabus.topics import TOPICS

__all__ = ["MISSING", "SYLLABUS", "TOPICS", "Entry", "as_table"]

TESTS = "tests/i2dl"

SYLLABUS: tuple[Entry, ...] = (
    *basics.ROWS,
    *elements.ROWS,
    *optimization.ROWS,
    *images.ROWS,
    *sequences.ROWS,
)

# What nothing here teaches yet.
MISSING: tuple[str, ...] = ()


def as_table() -> str:
    """Return the syllabus in Markdown, one table a section, with links as seen from ``docs``."""
    return "\n".join(_section(section) for section in TOPICS) + _missing()


def _section(section: str) -> str:
    """Return the heading and the table of one section."""
    lines = [f"### {section}", "", "| topic | in `i2dl` | source | test |", "| --- | --- | --- | --- |"]
    for entry in SYLLABUS:
        if entry.section == section:
            file, _, function = entry.test.partition("::")
            names = ", ".join(f"`{name}`" for name in entry.names)
            lines.append(f"| {entry.topic} | {names} | {entry.source} | [`{function}`](../{TESTS}/{file}) |")
    return "\n".join(lines) + "\n"


def _missing() -> str:
    """Return a sentence on what is not there."""
    return f"\nNot there yet: {', '.join(MISSING)}.\n" if MISSING else ""

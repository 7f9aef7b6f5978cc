"""One topic of the course: what teaches it, where it is from, which test shows it right."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One topic of the course.

    Attributes
    ----------
    section : str
        Number and title of the section.
    topic : str
        The topic, as in `TOPICS`.
    names : tuple of str
        What teaches it: dotted names below ``i2dl``.
    source : str
        Lecture or paper, as the docstring of one of these cites it.
    test : str
        ``file::function`` below ``tests/i2dl``.
    """

    section: str
    topic: str
    names: tuple[str, ...]
    source: str
    test: str


def entries(section: str, *rows: tuple[str, tuple[str, ...], str, str]) -> tuple[Entry, ...]:
    """Make the entries of one section, given topic, names, source and test of each."""
    return tuple(Entry(section, *row) for row in rows)


def pairs(*stems: str) -> tuple[str, ...]:
    """Name the forward and the backward function of each stem."""
    return tuple(f"functional.{stem}_{way}" for stem in stems for way in ("forward", "backward"))

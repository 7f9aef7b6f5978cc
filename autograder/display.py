"""What a verdict looks like: a table in a notebook, plain text in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.verdict import Verdict

__all__ = ["Card", "Notice", "Summary", "card_html"]


class Card:
    """The verdict on one task."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __repr__(self) -> str:
        v = self.verdict
        lines = [f"{v.task}: {v.points:g} of {v.out_of:g} points"]
        lines += [f"  {'ok   ' if r.ok else 'WRONG'} {r.output} ({r.case.name}) {r.diagnosis}" for r in v.rows]
        return "\n".join([*lines, *v.diagnoses, *v.remarks])


class Summary:
    """The points of all tasks of an exercise."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self.verdicts = verdicts

    def __repr__(self) -> str:
        return "\n".join(f"{v.task}: {v.points:g} of {v.out_of:g}" for v in self.verdicts)


class Notice:
    """One sentence."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def card_html(verdict: Verdict) -> str:
    """Return the card's HTML."""
    return f"<pre>{Card(verdict)!r}</pre>"

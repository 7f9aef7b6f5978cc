"""Text from a submission, made harmless before it is shown or stored."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean"]


def clean(text: object, limit: int = 500) -> str:
    """Return ``text`` without terminal escapes, control and invisible characters, at most ``limit`` long.

    Line breaks and tabs stay. What is left out would otherwise move a terminal's cursor, reverse the direction of a
    line, or be refused by a database.
    """
    shown = str(text)[: 4 * limit + 100].replace("\r\n", "\n").replace("\r", "\n")
    shown = _ESCAPES.sub("", shown)
    shown = "".join(c for c in shown if c in "\n\t" or unicodedata.category(c) not in _INVISIBLE)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])|\x9b[0-?]*[ -/]*[@-~]")
# Control, format, surrogate, private use, unassigned; line and paragraph separators.
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

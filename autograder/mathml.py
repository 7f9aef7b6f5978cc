"""Formulas as MathML, which browsers draw by themselves: a page needs no script and no network to show them."""

from __future__ import annotations

import contextlib
import html
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert

__all__ = ["to_mathml"]

MAX_LENGTH = 4000


def to_mathml(tex: str, *, display: bool = False) -> str:
    """Return the formula as a ``<math>`` element, or its source as code where it cannot be read.

    Parameters
    ----------
    tex
        A formula in LaTeX, from anyone: what is returned still has to be cleaned like the rest of the page.
    display
        Whether it stands on a line of its own.
    """
    with contextlib.suppress(Exception):  # whatever the formula is, the page must appear
        # The converter passes text through as it stands, so that a tag in \text{...} would become one.
        readable = tex[: MAX_LENGTH + 1].replace("<", r"\lt ").replace(">", r"\gt ")
        made = convert(readable, display="block" if display else "inline") if len(tex) <= MAX_LENGTH else ""
        ET.fromstring(made)  # noqa: S314 - our own converter's output, parsed to see whether it is whole
        return made
    return f"<code>{html.escape(tex[:MAX_LENGTH])}</code>"

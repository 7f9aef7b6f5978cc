"""The table says what was found, and the page holds every technique."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hostile import __main__ as command
from tests.hostile.technique import FAMILIES, Seen, Technique, techniques

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protection.md"


def always(share: float, harm: str = "") -> Seen:
    return Seen(share, harm)


FAKE = Technique(
    "lie about the value",
    "a | b",
    "Tries <this>.",
    "that",
    control=lambda: Seen(1.0),
    neighbour=lambda: Seen(1.0),
    attack=lambda: Seen(0.0),
    without=lambda: Seen(0.5),
)


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ({}, "stopped | succeeds | full marks"),
        ({"without": None}, "stopped |  | full marks"),
        ({"attack": None, "without": None}, " |  | full marks"),
        ({"attack": lambda: Seen(0.5)}, "**succeeds** | succeeds | full marks"),
        ({"attack": lambda: Seen(0.0, "it harms")}, "**succeeds** | succeeds | full marks"),
        ({"attack": lambda: Seen(0.5), "gap": "known"}, "**gap**: known | succeeds | full marks"),
        ({"attack": lambda: 1 / 0}, "**succeeds** | succeeds | full marks"),
        ({"without": lambda: Seen(0.0)}, "stopped | **stopped as well** | full marks"),
        ({"neighbour": lambda: Seen(0.9)}, "stopped | succeeds | **lost**"),
        ({"control": lambda: Seen(0.9)}, "**the control failed** | | |"),
    ],
)
def test_a_row_says_what_was_found(change: dict[str, object], row: str) -> None:
    technique = replace(FAKE, **change)  # type: ignore[arg-type]
    text = command.tables([technique], {technique.name: command.tried(technique)})
    assert rf"| a \| b | Tries &lt;this>. | that | {row}" in text


def test_what_is_not_as_expected_is_told_and_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shown = [FAKE]
    monkeypatch.setattr(command, "techniques", lambda *_: shown)
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{command.BEGIN}\nold\n{command.END}\n\nafter\n")
    assert command.main(["--write", str(page)]) == 0
    assert re.fullmatch(
        r"before\n\n<!-- .*\n\n### Lie.*1 stopped;.*\n\n<!-- .*\n\nafter\n", page.read_text(), re.DOTALL
    )
    shown[0] = replace(FAKE, attack=lambda: always(0.5, "it harms ada"))
    assert command.main([]) == 1
    assert "attack of 'a | b': a share of 0.5, and it harms ada" in capsys.readouterr().err
    shown[0] = replace(FAKE, gap="a gap that is none")
    assert command.main([]) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_the_page_holds_every_technique(family: str) -> None:
    section = re.search(rf"^### {family.capitalize()}\n(.*?)(?=^#|^\d+ techniques)", PAGE.read_text(), re.M | re.DOTALL)
    assert section, "write the table: python -m tests.hostile --write docs/protection.md"
    rows = [line.split(" | ")[0].removeprefix("| ") for line in section[1].splitlines() if line.startswith("| ")][2:]
    assert rows == [command._cell(t.name) for t in techniques(family)]  # type: ignore[arg-type]

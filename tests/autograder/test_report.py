"""The instructor's figures: the CSV, the table, the histogram, the common mistakes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from autograder.report import (
    class_table,
    histogram,
    mistakes,
    outcome_counts,
    percent,
    print_report,
    write_grades,
)
from autograder.submission import Outcome, TaskResult

EX3, EX7 = "03_affine_layer", "07_training_a_network"


def outcome(student: str, *scores: float | None, exercise: str = EX3, **fields: object) -> Outcome:
    """An outcome with tasks t0, t1, … of 4 points each."""
    results = [TaskResult(f"t{n}", s, 4.0, () if s in {4.0, None} else (f"t{n} is off",)) for n, s in enumerate(scores)]
    return Outcome(student, exercise, **{"kind": "graded", "results": results, **fields})  # type: ignore[arg-type]


def refused(student: str) -> Outcome:
    results = [TaskResult("t0", 0.0, 4.0, ("the file is empty",), ran=False)]
    return Outcome(student, EX3, "refused", "the file is empty", (), results)


def rows(outcomes: Sequence[Outcome], path: Path) -> list[dict[str, str]]:
    write_grades(outcomes, path)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown(outcomes: Sequence[Outcome], width: int = 100, **options: object) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_report(console, outcomes, **options)  # type: ignore[arg-type]
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_percent() -> None:
    assert percent(outcome("a", 4.0, 1.0)) == 62.5
    assert percent(outcome("a", 3.0, None)) == 75.0  # what waits for a person is not in it
    assert percent(outcome("a", None)) is None
    assert percent(refused("a")) == 0.0
    assert percent(Outcome("a", EX3, "refused", "no notebook")) == 0.0


def test_grades(tmp_path: Path) -> None:
    found = rows([outcome("ada", 4.0, 1 / 3, None, notes=["one", "two"]), refused("bob")], tmp_path / "new" / "g.csv")
    assert found[0] == {
        "student": "ada",
        "exercise": EX3,
        "outcome": "graded",
        "score": "4.3333",
        "out_of": "8",
        "percent": "54.17",
        "by_hand": "4",
        "reason": "",
        "notes": "one; two",
        "t0": "4",
        "t1": "0.3333",
        "t2": "",
    }
    assert (found[1]["outcome"], found[1]["score"], found[1]["percent"]) == ("refused", "0", "0")
    assert found[1]["reason"] == "the file is empty"


def test_tasks_of_the_same_name_keep_apart(tmp_path: Path) -> None:
    found = rows([outcome("ada", 4.0), outcome("ada", 1.0, 2.0, exercise=EX7)], tmp_path / "g.csv")
    assert found[0][f"{EX3}/t0"] == "4"
    assert found[0][f"{EX7}/t0"] == ""
    assert found[1][f"{EX7}/t0"] == "1"
    assert found[1]["t1"] == "2"


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\x1b[0m=1",
        "\u200b=1",
        "\x00-1",
    ],
)
def test_no_cell_is_a_formula(tmp_path: Path, text: str) -> None:
    found = rows([outcome("ada", 4.0, reason=text)], tmp_path / "g.csv")
    assert found[0]["reason"][0] == "'"


def test_a_cell_stays_in_its_place(tmp_path: Path) -> None:
    reason = 'a "quoted", text;\nwith a\u2028 second line\x1b]0;title\x07 and \x1b[31mcolour\x1b[0m'
    found = rows([outcome("ada", 4.0, reason=reason), outcome("bob", 4.0)], tmp_path / "g.csv")
    assert len(found) == 2
    assert found[0]["reason"] == 'a "quoted", text; with a second line and colour'
    assert found[0]["t0"] == "4"


def test_grades_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "g.csv"
    write_grades([outcome("ada", 4.0)], path)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_grades([outcome("ada", 1.0)], path)
    assert path.read_bytes() == before


def test_counts() -> None:
    outcomes = [outcome("a", 4.0), outcome("b", 1.0), refused("c")]
    assert outcome_counts(outcomes) == {"graded": 2, "partly graded": 0, "refused": 1}
    text = shown(outcomes)
    assert "3 submissions" in text
    assert "2 graded" in text
    assert "1 refused" in text


def test_class_table() -> None:
    found = [outcome("ada", 4.0, 1.0, 3.0), outcome("bob", 4.0, 4.0, None), refused("carl")]
    lines = shown(found).splitlines()
    ada, bob, carl = (next(line for line in lines if line.startswith(s)) for s in ("ada", "bob", "carl"))
    assert "8 / 12" in ada
    assert " 67 " in ada
    assert "t1 −3 (t1 is off), t2 −1" in ada
    assert "8 / 8" in bob
    assert " 100 " in bob
    assert "the file is empty" in carl
    assert "4 points wait for a person" in shown(found)
    assert class_table(found).row_count == 4  # and the heading of the exercise


def test_almost_all_is_not_all() -> None:
    text = shown([outcome("ada", 3.999), outcome("bob", 4.0)])
    ada = next(line for line in text.splitlines() if line.startswith("ada"))
    assert " 99 " in ada
    assert [line.split()[-1] for line in text.splitlines() if line.strip().startswith(("100 %", "90–99 %"))] == [
        "1",
        "1",
    ]


def test_it_fits_the_screen() -> None:
    outcomes = [outcome("s" * 80, 1.0, reason="why " * 60), outcome("王小明" * 20, 0.0, exercise=EX7)]
    for width in (80, 100, 160):
        text = shown(outcomes, width, files={"grades": Path("/" + "long/" * 40)})
        console = Console()
        assert all(console.measure(line).maximum <= width for line in text.splitlines())


def test_nothing_reaches_the_terminal() -> None:
    evil = "\x1b[2J\x1b]8;;http://evil\x07\x9b31m\u202e[red]x[/red][link=http://evil]\x00"
    results = [TaskResult(evil, 1.0, 4.0, (evil,))]
    text = shown(
        [Outcome(evil, EX3, "partly graded", evil, (evil,), results), Outcome("b", EX3, "graded", "", (), results)]
    )
    assert not {c for c in text if c != "\n" and not c.isprintable()}
    assert "[red]x[/red]" in text


def test_histogram() -> None:
    outcomes = [outcome(str(n), s) for n, s in enumerate((0.0, 0.39, 0.4, 2.0, 2.0, 3.9, 4.0))] + [outcome("m", None)]
    console = Console(file=io.StringIO(), width=100)
    console.print(histogram(outcomes))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    counted = {line.split(" %")[0].strip(): line.split()[-1] for line in lines if "█" in line}
    assert counted == {"100": "1", "90–99": "1", "50–59": "2", "10–19": "2", "0–9": "1"}


def test_mistakes() -> None:
    transposed = TaskResult("back", 1.0, 4.0, ("dw is transposed", "dw is transposed", "db is a mean"))
    outcomes = [
        Outcome("a", EX3, "graded", results=[transposed]),
        Outcome("b", EX3, "graded", results=[TaskResult("back", 1.0, 4.0, ("dw is transposed",))]),
        Outcome("c", EX3, "graded", results=[TaskResult("back", 4.0, 4.0)]),
        Outcome("d", EX3, "partly graded", results=[TaskResult("back", 0.0, 4.0, ("no answer",), ran=False)]),
        Outcome("e", EX3, "graded", results=[TaskResult("back", None, 4.0)]),
        refused("f"),
    ]
    found = mistakes(outcomes)
    assert [(m.task, m.reason, m.count, m.out_of) for m in found] == [
        ("back", "dw is transposed", 2, 3),
        ("back", "db is a mean", 1, 3),
    ]
    text = shown(outcomes, top=1)
    assert "2 of 3" in text
    assert "and 1 more" in text


def test_nothing_handed_in() -> None:
    assert "Nothing was handed in" in shown([])
    assert mistakes([]) == []

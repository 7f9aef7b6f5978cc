"""A card is plain HTML that nothing from a submission can break out of, and says the same as text."""

import dataclasses
import re
import unicodedata
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from course import REFERENCE, TASKS, backward, forward, judge, scale_backward, softmax

from autograder import view
from autograder.check import check_task
from autograder.compare import compare
from autograder.display import Card, Notice, Summary, card_html
from autograder.inside import Failure
from autograder.pictures import number, picture, shape_picture, worst_entries
from autograder.sanitize import clean_card
from autograder.task import Exercise, Task, case
from autograder.text import clean
from autograder.verdict import Row, Verdict, refuse
from autograder.view import Output

TAGS = {"div", "span", "table", "thead", "tbody", "tr", "th", "td", "b", "code", "pre", "details", "summary"}
ATTRIBUTES = {"style", "colspan", "role", "aria-label"}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b style=position:fixed>&lt;`</code><svg/onload=x>`"
    "\x1b[31mred\x1b]0;title\x07\x00\x07\u202egnp.exe\u200b\ud800\r\n" + "A" * 5000
)


class Tags(HTMLParser):
    """Collects tags and their attributes, and checks that every tag is closed in turn."""

    def __init__(self, html):
        super().__init__()
        self.found, self.text, self._open = [], [], []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def properties(style):
    return {part.split(":", 1)[0].strip() for part in style.split(";") if part.strip()}


def wrong_cards():
    def crash(dout, cache):
        x, w = cache
        print("shapes", dout.shape, "<b>bold</b>")
        return dout @ w, x.T @ dout, dout.sum(0)

    return [
        judge("affine", {}),
        judge("affine", backward(lambda dx, dw, db, dout, x, w: (dx, dw.T / len(x), db[None]))),
        judge("affine", forward(lambda out, *_: out[::-1])),
        judge("affine", {"affine_backward": crash}),
        judge("softmax", {"softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)}),
        judge("quiz", {"answers": SimpleNamespace(**{**vars(REFERENCE.answers), "count": 12})}),
        judge("scale", {"scale_backward": lambda dout, x, g: (1.7 * np.abs(dout), scale_backward(dout, x, g)[1])}),
        refuse(TASKS["affine"], "no answer: the kernel died"),
    ]


def hostile_verdict():
    """Everything that a submission can choose, chosen badly."""
    bad = case(HOSTILE, edge=HOSTILE)
    rows = [
        Row(HOSTILE, bad, compare(None, np.ones(3), form=HOSTILE), None, np.ones(3), HOSTILE),
        Row("word", bad, compare(HOSTILE, "right"), HOSTILE, "right", HOSTILE),
        Row("many", bad, compare([HOSTILE] * 9, np.ones(3)), [HOSTILE] * 9, np.ones(3), HOSTILE),
        Row("shape", bad, compare(np.ones((2,) * 9), np.ones(3)), np.ones((2,) * 9), np.ones(3), HOSTILE),
        Row("odd", bad, compare(np.full(3, np.nan), np.ones(3)), np.full(3, np.nan), np.ones(3), HOSTILE),
    ]
    failure = Failure(HOSTILE, HOSTILE, 3, HOSTILE, HOSTILE)
    verdict = Verdict(HOSTILE, 0.5, 1.0, rows, HOSTILE, failure, [HOSTILE] * 30, HOSTILE)
    failed = [dataclasses.replace(r, comparison=dataclasses.replace(r.comparison, problem="failed")) for r in rows]
    return [
        verdict,
        dataclasses.replace(verdict, kind="quiz"),
        dataclasses.replace(verdict, kind="metric"),
        dataclasses.replace(verdict, rows=failed),
        dataclasses.replace(verdict, failure=None, rows=()),
        dataclasses.replace(verdict, points=float("nan")),
        dataclasses.replace(verdict, failure=Failure("Missing", HOSTILE)),
    ]


@pytest.mark.parametrize("verdict", [*wrong_cards(), *hostile_verdict()])
def test_html_is_plain_and_its_words_are_words(verdict):
    for html in (card_html(verdict), Summary([verdict, verdict])._repr_html_(), Notice(verdict.task)._repr_html_()):
        parsed = Tags(html)
        assert {tag for tag, _ in parsed.found} <= TAGS
        assert {name for _, attributes in parsed.found for name in attributes} <= ATTRIBUTES
        assert not any("fixed" in a.get("style", "").replace("table-layout:fixed", "") for _, a in parsed.found)
        assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in html)
        html.encode("utf-8")
        assert len(html) < 60_000


@pytest.mark.parametrize("verdict", hostile_verdict())
def test_text_holds_no_escapes_and_is_short(verdict):
    for shown in (repr(Card(verdict)), repr(Summary([verdict])), repr(Notice(HOSTILE))):
        assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"} for c in shown)
        assert len(shown) < 12_000


@pytest.mark.parametrize("verdict", wrong_cards())
def test_card_survives_the_cleaning_of_notebooks_whole(verdict):
    before, after = Tags(card_html(verdict)), Tags(clean_card(card_html(verdict)))
    assert "".join(before.text) == "".join(after.text)
    assert [tag for tag, _ in before.found] == [tag for tag, _ in after.found]
    for (_, mine), (_, kept) in zip(before.found, after.found, strict=True):
        assert mine.keys() == kept.keys()
        assert properties(mine.get("style", "")) == properties(kept.get("style", ""))


def words(html):
    return " ".join(" ".join(Tags(html).text).split())


def test_right_outputs_take_a_line_each_and_wrong_ones_are_explained():
    verdict = judge("affine", backward(lambda dx, dw, db, *_: (dx, dw.T, db)))
    html, text = card_html(verdict), repr(Card(verdict))
    for shown in (words(html), text):
        assert "3 of 4 points" in shown
        assert "4 cases" in shown
        assert "wrong in 4 of 4 cases" in shown
        assert "transposed" in shown
        assert "(4, 3) float64" in shown
    assert html.count("✓") == 3
    assert html.count("✗") == 1
    assert text.count("✓") == 3
    lines = [line for line in text.splitlines() if line[2:3] in "✓✗"]
    assert len({line.index("error") for line in lines}) == 1


def test_error_is_shown_as_the_students_with_their_line():
    def affine_backward(dout, cache):
        x, w = cache
        return dout @ w, x.T @ dout, dout.sum(0)

    verdict = judge("affine", {"affine_backward": affine_backward})
    for shown in (words(card_html(verdict)), " ".join(repr(Card(verdict)).split())):
        assert "in affine_backward return dout @ w, x.T @ dout, dout.sum(0) ValueError: matmul" in shown
        assert "do not match in a matrix product" in shown
        assert "the code stops with an error" in shown


def test_error_at_an_edge_alone_says_so():
    verdict = judge("affine", forward(lambda out, *_: out if len(out) > 1 else out @ out))
    for shown in (words(card_html(verdict)), repr(Card(verdict))):
        assert "Right in general, wrong at the edge: batch of one." in shown
        assert "not reached in 1 of 4 cases" in shown


def test_an_error_at_an_edge_is_not_called_right_in_general_where_other_cases_are_wrong():
    verdict = judge("affine", forward(lambda out, *_: out**2 + 1 if len(out) > 1 else out @ out))
    assert view.only_there(verdict) == "It stops only at the edge: batch of one."
    assert "Right in general" not in repr(Card(verdict))


def test_of_two_different_errors_only_the_one_that_is_shown_is_explained():
    verdict = judge("affine", forward(lambda out, *_: out if len(out) == 5 else out @ out if len(out) < 7 else [][1]))
    assert view.only_there(verdict).startswith("`out` is right only at the shape given in the notebook")
    two = judge("affine", forward(lambda out, *_: [][1] if len(out) == 5 else out @ out if len(out) < 7 else out))
    assert len({r.diagnosis for r in two.rows if r.comparison.problem == "failed"}) > 1
    assert view.only_there(two) == ""


def test_stub_is_called_one_without_a_traceback():
    def affine_backward(dout, cache):
        raise NotImplementedError

    shown = words(card_html(judge("affine", {"affine_backward": affine_backward})))
    assert shown.startswith("✗ affine still the stub 0 of 4 points affine_backward is still the stub")
    assert "raise NotImplementedError" not in shown


def test_remarks_and_printed_text_stand_apart():
    def affine_forward(x, w, b):
        x += 0
        x *= 2
        print("one\ntwo")
        return (x @ w / 2 + b).astype(np.float32), (x / 2, w)

    verdict = judge("affine", {"affine_forward": affine_forward})
    assert verdict.right
    html = card_html(verdict)
    assert "Worth knowing, and costs nothing:" in words(html)
    assert "<code" in html
    assert "changed in place" in html
    assert "float64 was expected" in html
    printed = html[html.index("<details") :]
    assert "Your code printed 2 lines" in printed
    assert "one\ntwo" in printed
    assert "Your code printed 2 lines: one" in repr(Card(verdict))


def test_quiz_card_hides_the_right_answers():
    answers = {**vars(REFERENCE.answers), "count": 99, "entropy": 3.5, "shape": (9, 9), "word": "bias", "yes": False}
    verdict = judge("quiz", {"answers": SimpleNamespace(**answers)})
    for shown in (card_html(verdict), repr(Card(verdict))):
        assert "you answer 99" in shown
        assert "is wrong" not in shown
        assert not any(right in shown for right in ("1234", "0.693", "2, 3", "variance", "True"))


def test_metric_card_says_what_is_needed():
    task = Task(
        "accuracy_of_digits",
        3,
        lambda impl: {"p": impl.p},
        lambda rng: [case("200 digits")],
        kind="metric",
        measure=lambda outputs: float(outputs["p"]),
        measure_name="accuracy",
        full=0.95,
        none=0.5,
    )
    exercise = Exercise("e", "E", {task.name: task}, lambda: None)
    verdict = check_task(exercise, task, {"p": 0.87}, "public")
    for shown in (words(card_html(verdict)), repr(Card(verdict))):
        assert "2.47 of 3 points" in shown
        assert "0.87, needed ≥ 0.95" in shown
    assert "no number" not in repr(Card(check_task(exercise, task, {"p": "high"}, "public")))


def test_metric_card_says_why_nothing_can_be_measured_and_in_which_case():
    def share(outputs):
        if outputs["p"] > 1:
            msg = "a share lies between 0 and 1"
            raise ValueError(msg)
        return float(outputs["p"])

    def check_all(*found):
        cases = [case(name, p=p) for name, p in zip(("day", "night"), found, strict=False)]
        task = Task(
            "accuracy_of_photos",
            2,
            lambda impl, p: {"p": impl.answer(p)},
            lambda rng: cases,
            kind="metric",
            measure=share,
            measure_name="accuracy",
            full=0.95,
            none=0.5,
        )
        exercise = Exercise("e", "E", {task.name: task}, lambda: None)
        verdict = check_task(exercise, task, {"answer": lambda p: p}, "public")
        return " ".join(words(card_html(verdict)).split()), " ".join(repr(Card(verdict)).split())

    for shown in check_all(7.0):
        assert "not right yet" in shown
        assert "cannot be measured" not in shown
        assert "a share lies between 0 and 1" in shown.lower()
        assert "stops with an error" not in shown
    for shown in check_all("seven"):
        assert "what it returns cannot be measured" in shown
    for shown in check_all(7.0, 0.99):
        assert "day: a share lies between 0 and 1; night: 0.99, needed ≥ 0.95" in shown.replace("Day", "day")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "right in general, wrong at the edge: a tie. the first one wins",
            "Right in general, wrong at the edge: a tie. The first one wins.",
        ),
        (
            "right in general, wrong at the edge: a tie. x is due",
            "Right in general, wrong at the edge: a tie. x is due.",
        ),
        ("p is not divided by N", "p is not divided by N."),
        ("x(1 − x) with the input x", "x(1 − x) with the input x."),
        ("`restore` puts back", "`restore` puts back."),
        ("a factor is missing", "A factor is missing."),
        ("read_digits returns a row", "read_digits returns a row."),
        ("dx is the wrong way round", "dx is the wrong way round."),
    ],
)
def test_a_sentence_begins_with_a_capital_letter_unless_with_a_name(said, shown):
    assert view.sentence(said, {"dx"}) == shown


def test_true_or_false_has_no_size_of_error_and_no_zero_has_a_sign():
    right = Output("yes", [Row("yes", case("a"), compare(True, True), True, True)], [])
    assert right.error == "–"
    assert number(-0.0) == "0"


def test_summary_adds_up_and_names_the_first_mistake():
    verdicts = [judge("affine", {}), judge("softmax", {"softmax": lambda x: softmax(x.T).T})]
    summary = Summary(verdicts)
    for shown in (words(summary._repr_html_()), repr(summary)):
        assert "4 of 6 points" in shown
        assert "wrong axis" in shown
    assert repr(Summary([])) == "0 of 0 points"


def test_many_large_and_odd_outputs_stay_short():
    big = np.zeros((300, 300))
    rows = [
        Row(f"out{i}", case(f"case {j}"), compare(big + 1, big), big + 1, big, f"`out{i}` is wrong")
        for i in range(60)
        for j in range(5)
    ]
    verdict = Verdict("many", 0.0, 1.0, rows)
    assert len(card_html(verdict)) < 150_000
    assert len(repr(Card(verdict))) < 30_000
    assert "and 36 more outputs" in card_html(verdict)


def test_one_mistake_in_several_outputs_is_explained_once():
    verdict = judge("affine", backward(lambda dx, dw, db, *_: (-dx, -dw, -db)))
    for shown in (words(card_html(verdict)), repr(Card(verdict))):
        assert shown.count("wrong sign") == 1
        assert shown.count("wrong in 4 of 4 cases, as above") == 2
    other = judge("affine", backward(lambda dx, dw, db, *_: (-dx, 2 * dw, db)))
    assert "as above" not in repr(Card(other))


def test_as_above_holds_where_the_sentence_names_an_input():
    def rows(*sentences):
        c = case("large", x=np.ones(3))
        return [
            Row(o, c, compare(np.full(3, np.nan), np.ones(3)), np.full(3, np.nan), np.ones(3), s.format(o))
            for o, s in zip(("out", "dx"), sentences, strict=True)
        ]

    same = "`{}`: 3 of 3 entries are NaN, from an overflow: exp of an entry of `x` exceeds the largest float."
    assert repr(Card(Verdict("a", 0, 1, rows(same, same)))).count("from an overflow") == 1
    assert repr(Card(Verdict("a", 0, 1, rows(same, same.replace("NaN", "inf"))))).count("from an overflow") == 1
    assert repr(Card(Verdict("a", 0, 1, rows(same, same.replace("`x`", "`w`"))))).count("from an overflow") == 2


# ---------------------------------------------------------------------------------------------------------------
# Pictures


def cells(actual, expected):
    drawn = picture(compare(actual, expected), actual, expected)
    return None if drawn is None else list(drawn.cells)


def test_picture_shows_where_and_in_which_direction():
    expected = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    actual = expected + np.array([[0, 1, 0], [-1, 0, np.nan]])
    assert cells(actual, expected) == ["=+=", "-=?"]
    assert cells(actual[0], expected[0]) == ["=+="]
    assert cells(actual.reshape(2, 3, 1), expected.reshape(2, 3, 1)) == ["=", "+", "=", "-", "=", "?"]


def test_picture_of_a_large_matrix_shows_the_worst_of_each_block():
    expected = np.zeros((160, 48))
    actual = expected.copy()
    actual[37, 20] = 1e-3
    actual[37, 19] = -5e-3
    actual[159, 47] = 7.0
    drawn = picture(compare(actual, expected), actual, expected)
    assert [len(row) for row in drawn.cells] == [16] * 16
    assert drawn.cells[3][6] == "-"
    assert drawn.cells[15][15] == "+"
    assert "".join(drawn.cells).count("=") == 254
    assert "10 × 3 entries" in drawn.note


def test_no_picture_where_there_is_nothing_to_draw():
    assert cells(np.array(2.0), np.array(1.0)) is None
    assert cells(np.ones((2, 3)), np.ones((3, 2))) is None
    assert cells(None, np.ones(3)) is None
    assert cells([np.ones(2), np.ones(3)], np.ones(3)) is None
    assert cells(np.ones(3), np.ones(3)) is None
    assert shape_picture(()) is None
    assert shape_picture((0, 3)) is None
    assert shape_picture((3, 40)) is None
    assert list(shape_picture((2, 3)).cells) == ["===", "==="]


def test_numbers_are_those_furthest_off():
    expected = np.zeros((2, 5))
    actual = expected + np.array([[0, 3, 0, -9, 1], [2, 0, 5, 4, 0.5]])
    entries = worst_entries(compare(actual, expected), actual, expected)
    assert entries == [("[0, 1]", "3", "0"), ("[0, 3]", "-9", "0"), ("[1, 2]", "5", "0"), ("[1, 3]", "4", "0")]
    assert worst_entries(compare(3.0, 2.0), 3.0, 2.0) == [("", "3", "2")]
    assert worst_entries(compare(1.23456, 1.23457), 1.23456, 1.23457) == [("", "1.23456", "1.23457")]
    assert worst_entries(compare(np.full(2, np.inf), np.ones(2)), np.full(2, np.inf), np.ones(2))[0][1] == "∞"


def test_clean_keeps_lines_and_drops_what_moves_the_cursor():
    assert clean("a\x1b[2Jb\x1b]8;;http://x\x07c\r\nd\te\x9b31mf\u202eg\ufeff") == "ab" + "c\nd\tefg"
    assert clean("x" * 100, 10) == "x" * 9 + "…"
    assert re.fullmatch("x+", clean("x\x00" * 50, 60))

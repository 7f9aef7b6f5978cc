"""A card fits the page: on a narrow one all but the names may wrap."""

import re

import numpy as np
from course import forward, judge

from autograder.compare import compare
from autograder.inside import Failure
from autograder.markup import card_html, summary_html
from autograder.task import case
from autograder.verdict import Row, Verdict


def cells(html, words):
    """Return the style of every cell with these words."""
    return [style for style, inner in re.findall(r'<t[dh][^>]*style="([^"]*)">(.*?)</t[dh]>', html) if words in inner]


def test_all_but_the_name_of_an_output_may_wrap():
    value = np.ones((2, 3), dtype=np.float32)
    rows = [Row("d layers.1.weight", case("three hidden layers"), compare(value, value), value, value)]
    html = card_html(Verdict("mlp", 1.0, 1.0, rows))
    (name,) = cells(html, "d layers.1.weight")
    assert "nowrap" in name
    for words in ("three hidden layers", "largest error", "(2, 3) float32"):
        (style,) = cells(html, words)
        assert "nowrap" not in style
    assert "overflow-wrap:anywhere" in cells(html, "(2, 3) float32")[0]


def test_reason_in_the_summary_has_a_line_of_its_own():
    wrong, right = judge("affine", forward(lambda out, *_: 2 * out)), judge("softmax", {})
    rows = summary_html([wrong, right]).split("<tr ")[1:]
    assert ["affine" in r for r in rows] == [True, False, False]
    assert "colspan" in rows[1]
    assert "nowrap" not in "".join(cells(rows[1], ""))
    assert "colspan" not in rows[0] + rows[2]


def test_only_an_error_of_theirs_stops_their_code():
    for kind, stops in (("ValueError", True), ("Missing", False), ("NotImplementedError", False)):
        failed = Verdict("affine", 0.0, 4.0, failure=Failure(kind, "no such thing"))
        assert ("Your code stops" in card_html(failed)) is stops

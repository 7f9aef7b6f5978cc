"""Formulas as MathML: those of the exercises are read, and none can break a page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.mathml import to_mathml

EXERCISES = sorted(Path(__file__).parents[2].glob("exercises/*/*.ipynb"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$(.+?)(?<!\\)\$", re.DOTALL)


def test_a_formula_and_one_on_its_own_line():
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>N</mi></mrow></mfrac>" in to_mathml(r"\frac{1}{N}")
    assert 'display="inline"' in to_mathml("x")
    assert 'display="block"' in to_mathml("x", display=True)


def test_a_comparison_is_not_a_tag():
    root = ET.fromstring(to_mathml("a<b"))
    assert "".join(root.itertext()).split() == ["a<b"]


@pytest.mark.parametrize("path", EXERCISES, ids=lambda p: p.stem)
def test_every_formula_of_the_exercises_is_known(path: Path):
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    formulas = [m[1] or m[2] for source in cells for m in FORMULA.finditer(source)]
    assert len(formulas) > 10
    assert [f for f in formulas if "\\" in "".join(ET.fromstring(to_mathml(f)).itertext())] == []


FRAGMENTS = (
    r"\frac \sqrt \left( \right) { } [ ] & \\ ^ _ ' \begin{cases} \end{cases} \text{ < > \" x 1 \mathbf \hat % ~ $"
)


@given(st.lists(st.sampled_from([*FRAGMENTS.split(), " ", "\n", "é", "</math><script>"]), max_size=25).map("".join))
def test_whatever_it_reads_is_a_whole_element(tex: str):
    for display in (False, True):
        made = to_mathml(tex, display=display)
        assert ET.fromstring(made).tag in {"{http://www.w3.org/1998/Math/MathML}math", "code"}
        assert "<script" not in made


@pytest.mark.parametrize("tex", ["{" * 3000, r"\frac" * 500, "x^" * 1000, "x" * 100_000, r"\begin{cases}" * 300])
def test_deep_and_long_formulas_end(tex: str):
    ET.fromstring(to_mathml(tex))

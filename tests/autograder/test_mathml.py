"""Formulas as MathML: read as LaTeX reads them, complete, and harmless whatever stands in them."""

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


def inner(tex: str, *, display: bool = False) -> str:
    return re.fullmatch(r"<math[^>]*>(?:<mrow>)?(.*?)(?:</mrow>)?</math>", to_mathml(tex, display=display))[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("tex", "mathml"),
    [
        ("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
        ("12.5x", "<mn>12.5</mn><mi>x</mi>"),
        ("x_i^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        ("x^2_i", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        ("x_{ij}", "<msub><mi>x</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub>"),
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        ("10^12", "<msup><mn>10</mn><mn>1</mn></msup><mn>2</mn>"),
        (r"\frac{1}{N}", "<mfrac><mn>1</mn><mi>N</mi></mfrac>"),
        (r"\sqrt[3]{x}", "<mroot><mi>x</mi><mn>3</mn></mroot>"),
        (r"\hat y", '<mover accent="true"><mi>y</mi><mo>^</mo></mover>'),
        (r"\mathbb{R}\mathbf{w}\mathcal L", "<mi>ℝ</mi><mi>𝐰</mi><mi>ℒ</mi>"),
        (r"\alpha\Lambda\odot", "<mi>α</mi><mi>Λ</mi><mo>⊙</mo>"),
        (r"\text{if } x", "<mtext>if\u00a0</mtext><mi>x</mi>"),
        (r"a\,b", '<mi>a</mi><mspace width="0.167em"></mspace><mi>b</mi>'),
        (r"\%", "<mi>%</mi>"),
        (r"a % comment", "<mi>a</mi>"),
        (r"\nonsense{x}", "<mtext>\\nonsense</mtext><mi>x</mi>"),
        ("", ""),
    ],
)
def test_small_formulas(tex: str, mathml: str) -> None:
    assert inner(tex) == mathml


def test_limits_stand_below_in_a_display() -> None:
    assert inner(r"\sum_i x", display=True).startswith("<munder>")
    assert inner(r"\sum_i x").startswith("<msub>")
    assert inner(r"\max_i x", display=True).startswith("<munder>")
    assert inner(r"\sum\limits_i x").startswith("<munder>")


def test_environments() -> None:
    matrix = inner(r"\begin{bmatrix} 0 & 1 \\ 2 & 3 \end{bmatrix}")
    assert matrix.count("<mtr>") == 2
    assert matrix.count("<mtd") == 4
    assert '<mtable class="bmatrix">' in matrix
    aligned = inner(r"\begin{align} y &= x \\ z &= 2 \\ \end{align}")
    assert aligned.count("<mtr>") == 2
    assert aligned.count('class="r"') == aligned.count('class="l"') == 2
    assert inner(r"a &= b \\ c &= d").count("<mtr>") == 2


@pytest.mark.parametrize("path", EXERCISES, ids=lambda p: p.stem)
def test_every_formula_of_the_exercises_is_known(path: Path) -> None:
    cells = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "markdown"]
    formulas = [m[1] or m[2] for source in cells for m in FORMULA.finditer(source)]
    assert len(formulas) > 10
    unknown = {name for f in formulas for name in re.findall(r"<mtext>(\\.*?)</mtext>", to_mathml(f))}
    assert not unknown


FRAGMENTS = r"\frac \sqrt \left( \right) { } [ ] & \\ ^ _ ' \begin{cases} \end{cases} \text{ < > \" x 1 \mathbf \hat % ~ $ \end \begin"


@given(st.lists(st.sampled_from([*FRAGMENTS.split(), " ", "\n", "é", "</math><script>"]), max_size=40).map("".join))
def test_whatever_it_reads_is_a_whole_element(tex: str) -> None:
    for display in (False, True):
        root = ET.fromstring(to_mathml(tex, display=display))
        assert root.tag == "math"
        assert all(re.fullmatch(r"m[a-z]+", e.tag) for e in root.iter())
        assert all(len(e) in {2, 3} for e in root.iter() if e.tag in {"mfrac", "msub", "msup", "msubsup", "munder"})


@pytest.mark.parametrize(
    "tex",
    ["{" * 3000, r"\frac" * 1000, "x^" * 2000, r"\left(" * 800, "'" * 4000, "x" * 100_000, r"\begin{cases}" * 300],
)
def test_deep_and_long_formulas_end(tex: str) -> None:
    made = to_mathml(tex)
    ET.fromstring(made)
    depth = most = 0
    for slash in re.findall(r"<(/?)m", made):
        depth += -1 if slash else 1
        most = max(most, depth)
    assert most < 300

"""What the commands of :mod:`autograder.mathml` stand for: in each table a name, then its character."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

__all__ = ["ACCENTS", "ALPHABETS", "DELIMITERS", "FUNCTIONS", "LARGE", "OPERATORS", "PLAIN", "SPACES", "SYMBOLS"]


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _greek(size: str) -> dict[str, str]:
    names = "alpha beta gamma delta zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma tau upsilon chi psi"
    letters = {
        n.replace("lamda", "lambda"): unicodedata.lookup(f"GREEK {size} LETTER {n}") for n in (*names.split(), "omega")
    }
    return letters if size == "SMALL" else {name.capitalize(): letter for name, letter in letters.items()}


SYMBOLS = {
    **_greek("SMALL"),
    **_greek("CAPITAL"),
    **_pairs(
        """
        phi ϕ varphi φ Phi Φ epsilon ϵ varepsilon ε vartheta ϑ varsigma ς varrho ϱ varpi ϖ
        ell ℓ hbar ℏ imath ı jmath ȷ Re ℜ Im ℑ partial ∂ infty ∞ emptyset ∅ varnothing ∅ top ⊤ bot ⊥ aleph ℵ
        dots … ldots … dotsc … cdots ⋯ dotsb ⋯ vdots ⋮ ddots ⋱ prime ′ checkmark ✓ square □ blacksquare ■
        % % $ $ # # & &amp; _ _
        """
    ),
}
"""Identifiers."""

PLAIN = _pairs("+ + - − * ∗ = = < < > > , , ; ; : : ! ! . .")
"""Operators that are written as they are."""

OPERATORS = _pairs(
    """
    cdot · times × div ÷ pm ± mp ∓ ast ∗ star ⋆ circ ∘ bullet • odot ⊙ oplus ⊕ otimes ⊗ ominus ⊖
    cup ∪ cap ∩ setminus ∖ wedge ∧ vee ∨ land ∧ lor ∨ neg ¬ lnot ¬ forall ∀ exists ∃ nabla ∇
    le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ ll ≪ gg ≫ approx ≈ sim ∼ simeq ≃ cong ≅ equiv ≡ propto ∝ doteq ≐
    coloneqq ≔ triangleq ≜ prec ≺ mid ∣ parallel ∥ perp ⟂ in ∈ notin ∉ ni ∋
    subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ models ⊨ vdash ⊢ therefore ∴ because ∵ colon : lt < gt >
    to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ mapsto ↦ longrightarrow ⟶ longleftarrow ⟵
    Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺
    Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ iff ⟺ uparrow ↑ downarrow ↓ hookrightarrow ↪
    """
)
"""Binary operators, relations and arrows."""

LARGE = _pairs("sum ∑ prod ∏ int ∫ oint ∮ iint ∬ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigodot ⨀")

_BESIDE = "log ln lg exp sin cos tan sinh cosh tanh arcsin arccos arctan sec cot dim ker deg arg"
_BELOW = "max min sup inf lim det gcd Pr argmax argmin limsup liminf"
FUNCTIONS = {**dict.fromkeys(_BESIDE.split(), False), **dict.fromkeys(_BELOW.split(), True)}
"""Names set upright, and whether a subscript stands below them in a display."""

ACCENTS = _pairs(
    """
    hat ^ widehat ^ bar ¯ overline ¯ tilde ~ widetilde ~ vec → overrightarrow → dot ˙ ddot ¨ check ˇ breve ˘
    mathring ˚ overbrace ⏞ underbrace ⏟ underline _
    """
)

SPACES = {
    **_pairs(", 0.167em : 0.222em > 0.222em ; 0.278em ! -0.167em quad 1em qquad 2em thinspace 0.167em enspace 0.5em"),
    " ": "0.33em",
    "\n": "0.33em",
}

DELIMITERS = _pairs(
    r"""
    { { } } | ‖ lbrace { rbrace } lbrack [ rbrack ] langle ⟨ rangle ⟩ vert | lvert | rvert | Vert ‖ lVert ‖ rVert ‖
    lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ backslash \
    """
)


def _shifted(capital: int, small: int, digit: int = 0, **exceptions: str) -> Callable[[str], str]:
    """Return a map of letters into one of Unicode's mathematical alphabets, which begins at these code points."""

    def alphabet(letter: str) -> str:
        if letter in exceptions:
            return exceptions[letter]
        for first, last, start in (("A", "Z", capital), ("a", "z", small), ("0", "9", digit)):
            if first <= letter <= last and start:
                return chr(start + ord(letter) - ord(first))
        return letter

    return alphabet


_BOLD = _shifted(0x1D400, 0x1D41A, 0x1D7CE)
_BOLD_ITALIC = _shifted(0x1D468, 0x1D482, 0x1D7CE)
_DOUBLE = _shifted(0x1D538, 0x1D552, 0x1D7D8, C="ℂ", H="ℍ", N="ℕ", P="ℙ", Q="ℚ", R="ℝ", Z="ℤ")
_SCRIPT = _shifted(0x1D49C, 0x1D4B6, B="ℬ", E="ℰ", F="ℱ", H="ℋ", I="ℐ", L="ℒ", M="ℳ", R="ℛ", e="ℯ", g="ℊ", o="ℴ")

ALPHABETS: dict[str, Callable[[str], str]] = {
    "mathbf": _BOLD,
    "boldsymbol": _BOLD_ITALIC,
    "bm": _BOLD_ITALIC,
    "mathbb": _DOUBLE,
    "mathcal": _SCRIPT,
    "mathscr": _SCRIPT,
    "mathit": str,
    "mathsf": str,
    "mathtt": str,
}

"""A table of the update rules, so that one loop, one picture or one test goes through all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from array_api_compat import array_namespace

from i2dl.functional._checks import Array
from i2dl.optim import adam, adam_variants, adaptive, rules

__all__ = ["RULES", "Rule"]


@dataclass(frozen=True)
class Rule:
    """An update rule together with the state it carries from step to step.

    Attributes
    ----------
    name : str
        Its key in `RULES`.
    update : callable
        ``update(w, dw, **state, **hyperparameters) -> w``, or ``(w, *state)`` if there is a state.
    arrays : tuple of str
        Names of the arrays in the state: of the parameter's shape, zero at first.
    numbers : mapping of str to number
        Names of the numbers in the state, which come after the arrays, and what they are at first.
    lookahead : callable or None
        ``lookahead(w, velocity=..., beta=...)``, where the gradient has to be taken, if not at ``w``.
    formula : str
        The step in plain text.
    source : str
        Lecture or paper.
    torch : str or None
        Name of the class in `torch.optim` that takes the same steps.
    """

    name: str
    update: Callable[..., Any]
    formula: str
    source: str
    arrays: tuple[str, ...] = ()
    numbers: Mapping[str, float] = field(default_factory=dict)
    lookahead: Callable[..., Array] | None = None
    torch: str | None = None

    def start(self, w: Array) -> dict[str, Any]:
        """Return the state before the first step of a parameter ``w`` of any shape."""
        xp = array_namespace(w)
        return {**{name: xp.zeros_like(w) for name in self.arrays}, **self.numbers}

    def step(
        self, w: Array, dw: Array, state: Mapping[str, Any], **hyperparameters: float
    ) -> tuple[Array, dict[str, Any]]:
        """Take one step; return the new parameter and the new state, and leave the old ones as they are."""
        result = self.update(w, dw, **state, **hyperparameters)
        w, *values = result if isinstance(result, tuple) else (result,)
        return w, dict(zip((*self.arrays, *self.numbers), values, strict=True))


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule(
            name="sgd",
            update=rules.sgd_update,
            formula="w ← w − α g",
            source="I2DL lecture 5",
            torch="SGD",
        ),
        Rule(
            name="momentum",
            update=rules.momentum_update,
            arrays=("velocity",),
            formula="v ← βv − α g; w ← w + v",
            source="Rumelhart, Hinton, Williams, 1986; I2DL lecture 5",
        ),
        Rule(
            name="momentum_outside",
            update=rules.momentum_outside_update,
            arrays=("velocity",),
            formula="u ← βu + g; w ← w − αu",
            source="I2DL lecture 6",
            torch="SGD",
        ),
        Rule(
            name="nesterov",
            update=rules.nesterov_update,
            arrays=("velocity",),
            lookahead=rules.nesterov_lookahead,
            formula="v ← βv − α g(w + βv); w ← w + v",
            source="Nesterov, 1983; I2DL lecture 5",
        ),
        Rule(
            name="nesterov_outside",
            update=rules.nesterov_outside_update,
            arrays=("velocity",),
            formula="u ← βu + g; w ← w − α(g + βu)",
            source="Sutskever and others, 2013",
            torch="SGD",
        ),
        Rule(
            name="adagrad",
            update=adaptive.adagrad_update,
            arrays=("s",),
            formula="s ← s + g²; w ← w − α g / (√s + ε)",
            source="Duchi, Hazan, Singer, 2011",
            torch="Adagrad",
        ),
        Rule(
            name="adadelta",
            update=adaptive.adadelta_update,
            arrays=("s", "d"),
            formula="s ← ρs + (1−ρ)g²; Δ = g √(d+ε) / √(s+ε); d ← ρd + (1−ρ)Δ²; w ← w − αΔ",
            source="Zeiler, 2012",
            torch="Adadelta",
        ),
        Rule(
            name="rmsprop",
            update=adaptive.rmsprop_update,
            arrays=("s",),
            formula="s ← βs + (1−β)g²; w ← w − α g / (√s + ε)",
            source="Hinton, 2012; I2DL lecture 5",
            torch="RMSprop",
        ),
        Rule(
            name="centred_rmsprop",
            update=adaptive.centred_rmsprop_update,
            arrays=("s", "m"),
            formula="s ← βs + (1−β)g²; m ← βm + (1−β)g; w ← w − α g / (√(s−m²) + ε)",
            source="Graves, 2013",
            torch="RMSprop",
        ),
        Rule(
            name="adam",
            update=adam.adam_update,
            arrays=("m", "v"),
            numbers={"step": 0},
            formula="m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − α m̂ / (√v̂ + ε)",
            source="Kingma, Ba, 2015; I2DL lecture 5",
            torch="Adam",
        ),
        Rule(
            name="amsgrad",
            update=adam.amsgrad_update,
            arrays=("m", "v", "v_max"),
            numbers={"step": 0},
            formula="Adam with v_max ← max(v_max, v) for v",
            source="Reddi, Kale, Kumar, 2018",
            torch="Adam",
        ),
        Rule(
            name="adamw",
            update=adam.adamw_update,
            arrays=("m", "v"),
            numbers={"step": 0},
            formula="w ← (1−αλ)w, then Adam",
            source="Loshchilov, Hutter, 2019; I2DL lecture 8",
            torch="AdamW",
        ),
        Rule(
            name="adamax",
            update=adam_variants.adamax_update,
            arrays=("m", "u"),
            numbers={"step": 0},
            formula="m ← β₁m + (1−β₁)g; u ← max(β₂u, |g| + ε); w ← w − α m̂ / u",
            source="Kingma, Ba, 2015",
            torch="Adamax",
        ),
        Rule(
            name="nadam",
            update=adam_variants.nadam_update,
            arrays=("m", "v"),
            numbers={"step": 0, "mu_product": 1.0},
            formula="Adam with m̂ = μ'm / (1 − μ₁⋯μ') + (1−μ)g / (1 − μ₁⋯μ)",
            source="Dozat, 2016",
            torch="NAdam",
        ),
    )
}

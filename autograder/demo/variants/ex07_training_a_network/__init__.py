"""What students write in exercise 07: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from dataclasses import replace

from autograder.demo.variants import Variant
from autograder.demo.variants.ex07_training_a_network.right_plain import PLAIN_PYTHON
from autograder.demo.variants.ex07_training_a_network.right_sequential import SEQUENTIAL
from autograder.demo.variants.ex07_training_a_network.right_tensors import TENSORS
from autograder.demo.variants.ex07_training_a_network.wrong_loop import WRONG_LOOP
from autograder.demo.variants.ex07_training_a_network.wrong_search import WRONG_SEARCH
from autograder.demo.variants.ex07_training_a_network.wrong_start import WRONG_START
from autograder.demo.variants.ex07_training_a_network.wrong_steps import WRONG_STEPS
from autograder.demo.variants.ex07_training_a_network.wrong_trained import WRONG_TRAINED

__all__ = ["VARIANTS"]

TRAINED = frozenset({"digits_accuracy", "own_accuracy"})
BREAKS = dict.fromkeys(("mlp", "train_step", "evaluate", "fit", "early_stopping"), TRAINED) | {
    "own_network": frozenset({"own_accuracy"})
}
"""A network is trained with what was built before; everything else is checked with right parts of its own."""


def _wrong(variants: list[Variant]) -> list[Variant]:
    return [replace(v, breaks=BREAKS.get(v.task, frozenset())) for v in variants]


VARIANTS = [
    SEQUENTIAL,
    PLAIN_PYTHON,
    TENSORS,
    *_wrong(WRONG_START),
    *_wrong(WRONG_STEPS),
    *_wrong(WRONG_LOOP),
    *_wrong(WRONG_SEARCH),
    *_wrong(WRONG_TRAINED),
]

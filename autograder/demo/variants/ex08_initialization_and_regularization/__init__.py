"""What students write in exercise 08: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants.ex08_initialization_and_regularization.batch_norm import BATCH_NORM
from autograder.demo.variants.ex08_initialization_and_regularization.data import DATA
from autograder.demo.variants.ex08_initialization_and_regularization.dropout import DROPOUT
from autograder.demo.variants.ex08_initialization_and_regularization.ensembles import ENSEMBLES
from autograder.demo.variants.ex08_initialization_and_regularization.initialization import INITIALIZATION
from autograder.demo.variants.ex08_initialization_and_regularization.norms import NORMS
from autograder.demo.variants.ex08_initialization_and_regularization.right import COMPACT
from autograder.demo.variants.ex08_initialization_and_regularization.right_in_loops import LOOPS
from autograder.demo.variants.ex08_initialization_and_regularization.right_tolerated import TOLERATED

__all__ = ["VARIANTS"]

VARIANTS = [
    COMPACT,
    LOOPS,
    TOLERATED,
    *INITIALIZATION,
    *DROPOUT,
    *BATCH_NORM,
    *NORMS,
    *DATA,
    *ENSEMBLES,
]

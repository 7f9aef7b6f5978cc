"""What follows from the losses, in numbers: small functions of what is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex04_activations_and_losses import mistakes_quizzes as mistakes


def _answers() -> Any:
    from autograder.inside import Implementation
    from i2dl import functional as f

    def start(loss: Any, classes: int) -> float:
        return float(loss(np.zeros((1, classes)), np.array([0]))[0])

    def lowest(classes: int, smoothing: float) -> float:
        # The cross-entropy is least where the softmax gives the smoothed target itself.
        q = np.full((1, classes), smoothing / classes)
        q[0, 0] += 1.0 - smoothing
        return float(f.softmax_loss(np.log(q), np.array([0]), label_smoothing=smoothing)[0])

    return Implementation(
        {
            "start_cross_entropy": lambda classes: start(f.softmax_loss, classes),
            "start_hinge": lambda classes: start(f.svm_loss, classes),
            "best_constants": lambda y: (float(np.median(y)), float(np.mean(y))),
            "lowest_smoothed_loss": lowest,
        }
    )


def _loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    for i in range(3):
        y = np.append(2 * rng.standard_normal(4 + 2 * i), 30 + 10 * rng.random())
        yield case(
            f"numbers {i + 1}",
            given=i == 0,
            classes=int(rng.integers(3, 30)),
            smoothing=float(rng.uniform(0.05, 0.3)),
            y=y,
        )


@task(
    points=3,
    cases=_loss_cases,
    reference=_answers,
    mistakes=mistakes.QUIZ_LOSSES,
    hints={
        "start_cross_entropy": "with equal scores, what probability has the true class?",
        "start_hinge": "with equal scores, what does each of the wrong classes cost?",
        "best_under_l1": "where is half of the targets larger, and half smaller?",
        "best_under_l2": "set the derivative of Σ (c − yᵢ)² by c to 0.",
        "lowest_smoothed_loss": "the loss is least where p = q; put q into −Σ qₖ log qₖ.",
    },
)
def quiz_losses(impl: Any, classes: int, smoothing: float, y: np.ndarray) -> dict[str, Any]:
    """Five numbers, each as a function of what is given."""
    l1, l2 = impl.best_constants(y)
    return {
        "start_cross_entropy": float(impl.start_cross_entropy(classes)),
        "start_hinge": float(impl.start_hinge(classes)),
        "best_under_l1": float(l1),
        "best_under_l2": float(l2),
        "lowest_smoothed_loss": float(impl.lowest_smoothed_loss(classes, smoothing)),
    }

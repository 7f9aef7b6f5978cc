"""Parts 7 to 9: the losses of regression, of two classes and of many, each with its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex04_activations_and_losses import mistakes_losses as mistakes

# ---------------------------------------------------------------------------------------------------------------
# 7 Regression


def _regression_cases(rng: np.random.Generator) -> Iterator[Case]:
    shapes = {"three predictions of two numbers": (3, 2), "more": (5, 4), "one number each": (7,), "summed": (4, 3)}
    for name, shape in shapes.items():
        prediction, target = rng.standard_normal(shape), rng.standard_normal(shape)
        reduction = "sum" if name == "summed" else "mean"
        yield case(name, given=shape == (3, 2), prediction=prediction, target=target, reduction=reduction)
    single = rng.standard_normal((2, 3, 4)).astype(np.float32)
    yield case("single precision", edge="float32", prediction=single[0], target=single[1], reduction="mean")
    target = rng.standard_normal((4, 3))
    prediction = target + np.where(rng.random((4, 3)) < 0.4, 0.0, rng.standard_normal((4, 3)))
    prediction.flat[0] = target.flat[0]
    yield case("exact hits", edge="no difference", prediction=prediction, target=target, reduction="mean")


@task(
    points=3,
    cases=_regression_cases,
    mistakes=mistakes.REGRESSION_LOSSES,
    hints={
        "l1": "the mean, or the sum, of |ŷ − y| over all entries.",
        "dl1": "the sign of ŷ − y; with reduction mean it is divided by the number of entries.",
        "mse": "the mean, or the sum, of (ŷ − y)² over all entries.",
        "dmse": "2(ŷ − y); with reduction mean it is divided by the number of entries.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def regression_losses(impl: Any, prediction: np.ndarray, target: np.ndarray, reduction: str) -> dict[str, Any]:
    """Absolute and squared differences."""
    l1, dl1 = impl.l1_loss(prediction, target, reduction=reduction)
    mse, dmse = impl.mse_loss(prediction, target, reduction=reduction)
    return {"l1": l1, "dl1": dl1, "mse": mse, "dmse": dmse}


# ---------------------------------------------------------------------------------------------------------------
# 8 Two classes


def _binary_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("five samples", (5,)), ("two outputs each", (4, 2)), ("more samples", (9,))):
        yield case(name, given=shape == (5,), **_scored(rng, shape))
    single = _scored(rng, (7,))
    single["scores"] = single["scores"].astype(np.float32)
    yield case("single precision", edge="float32", **single)
    yield case("one sample", edge="batch of one", **_scored(rng, (1,)))
    far = _scored(rng, (6,))
    # Two ordinary ones stay among them: next to 10⁻³⁰⁸ alone, every 0 would look like a mistake.
    far["scores"][2:] = rng.permutation([-1.0, -1.0, 1.0, 1.0]) * rng.uniform(900, 1100, 4)
    yield case("extreme scores", edge="scores of ±1000", **far)


def _scored(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"scores": 1.5 * rng.standard_normal(shape), "positive": rng.random(shape) < 0.5}


def _signed_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in _binary_cases(rng):
        z = np.where(c.inputs["positive"], 1.0, -1.0)
        yield case(c.name, edge=c.edge, given=c.given, scores=c.inputs["scores"], z=z)


def _cross_entropy_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in _binary_cases(rng):
        scores, y = c.inputs["scores"], c.inputs["positive"] * 1.0
        # Probabilities of their own, away from 0 and 1, where every guard gives the same.
        p = rng.uniform(0.05, 0.95, y.shape)
        yield case(c.name, edge=c.edge, given=c.given, probabilities=p, scores=scores, y=y)
    soft: dict[str, Any] = {
        "probabilities": rng.uniform(0.1, 0.9, 5),
        "scores": rng.standard_normal(5),
        "y": rng.random(5),
    }
    yield case("labels between 0 and 1", edge="soft labels", **soft)


@task(
    points=4,
    cases=_cross_entropy_cases,
    mistakes=mistakes.BINARY_CROSS_ENTROPY,
    hints={
        "from p": "the mean of −[y log p + (1 − y) log(1 − p)].",
        "dp": "differentiate both logarithms, and put the two fractions on one denominator, p(1 − p).",
        "from s": "the mean of log(1 + eˢ) − y·s, where log(1 + eˢ) is computed as max(0, s) + log(1 + e^(−|s|)).",
        "ds": "σ(s) − y, divided by the number of samples.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def binary_cross_entropy(impl: Any, probabilities: np.ndarray, scores: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """−log of the probability of the true one of two classes, from probabilities and from scores."""
    from_p, dp = impl.binary_cross_entropy(probabilities, y)
    from_s, ds = impl.binary_cross_entropy_with_logits(scores, y)
    return {"from p": from_p, "dp": dp, "from s": from_s, "ds": ds}


@task(
    points=2,
    cases=_signed_cases,
    mistakes=mistakes.BINARY_SOFTMAX_LOSS,
    hints={
        "loss": "the mean of log(1 + e^(−2zs)), in a form whose exponent is never positive.",
        "dscores": "differentiate log(1 + e^(−2zs)) by s: −2z times the probability of the wrong class, over N.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def binary_softmax_loss(impl: Any, scores: np.ndarray, z: np.ndarray) -> dict[str, Any]:
    """Cross-entropy for labels ±1."""
    loss, dscores = impl.binary_softmax_loss(scores, z)
    return {"loss": loss, "dscores": dscores}


def _hinge_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in _signed_cases(rng):
        # One sample on each branch, lest a whole case has no gradient.
        scores, z = c.inputs["scores"].copy(), c.inputs["z"]
        scores.flat[0] = -0.7 * z.flat[0]
        if scores.size > 2:
            scores.flat[1], scores.flat[2] = 0.4 * z.flat[1], 1.8 * z.flat[2]
        yield case(c.name, edge=c.edge, given=c.given, scores=scores, z=z)


@task(
    points=2,
    cases=_hinge_cases,
    mistakes=mistakes.HINGE_LOSS,
    hints={
        "loss": "the mean of max(0, 1 − z·s).",
        "dscores": "−z where z·s is below 1, else 0, divided by the number of samples.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def hinge_loss(impl: Any, scores: np.ndarray, z: np.ndarray) -> dict[str, Any]:
    """Charges for what is wrong, or right by less than a margin of 1."""
    loss, dscores = impl.hinge_loss(scores, z)
    return {"loss": loss, "dscores": dscores}


def _zero_one_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in _hinge_cases(rng):
        scores = c.inputs["scores"].copy()
        if scores.size > 4:
            scores.flat[3] = -2.2 * c.inputs["z"].flat[3]
        yield case(c.name, edge=c.edge, given=c.given, scores=scores, z=c.inputs["z"])
    z = np.where(rng.random(6) < 0.5, 1.0, -1.0)
    scores = np.array([0.0, 0.5, 0.0, -0.5, 0.0, 1.5])
    yield case("undecided", edge="scores of exactly 0", scores=scores, z=z)


@task(
    points=2,
    cases=_zero_one_cases,
    mistakes=mistakes.ZERO_ONE_LOSS,
    hints={
        "loss": "the share of the samples with z·s < 0.",
        "dscores": "what happens to the number of wrong answers if a score moves a tiny bit?",
    },
)
def zero_one_loss(impl: Any, scores: np.ndarray, z: np.ndarray) -> dict[str, Any]:
    """The share of wrong answers, and the gradient that it has."""
    loss, dscores = impl.zero_one_loss(scores, z)
    return {"loss": loss, "dscores": dscores}


why_zero_one_cannot_teach = written("why_zero_one_cannot_teach", points=2)

# ---------------------------------------------------------------------------------------------------------------
# 9 Many classes


def _classified(rng: np.random.Generator, samples: int, classes: int) -> dict[str, Any]:
    return {"scores": 2 * rng.standard_normal((samples, classes)), "y": rng.integers(0, classes, samples)}


def _softmax_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three classes", given=True, **_classified(rng, 2, 3), label_smoothing=0.0)
    yield case("smoothed labels", **_classified(rng, 4, 5), label_smoothing=0.1)
    yield case("smoothed more", **_classified(rng, 6, 4), label_smoothing=0.3)
    single = _classified(rng, 5, 4)
    single["scores"] = single["scores"].astype(np.float32)
    yield case("single precision", edge="float32", **single, label_smoothing=0.2)
    yield case("one sample", edge="batch of one", **_classified(rng, 1, 4), label_smoothing=0.0)
    far = _classified(rng, 4, 3)
    far["scores"] = far["scores"] + rng.choice([-1000.0, 1000.0], (4, 3))
    yield case("extreme scores", edge="scores of ±1000", **far, label_smoothing=0.0)


@task(
    points=4,
    cases=_softmax_cases,
    mistakes=mistakes.SOFTMAX_LOSS,
    hints={
        "loss": "the mean of −Σ qₖ log pₖ, with log p = s − max s − log Σ e^(s − max s).",
        "dscores": "p − q, divided by the number of samples, with q = (1 − ε)·onehot(y) + ε/C.",
    },
    forbid=("autograd", "torch.nn.functional", "scipy.special.log_softmax"),
)
def softmax_loss(impl: Any, scores: np.ndarray, y: np.ndarray, label_smoothing: float) -> dict[str, Any]:
    """Cross-entropy of the softmax, with smoothed labels."""
    loss, dscores = impl.softmax_loss(scores, y, label_smoothing=label_smoothing)
    return {"loss": loss, "dscores": dscores}


def _svm_cases(rng: np.random.Generator) -> Iterator[Case]:
    sizes = ((2, 3, 1.0), (5, 4, 1.0), (4, 6, 2.5), (7, 3, 0.5))
    for samples, classes, margin in sizes:
        yield case(
            f"{samples} samples, {classes} classes",
            given=samples == 2,
            **_classified(rng, samples, classes),
            margin=margin,
        )
    yield case("one sample", edge="batch of one", **_classified(rng, 1, 5), margin=1.0)
    settled = _classified(rng, 3, 4)
    settled["scores"][np.arange(3), settled["y"]] += 20.0
    settled["scores"][0, settled["y"][0]] -= 40.0
    yield case("some samples settled", edge="samples outside the margin", **settled, margin=1.0)


@task(
    points=4,
    cases=_svm_cases,
    mistakes=mistakes.SVM_LOSS,
    hints={
        "loss": "the mean over the samples of the sum over the wrong classes of max(0, s_k − s_y + margin).",
        "dscores": "1 for each wrong class inside the margin, minus their number for the true class, over N.",
    },
    forbid=("autograd", "torch.nn.functional", "loops"),
)
def svm_loss(impl: Any, scores: np.ndarray, y: np.ndarray, margin: float) -> dict[str, Any]:
    """Multiclass hinge."""
    loss, dscores = impl.svm_loss(scores, y, margin=margin)
    return {"loss": loss, "dscores": dscores}

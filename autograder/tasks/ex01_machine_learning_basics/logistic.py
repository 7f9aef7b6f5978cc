"""Parts 9 to 11: logistic regression, what a line cannot do, numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex01_machine_learning_basics.shared import LIBRARIES, Mistakes, with_ones

# ---------------------------------------------------------------------------------------------------------------
# 9 Logistic regression


def _labelled(rng: np.random.Generator, n: int, d: int, dtype: Any = float) -> dict[str, Any]:
    """Draw data of two classes that overlap, both of which occur."""
    x = rng.standard_normal((n, d))
    scores = x @ rng.standard_normal(d) + 0.8 * rng.standard_normal(n)
    y = (scores > np.median(scores) - 0.2).astype(np.int64)
    y[scores.argmin()] = 0
    return {"theta": rng.standard_normal(d + 1).astype(dtype), "X": with_ones(x).astype(dtype), "y": y}


def _logistic_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("six samples, two features", given=True, **_labelled(rng, 6, 2))
    yield case("four features", **_labelled(rng, 11, 4))
    yield case("float32", **_labelled(rng, 9, 3, np.float32))
    large = _labelled(rng, 7, 2)
    large["theta"] *= 1000.0
    # One probability is near 1, and its label 0: beside tiny losses and gradients alone, 0 would count as wrong.
    large["X"][0, 1:] = np.sign(large["theta"][1:])
    large["theta"][0] = abs(large["theta"][0])
    large["y"][0] = 0
    yield case("large scores", edge="scores of 1000", **large)
    wrong = _labelled(rng, 5, 1)
    wrong["X"][:, 1] = np.where(wrong["y"] == 1, -1.0, 1.0) * rng.uniform(50.0, 60.0, 5)
    wrong["theta"] = np.array([0.1, 1.0])
    yield case("certain and wrong", edge="all samples far on the wrong side", **wrong)


def _clipped_sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)))


class _Seen(NamedTuple):
    """Probabilities, scores, data and labels."""

    p: np.ndarray
    z: np.ndarray
    X: np.ndarray
    y: np.ndarray


def _changed(change: Callable[[_Seen], Mapping[str, Any]]) -> Callable[..., Mapping[str, Any]]:
    """Return a variant that makes its outputs of what is seen in a case."""

    def variant(_: Any, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> Mapping[str, Any]:
        z = X @ theta
        with np.errstate(all="ignore"):
            return change(_Seen(_clipped_sigmoid(z), z, X, y))

    return variant


def _entropy(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.asarray(np.logaddexp(0.0, z) - y * z)


LOGISTIC: Mistakes = {
    "this is σ(−z): check the sign in the exponent.": _changed(lambda s: {"σ(z)": _clipped_sigmoid(-s.z)}),
    "this is tanh(z), which runs from −1 to 1: the sigmoid runs from 0 to 1.": (
        _changed(lambda s: {"σ(z)": np.tanh(s.z)})
    ),
    "the probabilities are rounded to 0 and 1: return them as they are.": (
        _changed(lambda s: {"σ(z)": (s.p > 0.5) * 1.0})
    ),
    "the minus is missing: the cross-entropy is the negative log-likelihood.": (
        _changed(lambda s: {"loss": -_entropy(s.z, s.y).mean()})
    ),
    "the losses are added up: C is their mean.": (_changed(lambda s: {"loss": _entropy(s.z, s.y).sum()})),
    "only the samples with y = 1 count: (1 − y) log(1 − ŷ) is missing.": (
        _changed(lambda s: {"loss": (s.y * np.logaddexp(0.0, -s.z)).mean()})
    ),
    "only the samples with y = 0 count: y log ŷ is missing.": (
        _changed(lambda s: {"loss": ((1 - s.y) * np.logaddexp(0.0, s.z)).mean()})
    ),
    "the labels are taken the wrong way round: y log ŷ + (1 − y) log(1 − ŷ).": (
        _changed(lambda s: {"loss": _entropy(s.z, 1 - s.y).mean(), "gradient": s.X.T @ (s.p - 1 + s.y) / len(s.y)})
    ),
    "this is the squared error of the probabilities: the loss here is the cross-entropy.": (
        _changed(lambda s: {"loss": ((s.p - s.y) ** 2).mean()})
    ),
    "the logarithm to base 2 is taken: use the natural one.": (
        _changed(lambda s: {"loss": _entropy(s.z, s.y).mean() / np.log(2)})
    ),
    "the gradient has the wrong sign: it is Xᵀ(ŷ − y)/n.": (
        _changed(lambda s: {"gradient": s.X.T @ (s.y - s.p) / len(s.y)})
    ),
    "the sigmoid's slope ŷ(1 − ŷ) has been multiplied in once more: it cancels against the logarithm.": (
        _changed(lambda s: {"gradient": s.X.T @ ((s.p - s.y) * s.p * (1 - s.p)) / len(s.y)})
    ),
    "the scores are compared with the labels: it is ŷ = σ(z) that y is subtracted from.": (
        _changed(lambda s: {"gradient": s.X.T @ (s.z - s.y) / len(s.y)})
    ),
    "a factor 2 too many: that belongs to the squared error.": (
        _changed(lambda s: {"gradient": 2 * s.X.T @ (s.p - s.y) / len(s.y)})
    ),
    "the gradient is not divided by n, but the loss is a mean.": (
        _changed(lambda s: {"gradient": s.X.T @ (s.p - s.y)})
    ),
    "the label is not subtracted: the gradient is Xᵀ(ŷ − y)/n.": (
        _changed(lambda s: {"gradient": s.X.T @ s.p / len(s.y)})
    ),
    "the logarithm is kept away from 0 by a small number: take it from the score, log(1 + eᶻ) − yz.": (
        _changed(
            lambda s: {"loss": -(s.y * np.log(s.p + 1e-12) + (1 - s.y) * np.log(1 - s.p + 1e-12)).mean()},
        )
    ),
}


@task(
    points=4,
    cases=_logistic_cases,
    mistakes=LOGISTIC,
    shares={"σ(z)": 1, "loss": 1.5, "gradient": 1.5},
    hints={
        "σ(z)": "1 / (1 + e⁻ᶻ), in a form that does not overflow.",
        "loss": "the mean of log(1 + eᶻ) − yz, taken from the scores z = Xθ: no probability is rounded to 0 or 1.",
        "gradient": "Xᵀ(ŷ − y)/n.",
    },
    forbid=(*LIBRARIES, "autograd", "torch.nn", "torch.sigmoid"),
)
def logistic_loss(impl: Any, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """The sigmoid of the scores; the cross-entropy and its gradient."""
    loss, gradient = impl.logistic_loss(theta, X, y)
    return {"σ(z)": impl.sigmoid(X @ theta), "loss": loss, "gradient": gradient}


def _descent_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, steps, rate, edge in (
        ("ten steps", 12, 2, 10, 0.5, ""),
        ("more features", 20, 4, 25, 0.2, ""),
        ("larger steps", 15, 1, 7, 1.5, ""),
        ("one step", 9, 3, 1, 0.8, "a single step"),
        ("no step", 8, 2, 0, 0.5, "no step at all"),
    ):
        inputs = _labelled(rng, n, d)
        yield case(name, edge=edge, given=n == 12, X=inputs["X"], y=inputs["y"], learning_rate=rate, steps=steps)


def _walk(
    update: Callable[[np.ndarray, np.ndarray, float], np.ndarray],
    *,
    start: float = 0.0,
    stale: bool = False,
    extra: int = 0,
) -> Callable[..., Mapping[str, Any]]:
    """Return a descent with another step, start or number of steps."""

    def variant(_: Any, X: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> dict[str, Any]:
        theta = np.full(X.shape[1], start)
        at_start = X.T @ (_clipped_sigmoid(X @ theta) - y) / len(y)
        losses = [_entropy(X @ theta, y).mean()]
        for _step in range(max(steps + extra, 0)):
            gradient = at_start if stale else X.T @ (_clipped_sigmoid(X @ theta) - y) / len(y)
            theta = update(theta, gradient, learning_rate)
            losses.append(_entropy(X @ theta, y).mean())
        return {"theta": theta, "losses": np.array(losses)}

    return variant


def _down(theta: np.ndarray, gradient: np.ndarray, rate: float) -> np.ndarray:
    return theta - rate * gradient


DESCENT: Mistakes = {
    "the steps go uphill: subtract the gradient.": _walk(lambda t, g, rate: t + rate * g),
    "the learning rate is not used: the whole gradient is subtracted.": _walk(lambda t, g, _: t - g),
    "the gradient is computed once: it has to be asked for anew at every θ.": _walk(_down, stale=True),
    "θ starts at 1: start from 0.": _walk(_down, start=1.0),
    "only the last step is returned: θ is the sum of all steps.": _walk(lambda _, g, rate: -rate * g),
    "the loss after the last step is missing from the list.": (
        lambda impl, **inputs: {"losses": _walk(_down)(impl, **inputs)["losses"][:-1]}
    ),
    "the loss at the start is missing from the list.": (
        lambda impl, **inputs: {"losses": _walk(_down)(impl, **inputs)["losses"][1:]}
    ),
    "one step too many.": _walk(_down, extra=1),
    "one step too few.": _walk(_down, extra=-1),
    "the signs of the gradient are used, not the gradient itself.": _walk(lambda t, g, rate: t - rate * np.sign(g)),
    "the gradient is brought to length 1 first: use it as it is.": (
        _walk(lambda t, g, rate: t - rate * g / np.linalg.norm(g))
    ),
}


@task(
    points=2,
    cases=_descent_cases,
    mistakes=DESCENT,
    hints={
        "theta": "start at 0; `steps` times: ask for the gradient at θ, subtract learning_rate times it.",
        "losses": "the loss at every θ that was visited, from the first to the last: steps + 1 numbers.",
    },
    forbid=(*LIBRARIES, "autograd", "torch.optim"),
)
def logistic_regression(impl: Any, X: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> dict[str, Any]:
    """Gradient descent on a cross-entropy that is handed in."""

    def loss(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> Any:
        scores = X @ theta
        probability = 0.5 * (1.0 + np.tanh(0.5 * scores))
        return float(np.mean(np.logaddexp(0.0, scores) - y * scores)), (probability - y) @ X / len(y)

    theta, losses = impl.logistic_regression(X, y, loss, learning_rate=learning_rate, steps=steps)
    return {"theta": theta, "losses": losses}


# ---------------------------------------------------------------------------------------------------------------
# 10 What a line cannot do


def _hard_cases(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import ring, three_modes, xor_quadrants
    from i2dl.data.toy import MODES

    for name, draw in (("XOR", xor_quadrants), ("ring", ring), ("three modes", three_modes)):
        x, y = draw(400, rng=rng)
        yield case(name, which=name, x=x, centres=MODES, private={"x": x, "y": y})


def _separated(outputs: Mapping[str, Any], *, x: np.ndarray, y: np.ndarray) -> float:
    """Fit a threshold to half of the points; return the accuracy on the others."""
    feature = outputs.get("feature")
    if not isinstance(feature, np.ndarray) or feature.dtype.kind not in "biuf":
        msg = f"one number per point is due, an array of shape {y.shape}"
        raise ValueError(msg)
    if feature.shape == x.shape and np.allclose(feature, x):
        msg = "these are the points themselves: a line in them is the line that has failed"
        raise ValueError(msg)
    if feature.shape != y.shape:
        msg = f"one number per point is due, shape {y.shape}, but the shape is {feature.shape}"
        raise ValueError(msg)
    feature = feature.astype(float)
    if not np.all(np.isfinite(feature)):
        msg = "the feature is NaN or infinite at some points"
        raise ValueError(msg)
    if np.ptp(feature) <= 1e-12 * np.abs(feature).max():
        msg = "the feature is the same for all points: no threshold can separate them"
        raise ValueError(msg)
    linear = with_ones(x)
    if np.allclose(linear @ (np.linalg.pinv(linear) @ feature), feature, atol=1e-6 * float(np.ptp(feature))):
        msg = "this feature is linear in x₁ and x₂: a threshold in it is a straight line again"
        raise ValueError(msg)
    return _threshold_accuracy(feature, y)


def _threshold_accuracy(feature: np.ndarray, y: np.ndarray) -> float:
    """Return the accuracy, on every second point, of the threshold and side that do best on the others."""
    known, asked = slice(0, None, 2), slice(1, None, 2)
    sorted_feature = np.sort(feature[known])
    thresholds = (sorted_feature[1:] + sorted_feature[:-1]) / 2
    above = feature[known] > thresholds[:, None]
    right = np.mean(above == (y[known] == 1), axis=1)
    up = right.max() >= 1 - right.min()
    best = thresholds[right.argmax() if up else right.argmin()]
    return float(np.mean(((feature[asked] > best) == up) == (y[asked] == 1)))


@task(
    points=3,
    cases=_hard_cases,
    forbid=LIBRARIES,
    kind="metric",
    measure=_separated,
    measure_name="accuracy",
    full=0.95,
    none=0.75,
)
def bent_features(impl: Any, which: str, x: np.ndarray, centres: np.ndarray) -> dict[str, Any]:
    """One number per point, in which a threshold is enough."""
    if which == "XOR":
        return {"feature": impl.xor_feature(x)}
    if which == "ring":
        return {"feature": impl.ring_feature(x)}
    return {"feature": impl.modes_feature(x, centres)}


# ---------------------------------------------------------------------------------------------------------------
# 11 Numbers


def _count_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name in ("one set of numbers", "another", "a third"):
        folds = int(rng.integers(3, 11))
        yield case(
            name,
            n=int(rng.integers(100, 1000)),
            m=folds * int(rng.integers(100, 1000)),
            d=int(rng.integers(10, 800)),
            folds=folds,
            candidates=int(rng.integers(4, 30)),
        )


def _counted() -> Any:
    """Count with the library where there is something to count."""
    from autograder.inside import Implementation
    from i2dl.classic import k_fold_indices

    def training_size(m: int, folds: int) -> int:
        return len(k_fold_indices(m, k=folds, rng=np.random.default_rng(0))[0][0])

    return Implementation(
        {
            "count_distances": lambda n, m: n * m,
            "difference_bytes": lambda n, m, d: n * m * d * np.dtype(np.float64).itemsize,
            "count_trainings": lambda folds, candidates: folds * candidates,
            "training_size": training_size,
            "count_weights": lambda d: d + 1,
        }
    )


@task(
    points=2,
    cases=_count_cases,
    kind="quiz",
    rtol=1e-9,
    reference=_counted,
    hints={
        "distances": "each of the n samples is compared with each of the m training samples.",
        "bytes": "every pair has d differences, and a float64 takes 8 bytes.",
        "trainings": "every candidate is trained once for each fold.",
        "training size": "one of the folds is left out.",
        "weights": "one per feature, and the bias.",
    },
)
def counts(impl: Any, n: int, m: int, d: int, folds: int, candidates: int) -> dict[str, Any]:
    """How much of everything."""
    return {
        "distances": impl.count_distances(n, m),
        "bytes": impl.difference_bytes(n, m, d),
        "trainings": impl.count_trainings(folds, candidates),
        "training size": impl.training_size(m, folds),
        "weights": impl.count_weights(d),
    }

"""Parts 6 to 10: losses, the two-layer network, its training, zeros as a start, numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.inside import parts
from autograder.task import Case, case, task, written
from autograder.tasks.ex03_affine_layer import mistakes
from autograder.tasks.ex03_affine_layer.layers import CLASSES, DIGITS, HIDDEN, LIBRARIES

# ---------------------------------------------------------------------------------------------------------------
# 6 Losses


def _mse_inputs(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"prediction": rng.standard_normal(shape), "target": rng.standard_normal(shape)}


def _mse_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three inputs, two outputs", given=True, **_mse_inputs(rng, (3, 2)))
    yield case("more of both", **_mse_inputs(rng, (5, 4)))
    yield case("images", **_mse_inputs(rng, (4, 2, 3)))
    single = {name: value.astype(np.float32) for name, value in _mse_inputs(rng, (2, 5)).items()}
    yield case("single precision", edge="float32", **single)
    same = rng.standard_normal((2, 4))
    yield case("prediction equals target", edge="a perfect prediction", prediction=same, target=same.copy())


@task(
    points=2,
    cases=_mse_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.MSE_LOSS,
    hints={"dprediction": "differentiate (ŷ − y)² / n by ŷ; n counts all entries."},
)
def mse_loss(impl: Any, prediction: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """Mean squared error and its gradient."""
    loss, dprediction = parts(impl.mse_loss(prediction, target), "loss", "dprediction")
    return {"loss": loss, "dprediction": dprediction}


LECTURE_SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]


def _softmax_inputs(rng: np.random.Generator, n: int, classes: int) -> dict[str, Any]:
    return {"scores": 2 * rng.standard_normal((n, classes)), "y": rng.integers(classes, size=n)}


def _softmax_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's scores", given=True, scores=np.array(LECTURE_SCORES), y=np.arange(3))
    yield case("five samples, four classes", **_softmax_inputs(rng, 5, 4))
    yield case("four samples, seven classes", **_softmax_inputs(rng, 4, 7))
    yield case("one sample", edge="batch of one", **_softmax_inputs(rng, 1, 5))
    single = _softmax_inputs(rng, 6, 5)
    yield case("single precision", edge="float32", scores=single["scores"].astype(np.float32), y=single["y"])
    large = _softmax_inputs(rng, 4, 3)
    large["scores"] += 1000
    yield case("large scores", edge="scores of 1000", **large)
    hopeless = _softmax_inputs(rng, 3, 4)
    hopeless["scores"][1, (hopeless["y"][1] + 1) % 4] += 1000
    yield case("a hopeless sample", edge="true class 1000 behind", **hopeless)


@task(
    points=4,
    cases=_softmax_cases,
    forbid=(*LIBRARIES, "torch.softmax", "torch.log_softmax"),
    mistakes=mistakes.SOFTMAX_LOSS,
    hints={
        "loss": "the loss is the mean over the samples of −log p of the true class.",
        "dscores": "dscores is (p − onehot(y)) / N.",
    },
)
def softmax_loss(impl: Any, scores: np.ndarray, y: np.ndarray) -> dict[str, Any]:
    """Softmax cross-entropy and its gradient."""
    loss, dscores = parts(impl.softmax_loss(scores, y), "loss", "dscores")
    return {"loss": loss, "dscores": dscores}


# ---------------------------------------------------------------------------------------------------------------
# 7 Gradient check and the two-layer network


def _numerical_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, h in (
        ("a matrix", True, (3, 2), 1e-5),
        ("a vector", False, (5,), 1e-5),
        ("a large step", False, (2, 4), 0.1),
        ("another step", False, (2, 3, 2), 0.03),
    ):
        yield case(name, given=given, x=rng.standard_normal(shape), c=rng.standard_normal(shape), h=h)


@task(
    points=2,
    cases=_numerical_cases,
    forbid=("autograd", "i2dl.autodiff"),
    mistakes=mistakes.NUMERICAL_GRADIENT,
    hints={"gradient": "for every entry: f with it h higher, minus f with it h lower, over 2h; the others stay put."},
)
def numerical_gradient(impl: Any, x: np.ndarray, c: np.ndarray, h: float) -> dict[str, Any]:
    """Central differences of a function whose entries interact; with a large h, of these differences exactly."""

    def f(v: np.ndarray) -> float:
        return float(np.sum(c * v**3) + np.sum(np.sin(v)) ** 2)

    return {"gradient": impl.numerical_gradient(f, x, h=h)}


def _network(rng: np.random.Generator, shape: tuple[int, ...], hidden: int, classes: int) -> dict[str, Any]:
    features = int(np.prod(shape[1:]))
    return {
        "x": rng.standard_normal(shape),
        "y": rng.integers(classes, size=shape[0]),
        "w1": rng.standard_normal((features, hidden)) / np.sqrt(features),
        "b1": 0.5 * rng.standard_normal(hidden),
        "w2": rng.standard_normal((hidden, classes)) / np.sqrt(hidden),
        "b2": 0.5 * rng.standard_normal(classes),
    }


def _two_layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("digits", given=True, **_network(rng, (5, *DIGITS), HIDDEN, CLASSES))
    yield case("feature vectors", **_network(rng, (9, 6), 7, 4))
    yield case("colour images", **_network(rng, (6, 3, 2, 2), 8, 5))
    yield case("one input", edge="batch of one", **_network(rng, (1, 5), 6, 3))
    single = _network(rng, (7, 4), 5, 6)
    single |= {name: value.astype(np.float32) for name, value in single.items() if name != "y"}
    yield case("single precision", edge="float32", **single)


@task(
    points=4,
    cases=_two_layer_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.TWO_LAYER_LOSS,
    shares={"loss": 1, "dw1": 1, "db1": 0.5, "dw2": 1, "db2": 0.5},
    hints={
        "loss": "affine, ReLU, affine, softmax loss, in this order.",
        "dw1": "the gradient of the hidden layer passes the ReLU before it reaches the first affine layer.",
        "db1": "the gradient of the hidden layer passes the ReLU before it reaches the first affine layer.",
        "dw2": "the input of the second affine layer is the hidden layer after the ReLU.",
        "db2": "db2 is what the second affine layer makes of dscores.",
    },
)
def two_layer_loss(
    impl: Any, x: np.ndarray, y: np.ndarray, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray
) -> dict[str, Any]:
    """Loss of the two-layer network and all four gradients, from layers that are given."""

    class Layers:
        @staticmethod
        def affine_forward(x: Any, w: Any, b: Any) -> tuple[Any, Any]:
            return x.reshape(len(x), -1) @ w + b, (x, w)

        @staticmethod
        def affine_backward(dout: Any, cache: Any) -> tuple[Any, Any, Any]:
            x, w = cache
            return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)

        @staticmethod
        def relu_forward(x: Any) -> tuple[Any, Any]:
            return np.maximum(x, 0), x > 0

        @staticmethod
        def relu_backward(dout: Any, cache: Any) -> Any:
            return dout * cache

        @staticmethod
        def softmax_loss(scores: Any, y: Any) -> tuple[Any, Any]:
            shifted = scores - scores.max(axis=1, keepdims=True)
            log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            onehot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
            return -(log_p * onehot).sum() / len(y), (np.exp(log_p) - onehot) / len(y)

    loss, gradients = parts(impl.two_layer_loss(x, y, w1, b1, w2, b2, Layers), "loss", "the gradients")
    dw1, db1, dw2, db2 = parts(gradients, "dw1", "db1", "dw2", "db2")
    return {"loss": loss, "dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2}


# ---------------------------------------------------------------------------------------------------------------
# 8 Gradient descent


def _sgd_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, given, shape, rate in (
        ("a weight matrix", "", True, (4, 3), 0.1),
        ("a bias", "", False, (5,), 0.25),
        ("a stack of filters", "", False, (2, 3, 4), 0.03),
        ("single precision", "float32", False, (3, 5), 0.2),
    ):
        drawn = rng.standard_normal(shape), rng.standard_normal(shape), rng.uniform(0.5, 3.0, shape)
        w, minimum, curvature = (a.astype(edge or "float64") for a in drawn)
        yield case(name, edge=edge, given=given, w=w, minimum=minimum, curvature=curvature, learning_rate=rate)


@task(
    points=2,
    cases=_sgd_cases,
    forbid=("torch.optim", "i2dl.optim"),
    mistakes=mistakes.SGD_UPDATE,
    hints={
        "after one step": "the new parameter is w − learning_rate · dw; return it.",
        "after six steps": "every step starts from the w that the last one returned.",
    },
)
def sgd_update(
    impl: Any, w: np.ndarray, minimum: np.ndarray, curvature: np.ndarray, learning_rate: float
) -> dict[str, Any]:
    """Six steps down the bowl Σ ½ c (w − w*)², whose gradient is c (w − w*)."""
    path = []
    for _ in range(6):
        w = impl.sgd_update(w, curvature * (w - minimum), learning_rate=learning_rate)
        if w is None:
            return {"after one step": None, "after six steps": None}
        path.append(np.array(w))
    return {"after one step": path[0], "after six steps": path[-1]}


def _digits_cases(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import load_digits

    images, labels = load_digits("hidden").xy
    chosen = rng.permutation(len(labels))[:200]
    seen = np.clip(images[chosen] + 0.02 * rng.standard_normal(images[chosen].shape), 0.0, 1.0)
    yield case("200 digits kept back", images=seen, private={"labels": labels[chosen]})


def _accuracy(outputs: Mapping[str, Any], *, labels: np.ndarray) -> float:
    """Return the share of right predictions, or say in one sentence why they cannot be counted."""
    predictions = outputs.get("predictions")
    if not isinstance(predictions, np.ndarray) or predictions.dtype.kind not in "iuf":
        msg = f"predict must return an array of digits, one per image, shape {labels.shape}"
        raise ValueError(msg)
    if predictions.shape == (len(labels), CLASSES):
        msg = f"predict returned a score per class, shape {predictions.shape}: return the class with the highest one"
        raise ValueError(msg)
    if predictions.shape != labels.shape:
        msg = f"predict must return one digit per image, shape {labels.shape}, but it returned {predictions.shape}"
        raise ValueError(msg)
    return float(np.mean(predictions == labels))


@task(points=3, cases=_digits_cases, kind="metric", measure=_accuracy, measure_name="accuracy", full=0.93, none=0.5)
def digits_accuracy(impl: Any, images: np.ndarray) -> dict[str, Any]:
    """The trained network's answers for digits it has not seen."""
    return {"predictions": impl.predict(images)}


# ---------------------------------------------------------------------------------------------------------------
# 9 Zero initialization


def _zero_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, zero, n, features, hidden, classes, steps in (
        ("all zero", True, ("w1", "b1", "w2", "b2"), 12, 5, 6, 3, 4),
        ("first layer zero", False, ("w1", "b1"), 10, 7, 8, 4, 5),
        ("second layer zero, one step", False, ("w2", "b2"), 11, 6, 9, 5, 1),
        ("second layer zero, three steps", False, ("w2", "b2"), 9, 4, 7, 3, 3),
        ("nothing zero", False, (), 8, 6, 7, 4, 2),
        ("no step yet", False, (), 7, 3, 5, 4, 0),
    ):
        network = _network(rng, (n, features), hidden, classes)
        network["x"][:, 0] = 0.0  # a blank pixel: its weights stay, while the others of w1 move
        yield case(name, given=given, **network | {key: np.zeros_like(network[key]) for key in zero}, steps=steps)


@task(
    points=2,
    cases=_zero_cases,
    mistakes=mistakes.ZERO_INITIALIZATION,
    hints=dict.fromkeys(
        ("w1", "b1", "w2", "b2"),
        "a name belongs to the set if its parameter differs, after all steps, from a copy made before the first.",
    ),
)
def zero_initialization(
    impl: Any, x: np.ndarray, y: np.ndarray, w1: np.ndarray, b1: np.ndarray, w2: np.ndarray, b2: np.ndarray, steps: int
) -> dict[str, Any]:
    """Which parameters have moved after some steps of gradient descent? The gradients are given."""

    def gradients_of(parameters: Any) -> tuple[Any, ...]:
        v1, c1, v2, c2 = parameters
        z = x @ v1 + c1
        h = np.maximum(z, 0)
        p = np.exp(h @ v2 + c2)
        ds = (p / p.sum(axis=1, keepdims=True) - np.eye(len(c2))[y]) / len(y)
        dz = ds @ v2.T * (z > 0)
        return x.T @ dz, dz.sum(axis=0), h.T @ ds, ds.sum(axis=0)

    start = [w1.copy(), b1.copy(), w2.copy(), b2.copy()]
    moved = impl.moving_parameters(gradients_of, start, learning_rate=0.1, steps=steps)
    return {name: None if moved is None else name in moved for name in ("w1", "b1", "w2", "b2")}


why_zeros_fail = written("why_zeros_fail", points=2)

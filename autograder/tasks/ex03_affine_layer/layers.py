"""Parts 1 to 5: flattening, the affine layer, activations, the toy network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.inside import parts
from autograder.task import Case, case, task
from autograder.tasks.ex03_affine_layer import mistakes

DIGITS = (1, 8, 8)
PIXELS, HIDDEN, CLASSES = 64, 48, 10

LIBRARIES = ("autograd", "torch.nn", "i2dl.functional", "i2dl.nn")
"""Where all that this exercise asks for can be had ready-made."""

# ---------------------------------------------------------------------------------------------------------------
# 1 Flattening


def _flatten_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("two digits", given=True, x=rng.standard_normal((2, *DIGITS)))
    yield case("colour images", x=rng.standard_normal((4, 3, 5, 2)))
    yield case("already flat", x=rng.standard_normal((3, 7)))
    yield case("one colour image", edge="batch of one", x=rng.standard_normal((1, 3, 2, 4)))
    yield case("single precision", edge="float32", x=rng.standard_normal((3, 2, 4, 2)).astype(np.float32))


@task(
    points=1,
    cases=_flatten_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.FLATTEN,
    hints={"rows": "the first axis counts the inputs and stays; the others become one."},
)
def flatten(impl: Any, x: np.ndarray) -> dict[str, Any]:
    """Lay every image out as a row."""
    return {"rows": impl.flatten(x)}


# ---------------------------------------------------------------------------------------------------------------
# 2 and 3 The affine layer


def _affine_inputs(rng: np.random.Generator, shape: tuple[int, ...], neurons: int) -> dict[str, Any]:
    features = int(np.prod(shape[1:]))
    return {
        "x": rng.standard_normal(shape),
        "w": rng.standard_normal((features, neurons)) / np.sqrt(features),
        "b": rng.standard_normal(neurons),
    }


def _affine_forward_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("two digits, three neurons", given=True, **_affine_inputs(rng, (2, *DIGITS), 3))
    yield case("feature vectors", **_affine_inputs(rng, (5, 4), 7))
    yield case("colour images", **_affine_inputs(rng, (4, 3, 2, 5), 6))
    yield case("one input", edge="batch of one", **_affine_inputs(rng, (1, 6), 4))
    yield case("one neuron", edge="a single output", **_affine_inputs(rng, (4, 5), 1))
    single = {name: value.astype(np.float32) for name, value in _affine_inputs(rng, (3, 2, 4), 5).items()}
    yield case("single precision", edge="float32", **single)


def _affine_backward_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c in list(_affine_forward_cases(rng)):
        dout = rng.standard_normal((len(c.inputs["x"]), len(c.inputs["b"]))).astype(c.inputs["x"].dtype)
        yield case(c.name, edge=c.edge, given=c.given, **c.inputs, dout=dout)


@task(
    points=2,
    cases=_affine_forward_cases,
    forbid=LIBRARIES,
    mistakes=mistakes.AFFINE_FORWARD,
    hints={"out": "out is the flattened x times w, with b added to every row; its shape is (N, M)."},
)
def affine_forward(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    """Y = XW + 1ᴺb."""
    out, _ = parts(impl.affine_forward(x, w, b), "out", "cache")
    return {"out": out}


def _layer_sizes(rng: np.random.Generator) -> Iterator[Case]:
    """Yield sizes of an affine layer and its batch, all different."""
    yield case("the notebook's layer", given=True, n=64, d=PIXELS, m=HIDDEN)
    for name in ("another layer", "a third one"):
        n, d, m = (int(k) for k in rng.choice(np.arange(3, 30), 3, replace=False))
        yield case(name, n=n, d=d, m=m)


def _jacobian_answers() -> Any:
    """Count the derivatives of Y = XW by W."""
    from autograder.inside import Implementation

    def jacobian_entries(n: int, d: int, m: int) -> float:
        y, w = np.empty((n, m)), np.empty((d, m))
        return float(y.size * w.size)

    return Implementation(
        {"jacobian_entries": jacobian_entries, "gradient_entries": lambda n, d, m: float(np.empty((d, m)).size)}  # noqa: ARG005
    )


@task(
    points=1,
    cases=_layer_sizes,
    reference=_jacobian_answers,
    mistakes=mistakes.QUIZ_JACOBIAN,
    hints={
        "jacobian entries": "the Jacobian holds the derivative of every output by every weight, for the whole batch.",
        "gradient entries": "the loss is one number, so its derivatives are as many as there are weights.",
    },
)
def quiz_jacobian(impl: Any, n: int, d: int, m: int) -> dict[str, Any]:
    """How large the Jacobian would be that is never built."""
    return {"jacobian entries": impl.jacobian_entries(n, d, m), "gradient entries": impl.gradient_entries(n, d, m)}


@task(
    points=5,
    cases=_affine_backward_cases,
    forbid=LIBRARIES,
    hints={
        "dx": "dx has the shape of x: find it for the flattened x first, then undo the flattening.",
        "dw": "dw has the shape of w: which product of x and dout, one of them transposed, has that shape?",
        "db": "db has the shape of b, and every row of dout reaches the same b.",
    },
)
def affine_backward(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """Gradients of the affine layer for its input, weights and bias."""
    _, cache = parts(impl.affine_forward(x, w, b), "out", "cache")
    dx, dw, db = parts(impl.affine_backward(dout, cache), "dx", "dw", "db")
    return {"dx": dx, "dw": dw, "db": db}


# ---------------------------------------------------------------------------------------------------------------
# 4 Activations


def _activation_inputs(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"x": 2 * rng.standard_normal(shape), "dout": rng.standard_normal(shape)}


def _activation_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a matrix of scores", given=True, **_activation_inputs(rng, (2, 3)))
    yield case("more scores", **_activation_inputs(rng, (5, 4)))
    yield case("images", **_activation_inputs(rng, (3, 2, 4)))
    single = {name: value.astype(np.float32) for name, value in _activation_inputs(rng, (4, 3)).items()}
    yield case("single precision", edge="float32", **single)


def _sigmoid_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _activation_cases(rng)
    signs = rng.permutation(np.repeat([-1.0, 1.0], 6)).reshape(3, 4)
    large = signs * rng.uniform(900, 1100, (3, 4))
    yield case("saturated scores", edge="scores of ±1000", x=large, dout=rng.standard_normal((3, 4)))


def _relu_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _activation_cases(rng)
    ties = _activation_inputs(rng, (4, 6))
    ties["x"].flat[::3] = 0.0
    yield case("zeros among the scores", edge="scores of exactly 0", ignore={"dx": ties["x"] == 0}, **ties)


@task(
    points=3,
    cases=_sigmoid_cases,
    forbid=(*LIBRARIES, "torch.sigmoid"),
    mistakes=mistakes.SIGMOID,
    hints={"dx": "dx is dout times the slope, entry by entry; the slope at x is σ(x)(1 − σ(x))."},
)
def sigmoid(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """σ(x) and its gradient."""
    out, cache = parts(impl.sigmoid_forward(x), "out", "cache")
    return {"out": out, "dx": impl.sigmoid_backward(dout, cache)}


@task(
    points=2,
    cases=_relu_cases,
    forbid=(*LIBRARIES, "torch.relu"),
    mistakes=mistakes.RELU,
    hints={"dx": "dx is dout where the input was positive and 0 elsewhere."},
)
def relu(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """max(0, x) and its gradient."""
    out, cache = parts(impl.relu_forward(x), "out", "cache")
    return {"out": out, "dx": impl.relu_backward(dout, cache)}


# ---------------------------------------------------------------------------------------------------------------
# 5 The toy network of the note


def _toy_cases(rng: np.random.Generator) -> Iterator[Case]:
    printed = np.array([[0.0, 1.0], [2.0, 3.0]])
    yield case("the note's numbers", given=True, x=printed, w=np.ones((2, 2)), activation="square")
    x, w = rng.standard_normal((3, 4)), rng.standard_normal((4, 2))
    yield case("other numbers, squared", x=x, w=w, activation="square")
    x, w = rng.standard_normal((2, 3)), rng.standard_normal((3, 5))
    yield case("with a sigmoid", x=x, w=w, activation="sigmoid")


@task(
    points=3,
    cases=_toy_cases,
    forbid=(*LIBRARIES, "torch.sigmoid"),
    mistakes=mistakes.TOY_NETWORK,
    hints={
        "loss": "the loss is the sum of all entries of f.",
        "dL/df": "every entry of f enters the sum with the factor 1.",
        "dL/dy": "send dL/df back through the activation.",
        "dL/dx": "send dL/dy back through the affine layer.",
        "dL/dw": "send dL/dy back through the affine layer.",
    },
)
def toy_network(impl: Any, x: np.ndarray, w: np.ndarray, activation: str) -> dict[str, Any]:
    """Affine, activation, sum: the loss and the gradients on the way back. The layers are given, but for the square."""

    def affine_forward(x: Any, w: Any, b: Any) -> tuple[Any, Any]:
        return x @ w + b, (x, w)

    def affine_backward(dout: Any, cache: Any) -> tuple[Any, Any, Any]:
        return dout @ cache[1].T, cache[0].T @ dout, dout.sum(axis=0)

    def sigmoid_forward(y: Any) -> tuple[Any, Any]:
        out = 0.5 + 0.5 * np.tanh(0.5 * y)
        return out, out - out**2

    def sigmoid_backward(dout: Any, cache: Any) -> Any:
        return dout * cache

    pair = sigmoid_forward, sigmoid_backward
    if activation == "square":
        pair = impl.square_forward, impl.square_backward
    returned = impl.toy_network(x, w, (affine_forward, affine_backward), pair)
    loss, df, dy, dx, dw = parts(returned, "loss", "df", "dy", "dx", "dw")
    return {"loss": loss, "dL/df": df, "dL/dy": dy, "dL/dx": dx, "dL/dw": dw}

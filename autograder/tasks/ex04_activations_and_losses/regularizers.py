"""Part 10: penalties, the full loss, where they move a weight, max-norm and weight decay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex04_activations_and_losses import mistakes_regularizers as mistakes


def _penalty_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a small matrix", given=True, w=rng.standard_normal((3, 2)), l1=0.5, l2=0.25, half=False)
    yield case("half the squares", w=rng.standard_normal((4, 5)), l1=0.3, l2=0.8, half=True)
    yield case("filters", w=rng.standard_normal((2, 3, 3, 4)), l1=0.1, l2=0.7, half=False)
    yield case("L1 alone", edge="l2 = 0", w=rng.standard_normal((5, 3)), l1=0.4, l2=0.0, half=False)
    yield case("L2 alone", edge="l1 = 0", w=rng.standard_normal((5, 3)), l1=0.0, l2=0.6, half=True)
    zeros = rng.standard_normal((4, 3)) * (rng.random((4, 3)) < 0.5)
    zeros.flat[:2] = 0.0, 1.3
    yield case("zeros among the weights", edge="weights of exactly 0", w=zeros, l1=0.4, l2=0.2, half=False)
    single = rng.standard_normal((6, 2)).astype(np.float32)
    yield case("single precision", edge="float32", w=single, l1=0.2, l2=0.3, half=False)


@task(
    points=3,
    cases=_penalty_cases,
    mistakes=mistakes.PENALTY,
    hints={
        "penalty": "l1 · Σ|w| + l2 · Σw², over all entries; with half=True the second term is halved.",
        "dw": "l1 · sign(w) + 2 · l2 · w; with half=True the 2 is cancelled.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def elastic_net_penalty(impl: Any, w: np.ndarray, l1: float, l2: float, half: bool) -> dict[str, Any]:
    """L1, L2, and both together."""
    penalty, dw = impl.elastic_net_penalty(w, l1, l2, half=half)
    return {"penalty": penalty, "dw": dw}


def _full_loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shapes, scale in (
        ("two layers", [(4, 3), (3, 2)], 1.0),
        ("wider", [(5, 6), (6, 4)], 0.5),
        ("deeper", [(2, 7), (7, 3)], 2.0),
    ):
        weights, gradients = _network(rng, shapes), _network(rng, shapes)
        strengths = {f"w{i + 1}": [scale * 0.1 * (i + 1), scale * (0.4 - 0.1 * i)] for i in range(len(shapes))}
        data_loss = float(rng.uniform(0.5, 3))
        yield case(name, given=scale == 1, loss=data_loss, gradients=gradients, parameters=weights, strengths=strengths)
    shapes = [(3, 4), (4, 2)]
    alone: dict[str, Any] = {
        "gradients": _network(rng, shapes),
        "parameters": _network(rng, shapes),
        "strengths": {"w2": [0.2, 0.3]},
    }
    yield case("one matrix alone", edge="a matrix without a penalty", loss=1.25, **alone)


def _network(rng: np.random.Generator, shapes: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    network: dict[str, np.ndarray] = {}
    for i, shape in enumerate(shapes):
        network |= {f"w{i + 1}": rng.standard_normal(shape), f"b{i + 1}": rng.standard_normal(shape[1])}
    return network


@task(
    points=3,
    cases=_full_loss_cases,
    mistakes=mistakes.FULL_LOSS,
    hints={
        "loss": "the data loss plus the penalties of all matrices named in `strengths`, each once.",
        "dw1": "the data loss's gradient plus that of this matrix's own penalty.",
        "dw2": "the data loss's gradient plus that of this matrix's own penalty.",
        "db1": "the biases are not named in `strengths`: their gradients stay what they were.",
        "dw2 passed in": "what was passed in has to stay as it was: make a new dictionary with new arrays.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def full_loss(
    impl: Any,
    loss: float,
    gradients: dict[str, np.ndarray],
    parameters: dict[str, np.ndarray],
    strengths: dict[str, list[float]],
) -> dict[str, Any]:
    """Data loss + regularization loss, for a network with its own strengths per matrix."""

    def penalty(w, l1, l2):  # type: ignore[no-untyped-def]
        return l1 * np.abs(w).sum() + l2 * (w**2).sum(), l1 * np.sign(w) + 2 * l2 * w

    total, full = impl.full_loss(loss, gradients, parameters, strengths, penalty)
    return {
        "loss": total,
        "dw1": full["w1"],
        "dw2": full["w2"],
        "db1": full["b1"],
        "dw2 passed in": gradients["w2"],
    }


def _best_weight_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("six weights", (6,)), ("a matrix", (4, 3)), ("more", (3, 5))):
        v = rng.standard_normal(shape)
        # Some on either side of the threshold, whatever is drawn.
        v.flat[:4] = 0.15, -0.2, 1.4, -1.7
        l1, l2 = float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.3, 1.5))
        yield case(name, given=shape == (6,), v=v, l1=l1, l2=l2)
    yield case("L2 alone", edge="l1 = 0", v=rng.standard_normal(7), l1=0.0, l2=0.8)
    yield case("L1 alone", edge="l2 = 0", v=np.append(2 * rng.standard_normal(6), 0.1), l1=0.6, l2=0.0)


@task(
    points=3,
    cases=_best_weight_cases,
    mistakes=mistakes.BEST_WEIGHT,
    hints={"w": "pull |v| down by l1/2, stop at 0, put the sign of v back, and divide by 1 + l2."},
    forbid=("autograd", "torch.nn.functional", "scipy.optimize"),
)
def best_weight(impl: Any, v: np.ndarray, l1: float, l2: float) -> dict[str, Any]:
    """The minimum of (w − v)² + l1 |w| + l2 w²."""
    return {"w": impl.best_weight(v, l1, l2)}


why_l1_makes_zeros = written("why_l1_makes_zeros", points=2)


def _max_norm_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape, c in (("two neurons", (3, 2), 1.0), ("six neurons", (4, 6), 2.0), ("more inputs", (7, 5), 1.5)):
        w = rng.standard_normal(shape)
        # Every second column too long, the others short enough.
        lengths = np.where(np.arange(shape[1]) % 2 == 0, 2.2, 0.6) * c * rng.uniform(0.9, 1.1, shape[1])
        yield case(name, given=shape == (3, 2), w=w * lengths / np.sqrt((w**2).sum(axis=0)), c=c)
    zero = rng.standard_normal((4, 3))
    zero[:, 1] = 0.0
    yield case("a neuron without weights", edge="a column of zeros", w=3 * zero, c=1.2)
    single = rng.standard_normal((5, 4)).astype(np.float32)
    yield case("single precision", edge="float32", w=single, c=1.7)


@task(
    points=2,
    cases=_max_norm_cases,
    mistakes=mistakes.MAX_NORM,
    hints={"w": "find the length of each column; those above c are scaled to c, the others stay as they are."},
    forbid=("autograd", "torch.nn.functional"),
)
def max_norm(impl: Any, w: np.ndarray, c: float) -> dict[str, Any]:
    """No neuron's weights are longer than c."""
    return {"w": impl.max_norm(w, c)}


def _decay_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("a small matrix", (3, 2)), ("a larger one", (4, 5)), ("filters", (2, 3, 3))):
        rate, decay = float(rng.uniform(0.05, 0.3)), float(rng.uniform(0.1, 0.5))
        w, dw = rng.standard_normal(shape), rng.standard_normal(shape)
        yield case(name, given=shape == (3, 2), w=w, dw=dw, learning_rate=rate, decay=decay)
    w, dw = rng.standard_normal((2, 4)), rng.standard_normal((2, 4))
    yield case("no decay", edge="decay = 0", w=w, dw=dw, learning_rate=0.1, decay=0.0)


@task(
    points=3,
    cases=_decay_cases,
    mistakes=mistakes.WEIGHT_DECAY,
    pure=True,
    hints={
        "coupled": "the gradient for the optimizer: dw + decay · w.",
        "decoupled": "the shrunken weights: (1 − learning_rate · decay) · w.",
        "one step of SGD": "w − learning_rate · (dw + decay · w); both ways have to give the same here.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def weight_decay(impl: Any, w: np.ndarray, dw: np.ndarray, learning_rate: float, decay: float) -> dict[str, Any]:
    """The decay inside the gradient, and beside it."""
    joined = impl.weight_decay_coupled(w, dw, decay)
    return {
        "coupled": joined,
        "decoupled": impl.weight_decay_decoupled(w, learning_rate, decay),
        "one step of SGD": w - learning_rate * joined,
    }


# ---------------------------------------------------------------------------------------------------------------
# What the reference library has under other names


def reference_full_loss(
    loss: float,
    gradients: dict[str, np.ndarray],
    parameters: dict[str, np.ndarray],
    strengths: dict[str, list[float]],
    penalty: Callable[..., Any],
) -> tuple[Any, dict[str, np.ndarray]]:
    """Add each named matrix's penalty and its gradient."""
    terms = {name: penalty(parameters[name], l1, l2) for name, (l1, l2) in strengths.items()}
    full = {name: g + terms[name][1] if name in terms else g for name, g in gradients.items()}
    return loss + sum(value for value, _ in terms.values()), full


def reference_best_weight(v: np.ndarray, l1: float, l2: float) -> np.ndarray:
    """Soft thresholding by l1/2, then division by 1 + l2 (Zou, Hastie, *Elastic net*, 2005, section 3.3)."""
    return np.sign(v) * np.maximum(np.abs(v) - l1 / 2, 0.0) / (1.0 + l2)

"""Parts 1 to 6: the activations, their slopes, dead units, and what follows from them in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex04_activations_and_losses import mistakes_activations as mistakes

# ---------------------------------------------------------------------------------------------------------------
# Cases


def _inputs(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"x": 2 * rng.standard_normal(shape), "dout": rng.standard_normal(shape)}


def _ordinary(rng: np.random.Generator) -> Iterator[Case]:
    yield case("a matrix of scores", given=True, **_inputs(rng, (2, 3)))
    yield case("more scores", **_inputs(rng, (5, 4)))
    yield case("images", **_inputs(rng, (3, 2, 4)))
    single = {name: value.astype(np.float32) for name, value in _inputs(rng, (4, 6)).items()}
    yield case("single precision", edge="float32", **single)


def _extreme(rng: np.random.Generator) -> Case:
    signs = rng.permutation(np.repeat([-1.0, 1.0], 6)).reshape(3, 4)
    large = signs * rng.uniform(900, 1100, (3, 4))
    # Two ordinary ones among them: next to 10⁻³⁰⁸ alone, every 0 would look like a mistake.
    large.flat[:2] = rng.standard_normal(2)
    return case("extreme scores", edge="scores of ±1000", x=large, dout=rng.standard_normal((3, 4)))


def _zeros(rng: np.random.Generator, *, tie: bool) -> Case:
    inputs = _inputs(rng, (4, 6))
    inputs["x"].flat[::3] = 0.0
    ignore = {"dx": inputs["x"] == 0} if tie else {}
    return case("zeros among the scores", edge="scores of exactly 0", ignore=ignore, **inputs)


def _with(c: Case, **more: Any) -> Case:
    return case(c.name, edge=c.edge, given=c.given, ignore=c.ignore, **c.inputs, **more)


# ---------------------------------------------------------------------------------------------------------------
# 1 and 2 Identity, step, sigmoid, tanh


def _identity_and_step_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _ordinary(rng)
    yield _zeros(rng, tie=False)


@task(
    points=1,
    cases=_identity_and_step_cases,
    mistakes=mistakes.IDENTITY_AND_STEP,
    hints={
        "identity": "the identity hands its input on.",
        "d identity": "the slope of the identity is 1: dx = dout.",
        "step": "the step is 1 where x ≥ 0 and 0 elsewhere, in floats.",
        "d step": "the step is flat on both sides: its slope is 0 everywhere, in the shape of x.",
    },
)
def identity_and_step(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """f(x) = x, and 1 for x ≥ 0, else 0."""
    same, same_cache = impl.identity_forward(x)
    jump, jump_cache = impl.step_forward(x)
    return {
        "identity": same,
        "d identity": impl.identity_backward(dout, same_cache),
        "step": jump,
        "d step": impl.step_backward(dout, jump_cache),
    }


def _saturating_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield from _ordinary(rng)
    yield _extreme(rng)


@task(
    points=2,
    cases=_saturating_cases,
    mistakes=mistakes.SIGMOID,
    hints={
        "out": "σ(x) = 1 / (1 + e⁻ˣ), in a form whose exponent is never positive.",
        "dx": "dx is dout times the slope, entry by entry; the slope is y(1 − y) with y = σ(x).",
    },
    forbid=("autograd", "scipy.special", "torch.nn.functional", "torch.sigmoid"),
)
def sigmoid(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """σ(x) and its gradient."""
    out, cache = impl.sigmoid_forward(x)
    return {"out": out, "dx": impl.sigmoid_backward(dout, cache)}


@task(
    points=1,
    cases=_saturating_cases,
    mistakes=mistakes.TANH,
    hints={
        "out": "np.tanh is safe everywhere; the formula with four exponentials is not.",
        "dx": "dx is dout times the slope, entry by entry; the slope is 1 − y² with y = tanh(x).",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def tanh(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """tanh(x) and its gradient."""
    out, cache = impl.tanh_forward(x)
    return {"out": out, "dx": impl.tanh_backward(dout, cache)}


# ---------------------------------------------------------------------------------------------------------------
# 3 Rectifiers


def _leaky_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c, alpha in zip(_ordinary(rng), (0.1, 0.3, 0.01, 0.2), strict=True):
        yield _with(c, alpha=alpha)
    yield case("a slope above 1", edge="alpha > 1", alpha=1.5, **_inputs(rng, (3, 5)))
    yield case("the plain ReLU", edge="alpha = 0", alpha=0.0, **_inputs(rng, (4, 5)))
    yield _with(_zeros(rng, tie=True), alpha=0.2)


@task(
    points=2,
    cases=_leaky_cases,
    mistakes=mistakes.LEAKY_RELU,
    hints={
        "out": "x where it is positive, alpha · x elsewhere, for every alpha.",
        "dx": "dout where the input was positive, alpha · dout elsewhere.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def leaky_relu(impl: Any, x: np.ndarray, dout: np.ndarray, alpha: float) -> dict[str, Any]:
    """The ReLU with a slope on the left; alpha = 0 is the ReLU."""
    out, cache = impl.leaky_relu_forward(x, alpha=alpha)
    return {"out": out, "dx": impl.leaky_relu_backward(dout, cache)}


def _prelu_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, shape in (("two channels", (4, 2)), ("more channels", (5, 3)), ("many channels", (3, 7))):
        yield case(name, given=shape == (4, 2), **_inputs(rng, shape), alpha=rng.uniform(0.05, 0.6, shape[1]))
    yield case("one sample", edge="batch of one", **_inputs(rng, (1, 4)), alpha=rng.uniform(0.05, 0.6, 4))
    slopes = rng.uniform(0.8, 1.2, 4) * np.array([2.0, -0.5, 1.5, -1.5])
    yield case("any slopes", edge="alpha > 1 or < 0", **_inputs(rng, (6, 4)), alpha=slopes)


@task(
    points=3,
    cases=_prelu_cases,
    mistakes=mistakes.PRELU,
    hints={
        "out": "x where it is positive, elsewhere x times the alpha of its column.",
        "dx": "dout where the input was positive, elsewhere dout times the alpha of its column.",
        "dalpha": "only the entries with x ≤ 0 depend on alpha, with the derivative x; all rows share one alpha.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def prelu(impl: Any, x: np.ndarray, dout: np.ndarray, alpha: np.ndarray) -> dict[str, Any]:
    """The leaky ReLU whose slope is learnt: one alpha a channel."""
    out, cache = impl.prelu_forward(x, alpha)
    dx, dalpha = impl.prelu_backward(dout, cache)
    return {"out": out, "dx": dx, "dalpha": dalpha}


def _elu_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c, alpha in zip(_ordinary(rng), (1.0, 0.5, 1.7, 0.8), strict=True):
        yield _with(c, alpha=alpha)
    yield _with(_extreme(rng), alpha=1.3)


@task(
    points=2,
    cases=_elu_cases,
    mistakes=mistakes.ELU,
    hints={
        "out": "x where it is positive, alpha · (eˣ − 1) elsewhere.",
        "dx": "dout where the input was positive, alpha · eˣ · dout elsewhere.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def elu(impl: Any, x: np.ndarray, dout: np.ndarray, alpha: float) -> dict[str, Any]:
    """A rectifier that bends smoothly towards −alpha."""
    out, cache = impl.elu_forward(x, alpha=alpha)
    return {"out": out, "dx": impl.elu_backward(dout, cache)}


def _dead_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, m in (("eight units", 6, 3, 8), ("more units", 5, 4, 11), ("many samples", 40, 2, 9)):
        x, w = rng.standard_normal((n, d)), rng.standard_normal((d, m))
        scores = x @ w
        # Thirds that are always on, sometimes on and never on, each by a clear margin.
        shift = np.stack([0.1 - scores.min(axis=0), -np.median(scores, axis=0), -0.1 - scores.max(axis=0)])
        yield case(name, given=n == 6, x=x, w=w, b=shift[rng.permutation(np.arange(m) % 3), np.arange(m)])
    still: dict[str, Any] = {
        "x": rng.standard_normal((5, 3)),
        "w": np.zeros((3, 4)),
        "b": np.array([0.0, 1.0, 0.0, -1.0]),
    }
    yield case("units without weights", edge="scores of exactly 0", **still)


@task(
    points=2,
    cases=_dead_cases,
    mistakes=mistakes.DEAD_UNITS,
    hints={"dead": "a unit is dead (1, else −1) where its scores x W + b are at most 0 for all samples."},
)
def dead_units(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray) -> dict[str, Any]:
    """Which ReLU units receive no gradient from any sample."""
    dead = impl.dead_units(x, w, b)
    return {"dead": None if dead is None else np.where(np.asarray(dead), 1, -1)}


# ---------------------------------------------------------------------------------------------------------------
# 4 Smooth relatives


def _softplus_cases(rng: np.random.Generator) -> Iterator[Case]:
    for c, beta in zip(_ordinary(rng), (1.0, 2.0, 0.5, 1.5), strict=True):
        yield _with(c, beta=beta)
    yield _with(_extreme(rng), beta=1.3)


@task(
    points=2,
    cases=_softplus_cases,
    mistakes=mistakes.SOFTPLUS,
    hints={
        "out": "ln(1 + e^(βx)) / β, in a form whose exponent is never positive.",
        "dx": "differentiate ln(1 + e^(βx)) / β: the two β cancel, and the sigmoid of βx is left.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def softplus(impl: Any, x: np.ndarray, dout: np.ndarray, beta: float) -> dict[str, Any]:
    """A ReLU with a rounded corner."""
    out, cache = impl.softplus_forward(x, beta=beta)
    return {"out": out, "dx": impl.softplus_backward(dout, cache)}


@task(
    points=2,
    cases=_softplus_cases,
    mistakes=mistakes.SWISH,
    hints={
        "out": "x times its gate σ(βx).",
        "dx": "the product rule: the gate itself, plus x times the gate's slope, which is β g(1 − g).",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def swish(impl: Any, x: np.ndarray, dout: np.ndarray, beta: float) -> dict[str, Any]:
    """X through a gate of its own."""
    out, cache = impl.swish_forward(x, beta=beta)
    return {"out": out, "dx": impl.swish_backward(dout, cache)}


# ---------------------------------------------------------------------------------------------------------------
# 5 and 6 Maxout and softmax


def _maxout_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, m, k in (("two pieces", 4, 3, 5, 2), ("four pieces", 6, 2, 3, 4), ("three pieces", 7, 4, 2, 3)):
        yield case(name, given=k == 2, **_pieces(rng, n, d, m, k))
    yield case("one sample", edge="batch of one", **_pieces(rng, 1, 3, 4, 2))
    yield case("one piece", edge="k = 1", **_pieces(rng, 5, 3, 2, 1))


def _pieces(rng: np.random.Generator, n: int, d: int, m: int, k: int) -> dict[str, Any]:
    return {
        "x": rng.standard_normal((n, d)),
        "w": rng.standard_normal((k, d, m)),
        "b": rng.standard_normal((k, m)),
        "dout": rng.standard_normal((n, m)),
    }


@task(
    points=4,
    cases=_maxout_cases,
    mistakes=mistakes.MAXOUT,
    hints={
        "out": "compute the k affine pieces, (k, N, M), and keep the largest of each unit and sample.",
        "dx": "each sample's gradient goes through the weights of the piece that won, unit by unit.",
        "dw": "an affine layer's dw for each piece, with dout set to 0 where the piece did not win.",
        "db": "an affine layer's db for each piece, with dout set to 0 where the piece did not win.",
    },
    forbid=("autograd", "torch.nn.functional"),
)
def maxout(impl: Any, x: np.ndarray, w: np.ndarray, b: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """The largest of k affine pieces, unit by unit."""
    out, cache = impl.maxout_forward(x, w, b)
    dx, dw, db = impl.maxout_backward(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


def _softmax_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("three classes", given=True, **_inputs(rng, (2, 3)))
    yield case("seven classes", **_inputs(rng, (4, 7)))
    yield case("more samples", **_inputs(rng, (6, 5)))
    single = {name: value.astype(np.float32) for name, value in _inputs(rng, (3, 4)).items()}
    yield case("single precision", edge="float32", **single)
    yield case("one sample", edge="batch of one", **_inputs(rng, (1, 4)))
    large = _inputs(rng, (3, 4))
    large["x"] += np.array([[1000.0], [-1000.0], [0.0]])
    yield case("scores far from 0", edge="scores of ±1000", **large)


@task(
    points=3,
    cases=_softmax_cases,
    mistakes=mistakes.SOFTMAX,
    hints={
        "out": "subtract each row's largest score, take exp, divide by the row's sum.",
        "dx": "dx = p ⊙ (dout − Σₖ doutₖ pₖ), where the sum runs over the classes of each row.",
    },
    forbid=("autograd", "torch.nn.functional", "scipy.special.softmax"),
)
def softmax(impl: Any, x: np.ndarray, dout: np.ndarray) -> dict[str, Any]:
    """Probabilities from scores, row by row."""
    out, cache = impl.softmax_forward(x)
    return {"out": out, "dx": impl.softmax_backward(dout, cache)}

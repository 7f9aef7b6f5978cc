"""Part 1: gradients by hand, on the graphs of lecture 4."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex02_computing_gradients import mistakes

# Not "autograd": the notebook's own engine has a method `backward` too.
FORBIDDEN: tuple[str, ...] = ("torch", "i2dl.autodiff")


def signed(rng: np.random.Generator, low: float = 0.5, high: float = 3.0) -> float:
    """Return a number of either sign that is not close to 0."""
    return float(rng.uniform(low, high) * rng.choice([-1.0, 1.0]))


def _sum_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's numbers", given=True, x=1.0, y=-3.0, z=4.0)
    for name in ("other numbers", "and others", "and others again"):
        yield case(name, x=signed(rng), y=signed(rng), z=signed(rng))
    yield case("x and y cancel", edge="a sum of 0", x=1.5, y=-1.5, z=signed(rng))


@task(
    points=1,
    cases=_sum_cases,
    mistakes=mistakes.SUM_TIMES_Z,
    forbid=FORBIDDEN,
    hints={
        "f": "first add x and y, then multiply by z.",
        "df/dx": "the sum's local slope, 1, times what arrives at d.",
        "df/dy": "the sum's local slope, 1, times what arrives at d.",
        "df/dz": "a product's slope by one factor is the other factor.",
    },
)
def sum_times_z(impl: Any, x: float, y: float, z: float) -> dict[str, Any]:
    """f = (x + y) z and its three slopes."""
    f, (dx, dy, dz) = impl.sum_times_z(x, y, z)
    return {"f": f, "df/dx": dx, "df/dy": dy, "df/dz": dz}


def _neuron_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's neuron", given=True, w=np.array([2.0, -3.0]), x=np.array([-1.0, -2.0]), b=-3.0)
    for name, d in (("three inputs", 3), ("five inputs", 5)):
        w, x = rng.standard_normal(d), rng.standard_normal(d)
        yield case(name, w=w, x=x, b=signed(rng, 0.3, 1.5))
    four = rng.standard_normal((2, 4)).astype(np.float32)
    yield case("four inputs in float32", w=four[0], x=four[1], b=signed(rng, 0.3, 1.5))
    yield case("one input", edge="a single input", w=rng.standard_normal(1), x=rng.standard_normal(1), b=0.5)


@task(
    points=3,
    cases=_neuron_cases,
    mistakes=mistakes.SIGMOID_NEURON,
    forbid=FORBIDDEN,
    shares={"out": 1, "stages": 2, "dw": 1, "dx": 1, "db": 1},
    hints={
        "out": "out is 1 / (1 + exp(−s)) with s = b + Σ wᵢxᵢ, one number.",
        "stages": "each stage is the one before it times one local slope: −1/q², then 1, then eⁿ, then −1.",
        "dw": "what arrives at s goes on to each weight, times the input beside it.",
        "dx": "what arrives at s goes on to each input, times the weight beside it.",
        "db": "the bias is added: it gets what arrives at s.",
    },
)
def sigmoid_neuron(impl: Any, w: np.ndarray, x: np.ndarray, b: float) -> dict[str, Any]:
    """The sigmoid neuron, stage by stage."""
    out, stages, dw, dx, db = impl.sigmoid_neuron(w, x, b)
    if stages is not None and len(stages) != 4:
        msg = f"four stages are due, but {len(stages)} came: ∂f/∂q, ∂f/∂e, ∂f/∂n and ∂f/∂s"
        raise ValueError(msg)
    return {"out": out, "stages": stages, "dw": dw, "dx": dx, "db": db}


def _relu_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the lecture's numbers", given=True, x=1.0, y=0.0, w1=1 / 3, w2=2.0)
    positive = [float(v) for v in rng.uniform(0.5, 2.0, 6)]
    yield case("a positive input", x=positive[0], y=signed(rng), w1=positive[1], w2=signed(rng))
    yield case("a negative input, a negative weight", x=-positive[2], y=signed(rng), w1=-positive[3], w2=signed(rng))
    yield case("the ReLU is closed", x=positive[4], y=signed(rng), w1=-positive[5], w2=signed(rng))
    yield case("closed by a negative input", x=-positive[5], y=signed(rng), w1=positive[4], w2=signed(rng))


@task(
    points=2,
    cases=_relu_cases,
    mistakes=mistakes.RELU_NETWORK,
    forbid=FORBIDDEN,
    hints={
        "loss": "the loss is (w₂ · max(0, w₁x) − y)².",
        "dw1": "dw1 is 2(ŷ − y) · w₂ · (1 if z > 0 else 0) · x.",
        "dw2": "dw2 is 2(ŷ − y) · h, with h after the ReLU.",
    },
)
def relu_network(impl: Any, x: float, y: float, w1: float, w2: float) -> dict[str, Any]:
    """Loss and gradients of the network with one neuron per layer."""
    loss, dw1, dw2 = impl.relu_network(x, y, w1, w2)
    return {"loss": loss, "dw1": dw1, "dw2": dw2}

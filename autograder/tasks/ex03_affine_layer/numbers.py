"""Part 10: numbers about a two-layer network, each as a small function of what is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex03_affine_layer import mistakes
from autograder.tasks.ex03_affine_layer.layers import CLASSES, HIDDEN, PIXELS


def _cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the notebook's network", given=True, n=32, d=PIXELS, h=HIDDEN, c=CLASSES, a=1.0, k=2)
    for name in ("another network", "a third one"):
        n, d, h, c = (int(k) for k in rng.choice(np.arange(4, 30), 4, replace=False))
        yield case(name, n=n, d=d, h=h, c=c, a=float(rng.uniform(1.5, 4.0)), k=int(rng.integers(3, 6)))


def _answers() -> Any:
    """Measure the answers on networks of the reference."""
    from autograder.inside import Implementation
    from i2dl import functional as f

    def network(n: int, d: int, h: int, c: int) -> tuple[Any, ...]:
        rng = np.random.default_rng(0)
        drawn = [rng.standard_normal(shape) for shape in ((n, d), (d, h), h, (h, c), c)]
        return drawn[0], rng.integers(c, size=n), *drawn[1:]

    def hidden_shape(n: int, d: int, h: int, c: int) -> tuple[int, ...]:
        x, _, w1, b1, w2, b2 = network(n, d, h, c)
        scores, cache = f.two_layer_forward(x, w1, b1, w2, b2)
        hidden, _ = f.relu_forward(f.affine_forward(x, w1, b1)[0])
        assert f.two_layer_backward(np.ones_like(scores), cache)[0].shape == x.shape
        return tuple(hidden.shape)

    def largest_slope(a: float) -> float:
        _, cache = f.sigmoid_forward(a * np.linspace(-1, 1, 2001))
        return float(np.max(a * f.sigmoid_backward(np.ones(2001), cache)))

    def repeat_factors(k: int) -> tuple[float, float]:
        x, y, *parameters = network(8, 5, 6, 3)
        _, (once, *_) = f.two_layer_loss(x, y, *parameters)
        _, (often, *_) = f.two_layer_loss(np.concatenate([x] * k), np.concatenate([y] * k), *parameters)
        factor = float(np.sum(often * once) / np.sum(once * once))
        return factor, factor * k  # the gradient of the sum is that of the mean times the number of images

    return Implementation(
        {
            "parameter_count": lambda d, h, c: float(sum(np.size(p) for p in network(2, d, h, c)[2:])),
            "hidden_shape": hidden_shape,
            "start_loss": lambda c: float(f.softmax_loss(np.zeros((5, c)), np.zeros(5, dtype=int))[0]),
            "largest_slope": largest_slope,
            "repeat_factors": repeat_factors,
        }
    )


@task(
    points=2,
    cases=_cases,
    reference=_answers,
    mistakes=mistakes.QUIZ,
    hints={
        "parameter_count": "two weight matrices and two biases, every entry counts.",
        "hidden_shape": "a gradient has the shape of what it belongs to: the shape of H, a row per image of the batch.",
        "start_loss": "equal scores make every class equally likely; put that probability into −log p.",
        "largest_slope": "the chain rule gives a · σ(1 − σ): at which value of σ is this product largest?",
        "factor, mean": "the layer sums over k times as many images, but what does the loss, a mean, divide by?",
        "factor, sum": "the layer sums over k times as many images, and this time nothing divides.",
    },
)
def quiz(impl: Any, n: int, d: int, h: int, c: int, a: float, k: int) -> dict[str, Any]:
    """Numbers about the network of this notebook, and about others."""
    # In the notebook's order, so that the first stub is the one that is named.
    count = impl.parameter_count(d, h, c)
    shape = impl.hidden_shape(n, d, h, c)
    start_loss, largest_slope = impl.start_loss(c), impl.largest_slope(a)
    factors = impl.repeat_factors(k)
    mean, total = factors if isinstance(factors, (tuple, list, np.ndarray)) and len(factors) == 2 else (None, None)
    return {
        "parameter_count": count,
        "hidden_shape": np.array(shape) if isinstance(shape, (tuple, list)) else shape,
        "start_loss": start_loss,
        "largest_slope": largest_slope,
        "factor, mean": mean,
        "factor, sum": total,
    }

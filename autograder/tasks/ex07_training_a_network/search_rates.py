"""Section 11: the learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes_search
from autograder.tasks.ex07_training_a_network.drawing import draw_data, draw_network, explain


def _range_cases(rng: np.random.Generator) -> Iterator[Case]:
    bottom = float(10 ** rng.uniform(-6, -4))
    for name, given, low, high in (("1e-4 to 1e-1", True, 1e-4, 1e-1), ("another range", False, bottom, 3e4 * bottom)):
        size = int(rng.integers(4000, 5000))
        yield case(
            name,
            given=given,
            low=low,
            high=high,
            size=size,
            order=int(rng.integers(2**31)),
            private={"asked": (low, high, size)},
        )


def _distance(sample: np.ndarray, low: float, high: float) -> float:
    """Return how far the sample's distribution function is from that of U(low, high), at most (Kolmogorov, Smirnov)."""
    expected = (np.sort(sample) - low) / (high - low)
    n = len(sample)
    return float(np.max(np.maximum(np.arange(1, n + 1) / n - expected, expected - np.arange(n) / n)))


def _log_uniformity(outputs: Mapping[str, Any], *, asked: tuple[float, float, int]) -> float:
    """Return the distance from the log-uniform distribution, or say in one sentence why there is none."""
    low, high, size = asked
    drawn = [outputs.get(name) for name in ("rates", "later", "repeated")]
    for numbers in drawn:
        if not isinstance(numbers, np.ndarray) or numbers.dtype.kind != "f" or numbers.shape != (size,):
            found = f"an array of shape {numbers.shape}" if isinstance(numbers, np.ndarray) else "no array"
            msg = f"an array of {size} numbers, shape ({size},), was expected; this is {found}"
            raise ValueError(msg)
    rates, later, repeated = (np.asarray(numbers, dtype=float) for numbers in drawn)
    if not np.all((rates >= low * (1 - 1e-6)) & (rates <= high * (1 + 1e-6))):
        msg = f"the rates go from {rates.min():.3g} to {rates.max():.3g}, but {low:.3g} to {high:.3g} was asked for"
        raise ValueError(msg)
    if np.array_equal(rates, later):
        msg = "two calls with one generator gave the same numbers: draw them at random, from rng"
        raise ValueError(msg)
    if not np.array_equal(rates, repeated):
        msg = "two generators in the same state gave different numbers: all randomness must come from rng"
        raise ValueError(msg)
    if _distance(rates, low, high) < 0.05:
        msg = "the rates are uniform themselves: nine of ten lie in the largest decade; draw their logarithm uniformly"
        raise ValueError(msg)
    return _distance(np.log(rates), float(np.log(low)), float(np.log(high)))


@task(
    points=2,
    cases=_range_cases,
    kind="metric",
    measure=_log_uniformity,
    measure_name="distance from log-uniform",
    full=0.05,
    none=0.2,
)
def sample_learning_rates(impl: Any, low: float, high: float, size: int, order: int) -> dict[str, Any]:
    """Rates from one generator, twice, and from another one in the same state."""
    rng = np.random.default_rng(order)
    return {
        "rates": impl.sample_learning_rates(low, high, size, rng),
        "later": impl.sample_learning_rates(low, high, size, rng),
        "repeated": impl.sample_learning_rates(low, high, size, np.random.default_rng(order)),
    }


def _search_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (n, features, hidden, classes), iterations, rates in (
        ("four rates", (17, 5, 8, 3), 6, [1e-1, 1e-2, 1e-3, 1e-4]),
        ("three large rates", (19, 4, 6, 5), 9, [float(r) for r in rng.uniform(0.2, 1.0, 3)]),
        ("a rate that diverges", (15, 3, 7, 4), 7, [0.1, 1e30, 0.3]),
    ):
        yield case(
            name,
            given=n == 17,
            edge=name if 1e30 in rates else "",
            network=draw_network(rng, features, hidden, classes),
            train=draw_data(rng, features, classes, n),
            validation=draw_data(rng, features, classes, n - 4),
            rates=rates,
            iterations=iterations,
        )


@task(
    points=2,
    cases=_search_cases,
    arrays="torch",
    hints={
        "losses": "for each rate: a new model, `iterations` steps on all of train, then the validation loss; "
        "infinity in the place of NaN"
    },
)
def learning_rate_search(
    impl: Any, network: dict[str, Any], train: list[Any], validation: list[Any], rates: list[float], iterations: int
) -> dict[str, Any]:
    """The validation loss of every rate, for a small network that always starts from the same weights."""
    import torch

    def step(model: Any, optimizer: Any, x: Any, y: Any) -> float:
        model.train()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    def measure(model: Any, x: Any, y: Any) -> tuple[float, float]:
        model.eval()
        with torch.no_grad():
            scores = model(x)
        accuracy = (scores.argmax(dim=1) == y).float().mean().item()
        return torch.nn.functional.cross_entropy(scores, y).item(), accuracy

    def build(rate: float) -> Any:
        features, hidden, classes = network["sizes"]
        layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)
        model = torch.nn.Sequential(*layers).to(train[0].device)
        torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
        return model, torch.optim.SGD(model.parameters(), lr=rate)

    data = tuple(train), tuple(validation)
    losses = impl.learning_rate_search(build, rates, *data, iterations=iterations, step=step, measure=measure)
    return {"losses": None if losses is None else np.array([float(v) for v in losses], dtype=np.float32)}


explain(learning_rate_search, "learning_rate_search", mistakes_search.LEARNING_RATE_SEARCH)

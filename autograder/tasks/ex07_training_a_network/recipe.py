"""Parts 7 to 11: the loop, early stopping, the search for a rate, and the networks that were trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex07_training_a_network import mistakes
from autograder.tasks.ex07_training_a_network.mistakes import explain
from autograder.tasks.ex07_training_a_network.network import draw_data, draw_network, mlp, network_cases

# ---------------------------------------------------------------------------------------------------------------
# 7 The loop


def _fit_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, edge, (n, features, hidden, classes), epochs, batch_size, stop_after in (
        ("three epochs", "", (23, 5, 8, 3), 3, 8, 0),
        ("four epochs", "", (27, 4, 7, 5), 4, 6, 0),
        ("told to stop early", "early stopping", (26, 4, 6, 3), 5, 9, 2),
        ("never told to stop", "early stopping that never stops", (24, 3, 6, 4), 3, 7, 99),
    ):
        yield case(
            name,
            edge=edge,
            given=n == 23,
            network=draw_network(rng, features, hidden, classes, norm=True),
            train=draw_data(rng, features, classes, n),
            validation=draw_data(rng, features, classes, n - 9),
            epochs=epochs,
            batch_size=batch_size,
            order=int(rng.integers(2**31)),
            stop_after=stop_after,
        )


@task(
    points=4,
    cases=_fit_cases,
    arrays="torch",
    shares={
        "train_loss": 1,
        "train_accuracy": 0.5,
        "validation_loss": 1,
        "validation_accuracy": 0.5,
        "parameters": 1,
    },
    hints={
        "train_loss": "after every epoch, evaluate the model on the whole training set: one entry an epoch",
        "train_accuracy": "after every epoch, evaluate the model on the whole training set: one entry an epoch",
        "validation_loss": "after every epoch, evaluate the model on the validation set: one entry an epoch",
        "validation_accuracy": "after every epoch, evaluate the model on the validation set: one entry an epoch",
        "parameters": "one training step for each mini-batch of `batches(x, y, batch_size, rng)`, in every epoch",
    },
)
def fit(
    impl: Any,
    network: dict[str, Any],
    train: list[Any],
    validation: list[Any],
    epochs: int,
    batch_size: int,
    order: int,
    stop_after: int,
) -> dict[str, Any]:
    """Train a small network with the notebook's own step and measurement: its curves and final parameters."""
    import torch

    class Stopper:
        best_epoch, calls = 0, 0

        def step(self, _validation_loss: float, _model: Any) -> bool:
            self.calls += 1
            return self.calls >= stop_after

        def restore(self, model: Any) -> None:
            # Not what restoring does, but it leaves a trace in the parameters.
            torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())

    features, hidden, classes = network["sizes"]
    norm = torch.nn.BatchNorm1d(hidden)
    layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), norm, torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers).to(train[0].device)
    torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
    history = impl.fit(
        model,
        torch.optim.SGD(model.parameters(), lr=0.1),
        tuple(train),
        tuple(validation),
        epochs=epochs,
        batch_size=batch_size,
        rng=np.random.default_rng(order),
        **({"early_stopping": Stopper()} if stop_after else {}),
    )
    curves = {}
    for key in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        values = None if history is None else history.get(key)
        curves[key] = None if values is None else np.array([float(v) for v in values], dtype=np.float32)
    return {**curves, "parameters": torch.nn.utils.parameters_to_vector(model.parameters())}


explain(fit, "fit", mistakes.FIT)

reading_curves = written("reading_curves", points=3)


# ---------------------------------------------------------------------------------------------------------------
# 8 Early stopping


def _validation_losses(rng: np.random.Generator) -> list[float]:
    """Draw a curve that falls, stumbles, falls again to its minimum, and rises in zigzags."""
    falling = [1.5, 1.2, 1.35, 1.25, 0.9, 1.0, 0.7, 0.8, 0.5]
    rising = [0.64, 0.58, 0.75, 0.66, 0.85, 0.74, 0.95, 0.88]
    scale = rng.uniform(0.5, 1.5)
    return [float(scale * (loss + 0.02 * rng.random())) for loss in falling + rising]


def _stopping_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Each case has some runs, a patience and validation losses: one number alone would fit too many mistakes."""
    nan = float("nan")
    falling, rising = ([float(v) for v in np.sort(rng.uniform(0.5, 2, 9))[::step]] for step in (-1, 1))
    start, level = sorted(rng.uniform(1, 2, 2).tolist(), reverse=True), float(rng.uniform(0.5, 1))
    table = [0.9, 0.7, 0.8, 0.6, 0.65, 0.62, 0.61, 0.64, 0.5]
    yield case("the table above, and a curve", given=True, runs=[[2, table], [3, _validation_losses(rng)]])
    yield case("three curves", runs=[[5, _validation_losses(rng)], [2, falling], [4, _validation_losses(rng)]])
    yield case("patience 1", edge="patience 1", runs=[[1, _validation_losses(rng)]])
    yield case("never improving", edge="the first epoch is the best", runs=[[3, rising]])
    yield case("a plateau", edge="equal losses", runs=[[4, [1.2, *[level] * 7]]])
    yield case("NaN on the way", edge="NaN", runs=[[3, [*start, nan, nan, 0.9, 0.8, nan, nan, nan, 0.7]]])
    yield case("NaN at the start", edge="NaN at the start", runs=[[2, [nan, *start, 0.9, 1.0, 1.1, 0.8]]])


@task(
    points=3,
    cases=_stopping_cases,
    arrays="torch",
    hints={
        "epochs_run": "stop at the patience-th epoch in a row that is no better than the best so far",
        "best_epoch": "the epoch of the lowest loss so far, when the first call of step is epoch 0",
        "best_loss": "the lowest loss so far",
        "restored": "restore puts back the weights that the model had in the best epoch",
    },
)
def early_stopping(impl: Any, runs: list[Any]) -> dict[str, Any]:
    """Training runs with these validation losses; in epoch k of a run all weights are k."""
    import torch

    columns: dict[str, list[Any]] = {"epochs_run": [], "best_epoch": [], "best_loss": [], "restored": []}
    for patience, losses in runs:
        model = torch.nn.Linear(2, 3)
        stopper = impl.EarlyStopping(patience)
        epochs = 0
        for loss in losses:
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.fill_(epochs)
            epochs += 1
            if stopper.step(loss, model):
                break
        stopper.restore(model)
        last = epochs, stopper.best_epoch, stopper.best_loss, model.weight[1, 1].item()
        for column, value in zip(columns.values(), last, strict=True):
            column.append(value)
    return {
        name: None if any(value is None for value in column) else np.array(column, dtype=float)
        for name, column in columns.items()
    }


explain(early_stopping, "EarlyStopping", mistakes.EARLY_STOPPING)


# ---------------------------------------------------------------------------------------------------------------
# 9 Learning rates


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

    def build(rate: float) -> Any:
        features, hidden, classes = network["sizes"]
        layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)
        model = torch.nn.Sequential(*layers).to(train[0].device)
        torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
        return model, torch.optim.SGD(model.parameters(), lr=rate)

    losses = impl.learning_rate_search(build, rates, tuple(train), tuple(validation), iterations=iterations)
    return {"losses": None if losses is None else np.array([float(v) for v in losses], dtype=np.float32)}


explain(learning_rate_search, "learning_rate_search", mistakes.LEARNING_RATE_SEARCH)


# ---------------------------------------------------------------------------------------------------------------
# 10 and 11 The trained networks


def _hidden_digits(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import load_digits

    images, labels = load_digits("hidden").xy
    chosen = rng.permutation(len(labels))[:200]
    # A little noise, and never the same: the answers cannot be learnt by heart.
    noisy = np.clip(images[chosen] + 0.02 * rng.standard_normal(images[chosen].shape), 0.0, 1.0)
    yield case("200 digits kept back", images=noisy, private={"answers": labels[chosen]})


def _accuracy(outputs: Mapping[str, Any], *, answers: np.ndarray) -> float:
    """Return the share of right predictions, or say in one sentence why they cannot be counted."""
    labels = outputs.get("labels")
    if outputs.get("own", True) is not True:
        msg = "own_model is not one of your OwnMLP"
        raise ValueError(msg)
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iuf":
        msg = f"predict must return a tensor with one digit per image, shape {answers.shape}; it returned none"
        raise ValueError(msg)
    if labels.shape == (len(answers), 10):
        msg = "predict returned the scores: return the class of the largest one"
        raise ValueError(msg)
    if labels.shape != answers.shape:
        msg = f"predict must return one digit per image, shape {answers.shape}; it returned shape {labels.shape}"
        raise ValueError(msg)
    return float(np.mean(labels == answers))


@task(
    points=3,
    cases=_hidden_digits,
    kind="metric",
    arrays="torch",
    measure=_accuracy,
    measure_name="accuracy",
    full=0.95,
    none=0.5,
)
def digits_accuracy(impl: Any, images: Any) -> dict[str, Any]:
    """What the trained network reads on digits that it has not seen."""
    return {"labels": impl.predict(impl.final_model, images.cpu())}


@task(
    points=2,
    cases=network_cases,
    kind="module",
    arrays="torch",
    forbid=("autograd", "torch.nn.Linear", "torch.relu"),
    hints={
        "out": "flatten, then OwnLinear and relu in turns; the last layer is affine",
        "dx": "is dx of your affine_backward and relu_backward right? check them in exercise 03",
    },
)
def own_network(impl: Any, sizes: list[int]) -> Any:
    """The same network made of the student's own layers."""
    import torch

    module = impl.OwnMLP(sizes)
    if any(type(part) is torch.nn.Linear for part in module.modules()):
        msg = "OwnMLP contains torch.nn.Linear: its layers must be OwnLinear"
        raise TypeError(msg)
    return module


own_network.mistakes.update(mlp.mistakes)  # type: ignore[attr-defined]


@task(
    points=1,
    cases=_hidden_digits,
    kind="metric",
    arrays="torch",
    measure=_accuracy,
    measure_name="accuracy",
    full=0.95,
    none=0.5,
)
def own_accuracy(impl: Any, images: Any) -> dict[str, Any]:
    """What the network of the student's own layers reads."""
    return {"labels": impl.predict(impl.own_model, images.cpu()), "own": isinstance(impl.own_model, impl.OwnMLP)}

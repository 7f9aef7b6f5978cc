"""Sections 8 and 9: the loop, what its curves say, and when to stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex07_training_a_network import mistakes, mistakes_running
from autograder.tasks.ex07_training_a_network.drawing import draw_data, draw_network, explain

# ---------------------------------------------------------------------------------------------------------------
# 8 The loop


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
        "parameters": 0.5,
        "told": 0.5,
    },
    hints={
        "train_loss": "after every epoch, evaluate the model on the whole training set: one entry an epoch",
        "train_accuracy": "after every epoch, evaluate the model on the whole training set: one entry an epoch",
        "validation_loss": "after every epoch, evaluate the model on the validation set: one entry an epoch",
        "validation_accuracy": "after every epoch, evaluate the model on the validation set: one entry an epoch",
        "parameters": "one training step for each mini-batch of `batches(x, y, batch_size, rng)`, in every epoch",
        "told": "after every epoch, `early_stopping.step` is told the validation loss of that epoch",
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
    """Train a small network with a right step and a right measurement.

    Its curves and final parameters, and what early stopping was told.
    """
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

    class Stopper:
        best_epoch = 0

        def __init__(self) -> None:
            self.told: list[float] = []

        def step(self, validation_loss: float, trained: Any) -> bool:
            if trained is not model:
                msg = "early_stopping.step(validation_loss, model) was not given the model that is trained"
                raise ValueError(msg)
            self.told.append(float(validation_loss))
            return len(self.told) >= stop_after

        def restore(self, model: Any) -> None:
            # Not what restoring does, but it leaves a trace in the parameters.
            torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())

    features, hidden, classes = network["sizes"]
    norm = torch.nn.BatchNorm1d(hidden)
    layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), norm, torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers).to(train[0].device)
    torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
    stopper = Stopper()
    history = impl.fit(
        model,
        torch.optim.SGD(model.parameters(), lr=0.1),
        tuple(train),
        tuple(validation),
        epochs=epochs,
        batch_size=batch_size,
        rng=np.random.default_rng(order),
        step=step,
        measure=measure,
        **({"early_stopping": stopper} if stop_after else {}),
    )
    curves = {}
    for key in ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy"):
        values = None if history is None else history.get(key)
        curves[key] = None if values is None else np.array([float(v) for v in values], dtype=np.float32)
    told = np.array(stopper.told, dtype=np.float32)
    return {**curves, "parameters": torch.nn.utils.parameters_to_vector(model.parameters()), "told": told}


explain(fit, "fit", mistakes.FIT)

reading_curves = written("reading_curves", points=3)


def _error_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Each case has several networks: one number alone would fit too many mistakes."""
    lecture = [[0.01, 0.05, 0.08], [0.01, 0.02, 0.14], [0.1, 0.105, 0.11]]
    yield case("the lecture's example, and two more", given=True, networks=lecture, tolerance=0.02)
    for name, tolerance in (("five networks", 0.015), ("five others", 0.04)):
        # Gaps well below and well above the tolerance: (bias, variance), in units of it.
        gaps = [(0.4, 0.5), (3.1, 1.6), (1.7, 4.2), (0.6, 2.4), (0.3, -1.8)]
        lowest = rng.uniform(0.0, 0.1, 5)
        networks = []
        for i in rng.permutation(5):
            bias, variance = tolerance * np.array(gaps[i]) * rng.uniform(0.9, 1.1, 2)
            networks.append([float(v) for v in np.cumsum([lowest[i], bias, variance])])
        yield case(name, networks=networks, tolerance=tolerance)
    jumps = [[0.0, 0.3, 0.1], [0.02, 0.3, 0.29], [0.0, 0.003, 0.001]]
    yield case("better on validation", edge="better on validation than on training", networks=jumps, tolerance=0.05)


@task(
    points=2,
    cases=_error_cases,
    hints={
        "bias": "what the training error has above the best possible one",
        "variance": "what the validation error has above the training error; it may be negative",
        "verdict": "suspicious, underfitting, overfitting, good: the first of them that holds",
    },
)
def bias_variance(impl: Any, networks: list[list[float]], tolerance: float) -> dict[str, Any]:
    """What several networks lack, and what to do about it first."""
    found = [impl.bias_variance(*errors, tolerance=tolerance) for errors in networks]
    bias, variance, verdict = zip(*found, strict=True)
    numbers = [None if None in column else np.array([float(v) for v in column]) for column in (bias, variance)]
    return {"bias": numbers[0], "variance": numbers[1], "verdict": [str(v).strip().lower() for v in verdict]}


explain(bias_variance, "bias_variance", mistakes_running.BIAS_VARIANCE)


# ---------------------------------------------------------------------------------------------------------------
# 9 Early stopping


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

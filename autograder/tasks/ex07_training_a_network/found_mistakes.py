"""Section 7: broken code, to be mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes_mended
from autograder.tasks.ex07_training_a_network.drawing import draw_data, draw_network, explain


def _epoch_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (features, hidden, classes), sizes, rate in (
        ("the last mini-batch is small", (5, 7, 3), [8, 8, 3], 0.2),
        ("four mini-batches", (6, 4, 5), [6, 6, 6, 2], 0.1),
        ("a single mini-batch", (4, 6, 7), [9], 0.3),
    ):
        yield case(
            name,
            given=len(sizes) == 3,
            edge=name if len(sizes) == 1 else "",
            network=draw_network(rng, features, hidden, classes, norm=True),
            minibatches=[draw_data(rng, features, classes, n) for n in sizes],
            rate=rate,
        )


@task(
    points=3,
    cases=_epoch_cases,
    arrays="torch",
    shares={"loss": 1, "graph_released": 0.5, "parameters": 1.5},
    hints={
        "loss": "the mean over all samples of the epoch: each mini-batch counts with as many samples as it has",
        "graph_released": "the loss that is returned still hangs on its graph and keeps it in memory: take its number",
        "parameters": "compare each line with your `train_step`: which are missing, and which are too many?",
    },
)
def mend_epoch(impl: Any, network: dict[str, Any], minibatches: list[Any], rate: float) -> dict[str, Any]:
    """One epoch of a small network, which comes in evaluation mode: its mean loss and where its parameters go."""
    import torch

    features, hidden, classes = network["sizes"]
    norm = torch.nn.BatchNorm1d(hidden)
    layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), norm, torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers).to(minibatches[0][0].device)
    torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loss = impl.train_epoch(model, optimizer, [tuple(batch) for batch in minibatches])
    return {
        "loss": None if loss is None else np.float32(float(loss.detach() if isinstance(loss, torch.Tensor) else loss)),
        "graph_released": loss is not None and not getattr(loss, "requires_grad", False),
        "parameters": torch.nn.utils.parameters_to_vector(model.parameters()),
    }


explain(mend_epoch, "train_epoch", mistakes_mended.EPOCH)


def _prepare_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, given, shape, n in (
        ("grey images", True, (1, 4, 4), 20),
        ("more images than fit evenly", False, (1, 3, 5), 33),
        ("feature vectors", False, (6,), 26),
    ):
        # A trend: whoever holds back samples without shuffling, or measures them too, gets another mean and spread.
        images = rng.uniform(0, 1, (n, *shape)) * np.linspace(1, 4, n).reshape(-1, *[1] * len(shape))
        yield case(name, given=given, images=images, labels=rng.integers(10, size=n), order=int(rng.integers(2**31)))
    images = rng.uniform(0, 1, (11, 1, 2, 3)).astype(np.float32)
    labels = rng.integers(10, size=11)
    yield case("in float32", edge="float32", images=images, labels=labels, order=int(rng.integers(2**31)))


@task(
    points=2,
    cases=_prepare_cases,
    hints={
        "x_train": "shuffled, without the first fifth, minus its own mean, over its own spread",
        "y_train": "the labels of the images in x_train, in the same order",
        "x_validation": "the first fifth of the shuffled images, minus the mean and over the spread of the others",
        "y_validation": "the labels of the images in x_validation, in the same order",
    },
)
def mend_data(impl: Any, images: np.ndarray, labels: np.ndarray, order: int) -> dict[str, Any]:
    """Shuffle, hold back a fifth, standardize."""
    (x_train, y_train), (x_validation, y_validation) = impl.prepare(images, labels, np.random.default_rng(order))
    return {"x_train": x_train, "y_train": y_train, "x_validation": x_validation, "y_validation": y_validation}


explain(mend_data, "prepare", mistakes_mended.DATA)

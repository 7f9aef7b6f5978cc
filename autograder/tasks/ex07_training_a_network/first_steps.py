"""Sections 4 to 6: one step, measuring, memorizing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes
from autograder.tasks.ex07_training_a_network.drawing import draw_data, draw_network, explain
from autograder.tasks.ex07_training_a_network.network import SIZES

# ---------------------------------------------------------------------------------------------------------------
# 4 One training step


def _step_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (steps, n, features, hidden, classes), rate, momentum in (
        ("plain SGD", (6, 8, 5, 7, 3), 0.2, 0.0),
        ("SGD with momentum", (5, 9, 6, 4, 7), 0.1, 0.9),
        ("one image at a time", (4, 1, 6, 8, 5), 0.3, 0.0),
    ):
        x, y = draw_data(rng, features, classes, steps, n)
        yield case(
            name,
            given=name == "plain SGD",
            edge="batch of one" if n == 1 else "",
            # Batch norm has no statistics of a single sample.
            network=draw_network(rng, features, hidden, classes, norm=n > 1),
            x=x,
            y=y,
            rate=rate,
            momentum=momentum,
        )


@task(
    points=5,
    cases=_step_cases,
    arrays="torch",
    shares={"losses": 2, "parameters": 3},
    hints={
        "losses": "the mean cross-entropy of the mini-batch, computed before the step, as a float",
        "parameters": "after each step the parameters must be where the optimizer's rule puts them (one row a step)",
    },
)
def train_step(impl: Any, network: dict[str, Any], x: Any, y: Any, rate: float, momentum: float) -> dict[str, Any]:
    """Several steps on a small network, which comes in evaluation mode: its losses and where its parameters go."""
    import torch

    features, hidden, classes = network["sizes"]
    norm = torch.nn.BatchNorm1d(hidden) if network["norm"] else torch.nn.Identity()
    layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), norm, torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers).to(x.device)
    torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=momentum)
    losses, path = [], []
    for inputs, labels in zip(x, y, strict=True):
        loss = impl.train_step(model, optimizer, inputs, labels)
        losses.append(loss.detach() if isinstance(loss, torch.Tensor) else loss)
        path.append(torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone())
    known = all(loss is not None for loss in losses)
    return {
        "losses": np.array([float(loss) for loss in losses], dtype=np.float32) if known else None,
        "parameters": torch.stack(path),
    }


explain(train_step, "train_step", mistakes.TRAIN_STEP)


# ---------------------------------------------------------------------------------------------------------------
# 5 Measuring


def _evaluate_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (n, features, hidden, classes) in (
        ("many samples", (48, 5, 9, 3)),
        ("fewer samples, more classes", (31, 6, 11, 4)),
        ("one sample", (1, 4, 7, 5)),
    ):
        x, y = draw_data(rng, features, classes, n)
        yield case(
            name,
            given=n == 48,
            edge="batch of one" if n == 1 else "",
            network=draw_network(rng, features, hidden, classes, norm=True),
            # Averages far from those of the batch: measuring in the wrong mode must show.
            mean=rng.uniform(0.5, 2.0, hidden),
            variance=rng.uniform(0.2, 3.0, hidden),
            x=x,
            y=y,
        )


@task(
    points=4,
    cases=_evaluate_cases,
    arrays="torch",
    shares={"loss": 1.5, "accuracy": 1.5, "no_gradients": 0.5, "mode_restored": 0.5},
    hints={
        "loss": "the mean cross-entropy of all samples, in evaluation mode",
        "accuracy": "the share, between 0 and 1, of samples whose largest score stands at their label",
        "no_gradients": "the forward pass built a graph for gradients: nobody needs it here, and it costs memory",
        "mode_restored": "a model that came in training mode must leave in training mode, and the other way round",
    },
)
def evaluate(impl: Any, network: dict[str, Any], mean: Any, variance: Any, x: Any, y: Any) -> dict[str, Any]:
    """Measure a network with batch norm, once when it comes in training mode and once in evaluation mode."""
    import torch

    features, hidden, classes = network["sizes"]
    norm = torch.nn.BatchNorm1d(hidden)
    layers = torch.nn.Linear(features, hidden), torch.nn.ReLU(), norm, torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers).to(x.device)
    torch.nn.utils.vector_to_parameters(network["parameters"].clone(), model.parameters())
    norm.load_state_dict({"running_mean": mean, "running_var": variance}, strict=False)
    graph = []
    model.register_forward_pre_hook(lambda *_: graph.append(torch.is_grad_enabled()))

    model.train()
    loss, accuracy = impl.evaluate(model, x, y)
    restored = model.training
    model.eval()
    impl.evaluate(model, x, y)
    restored = restored and not model.training
    return {
        "loss": None if loss is None else np.float32(float(loss)),
        "accuracy": None if accuracy is None else np.float32(float(accuracy)),
        "no_gradients": not any(graph),
        "mode_restored": restored,
    }


explain(evaluate, "evaluate", mistakes.EVALUATE)


# ---------------------------------------------------------------------------------------------------------------
# 6 Memorizing


def _few_images(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import load_digits

    images, labels = load_digits("train").xy
    for name, n, shift in (("one image", 1, 0), ("four images", 4, 0), ("four images, wrong labels", 4, 1)):
        chosen = rng.choice(len(images), size=n, replace=False)
        asked = (labels[chosen] + shift * rng.integers(1, 10, size=n)) % 10
        yield case(
            name,
            network=draw_network(rng, *SIZES),
            images=images[chosen],
            labels=asked,
            private={"answers": asked},
        )


def _memory_loss(outputs: Mapping[str, Any], *, answers: np.ndarray) -> float:
    """Return the cross-entropy of the scores, or say in one sentence why it does not count."""
    scores, losses = outputs.get("scores"), outputs.get("losses")
    if not isinstance(scores, np.ndarray) or scores.shape != (len(answers), 10):
        msg = "overfit must leave a model that still gives ten scores for each image"
        raise ValueError(msg)
    if outputs.get("moved") is not True:
        msg = (
            "the parameters of the given model have not moved: is it this model that you train, with its own optimizer?"
        )
        raise ValueError(msg)
    if not np.isfinite(scores).all():
        msg = "the trained model's scores are not finite: is the learning rate too large?"
        raise ValueError(msg)
    if not isinstance(losses, np.ndarray) or losses.dtype.kind != "f" or losses.ndim != 1 or len(losses) < 2:
        msg = "overfit must return the list of its losses, one number a step"
        raise ValueError(msg)
    scores = scores - scores.max(axis=1, keepdims=True)
    each = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(answers)), answers]
    if each[0] < 0.05 < each[-1] and len(each) > 1:
        msg = f"the first image is known, the last one is not (loss {each[-1]:.3g}): each step must see all of them"
        raise ValueError(msg)
    return float(each.mean())


@task(
    points=2,
    cases=_few_images,
    kind="metric",
    arrays="torch",
    measure=_memory_loss,
    measure_name="loss",
    full=0.05,
    none=1.0,
)
def overfit(impl: Any, network: dict[str, Any], images: Any, labels: Any) -> dict[str, Any]:
    """A model trained on these images alone, with a right step, asked for them again."""
    import torch

    def step(model: Any, optimizer: Any, x: Any, y: Any) -> float:
        model.train()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    # Everything stays on the CPU: what the student's code makes anew is there, too.
    images, labels, start = images.cpu(), labels.cpu(), network["parameters"].cpu()
    features, hidden, classes = network["sizes"]
    layers = torch.nn.Flatten(), torch.nn.Linear(features, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)
    model = torch.nn.Sequential(*layers)
    torch.nn.utils.vector_to_parameters(start.clone() / 4, model.parameters())
    losses = impl.overfit(model, images, labels, step=step)
    try:
        listed = np.array([float(loss) for loss in losses])
    except (TypeError, ValueError):
        listed = None
    model.eval()
    with torch.no_grad():
        moved = not torch.equal(torch.nn.utils.parameters_to_vector(model.parameters()), start / 4)
        return {"scores": model(images), "losses": listed, "moved": moved}

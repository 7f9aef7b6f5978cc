"""Parts 2 to 6: the network, its first loss, one step, measuring, memorizing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes
from autograder.tasks.ex07_training_a_network.mistakes import explain

DIGITS = (1, 8, 8)
SIZES = [64, 32, 10]

# ---------------------------------------------------------------------------------------------------------------
# 2 The network


def network_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Networks of several depths; an edge with a batch of one, another without a hidden layer."""
    yield case("digits", given=True, sizes=SIZES, x=rng.standard_normal((5, *DIGITS)))
    yield case("colour images, two hidden layers", sizes=[12, 7, 9, 4], x=rng.standard_normal((6, 3, 2, 2)))
    yield case("feature vectors, three hidden layers", sizes=[5, 8, 6, 7, 3], x=rng.standard_normal((4, 5)))
    yield case("one image", edge="batch of one", sizes=[6, 5, 4], x=rng.standard_normal((1, 1, 2, 3)))
    yield case("a linear model", edge="no hidden layer", sizes=[6, 4], x=rng.standard_normal((3, 2, 3)))


@task(
    points=4,
    cases=network_cases,
    kind="module",
    arrays="torch",
    hints={
        "out": "flatten, then affine and ReLU in turns; the last layer is affine, its scores go out as they are",
        "dx": "the scores may be right, but the way back to the images is cut or changed",
    },
)
def mlp(impl: Any, sizes: list[int]) -> Any:
    """A multi-layer perceptron of these sizes."""
    return impl.MLP(sizes)


explain(mlp, "MLP", mistakes.NETWORK)


# ---------------------------------------------------------------------------------------------------------------
# 3 The loss before training, and a few numbers


def _class_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("ten digits", given=True, classes=10)
    yield case("two classes", classes=2)
    yield case("many classes", classes=int(rng.integers(20, 2000)))
    yield case("one class", edge="a single class", classes=1)


@task(
    points=1,
    cases=_class_cases,
    hints={"loss": "put the probability 1/C of the right class into the cross-entropy"},
)
def initial_loss(impl: Any, classes: int) -> dict[str, Any]:
    """The cross-entropy of a network that has learnt nothing."""
    return {"loss": impl.initial_loss(classes)}


explain(initial_loss, "initial_loss", mistakes.INITIAL_LOSS)


def _quiz_case(rng: np.random.Generator) -> Iterator[Case]:  # noqa: ARG001
    yield case("your answers")


@task(
    points=3,
    cases=_quiz_case,
    kind="quiz",
    rtol=2e-3,
    hints={
        "fit_weights": "gradient descent sees one set only; see the table of section 1",
        "choose_rate": "a setting is chosen on images that gave no gradients, and that are not kept for the end",
        "report": "an honest number comes from images that decided nothing",
        "parameters": "each layer from D to M has D · M weights and M biases",
        "start_loss": "it is what initial_loss says for this number of classes",
        "iterations": "the last mini-batch of an epoch counts as an iteration too, however small: round up",
    },
)
def numbers(impl: Any) -> dict[str, Any]:
    """Which set is for what, and how much there is of everything."""
    return {
        "fit_weights": impl.fit_weights,
        "choose_rate": impl.choose_rate,
        "report": impl.report,
        "parameters": impl.parameters,
        "start_loss": impl.start_loss,
        "iterations": impl.iterations,
    }


# ---------------------------------------------------------------------------------------------------------------
# 4 One training step


def draw_network(rng: np.random.Generator, *sizes: int, norm: bool = False) -> dict[str, Any]:
    """Draw the parameters of affine, ReLU, batch norm (if asked for), affine, as one vector."""
    features, hidden, classes = sizes
    count = features * hidden + hidden + 2 * hidden * norm + hidden * classes + classes
    return {"sizes": list(sizes), "norm": norm, "parameters": 0.6 * rng.standard_normal(count)}


def draw_data(rng: np.random.Generator, features: int, classes: int, *shape: int) -> list[np.ndarray]:
    """Draw inputs (shape, features) and labels (shape)."""
    return [rng.standard_normal((*shape, features)), rng.integers(classes, size=shape)]


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
        yield case(name, images=images[chosen], labels=asked, private={"answers": asked})


def _memory_loss(outputs: Mapping[str, Any], *, answers: np.ndarray) -> float:
    """Return the cross-entropy of the scores, or say in one sentence why there is none."""
    scores, shape = outputs.get("scores"), (len(answers), 10)
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        msg = "overfit must return the trained model first, and the list of its losses second"
        raise ValueError(msg)
    if scores.shape != shape:
        msg = f"the model's scores for these images have the shape {scores.shape}, expected {shape}"
        raise ValueError(msg)
    if not np.isfinite(scores).all():
        msg = "the trained model's scores are not finite: is the learning rate too large?"
        raise ValueError(msg)
    scores = scores - scores.max(axis=1, keepdims=True)
    scores = scores.astype(float)
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(answers)), answers]))


@task(
    points=3,
    cases=_few_images,
    kind="metric",
    arrays="torch",
    measure=_memory_loss,
    measure_name="loss",
    full=0.05,
    none=1.0,
)
def overfit(impl: Any, images: Any, labels: Any) -> dict[str, Any]:
    """A model trained on these images alone, asked for them again."""
    import torch

    # The student's own model stays where the notebook makes it.
    images, labels = images.cpu(), labels.cpu()
    result = impl.overfit(images, labels)
    model = result[0] if isinstance(result, (tuple, list)) and result else result
    if not isinstance(model, torch.nn.Module):
        return {"scores": None}
    model.eval()
    with torch.no_grad():
        return {"scores": model(images)}

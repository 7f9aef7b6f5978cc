"""The tasks of exercise 07: a network in PyTorch, and the recipe for training it.

Sources: I2DL lecture 6 (training neural networks); lecture 7 and the student summary VIII.2 (early stopping).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, Task, case, task, written
from autograder.tasks import _mistakes07 as mistakes

TITLE = "Training a network"

DIGITS = (1, 8, 8)
SIZES = [64, 32, 10]


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import training
    from i2dl.models import MLP

    return Implementation(
        {
            "MLP": MLP,
            "OwnMLP": MLP,
            "initial_loss": training.initial_loss,
            "train_step": training.train_step,
            "evaluate": training.evaluate,
            "fit": training.fit,
            "EarlyStopping": training.EarlyStopping,
            "learning_rate_search": _learning_rate_search,
            "fit_weights": "train",
            "choose_rate": "validation",
            "report": "test",
            "parameters": sum(p.numel() for p in MLP(SIZES).parameters()),
            "start_loss": training.initial_loss(1000),
            "iterations": 20 * -(-1077 // 32),
        }
    )


def _learning_rate_search(build: Any, rates: Any, train: Any, validation: Any, *, iterations: int) -> list[float]:
    from i2dl import training

    everything = len(train[0])
    found = training.learning_rate_search(
        build, train, validation, rates, seed=0, iterations=iterations, batch_size=everything
    )
    return [loss for _, loss in found]


def _explain(task: Task, name: str, wrong: Mapping[str, Callable[..., Any]]) -> None:
    """Let the task know its mistakes: its own probe, on wrong code in the place of ``name``."""
    from autograder.inside import Implementation

    def variant(code: Callable[..., Any]) -> Callable[..., Any]:
        assert task.probe is not None
        probe = task.probe
        return lambda _impl, **inputs: probe(Implementation({name: code}), **inputs)

    for sentence, code in wrong.items():
        task.mistake(sentence)(variant(code))


# ---------------------------------------------------------------------------------------------------------------
# 2 The network


def _network_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("digits", given=True, sizes=SIZES, x=rng.standard_normal((5, *DIGITS)))
    yield case("colour images, two hidden layers", sizes=[12, 7, 9, 4], x=rng.standard_normal((6, 3, 2, 2)))
    yield case("feature vectors, three hidden layers", sizes=[5, 8, 6, 7, 3], x=rng.standard_normal((4, 5)))
    yield case("one image", edge="batch of one", sizes=[6, 5, 4], x=rng.standard_normal((1, 1, 2, 3)))
    yield case("a linear model", edge="no hidden layer", sizes=[6, 4], x=rng.standard_normal((3, 2, 3)))


@task(
    points=4,
    cases=_network_cases,
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


_explain(mlp, "MLP", mistakes.NETWORK)


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


_explain(initial_loss, "initial_loss", mistakes.INITIAL_LOSS)


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


def _network(rng: np.random.Generator, *sizes: int, norm: bool = False) -> dict[str, Any]:
    """Draw the parameters of affine, ReLU, batch norm (if asked for), affine, as one vector."""
    features, hidden, classes = sizes
    count = features * hidden + hidden + 2 * hidden * norm + hidden * classes + classes
    return {"sizes": list(sizes), "norm": norm, "parameters": 0.6 * rng.standard_normal(count)}


def _data(rng: np.random.Generator, features: int, classes: int, *shape: int) -> list[np.ndarray]:
    """Draw inputs (shape, features) and labels (shape)."""
    return [rng.standard_normal((*shape, features)), rng.integers(classes, size=shape)]


def _step_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (steps, n, features, hidden, classes), rate, momentum in (
        ("plain SGD", (6, 8, 5, 7, 3), 0.2, 0.0),
        ("SGD with momentum", (5, 9, 6, 4, 7), 0.1, 0.9),
        ("one image at a time", (4, 1, 6, 8, 5), 0.3, 0.0),
    ):
        x, y = _data(rng, features, classes, steps, n)
        yield case(
            name,
            given=name == "plain SGD",
            edge="batch of one" if n == 1 else "",
            # Batch norm has no statistics of a single sample.
            network=_network(rng, features, hidden, classes, norm=n > 1),
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


_explain(train_step, "train_step", mistakes.TRAIN_STEP)


# ---------------------------------------------------------------------------------------------------------------
# 5 Measuring


def _evaluate_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, (n, features, hidden, classes) in (
        ("many samples", (48, 5, 9, 3)),
        ("fewer samples, more classes", (31, 6, 11, 4)),
        ("one sample", (1, 4, 7, 5)),
    ):
        x, y = _data(rng, features, classes, n)
        yield case(
            name,
            given=n == 48,
            edge="batch of one" if n == 1 else "",
            network=_network(rng, features, hidden, classes, norm=True),
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


_explain(evaluate, "evaluate", mistakes.EVALUATE)


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
            network=_network(rng, features, hidden, classes, norm=True),
            train=_data(rng, features, classes, n),
            validation=_data(rng, features, classes, n - 9),
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


_explain(fit, "fit", mistakes.FIT)

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


_explain(early_stopping, "EarlyStopping", mistakes.EARLY_STOPPING)


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
            network=_network(rng, features, hidden, classes),
            train=_data(rng, features, classes, n),
            validation=_data(rng, features, classes, n - 4),
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


_explain(learning_rate_search, "learning_rate_search", mistakes.LEARNING_RATE_SEARCH)


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
    cases=_network_cases,
    kind="module",
    arrays="torch",
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

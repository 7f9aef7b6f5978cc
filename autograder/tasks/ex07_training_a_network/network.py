"""Sections 1 to 3: three sets, the network, its first loss, a few numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes
from autograder.tasks.ex07_training_a_network.drawing import explain

DIGITS = (1, 8, 8)
SIZES = [64, 32, 10]

# ---------------------------------------------------------------------------------------------------------------
# 1 Three sets


def _leak_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Test samples that are training samples, and others that only look like some: shifted, mirrored, nearly equal."""
    for name, given, shape, n, m in (
        ("grey images", True, (1, 5, 4), 12, 9),
        ("feature vectors", False, (6,), 14, 11),
        ("colour images", False, (3, 4, 2), 8, 13),
    ):
        train, test = rng.uniform(0, 1, (n, *shape)), rng.uniform(0, 1, (m, *shape))
        places = rng.permutation(min(n, m))[:6]
        test[places[0]], test[places[1]] = train[n - 1], train[places[1]]
        test[places[2]] = train[2]
        test[places[3]] = np.roll(train[4], 1, axis=-1)
        test[places[3]].flat[0] = train[4].flat[0]
        test[places[4]] = train[5][..., ::-1]
        test[places[5]] = train[6]
        test[places[5]].flat[-1] += 0.01
        yield case(name, given=given, train=train, test=test)
    train, test = rng.uniform(0, 1, (5, 1, 3, 2)), rng.uniform(0, 1, (4, 1, 3, 2))
    yield case("two clean sets", edge="no leak", train=train, test=test)
    yield case("the test set is the training set", edge="everything leaked", train=train, test=train[::-1].copy())


@task(
    points=1,
    cases=_leak_cases,
    hints={"leaked": "a test image leaked if all of its numbers are those of one training image, wherever it stands"},
)
def leaked(impl: Any, train: np.ndarray, test: np.ndarray) -> dict[str, Any]:
    """Which test images stand in the training set, too?"""
    found = impl.leaked(train, test)
    if found is None:
        return {"leaked": None}
    return {"leaked": np.array([int(i) for i in found], dtype=int)}


explain(leaked, "leaked", mistakes.LEAKED)


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
    points=3,
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


def _quiz_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield case("the digits", given=True, sizes=SIZES, samples=1077, batch_size=32, epochs=20)
    for name, depth in (("your numbers", 4), ("your other numbers", 5)):
        batch_size = int(rng.integers(12, 70))
        yield case(
            name,
            sizes=[int(n) for n in rng.integers(5, 90, depth)],
            # Never a whole number of mini-batches.
            samples=batch_size * int(rng.integers(5, 40)) + int(rng.integers(1, batch_size)),
            batch_size=batch_size,
            epochs=int(rng.integers(2, 30)),
        )


@task(
    points=3,
    cases=_quiz_cases,
    kind="quiz",
    rtol=1e-6,
    hints={
        "fit_weights": "gradient descent sees one set only; see the table of section 1",
        "choose_rate": "a setting is chosen on images that gave no gradients, and that are not kept for the end",
        "report": "an honest number comes from images that decided nothing",
        "parameter_count": "each layer from D to M has D · M weights and M biases",
        "iteration_count": "each epoch has as many iterations as it takes to see every sample once",
    },
)
def numbers(impl: Any, sizes: list[int], samples: int, batch_size: int, epochs: int) -> dict[str, Any]:
    """Which set is for what, and how much there is of everything."""
    words = {name: getattr(impl, name, None) for name in ("fit_weights", "choose_rate", "report")}
    return {
        **words,
        "parameter_count": impl.parameter_count(list(sizes)),
        "iteration_count": impl.iteration_count(samples, batch_size, epochs),
    }


explain(numbers, "parameter_count", mistakes.PARAMETERS)
explain(numbers, "iteration_count", mistakes.ITERATIONS)

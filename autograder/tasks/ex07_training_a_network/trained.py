"""Sections 12 and 13: an honest number, and the networks that were trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes_mended
from autograder.tasks.ex07_training_a_network.drawing import explain
from autograder.tasks.ex07_training_a_network.network import mlp, network_cases

# ---------------------------------------------------------------------------------------------------------------
# 12 Train, validation, test


def _choice_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Noisy samples of a curve in three sets; in each case several problems, or too many mistakes would fit."""
    for name, given, count in (("three problems", True, 3), ("four problems", False, 4)):
        problems = []
        for _ in range(count):
            # Drawn anew until every set would choose another degree: then it shows which one did.
            while True:
                x, noise = rng.uniform(-1, 1, 44), 0.35 * rng.standard_normal(44)
                data = np.stack([x, np.sin(rng.uniform(2, 4) * x + rng.uniform(0, 3)) + noise])
                sets = [data[:, :16], data[:, 16:28], data[:, 28:]]
                degrees = [int(d) for d in 1 + rng.permutation(9)[:6]]
                fitted = [np.polyfit(sets[0][0], sets[0][1], d) for d in degrees]
                errors = [[float(np.mean((np.polyval(f, x) - y) ** 2)) for f in fitted] for x, y in sets]
                chosen = {int(np.argmin(each)) for each in errors}
                if len(chosen) == 3 and len(degrees) - 1 not in chosen and np.argmax(errors[1]) not in chosen:
                    break
            problems.append({"degrees": degrees, "sets": sets})
        yield case(name, given=given, problems=problems)
    x = np.linspace(-1, 1, 12)
    sets = [np.stack([x[k::3], x[k::3] ** 2]) for k in range(3)]
    yield case("one setting", edge="a single setting", problems=[{"degrees": [1], "sets": sets}])


@task(
    points=2,
    cases=_choice_cases,
    hints={
        "setting": "that whose model, fitted on `train`, has the lowest error on `validation`",
        "test_error": "the error of the chosen model on `test`",
        "looks_at_test": "the test set is for one number at the end: measure on it once, whatever it says",
    },
)
def choose(impl: Any, problems: list[Any]) -> dict[str, Any]:
    """Choose the degrees of polynomials: which are chosen, how good they are, what was looked at."""
    columns: dict[str, list[Any]] = {"setting": [], "test_error": [], "looks_at_test": []}
    for problem in problems:
        train, validation, test = ((np.array(x), np.array(y)) for x, y in problem["sets"])
        looks: list[int] = []

        def fit(degree: int, data: Any) -> Any:
            x, y = data
            return np.polyfit(x, y, degree)

        def error(model: Any, data: Any, test: Any = test, looks: list[int] = looks) -> float:
            x, y = data
            if len(x) == len(test[0]) and np.array_equal(x, test[0]):
                looks.append(1)
            return float(np.mean((np.polyval(model, x) - y) ** 2))

        answer = impl.choose(problem["degrees"], train, validation, test, fit=fit, error=error)
        setting, measured = (None, None) if answer is None else answer
        for column, value in zip(columns.values(), (setting, measured, len(looks)), strict=True):
            column.append(value)
    return {
        name: None if any(value is None for value in column) else np.array([float(value) for value in column])
        for name, column in columns.items()
    }


explain(choose, "choose", mistakes_mended.CHOICE)


# ---------------------------------------------------------------------------------------------------------------
# The trained networks


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
        msg = f"one digit per image was expected, shape {answers.shape}; there are no numbers at all"
        raise ValueError(msg)
    if labels.shape == (len(answers), 10):
        msg = "predict returned the scores: return the class of the largest one"
        raise ValueError(msg)
    if labels.shape != answers.shape:
        msg = f"predict must return one digit per image, shape {answers.shape}; it returned shape {labels.shape}"
        raise ValueError(msg)
    sevens = np.asarray(outputs.get("sevens", [7, 7, 7]))
    if np.array_equal(sevens, labels[:3]) and not np.all(sevens == 7):
        msg = "predict does not read with the model that it is given: another one, handed to it, reads the same"
        raise ValueError(msg)
    if outputs.get("training") is True:
        msg = "predict reads with a model in training mode: call model.eval() first"
        raise ValueError(msg)
    if not np.array_equal(sevens, [7, 7, 7]):
        read = f"a network that sees a 7 in all three images is said to read {sevens.tolist()}"
        msg = f"{read}: return the place of the largest score, counted from 0"
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
    """What the trained network reads on digits that it has not seen, and another one, which sees a 7 in everything."""
    import torch

    other: Any = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    with torch.no_grad():
        other[1].weight.zero_()
        other[1].bias.copy_(torch.eye(10)[7])
    modes = [False]
    other.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    sevens = impl.predict(other, images[:3].cpu())
    return {"labels": impl.predict(impl.final_model, images.cpu()), "sevens": sevens, "training": any(modes)}


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
    for weight in module.parameters():
        if weight.ndim == 2 and len(weight) > 1 and bool((weight == weight[0]).all()):
            msg = "all neurons of a layer start with the same weights, and would stay equal: draw them at random"
            raise ValueError(msg)
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
    import torch

    kind = type(impl.OwnMLP([64, 10]))
    model = impl.own_model
    # By name: a cell that runs again makes a new class, and the model that was trained before is as good.
    own = type(model).__name__ == kind.__name__
    own = own and not any(isinstance(part, torch.nn.Linear) for part in model.modules())
    model.eval()
    with torch.no_grad():
        return {"labels": model(images.cpu()).argmax(dim=1), "own": own}

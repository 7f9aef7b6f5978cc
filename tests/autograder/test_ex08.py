"""Exercise 08: figures of the sources, PyTorch's layers, chance, and what its pictures show."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from autograder.demo.trial import SOLUTIONS
from exercises import trial
from i2dl.init import activation_statistics, kaiming_normal, xavier_normal

NAME = "08_initialization_and_regularization"


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


def test_sixty_points() -> None:
    assert trial(NAME).exercise.points == 60
    assert len(trial(NAME).tasks) == 20


def test_many_seeds_find_nothing_wrong_with_what_is_counted(solved: dict[str, Any]) -> None:
    """Where answers are drawn at random, chance must not cost points."""
    for seed in range(40):
        for task in ("dropout_mask", "bootstrap", "early_stopping", "combine"):
            found = trial(NAME).verdict(task, solved, f"seed {seed}")
            assert found.points == found.out_of, (task, seed, found.diagnoses)


def test_the_text_prints_no_code_of_the_solution() -> None:
    text = "".join(line for line in (SOLUTIONS / f"{NAME}.py").read_text("utf-8").splitlines() if line[:2] == "# ")
    for code in ("np.pad(", "rng.integers(len", "** 0.5", ".argmax(", "/ np.sqrt(", ".mean(axis", "rng.random(shape)"):
        assert code not in text, code


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources, and PyTorch


def test_the_deep_network_is_that_of_the_library(solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    for name, activation, scheme in (
        ("tanh, Xavier", "tanh", xavier_normal),
        ("ReLU, Xavier", "relu", xavier_normal),
        ("ReLU, Kaiming", "relu", kaiming_normal),
    ):
        known = activation_statistics(scheme=scheme, activation=activation, rng=rng).std
        np.testing.assert_allclose([h.std() for h in solved["runs"][name]], known, rtol=0.2)
    assert solved["starts"]["tanh, Xavier"][1] == pytest.approx(solved["xavier_std"](500), rel=1e-6)
    assert solved["starts"]["ReLU, Kaiming"][1] == pytest.approx(solved["kaiming_std"](500), rel=1e-6)


def test_numbers_drawn_with_the_bounds_have_the_variances(solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    for bound, variance in ((solved["uniform_bound"](40), 1 / 40), (solved["glorot_bound"](40, 10), 2 / 50)):
        assert rng.uniform(-bound, bound, 200_000).var() == pytest.approx(variance, rel=0.01)
    assert solved["uniform_bound"](7) == pytest.approx(math.sqrt(3 / 7))  # exam Aug 2020, 8f


def test_which_parameters_ever_move_in_class_22(solved: dict[str, Any]) -> None:
    moved = {
        (case, steps): set(solved["descend"](start, solved["small_network_gradients"], 0.5, steps)[1])
        for case, start in solved["cases"].items()
        for steps in (1, 2, 50)
    }
    for steps in (1, 2, 50):
        assert moved["all zero", steps] == moved["first layer zero", steps] == {"b2"}
    assert moved["second layer zero", 1] == {"W2", "b2"}
    assert moved["second layer zero", 2] == {"W1", "b1", "W2", "b2"}
    equal = solved["columns"]["started equal"]
    np.testing.assert_allclose(equal, np.repeat(equal[:, :1], 8, axis=1), atol=1e-12)


def test_numbers_of_the_exams(solved: dict[str, Any]) -> None:
    assert solved["trainable_parameters"]([64, 10, 5, 3], 0.5) == 723  # Jul 2021, 2.8
    assert solved["running_numbers"]((8, 3, 32, 64)) == 6  # Aug 2022, 7.3
    assert solved["learned_numbers"]((4, 16, 9, 9)) == 32  # Jul 2021, 2.13
    drops = np.random.default_rng(0).random((2, 200_000)) < np.array([[0.3], [0.4]])
    assert solved["dropped_by_pair"](0.3, 0.4) == pytest.approx(drops.any(axis=0).mean(), abs=0.005)  # Feb 2022, 2.5


def test_dropout_keeps_the_expectation_of_lecture_8(solved: dict[str, Any]) -> None:
    theta_x = np.array([0.7, -1.9])
    for p in (0.5, 0.2):
        rng = np.random.default_rng(1)
        mask = solved["dropout_mask"]((100_000, 2), p, rng)
        x = np.tile(theta_x, (100_000, 1))
        for dropout in ("dropout_forward", "dropout_lecture"):
            train = solved[dropout](x, mask, p, True).sum(axis=1).mean()
            assert train == pytest.approx(solved[dropout](theta_x, None, p, False).sum(), abs=0.02)


def batch(shape: tuple[int, ...], features: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    return rng.standard_normal(shape) * 2 + 1, rng.uniform(0.5, 2, features), rng.standard_normal(features)


def by_torch(function: Callable[..., torch.Tensor], dout: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    out = function(*tensors)
    out.backward(torch.tensor(dout))
    return [out.detach().numpy(), *(t.grad.numpy() for t in tensors if t.grad is not None)]


def test_batch_norm_is_that_of_pytorch(solved: dict[str, Any]) -> None:
    x, gamma, beta = batch((6, 4), 4)
    dout = np.random.default_rng(4).standard_normal((6, 4))
    mean, var = torch.zeros(4, dtype=torch.float64), torch.ones(4, dtype=torch.float64)

    def layer(x: Any, gamma: Any, beta: Any) -> Any:
        # PyTorch's momentum weighs the new value, and its variance is the unbiased one.
        return functional.batch_norm(x, mean, var, gamma, beta, training=True, momentum=0.2, eps=0.01)

    expected = by_torch(layer, dout, x, gamma, beta)
    out, cache = solved["batch_norm_forward"](x, gamma, beta, 0.01)
    compact, graph = solved["batch_norm_backward"](dout, cache), solved["batch_norm_graph"](dout, cache)
    for found, right in zip((out, *compact), expected, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-12)
    for name, right in zip(("dx", "dgamma", "dbeta"), expected[1:], strict=True):
        np.testing.assert_allclose(graph[name], right, atol=1e-12)
    running_mean, running_var = solved["update_running"](np.zeros(4), np.ones(4), x, 0.8)
    np.testing.assert_allclose(running_mean, mean.numpy())
    np.testing.assert_allclose((running_var - 0.8) * 6 / 5 + 0.8, var.numpy())
    tested = functional.batch_norm(*map(torch.tensor, (x, running_mean, running_var, gamma, beta)), eps=0.01)
    np.testing.assert_allclose(solved["batch_norm_test"](x, gamma, beta, running_mean, running_var, 0.01), tested)


def test_the_graphs_gradients_are_those_of_its_nodes(solved: dict[str, Any]) -> None:
    x, gamma, beta = (torch.tensor(a) for a in batch((5, 3), 3))
    dout = torch.tensor(np.random.default_rng(4).standard_normal((5, 3)))
    mu = x.mean(dim=0).requires_grad_()
    c = x - mu
    v = (c * c).mean(dim=0)
    r = (v + 0.1) ** -0.5
    for node in (c, v, r):
        node.retain_grad()
    (gamma * c * r + beta).backward(dout)
    found = solved["batch_norm_graph"](dout.numpy(), (c.detach().numpy(), r.detach().numpy(), gamma.numpy()))
    for name, node in {"dmu": mu, "dc": c, "dv": v, "dr": r}.items():
        assert node.grad is not None
        np.testing.assert_allclose(found[name], node.grad.numpy(), atol=1e-12)


def test_layer_and_group_norm_are_those_of_pytorch(solved: dict[str, Any]) -> None:
    x, gamma, beta = batch((5, 6), 6)
    dout = np.random.default_rng(5).standard_normal((5, 6))
    expected = by_torch(lambda x, g, b: functional.layer_norm(x, (6,), g, b, 0.02), dout, x, gamma, beta)
    out, cache = solved["layer_norm_forward"](x, gamma, beta, 0.02)
    for found, right in zip((out, *solved["layer_norm_backward"](dout, cache)), expected, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-12)
    maps, gamma, beta = batch((2, 6, 4, 3), 6)
    for groups in (1, 2, 3, 6):
        right = functional.group_norm(torch.tensor(maps), groups, torch.tensor(gamma), torch.tensor(beta), 0.02)
        np.testing.assert_allclose(solved["group_norm"](maps, gamma, beta, groups, 0.02), right.numpy(), atol=1e-12)


def test_the_groups_of_the_experiment_are_group_norm(solved: dict[str, Any]) -> None:
    x, gamma, beta = batch((5, 8), 8)
    dout = np.random.default_rng(6).standard_normal((5, 8))
    expected = by_torch(lambda x, g, b: functional.group_norm(x, 4, g, b, 1e-5), dout, x, gamma, beta)
    layer = solved["GroupNorm"](8, groups=4)
    layer.values = {"gamma": gamma, "beta": beta}
    np.testing.assert_allclose(layer.forward(x, True), expected[0], atol=1e-12)
    for found, right in zip((layer.backward(dout), *layer.gradients.values()), expected[1:], strict=True):
        np.testing.assert_allclose(found, right, atol=1e-12)


# ---------------------------------------------------------------------------------------------------------------
# What the pictures show is what the text says


def test_regularization_helps(solved: dict[str, Any]) -> None:
    ends = {setting: history[-10:, 3].mean() for setting, history in solved["augmented"].items()}
    assert (
        ends[0.3, True] < min(ends[0, True], ends[0.5, False]) < max(ends[0, True], ends[0.5, False]) < ends[0, False]
    )
    assert solved["best"] < solved["stop"] < len(solved["losses"]) - 1
    assert solved["losses"][-1] > 1.5 * solved["losses"][solved["best"]]
    assert solved["averaged"].mean(axis=0)[-1] < 0.8 * solved["averaged"].mean(axis=0)[0]


def test_batch_norm_repairs_both_starts(solved: dict[str, Any]) -> None:
    for layers in solved["repaired"].values():
        assert min(h.std() for h in layers) > 0.6

"""Exercise 05: figures of the sources and of its text, PyTorch's rules, and what its pictures show."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch

from autograder.task import load_exercise
from exercises import trial

NAME = "05_first_order_optimization"
EXERCISE = load_exercise(NAME)


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


def test_fifty_points() -> None:
    assert EXERCISE.points == 50


# ---------------------------------------------------------------------------------------------------------------
# Figures from outside


def test_the_exams_parabola_oscillates(solved: dict[str, Any]) -> None:
    """Exam Feb 2022, 5.6: x² from 5 with rate 1 jumps between 5 and −5."""
    path = solved["gradient_descent"](
        lambda x: 2 * x, np.array([5.0]), learning_rate=1.0, tolerance=1e-6, max_steps=100
    )
    assert path[:, 0].tolist() == [5.0 * (-1) ** k for k in range(101)]
    limit, best, factor = solved["step_sizes"](np.array([2.0]))
    assert (limit, best, factor) == (1.0, 0.5, 0.0)


def test_the_lectures_schedule_and_counts(solved: dict[str, Any]) -> None:
    rates = [solved["fractional_decay"](e, initial=0.1, decay=1.0) for e in range(4)]
    assert rates == pytest.approx([0.1, 0.05, 0.0333, 0.025], abs=1e-4)
    assert len(solved["minibatches"](2**20, 64, np.random.default_rng(0))) == 16384
    assert len(solved["minibatches"](1000, 500, np.random.default_rng(0))) == 2


def test_the_examples_in_the_text(solved: dict[str, Any]) -> None:
    path = solved["gradient_descent"](lambda x: 2 * x, np.array([5.0]), learning_rate=0.25, tolerance=1.0, max_steps=99)
    assert path[:, 0].tolist() == [5, 2.5, 1.25, 0.625]
    assert solved["step_sizes"](np.array([1.0, 3.0])) == pytest.approx((2 / 3, 0.5, 0.5))
    assert solved["exact_line_search"](np.ones(2), np.diag([1.0, 3.0])) == pytest.approx(0.5)
    square = {"f": lambda x: x @ x, "x": np.ones(1), "direction": np.array([-2.0]), "gradient": np.array([2.0])}
    assert solved["backtracking_line_search"](**square, c1=0.1) == 0.5
    assert solved["gradient_noise"](np.array([[0.0], [2.0]]), 1) == pytest.approx(1.0)
    w, v = solved["nesterov_update"](np.ones(1), lambda x: x, velocity=-np.ones(1), learning_rate=0.1, beta=0.5)
    assert (w.item(), v.item()) == pytest.approx((0.45, -0.55))
    w, u = solved["momentum_outside_update"](
        np.ones(1), np.ones(1), velocity=2 * np.ones(1), learning_rate=0.1, beta=0.9
    )
    assert (w.item(), u.item()) == pytest.approx((0.72, 2.8))
    zero = np.zeros(1)
    w, s, d = solved["adadelta_update"](zero, np.ones(1), s=zero, d=zero)
    assert (-w.item(), s.item(), d.item()) == pytest.approx((0.0031623, 0.1, 1e-6), rel=1e-3)
    plain = solved["adam_update"](zero, 2 + zero, m=zero, v=zero, step=0, learning_rate=1.0, bias_correction=False)
    assert plain[0].item() == pytest.approx(-3.1623, abs=1e-4)
    w, *_ = solved["nadam_update"](zero, 1 + zero, m=zero, v=zero, step=0, learning_rate=1.0)
    assert w.item() == pytest.approx(-1.4737, abs=1e-4)
    w, *_ = solved["adamw_update"](
        2 + zero, zero, adam=lambda w, dw, **k: (w - 0.1,), m=zero, v=zero, step=0, learning_rate=0.1, decay=0.5
    )
    assert w.item() == pytest.approx(1.8)
    clipped, norm = solved["clip_by_global_norm"]([np.array([3.0]), np.array([0.0, 4.0])], 1.0)
    assert norm == 5
    np.testing.assert_allclose(np.concatenate(clipped), [0.6, 0, 0.8])
    rates = [solved["step_decay"](e, initial=0.8, decay=0.25, every=3) for e in (2, 3, 5, 6)]
    assert rates == pytest.approx([0.8, 0.6, 0.6, 0.45])
    assert [solved["transformer_warmup"](s, width=4, warmup=4) for s in (1, 4, 16)] == [1 / 16, 1 / 4, 1 / 8]
    rate, best, bad, rates = 0.1, math.inf, 0, []
    for loss in [1.0, 0.8, 0.9, 0.85, 0.81, 0.7, 0.75, 0.8]:
        rate, best, bad = solved["reduce_on_plateau"](rate, loss, best=best, bad_epochs=bad, patience=2)
        rates.append(rate)
    assert rates == pytest.approx([0.1] * 4 + [0.01] * 4)


def test_the_noise_is_that_of_all_batches_there_are(solved: dict[str, Any]) -> None:
    gradients = np.random.default_rng(0).standard_normal((8, 3))
    for m in (1, 3, 7, 8):
        batches = [gradients[list(chosen)].mean(axis=0) for chosen in itertools.combinations(range(8), m)]
        distance = np.mean(np.sum((np.array(batches) - gradients.mean(axis=0)) ** 2, axis=1))
        assert solved["gradient_noise"](gradients, m) == pytest.approx(np.sqrt(distance))
        assert EXERCISE.make_reference().gradient_noise(gradients, m) == pytest.approx(np.sqrt(distance))


@pytest.mark.parametrize(
    ("rule", "state", "make"),
    [
        ("momentum_outside_update", ["velocity"], lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        ("adagrad_update", ["s"], lambda p: torch.optim.Adagrad(p, lr=0.1)),
        ("rmsprop_update", ["s"], lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9)),
        ("adadelta_update", ["s", "d"], lambda p: torch.optim.Adadelta(p, lr=1.0)),
        ("adam_update", ["m", "v", "step"], lambda p: torch.optim.Adam(p, lr=0.1)),
        ("adamax_update", ["m", "u", "step"], lambda p: torch.optim.Adamax(p, lr=0.1)),
        ("amsgrad_update", ["m", "v", "v_max", "step"], lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True)),
        ("adamw_update", ["m", "v", "step"], lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.01)),
    ],
)
def test_the_solutions_rules_are_pytorchs(rule: str, state: list[str], make: Any, solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    w = rng.standard_normal((3, 2))
    parameter = torch.nn.Parameter(torch.tensor(w))
    optimizer = make([parameter])
    memory: dict[str, Any] = {name: 0 if name == "step" else np.zeros_like(w) for name in state}
    options: dict[str, Any] = {} if rule == "adadelta_update" else {"learning_rate": 0.1}
    if rule == "adamw_update":
        options["adam"] = solved["adam_update"]
    for _ in range(6):
        dw = rng.standard_normal((3, 2))
        w, *new = solved[rule](w, dw, **memory, **options)
        memory = dict(zip(memory, new, strict=True))
        parameter.grad = torch.tensor(dw)
        optimizer.step()
    np.testing.assert_allclose(w, parameter.detach().numpy(), rtol=1e-9)


def test_what_the_pictures_are_said_to_show(solved: dict[str, Any]) -> None:
    assert abs(solved["curves"]["by hand"][15] - 0.03) < 1e-12
    saddle = {name: path[-1] for name, path in solved["tracks"]["saddle"].items()}
    assert saddle["gradient descent"][1] < 0.2, "still on the ridge"
    assert all(saddle[name][1] > 0.8 for name in ("momentum", "Adagrad", "RMSProp", "Adam", "Nadam"))
    assert solved["scheduled"]["constant 3"][-1] > 2 * solved["scheduled"]["fractional from 3"][-1]
    assert solved["ends"]["λw in the gradient"][-1] > 5 * solved["ends"]["AdamW"][-1]
    assert np.linalg.norm(solved["paths"]["no clipping"][1]) > 10

"""Exercise 02: figures of the sources, and the engine as a whole."""

from __future__ import annotations

import math
import types
from typing import Any

import numpy as np
import pytest
import torch

from exercises import trial
from i2dl import autodiff
from i2dl.plots import GREEN
from i2dl.plots.graph import RED, draw_graph


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial("02_computing_gradients").names


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_sum_times_z(solved: dict[str, Any]) -> None:
    assert solved["sum_times_z"](1.0, -3.0, 4.0) == (-8.0, (4.0, 4.0, -2.0))


def test_the_lectures_neuron(solved: dict[str, Any]) -> None:
    out, stages, dw, dx, db = solved["sigmoid_neuron"](np.array([2.0, -3.0]), np.array([-1.0, -2.0]), -3.0)
    assert round(float(out), 2) == 0.73
    assert np.round(stages, 2).tolist() == [-0.53, -0.53, -0.20, 0.20]
    assert np.round(dw, 2).tolist() == [-0.20, -0.39]
    assert np.round(dx, 2).tolist() == [0.39, -0.59]
    assert round(float(db), 2) == 0.20


def test_the_lectures_network(solved: dict[str, Any]) -> None:
    loss, dw1, dw2 = solved["relu_network"](1.0, 0.0, 1 / 3, 2.0)
    assert (loss, dw1, dw2) == pytest.approx((4 / 9, 8 / 3, 4 / 9))


def test_the_measured_weights_of_the_slides(solved: dict[str, Any]) -> None:
    """CS 4803/7643: losses 1.25347 before, and 1.25322, 1.25353, 1.25347 after a step of 0.0001."""
    after = {0.34: 1.25322, -1.11: 1.25353, 0.78: 1.25347}
    for w, loss in after.items():
        slope = solved["one_sided"](lambda v, w=w, loss=loss: 1.25347 if v == w else loss, w, 0.0001)
        assert slope == pytest.approx({0.34: -2.5, -1.11: 0.6, 0.78: 0.0}[w], abs=1e-6)


def test_the_logistic_map_has_one_slope(solved: dict[str, Any]) -> None:
    formula = solved["differentiate"](solved["logistic_formula"](3))
    for x in (0.2, 0.37, 0.9):
        slope = autodiff.four_ways(x)[0].derivative
        assert solved["slope_by_hand"](x) == pytest.approx(slope, rel=1e-12)
        assert solved["slope_alongside"](x, 3)[1] == pytest.approx(slope, rel=1e-12)
        assert solved["evaluate"](formula, x) == pytest.approx(slope, rel=1e-12)
        forward = solved["forward_gradient"](solved["logistic_map"], [x], solved["Dual"])
        backward = solved["reverse_gradient"](solved["logistic_map"], [x], solved["Value"])
        assert forward[1] == pytest.approx([slope], rel=1e-12)
        assert backward[1] == pytest.approx([slope], rel=1e-12)
    assert solved["slope_by_hand"](0.2) == pytest.approx(9.0660864, abs=1e-12)


def test_best_steps_are_where_the_errors_are_smallest(solved: dict[str, Any]) -> None:
    f, f2, f3, eps = 3.0, 0.7, 5.0, 1e-14
    h = np.exp(np.linspace(math.log(1e-9), math.log(1e-2), 400_001))
    one = h[np.argmin(h / 2 * f2 + 2 * eps * f / h)]
    two = h[np.argmin(h**2 / 6 * f3 + eps * f / h)]
    assert solved["best_step_one_sided"](f, f2, eps) == pytest.approx(one, rel=1e-4)
    assert solved["best_step_central"](f, f3, eps) == pytest.approx(two, rel=1e-4)


# ---------------------------------------------------------------------------------------------------------------
# The engine as a whole


def program(x: Any, y: Any, z: Any, of: Any) -> Any:
    a = x * y - z / (y * y + 1)
    b = of.exp(-a) + of.tanh(2 * x) * z
    return (a * b + 1 / (3 + x * x)) ** 2 - of.log(z * z + 1.5) + of.relu(y - x) * 0.5


def test_the_engine_agrees_with_pytorch_and_with_dual_numbers(solved: dict[str, Any]) -> None:
    own = types.SimpleNamespace(**{name: solved[name] for name in ("exp", "tanh", "log", "relu")})
    rng = np.random.default_rng(0)
    for _ in range(5):
        inputs = [float(v) for v in rng.standard_normal(3)]
        tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in inputs]
        out = program(*tensors, torch)
        out.backward()
        slopes = [t.grad.item() for t in tensors]
        for mode, make in (("reverse_gradient", "Value"), ("forward_gradient", "Dual")):
            value, gradient = solved[mode](lambda *v: program(*v, own), inputs, solved[make])
            assert value == pytest.approx(out.item(), rel=1e-12)
            assert gradient == pytest.approx(slopes, rel=1e-10)


def test_the_students_graph_is_drawn_with_the_lectures_numbers(solved: dict[str, Any]) -> None:
    make, exp = solved["Value"], solved["exp"]
    b, w0, x0, w1, x1 = (make(v, name=n) for n, v in {"b": -3.0, "w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0}.items())
    neuron = 1 / (1 + exp(-(b + w0 * x0 + w1 * x1)))
    neuron.backward()
    shown: dict[str, list[str]] = {GREEN: [], RED: []}
    for text in draw_graph(neuron).axes[0].texts:
        shown.get(str(text.get_color()), []).append(text.get_text())
    assert {"0.37", "1.37", "0.73", "−1.00"} <= set(shown[GREEN])
    assert {"−0.53", "−0.20", "0.20", "0.39", "−0.39", "−0.59", "1.00"} <= set(shown[RED])
    assert shown[RED].count("−0.53") == 2


def test_the_network_learns_xor(solved: dict[str, Any]) -> None:
    assert solved["losses"][0] > 1
    assert solved["losses"][-1] < 0.01


def test_reverse_mode_costs_a_small_multiple_whatever_the_number_of_inputs(solved: dict[str, Any]) -> None:
    reverse, forward = solved["methods"]["reverse mode"][0], solved["methods"]["forward mode"][0]
    assert solved["cost"](reverse, 64) < 5
    assert solved["cost"](forward, 64) > 64

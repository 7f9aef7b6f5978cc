"""The curves show what they were given, and what is not written yet spoils nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from i2dl.functional import (
    ACTIVATIONS,
    elastic_net_penalty,
    hinge_loss,
    sigmoid_backward,
    sigmoid_forward,
    step_backward,
    step_forward,
    zero_one_loss,
)
from i2dl.plots import Picture
from i2dl.plots.curves import activation_curves, binary_loss_curves, penalty_contours


def stub(*_: Any) -> Any:
    raise NotImplementedError


def drawn(figure: Any) -> bool:
    return figure._repr_png_()[:4] == b"\x89PNG"


def test_measured_slopes_lie_on_the_backward_pass() -> None:
    figure = activation_curves({"σ": (sigmoid_forward, sigmoid_backward)}, low=-3, high=3)
    lines = {line.get_label(): line.get_xydata() for line in figure.axes[0].lines}
    x, slope = lines["slope, from the backward pass"].T
    at, measured = lines["slope, measured"].T
    assert np.interp(at, x, slope) == pytest.approx(measured, abs=1e-4)
    assert lines["value"][:, 1] == pytest.approx(1 / (1 + np.exp(-x)))
    assert drawn(figure)


def test_a_wrong_backward_pass_shows() -> None:
    figure = activation_curves({"σ": (sigmoid_forward, lambda dout, cache: dout * cache)})
    lines = {line.get_label(): line.get_xydata() for line in figure.axes[0].lines}
    x, slope = lines["slope, from the backward pass"].T
    at, measured = lines["slope, measured"].T
    assert np.max(np.abs(np.interp(at, x, slope) - measured)) > 0.5


def test_a_jump_is_a_gap() -> None:
    figure = activation_curves({"step": (step_forward, step_backward)})
    value = next(line for line in figure.axes[0].lines if line.get_label() == "value").get_ydata()
    assert np.isnan(value).sum() == 1


def test_every_activation_can_be_drawn() -> None:
    figure = activation_curves({a.name: (a.forward, a.backward) for a in ACTIVATIONS.values()}, columns=3)
    assert [ax.get_title() for ax in figure.axes] == list(ACTIVATIONS)
    assert isinstance(figure, Picture)
    assert drawn(figure)


def test_spare_panels_are_empty() -> None:
    figure = activation_curves(dict.fromkeys("abcde", (sigmoid_forward, sigmoid_backward)), columns=4)
    assert [ax.axison for ax in figure.axes] == [True] * 5 + [False] * 3


def test_stubs_leave_a_note_and_the_others_are_drawn() -> None:
    figure = activation_curves({"stub": (stub, stub), "σ": (sigmoid_forward, sigmoid_backward)})
    assert figure.axes[0].texts[0].get_text() == "not written yet"
    assert len(figure.axes[1].lines) == 5
    assert len(figure.legends) == 1
    figure = activation_curves({"stub": (stub, stub)})
    assert not figure.legends
    figure = penalty_contours({"stub": stub})
    assert figure.axes[0].texts[0].get_text() == "not written yet"


def test_losses_and_their_slopes() -> None:
    figure = binary_loss_curves({"0/1": zero_one_loss, "hinge": hinge_loss, "later": stub}, low=-2, high=2)
    left, right = ({line.get_label(): line.get_xydata() for line in ax.lines} for ax in figure.axes)
    s, loss = left["hinge"].T
    assert loss == pytest.approx(np.maximum(0, 1 - s))
    assert not np.nan_to_num(right["0/1"][:, 1]).any()
    assert "later (not written yet)" in left
    assert drawn(figure)


def test_the_path_of_the_best_weights_runs_into_an_axis_under_l1_alone() -> None:
    figure = penalty_contours(
        {
            "L1": lambda w: float(elastic_net_penalty(w, 1.0, 0.0)[0]),
            "L2": lambda w: float(elastic_net_penalty(w, 0.0, 1.0)[0]),
        }
    )
    paths = [next(line.get_xydata() for line in ax.lines if len(line.get_xydata()) > 10) for ax in figure.axes]
    for path in paths:
        assert path[0] == pytest.approx([1.6, 0.5])
        assert np.hypot(*path[-1]) < 0.1
    on_axis = [np.mean((path[:, 1] == 0) & (path[:, 0] > 0.2)) for path in paths]
    assert on_axis[0] > 0.1
    assert on_axis[1] == 0
    assert drawn(figure)


@pytest.mark.parametrize("draw", [activation_curves, binary_loss_curves, penalty_contours])
def test_nothing_to_draw(draw: Any) -> None:
    with pytest.raises(ValueError, match="at least one"):
        draw({})

"""Exercise 04: figures of the sources and of its text, its quizzes, and its pictures while steps are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.task import load_exercise
from exercises import trial

NAME = "04_activations_and_losses"
EXERCISE = load_exercise(NAME)


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_scores(solved: dict[str, Any]) -> None:
    """Lecture 7: cross-entropy 2.04, 0.079, 6.156, mean 2.76; hinge 2.9, 0, 12.9, mean 5.27."""
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    for loss, each, mean in (
        ("softmax_loss", [2.04, 0.079, 6.156], 2.76),
        ("svm_loss", [2.9, 0, 12.9], 5.27),
    ):
        found = [solved[loss](scores[i : i + 1], np.array([i]))[0] for i in range(3)]
        assert found == pytest.approx(each, abs=5e-4)
        assert solved[loss](scores, np.arange(3))[0] == pytest.approx(mean, abs=5e-3)


def test_three_models_of_the_lecture(solved: dict[str, Any]) -> None:
    """Lecture 7: hinge 0, 12, 0; cross-entropy 0.05, 5.70, 2.8e−11."""
    models, y = [[5.0, -3, 2], [5.0, 10, 10], [5.0, -20, -20]], np.zeros(1, dtype=int)
    hinge, entropy = ([solved[f](np.array([s]), y)[0] for s in models] for f in ("svm_loss", "softmax_loss"))
    assert hinge == [0, 12, 0]
    assert entropy == pytest.approx([0.05, 5.70, 2.8e-11], rel=3e-2)


def test_the_lectures_grids(solved: dict[str, Any]) -> None:
    """Lecture 7: differences of 3, 4, 2, 2 and otherwise 0 give L2 = 33 and L1 = 11."""
    difference = np.zeros((4, 4))
    difference.flat[[1, 6, 8, 11]] = 3, -4, 2, -2
    target = np.arange(16.0).reshape(4, 4)
    assert solved["mse_loss"](target + difference, target, reduction="sum")[0] == 33
    assert solved["l1_loss"](target + difference, target, reduction="sum")[0] == 11


def test_the_two_dog_classifiers(solved: dict[str, Any]) -> None:
    """Lecture 4: L2 0.5625 and 0.375, L1 0.75 and 1; lecture 7: R² = 1 and 0.25."""
    penalty = solved["elastic_net_penalty"]
    one, two = np.array([0, 0.75, 0]), np.array([0.25, 0.5, 0.25])
    assert [penalty(w, 0.0, 1.0)[0] for w in (one, two)] == [0.5625, 0.375]
    assert [penalty(w, 1.0, 0.0)[0] for w in (one, two)] == [0.75, 1]
    assert [penalty(w, 0.0, 1.0)[0] for w in (np.array([1.0, 0, 0, 0]), np.full(4, 0.25))] == [1, 0.25]


def test_the_exams_sigmoid(solved: dict[str, Any]) -> None:
    """Feb 2022, 6.3 and 6.4: slopes (0, 0.25), then dW = (0, −0.25) and db = 0.25, for outputs rounded to (1, 0.5)."""
    slopes = solved["sigmoid_backward"](np.ones((2, 1)), np.array([[1.0], [0.5]]))
    assert slopes.ravel().tolist() == [0, 0.25]
    assert (np.array([[1.0, 1], [0, -1]]).T @ slopes).ravel().tolist() == [0, -0.25]
    exact = solved["sigmoid_forward"](np.array([5.0]))[0]
    assert exact == pytest.approx(0.9933, abs=5e-5)
    assert solved["sigmoid_backward"](np.ones(1), exact) == pytest.approx(0.0066, abs=5e-5)


def test_the_text_tells_the_truth(solved: dict[str, Any]) -> None:
    """The worked examples of the notebook."""
    grid = np.linspace(-5, 5, 20001)
    assert solved["swish_forward"](grid)[0].min() == pytest.approx(-0.2785, abs=5e-5)
    w = np.array([1.0, -2.0])
    assert solved["elastic_net_penalty"](w, 0.5, 0.25)[0] == 2.75
    assert solved["elastic_net_penalty"](w, 0.5, 0.25)[1].tolist() == [1, -1.5]
    assert solved["elastic_net_penalty"](w, 0.5, 0.25, half=True)[0] == 2.125
    assert solved["best_weight"](np.array([3.0, 0.4, -2.0]), 1.0, 1.0).tolist() == [1.25, 0, -0.75]
    assert solved["prelu_backward"](
        np.array([[5.0], [7], [4]]), solved["prelu_forward"](np.array([[-2.0], [3], [-1]]), np.array([0.1]))[1]
    )[1].tolist() == [-14]
    p, cache = solved["softmax_forward"](np.array([[0.0, np.log(3)]]))
    assert p == pytest.approx(np.array([[0.25, 0.75]]))
    assert solved["softmax_backward"](np.array([[4.0, 0]]), cache) == pytest.approx(np.array([[0.75, -0.75]]))
    _, slope = solved["softmax_loss"](np.zeros((1, 4)), np.array([0]), label_smoothing=0.2)
    assert slope == pytest.approx(np.array([[-0.6, 0.2, 0.2, 0.2]]))
    hinges = [solved["hinge_loss"](np.array([s]), np.array([-1.0]))[0] for s in (2.0, -0.4, -5.0)]
    assert hinges == pytest.approx([3, 0.6, 0])


def test_best_weight_is_the_minimum() -> None:
    """Against a search on a fine grid."""
    best = EXERCISE.reference(EXERCISE.tasks["best_weight"]).best_weight
    grid = np.linspace(-4, 4, 80001)
    for v, l1, l2 in ((1.3, 0.8, 0.5), (-2.0, 1.0, 0.0), (0.3, 0.7, 0.2), (-0.9, 0.0, 2.0)):
        cost = (grid - v) ** 2 + l1 * np.abs(grid) + l2 * grid**2
        assert best(np.array([v]), l1, l2)[0] == pytest.approx(grid[np.argmin(cost)], abs=2e-4)


def test_the_full_losss_gradient_is_measured() -> None:
    """Against central differences, with the library's penalty."""
    from i2dl.functional import elastic_net_penalty

    full_loss = EXERCISE.reference(EXERCISE.tasks["full_loss"]).full_loss
    rng = np.random.default_rng(0)
    w, b = rng.standard_normal((2, 3)), rng.standard_normal(3)

    def total(w: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        data = {"w1": 2 * w, "b1": 0 * b}
        found = full_loss((w**2).sum(), data, {"w1": w, "b1": b}, {"w1": (0.3, 0.2)}, elastic_net_penalty)
        return float(found[0]), found[1]

    for i in np.ndindex(w.shape):
        step = np.zeros_like(w)
        step[i] = 1e-6
        measured = (total(w + step)[0] - total(w - step)[0]) / 2e-6
        assert total(w)[1]["w1"][i] == pytest.approx(measured, rel=1e-6)
    assert not total(w)[1]["b1"].any()


def test_quiz_answers_follow_from_formulas() -> None:
    numbers = EXERCISE.reference(EXERCISE.tasks["quiz_activations"])
    assert numbers.largest_gradient(3) == 1 / 64
    assert numbers.tanh_from_sigmoid(1 / (1 + np.exp(-1.4))) == pytest.approx(np.tanh(0.7))
    w = np.array([1.0, -2.0, 3.0])
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * 3)).reshape(3, -1).T
    assert np.max(corners @ w + numbers.deadly_bias(w)) == 0
    numbers = EXERCISE.reference(EXERCISE.tasks["quiz_losses"])
    assert numbers.start_cross_entropy(10) == pytest.approx(np.log(10))
    assert numbers.start_hinge(10) == 9
    q = np.array([0.91, 0.03, 0.03, 0.03])
    assert numbers.lowest_smoothed_loss(4, 0.12) == pytest.approx(-(q * np.log(q)).sum())


# ---------------------------------------------------------------------------------------------------------------
# Fairness


def test_order_and_form_of_names_do_not_count() -> None:
    answers = {"saturate": ("tanh", "Step ", "sigmoid"), "can_die": {"relu", "step"}, "zero_centred": ["identity"]}
    assert trial(NAME).verdict("quiz_properties", answers).points == pytest.approx(2 * 2 / 4)


def test_an_unanswered_quiz_earns_nothing() -> None:
    for task in ("quiz_properties", "quiz_activations", "quiz_losses"):
        assert trial(NAME).verdict(task, {}).points == 0


def test_unfinished_pictures_do_not_stop_the_notebook() -> None:
    """A student whose step is still a stub sees the other curves, and no error."""

    def stub(*_: Any, **__: Any) -> Any:
        raise NotImplementedError

    from i2dl.functional import hinge_loss, sigmoid_backward, sigmoid_forward
    from i2dl.plots.curves import activation_curves, binary_loss_curves

    figure = activation_curves({"done": (sigmoid_forward, sigmoid_backward), "stub": (stub, stub)})
    assert len(figure.axes[0].lines) > 3
    assert figure.axes[1].texts[0].get_text() == "not written yet"
    figure = binary_loss_curves({"stub": stub, "hinge": hinge_loss})
    assert "hinge" in [line.get_label() for line in figure.axes[1].lines]

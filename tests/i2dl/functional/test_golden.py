"""The figures that the course's own documents print, each under the name of its source."""

import numpy as np
import pytest

from i2dl.functional import (
    affine_backward,
    affine_forward,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    elastic_net_penalty,
    hinge_loss,
    l1_loss,
    l1_penalty,
    l2_penalty,
    leaky_relu_backward,
    leaky_relu_forward,
    mse_loss,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_backward,
    softmax_forward,
    softmax_loss,
    svm_loss,
)


def test_halperin_section_4(backend, close):
    """X = [[0, 1], [2, 3]], W all ones, f(y) = y², L the sum: 52, and the four gradients."""
    x, w, b = np.array([[0.0, 1.0], [2.0, 3.0]]), np.ones((2, 2)), np.zeros(2)
    y, _ = backend.pair(affine_forward, affine_backward, [x, w, b], np.ones((2, 2)))
    loss, dy = backend.call(mse_loss, y, np.zeros((2, 2)), reduction="sum")  # the sum of squares is a loss against 0
    _, (dx, dw, db) = backend.pair(affine_forward, affine_backward, [x, w, b], dy)
    close(loss, 52.0)
    close(dy, [[2.0, 2.0], [10.0, 10.0]])
    close(dx, [[4.0, 4.0], [20.0, 20.0]])
    close(dw, [[20.0, 20.0], [32.0, 32.0]])
    close(db, [12.0, 12.0])


def test_halperin_section_3_1(backend, close):
    """L = y₁ + y₂ for one output column: ∂L/∂x₁₁ = w₁ and ∂L/∂w₁ = x₁₁ + x₂₁."""
    x, w = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[7.0], [11.0]])
    _, (dx, dw, _) = backend.pair(affine_forward, affine_backward, [x, w, np.zeros(1)], np.ones((2, 1)))
    close(dx, [[7.0, 11.0], [7.0, 11.0]])
    close(dw, [[4.0], [7.0]])


def backward_through_two_layers(backend, x, w1, b1, w2, b2, target, forward, backward, **options):
    """Output, loss, and gradients of (w1, b1, w2, b2) of affine, activation, affine, MSE over all outputs."""
    first, second = [x, w1, b1], [w2, b2]
    h = backend.numpy(affine_forward(*map(backend.array, first))[0])
    a = backend.numpy(forward(backend.array(h), **options)[0])
    out = backend.numpy(affine_forward(*map(backend.array, [a, *second]))[0])
    loss, dout = backend.call(mse_loss, out, target)
    _, (da, dw2, db2) = backend.pair(affine_forward, affine_backward, [a, *second], dout)
    _, (dh,) = backend.pair(forward, backward, [h], da, **options)
    _, (_, dw1, db1) = backend.pair(affine_forward, affine_backward, first, dh)
    return out, loss, (dw1, db1, dw2, db2)


def test_lecture_4_two_weights(backend, close):
    """x = 1, y = 0, w₁ = 1/3, w₂ = 2: ∂L/∂w₂ = 4/9 and ∂L/∂w₁ = 8/3."""
    x, w1, w2, zero = np.ones((1, 1)), np.full((1, 1), 1 / 3), np.full((1, 1), 2.0), np.zeros(1)
    out, loss, (dw1, _, dw2, _) = backward_through_two_layers(
        backend, x, w1, zero, w2, zero, np.zeros((1, 1)), relu_forward, relu_backward
    )
    close(out, [[2 / 3]])
    close(loss, 4 / 9)
    close(dw2, [[4 / 9]])
    close(dw1, [[8 / 3]])


def test_exam_august_2022_problem_6(backend, close):
    """Forward (2, 0), MSE 1, ∂L/∂w₁₁ = 1.5, w₁₁ → −0.65. The solution computes with b₄ = −1, b₅ = 2, not as tabled."""
    w1 = np.array([[-0.5, 1.0, 2.0], [-1.0, 0.5, 1.5]])
    w2 = np.array([[1.0, -0.5], [-0.5, 2.0], [-1.0, 1.0]])
    out, loss, (dw1, *_) = backward_through_two_layers(
        backend,
        np.array([[1.0, -2.0]]),
        w1,
        np.array([0.5, 0.0, -1.0]),
        w2,
        np.array([-1.0, 2.0]),
        np.ones((1, 2)),
        leaky_relu_forward,
        leaky_relu_backward,
        alpha=0.5,
    )
    close(out, [[2.0, 0.0]])
    close(loss, 1.0)
    close(dw1[0, 0], 1.5)
    close((w1 - 0.1 * dw1)[0, 0], -0.65)


def test_mock_exam_2020_part_3(backend, close):
    """o = (0, −1.5), MSE 2.5, ∂MSE/∂w₂₁ = −1.5, w₂₁ → 0.65."""
    w1, w2 = np.array([[1.0, -0.5], [0.5, -1.0]]), np.array([[0.5, -1.0], [-0.5, 1.0]])
    out, loss, (dw1, *_) = backward_through_two_layers(
        backend,
        np.array([[2.0, -1.0]]),
        w1,
        np.array([0.5, -0.5]),
        w2,
        np.array([-1.0, 0.5]),
        np.array([[1.0, 0.5]]),
        relu_forward,
        relu_backward,
    )
    close(out, [[0.0, -1.5]])
    close(loss, 2.5)
    close(dw1[1, 0], -1.5)
    close((w1 - 0.1 * dw1)[1, 0], 0.65)


def test_exam_february_2022_problem_6(backend, close):
    """σ of (5, 0) is (1, 0.5) when rounded; its slope (0, 0.25) gives dW = (0, −0.25) and db = 0.25."""
    x, w, b = np.array([[1.0, 1.0], [0.0, -1.0]]), np.array([[1.0], [2.0]]), np.array([2.0])
    z = backend.numpy(affine_forward(*map(backend.array, (x, w, b)))[0])
    y, (dz,) = backend.pair(sigmoid_forward, sigmoid_backward, [z], np.ones((2, 1)))
    close(z, [[5.0], [0.0]])
    close(y, [[1.0], [0.5]], atol=0.01)
    close(dz, [[0.0], [0.25]], atol=0.01)
    _, (_, dw, db) = backend.pair(affine_forward, affine_backward, [x, w, b], np.array([[0.0], [0.25]]))
    close(dw, [[0.0], [-0.25]])
    close(db, [0.25])


def test_lecture_4_penalties(backend, close):
    """θ₁ = [0, .75, 0] and θ₂ = [.25, .5, .25]: L2 .5625 and .375, L1 .75 and 1. The sparse one is θ₁."""
    theta1, theta2 = np.array([0.0, 0.75, 0.0]), np.array([0.25, 0.5, 0.25])
    close(theta1 @ [1.0, 2.0, 1.0], theta2 @ [1.0, 2.0, 1.0])  # they predict the same
    close([backend.call(l2_penalty, theta, 1.0)[0] for theta in (theta1, theta2)], [0.5625, 0.375])
    close([backend.call(l1_penalty, theta, 1.0)[0] for theta in (theta1, theta2)], [0.75, 1.0])


def test_lecture_7_penalties(backend, close):
    """R²(w₁) = 1 and R²(w₂) = 0.25 for [1, 0, 0, 0] and four times 0.25; together 1.25."""
    w1, w2 = np.array([1.0, 0.0, 0.0, 0.0]), np.full(4, 0.25)
    close(backend.call(l2_penalty, w1, 1.0)[0], 1.0)
    close(backend.call(l2_penalty, w2, 1.0)[0], 0.25)
    close(backend.call(l2_penalty, np.stack([w1, w2]), 1.0)[0], 1.25)


def test_wpi_class_22_penalty_gradients(backend, close):
    """½‖W‖² adds W to the gradient, |W| adds sign(W), both with their strengths αW + β sign(W)."""
    w = np.array([[1.0, -2.0], [0.0, 3.0]])
    close(backend.call(l2_penalty, w, 1.0, half=True)[1], w)
    close(backend.call(l1_penalty, w, 1.0)[1], [[1.0, -1.0], [0.0, 1.0]])
    close(backend.call(elastic_net_penalty, w, 0.1, 0.5, half=True)[1], 0.5 * w + 0.1 * np.sign(w))


# Lecture 7: images in rows, the scores of cat, chair and car in columns.
SCORES = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


@pytest.mark.parametrize(
    ("loss", "each", "mean", "digits"),
    [(softmax_loss, [2.04, 0.079, 6.156], 2.76, 0.006), (svm_loss, [2.9, 0.0, 12.9], 5.27, 0.006)],
)
def test_lecture_7_three_images(backend, close, loss, each, mean, digits):
    """Cross-entropy 2.04, 0.079, 6.156, mean 2.76; hinge 2.9, 0, 12.9, mean 5.27 (printed as 5.3)."""
    labels = np.arange(3)
    for i in range(3):
        close(backend.call(loss, SCORES[i : i + 1], labels[i : i + 1])[0], each[i], atol=digits)
    close(backend.call(loss, SCORES, labels)[0], mean, atol=digits)


def test_lecture_7_hinge_against_cross_entropy(backend, close):
    """For y = 0: hinge 0, 12, 0; cross-entropy 0.05, 5.70 and, printed as 2·10⁻¹¹, 2.8·10⁻¹¹."""
    models = np.array([[5.0, -3.0, 2.0], [5.0, 10.0, 10.0], [5.0, -20.0, -20.0]])
    hinge = [backend.call(svm_loss, s[None], np.array([0]))[0] for s in models]
    entropy = [backend.call(softmax_loss, s[None], np.array([0]))[0] for s in models]
    close(hinge, [0.0, 12.0, 0.0])
    close(entropy[:2], [0.05, 5.70], atol=0.005)
    close(entropy[2], 2.8e-11, rtol=0.01)


def test_lecture_7_grids(backend, close):
    """Differences of 3, 4, 2, 2 and zeros: L2 9 + 16 + 4 + 4 = 33, L1 3 + 4 + 2 + 2 = 11."""
    target = np.arange(16.0).reshape(4, 4)
    prediction = target.copy()
    prediction[[0, 1, 2, 3], [2, 0, 3, 1]] += [3.0, -4.0, 2.0, -2.0]
    close(backend.call(mse_loss, prediction, target, reduction="sum")[0], 33.0)
    close(backend.call(l1_loss, prediction, target, reduction="sum")[0], 11.0)


def test_exam_july_2021_question_2_2(backend, close):
    """An untrained binary classifier answers 0.5, and its binary cross-entropy is log 2 whatever the batch."""
    y = np.arange(64.0) % 2
    close(backend.call(binary_cross_entropy, np.full(64, 0.5), y)[0], np.log(2))
    close(backend.call(binary_cross_entropy_with_logits, np.zeros(64), y)[0], np.log(2))


def test_exam_july_2021_questions_5_3_and_5_4(backend, close):
    """∂ŷᵢ/∂zᵢ = ŷᵢ(1 − ŷᵢ), ∂ŷᵢ/∂zⱼ = −ŷᵢŷⱼ: row i of the Jacobian is the backward pass of the i-th unit vector."""
    z = np.random.default_rng(0).normal(size=10)
    y, (rows,) = backend.pair(softmax_forward, softmax_backward, [np.tile(z, (10, 1))], np.eye(10))
    close(rows, np.diag(y[0]) - np.outer(y[0], y[0]))


def test_exam_july_2021_question_5_7(backend, close):
    """∂L/∂w₃₁ = ŷ₁h₃ for a sample of true class 3, and (ŷ₃ − 1)h₃ for the weight into the true class."""
    rng = np.random.default_rng(1)
    h, w = rng.normal(size=(1, 5)), rng.normal(size=(5, 10))
    z = backend.numpy(affine_forward(*map(backend.array, (h, w, np.zeros(10))))[0])
    probabilities = backend.numpy(softmax_forward(backend.array(z))[0])
    _, dz = backend.call(softmax_loss, z, np.array([2]))
    _, (_, dw, _) = backend.pair(affine_forward, affine_backward, [h, w, np.zeros(10)], dz)
    close(dw[2, 0], probabilities[0, 0] * h[0, 2])
    close(dw[2, 2], (probabilities[0, 2] - 1) * h[0, 2])


def test_lecture_4_derivatives_of_cross_entropy(backend, close):
    """∂L/∂ŷ = (ŷ − y)/(ŷ(1 − ŷ)), and with the sigmoid's slope ∂L/∂s = ŷ − y."""
    s, y = np.array([[-1.0, 0.5, 2.0]]), np.array([[1.0, 0.0, 1.0]])
    p = backend.numpy(sigmoid_forward(backend.array(s))[0])
    _, dp = backend.call(binary_cross_entropy, p, y, reduction="sum")
    _, (ds,) = backend.pair(sigmoid_forward, sigmoid_backward, [s], dp)
    close(dp, (p - y) / (p * (1 - p)))
    close(ds, p - y)


def test_naist_lecture_8_hinge(backend, close):
    """∂ℓ/∂y = 0 for yz ≥ 1 and −z for yz < 1: right answers within the margin still cost."""
    scores, z = np.array([2.0, 1.0, 0.5, -3.0, -3.0]), np.array([1.0, 1.0, 1.0, 1.0, -1.0])
    loss, gradient = backend.call(hinge_loss, scores, z, reduction="sum")
    close(loss, 0.5 + 4.0)
    close(gradient, [0.0, 0.0, -1.0, -1.0, 0.0])


def test_exam_august_2020_question_8b(backend):
    """σ(ReLU(z)) is never below 0.5, so a classifier with that output knows one class only."""
    z = np.linspace(-50, 50, 101)
    relu = backend.numpy(relu_forward(backend.array(z))[0])
    assert backend.numpy(sigmoid_forward(backend.array(relu))[0]).min() == 0.5

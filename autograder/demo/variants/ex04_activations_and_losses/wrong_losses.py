"""Mistakes in the losses of regression and of two classes."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

REGRESSION_LOSSES = spoiled(
    "regression_losses",
    """
def l1_loss(prediction, target, *, reduction="mean"):
    d = prediction - target
    n = d.size if reduction == "mean" else 1
    return np.abs(d).sum() / n, np.sign(d) / n


def mse_loss(prediction, target, *, reduction="mean"):
    d = prediction - target
    n = d.size if reduction == "mean" else 1
    return (d**2).sum() / n, 2 * d / n
""",
    ("l1_gradient_undivided", "so is its gradient", "np.sign(d) / n", "np.sign(d)"),
    ("mse_gradient_undivided", "so is its gradient", "2 * d / n", "2 * d"),
    ("losses_per_sample", "samples alone", "d.size", "len(d)"),
    ("losses_always_mean", "this is the mean, also", ' if reduction == "mean" else 1', ""),
    ("losses_always_sum", "this is the sum, also", 'd.size if reduction == "mean" else 1', "1"),
    ("mse_without_two", "factor 2", "2 * d", "d"),
    ("mse_rooted", "the root is taken", "(d**2).sum() / n", "np.sqrt((d**2).sum() / n)"),
    ("l1_cancels", "differences cancel", "np.abs(d).sum()", "abs(d.sum())"),
    ("l1_slope_is_difference", "the slope of |d| is the sign", "np.sign(d)", "d"),
    ("l1_slope_at_zero", "take 0, as np.sign does", "np.sign(d)", "np.where(d > 0, 1, -1)"),
    ("losses_wrong_sign", "wrong sign", "prediction - target", "target - prediction"),
)

BINARY_CROSS_ENTROPY = spoiled(
    "binary_cross_entropy",
    """
def binary_cross_entropy(probabilities, y):
    p = probabilities
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, (p - y) / (p * (1 - p)) / p.size


def binary_cross_entropy_with_logits(scores, y):
    losses = np.logaddexp(0, scores) - y * scores
    return losses.mean(), (sigma(scores) - y) / y.size
""",
    ("bce_one_term", "the second term is missing", " + (1 - y) * np.log(1 - p)", ""),
    (
        "bce_labels_exchanged",
        "are exchanged",
        "y * np.log(p) + (1 - y) * np.log(1 - p)",
        "(1 - y) * np.log(p) + y * np.log(1 - p)",
    ),
    ("bce_positive", "wrong sign", "-np.mean(y", "np.mean(y"),
    ("bce_summed", "take their mean", "losses.mean()", "losses.sum()"),
    ("bce_base_two", "to the base 2", "np.log(", "np.log2("),
    ("bce_gradient_of_score", "before the sigmoid", " / (p * (1 - p))", ""),
    ("bce_gradient_undivided", "not divided by the number of samples", " / p.size", ""),
    ("bce_inner_derivative", "inner derivative −1", "(p - y) / (p * (1 - p))", "(-y / p - (1 - y) / (1 - p))"),
    (
        "bce_sigmoid_slope_left",
        "it cancels",
        "(sigma(scores) - y)",
        "(sigma(scores) - y) * sigma(scores) * sigma(-scores)",
    ),
    ("bce_without_label", "the term −y·s is missing", " - y * scores", ""),
    ("bce_label_added", "it has to be subtracted", "- y * scores", "+ y * scores"),
    ("bce_scores_as_probabilities", "through the sigmoid first", "(sigma(scores) - y)", "(scores - y)"),
    ("bce_overflow", "overflow", "np.logaddexp(0, scores)", "np.log(1 + np.exp(scores))"),
    (
        "bce_guarded",
        "a guard in the logarithm",
        "np.logaddexp(0, scores) - y * scores",
        "-(y * np.log(sigma(scores) + 1e-12) + (1 - y) * np.log(1 - sigma(scores) + 1e-12))",
    ),
)

BINARY_SOFTMAX_LOSS = spoiled(
    "binary_softmax_loss",
    """
def binary_softmax_loss(scores, z):
    exponent = -2 * z * scores
    losses = np.logaddexp(0, exponent)
    return losses.mean(), -2 * z * sigma(exponent) / z.size
""",
    ("pm_without_two", "the 2 in the exponent is missing", "2 * z", "z"),
    ("pm_wrong_side", "a score on the right side has to cost little", "exponent = -2", "exponent = 2"),
    ("pm_without_label", "the label is missing from the exponent", "-2 * z * scores", "-2 * scores"),
    ("pm_probability", "this is the probability", "np.logaddexp(0, exponent)", "sigma(-exponent)"),
    ("pm_log_of_mean", "the mean of the logarithms", "losses.mean()", "-np.log(sigma(-exponent).mean())"),
    ("pm_inner_derivative", "the inner derivative 2", "-2 * z * sigma", "-z * sigma"),
    ("pm_gradient_without_label", "the label is missing from the gradient", "-2 * z * sigma", "-2 * sigma"),
    ("pm_gradient_of_truth", "the harder the push", "sigma(exponent)", "sigma(-exponent)"),
    ("pm_undivided", "not divided by the number of samples", " / z.size", ""),
    ("pm_overflow", "overflow", "np.logaddexp(0, exponent)", "np.log(1 + np.exp(exponent))"),
)

HINGE_LOSS = spoiled(
    "hinge_loss",
    """
def hinge_loss(scores, z):
    gaps = 1 - z * scores
    loss = np.maximum(0, gaps).mean()
    return loss, np.where(gaps > 0, -z, 0) / z.size
""",
    ("hinge_without_margin", "there is no margin", "1 - z", "-z"),
    ("hinge_without_label", "the label is missing", "1 - z * scores", "1 - scores"),
    ("hinge_wrong_side", "has to lower the loss", "1 - z * scores", "1 + z * scores"),
    ("hinge_unbounded", "beyond the margin nothing is earned", "np.maximum(0, gaps)", "gaps"),
    ("hinge_pushes_on", "goes on beyond the margin", "np.where(gaps > 0, -z, 0)", "-z"),
    ("hinge_stops_early", "it has to go on until the margin", "gaps > 0, -z", "gaps > 1, -z"),
    ("hinge_slope_minus_one", "it has to be −z", "gaps > 0, -z", "gaps > 0, -1"),
    ("hinge_slope_times_score", "the derivative of −z·s by s is −z", "-z, 0", "-z * scores, 0"),
    ("hinge_sign", "the gradient has the wrong sign", "gaps > 0, -z", "gaps > 0, z"),
    ("hinge_undivided", "not divided by the number of samples", " / z.size", ""),
)

ZERO_ONE_LOSS = spoiled(
    "zero_one_loss",
    """
def zero_one_loss(scores, z):
    wrong = z * scores < 0
    return wrong.mean(), np.zeros_like(scores)
""",
    ("zero_one_is_accuracy", "this is the accuracy", "z * scores < 0", "z * scores >= 0"),
    ("zero_one_counted", "take their share", "wrong.mean()", "wrong.sum()"),
    ("zero_one_undecided", "a score of 0 counts as right", "z * scores < 0", "z * scores <= 0"),
    ("zero_one_without_label", "the label is not used", "z * scores < 0", "scores < 0"),
    ("zero_one_equality", "only the sign matters", "z * scores < 0", "scores != z"),
    (
        "zero_one_gradient_of_hinge",
        "gradient of the hinge",
        "np.zeros_like(scores)",
        "np.where(z * scores < 1, -z, 0) / z.size",
    ),
    (
        "zero_one_gradient_of_perceptron",
        "gradient of another loss",
        "np.zeros_like(scores)",
        "np.where(wrong, -z, 0) / z.size",
    ),
    ("zero_one_gradient_is_loss", "are not its slope", "np.zeros_like(scores)", "wrong / z.size"),
)

VARIANTS = [*REGRESSION_LOSSES, *BINARY_CROSS_ENTROPY, *BINARY_SOFTMAX_LOSS, *HINGE_LOSS, *ZERO_ONE_LOSS]

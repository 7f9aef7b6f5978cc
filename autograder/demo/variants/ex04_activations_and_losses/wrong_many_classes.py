"""Mistakes in the losses of many classes, and in the losses' quiz."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SOFTMAX_LOSS = spoiled(
    "softmax_loss",
    """
def softmax_loss(scores, y, *, label_smoothing=0.0):
    n, c = scores.shape
    onehot = np.eye(c)[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    q = (1 - label_smoothing) * onehot + label_smoothing / c
    return -(q * log_p).sum() / n, (np.exp(log_p) - q) / n
""",
    (
        "ce_smoothing_unused",
        "the smoothing is not used",
        "(1 - label_smoothing) * onehot + label_smoothing / c",
        "onehot",
    ),
    (
        "ce_smoothing_others",
        "the wrong classes alone",
        "onehot + label_smoothing / c",
        "onehot + (1 - onehot) * label_smoothing / (c - 1)",
    ),
    (
        "ce_smoothing_not_true",
        "lacks its own ε/C",
        "onehot + label_smoothing / c",
        "onehot + (1 - onehot) * label_smoothing / c",
    ),
    ("ce_smoothing_undivided", "ε instead of ε/C", "label_smoothing / c", "label_smoothing"),
    ("ce_gradient_is_p", "the target is not subtracted", "(np.exp(log_p) - q)", "np.exp(log_p)"),
    ("ce_gradient_hard", "subtracts the hard label", "(np.exp(log_p) - q)", "(np.exp(log_p) - onehot)"),
    ("ce_gradient_undivided", "not divided by the number of samples", "- q) / n", "- q)"),
    ("ce_gradient_half_divided", "divide p − q as a whole", "(np.exp(log_p) - q) / n", "np.exp(log_p) - q / n"),
    ("ce_mean_of_entries", "divide by N alone", "(q * log_p).sum() / n", "(q * log_p).mean()"),
    ("ce_log_of_zero", "the logarithm of 0 was taken", "    q =", "    log_p = np.log(np.exp(log_p))\n    q ="),
    ("ce_overflow", "overflow", " - scores.max(axis=1, keepdims=True)", ""),
    ("ce_down_the_columns", "runs over the samples", "axis=1, keepdims=True", "axis=0, keepdims=True"),
    ("ce_positive", "wrong sign", "-(q * log_p)", "(q * log_p)"),
)

SVM_LOSS = spoiled(
    "svm_loss",
    """
def svm_loss(scores, y, *, margin=1.0):
    rows = np.arange(len(y))
    hinges = np.maximum(scores - scores[rows, y][:, None] + margin, 0)
    hinges[rows, y] = 0
    d = (hinges > 0) * 1.0
    d[rows, y] = -d.sum(axis=1)
    return hinges.sum() / len(y), d / len(y)
""",
    (
        "svm_true_class_counted",
        "the true class is counted",
        "    hinges[rows, y] = 0\n    d = (hinges > 0) * 1.0\n",
        "    d = (hinges > 0) * 1.0\n    d[rows, y] = 0\n",
    ),
    ("svm_without_margin", "the margin is left out", " + margin", ""),
    ("svm_margin_one", "the margin is always 1", "+ margin", "+ 1"),
    ("svm_worst_alone", "only the worst class", "hinges.sum() / len(y)", "hinges.max(axis=1).mean()"),
    ("svm_squared", "the hinges are squared", "hinges.sum()", "(hinges**2).sum()"),
    ("svm_turned_round", "turned round", "scores - scores[rows, y][:, None]", "scores[rows, y][:, None] - scores"),
    ("svm_true_not_pushed", "the true class gets no gradient", "    d[rows, y] = -d.sum(axis=1)\n", ""),
    ("svm_true_minus_one", "each of them pushes", "-d.sum(axis=1)", "-1"),
    ("svm_slope_is_hinge", "their slope is 1", "(hinges > 0) * 1.0", "hinges.copy()"),
    ("svm_undivided", "not divided by the number of samples", "d / len(y)", "d"),
    ("svm_mean_of_entries", "divide by N alone", "hinges.sum() / len(y)", "hinges.mean()"),
    ("svm_wrong_axis", "the shapes do not match", "[:, None]", "[None, :]"),
    (
        "svm_with_loops",
        "vectorised form",
        "    hinges[rows, y] = 0\n",
        "    for i in rows:\n        hinges[i, y[i]] = 0\n",
    ),
)

QUIZ_LOSSES = spoiled(
    "quiz_losses",
    """
def start_cross_entropy(classes):
    return np.log(classes)


def start_hinge(classes):
    return classes - 1


def best_constants(y):
    return np.median(y), np.mean(y)


def lowest_smoothed_loss(classes, smoothing):
    other = smoothing / classes
    true = 1 - smoothing + other
    return -true * np.log(true) - (classes - 1) * other * np.log(other)
""",
    ("start_is_probability", "this is the probability", "np.log(classes)", "1 / classes"),
    ("start_negative", "the sign is missing", "np.log(classes)", "np.log(1 / classes)"),
    ("start_hinge_all", "the true class costs nothing", "classes - 1", "classes"),
    ("start_hinge_zero", "", "return classes - 1", "return 0.0"),
    ("constants_exchanged", "the two are exchanged", "np.median(y), np.mean(y)", "np.mean(y), np.median(y)"),
    ("constants_middle", "the middle between", "np.median(y)", "(y.min() + y.max()) / 2"),
    (
        "smoothed_to_zero",
        "",
        "-true * np.log(true) - (classes - 1) * other * np.log(other)",
        "0.0",
    ),
    ("smoothed_true_alone", "only the true class", " - (classes - 1) * other * np.log(other)", ""),
    ("smoothed_true_short", "lacks its own ε/C", "1 - smoothing + other", "1 - smoothing"),
)

VARIANTS = [*SOFTMAX_LOSS, *SVM_LOSS, *QUIZ_LOSSES]

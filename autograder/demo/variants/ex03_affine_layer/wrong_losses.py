"""Wrong in parts 6 and 7: the two losses, the measured gradient."""

from __future__ import annotations

from autograder.demo.variants.ex03_affine_layer.spoil import spoiled

MSE_LOSS = spoiled(
    "mse_loss",
    """
def mse_loss(prediction, target):
    d = prediction - target
    loss = (d**2).mean()
    return loss, 2 * d / d.size
""",
    ("mse_no_two", "missing factor 2", "2 * d", "d"),
    ("mse_half", "half of what is due", "(d**2)", "0.5 * (d**2)"),
    ("mse_sum", "sum instead of mean", "mean", "sum"),
    ("mse_gradient_of_sum", "missing factor 1/", " / d.size", ""),
    ("mse_per_sample", "samples alone", "d.size", "len(d)"),
    ("mse_sign", "wrong sign", "prediction - target", "target - prediction"),
    ("mse_absolute", "L1 loss", "(d**2)", "abs(d)"),
    ("mse_root", "the root is taken", "(d**2).mean()", "np.sqrt((d**2).mean())"),
)

SOFTMAX_LOSS = [
    *spoiled(
        "softmax_loss",
        """
def softmax_loss(scores, y):
    onehot = np.eye(scores.shape[1])[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(log_p * onehot).sum() / len(y)
    return loss, (np.exp(log_p) - onehot) / len(y)
""",
        ("softmax_no_shift", "overflow", " - scores.max(axis=1, keepdims=True)", ""),
        ("softmax_no_onehot", "1 of the true class is not subtracted", "(np.exp(log_p) - onehot)", "np.exp(log_p)"),
        ("softmax_gradient_of_sum", "missing factor 1/N", "onehot) / len(y)", "onehot)"),
        ("softmax_onehot_averaged_alone", "as a whole", "- onehot) / len(y)", "- onehot / len(y))"),
        ("softmax_over_samples", "runs over the samples", "axis=1", "axis=0"),
        ("softmax_sign", "wrong sign", "np.exp(log_p) - onehot", "onehot - np.exp(log_p)"),
        ("softmax_loss_of_sum", "missing factor 1/N", ".sum() / len(y)", ".sum()"),
        ("softmax_loss_minus", "wrong sign", "-(log_p * onehot)", "(log_p * onehot)"),
        ("softmax_over_all_entries", "divided by the number of entries", ".sum() / len(y)", ".sum() / scores.size"),
    ),
    *spoiled(
        "softmax_loss",
        """
def softmax_loss(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss, (p - np.eye(p.shape[1])[y]) / len(y)
""",
        ("softmax_log_of_zero", "true class 1000 behind"),
        ("softmax_guarded_log", "true class 1000 behind", ", y])", ", y] + 1e-12)"),
    ),
]

NUMERICAL_GRADIENT = spoiled(
    "numerical_gradient",
    """
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    x = x.copy()
    for i in np.ndindex(x.shape):
        middle = x[i]
        x[i] = middle + h
        above = f(x)
        x[i] = middle - h
        below = f(x)
        x[i] = middle
        gradient[i] = (above - below) / (2 * h)
    return gradient
""",
    (
        "one_sided_difference",
        "one-sided",
        "middle - h\n        below = f(x)",
        "middle\n        below = 2 * f(x) - above",
    ),
    ("divided_by_h", "2h apart", "(2 * h)", "h"),
    ("own_step", "not the h", "gradient = ", "h = 1e-5\n    gradient = "),
    ("never_put_back", "not put back", "        x[i] = middle\n", ""),
    ("difference_turned_round", "wrong sign", "above - below", "below - above"),
    ("not_divided", "not divided by the distance", " / (2 * h)", ""),
    ("measured_in_integers", "to integers", "np.zeros(x.shape)", "np.zeros(x.shape, dtype=int)"),
    (
        "all_entries_at_once",
        "all entries are moved at once",
        "x[i] = middle + h",
        "x += h",
        "x[i] = middle - h",
        "x -= 2 * h",
        "x[i] = middle\n",
        "x += h\n",
    ),
)

WRONG_LOSSES = [*MSE_LOSS, *SOFTMAX_LOSS, *NUMERICAL_GRADIENT]

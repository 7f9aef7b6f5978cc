"""Logistic regression, features that bend a line, numbers."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.spoil import spoiled

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

RIGHT = [
    Variant(
        "logistic_with_loops",
        {
            "logistic_loss_code": """
def sigmoid(z):
    out = np.empty(z.shape)
    out[z >= 0] = 1 / (1 + np.exp(-z[z >= 0]))
    out[z < 0] = np.exp(z[z < 0]) / (1 + np.exp(z[z < 0]))
    return out


def logistic_loss(theta, X, y):
    loss, gradient = 0.0, np.zeros(len(theta))
    for row, label in zip(X, y):
        z = row @ theta
        wrong_way = -z if label == 1 else z
        loss += max(wrong_way, 0) + np.log1p(np.exp(-abs(z)))
        gradient += (sigmoid(np.array([z]))[0] - label) * row
    return loss / len(y), gradient / len(y)
""",
            "logistic_regression_code": """
def logistic_regression(X, y, loss, *, learning_rate, steps):
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - learning_rate * loss(path[-1], X, y)[1])
    return path[-1], [loss(theta, X, y)[0] for theta in path]
""",
            "bent_features_code": """
def xor_feature(x):
    return np.array([1.0 if a * b > 0 else 0.0 for a, b in x])


def ring_feature(x):
    r = np.sqrt((x**2).sum(axis=1))
    return (r - 1) * (2 - r)


def modes_feature(x, centres):
    return np.array([max(np.exp(-np.sum((p - c) ** 2)) for c in centres) for p in x])
""",
            "counts_code": """
def count_distances(n, m):
    return m * n


def difference_bytes(n, m, d):
    return 8 * d * count_distances(n, m)


def count_trainings(folds, candidates):
    return len([0 for _ in range(folds) for _ in range(candidates)])


def training_size(m, folds):
    return (folds - 1) * (m / folds)


def count_weights(d):
    return len(range(d + 1))
""",
        },
    ),
    Variant(
        "logistic_other_algebra",
        {
            "logistic_loss_code": """
def sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def logistic_loss(theta, X, y):
    z = np.einsum("nd,d->n", X, theta)
    margin = (2 * y - 1) * z
    loss = np.logaddexp(0, -margin).sum() / len(y)
    return loss, np.einsum("nd,n->d", X, -(2 * y - 1) * sigmoid(-margin)) / len(y)
""",
            "logistic_regression_code": """
def logistic_regression(X, y, loss, *, learning_rate, steps):
    theta, losses = np.zeros(X.shape[1]), []
    value, gradient = loss(theta, X, y)
    losses.append(value)
    while len(losses) <= steps:
        theta -= learning_rate * gradient
        value, gradient = loss(theta, X, y)
        losses.append(value)
    return theta, np.array(losses)
""",
            "bent_features_code": """
def xor_feature(x):
    return np.sign(x).prod(axis=1)


def ring_feature(x):
    squared = np.sum(x**2, axis=1)
    return -((squared - 2.5) ** 2)


def modes_feature(x, centres):
    squared = (x**2).sum(1)[:, None] - 2 * x @ centres.T + (centres**2).sum(1)
    return squared.min(axis=1)
""",
            "counts_code": """
def count_distances(n, m):
    return np.zeros((n, 1)).size * m


def difference_bytes(n, m, d):
    return float(n * m) * d * np.dtype("float64").itemsize


def count_trainings(folds, candidates):
    return sum(folds for _ in range(candidates))


def training_size(m, folds):
    return m * (1 - 1 / folds)


def count_weights(d):
    return 1 + d
""",
        },
    ),
    Variant(
        "logistic_in_torch_and_float32",
        {
            "logistic_loss_code": """
def sigmoid(z):
    small = torch.from_numpy(np.asarray(z)).abs().neg().exp().numpy()
    return np.where(z >= 0, 1, small) / (1 + small)


def logistic_loss(theta, X, y):
    X, theta, y = X.astype(np.float32), theta.astype(np.float32), y.astype(np.float32)
    z = X @ theta
    loss = np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))))
    return loss, ((sigmoid(z) - y) @ X) / len(y)
""",
            "logistic_regression_code": """
def logistic_regression(X, y, loss, *, learning_rate, steps):
    def descend(theta, left):
        value, gradient = loss(theta, X, y)
        if left == 0:
            return theta, [value]
        end, rest = descend(theta - learning_rate * gradient, left - 1)
        return end, [value, *rest]

    return descend(np.zeros_like(X[0]), steps)
""",
            "bent_features_code": """
def xor_feature(x):
    return (np.abs(x[:, 0] + x[:, 1]) - np.abs(x[:, 0] - x[:, 1])).astype(np.float32)


def ring_feature(x):
    r = np.hypot(*x.T)
    return (r >= 1) & (r <= 2)


def modes_feature(x, centres):
    return torch.cdist(torch.from_numpy(x), torch.from_numpy(centres)).min(dim=1).values
""",
            "counts_code": """
count_distances = lambda n, m: n * m
difference_bytes = lambda n, m, d: n * m * d * 64 // 8
count_trainings = lambda folds, candidates: candidates * folds
training_size = lambda m, folds: m * (folds - 1) // folds
count_weights = lambda d: np.int64(d + 1)
""",
        },
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Wrong

WRONG = [
    *spoiled(
        "logistic_loss",
        """
def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * z))


def logistic_loss(theta, X, y):
    z = X @ theta
    p = sigmoid(z)
    loss = np.mean(np.logaddexp(0, z) - y * z)
    return loss, X.T @ (p - y) / len(y)
""",
        ("sigmoid_mirrored", "check the sign in the exponent", "def sigmoid(z):", "def sigmoid(z):\n    z = -z"),
        ("sigmoid_tanh", "runs from −1 to 1", "0.5 * (1 + np.tanh(0.5 * z))", "np.tanh(z)"),
        ("sigmoid_rounded", "rounded to 0 and 1", "0.5 * (1 + np.tanh(0.5 * z))", "(z > 0) * 1.0"),
        ("entropy_maximized", "minus is missing", "loss = np.mean(", "loss = -np.mean("),
        ("entropy_sum", "C is their mean", "np.mean(", "np.sum("),
        ("entropy_labels_turned", "wrong way round", "- y * z)", "- (1 - y) * z)"),
        (
            "entropy_squared_error",
            "squared error of the probabilities",
            "np.mean(np.logaddexp(0, z) - y * z)",
            "np.mean((p - y) ** 2)",
        ),
        ("entropy_gradient_sign", "wrong sign", "(p - y)", "(y - p)"),
        ("entropy_gradient_slope", "multiplied in once more", "(p - y)", "((p - y) * p * (1 - p))"),
        ("entropy_gradient_of_scores", "scores are compared", "(p - y)", "(z - y)"),
        ("entropy_gradient_of_sum", "but the loss is a mean", " / len(y)", ""),
        ("entropy_gradient_without_label", "label is not subtracted", "(p - y)", "p"),
    ),
    *spoiled(
        "logistic_loss",
        """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def logistic_loss(theta, X, y):
    p = sigmoid(X @ theta)
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, X.T @ (p - y) / len(y)
""",
        ("entropy_log_of_zero", "scores of 1000", "", ""),
        (
            "entropy_guarded",
            "from the score",
            "np.log(p) + (1 - y) * np.log(1 - p)",
            "np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12)",
        ),
        ("entropy_ones_only", "only the samples with y = 1", " + (1 - y) * np.log(1 - p)", ""),
        ("entropy_log2", "base 2", "np.log(", "np.log2("),
    ),
    *spoiled(
        "logistic_regression",
        """
def logistic_regression(X, y, loss, *, learning_rate, steps):
    theta, losses = np.zeros(X.shape[1]), []
    for _ in range(steps):
        value, gradient = loss(theta, X, y)
        losses.append(value)
        theta = theta - learning_rate * gradient
    losses.append(loss(theta, X, y)[0])
    return theta, losses
""",
        ("descent_uphill", "go uphill", "theta - learning_rate", "theta + learning_rate"),
        ("descent_no_rate", "learning rate is not used", "learning_rate * gradient", "gradient"),
        ("descent_from_ones", "start from 0", "np.zeros", "np.ones"),
        (
            "descent_last_step_only",
            "only the last step",
            "theta - learning_rate * gradient",
            "-learning_rate * gradient",
        ),
        (
            "descent_last_loss_missing",
            "after the last step is missing",
            "    losses.append(loss(theta, X, y)[0])\n",
            "",
        ),
        ("descent_one_more", "one step too many", "range(steps)", "range(steps + 1)"),
        ("descent_one_less", "one step too few", "range(steps)", "range(steps - 1)"),
        ("descent_signs", "signs of the gradient", "learning_rate * gradient", "learning_rate * np.sign(gradient)"),
        (
            "descent_normalized",
            "brought to length 1",
            "learning_rate * gradient",
            "learning_rate * gradient / np.linalg.norm(gradient)",
        ),
        (
            "descent_return_inside",
            "does not use `steps`",
            "    losses.append(loss(theta, X, y)[0])\n    return theta, losses\n",
            "        losses.append(loss(theta, X, y)[0])\n        return theta, losses\n",
        ),
    ),
    *spoiled(
        "logistic_regression",
        """
def logistic_regression(X, y, loss, *, learning_rate, steps):
    theta = np.zeros(X.shape[1])
    value, gradient = loss(theta, X, y)
    losses = [value]
    for _ in range(steps):
        theta = theta - learning_rate * gradient
        losses.append(loss(theta, X, y)[0])
    return theta, losses
""",
        ("descent_stale_gradient", "asked for anew", "", ""),
    ),
    *spoiled(
        "bent_features",
        """
def xor_feature(x):
    return x[:, 0] * x[:, 1]


def ring_feature(x):
    return np.abs(np.linalg.norm(x, axis=1) - 1.5)


def modes_feature(x, centres):
    return np.linalg.norm(x[:, None] - centres, axis=2).min(axis=1)
""",
        ("feature_sum", "straight line again", "x[:, 0] * x[:, 1]", "x[:, 0] + x[:, 1]"),
        ("feature_points_themselves", "points themselves", "x[:, 0] * x[:, 1]", "x"),
        ("feature_radius_only", "needed ≥", "np.abs(np.linalg.norm(x, axis=1) - 1.5)", "np.linalg.norm(x, axis=1)"),
        ("feature_mean_distance", "needed ≥", ".min(axis=1)", ".mean(axis=1)"),
        ("feature_one_mode", "needed ≥", ".min(axis=1)", "[:, 0]"),
        ("feature_all_distances", "one number per point", ".min(axis=1)", ""),
        ("feature_constant", "same for all points", "x[:, 0] * x[:, 1]", "np.ones(len(x))"),
        ("feature_log", "NaN or infinite", "x[:, 0] * x[:, 1]", "np.log(x[:, 0]) + np.log(x[:, 1])"),
    ),
    *spoiled(
        "counts",
        """
def count_distances(n, m):
    return n * m


def difference_bytes(n, m, d):
    return n * m * d * 8


def count_trainings(folds, candidates):
    return folds * candidates


def training_size(m, folds):
    return m - m // folds


def count_weights(d):
    return d + 1
""",
        ("counts_no_bias", "and the bias", "d + 1", "d"),
        ("counts_float32", "8 bytes", "n * m * d * 8", "n * m * d * 4"),
        ("counts_table_only", "every pair has d differences", "n * m * d * 8", "n * m * 8"),
        ("counts_candidates_only", "once for each fold", "folds * candidates", "candidates"),
        ("counts_size_of_the_fold", "one of the folds is left out", "m - m // folds", "m // folds"),
        ("counts_pairs_of_training_samples", "each of the n samples", "    return n * m\n", "    return m * m\n"),
        ("counts_added", "each of the n samples", "    return n * m\n", "    return n + m\n"),
    ),
]

"""Linear regression and its likelihood."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.spoil import spoiled

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

RIGHT = [
    Variant(
        "regression_with_loops",
        {
            "linear_prediction_code": """
def add_bias_column(x):
    return [[1.0, *row] for row in x]


def linear_prediction(X, theta):
    return np.array([sum(a * t for a, t in zip(row, theta)) for row in X])
""",
            "least_squares_loss_code": """
def least_squares_loss(theta, X, y):
    loss, gradient = 0.0, np.zeros(len(theta))
    for row, target in zip(X, y):
        error = row @ theta - target
        loss += error**2 / len(y)
        for j in range(len(theta)):
            gradient[j] += 2 * error * row[j] / len(y)
    return loss, gradient
""",
            "least_squares_code": """
def least_squares(X, y):
    q, r = np.linalg.qr(X)
    theta = q.T @ y
    for i in reversed(range(len(theta))):
        theta[i] = (theta[i] - r[i, i + 1 :] @ theta[i + 1 :]) / r[i, i]
    return theta
""",
            "gaussian_likelihood_code": """
def gaussian_log_likelihood(prediction, y, *, sigma):
    total = 0.0
    for p, t in zip(prediction, y):
        total += -0.5 * np.log(2 * np.pi * sigma**2) - (t - p) ** 2 / (2 * sigma**2)
    return total


def noise_estimate(prediction, y):
    return (sum((t - p) ** 2 for p, t in zip(prediction, y)) / len(y)) ** 0.5
""",
        },
    ),
    Variant(
        "regression_multiplied_out",
        {
            "linear_prediction_code": """
def add_bias_column(x):
    return np.insert(x, 0, 1, axis=1)


def linear_prediction(X, theta):
    return np.einsum("nd,d->n", X, theta)
""",
            "least_squares_loss_code": """
def least_squares_loss(theta, X, y):
    n, A, b = len(y), X.T @ X, X.T @ y
    return (theta @ A @ theta - 2 * theta @ b + y @ y) / n, 2 * (A @ theta - b) / n
""",
            "least_squares_code": """
def least_squares(X, y):
    return np.linalg.inv(X.T @ X) @ X.T @ y
""",
            "gaussian_likelihood_code": """
def gaussian_log_likelihood(prediction, y, *, sigma):
    z = (y - prediction) / sigma
    return -0.5 * (z @ z) - len(y) * (np.log(sigma) + 0.5 * np.log(2 * np.pi))


def noise_estimate(prediction, y):
    return np.linalg.norm(y - prediction) / np.sqrt(len(y))
""",
        },
    ),
    Variant(
        "regression_in_torch_and_float32",
        {
            "linear_prediction_code": """
def add_bias_column(x):
    X = np.ones((x.shape[0], x.shape[1] + 1), dtype=np.float32)
    X[:, 1:] = x
    return X


def linear_prediction(X, theta):
    return torch.from_numpy(X) @ torch.from_numpy(theta)
""",
            "least_squares_loss_code": """
def least_squares_loss(theta, X, y):
    X, y, theta = (np.asarray(a, dtype=np.float32) for a in (X, y, theta))
    error = X.dot(theta) - y
    return [error.dot(error) / len(y), X.T.dot(error) * np.float32(2 / len(y))]
""",
            "least_squares_code": """
def least_squares(X, y):
    return np.linalg.pinv(X).dot(y)
""",
            "gaussian_likelihood_code": """
def gaussian_log_likelihood(prediction, y, *, sigma):
    y -= prediction
    y *= y
    return np.sum(-np.log(sigma * np.sqrt(2 * np.pi)) - y / (2 * sigma * sigma))


def noise_estimate(prediction, y):
    return torch.from_numpy(y - prediction).square().mean().sqrt()
""",
        },
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Wrong

WRONG = [
    *spoiled(
        "linear_prediction",
        """
def add_bias_column(x):
    return np.hstack([np.ones((len(x), 1)), x])


def linear_prediction(X, theta):
    return X @ theta
""",
        ("bias_behind", "stand behind the data", "[np.ones((len(x), 1)), x]", "[x, np.ones((len(x), 1))]"),
        ("bias_of_zeros", "holds zeros", "np.ones", "np.zeros"),
        ("bias_row", "a row of ones", "np.hstack([np.ones((len(x), 1)), x])", "np.vstack([np.ones(x.shape[1]), x])"),
        ("bias_no_column", "has no new column", "np.hstack([np.ones((len(x), 1)), x])", "x"),
        ("prediction_without_bias", "left out of the prediction", "X @ theta", "X[:, 1:] @ theta[1:]"),
        ("prediction_bias_twice", "counts twice", "X @ theta", "X @ theta + theta[0]"),
        ("prediction_not_summed", "not added up", "X @ theta", "X * theta"),
        ("prediction_averaged", "products are averaged", "X @ theta", "(X * theta).mean(axis=1)"),
        ("prediction_as_column", "column", "X @ theta", "X @ theta[:, None]"),
    ),
    *spoiled(
        "least_squares_loss",
        """
def least_squares_loss(theta, X, y):
    error = X @ theta - y
    return np.mean(error**2), 2 * X.T @ error / len(y)
""",
        ("squares_no_two", "factor 2 is missing", "2 * X.T", "X.T"),
        ("squares_gradient_of_sum", "but the loss is a mean", "error / len(y)", "error"),
        ("squares_sum", "not divided by n", "np.mean", "np.sum"),
        ("squares_half", "this J has no ½", "np.mean(error**2), 2 * X.T", "np.mean(error**2) / 2, X.T"),
        ("squares_sign", "wrong sign", "X @ theta - y", "y - X @ theta"),
        ("squares_absolute", "absolute errors", "error**2", "abs(error)"),
        ("squares_root", "root of the mean squared", "np.mean(error**2)", "np.sqrt(np.mean(error**2))"),
        ("squares_no_bias_gradient", "column of ones belongs to X", "2 * X.T @", "2 * X[:, 1:].T @"),
        ("squares_not_summed", "not added up over the samples", "2 * X.T @ error", "2 * X * error[:, None]"),
        ("squares_one_number", "one number per weight", "2 * X.T @ error / len(y)", "2 * error.mean()"),
    ),
    *spoiled(
        "least_squares",
        """
def least_squares(X, y):
    return np.linalg.solve(X.T @ X, X.T @ y)
""",
        ("fit_without_inverse", "is missing", "np.linalg.solve(X.T @ X, X.T @ y)", "X.T @ y"),
        (
            "fit_entries_inverted",
            "every entry of XᵀX",
            "np.linalg.solve(X.T @ X, X.T @ y)",
            "(1 / (X.T @ X)) @ X.T @ y",
        ),
        ("fit_ridge", "ridge regression", "X.T @ X,", "X.T @ X + np.eye(X.shape[1]),"),
        (
            "fit_without_bias",
            "the bias is fixed at 0",
            "np.linalg.solve(X.T @ X, X.T @ y)",
            "np.append(0, np.linalg.pinv(X[:, 1:]) @ y)",
        ),
        (
            "fit_through_origin",
            "column of ones was cut off",
            "np.linalg.solve(X.T @ X, X.T @ y)",
            "np.linalg.pinv(X[:, 1:]) @ y",
        ),
        (
            "fit_predictions",
            "predictions are returned",
            "np.linalg.solve(X.T @ X, X.T @ y)",
            "X @ np.linalg.solve(X.T @ X, X.T @ y)",
        ),
        ("fit_wrong_side", "square", "np.linalg.solve(X.T @ X, X.T @ y)", "np.linalg.solve(X, y)"),
        ("fit_multiplied", "not by its inverse", "np.linalg.solve(X.T @ X, X.T @ y)", "X.T @ X @ X.T @ y"),
        ("fit_not_transposed", "matrix product", "X.T @ X, X.T @ y", "X @ X, X @ y"),
    ),
    *spoiled(
        "gaussian_likelihood",
        """
def gaussian_log_likelihood(prediction, y, *, sigma):
    n = len(y)
    squares = np.sum((y - prediction) ** 2)
    return -n / 2 * np.log(2 * np.pi * sigma**2) - squares / (2 * sigma**2)


def noise_estimate(prediction, y):
    return np.sqrt(np.mean((y - prediction) ** 2))
""",
        ("likelihood_squares_alone", "term −n/2 log(2πσ²) is missing", "-n / 2 * np.log(2 * np.pi * sigma**2) -", "-"),
        ("likelihood_normalized_once", "counted once", "-n / 2", "-1 / 2"),
        ("likelihood_sigma_in_log", "holds σ where σ² is due", "np.pi * sigma**2", "np.pi * sigma"),
        ("likelihood_two_sigma", "divided by 2σ", "(2 * sigma**2)", "(2 * sigma)"),
        ("likelihood_no_two", "without the 2", "squares / (2 * sigma**2)", "squares / sigma**2"),
        ("likelihood_added", "squares are added", ") - squares", ") + squares"),
        (
            "likelihood_negative",
            "negative log-likelihood",
            "return -n / 2 * np.log(2 * np.pi * sigma**2) -",
            "return n / 2 * np.log(2 * np.pi * sigma**2) +",
        ),
        ("likelihood_not_halved", "is not halved", "-n / 2", "-n"),
        (
            "noise_variance",
            "this is the variance",
            "np.sqrt(np.mean((y - prediction) ** 2))",
            "np.mean((y - prediction) ** 2)",
        ),
        (
            "noise_unbiased",
            "divided by n − 1",
            "np.sqrt(np.mean((y - prediction) ** 2))",
            "np.sqrt(np.sum((y - prediction) ** 2) / (len(y) - 1))",
        ),
        (
            "noise_std",
            "errors' mean is subtracted",
            "np.sqrt(np.mean((y - prediction) ** 2))",
            "np.std(y - prediction)",
        ),
    ),
    *spoiled(
        "gaussian_likelihood",
        """
def gaussian_log_likelihood(prediction, y, *, sigma):
    densities = np.exp(-((y - prediction) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2)
    return np.log(np.prod(densities))


def noise_estimate(prediction, y):
    return np.sqrt(np.mean((y - prediction) ** 2))
""",
        ("likelihood_of_a_product", "a product of 4000 densities", "", ""),
        ("likelihood_no_logarithm", "without the logarithm", "np.log(np.prod(densities))", "np.prod(densities)"),
        ("likelihood_mean", "mean per sample", "np.log(np.prod(densities))", "np.mean(np.log(densities))"),
    ),
]

"""Mistakes in rectifiers: leaky, parametric and exponential, and in finding dead units."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

LEAKY_RELU = spoiled(
    "leaky_relu",
    """
def leaky_relu_forward(x, *, alpha=0.01):
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)


def leaky_relu_backward(dout, cache):
    x, alpha = cache
    return np.where(x > 0, dout, alpha * dout)
""",
    ("leaky_as_maximum", "where α > 1", "np.where(x > 0, x, alpha * x)", "np.maximum(alpha * x, x)"),
    ("leaky_constant_branch", "the constant α", "np.where(x > 0, x, alpha * x)", "np.where(x > 0, x, alpha)"),
    ("leaky_is_plain", "scaled by α here", "np.where(x > 0, x, alpha * x)", "np.maximum(x, 0)"),
    ("leaky_slope_is_plain", "it is α here", "alpha * dout", "0 * dout"),
    ("leaky_sign_of_gradient", "the sign of the input", "np.where(x > 0, dout", "np.where(dout > 0, dout"),
    (
        "leaky_slope_is_output",
        "the slope is 1 or α",
        "np.where(x > 0, dout, alpha * dout)",
        "dout * np.where(x > 0, x, alpha * x)",
    ),
    (
        "leaky_without_upstream",
        "upstream gradient is ignored",
        "np.where(x > 0, dout, alpha * dout)",
        "np.where(x > 0, 1.0, alpha)",
    ),
    ("leaky_exchanged", "branches are exchanged", "x > 0", "x < 0"),
)

PRELU = spoiled(
    "prelu",
    """
def prelu_forward(x, alpha):
    out = np.where(x > 0, x, alpha * x)
    return out, (x, alpha)


def prelu_backward(dout, cache):
    x, alpha = cache
    dx = np.where(x > 0, dout, alpha * dout)
    dalpha = np.where(x > 0, 0.0, x * dout).sum(axis=0)
    return dx, dalpha
""",
    ("prelu_all_entries", "does not depend on alpha", "np.where(x > 0, 0.0, x * dout)", "(x * dout)"),
    ("prelu_without_x", "the derivative of αx by α is x", "0.0, x * dout", "0.0, dout"),
    ("prelu_without_upstream", "without dout", "0.0, x * dout", "0.0, x"),
    ("prelu_mean", "it has to be a sum", "sum(axis=0)", "mean(axis=0)"),
    ("prelu_all_channels", "one alpha per channel", "sum(axis=0)", "sum()"),
    ("prelu_not_summed", "dalpha is not summed", ".sum(axis=0)", ""),
    ("prelu_times_alpha", "contains the factor alpha", "x * dout)", "alpha * x * dout)"),
    ("prelu_as_maximum", "decide by the sign of x", "np.where(x > 0, x, alpha * x)", "np.maximum(x, alpha * x)"),
    ("prelu_swapped", "gradient of another input", "return dx, dalpha", "return dalpha, dx"),
)

ELU = spoiled(
    "elu",
    """
def elu_forward(x, *, alpha=1.0):
    out = np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))
    return out, (x, alpha)


def elu_backward(dout, cache):
    x, alpha = cache
    slope = np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0)))
    return dout * slope
""",
    ("elu_jumps", "the −1 is missing", "(np.exp(np.minimum(x, 0)) - 1)", "np.exp(np.minimum(x, 0))"),
    (
        "elu_bracket",
        "α multiplies the exponential alone",
        "(np.exp(np.minimum(x, 0)) - 1)",
        "np.exp(np.minimum(x, 0)) - 1",
    ),
    ("elu_without_alpha", "alpha", "alpha * (np", "(np"),
    ("elu_slope_is_value", "the −1 is a constant", "np.exp(np.minimum(x, 0)))\n", "(np.exp(np.minimum(x, 0)) - 1))\n"),
    ("elu_slope_is_plain", "as in the plain ReLU", "alpha * np.exp(np.minimum(x, 0)))\n", "0.0)\n"),
    ("elu_slope_is_leaky", "as in a leaky ReLU", "alpha * np.exp(np.minimum(x, 0)))\n", "alpha)\n"),
    (
        "elu_zero_times_infinity",
        "overflow",
        "np.where(x > 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))",
        "(x > 0) * x + (x <= 0) * alpha * (np.exp(x) - 1)",
    ),
)

DEAD_UNITS = spoiled(
    "dead_units",
    """
def dead_units(x, w, b):
    scores = x @ w + b
    return np.all(scores <= 0, axis=0)
""",
    ("dead_for_any", "not dead yet", "np.all", "np.any"),
    ("dead_turned_round", "the units that live", "np.all(scores <= 0, axis=0)", "np.any(scores > 0, axis=0)"),
    ("dead_samples", "the samples for which", "axis=0", "axis=1"),
    ("dead_without_bias", "the bias is missing", " + b", ""),
    ("dead_on_average", "the mean score decides", "np.all(scores <= 0, axis=0)", "scores.mean(axis=0) <= 0"),
    ("dead_strictly", "compare with ≤ 0", "scores <= 0", "scores < 0"),
    ("dead_altogether", "one answer for all units", ", axis=0", ""),
)

VARIANTS = [*LEAKY_RELU, *PRELU, *ELU, *DEAD_UNITS]

"""Wrong in part 2."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

DIFFERENCES = spoiled(
    "differences",
    """
def one_sided(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)
""",
    ("central_over_h", "two points are 2h apart", "(2 * h)", "h"),
    ("central_precedence", "brackets are missing", "(2 * h)", "2 * h"),
    ("one_sided_over_two_h", "two points are h apart", "f(x)) / h", "f(x)) / (2 * h)"),
    ("differences_not_divided", "not divided", "f(x)) / h", "f(x))", ") / (2 * h)", ")"),
    ("one_sided_left", "steps to the left", "f(x + h) - f(x))", "f(x) - f(x - h))"),
    ("central_is_one_sided", "this is the one-sided difference", "- f(x - h)) / (2 * h)", "- f(x)) / h"),
    ("one_sided_is_central", "this is the central difference", "f(x)) / h", "f(x - h)) / (2 * h)"),
    ("central_half_steps", "half as large", "f(x + h) - f(x - h)) / (2 * h)", "f(x + h / 2) - f(x - h / 2)) / h"),
    ("one_sided_minus", "wrong sign", "f(x + h) - f(x))", "f(x) - f(x + h))"),
    ("own_h", "not the h", "):\n    return", "):\n    h = 1e-6\n    return"),
)

BEST_STEPS = spoiled(
    "best_steps",
    """
def best_step_one_sided(f, f2, eps):
    return 2 * (eps * f / f2) ** 0.5


def best_step_central(f, f3, eps):
    return (3 * eps * f / f3) ** (1 / 3)
""",
    ("step_no_two", "the factor 2 is missing", "2 * (eps", "(eps"),
    ("step_root_two", "√2 where 2 is due", "2 * (eps", "2**0.5 * (eps"),
    ("step_no_root", "square root is missing", "2 * (eps * f / f2) ** 0.5", "4 * eps * f / f2"),
    ("step_upside_down", "upside down", "f / f2", "f2 / f", "f / f3", "f3 / f"),
    ("step_no_three", "factor 3 is missing", "3 * eps", "eps"),
    ("step_square_root", "an equation for h³", "(1 / 3)", "0.5"),
    ("step_six", "not differentiated", "3 * eps", "6 * eps"),
    ("step_eps_alone", "not on ε alone", " * f / f2", "", " * f / f3", ""),
)

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
    ("gradient_one_sided", "one-sided", "middle - h\n        below = f(x)", "middle\n        below = 2 * f(x) - above"),
    ("gradient_over_h", "2h apart", "(2 * h)", "h"),
    ("gradient_own_step", "not the h", "gradient = ", "h = 1e-5\n    gradient = "),
    ("gradient_not_put_back", "not put back", "        x[i] = middle\n", ""),
    (
        "gradient_all_at_once",
        "all entries are moved at once",
        "middle = x[i]",
        "middle = x.copy()",
        "x[i] =",
        "x[...] =",
    ),
    ("gradient_flat", "reshape", "return gradient", "return gradient.ravel()"),
)

COMPARE_GRADIENTS = spoiled(
    "compare_gradients",
    """
def compare_gradients(derived, measured):
    scale = np.maximum(np.abs(derived) + np.abs(measured), 1e-8)
    errors = np.abs(derived - measured) / scale
    index = np.unravel_index(np.argmax(errors), errors.shape)
    return errors[index], index
""",
    ("compare_absolute", "absolute error", " / scale", ""),
    ("compare_by_derived", "derived entry alone", " + np.abs(measured)", ""),
    (
        "compare_by_larger",
        "the larger of the two",
        "np.abs(derived) + np.abs(measured)",
        "np.maximum(abs(derived), abs(measured))",
    ),
    ("compare_cancels", "opposite signs cancel", "np.abs(derived) + np.abs(measured)", "np.abs(derived + measured)"),
    (
        "compare_sizes",
        "opposite signs pass",
        "np.abs(derived - measured)",
        "np.abs(np.abs(derived) - np.abs(measured))",
    ),
    ("compare_one_scale", "its own scale", "1e-8)", "1e-8).max()"),
    ("compare_without_floor", "at least 1e-8", ", 1e-8)", ", 1e-300)"),
    ("compare_mean", "mean of the errors", "return errors[index]", "return errors.mean()"),
    ("compare_flat_index", "flattened array", "errors[index], index", "errors[index], np.argmax(errors)"),
)

MEASURED = [*DIFFERENCES, *BEST_STEPS, *NUMERICAL_GRADIENT, *COMPARE_GRADIENTS]

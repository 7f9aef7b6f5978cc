"""Mistakes in parts 1 to 4: Newton's step and walk, orders, kinds of points, linear regression."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

PARABOLA = spoiled(
    "parabola_step",
    """
def parabola_step(slope, curvature):
    if curvature == 0:
        return np.nan, "none"
    step = slope / curvature
    kind = "minimum" if curvature > 0 else "maximum"
    return step, kind
""",
    ("added", "wrong sign", "slope / curvature", "-slope / curvature"),
    ("upside_down", "upside down", "slope / curvature", "curvature / slope"),
    ("always_downhill", "curvature's size", "slope / curvature", "slope / abs(curvature)"),
    ("slope_alone", "slope alone", "slope / curvature", "slope"),
    ("half", "half of what is due", "slope / curvature", "slope / (2 * curvature)"),
    ("no_step_on_a_line", "no vertex", "return np.nan", "return 0.0"),
    ("infinite_on_a_line", "infinite step", "return np.nan", "return np.copysign(np.inf, slope)"),
    ("divides_by_zero", "0", '    if curvature == 0:\n        return np.nan, "none"\n', ""),
    ("kinds_swapped", "swapped", "curvature > 0", "curvature < 0"),
    ("kind_by_slope", "the slope's sign", "curvature > 0", "slope > 0"),
    ("always_minimum", "need not be a minimum", 'if curvature > 0 else "maximum"', ""),
    prefix="parabola_step_",
)

NEWTON_STEP = spoiled(
    "newton_step",
    """
def newton_step(gradient, hessian):
    return np.linalg.solve(hessian, gradient)
""",
    ("multiplied", "multiplied, not divided", "np.linalg.solve(hessian, gradient)", "hessian @ gradient"),
    ("diagonal", "diagonal of H alone", "np.linalg.solve(hessian, gradient)", "gradient / np.diag(hessian)"),
    ("entrywise", "entry by entry", "np.linalg.solve(hessian, gradient)", "(1 / hessian) @ gradient"),
    ("added", "wrong sign", "return ", "return -"),
    ("gradient", "has had no say", "np.linalg.solve(hessian, gradient)", "gradient"),
    (
        "unit_length",
        "has length 1",
        "return np.linalg.solve(hessian, gradient)",
        "step = np.linalg.solve(hessian, gradient)\n    return step / np.linalg.norm(step)",
    ),
    (
        "saddle_free",
        "eigenvalues' sizes",
        "return np.linalg.solve(hessian, gradient)",
        "values, vectors = np.linalg.eigh(hessian)\n    return vectors @ (vectors.T @ gradient / abs(values))",
    ),
    (
        "scipy",
        "scipy",
        "return np.linalg.solve(hessian, gradient)",
        "import scipy.linalg\n    return scipy.linalg.solve(hessian, gradient)",
    ),
    prefix="newton_step_",
)

NEWTON = spoiled(
    "newton",
    """
def newton(gradient, hessian, x0, *, tolerance, max_steps):
    path = [x0]
    x = x0
    for _ in range(max_steps):
        step = np.linalg.solve(hessian(x), gradient(x))
        x = x - step
        path.append(x)
        if np.linalg.norm(step) < tolerance:
            break
    return np.array(path)
""",
    ("never_stops", "never stops early", "            break\n", "            pass\n"),
    ("hessian_at_start", "the Hessian is taken at x0", "hessian(x)", "hessian(x0)"),
    ("gradient_at_start", "the gradient is taken at x0", "gradient(x))", "gradient(x0))"),
    ("uphill", "the wrong way", "x - step", "x + step"),
    ("learning_rate", "a tenth of each step", "x - step", "x - 0.1 * step"),
    ("diagonal", "diagonal alone", "np.linalg.solve(hessian(x), gradient(x))", "gradient(x) / np.diag(hessian(x))"),
    ("no_start", "the start is missing", "path = [x0]", "path = []"),
    (
        "no_end",
        "the last point is missing",
        "        path.append(x)\n        if np.linalg.norm(step) < tolerance:\n            break\n",
        "        if np.linalg.norm(step) < tolerance:\n            break\n        path.append(x)\n",
    ),
    ("gradient_is_short", "the gradient's length", "norm(step)", "norm(gradient(x + step))"),
    ("squared_length", "the squared length", "np.linalg.norm(step)", "np.sum(step**2)"),
    prefix="newton_",
)

ORDER = spoiled(
    "convergence_order",
    """
def convergence_order(errors):
    a, b, c = errors[-3], errors[-2], errors[-1]
    return np.log(c / b) / np.log(b / a)
""",
    ("upside_down", "upside down", "np.log(c / b) / np.log(b / a)", "np.log(b / a) / np.log(c / b)"),
    ("errors_themselves", "the errors' logarithms", "np.log(c / b) / np.log(b / a)", "np.log(c) / np.log(b)"),
    ("no_logarithms", "logarithms are missing", "np.log(c / b) / np.log(b / a)", "(c / b) / (b / a)"),
    ("first_three", "first three", "errors[-3], errors[-2], errors[-1]", "errors[0], errors[1], errors[2]"),
    ("differences", "take their ratios", "np.log(c / b) / np.log(b / a)", "np.log(b - c) / np.log(a - b)"),
    prefix="convergence_order_",
)

POINTS = spoiled(
    "stationary_point",
    """
def stationary_point(hessian):
    values = np.linalg.eigvalsh(hessian)
    zero = 1e-9 * np.abs(values).max()
    if values.min() < -zero and values.max() > zero:
        return "saddle"
    if np.abs(values).min() <= zero:
        return "undecided"
    return "minimum" if values.min() > 0 else "maximum"
""",
    ("by_diagonal", "judged by the diagonal", "np.linalg.eigvalsh(hessian)", "np.diag(hessian)"),
    (
        "by_determinant",
        "judged by the determinant",
        "    values = np.linalg.eigvalsh(hessian)\n    zero = 1e-9 * np.abs(values).max()\n"
        '    if values.min() < -zero and values.max() > zero:\n        return "saddle"\n'
        '    if np.abs(values).min() <= zero:\n        return "undecided"\n'
        '    return "minimum" if values.min() > 0 else "maximum"',
        '    d = np.linalg.det(hessian)\n    if abs(d) < 1e-9:\n        return "undecided"\n'
        '    if d < 0:\n        return "saddle"\n'
        '    return "minimum" if hessian[0, 0] > 0 else "maximum"',
    ),
    (
        "swapped",
        "swapped",
        '"minimum" if values.min() > 0 else "maximum"',
        '"maximum" if values.min() > 0 else "minimum"',
    ),
    ("rounding", "comes out as a tiny number", "zero = 1e-9 * np.abs(values).max()", "zero = 0.0"),
    (
        "zero_first",
        "even if a third is flat",
        '    if values.min() < -zero and values.max() > zero:\n        return "saddle"\n'
        '    if np.abs(values).min() <= zero:\n        return "undecided"\n',
        '    if np.abs(values).min() <= zero:\n        return "undecided"\n'
        '    if values.min() < 0 < values.max():\n        return "saddle"\n',
    ),
    ("never_undecided", "it can be undecided", '"undecided"', '"saddle"'),
    prefix="stationary_point_",
)

DERIVATIVES = spoiled(
    "least_squares_derivatives",
    """
def least_squares_derivatives(x, y, theta):
    gradient = -2 * x.T @ (y - x @ theta)
    hessian = 2 * x.T @ x
    return gradient, hessian
""",
    ("uphill", "the wrong way", "-2 * x.T @ (y", "2 * x.T @ (y"),
    ("no_two", "a factor 2 is missing", "2 * x.T", "1 * x.T"),
    (
        "mean",
        "divided by the number of points",
        "    return gradient, hessian",
        "    return gradient / len(y), hessian / len(y)",
    ),
    ("negative_hessian", "the Hessian has the wrong sign", "hessian = 2 *", "hessian = -2 *"),
    ("points_by_points", "points by points", "2 * x.T @ x\n", "2 * x @ x.T\n"),
    ("diagonal", "only the diagonal", "2 * x.T @ x\n", "np.diag(2 * (x**2).sum(axis=0))\n"),
    ("outer", "product of the gradient with itself", "2 * x.T @ x\n", "np.outer(gradient, gradient)\n"),
    ("at_zero", "depends on where we are", "(y - x @ theta)", "y"),
    prefix="least_squares_derivatives_",
)

WRONG = [*PARABOLA, *NEWTON_STEP, *NEWTON, *ORDER, *POINTS, *DERIVATIVES]

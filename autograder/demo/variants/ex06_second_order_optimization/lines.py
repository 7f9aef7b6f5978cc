"""Mistakes in parts 5 and 6: line search, conjugate gradient, products with the Hessian."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

EXACT = spoiled(
    "exact_step",
    """
def exact_step(gradient, hessian, direction):
    return -(gradient @ direction) / (direction @ hessian @ direction)
""",
    ("wrong_sign", "the wrong sign", "-(gradient", "(gradient"),
    (
        "steepest",
        "as if it were −g",
        "-(gradient @ direction) / (direction @ hessian @ direction)",
        "gradient @ gradient / (gradient @ hessian @ gradient)",
    ),
    ("gradient_squared", "gᵀg stands above", "-(gradient @ direction)", "(gradient @ gradient)"),
    ("wrong_curvature", "gᵀHg stands below", "(direction @ hessian @ direction)", "(gradient @ hessian @ gradient)"),
    ("no_hessian", "the Hessian is missing", "direction @ hessian @", "direction @"),
    (
        "upside_down",
        "upside down",
        "-(gradient @ direction) / (direction @ hessian @ direction)",
        "-(direction @ hessian @ direction) / (gradient @ direction)",
    ),
    ("half", "half of what is due", "return -(", "return -0.5 * ("),
    prefix="exact_step_",
)

WOLFE = spoiled(
    "wolfe_line_search",
    """
def wolfe_line_search(f, gradient, x, direction, *, step=1.0, c1=1e-4, c2=0.9, trials=50):
    start, slope = f(x), gradient(x) @ direction
    low, high = 0.0, np.inf
    for _ in range(trials):
        new = x + step * direction
        if not f(new) <= start + c1 * step * slope:
            high = step
        else:
            here = gradient(new) @ direction
            if abs(here) <= c2 * abs(slope):
                return step
            elif here > 0:
                high = step
            else:
                low = step
        step = (low + high) / 2 if high < np.inf else 2 * step
    return low
""",
    ("one_sided", "from one side only", "abs(here) <= c2 * abs(slope)", "here >= c2 * slope"),
    ("decrease_only", "only the decrease is tested", "abs(here) <= c2 * abs(slope)", "True"),
    ("whole_gradient", "whole gradient's length", "abs(here) <=", "np.linalg.norm(gradient(new)) <="),
    ("absolute_slope", "with c₂ alone", "c2 * abs(slope)", "c2"),
    ("any_decrease", "any decrease is accepted", " + c1 * step * slope", ""),
    ("bound_above", "gᵀp is negative already", "start + c1", "start - c1"),
    ("no_step", "lacks the step", "c1 * step * slope", "c1 * slope"),
    ("never_grows", "does not grow", "else 2 * step", "else step"),
    ("halved", "is halved", "(low + high) / 2", "step / 2"),
    (
        "uphill_is_short",
        "uphill counts as too short",
        "            elif here > 0:\n                high = step\n",
        "",
    ),
    ("nan_passes", "a NaN passes", "not f(new) <= start", "f(new) > start"),
    ("own_first_step", "the first step is 1", "    low, high = 0.0", "    step = 1.0\n    low, high = 0.0"),
    prefix="wolfe_line_search_",
)

CG = spoiled(
    "conjugate_gradient",
    """
def conjugate_gradient(multiply, b, *, tolerance, max_steps):
    x, r = np.zeros(len(b)), b
    p = r
    path = [x]
    for _ in range(max_steps):
        if np.linalg.norm(r) <= tolerance * np.linalg.norm(b):
            break
        ap = multiply(p)
        alpha = (r @ r) / (p @ ap)
        x = x + alpha * p
        path.append(x)
        r_new = r - alpha * ap
        beta = (r_new @ r_new) / (r @ r)
        p = r_new + beta * p
        r = r_new
    return np.array(path)
""",
    ("steepest", "steepest descent", "p = r_new + beta * p", "p = r_new"),
    ("beta_upside_down", "β is upside down", "(r_new @ r_new) / (r @ r)", "(r @ r) / (r_new @ r_new)"),
    (
        "beta_of_lengths",
        "ratio of the lengths",
        "(r_new @ r_new) / (r @ r)",
        "np.linalg.norm(r_new) / np.linalg.norm(r)",
    ),
    ("beta_subtracted", "β has the wrong sign", "r_new + beta", "r_new - beta"),
    ("old_residual", "from the old residual", "p = r_new + beta", "p = r + beta"),
    ("no_matrix", "A is missing from α", "(p @ ap)", "(p @ p)"),
    ("direction_squared", "pᵀp stands above", "(r @ r) / (p @ ap)", "(p @ p) / (p @ ap)"),
    ("residual_grows", "the residual grows", "r - alpha", "r + alpha"),
    ("first_residual", "first residual has the wrong sign", "np.zeros(len(b)), b\n", "np.zeros(len(b)), -b\n"),
    ("absolute_tolerance", "with ‖r‖ alone", "tolerance * np.linalg.norm(b)", "tolerance"),
    ("never_stops", "never stops early", "            break\n", "            pass\n"),
    ("no_start", "the start is missing", "path = [x]", "path = []"),
    (
        "solved",
        "what this task asks you to write",
        "    for _ in range(max_steps):\n",
        "    path.append(np.linalg.solve(np.array([multiply(e) for e in np.eye(len(b))]), b))\n"
        "    for _ in range(0):\n",
    ),
    prefix="conjugate_gradient_",
)

PRODUCT = spoiled(
    "hessian_vector_product",
    """
def hessian_vector_product(gradient, x, v, h):
    return (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)
""",
    ("one_sided", "one-sided", "gradient(x - h * v)) / (2 * h)", "gradient(x)) / h"),
    ("no_two", "2h apart", "/ (2 * h)", "/ h"),
    ("not_divided", "not divided", " / (2 * h)", ""),
    (
        "shifted_everywhere",
        "moved by h in all entries",
        "(gradient(x + h * v) - gradient(x - h * v))",
        "v * (gradient(x + h) - gradient(x - h))",
    ),
    (
        "unit_direction",
        "direction of v alone",
        "    return",
        "    v = v / np.linalg.norm(v)\n    return",
    ),
    ("all_of_v", "by all of v", "h * v", "v"),
    prefix="hessian_vector_product_",
)

WRONG = [*EXACT, *WOLFE, *CG, *PRODUCT]

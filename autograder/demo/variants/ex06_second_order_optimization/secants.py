"""Mistakes in part 7: BFGS and L-BFGS."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

UPDATE = spoiled(
    "bfgs_update",
    """
def bfgs_update(inverse, s, y):
    if s @ y <= 0:
        return inverse
    rho = 1 / (s @ y)
    one = np.eye(len(s))
    return (one - rho * np.outer(s, y)) @ inverse @ (one - rho * np.outer(y, s)) + rho * np.outer(s, s)
""",
    (
        "s_and_y_swapped",
        "s and y are swapped",
        "(one - rho * np.outer(s, y)) @ inverse @ (one - rho * np.outer(y, s)) + rho * np.outer(s, s)",
        "(one - rho * np.outer(y, s)) @ inverse @ (one - rho * np.outer(s, y)) + rho * np.outer(y, y)",
    ),
    (
        "wrong_way_round",
        "wrong way round",
        "(one - rho * np.outer(s, y)) @ inverse @ (one - rho * np.outer(y, s))",
        "(one - rho * np.outer(y, s)) @ inverse @ (one - rho * np.outer(s, y))",
    ),
    ("same_factor", "the same factor", "np.outer(y, s)", "np.outer(s, y)"),
    ("forgets_s", "ρ s sᵀ is missing", " + rho * np.outer(s, s)", ""),
    ("no_rho", "without ρ", "+ rho * np.outer(s, s)", "+ np.outer(s, s)"),
    ("rho_itself", "ρ is yᵀs itself", "rho = 1 / (s @ y)", "rho = s @ y"),
    ("plus", "have a plus", "one - rho", "one + rho"),
    ("from_scratch", "B itself is left out", " @ inverse @ ", " @ "),
    ("no_curvature_test", "without positive curvature", "    if s @ y <= 0:\n        return inverse\n", ""),
    (
        "inner_products",
        "outer product",
        "np.outer",
        "np.dot",
    ),
    prefix="bfgs_update_",
)

BFGS = spoiled(
    "bfgs",
    """
def bfgs(gradient, x0, *, line_search, update, tolerance, max_steps):
    path, B = [x0], np.eye(len(x0))
    x, g = x0, gradient(x0)
    for _ in range(max_steps):
        p = -B @ g
        alpha = line_search(x, p)
        new = x + alpha * p
        path.append(new)
        g_new = gradient(new)
        s, y = new - x, g_new - g
        B = update(B, s, y)
        x, g = new, g_new
        if np.linalg.norm(s) < tolerance:
            break
    return np.array(path)
""",
    ("never_learns", "B stays the identity", "B = update(B", "update(B"),
    ("learns_anew", "B is learnt anew", "update(B, s", "update(np.eye(len(x)), s"),
    ("full_step", "the whole direction p is taken", "x + alpha * p", "x + p"),
    ("s_is_p", "s is the direction p", "s, y = new - x", "s, y = p"),
    ("s_backwards", "s has the wrong sign", "s, y = new - x", "s, y = x - new"),
    ("y_backwards", "y has the wrong sign", "g_new - g\n", "g - g_new\n"),
    ("y_is_gradient", "y is the new gradient itself", "g_new - g\n", "g_new\n"),
    ("swapped", "s and y are swapped", "update(B, s, y)", "update(B, y, s)"),
    ("old_gradient", "the old gradient is kept", "x, g = new, g_new", "x = new"),
    ("uphill", "does not point downhill", "p = -B @ g", "p = B @ g"),
    ("gradient_is_short", "the gradient's length", "norm(s)", "norm(g)"),
    ("squared_length", "the squared length", "np.linalg.norm(s) <", "s @ s <"),
    ("never_stops", "never stops early", "            break\n", "            pass\n"),
    ("no_start", "the start is missing", "path, B = [x0]", "path, B = []"),
    prefix="bfgs_",
)

LBFGS = spoiled(
    "lbfgs_direction",
    """
def lbfgs_direction(gradient, pairs):
    q, alphas = gradient, []
    for s, y in pairs[::-1]:
        alpha = s @ q / (s @ y)
        q = q - alpha * y
        alphas.append(alpha)
    r = q
    if pairs:
        s, y = pairs[-1]
        r = (s @ y) / (y @ y) * q
    for (s, y), alpha in zip(pairs, alphas[::-1]):
        beta = y @ r / (s @ y)
        r = r + (alpha - beta) * s
    return -r
""",
    ("uphill", "points uphill", "return -r", "return r"),
    ("not_scaled", "q is not scaled", "        r = (s @ y) / (y @ y) * q\n", "        r = q\n"),
    ("oldest_scale", "with the oldest pair", "s, y = pairs[-1]", "s, y = pairs[0]"),
    ("scale_upside_down", "the scale is upside down", "(s @ y) / (y @ y)", "(y @ y) / (s @ y)"),
    ("scale_by_s", "sᵀs / yᵀs", "(s @ y) / (y @ y)", "(s @ s) / (s @ y)"),
    ("same_way_back", "comes back the other way", "zip(pairs, alphas[::-1])", "zip(pairs[::-1], alphas)"),
    ("beta_with_q", "β is computed with q", "beta = y @ r", "beta = y @ q"),
    ("added", "α + β is added", "alpha - beta", "alpha + beta"),
    ("no_beta", "β is missing", "(alpha - beta)", "alpha"),
    ("newest_only", "only the newest pair", "    q, alphas", "    pairs = pairs[-1:]\n    q, alphas"),
    (
        "fails_without_pairs",
        "index",
        "    if pairs:\n        s, y = pairs[-1]\n        r = (s @ y) / (y @ y) * q\n",
        "    s, y = pairs[-1]\n    r = (s @ y) / (y @ y) * q\n",
    ),
    prefix="lbfgs_direction_",
)

BOTH_WAYS = spoiled(
    "lbfgs_direction",
    """
def lbfgs_direction(gradient, pairs):
    q, alphas = gradient, np.zeros(len(pairs))
    for i in range(len(pairs)):
        s, y = pairs[i]
        alphas[i] = s @ q / (s @ y)
        q = q - alphas[i] * y
    r = q if not pairs else pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) * q
    for i in reversed(range(len(pairs))):
        s, y = pairs[i]
        r = r + (alphas[i] - y @ r / (s @ y)) * s
    return -r
""",
    ("wrong_way", "both loops go the wrong way", "", ""),
    ("first_loop_forwards", "first loop goes from the oldest", "reversed(range(len(pairs)))", "range(len(pairs))"),
    prefix="lbfgs_direction_",
)

WRONG = [*UPDATE, *BFGS, *LBFGS, *BOTH_WAYS]

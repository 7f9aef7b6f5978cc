"""Mistakes in parts 8 and 9: residuals, damped steps, the control of the damping, costs."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

GROWTH = spoiled(
    "growth",
    """
def growth_residual(theta, t, y):
    a, b = theta
    return a * (1 - np.exp(-b * t)) - y


def growth_jacobian(theta, t):
    a, b = theta
    decay = np.exp(-b * t)
    return np.stack([1 - decay, a * t * decay], axis=1)
""",
    (
        "measured_minus_model",
        "the residual has the wrong sign",
        "return a * (1 - np.exp(-b * t)) - y",
        "return y - a * (1 - np.exp(-b * t))",
    ),
    ("model_alone", "the model alone", "np.exp(-b * t)) - y", "np.exp(-b * t))"),
    ("squared", "squared already", "return a * (1 - np.exp(-b * t)) - y", "return (a * (1 - np.exp(-b * t)) - y) ** 2"),
    ("no_t", "the factor t is missing", "a * t * decay", "a * decay"),
    ("negative_slope", "∂r/∂b has the wrong sign", "a * t * decay", "-a * t * decay"),
    ("derived_by_t", "derivative by t", "a * t * decay", "a * b * decay"),
    ("no_a", "the factor a is missing", "a * t * decay", "t * decay"),
    ("a_too_many", "∂r/∂a has the factor a", "[1 - decay", "[a * (1 - decay)"),
    ("columns_swapped", "the columns are swapped", "[1 - decay, a * t * decay]", "[a * t * decay, 1 - decay]"),
    ("transposed", "transposed", "axis=1", "axis=0"),
    prefix="growth_",
)

GAUSS_NEWTON = spoiled(
    "gauss_newton_step",
    """
def gauss_newton_step(residual, jacobian):
    return np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)
""",
    ("twice", "twice as long", ", jacobian.T @ residual", ", 2 * jacobian.T @ residual"),
    ("half", "half of what is due", "(jacobian.T @ jacobian,", "(2 * jacobian.T @ jacobian,"),
    ("added", "wrong sign", "return np", "return -np"),
    (
        "gradient",
        "this is the gradient",
        "np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)",
        "jacobian.T @ residual",
    ),
    (
        "multiplied",
        "multiplied by",
        "np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)",
        "jacobian.T @ jacobian @ jacobian.T @ residual",
    ),
    (
        "diagonal",
        "diagonal of JᵀJ alone",
        "np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)",
        "jacobian.T @ residual / (jacobian**2).sum(axis=0)",
    ),
    (
        "library",
        "what this task asks you to write",
        "np.linalg.solve(jacobian.T @ jacobian, jacobian.T @ residual)",
        "np.linalg.lstsq(jacobian, residual, rcond=None)[0]",
    ),
    prefix="gauss_newton_step_",
)

LEVENBERG = spoiled(
    "levenberg_step",
    """
def levenberg_step(residual, jacobian, damping):
    normal = jacobian.T @ jacobian
    return np.linalg.solve(normal + damping * np.eye(len(normal)), jacobian.T @ residual)
""",
    ("slides", "twice as long", ", jacobian.T @ residual", ", 2 * jacobian.T @ residual"),
    ("every_entry", "added to every entry", "damping * np.eye(len(normal))", "damping"),
    ("subtracted", "λ is subtracted", "normal + damping", "normal - damping"),
    ("no_effect", "λ has no effect", "normal + damping * np.eye(len(normal))", "normal"),
    ("all_scaled", "scales the whole", "damping * np.eye(len(normal))", "damping * normal"),
    ("marquardt", "Marquardt's", "np.eye(len(normal))", "np.diag(np.diag(normal))"),
    ("squared", "squared", "damping * np", "damping**2 * np"),
    ("added", "wrong sign", "return np", "return -np"),
    prefix="levenberg_step_",
)

MARQUARDT = spoiled(
    "levenberg_marquardt_step",
    """
def levenberg_marquardt_step(residual, jacobian, damping):
    normal = jacobian.T @ jacobian
    return np.linalg.solve(normal + damping * np.diag(np.diag(normal)), jacobian.T @ residual)
""",
    ("slides", "twice as long", ", jacobian.T @ residual", ", 2 * jacobian.T @ residual"),
    ("levenberg", "Levenberg's", "np.diag(np.diag(normal))", "np.eye(len(normal))"),
    ("all_scaled", "scales the whole", "np.diag(np.diag(normal))", "normal"),
    ("row_of_diagonal", "came as a row", "np.diag(np.diag(normal))", "np.diag(normal)"),
    ("no_effect", "λ has no effect", "normal + damping * np.diag(np.diag(normal))", "normal"),
    ("root", "root of the diagonal", "np.diag(np.diag(normal))", "np.diag(np.sqrt(np.diag(normal)))"),
    ("subtracted", "λ is subtracted", "normal + damping", "normal - damping"),
    prefix="levenberg_marquardt_step_",
)

DESCENT = spoiled(
    "damped_descent",
    """
def damped_descent(residual, jacobian, x0, *, step, damping, factor, tolerance, max_steps):
    path = [x0]
    x, r = x0, residual(x0)
    for _ in range(max_steps):
        j = jacobian(x)
        for _ in range(30):
            new = x - step(r, j, damping)
            r_new = residual(new)
            if np.sum(r_new**2) < np.sum(r**2):
                break
            damping = damping * factor
        else:
            break
        damping = damping / factor
        path.append(new)
        length = np.linalg.norm(new - x)
        x, r = new, r_new
        if length < tolerance:
            break
    return np.array(path)
""",
    (
        "takes_every_step",
        "taken even if it increases f",
        "        for _ in range(30):\n            new = x - step(r, j, damping)\n            r_new = residual(new)\n"
        "            if np.sum(r_new**2) < np.sum(r**2):\n                break\n"
        "            damping = damping * factor\n        else:\n            break\n"
        "        damping = damping / factor\n",
        "        new = x - step(r, j, damping)\n        r_new = residual(new)\n"
        "        if np.sum(r_new**2) < np.sum(r**2):\n            damping = damping / factor\n"
        "        else:\n            damping = damping * factor\n",
    ),
    ("bolder_after_failure", "smaller after a failure", "damping = damping * factor", "damping = damping / factor"),
    ("never_bolder", "stays as it is after a success", "        damping = damping / factor\n", ""),
    ("careful_after_success", "λ grows after a success", "damping = damping / factor", "damping = damping * factor"),
    (
        "starts_anew",
        "λ starts anew",
        "        j = jacobian(x)\n",
        "        j = jacobian(x)\n        first = damping if len(path) == 1 else first\n        damping = first\n",
    ),
    ("jacobian_at_start", "the Jacobian is taken at x0", "jacobian(x)", "jacobian(x0)"),
    ("stale_residual", "the residuals are those of the start", "x, r = new, r_new", "x = new"),
    ("summed", "summed, not their squares", "np.sum(r_new**2) < np.sum(r**2)", "np.sum(r_new) < np.sum(r)"),
    ("never_stops", "never stops early", "        if length < tolerance:\n            break\n", ""),
    ("no_start", "the start is missing", "path = [x0]", "path = []"),
    ("added", "the step is added", "x - step(", "x + step("),
    ("moves_where_no_way", "right in general, wrong at the edge", "        else:\n            break\n", ""),
    prefix="damped_descent_",
)

COSTS = spoiled(
    "costs",
    """
def hessian_bytes(parameters, number):
    return number * parameters**2


def solve_seconds(parameters, speed):
    return 2 * parameters**3 / 3 / speed


def lbfgs_bytes(parameters, pairs, number):
    return 2 * pairs * parameters * number


def largest_network(memory, number):
    return int(np.sqrt(memory // number))
""",
    ("entries", "these are entries", "number * parameters**2", "parameters**2"),
    ("a_gradient", "k numbers are a gradient", "number * parameters**2", "number * parameters"),
    ("half_the_hessian", "only half", "number * parameters**2", "number * parameters * (parameters + 1) // 2"),
    ("k_cubed", "an elimination takes", "2 * parameters**3 / 3", "parameters**3"),
    ("k_squared", "a product with a vector", "2 * parameters**3 / 3", "parameters**2"),
    ("operations", "these are operations", "2 * parameters**3 / 3 / speed", "2 * parameters**3 / 3"),
    ("one_vector", "a pair holds two", "2 * pairs", "pairs"),
    ("numbers", "these are numbers", "2 * pairs * parameters * number", "2 * pairs * parameters"),
    ("not_whole", "not a whole number", "int(np.sqrt(memory // number))", "np.sqrt(memory / number)"),
    ("rounded_up", "rounded up", "int(np.sqrt(memory // number))", "int(np.ceil(np.sqrt(memory / number)))"),
    ("no_root", "take the root", "int(np.sqrt(memory // number))", "memory // number"),
    prefix="costs_",
)

WRONG = [*GROWTH, *GAUSS_NEWTON, *LEVENBERG, *MARQUARDT, *DESCENT, *COSTS]

"""Right, with arrays that are filled, and inputs that are changed, in place."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

IN_PLACE = Variant(
    "in_place",
    {
        "parabola_step_code": """
def parabola_step(slope, curvature):
    kind = "minimum"
    if curvature < 0:
        kind = "maximum"
        slope, curvature = -slope, -curvature
    if not curvature:
        return np.nan, "none"
    slope /= curvature
    return slope, kind
""",
        "newton_step_code": """
def newton_step(gradient, hessian):
    gradient[:] = np.linalg.solve(hessian, gradient)
    return gradient
""",
        "newton_code": """
def newton(gradient, hessian, x0, *, tolerance, max_steps):
    path = np.empty((max_steps + 1, x0.size))
    path[0] = x0
    for k in range(max_steps):
        step = np.linalg.solve(hessian(path[k]), gradient(path[k]))
        path[k + 1] = path[k]
        path[k + 1] -= step
        if np.hypot.reduce(step) < tolerance:
            return path[: k + 2]
    return path
""",
        "convergence_order_code": """
def convergence_order(errors):
    np.log(errors, out=errors)
    errors[1:] -= errors[:-1].copy()
    return errors[-1] / errors[-2]
""",
        "stationary_point_code": """
def stationary_point(hessian):
    values = np.linalg.eigh(hessian)[0]
    values[np.abs(values) <= 1e-9 * np.max(np.abs(values))] = 0
    if np.all(values > 0):
        return "minimum"
    if np.all(values < 0):
        return "maximum"
    if np.any(values > 0) and np.any(values < 0):
        return "saddle"
    return "undecided"
""",
        "least_squares_derivatives_code": """
def least_squares_derivatives(x, y, theta):
    y -= np.dot(x, theta)
    y *= -2
    return np.dot(y, x), 2 * np.dot(x.T, x)
""",
        "exact_step_code": """
def exact_step(gradient, hessian, direction):
    gradient *= direction
    bent = hessian.dot(direction)
    bent *= direction
    return -gradient.sum() / bent.sum()
""",
        "wolfe_line_search_code": """
def wolfe_line_search(f, gradient, x, direction, *, step=1.0, c1=1e-4, c2=0.9, trials=50):
    bracket = [0.0, np.inf]
    start, slope = f(x), np.sum(gradient(x) * direction)
    while trials > 0:
        trials -= 1
        here = x.copy()
        here += step * direction
        if f(here) <= start + c1 * step * slope:
            now = np.sum(gradient(here) * direction)
            if -c2 * abs(slope) <= now <= c2 * abs(slope):
                return step
            bracket[int(now > 0)] = step
        else:
            bracket[1] = step
        step = np.mean(bracket) if bracket[1] != np.inf else 2 * bracket[0]
    return bracket[0]
""",
        "conjugate_gradient_code": """
def conjugate_gradient(multiply, b, *, tolerance, max_steps):
    path = np.zeros((max_steps + 1, len(b)))
    r, p = b.copy(), b.copy()
    rr = r @ r
    for k in range(max_steps):
        if np.sqrt(rr) <= tolerance * np.linalg.norm(b):
            return path[: k + 1]
        ap = multiply(p)
        alpha = rr / np.dot(p, ap)
        path[k + 1] = path[k] + alpha * p
        r -= alpha * ap
        rr, before = r @ r, rr
        p *= rr / before
        p += r
    return path
""",
        "hessian_vector_product_code": """
def hessian_vector_product(gradient, x, v, h):
    v *= h
    x += v
    product = gradient(x)
    x -= 2 * v
    product -= gradient(x)
    product /= 2 * h
    return product
""",
        "bfgs_update_code": """
def bfgs_update(inverse, s, y):
    ys = np.dot(y, s)
    if ys > 0:
        left = np.eye(len(s), dtype=s.dtype)
        left -= s[:, None] * y / ys
        inverse = left.dot(inverse).dot(left.T)
        inverse += s[:, None] * s[None, :] / ys
    return inverse
""",
        "bfgs_code": """
def bfgs(gradient, x0, *, line_search, update, tolerance, max_steps):
    path = np.zeros((max_steps + 1, len(x0)))
    path[0] = x0
    inverse = np.diag(np.ones(len(x0)))
    g = gradient(x0)
    for k in range(1, max_steps + 1):
        p = inverse @ g
        p *= -1
        path[k] = path[k - 1] + line_search(path[k - 1], p) * p
        change = -g
        g = gradient(path[k])
        change += g
        inverse = update(inverse, path[k] - path[k - 1], change)
        if np.linalg.norm(path[k] - path[k - 1]) < tolerance:
            return path[: k + 1]
    return path
""",
        "lbfgs_direction_code": """
def lbfgs_direction(gradient, pairs):
    q = -gradient
    alphas = {}
    for i in reversed(range(len(pairs))):
        s, y = pairs[i]
        alphas[i] = s.dot(q) / s.dot(y)
        q -= alphas[i] * y
    if pairs:
        q *= pairs[-1][0].dot(pairs[-1][1]) / pairs[-1][1].dot(pairs[-1][1])
    for i, (s, y) in enumerate(pairs):
        q += (alphas[i] - y.dot(q) / s.dot(y)) * s
    return q
""",
        "growth_code": """
def growth_residual(theta, t, y):
    y -= theta[0]
    y += theta[0] * np.exp(-theta[1] * t)
    y *= -1
    return y


def growth_jacobian(theta, t):
    jacobian = np.empty((len(t), 2))
    jacobian[:, 0] = 1 - np.exp(-theta[1] * t)
    jacobian[:, 1] = theta[0] * t * (1 - jacobian[:, 0])
    return jacobian
""",
        "gauss_newton_step_code": """
def gauss_newton_step(residual, jacobian):
    lower = np.linalg.cholesky(2 * jacobian.T @ jacobian)
    return np.linalg.solve(lower.T, np.linalg.solve(lower, 2 * jacobian.T @ residual))
""",
        "levenberg_step_code": """
def levenberg_step(residual, jacobian, damping):
    normal = jacobian.T @ jacobian
    normal.flat[:: len(normal) + 1] += damping
    return np.linalg.solve(normal, residual @ jacobian)
""",
        "levenberg_marquardt_step_code": """
def levenberg_marquardt_step(residual, jacobian, damping):
    normal = jacobian.T @ jacobian
    normal += damping * np.eye(len(normal), dtype=normal.dtype) * normal
    return np.linalg.solve(normal, residual @ jacobian)
""",
        "damped_descent_code": """
def damped_descent(residual, jacobian, x0, *, step, damping, factor, tolerance, max_steps):
    path = np.zeros((max_steps + 1, len(x0)))
    path[0] = x0
    r, j = residual(x0), jacobian(x0)
    taken = trials = 0
    while taken < max_steps and trials < 30:
        delta = step(r, j, damping)
        ahead = residual(path[taken] - delta)
        trials += 1
        if np.sum(ahead**2) >= np.sum(r**2):
            damping *= factor
            continue
        damping /= factor
        path[taken + 1] = path[taken] - delta
        taken, trials = taken + 1, 0
        r, j = ahead, jacobian(path[taken])
        if np.linalg.norm(delta) < tolerance:
            break
    return path[: taken + 1]
""",
        "costs_code": """
import math


def hessian_bytes(parameters, number):
    number *= parameters
    number *= parameters
    return number


def solve_seconds(parameters, speed):
    speed /= parameters
    speed /= parameters
    return 2 / 3 * parameters / speed


def lbfgs_bytes(parameters, pairs, number):
    return sum([parameters * number] * (2 * pairs))


def largest_network(memory, number):
    k = math.isqrt(memory)
    while k * k * number > memory:
        k -= 1
    return k
""",
    },
)

VARIANTS = [IN_PLACE]

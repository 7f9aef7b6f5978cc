"""Right, by other algebra."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

ALGEBRA = Variant(
    "other_algebra",
    {
        "parabola_step_code": """
def parabola_step(slope, curvature):
    kind = ["none", "minimum", "maximum"][int(np.sign(curvature))]
    return -np.roots([curvature, slope])[0] if curvature else np.nan, kind
""",
        "newton_step_code": """
def newton_step(gradient, hessian):
    values, vectors = np.linalg.eigh(hessian)
    return vectors @ ((vectors.T @ gradient) / values)
""",
        "newton_code": """
def newton(gradient, hessian, x0, *, tolerance, max_steps):
    points = np.array([x0])
    length = np.inf
    while len(points) <= max_steps and not length < tolerance:
        x = points[-1]
        step = np.linalg.inv(hessian(x)).dot(gradient(x))
        length = np.sqrt(step @ step)
        points = np.vstack([points, x - step])
    return points
""",
        "convergence_order_code": """
def convergence_order(errors):
    a, b, c = np.log10(errors[-3:])
    return (c - b) / (b - a)
""",
        "stationary_point_code": """
def stationary_point(hessian):
    values = np.linalg.eigvalsh(hessian / np.abs(np.linalg.eigvalsh(hessian)).max())
    signs = np.sign(np.where(np.abs(values) > 1e-9, values, 0))
    if signs.min() * signs.max() < 0:
        return "saddle"
    return {len(signs): "minimum", -len(signs): "maximum"}.get(int(signs.sum()), "undecided")
""",
        "least_squares_derivatives_code": """
def least_squares_derivatives(x, y, theta):
    hessian = 2 * np.einsum("iu,iv->uv", x, x)
    return hessian @ theta - 2 * np.einsum("iu,i->u", x, y), hessian
""",
        "exact_step_code": """
def exact_step(gradient, hessian, direction):
    return -np.vdot(gradient, direction) / np.einsum("i,ij,j", direction, hessian, direction)
""",
        "wolfe_line_search_code": """
def wolfe_line_search(f, gradient, x, direction, *, step=1.0, c1=1e-4, c2=0.9, trials=50, low=0.0, high=np.inf):
    def phi(a):
        return f(x + a * direction)

    def slope(a):
        return gradient(x + a * direction) @ direction

    if trials == 0:
        return low
    enough = phi(step) - phi(0.0) <= c1 * step * slope(0.0)
    if enough and abs(slope(step) / slope(0.0)) <= c2:
        return step
    if enough and slope(step) < 0:
        low = step
    else:
        high = step
    step = low + min(high - low, 2 * step) / 2 if high < np.inf else low * 2
    options = {"step": step, "c1": c1, "c2": c2, "trials": trials - 1, "low": low, "high": high}
    return wolfe_line_search(f, gradient, x, direction, **options)
""",
        "conjugate_gradient_code": """
def conjugate_gradient(multiply, b, *, tolerance, max_steps):
    # The same directions by Gram and Schmidt: each residual made conjugate to the direction before.
    path, x, p = [0 * b], 0 * b, b
    ap = multiply(p)
    while len(path) - 1 < max_steps:
        r = b - multiply(x)
        if r @ r <= tolerance**2 * (b @ b):
            break
        if len(path) > 1:
            p = r - (r @ ap) / (p @ ap) * p
            ap = multiply(p)
        x = x + (p @ r) / (p @ ap) * p
        path.append(x)
    return np.array(path)
""",
        "hessian_vector_product_code": """
def hessian_vector_product(gradient, x, v, h):
    shifts = np.array([h, -h])
    return sum(gradient(x + shift * v) / (2 * shift) for shift in shifts)
""",
        "bfgs_update_code": """
def bfgs_update(inverse, s, y):
    curvature = s @ y
    if not curvature > 0:
        return inverse
    by = inverse @ y
    mixed = np.outer(by, s) / curvature
    return inverse - mixed - mixed.T + (1 + y @ by / curvature) * np.outer(s, s) / curvature
""",
        "bfgs_code": """
def bfgs(gradient, x0, *, line_search, update, tolerance, max_steps):
    points, gradients, B = [x0], [gradient(x0)], np.identity(x0.size)
    while len(points) <= max_steps:
        p = np.negative(B.dot(gradients[-1]))
        step = line_search(points[-1], p) * p
        points.append(points[-1] + step)
        gradients.append(gradient(points[-1]))
        if (step * step).sum() < tolerance**2:
            break
        B = update(B, np.subtract(points[-1], points[-2]), np.subtract(gradients[-1], gradients[-2]))
    return np.array(points)
""",
        "lbfgs_direction_code": """
def lbfgs_direction(gradient, pairs):
    # By the recursion that the two loops unroll: B of all pairs applied to v.
    def product(v, pairs):
        if not pairs:
            return scale * v
        (*before, (s, y)) = pairs
        rho = 1 / (y @ s)
        inner = product(v - rho * (s @ v) * y, before)
        return inner - rho * s * (y @ inner) + rho * s * (s @ v)

    scale = 1.0
    if len(pairs):
        s, y = pairs[-1]
        scale = (y @ s) / (y @ y)
    return -product(gradient, list(pairs))
""",
        "growth_code": """
def growth_residual(theta, t, y):
    return -theta[0] * np.expm1(-theta[1] * t) - y


def growth_jacobian(theta, t):
    decay = np.exp(-theta[1] * t)
    return np.array([-np.expm1(-theta[1] * t), theta[0] * t * decay]).T
""",
        "gauss_newton_step_code": """
def gauss_newton_step(residual, jacobian):
    q, r = np.linalg.qr(jacobian)
    return np.linalg.solve(r, q.T @ residual)
""",
        "levenberg_step_code": """
def levenberg_step(residual, jacobian, damping):
    # As plain least squares with rows √λ I, where the residual is 0.
    n = jacobian.shape[1]
    taller = np.vstack([jacobian, np.sqrt(damping) * np.eye(n)])
    return np.linalg.inv(taller.T @ taller) @ (taller.T @ np.concatenate([residual, np.zeros(n)]))
""",
        "levenberg_marquardt_step_code": """
def levenberg_marquardt_step(residual, jacobian, damping):
    # Scale every column to length 1: then Marquardt's damping is Levenberg's.
    size = np.sqrt((jacobian**2).sum(axis=0))
    scaled = jacobian / size
    matrix = scaled.T @ scaled + damping * np.eye(len(size))
    return np.linalg.solve(matrix, scaled.T @ residual) / size
""",
        "damped_descent_code": """
def damped_descent(residual, jacobian, x0, *, step, damping, factor, tolerance, max_steps):
    path, failures, exponent = [x0], 0, 0
    while len(path) <= max_steps and failures < 30:
        x = path[-1]
        new = x - step(residual(x), jacobian(x), damping * factor**exponent)
        if not np.linalg.norm(residual(new)) < np.linalg.norm(residual(x)):
            exponent, failures = exponent + 1, failures + 1
            continue
        path, exponent, failures = [*path, new], exponent - 1, 0
        if np.sqrt(((new - x) ** 2).sum()) < tolerance:
            break
    return np.array(path)
""",
        "costs_code": """
def hessian_bytes(parameters, number):
    return float(parameters) ** 2 * number


def solve_seconds(parameters, speed):
    return np.divide(np.power(float(parameters), 3) * 2, 3 * speed)


def lbfgs_bytes(parameters, pairs, number):
    return np.prod([2.0, pairs, parameters, number])


def largest_network(memory, number):
    return np.floor(np.sqrt(memory / number))
""",
    },
)

VARIANTS = [ALGEBRA]

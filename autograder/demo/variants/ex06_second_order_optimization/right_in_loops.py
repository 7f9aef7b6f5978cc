"""Right, written out in loops, entry by entry where it can be."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

LOOPS = Variant(
    "in_loops",
    {
        "parabola_step_code": """
def parabola_step(slope, curvature):
    if curvature > 0:
        kind = "minimum"
    elif curvature < 0:
        kind = "maximum"
    else:
        return float("nan"), "none"
    return slope / curvature, kind
""",
        "newton_step_code": """
def newton_step(gradient, hessian):
    n = len(gradient)
    a, b = hessian.astype(float), gradient.astype(float)
    for i in range(n):
        k = i + int(np.argmax(np.abs(a[i:, i])))
        a[[i, k]], b[[i, k]] = a[[k, i]], b[[k, i]]
        for j in range(i + 1, n):
            factor = a[j, i] / a[i, i]
            a[j] -= factor * a[i]
            b[j] -= factor * b[i]
    step = np.zeros(n)
    for i in range(n - 1, -1, -1):
        step[i] = (b[i] - a[i, i + 1 :] @ step[i + 1 :]) / a[i, i]
    return step
""",
        "newton_code": """
def newton(gradient, hessian, x0, *, tolerance, max_steps):
    path = [x0]
    k = 0
    while k < max_steps:
        old = path[-1]
        new = old - np.linalg.solve(hessian(old), gradient(old))
        path.append(new)
        k += 1
        if sum((a - b) ** 2 for a, b in zip(new, old)) < tolerance**2:
            return np.stack(path)
    return np.stack(path)
""",
        "convergence_order_code": """
def convergence_order(errors):
    logs = [np.log(e) for e in errors]
    falls = [b - a for a, b in zip(logs, logs[1:])]
    return falls[-1] / falls[-2]
""",
        "stationary_point_code": """
def stationary_point(hessian):
    values = list(np.linalg.eigvalsh(hessian))
    largest = max(abs(v) for v in values)
    kinds = set()
    for v in values:
        if abs(v) <= 1e-9 * largest:
            kinds.add("flat")
        elif v > 0:
            kinds.add("up")
        else:
            kinds.add("down")
    if kinds >= {"up", "down"}:
        return "saddle"
    if "flat" in kinds:
        return "undecided"
    return "minimum" if "up" in kinds else "maximum"
""",
        "least_squares_derivatives_code": """
def least_squares_derivatives(x, y, theta):
    gradient = np.zeros(len(theta))
    hessian = np.zeros((len(theta), len(theta)))
    for row, target in zip(x, y):
        error = row @ theta - target
        for u in range(len(theta)):
            gradient[u] += 2 * error * row[u]
            for v in range(len(theta)):
                hessian[u, v] += 2 * row[u] * row[v]
    return gradient, hessian
""",
        "exact_step_code": """
def exact_step(gradient, hessian, direction):
    slope = curvature = 0.0
    for i in range(len(direction)):
        slope += float(gradient[i]) * float(direction[i])
        for j in range(len(direction)):
            curvature += float(direction[i]) * float(hessian[i, j]) * float(direction[j])
    return -slope / curvature
""",
        "wolfe_line_search_code": """
def wolfe_line_search(f, gradient, x, direction, *, step=1.0, c1=1e-4, c2=0.9, trials=50):
    f0, slope0 = f(x), np.dot(gradient(x), direction)
    low, high = 0.0, None
    for _ in range(trials):
        point = x + step * direction
        value = f(point)
        too_long = np.isnan(value) or value > f0 + c1 * step * slope0
        too_short = False
        if not too_long:
            slope = np.dot(gradient(point), direction)
            too_long = slope > -c2 * slope0
            too_short = slope < c2 * slope0
        if too_long:
            high = step
        elif too_short:
            low = step
        else:
            return step
        step = 2 * low if high is None else low + (high - low) / 2
    return low
""",
        "conjugate_gradient_code": """
def conjugate_gradient(multiply, b, *, tolerance, max_steps):
    x = np.zeros(len(b))
    r = b - multiply(x)
    p = r.copy()
    path = [x]
    for _ in range(max_steps):
        if np.sqrt(sum(v * v for v in r)) <= tolerance * np.sqrt(sum(v * v for v in b)):
            break
        ap = multiply(p)
        rr = sum(v * v for v in r)
        alpha = rr / sum(u * v for u, v in zip(p, ap))
        x = x + alpha * p
        r = r - alpha * ap
        beta = sum(v * v for v in r) / rr
        p = r + beta * p
        path.append(x)
    return path
""",
        "hessian_vector_product_code": """
def hessian_vector_product(gradient, x, v, h):
    ahead, behind = gradient(x + h * v), gradient(x - h * v)
    return np.array([(a - b) / (2 * h) for a, b in zip(ahead, behind)])
""",
        "bfgs_update_code": """
def bfgs_update(inverse, s, y):
    n, ys = len(s), sum(s * y)
    if ys <= 0:
        return inverse.copy()
    left = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            left[i, j] = (i == j) - s[i] * y[j] / ys
    new = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            new[i, j] = s[i] * s[j] / ys
            for k in range(n):
                for m in range(n):
                    new[i, j] += left[i, k] * inverse[k, m] * left[j, m]
    return new
""",
        "bfgs_code": """
def bfgs(gradient, x0, *, line_search, update, tolerance, max_steps):
    x = x0
    path = [x]
    B = np.eye(len(x))
    for _ in range(max_steps):
        p = -(B @ gradient(x))
        alpha = line_search(x, p)
        x_new = x + alpha * p
        s = x_new - x
        y = gradient(x_new) - gradient(x)
        B = update(B, s, y)
        path.append(x_new)
        x = x_new
        if np.sqrt(np.sum(s**2)) < tolerance:
            break
    return path
""",
        "lbfgs_direction_code": """
def lbfgs_direction(gradient, pairs):
    m = len(pairs)
    if m == 0:
        return -gradient
    alpha = np.zeros(m)
    q = gradient.copy()
    for i in range(m - 1, -1, -1):
        s, y = pairs[i]
        alpha[i] = np.dot(s, q) / np.dot(y, s)
        q = q - alpha[i] * y
    s, y = pairs[-1]
    r = np.dot(s, y) / np.dot(y, y) * q
    for i in range(m):
        s, y = pairs[i]
        beta = np.dot(y, r) / np.dot(y, s)
        r = r + s * (alpha[i] - beta)
    return -r
""",
        "growth_code": """
def growth_residual(theta, t, y):
    return np.array([theta[0] * (1 - np.exp(-theta[1] * ti)) - yi for ti, yi in zip(t, y)])


def growth_jacobian(theta, t):
    a, b = theta
    rows = []
    for ti in t:
        rows.append([1 - np.exp(-b * ti), a * ti * np.exp(-b * ti)])
    return np.array(rows)
""",
        "gauss_newton_step_code": """
def gauss_newton_step(residual, jacobian):
    n = jacobian.shape[1]
    normal, right = np.zeros((n, n)), np.zeros(n)
    for r, row in zip(residual, jacobian):
        normal += np.outer(row, row)
        right += r * row
    return np.linalg.solve(normal, right)
""",
        "levenberg_step_code": """
def levenberg_step(residual, jacobian, damping):
    normal = np.dot(jacobian.T, jacobian)
    for i in range(len(normal)):
        normal[i, i] += damping
    return np.linalg.solve(normal, np.dot(jacobian.T, residual))
""",
        "levenberg_marquardt_step_code": """
def levenberg_marquardt_step(residual, jacobian, damping):
    normal = np.dot(jacobian.T, jacobian)
    for i in range(len(normal)):
        normal[i, i] *= 1 + damping
    return np.linalg.solve(normal, np.dot(jacobian.T, residual))
""",
        "damped_descent_code": """
def damped_descent(residual, jacobian, x0, *, step, damping, factor, tolerance, max_steps):
    def f(x):
        return 0.5 * np.sum(residual(x) ** 2)

    x, path = x0, [x0]
    while len(path) <= max_steps:
        r, J = residual(x), jacobian(x)
        found = None
        for _ in range(30):
            delta = step(r, J, damping)
            if f(x - delta) < f(x):
                found = delta
                break
            damping = damping * factor
        if found is None:
            break
        damping = damping / factor
        x = x - found
        path.append(x)
        if np.linalg.norm(found) < tolerance:
            break
    return path
""",
        "costs_code": """
def hessian_bytes(parameters, number):
    return parameters * parameters * number


def solve_seconds(parameters, speed):
    operations = 2 / 3 * parameters**3
    return operations / speed


def lbfgs_bytes(parameters, pairs, number):
    per_vector = parameters * number
    return pairs * (per_vector + per_vector)


def largest_network(memory, number):
    k = 0
    while (k + 1) ** 2 * number <= memory:
        k += 1
    return k
""",
    },
)

VARIANTS = [LOOPS]

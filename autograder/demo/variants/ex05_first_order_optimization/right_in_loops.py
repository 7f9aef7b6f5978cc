"""Right, entry by entry: what those write who think in numbers, not in arrays."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

LOOPS = Variant(
    "loops",
    {
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    new = w.copy()
    for i in np.ndindex(w.shape):
        new[i] -= learning_rate * dw[i]
    return new
""",
        "gradient_descent_code": """
def gradient_descent(gradient, x0, *, learning_rate, tolerance, max_steps):
    x, path, steps = x0.copy(), [x0.copy()], 0
    while steps < max_steps:
        g, length = gradient(x), 0.0
        for i in range(len(x)):
            length += (learning_rate * g[i]) ** 2
            x[i] = x[i] - learning_rate * g[i]
        steps += 1
        path.append(x.copy())
        if length**0.5 < tolerance:
            return path
    return path
""",
        "step_sizes_code": """
def step_sizes(curvatures):
    flat = steep = curvatures[0]
    for c in curvatures:
        flat, steep = min(flat, c), max(steep, c)
    best = 1 / ((flat + steep) / 2)
    return 1 / (steep / 2), best, max(abs(1 - best * c) for c in curvatures)
""",
        "exact_line_search_code": """
def exact_line_search(gradient, hessian):
    above = below = 0.0
    for i in range(len(gradient)):
        above += gradient[i] ** 2
        for j in range(len(gradient)):
            below += gradient[i] * hessian[i, j] * gradient[j]
    return above / below
""",
        "backtracking_line_search_code": """
def backtracking_line_search(f, x, direction, gradient, *, step=1.0, c1=1e-4, shrink=0.5):
    slope = sum(g * p for g, p in zip(gradient, direction))
    for k in range(10_000):
        alpha = step * shrink**k
        if f(x + alpha * direction) <= f(x) + c1 * alpha * slope:
            return alpha
""",
        "minibatches_code": """
def minibatches(samples, batch_size, rng):
    epoch, batch = [], []
    for i in rng.permutation(samples):
        batch.append(int(i))
        if len(batch) == batch_size:
            epoch.append(batch)
            batch = []
    return epoch + [batch] if batch else epoch
""",
        "gradient_noise_code": """
def gradient_noise(gradients, batch_size):
    n, total = len(gradients), 0.0
    for column in gradients.T:
        middle = sum(column) / n
        total += sum((g - middle) ** 2 for g in column) / n
    return (total * (n - batch_size) / (batch_size * (n - 1))) ** 0.5
""",
        "momentum_update_code": """
def momentum_update(w, dw, *, velocity, learning_rate, beta=0.9):
    new, v = np.zeros_like(w), np.zeros_like(w)
    for i in np.ndindex(w.shape):
        v[i] = beta * velocity[i] - learning_rate * dw[i]
        new[i] = w[i] + v[i]
    return new, v
""",
        "momentum_outside_update_code": """
def momentum_outside_update(w, dw, *, velocity, learning_rate, beta=0.9):
    new, u = np.zeros_like(w), np.zeros_like(w)
    for i in np.ndindex(w.shape):
        u[i] = beta * velocity[i] + dw[i]
        new[i] = w[i] - learning_rate * u[i]
    return new, u
""",
        "nesterov_update_code": """
def nesterov_update(w, gradient, *, velocity, learning_rate, beta=0.9):
    jump = np.array(w)
    for i in np.ndindex(w.shape):
        jump[i] = w[i] + beta * velocity[i]
    correction = -learning_rate * gradient(jump)
    return jump + correction, jump - w + correction
""",
        "adagrad_update_code": """
def adagrad_update(w, dw, *, s, learning_rate, eps=1e-10):
    w, s = w.copy(), s.copy()
    for i in np.ndindex(w.shape):
        s[i] += dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / (s[i] ** 0.5 + eps)
    return w, s
""",
        "rmsprop_update_code": """
def rmsprop_update(w, dw, *, s, learning_rate, beta=0.9, eps=1e-8):
    w, s = w.copy(), s.copy()
    for i in np.ndindex(w.shape):
        s[i] = beta * s[i] + (1 - beta) * dw[i] * dw[i]
        w[i] -= learning_rate * dw[i] / (s[i] ** 0.5 + eps)
    return w, s
""",
        "adadelta_update_code": """
def adadelta_update(w, dw, *, s, d, rho=0.9, eps=1e-6):
    w, s, d = w.copy(), s.copy(), d.copy()
    for i in np.ndindex(w.shape):
        s[i] = rho * s[i] + (1 - rho) * dw[i] ** 2
        step = dw[i] * ((d[i] + eps) / (s[i] + eps)) ** 0.5
        d[i] = rho * d[i] + (1 - rho) * step**2
        w[i] -= step
    return w, s, d
""",
        "adam_update_code": """
def adam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    w, m, v, k = w.copy(), m.copy(), v.copy(), step + 1
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        v[i] = beta2 * v[i] + (1 - beta2) * dw[i] ** 2
        mh, vh = m[i], v[i]
        if bias_correction:
            mh, vh = mh / (1 - beta1**k), vh / (1 - beta2**k)
        w[i] -= learning_rate * mh / (vh**0.5 + eps)
    return w, m, v, k
""",
        "adamax_update_code": """
def adamax_update(w, dw, *, m, u, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, u = w.copy(), m.copy(), u.copy()
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        u[i] = max(beta2 * u[i], abs(dw[i]) + eps)
        w[i] -= learning_rate * m[i] / u[i] / (1 - beta1 ** (step + 1))
    return w, m, u, step + 1
""",
        "nadam_update_code": """
def nadam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v = w.copy(), m.copy(), v.copy()
    today, tomorrow = 1 - beta1 ** (step + 1), 1 - beta1 ** (step + 2)
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        v[i] = beta2 * v[i] + (1 - beta2) * dw[i] ** 2
        mh = beta1 * m[i] / tomorrow + (1 - beta1) * dw[i] / today
        w[i] -= learning_rate * mh / ((v[i] / (1 - beta2 ** (step + 1))) ** 0.5 + eps)
    return w, m, v, step + 1
""",
        "amsgrad_update_code": """
def amsgrad_update(w, dw, *, m, v, v_max, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    w, m, v, v_max, k = w.copy(), m.copy(), v.copy(), v_max.copy(), step + 1
    for i in np.ndindex(w.shape):
        m[i] = beta1 * m[i] + (1 - beta1) * dw[i]
        v[i] = beta2 * v[i] + (1 - beta2) * dw[i] ** 2
        if v[i] > v_max[i]:
            v_max[i] = v[i]
        w[i] -= learning_rate * m[i] / (1 - beta1**k) / ((v_max[i] / (1 - beta2**k)) ** 0.5 + eps)
    return w, m, v, v_max, k
""",
        "adamw_update_code": """
def adamw_update(w, dw, *, adam, m, v, step, learning_rate, decay=0.01):
    w = w.copy()
    for i in np.ndindex(w.shape):
        w[i] -= learning_rate * decay * w[i]
    return adam(w, dw, m=m, v=v, step=step, learning_rate=learning_rate)
""",
        "clip_by_value_code": """
def clip_by_value(dw, limit):
    out = np.zeros_like(dw)
    for i in np.ndindex(dw.shape):
        out[i] = limit if dw[i] > limit else -limit if dw[i] < -limit else dw[i]
    return out
""",
        "clip_by_global_norm_code": """
def clip_by_global_norm(gradients, max_norm):
    total = 0.0
    for g in gradients:
        for value in g.ravel():
            total += float(value) ** 2
    norm = total**0.5
    return tuple(g * (max_norm / norm) if norm > max_norm else g for g in gradients), norm
""",
        "robbins_monro_code": """
def robbins_monro(power):
    sum_diverges = True if power <= 1 else False
    squares_converge = False if 2 * power <= 1 else True
    return [sum_diverges, squares_converge]
""",
        "step_decay_code": """
def step_decay(epoch, *, initial, decay, every):
    rate = initial
    for e in range(1, epoch + 1):
        if e % every == 0:
            rate = rate - decay * rate
    return rate
""",
        "fractional_decay_code": """
def fractional_decay(epoch, *, initial, decay):
    below = 1
    for _ in range(epoch):
        below += decay
    return initial / below
""",
        "transformer_warmup_code": """
def transformer_warmup(step, *, width, warmup):
    if step < warmup:
        return step / (width**0.5 * warmup**1.5)
    return 1 / (width * step) ** 0.5
""",
        "reduce_on_plateau_code": """
def reduce_on_plateau(rate, loss, *, best, bad_epochs, factor=0.1, patience=10):
    better = loss < best
    bad_epochs = 0 if better else bad_epochs + 1
    reduce = bad_epochs > patience
    return [rate * factor if reduce else rate, min(loss, best), 0 if reduce else bad_epochs]
""",
    },
)

VARIANTS = [LOOPS]

"""Right, in place of the inputs or by other algebra."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["VARIANTS"]

IN_PLACE = Variant(
    "in_place",
    {
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    w -= learning_rate * dw
    return w
""",
        "gradient_descent_code": """
def gradient_descent(gradient, x0, *, learning_rate, tolerance, max_steps):
    path = np.zeros((max_steps + 1, len(x0)))
    path[0] = x0
    for k in range(max_steps):
        path[k + 1] = path[k]
        path[k + 1] -= learning_rate * gradient(path[k])
        if ((path[k + 1] - path[k]) ** 2).sum() < tolerance**2:
            return path[: k + 2]
    return path
""",
        "step_sizes_code": """
def step_sizes(curvatures):
    curvatures.sort()
    kappa = curvatures[-1] / curvatures[0]
    return 2 / curvatures[-1], 2 / curvatures[[0, -1]].sum(), (kappa - 1) / (kappa + 1)
""",
        "exact_line_search_code": """
def exact_line_search(gradient, hessian):
    bent = hessian.dot(gradient)
    bent *= gradient
    gradient *= gradient
    return gradient.sum() / bent.sum()
""",
        "backtracking_line_search_code": """
def backtracking_line_search(f, x, direction, gradient, *, step=1.0, c1=1e-4, shrink=0.5):
    bound = f(x)
    while True:
        new = x.copy()
        new += step * direction
        fall = bound - f(new)
        if fall >= -c1 * step * np.dot(gradient, direction):
            break
        step *= shrink
    return step
""",
        "minibatches_code": """
def minibatches(samples, batch_size, rng):
    order = np.arange(samples)
    rng.shuffle(order)
    return np.split(order, range(batch_size, samples, batch_size))
""",
        "gradient_noise_code": """
def gradient_noise(gradients, batch_size):
    n = len(gradients)
    gradients -= gradients.mean(axis=0)
    return np.linalg.norm(gradients) * np.sqrt((1 / batch_size - 1 / n) / (n - 1))
""",
        "robbins_monro_code": """
def robbins_monro(power):
    return not power > 1, power > 1 / 2
""",
        "momentum_update_code": """
def momentum_update(w, dw, *, velocity, learning_rate, beta=0.9):
    velocity *= beta
    velocity -= learning_rate * dw
    w += velocity
    return w, velocity
""",
        "momentum_outside_update_code": """
def momentum_outside_update(w, dw, *, velocity, learning_rate, beta=0.9):
    velocity *= beta
    velocity += dw
    w -= learning_rate * velocity
    return w, velocity
""",
        "nesterov_update_code": """
def nesterov_update(w, gradient, *, velocity, learning_rate, beta=0.9):
    velocity *= beta
    w += velocity
    correction = learning_rate * gradient(w)
    velocity -= correction
    w -= correction
    return w, velocity
""",
        "adagrad_update_code": """
def adagrad_update(w, dw, *, s, learning_rate, eps=1e-10):
    s += dw * dw
    w -= learning_rate * dw / (eps + np.sqrt(s))
    return w, s
""",
        "rmsprop_update_code": """
def rmsprop_update(w, dw, *, s, learning_rate, beta=0.9, eps=1e-8):
    s *= beta
    s += (1 - beta) * np.square(dw)
    w -= learning_rate * dw / (eps + np.sqrt(s))
    return w, s
""",
        "adadelta_update_code": """
def adadelta_update(w, dw, *, s, d, rho=0.9, eps=1e-6):
    s *= rho
    s += (1 - rho) * np.square(dw)
    step = np.sqrt((d + eps) / (s + eps)) * dw
    w -= step
    d *= rho
    d += (1 - rho) * np.square(step)
    return w, s, d
""",
        "adam_update_code": """
def adam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    step += 1
    m *= beta1
    m += (1 - beta1) * dw
    v *= beta2
    v += (1 - beta2) * dw * dw
    first, second = (1 - beta1**step, 1 - beta2**step) if bias_correction else (1, 1)
    w -= learning_rate / first * m / (np.sqrt(v / second) + eps)
    return w, m, v, step
""",
        "adamax_update_code": """
def adamax_update(w, dw, *, m, u, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    step += 1
    m *= beta1
    m += (1 - beta1) * dw
    u *= beta2
    np.maximum(u, abs(dw), out=u)
    w -= learning_rate / (1 - beta1**step) * m / (u + eps)
    return w, m, u, step
""",
        "nadam_update_code": """
def nadam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    step += 1
    m *= beta1
    m += (1 - beta1) * dw
    v *= beta2
    v += (1 - beta2) * dw * dw
    ahead = beta1 / (1 - beta1 ** (step + 1)) * m
    ahead += (1 - beta1) / (1 - beta1**step) * dw
    w -= learning_rate * ahead / (np.sqrt(v / (1 - beta2**step)) + eps)
    return w, m, v, step
""",
        "amsgrad_update_code": """
def amsgrad_update(w, dw, *, m, v, v_max, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    step += 1
    m *= beta1
    m += (1 - beta1) * dw
    v *= beta2
    v += (1 - beta2) * dw * dw
    np.maximum(v_max, v, out=v_max)
    w -= learning_rate / (1 - beta1**step) * m / (np.sqrt(v_max / (1 - beta2**step)) + eps)
    return w, m, v, v_max, step
""",
        "adamw_update_code": """
def adamw_update(w, dw, *, adam, m, v, step, learning_rate, decay=0.01):
    w *= 1 - learning_rate * decay
    return adam(w, dw, m=m, v=v, step=step, learning_rate=learning_rate)
""",
        "clip_by_value_code": """
def clip_by_value(dw, limit):
    dw[dw > limit] = limit
    dw[dw < -limit] = -limit
    return dw
""",
        "clip_by_global_norm_code": """
def clip_by_global_norm(gradients, max_norm):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    if norm > max_norm:
        for g in gradients:
            g *= max_norm / norm
    return gradients, norm
""",
        "fractional_decay_code": """
def fractional_decay(epoch, *, initial, decay):
    initial /= 1 + epoch * decay
    return initial
""",
        "step_decay_code": """
def step_decay(epoch, *, initial, decay, every):
    while epoch >= every:
        initial *= 1 - decay
        epoch -= every
    return initial
""",
        "transformer_warmup_code": """
def transformer_warmup(step, *, width, warmup):
    return np.minimum(1 / np.sqrt(step), step / np.sqrt(warmup) ** 3) / np.sqrt(width)
""",
        "reduce_on_plateau_code": """
def reduce_on_plateau(rate, loss, *, best, bad_epochs, factor=0.1, patience=10):
    bad_epochs += 1
    if loss < best:
        best, bad_epochs = loss, 0
    if bad_epochs == patience + 1:
        rate *= factor
        bad_epochs = 0
    return rate, best, bad_epochs
""",
    },
)

ALGEBRA = Variant(
    "other_algebra",
    {
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    return np.add(w, np.multiply(-learning_rate, dw))
""",
        "gradient_descent_code": """
def gradient_descent(gradient, x0, *, learning_rate, tolerance, max_steps):
    points = np.array([x0])
    length = np.inf
    while len(points) <= max_steps and not length < tolerance:
        step = -learning_rate * gradient(points[-1])
        length = np.sqrt(step @ step)
        points = np.vstack([points, points[-1] + step])
    return points
""",
        "step_sizes_code": """
def step_sizes(curvatures):
    ends = np.quantile(curvatures, [0, 1])
    best = 1 / ends.mean()
    return 2 / ends[1], best, np.abs(1 - best * curvatures).max()
""",
        "exact_line_search_code": """
def exact_line_search(gradient, hessian):
    return 1 / np.einsum("i,ij,j", gradient, hessian, gradient) * np.linalg.norm(gradient) ** 2
""",
        "backtracking_line_search_code": """
def backtracking_line_search(f, x, direction, gradient, *, step=1.0, c1=1e-4, shrink=0.5):
    if f(x + step * direction) - f(x) <= c1 * step * np.vdot(gradient, direction):
        return step
    return backtracking_line_search(f, x, direction, gradient, step=shrink * step, c1=c1, shrink=shrink)
""",
        "minibatches_code": """
def minibatches(samples, batch_size, rng):
    order = np.argsort(rng.random(samples))
    number = int(np.ceil(samples / batch_size))
    return tuple(order[k * batch_size : (k + 1) * batch_size] for k in range(number))
""",
        "gradient_noise_code": """
def gradient_noise(gradients, batch_size):
    unbiased = np.trace(np.atleast_2d(np.cov(gradients, rowvar=False)))
    return np.sqrt(unbiased * (1 / batch_size - 1 / len(gradients)))
""",
        "robbins_monro_code": """
def robbins_monro(power):
    def finite(exponent):
        return exponent > 1

    return not finite(power), finite(2 * power)
""",
        "momentum_update_code": """
def momentum_update(w, dw, *, velocity, learning_rate, beta=0.9):
    new = w + beta * velocity - learning_rate * dw
    return new, -(learning_rate * dw - beta * velocity)
""",
        "momentum_outside_update_code": """
def momentum_outside_update(w, dw, *, velocity, learning_rate, beta=0.9):
    return w - learning_rate * dw - learning_rate * beta * velocity, dw + beta * velocity
""",
        "nesterov_update_code": """
def nesterov_update(w, gradient, *, velocity, learning_rate, beta=0.9):
    new = (w + beta * velocity) - learning_rate * gradient(w + beta * velocity)
    return new, new - w
""",
        "adagrad_update_code": """
def adagrad_update(w, dw, *, s, learning_rate, eps=1e-10):
    root = np.hypot(np.sqrt(s), dw)
    return w - dw * (learning_rate / (root + eps)), root**2
""",
        "rmsprop_update_code": """
def rmsprop_update(w, dw, *, s, learning_rate, beta=0.9, eps=1e-8):
    s = s + (1 - beta) * (dw**2 - s)
    return w - dw * (learning_rate / (s**0.5 + eps)), s
""",
        "adadelta_update_code": """
def adadelta_update(w, dw, *, s, d, rho=0.9, eps=1e-6):
    def average(old, new):
        return old + (1 - rho) * (new * new - old)

    s = average(s, dw)
    step = -dw * np.exp(0.5 * (np.log(d + eps) - np.log(s + eps)))
    return w + step, s, average(d, step)
""",
        "adam_update_code": """
def adam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8, bias_correction=True):
    m = m + (1 - beta1) * (dw - m)
    v = v + (1 - beta2) * (dw * dw - v)
    if bias_correction:
        root = np.sqrt(1 - beta2 ** (step + 1))
        learning_rate, eps = learning_rate * root / (1 - beta1 ** (step + 1)), eps * root
    return w - learning_rate * m / (np.sqrt(v) + eps), m, v, step + 1
""",
        "adamax_update_code": """
def adamax_update(w, dw, *, m, u, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (dw - m)
    size = np.abs(dw) + eps
    u = np.where(beta2 * u > size, beta2 * u, size)
    m_hat = m / (1 - np.power(beta1, step + 1))
    return w - learning_rate * m_hat / u, m, u, step + 1
""",
        "nadam_update_code": """
def nadam_update(w, dw, *, m, v, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = m + (1 - beta1) * (dw - m), v + (1 - beta2) * (dw * dw - v)
    next_m = (beta1 * m) / (1 - beta1 * beta1 ** (step + 1))
    root = np.sqrt(v) / np.sqrt(1 - beta2 ** (step + 1))
    ahead = next_m + (dw - beta1 * dw) / (1 - beta1 ** (step + 1))
    return w - learning_rate * ahead / (root + eps), m, v, step + 1
""",
        "amsgrad_update_code": """
def amsgrad_update(w, dw, *, m, v, v_max, step, learning_rate, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = m + (1 - beta1) * (dw - m), v + (1 - beta2) * (dw * dw - v)
    v_max = np.where(v_max < v, v, v_max)
    root = np.sqrt(v_max) / np.sqrt(1 - beta2 ** (step + 1))
    return w - learning_rate / (1 - beta1 ** (step + 1)) * m / (root + eps), m, v, v_max, step + 1
""",
        "adamw_update_code": """
def adamw_update(w, dw, *, adam, m, v, step, learning_rate, decay=0.01):
    new, m, v, step = adam(w, dw, m=m, v=v, step=step, learning_rate=learning_rate)
    return new - learning_rate * decay * w, m, v, step
""",
        "clip_by_value_code": """
def clip_by_value(dw, limit):
    return np.sign(dw) * np.minimum(np.abs(dw), limit)
""",
        "clip_by_global_norm_code": """
def clip_by_global_norm(gradients, max_norm):
    norm = np.linalg.norm([np.linalg.norm(g) for g in gradients])
    factor = 1.0 if norm <= max_norm else max_norm / norm
    return [np.multiply(g, factor) for g in gradients], float(norm)
""",
        "fractional_decay_code": """
def fractional_decay(epoch, *, initial, decay):
    return 1 / (1 / initial + decay * epoch / initial)
""",
        "step_decay_code": """
def step_decay(epoch, *, initial, decay, every):
    return initial * np.prod([1 - decay] * int(epoch / every))
""",
        "transformer_warmup_code": """
def transformer_warmup(step, *, width, warmup):
    peak = (width * warmup) ** -0.5
    return peak * min(step / warmup, (warmup / step) ** 0.5)
""",
        "reduce_on_plateau_code": """
def reduce_on_plateau(rate, loss, *, best, bad_epochs, factor=0.1, patience=10):
    bad_epochs = (bad_epochs + 1) * int(loss >= best)
    full = bad_epochs // (patience + 1)
    return rate * factor**full, np.minimum(best, loss), bad_epochs * (1 - full)
""",
    },
)

VARIANTS = [IN_PLACE, ALGEBRA]

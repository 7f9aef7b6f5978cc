"""Right, written with loops."""

from __future__ import annotations

from autograder.demo.variants import Variant

LOOPS = Variant(
    "loops",
    {
        "weight_scales_code": """
import math


def xavier_std(n):
    return math.sqrt(1 / n)


def kaiming_std(n):
    variance = 2 / n
    return math.sqrt(variance)


def uniform_bound(n):
    return math.sqrt(3) * math.sqrt(1 / n)


def glorot_bound(n, m):
    return math.sqrt(6) / math.sqrt(n + m)
""",
        "deep_activations_code": """
def deep_activations(x, weights, f):
    layers = [x]
    for i in range(len(weights)):
        layers.append(f(np.matmul(layers[i], weights[i])))
    return layers[1:]
""",
        "descend_code": """
def descend(parameters, gradients_of, rate, steps):
    now = {}
    for name in parameters:
        now[name] = np.array(parameters[name])
    for _ in range(steps):
        gradients = gradients_of(now)
        for name in now:
            now[name] -= rate * gradients[name]
    moved = []
    for name in now:
        if np.abs(now[name] - parameters[name]).max() > 0:
            moved.append(name)
    return now, moved
""",
        "dropout_mask_code": """
def dropout_mask(shape, p, rng):
    mask = np.ones(shape)
    for i in range(shape[0]):
        mask[i][rng.random(shape[1:]) < p] = 0
    return mask
""",
        "dropout_inverted_code": """
def dropout_forward(x, mask, p, train):
    out = x.copy()
    if train:
        out[~mask] = 0
        out /= 1 - p
    return out


def dropout_backward(dout, mask, p, train):
    dx = np.zeros_like(dout)
    for index in np.ndindex(dout.shape):
        if not train:
            dx[index] = dout[index]
        elif mask[index]:
            dx[index] = dout[index] / (1 - p)
    return dx
""",
        "dropout_test_scaling_code": """
def dropout_lecture(x, mask, p, train):
    out = np.empty_like(x)
    for index in np.ndindex(x.shape):
        out[index] = (x[index] if mask[index] else 0) if train else (1 - p) * x[index]
    return out
""",
        "dropout_numbers_code": """
def dropped_by_pair(p, q):
    first, second_alone = p, (1 - p) * q
    return first + second_alone


def scale_of_pair(p, q):
    return 1 / (1 - p) / (1 - q)


def thinned_networks(n):
    count = 1
    for _ in range(n):
        count *= 2
    return count


def trainable_parameters(sizes, p):
    total = 0
    for i in range(1, len(sizes)):
        total += sizes[i - 1] * sizes[i] + sizes[i]
    return total
""",
        "monte_carlo_code": """
def monte_carlo(predict, x, samples):
    predictions = []
    for _ in range(samples):
        predictions.append(predict(x))
    mean = sum(predictions) / samples
    std = np.sqrt(sum((p - mean) ** 2 for p in predictions) / samples)
    return mean, std
""",
        "batch_norm_forward_code": """
def batch_norm_forward(x, gamma, beta, eps):
    n, d = x.shape
    out, c, r = np.zeros_like(x), np.zeros_like(x), np.zeros_like(gamma)
    for k in range(d):
        mean = sum(x[:, k]) / n
        for i in range(n):
            c[i, k] = x[i, k] - mean
        r[k] = 1 / (sum(c[:, k] ** 2) / n + eps) ** 0.5
        for i in range(n):
            out[i, k] = gamma[k] * c[i, k] * r[k] + beta[k]
    return out, (c, r, gamma)
""",
        "batch_norm_graph_code": """
def batch_norm_graph(dout, cache):
    c, r, gamma = cache
    n, d = dout.shape
    g = {name: np.zeros_like(r) for name in ("dgamma", "dbeta", "dr", "dv", "dmu")}
    g["dc"], g["dx"] = np.zeros_like(c), np.zeros_like(c)
    for k in range(d):
        for i in range(n):
            g["dbeta"][k] += dout[i, k]
            g["dgamma"][k] += dout[i, k] * c[i, k] * r[k]
            g["dr"][k] += gamma[k] * dout[i, k] * c[i, k]
        g["dv"][k] = -0.5 * g["dr"][k] * r[k] ** 3
        for i in range(n):
            ds = g["dv"][k] / n
            g["dc"][i, k] = gamma[k] * dout[i, k] * r[k] + 2 * c[i, k] * ds
            g["dmu"][k] -= g["dc"][i, k]
        for i in range(n):
            g["dx"][i, k] = g["dc"][i, k] + g["dmu"][k] / n
    return g
""",
        "batch_norm_compact_code": """
def batch_norm_backward(dout, cache):
    # The graph, folded: the variance first, then the mean.
    c, r, gamma = cache
    n = len(dout)
    dgamma, dbeta, dx = np.zeros_like(r), np.zeros_like(r), np.zeros_like(dout)
    for k in range(len(r)):
        g = gamma[k] * dout[:, k]
        dgamma[k], dbeta[k] = np.dot(dout[:, k], c[:, k]) * r[k], sum(dout[:, k])
        dc = g * r[k] - c[:, k] * r[k] ** 3 * np.dot(g, c[:, k]) / n
        dx[:, k] = dc - dc.mean()
    return dx, dgamma, dbeta
""",
        "train_test_code": """
def update_running(running_mean, running_var, x, momentum):
    mean, var = running_mean.copy(), running_var.copy()
    for k in range(x.shape[1]):
        m = sum(x[:, k]) / len(x)
        mean[k] = momentum * mean[k] + (1 - momentum) * m
        var[k] = momentum * var[k] + (1 - momentum) * sum((x[:, k] - m) ** 2) / len(x)
    return mean, var


def batch_norm_test(x, gamma, beta, running_mean, running_var, eps):
    out = np.zeros_like(x)
    for i, row in enumerate(x):
        out[i] = gamma * ((row - running_mean) * (running_var + eps) ** -0.5) + beta
    return out
""",
        "batch_norm_numbers_code": """
def learned_numbers(shape):
    gammas, betas = shape[1], shape[1]
    return gammas + betas


def running_numbers(shape):
    return len(("mean", "variance")) * shape[1]


def numbers_per_mean(shape):
    total = shape[0]
    for axis in range(2, len(shape)):
        total *= shape[axis]
    return total
""",
        "layer_norm_code": """
def layer_norm_forward(x, gamma, beta, eps):
    out, c, r = np.zeros_like(x), np.zeros_like(x), np.zeros((len(x), 1), x.dtype)
    for i in range(len(x)):
        c[i] = x[i] - x[i].mean()
        r[i, 0] = 1 / np.sqrt(x[i].var() + eps)
        out[i] = gamma * c[i] * r[i, 0] + beta
    return out, (c, r, gamma)


def layer_norm_backward(dout, cache):
    c, r, gamma = cache
    dx, dgamma, dbeta = np.zeros_like(c), np.zeros_like(gamma), np.zeros_like(gamma)
    d = len(gamma)
    for i in range(len(c)):
        xhat, g = c[i] * r[i], gamma * dout[i]
        dgamma += dout[i] * xhat
        dbeta += dout[i]
        dx[i] = r[i] * (g - sum(g) / d - xhat * sum(g * xhat) / d)
    return dx, dgamma, dbeta
""",
        "group_norm_code": """
def group_norm(x, gamma, beta, groups, eps):
    n, channels = x.shape[:2]
    size, out = channels // groups, np.empty_like(x)
    for i in range(n):
        for g in range(groups):
            part = slice(g * size, (g + 1) * size)
            values = x[i, part]
            out[i, part] = (values - values.mean()) / np.sqrt(values.var() + eps)
        for k in range(channels):
            out[i, k] = gamma[k] * out[i, k] + beta[k]
    return out
""",
        "shifted_crops_code": """
def shifted_crops(images, tops, lefts, padding):
    out = np.zeros_like(images)
    n, c, h, w = images.shape
    for i in range(n):
        for row in range(h):
            for column in range(w):
                # Where this pixel was in the image.
                y, x = tops[i] + row - padding, lefts[i] + column - padding
                if 0 <= y < h and 0 <= x < w:
                    out[i, :, row, column] = images[i, :, y, x]
    return out
""",
        "ten_crops_code": """
def ten_crops(images, size):
    n, c, h, w = images.shape
    out = np.zeros((n, 10, c, size, size), images.dtype)
    tops, lefts = [0, 0, h - size, h - size, (h - size) // 2], [0, w - size, 0, w - size, (w - size) // 2]
    for k in range(5):
        out[:, k] = images[:, :, tops[k] : tops[k] + size, lefts[k] : lefts[k] + size]
        for column in range(size):
            out[:, 5 + k, :, :, column] = out[:, k, :, :, size - 1 - column]
    return out
""",
        "early_stopping_code": """
def early_stopping(losses, patience):
    for stop in range(len(losses)):
        seen = losses[: stop + 1]
        best = seen.index(min(seen))
        if stop - best >= patience:
            return stop, best
    return stop, best
""",
        "bootstrap_code": """
def bootstrap(x, y, rng):
    xs, ys = [], []
    for i in rng.integers(0, len(x), len(x)):
        xs.append(x[i])
        ys.append(y[i])
    return np.array(xs), np.array(ys)
""",
        "combine_code": """
def average_answer(probabilities):
    k, n, _ = probabilities.shape
    return [int(np.argmax(sum(probabilities[j, i] for j in range(k)) / k)) for i in range(n)]


def majority_answer(predictions, classes):
    winners = []
    for votes in predictions.T:
        counts = [0] * classes
        for vote in votes:
            counts[vote] += 1
        winners.append(counts.index(max(counts)))
    return np.array(winners)


def ensemble_error(v, c, k):
    total = 0.0
    for i in range(k):
        for j in range(k):
            total += v if i == j else c
    return total / k**2
""",
    },
)

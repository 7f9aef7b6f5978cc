"""Right, in another style: other algebra, einsum. Every task has three right variants."""

from __future__ import annotations

from autograder.demo.variants import Variant

COMPACT = Variant(
    "other_algebra",
    {
        "weight_scales_code": """
xavier_std = lambda n: n**-0.5
kaiming_std = lambda n: np.sqrt(2) * xavier_std(n)
uniform_bound = lambda n: np.sqrt(3) * xavier_std(n)
glorot_bound = lambda n, m: uniform_bound((n + m) / 2)
""",
        "deep_activations_code": """
def deep_activations(x, weights, f):
    if not weights:
        return []
    h = f(np.dot(x, weights[0]))
    return [h, *deep_activations(h, weights[1:], f)]
""",
        "descend_code": """
def descend(parameters, gradients_of, rate, steps):
    end = parameters
    while steps:
        slope, steps = gradients_of(end), steps - 1
        end = {name: value - rate * slope[name] for name, value in end.items()}
    return end, {name for name in parameters if (end[name] != parameters[name]).any()}
""",
        "dropout_mask_code": """
def dropout_mask(shape, p, rng):
    return 1.0 - (rng.random(shape) < p)
""",
        "dropout_inverted_code": """
def factor(mask, p, train):
    return np.where(mask, 1 / (1 - p), 0.0) if train else 1.0


def dropout_forward(x, mask, p, train):
    return x * factor(mask, p, train)


def dropout_backward(dout, mask, p, train):
    return dropout_forward(dout, mask, p, train)
""",
        "dropout_test_scaling_code": """
def dropout_lecture(x, mask, p, train):
    return np.where(mask, x, 0) if train else x - p * x
""",
        "dropout_numbers_code": """
dropped_by_pair = lambda p, q: p + (1 - p) * q
scale_of_pair = lambda p, q: 1 / (1 - dropped_by_pair(p, q))
thinned_networks = lambda n: 1 << n


def trainable_parameters(sizes, p):
    sizes = np.array(sizes)
    return int(np.sum((sizes[:-1] + 1) * sizes[1:]))
""",
        "monte_carlo_code": """
def monte_carlo(predict, x, samples):
    total, squares = 0.0, 0.0
    for _ in range(samples):
        p = np.asarray(predict(x), dtype=float)
        total, squares = total + p, squares + p**2
    mean = total / samples
    return mean, np.sqrt(np.maximum(squares / samples - mean**2, 0))
""",
        "batch_norm_forward_code": """
def batch_norm_forward(x, gamma, beta, eps):
    c = x - np.mean(x, 0, keepdims=True)
    r = (x.var(0) + eps) ** -0.5
    scale = gamma * r
    return scale * x + (beta - scale * x.mean(0)), (c, r, gamma)
""",
        "batch_norm_graph_code": """
def batch_norm_graph(dout, cache):
    c, r, gamma = cache
    one = np.ones(len(dout))
    dbeta, dgamma = one @ dout, one @ (dout * c) * r
    dr = gamma * dgamma / r
    dv = -dr / (2 * r**-3)
    dc = gamma * r * dout - c * r**2 * gamma * dgamma * r / len(dout) / r
    dmu = -(one @ dc)
    return dict(dgamma=dgamma, dbeta=dbeta, dr=dr, dv=dv, dc=dc, dmu=dmu, dx=dc - dc.mean(0))
""",
        "batch_norm_compact_code": """
def batch_norm_backward(dout, cache):
    c, r, gamma = cache
    n, xhat = c.shape[0], c * r
    dbeta, dgamma = np.einsum("nd->d", dout), np.einsum("nd,nd->d", dout, xhat)
    return gamma * r / n * (n * dout - dbeta - xhat * dgamma), dgamma, dbeta
""",
        "train_test_code": """
def update_running(running_mean, running_var, x, momentum):
    mean = x.mean(axis=0)
    var = ((x - mean) ** 2).sum(axis=0) / len(x)
    step = 1 - momentum
    return running_mean + step * (mean - running_mean), running_var + step * (var - running_var)


def batch_norm_test(x, gamma, beta, running_mean, running_var, eps):
    scale = gamma / np.sqrt(running_var + eps)
    return x * scale + (beta - running_mean * scale)
""",
        "batch_norm_numbers_code": """
learned_numbers = lambda shape: shape[1] + shape[1]
running_numbers = learned_numbers
numbers_per_mean = lambda shape: np.zeros(shape)[:, 0].size
""",
        "layer_norm_code": """
def layer_norm_forward(x, gamma, beta, eps):
    c = (x.T - x.mean(axis=1)).T
    r = (np.einsum("nd,nd->n", c, c)[:, None] / x.shape[1] + eps) ** -0.5
    return c * (r * gamma) + beta, (c, r, gamma)


def layer_norm_backward(dout, cache):
    c, r, gamma = cache
    d, xhat = c.shape[1], c * r
    shift, stretch = (dout @ gamma)[:, None], ((dout * xhat) @ gamma)[:, None]
    dx = r / d * (d * gamma * dout - shift - xhat * stretch)
    return dx, np.einsum("nd,nd->d", dout, xhat), np.ones(len(dout)) @ dout
""",
        "group_norm_code": """
def group_norm(x, gamma, beta, groups, eps):
    maps = np.array(np.split(x, groups, axis=1))
    maps -= maps.mean(axis=(2, 3, 4), keepdims=True)
    maps /= np.sqrt(maps.var(axis=(2, 3, 4), keepdims=True) + eps)
    return np.einsum("nchw,c->nchw", np.concatenate(maps, axis=1), gamma) + beta[None, :, None, None]
""",
        "shifted_crops_code": """
def shifted_crops(images, tops, lefts, padding):
    n, c, h, w = images.shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding), images.dtype)
    padded[:, :, padding : padding + h, padding : padding + w] = images
    rows, columns = tops[:, None] + np.arange(h), lefts[:, None] + np.arange(w)
    which = np.arange(n)[:, None, None, None]
    return padded[which, np.arange(c)[None, :, None, None], rows[:, None, :, None], columns[:, None, None, :]]
""",
        "ten_crops_code": """
def ten_crops(images, size):
    h, w = images.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))
    down, right = h - size, w - size
    five = windows[:, :, [0, 0, down, down, down // 2], [0, right, 0, right, right // 2]]
    five = np.moveaxis(five, 2, 1)
    return np.concatenate([five, np.flip(five, axis=-1)], axis=1)
""",
        "early_stopping_code": """
def early_stopping(losses, patience):
    losses = np.array(losses)
    lowest = np.minimum.accumulate(losses)
    best = np.array([int(np.argmax(losses == low)) for low in lowest])
    over = np.flatnonzero(np.arange(len(losses)) - best >= patience)
    stop = over[0] if len(over) else len(losses) - 1
    return stop, best[stop]
""",
        "bootstrap_code": """
def bootstrap(x, y, rng):
    drawn = rng.choice(len(x), len(x))
    return np.take(x, drawn, axis=0), np.take(y, drawn)
""",
        "combine_code": """
def average_answer(probabilities):
    return np.einsum("knc->nc", probabilities).argmax(-1)


def majority_answer(predictions, classes):
    return np.eye(classes)[predictions].sum(axis=0).argmax(axis=-1)


def ensemble_error(v, c, k):
    return c + (v - c) / k
""",
    },
)

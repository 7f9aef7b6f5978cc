"""Right, with what is tolerated: float32, lists, tuples, other forms of an answer."""

from __future__ import annotations

from autograder.demo.variants import Variant

TOLERATED = Variant(
    "float32_lists_and_other_forms",
    {
        "weight_scales_code": """
def xavier_std(n):
    return np.sqrt(1.0 / n)


def kaiming_std(n):
    return np.sqrt(2.0 / n)


def uniform_bound(n):
    return np.sqrt(3.0 / n)


def glorot_bound(n, m):
    return np.sqrt(6.0 / (n + m))
""",
        "deep_activations_code": """
def deep_activations(x, weights, f):
    layers = ()
    for w in weights:
        x = f(np.einsum("nd,dm->nm", x, w)).astype(np.float32)
        layers += (x,)
    return layers
""",
        "descend_code": """
import copy


def descend(parameters, gradients_of, rate, steps):
    now = copy.deepcopy(parameters)
    for _ in range(steps):
        for name, gradient in gradients_of(now).items():
            now[name] = now[name] - rate * gradient
    return now, tuple(sorted((n for n in now if not (now[n] == parameters[n]).all()), reverse=True))
""",
        "dropout_mask_code": """
def dropout_mask(shape, p, rng):
    return (rng.random(shape, dtype=np.float32) >= p).astype(int)
""",
        "dropout_inverted_code": """
def dropout_forward(x, mask, p, train):
    if not train:
        return x.copy()
    return (x * mask.astype(np.float32) / np.float32(1 - p)).astype(np.float32)


def dropout_backward(dout, mask, p, train):
    keep = 1 - p
    return dout * (mask / keep if train else 1)
""",
        "dropout_test_scaling_code": """
def dropout_lecture(x, mask, p, train):
    keep = 1 - p
    return (mask if train else keep) * x
""",
        "dropout_numbers_code": """
def dropped_by_pair(p, q):
    return np.float64(1 - (1 - p) * (1 - q))


def scale_of_pair(p, q):
    return np.prod([1 / (1 - v) for v in (p, q)])


def thinned_networks(n):
    return float(2**n)


def trainable_parameters(sizes, p):
    weights = sum(a * b for a, b in zip(sizes, sizes[1:]))
    return np.int64(weights + sum(sizes) - sizes[0])
""",
        "monte_carlo_code": """
def monte_carlo(predict, x, samples):
    predictions = np.empty((samples, *x.shape))
    for t in range(samples):
        predictions[t] = predict(x)
    mean = np.average(predictions, axis=0)
    return mean, np.linalg.norm(predictions - mean, axis=0) / np.sqrt(samples)
""",
        "batch_norm_forward_code": """
def batch_norm_forward(x, gamma, beta, eps):
    c = (x - x.mean(0)).astype(np.float32)
    r = 1 / np.sqrt(np.square(x).mean(0) - x.mean(0) ** 2 + eps).reshape(1, -1)
    return (c * r * gamma + beta).astype(np.float32), [c, r, gamma]
""",
        "batch_norm_graph_code": """
def batch_norm_graph(dout, cache):
    c, r, gamma = cache
    n = np.float32(len(dout))
    dxhat = (dout * gamma).astype(np.float32)
    dr = (dxhat * c).sum(0)
    dv = -dr * r * r * r / 2
    dc = r * dxhat
    dc = dc + c * (dv + dv) / n
    dmu = dc.sum(0) * -1
    out = {"dx": dc + dmu / n, "dmu": dmu, "dc": dc, "dv": dv, "dr": dr}
    out.update(dgamma=(dout * (c * r)).sum(0), dbeta=dout.sum(0), dxhat=dxhat)
    return out
""",
        "batch_norm_compact_code": """
def batch_norm_backward(dout, cache):
    c, r, gamma = (v.astype(np.float32) for v in cache)
    xhat, g = c * r, gamma * dout
    dx = r * (g - g.mean(0) - xhat * np.mean(g * xhat, axis=0))
    return [dx, np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)]
""",
        "train_test_code": """
def update_running(running_mean, running_var, x, momentum):
    old = np.stack([running_mean, running_var])
    new = np.stack([x.mean(0), x.std(0) ** 2])
    return tuple(np.average([old, new], axis=0, weights=[momentum, 1 - momentum]))


def batch_norm_test(x, gamma, beta, running_mean, running_var, eps):
    std = np.sqrt(running_var + eps).astype(np.float32)
    return beta + (x - running_mean) * (gamma / std)
""",
        "batch_norm_numbers_code": """
def learned_numbers(shape):
    n, c, *_ = shape
    return np.array(2 * c)


def running_numbers(shape):
    return float(2 * shape[1])


def numbers_per_mean(shape):
    n, _, *positions = shape
    return np.prod([n, *positions])
""",
        "layer_norm_code": """
def layer_norm_forward(x, gamma, beta, eps):
    mean, std = x.mean(-1, keepdims=True), np.sqrt(x.var(-1, keepdims=True) + eps)
    return ((x - mean) / std * gamma + beta).astype(np.float32), (x - mean, 1 / std, gamma)


def layer_norm_backward(dout, cache):
    # The graph: variance first, then the mean.
    c, r, gamma = cache
    d = c.shape[1]
    dxhat = dout * gamma
    dv = -0.5 * r**3 * (dxhat * c).sum(axis=1, keepdims=True)
    dc = dxhat * r + 2 * c * dv / d
    dx = dc - dc.mean(axis=1, keepdims=True)
    return dx, (dout * c * r).sum(axis=0), dout.sum(axis=0)
""",
        "group_norm_code": """
def group_norm(x, gamma, beta, groups, eps):
    rows = x.astype(np.float32).reshape(x.shape[0] * groups, -1)
    rows = (rows.T - rows.mean(1)) / np.sqrt(rows.var(1) + eps)
    out = np.moveaxis(rows.T.reshape(x.shape), 1, -1) * gamma + beta
    return np.moveaxis(out, -1, 1)
""",
        "shifted_crops_code": """
def shifted_crops(images, tops, lefts, padding):
    h, w = images.shape[2:]
    out = []
    for image, top, left in zip(images, tops, lefts):
        big = np.pad(image, [(0, 0), (padding, padding), (padding, padding)], mode="constant", constant_values=0)
        big = np.roll(big, (-top, -left), axis=(1, 2))
        out.append(big[:, :h, :w])
    return np.array(out)
""",
        "ten_crops_code": """
def ten_crops(images, size):
    d, r = images.shape[2] - size, images.shape[3] - size

    def five(a, columns):
        starts = [(0, columns[0]), (0, columns[1]), (d, columns[0]), (d, columns[1]), (d // 2, columns[2])]
        return [a[:, :, t : t + size, l : l + size] for t, l in starts]

    # In the mirrored image, what was on the left begins on the right.
    both = five(images, (0, r, r // 2)) + five(images[..., ::-1], (r, 0, r - r // 2))
    return np.array(both).swapaxes(0, 1)
""",
        "early_stopping_code": """
def early_stopping(losses, patience):
    best = np.array(0)
    for epoch in np.arange(len(losses)):
        best = np.argmin(losses[: epoch + 1])
        if min(losses[: epoch + 1]) not in losses[max(epoch - patience + 1, 0) : epoch + 1] or epoch == best + patience:
            break
    return np.int64(epoch), float(best)
""",
        "bootstrap_code": """
def bootstrap(x, y, rng):
    drawn = np.floor(rng.random(len(x)) * len(x)).astype(int)
    return [x[drawn], y[drawn]]
""",
        "combine_code": """
def average_answer(probabilities):
    return np.argmax(np.sum(probabilities, axis=0), axis=1).astype(np.int32)


def majority_answer(predictions, classes):
    return [int(np.bincount(votes, minlength=classes).argmax()) for votes in predictions.T]


def ensemble_error(v, c, k):
    covariances = np.full((k, k), c) + (v - c) * np.eye(k)
    weights = np.full(k, 1 / k)
    return weights @ covariances @ weights
""",
    },
)

"""Right, in another style: closures as caches, changes in place, float32, the other convention at a tie.

Who wants another cache writes the forward pass anew beside the backward pass, so that each cell fits all others.
"""

from __future__ import annotations

from autograder.demo.variants import Variant

_CLOSURE_FORWARD = """
def affine_forward(x, w, b):
    rows = flatten(x)
    return rows @ w + b, lambda dout: ((dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0))
"""

FUNCTIONS_AS_CACHE = Variant(
    "functions_as_cache",
    {
        "affine_forward_code": _CLOSURE_FORWARD,
        "affine_backward_code": _CLOSURE_FORWARD
        + """

def affine_backward(dout, cache):
    return cache(dout)
""",
        "sigmoid_code": """
def sigmoid_forward(x):
    out = 0.5 * (1 + np.tanh(0.5 * x))
    return out, lambda dout: dout * (out - out**2)


def sigmoid_backward(dout, cache):
    return cache(dout)
""",
        "relu_code": """
def relu_forward(x):
    return x * (x > 0), lambda dout: dout * (x > 0)


def relu_backward(dout, cache):
    return cache(dout)
""",
        "mse_loss_code": """
def mse_loss(prediction, target):
    n = np.size(target)
    return np.linalg.norm(prediction - target) ** 2 / n, (prediction - target) / (n / 2)
""",
        "two_layer_loss_code": """
def two_layer_forward(x, w1, b1, w2, b2, layers):
    z, first = layers.affine_forward(x, w1, b1)
    h, gate = layers.relu_forward(z)
    scores, second = layers.affine_forward(h, w2, b2)

    def back(dscores):
        dh, *above = layers.affine_backward(dscores, second)
        return (*layers.affine_backward(layers.relu_backward(dh, gate), first)[1:], *above)

    return scores, back


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    scores, back = two_layer_forward(x, w1, b1, w2, b2, layers)
    loss, dscores = layers.softmax_loss(scores, y)
    return loss, back(dscores)
""",
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    return np.add(w, np.multiply(-learning_rate, dw))
""",
        "predict_code": """
def predict(images):
    return np.argsort(network_scores(images, parameters), axis=1)[:, -1]
""",
    },
)

IN_PLACE = Variant(
    "in_place",
    {
        "sigmoid_code": """
def sigmoid_forward(x):
    out = np.empty_like(x)
    high = x >= 0
    out[high] = 1 / (1 + np.exp(-x[high]))
    power = np.exp(x[~high])
    out[~high] = power / (1 + power)
    return out, out


def sigmoid_backward(dout, cache):
    dout *= cache
    dout *= 1 - cache
    return dout
""",
        "relu_code": """
def relu_forward(x):
    blocked = x < 0
    x[blocked] = 0
    return x, blocked | (x == 0)


def relu_backward(dout, cache):
    dout[cache] = 0
    return dout
""",
        "softmax_loss_code": """
def softmax_loss(scores, y):
    n, rows = len(y), np.arange(len(y))
    scores -= scores.max(axis=1, keepdims=True)
    of_truth = scores[rows, y]
    np.exp(scores, out=scores)
    sums = scores.sum(axis=1)
    scores /= sums[:, None]
    scores[rows, y] -= 1
    scores /= n
    return np.mean(np.log(sums) - of_truth), scores
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * h)
    return gradient
""",
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    w -= learning_rate * dw
    return w
""",
        "zero_initialization_code": """
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    before = [p.copy() for p in parameters]
    for _ in range(steps):
        for p, dp in zip(parameters, gradients_of(parameters)):
            p -= learning_rate * dp
    return {name for name, p, old in zip(NAMES, parameters, before) if np.any(p != old)}
""",
    },
)

FLOAT32 = Variant(
    "in_float32",
    {
        "affine_forward_code": """
def affine_forward(x, w, b):
    x, w, b = x.astype(np.float32), w.astype(np.float32), b.astype(np.float32)
    return flatten(x) @ w + b, (x, w)
"""
    },
)

SLOPE_ONE_AT_ZERO = Variant(
    "slope_one_at_zero",
    {
        "relu_code": """
def relu_forward(x):
    return np.where(x >= 0, x, 0), x


def relu_backward(dout, cache):
    return dout * (cache >= 0)
"""
    },
)

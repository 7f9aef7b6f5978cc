"""Right, in another style: loops, einsum and other algebra.

Who wants another cache writes the forward pass anew beside the backward pass, so that each cell fits all others.
"""

from __future__ import annotations

from autograder.demo.variants import Variant

_LOOP_FORWARD = """
def affine_forward(x, w, b):
    rows = flatten(x)
    out = np.zeros((rows.shape[0], w.shape[1]))
    for j in range(w.shape[1]):
        out[:, j] = rows @ w[:, j] + b[j]
    return out, [rows, w, x.shape]
"""

LOOPS = Variant(
    "loops",
    {
        "flatten_code": """
def flatten(x):
    rows = []
    for image in x:
        rows.append(image.ravel().tolist())
    return np.array(rows)
""",
        "affine_forward_code": _LOOP_FORWARD,
        "quiz_jacobian_code": """
def jacobian_entries(n, d, m):
    return sum(1 for i in range(n) for j in range(m)) * gradient_entries(n, d, m)


def gradient_entries(n, d, m):
    return sum(1 for u in range(d) for v in range(m))
""",
        "affine_backward_code": _LOOP_FORWARD
        + """

def affine_backward(dout, cache):
    rows, w, shape = cache
    dx, dw, db = np.zeros(rows.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for i in range(len(rows)):
        dx[i] = w @ dout[i]
        dw += np.outer(rows[i], dout[i])
        db += dout[i]
    return dx.reshape(shape), dw, db
""",
        "sigmoid_code": """
import math


def sigmoid_forward(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        power = math.exp(-abs(x[i]))
        out[i] = 1 / (1 + power) if x[i] > 0 else power / (1 + power)
    return out, out


def sigmoid_backward(dout, cache):
    dx = np.zeros(dout.shape)
    for i in np.ndindex(dout.shape):
        dx[i] = dout[i] * cache[i] * (1 - cache[i])
    return dx
""",
        "relu_code": """
def relu_forward(x):
    out = [value if value > 0 else 0.0 for value in x.ravel().tolist()]
    return np.array(out).reshape(x.shape), [value > 0 for value in out]


def relu_backward(dout, cache):
    dx = [value if is_open else 0.0 for value, is_open in zip(dout.ravel().tolist(), cache)]
    return np.array(dx).reshape(dout.shape)
""",
        "toy_network_code": """
def square_forward(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        out[i] = x[i] ** 2
    return out, x


def square_backward(dout, cache):
    return dout * (cache + cache)


def toy_network(x, w, affine, activation):
    y, cache = affine[0](x, w, np.zeros(w.shape[1]))
    f, activation_cache = activation[0](y)
    loss, df = 0.0, np.zeros(f.shape)
    for i in np.ndindex(f.shape):
        loss, df[i] = loss + f[i], 1
    dy = activation[1](df, activation_cache)
    gradients = affine[1](dy, cache)
    return loss, df, dy, gradients[0], gradients[1]
""",
        "mse_loss_code": """
def mse_loss(prediction, target):
    loss, gradient = 0.0, np.zeros(prediction.shape)
    for i in np.ndindex(prediction.shape):
        loss += (prediction[i] - target[i]) ** 2 / prediction.size
        gradient[i] = 2 * (prediction[i] - target[i]) / prediction.size
    return loss, gradient
""",
        "softmax_loss_code": """
def softmax_loss(scores, y):
    loss, dscores = 0.0, np.zeros(scores.shape)
    for i, s in enumerate(scores):
        log_sum = max(s) + np.log(np.sum(np.exp(s - max(s))))
        loss += (log_sum - s[y[i]]) / len(y)
        dscores[i] = np.exp(s - log_sum) / len(y)
        dscores[i, y[i]] -= 1 / len(y)
    return loss, dscores
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    slopes = []
    for k in range(x.size):
        values = []
        for step in (h, -h):
            moved = x.flatten()
            moved[k] += step
            values.append(f(moved.reshape(x.shape)))
        slopes.append((values[0] - values[1]) / (2 * h))
    return np.array(slopes).reshape(x.shape)
""",
        "two_layer_loss_code": """
def two_layer_forward(x, w1, b1, w2, b2, layers):
    caches = []
    for forward, parameters in (
        (layers.affine_forward, (w1, b1)),
        (layers.relu_forward, ()),
        (layers.affine_forward, (w2, b2)),
    ):
        x, cache = forward(x, *parameters)
        caches.append(cache)
    return x, caches


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    scores, caches = two_layer_forward(x, w1, b1, w2, b2, layers)
    loss, upstream = layers.softmax_loss(scores, y)
    found = []
    for backward in (layers.affine_backward, layers.relu_backward, layers.affine_backward):
        gradients = backward(upstream, caches.pop())
        if isinstance(gradients, tuple):
            upstream = gradients[0]
            found = [*gradients[1:], *found]
        else:
            upstream = gradients
    return loss, found
""",
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    new = [old - learning_rate * slope for old, slope in zip(w.ravel().tolist(), dw.ravel().tolist())]
    return np.array(new).reshape(w.shape)
""",
        "predict_code": """
def predict(images):
    answers = []
    for scores in network_scores(images, parameters):
        answers.append(max(range(10), key=lambda k: scores[k]))
    return np.array(answers)
""",
        "zero_initialization_code": """
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    now = [p.copy() for p in parameters]
    while steps > 0:
        gradients = gradients_of(now)
        for k in range(4):
            now[k] = now[k] - learning_rate * gradients[k]
        steps -= 1
    moved = set()
    for k in range(4):
        if (now[k] != parameters[k]).any():
            moved.add(NAMES[k])
    return moved
""",
        "quiz_code": """
def parameter_count(d, h, c):
    count, inputs = 0, d
    for outputs in (h, c):
        count += (inputs + 1) * outputs
        inputs = outputs
    return count


def hidden_shape(n, d, h, c):
    return [n, h]


def start_loss(c):
    return -sum(np.log(1 / c) for _ in range(5)) / 5


def largest_slope(a):
    return a * max(s * (1 - s) for s in np.linspace(0, 1, 101))


def repeat_factors(k):
    total = sum(1 for _ in range(k))
    return [total / k, total]
""",
    },
)

_EINSUM_FORWARD = """
def affine_forward(x, w, b):
    rows = flatten(x)
    return np.einsum("nd,dm->nm", rows, w) + b[None, :], (rows, w, x.shape)
"""

EINSUM = Variant(
    "einsum",
    {
        "flatten_code": """
def flatten(x):
    return np.stack([image.ravel() for image in x])
""",
        "affine_forward_code": _EINSUM_FORWARD,
        "quiz_jacobian_code": """
def jacobian_entries(n, d, m):
    return np.prod([n, m, d, m])


gradient_entries = lambda n, d, m: np.prod([d, m])
""",
        "affine_backward_code": _EINSUM_FORWARD
        + """

def affine_backward(dout, cache):
    rows, w, shape = cache
    dx = np.einsum("nm,dm->nd", dout, w).reshape(shape)
    return dx, np.einsum("nd,nm->dm", rows, dout), np.einsum("nm->m", dout)
""",
        "sigmoid_code": """
def sigmoid_forward(x):
    return np.exp(-np.logaddexp(0, -x)), np.exp(-np.logaddexp(0, -x) - np.logaddexp(0, x))


def sigmoid_backward(dout, cache):
    return np.einsum("...,...->...", dout, cache)
""",
        "toy_network_code": """
square_forward = lambda x: (np.square(x), x)
square_backward = lambda dout, x: np.einsum("...,...->...", dout, 2 * x)


def toy_network(x, w, affine, activation):
    f, cache = activation[0](np.einsum("nd,dm->nm", x, w))
    df = f**0
    dy = activation[1](df, cache)
    return np.einsum("nm->", f), df, dy, np.einsum("nm,dm->nd", dy, w), np.einsum("nd,nm->dm", x, dy)
""",
        "mse_loss_code": """
def mse_loss(prediction, target):
    d = (prediction - target).ravel()
    return np.einsum("i,i->", d, d) / d.size, (d * (2 / d.size)).reshape(target.shape)
""",
        "softmax_loss_code": """
def softmax_loss(scores, y):
    onehot = np.eye(scores.shape[1])[y]
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -np.einsum("nc,nc->", onehot, log_p) / len(y), (np.exp(log_p) - onehot) / len(y)
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + step) - f(x - step) for step in steps]).reshape(x.shape) / (2 * h)
""",
        "two_layer_loss_code": """
def two_layer_forward(x, w1, b1, w2, b2, layers):
    h = np.maximum(np.einsum("nd,dh->nh", x.reshape(len(x), -1), w1) + b1, 0)
    return np.einsum("nh,hc->nc", h, w2) + b2, h


def two_layer_loss(x, y, w1, b1, w2, b2, layers):
    scores, h = two_layer_forward(x, w1, b1, w2, b2, layers)
    loss, ds = layers.softmax_loss(scores, y)
    dz = np.einsum("nc,hc->nh", ds, w2) * (h > 0)
    dw1 = np.einsum("nd,nh->dh", x.reshape(len(x), -1), dz)
    return loss, [dw1, dz.sum(0), np.einsum("nh,nc->hc", h, ds), ds.sum(0)]
""",
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    return np.einsum("k,k...->...", [1.0, -learning_rate], np.stack([w, dw]))
""",
        "predict_code": """
def predict(images):
    scores = network_scores(images, parameters)
    return np.einsum("nc,c->n", scores == scores.max(axis=1, keepdims=True), np.arange(10.0))
""",
        "zero_initialization_code": """
def moving_parameters(gradients_of, parameters, *, learning_rate, steps):
    if steps == 0:
        return set()
    now = list(parameters)
    for _ in range(steps):
        now = [np.subtract(p, np.multiply(learning_rate, g)) for p, g in zip(now, gradients_of(now))]
    return {name for name, p, q in zip(NAMES, parameters, now) if np.abs(p - q).sum() > 0}
""",
        "quiz_code": """
parameter_count = lambda d, h, c: np.dot([d + 1, h + 1], [h, c])
hidden_shape = lambda n, d, h, c: np.array([n, h])
start_loss = lambda c: np.log2(c) / np.log2(np.e)
largest_slope = lambda a: 0.25 * a
repeat_factors = lambda k: np.array([1.0, k])
""",
    },
)

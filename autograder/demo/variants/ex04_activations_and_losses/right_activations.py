"""Right answers in other styles: the activations."""

from __future__ import annotations

from autograder.demo.variants import Variant

LOOPS = Variant(
    "entry_by_entry",
    {
        "identity_and_step_code": """
def identity_forward(x):
    return x, ()


def identity_backward(dout, cache):
    return dout


def step_forward(x):
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if x[i] >= 0:
            out[i] = 1
    return out, x


def step_backward(dout, cache):
    return np.zeros(cache.shape)
""",
        "sigmoid_code": """
def one(v):
    return 1 / (1 + np.exp(-v)) if v >= 0 else np.exp(v) / (1 + np.exp(v))


def sigmoid_forward(x):
    out = np.array([one(v) for v in x.ravel()]).reshape(x.shape)
    return out, {"y": out}


def sigmoid_backward(dout, cache):
    return dout * (cache["y"] - cache["y"] ** 2)
""",
        "tanh_code": """
def tanh_forward(x):
    small = np.exp(-2 * np.abs(x))
    out = np.sign(x) * (1 - small) / (1 + small)
    return out, [out]


def tanh_backward(dout, cache):
    return (1 + cache[0]) * (1 - cache[0]) * dout
""",
        "softplus_code": """
def softplus_forward(x, *, beta=1.0):
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        z = beta * x[i]
        out[i] = (z + np.log1p(np.exp(-z)) if z > 0 else np.log1p(np.exp(z))) / beta
    return out, (x, beta)


def softplus_backward(dout, cache):
    return dout * sigma(cache[0] * cache[1])
""",
        "swish_code": """
def swish_forward(x, *, beta=1.0):
    out = np.array([v * sigma(beta * v) for v in x.ravel()]).reshape(x.shape)
    return out, (x, beta)


def swish_backward(dout, cache):
    dx = np.empty(dout.shape)
    for i in np.ndindex(dout.shape):
        gate = sigma(cache[1] * cache[0][i])
        dx[i] = dout[i] * (gate + cache[1] * cache[0][i] * gate * (1 - gate))
    return dx
""",
        "maxout_code": """
def maxout_forward(x, w, b):
    out = np.full((len(x), w.shape[2]), -np.inf)
    won = np.zeros(out.shape, dtype=int)
    for p in range(len(w)):
        piece = x @ w[p] + b[p]
        won[piece > out] = p
        out = np.maximum(out, piece)
    return out, (x, w, won)


def maxout_backward(dout, cache):
    x, w, won = cache
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros((w.shape[0], w.shape[2]))
    for i in range(len(x)):
        for j in range(w.shape[2]):
            p = won[i, j]
            dx[i] += dout[i, j] * w[p, :, j]
            dw[p, :, j] += dout[i, j] * x[i]
            db[p, j] += dout[i, j]
    return dx, dw, db
""",
        "softmax_code": """
def softmax_forward(x):
    rows = []
    for row in x:
        powers = np.exp(row - max(row))
        rows.append(powers / sum(powers))
    return np.array(rows), np.array(rows)


def softmax_backward(dout, cache):
    dx = np.zeros(dout.shape)
    for i, p in enumerate(cache):
        dx[i] = (np.diag(p) - np.outer(p, p)) @ dout[i]
    return dx
""",
        "quiz_properties_code": """
saturate = {"tanh", "sigmoid", "step"}
zero_centred = ("tanh", "identity")
can_die = ["relu", "step"]
never_negative = ["softplus", "relu", "sigmoid", "step"]
""",
        "quiz_activations_code": """
def largest_gradient(layers):
    size = 1.0
    for _ in range(layers):
        size *= 0.25
    return size


def tanh_from_sigmoid(s):
    return s - (1 - s)


def maxout_parameters(inputs, units, pieces):
    return sum(inputs * units + units for _ in range(pieces))


def deadly_bias(w):
    return -sum(v for v in w if v > 0)
""",
    },
)

OTHER_ALGEBRA = Variant(
    "other_algebra",
    {
        "identity_and_step_code": """
def identity_forward(x):
    return 1.0 * x, x


def identity_backward(dout, cache):
    return dout * np.ones_like(cache)


def step_forward(x):
    return np.heaviside(x, 1.0), x


def step_backward(dout, cache):
    return 0.0 * dout
""",
        "sigmoid_code": """
def sigmoid_forward(x):
    return np.exp(-np.logaddexp(0, -x)), x


def sigmoid_backward(dout, cache):
    return dout * np.exp(-np.logaddexp(0, -cache) - np.logaddexp(0, cache))
""",
        "tanh_code": """
def tanh_forward(x):
    return np.tanh(x), x


def tanh_backward(dout, cache):
    # 1/cosh², whose exponentials may not grow either.
    small = np.exp(-2 * np.abs(cache))
    return dout * 4 * small / (1 + small) ** 2
""",
        "softplus_code": """
def softplus_forward(x, *, beta=1.0):
    return np.logaddexp(0, beta * x) / beta, beta * x


def softplus_backward(dout, cache):
    return dout * np.exp(-np.logaddexp(0, -cache))
""",
        "swish_code": """
def swish_forward(x, *, beta=1.0):
    out = 0.5 * x * (1 + np.tanh(0.5 * beta * x))
    return out, (x, out, beta)


def swish_backward(dout, cache):
    x, out, beta = cache
    gate = sigma(beta * x)
    return dout * (gate + beta * out * (1 - gate))
""",
        "maxout_code": """
def maxout_forward(x, w, b):
    pieces = np.einsum("nd,kdm->knm", x, w) + b[:, None]
    won = np.argmax(pieces, axis=0)
    return np.take_along_axis(pieces, won[None], axis=0)[0], (x, w, np.eye(len(w))[won])


def maxout_backward(dout, cache):
    x, w, won = cache
    parts = won * dout[:, :, None]
    dx = np.einsum("nmk,kdm->nd", parts, w)
    dw = np.einsum("nmk,nd->kdm", parts, x)
    return dx, dw, parts.sum(axis=0).T
""",
        "softmax_code": """
def softmax_forward(x):
    log_p = x - np.logaddexp.reduce(x, axis=1, keepdims=True)
    return np.exp(log_p), log_p


def softmax_backward(dout, cache):
    p = np.exp(cache)
    return p * dout - p * np.einsum("nc,nc->n", p, dout)[:, None]
""",
        "quiz_properties_code": """
saturate = np.array(["sigmoid", "tanh", "step"])
zero_centred = ["tanh", "identity", "identity"]
can_die = ["Step", "ReLU"]
never_negative = ["step ", "relu", "sigmoid", "softplus"]
""",
        "quiz_activations_code": """
def largest_gradient(layers):
    return 2.0 ** (-2 * layers)


def tanh_from_sigmoid(s):
    return np.tanh(0.5 * np.log(s / (1 - s)))


def maxout_parameters(inputs, units, pieces):
    return np.zeros((pieces, inputs, units)).size + np.zeros((pieces, units)).size


def deadly_bias(w):
    return -0.5 * (w + np.abs(w)).sum()
""",
    },
)

OTHER_CACHES = Variant(
    "other_caches",
    {
        "identity_and_step_code": """
def identity_forward(x):
    return np.array(x), "nothing"


def identity_backward(dout, cache):
    return +dout


def step_forward(x):
    out = (x >= 0).astype(np.float32)
    return out, out


def step_backward(dout, cache):
    dx = dout.copy()
    dx[...] = 0
    return dx
""",
        "sigmoid_code": """
def sigmoid_forward(x):
    out = np.empty_like(x)
    right = x >= 0
    out[right] = 1 / (1 + np.exp(-x[right]))
    out[~right] = np.exp(x[~right]) / (1 + np.exp(x[~right]))
    return out, lambda dout: dout * out * (1 - out)


def sigmoid_backward(dout, cache):
    return cache(dout)
""",
        "tanh_code": """
def tanh_forward(x):
    out = 2 * sigmoid_forward(2 * x)[0] - 1
    return out, lambda dout: dout - dout * out * out


def tanh_backward(dout, cache):
    return cache(dout)
""",
        "softplus_code": """
def softplus_forward(x, *, beta=1.0):
    out = np.maximum(x, 0) + np.log(1 + np.exp(-beta * np.abs(x))) / beta
    return out, {"x": x, "beta": beta}


def softplus_backward(dout, cache):
    small = np.exp(-np.abs(cache["beta"] * cache["x"]))
    return dout * np.where(cache["x"] >= 0, 1, small) / (1 + small)
""",
        "swish_code": """
def swish_forward(x, *, beta=1.0):
    gate = sigma(beta * x)
    return gate * x, gate * (1 + beta * x * (1 - gate))


def swish_backward(dout, cache):
    return cache * dout
""",
        "maxout_code": """
def maxout_forward(x, w, b):
    pieces = [x @ w_piece + b_piece for w_piece, b_piece in zip(w, b)]
    out = np.max(pieces, axis=0)
    return out, {"x": x, "w": w, "masks": [piece == out for piece in pieces]}


def maxout_backward(dout, cache):
    x, w = cache["x"], cache["w"]
    parts = [mask * dout for mask in cache["masks"]]
    dx = np.zeros_like(x)
    for part, w_piece in zip(parts, w):
        dx += part @ w_piece.T
    return dx, np.stack([x.T @ part for part in parts]), np.stack([part.sum(0) for part in parts])
""",
        "softmax_code": """
def softmax_forward(x):
    powers = np.exp(x - np.max(x, axis=-1)[:, None])
    powers /= np.sum(powers, axis=-1)[:, None]
    return powers, {"p": powers}


def softmax_backward(dout, cache):
    p = cache["p"]
    jacobian = p[:, :, None] * (np.eye(p.shape[1]) - p[:, None, :])
    return np.einsum("ni,nij->nj", dout, jacobian)
""",
        "quiz_properties_code": """
saturate = ("step", "tanh", "sigmoid")
zero_centred = ("identity", "tanh")
can_die = ("step", "relu")
never_negative = ("relu", "softplus", "step", "sigmoid")
""",
        "quiz_activations_code": """
largest_gradient = lambda layers: np.prod(np.full(layers, 1 / 4))
tanh_from_sigmoid = lambda s: -1 + 2 * s
maxout_parameters = lambda inputs, units, pieces: pieces * inputs * units + pieces * units
deadly_bias = lambda w: np.minimum(-w, 0).sum()
""",
    },
)

VARIANTS = [LOOPS, OTHER_ALGEBRA, OTHER_CACHES]

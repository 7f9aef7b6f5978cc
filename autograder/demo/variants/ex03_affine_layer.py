"""What students write in exercise 03: right in other styles, and wrong in the ways that people are wrong."""

from __future__ import annotations

from autograder.demo.variants import Variant

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

LOOPS = Variant(
    "loops",
    {
        "flatten_code": """
def flatten(x):
    rows = []
    for image in x:
        rows.append([float(value) for value in image.ravel()])
    return np.array(rows)
""",
        "affine_forward_code": """
def affine_forward(x, w, b):
    rows = flatten(x)
    out = np.zeros((rows.shape[0], w.shape[1]))
    for j in range(w.shape[1]):
        out[:, j] = rows @ w[:, j] + b[j]
    return out, [rows, w, x.shape]
""",
        "affine_backward_code": """
def affine_backward(dout, cache):
    rows, w, shape = cache
    dx, dw, db = np.zeros(rows.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for i in range(len(rows)):
        dx[i] = w @ dout[i]
        dw += np.outer(rows[i], dout[i])
        db += dout[i]
    return dx.reshape(shape), dw, db
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
        "mse_loss_code": """
def mse_loss(prediction, target):
    loss, gradient = 0.0, np.zeros(prediction.shape)
    for i in np.ndindex(prediction.shape):
        loss += (prediction[i] - target[i]) ** 2 / prediction.size
        gradient[i] = 2 * (prediction[i] - target[i]) / prediction.size
    return loss, gradient
""",
    },
)

EINSUM = Variant(
    "einsum",
    {
        "affine_forward_code": """
def affine_forward(x, w, b):
    rows = flatten(x)
    return np.einsum("nd,dm->nm", rows, w) + b[None, :], (rows, w, x.shape)
""",
        "affine_backward_code": """
def affine_backward(dout, cache):
    rows, w, shape = cache
    dx = np.einsum("nm,dm->nd", dout, w).reshape(shape)
    return dx, np.einsum("nd,nm->dm", rows, dout), np.einsum("nm->m", dout)
""",
        "softmax_loss_code": """
def softmax_loss(scores, y):
    onehot = np.eye(scores.shape[1])[y]
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return -np.einsum("nc,nc->", onehot, log_p) / len(y), (np.exp(log_p) - onehot) / len(y)
""",
        "two_layer_loss_code": """
def two_layer_forward(x, w1, b1, w2, b2):
    h = np.maximum(flatten(x) @ w1 + b1, 0)
    return h @ w2 + b2, h


def two_layer_loss(x, y, w1, b1, w2, b2):
    scores, h = two_layer_forward(x, w1, b1, w2, b2)
    loss, ds = softmax_loss(scores, y)
    dz = np.einsum("nc,hc->nh", ds, w2) * (h > 0)
    return loss, [flatten(x).T @ dz, dz.sum(0), h.T @ ds, ds.sum(0)]
""",
    },
)

DICTIONARIES = Variant(
    "dictionaries",
    {
        "affine_forward_code": """
def affine_forward(x, w, b):
    cache = {"x": x, "w": w, "b": b, "rows": flatten(x)}
    return cache["rows"].dot(w) + b, cache
""",
        "affine_backward_code": """
def affine_backward(dout, cache):
    return tuple(gradient(dout, cache) for gradient in (input_gradient, weight_gradient, bias_gradient))


def input_gradient(dout, cache):
    return dout.dot(cache["w"].T).reshape(cache["x"].shape)


def weight_gradient(dout, cache):
    return cache["rows"].T.dot(dout)


def bias_gradient(dout, cache):
    return np.ones(len(dout)) @ dout
""",
        "zero_initialization_code": """
def moving_parameters(x, y, parameters, *, learning_rate, steps):
    now = dict(zip(NAMES, parameters))
    for _ in range(steps):
        _, gradients = two_layer_loss(x, y, *now.values())
        now = {n: sgd_update(now[n], d, learning_rate=learning_rate) for n, d in zip(NAMES, gradients)}
    return [n for n, before in zip(NAMES, parameters) if not np.array_equal(now[n], before)]
""",
    },
)

FUNCTIONS_AS_CACHE = Variant(
    "functions_as_cache",
    {
        "affine_forward_code": """
def affine_forward(x, w, b):
    rows = flatten(x)
    return rows @ w + b, lambda dout: ((dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0))
""",
        "affine_backward_code": """
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
    },
)

IN_PLACE = Variant(
    "in_place",
    {
        "relu_code": """
def relu_forward(x):
    blocked = x < 0
    x[blocked] = 0
    return x, blocked | (x == 0)


def relu_backward(dout, cache):
    dout[cache] = 0
    return dout
""",
        "sgd_update_code": """
def sgd_update(w, dw, *, learning_rate):
    w -= learning_rate * dw
    return w
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

RIGHT = [LOOPS, EINSUM, DICTIONARIES, FUNCTIONS_AS_CACHE, IN_PLACE, FLOAT32, SLOPE_ONE_AT_ZERO]

# ---------------------------------------------------------------------------------------------------------------
# Wrong: what a right cell looks like, then name, what the diagnosis says, and the edit that spoils the cell


def _spoiled(task: str, cell: str, right: str, *mistakes: tuple[str, str, str, str]) -> list[Variant]:
    """Return a variant for each ``(name, says, old, new)``: the right cell with ``old`` replaced by ``new``."""
    variants = []
    for name, says, old, new in mistakes:
        assert old in right, (name, old)
        variants.append(Variant(name, {cell: right.replace(old, new)}, task, says, BREAKS.get(task, frozenset())))
    return variants


_TRAINED = frozenset({"digits_accuracy", "zero_initialization"})
_BUILT = _TRAINED | {"affine_backward", "toy_network", "two_layer_loss"}
BREAKS = {
    "flatten": _BUILT | {"affine_forward"},
    "affine_forward": _BUILT,
    "affine_backward": _TRAINED,
    "two_layer_loss": _TRAINED,
    "sgd_update": _TRAINED,
}


FLATTEN = _spoiled(
    "flatten",
    "flatten_code",
    """
def flatten(x):
    return x.reshape(len(x), -1)
""",
    ("channels_last", "interleaved pixel by pixel", "x.reshape", "np.moveaxis(x, 1, -1).reshape"),
    ("column_by_column", "column by column", "x.reshape", "(np.swapaxes(x, -1, -2) if x.ndim > 2 else x).reshape"),
    ("images_as_columns", "transposed", "-1)", "-1).T"),
    ("one_long_vector", "wrong shape", "reshape(len(x), -1)", "flatten()"),
)

AFFINE_FORWARD = _spoiled(
    "affine_forward",
    "affine_forward_code",
    """
def affine_forward(x, w, b):
    rows = flatten(x)
    return rows @ w + b, (x, w)
""",
    ("no_bias", "the bias is missing", " + b", ""),
    ("minus_bias", "the bias is subtracted", "+ b", "- b"),
    ("reshaped_weights", "a reshape is no transpose", "@ w", "@ w.reshape(w.shape[::-1]).T"),
    ("only_64_pixels", "only at the shape given", "flatten(x)", "x.reshape(len(x), 64)"),
    ("minus_everything", "sign", "rows @ w + b", "-(rows @ w + b)"),
)

AFFINE_BACKWARD = _spoiled(
    "affine_backward",
    "affine_backward_code",
    """
def affine_backward(dout, cache):
    x, w = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = flatten(x).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
""",
    ("weights_averaged", "extra factor 1/N", "@ dout\n", "@ dout / len(x)\n"),
    ("bias_averaged", "averages where it should add up", "sum(axis=0)", "mean(axis=0)"),
    ("weights_transposed", "`dw` is transposed", "flatten(x).T @ dout", "dout.T @ flatten(x)"),
    ("bias_over_outputs", "wrong axis", "axis=0", "axis=1"),
    ("bias_as_row", "wrong shape for a bias gradient", "axis=0", "axis=0, keepdims=True"),
    ("input_gradient_flat", "reshape it", "(dout @ w.T).reshape(x.shape)", "dout @ w.T"),
    ("gradients_swapped", "gradient of another input", "return dx, dw", "return dw, dx"),
    ("affine_upstream_ignored", "upstream gradient is ignored", "x, w = cache", "x, w, dout = *cache, 0 * dout + 1"),
    ("affine_minus", "wrong sign", "x, w = cache", "x, w, dout = *cache, -dout"),
)

QUIZ_JACOBIAN = _spoiled(
    "quiz_jacobian",
    "quiz_jacobian_code",
    """
jacobian_entries = (64 * 48) * (64 * 48)
gradient_entries = 64 * 48
""",
    ("jacobian_of_one_row", "every output by every weight", "(64 * 48) *", "48 *"),
    ("jacobian_of_one_neuron", "every output by every weight", "* (64 * 48)", "* 64"),
    ("gradient_with_batch", "as many as there are weights", "gradient_entries = 64", "gradient_entries = 64 * 64"),
)

SIGMOID = _spoiled(
    "sigmoid",
    "sigmoid_code",
    """
def sigmoid_forward(x):
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1.0 - cache)
""",
    ("sigmoid_overflows", "overflow", "np.where(x >= 0, 1.0, small) / (1.0 + small)", "np.exp(x) / (1.0 + np.exp(x))"),
    ("sigmoid_mirrored", "sign in the exponent", "x >= 0", "x <= 0"),
    ("sigmoid_keeps_input", "made from the output", "return out, out", "return out, x"),
    ("sigmoid_twice", "applied twice", "return out, out", "return out, 1.0 / (1.0 + np.exp(-out))"),
    ("sigmoid_half_slope", "factor 1 − σ is missing", " * (1.0 - cache)", ""),
    ("sigmoid_upstream_ignored", "upstream gradient is ignored", "dout * cache", "cache"),
)

RELU = _spoiled(
    "relu",
    "relu_code",
    """
def relu_forward(x):
    return np.maximum(x, 0.0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)
""",
    ("relu_of_gradient", "sign of the input", "cache > 0", "dout > 0"),
    ("relu_slope_is_input", "multiplied by the output", "(cache > 0)", "np.maximum(cache, 0.0)"),
    ("relu_upstream_ignored", "upstream gradient is ignored", "dout * (cache > 0)", "(cache > 0) * 1.0"),
    ("relu_mirrored", "0 elsewhere", "cache > 0", "cache < 0"),
    ("relu_absolute", "does not change its sign", "np.maximum(x, 0.0)", "np.abs(x)"),
)

TOY_NETWORK = _spoiled(
    "toy_network",
    "toy_network_code",
    """
def square_forward(x):
    return x * x, x


def square_backward(dout, cache):
    return 2.0 * cache * dout


def toy_network(x, w, forward, backward):
    y, affine_cache = affine_forward(x, w, np.zeros(w.shape[1]))
    f, cache = forward(y)
    loss = f.sum()
    df = np.ones(f.shape)
    dy = backward(df, cache)
    dx, dw, _ = affine_backward(dy, affine_cache)
    return loss, df, dy, dx, dw
""",
    ("toy_activation_skipped", "left out on the way back", "backward(df, cache)", "df"),
    ("toy_loss_of_y", "before the activation", "f.sum()", "y.sum()"),
    ("toy_mean", "is not their mean", "np.ones(f.shape)", "np.ones(f.shape) / f.size"),
    ("toy_order", "gradient of another input", "dy, dx, dw", "dy, dw, dx"),
)

MSE_LOSS = _spoiled(
    "mse_loss",
    "mse_loss_code",
    """
def mse_loss(prediction, target):
    d = prediction - target
    loss = (d**2).mean()
    return loss, 2 * d / d.size
""",
    ("mse_no_two", "missing factor 2", "2 * d", "d"),
    ("mse_half", "half of what is due", "(d**2)", "0.5 * (d**2)"),
    ("mse_sum", "sum instead of mean", "mean", "sum"),
    ("mse_gradient_of_sum", "missing factor 1/", " / d.size", ""),
    ("mse_per_sample", "samples alone", "d.size", "len(d)"),
    ("mse_sign", "wrong sign", "prediction - target", "target - prediction"),
    ("mse_absolute", "L1 loss", "(d**2)", "abs(d)"),
)

SOFTMAX_LOSS = [
    *_spoiled(
        "softmax_loss",
        "softmax_loss_code",
        """
def softmax_loss(scores, y):
    onehot = np.eye(scores.shape[1])[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -(log_p * onehot).sum() / len(y)
    return loss, (np.exp(log_p) - onehot) / len(y)
""",
        ("softmax_no_shift", "overflow", " - scores.max(axis=1, keepdims=True)", ""),
        ("softmax_no_onehot", "1 of the true class is not subtracted", "(np.exp(log_p) - onehot)", "np.exp(log_p)"),
        ("softmax_gradient_of_sum", "missing factor 1/N", "onehot) / len(y)", "onehot)"),
        ("softmax_onehot_averaged_alone", "as a whole", "- onehot) / len(y)", "- onehot / len(y))"),
        ("softmax_over_samples", "runs over the samples", "axis=1", "axis=0"),
        ("softmax_sign", "wrong sign", "np.exp(log_p) - onehot", "onehot - np.exp(log_p)"),
    ),
    *_spoiled(
        "softmax_loss",
        "softmax_loss_code",
        """
def softmax_loss(scores, y):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    return loss, (p - np.eye(p.shape[1])[y]) / len(y)
""",
        ("softmax_log_of_zero", "true class 1000 behind", "", ""),
        ("softmax_guarded_log", "true class 1000 behind", ", y])", ", y] + 1e-12)"),
    ),
]

NUMERICAL_GRADIENT = _spoiled(
    "numerical_gradient",
    "numerical_gradient_code",
    """
def numerical_gradient(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    x = x.copy()
    for i in np.ndindex(x.shape):
        middle = x[i]
        x[i] = middle + h
        above = f(x)
        x[i] = middle - h
        below = f(x)
        x[i] = middle
        gradient[i] = (above - below) / (2 * h)
    return gradient
""",
    (
        "one_sided_difference",
        "one-sided",
        "middle - h\n        below = f(x)",
        "middle\n        below = 2 * f(x) - above",
    ),
    ("divided_by_h", "2h apart", "(2 * h)", "h"),
    ("own_step", "not the h", "gradient = ", "h = 1e-5\n    gradient = "),
    ("never_put_back", "not put back", "        x[i] = middle\n", ""),
)

TWO_LAYER_LOSS = _spoiled(
    "two_layer_loss",
    "two_layer_loss_code",
    """
def two_layer_forward(x, w1, b1, w2, b2):
    z, cache1 = affine_forward(x, w1, b1)
    h, cache_relu = relu_forward(z)
    scores, cache2 = affine_forward(h, w2, b2)
    return scores, (cache1, cache_relu, cache2)


def two_layer_loss(x, y, w1, b1, w2, b2):
    scores, (cache1, cache_relu, cache2) = two_layer_forward(x, w1, b1, w2, b2)
    loss, ds = softmax_loss(scores, y)
    dh, dw2, db2 = affine_backward(ds, cache2)
    dz = relu_backward(dh, cache_relu)
    _, dw1, db1 = affine_backward(dz, cache1)
    return loss, (dw1, db1, dw2, db2)
""",
    ("network_no_relu_back", "left out on the way back", "dz = relu_backward(dh, cache_relu)", "dz = dh"),
    ("network_no_relu_ahead", "no ReLU on the way ahead", "affine_forward(h,", "affine_forward(z,"),
    ("network_layers_swapped", "gradient of another input", "(dw1, db1, dw2, db2)", "(dw2, db2, dw1, db1)"),
    (
        "network_divided_twice",
        "extra factor 1/N",
        "softmax_loss(scores, y)\n",
        "softmax_loss(scores, y)\n    ds = ds / len(x)\n",
    ),
)

SGD_UPDATE = _spoiled(
    "sgd_update",
    "sgd_update_code",
    """
def sgd_update(w, dw, *, learning_rate):
    return w - learning_rate * dw
""",
    ("uphill", "uphill", "w - ", "w + "),
    ("no_learning_rate", "learning rate is not used", "learning_rate * dw", "dw"),
    ("step_alone", "only the step", "w - ", ""),
    ("update_returns_nothing", "none", "return w - ", "w -= "),
)

DIGITS_ACCURACY = _spoiled(
    "digits_accuracy",
    "predict_code",
    """
def predict(images):
    scores, _ = two_layer_forward(images, *parameters)
    return scores.argmax(axis=1)
""",
    ("predicts_scores", "a score per class", ".argmax(axis=1)", ""),
    ("predicts_over_images", "one digit per image", "axis=1", "axis=0"),
    ("predicts_lowest", "needed ≥ 0.93", "argmax", "argmin"),
    ("predicts_nothing", "array of digits", "return ", ""),
    ("predicts_untrained", "needed ≥ 0.93", "*parameters", "*random_parameters(np.random.default_rng(0))"),
)

ZERO_INITIALIZATION = _spoiled(
    "zero_initialization",
    "zero_initialization_code",
    """
def moving_parameters(x, y, parameters, *, learning_rate, steps):
    now = list(parameters)
    for _ in range(steps):
        _, gradients = two_layer_loss(x, y, *now)
        now = [sgd_update(p, dp, learning_rate=learning_rate) for p, dp in zip(now, gradients)]
    return {name for name, p, q in zip(NAMES, parameters, now) if np.any(p != q)}
""",
    ("compared_with_itself", "a copy made before the first", "NAMES, parameters, now", "NAMES, now, now"),
    ("one_step_only", "after all steps", "range(steps)", "range(1)"),
    ("those_that_stay", "after all steps", "np.any(p != q)", "np.all(p == q)"),
)

QUIZ = _spoiled(
    "quiz",
    "quiz_code",
    """
parameter_count = 64 * 48 + 48 + 48 * 10 + 10
hidden_shape = (32, 48)
start_loss = np.log(10)
largest_slope = 0.25
repeat_factor = 1
""",
    ("quiz_no_biases", "two biases", "64 * 48 + 48 + 48 * 10 + 10", "64 * 48 + 48 * 10"),
    ("quiz_shape_transposed", "the shape of H", "(32, 48)", "(48, 32)"),
    ("quiz_log_two", "equally likely", "log(10)", "log(2)"),
    ("quiz_slope_one", "product largest", "0.25", "1"),
    ("quiz_gradient_doubles", "a mean, divide by", "repeat_factor = 1", "repeat_factor = 2"),
)

VARIANTS = [
    *RIGHT,
    *FLATTEN,
    *AFFINE_FORWARD,
    *AFFINE_BACKWARD,
    *QUIZ_JACOBIAN,
    *SIGMOID,
    *RELU,
    *TOY_NETWORK,
    *MSE_LOSS,
    *SOFTMAX_LOSS,
    *NUMERICAL_GRADIENT,
    *TWO_LAYER_LOSS,
    *SGD_UPDATE,
    *DIGITS_ACCURACY,
    *ZERO_INITIALIZATION,
    *QUIZ,
]

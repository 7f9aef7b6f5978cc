"""Mistakes in activations: identity and step, the saturating, the smooth, maxout, softmax, and their quizzes."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

IDENTITY_AND_STEP = spoiled(
    "identity_and_step",
    """
def identity_forward(x):
    return x.copy(), x


def identity_backward(dout, cache):
    return dout.copy()


def step_forward(x):
    return np.where(x >= 0, 1.0, 0.0), x


def step_backward(dout, cache):
    return np.zeros_like(dout)
""",
    ("step_is_sign", "−1 on the left", "np.where(x >= 0, 1.0, 0.0)", "np.sign(x)"),
    ("step_to_minus_one", "the step is 0 there", "1.0, 0.0", "1.0, -1.0"),
    ("step_of_zero", "compare with ≥", "x >= 0", "x > 0"),
    ("step_passes_gradient", "flat on both sides", "np.zeros_like(dout)", "dout"),
    ("step_gradient_as_relu", "there, too, it is flat", "np.zeros_like(dout)", "np.where(cache >= 0, dout, 0.0)"),
    ("identity_ignores_upstream", "upstream gradient is ignored", "dout.copy()", "np.ones_like(dout)"),
    ("identity_slope_is_x", "the slope of x is 1", "dout.copy()", "dout * cache"),
)

SIGMOID = spoiled(
    "sigmoid",
    """
def sigmoid_forward(x):
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1.0, small) / (1.0 + small)
    return out, out


def sigmoid_backward(dout, cache):
    return dout * cache * (1.0 - cache)
""",
    ("sigmoid_overflow", "overflow", "np.where(x >= 0, 1.0, small) / (1.0 + small)", "np.exp(x) / (1.0 + np.exp(x))"),
    ("sigmoid_flipped", "sign in the exponent", "x >= 0", "x <= 0"),
    ("sigmoid_slope_of_input", "made from the output", "return out, out", "return out, x"),
    ("sigmoid_slope_halved", "factor 1 − y is missing", " * (1.0 - cache)", ""),
    ("sigmoid_slope_of_tanh", "the slope of tanh", "cache * (1.0 - cache)", "(1.0 - cache**2)"),
    ("sigmoid_without_upstream", "upstream gradient is ignored", "dout * cache", "cache"),
    ("sigmoid_applied_twice", "applied twice", "return out, out", "return out, 1.0 / (1.0 + np.exp(-out))"),
)

TANH = spoiled(
    "tanh",
    """
def tanh_forward(x):
    out = np.tanh(x)
    return out, out


def tanh_backward(dout, cache):
    return dout * (1.0 - cache**2)
""",
    ("tanh_overflow", "overflow", "np.tanh(x)", "(np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))"),
    ("tanh_slope_without_square", "the square is missing", "cache**2", "cache"),
    ("tanh_slope_of_sigmoid", "the sigmoid's slope", "(1.0 - cache**2)", "cache * (1.0 - cache)"),
    ("tanh_slope_of_input", "made from the output", "return out, out", "return out, x"),
    ("tanh_applied_twice", "tanh is applied twice", "return out, out", "return out, np.tanh(out)"),
    ("tanh_of_half", "tanh(x) = 2σ(2x) − 1", "np.tanh(x)", "2 / (1 + np.exp(-np.clip(x, -500, 500))) - 1"),
)

SOFTPLUS = spoiled(
    "softplus",
    """
def softplus_forward(x, *, beta=1.0):
    out = np.logaddexp(0, beta * x) / beta
    return out, (x, beta)


def softplus_backward(dout, cache):
    x, beta = cache
    return dout * sigma(beta * x)
""",
    ("softplus_overflow", "overflow", "np.logaddexp(0, beta * x)", "np.log(1 + np.exp(beta * x))"),
    ("softplus_undivided", "division by β is missing", " / beta", ""),
    (
        "softplus_beta_outside_alone",
        "missing inside the exponential",
        "np.logaddexp(0, beta * x)",
        "np.logaddexp(0, x)",
    ),
    ("softplus_slope_with_beta", "extra factor β", "dout * sigma", "dout * beta * sigma"),
    ("softplus_slope_of_relu", "the corner is rounded", "dout * sigma(beta * x)", "dout * (x > 0)"),
    ("softplus_slope_without_beta", "not use", "sigma(beta * x)", "sigma(x)"),
    (
        "softplus_slope_of_sigmoid",
        "not the sigmoid's slope",
        "dout * sigma(beta * x)",
        "dout * sigma(beta * x) * (1 - sigma(beta * x))",
    ),
)

SWISH = spoiled(
    "swish",
    """
def swish_forward(x, *, beta=1.0):
    gate = sigma(beta * x)
    return x * gate, (x, gate, beta)


def swish_backward(dout, cache):
    x, gate, beta = cache
    return dout * (gate + x * beta * gate * (1 - gate))
""",
    ("swish_doubled", "factor 2 in front", "return x * gate", "return 2 * x * gate"),
    ("swish_gate_alone", "gate alone", "return x * gate", "return gate"),
    ("swish_without_beta", "β is not used", "sigma(beta * x)", "sigma(x)"),
    ("swish_gate_constant", "product rule has a second term", "(gate + x * beta * gate * (1 - gate))", "gate"),
    ("swish_inner_derivative", "inner derivative β", "x * beta * gate", "x * gate"),
    ("swish_second_term_alone", "the gate itself is missing", "(gate + x", "(x"),
)

MAXOUT = spoiled(
    "maxout",
    """
def maxout_forward(x, w, b):
    pieces = x @ w + b[:, None, :]
    out = pieces.max(axis=0)
    return out, (x, w, pieces == out)


def maxout_backward(dout, cache):
    x, w, won = cache
    parts = won * dout
    dx = (parts @ w.transpose(0, 2, 1)).sum(axis=0)
    dw = x.T @ parts
    db = parts.sum(axis=1)
    return dx, dw, db
""",
    ("maxout_without_bias", "biases are missing", " + b[:, None, :]", ""),
    ("maxout_sum", "the pieces are added up", "out = pieces.max(axis=0)", "out = pieces.sum(axis=0)"),
    ("maxout_mean", "the pieces are averaged", "out = pieces.max(axis=0)", "out = pieces.mean(axis=0)"),
    ("maxout_smallest", "the smallest piece is kept", "out = pieces.max(axis=0)", "out = pieces.min(axis=0)"),
    ("maxout_all_pieces", "every piece receives the gradient", "parts = won * dout", "parts = dout + 0 * won"),
    ("maxout_shared", "shared out equally", "parts = won * dout", "parts = (dout + 0 * won) / len(w)"),
    ("maxout_averaged", "the 1/N belongs to the loss", "x.T @ parts", "x.T @ parts / len(x)"),
    ("maxout_bias_over_pieces", "the unchanged input `dout`", "parts.sum(axis=1)", "parts.sum(axis=0)"),
    ("maxout_loser", "it belongs to the one that won", "pieces == out", "pieces == pieces.min(axis=0)"),
)

SOFTMAX = spoiled(
    "softmax",
    """
def softmax_forward(x):
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    out = powers / powers.sum(axis=1, keepdims=True)
    return out, out


def softmax_backward(dout, cache):
    return cache * (dout - (dout * cache).sum(axis=1, keepdims=True))
""",
    ("softmax_overflow", "overflow", "x - x.max(axis=1, keepdims=True)", "x"),
    ("softmax_down_the_columns", "runs over the samples", "axis=1", "axis=0"),
    ("softmax_one_sum", "share one sum", "powers.sum(axis=1, keepdims=True)", "powers.sum()"),
    ("softmax_max_of_all", "scores of ±1000", "x.max(axis=1, keepdims=True)", "x.max()"),
    (
        "softmax_as_if_elementwise",
        "the diagonal of the Jacobian",
        "(dout - (dout * cache).sum(axis=1, keepdims=True))",
        "dout * (1 - cache)",
    ),
    ("softmax_sum_missing", "the sum Σ doutₖ pₖ is missing", " - (dout * cache).sum(axis=1, keepdims=True)", ""),
    ("softmax_factor_missing", "factor p in front is missing", "cache * (dout", "(dout"),
    (
        "softmax_sum_over_batch",
        "over the whole batch",
        "(dout * cache).sum(axis=1, keepdims=True)",
        "(dout * cache).sum()",
    ),
    ("softmax_unweighted_sum", "each is weighted", "(dout * cache).sum", "dout.sum"),
)

QUIZ_PROPERTIES = spoiled(
    "quiz_properties",
    """
saturate = ["step", "sigmoid", "tanh"]
zero_centred = ["identity", "tanh"]
can_die = ["step", "relu"]
never_negative = ["step", "sigmoid", "relu", "softplus"]
""",
    (
        "relu_saturates",
        "blocked on one side only",
        '["step", "sigmoid", "tanh"]',
        '["step", "sigmoid", "tanh", "relu"]',
    ),
    ("sigmoid_centred", "symmetric around (0, ½)", '"tanh"]\ncan', '"tanh", "sigmoid"]\ncan'),
    ("elu_dies", "small, but not 0", '"relu"]\nnever', '"relu", "elu"]\nnever'),
    ("swish_is_positive", "swish dips below 0", '"softplus"]', '"softplus", "swish"]'),
    ("softplus_forgotten", "a number above 1", ', "softplus"]', "]"),
)

QUIZ_ACTIVATIONS = spoiled(
    "quiz_activations",
    """
def largest_gradient(layers):
    return 0.25**layers


def tanh_from_sigmoid(s):
    return 2 * s - 1


def maxout_parameters(inputs, units, pieces):
    return pieces * (inputs + 1) * units


def deadly_bias(w):
    return -np.maximum(w, 0).sum()
""",
    ("slope_one_half", "½ is the sigmoid's value", "0.25**layers", "0.5**layers"),
    ("slopes_added", "the chain rule multiplies", "0.25**layers", "0.25 * layers"),
    ("not_shifted", "not shifted down", "2 * s - 1", "2 * s"),
    ("tanh_of_s", "s is σ(2x) already", "2 * s - 1", "np.tanh(s)"),
    ("pieces_without_bias", "biases are not counted", "(inputs + 1)", "inputs"),
    (
        "pieces_share_a_bias",
        "each of the pieces has its own",
        "pieces * (inputs + 1) * units",
        "pieces * inputs * units + units",
    ),
    ("deadly_all_weights", "the worst input is 0", "np.maximum(w, 0)", "w"),
    ("deadly_sign", "the bias has to outweigh", "-np.maximum", "np.maximum"),
)

VARIANTS = [
    *IDENTITY_AND_STEP,
    *SIGMOID,
    *TANH,
    *SOFTPLUS,
    *SWISH,
    *MAXOUT,
    *SOFTMAX,
    *QUIZ_PROPERTIES,
    *QUIZ_ACTIVATIONS,
]

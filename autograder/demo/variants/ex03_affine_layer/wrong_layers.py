"""Wrong in parts 1 to 5: flattening, the affine layer, activations, the toy network."""

from __future__ import annotations

from autograder.demo.variants.ex03_affine_layer.spoil import spoiled

FLATTEN = spoiled(
    "flatten",
    """
def flatten(x):
    return x.reshape(len(x), -1)
""",
    ("channels_last", "interleaved pixel by pixel", "x.reshape", "np.moveaxis(x, 1, -1).reshape"),
    ("column_by_column", "column by column", "x.reshape", "(np.swapaxes(x, -1, -2) if x.ndim > 2 else x).reshape"),
    ("images_as_columns", "transposed", "-1)", "-1).T"),
    ("one_long_vector", "wrong shape", "reshape(len(x), -1)", "flatten()"),
    ("pixels_as_rows", "right numbers in the wrong shape", "x.reshape(len(x), -1)", "x.reshape(-1, len(x))"),
    ("channels_kept", "wrong shape", "reshape(len(x), -1)", "reshape(len(x), x.shape[1], -1)"),
    ("only_the_first_channel", "only at the shape given", "x.reshape", "x[:, 0].reshape"),
)

AFFINE_FORWARD = spoiled(
    "affine_forward",
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
    (
        "bias_for_the_first_input",
        "every input gets it",
        "return rows @ w + b, (x, w)",
        "out = rows @ w\n    out[0] += b\n    return out, (x, w)",
    ),
    ("output_transposed", "transposed", "rows @ w + b", "(rows @ w + b).T"),
    ("averaged_over_inputs", "extra factor 1/D", "rows @ w + b", "(rows @ w + b) / rows.shape[1]"),
)

QUIZ_JACOBIAN = spoiled(
    "quiz_jacobian",
    """
def jacobian_entries(n, d, m):
    return (n * m) * (d * m)


def gradient_entries(n, d, m):
    return d * m
""",
    ("jacobian_of_one_row", "one row of Y", "(n * m) *", "m *"),
    ("jacobian_of_one_neuron", "entries of the Jacobian, too", "* (d * m)", "* d"),
    ("jacobian_sizes_added", "sizes are added", "(n * m) * (d * m)", "n * m + d * m"),
    ("gradient_with_batch", "no axis for the batch", "return d * m", "return n * d * m"),
    ("gradient_of_the_output", "that is the size of ∂L/∂Y", "return d * m", "return n * m"),
    ("gradient_sizes_added", "sizes are added", "return d * m", "return d + m"),
)

AFFINE_BACKWARD = spoiled(
    "affine_backward",
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
    ("bias_not_summed", "not summed over the batch", "dout.sum(axis=0)", "dout"),
    ("input_gradient_flat", "reshape it", "(dout @ w.T).reshape(x.shape)", "dout @ w.T"),
    ("gradients_swapped", "gradient of another input", "return dx, dw", "return dw, dx"),
    ("affine_upstream_ignored", "upstream gradient is ignored", "x, w = cache", "x, w, dout = *cache, 0 * dout + 1"),
    ("affine_minus", "wrong sign", "x, w = cache", "x, w, dout = *cache, -dout"),
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
    ("sigmoid_overflows", "overflow", "np.where(x >= 0, 1.0, small) / (1.0 + small)", "np.exp(x) / (1.0 + np.exp(x))"),
    ("sigmoid_mirrored", "sign in the exponent", "x >= 0", "x <= 0"),
    ("sigmoid_keeps_input", "made from the output", "return out, out", "return out, x"),
    ("sigmoid_twice", "applied twice", "return out, out", "return out, 1.0 / (1.0 + np.exp(-out))"),
    ("sigmoid_half_slope", "factor 1 − σ is missing", " * (1.0 - cache)", ""),
    ("sigmoid_upstream_ignored", "upstream gradient is ignored", "dout * cache", "cache"),
    ("sigmoid_slope_minus", "wrong sign", "(1.0 - cache)", "(cache - 1.0)"),
    ("sigmoid_is_tanh", "that is tanh", "return out, out", "out = np.tanh(x)\n    return out, out"),
)

RELU = spoiled(
    "relu",
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
    ("relu_gate_open", "the gate is never shut", " * (cache > 0)", ""),
    ("relu_minimum", "keeps the negative scores", "np.maximum(x, 0.0)", "np.minimum(x, 0.0)"),
)

TOY_NETWORK = spoiled(
    "toy_network",
    """
def square_forward(x):
    return x * x, x


def square_backward(dout, cache):
    return 2.0 * cache * dout


def toy_network(x, w, affine, activation):
    y, affine_cache = affine[0](x, w, np.zeros(w.shape[1]))
    f, cache = activation[0](y)
    loss = f.sum()
    df = np.ones(f.shape)
    dy = activation[1](df, cache)
    dx, dw, _ = affine[1](dy, affine_cache)
    return loss, df, dy, dx, dw
""",
    ("toy_activation_skipped", "left out on the way back", "activation[1](df, cache)", "df"),
    ("toy_loss_of_y", "before the activation", "f.sum()", "y.sum()"),
    ("toy_mean", "is not their mean", "np.ones(f.shape)", "np.ones(f.shape) / f.size"),
    ("toy_order", "gradient of another input", "dy, dx, dw", "dy, dw, dx"),
    ("toy_square_no_two", "the 2 is missing", "2.0 * cache", "cache"),
    ("toy_starts_with_loss", "starts with the loss itself", "np.ones(f.shape)", "np.full(f.shape, loss)"),
    ("toy_df_is_f", "that is F itself", "np.ones(f.shape)", "f"),
    ("toy_bias_of_ones", "has no bias", "np.zeros(w", "np.ones(w"),
)

WRONG_LAYERS = [*FLATTEN, *AFFINE_FORWARD, *QUIZ_JACOBIAN, *AFFINE_BACKWARD, *SIGMOID, *RELU, *TOY_NETWORK]

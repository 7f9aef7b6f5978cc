"""Wrong in part 1."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SUM_TIMES_Z = spoiled(
    "sum_times_z",
    """
def sum_times_z(x, y, z):
    d = x + y
    f = d * z
    dd, dz = z, d
    return f, (dd, dd, dz)
""",
    ("sum_no_brackets", "brackets are missing", "f = d * z", "f = x + y * z"),
    ("sum_upstream_ignored", "local slope alone", "(dd, dd, dz)", "(1.0, 1.0, dz)"),
    ("sum_slopes_swapped", "here they are swapped", "dd, dz = z, d", "dd, dz = d, z"),
    ("sum_times_f", "once more gives f", "(dd, dd, dz)", "(dd, dd, dz * z)"),
    ("sum_as_product", "added, not multiplied", "(dd, dd, dz)", "(dd * y, dd * x, dz)"),
    ("sum_z_meets_x", "the whole d", "(dd, dd, dz)", "(dd, dd, x)"),
    ("sum_minus", "wrong sign", "dd, dz = z, d", "dd, dz = z, -d"),
)

SIGMOID_NEURON = spoiled(
    "sigmoid_neuron",
    """
def sigmoid_neuron(w, x, b):
    s = b + np.sum(w * x)
    e = np.exp(-s)
    q = 1 + e
    out = 1 / q
    dq = -1 / q**2
    de = dq
    dn = de * e
    ds = -dn
    return out, [dq, de, dn, ds], ds * x, ds * w, ds
""",
    ("neuron_exponent", "sign in the exponent", "np.exp(-s)", "np.exp(s)"),
    ("neuron_no_bias", "bias is left out", "b + ", ""),
    ("neuron_reciprocal_minus", "minus of 1/q is missing", "-1 / q**2", "1 / q**2"),
    ("neuron_reciprocal_square", "with a square", "-1 / q**2", "-1 / q"),
    ("neuron_exp_left_out", "multiplied by eⁿ", "de * e", "de"),
    ("neuron_exp_twice", "e to the power of that", "de * e", "de * np.exp(e)"),
    ("neuron_minus_left_out", "sign of n = −s", "ds = -dn", "ds = dn"),
    ("neuron_swapped", "the other one", "ds * x, ds * w", "ds * w, ds * x"),
    ("neuron_forward_values", "values of the forward pass", "[dq, de, dn, ds]", "[q, e, -s, s]"),
    ("neuron_order", "wrong order", "[dq, de, dn, ds]", "[ds, dn, de, dq]"),
    ("neuron_local_slopes", "these are the local slopes", "[dq, de, dn, ds]", "[dq, 1.0, e, -1.0]"),
    ("neuron_scores", "has shape", "np.sum(w * x)", "w * x"),
)

RELU_NETWORK = spoiled(
    "relu_network",
    """
def relu_network(x, y, w1, w2):
    z = w1 * x
    h = max(0.0, z)
    gap = w2 * h - y
    loss = gap**2
    dw2 = 2 * gap * h
    dw1 = 2 * gap * w2 * (z > 0) * x
    return loss, dw1, dw2
""",
    ("relu_asks_x", "asks for x > 0", "z > 0", "x > 0"),
    ("relu_asks_w", "asks for w₁ > 0", "z > 0", "w1 > 0"),
    ("relu_not_on_the_way_back", "left out on the way back", " * (z > 0)", ""),
    ("relu_not_ahead", "on the way ahead", "max(0.0, z)", "z"),
    ("relu_nowhere", "no relu at all", "max(0.0, z)", "z", " * (z > 0)", ""),
    ("square_without_two", "2 of the square", "2 * gap", "gap"),
    ("relu_order", "swapped", "dw1, dw2", "dw2, dw1"),
    ("relu_no_w2", "factor w₂ is missing", "gap * w2", "gap"),
    ("relu_no_x", "factor x is missing", " * x\n    return", "\n    return"),
    ("relu_absolute_loss", "has to be squared", "gap**2", "abs(gap)"),
)

BY_HAND = [*SUM_TIMES_Z, *SIGMOID_NEURON, *RELU_NETWORK]

"""Wrong in part 4."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

LAYER = spoiled(
    "layer_norm",
    """
def layer_norm_forward(x, gamma, beta, eps):
    c = x - x.mean(axis=1, keepdims=True)
    v = (c**2).mean(axis=1, keepdims=True)
    r = 1 / np.sqrt(v + eps)
    return gamma * (c * r) + beta, (c, r, gamma)


def layer_norm_backward(dout, cache):
    c, r, gamma = cache
    xhat = c * r
    dxhat = gamma * dout
    shift = dxhat.mean(axis=1, keepdims=True)
    stretch = (dxhat * xhat).mean(axis=1, keepdims=True)
    dx = r * (dxhat - shift - xhat * stretch)
    return dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)
""",
    (
        "layer_is_batch_norm",
        "that is batch norm",
        "x.mean(axis=1, keepdims=True)",
        "x.mean(axis=0)",
        "(c**2).mean(axis=1, keepdims=True)",
        "(c**2).mean(axis=0)",
    ),
    (
        "layer_one_mean",
        "for the whole batch",
        "x.mean(axis=1, keepdims=True)",
        "x.mean()",
        "(c**2).mean(axis=1, keepdims=True)",
        "(c**2).mean()",
    ),
    (
        "layer_unbiased",
        "divided by D − 1",
        "v = (c**2).mean(axis=1, keepdims=True)",
        "v = x.var(axis=1, keepdims=True, ddof=1)",
    ),
    ("layer_eps_outside", "it belongs under it", "np.sqrt(v + eps)", "(np.sqrt(v) + eps)"),
    ("layer_no_eps", "ε is missing", "np.sqrt(v + eps)", "np.sqrt(v)"),
    ("layer_no_affine", "scale and shift are missing", "gamma * (c * r) + beta", "c * r"),
    ("layer_by_variance", "the root is missing", "np.sqrt(v + eps)", "(v + eps)"),
    (
        "layer_gamma_outside",
        "γ is pulled out",
        "dxhat = gamma * dout",
        "dxhat = dout",
        "r * (dxhat",
        "gamma * r * (dxhat",
    ),
    ("layer_no_gamma", "γ is missing", "dxhat = gamma * dout", "dxhat = dout"),
    (
        "layer_means_over_batch",
        "run over the batch",
        "dxhat.mean(axis=1, keepdims=True)",
        "dxhat.mean(axis=0)",
        "(dxhat * xhat).mean(axis=1, keepdims=True)",
        "(dxhat * xhat).mean(axis=0)",
    ),
    ("layer_constant_statistics", "treated as constants", "dxhat - shift - xhat * stretch", "dxhat"),
    ("layer_no_stretch", "the part along x̂", " - xhat * stretch", ""),
    ("layer_no_shift", "the mean part", " - shift", ""),
    ("layer_no_r", "the factor r", "r * (dxhat", "(dxhat"),
    (
        "layer_dgamma_rows",
        "sums over the samples, axis 0",
        "xhat).sum(axis=0), dout.sum(axis=0)",
        "xhat).sum(axis=1), dout.sum(axis=1)",
    ),
    ("layer_dgamma_means", "not means", "xhat).sum(axis=0), dout.sum(axis=0)", "xhat).mean(axis=0), dout.mean(axis=0)"),
)

GROUP = spoiled(
    "group_norm",
    """
def group_norm(x, gamma, beta, groups, eps):
    n, channels, h, w = x.shape
    sets = x.reshape(n, groups, channels // groups, h, w)
    mean = sets.mean(axis=(2, 3, 4), keepdims=True)
    var = sets.var(axis=(2, 3, 4), keepdims=True)
    xhat = (sets - mean) / np.sqrt(var + eps)
    return gamma.reshape(-1, 1, 1) * xhat.reshape(x.shape) + beta.reshape(-1, 1, 1)
""",
    (
        "group_every_second",
        "here it has every G-th",
        "n, groups, channels // groups, h",
        "n, channels // groups, groups, h",
        "(2, 3, 4)",
        "(1, 3, 4)",
    ),
    ("group_size", "not of the channels in each", "groups, channels // groups", "channels // groups, groups"),
    ("group_is_instance", "that is instance norm", "(2, 3, 4)", "(3, 4)"),
    ("group_is_layer", "that is layer norm", "(2, 3, 4)", "(1, 2, 3, 4)"),
    ("group_over_batch", "over the batch too", "(2, 3, 4)", "(0, 2, 3, 4)"),
    ("group_is_batch", "that is batch norm", "(2, 3, 4)", "(0, 3, 4)"),
    ("group_per_position", "each position is normalized by itself", "(2, 3, 4)", "2"),
    (
        "group_unbiased",
        "one less",
        "var(axis=(2, 3, 4), ",
        "var(axis=(2, 3, 4), ddof=1 if sets[0, 0].size > 1 else 0, ",
    ),
    ("group_no_eps", "ε is missing", "var + eps", "var"),
    ("group_no_beta", "β is missing", " + beta.reshape(-1, 1, 1)", ""),
    (
        "group_no_affine",
        "scale and shift are missing",
        "gamma.reshape(-1, 1, 1) * xhat.reshape(x.shape) + beta.reshape(-1, 1, 1)",
        "xhat.reshape(x.shape)",
    ),
    ("group_not_reshaped", "shapes do not match", "xhat.reshape(x.shape)", "xhat"),
)

NORMS = [*LAYER, *GROUP]

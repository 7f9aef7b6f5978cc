"""Wrong in part 3."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

FORWARD = spoiled(
    "batch_norm_forward",
    """
def batch_norm_forward(x, gamma, beta, eps):
    mu = x.mean(axis=0)
    c = x - mu
    v = (c**2).mean(axis=0)
    r = 1 / np.sqrt(v + eps)
    out = gamma * c * r + beta
    return out, (c, r, gamma)
""",
    ("forward_axis", "that is layer norm", "mean(axis=0)", "mean(axis=1, keepdims=True)"),
    (
        "forward_one_mean",
        "for all features",
        "mean(axis=0)",
        "mean()",
        "np.sqrt(v + eps)",
        "np.sqrt(v + eps + 0 * gamma)",
    ),
    ("forward_unbiased", "divided by N − 1", "v = (c**2).mean(axis=0)", "v = x.var(axis=0, ddof=1)"),
    ("forward_sum", "not divided by N", "(c**2).mean(axis=0)", "(c**2).sum(axis=0)"),
    ("forward_eps_outside", "it belongs under it", "np.sqrt(v + eps)", "(np.sqrt(v) + eps)"),
    ("forward_no_eps", "ε is missing", "np.sqrt(v + eps)", "np.sqrt(v)"),
    ("forward_by_variance", "take the root", "np.sqrt(v + eps)", "(v + eps)"),
    ("forward_std_cached", "its reciprocal", "1 / np.sqrt(v + eps)", "np.sqrt(v + eps)", "c * r", "c / r"),
    ("forward_no_affine", "scale and shift are missing", "gamma * c * r + beta", "c * r"),
    ("forward_no_beta", "β is missing", " + beta", ""),
    ("forward_shift_first", "the shift comes before", "gamma * c * r + beta", "gamma * (c * r + beta)"),
    ("forward_swapped", "γ and β are swapped", "gamma * c * r + beta", "beta * c * r + gamma"),
    ("forward_caches_xhat", "normalized already", "(c, r, gamma)", "(c * r, r, gamma)"),
    ("forward_in_place", "changed in place", "c = x - mu", "x -= mu\n    c = x"),
)

GRAPH = spoiled(
    "batch_norm_graph",
    """
def batch_norm_graph(dout, cache):
    c, r, gamma = cache
    n = len(dout)
    dgamma = np.sum(dout * c * r, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = gamma * dout
    dr = np.sum(dxhat * c, axis=0)
    dv = -0.5 * r**3 * dr
    dc = dxhat * r + 2 * c * dv / n
    dmu = -np.sum(dc, axis=0)
    dx = dc + dmu / n
    return {"dgamma": dgamma, "dbeta": dbeta, "dr": dr, "dv": dv, "dc": dc, "dmu": dmu, "dx": dx}
""",
    ("graph_constant_variance", "r is treated as a constant", " + 2 * c * dv / n", ""),
    ("graph_only_variance", "straight from x̂", "dxhat * r + 2", "2"),
    ("graph_variance_no_n", "the 1/N of the variance", "2 * c * dv / n", "2 * c * dv"),
    ("graph_no_two", "the 2 is missing", "2 * c * dv", "c * dv"),
    ("graph_no_half", "the factor ½", "-0.5 * r**3", "-(r**3)"),
    ("graph_plus_half", "the minus is missing in dv", "-0.5 * r**3", "0.5 * r**3"),
    ("graph_r_squared", "dv takes r²", "r**3", "r**2"),
    ("graph_dr_by_xhat", "the other factor of x̂", "dxhat * c, axis", "dxhat * c * r, axis"),
    ("graph_dr_mean", "dr is averaged", "np.sum(dxhat * c, axis=0)", "np.mean(dxhat * c, axis=0)"),
    ("graph_no_gamma", "γ is missing", "gamma * dout", "dout"),
    ("graph_dgamma_by_c", "dγ is multiplied by c", "dout * c * r, axis", "dout * c, axis"),
    ("graph_dbeta_mean", "not a mean", "np.sum(dout, axis=0)", "np.mean(dout, axis=0)"),
    ("graph_constant_mean", "the way through μ", " + dmu / n", ""),
    ("graph_mean_no_n", "the 1/N of the mean", "dc + dmu / n", "dc + dmu"),
    ("graph_mu_sign", "the minus of x − μ", "-np.sum(dc", "np.sum(dc"),
    ("graph_mu_minus_twice", "dμ is subtracted", "dc + dmu / n", "dc - dmu / n"),
    ("graph_not_summed", "not summed", "np.sum(dxhat * c, axis=0)", "dxhat * c"),
)

COMPACT = spoiled(
    "batch_norm_compact",
    """
def batch_norm_backward(dout, cache):
    c, r, gamma = cache
    n = len(dout)
    xhat = c * r
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    dx = gamma * r * (dout - dbeta / n - xhat * dgamma / n)
    return dx, dgamma, dbeta
""",
    ("compact_test_mode", "as at test time", " - dbeta / n - xhat * dgamma / n", ""),
    ("compact_no_stretch", "the part along x̂ is missing", " - xhat * dgamma / n", ""),
    ("compact_no_shift", "the mean part is missing", " - dbeta / n", ""),
    ("compact_no_n", "the 1/N is missing", "dbeta / n - xhat * dgamma / n", "dbeta - xhat * dgamma"),
    ("compact_no_gamma", "the factor γ is missing", "gamma * r * (", "r * ("),
    ("compact_no_r", "the factor r is missing", "gamma * r * (", "gamma * ("),
    ("compact_over_r", "divided by r", "gamma * r * (", "gamma / r * ("),
    ("compact_plus", "the signs are minus", "dout - dbeta / n - xhat", "dout + dbeta / n + xhat"),
    ("compact_c_for_xhat", "c stands where", "xhat = c * r", "xhat = c"),
    ("compact_means", "not means", "return dx, dgamma, dbeta", "return dx, dgamma / n, dbeta / n"),
    ("compact_means_twice", "divided by N twice", ".sum(axis=0)", ".mean(axis=0)"),
    ("compact_order", "swapped", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma"),
    ("compact_axis", "wrong axis", "dout.sum(axis=0)", "dout.sum(axis=1, keepdims=True)"),
)

TRAIN_TEST = spoiled(
    "train_test",
    """
def update_running(running_mean, running_var, x, momentum):
    old, new = momentum, 1 - momentum
    mean = old * running_mean + new * x.mean(axis=0)
    var = old * running_var + new * x.var(axis=0)
    return mean, var


def batch_norm_test(x, gamma, beta, running_mean, running_var, eps):
    xhat = (x - running_mean) / np.sqrt(running_var + eps)
    return gamma * xhat + beta
""",
    ("running_weights_swapped", "the weights are swapped", "old, new =", "new, old ="),
    ("running_new_weight", "with its full weight", "1 - momentum", "1"),
    ("running_old_weight", "keeps its full weight", "= momentum, 1", "= 1, 1"),
    ("running_forgets", "statistics of the batch alone", "= momentum, 1 - momentum", "= 0, 1"),
    ("running_unbiased", "the unbiased variance", "x.var(axis=0)", "x.var(axis=0) * len(x) / max(len(x) - 1, 1)"),
    ("running_std", "the standard deviation is averaged", "x.var(", "x.std("),
    ("running_mean_square", "the mean square is averaged", "x.var(axis=0)", "(x**2).mean(axis=0)"),
    ("running_swapped", "swapped", "return mean, var", "return var, mean"),
    (
        "running_in_place",
        "changed in place",
        "    mean = old",
        "    running_mean *= old\n    running_mean += new * x.mean(axis=0)\n    mean = running_mean\n    _ = old",
    ),
    (
        "test_batch_statistics",
        "the statistics of the batch are used",
        "x - running_mean",
        "x - x.mean(axis=0)",
        "running_var + eps",
        "x.var(axis=0) + eps",
    ),
    ("test_batch_mean", "the mean of the batch is used", "x - running_mean", "x - x.mean(axis=0)"),
    ("test_no_root", "the root is missing", "np.sqrt(running_var + eps)", "(running_var + eps)"),
    ("test_no_eps", "ε is missing", "running_var + eps", "running_var"),
    ("test_eps_outside", "it belongs under it", "np.sqrt(running_var + eps)", "(np.sqrt(running_var) + eps)"),
    ("test_no_affine", "scale and shift are missing", "gamma * xhat + beta", "xhat"),
)

NUMBERS = spoiled(
    "batch_norm_numbers",
    """
def learned_numbers(shape):
    return 2 * shape[1]


def running_numbers(shape):
    return 2 * shape[1]


def numbers_per_mean(shape):
    total = 1
    for size in shape:
        total *= size
    return total // shape[1]
""",
    ("numbers_two", "not 2 in all", "return 2 * shape[1]", "return 2"),
    ("numbers_per_position", "for all its positions", "2 * shape[1]", "2 * int(np.prod(shape[1:]))"),
    ("numbers_half", "twice as many", "2 * shape[1]", "shape[1]"),
    ("numbers_of_axis_0", "that is axis 0", "2 * shape[1]", "2 * shape[0]"),
    ("mean_over_samples_only", "not over the samples alone", "total // shape[1]", "shape[0]"),
    ("mean_over_all", "leave the channels out", "total // shape[1]", "total"),
    ("mean_over_a_map", "one map alone", "total // shape[1]", "total // shape[1] // shape[0]"),
    ("mean_over_a_sample", "layer norm", "total // shape[1]", "total // shape[0]"),
)

BATCH_NORM = [*FORWARD, *GRAPH, *COMPACT, *TRAIN_TEST, *NUMBERS]

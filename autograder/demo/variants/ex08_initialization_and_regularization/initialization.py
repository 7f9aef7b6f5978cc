"""Wrong in part 1."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

WEIGHT_SCALES = spoiled(
    "weight_scales",
    """
def xavier_std(n):
    return (1 / n) ** 0.5


def kaiming_std(n):
    return (2 / n) ** 0.5


def uniform_bound(n):
    return (3 / n) ** 0.5


def glorot_bound(n, m):
    return (6 / (n + m)) ** 0.5
""",
    ("scales_variances", "that is the variance", "(1 / n) ** 0.5", "1 / n", "(2 / n) ** 0.5", "2 / n"),
    ("kaiming_is_xavier", "ReLU throws away half", "(2 / n) ** 0.5", "(1 / n) ** 0.5"),
    ("kaiming_halved", "here it is halved", "(2 / n) ** 0.5", "(1 / (2 * n)) ** 0.5"),
    ("kaiming_double_std", "not the standard deviation", "(2 / n) ** 0.5", "2 / n**0.5"),
    ("bounds_are_stds", "√3 times the standard deviation", "(3 / n)", "(1 / n)", "(6 / (n", "(2 / (n"),
    ("uniform_no_root", "here the root is missing", "(3 / n) ** 0.5", "3 / n"),
    ("uniform_whole_interval", "an interval of length", "(3 / n)", "(12 / n)"),
    ("glorot_no_root", "here the root is missing", "(6 / (n + m)) ** 0.5", "6 / (n + m)"),
    ("glorot_root_of_six", "the root belongs over both", "(6 / (n + m)) ** 0.5", "6 ** 0.5 / (n + m)"),
    ("glorot_inputs_only", "the number of outputs counts", "(n + m)", "n"),
)

DEEP_ACTIVATIONS = spoiled(
    "deep_activations",
    """
def deep_activations(x, weights, f):
    layers = []
    h = x
    for w in weights:
        s = h @ w
        h = f(s)
        layers.append(h)
    return layers
""",
    ("layers_from_x", "gets the input x itself", "h @ w", "x @ w"),
    ("layers_linear", "the activation f is missing", "f(s)", "s"),
    ("layers_scores", "the scores s = h W are kept", "append(h)", "append(s)"),
    ("layers_pass_scores", "the next layer gets the scores", "h = f(s)", "h = s", "append(h)", "append(f(s))"),
    ("layers_f_first", "applied to the input of a layer", "h @ w", "f(h) @ w", "h = f(s)", "h = s"),
    ("layers_f_twice", "applied twice", "f(s)", "f(f(s))"),
    ("layers_with_input", "the input is among the layers", "layers = []", "layers = [x]"),
    ("layers_transposed", "W is transposed", "h @ w", "h @ (w.T if w.shape[0] == w.shape[1] else w)"),
    ("layers_only_last", "only the last layer is there", "append(h)", "append(h)\n    layers = layers[-1:]"),
    ("layers_last_linear", "the last layer has an activation", "return layers", "layers[-1] = s\n    return layers"),
)

DESCEND = spoiled(
    "descend",
    """
def descend(parameters, gradients_of, rate, steps):
    now = {name: value.copy() for name, value in parameters.items()}
    for _ in range(steps):
        gradients = gradients_of(now)
        for name in now:
            now[name] = now[name] - rate * gradients[name]
    moved = [name for name in now if np.any(now[name] != parameters[name])]
    return now, moved
""",
    (
        "descend_in_place",
        "changed in place",
        "{name: value.copy() for name, value in parameters.items()}",
        "parameters",
        "now[name] = now[name] - rate",
        "now[name] -= rate",
    ),
    (
        "descend_dict_shared",
        "compared with itself",
        "{name: value.copy() for name, value in parameters.items()}",
        "parameters",
    ),
    ("descend_ascends", "the steps go up", "- rate", "+ rate"),
    ("descend_once", "this is one step only", "for _ in range(steps):", "for _ in range(1):"),
    ("descend_one_too_few", "one step", "range(steps)", "range(steps - 1)"),
    ("descend_one_too_many", "one step too many", "range(steps)", "range(steps + 1)"),
    (
        "descend_old_gradient",
        "the gradient of the first step",
        "    for _ in",
        "    gradients = gradients_of(now)\n    for _ in",
        "        gradients = gradients_of(now)\n        for",
        "        for",
    ),
    (
        "descend_kept",
        "have not moved",
        "np.any(now[name] != parameters[name])",
        "np.all(now[name] == parameters[name])",
    ),
    ("descend_nonzero", "not zero now", "np.any(now[name] != parameters[name])", "np.any(now[name])"),
    (
        "descend_first_gradients",
        "a gradient in the first step",
        "np.any(now[name] != parameters[name])",
        "np.any(gradients_of(parameters)[name])",
    ),
)

INITIALIZATION = [*WEIGHT_SCALES, *DEEP_ACTIVATIONS, *DESCEND]

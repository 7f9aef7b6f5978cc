"""Mistakes in parts 4 and 5: momentum and adaptive rates."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

MOMENTUM = spoiled(
    "momentum_update",
    """
def momentum_update(w, dw, *, velocity, learning_rate, beta=0.9):
    v = beta * velocity - learning_rate * dw
    return w + v, v
""",
    ("uphill", "the velocity goes uphill", "velocity - learning", "velocity + learning"),
    ("subtracted", "the velocity is subtracted", "w + v", "w - v"),
    ("old_velocity", "the old velocity", "w + v,", "w + velocity,"),
    ("no_friction", "never slows down", "beta * velocity", "velocity"),
    (
        "outside",
        "the other convention",
        "- learning_rate * dw\n    return w + v",
        "+ dw\n    return w - learning_rate * v",
    ),
    ("average", "a sum, not an average", "- learning_rate", "- (1 - beta) * learning_rate"),
    (
        "friction_on_all",
        "β multiplies the gradient too",
        "beta * velocity - learning_rate * dw",
        "beta * (velocity - learning_rate * dw)",
    ),
    ("swapped", "in the wrong order", "w + v, v", "v, w + v"),
    prefix="momentum_update_",
)

OUTSIDE = spoiled(
    "momentum_outside_update",
    """
def momentum_outside_update(w, dw, *, velocity, learning_rate, beta=0.9):
    u = beta * velocity + dw
    return w - learning_rate * u, u
""",
    ("uphill", "goes uphill", "w - ", "w + "),
    (
        "inside",
        "the other convention",
        "+ dw\n    return w - learning_rate * u",
        "- learning_rate * dw\n    return w + u",
    ),
    ("twice", "inside the velocity as well", "+ dw", "+ learning_rate * dw"),
    (
        "moved_inside",
        "α stands inside the velocity",
        "+ dw\n    return w - learning_rate * u",
        "+ learning_rate * dw\n    return w - u",
    ),
    ("average", "a sum, not an average", "+ dw", "+ (1 - beta) * dw"),
    ("old_velocity", "the old velocity", "learning_rate * u", "learning_rate * velocity"),
    ("no_friction", "never slows down", "beta * velocity", "velocity"),
    prefix="momentum_outside_update_",
)

NESTEROV = spoiled(
    "nesterov_update",
    """
def nesterov_update(w, gradient, *, velocity, learning_rate, beta=0.9):
    ahead = w + beta * velocity
    v = beta * velocity - learning_rate * gradient(ahead)
    return w + v, v
""",
    ("plain", "that is plain momentum", "gradient(ahead)", "gradient(w)"),
    ("jumps_twice", "the jump is made twice", "return w + v", "return ahead + v"),
    ("looks_too_far", "not w + v", "w + beta * velocity", "w + velocity"),
    ("looks_back", "this looks back", "w + beta", "w - beta"),
    ("uphill", "the velocity goes uphill", "velocity - learning", "velocity + learning"),
    prefix="nesterov_update_",
)

SCALED = (
    ("eps_inside", "stands inside the root", "np.sqrt(s) + eps", "np.sqrt(s + eps)"),
    ("no_root", "the root is missing", "np.sqrt(s)", "s"),
    ("no_eps", "ε is not used", " + eps", ""),
    ("not_divided", "plain descent", "dw / (np.sqrt(s) + eps)", "dw"),
    ("uphill", "goes uphill", "return w - ", "return w + "),
    ("no_gradient", "the gradient, which gives the direction", "dw / (np", "1 / (np"),
    ("not_squared", "the gradients themselves", "dw**2", "dw"),
    ("old_s", "uses the old s", "(np.sqrt(s) + eps), s", "(np.sqrt(s_old) + eps), s"),
)

ADAGRAD = spoiled(
    "adagrad_update",
    """
def adagrad_update(w, dw, *, s, learning_rate, eps=1e-10):
    s_old = s
    s = s + dw**2
    return w - learning_rate * dw / (np.sqrt(s) + eps), s
""",
    *SCALED,
    ("forgets", "forgets what was before", "s + dw**2", "dw**2"),
    ("absolute", "absolute values", "dw**2", "np.abs(dw)"),
    ("average", "that is RMSProp", "s + dw**2", "0.9 * s + 0.1 * dw**2"),
    ("one_for_all", "one number for all", "dw**2", "np.sum(dw**2)"),
    prefix="adagrad_update_",
)

RMSPROP = spoiled(
    "rmsprop_update",
    """
def rmsprop_update(w, dw, *, s, learning_rate, beta=0.9, eps=1e-8):
    s_old = s
    s = beta * s + (1 - beta) * dw**2
    return w - learning_rate * dw / (np.sqrt(s) + eps), s
""",
    *SCALED,
    ("weights_swapped", "are swapped", "beta * s + (1 - beta) * dw**2", "(1 - beta) * s + beta * dw**2"),
    ("no_one_minus_beta", "the factor 1 − β is missing", "(1 - beta) * dw", "dw"),
    ("adagrad", "nothing is forgotten", "beta * s + (1 - beta) * dw**2", "s + dw**2"),
    (
        "square_of_average",
        "the square of the average",
        "beta * s + (1 - beta) * dw**2",
        "(beta * s + (1 - beta) * dw) ** 2",
    ),
    prefix="rmsprop_update_",
)

ADADELTA = spoiled(
    "adadelta_update",
    """
def adadelta_update(w, dw, *, s, d, rho=0.9, eps=1e-6):
    s_old = s
    s = rho * s + (1 - rho) * dw**2
    step = dw * np.sqrt(d + eps) / np.sqrt(s + eps)
    d = rho * d + (1 - rho) * step**2
    return w - step, s, d
""",
    ("d_too_early", "updated before the step uses it", "w - step", "w - dw * np.sqrt(d + eps) / np.sqrt(s + eps)"),
    ("no_eps_above", "ε is missing above", "np.sqrt(d + eps)", "np.sqrt(d)"),
    ("d_of_gradients", "d averages the squared gradients", "step**2", "dw**2"),
    ("d_not_squared", "without squaring", "step**2", "step"),
    ("upside_down", "upside down", "np.sqrt(d + eps) / np.sqrt(s + eps)", "np.sqrt(s + eps) / np.sqrt(d + eps)"),
    (
        "eps_outside",
        "added to the roots",
        "np.sqrt(d + eps) / np.sqrt(s + eps)",
        "(np.sqrt(d) + eps) / (np.sqrt(s) + eps)",
    ),
    ("old_s", "uses the old s", "np.sqrt(s + eps)", "np.sqrt(s_old + eps)"),
    ("uphill", "goes uphill", "w - step", "w + step"),
    ("no_roots", "the roots are missing", "np.sqrt(d + eps) / np.sqrt(s + eps)", "(d + eps) / (s + eps)"),
    ("swapped", "in the wrong order", "s, d\n", "d, s\n"),
    (
        "weights_swapped",
        "ρ and 1 − ρ are swapped",
        "    s_old = s\n",
        "    s_old, rho = s, 1 - rho\n",
    ),
    prefix="adadelta_update_",
)

WRONG = [*MOMENTUM, *OUTSIDE, *NESTEROV, *ADAGRAD, *RMSPROP, *ADADELTA]

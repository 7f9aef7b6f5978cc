"""Mistakes in penalties, the full loss, max-norm and weight decay."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

PENALTY = spoiled(
    "elastic_net_penalty",
    """
def elastic_net_penalty(w, l1, l2, *, half=False):
    factor = 0.5 * l2 if half else l2
    penalty = l1 * np.abs(w).sum() + factor * (w**2).sum()
    return penalty, l1 * np.sign(w) + 2 * factor * w
""",
    ("penalty_without_two", "lacks its factor 2", "2 * factor * w", "l2 * w"),
    ("penalty_half_unused", "`half` is not used", "0.5 * l2 if half else l2", "l2"),
    ("penalty_always_half", "also where half=False", "0.5 * l2 if half else l2", "0.5 * l2"),
    (
        "penalty_strengths_exchanged",
        "the two strengths are exchanged",
        "    factor =",
        "    l1, l2 = l2, l1\n    factor =",
    ),
    ("penalty_cancels", "weights cancel", "np.abs(w).sum()", "np.abs(w.sum())"),
    ("penalty_without_sign", "the sign is missing", "l1 * np.sign(w)", "l1"),
    ("penalty_slope_is_size", "not |w|", "np.sign(w)", "np.abs(w)"),
    ("penalty_rooted", "the penalty is the squared length", "(w**2).sum()", "np.sqrt((w**2).sum())"),
    ("penalty_averaged", "a penalty is a sum", ".sum()", ".mean()"),
    ("penalty_at_zero", "use np.sign", "np.sign(w)", "np.where(w > 0, 1.0, -1.0)"),
)

FULL_LOSS = spoiled(
    "full_loss",
    """
def full_loss(loss, gradients, parameters, strengths, penalty):
    total, full = loss, dict(gradients)
    for name, (l1, l2) in strengths.items():
        value, gradient = penalty(parameters[name], l1, l2)
        total = total + value
        full[name] = gradients[name] + gradient
    return total, full
""",
    ("full_without_gradient", "descent would never notice", "gradients[name] + gradient", "gradients[name]"),
    ("full_without_penalty", "missing from the loss", "total + value", "total"),
    (
        "full_biases_too",
        "biases are penalized",
        "for name, (l1, l2) in strengths.items():\n",
        "for name in parameters:\n        l1, l2 = strengths.get('w' + name[1:], (0, 0))\n",
    ),
    (
        "full_one_strength",
        "each has its own",
        "parameters[name], l1, l2)",
        "parameters[name], *list(strengths.values())[0])",
    ),
    ("full_pair_exchanged", "the order is (l1, l2)", "(l1, l2) in", "(l2, l1) in"),
    ("full_last_alone", "add them up", "total + value", "loss + value"),
    ("full_data_lost", "are added to them", "gradients[name] + gradient", "gradient"),
    ("full_subtracted", "both gradients add up", "gradients[name] + gradient", "gradients[name] - gradient"),
    ("full_in_place", "changed in place", "full[name] = gradients[name] + gradient", "full[name] += gradient"),
)

BEST_WEIGHT = spoiled(
    "best_weight",
    """
def best_weight(v, l1, l2):
    return np.sign(v) * np.maximum(np.abs(v) - l1 / 2, 0) / (1 + l2)
""",
    ("best_full_threshold", "the threshold is l1 instead of l1/2", "l1 / 2", "l1"),
    ("best_through_zero", "they stop at 0", "np.maximum(np.abs(v) - l1 / 2, 0)", "(np.abs(v) - l1 / 2)"),
    (
        "best_hard_threshold",
        "they, too, are pulled down",
        "np.sign(v) * np.maximum(np.abs(v) - l1 / 2, 0)",
        "np.where(np.abs(v) > l1 / 2, v, 0)",
    ),
    ("best_without_sign", "the sign of v is lost", "np.sign(v) * ", ""),
    ("best_one_side", "works on both sides", "np.sign(v) * np.maximum(np.abs(v)", "np.maximum(v"),
    ("best_without_l2", "the L2 part is missing", " / (1 + l2)", ""),
    ("best_without_l1", "the L1 part is missing", " - l1 / 2", ""),
    ("best_two_l2", "cancels that of the other", "(1 + l2)", "(1 + 2 * l2)"),
    ("best_one_step", "one step of gradient descent", "/ (1 + l2)", "* (1 - l2)"),
)

MAX_NORM = spoiled(
    "max_norm",
    """
def max_norm(w, c):
    lengths = np.sqrt((w**2).sum(axis=0))
    return w * c / np.maximum(lengths, c)
""",
    ("norm_stretches", "short columns are stretched", "np.maximum(lengths, c)", "np.maximum(lengths, 1e-12)"),
    ("norm_of_rows", "along the rows", "axis=0)", "axis=1, keepdims=True)"),
    ("norm_of_matrix", "by one length", "axis=0", ""),
    ("norm_clips", "each entry is clipped", "w * c / np.maximum(lengths, c)", "np.clip(w, -c, c)"),
    ("norm_drops", "set to 0", "w * c / np.maximum(lengths, c)", "np.where(lengths > c, 0, w)"),
    ("norm_without_root", "the root is missing", "np.sqrt((w**2).sum(axis=0))", "(w**2).sum(axis=0)"),
    (
        "norm_to_one",
        "end at length 1",
        "w * c / np.maximum(lengths, c)",
        "np.where(lengths > c, w / np.maximum(lengths, c), w)",
    ),
    ("norm_l1", "sums of absolute values", "np.sqrt((w**2).sum(axis=0))", "np.abs(w).sum(axis=0)"),
)

WEIGHT_DECAY = spoiled(
    "weight_decay",
    """
def weight_decay_coupled(w, dw, decay):
    return dw + decay * w


def weight_decay_decoupled(w, learning_rate, decay):
    return (1 - learning_rate * decay) * w
""",
    ("decay_subtracted", "subtracted from the gradient", "dw + decay", "dw - decay"),
    ("decay_doubled", "factor 2", "dw + decay", "dw + 2 * decay"),
    ("decay_sign", "the L1 penalty's gradient", "decay * w\n\n", "decay * np.sign(w)\n\n"),
    ("decay_of_gradient", "scaled instead of the weights", "decay * w\n\n", "decay * dw\n\n"),
    ("decay_without_rate", "the decay, too, is a step", "1 - learning_rate * decay", "1 - decay"),
    ("decay_grows", "the weights grow", "1 - learning_rate", "1 + learning_rate"),
    ("decay_alone", "only the decay is returned", "(1 - learning_rate * decay)", "(learning_rate * decay)"),
    ("decay_in_place", "changed in place", "return dw + decay * w", "dw += decay * w\n    return dw"),
)

VARIANTS = [*PENALTY, *FULL_LOSS, *BEST_WEIGHT, *MAX_NORM, *WEIGHT_DECAY]

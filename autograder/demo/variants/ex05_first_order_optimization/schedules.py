"""Mistakes in parts 7 and 8: clipping and schedules."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

BY_VALUE = spoiled(
    "clip_by_value",
    """
def clip_by_value(dw, limit):
    return np.clip(dw, -limit, limit)
""",
    ("above_only", "only the positive side", "np.clip(dw, -limit, limit)", "np.minimum(dw, limit)"),
    ("below_only", "only the negative side", "np.clip(dw, -limit, limit)", "np.maximum(dw, -limit)"),
    ("sign_lost", "the sign is lost", "np.clip(dw, -limit, limit)", "np.minimum(np.abs(dw), limit)"),
    ("zeroed", "becomes 0", "np.clip(dw, -limit, limit)", "np.where(np.abs(dw) > limit, 0.0, dw)"),
    (
        "scaled",
        "the whole gradient is scaled down",
        "np.clip(dw, -limit, limit)",
        "dw * min(1, limit / np.abs(dw).max())",
    ),
    ("by_norm", "this is clipping by norm", "np.clip(dw, -limit, limit)", "dw * min(1, limit / np.linalg.norm(dw))"),
    ("signs", "only the signs are left", "np.clip(dw, -limit, limit)", "limit * np.sign(dw)"),
    ("own_limit", "the limit is 1", "-limit, limit", "-1.0, 1.0"),
    prefix="clip_by_value_",
)

BY_NORM = spoiled(
    "clip_by_global_norm",
    """
def clip_by_global_norm(gradients, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in gradients))
    if norm > max_norm:
        gradients = [g * max_norm / norm for g in gradients]
    return gradients, norm
""",
    (
        "each_alone",
        "each array is clipped for itself",
        "[g * max_norm / norm for g in gradients]",
        "[g * min(1, max_norm / np.linalg.norm(g)) for g in gradients]",
    ),
    ("lengthens", "short gradients are made longer", "if norm > max_norm", "if norm > 0"),
    (
        "squared",
        "the root is missing",
        "np.sqrt(sum((g**2).sum() for g in gradients))",
        "sum((g**2).sum() for g in gradients)",
    ),
    (
        "absolute",
        "the sum of the absolute values",
        "np.sqrt(sum((g**2).sum() for g in gradients))",
        "sum(np.abs(g).sum() for g in gradients)",
    ),
    (
        "largest",
        "the largest entry",
        "np.sqrt(sum((g**2).sum() for g in gradients))",
        "max(np.abs(g).max() for g in gradients)",
    ),
    ("by_value", "cut one by one", "g * max_norm / norm", "np.clip(g, -max_norm, max_norm)"),
    ("unit_length", "not multiplied by max_norm", "g * max_norm / norm", "g / norm"),
    ("norm_afterwards", "the length after clipping", "return gradients, norm", "return gradients, min(norm, max_norm)"),
    prefix="clip_by_global_norm_",
)

FRACTIONAL = spoiled(
    "fractional_decay",
    """
def fractional_decay(epoch, *, initial, decay):
    return initial / (1 + decay * epoch)
""",
    ("from_one", "counts from 0", "* epoch", "* (epoch + 1)"),
    ("outside", "outside the product", "decay * epoch", "decay + epoch"),
    ("power", "this is a power", "(1 + decay * epoch)", "(1 + decay) ** epoch"),
    ("no_decay", "the decay is not used", "decay * epoch", "epoch"),
    ("rises", "the rate has to fall", "initial / ", "initial * "),
    ("no_initial", "α₀ is missing", "initial / ", "1 / "),
    prefix="fractional_decay_",
)

STEP = spoiled(
    "step_decay",
    """
def step_decay(epoch, *, initial, decay, every):
    return initial * (1 - decay) ** (epoch // every)
""",
    ("what_is_left", "taken away: 1 − t is left", "(1 - decay)", "decay"),
    ("every_epoch", "falls in every epoch", "(epoch // every)", "epoch"),
    ("no_stairs", "there are no stairs", "//", "/"),
    (
        "linear",
        "the same amount",
        "initial * (1 - decay) ** (epoch // every)",
        "initial - decay * initial * (epoch // every)",
    ),
    ("early", "one epoch early", "(epoch //", "((epoch + 1) //"),
    ("late", "one epoch late", "(epoch //", "(max(epoch - 1, 0) //"),
    ("once", "reduced once only", "epoch // every", "epoch >= every"),
    prefix="step_decay_",
)

WARMUP = spoiled(
    "transformer_warmup",
    """
def transformer_warmup(step, *, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-1.5)
""",
    ("maximum", "the larger of the two", "min(", "max("),
    ("no_rise", "no warm-up", "min(step**-0.5, step * warmup**-1.5)", "step**-0.5"),
    ("no_fall", "the rise alone", "min(step**-0.5, step * warmup**-1.5)", "step * warmup**-1.5"),
    ("no_width", "the factor d^(−½) is missing", "width**-0.5 * ", ""),
    ("by_width", "divided by d, not by its root", "width**-0.5", "width**-1.0"),
    ("steep_rise", "the rise has the exponent", "warmup**-1.5", "warmup**-0.5"),
    ("times_width", "multiplied by √d", "width**-0.5", "width**0.5"),
    prefix="transformer_warmup_",
)

PLATEAU = spoiled(
    "reduce_on_plateau",
    """
def reduce_on_plateau(rate, loss, *, best, bad_epochs, factor=0.1, patience=10):
    if loss < best:
        best = loss
        bad_epochs = 0
    else:
        bad_epochs += 1
    if bad_epochs > patience:
        rate = rate * factor
        bad_epochs = 0
    return rate, best, bad_epochs
""",
    ("early", "one epoch early", "bad_epochs > patience", "loss >= best and bad_epochs >= patience"),
    ("late", "one epoch late", "> patience", "> patience + 1"),
    (
        "count_goes_on",
        "does not set the count back",
        "        best = loss\n        bad_epochs = 0",
        "        best = loss",
    ),
    ("never_anew", "the count goes on after a reduction", "* factor\n        bad_epochs = 0", "* factor"),
    ("against_last", "compared with the epoch before", "    return rate, best,", "    return rate, loss,"),
    ("ties", "an equal loss counts", "loss < best", "loss <= best"),
    ("takes_away", "what is taken away", "rate * factor", "rate * (1 - factor)"),
    ("grows", "the rate grows", "rate * factor", "rate / factor"),
    prefix="reduce_on_plateau_",
)

WRONG = [*BY_VALUE, *BY_NORM, *FRACTIONAL, *STEP, *WARMUP, *PLATEAU]

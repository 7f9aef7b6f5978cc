"""Wrong in part 2."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

DROPOUT_MASK = spoiled(
    "dropout_mask",
    """
def dropout_mask(shape, p, rng):
    return rng.random(shape) >= p
""",
    ("mask_keeps_p", "taken for the probability to keep", ">= p", "< p"),
    ("mask_half", "half of the entries", ">= p", ">= 0.5"),
    ("mask_gaussian", "Gaussian numbers", "rng.random(shape)", "rng.standard_normal(shape)"),
    ("mask_scaled", "the mask is scaled already", "rng.random(shape) >= p", "(rng.random(shape) >= p) / (1 - p)"),
    ("mask_numbers", "these are the random numbers themselves", " >= p", ""),
    (
        "mask_one_row",
        "all rows have the same mask",
        "rng.random(shape) >= p",
        "np.broadcast_to(rng.random(shape[1:]) >= p, shape)",
    ),
    ("mask_own_seed", "has to come from rng", "rng.random", "np.random.default_rng(0).random"),
    ("mask_global", "has to come from rng", "rng.random(shape)", "np.random.rand(*shape)"),
)

DROPOUT_INVERTED = spoiled(
    "dropout_inverted",
    """
def dropout_forward(x, mask, p, train):
    if train:
        return x * mask / (1 - p)
    return x


def dropout_backward(dout, mask, p, train):
    if train:
        return dout * mask / (1 - p)
    return dout
""",
    ("inverted_unscaled", "the scaling is missing in training", " / (1 - p)", ""),
    ("inverted_over_p", "it is divided by p", " / (1 - p)", " / p if p else 0 * mask"),
    ("inverted_times_keep", "it is multiplied by 1 − p", "/ (1 - p)", "* (1 - p)"),
    ("inverted_mask_round", "the mask is turned round", "* mask", "* ~mask"),
    ("inverted_train_swapped", "train and test are swapped", "if train", "if not train"),
    ("inverted_always_drops", "at test time nothing may be dropped", "if train", "if True"),
    ("inverted_scales_at_test", "belongs to test-time scaling", "    return x\n", "    return (1 - p) * x\n"),
    ("inverted_drops_nothing", "nothing is dropped", "x * mask", "x", "dout * mask", "dout"),
    ("backward_unmasked", "what was dropped gets no gradient", "dout * mask / (1 - p)", "dout"),
    ("backward_unscaled", "the scaling is missing", "dout * mask / (1 - p)", "dout * mask"),
    ("backward_local", "dout is ignored", "dout * mask", "mask.astype(dout.dtype)"),
    (
        "inverted_in_place",
        "changed in place",
        "    if train:\n        return x",
        "    x *= mask if train else 1\n    if train:\n        return x",
    ),
)

DROPOUT_TEST_SCALING = spoiled(
    "dropout_test_scaling",
    """
def dropout_lecture(x, mask, p, train):
    if train:
        return x * mask
    return x * (1 - p)
""",
    ("lecture_times_p", "multiplied by p at test time", "x * (1 - p)", "x * p"),
    ("lecture_unscaled", "the scaling at test time is missing", "x * (1 - p)", "x"),
    ("lecture_divides", "it is divided at test time", "x * (1 - p)", "x / (1 - p)"),
    ("lecture_inverted", "that is inverted dropout", "x * mask", "x * mask / (1 - p)"),
    ("lecture_scales_twice", "one too many", "x * mask", "x * mask * (1 - p)"),
    ("lecture_swapped", "train and test are swapped", "if train", "if not train"),
    ("lecture_drops_at_test", "at test time nothing is dropped", "x * (1 - p)", "x * mask * (1 - p)"),
    ("lecture_mask_round", "the mask is turned round", "x * mask", "x * ~mask"),
)

DROPOUT_NUMBERS = spoiled(
    "dropout_numbers",
    """
def dropped_by_pair(p, q):
    return p + q - p * q


def scale_of_pair(p, q):
    return 1 / ((1 - p) * (1 - q))


def thinned_networks(n):
    return 2**n


def trainable_parameters(sizes, p):
    total = 0
    for n, m in zip(sizes[:-1], sizes[1:]):
        total += n * m + m
    return total
""",
    ("pair_of_the_exam", "the exam's", "p + q - p * q", "p + q - 2 * p * q"),
    ("pair_sum", "counts twice", "p + q - p * q", "p + q"),
    ("pair_product", "one is enough", "p + q - p * q", "p * q"),
    ("pair_kept", "that the entry is kept", "p + q - p * q", "(1 - p) * (1 - q)"),
    ("scale_multiplied", "here they are multiplied with", "1 / ((1 - p) * (1 - q))", "(1 - p) * (1 - q)"),
    ("scale_by_p", "not by p and q", "1 / ((1 - p) * (1 - q))", "1 / (p * q)"),
    ("networks_two_n", "doubles the number", "2**n", "2 * n"),
    ("networks_not_empty", "the one without any count", "2**n", "2**n - 1"),
    ("parameters_no_bias", "the biases are missing", "n * m + m", "n * m"),
    ("parameters_input_bias", "inputs have no bias", "return total", "return total + sizes[0]"),
    ("parameters_thinned", "does not depend on p", "return total", "return (1 - p) * total"),
)

MONTE_CARLO = spoiled(
    "monte_carlo",
    """
def monte_carlo(predict, x, samples):
    predictions = np.array([predict(x) for _ in range(samples)])
    return predictions.mean(axis=0), predictions.std(axis=0)
""",
    ("carlo_variance", "std is its square root", "predictions.std(axis=0)", "predictions.var(axis=0)"),
    ("carlo_unbiased", "divided by T − 1", "std(axis=0)", "std(axis=0, ddof=1)"),
    ("carlo_standard_error", "standard error", "std(axis=0)", "std(axis=0) / np.sqrt(samples)"),
    ("carlo_one_prediction", "called once", "[predict(x) for _ in range(samples)]", "[predict(x)] * samples"),
    ("carlo_over_batch", "over the samples of the batch", "axis=0", "axis=1"),
    ("carlo_sum", "divide by T", "predictions.mean", "predictions.sum"),
    ("carlo_last", "the last prediction alone", "predictions.mean(axis=0)", "predictions[-1]"),
    ("carlo_one_too_many", "once too often", "range(samples)", "range(samples + 1)"),
)

DROPOUT = [
    *DROPOUT_MASK,
    *DROPOUT_INVERTED,
    *DROPOUT_TEST_SCALING,
    *DROPOUT_NUMBERS,
    *MONTE_CARLO,
]

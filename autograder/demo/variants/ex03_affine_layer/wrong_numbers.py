"""Wrong in part 10: numbers."""

from __future__ import annotations

from autograder.demo.variants.ex03_affine_layer.spoil import spoiled

WRONG_NUMBERS = spoiled(
    "quiz",
    """
def parameter_count(d, h, c):
    return d * h + h + h * c + c


def hidden_shape(n, d, h, c):
    return (n, h)


def start_loss(c):
    return np.log(c)


def largest_slope(a):
    return a / 4


def repeat_factors(k):
    return 1, k
""",
    ("quiz_no_biases", "the biases are left out", "d * h + h + h * c + c", "d * h + h * c"),
    ("quiz_counts_neurons", "counts the neurons", "d * h + h + h * c + c", "d + h + c"),
    ("quiz_shape_transposed", "rows and columns are swapped", "(n, h)", "(h, n)"),
    ("quiz_shape_of_weights", "the shape of W1", "(n, h)", "(d, h)"),
    ("quiz_shape_of_scores", "the shape of the scores", "(n, h)", "(n, c)"),
    ("quiz_log_two", "holds for two classes", "np.log(c)", "np.log(2)"),
    ("quiz_loss_negative", "minus sign", "np.log(c)", "-np.log(c)"),
    ("quiz_loss_is_probability", "the probability of a class", "np.log(c)", "1 / c"),
    ("quiz_slope_one", "largest value of σ", "a / 4", "1"),
    ("quiz_slope_without_a", "brings a factor a", "a / 4", "1 / 4"),
    ("quiz_slope_half", "half is the value of σ", "a / 4", "a / 2"),
    ("quiz_gradient_doubles", "gone again", "return 1, k", "return k, k"),
    ("quiz_divides_twice", "taken away once more", "return 1, k", "return 1 / k, k"),
    ("quiz_sum_like_mean", "counts k times", "return 1, k", "return 1, 1"),
)

"""Wrong in parts 6 and 7."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

SLOPE_BY_HAND = spoiled(
    "slope_by_hand",
    """
def slope_by_hand(x):
    a, b = 1 - 2 * x, 1 - 8 * x + 8 * x**2
    p = (1 - x) * a**2 * b**2
    q = -x * a**2 * b**2
    r = x * (1 - x) * 2 * a * -2 * b**2
    s = x * (1 - x) * a**2 * 2 * b * (16 * x - 8)
    return 64 * (p + q + r + s)
""",
    ("hand_no_64", "factor 64 is lost", "64 * (p", "(p"),
    ("hand_x_forgotten", "term of the factor x is missing", "(p + q", "(q"),
    ("hand_a_forgotten", "(1 − 2x)² is missing", "+ r + s", "+ s"),
    ("hand_b_forgotten", "(1 − 8x + 8x²)² is missing", "+ r + s", "+ r"),
    ("hand_inner_two", "inner derivative of (1 − 2x)²", "2 * a * -2", "2 * a"),
    ("hand_inner_sign", "with a minus", "2 * a * -2", "2 * a * 2"),
    ("hand_inner_b", "and is missing", "2 * b * (16 * x - 8)", "2 * b"),
    ("hand_inner_b_wrong", "not 8x − 8", "16 * x - 8", "8 * x - 8"),
    ("hand_sign_of_one_minus_x", "wrong sign", "q = -x", "q = x"),
    ("hand_no_two", "2 of the squares", "2 * a * -2", "a * -2", "2 * b *", "b *"),
    ("hand_value", "value of f", "64 * (p + q + r + s)", "64 * x * (1 - x) * a**2 * b**2"),
    (
        "hand_measured",
        "",  # the error is too small to be recognised
        "return 64 * (p + q + r + s)",
        "f = lambda x: 64 * x * (1 - x) * (1 - 2 * x) ** 2 * (1 - 8 * x + 8 * x**2) ** 2\n"
        "    return (f(x + 1e-6) - f(x - 1e-6)) / 2e-6",
    ),
)

DIFFERENTIATE = spoiled(
    "differentiate",
    """
def differentiate(formula):
    if formula == "x":
        return 1
    if not isinstance(formula, tuple):
        return 0
    operation, u, v = formula
    du, dv = differentiate(u), differentiate(v)
    if operation == "*":
        return ("+", ("*", du, v), ("*", u, dv))
    return (operation, du, dv)
""",
    (
        "symbolic_product_of_slopes",
        "derivatives of the two factors",
        '("+", ("*", du, v), ("*", u, dv))',
        '("*", du, dv)',
    ),
    ("symbolic_half_product", "half of the product rule", '("+", ("*", du, v), ("*", u, dv))', '("*", du, v)'),
    ("symbolic_product_minus", "the minus is the quotient's", 'return ("+"', 'return ("-"'),
    ("symbolic_own_factor", "stays with the other factor", '("*", du, v), ("*", u, dv)', '("*", du, u), ("*", v, dv)'),
    ("symbolic_difference_as_sum", "like a sum", "(operation, du, dv)", '("+", du, dv)'),
    (
        "symbolic_difference_turned",
        "wrong way round",
        "(operation, du, dv)",
        '(operation, du, dv) if operation == "+" else ("-", dv, du)',
    ),
    ("symbolic_numbers_one", "number is 0", "        return 0", "        return 1"),
    (
        "symbolic_branch_forgotten",
        "`return`",
        "    return (operation, du, dv)",
        '    if operation == "+":\n        return ("+", du, dv)',
    ),
    ("symbolic_other_letter", "no formula", "        return 1", '        return "1"'),
)

SLOPE_ALONGSIDE = spoiled(
    "slope_alongside",
    """
def slope_alongside(x, rounds):
    v, dv = x, 1.0
    for _ in range(rounds):
        v, dv = 4 * v * (1 - v), 4 * dv - 8 * v * dv
    return v, dv
""",
    (
        "alongside_new_v",
        "from the old one",
        "        v, dv = 4 * v * (1 - v), 4 * dv - 8 * v * dv",
        "        v = 4 * v * (1 - v)\n        dv = 4 * dv - 8 * v * dv",
    ),
    ("alongside_last_round", "last round alone", "4 * dv - 8 * v * dv", "4 - 8 * v"),
    ("alongside_starts_at_0", "dv starts at 1", "x, 1.0", "x, 0.0"),
    ("alongside_adds", "are multiplied", "4 * dv - 8 * v * dv", "dv + 4 - 8 * v"),
    ("alongside_four_v", "slope 8v", "8 * v * dv", "4 * v * dv"),
    ("alongside_factor_forgotten", "factor dv is missing", "8 * v * dv", "8 * v"),
    ("alongside_too_few", "too few", "range(rounds)", "range(1, rounds)"),
    ("alongside_too_many", "too many", "range(rounds)", "range(rounds + 1)"),
    ("alongside_three_rounds", "always three rounds", "range(rounds)", "range(3)"),
)

PASSES = spoiled(
    "passes",
    """
def runs_one_sided(n, m):
    return n + 1


def runs_central(n, m):
    return 2 * n


def runs_forward(n, m):
    return n


def passes_reverse(n, m):
    return m


def better_mode(n, m):
    return "forward" if n < m else "reverse"
""",
    ("passes_no_middle", "that one", "n + 1", "n"),
    ("passes_middle_each_time", "needed once", "n + 1", "2 * n"),
    ("passes_central_one", "two runs per input", "return 2 * n", "return n"),
    ("passes_times_outputs", "do not multiply by m", "return n\n", "return n * m\n"),
    (
        "passes_modes_swapped",
        "other way round",
        "return n\n",
        "return M\n",
        "return m\n",
        "return n\n",
        "return M\n",
        "return m\n",
        "n < m",
        "n > m",
    ),
    ("passes_one_backward", "one output alone", "return m\n", "return 1\n"),
    ("passes_backward_to_each", "do not multiply by n", "return m\n", "return n * m\n"),
)

WAYS = [*SLOPE_BY_HAND, *DIFFERENTIATE, *SLOPE_ALONGSIDE, *PASSES]

"""Wrong in part 3, and in the class of part 4."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

LOCAL_RULES = spoiled(
    "local_rules",
    """
def exp_rule(x):
    return math.exp(x), math.exp(x)


def reciprocal_rule(x):
    return 1 / x, -1 / x**2


def log_rule(x):
    return math.log(x), 1 / x


def tanh_rule(x):
    t = math.tanh(x)
    return t, 1 - t**2


def relu_rule(x):
    return max(0.0, x), 1.0 if x > 0 else 0.0


def power_rule(x, n):
    return x**n, n * x ** (n - 1)
""",
    ("exp_by_the_power_rule", "power rule does not hold", ", math.exp(x)", ", x * math.exp(x - 1)"),
    ("reciprocal_without_square", "square is missing", "-1 / x**2", "-1 / x"),
    ("reciprocal_without_minus", "wrong sign", "-1 / x**2", "1 / x**2"),
    ("slope_one_over_log", "1/log x", "math.log(x), 1 / x", "math.log(x), 1 / math.log(x)"),
    ("log_of_base_ten", "base 10", "math.log(x)", "math.log10(x)"),
    ("tanh_not_squared", "not squared", "1 - t**2", "1 - t"),
    ("tanh_squares_the_input", "x is squared", "1 - t**2", "1 - x**2"),
    ("tanh_as_sigmoid", "sigmoid's slope", "1 - t**2", "t * (1 - t)"),
    ("tanh_twice", "taken twice", "1 - t**2", "1 - math.tanh(t) ** 2"),
    ("relu_slope_is_value", "this is the value", "1.0 if x > 0 else 0.0", "max(0.0, x)"),
    ("relu_slope_of_absolute", "slope of |x|", "else 0.0", "else -1.0"),
    ("relu_slope_always_one", "1 everywhere", "1.0 if x > 0 else 0.0", "1.0"),
    ("power_without_n", "factor n is missing", "n * x ** (n - 1)", "x ** (n - 1)"),
    ("power_same_exponent", "go down by one", "n * x ** (n - 1)", "n * x**n"),
    ("power_integrated", "integral", "n * x ** (n - 1)", "x ** (n + 1) / (n + 1)"),
    ("rule_without_slope", "must return two numbers", "math.exp(x), math.exp(x)", "math.exp(x)"),
)

RIGHT_VALUE = """
class Value(Number):
    def __init__(self, data, operation="", edges=(), name=""):
        self.data, self.operation, self.edges, self.name, self.grad = data, operation, edges, name, 0.0

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, "+", ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.data * other.data, "×", ((self, other.data), (other, self.data)))

    def apply(self, rule, operation):
        out, slope = rule(self.data)
        return Value(out, operation, ((self, slope),))

    def backward(self):
        backward(topological_order(self))
"""

VALUE = spoiled(
    "value",
    RIGHT_VALUE,
    (
        "value_own_factor",
        "each has its own",
        "(self, other.data), (other, self.data)",
        "(self, self.data), (other, other.data)",
    ),
    (
        "value_product_as_sum",
        "these are a sum's slopes",
        "(self, other.data), (other, self.data)",
        "(self, 1.0), (other, 1.0)",
    ),
    (
        "value_sum_as_product",
        "that is a product's slope",
        "(self, 1.0), (other, 1.0)",
        "(self, other.data), (other, self.data)",
    ),
    (
        "value_sum_of_values",
        "the slope of a sum is 1",
        "(self, 1.0), (other, 1.0)",
        "(self, self.data), (other, other.data)",
    ),
    ("value_one_parent", "parents of a product", "(self, other.data), (other, self.data)", "(self, other.data),"),
    ("value_sum_one_parent", "parents of a sum", "(self, 1.0), (other, 1.0)", "(self, 1.0),"),
    (
        "value_whole_product",
        "leave the factor itself out",
        "(self, other.data), (other, self.data)",
        "(self, self.data * other.data), (other, self.data * other.data)",
    ),
    (
        "value_edges_in_a_dictionary",
        "two edges",
        "((self, 1.0), (other, 1.0))",
        "{self: 1.0, other: 1.0}.items()",
        "((self, other.data), (other, self.data))",
        "{self: other.data, other: self.data}.items()",
        "edges, name, 0.0",
        "list(edges), name, 0.0",
    ),
    (
        "value_slopes_are_values",
        "use `.data`",
        "((self, other.data), (other, self.data))",
        "((self, other), (other, self))",
    ),
    ("value_edges_without_slopes", "pairs (parent, local slope)", "((self, 1.0), (other, 1.0))", "(self, other)"),
    (
        "value_returns_a_number",
        "must be a value",
        'Value(self.data + other.data, "+", ((self, 1.0), (other, 1.0)))',
        "self.data + other.data",
    ),
    ("value_apply_keeps_output", "where the slope is due", "((self, slope),)", "((self, out),)"),
    ("value_apply_swapped", "value and slope are swapped", "out, slope = rule", "slope, out = rule"),
    ("value_apply_forgets_self", "apply has one edge, to self", "((self, slope),)", "()"),
    ("value_apply_multiplies", "nothing is to be multiplied", "((self, slope),)", "((self, slope * self.data),)"),
)

RULES = [*LOCAL_RULES, *VALUE]

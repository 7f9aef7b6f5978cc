"""Wrong in parts 4 and 5."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

TOPOLOGICAL_ORDER = spoiled(
    "topological_order",
    """
def topological_order(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent, _ in node.edges:
                visit(parent)
            order.append(node)

    visit(root)
    return order
""",
    ("order_from_the_root", "from the root to the inputs", "return order", "return order[::-1]"),
    (
        "order_children_first",
        "from the root to the inputs",
        "            for parent, _ in node.edges:\n                visit(parent)\n            order.append(node)",
        "            order.append(node)\n            for parent, _ in node.edges:\n                visit(parent)",
    ),
    (
        "order_as_found",
        "after all its parents",
        "            for parent, _ in node.edges:\n                visit(parent)\n            order.append(node)",
        "            order.append(node)\n            for parent, _ in node.edges:\n                visit(parent)",
        "return order",
        "return order[::-1]",
    ),
    ("order_without_memory", "more than once", "            seen.add(node)\n", ""),
    (
        "order_one_step",
        "only the root's own parents",
        "                visit(parent)",
        "                order.append(parent)",
        "    visit(root)\n    return order",
        "    visit(root)\n    return list(dict.fromkeys(order))",
    ),
    ("order_without_root", "the root is missing", "return order", "return order[:-1]"),
    ("order_without_inputs", "the inputs are missing", "return order", "return [node for node in order if node.edges]"),
    ("order_of_edges", "take the parent alone", "order.append(node)", "order.extend(node.edges)"),
    (
        "order_breadth_first",
        "after all its parents",
        "    visit(root)\n    return order",
        "    order = [root]\n    for node in order:\n"
        "        order.extend(p for p, _ in dict.fromkeys(node.edges) if p not in order)\n    return order[::-1]",
    ),
)

BACKWARD = spoiled(
    "backward",
    """
def backward(order):
    for node in order:
        node.grad = 0.0
    order[-1].grad = 1.0
    for node in reversed(order):
        for parent, slope in node.edges:
            parent.grad += slope * node.grad
""",
    ("backward_overwrites", "overwrites", "+=", "="),
    ("backward_forwards", "first to the last", "reversed(order)", "order"),
    ("backward_no_slope", "local slope is left out", "slope * node.grad", "node.grad"),
    ("backward_no_upstream", "upstream gradient is left out", "slope * node.grad", "slope"),
    ("backward_adds_slopes", "the chain rule multiplies", "slope * node.grad", "slope + node.grad"),
    ("backward_not_zeroed", "call before are still there", "    for node in order:\n        node.grad = 0.0\n", ""),
    (
        "backward_piles_up",
        "call before are still there",
        "    for node in order:\n        node.grad = 0.0\n    order[-1].grad = 1.0",
        "    order[-1].grad += 1.0",
    ),
    ("backward_without_start", "0 everywhere", "    order[-1].grad = 1.0\n", ""),
    ("backward_takes_data", "node's data is multiplied in", "slope * node.grad", "node.data * node.grad"),
    ("backward_wrong_end", "start with 1", "order[-1].grad = 1.0", "order[0].grad = 1.0"),
)

REVERSE_GRADIENT = spoiled(
    "reverse_gradient",
    """
def reverse_gradient(f, inputs, make):
    values = [make(x) for x in inputs]
    out = f(*values)
    out.backward()
    return out.data, [value.grad for value in values]
""",
    ("reverse_returns_inputs", "these are the inputs", "value.grad for", "value.data for"),
    ("reverse_never_back", "0 everywhere", "    out.backward()\n", ""),
    (
        "reverse_once_per_input",
        "the gradients add up",
        "    out = f(*values)\n    out.backward()\n",
        "    for _ in inputs:\n        out = f(*values)\n        out.backward()\n",
    ),
    (
        "reverse_one_at_a_time",
        "f has to run once",
        "    return out.data, [value.grad for value in values]",
        "    slopes = []\n    for i in range(len(inputs)):\n        values = [make(x) for x in inputs]\n"
        "        f(*values).backward()\n        slopes.append(values[i].grad)\n    return out.data, slopes",
    ),
    ("reverse_returns_node", "take its data", "return out.data", "return out"),
    ("reverse_returns_nodes", "or its grad", "[value.grad for value in values]", "values"),
    ("reverse_gradient_of_out", "by itself", "value.grad for", "out.grad for"),
    ("reverse_list_as_one", "one by one", "f(*values)", "f(values)"),
    ("reverse_plain_numbers", "there is no attribute `backward`", "f(*values)", "f(*inputs)"),
)

DUAL = spoiled(
    "dual",
    """
class Dual(Number):
    def __init__(self, value, slope=0.0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        other = as_dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        other = as_dual(other)
        return Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)

    def apply(self, rule, operation=""):
        out, slope = rule(self.value)
        return Dual(out, slope * self.slope)
""",
    (
        "dual_product_of_slopes",
        "slopes are multiplied",
        "self.slope * other.value + self.value * other.slope",
        "self.slope * other.slope",
    ),
    ("dual_half_product", "half of the product rule", " + self.value * other.slope", ""),
    (
        "dual_own_slopes",
        "stays with the other value",
        "self.slope * other.value + self.value * other.slope",
        "self.slope * self.value + other.value * other.slope",
    ),
    ("dual_quotient_sign", "has a plus", " + self.value * other.slope", " - self.value * other.slope"),
    (
        "dual_slopes_added",
        "added as in a sum",
        "self.slope * other.value + self.value * other.slope",
        "self.slope + other.slope",
    ),
    ("dual_sum_keeps_slope", "left out of the sum", "self.slope + other.slope)", "self.slope)"),
    ("dual_apply_without_chain", "slope of self is left out", "Dual(out, slope * self.slope)", "Dual(out, slope)"),
    (
        "dual_apply_keeps_slope",
        "slope of the function is left out",
        "Dual(out, slope * self.slope)",
        "Dual(out, self.slope)",
    ),
    ("dual_apply_adds", "the chain rule multiplies", "slope * self.slope", "slope + self.slope"),
    (
        "dual_returns_a_number",
        "must be a dual",
        "Dual(self.value + other.value, self.slope + other.slope)",
        "self.value + other.value",
    ),
    ("dual_slope_is_dual", "two plain numbers", "self.slope + other.slope", "other"),
    (
        "dual_without_end",
        "calls itself without end",
        "Dual(self.value * other.value, self.slope * other.value + self.value * other.slope)",
        "Dual(self.value * other, self.slope)",
    ),
)

FORWARD_GRADIENT = spoiled(
    "forward_gradient",
    """
def forward_gradient(f, inputs, make):
    gradient = []
    for i in range(len(inputs)):
        out = f(*(make(x, 1.0 if i == j else 0.0) for j, x in enumerate(inputs)))
        gradient.append(out.slope)
    return out.value, gradient
""",
    ("forward_all_at_once", "all inputs have the slope 1", "1.0 if i == j else 0.0", "1.0"),
    (
        "forward_others_zero",
        "lost their values",
        "make(x, 1.0 if i == j else 0.0)",
        "make(x if i == j else 0.0, 1.0 if i == j else 0.0)",
    ),
    ("forward_values", "values of the runs", "append(out.slope)", "append(out.value)"),
    ("forward_slope_is_input", "not the input itself", "1.0 if i == j", "x if i == j"),
    ("forward_first_alone", "run once for each input", "i == j", "j == 0"),
    ("forward_returns_slope", "value of f is asked for", "return out.value", "return out.slope"),
    ("forward_returns_duals", "take its value", "append(out.slope)", "append(out)"),
    ("forward_no_slopes", "0 everywhere", "1.0 if i == j else 0.0", "0.0"),
)

MODES = [*TOPOLOGICAL_ORDER, *BACKWARD, *REVERSE_GRADIENT, *DUAL, *FORWARD_GRADIENT]

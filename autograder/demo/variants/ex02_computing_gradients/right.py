"""Right, in another style. Every task has at least three."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.ex02_computing_gradients.right_again import MATRICES, TOLERATED

COMPACT = Variant(
    "compact_algebra",
    {
        "sum_times_z_code": """
def sum_times_z(x, y, z):
    return x * z + y * z, (z, z, x + y)
""",
        "sigmoid_neuron_code": """
def sigmoid_neuron(w, x, b):
    f = 0.5 * (1 + np.tanh(0.5 * (b + w @ x)))
    s = f - f * f
    return f, np.array([-f * f, -f * f, -s, s]), s * x, s * w, s
""",
        "relu_network_code": """
def relu_network(x, y, w1, w2):
    open_ = w1 * x > 0
    gap = w2 * w1 * x * open_ - y
    return gap * gap, 2 * gap * w2 * x * open_, 2 * gap * w1 * x * open_
""",
        "differences_code": """
def one_sided(f, x, h):
    before, after = f(x), f(x + h)
    return after / h - before / h


def central(f, x, h):
    return 0.5 * (one_sided(f, x, h) + one_sided(f, x, -h))
""",
        "best_steps_code": """
def best_step_one_sided(f, f2, eps):
    return math.sqrt(4 * eps * f / f2)


def best_step_central(f, f3, eps):
    return math.exp(math.log(3 * eps * f / f3) / 3)
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([f(x + step) - f(x - step) for step in steps]).reshape(x.shape) / (2 * h)
""",
        "compare_gradients_code": """
def compare_gradients(derived, measured):
    errors = abs(derived - measured) / (abs(derived) + abs(measured)).clip(1e-8)
    return errors.max(), np.unravel_index(errors.argmax(), errors.shape)
""",
        "local_rules_code": """
exp_rule = lambda x: (np.exp(x), np.exp(x))
reciprocal_rule = lambda x: (x**-1, -(x**-2))
log_rule = lambda x: (np.log(x), x**-1)
tanh_rule = lambda x: (np.tanh(x), 1 / np.cosh(x) ** 2)
relu_rule = lambda x: (x, 1) if x > 0 else (0, 0)
power_rule = lambda x, n: (x**n, n * x**n / x)
""",
        "slope_by_hand_code": """
def slope_by_hand(x):
    # The chain rule round by round: every round multiplies by 4 (1 - 2v).
    slope, v = 1.0, x
    for _ in range(3):
        slope, v = slope * 4 * (1 - 2 * v), 4 * v * (1 - v)
    return slope
""",
        "differentiate_code": """
def differentiate(formula):
    match formula:
        case "x":
            return 1.0
        case ("*", u, v):
            return ("+", ("*", differentiate(v), u), ("*", v, differentiate(u)))
        case (sign, u, v):
            return (sign, differentiate(u), differentiate(v))
        case _:
            return 0.0
""",
        "slope_alongside_code": """
def slope_alongside(x, rounds):
    if rounds == 0:
        return x, 1
    v, dv = slope_alongside(x, rounds - 1)
    return 4 * v - 4 * v**2, 4 * (1 - 2 * v) * dv
""",
    },
)

LOOPS = Variant(
    "loops_and_lists",
    {
        "sum_times_z_code": """
def sum_times_z(x, y, z):
    d = x + y
    upstream = 1.0
    dz = d * upstream
    dd = z * upstream
    dx, dy = dd * 1, dd * 1
    return [d * z, [dx, dy, dz]]
""",
        "sigmoid_neuron_code": """
def sigmoid_neuron(w, x, b):
    s = b
    for i in range(len(w)):
        s += w[i] * x[i]
    e = math.exp(-s)
    q = 1 + e
    local, stages, grad = [-1 / q**2, 1, e, -1], [], 1.0
    for slope in local:
        grad *= slope
        stages.append(grad)
    return 1 / q, tuple(stages), [grad * v for v in x], [grad * v for v in w], grad
""",
        "relu_network_code": """
def relu_network(x, y, w1, w2):
    z = w1 * x
    if z <= 0:
        return y**2, 0.0, 0.0
    gap = w2 * z - y
    return gap**2, 2 * gap * w2 * x, 2 * gap * z
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + h
        above = f(x)
        x[i] = old - h
        below = f(x)
        x[i] = old
        gradient[i] = (above - below) / (2 * h)
    return gradient
""",
        "compare_gradients_code": """
def compare_gradients(derived, measured):
    worst, where = -1.0, None
    for i in np.ndindex(derived.shape):
        a, b = derived[i], measured[i]
        error = abs(a - b) / max(abs(a) + abs(b), 1e-8)
        if error > worst:
            worst, where = error, i
    return worst, where
""",
        "local_rules_code": """
def exp_rule(x):
    return [math.e**x, math.e**x]


def reciprocal_rule(x):
    return [1 / x, -1 / (x * x)]


def log_rule(x):
    return [math.log(x), 1 / x]


def tanh_rule(x):
    e = math.exp(2 * x)
    return [(e - 1) / (e + 1), 4 * e / (e + 1) ** 2]


def relu_rule(x):
    return [(x + abs(x)) / 2, (np.sign(x) + 1) / 2]


def power_rule(x, n):
    return [pow(x, n), n * pow(x, n - 1)]
""",
        "topological_order_code": """
def topological_order(root):
    order, stack = [], [root]
    while stack:
        node = stack[-1]
        waiting = [parent for parent, _ in node.edges if parent not in order]
        if waiting:
            stack.append(waiting[0])
        else:
            stack.pop()
            if node not in order:
                order.append(node)
    return order
""",
        "backward_code": """
def backward(order):
    sums = [0.0] * len(order)
    sums[-1] = 1.0
    place = {id(node): k for k, node in enumerate(order)}
    for k in range(len(order) - 1, -1, -1):
        for edge in order[k].edges:
            sums[place[id(edge[0])]] += edge[1] * sums[k]
    for node, total in zip(order, sums):
        node.grad = total
""",
        "reverse_gradient_code": """
def reverse_gradient(f, inputs, make):
    values = []
    for x in inputs:
        values.append(make(x))
    out = f(*values)
    out.backward()
    gradient = np.zeros(len(values))
    for i, value in enumerate(values):
        gradient[i] = value.grad
    return float(out.data), gradient
""",
        "forward_gradient_code": """
def forward_gradient(f, inputs, make):
    gradient = np.zeros(len(inputs))
    for i in range(len(inputs)):
        numbers = [make(x) for x in inputs]
        numbers[i] = make(inputs[i], 1)
        result = f(*numbers)
        gradient[i] = result.slope
        out = result.value
    return out, gradient
""",
        "differentiate_code": """
def differentiate(formula):
    if isinstance(formula, (int, float)):
        return 0
    if isinstance(formula, str):
        return 1
    sign, u, v = formula
    if sign == "+":
        return ("+", differentiate(u), differentiate(v))
    if sign == "-":
        return ("+", differentiate(u), ("*", -1, differentiate(v)))
    return ("+", ("*", u, differentiate(v)), ("*", v, differentiate(u)))
""",
    },
)

CLASSES = Variant(
    "classes_in_another_form",
    {
        "value_code": """
class Value(Number):
    def __init__(self, data, operation="", edges=(), name=""):
        self.data, self.operation, self.edges, self.name, self.grad = data, operation, list(edges), name, 0.0

    def remember(self, parent, slope):
        self.edges.append([parent, slope])
        return self

    def __add__(self, other):
        other = as_value(other)
        return Value(self.data + other.data, "+").remember(self, 1).remember(other, 1)

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.data * other.data, "×").remember(self, other.data).remember(other, self.data)

    def apply(self, rule, operation):
        result = rule(self.data)
        return Value(result[0], operation).remember(self, result[1])

    def backward(self):
        backward(topological_order(self))
""",
        "topological_order_code": """
def topological_order(root):
    # Kahn's way: count the uses, and take a node when all that use it have been taken.
    uses, waiting, seen = {}, [root], {root}
    while waiting:
        for parent, _ in waiting.pop().edges:
            uses[parent] = uses.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    order, ready = [], [root]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent, _ in node.edges:
            uses[parent] -= 1
            if uses[parent] == 0:
                ready.append(parent)
    return order[::-1]
""",
        "backward_code": """
def backward(order):
    *_, root = order
    for node in order:
        node.grad = float(node is root)
    for node in order[::-1]:
        upstream = node.grad
        for parent, local in node.edges:
            parent.grad = parent.grad + upstream * local
""",
        "reverse_gradient_code": """
def reverse_gradient(f, inputs, make):
    values = tuple(map(make, inputs))
    out = f(*values)
    out.backward()
    return out.data, tuple(v.grad for v in values)
""",
        "dual_code": """
class Dual(Number):
    def __init__(self, value, slope=0.0):
        self.pair = np.array([value, slope], dtype=float)

    value = property(lambda self: self.pair[0])
    slope = property(lambda self: self.pair[1])

    def __add__(self, other):
        return Dual(*(self.pair + as_dual(other).pair))

    def __mul__(self, other):
        a, b = self.pair, as_dual(other).pair
        return Dual(*np.convolve(a, b)[:2])

    def apply(self, rule, operation=""):
        value, slope = rule(float(self.value))
        return Dual(value, self.slope * slope)
""",
        "forward_gradient_code": """
def forward_gradient(f, inputs, make):
    n = len(inputs)
    runs = [f(*map(make, inputs, row)) for row in np.eye(n)]
    return runs[0].value, [run.slope for run in runs]
""",
        "slope_by_hand_code": """
def slope_by_hand(x):
    # Multiplied out, with the powers of x in falling order.
    return 64 * np.polyval([-2048, 7168, -9984, 7040, -2640, 504, -42, 1], x)
""",
        "slope_alongside_code": """
def slope_alongside(x, rounds):
    v, dv = float(x), np.float64(1)
    while rounds > 0:
        dv *= 4 * (1 - v) - 4 * v
        v *= 4 * (1 - v)
        rounds -= 1
    return v, dv
""",
        "passes_code": """
runs_one_sided = lambda n, m: 1 + n
runs_central = lambda n, m: n + n
runs_forward = lambda n, m: float(n)
passes_reverse = lambda n, m: np.int64(m)
better_mode = lambda n, m: "Forward" if m > n else "Reverse "
""",
    },
)

RIGHT = [COMPACT, LOOPS, CLASSES, TOLERATED, MATRICES]

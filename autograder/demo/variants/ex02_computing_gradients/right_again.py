"""Right, in yet another style."""

from __future__ import annotations

from autograder.demo.variants import Variant

__all__ = ["MATRICES", "TOLERATED"]

TOLERATED = Variant(
    "other_numbers",
    {
        "sigmoid_neuron_code": """
def sigmoid_neuron(w, x, b):
    w, x, b = np.float32(w), np.float32(x), np.float32(b)
    f = 1 / (1 + np.exp(-(w @ x) - b))
    ds = f * (1 - f)
    return f, [-(f**2), -(f**2), -ds, ds], ds * x, ds * w, ds
""",
        "differences_code": """
def one_sided(f, x, h):
    return np.float64(f(x + h) - f(x)) / h


def central(f, x, h):
    left, right = x - h, x + h
    return np.diff([f(left), f(right)])[0] / (right - left)
""",
        "best_steps_code": """
def best_step_one_sided(f, f2, eps):
    return np.sqrt(eps) * 2 * np.sqrt(f) / np.sqrt(f2)


def best_step_central(f, f3, eps):
    return np.cbrt(3 * eps * f / f3)
""",
        "value_code": """
class Value(Number):
    def __init__(self, data, operation="", edges=(), name=""):
        self.__dict__.update(data=data, operation=operation, edges=edges, name=name, grad=0.0)

    def __add__(self, other):
        other = as_value(other)
        return Value(np.float64(self.data + other.data), "add", edges=[(self, 1), (other, 1)])

    def __mul__(self, other):
        other = as_value(other)
        edges = [(other, np.float64(self.data)), (self, np.float64(other.data))]
        return Value(np.prod([self.data, other.data]), "mul", edges)

    def apply(self, rule, operation):
        pair = rule(self.data)
        return Value(data=pair[0], operation=operation, edges=[(self, pair[-1])])

    def backward(self):
        backward(topological_order(self))
""",
        "dual_code": """
class Dual(Number):
    def __init__(self, value, slope=0.0):
        self.value = value
        self.slope = slope

    def __add__(self, other):
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.slope)
        return Dual(self.value + other.value, self.slope + other.slope)

    def __mul__(self, other):
        if not isinstance(other, Dual):
            return Dual(self.value * other, self.slope * other)
        return Dual(self.value * other.value, self.value * other.slope + other.value * self.slope)

    def apply(self, rule, operation=""):
        return Dual(rule(self.value)[0], rule(self.value)[1] * self.slope)
""",
        "passes_code": """
def runs_one_sided(n, m):
    return len(range(n + 1))


def runs_central(n, m):
    return n * 2


def runs_forward(n, m):
    return sum(1 for _ in range(n))


def passes_reverse(n, m):
    return sum(1 for _ in range(m))


def better_mode(n, m):
    if passes_reverse(n, m) < runs_forward(n, m):
        return "reverse"
    return "forward"
""",
    },
)

MATRICES = Variant(
    "matrices_for_duals",
    {
        # a + bε behaves as the matrix [[a, b], [0, a]] does.
        "dual_code": """
class Dual(Number):
    def __init__(self, value, slope=0.0):
        self.matrix = np.array([[value, slope], [0.0, value]])

    @property
    def value(self):
        return self.matrix[0, 0]

    @property
    def slope(self):
        return self.matrix[0, 1]

    def __add__(self, other):
        return Dual(*(self.matrix + as_dual(other).matrix)[0])

    def __mul__(self, other):
        return Dual(*(self.matrix @ as_dual(other).matrix)[0])

    def apply(self, rule, operation=""):
        out, slope = rule(self.value)
        return Dual(out, slope * self.slope)
""",
        "passes_code": """
def runs_one_sided(n, m):
    return int(np.ones(n).sum() + 1)


def runs_central(n, m):
    return runs_one_sided(n, m) + n - 1


def runs_forward(n, m):
    return n


def passes_reverse(n, m):
    return m


def better_mode(n, m):
    return ["reverse", "forward"][n < m]
""",
        "forward_gradient_code": """
def forward_gradient(f, inputs, make):
    def run(i):
        return f(*[make(x, slope=float(i == j)) for j, x in enumerate(inputs)])

    results = [run(i) for i in range(len(inputs))]
    return results[-1].value, np.array([r.slope for r in results])
""",
        "sum_times_z_code": """
def sum_times_z(x, y, z):
    jacobian_d = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    jacobian_f = np.array([[z, x + y]])
    return (x + y) * z, (jacobian_f @ jacobian_d)[0]
""",
        "relu_network_code": """
def relu_network(x, y, w1, w2):
    h = np.maximum(w1 * x, 0.0)
    d = 2.0 * (w2 * h - y)
    return (d / 2) ** 2, d * w2 * np.heaviside(w1 * x, 0.0) * x, d * h
""",
        "compare_gradients_code": """
def compare_gradients(derived, measured):
    a, b = derived.ravel(), measured.ravel()
    errors = [abs(p - q) / max(abs(p) + abs(q), 1e-8) for p, q in zip(a, b)]
    k = int(np.argmax(errors))
    return errors[k], np.argwhere(np.arange(a.size).reshape(derived.shape) == k)[0]
""",
        "reverse_gradient_code": """
def reverse_gradient(f, inputs, make):
    leaves = dict(enumerate(map(make, inputs)))
    end = f(*leaves.values())
    end.backward()
    return end.data, [leaf.grad for leaf in leaves.values()]
""",
        "numerical_gradient_code": """
def numerical_gradient(f, x, h=1e-5):
    flat, slopes = x.reshape(-1), []
    for k in range(flat.size):
        ends = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[k] += sign * h
            ends.append(f(moved.reshape(x.shape)))
        slopes.append((ends[0] - ends[1]) / (2 * h))
    return np.reshape(slopes, x.shape)
""",
        "slope_alongside_code": """
def slope_alongside(x, rounds):
    values = [x]
    for _ in range(rounds):
        values.append(4 * values[-1] * (1 - values[-1]))
    return values[-1], math.prod(4 - 8 * v for v in values[:-1])
""",
        "topological_order_code": """
def topological_order(root):
    depth = {root: 0}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for parent, _ in node.edges:
            if depth.get(parent, -1) < depth[node] + 1:
                depth[parent] = depth[node] + 1
                waiting.append(parent)
    return sorted(depth, key=depth.get, reverse=True)
""",
        "value_code": """
class Value(Number):
    def __init__(self, data, operation="", edges=(), name=""):
        self.data, self.operation, self.edges, self.name, self.grad = float(data), operation, edges, name, 0.0

    @staticmethod
    def of_two(a, b, operation, out, slopes):
        return Value(out, operation, tuple(zip((a, b), slopes)))

    def __add__(self, other):
        b = as_value(other)
        return Value.of_two(self, b, "+", self.data + b.data, (1.0, 1.0))

    def __mul__(self, other):
        b = as_value(other)
        return Value.of_two(self, b, "×", self.data * b.data, (b.data, self.data))

    def apply(self, rule, operation):
        return Value(rule(self.data)[0], operation, ((self, rule(self.data)[1]),))

    def backward(self):
        backward(topological_order(self))
""",
        "backward_code": """
def backward(order):
    for k, node in enumerate(reversed(order)):
        # Whoever uses this node stands behind it in the order, and is done.
        users = order[len(order) - k :]
        arrived = [slope * user.grad for user in users for parent, slope in user.edges if parent is node]
        node.grad = sum(arrived) if k else 1.0
""",
        "local_rules_code": """
def exp_rule(x):
    return math.exp(x), math.exp(x)


def reciprocal_rule(x):
    return power_rule(x, -1)


def log_rule(x):
    return math.log2(x) / math.log2(math.e), power_rule(x, -1)[0]


def tanh_rule(x):
    out = math.sinh(x) / math.cosh(x)
    return out, (1 - out) * (1 + out)


def relu_rule(x):
    return x * (x > 0), int(x > 0)


def power_rule(x, n):
    return x**n, 0.0 if n == 0 else n * x ** (n - 1)
""",
        "differentiate_code": """
def differentiate(formula):
    if not isinstance(formula, tuple):
        return int(formula == "x")
    sign, u, v = formula
    du, dv = map(differentiate, (u, v))
    if sign != "*":
        return (sign, du, dv) if dv != 0 else du
    first = 0 if du == 0 else v if du == 1 else ("*", du, v)
    second = 0 if dv == 0 else u if dv == 1 else ("*", u, dv)
    return first if second == 0 else second if first == 0 else ("+", first, second)
""",
        "slope_by_hand_code": """
def slope_by_hand(x):
    u = [64 * x, 1 - x, (1 - 2 * x) ** 2, (1 - 8 * x + 8 * x * x) ** 2]
    du = [64.0, -1.0, -4 * (1 - 2 * x), 2 * (1 - 8 * x + 8 * x * x) * (16 * x - 8)]
    return sum(math.prod([du[j] if i == j else u[j] for j in range(4)]) for i in range(4))
""",
        "best_steps_code": """
def best_step_one_sided(f, f2, eps):
    return (4 * eps * f / f2) ** 0.5


def best_step_central(f, f3, eps):
    return 3 ** (1 / 3) * (eps * f / f3) ** (1 / 3)
""",
        "differences_code": """
def one_sided(f, x, h):
    return -(f(x) - f(x + h)) / h


def central(f, x, h):
    return 0.5 * (f(x + h) - f(x - h)) / h
""",
    },
)

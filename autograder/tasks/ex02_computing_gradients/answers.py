"""The right implementations, all from `i2dl.autodiff`, in the form that the notebook asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


def reference() -> Any:
    """Return the right implementations, under the names that the notebook uses."""
    from autograder.inside import Implementation
    from i2dl import autodiff as ad
    from i2dl.autodiff.four_ways import by_hand, slope_alongside

    return Implementation(
        {
            "sum_times_z": lambda *xyz: ad.reverse_gradient(lambda x, y, z: (x + y) * z, *xyz),
            "sigmoid_neuron": _sigmoid_neuron,
            "relu_network": _relu_network,
            # The one-sided difference at x is the central one between its two points.
            "one_sided": lambda f, x, h: _central(f, x + h / 2, h / 2),
            "central": _central,
            "best_step_one_sided": lambda f, f2, eps: 2 * math.sqrt(eps * f / f2),
            "best_step_central": lambda f, f3, eps: math.cbrt(3 * eps * f / f3),
            "numerical_gradient": lambda f, x, h: ad.numerical_gradient(f, x, h=h),
            "compare_gradients": _compare_gradients,
            **{f"{name}_rule": _rule(name) for name in ("exp", "log", "tanh", "relu")},
            "reciprocal_rule": lambda x: ad.derivative(lambda v: 1 / v, x),
            "power_rule": lambda x, n: ad.derivative(lambda v: v**n, x),
            "Value": _value_class(),
            "topological_order": ad.topological_order,
            "backward": lambda order: ad.Value.backward(order[-1]),
            "reverse_gradient": lambda f, inputs, make: ad.reverse_gradient(f, *inputs),  # noqa: ARG005
            "Dual": _dual_class(),
            "forward_gradient": lambda f, inputs, make: ad.forward_gradient(f, *inputs),  # noqa: ARG005
            "slope_by_hand": by_hand,
            "differentiate": _differentiate,
            "slope_alongside": lambda x, rounds: slope_alongside(x, rounds=rounds),
            "runs_one_sided": lambda n, m: _runs("one-sided", n, m),
            "runs_central": lambda n, m: _runs("central", n, m),
            "runs_forward": lambda n, m: _runs("forward", n, m),
            "passes_reverse": lambda n, m: _runs("reverse", n, m),
            "better_mode": lambda n, m: min(("forward", "reverse"), key=lambda mode: _runs(mode, n, m)),
        }
    )


def _sigmoid_neuron(w: Array, x: Array, b: float) -> tuple[Any, ...]:
    from i2dl.autodiff import Value, exp

    ws, xs = ([Value(float(v)) for v in values] for values in (w, x))
    bias = s = Value(float(b))
    for wi, xi in zip(ws, xs, strict=True):
        s = s + wi * xi
    n = -s
    e = exp(n)
    q = 1 + e
    f = 1 / q
    f.backward()
    stages = np.array([q.grad, e.grad, n.grad, s.grad], x.dtype)
    dw, dx = (np.array([v.grad for v in values], x.dtype) for values in (ws, xs))
    return x.dtype.type(f.data), stages, dw, dx, x.dtype.type(bias.grad)


def _relu_network(x: float, y: float, w1: float, w2: float) -> tuple[float, float, float]:
    from i2dl.autodiff import relu, reverse_gradient

    loss, (dw1, dw2) = reverse_gradient(lambda v1, v2: (v2 * relu(v1 * x) - y) ** 2, w1, w2)
    return loss, dw1, dw2


def _central(f: Callable[[Any], Any], x: float, h: float) -> float:
    from i2dl.autodiff import numerical_gradient

    return float(numerical_gradient(lambda v: f(v[()]), np.array(x, dtype=float), h=h))


def _compare_gradients(derived: Array, measured: Array) -> tuple[float, tuple[int, ...]]:
    from i2dl.autodiff import relative_error

    where = max(
        np.ndindex(derived.shape), key=lambda i: relative_error(np.array([derived[i]]), np.array([measured[i]]))
    )
    return relative_error(derived, measured), where


def _rule(name: str) -> Callable[[float], tuple[float, float]]:
    from i2dl import autodiff

    return lambda x: autodiff.derivative(getattr(autodiff, name), x)


def _value_class() -> Any:
    from i2dl.autodiff import Value as Exact

    class Value(Exact):
        def apply(self, rule: Callable[[Any], Any], operation: str) -> Exact:
            out, slope = rule(self.data)
            return Value(out, operation, ((self, slope),))

    return Value


def _dual_class() -> Any:
    from i2dl.autodiff import Dual as Exact

    class Dual(Exact):
        def apply(self, rule: Callable[[Any], Any], operation: str = "") -> Exact:  # noqa: ARG002
            out, slope = rule(self.value)
            return Dual(out, slope * self.slope)

    return Dual


def _differentiate(formula: Any) -> Any:
    """Convert the notebook's tree to an `Expression`, differentiate it there, and convert the result back."""
    from i2dl.autodiff import Expression, number, variable

    theirs = {"+": "+", "-": "−", "*": "·"}
    ours = {sign: name for name, sign in theirs.items()}

    def there(tree: Any) -> Expression:
        if isinstance(tree, tuple):
            return Expression(theirs[tree[0]], (there(tree[1]), there(tree[2])))
        return variable("x") if tree == "x" else number(tree)

    def back(e: Expression) -> Any:
        if e.operation in ("number", "variable"):
            return e.arguments[0]
        return (ours[e.operation], *map(back, e.arguments))

    return back(there(formula).derivative("x"))


def _runs(way: str, n: int, m: int) -> int:
    """Count the passes that a way takes for the Jacobian of a program with n inputs and m outputs."""
    return {"one-sided": n + 1, "central": 2 * n, "forward": n, "reverse": m}[way]

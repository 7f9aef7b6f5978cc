"""Descent: apply an update rule again and again, to a function or to a loss over many samples.

Sources: I2DL lecture 5; NAIST Artificial Intelligence, lecture 8.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating
from i2dl.optim._checks import check_count
from i2dl.optim.convergence import has_converged
from i2dl.optim.registry import RULES, Rule

__all__ = ["iterations_per_epoch", "minimize", "minimize_stochastic"]

Rate = float | Callable[[int], float]


def minimize(
    f: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    x0: Array,
    rule: str | Rule = "sgd",
    *,
    steps: int = 1000,
    tolerance: float = 0.0,
    **hyperparameters: Rate,
) -> tuple[list[Array], list[float]]:
    """Walk downhill from ``x0``: x ← rule(x, ∇f(x)), until the steps are shorter than ``tolerance``.

    Parameters
    ----------
    f : callable
        ``f(x) -> number``, what to minimize. The rule needs the gradient alone; ``f`` is recorded on the way.
    gradient : callable
        ``gradient(x) -> ∇f(x)``, an array of the shape of ``x``.
    x0 : array, any shape
        Where to start.
    rule : str or Rule
        An update rule or its name in `RULES`.
    steps : int, at least 0
        How many steps to take at most.
    tolerance : float, at least 0
        ε of the convergence test ‖xₖ₊₁ − xₖ‖ < ε; 0 for none.
    hyperparameters
        What the rule takes by keyword: learning_rate, beta, … A learning_rate may be a schedule, a function of the step
        0, 1, 2, …

    Returns
    -------
    path : list of arrays
        x₀, x₁, …: every point visited.
    values : list of float
        f(x₀), f(x₁), …; the walk also ends where f is not finite.

    Raises
    ------
    TypeError
        If ``x0`` is not real floating.
    ValueError
        If the rule is unknown, or a number out of range.

    References
    ----------
    I2DL lecture 5, gradient descent.
    """
    rule = _find_rule(rule)
    check_floating(x0=x0)
    check_count("steps", steps, at_least=0)
    path, values, state = [x0], [float(f(x0))], rule.start(x0)
    for step in range(steps):
        x = path[-1]
        now = _at_step(hyperparameters, step)
        x_next, state = rule.step(x, gradient(_gradient_point(rule, x, state, now)), state, **now)
        path.append(x_next)
        values.append(float(f(x_next)))
        if has_converged(x, x_next, tolerance) or not math.isfinite(values[-1]):
            break
    return path, values


def minimize_stochastic(
    gradient: Callable[[Array, Array], Array],
    x0: Array,
    samples: int,
    rule: str | Rule = "sgd",
    *,
    batch_size: int,
    epochs: int,
    rng: Any,
    **hyperparameters: Rate,
) -> list[Array]:
    """Walk downhill with the gradients of mini-batches, in a new random order in every epoch.

    ``batch_size=1`` is the single-sample SGD of the NAIST course, ``batch_size=samples`` is gradient descent. A smaller
    batch means cheaper and noisier steps. Because each sample comes up once per epoch, the batches' gradients at a
    fixed point average to the full gradient.

    Parameters
    ----------
    gradient : callable
        ``gradient(x, indices) -> array``: the mean gradient over the samples with these indices, an integer array of
        shape (m,).
    x0 : array, any shape
        Where to start.
    samples : int, at least 1
        n, the number of samples.
    rule : str or Rule
        An update rule or its name in `RULES`.
    batch_size : int, at least 1
        m, the samples in a mini-batch; the last one of an epoch may be smaller.
    epochs : int, at least 0
        How often to go through all samples.
    rng : numpy.random.Generator
        Where the order comes from.
    hyperparameters
        As in `minimize`; a learning-rate schedule is a function of the iteration.

    Returns
    -------
    path : list of arrays
        x₀ and the point after each iteration, ``epochs · iterations_per_epoch(samples, batch_size)`` of them.

    Raises
    ------
    TypeError
        If ``x0`` is not real floating.
    ValueError
        If the rule is unknown, or a number out of range.

    References
    ----------
    I2DL lecture 5, stochastic gradient descent; NAIST Artificial Intelligence, lecture 8 (single samples and
    mini-batches).
    """
    rule = _find_rule(rule)
    xp = array_namespace(x0)
    check_floating(x0=x0)
    check_count("epochs", epochs, at_least=0)
    iterations_per_epoch(samples, batch_size)
    path, state = [x0], rule.start(x0)
    for _ in range(epochs):
        order = xp.asarray(rng.permutation(samples).tolist(), dtype=xp.int64, device=device(x0))
        for start in range(0, samples, batch_size):
            x = path[-1]
            now = _at_step(hyperparameters, len(path) - 1)
            batch = order[start : start + batch_size]
            x, state = rule.step(x, gradient(_gradient_point(rule, x, state, now), batch), state, **now)
            path.append(x)
    return path


def iterations_per_epoch(samples: int, batch_size: int) -> int:
    """⌈n/m⌉: how many mini-batches make one pass through the data.

    Parameters
    ----------
    samples : int, at least 1
        n.
    batch_size : int, at least 1
        m.

    Returns
    -------
    iterations : int
        2²⁰ samples in batches of 64 make 16,384; 1000 in batches of 500 make 2.

    Raises
    ------
    ValueError
        If a number is less than 1.

    References
    ----------
    I2DL lecture 5, iteration versus epoch; I2DL student summary, V.1.
    """
    check_count("samples", samples, at_least=1)
    check_count("batch_size", batch_size, at_least=1)
    return math.ceil(samples / batch_size)


def _find_rule(rule: str | Rule) -> Rule:
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        msg = f"rule must be one of {', '.join(RULES)}, but it is {rule!r}"
        raise ValueError(msg)
    return RULES[rule]


def _at_step(hyperparameters: Mapping[str, Rate], step: int) -> dict[str, float]:
    """Evaluate schedules."""
    return {name: value(step) if callable(value) else value for name, value in hyperparameters.items()}


def _gradient_point(rule: Rule, x: Array, state: Mapping[str, Any], hyperparameters: Mapping[str, float]) -> Array:
    """Return where the rule wants its gradient: at x, or ahead of it."""
    if rule.lookahead is None:
        return x
    ahead = {name: hyperparameters[name] for name in ("beta",) if name in hyperparameters}
    return rule.lookahead(x, velocity=state["velocity"], **ahead)

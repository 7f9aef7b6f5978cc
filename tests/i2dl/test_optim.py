"""The update rules against PyTorch's optimizers, and what the lectures and exams say about them."""

import ast
import inspect
import re
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from array_api_compat import array_namespace
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl import optim
from i2dl.optim import (
    RULES,
    adam_update,
    adamw_update,
    clip_by_global_norm,
    clip_by_value,
    exponential_decay,
    fractional_decay,
    global_norm,
    has_converged,
    inverse_time_decay,
    iterations_per_epoch,
    minimize,
    minimize_stochastic,
    momentum_outside_update,
    momentum_update,
    nesterov_lookahead,
    robbins_monro,
    sgd_update,
    square_root_decay,
    transformer_warmup,
    weight_decay_coupled,
)

FILES = sorted(Path(optim.__file__).parent.glob("*.py"))
FUNCTIONS = {name: getattr(optim, name) for name in optim.__all__ if inspect.isfunction(getattr(optim, name))}

RNG = np.random.default_rng(0)
CURVATURES = np.array([1.0, 10.0, 100.0])
FEATURES = np.concatenate([RNG.normal(size=(40, 3)), np.ones((40, 1))], axis=1)
LABELS = (FEATURES @ np.array([2.0, -1.0, 0.5, 0.3]) + 0.5 * RNG.normal(size=40) > 0).astype("float64")


def sigmoid(s):
    return 1.0 / (1.0 + array_namespace(s).exp(-s))


def ravine_gradient(x, curvatures):
    return curvatures * x


def rosenbrock_gradient(x, one):
    across, along = x[0], x[1]
    return array_namespace(x).stack(
        [2.0 * (across - one[0]) - 400.0 * across * (along - across**2), 200.0 * (along - across**2)]
    )


def logistic_gradient(x, features, labels):
    xp = array_namespace(x)
    return xp.matmul(xp.matrix_transpose(features), sigmoid(xp.matmul(features, x)) - labels) / features.shape[0]


# Gradient and loss of each problem, where it starts, and the numbers that belong to it.
PROBLEMS = {
    "ravine": (ravine_gradient, lambda x, c: (0.5 * c * x**2).sum(), np.array([3.0, -2.0, 1.0]), [CURVATURES]),
    "rosenbrock": (
        rosenbrock_gradient,
        lambda x, one: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
        np.array([-1.2, 1.0]),
        [np.ones(1)],
    ),
    "logistic regression": (
        logistic_gradient,
        lambda x, a, y: torch.nn.functional.binary_cross_entropy_with_logits(a @ x, y),
        np.zeros(4),
        [FEATURES, LABELS],
    ),
}

# A rule with its hyperparameters, and PyTorch's optimizer with the same; weight decay of either kind is "decay".
TWINS = {
    "sgd": ("sgd", {}, {}),
    "sgd, coupled decay": ("sgd", {"coupled": 0.1}, {"weight_decay": 0.1}),
    "momentum inside": ("momentum", {"beta": 0.9}, {"momentum": 0.9}),
    "momentum outside": ("momentum_outside", {"beta": 0.9}, {"momentum": 0.9}),
    "momentum outside, coupled decay": (
        "momentum_outside",
        {"beta": 0.8, "coupled": 0.1},
        {"momentum": 0.8, "weight_decay": 0.1},
    ),
    "nesterov outside": ("nesterov_outside", {"beta": 0.9}, {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("adagrad", {}, {}),
    "adagrad, coupled decay": ("adagrad", {"coupled": 0.1}, {"weight_decay": 0.1}),
    "adadelta": ("adadelta", {}, {}),
    "adadelta, other options": ("adadelta", {"rho": 0.8, "eps": 1e-4}, {"rho": 0.8, "eps": 1e-4}),
    "rmsprop": ("rmsprop", {"beta": 0.9}, {"alpha": 0.9}),
    "centred rmsprop": ("centred_rmsprop", {"beta": 0.99}, {"centered": True}),
    "adam": ("adam", {}, {}),
    "adam, other options": (
        "adam",
        {"beta1": 0.8, "beta2": 0.99, "eps": 1e-4},
        {"betas": (0.8, 0.99), "eps": 1e-4},
    ),
    "adam, coupled decay": ("adam", {"coupled": 0.1}, {"weight_decay": 0.1}),
    "amsgrad": ("amsgrad", {"beta2": 0.9}, {"amsgrad": True, "betas": (0.9, 0.9)}),
    "adamw": ("adamw", {"decay": 0.1}, {"weight_decay": 0.1}),
    "adamax": ("adamax", {}, {}),
    "nadam": ("nadam", {}, {}),
    "nadam, other decay of momentum": ("nadam", {"momentum_decay": 0.1}, {"momentum_decay": 0.1}),
}
# Rates with which every rule descends and none diverges.
SMALL = {"ravine": 0.005, "rosenbrock": 1e-4, "logistic regression": 0.3}
RATES = dict.fromkeys(("sgd", "momentum", "momentum_outside", "nesterov", "nesterov_outside"), SMALL)


def rate_of(rule, problem):
    return 1.0 if rule == "adadelta" else RATES.get(rule, dict.fromkeys(PROBLEMS, 0.01))[problem]


@pytest.fixture
def float64_by_default():
    # PyTorch keeps the product of NAdam's momenta in the default dtype.
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@cache
def torch_path(optimizer, problem, **options):
    _, loss, start, data = PROBLEMS[problem]
    x = torch.nn.Parameter(torch.tensor(start))
    data = [torch.tensor(a) for a in data]
    optimizer = getattr(torch.optim, optimizer)([x], **options)
    path = [start]
    for _ in range(50):
        optimizer.zero_grad()
        loss(x, *data).backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.stack(path)


def our_path(backend, rule, problem, coupled=0.0, **options):
    gradient, _, start, data = PROBLEMS[problem]
    rule = RULES[rule]
    x, data = backend.array(start), [backend.array(a) for a in data]
    path, state = [start], rule.start(x)
    for _ in range(50):
        dw = weight_decay_coupled(x, gradient(x, *data), coupled)
        x, state = rule.step(x, dw, state, **options)
        path.append(backend.numpy(x))
    return np.stack(path)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("twin", TWINS)
def test_fifty_steps_agree_with_torch(backend, close, float64_by_default, twin, problem):
    rule, options, torch_options = TWINS[twin]
    rate = rate_of(rule, problem)
    path = our_path(backend, rule, problem, learning_rate=rate, **options)
    close(path, torch_path(RULES[rule].torch or "SGD", problem, lr=rate, **torch_options))
    assert np.abs(path[-1] - path[0]).max() > 1e-3


def test_every_rule_of_torch_has_its_twin():
    assert {rule for rule, *_ in TWINS.values()} >= {name for name, rule in RULES.items() if rule.torch}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_nesterovs_look_ahead_points_are_torchs_weights(backend, close, problem):
    """The lecture's rule takes gradients ahead of its weights; PyTorch's weights are those points."""
    gradient, _, start, data = PROBLEMS[problem]
    rate, beta = rate_of("nesterov", problem), 0.8
    data_there = [backend.array(a) for a in data]
    x, velocity = backend.array(start), backend.array(np.zeros_like(start))
    path = [start]
    for _ in range(50):
        ahead = nesterov_lookahead(x, velocity=velocity, beta=beta)
        dw = gradient(ahead, *data_there)
        x, velocity = optim.nesterov_update(x, dw, velocity=velocity, learning_rate=rate, beta=beta)
        path.append(backend.numpy(nesterov_lookahead(x, velocity=velocity, beta=beta)))
    close(np.stack(path), torch_path("SGD", problem, lr=rate, momentum=beta, nesterov=True))
    # The driver looks ahead by itself.
    walked, _ = minimize(
        lambda x: 0.0,
        lambda x: gradient(x, *data_there),
        backend.array(start),
        "nesterov",
        steps=50,
        learning_rate=rate,
        beta=beta,
    )
    close(backend.numpy(walked[-1]), backend.numpy(x))


def one_step(backend, rule, seed=0, shape=(3, 4), dtype="float64", scale=1.0, **options):
    """A step in the middle of a run: all of the state is there."""
    rng = np.random.default_rng(seed)
    rule = RULES[rule]
    arrays = [np.asarray(rng.normal(size=shape), dtype) for _ in range(2)]
    arrays[1] = np.asarray(scale * arrays[1], dtype)
    state = [np.asarray(rng.uniform(0.5, 1.5, size=shape), dtype) for _ in rule.arrays]
    numbers = {name: 3 if name == "step" else 0.5 for name in rule.numbers}

    def step(w, dw, *values):
        out = rule.update(w, dw, **dict(zip(rule.arrays, values, strict=True)), **numbers, **options)
        out = out if isinstance(out, tuple) else (out,)
        return out[: 1 + len(rule.arrays)]

    return backend.call(step, *arrays, *state)


@pytest.mark.parametrize("rule", RULES)
@given(shape=array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4), seed=st.integers(0, 2**16))
def test_any_shape_on_every_backend_is_entry_by_entry(backend, close, rule, shape, seed):
    """A rule for tensors is the rule for each of their numbers; and it changes none of its arguments."""
    out = one_step(backend, rule, seed, shape, learning_rate=0.1)
    flat = one_step(BACKEND_NUMPY, rule, seed, (int(np.prod(shape)),), learning_rate=0.1)
    for mine, expected in zip(out, flat, strict=True):
        close(mine, np.reshape(expected, shape))


class BackendNumpy:
    def call(self, function, *arguments):
        return function(*arguments)


BACKEND_NUMPY = BackendNumpy()


@pytest.mark.parametrize("rule", RULES)
def test_float32_stays_float32_and_close_to_float64(backend, close, rule):
    single = one_step(backend, rule, dtype="float32", learning_rate=0.1)
    double = one_step(backend, rule, learning_rate=0.1)
    for mine, exact in zip(single, double, strict=True):
        assert mine.dtype == np.float32
        close(mine, exact, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("dtype", "scale"), [("float32", 0.0), ("float32", 1e-30), ("float32", 1e15), ("float64", 1e100)]
)
def test_extreme_gradients_give_finite_steps(backend, rule, dtype, scale):
    """Also the very first step, where all of the state is zero."""
    for values in one_step(backend, rule, dtype=dtype, scale=scale, learning_rate=0.1):
        assert np.isfinite(values).all()
    dw = scale * np.array([1.0, -1.0, 0.0])
    x, state = backend.array(np.ones(3, dtype)), None
    state = RULES[rule].start(x)
    for _ in range(3):
        x, state = RULES[rule].step(x, backend.array(dw.astype(dtype)), state, learning_rate=1e-3)
    values = backend.numpy(x)
    assert np.isfinite(values).all()
    if rule != "adamw":
        assert values[2] == 1.0, "no gradient, no step"


def test_golden_steps_of_the_exams(backend, close):
    # exam Aug 2022, 6.3: dL/dw11 = 1.5 at a learning rate of 0.1 takes w11 from -0.5 to -0.65
    close(backend.call(sgd_update, np.array([-0.5]), np.array([1.5]), learning_rate=0.1), [-0.65])
    # mock exam 2020, III.1c: dL/dw21 = -1.5 takes w21 from 0.5 to 0.65
    close(backend.call(sgd_update, np.array([0.5]), np.array([-1.5]), learning_rate=0.1), [0.65])


def test_golden_exam_february_2022(backend, close):
    """5.5 to 5.7: x² from x₀ = 5 with rate 1 jumps between 5 and −5 for ever; a smaller rate converges."""
    x0 = backend.array(np.array([5.0]))
    square = partial(minimize, lambda x: x[0] ** 2, lambda x: 2.0 * x, x0, "sgd")
    path, values = square(steps=20, tolerance=1e-6, learning_rate=1.0)
    close([backend.numpy(x) for x in path], [[5.0 * (-1) ** k] for k in range(21)])
    close(values, [25.0] * 21)
    path, _ = square(steps=1000, tolerance=1e-6, learning_rate=0.1)
    assert 10 < len(path) < 1000
    close(backend.numpy(path[-1]), [0.0], atol=1e-5)
    path, _ = square(steps=3, tolerance=1e-6, learning_rate=0.5)
    close([backend.numpy(x) for x in path], [[5.0], [0.0], [0.0]])


def test_golden_gradient_descent_of_lecture_4(close):
    """w' = (1/3, 2) − α (8/3, 4/9)."""
    w = sgd_update(np.array([1 / 3, 2.0]), np.array([8 / 3, 4 / 9]), learning_rate=0.3)
    close(w, [1 / 3 - 0.8, 2 - 0.4 / 3])


def test_both_conventions_of_momentum_agree_while_the_rate_is_constant(backend, close):
    """Lectures 5 and 6: afterwards the velocity inside still has the size of the old rate."""
    rng = np.random.default_rng(1)
    inside = outside = (backend.array(np.zeros(3)), backend.array(np.zeros(3)))
    for k in range(20):
        rate = 0.1 if k < 10 else 0.01
        dw = rng.normal(size=3)
        before = [backend.numpy(w) for w, _ in (inside, outside)]
        old = backend.numpy(inside[1])
        inside = momentum_update(inside[0], backend.array(dw), velocity=inside[1], learning_rate=rate, beta=0.9)
        outside = momentum_outside_update(
            outside[0], backend.array(dw), velocity=outside[1], learning_rate=rate, beta=0.9
        )
        steps = [backend.numpy(w) - b for (w, _), b in zip((inside, outside), before, strict=True)]
        if k < 10:
            close(steps[0], steps[1])
            close(backend.numpy(inside[1]), -rate * backend.numpy(outside[1]))
        if k == 10:
            # old = −0.1 u: of the same momentum, the step outside has a tenth.
            close(steps[0], 0.9 * old - rate * dw)
            close(steps[1], 0.9 * old / 10 - rate * dw)
            assert np.abs(steps[0]).max() > 3 * np.abs(steps[1]).max()


def test_equal_gradients_add_up_to_ten_times_one(backend, close):
    """Lecture 5: the step is largest when all gradients point the same way, g/(1 − β)."""
    w, velocity = backend.array(np.zeros(2)), backend.array(np.zeros(2))
    dw = backend.array(np.array([1.0, -2.0]))
    for _ in range(300):
        w, velocity = momentum_outside_update(w, dw, velocity=velocity, learning_rate=0.0)
    close(backend.numpy(velocity), [10.0, -20.0])
    close(backend.numpy(w), [0.0, 0.0])
    velocity = backend.array(np.zeros(2))
    for _ in range(300):
        w, velocity = momentum_outside_update(w, dw, velocity=velocity, learning_rate=0.0, dampening=0.9)
    close(backend.numpy(velocity), [1.0, -2.0])


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_adams_first_step_is_the_rate_and_uncorrected_three_times_as_long(backend, close, scale):
    """Lecture 5 and exam Aug 2022, 8.6: the correction makes the first steps smaller, not bigger."""
    dw, zero = scale * np.array([1.0, -3.0]), np.zeros(2)
    options = {"step": 0, "learning_rate": 0.01, "eps": 0.0}
    call = partial(backend.call, lambda w, dw, m, v, **rest: adam_update(w, dw, m=m, v=v, **rest)[:3])
    w, m, v = call(zero, dw, zero, zero, **options)
    close(w, [-0.01, 0.01])
    close(m / (1 - 0.9), dw)
    close(v / (1 - 0.999), dw**2)
    uncorrected = call(zero, dw, zero, zero, bias_correction=False, **options)[0]
    close(uncorrected, w * (1 - 0.9) / np.sqrt(1 - 0.999))


def test_amsgrad_without_correction_is_the_papers_rule(close):
    """Reddi and others, 2018, algorithm 2, written out."""
    rng = np.random.default_rng(2)
    w = m = v = v_max = expected = em = ev = emax = np.zeros(3)
    step = 0
    for _ in range(10):
        dw = rng.normal(size=3)
        w, m, v, v_max, step = optim.amsgrad_update(
            w, dw, m=m, v=v, v_max=v_max, step=step, learning_rate=0.1, beta2=0.5, bias_correction=False
        )
        em, ev = 0.9 * em + 0.1 * dw, 0.5 * ev + 0.5 * dw**2
        emax = np.maximum(emax, ev)
        expected = expected - 0.1 * em / (np.sqrt(emax) + 1e-8)
        close(w, expected)
    assert (v_max > v).any()


def test_nadam_with_constant_momentum_is_the_surveys_rule(close):
    """Ruder, 2016, equation 33: m̂ = β₁ m/(1 − β₁ᵏ⁺²) + (1 − β₁) g/(1 − β₁ᵏ⁺¹)."""
    rng = np.random.default_rng(3)
    w = m = v = np.zeros(3)
    step, mu_product, expected = 0, 1.0, np.zeros(3)
    for k in range(10):
        dw = rng.normal(size=3)
        w, m, v, step, mu_product = optim.nadam_update(
            w, dw, m=m, v=v, step=step, mu_product=mu_product, learning_rate=0.1, momentum_decay=None
        )
        m_hat = 0.9 * m / (1 - 0.9 ** (k + 2)) + 0.1 * dw / (1 - 0.9 ** (k + 1))
        expected = expected - 0.1 * m_hat / (np.sqrt(v / (1 - 0.999 ** (k + 1))) + 1e-8)
        close(w, expected)
    assert step == 10


def test_in_adam_coupled_and_decoupled_decay_are_not_the_same(close):
    """Lecture 8: equivalent in gradient descent, but not in Adam, where large gradients swallow a coupled decay."""
    w, dw, zero = np.array([1.0, 1.0]), np.array([0.01, 100.0]), np.zeros(2)
    options = {"m": zero, "v": zero, "step": 0, "learning_rate": 0.1}
    coupled = adam_update(w, weight_decay_coupled(w, dw, 0.1), **options)[0]
    decoupled = adamw_update(w, dw, decay=0.1, **options)[0]
    plain = adam_update(w, dw, **options)[0]
    close(decoupled, plain - 0.1 * 0.1 * w)
    close(coupled, plain, atol=1e-6)


def test_adagrads_first_step_has_the_length_of_the_rate_and_later_ones_die_out(close):
    w, s, lengths = np.zeros(2), np.zeros(2), []
    for _ in range(100):
        new, s = optim.adagrad_update(w, np.array([1e-3, 1e3]), s=s, learning_rate=0.1)
        lengths.append(w - new)
        w = new
    close(np.array(lengths), np.outer(0.1 / np.sqrt(np.arange(1, 101)), [1.0, 1.0]), rtol=1e-6)


# --- Clipping, convergence and descent ---


@given(seed=st.integers(0, 2**16), max_norm=st.floats(0.01, 10), count=st.integers(1, 4))
def test_clipping_by_global_norm_is_torchs(backend, close, seed, max_norm, count):
    rng = np.random.default_rng(seed)
    gradients = [rng.normal(size=rng.integers(1, 4, size=rng.integers(0, 4))) for _ in range(count)]
    parameters = [torch.nn.Parameter(torch.zeros(g.shape, dtype=torch.float64)) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = torch.tensor(gradient)
    total = torch.nn.utils.clip_grad_norm_(parameters, max_norm).item()
    clipped, norm = backend.call(clip_by_global_norm, gradients, max_norm)
    close(norm, total)
    # PyTorch divides by norm + 1e-6.
    undo = (total + 1e-6) / total if max_norm / (total + 1e-6) < 1 else 1.0
    for mine, parameter in zip(clipped, parameters, strict=True):
        close(mine, parameter.grad.numpy() * undo, rtol=2e-6 if abs(total - max_norm) < 2e-6 else 1e-10)
    close(np.sqrt(sum((g**2).sum() for g in clipped)), min(total, max_norm))


@given(seed=st.integers(0, 2**16), limit=st.floats(0.1, 3))
def test_clipping_by_value_is_torchs(backend, close, seed, limit):
    dw = np.random.default_rng(seed).normal(size=(3, 4))
    parameter = torch.nn.Parameter(torch.zeros(3, 4, dtype=torch.float64))
    parameter.grad = torch.tensor(dw)
    torch.nn.utils.clip_grad_value_([parameter], limit)
    close(backend.call(clip_by_value, dw, limit), parameter.grad.numpy())


def test_clipping_survives_explosion_zero_and_empty_gradients(backend, close):
    huge = np.array([3e30, -4e30], dtype="float32")
    clipped, norm = backend.call(clip_by_global_norm, [huge, np.zeros((0, 2), "float32")], 1.0)
    close(norm, np.float32(5e30), rtol=1e-6)
    close(clipped[0], [0.6, -0.8], rtol=1e-6)
    clipped, norm = backend.call(clip_by_global_norm, [np.zeros(3)], 1.0)
    close(norm, 0.0)
    close(clipped[0], np.zeros(3))
    assert float(global_norm([backend.array(np.zeros(0))])) == 0.0


def test_one_norm_for_all_keeps_the_direction_and_one_value_each_does_not(close):
    gradients = [np.array([3.0, 0.0]), np.array([[4.0]])]
    clipped, norm = clip_by_global_norm(gradients, 1.0)
    close(norm, 5.0)
    close(np.array([*clipped[0], *clipped[1][0]]), [0.6, 0.0, 0.8])
    close(clip_by_value(np.array([3.0, 0.5]), 1.0), [1.0, 0.5])


def test_convergence_means_short_steps_not_a_minimum(backend):
    x = backend.array(np.array([3.0, 4.0]))
    assert has_converged(x, x + 1e-3, 2e-3)
    assert not has_converged(x, x + 1e-3, 1e-3)  # the step is √2 of that
    assert not has_converged(x, x, 0.0)
    path, values = minimize(lambda x: x[0] ** 2, lambda x: 2.0 * x, x, steps=5, tolerance=1e-6, learning_rate=1e-9)
    assert len(path) == 2
    assert values[-1] > 8.9


SCHEDULES = {
    "α/n": (lambda n: 0.5 / n, (True, True, True)),
    "n^-0.75": (lambda n: n**-0.75, (True, True, True)),
    "fractional": (partial(fractional_decay, initial=0.1, decay=1.0), (True, True, True)),
    "inverse time": (partial(inverse_time_decay, initial=0.1, strength=1e-4), (True, True, True)),
    "constant": (lambda n: 0.1, (True, True, False)),
    "square root": (partial(square_root_decay, initial=0.1), (True, True, False)),
    "warm-up": (transformer_warmup, (True, True, False)),
    "exponential": (partial(exponential_decay, initial=0.1, decay=0.95), (True, False, True)),
    "n^-2": (lambda n: n**-2.0, (True, False, True)),
    "zero": (lambda n: 0.0, (True, False, True)),
    "negative": (lambda n: -1.0 / n, (False, True, True)),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_conditions_of_robbins_and_monro(name):
    schedule, expected = SCHEDULES[name]
    assert robbins_monro(schedule) == expected
    assert robbins_monro(schedule).hold == all(expected)


@pytest.mark.parametrize("name", ["n^-0.75", "constant", "n^-2"])
def test_the_verdict_agrees_with_the_partial_sums(name):
    schedule, (_, diverges, squares_converge) = SCHEDULES[name]
    rates = np.array([schedule(n) for n in range(1, 2**16 + 1)])
    for terms, still_grows in ((rates, diverges), (rates**2, not squares_converge)):
        sums = np.cumsum(terms)[2 ** np.arange(8, 17) - 1]
        growth = np.diff(sums)
        assert (growth[-1] > 0 and growth[-1] >= growth[-2]) == still_grows


def test_a_schedule_must_be_finite():
    with pytest.raises(ValueError, match=r"schedule must give finite numbers, but schedule\(1\) is inf"):
        robbins_monro(lambda n: float("inf"))


def test_sgd_with_the_rate_of_robbins_and_monro_is_the_running_mean(backend, close):
    """On ½(x − ξ)² with αₙ = 1/n each step averages one more sample in; with a constant rate the noise stays."""
    samples = np.random.default_rng(4).normal(size=200)
    there = backend.array(samples)
    xp = array_namespace(there)
    descend = partial(
        minimize_stochastic,
        lambda x, indices: x - xp.mean(xp.take(there, indices)),
        backend.array(np.array([9.0])),
        200,
        batch_size=1,
        epochs=1,
    )
    path = descend(rng=np.random.default_rng(5), learning_rate=lambda k: 1 / (k + 1))
    order = np.random.default_rng(5).permutation(200)
    close([backend.numpy(x)[0] for x in path[1:]], np.cumsum(samples[order]) / np.arange(1, 201))
    constant = descend(rng=np.random.default_rng(5), learning_rate=0.5)
    assert np.std([backend.numpy(x)[0] for x in constant[100:]]) > 0.3


def test_a_batch_of_all_samples_is_gradient_descent(backend, close):
    a, y = backend.array(FEATURES), backend.array(LABELS)
    xp = array_namespace(a)
    x0 = backend.array(np.zeros(4))

    def gradient(x, indices):
        return logistic_gradient(x, xp.take(a, indices, axis=0), xp.take(y, indices))

    options = {"learning_rate": 0.5, "beta": 0.8}
    path = minimize_stochastic(
        gradient, x0, 40, "nesterov", batch_size=40, epochs=10, rng=np.random.default_rng(0), **options
    )
    expected, values = minimize(
        lambda x: xp.sum(x * x), lambda x: logistic_gradient(x, a, y), x0, "nesterov", steps=10, **options
    )
    assert len(path) == len(expected) == len(values) == 11
    for mine, theirs in zip(path, expected, strict=True):
        close(backend.numpy(mine), backend.numpy(theirs))


def test_the_gradients_of_an_epochs_batches_average_to_the_full_gradient(close):
    seen = []

    def gradient(x, indices):
        seen.append((list(indices), logistic_gradient(x, FEATURES[indices], LABELS[indices])))
        return seen[-1][1]

    x0 = np.array([0.1, 0.2, 0.3, 0.4])
    path = minimize_stochastic(
        gradient, x0, 40, batch_size=8, epochs=2, rng=np.random.default_rng(0), learning_rate=0.0
    )
    assert len(path) == 1 + 2 * iterations_per_epoch(40, 8)
    for epoch in (seen[:5], seen[5:]):
        assert sorted(i for indices, _ in epoch for i in indices) == list(range(40))
        close(np.mean([g for _, g in epoch], axis=0), logistic_gradient(x0, FEATURES, LABELS))
    assert seen[0][0] != seen[5][0]


def test_golden_iterations_per_epoch():
    """Lecture 5: 2²⁰ images in batches of 64; student summary V.1: 1000 samples in batches of 500."""
    assert iterations_per_epoch(2**20, 64) == 16_384
    assert iterations_per_epoch(1000, 500) == 2
    assert iterations_per_epoch(10, 4) == 3


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_descends(backend, rule):
    gradient, _, start, data = PROBLEMS["ravine"]
    curvatures = backend.array(*data)
    xp = array_namespace(curvatures)
    # Adadelta starts with steps of 10⁻³: from closer by it arrives as well.
    start = 0.01 * start if rule == "adadelta" else start
    path, values = minimize(
        lambda x: 0.5 * xp.sum(curvatures * x * x),
        lambda x: gradient(x, curvatures),
        backend.array(start),
        rule,
        steps=200,
        learning_rate=SMALL["ravine"] if rule in RATES else 1.0 if rule == "adadelta" else 0.1,
    )
    assert len(path) == len(values) == 201
    assert values[-1] < 0.5 * values[0]


def test_a_schedule_for_the_rate_and_the_end_of_a_divergence(backend, close):
    x0 = backend.array(np.array([1.0]))
    path, _ = minimize(lambda x: x[0] ** 2, lambda x: 2.0 * x, x0, steps=3, learning_rate=lambda k: 0.5 / (k + 1))
    close([backend.numpy(x)[0] for x in path], [1.0, 0.0, 0.0, 0.0])
    path, _ = minimize(lambda x: x[0] ** 2, lambda x: x / x, x0, steps=3, learning_rate=lambda k: 0.5 / (k + 1))
    close([backend.numpy(x)[0] for x in path], [1.0, 0.5, 0.25, 0.25 - 0.5 / 3])
    path, values = minimize(lambda x: float("inf"), lambda x: x, x0, steps=50, learning_rate=0.1)
    assert len(path) == len(values) == 2


# --- Bad input, documentation, imports ---


@pytest.mark.parametrize("rule", RULES)
def test_bad_arguments_of_the_rules_are_named(backend, rule):
    rule = RULES[rule]
    w = backend.array(np.ones((3, 4)))
    state, whole = rule.start(w), backend.array(np.ones((3, 4), dtype="int64"))
    with pytest.raises(ValueError, match=r"dw must have shape \(3, 4\), but its shape is \(4,\)"):
        rule.step(w, backend.array(np.ones(4)), state, learning_rate=0.1)
    with pytest.raises(TypeError, match=r"dw must hold real floating-point numbers, but its dtype is .*int64"):
        rule.step(w, whole, state, learning_rate=0.1)
    with pytest.raises(TypeError, match=r"w must hold real floating-point numbers, but its dtype is .*int64"):
        rule.step(whole, w, state, learning_rate=0.1)
    with pytest.raises(ValueError, match="learning_rate must be a finite number at least 0, but it is -1"):
        rule.step(w, w, state, learning_rate=-1.0)
    for name in rule.arrays:
        with pytest.raises(ValueError, match=rf"{name} must have shape \(3, 4\), but its shape is \(2,\)"):
            rule.step(w, w, {**state, name: backend.array(np.ones(2))}, learning_rate=0.1)
    options = inspect.signature(rule.update).parameters
    for name in {"beta", "beta1", "beta2", "rho"} & set(options):
        with pytest.raises(ValueError, match=f"{name} must be at least 0 and below 1, but it is 1.0"):
            rule.step(w, w, state, learning_rate=0.1, **{name: 1.0})
    for name in {"eps", "decay", "momentum_decay"} & set(options):
        with pytest.raises(ValueError, match=f"{name} must be a finite number at least 0, but it is -1"):
            rule.step(w, w, state, learning_rate=0.1, **{name: -1.0})
    if "step" in rule.numbers:
        with pytest.raises(ValueError, match="step must be an integer at least 0, but it is -1"):
            rule.step(w, w, {**state, "step": -1}, learning_rate=0.1)


def test_other_bad_arguments_are_named(backend):
    w = backend.array(np.ones(3))
    descend = partial(minimize, lambda x: 0.0, lambda x: x, learning_rate=0.1)
    with pytest.raises(ValueError, match=r"rule must be one of sgd, momentum, .*nadam, but it is 'adm'"):
        descend(w, "adm")
    with pytest.raises(TypeError, match="x0 must hold real floating-point numbers"):
        descend(backend.array(np.ones(3, dtype="int64")))
    with pytest.raises(ValueError, match="steps must be an integer at least 0, but it is -1"):
        descend(w, steps=-1)
    with pytest.raises(ValueError, match="batch_size must be an integer at least 1, but it is 0"):
        iterations_per_epoch(10, 0)
    with pytest.raises(ValueError, match=r"w_next must have shape \(3,\), but its shape is \(2,\)"):
        has_converged(w, backend.array(np.ones(2)), 0.1)
    with pytest.raises(ValueError, match="tolerance must be a finite number at least 0"):
        has_converged(w, w, -0.1)
    with pytest.raises(ValueError, match="max_norm must be a finite number above 0, but it is 0"):
        clip_by_global_norm([w], 0.0)
    with pytest.raises(ValueError, match="gradients must hold at least one array, but it is empty"):
        clip_by_global_norm([], 1.0)
    with pytest.raises(TypeError, match=r"gradients\[1\] must hold real floating-point numbers"):
        global_norm([w, backend.array(np.ones(3, dtype="int64"))])
    with pytest.raises(ValueError, match="limit must be a finite number above 0, but it is 0"):
        clip_by_value(w, 0.0)
    with pytest.raises(ValueError, match=r"velocity must have|dw must have shape \(3,\), but its shape is \(2,\)"):
        nesterov_lookahead(w, velocity=backend.array(np.ones(2)))
    with pytest.raises(ValueError, match="dampening must be a finite number, but it is nan"):
        momentum_outside_update(w, w, velocity=w, learning_rate=0.1, dampening=float("nan"))


def sections(docstring):
    parts = re.split(r"^(\w+)\n-+\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_its_arguments_results_errors_and_source(name):
    found = sections(FUNCTIONS[name].__doc__)
    assert {"Parameters", "Returns", "Raises", "References"} <= found.keys()
    documented = re.findall(r"^(\w[\w, ]*)(?: : .+)?$", found["Parameters"], flags=re.MULTILINE)
    names = [name for line in documented for name in line.split(", ")]
    assert names == list(inspect.signature(FUNCTIONS[name]).parameters)
    for line in re.findall(r"^\w[\w, ]* : array.*$", found["Parameters"] + found["Returns"], flags=re.MULTILINE):
        assert "shape" in line, line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_torch_is_named_in_its_own_files_alone_and_numpy_nowhere(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in imported}
    assert "numpy" not in roots
    assert ("torch" in roots) <= (path.stem.startswith(("torch_", "_torch")) or path.stem == "_blocks")


def test_the_classes_for_torch_are_imported_when_asked_for():
    code = (
        "import sys, i2dl.optim as o; before = 'torch' in sys.modules\n"
        "assert {'Adam', 'StepLR', 'sgd_update'} <= set(dir(o))\n"
        "print(before, o.Adam.__name__, o.StepLR.__name__, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "Adam", "StepLR", "True"]
    with pytest.raises(AttributeError, match=r"module 'i2dl.optim' has no attribute 'Adm'"):
        optim.Adm  # noqa: B018

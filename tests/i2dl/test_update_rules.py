"""The update rules against PyTorch's optimizers: the same paths; and what every rule has to keep to."""

import inspect
from functools import cache

import numpy as np
import pytest
import torch
from descent_problems import PROBLEMS, rate_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl import optim
from i2dl.optim import RULES, minimize, nesterov_lookahead, weight_decay_coupled

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

"""The optimizers for PyTorch against PyTorch's own: steps, state, groups, arguments."""

import copy
import doctest
import inspect
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from i2dl import optim
from i2dl.optim import _blocks, torch_optimizers

NAMES = torch_optimizers.__all__
RNG = np.random.default_rng(0)
FEATURES = torch.tensor(RNG.normal(size=(40, 3)))
LABELS = torch.tensor(RNG.integers(0, 2, size=40).astype("float64"))


def ravine(x, y):
    return 0.5 * (torch.tensor([1.0, 10.0, 100.0], dtype=x.dtype) * x**2).sum() + 3 * (y**2).sum()


def rosenbrock(x, y):
    return ((1 - x[:2]) ** 2).sum() + 100 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + (1 - x[0]) ** 2 * y**2


def logistic(x, y):
    return torch.nn.functional.binary_cross_entropy_with_logits(FEATURES @ x + y, LABELS)


# The second parameter has no axes.
PROBLEMS = {
    "ravine": (ravine, [[3.0, -2.0, 1.0], 0.7]),
    "rosenbrock": (rosenbrock, [[-1.2, 1.0, 0.8], 0.5]),
    "logistic regression": (logistic, [[0.0, 0.1, 0.2], 0.0]),
}
DESCENT = {"ravine": 0.005, "rosenbrock": 1e-4, "logistic regression": 0.3}
CONFIGURATIONS = {
    "SGD": ("SGD", {}),
    "SGD, momentum": ("SGD", {"momentum": 0.9}),
    "SGD, dampening and decay": ("SGD", {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    "SGD, Nesterov and decay": ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "Adagrad": ("Adagrad", {}),
    "Adagrad, all options": (
        "Adagrad",
        {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-4},
    ),
    "Adadelta": ("Adadelta", {"lr": 1.0}),
    "Adadelta, all options": ("Adadelta", {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}),
    "RMSprop": ("RMSprop", {}),
    "RMSprop, centred with momentum": (
        "RMSprop",
        {"lr": 0.002, "alpha": 0.9, "momentum": 0.5, "centered": True, "weight_decay": 0.1},
    ),
    "RMSprop, centred": ("RMSprop", {"centered": True}),
    "Adam": ("Adam", {}),
    "Adam, options and coupled decay": ("Adam", {"betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1}),
    "Adam, decoupled decay": ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
    "AMSGrad": ("Adam", {"amsgrad": True, "betas": (0.9, 0.9)}),
    "AdamW": ("AdamW", {}),
    "AdamW, AMSGrad": ("AdamW", {"amsgrad": True, "weight_decay": 0.3, "betas": (0.9, 0.9)}),
    "Adamax": ("Adamax", {}),
    "Adamax, all options": ("Adamax", {"betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    "NAdam": ("NAdam", {}),
    "NAdam, coupled decay": ("NAdam", {"weight_decay": 0.1, "momentum_decay": 0.1}),
    "NAdam, decoupled decay": ("NAdam", {"weight_decay": 0.1, "decoupled_weight_decay": True}),
}


@pytest.fixture(autouse=True)
def float64_by_default():
    # PyTorch keeps the product of NAdam's momenta in the default dtype.
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def make(library, configuration, parameters, **more):
    name, options = CONFIGURATIONS[configuration]
    return getattr(library, name)(parameters, **{"lr": 0.01, **options, **more})


def parameters_of(shapes, seed=0, dtype=torch.float64):
    rng = np.random.default_rng(seed)
    return [torch.nn.Parameter(torch.tensor(rng.normal(size=shape), dtype=dtype)) for shape in shapes]


def bowl_step(optimizer, parameters):
    """One step on a function whose gradient differs in every entry."""
    optimizer.zero_grad()
    loss = sum((torch.linspace(0.5, 2, p.numel()).reshape(p.shape).to(p) * p**2 + p.sin()).sum() for p in parameters)
    loss.backward()
    optimizer.step()


def assert_same(mine, theirs, **tolerance):
    for p, q in zip(mine, theirs, strict=True):
        torch.testing.assert_close(p, q, **{"rtol": 1e-10, "atol": 1e-12, **tolerance})


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_fifty_steps_agree_with_torch(close, configuration, problem):
    loss, start = PROBLEMS[problem]
    rate = {"lr": DESCENT[problem]} if configuration.startswith("SGD") else {}
    paths = []
    for library in (optim, torch.optim):
        parameters = [torch.nn.Parameter(torch.tensor(values)) for values in start]
        optimizer = make(library, configuration, parameters, **rate)
        path = []
        for _ in range(50):
            optimizer.zero_grad()
            loss(*parameters).backward()
            optimizer.step()
            path.append(torch.cat([p.detach().reshape(-1) for p in parameters]).numpy())
        paths.append(np.stack(path))
    close(*paths)
    assert np.abs(paths[0][-1] - paths[0][0]).max() > 1e-3


def test_every_optimizer_is_tested():
    assert {name for name, _ in CONFIGURATIONS.values()} == set(NAMES)
    assert {"SGD", "Adagrad", "Adadelta", "RMSprop", "Adam", "Adamax", "NAdam", "AdamW"} == set(NAMES)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@given(sizes=st.lists(st.integers(0, 12), min_size=1, max_size=6), block=st.integers(1, 9), seed=st.integers(0, 99))
def test_cut_into_blocks_or_joined_the_steps_are_the_same(configuration, sizes, block, seed):
    mine, theirs = (parameters_of([(size,) for size in sizes], seed) for _ in range(2))
    ours, expected = make(optim, configuration, mine), make(torch.optim, configuration, theirs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "BLOCK_PER_CORE", block)
        patch.setattr(torch, "get_num_threads", lambda: 1)
        for _ in range(3):
            bowl_step(ours, mine)
            bowl_step(expected, theirs)
    assert_same(mine, theirs)


@given(shapes=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=6), block=st.integers(1, 20))
def test_blocks_have_a_bounded_size_and_hold_every_number_once(shapes, block):
    rows = [(torch.arange(a * b).reshape(a, b) + 100 * k, torch.zeros(a, b)) for k, (a, b) in enumerate(shapes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_blocks, "BLOCK_PER_CORE", block)
        patch.setattr(torch, "get_num_threads", lambda: 1)
        pieces = list(_blocks.blocks(rows))
    columns = [_blocks.gather(piece) for piece in pieces]
    assert all(len(x) == len(y) == block for x, y in columns[:-1])
    assert all(0 < len(x) <= block for x, _ in columns[-1:])
    expected = torch.cat([x.reshape(-1) for x, _ in rows]) if rows else torch.zeros(0)
    assert [n for x, _ in columns for n in x.tolist()] == expected.tolist()
    for piece, (x, _) in zip(pieces, columns, strict=True):
        _blocks.scatter(x + 1000, [row[0] for row in piece])
    assert [n - 1000 for x, _ in rows for n in x.flatten().tolist()] == expected.tolist()


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_memory_layouts_of_every_kind(configuration):
    def build():
        transposed = torch.nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4).T)
        channels_last = torch.nn.Parameter(
            torch.linspace(-1, 2, 48).reshape(2, 2, 3, 4).to(memory_format=torch.channels_last)
        )
        plain = torch.nn.Parameter(torch.linspace(-2, 1, 12).reshape(4, 3))
        return [transposed, channels_last, plain]

    mine, theirs = build(), build()
    ours, expected = make(optim, configuration, mine), make(torch.optim, configuration, theirs)
    for _ in range(3):
        for parameters, optimizer in ((mine, ours), (theirs, expected)):
            # Gradients in another order than their parameters.
            parameters[0].grad = (2 * parameters[0].detach()).contiguous() + 0.1
            parameters[1].grad = (2 * parameters[1].detach()).contiguous() + 0.1
            parameters[2].grad = ((2 * parameters[2].detach()).T.contiguous() + torch.arange(4.0)).T
            optimizer.step()
    assert_same(mine, theirs)
    assert not mine[0].is_contiguous()
    assert mine[1].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_groups_with_their_own_options_and_parameters_that_join_later(configuration):
    results = []
    for library in (optim, torch.optim):
        parameters = parameters_of([(3, 2), (4,), (), (2, 2)])
        optimizer = make(library, configuration, [{"params": parameters[:2]}, {"params": parameters[2:3], "lr": 0.05}])
        parameters[1].requires_grad_(False)
        active = [parameters[0], parameters[2]]
        for k in range(6):
            if k == 2:
                parameters[1].requires_grad_(True)
                active.append(parameters[1])
            if k == 4:
                optimizer.add_param_group({"params": parameters[3:], "weight_decay": 0.2})
                active.append(parameters[3])
            bowl_step(optimizer, active)
        results.append(parameters)
    assert_same(*results)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize("direction", ["to torch", "from torch", "to itself"])
def test_state_dicts_move_both_ways_in_the_middle_of_a_run(configuration, direction):
    theirs, mine = parameters_of([(3, 2), (4,)]), parameters_of([(3, 2), (4,)])
    expected = make(torch.optim, configuration, theirs)
    first, second = {
        "to torch": (optim, torch.optim),
        "from torch": (torch.optim, optim),
        "to itself": (optim, optim),
    }[direction]
    one = make(first, configuration, mine)
    for k in range(8):
        if k == 4:
            file = io.BytesIO()
            torch.save(one.state_dict(), file)
            file.seek(0)
            one = make(second, configuration, mine, lr=0.7)
            one.load_state_dict(torch.load(file))
        bowl_step(one, mine)
        bowl_step(expected, theirs)
    assert_same(mine, theirs)
    assert one.param_groups[0]["lr"] == expected.param_groups[0]["lr"]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_state_and_groups_have_torchs_names_and_shapes(configuration):
    dicts = []
    for library in (optim, torch.optim):
        parameters = parameters_of([(3, 2), ()])
        optimizer = make(library, configuration, parameters)
        bowl_step(optimizer, parameters)
        dicts.append(optimizer.state_dict())
    mine, theirs = dicts
    assert mine["param_groups"][0].keys() >= theirs["param_groups"][0].keys()
    assert mine["state"].keys() == theirs["state"].keys()
    for index, state in theirs["state"].items():
        assert mine["state"][index].keys() == state.keys()
        for name, value in state.items():
            torch.testing.assert_close(mine["state"][index][name], value, check_dtype=False)


@pytest.mark.parametrize("name", NAMES)
def test_constructors_take_torchs_arguments(name):
    mine = inspect.signature(getattr(optim, name).__init__).parameters
    theirs = inspect.signature(getattr(torch.optim, name).__init__).parameters
    positional = [p.name for p in theirs.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in mine.values() if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    for key, parameter in theirs.items():
        assert mine[key].default == parameter.default, key
    described = inspect.getdoc(getattr(optim, name))
    assert all(key in described for key in list(mine)[1:])
    assert doctest.testmod(torch_optimizers).failed == 0


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_uphill_with_a_closure_and_a_tensor_for_the_rate(configuration):
    results = []
    for library in (optim, torch.optim):
        parameters = parameters_of([(3, 2), (4,)])
        optimizer = make(library, configuration, parameters, maximize=True, lr=torch.tensor(0.01))

        def closure(optimizer=optimizer, parameters=parameters):
            optimizer.zero_grad()
            loss = sum((p.cos() + 0.1 * p).sum() for p in parameters)
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(5)]
        results.append([*parameters, torch.tensor(losses)])
    assert_same(*results)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_parameters_of_less_precision(configuration, dtype, tolerance):
    """The state has the parameter's dtype, as in PyTorch; the error of ten steps is within a few roundings."""
    mine, exact = parameters_of([(5, 3), (7,)], dtype=dtype), parameters_of([(5, 3), (7,)])
    optimizer, expected = make(optim, configuration, mine), make(torch.optim, configuration, exact)
    for _ in range(10):
        bowl_step(optimizer, mine)
        bowl_step(expected, exact)
    assert_same([p.double() for p in mine], exact, rtol=tolerance, atol=tolerance)
    for state in optimizer.state.values():
        assert all(value.dtype == dtype for name, value in state.items() if value.ndim > 0)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_mixed_dtypes_in_one_group(configuration):
    mine = [*parameters_of([(3,)], dtype=torch.float32), *parameters_of([(3,)], seed=1)]
    theirs = copy.deepcopy(mine)
    ours, expected = make(optim, configuration, mine), make(torch.optim, configuration, theirs)
    for _ in range(3):
        bowl_step(ours, mine)
        bowl_step(expected, theirs)
    assert_same(mine[1:], theirs[1:])
    assert_same(mine[:1], theirs[:1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_scheduler_and_a_deep_copy(name):
    parameters = parameters_of([(3,)])
    optimizer = getattr(optim, name)(parameters, lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    bowl_step(optimizer, parameters)
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01)
    twin = copy.deepcopy(optimizer)
    twin_parameters = twin.param_groups[0]["params"]
    for _ in range(2):
        bowl_step(optimizer, parameters)
        bowl_step(twin, twin_parameters)
    assert_same(parameters, twin_parameters)
    assert name in repr(optimizer)


def test_momentum_and_amsgrad_may_be_switched_on_in_a_run():
    (p,) = parameters_of([(3,)])
    for optimizer, name, value, array in (
        (optim.SGD([p], lr=0.1), "momentum", 0.9, "momentum_buffer"),
        (optim.Adam([p]), "amsgrad", True, "max_exp_avg_sq"),
        (optim.RMSprop([p]), "centered", True, "grad_avg"),
    ):
        bowl_step(optimizer, [p])
        optimizer.param_groups[0][name] = value
        bowl_step(optimizer, [p])
        assert array in optimizer.state[p]


def test_plain_sgd_keeps_no_state_and_nothing_happens_without_gradients():
    parameters = parameters_of([(3,), (2,)])
    before = [p.detach().clone() for p in parameters]
    optimizer = optim.SGD(parameters, lr=0.1)
    optimizer.step()
    assert_same(parameters, before)
    bowl_step(optimizer, parameters)
    assert optimizer.state_dict()["state"] == {}


def test_loading_adams_state_leaves_adamws_decay_decoupled():
    parameters = parameters_of([(3,)])
    optimizer = optim.AdamW(parameters)
    optimizer.load_state_dict(torch.optim.Adam(parameters).state_dict())
    assert optimizer.param_groups[0]["decoupled_weight_decay"] is True


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_on_the_gpu(configuration):
    mine, theirs = parameters_of([(3, 2), (4,), ()]), parameters_of([(3, 2), (4,), ()])
    mine = [torch.nn.Parameter(p.detach().cuda()) for p in mine]
    ours, expected = make(optim, configuration, mine), make(torch.optim, configuration, theirs)
    for _ in range(5):
        bowl_step(ours, mine)
        bowl_step(expected, theirs)
    assert_same([p.cpu() for p in mine], theirs)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("SGD", {"lr": -0.1}, r"lr must be a finite number at least 0, but it is -0\.1"),
        ("SGD", {"lr": float("nan")}, "lr must be a finite number at least 0, but it is nan"),
        ("SGD", {"momentum": 1.0}, r"momentum must be at least 0 and below 1, but it is 1\.0"),
        ("SGD", {"weight_decay": -1}, "weight_decay must be a finite number at least 0, but it is -1"),
        ("SGD", {"nesterov": True}, "nesterov needs a momentum above 0 .* but momentum is 0 and dampening 0"),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, r"dampening of 0, but .* dampening 0\.1"),
        ("SGD", {"differentiable": True}, "differentiable must be False"),
        ("Adagrad", {"lr_decay": -1}, "lr_decay must be a finite number at least 0, but it is -1"),
        ("Adagrad", {"initial_accumulator_value": -1}, "initial_accumulator_value must be a finite number at least 0"),
        ("Adadelta", {"rho": 1.5}, r"rho must be at least 0 and below 1, but it is 1\.5"),
        ("RMSprop", {"alpha": -0.1}, r"alpha must be at least 0 and below 1, but it is -0\.1"),
        ("Adam", {"betas": (0.9, 1.0)}, r"beta2 must be at least 0 and below 1, but it is 1\.0"),
        ("Adam", {"eps": -1e-8}, "eps must be a finite number at least 0, but it is -1e-08"),
        ("Adam", {"capturable": True}, "capturable must be False"),
        ("AdamW", {"betas": (-0.1, 0.9)}, r"beta1 must be at least 0 and below 1, but it is -0\.1"),
        ("Adamax", {"betas": (0.9, 1.0)}, r"beta2 must be at least 0 and below 1, but it is 1\.0"),
        ("NAdam", {"momentum_decay": -1}, "momentum_decay must be a finite number at least 0, but it is -1"),
    ],
)
def test_bad_hyperparameters_are_named(name, options, message):
    parameters = parameters_of([(3,)])
    with pytest.raises(ValueError, match=message):
        getattr(optim, name)(parameters, **options)
    with pytest.raises(ValueError, match=message):
        getattr(optim, name)([{"params": parameters, **options}])


def test_sparse_and_complex_gradients_are_refused():
    embedding = torch.nn.Embedding(5, 2, sparse=True)
    optimizer = optim.Adam(embedding.parameters())
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(
        TypeError, match=r"gradients must be dense, but that of a parameter of shape \(5, 2\) is sparse"
    ):
        optimizer.step()
    p = torch.nn.Parameter(torch.ones(2, dtype=torch.complex128))
    p.grad = torch.ones_like(p)
    with pytest.raises(TypeError, match=r"w must hold real floating-point numbers, but its dtype is torch.complex128"):
        optim.SGD([p]).step()

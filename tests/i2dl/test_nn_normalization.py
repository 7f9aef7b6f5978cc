import types

import numpy as np
import pytest
import torch

from i2dl.bridge import autograd_function
from i2dl.functional import batch_norm as bn
from i2dl.functional import dropout as do
from i2dl.functional import normalization as norm
from i2dl.nn.activations import ReLU
from i2dl.nn.batch_norm import BatchNorm1d, BatchNorm2d, InstanceNorm2d
from i2dl.nn.dropout import Dropout, Dropout2d
from i2dl.nn.linear import Linear
from i2dl.nn.normalization import GroupNorm, LayerNorm

EXACT = {"rtol": 1e-10, "atol": 1e-11}
ours = types.SimpleNamespace(
    BatchNorm1d=BatchNorm1d,
    BatchNorm2d=BatchNorm2d,
    Dropout=Dropout,
    Dropout2d=Dropout2d,
    GroupNorm=GroupNorm,
    InstanceNorm2d=InstanceNorm2d,
    LayerNorm=LayerNorm,
)


def draw(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(1, 2, size=shape))


MODULES = {
    "BatchNorm1d": (lambda m: m.BatchNorm1d(5), (6, 5)),
    "BatchNorm1d, sequences": (lambda m: m.BatchNorm1d(5), (2, 5, 3)),
    "BatchNorm1d, one sequence": (lambda m: m.BatchNorm1d(5), (1, 5, 3)),
    "BatchNorm1d, momentum": (lambda m: m.BatchNorm1d(5, momentum=0.3), (6, 5)),
    "BatchNorm1d, plain average": (lambda m: m.BatchNorm1d(5, momentum=None), (6, 5)),
    "BatchNorm1d, no statistics": (lambda m: m.BatchNorm1d(5, track_running_stats=False), (6, 5)),
    "BatchNorm1d, not affine": (lambda m: m.BatchNorm1d(5, 1e-3, 0.2, False), (6, 5)),
    "BatchNorm2d": (lambda m: m.BatchNorm2d(3), (2, 3, 4, 5)),
    "BatchNorm2d, one image": (lambda m: m.BatchNorm2d(3), (1, 3, 4, 5)),
    "BatchNorm2d, no bias": (lambda m: m.BatchNorm2d(3, bias=False), (2, 3, 4, 5)),
    "InstanceNorm2d": (lambda m: m.InstanceNorm2d(3), (2, 3, 4, 5)),
    "InstanceNorm2d, affine": (lambda m: m.InstanceNorm2d(3, affine=True), (2, 3, 4, 5)),
    "InstanceNorm2d, statistics": (lambda m: m.InstanceNorm2d(3, 1e-3, 0.2, True, True), (2, 3, 4, 5)),
    "InstanceNorm2d, no momentum": (
        lambda m: m.InstanceNorm2d(3, momentum=None, track_running_stats=True),
        (2, 3, 4, 5),
    ),
    "LayerNorm": (lambda m: m.LayerNorm(5), (4, 5)),
    "LayerNorm, tokens": (lambda m: m.LayerNorm(5), (2, 4, 5)),
    "LayerNorm, one vector": (lambda m: m.LayerNorm(5), (5,)),
    "LayerNorm, no samples": (lambda m: m.LayerNorm(5), (0, 5)),
    "LayerNorm, images": (lambda m: m.LayerNorm([3, 4, 5], eps=1e-3), (2, 3, 4, 5)),
    "LayerNorm, not affine": (lambda m: m.LayerNorm((4, 5), elementwise_affine=False), (2, 3, 4, 5)),
    "LayerNorm, no bias": (lambda m: m.LayerNorm(5, bias=False), (4, 5)),
    "GroupNorm": (lambda m: m.GroupNorm(2, 6), (2, 6, 4, 5)),
    "GroupNorm, vectors": (lambda m: m.GroupNorm(2, 6, eps=1e-3), (3, 6)),
    "GroupNorm, not affine": (lambda m: m.GroupNorm(3, 6, affine=False), (2, 6, 4)),
    "GroupNorm, no bias": (lambda m: m.GroupNorm(1, 6, bias=False), (2, 6, 4)),
    "Dropout": (lambda m: m.Dropout(0.3), (40, 50)),
    "Dropout, nothing": (lambda m: m.Dropout(0.0), (4, 5)),
    "Dropout, all": (lambda m: m.Dropout(1.0), (4, 5)),
    "Dropout2d": (lambda m: m.Dropout2d(0.3), (6, 7, 2, 3)),
}
every_module = pytest.mark.parametrize("name", MODULES)


def twins(name):
    """Ours and PyTorch's with the same random parameters, which travelled as a state dict."""
    make, shape = MODULES[name]
    mine, theirs = make(ours).double(), make(torch.nn).double()
    with torch.no_grad():
        for i, parameter in enumerate(theirs.parameters()):
            parameter.copy_(draw(*parameter.shape, seed=10 + i))
    mine.load_state_dict(theirs.state_dict())
    return mine, theirs, shape


def step(module, x, seed):
    """Output and all gradients; under one seed of PyTorch's generator."""
    torch.manual_seed(seed)
    x = x.clone().requires_grad_()
    out = module(x)
    gradients = torch.autograd.grad(out, (x, *module.parameters()), draw(*out.shape, seed=100 + seed).to(out))
    return [out.detach(), *gradients]


def assert_same_state(mine, theirs):
    ours, expected = mine.state_dict(), theirs.state_dict()
    assert list(ours) == list(expected)
    for key, value in expected.items():
        assert ours[key].dtype == value.dtype
        torch.testing.assert_close(ours[key], value, **EXACT)


@every_module
def test_training_and_evaluation_are_torchs(name):
    """Three training steps, then evaluation: outputs, gradients and running statistics."""
    mine, theirs, shape = twins(name)
    for seed in range(3):
        x = draw(*shape, seed=seed)
        torch.testing.assert_close(step(mine, x, seed), step(theirs, x, seed), **EXACT)
        assert_same_state(mine, theirs)
    x = draw(*shape, seed=3)
    mine.eval()
    theirs.eval()
    torch.testing.assert_close(step(mine, x, 3), step(theirs, x, 3), **EXACT)
    assert_same_state(mine, theirs)


@every_module
def test_a_new_module_is_torchs(name):
    make, _ = MODULES[name]
    mine, theirs = make(ours), make(torch.nn)
    assert_same_state(mine, theirs)
    assert repr(mine) == repr(theirs).replace(", inplace=False", "")


@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("Dropout")])
def test_a_trained_module_moves_to_torch(name):
    mine, theirs, shape = twins(name)
    for seed in range(2):
        step(mine, draw(*shape, seed=seed), seed)
    with torch.no_grad():
        for parameter in mine.parameters():
            parameter.mul_(1.5)
    theirs.load_state_dict(mine.state_dict())
    assert_same_state(mine, theirs)
    mine.eval()
    theirs.eval()
    x = draw(*shape, seed=5)
    torch.testing.assert_close(mine(x), theirs(x), **EXACT)


@pytest.mark.parametrize("name", ["BatchNorm1d", "InstanceNorm2d, statistics", "LayerNorm", "GroupNorm"])
def test_reset_forgets_everything(name):
    mine, theirs, shape = twins(name)
    mine(draw(*shape))
    theirs(draw(*shape))
    mine.reset_parameters()
    theirs.reset_parameters()
    assert_same_state(mine, theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda **o: BatchNorm1d(3, **o),
        lambda **o: InstanceNorm2d(3, affine=True, track_running_stats=True, **o),
        lambda **o: LayerNorm(3, **o),
        lambda **o: GroupNorm(1, 3, **o),
    ],
)
def test_device_and_dtype(make):
    module = make(device="meta", dtype=torch.float64)
    for key, value in module.state_dict().items():
        assert value.device.type == "meta"
        assert value.dtype == (torch.int64 if key == "num_batches_tracked" else torch.float64)


def test_float32_and_bfloat16_follow_torch():
    """Largest error over largest value: a few roundings of the type, which are 2⁻²⁴ and 2⁻⁹."""
    for dtype, tolerance in ((torch.float32, 1e-6), (torch.bfloat16, 0.02)):
        for name in ("BatchNorm2d", "InstanceNorm2d, affine", "LayerNorm", "GroupNorm"):
            mine, theirs, shape = twins(name)
            x = draw(*shape)
            expected = step(theirs, x, 0)
            for actual, wanted in zip(step(mine.to(dtype), x.to(dtype), 0), expected, strict=True):
                assert actual.dtype == dtype
                error = (actual.double() - wanted).abs().max() / wanted.abs().max()
                assert error < tolerance, (name, dtype, error)


def test_exam_august_2022_question_7_3():
    """Eight images of three channels: 2 · 3 = 6 running values."""
    layer = BatchNorm2d(3)
    layer(torch.randn(8, 3, 32, 64))
    assert layer.running_mean.numel() + layer.running_var.numel() == 6


def test_parameters_of_batch_norm_in_the_exams():
    """Jul 2021, 2.13: 32 behind 16 filters; Feb 2022, 4.5: 112 behind 8, 16 and 32. An affine layer has 2 a neuron."""

    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(BatchNorm2d(16)) == 32
    assert sum(count(BatchNorm2d(c)) for c in (8, 16, 32)) == 112
    assert count(BatchNorm1d(10)) == 20


def test_exam_july_2021_question_2_8():
    """64 → 10 → 5 → 3 with dropout has 723 parameters: dropout adds none."""
    net = torch.nn.Sequential(
        torch.nn.Flatten(), Linear(64, 10), ReLU(), Dropout(0.5), Linear(10, 5), ReLU(), Dropout(0.5), Linear(5, 3)
    )
    assert sum(p.numel() for p in net.parameters()) == 723
    x = torch.randn(2, 1, 8, 8)
    assert not torch.equal(net(x), net(x))
    net.eval()
    torch.testing.assert_close(net(x), net(x), rtol=0, atol=0)


def test_momentum_is_one_minus_the_lectures():
    """PyTorch's 0.1 is βₘ = 0.9, and its variance has divisor N − 1."""
    x = draw(8, 3)
    layer = BatchNorm1d(3).double()
    layer(x)
    torch.testing.assert_close(layer.running_mean, 0.1 * x.mean(0), **EXACT)
    torch.testing.assert_close(layer.running_var, 0.9 + 0.1 * x.var(0, correction=1), **EXACT)


def test_statistics_of_an_earlier_pass_may_move_before_its_backward():
    """Evaluation's cache holds no view of the running statistics that a later training pass updates."""
    layer = BatchNorm1d(3).double().eval()
    x = draw(8, 3).requires_grad_()
    out = layer(x)
    expected = layer.weight / (layer.running_var + layer.eps).sqrt()
    expected = expected.detach().expand(8, 3).clone()
    layer.train()
    layer(draw(8, 3, seed=1) * 10)
    out.sum().backward()
    torch.testing.assert_close(x.grad, expected, **EXACT)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_frozen_statistics_in_evaluation(momentum):
    layer = BatchNorm1d(3, momentum=momentum).double()
    layer(draw(8, 3))
    before = {k: v.clone() for k, v in layer.state_dict().items()}
    layer.eval()
    layer(draw(8, 3, seed=1))
    for key, value in layer.state_dict().items():
        assert torch.equal(value, before[key])


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (BatchNorm1d(3), (4, 5), r"x must have shape \(N, C\) or \(N, C, L\) with C = 3, got \(4, 5\)"),
        (BatchNorm1d(3), (4, 3, 2, 2), r"with C = 3, got \(4, 3, 2, 2\)"),
        (BatchNorm1d(3), (3,), r"with C = 3, got \(3,\)"),
        (BatchNorm2d(3), (4, 3), r"x must have shape \(N, C, H, W\) with C = 3, got \(4, 3\)"),
        (InstanceNorm2d(3), (3, 4, 4), r"x must have shape \(N, C, H, W\) with C = 3, got \(3, 4, 4\)"),
        (LayerNorm((3, 4)), (2, 4, 3), r"x must have shape \(\.\.\., 3, 4\), got \(2, 4, 3\)"),
        (LayerNorm(3), (), r"x must have shape \(\.\.\., 3\), got \(\)"),
        (GroupNorm(2, 4), (2, 3), r"x must have shape \(N, 4, ...\), got \(2, 3\)"),
        (GroupNorm(2, 4), (4,), r"x must have shape \(N, 4, ...\), got \(4,\)"),
        (Dropout2d(), (2, 3), r"x must have shape \(N, C, H, W\), got \(2, 3\)"),
        (Dropout2d().eval(), (2, 3), r"x must have shape \(N, C, H, W\), got \(2, 3\)"),
        (BatchNorm1d(3), (0, 3), r"x must hold at least one number, but its shape is \(0, 3\)"),
    ],
)
def test_a_wrong_shape_is_named(module, shape, message):
    with pytest.raises(ValueError, match=message):
        module(torch.ones(shape))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("BatchNorm1d", (1, 5)),
        ("BatchNorm1d, no statistics", (1, 5)),
        ("BatchNorm2d", (1, 3, 1, 1)),
        ("InstanceNorm2d", (4, 3, 1, 1)),
    ],
)
def test_one_value_cannot_be_normalized_in_training(name, shape):
    """An error, as in PyTorch; evaluation by running statistics is fine."""
    for module in twins(name)[:2]:
        with pytest.raises(ValueError, match=r"more than (one|1)"):
            module(draw(*shape))
        if getattr(module, "running_mean", None) is not None:
            assert torch.isfinite(module.eval()(draw(*shape))).all()


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
@pytest.mark.parametrize("kind", [Dropout, Dropout2d])
def test_dropout_needs_a_probability(kind, p):
    with pytest.raises(ValueError, match=f"p must be a probability between 0 and 1, got {p}"):
        kind(p)


@pytest.mark.parametrize("groups", [0, 3])
def test_groups_must_divide_the_channels(groups):
    with pytest.raises(ValueError, match=f"num_channels must be divisible by num_groups, got 4 and {groups}"):
        GroupNorm(groups, 4)


def without_running(forward):
    """The pair as the bridge wants it; the running statistics are not differentiated."""

    def run(x, gamma, beta, **options):
        out, cache, _ = forward(x, gamma, beta, **options)
        return out, cache

    return run


def with_seed(forward):
    def run(x, **options):
        return forward(x, rng=np.random.default_rng(0), train=True, **options)

    return run


RUNNING = {"running_mean": draw(4, seed=20), "running_var": draw(4, seed=21).abs() + 0.5}
VECTORS, MAPS = [(3, 4), (4,), (4,)], [(2, 4, 3, 2), (4,), (4,)]
vectors, maps = without_running(bn.batch_norm_forward), without_running(bn.spatial_batch_norm_forward)
PAIRS = {
    "batch_norm": (vectors, bn.batch_norm_backward, VECTORS, RUNNING | {"train": True}),
    "batch_norm, test": (vectors, bn.batch_norm_backward, VECTORS, RUNNING | {"train": False}),
    "spatial_batch_norm": (maps, bn.spatial_batch_norm_backward, MAPS, RUNNING | {"train": True}),
    "spatial_batch_norm, test": (maps, bn.spatial_batch_norm_backward, MAPS, RUNNING | {"train": False}),
    "layer_norm": (norm.layer_norm_forward, norm.layer_norm_backward, [(3, 2, 4), (2, 4), (2, 4)], {}),
    "group_norm": (norm.group_norm_forward, norm.group_norm_backward, MAPS, {"groups": 2}),
    "instance_norm": (norm.instance_norm_forward, norm.instance_norm_backward, MAPS, {}),
    "dropout": (with_seed(do.dropout_forward), do.dropout_backward, [(3, 4)], {"p": 0.4}),
    "dropout, scaled at test time": (
        with_seed(do.dropout_forward),
        do.dropout_backward,
        [(3, 4)],
        {"p": 0.4, "scaling": "test"},
    ),
    "spatial_dropout": (with_seed(do.spatial_dropout_forward), do.spatial_dropout_backward, [(2, 3, 2, 2)], {"p": 0.4}),
}


@pytest.mark.parametrize("arrays", ["torch", "numpy"])
@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_passes_gradcheck(name, arrays):
    forward, backward, shapes, options = PAIRS[name]
    f = autograd_function(forward, backward, arrays=arrays)
    inputs = tuple(draw(*shape, seed=i).requires_grad_() for i, shape in enumerate(shapes))
    assert torch.autograd.gradcheck(lambda *tensors: f(*tensors, **options), inputs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("Dropout")])
def test_on_the_gpu(name):
    mine, theirs, shape = twins(name)
    x = draw(*shape)
    actual = [a.cpu() for a in step(mine.cuda(), x.cuda(), 0)]
    torch.testing.assert_close(actual, step(theirs, x, 0), **EXACT)
    assert_same_state(mine.cpu(), theirs)

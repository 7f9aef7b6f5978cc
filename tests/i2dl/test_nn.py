from itertools import pairwise

import numpy as np
import pytest
import torch

from i2dl import nn
from i2dl.models import MLP

EXACT = {"rtol": 0, "atol": 1e-10}


def draw(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


# ours, torch's, a shape of input
MODULES = {
    "Linear": (lambda m: m.Linear(5, 3), (4, 5)),
    "Linear without bias": (lambda m: m.Linear(5, 3, bias=False), (4, 5)),
    "Linear, many axes": (lambda m: m.Linear(5, 3), (2, 4, 5)),
    "Linear, one vector": (lambda m: m.Linear(5, 3), (5,)),
    "Linear, no samples": (lambda m: m.Linear(5, 3), (0, 5)),
    "Identity": (lambda m: m.Identity(7, unused=True), (4, 5)),
    "Sigmoid": (lambda m: m.Sigmoid(), (4, 5)),
    "Tanh": (lambda m: m.Tanh(), (4, 5)),
    "ReLU": (lambda m: m.ReLU(), (4, 5, 2)),
    "LeakyReLU": (lambda m: m.LeakyReLU(), (4, 5)),
    "LeakyReLU 0.3": (lambda m: m.LeakyReLU(0.3), (4, 5)),
    "PReLU": (lambda m: m.PReLU(), (4, 5)),
    "PReLU per channel": (lambda m: m.PReLU(5, init=0.1), (4, 5, 2, 3)),
    "ELU": (lambda m: m.ELU(), (4, 5)),
    "ELU 0.5": (lambda m: m.ELU(alpha=0.5), (4, 5)),
    "Softplus": (lambda m: m.Softplus(), (4, 5)),
    "Softplus 2": (lambda m: m.Softplus(beta=2.0), (4, 5)),
    "SiLU": (lambda m: m.SiLU(), (4, 5)),
    "Softmax": (lambda m: m.Softmax(dim=-1), (4, 5)),
    "Softmax 1": (lambda m: m.Softmax(dim=1), (4, 5, 3)),
    "Flatten": (lambda m: m.Flatten(), (4, 5, 3)),
}


def both(name):
    make, shape = MODULES[name]
    torch.manual_seed(1)
    ours = make(nn).double()
    torch.manual_seed(1)
    theirs = make(torch.nn).double()
    return ours, theirs, shape


@pytest.mark.parametrize("name", MODULES)
def test_outputs_and_gradients_are_torchs(name):
    ours, theirs, shape = both(name)
    theirs.load_state_dict(ours.state_dict())
    results = []
    for module in (ours, theirs):
        x = draw(*shape).requires_grad_()
        out = module(x)
        out.backward(draw(*out.shape, seed=2))
        results.append([out.detach(), x.grad, *(p.grad for p in module.parameters())])
    for mine, expected in zip(*results, strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)


@pytest.mark.parametrize("name", MODULES)
def test_parameters_start_and_move_as_torchs(name):
    ours, theirs, _ = both(name)
    mine, expected = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(expected)
    for key in mine:
        torch.testing.assert_close(mine[key], expected[key], rtol=1e-6, atol=0)
    ours.load_state_dict({key: value + 1 for key, value in expected.items()})
    theirs.load_state_dict(ours.state_dict())
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(value, expected[key], **EXACT)
    if not name.startswith("Softplus"):  # torch's has a threshold
        assert repr(ours) == repr(theirs)


def test_linear_takes_device_and_dtype():
    layer = nn.Linear(4, 2, device="cpu", dtype=torch.float64)
    assert layer.weight.dtype == layer.bias.dtype == torch.float64
    assert layer(draw(3, 4)).dtype == torch.float64
    assert nn.Linear(4, 2)(draw(3, 4).float()).dtype == torch.float32


@pytest.mark.parametrize("shape", [(3, 5), (4, 1), ()])
def test_linear_names_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"x must have shape \(\.\.\., 4\), got \("):
        nn.Linear(4, 2)(torch.ones(shape))


def test_swish_with_beta_is_x_times_sigmoid():
    x = draw(5)
    torch.testing.assert_close(nn.Swish(3.0)(x), x * torch.sigmoid(3 * x), **EXACT)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 3), (2, 4, 3, 5)])
@pytest.mark.parametrize("options", [{}, {"reduction": "sum"}, {"label_smoothing": 0.1}])
def test_cross_entropy_is_torchs(shape, options):
    y = torch.tensor(np.random.default_rng(3).integers(0, 4, size=(shape[0], *shape[2:])))
    results = []
    for module in (nn.CrossEntropyLoss(**options), torch.nn.CrossEntropyLoss(**options)):
        scores = draw(*shape).requires_grad_()
        loss = module(scores, y)
        (2 * loss).backward()
        results.append((loss.detach(), scores.grad))
    torch.testing.assert_close(results[0], results[1], **EXACT)


def test_cross_entropy_names_a_wrong_shape():
    with pytest.raises(ValueError, match=r"shape of scores \(6, 4\) without axis 1, got \(5,\)"):
        nn.CrossEntropyLoss()(draw(6, 4), torch.zeros(5, dtype=torch.int64))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_mse_is_torchs(reduction):
    results = []
    for module in (nn.MSELoss(reduction=reduction), torch.nn.MSELoss(reduction=reduction)):
        prediction = draw(6, 4).requires_grad_()
        loss = module(prediction, draw(6, 4, seed=1))
        loss.backward()
        results.append((loss.detach(), prediction.grad))
    torch.testing.assert_close(results[0], results[1], **EXACT)


def twin(sizes, ours, theirs):
    layers = [torch.nn.Flatten()]
    for inputs, outputs in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, outputs), theirs()]
    return MLP(sizes, ours).double(), torch.nn.Sequential(*layers[:-1]).double()


@pytest.mark.parametrize("sizes", [[64, 10], [64, 32, 10], [64, 20, 15, 10]])
@pytest.mark.parametrize("activation", ["ReLU", "Tanh", "PReLU"])
def test_mlp_is_an_equal_sequential(sizes, activation):
    model, expected = twin(sizes, getattr(nn, activation), getattr(torch.nn, activation))
    model.layers.load_state_dict(expected.state_dict())
    expected.load_state_dict(model.layers.state_dict())
    x, y = draw(7, 1, 8, 8), torch.arange(7)
    torch.testing.assert_close(model(x), expected(x), **EXACT)
    nn.CrossEntropyLoss()(model(x), y).backward()
    torch.nn.CrossEntropyLoss()(expected(x), y).backward()
    for mine, theirs in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, **EXACT)


def test_mlp_makes_a_new_activation_for_every_layer():
    model = MLP([4, 3, 3, 2], nn.PReLU)
    assert len({id(m) for m in model.modules() if isinstance(m, nn.PReLU)}) == 2


def test_mlp_needs_two_sizes():
    with pytest.raises(ValueError, match=r"input and the output length, got \[64\]"):
        MLP([64])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_mlp_on_the_gpu():
    model = MLP([64, 32, 10]).to("cuda", torch.float64)
    twin_on_cpu = MLP([64, 32, 10]).double()
    twin_on_cpu.load_state_dict(model.state_dict())
    x, y = draw(7, 1, 8, 8), torch.arange(7)
    nn.CrossEntropyLoss()(model(x.cuda()), y.cuda()).backward()
    nn.CrossEntropyLoss()(twin_on_cpu(x), y).backward()
    for mine, expected in zip(model.parameters(), twin_on_cpu.parameters(), strict=True):
        torch.testing.assert_close(mine.grad.cpu(), expected.grad, **EXACT)

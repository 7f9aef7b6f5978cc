import numpy as np
import pytest
import torch

from i2dl.nn.embedding import Embedding
from i2dl.nn.recurrent import LSTM, RNN

EXACT = {"rtol": 1e-10, "atol": 1e-10}
OURS = {"RNN": RNN, "LSTM": LSTM, "Embedding": Embedding}

MODULES = {
    "RNN": ("RNN", (5, 3), {}),
    "RNN, relu": ("RNN", (5, 3), {"nonlinearity": "relu"}),
    "RNN, batch first": ("RNN", (5, 3), {"batch_first": True}),
    "RNN without bias": ("RNN", (5, 3), {"bias": False}),
    "RNN, two layers": ("RNN", (5, 3, 2), {}),
    "RNN, one number": ("RNN", (1, 1), {}),
    "LSTM": ("LSTM", (5, 3), {}),
    "LSTM, batch first": ("LSTM", (5, 3), {"batch_first": True}),
    "LSTM without bias": ("LSTM", (5, 3), {"bias": False}),
    "LSTM, three layers": ("LSTM", (5, 3, 3), {"batch_first": True}),
    "LSTM, one number": ("LSTM", (1, 1), {}),
}


def both(name):
    kind, arguments, options = MODULES[name]
    modules = []
    for make in (OURS[kind], getattr(torch.nn, kind)):
        torch.manual_seed(1)
        modules.append(make(*arguments, **options).double())
    return modules


def draw(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


def flat(results):
    """Outputs and last states in one list."""
    return [a for r in results for a in (flat(r) if isinstance(r, tuple) else [r])]


def run(module, x, states):
    """Results, and gradients of the input, the first states and all parameters."""
    x, states = x.clone().requires_grad_(), [s.clone().requires_grad_() for s in states]
    hx = None if not states else states[0] if len(states) == 1 else tuple(states)
    results = flat(module(x) if hx is None else module(x, hx))
    upstream = [draw(*r.shape, seed=7 + i) for i, r in enumerate(results)]
    gradients = torch.autograd.grad(results, [x, *states, *module.parameters()], upstream)
    return [*(r.detach() for r in results), *gradients]


@pytest.mark.parametrize("with_states", [False, True])
@pytest.mark.parametrize("shape", [(4, 2), (1, 1), (6, 3), (4, None), (1, None)])
@pytest.mark.parametrize("name", MODULES)
def test_results_and_gradients_are_torchs(name, shape, with_states):
    ours, theirs = both(name)
    theirs.load_state_dict(ours.state_dict())
    steps, n = shape
    layers, kinds = ours.num_layers, 2 if isinstance(ours, LSTM) else 1
    axes = (steps,) if n is None else (n, steps) if ours.batch_first else (steps, n)
    state = (layers, ours.hidden_size) if n is None else (layers, n, ours.hidden_size)
    states = [draw(*state, seed=3 + kind) for kind in range(kinds)] if with_states else []
    x = draw(*axes, ours.input_size)
    for mine, expected in zip(run(ours, x, states), run(theirs, x, states), strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)


@pytest.mark.parametrize("name", MODULES)
def test_parameters_start_and_move_as_torchs(name):
    ours, theirs = both(name)
    mine, expected = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(expected)
    for key in mine:
        torch.testing.assert_close(mine[key], expected[key], rtol=1e-6, atol=0)
    ours.load_state_dict({key: value + 1 for key, value in expected.items()})
    theirs.load_state_dict(ours.state_dict())
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(value, expected[key], **EXACT)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("kind", [RNN, LSTM])
def test_it_takes_device_and_dtype(kind):
    layer = kind(4, 2, device="cpu", dtype=torch.float64)
    assert {p.dtype for p in layer.parameters()} == {torch.float64}
    assert layer(draw(3, 1, 4))[0].dtype == torch.float64
    out, _ = kind(4, 2)(draw(3, 1, 4).float())
    assert out.dtype == torch.float32


@pytest.mark.parametrize("kind", [RNN, LSTM])
def test_it_names_a_wrong_shape(kind):
    with pytest.raises(ValueError, match=r"x must have shape \(T, N, 4\) or \(T, 4\), got \(3, 2, 5\)"):
        kind(4, 2)(draw(3, 2, 5))
    with pytest.raises(ValueError, match=r"x must have shape \(N, T, 4\) or \(T, 4\), got \(4,\)"):
        kind(4, 2, batch_first=True)(draw(4))
    with pytest.raises(ValueError, match=r"x must hold at least one step, .* \(2, 0, 4\)"):
        kind(4, 2)(torch.zeros(0, 2, 4))
    with pytest.raises(ValueError, match="num_layers must be at least 1, got 0"):
        kind(4, 2, num_layers=0)
    with pytest.raises(ValueError, match='nonlinearity must be "tanh" or "relu", got \'sine\''):
        RNN(4, 2, nonlinearity="sine")


def test_it_names_a_wrong_state():
    with pytest.raises(ValueError, match=r"hx must have shape \(1, 3, 2\) for x of shape \(5, 3, 4\), got \(3, 2\)"):
        RNN(4, 2)(torch.zeros(5, 3, 4), torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"hx\[1\] must have shape \(1, 2\) for x of shape \(5, 4\), got \(1, 1, 2\)"):
        LSTM(4, 2)(torch.zeros(5, 4), (torch.zeros(1, 2), torch.zeros(1, 1, 2)))


def test_an_lstm_learns_what_it_saw_first():
    """Many to one: the sign of the first of 20 inputs, which the other 19, noise, do not tell."""
    torch.manual_seed(0)
    layer, head = LSTM(1, 8, batch_first=True), torch.nn.Linear(8, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    x = torch.randn(64, 20, 1)
    y = (x[:, 0] > 0).float()
    losses = []
    for _ in range(80):
        out, _ = layer(x)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(head(out[:, -1]), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.6
    assert losses[-1] < 0.2


EMBEDDINGS = {
    "Embedding": ((7, 3), {}),
    "Embedding with padding": ((7, 3, 2), {}),
    "Embedding with padding from the end": ((7, 3), {"padding_idx": -1}),
}


@pytest.mark.parametrize("shape", [(4, 5), (6,), (), (0, 3)])
@pytest.mark.parametrize("name", EMBEDDINGS)
def test_an_embedding_is_torchs(name, shape):
    arguments, options = EMBEDDINGS[name]
    words = torch.tensor(np.random.default_rng(0).integers(0, 7, size=shape))
    results = []
    for make in (Embedding, torch.nn.Embedding):
        torch.manual_seed(1)
        module = make(*arguments, **options).double()
        out = module(words)
        out.backward(draw(*out.shape))
        results.append(
            [repr(module).replace("Embedding", ""), module.weight.detach(), out.detach(), module.weight.grad]
        )
    assert results[0][0] == results[1][0]
    for mine, expected in zip(results[0][1:], results[1][1:], strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)
    torch.nn.Embedding(*arguments, **options).load_state_dict(Embedding(*arguments, **options).state_dict())


def test_an_embedding_names_what_is_wrong():
    with pytest.raises(ValueError, match="padding_idx must be one of 4 words, got 4"):
        Embedding(4, 2, padding_idx=4)
    with pytest.raises(ValueError, match=r"x of shape \(2,\) must hold words from 0 to 3, .* from 1 to 4"):
        Embedding(4, 2)(torch.tensor([1, 4]))
    with pytest.raises(TypeError, match="x must hold the integer numbers of words"):
        Embedding(4, 2)(torch.zeros(2))
    layer = Embedding(4, 2, device="cpu", dtype=torch.float64)
    assert layer(torch.tensor([1])).dtype == torch.float64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", MODULES)
def test_on_the_gpu(name):
    ours, theirs = both(name)
    x = draw(4, 3, ours.input_size)
    expected_results = run(theirs, x, [])
    for mine, expected in zip(run(ours.cuda(), x.cuda(), []), expected_results, strict=True):
        torch.testing.assert_close(mine.cpu(), expected, rtol=1e-8, atol=1e-8)

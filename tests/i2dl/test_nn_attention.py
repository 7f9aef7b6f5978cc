import numpy as np
import pytest
import torch

from i2dl.nn.attention import MultiheadAttention

EXACT = {"rtol": 1e-9, "atol": 1e-10}

MODULES = {
    "one head": ((6, 1), {}),
    "three heads": ((6, 3), {}),
    "batch first": ((6, 2), {"batch_first": True}),
    "without bias": ((6, 6), {"bias": False}),
    "one number": ((1, 1), {}),
}


def both(name):
    arguments, options = MODULES[name]
    modules = []
    for make in (MultiheadAttention, torch.nn.MultiheadAttention):
        torch.manual_seed(1)
        modules.append(make(*arguments, **options).double())
    # PyTorch's biases start at zero, which would hide whether they are used.
    for index, parameter in enumerate(modules[0].parameters()):
        if parameter.ndim == 1:
            parameter.data = draw(*parameter.shape, seed=50 + index)
    modules[1].load_state_dict(modules[0].state_dict())
    return modules


def draw(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


def texts(module, n, *lengths):
    """One text or batch of texts per length, in the module's layout."""
    axes = [(t,) if n is None else (n, t) if module.batch_first else (t, n) for t in lengths]
    return [draw(*a, module.embed_dim, seed=i) for i, a in enumerate(axes)]


def run(module, inputs, **options):
    """Output, weights, and gradients of the inputs and all parameters, through both results."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    results = [r for r in module(*inputs, **options) if r is not None]
    upstream = [draw(*r.shape, seed=7 + i) for i, r in enumerate(results)]
    gradients = torch.autograd.grad(results, [*inputs, *module.parameters()], upstream)
    return [*(r.detach() for r in results), *gradients]


def assert_equal(ours, theirs, inputs, **options):
    for mine, expected in zip(run(ours, inputs, **options), run(theirs, inputs, **options), strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)


RESULTS = {
    "weights": {},
    "no weights": {"need_weights": False},
    "weights of each head": {"average_attn_weights": False},
}


@pytest.mark.parametrize("n", [None, 1, 3])
@pytest.mark.parametrize("wanted", RESULTS)
@pytest.mark.parametrize("name", MODULES)
def test_results_and_gradients_are_torchs(name, wanted, n):
    ours, theirs = both(name)
    assert_equal(ours, theirs, texts(ours, n, 4, 5, 5), **RESULTS[wanted])


def test_self_attention_is_torchs():
    ours, theirs = both("three heads")
    (x,) = texts(ours, 2, 4)
    results = []
    for module in (ours, theirs):
        leaf = x.clone().requires_grad_()
        out, _ = module(leaf, leaf, leaf, need_weights=False)
        out.backward(draw(*out.shape))
        results.append([out.detach(), leaf.grad, *(p.grad for p in module.parameters())])
    for mine, expected in zip(*results, strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)


def masks(n, heads, queries, keys):
    rng = np.random.default_rng(5)
    padding = torch.arange(keys)[None, :] >= torch.tensor([keys, 2, 1][:n])[:, None]
    pairs = torch.tensor(rng.random((queries, keys)) < 0.4)
    each = torch.tensor(rng.random((n * heads, queries, keys)) < 0.4)
    for mask in (pairs, each):
        mask[..., 0] = False
    bias = torch.tensor(rng.normal(size=(queries, keys)))
    return {
        "padding": {"key_padding_mask": padding},
        "padding, floating": {"key_padding_mask": torch.zeros(padding.shape).double().masked_fill(padding, -torch.inf)},
        "pairs": {"attn_mask": pairs},
        "pairs, floating": {"attn_mask": bias},
        "pairs of each head": {"attn_mask": each},
        "both": {"key_padding_mask": padding, "attn_mask": pairs},
    }


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("name", masks(1, 1, 1, 1))
def test_masks_are_torchs(name, n, need_weights):
    ours, theirs = both("three heads")
    options = masks(n, 3, 4, 5)[name]
    assert_equal(ours, theirs, texts(ours, n, 4, 5, 5), need_weights=need_weights, **options)


def test_masks_of_a_single_text_are_torchs():
    ours, theirs = both("three heads")
    options = {
        "key_padding_mask": torch.tensor([False, False, True]),
        "attn_mask": torch.zeros(3, 4, 3, dtype=torch.bool),
    }
    assert_equal(ours, theirs, texts(ours, None, 4, 3, 3), **options)


def test_a_causal_mask_may_be_asked_for_or_given():
    ours, theirs = both("batch first")
    inputs = texts(ours, 2, 4, 4, 4)
    hidden = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=torch.float64)
    expected = run(theirs, inputs, attn_mask=hidden, is_causal=True, need_weights=False)
    for options in ({"is_causal": True}, {"attn_mask": hidden}, {"attn_mask": hidden.isinf(), "is_causal": True}):
        for mine, wanted in zip(run(ours, inputs, need_weights=False, **options), expected, strict=True):
            torch.testing.assert_close(mine, wanted, **EXACT)


def test_a_query_that_may_see_nothing_finds_the_bias_alone():
    ours, _ = both("three heads")
    inputs = texts(ours, 2, 4, 3, 3)
    hidden = torch.zeros(4, 3, dtype=torch.bool)
    hidden[1] = True
    for need_weights in (False, True):
        results = run(ours, inputs, attn_mask=hidden, need_weights=need_weights)
        assert all(torch.isfinite(r).all() for r in results)
        torch.testing.assert_close(results[0][1], ours.out_proj.bias.detach().expand(2, 6), **EXACT)


@pytest.mark.parametrize("name", MODULES)
def test_parameters_start_and_move_as_torchs(name):
    arguments, options = MODULES[name]
    states = []
    for make in (MultiheadAttention, torch.nn.MultiheadAttention):
        torch.manual_seed(3)
        states.append(make(*arguments, **options).state_dict())
    mine, expected = states
    assert list(mine) == list(expected)
    for key in mine:
        torch.testing.assert_close(mine[key], expected[key], rtol=1e-6, atol=0)
    ours, theirs = both(name)
    ours.load_state_dict(expected)
    theirs.load_state_dict(ours.state_dict())
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(value.float(), expected[key])


def test_dropout_is_torchs_and_leaves_evaluation_alone():
    results = []
    for make in (MultiheadAttention, torch.nn.MultiheadAttention):
        torch.manual_seed(1)
        module = make(6, 2, dropout=0.5).double()
        torch.manual_seed(2)
        inputs = texts(module, 3, 4, 5, 5)
        training = module(*inputs)
        module.eval()
        results.append((training[0].detach(), training[1].detach(), module(*inputs)[0].detach()))
    (out, weights, evaluated), expected = results
    torch.testing.assert_close((out, weights, evaluated), expected, **EXACT)
    assert not torch.allclose(out, evaluated)


def test_it_takes_device_and_dtype():
    layer = MultiheadAttention(4, 2, device="cpu", dtype=torch.float64)
    assert {p.dtype for p in layer.parameters()} == {torch.float64}
    x = draw(3, 4).float()
    out, weights = MultiheadAttention(4, 2)(x, x, x)
    assert out.dtype == weights.dtype == torch.float32


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((3, 2, 5), (3, 2, 4), (3, 2, 4)), {}, r"query must have shape \(T, N, 4\) or \(T, 4\), got \(3, 2, 5\)"),
        (((3, 2, 4), (3, 1, 4), (3, 1, 4)), {}, r"query, key and value must have the same batch, .*\(3, 1, 4\)"),
        (((3, 2, 4), (3, 2, 4), (4, 2, 4)), {}, r"key and value the same length, got .* and \(4, 2, 4\)"),
        (
            ((3, 2, 4), (5, 2, 4), (5, 2, 4)),
            {"attn_mask": torch.ones(5, 3, dtype=torch.bool)},
            r"attn_mask must have shape \(3, 5\) or \(4, 3, 5\), got \(5, 3\)",
        ),
        (
            ((3, 2, 4), (5, 2, 4), (5, 2, 4)),
            {"key_padding_mask": torch.ones(5, dtype=torch.bool)},
            r"key_padding_mask must have shape \(2, 5\), got \(5,\)",
        ),
    ],
)
def test_it_names_a_wrong_shape(shapes, options, message):
    with pytest.raises(ValueError, match=message):
        MultiheadAttention(4, 2)(*(torch.zeros(shape) for shape in shapes), **options)


def test_other_bad_input():
    with pytest.raises(ValueError, match="embed_dim must be a multiple of num_heads, got 4 and 3"):
        MultiheadAttention(4, 3)
    x = torch.zeros(3, 4)
    with pytest.raises(TypeError, match=r"attn_mask must be boolean or floating, got torch\.int64"):
        MultiheadAttention(4, 2)(x, x, x, attn_mask=torch.ones(3, 3, dtype=torch.int64))
    with pytest.raises(TypeError, match="gives option 'mask' no gradient"):
        MultiheadAttention(4, 2)(x, x, x, attn_mask=torch.zeros(3, 3, requires_grad=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("wanted", RESULTS)
def test_on_the_gpu(wanted):
    ours, theirs = both("three heads")
    inputs = texts(ours, 3, 4, 5, 5)
    expected = run(theirs, inputs, **RESULTS[wanted])
    for mine, wanted_ in zip(run(ours.cuda(), [x.cuda() for x in inputs], **RESULTS[wanted]), expected, strict=True):
        torch.testing.assert_close(mine.cpu(), wanted_, rtol=1e-8, atol=1e-8)

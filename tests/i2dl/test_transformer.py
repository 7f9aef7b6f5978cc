"""The encoder–decoder transformer against PyTorch's, module by module."""

import pytest
import torch

from i2dl import models

EXACT = {"rtol": 1e-10, "atol": 1e-12}
# PyTorch says that a fast path of its own is not taken.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")

OPTIONS = {
    "norm after": {},
    "norm first": {"norm_first": True},
    "batch first": {"batch_first": True},
    "batch and norm first": {"batch_first": True, "norm_first": True},
    "without bias": {"bias": False},
    "gelu": {"activation": "gelu", "norm_first": True},
    "tanh": {"activation": torch.tanh},
    "other epsilon": {"layer_norm_eps": 0.1},
}
every_option = pytest.mark.parametrize("name", OPTIONS)
SIZES = {"d_model": 6, "nhead": 3, "num_encoder_layers": 2, "num_decoder_layers": 3, "dim_feedforward": 7}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """On matrices as small as these, several threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def both(name, dropout=0.0, cls="Transformer", **sizes):
    """Ours and PyTorch's, in float64, with the same parameters; biases and norms drawn too, not left at 0 and 1."""
    sizes = sizes or SIZES
    ours, theirs = (getattr(m, cls)(**sizes, dropout=dropout, **OPTIONS[name]).double() for m in (models, torch.nn))
    for index, parameter in enumerate(ours.parameters()):
        torch.manual_seed(100 + index)
        parameter.data = torch.randn_like(parameter) * (0.4 if parameter.ndim > 1 else 1.0)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs


def draw(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def texts(name, n, *lengths):
    batch_first = OPTIONS[name].get("batch_first", False)
    axes = [(t,) if n is None else (n, t) if batch_first else (t, n) for t in lengths]
    return [draw(*a, 6, seed=i) for i, a in enumerate(axes)]


def run(module, inputs, **options):
    """The output, and the gradients of the inputs and of all parameters."""
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = module(*inputs, **options)
    gradients = torch.autograd.grad(out, [*inputs, *module.parameters()], draw(*out.shape, seed=9))
    return [out.detach(), *gradients]


def assert_equal(ours, theirs, inputs, our_options=None, **options):
    mine, expected = run(ours, inputs, **(our_options or options)), run(theirs, inputs, **options)
    names = ["output", *(f"input {i}" for i in range(len(inputs))), *(n for n, _ in ours.named_parameters())]
    for what, a, b in zip(names, mine, expected, strict=True):
        torch.testing.assert_close(a, b, **EXACT, msg=lambda text, what=what: f"{what}: {text}")


@pytest.mark.parametrize("n", [None, 1, 3])
@every_option
def test_outputs_and_all_gradients_are_torchs(name, n):
    ours, theirs = both(name)
    assert_equal(ours, theirs, texts(name, n, 5, 4))


@every_option
def test_the_layers_alone_are_torchs(name):
    ours, theirs = both(name, cls="TransformerEncoderLayer", d_model=6, nhead=2, dim_feedforward=5)
    assert_equal(ours, theirs, texts(name, 3, 5))
    ours, theirs = both(name, cls="TransformerDecoderLayer", d_model=6, nhead=2, dim_feedforward=5)
    assert_equal(ours, theirs, texts(name, 3, 4, 5))


def causal(length):
    return torch.nn.Transformer.generate_square_subsequent_mask(length, dtype=torch.float64)


def sparse(*shape):
    """A boolean mask under which every query sees at least the first key."""
    mask = torch.rand(*shape, generator=torch.Generator().manual_seed(3)) < 0.4
    mask[..., 0] = False
    return mask


def padded(n, length):
    return torch.arange(length) >= torch.tensor([length, 2, 1][:n])[:, None]


def masks(n, heads=3, s=5, t=4):
    return {
        "source": {"src_mask": sparse(s, s)},
        "source of each head": {"src_mask": sparse(n * heads, s, s)},
        "target": {"tgt_mask": sparse(t, t)},
        "target, floating": {"tgt_mask": draw(t, t)},
        "target of each head": {"tgt_mask": draw(n * heads, t, t)},
        "memory": {"memory_mask": sparse(t, s)},
        "padding of the source": {"src_key_padding_mask": padded(n, s)},
        "padding of the target": {"tgt_key_padding_mask": padded(n, t)},
        "padding of the memory": {"memory_key_padding_mask": padded(n, s)},
        "all of them": {
            "src_mask": sparse(s, s),
            "tgt_mask": causal(t).isinf(),
            "memory_mask": sparse(t, s),
            "src_key_padding_mask": padded(n, s),
            "tgt_key_padding_mask": padded(n, t),
            "memory_key_padding_mask": padded(n, s),
        },
    }


@pytest.mark.parametrize("name", ["batch first", "norm first"])
@pytest.mark.parametrize("mask", masks(1))
@pytest.mark.parametrize("n", [1, 3])
def test_masks_are_torchs(name, mask, n):
    ours, theirs = both(name)
    assert_equal(ours, theirs, texts(name, n, 5, 4), **masks(n)[mask])


def test_masks_of_a_single_text_are_torchs():
    ours, theirs = both("norm after")
    hidden = torch.tensor([False, False, False, True, True])
    options = {"src_key_padding_mask": hidden, "memory_key_padding_mask": hidden, "tgt_mask": causal(4).isinf()}
    assert_equal(ours, theirs, texts("norm after", None, 5, 4), **options)


@pytest.mark.parametrize("side", ["src", "tgt"])
def test_a_causal_mask_may_be_asked_for_or_given(side):
    ours, theirs = both("batch first")
    given = {f"{side}_mask": causal(4)}
    for asked in ({f"{side}_is_causal": True}, {**given, f"{side}_is_causal": True}, given):
        assert_equal(ours, theirs, texts("batch first", 2, 4, 4), our_options=asked, **given)
    assert_equal(
        ours, theirs, texts("batch first", 2, 4, 4), our_options={"memory_is_causal": True}, memory_mask=causal(4)
    )


@pytest.mark.parametrize("name", ["norm after", "norm first"])
def test_the_causal_mask_is_causal(name):
    """What place t puts out depends on the inputs up to t, on each of them, and on none after it."""
    ours, _ = both(name)
    src, tgt = texts(name, None, 5, 4)

    def dependence(**options):
        jacobian = torch.autograd.functional.jacobian(lambda tgt: ours(src, tgt, **options), tgt)
        return jacobian.abs().amax(dim=(1, 3)) > 0

    assert torch.equal(dependence(tgt_is_causal=True), torch.ones(4, 4).tril().bool())
    assert dependence().all()


@every_option
def test_it_starts_as_torchs_does(name):
    states = []
    for module in (models.Transformer, torch.nn.Transformer):
        torch.manual_seed(4)
        states.append(module(**SIZES, **OPTIONS[name]).state_dict())
    mine, expected = states
    assert list(mine) == list(expected)
    for key, value in mine.items():
        torch.testing.assert_close(value, expected[key], rtol=1e-6, atol=0)
    layers = [mine[f"encoder.layers.{i}.linear1.weight"] for i in range(2)]
    assert not torch.equal(*layers)


@every_option
def test_state_dicts_move_both_ways(name):
    ours, theirs = both(name)
    torch.nn.init.normal_(theirs.decoder.norm.weight)
    ours.load_state_dict(theirs.state_dict())
    assert_equal(ours, theirs, texts(name, 2, 3, 3))


@pytest.mark.parametrize("name", ["norm after", "norm first", "gelu"])
def test_dropout_is_torchs(name):
    """All of it: what sublayers add, hidden neurons, weights of the attention; and none in evaluation."""
    ours, theirs = both(name, dropout=0.3)
    src, tgt = texts(name, 3, 5, 4)
    results = []
    for module in (ours, theirs):
        torch.manual_seed(5)
        results.append([module(src, tgt), module.eval()(src, tgt)])
    torch.testing.assert_close(*results, **EXACT)
    trained, evaluated = results[0]
    assert not torch.allclose(trained, evaluated)
    without = models.Transformer(**SIZES, dropout=0.0, **OPTIONS[name]).double()
    without.load_state_dict(ours.state_dict())
    torch.testing.assert_close(without(src, tgt), evaluated, **EXACT)


def test_residual_dropout_leaves_the_stream_alone():
    """With everything dropped that sublayers add, a layer with the norm first is the identity, and so is its slope."""
    layer = models.TransformerEncoderLayer(6, 2, 5, dropout=1.0, norm_first=True).double()
    x = draw(4, 3, 6).requires_grad_()
    out = layer(x)
    out.backward(draw(4, 3, 6, seed=1))
    torch.testing.assert_close(out, x)
    torch.testing.assert_close(x.grad, draw(4, 3, 6, seed=1))


def test_a_stack_is_its_layers_and_its_norm():
    layer = models.TransformerDecoderLayer(6, 2, 5, dropout=0.0).double()
    norm = torch.nn.LayerNorm(6).double()
    tgt, memory = draw(4, 2, 6), draw(5, 2, 6, seed=1)
    once = layer(tgt, memory, tgt_is_causal=True)
    bare = models.TransformerDecoder(layer, 2)
    torch.testing.assert_close(bare(tgt, memory, tgt_is_causal=True), layer(once, memory, tgt_is_causal=True))
    topped = models.TransformerDecoder(layer, 2, norm)
    torch.testing.assert_close(topped(tgt, memory), norm(bare(tgt, memory)))
    assert len({id(p) for p in bare.parameters()}) == 2 * len(list(layer.parameters()))
    encoder = models.TransformerEncoder(models.TransformerEncoderLayer(6, 2, 5, dropout=0.0).double(), 3)
    x = tgt
    for layer in encoder.layers:
        x = layer(x)
    torch.testing.assert_close(encoder(tgt), x)


def test_a_text_of_padding_alone_is_finite():
    ours, _ = both("batch first")
    src, tgt = texts("batch first", 2, 5, 4)
    hidden = torch.tensor([[False] * 5, [True] * 5])
    results = run(ours, [src, tgt], src_key_padding_mask=hidden, memory_key_padding_mask=hidden)
    assert all(torch.isfinite(r).all() for r in results)


@every_option
def test_float32_is_off_by_its_rounding_alone(name):
    ours, _ = both(name)
    inputs = texts(name, 2, 5, 4)
    exact = run(ours, inputs)
    single = run(ours.float(), [x.float() for x in inputs])
    for mine, wanted in zip(single, exact, strict=True):
        assert mine.dtype == torch.float32
        torch.testing.assert_close(mine.double(), wanted, rtol=1e-4, atol=1e-4 * wanted.abs().max().item())


def test_it_takes_device_and_dtype():
    module = models.Transformer(**SIZES, device="meta", dtype=torch.float64)
    assert {(p.device.type, p.dtype) for p in module.parameters()} == {("meta", torch.float64)}


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((5, 2, 4), (4, 2, 6)), {}, r"src must have shape \(T, N, 6\), or both \(T, 6\), got \(5, 2, 4\)"),
        (((5, 2, 6), (4, 2, 5)), {}, r"tgt must have shape \(T, N, 6\), or both \(T, 6\), got \(4, 2, 5\)"),
        (((5, 2, 6), (4, 6)), {}, r"tgt must have shape \(T, N, 6\), or both \(T, 6\), got \(4, 6\)"),
        (((5, 2, 6), (4, 3, 6)), {}, r"must have the same batch, .*\(4, 3, 6\), \(5, 2, 6\)"),
        (
            ((5, 2, 6), (4, 2, 6)),
            {"tgt_mask": torch.ones(5, 5, dtype=torch.bool)},
            r"attn_mask must have shape \(4, 4\) or \(6, 4, 4\), got \(5, 5\)",
        ),
    ],
)
def test_wrong_shapes_are_named(shapes, options, message):
    with pytest.raises(ValueError, match=message):
        models.Transformer(**SIZES)(*map(torch.zeros, shapes), **options)


def test_other_bad_arguments_are_named():
    with pytest.raises(ValueError, match="activation must be one of 'relu', 'gelu' or a function, got 'swish'"):
        models.Transformer(**SIZES, activation="swish")
    with pytest.raises(ValueError, match="embed_dim must be a multiple of num_heads, got 6 and 4"):
        models.TransformerDecoderLayer(6, 4)
    with pytest.raises(ValueError, match=r"p must be a probability between 0 and 1, got 1\.5"):
        models.TransformerEncoderLayer(6, 3, dropout=1.5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@every_option
def test_on_the_gpu(name):
    ours, theirs = both(name)
    inputs = texts(name, 3, 5, 4)
    expected = run(theirs, inputs, tgt_mask=causal(4))
    mine = run(ours.cuda(), [x.cuda() for x in inputs], tgt_is_causal=True)
    for a, b in zip(mine, expected, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=1e-8, atol=1e-8)

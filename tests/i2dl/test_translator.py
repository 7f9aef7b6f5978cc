"""The transformer from words to words: against PyTorch's parts, its masks, its training, what it writes."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from i2dl.models import Translator
from i2dl.nn import CrossEntropyLoss
from i2dl.optim import Adam, TransformerLR, average_checkpoints

START, END, PADDING, VOCABULARY = 0, 1, 2, 12
SMALL = {"d_model": 8, "nhead": 2, "num_encoder_layers": 2, "num_decoder_layers": 2, "dim_feedforward": 10}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """On matrices as small as these, several threads mostly wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def make(*, dropout=0.0, **options):
    torch.manual_seed(0)
    return Translator(VOCABULARY, **SMALL, dropout=dropout, **options).double()


def words(n, *lengths, seed=0):
    """Texts without padding, of words that are neither start nor end."""
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(3, VOCABULARY, (n, t), generator=generator) for t in lengths]


def in_torch(model, src, tgt):
    """The paper's network, out of PyTorch's parts."""
    d = model.d_model
    core = torch.nn.Transformer(**SMALL, dropout=0.0, batch_first=True).double()
    core.load_state_dict(model.transformer.state_dict())
    table = model.embedding.weight.detach().clone().requires_grad_()

    def embed(text):
        at = torch.arange(text.shape[1], dtype=torch.float64)[:, None]
        rates = 10_000.0 ** (-torch.arange(0, d, 2, dtype=torch.float64) / d)
        positions = torch.stack([torch.sin(at * rates), torch.cos(at * rates)], dim=-1).flatten(1)
        return F.embedding(text, table) * d**0.5 + positions

    after = torch.ones(tgt.shape[1], tgt.shape[1]).triu(1).bool()
    found = core(
        embed(src),
        embed(tgt),
        tgt_mask=after,
        src_key_padding_mask=src == PADDING,
        tgt_key_padding_mask=tgt == PADDING,
        memory_key_padding_mask=src == PADDING,
    )
    return found @ table.T, [table, *core.parameters()]


def test_scores_and_gradients_are_those_of_torchs_parts():
    model = make(padding_idx=PADDING)
    src, tgt = words(3, 5, 4)
    src[1, 3:] = src[2, 1:] = tgt[2, 2:] = PADDING
    expected, leaves = in_torch(model, src, tgt)
    scores = model(src, tgt)
    upstream = torch.randn(scores.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(scores, expected, rtol=1e-10, atol=1e-12)
    mine = torch.autograd.grad(scores, list(model.parameters()), upstream)
    for gradient, wanted in zip(mine, torch.autograd.grad(expected, leaves, upstream), strict=True):
        torch.testing.assert_close(gradient, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("sizes", "millions"), [({}, 65), ({"d_model": 1024, "nhead": 16, "dim_feedforward": 4096}, 213)]
)
def test_as_many_parameters_as_in_the_paper(sizes, millions):
    """Vaswani and others, 2017, table 3: base and big model, with a vocabulary of about 37,000 words."""
    model = Translator(37_000, **sizes, device="meta")
    count = sum(p.numel() for p in model.parameters())
    assert count == pytest.approx(1e6 * millions, rel=0.04)


def test_one_table_serves_three_uses():
    model = make()
    for module in (model, copy.deepcopy(model), model.float()):
        assert module.output.weight is module.embedding.weight
    names = [name for name, _ in model.named_parameters()]
    assert "embedding.weight" in names
    assert "output.weight" not in names
    other = Translator(VOCABULARY, **SMALL)
    other.load_state_dict(model.state_dict())
    assert other.output.weight is other.embedding.weight
    src, tgt = words(2, 4, 3)
    torch.testing.assert_close(other.eval()(src, tgt), model(src, tgt))


def test_scores_and_vectors_start_with_a_variance_near_one():
    torch.manual_seed(0)
    model = Translator(500, 64, 4, 1, 1, 64, dropout=0.0)
    assert (model.embedding.weight * 8).var().item() == pytest.approx(1, rel=0.05)
    scores = model(*(torch.randint(0, 500, (4, 9)) for _ in range(2)))
    assert scores.var().item() == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("norm_first", [False, True])
def test_no_score_depends_on_a_later_word(norm_first):
    model = make(norm_first=norm_first)
    src, tgt = words(2, 5, 6)
    scores = model(src, tgt)
    for place in range(6):
        changed = tgt.clone()
        changed[:, place:] = (changed[:, place:] + 1) % VOCABULARY
        others = model(src, changed)
        torch.testing.assert_close(others[:, :place], scores[:, :place], rtol=1e-12, atol=1e-12)
        assert ((others[:, place:] - scores[:, place:]).abs().amax(dim=2) > 1e-6).all()
        read = src.clone()
        read[:, min(place, 4)] = START
        assert ((model(read, tgt) - scores).abs().amax(dim=2) > 1e-6).all()


def test_padding_changes_nothing():
    model = make(padding_idx=PADDING)
    src, tgt = words(1, 3, 4)
    alone = model(src, tgt)
    longer = [torch.cat([text, torch.full((1, 2), PADDING)], dim=1) for text in (src, tgt)]
    torch.testing.assert_close(model(*longer)[:, :4], alone, rtol=1e-12, atol=1e-12)
    without = make()
    assert not torch.allclose(without(*longer)[:, :4], alone)


def test_dropout_takes_part_in_training_alone():
    model = make(dropout=0.5)
    src, tgt = words(2, 4, 3)
    first, second = model(src, tgt), model(src, tgt)
    assert not torch.allclose(first, second)
    model.eval()
    torch.testing.assert_close(model(src, tgt), model(src, tgt))
    x, _ = make(dropout=1.0).train()._embed("src", src)
    assert not x.any(), "also the sums of vectors and positions are dropped"


def reversals(n, length):
    """Texts of different words and lengths, and their reversals: inputs with the start, targets with the end."""
    generator = torch.Generator().manual_seed(0)
    src = torch.stack([3 + torch.randperm(VOCABULARY - 3, generator=generator)[:length] for _ in range(n)])
    lengths = torch.randint(2, length + 1, (n,), generator=generator)
    src[torch.arange(length) >= lengths[:, None]] = PADDING
    given, wanted = torch.full((n, length + 1), PADDING), torch.full((n, length + 1), PADDING)
    for i, t in enumerate(lengths):
        given[i, : t + 1] = torch.cat([torch.tensor([START]), src[i, :t].flip(0)])
        wanted[i, : t + 1] = torch.cat([src[i, :t].flip(0), torch.tensor([END])])
    return src, given, wanted


@pytest.mark.slow
@pytest.mark.parametrize("norm_first", [False, True])
def test_it_learns_to_reverse_with_the_tricks_of_lecture_11(norm_first):
    """Adam with warm-up, label smoothing, averaged checkpoints; the loss falls to the entropy of the smoothed labels."""
    src, given, wanted = reversals(12, 5)
    counts = wanted != PADDING
    torch.manual_seed(1)
    model = Translator(VOCABULARY, 32, 4, 1, 1, 64, dropout=0.0, norm_first=norm_first, padding_idx=PADDING)
    loss_of = CrossEntropyLoss(label_smoothing=0.1)
    optimizer = Adam(model.parameters(), lr=1.0, betas=(0.9, 0.98), eps=1e-9)
    schedule = TransformerLR(optimizer, width=32, warmup=40)
    losses, checkpoints = [], []
    for step in range(1, 221):
        optimizer.zero_grad()
        loss = loss_of(model(src, given)[counts], wanted[counts])
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step > 200 and step % 5 == 0:
            checkpoints.append(copy.deepcopy(model.state_dict()))
    right, wrong = 0.9 + 0.1 / VOCABULARY, 0.1 / VOCABULARY
    entropy = -right * math.log(right) - (VOCABULARY - 1) * wrong * math.log(wrong)
    assert losses[0] > 2
    assert entropy < losses[-1] < entropy + 0.02

    model.load_state_dict(average_checkpoints(checkpoints))
    model.eval()
    with torch.no_grad():
        assert entropy < loss_of(model(src, given)[counts], wanted[counts]).item() < entropy + 0.02
    assert torch.equal(model.greedy(src, start=START, end=END, max_length=9), wanted[:, : counts.sum(1).max()])


def test_it_writes_the_word_it_scores_best_until_the_end():
    model = make(padding_idx=PADDING).eval()
    (src,) = words(20, 4)
    src[::3, 2:] = PADDING
    recorded = []
    handle = model.output.register_forward_hook(lambda module, inputs, out: recorded.append(out.requires_grad))
    written = model.greedy(src, start=START, end=END, max_length=6)
    handle.remove()
    assert recorded
    assert not any(recorded), "writing needs no graph"
    assert written.shape[0] == 20
    assert written.dtype == src.dtype
    lengths = []
    for i, text in enumerate(written):
        given = torch.cat([torch.tensor([START]), text])[None, :-1]
        best = model(src[i : i + 1], given)[0].argmax(1)
        ends = (text == END).nonzero()
        length = ends[0].item() + 1 if len(ends) else len(text)
        lengths.append(length)
        assert torch.equal(text[:length], best[:length])
        assert (text[length:] == PADDING).all()
        alone = model.greedy(src[i : i + 1], start=START, end=END, max_length=6)
        assert torch.equal(alone[0], text[: alone.shape[1]])
    assert written.shape[1] == max(lengths) <= 6


def biased_to(word):
    """A network that always writes the same word: the decoder's last norm gives out that word's vector."""
    model = make().eval()
    torch.nn.init.zeros_(model.transformer.decoder.norm.weight)
    with torch.no_grad():
        model.transformer.decoder.norm.bias.copy_(10 * model.embedding.weight[word])
    return model


def test_writing_stops_at_the_end_or_at_the_length():
    (src,) = words(3, 4)
    ended = biased_to(END).greedy(src, start=START, end=END, max_length=5)
    assert torch.equal(ended, torch.full((3, 1), END))
    endless = biased_to(7).greedy(src, start=START, end=END, max_length=5)
    assert torch.equal(endless, torch.full((3, 5), 7))


def test_without_a_word_for_padding_the_end_fills_up():
    model = make().eval()
    (src,) = words(40, 4)
    written = model.greedy(src, start=START, end=END, max_length=4)
    ended = (written == END).cumsum(1) > 0
    assert (written[ended] == END).all()
    assert ended.any(), "of forty texts none ended"
    assert not ended.all()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="padding_idx must be one of 12 words, got 12"):
        make(padding_idx=12)
    model = make()
    src, tgt = words(2, 4, 3)
    with pytest.raises(ValueError, match=r"src must have shape \(N, T\) with T at least 1, got \(4,\)"):
        model(src[0], tgt)
    with pytest.raises(ValueError, match=r"tgt must have shape \(N, T\) with T at least 1, got \(2, 0\)"):
        model(src, tgt[:, :0])
    with pytest.raises(ValueError, match=r"must have the same batch, .*\(1, 3, 8\), \(2, 4, 8\)"):
        model(src, tgt[:1])
    with pytest.raises(ValueError, match=r"must hold words from 0 to 11, but its numbers run from \d+ to \d+"):
        model(src, tgt + VOCABULARY)
    with pytest.raises(TypeError, match="x must hold"):
        model(src.double(), tgt)
    with pytest.raises(ValueError, match="max_length must be at least 1, got 0"):
        model.greedy(src, start=START, end=END, max_length=0)


def test_it_takes_device_and_dtype():
    model = Translator(VOCABULARY, **SMALL, dtype=torch.float64)
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    assert model(*words(2, 3, 4)).dtype == torch.float64


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_the_gpu():
    model = make(padding_idx=PADDING).eval()
    src, tgt = words(3, 5, 4)
    src[1, 3:] = PADDING
    expected, written = model(src, tgt), model.greedy(src, start=START, end=END, max_length=5)
    model = model.cuda()
    torch.testing.assert_close(model(src.cuda(), tgt.cuda()).cpu(), expected, rtol=1e-8, atol=1e-8)
    assert torch.equal(model.greedy(src.cuda(), start=START, end=END, max_length=5).cpu(), written)

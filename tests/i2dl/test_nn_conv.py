import copy

import numpy as np
import pytest
import torch

from i2dl.nn import conv, pooling

EXACT = {"rtol": 0, "atol": 1e-10}


class Ours:
    """Our modules under one name, as `torch.nn` has its own."""

    Conv1d, Conv2d, ConvTranspose2d = conv.Conv1d, conv.Conv2d, conv.ConvTranspose2d
    AvgPool2d, MaxPool2d, MaxUnpool2d = pooling.AvgPool2d, pooling.MaxPool2d, pooling.MaxUnpool2d
    Upsample = pooling.Upsample


def draw(*shape, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


# how to make one of a namespace, a shape of input
MODULES = {
    "Conv1d": (lambda m: m.Conv1d(3, 4, 3), (2, 3, 8)),
    "Conv1d, all options": (lambda m: m.Conv1d(4, 6, 3, 2, 1, 2, 2, False), (2, 4, 9)),
    "Conv1d, same": (lambda m: m.Conv1d(3, 4, 5, padding="same", dilation=3), (2, 3, 14)),
    "Conv1d, one sequence": (lambda m: m.Conv1d(3, 4, 3), (3, 8)),
    "Conv2d": (lambda m: m.Conv2d(3, 4, 3), (2, 3, 6, 7)),
    "Conv2d, all options": (lambda m: m.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, False), (2, 4, 6, 5)),
    "Conv2d, depthwise": (lambda m: m.Conv2d(4, 8, 3, padding=1, groups=4), (2, 4, 6, 5)),
    "Conv2d, 1 × 1": (lambda m: m.Conv2d(4, 2, 1), (2, 4, 6, 5)),
    "Conv2d, valid": (lambda m: m.Conv2d(3, 4, 4, stride=2, padding="valid"), (1, 3, 7, 7)),
    "Conv2d, same": (lambda m: m.Conv2d(3, 4, (3, 5), padding="same"), (2, 3, 6, 7)),
    "Conv2d, one image": (lambda m: m.Conv2d(3, 4, 3, stride=4), (3, 8, 7)),
    "Conv2d, no images": (lambda m: m.Conv2d(3, 4, 3), (0, 3, 8, 7)),
    "ConvTranspose2d": (lambda m: m.ConvTranspose2d(4, 2, 2, 2), (2, 4, 5, 3)),
    "ConvTranspose2d, all options": (
        lambda m: m.ConvTranspose2d(4, 6, (3, 2), (2, 3), (1, 0), (1, 2), 2, False, 2),
        (2, 4, 5, 3),
    ),
    "ConvTranspose2d, one image": (lambda m: m.ConvTranspose2d(4, 2, 3, 2, 1, 1), (4, 5, 3)),
    "MaxPool2d": (lambda m: m.MaxPool2d(2), (2, 3, 7, 6)),
    "MaxPool2d, all options": (lambda m: m.MaxPool2d((3, 2), 2, (1, 0), (2, 1), False, True), (2, 3, 8, 7)),
    "MaxPool2d, one image": (lambda m: m.MaxPool2d(3, 2, 1), (3, 8, 7)),
    "AvgPool2d": (lambda m: m.AvgPool2d(2), (2, 3, 7, 6)),
    "AvgPool2d, all options": (lambda m: m.AvgPool2d((3, 2), 2, (1, 0), True, False), (2, 3, 8, 7)),
    "AvgPool2d, one image": (lambda m: m.AvgPool2d(3, 2, 1), (3, 8, 7)),
    "Upsample, size": (lambda m: m.Upsample((7, 9)), (2, 3, 4, 5)),
    "Upsample, nearest": (lambda m: m.Upsample(scale_factor=2), (2, 3, 4, 5)),
    "Upsample, bilinear": (lambda m: m.Upsample(scale_factor=(2, 3), mode="bilinear"), (2, 3, 4, 5)),
    "Upsample, bicubic": (lambda m: m.Upsample(None, 1.5, "bicubic", False), (2, 3, 4, 5)),
}
PARAMETRIC = [name for name in MODULES if name.startswith("Conv")]


def both(name):
    make, shape = MODULES[name]
    torch.manual_seed(1)
    ours = make(Ours).double()
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
def test_a_module_is_printed_as_torchs(name):
    ours, theirs, _ = both(name)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("name", PARAMETRIC)
def test_parameters_start_and_move_as_torchs(name):
    """The same seed gives the same weights, and a state dict loads both ways."""
    ours, theirs, _ = both(name)
    mine, expected = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(expected)
    for key in mine:
        torch.testing.assert_close(mine[key], expected[key], rtol=1e-6, atol=0)
    ours.load_state_dict({key: value + 1 for key, value in copy.deepcopy(expected).items()})
    theirs.load_state_dict(ours.state_dict())
    for key, value in theirs.state_dict().items():
        torch.testing.assert_close(value, expected[key], **EXACT)
        assert (value > 0).all()


def test_device_and_dtype():
    for make in (lambda m: m.Conv2d(2, 3, 1, dtype=torch.float64), lambda m: m.ConvTranspose2d(2, 3, 1, device="meta")):
        ours, theirs = make(Ours), make(torch.nn)
        assert [(p.dtype, p.device) for p in ours.parameters()] == [(p.dtype, p.device) for p in theirs.parameters()]
    assert Ours.Conv2d(2, 3, 1)(draw(1, 2, 3, 3).float()).dtype == torch.float32


def test_attributes_are_torchs():
    """Programs that look into a layer, to count or to copy it, find what they look for."""
    names = "in_channels out_channels kernel_size stride padding dilation output_padding groups padding_mode transposed"
    for name in PARAMETRIC:
        ours, theirs, _ = both(name)
        for attribute in names.split():
            assert getattr(ours, attribute) == getattr(theirs, attribute), (name, attribute)


@pytest.mark.parametrize("shape", [(2, 3, 7, 6), (3, 7, 6)])
def test_indices_and_unpooling_are_torchs(shape):
    """SegNet's way: pool with indices, compute, unpool to the size that came in."""
    results = []
    for m in (Ours, torch.nn):
        x = draw(*shape).requires_grad_()
        pooled, indices = m.MaxPool2d(2, return_indices=True)(x)
        out = m.MaxUnpool2d(2)(pooled * 3, indices, output_size=x.shape[-2:])
        assert not indices.requires_grad
        out.backward(draw(*shape, seed=1))
        results.append((pooled.detach(), indices, out.detach(), x.grad))
    torch.testing.assert_close(*results, **EXACT)
    for arguments in ((2,), (2, 3, 1), ((3, 2), (3, 4), (1, 0))):
        assert repr(Ours.MaxUnpool2d(*arguments)) == repr(torch.nn.MaxUnpool2d(*arguments))


def test_unpooling_without_a_size():
    pooled, indices = torch.nn.MaxPool2d(3, return_indices=True)(draw(1, 2, 6, 9))
    torch.testing.assert_close(Ours.MaxUnpool2d(3)(pooled, indices), torch.nn.MaxUnpool2d(3)(pooled, indices))


def lenet(m):
    """LeNet's layers (lecture 10): 32 × 32 → 28 → 14 → 10 → 5 → 1."""
    return torch.nn.Sequential(
        m.Conv2d(1, 6, 5),
        torch.nn.Tanh(),
        m.AvgPool2d(2),
        m.Conv2d(6, 16, 5),
        torch.nn.Tanh(),
        m.MaxPool2d(2),
        m.Conv2d(16, 120, 5),
        torch.nn.Flatten(),
        torch.nn.Linear(120, 10),
    ).double()


def test_a_small_network_learns_as_torchs_does():
    ours, theirs = lenet(Ours), lenet(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    x, y = draw(4, 1, 32, 32), torch.arange(4)
    for model in (ours, theirs):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    for mine, expected in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, expected, **EXACT)


def test_a_module_can_be_copied_and_saved(tmp_path):
    layer = Ours.Conv2d(2, 3, 3, padding="same")
    x = draw(1, 2, 5, 5).float()
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    other = Ours.Conv2d(2, 3, 3, padding="same")
    other.load_state_dict(torch.load(tmp_path / "layer.pt"))
    for twin in (copy.deepcopy(layer), other):
        torch.testing.assert_close(twin(x), layer(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ours.Conv2d(3, 4, 3, groups=2), "groups must divide 3 input and 4 output channels, got 2"),
        (lambda: Ours.Conv2d(3, 4, 3, padding_mode="reflect"), "padding_mode must be 'zeros', got 'reflect'"),
        (lambda: Ours.Conv2d(3, 4, 3, padding="full"), "'valid', or 'same' with stride 1, got 'full'"),
        (lambda: Ours.Conv2d(3, 4, 3, 2, padding="same"), r"'same' with stride 1, got 'same', stride \(2, 2\)"),
        (lambda: Ours.Conv2d(3, 4, 4, padding="same"), "must be even, but it is 3 for 4 and 1"),
        (lambda: Ours.Upsample(scale_factor=2, mode="cubic"), "mode must be one of 'nearest', .*, got 'cubic'"),
        (lambda: Ours.Upsample(scale_factor=2, mode="bilinear", align_corners=True), "align_corners must be False"),
    ],
)
def test_options_that_do_not_exist(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("module", "shape", "message"),
    [
        (Ours.Conv2d(3, 4, 3), (2, 4, 5, 5), r"x must have shape \(N, 3, H, W\) or \(3, H, W\), got \(2, 4, 5, 5\)"),
        (Ours.Conv2d(3, 4, 3), (5, 5), r"x must have shape \(N, 3, H, W\) or \(3, H, W\), got \(5, 5\)"),
        (Ours.Conv1d(3, 4, 3), (2, 4, 5), r"x must have shape \(N, 3, L\) or \(3, L\), got \(2, 4, 5\)"),
        (Ours.ConvTranspose2d(3, 4, 3), (2, 3), r"x must have shape \(N, 3, H, W\) or \(3, H, W\), got \(2, 3\)"),
        (Ours.MaxPool2d(2), (4, 4), r"x must have shape \(N, C, H, W\), but its shape is \(4, 4\)"),
        (Ours.Upsample(scale_factor=2), (3, 4, 4), r"x must have shape \(N, C, H, W\), but its shape is \(3, 4, 4\)"),
        (Ours.Upsample(), (1, 3, 4, 4), "give either scale or size"),
    ],
)
def test_modules_name_a_wrong_shape(module, shape, message):
    with pytest.raises(ValueError, match=message):
        module(torch.ones(shape))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_on_the_gpu(dtype):
    """Off from float64 by rounding: 2⁻²⁴ or 2⁻⁹ of the largest number, a few times over."""
    model, exact = lenet(Ours), lenet(Ours)
    exact.load_state_dict(model.state_dict())
    model.to("cuda", dtype)
    x, y = draw(4, 1, 32, 32), torch.arange(4)
    torch.nn.functional.cross_entropy(exact(x), y).backward()
    torch.nn.functional.cross_entropy(model(x.to("cuda", dtype)), y.cuda()).backward()
    bound = {torch.float32: 1e-5, torch.bfloat16: 0.1}[dtype]
    for mine, expected in zip(model.parameters(), exact.parameters(), strict=True):
        error = (mine.grad.cpu().double() - expected.grad).abs().max()
        assert error <= bound * expected.grad.abs().max()

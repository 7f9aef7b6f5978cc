import doctest
import itertools

import numpy as np
import pytest
import torch

import i2dl.analysis
from i2dl.analysis import (
    conv_multiplications,
    conv_parameters,
    output_size,
    receptive_field,
    same_padding,
    transposed_output_size,
)


def test_examples_in_the_docstring():
    assert doctest.testmod(i2dl.analysis).failed == 0


# -------------------------------------------------------------------------------------------------------- output sizes


@pytest.mark.parametrize(
    ("n", "kernel_size", "options", "expected"),
    [
        pytest.param(7, 3, {"stride": 1}, 5, id="lecture 9"),
        pytest.param(7, 3, {"stride": 2}, 3, id="lecture 9"),
        pytest.param(7, 3, {"padding": 1}, 7, id="lecture 9, zero padding"),
        pytest.param(32, 5, {}, 28, id="lecture 9, 28 × 28 locations"),
        pytest.param(32, 5, {"padding": 2}, 32, id="lecture 9, ten filters on 32 × 32 × 3"),
        pytest.param(4, 2, {"stride": 2}, 2, id="lecture 9, pooling"),
        pytest.param(32, 6, {"stride": 2, "padding": 1}, 15, id="mock exam 2020, II.7"),
        pytest.param(26, 7, {"stride": 3, "padding": 1}, 8, id="exam Aug 2020, 4b"),
        pytest.param(28, 5, {"stride": 3, "padding": 2}, 10, id="exam Jul 2021, 2.6"),
        pytest.param(28, 28, {}, 1, id="exam Aug 2022, 4.5"),
    ],
)
def test_golden_sizes(n, kernel_size, options, expected):
    assert output_size(n, kernel_size, **options) == expected
    if n != 32 or "stride" not in options:
        assert output_size(n, kernel_size, **options, exact=True) == expected


def test_lecture_9_shrinks_quickly():
    """32 → 28 → 24 → 20 with 5 × 5 filters and no padding."""
    sizes = [32]
    for _ in range(3):
        sizes.append(output_size(sizes[-1], 5, exact=True))
    assert sizes == [32, 28, 24, 20]


def test_lecture_9_fractions_are_illegal():
    """7 × 7, F = 3, S = 3 gives 2⅓: it does not fit. In practice the remainder is cut off."""
    with pytest.raises(ValueError, match=r"for N = 7, P = 0, F = 3 and stride 3 it leaves 1"):
        output_size(7, 3, stride=3, exact=True)
    assert output_size(7, 3, stride=3) == 2


def test_exam_august_2022_4():
    """The triple (3, 1, 1) keeps the size; 28 → 28 → 14 → 14 → 7, and so k = 16 · 7 · 7."""
    size = 28
    for _ in range(2):
        size = output_size(size, 3, padding=same_padding(3))
        size = output_size(size, 2, stride=2, exact=True)
    assert 16 * size * size == 16 * 7 * 7


def test_exam_february_2022_4_2():
    """Three same convolutions, each with a pooling: x = 10 · 10 · 32 = 3200."""
    size = 80
    for _ in range(3):
        size = output_size(output_size(size, 3, padding=1), 2, stride=2)
    assert 32 * size * size == 3200


def test_exam_july_2021_3():
    """fc1 is 1600 × 640: its input 100 · 4 · 4 after two rounds of convolution (4, 2, 1) and pooling (2, 2) from 64."""
    size = 64
    for _ in range(2):
        size = output_size(output_size(size, 4, stride=2, padding=1, exact=True), 2, stride=2, exact=True)
    assert (100 * size * size, 40 * size * size) == (1600, 640)


GEOMETRIES = list(itertools.product(range(1, 9), range(1, 5), range(1, 4), range(3), range(1, 3)))


def test_output_sizes_are_torchs():
    for n, f, s, p, d in GEOMETRIES:
        options = {"stride": s, "padding": p, "dilation": d}
        layer = torch.nn.Conv1d(1, 1, f, **options)
        try:
            expected = layer(torch.zeros(1, 1, n)).shape[2]
        except RuntimeError:
            with pytest.raises(ValueError, match="a window must fit into the padded image"):
                output_size(n, f, **options)
        else:
            assert output_size(n, f, **options) == expected


def test_transposed_output_sizes_are_torchs():
    for n, f, s, p, d in GEOMETRIES:
        for more in range(max(s, d)):
            options = {"stride": s, "padding": p, "dilation": d, "output_padding": more}
            layer = torch.nn.ConvTranspose1d(1, 1, f, **options)
            try:
                expected = layer(torch.zeros(1, 1, n)).shape[2]
            except RuntimeError:
                with pytest.raises(ValueError, match="padding must leave at least one pixel"):
                    transposed_output_size(n, f, **options)
            else:
                assert transposed_output_size(n, f, **options) == expected


@pytest.mark.parametrize(
    ("kernel_size", "dilation", "expected"), [(1, 1, 0), (3, 1, 1), (5, 1, 2), (3, 2, 2), (4, 2, 3)]
)
def test_same_padding_keeps_the_size(kernel_size, dilation, expected):
    """Lecture 9: P = (F − 1)/2."""
    assert same_padding(kernel_size, dilation=dilation) == expected
    assert output_size(17, kernel_size, padding=expected, dilation=dilation) == 17


def test_an_even_window_has_no_same_padding():
    with pytest.raises(ValueError, match="must be even, but it is 3 for 4 and 1"):
        same_padding(4)


# ----------------------------------------------------------------------------------------------------- receptive fields


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param([(3, 1)], [3], id="lecture 9"),
        pytest.param([(3, 1), (3, 1)], [3, 5], id="lecture 9, 5 × 5 on the original input"),
        pytest.param([(3, 1), (3, 1), (3, 1)], [3, 5, 7], id="exam Aug 2020, 4d"),
        pytest.param([(1, 1)], [1], id="exam Aug 2020, 4e"),
        pytest.param([(224, 1)], [224], id="exam Aug 2020, 4e"),
        pytest.param([(5, 1), (2, 2)], [5, 6], id="exam Aug 2022, 4.7"),
        pytest.param([(4, 2), (2, 2)], [4, 6], id="exam Jul 2021, 3.2, maxpool1"),
        pytest.param([], [], id="no layer"),
    ],
)
def test_golden_receptive_fields(layers, expected):
    assert receptive_field(layers) == expected


def test_exam_july_2021_3_2_the_affine_layer_sees_the_whole_image():
    """64 × 64: fc1, written as a convolution with a window of 4, reaches over all of it and into the padding."""
    fields = receptive_field([(4, 2), (2, 2), (4, 2), (2, 2), (4, 1)])
    assert fields[1] == 6
    assert min(fields[-1], 64) == 64


@pytest.mark.parametrize("seed", range(20))
def test_receptive_fields_are_what_the_gradient_reaches(seed):
    """Convolutions of ones: the input pixels with a gradient are those that the output depends on."""
    rng = np.random.default_rng(seed)
    layers = [(int(rng.integers(1, 5)), int(rng.integers(1, 4))) for _ in range(rng.integers(1, 5))]
    x = torch.zeros(1, 1, 400, requires_grad=True)
    out = x
    for (kernel_size, stride), expected in zip(layers, receptive_field(layers), strict=True):
        out = torch.nn.functional.conv1d(out, torch.ones(1, 1, kernel_size), stride=stride)
        (gradient,) = torch.autograd.grad(out[0, 0, 1], x, retain_graph=True)
        seen = torch.nonzero(gradient[0, 0])
        # A stride larger than the window leaves holes; the field reaches from the first to the last pixel.
        assert int(seen[-1] - seen[0]) + 1 == expected


# ------------------------------------------------------------------------------------------ parameters, multiplications


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((3, 10, 5), 760, id="lecture 9"),
        pytest.param((3, 1, 5), 76, id="lecture 9, one filter"),
        pytest.param((32, 1, 1), 33, id="exam Aug 2022, 1.3"),
        pytest.param((3, 8, 3), 224, id="exam Feb 2022, 4.4"),
        pytest.param((3, 5, 4), 245, id="exam Jul 2021, 2.7"),
        pytest.param((32, 4, 10), 4 * (3200 + 1), id="exam Feb 2022, 4.1, the affine layer as a convolution"),
    ],
)
def test_golden_parameters(arguments, expected):
    assert conv_parameters(*arguments) == expected


@pytest.mark.parametrize(("c", "f", "groups"), [(3, 10, 1), (4, 6, 2), (5, 5, 5)])
@pytest.mark.parametrize("kernel_size", [1, (3, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_parameters_are_torchs(c, f, groups, kernel_size, bias):
    layer = torch.nn.Conv2d(c, f, kernel_size, groups=groups, bias=bias)
    expected = sum(parameter.numel() for parameter in layer.parameters())
    assert conv_parameters(c, f, kernel_size, groups=groups, bias=bias) == expected


def test_exam_february_2022_1_3():
    """A larger image needs no more parameters: the count does not ask for its size, only for that of the output."""
    assert conv_multiplications(3, 8, 3, 64) == 4 * conv_multiplications(3, 8, 3, 32)


def test_lecture_10_depthwise_separable_convolution():
    """256 filters of 5 × 5 × 3 at 8 × 8 places: 1,228,800; depthwise 4,800 and 1 × 1 49,152."""
    assert conv_multiplications(3, 256, 5, 8) == 1_228_800
    assert conv_multiplications(3, 3, 5, 8, groups=3) == 4_800
    assert conv_multiplications(3, 256, 1, 8) == 49_152


def test_lecture_10_inception():
    """5 × 5 on 200 channels of 32 × 32 to 92: about 470 million; through 16 channels about 40 million, a tenth."""
    direct = conv_multiplications(200, 92, 5, 32)
    reduced = conv_multiplications(200, 16, 1, 32) + conv_multiplications(16, 92, 5, 32)
    assert direct == 471_040_000
    assert reduced == 40_960_000


def test_multiplications_are_those_of_the_loops():
    c, f, groups, kernel, output = 4, 6, 2, (3, 2), (5, 7)
    count = sum(1 for _ in np.ndindex(f, *output, c // groups, *kernel))
    assert conv_multiplications(c, f, kernel, output, groups=groups) == count


# -------------------------------------------------------------------------------------------------------- bad arguments


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: output_size(0, 3), "n must be at least 1, but it is 0"),
        (lambda: output_size(7, 0), "kernel_size must be at least 1, but it is 0"),
        (lambda: output_size(7, 3, stride=0), "stride must be at least 1, but it is 0"),
        (lambda: output_size(7, 3, padding=-1), "padding must be at least 0, but it is -1"),
        (lambda: output_size(7, 3, dilation=0), "dilation must be at least 1, but it is 0"),
        (lambda: output_size(2, 5, padding=1), "reach over 5 pixels, and the image has 2 with padding 1"),
        (lambda: transposed_output_size(1, 2, padding=1), "with padding 1 its size is 0"),
        (lambda: transposed_output_size(1, 2, output_padding=-1), "output_padding must be at least 0, but it is -1"),
        (lambda: same_padding(0), "kernel_size must be at least 1, but it is 0"),
        (lambda: receptive_field([(3, 0)]), r"must be at least 1, but it is \(3, 0\)"),
        (lambda: conv_parameters(0, 4, 3), "in_channels must be at least 1, but it is 0"),
        (lambda: conv_parameters(3, 4, 0), "kernel_size must be at least 1, but it is 0"),
        (lambda: conv_parameters(3, 4, 3, groups=3), "groups must divide 3 input and 4 output channels, but it is 3"),
        (lambda: conv_multiplications(3, 4, 3, 0), "output must be at least 1, but it is 0"),
    ],
)
def test_arguments_that_do_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: output_size(7.0, 3), "n must be an int, but it is 7.0"),
        (lambda: output_size(7, 3, stride=True), "stride must be an int, but it is True"),
        (lambda: receptive_field([3, 3]), r"a layer must be a pair of ints, \(kernel_size, stride\), but it is 3"),
        (lambda: receptive_field([(3, 1), (1, 2, 3)]), r"must be an int or a pair of ints, but it is \(1, 2, 3\)"),
        (lambda: conv_parameters(3, 4, 3, groups=1.0), "groups must be an int, but it is 1.0"),
        (lambda: conv_parameters(3, 4, "3"), "kernel_size must be an int or a pair of ints, but it is '3'"),
    ],
)
def test_arguments_of_the_wrong_type(call, message):
    with pytest.raises(TypeError, match=message):
        call()

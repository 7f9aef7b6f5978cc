"""Sizes, receptive fields and costs of convolutional layers, on paper.

Before a network is built, four questions can be answered with a pencil: how large are the outputs of a layer, how much
of the image does one of them see, how many parameters does the layer have, and how many multiplications does it take?
The functions here are the lecture's formulas for one axis or one layer; pooling layers are windows too, and have
sizes and receptive fields as convolutions have. Nothing is computed with arrays.

>>> output_size(32, 5, padding=2)  # ten 5 × 5 filters on 32 × 32 × 3 ...
32
>>> conv_parameters(3, 10, 5)  # ... have 10 · (75 + 1) parameters
760
>>> receptive_field([(3, 1), (3, 1), (3, 1)])
[3, 5, 7]

Source: I2DL lectures 9 and 10; student summary, IX.3 and IX.5.
"""

from collections.abc import Iterable

from i2dl.functional._windows import IntOrPair, as_pair, count_windows, reach

__all__ = [
    "conv_multiplications",
    "conv_parameters",
    "output_size",
    "receptive_field",
    "same_padding",
    "transposed_output_size",
]


def output_size(
    n: int, kernel_size: int, *, stride: int = 1, padding: int = 0, dilation: int = 1, exact: bool = False
) -> int:
    """⌊(N + 2P − D·(F − 1) − 1)/S⌋ + 1; without dilation ⌊(N + 2P − F)/S⌋ + 1.

    Parameters
    ----------
    n : int
        N, height or width of the input in pixels.
    kernel_size, stride, padding, dilation : int
        F, S, P and D of the convolution or pooling.
    exact : bool
        Whether a remainder is refused, as in the lecture ("fractions are illegal"), and not cut off, as in practice.

    Returns
    -------
    size : int
        Height or width of the output.

    Raises
    ------
    TypeError
        If an argument is not an int.
    ValueError
        If an argument is too small, the window larger than the padded input, or ``exact`` and a remainder left: a
        7 × 7 image, F = 3 and S = 3 give 2⅓.

    References
    ----------
    I2DL lecture 9; student summary, IX.3.
    """
    _check_ints(1, n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    _check_ints(0, padding=padding)
    size = count_windows(n, kernel_size, stride=stride, padding=padding, dilation=dilation)
    remainder = (n + 2 * padding - reach(kernel_size, dilation)) % stride
    if exact and remainder:
        msg = (
            f"stride must divide N + 2P - F without remainder, but for N = {n}, P = {padding}, F = {kernel_size} "
            f"and stride {stride} it leaves {remainder}"
        )
        raise ValueError(msg)
    return size


def transposed_output_size(
    n: int, kernel_size: int, *, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """(N − 1)·S − 2P + D·(F − 1) + 1 + output padding: `output_size` solved for its N.

    Parameters
    ----------
    n : int
        N, height or width of the input in pixels.
    kernel_size, stride, padding, output_padding, dilation : int
        F, S, P, the output padding and D of the transposed convolution.

    Returns
    -------
    size : int
        Height or width of the output.

    Raises
    ------
    TypeError
        If an argument is not an int.
    ValueError
        If an argument is too small, or the padding leaves nothing.

    References
    ----------
    I2DL lecture 10; Dumoulin, Visin, *A guide to convolution arithmetic for deep learning*, 2016, section 4.
    """
    _check_ints(1, n=n, kernel_size=kernel_size, stride=stride, dilation=dilation)
    _check_ints(0, padding=padding, output_padding=output_padding)
    size = (n - 1) * stride - 2 * padding + reach(kernel_size, dilation) + output_padding
    if size < 1:
        msg = f"padding must leave at least one pixel of the output, but with padding {padding} its size is {size}"
        raise ValueError(msg)
    return size


def same_padding(kernel_size: int, *, dilation: int = 1) -> int:
    """P = D·(F − 1)/2, with which a convolution of stride 1 keeps the size of its input ("same convolution").

    Parameters
    ----------
    kernel_size, dilation : int
        F and D.

    Returns
    -------
    padding : int
        P, in pixels on each side.

    Raises
    ------
    TypeError
        If an argument is not an int.
    ValueError
        If an argument is less than 1, or D·(F − 1) is odd: then no equal padding on both sides will do.

    References
    ----------
    I2DL lecture 9; exam Aug 2022, 4.1.
    """
    _check_ints(1, kernel_size=kernel_size, dilation=dilation)
    total = dilation * (kernel_size - 1)
    if total % 2:
        msg = f"kernel_size - 1 times dilation must be even, but it is {total} for {kernel_size} and {dilation}"
        raise ValueError(msg)
    return total // 2


def receptive_field(layers: Iterable[tuple[int, int]]) -> list[int]:
    """r₁ = f₁ and r_k = r_{k−1} + (s₁ · … · s_{k−1})·(f_k − 1): how many pixels of the image one output depends on.

    Neighbouring outputs of layer k − 1 look at the image s₁ · … · s_{k−1} pixels apart. A window of f_k of them reaches
    f_k − 1 such steps further than one of them does. An affine layer sees everything, as does a window as large as its
    input; beyond the size of the image it is padding that is seen.

    Parameters
    ----------
    layers : iterable of (int, int)
        (f, s), window and stride, for every convolution and pooling, starting at the image. An elementwise layer is
        (1, 1) or left out.

    Returns
    -------
    fields : list of int
        r₁, r₂, …, in pixels along one axis.

    Raises
    ------
    TypeError
        If an entry is no pair of ints.
    ValueError
        If a window or a stride is less than 1.

    References
    ----------
    I2DL lecture 9; student summary, IX.5; exam Aug 2022, 4.7 (where "r₁ = 3" should read 5).
    """
    fields: list[int] = []
    field, step = 1, 1
    for layer in layers:
        if isinstance(layer, int):
            msg = f"a layer must be a pair of ints, (kernel_size, stride), but it is {layer!r}"
            raise TypeError(msg)
        kernel, stride = as_pair("(kernel_size, stride)", layer, at_least=1)
        field += step * (kernel - 1)
        step *= stride
        fields.append(field)
    return fields


def conv_parameters(
    in_channels: int, out_channels: int, kernel_size: IntOrPair, *, groups: int = 1, bias: bool = True
) -> int:
    """F · (HH · WW · C/G + 1): what a convolutional layer has to learn, whatever the size of the image.

    An affine layer from C maps of H × W to M numbers is the case F = M, HH = H, WW = W. The student summary's formula
    leaves out the biases.

    Parameters
    ----------
    in_channels : int
        C.
    out_channels : int
        F, the number of filters.
    kernel_size : int or pair of int
        HH and WW.
    groups : int
        G.
    bias : bool
        Whether every filter has a bias.

    Returns
    -------
    parameters : int
        How many there are.

    Raises
    ------
    TypeError
        If an argument is not made of ints.
    ValueError
        If an argument is less than 1, or the groups do not divide both numbers of channels.

    References
    ----------
    I2DL lecture 9; exams Aug 2022, 1.3, Feb 2022, 4.4 and Jul 2021, 2.7.
    """
    height, width = as_pair("kernel_size", kernel_size, at_least=1)
    return out_channels * (height * width * _channels_seen(in_channels, out_channels, groups) + bool(bias))


def conv_multiplications(
    in_channels: int, out_channels: int, kernel_size: IntOrPair, output: IntOrPair, *, groups: int = 1
) -> int:
    """OH · OW · F · HH · WW · C/G: one multiplication for every weight at every place, for one image.

    Parameters
    ----------
    in_channels : int
        C.
    out_channels : int
        F, the number of filters.
    kernel_size : int or pair of int
        HH and WW.
    output : int or pair of int
        OH and OW, the size of the output.
    groups : int
        G.

    Returns
    -------
    multiplications : int
        How many a forward pass takes.

    Raises
    ------
    TypeError
        If an argument is not made of ints.
    ValueError
        If an argument is less than 1, or the groups do not divide both numbers of channels.

    References
    ----------
    I2DL lecture 10 (inception layer; depthwise separable convolution).
    """
    rows, columns = as_pair("output", output, at_least=1)
    weights = conv_parameters(in_channels, out_channels, kernel_size, groups=groups, bias=False)
    return rows * columns * weights


def _channels_seen(in_channels: int, out_channels: int, groups: int) -> int:
    """C/G, how many channels one filter sees."""
    _check_ints(1, in_channels=in_channels, out_channels=out_channels, groups=groups)
    if in_channels % groups or out_channels % groups:
        msg = f"groups must divide {in_channels} input and {out_channels} output channels, but it is {groups}"
        raise ValueError(msg)
    return in_channels // groups


def _check_ints(at_least: int, **arguments: int) -> None:
    """Raise unless every argument, passed by its name, is an int and not too small."""
    for name, value in arguments.items():
        if not isinstance(value, int) or isinstance(value, bool):
            msg = f"{name} must be an int, but it is {value!r}"
            raise TypeError(msg)
        if value < at_least:
            msg = f"{name} must be at least {at_least}, but it is {value}"
            raise ValueError(msg)

"""ConvLSTM: an LSTM whose states are images.

For a video, where every input is an image, an LSTM over flattened pixels would need a weight for each pair of pixels
and would not know which are neighbours. But nothing in an LSTM demands vectors. Its cell works entry by entry; only
the scores of the gates are made by affine layers, and these can be convolutions as well:

    a = x_t ∗ Wx + h_{t−1} ∗ Wh + b,    then the cell of ``lstm.py``, at every pixel.

A sum of two convolutions with filters of one size is a single convolution: stack the channels of x_t on those of
h_{t−1}, and those of the filters likewise. The filters have an odd size, and the images are padded with half of it, so
that the state keeps its height and width.

(The paper also lets the gates see the cell directly, through "peepholes". The lecture's LSTM has none, nor has this.)

Source: Shi and others, *Convolutional LSTM network*, 2015; I2DL student summary XI.3 ("General LSTM units").
"""

from typing import Any

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.functional.conv import conv2d_backward, conv2d_forward
from i2dl.functional.lstm import lstm_cell_backward, lstm_cell_forward

__all__ = ["conv_lstm_step_backward", "conv_lstm_step_forward"]


def conv_lstm_step_forward(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array
) -> tuple[Array, Array, Any]:
    """a = x_t ∗ Wx + h_{t−1} ∗ Wh + b, and c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t) at every pixel.

    Parameters
    ----------
    x : array, shape (N, C, H, W)
        The images of this step.
    prev_h : array, shape (N, F, H, W)
        The hidden states after the step before: F maps, as high and wide as the images.
    prev_c : array, shape (N, F, H, W)
        The cell states after the step before.
    Wx : array, shape (4F, C, HH, WW)
        Filters from the image to the scores of i, f, o, g; HH and WW odd.
    Wh : array, shape (4F, F, HH, WW)
        Filters from the hidden state to the scores.
    b : array, shape (4F,)
        Biases.

    Returns
    -------
    next_h : array, shape (N, F, H, W)
        The hidden states h_t.
    next_c : array, shape (N, F, H, W)
        The cell states c_t.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, or the filters have an even size.

    References
    ----------
    Shi and others, 2015, equation (3); I2DL student summary XI.3 ("gates have CNN instead of FC layers").
    """
    xp = array_namespace(x, prev_h, prev_c, Wx, Wh, b)
    check_floating(x=x, prev_h=prev_h, prev_c=prev_c, Wx=Wx, Wh=Wh, b=b)
    check_shape("x", x, ("N", "C", "H", "W"))
    n, channels, height, width = x.shape
    check_shape("Wh", Wh, ("4F", "F", "HH", "WW"))
    maps, kernel = Wh.shape[1], tuple(Wh.shape[2:])
    check_shape("Wh", Wh, (4 * maps, maps, *kernel))
    check_shape("Wx", Wx, (4 * maps, channels, *kernel))
    check_shape("b", b, (4 * maps,))
    check_shape("prev_h", prev_h, (n, maps, height, width))
    check_shape("prev_c", prev_c, (n, maps, height, width))
    if kernel[0] % 2 == 0 or kernel[1] % 2 == 0:
        msg = f"Wh must have an odd height and width, to keep the size of the state, but its shape is {tuple(Wh.shape)}"
        raise ValueError(msg)
    both, filters = xp.concat([x, prev_h], axis=1), xp.concat([Wx, Wh], axis=1)
    a, convolution = conv2d_forward(both, filters, b, stride=1, padding=(kernel[0] // 2, kernel[1] // 2))
    next_h, next_c, cell = lstm_cell_forward(a, prev_c)
    return next_h, next_c, (convolution, cell, channels)


def conv_lstm_step_backward(
    dnext_h: Array, dnext_c: Array, cache: Any
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Through the cell to the scores, through the convolution to the stack, and the stack taken apart again.

    Parameters
    ----------
    dnext_h : array, shape (N, F, H, W)
        Upstream gradient ∂L/∂h_t.
    dnext_c : array, shape (N, F, H, W)
        Upstream gradient ∂L/∂c_t, on the way that does not lead through h_t.
    cache : tuple
        From `conv_lstm_step_forward`.

    Returns
    -------
    dx : array, shape (N, C, H, W)
        Gradient with respect to ``x``.
    dprev_h : array, shape (N, F, H, W)
        Gradient with respect to ``prev_h``.
    dprev_c : array, shape (N, F, H, W)
        Gradient with respect to ``prev_c``.
    dWx : array, shape (4F, C, HH, WW)
        Gradient with respect to ``Wx``.
    dWh : array, shape (4F, F, HH, WW)
        Gradient with respect to ``Wh``.
    db : array, shape (4F,)
        Gradient with respect to ``b``.

    Raises
    ------
    TypeError
        If an upstream gradient is not real floating.
    ValueError
        If an upstream gradient does not have the shape of its output.

    References
    ----------
    Derived by hand from its parts, ``conv.py`` and ``lstm.py``; Shi and others, 2015.
    """
    convolution, cell, channels = cache
    da, dprev_c = lstm_cell_backward(dnext_h, dnext_c, cell)
    dboth, dfilters, db = conv2d_backward(da, convolution)
    dx, dprev_h = dboth[:, :channels, ...], dboth[:, channels:, ...]
    dWx, dWh = dfilters[:, :channels, ...], dfilters[:, channels:, ...]
    return dx, dprev_h, dprev_c, dWx, dWh, db

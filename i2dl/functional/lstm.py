"""Long short-term memory: a recurrent network with a highway for the gradient.

A vanilla network rewrites its whole state at every step, and its gradient is multiplied by Whᵀ and by a slope of tanh
each time. An LSTM keeps a second state, the cell c, which is only ever scaled and added to:

    c_t = f ⊙ c_{t−1} + i ⊙ g        h_t = o ⊙ tanh(c_t).

Four vectors of length H steer it, all computed from x_t and h_{t−1}:

    i = σ(a_i)    the input gate: how much of the new content to write
    f = σ(a_f)    the forget gate: how much of the old content to keep
    o = σ(a_o)    the output gate: how much of the content to show
    g = tanh(a_g) the new content itself

A gate is a sigmoid, since it must lie between 0 (closed) and 1 (open). (The student summary prints a tanh for the
output gate; a gate of −1 would turn what it should let through upside down.) The new content may have either sign,
hence tanh.

**The highway.** ∂c_t/∂c_{t−1} = diag(f): no weight matrix and no squashing. Where the forget gate stays near 1, the
gradient of the cell arrives many steps earlier as it set out. This is the "matrix with eigenvalues 1" of lecture 11,
except that the network learns when to leave it.

**Backwards.** c_t is used by h_t and by the next step, so its gradient is a sum:

    dc = dc_next + dh ⊙ o ⊙ (1 − tanh²c_t)
    da_i = dc ⊙ g ⊙ i(1 − i)             da_f = dc ⊙ c_{t−1} ⊙ f(1 − f)
    da_o = dh ⊙ tanh(c_t) ⊙ o(1 − o)     da_g = dc ⊙ i ⊙ (1 − g²)
    dc_{t−1} = dc ⊙ f

The four scores stand side by side in one matrix a = x · Wx + h_{t−1} · Wh + b of shape (N, 4H), in the order i, f, o, g
(PyTorch's is i, f, g, o): one product instead of four, and the three gates share one sigmoid.

(The lecture's code adds to the caller's own ``dnext_c`` in place. Here no argument is changed.)

Source: Hochreiter, Schmidhuber, *Long short-term memory*, 1997; I2DL lecture 11.
"""

from typing import Any, TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.functional._recurrent import (
    check_gradients,
    check_recurrent,
    input_scores_backward,
    input_scores_forward,
    state_weight_gradient,
    swap_time_and_batch,
)
from i2dl.functional.activations import sigmoid_backward, tanh_backward, tanh_forward

__all__ = [
    "lstm_backward",
    "lstm_cell_backward",
    "lstm_cell_forward",
    "lstm_forward",
    "lstm_step_backward",
    "lstm_step_forward",
]

CellCache: TypeAlias = tuple[Array, Array, Array, Array]


def lstm_cell_forward(a: Array, prev_c: Array) -> tuple[Array, Array, CellCache]:
    """c_t = f ⊙ c_{t−1} + i ⊙ g and h_t = o ⊙ tanh(c_t): what the unit does once its scores are known.

    Where the scores come from does not matter here, an affine layer or a convolution (see ``conv_lstm.py``).

    Parameters
    ----------
    a : array, shape (N, 4H, ...)
        Scores of i, f, o and g, in this order along axis 1.
    prev_c : array, shape (N, H, ...)
        The cell states c_{t−1}.

    Returns
    -------
    next_h : array, shape (N, H, ...)
        The hidden states h_t, in (−1, 1).
    next_c : array, shape (N, H, ...)
        The cell states c_t; no bound holds them.
    cache : tuple
        The gates (i, f, o) in one array, g, prev_c and tanh(next_c).

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    I2DL lecture 11 ("LSTM: step by step").
    """
    xp = array_namespace(a, prev_c)
    check_floating(a=a, prev_c=prev_c)
    if prev_c.ndim < 2:
        msg = f"prev_c must have shape (N, H, ...), but its shape is {tuple(prev_c.shape)}"
        raise ValueError(msg)
    n, hidden, *rest = prev_c.shape
    check_shape("a", a, (n, 4 * hidden, *rest))
    # σ(a) = (1 + tanh(a/2))/2, one pass over the array instead of the five that a σ of small numbers needs.
    gates = 0.5 * xp.tanh(0.5 * a[:, : 3 * hidden, ...]) + 0.5
    g, _ = tanh_forward(a[:, 3 * hidden :, ...])
    i, f, o = _split(gates)
    next_c = f * prev_c + i * g
    tanh_c = xp.tanh(next_c)
    return o * tanh_c, next_c, (gates, g, prev_c, tanh_c)


def lstm_cell_backward(dnext_h: Array, dnext_c: Array, cache: CellCache) -> tuple[Array, Array]:
    """The gradients of the four scores, and that of the old cell, dc ⊙ f, on the highway.

    Parameters
    ----------
    dnext_h : array, shape (N, H, ...)
        Upstream gradient of the hidden state.
    dnext_c : array, shape (N, H, ...)
        Upstream gradient of the cell state, as the next step hands it back.
    cache : tuple
        From `lstm_cell_forward`.

    Returns
    -------
    da : array, shape (N, 4H, ...)
        Gradient with respect to ``a``, in the order i, f, o, g.
    dprev_c : array, shape (N, H, ...)
        Gradient with respect to ``prev_c``.

    Raises
    ------
    TypeError
        If an upstream gradient is not real floating.
    ValueError
        If an upstream gradient does not have the shape of its output.

    References
    ----------
    I2DL lecture 11 ("LSTM in code", steps 5 to 3 of the backward pass).
    """
    gates, g, prev_c, tanh_c = cache
    xp = array_namespace(dnext_h, dnext_c, gates)
    check_gradients(tuple(prev_c.shape), dnext_h=dnext_h, dnext_c=dnext_c)
    i, f, o = _split(gates)
    dc = dnext_c + tanh_backward(dnext_h * o, tanh_c)
    dgates = xp.concat([dc * g, dc * prev_c, dnext_h * tanh_c], axis=1)
    da = xp.concat([sigmoid_backward(dgates, gates), tanh_backward(dc * i, g)], axis=1)
    return da, dc * f


def _split(gates: Array) -> tuple[Array, Array, Array]:
    hidden = gates.shape[1] // 3
    return gates[:, :hidden, ...], gates[:, hidden : 2 * hidden, ...], gates[:, 2 * hidden :, ...]


def lstm_step_forward(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array
) -> tuple[Array, Array, Any]:
    """One step of the LSTM: a = x · Wx + h_{t−1} · Wh + b, then the cell.

    Parameters
    ----------
    x : array, shape (N, D)
        The inputs of this step.
    prev_h : array, shape (N, H)
        The hidden states after the step before.
    prev_c : array, shape (N, H)
        The cell states after the step before.
    Wx : array, shape (D, 4H)
        Weights from the input to the scores of i, f, o, g.
    Wh : array, shape (H, 4H)
        Weights from the hidden state to the scores of i, f, o, g.
    b : array, shape (4H,)
        Biases. (Starting those of f at 1 or 2 opens the forget gate and makes a young network remember.)

    Returns
    -------
    next_h : array, shape (N, H)
        The hidden states h_t.
    next_c : array, shape (N, H)
        The cell states c_t.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together.

    References
    ----------
    I2DL lecture 11 ("LSTM in code").
    """
    xp = array_namespace(x, prev_h, prev_c, Wx, Wh, b)
    check_recurrent(x, ("N", "D"), {"prev_h": prev_h, "prev_c": prev_c}, Wx, Wh, b, gates=4)
    a = xp.matmul(x, Wx) + xp.matmul(prev_h, Wh) + b
    next_h, next_c, cell = lstm_cell_forward(a, prev_c)
    return next_h, next_c, (x, prev_h, Wx, Wh, cell)


def lstm_step_backward(dnext_h: Array, dnext_c: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array, Array]:
    """From the two upstream gradients to the scores, and from the scores through the affine layer.

    Parameters
    ----------
    dnext_h : array, shape (N, H)
        Upstream gradient ∂L/∂h_t.
    dnext_c : array, shape (N, H)
        Upstream gradient ∂L/∂c_t, on the way that does not lead through h_t.
    cache : tuple
        From `lstm_step_forward`.

    Returns
    -------
    dx : array, shape (N, D)
        Gradient with respect to ``x``.
    dprev_h : array, shape (N, H)
        Gradient with respect to ``prev_h``.
    dprev_c : array, shape (N, H)
        Gradient with respect to ``prev_c``.
    dWx : array, shape (D, 4H)
        Gradient with respect to ``Wx``.
    dWh : array, shape (H, 4H)
        Gradient with respect to ``Wh``.
    db : array, shape (4H,)
        Gradient with respect to ``b``.

    Raises
    ------
    TypeError
        If an upstream gradient is not real floating.
    ValueError
        If an upstream gradient does not have the shape of its output.

    References
    ----------
    I2DL lecture 11 ("LSTM in code").
    """
    x, prev_h, Wx, Wh, cell = cache
    xp = array_namespace(dnext_h, dnext_c, x)
    da, dprev_c = lstm_cell_backward(dnext_h, dnext_c, cell)
    dx = xp.matmul(da, xp.matrix_transpose(Wx))
    dprev_h = xp.matmul(da, xp.matrix_transpose(Wh))
    dWx = xp.matmul(xp.matrix_transpose(x), da)
    dWh = xp.matmul(xp.matrix_transpose(prev_h), da)
    return dx, dprev_h, dprev_c, dWx, dWh, xp.sum(da, axis=0)


def lstm_forward(x: Array, h0: Array, c0: Array, Wx: Array, Wh: Array, b: Array) -> tuple[Array, Array, Any]:
    """The step of `lstm_step_forward`, T times; x · Wx + b is computed for all steps at once, before the loop.

    Parameters
    ----------
    x : array, shape (N, T, D)
        N sequences of T ≥ 1 inputs.
    h0 : array, shape (N, H)
        The hidden states before the first step, often zeros.
    c0 : array, shape (N, H)
        The cell states before the first step, often zeros.
    Wx : array, shape (D, 4H)
        Weights from the input to the scores of i, f, o, g.
    Wh : array, shape (H, 4H)
        Weights from the hidden state to the scores of i, f, o, g.
    b : array, shape (4H,)
        Biases.

    Returns
    -------
    h : array, shape (N, T, H)
        The hidden states after every step.
    c : array, shape (N, H)
        The cell states after the last step; those between are the network's own affair.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, or there is no step.

    References
    ----------
    I2DL lecture 11 ("Long short-term memory units").
    """
    xp = array_namespace(x, h0, c0, Wx, Wh, b)
    check_recurrent(x, ("N", "T", "D"), {"h0": h0, "c0": c0}, Wx, Wh, b, gates=4)
    scores, inputs = input_scores_forward(x, Wx, b)
    states, c, cells = [h0], c0, []
    for t in range(x.shape[1]):
        h, c, cell = lstm_cell_forward(scores[t, ...] + xp.matmul(states[-1], Wh), c)
        states.append(h)
        cells.append(cell)
    return swap_time_and_batch(xp.stack(states[1:])), c, (inputs, states[:-1], Wh, cells)


def lstm_backward(dh: Array, dc: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Backpropagation through time, with two gradients that travel: one through Whᵀ, one on the highway.

    Parameters
    ----------
    dh : array, shape (N, T, H)
        Upstream gradient of every hidden state from outside the recurrence; zero where a state is not used.
    dc : array, shape (N, H)
        Upstream gradient of the last cell state; zero where it is not used.
    cache : tuple
        From `lstm_forward`.

    Returns
    -------
    dx : array, shape (N, T, D)
        Gradient with respect to ``x``.
    dh0 : array, shape (N, H)
        Gradient with respect to ``h0``.
    dc0 : array, shape (N, H)
        Gradient with respect to ``c0``.
    dWx : array, shape (D, 4H)
        Gradient with respect to ``Wx``, summed over samples and steps.
    dWh : array, shape (H, 4H)
        Gradient with respect to ``Wh``, summed over samples and steps.
    db : array, shape (4H,)
        Gradient with respect to ``b``, summed over samples and steps.

    Raises
    ------
    TypeError
        If an upstream gradient is not real floating.
    ValueError
        If an upstream gradient does not have the shape of its output.

    References
    ----------
    I2DL lecture 11 ("LSTM: highway for the gradient to flow").
    """
    inputs, previous, Wh, cells = cache
    xp = array_namespace(dh, dc, Wh)
    (n, hidden), steps = previous[0].shape, len(previous)
    check_gradients((n, steps, hidden), dh=dh)
    check_gradients((n, hidden), dc=dc)
    Wh_transposed = xp.matrix_transpose(Wh)
    dnext_h, dnext_c = xp.zeros_like(previous[0]), dc
    dscores = []
    for t in reversed(range(steps)):
        da, dnext_c = lstm_cell_backward(dh[:, t, :] + dnext_h, dnext_c, cells[t])
        dnext_h = xp.matmul(da, Wh_transposed)
        dscores.append(da)
    das = xp.stack(dscores[::-1])
    dx, dWx, db = input_scores_backward(das, inputs)
    return dx, dnext_h, dnext_c, dWx, state_weight_gradient(previous, das), db

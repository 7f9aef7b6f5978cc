"""The vanilla recurrent network: one small layer, applied again and again.

A sequence has as many inputs as it likes, a layer has a fixed number of weights. The way out is to read the sequence
one input at a time and to carry a hidden state along:

    h_t = tanh(x_t · Wx + h_{t−1} · Wh + b).

The same three parameters serve every step, as a convolution's serve every pixel. That is why the network accepts any
length, and why it generalizes from one position in a sentence to another.

**One function, five wirings.** What goes in and which of the h_t are used decides what the network is for (lecture 11):
one to one is a step alone, image classification; one to many gives an input at the first step only, image captioning;
many to one uses only the last state, language recognition; many to many uses the last state of one network as the first
of another, machine translation, or every state as it comes, event classification. In the backward pass an output that
is not used has an upstream gradient of zero.

**Backpropagation through time.** Unrolled, the loop is a feed-forward network of T layers, and backpropagation
goes through it from the last layer to the first. Two things are new. First, h_t is used twice: outside, where its
gradient dh_t comes from, and by the next step; the two gradients add up. Second, the layers share their weights, and a
weight that is used T times receives the sum of T gradients:

    da_t = (dh_t + da_{t+1} · Whᵀ) ⊙ tanh′(a_t)        dx_t = da_t · Wxᵀ
    dWx = Σ_t x_tᵀ · da_t        dWh = Σ_t h_{t−1}ᵀ · da_t        db = Σ_t da_t, over the samples too.

The factor Whᵀ comes in once for every step that the gradient travels; what that does is in ``recurrence.py``.

Source: I2DL lecture 11; I2DL exam Aug 2020, problem 6.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from array_api_compat import array_namespace

from i2dl.functional._checks import Array
from i2dl.functional._recurrent import (
    check_gradients,
    check_recurrent,
    input_scores_backward,
    input_scores_forward,
    state_weight_gradient,
    swap_time_and_batch,
)
from i2dl.functional.activations import identity_backward, identity_forward, tanh_backward, tanh_forward
from i2dl.functional.rectifiers import relu_backward, relu_forward

__all__ = ["rnn_backward", "rnn_forward", "rnn_step_backward", "rnn_step_forward"]

Pair: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]

_NONLINEARITIES: dict[str, Pair] = {
    "tanh": (tanh_forward, tanh_backward),
    "relu": (relu_forward, relu_backward),
    "identity": (identity_forward, identity_backward),
}


def _nonlinearity(name: str) -> Pair:
    if name not in _NONLINEARITIES:
        msg = f"nonlinearity must be one of {', '.join(map(repr, _NONLINEARITIES))}, but it is {name!r}"
        raise ValueError(msg)
    return _NONLINEARITIES[name]


def rnn_step_forward(
    x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array, *, nonlinearity: str = "tanh"
) -> tuple[Array, Any]:
    """h_t = tanh(x_t · Wx + h_{t−1} · Wh + b): D·H + H·H + H parameters, whatever the length of the sequence.

    Parameters
    ----------
    x : array, shape (N, D)
        The inputs of this step.
    prev_h : array, shape (N, H)
        The hidden states h_{t−1} after the step before.
    Wx : array, shape (D, H)
        Weights from the input to the hidden state.
    Wh : array, shape (H, H)
        Weights from one hidden state to the next.
    b : array, shape (H,)
        Biases.
    nonlinearity : {"tanh", "relu", "identity"}
        What is applied to the scores; "identity" is the linear recurrence with which the lecture begins.

    Returns
    -------
    next_h : array, shape (N, H)
        The hidden states h_t.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, or the nonlinearity is unknown.

    References
    ----------
    I2DL lecture 11 ("Basic structure of an RNN"); I2DL exam Aug 2020, 6a to 6c.
    """
    xp = array_namespace(x, prev_h, Wx, Wh, b)
    check_recurrent(x, ("N", "D"), {"prev_h": prev_h}, Wx, Wh, b, gates=1)
    activate, deactivate = _nonlinearity(nonlinearity)
    next_h, kept = activate(xp.matmul(x, Wx) + xp.matmul(prev_h, Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, deactivate, kept)


def rnn_step_backward(dnext_h: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """da = dh ⊙ tanh′(a), and with it the two affine backward passes that end in the same scores a.

    Parameters
    ----------
    dnext_h : array, shape (N, H)
        Upstream gradient ∂L/∂h_t, from outside and from the next step together.
    cache : tuple
        From `rnn_step_forward`.

    Returns
    -------
    dx : array, shape (N, D)
        Gradient with respect to ``x``.
    dprev_h : array, shape (N, H)
        Gradient with respect to ``prev_h``; it travels on to the step before.
    dWx : array, shape (D, H)
        Gradient with respect to ``Wx``, from this step alone.
    dWh : array, shape (H, H)
        Gradient with respect to ``Wh``, from this step alone.
    db : array, shape (H,)
        Gradient with respect to ``b``, from this step alone.

    Raises
    ------
    TypeError
        If ``dnext_h`` is not real floating.
    ValueError
        If ``dnext_h`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 11 ("Backprop through an RNN"); I2DL exam Aug 2020, 6d.
    """
    x, prev_h, Wx, Wh, deactivate, kept = cache
    xp = array_namespace(dnext_h, x)
    check_gradients(tuple(prev_h.shape), dnext_h=dnext_h)
    da = deactivate(dnext_h, kept)
    dx = xp.matmul(da, xp.matrix_transpose(Wx))
    dprev_h = xp.matmul(da, xp.matrix_transpose(Wh))
    dWx = xp.matmul(xp.matrix_transpose(x), da)
    dWh = xp.matmul(xp.matrix_transpose(prev_h), da)
    return dx, dprev_h, dWx, dWh, xp.sum(da, axis=0)


def rnn_forward(
    x: Array, h0: Array, Wx: Array, Wh: Array, b: Array, *, nonlinearity: str = "tanh"
) -> tuple[Array, Any]:
    """The step of `rnn_step_forward`, T times, each with the state that the one before left.

    Parameters
    ----------
    x : array, shape (N, T, D)
        N sequences of T ≥ 1 inputs.
    h0 : array, shape (N, H)
        The hidden states before the first step, often zeros.
    Wx : array, shape (D, H)
        Weights from the input to the hidden state.
    Wh : array, shape (H, H)
        Weights from one hidden state to the next.
    b : array, shape (H,)
        Biases.
    nonlinearity : {"tanh", "relu", "identity"}
        What is applied to the scores of every step.

    Returns
    -------
    h : array, shape (N, T, H)
        The hidden states after every step; h[:, −1] is the last.
    cache : tuple
        What the backward pass needs.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit together, there is no step, or the nonlinearity is unknown.

    References
    ----------
    I2DL lecture 11 ("Unrolling RNNs").
    """
    xp = array_namespace(x, h0, Wx, Wh, b)
    check_recurrent(x, ("N", "T", "D"), {"h0": h0}, Wx, Wh, b, gates=1)
    activate, deactivate = _nonlinearity(nonlinearity)
    scores, inputs = input_scores_forward(x, Wx, b)
    states, kept = [h0], []
    for t in range(x.shape[1]):
        h, slope = activate(scores[t, ...] + xp.matmul(states[-1], Wh))
        states.append(h)
        kept.append(slope)
    return swap_time_and_batch(xp.stack(states[1:])), (inputs, states[:-1], Wh, deactivate, kept)


def rnn_backward(dh: Array, cache: Any) -> tuple[Array, Array, Array, Array, Array]:
    """Backpropagation through time: the steps in reverse, and the sum of what each has to say about the weights.

    Parameters
    ----------
    dh : array, shape (N, T, H)
        Upstream gradient of every hidden state from outside the recurrence; zero where a state is not used.
    cache : tuple
        From `rnn_forward`.

    Returns
    -------
    dx : array, shape (N, T, D)
        Gradient with respect to ``x``.
    dh0 : array, shape (N, H)
        Gradient with respect to ``h0``.
    dWx : array, shape (D, H)
        Gradient with respect to ``Wx``, summed over samples and steps.
    dWh : array, shape (H, H)
        Gradient with respect to ``Wh``, summed over samples and steps.
    db : array, shape (H,)
        Gradient with respect to ``b``, summed over samples and steps.

    Raises
    ------
    TypeError
        If ``dh`` is not real floating.
    ValueError
        If ``dh`` does not have the shape of the output.

    References
    ----------
    I2DL lecture 11 ("Backprop through an RNN: add the derivatives at different times for each weight").
    """
    inputs, previous, Wh, deactivate, kept = cache
    xp = array_namespace(dh, Wh)
    (n, hidden), steps = previous[0].shape, len(previous)
    check_gradients((n, steps, hidden), dh=dh)
    Wh_transposed = xp.matrix_transpose(Wh)
    dnext = xp.zeros_like(previous[0])
    dscores = []
    for t in reversed(range(steps)):
        da = deactivate(dh[:, t, :] + dnext, kept[t])
        dnext = xp.matmul(da, Wh_transposed)
        dscores.append(da)
    das = xp.stack(dscores[::-1])
    dx, dWx, db = input_scores_backward(das, inputs)
    return dx, dnext, dWx, state_weight_gradient(previous, das), db

"""What the recurrent layers share: their checks, and the product with all inputs at once."""

from typing import Any

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_shape
from i2dl.functional.affine import affine_backward


def check_recurrent(
    x: Array, axes: tuple[str, ...], states: dict[str, Array], Wx: Array, Wh: Array, b: Array, *, gates: int
) -> None:
    """Raise unless the inputs, the states and the weights of ``gates`` times H scores fit together.

    ``axes`` names the axes of ``x``; the first is the batch and the last the input.
    """
    check_floating(x=x, **states, Wx=Wx, Wh=Wh, b=b)
    check_shape("x", x, axes)
    columns = "H" if gates == 1 else f"{gates}H"
    check_shape("Wh", Wh, ("H", columns))
    hidden = Wh.shape[0]
    check_shape("Wh", Wh, (hidden, gates * hidden))
    check_shape("Wx", Wx, (x.shape[-1], gates * hidden))
    check_shape("b", b, (gates * hidden,))
    for name, state in states.items():
        check_shape(name, state, (x.shape[0], hidden))
    if "T" in axes and x.shape[1] == 0:
        msg = f"x must hold at least one step, but its shape (N, T, D) is {tuple(x.shape)}"
        raise ValueError(msg)


def check_gradients(shape: tuple[int, ...], **gradients: Array) -> None:
    """Raise unless every upstream gradient, passed by its name, is real floating and has the given shape."""
    check_floating(**gradients)
    for name, gradient in gradients.items():
        check_shape(name, gradient, shape)


def swap_time_and_batch(x: Array) -> Array:
    """Turn (N, T, D) into (T, N, D), or back."""
    return array_namespace(x).permute_dims(x, (1, 0, 2))


def input_scores_forward(x: Array, Wx: Array, b: Array) -> tuple[Array, Any]:
    """Return x_t · Wx + b for all steps of x (N, T, D), as (T, N, M), in one product.

    The inputs wait for nobody: only the product with the hidden state must go step by step. And one large product is
    many times faster than T small ones.
    """
    xp = array_namespace(x)
    n, steps, d = x.shape
    rows = xp.reshape(swap_time_and_batch(x), (steps * n, d))
    scores = xp.matmul(rows, Wx)
    scores += b  # in place, since this is the largest array of the layer
    return xp.reshape(scores, (steps, n, Wx.shape[1])), (rows, Wx)


def input_scores_backward(dscores: Array, cache: Any) -> tuple[Array, Array, Array]:
    """Return the gradients of x, Wx and b, where those of Wx and b add up over all samples and steps."""
    xp = array_namespace(dscores)
    steps, n, m = dscores.shape
    drows, dWx, db = affine_backward(xp.reshape(dscores, (steps * n, m)), cache)
    return swap_time_and_batch(xp.reshape(drows, (steps, n, drows.shape[1]))), dWx, db


def state_weight_gradient(previous: list[Array], dscores: Array) -> Array:
    """Return dWh = Σ_t h_{t−1}ᵀ · dscores_t, for T previous states (N, H) and scores (T, N, M), in one product."""
    xp = array_namespace(dscores)
    steps, n, m = dscores.shape
    states = xp.reshape(xp.stack(previous), (steps * n, previous[0].shape[1]))
    return xp.matmul(xp.matrix_transpose(states), xp.reshape(dscores, (steps * n, m)))

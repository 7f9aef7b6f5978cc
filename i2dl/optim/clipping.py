"""Gradient clipping: a bound on the gradient, against the cliffs that recurrent networks are full of.

Where a loss surface has a cliff, one huge gradient throws the weights out of reach. Clipping *by norm* shortens the
whole gradient and keeps its direction; taken over all parameters of a network together (the *global* norm) it keeps the
proportions between the layers too. Clipping *by value* cuts each entry for itself and turns the direction.

Sources: Pascanu, Mikolov, Bengio, *On the difficulty of training recurrent neural networks*, 2013; I2DL lecture 11 and
student summary, XI; I2DL exams Aug 2020, 8c and Feb 2022, 5.7.
"""

import math
from collections.abc import Sequence

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_number

__all__ = ["clip_by_global_norm", "clip_by_value", "global_norm"]


def clip_by_value(dw: Array, limit: float) -> Array:
    """Cut every entry to [−limit, limit].

    Parameters
    ----------
    dw : array, any shape
        A gradient.
    limit : float, above 0
        The largest entry allowed.

    Returns
    -------
    dw : array, shape of ``dw``
        The clipped gradient.

    Raises
    ------
    TypeError
        If the gradient is not real floating.
    ValueError
        If the limit is not above 0.

    References
    ----------
    Mikolov, *Statistical language models based on neural networks*, 2012; I2DL student summary, XI ("cut gradients
    larger than a threshold").
    """
    xp = array_namespace(dw)
    check_floating(dw=dw)
    check_number("limit", limit, above=0.0)
    return xp.minimum(xp.maximum(dw, -limit), limit)


def global_norm(gradients: Sequence[Array]) -> Array:
    """Length of all gradients taken as one long vector: √(Σ over all entries of all arrays).

    The squares are taken after dividing by the largest entry: gradients explode, and in float32 the square of 10²⁰ is
    already infinite.

    Parameters
    ----------
    gradients : sequence of arrays
        At least one gradient, of any shapes.

    Returns
    -------
    norm : array, shape ()
        The length.

    Raises
    ------
    TypeError
        If a gradient is not real floating.
    ValueError
        If there is no gradient.

    References
    ----------
    Pascanu, Mikolov, Bengio, 2013, section 3.2.
    """
    if not gradients:
        msg = "gradients must hold at least one array, but it is empty"
        raise ValueError(msg)
    xp = array_namespace(*gradients)
    check_floating(**{f"gradients[{i}]": gradient for i, gradient in enumerate(gradients)})
    dtype = xp.result_type(*gradients)
    filled = [xp.astype(gradient, dtype) for gradient in gradients if math.prod(gradient.shape) > 0]
    if not filled:
        return xp.astype(xp.sum(gradients[0]), dtype)
    largest = xp.max(xp.stack([xp.max(xp.abs(gradient)) for gradient in filled]))
    scale = xp.where(largest > 0, largest, xp.ones_like(largest))
    squares = xp.stack([xp.sum((gradient / scale) ** 2) for gradient in filled])
    return scale * xp.sqrt(xp.sum(squares))


def clip_by_global_norm(gradients: Sequence[Array], max_norm: float) -> tuple[list[Array], Array]:
    """Multiply all gradients by max_norm / ‖g‖ where their common length ‖g‖ exceeds max_norm.

    `torch.nn.utils.clip_grad_norm_` divides by ‖g‖ + 10⁻⁶, and so stays that little below the bound.

    Parameters
    ----------
    gradients : sequence of arrays
        The gradients of all parameters, of any shapes.
    max_norm : float, above 0
        The largest common length allowed.

    Returns
    -------
    gradients : list of arrays
        The gradients, shortened if they were too long.
    norm : array, shape ()
        Their length before; worth watching in training.

    Raises
    ------
    TypeError
        If a gradient is not real floating.
    ValueError
        If there is no gradient, or the bound is not above 0.

    References
    ----------
    Pascanu, Mikolov, Bengio, 2013, algorithm 1; I2DL lecture 11.
    """
    check_number("max_norm", max_norm, above=0.0)
    norm = global_norm(gradients)
    xp = array_namespace(norm)
    factor = max_norm / xp.maximum(norm, max_norm)
    return [gradient * xp.astype(factor, gradient.dtype) for gradient in gradients], norm

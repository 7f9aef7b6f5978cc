"""Why a recurrent network forgets, or explodes: the eigenvalues of Wh.

Leave the input and the nonlinearity away. What is left of the recurrence is h_t = h_{t−1} · Wh, and over k steps

    h_t = h_{t−k} · Whᵏ,    backwards    dh_{t−k} = dh_t · (Whᵏ)ᵀ.

The same matrix is multiplied over and over again. If it can be diagonalized, Wh = Q Λ Q⁻¹, then Whᵏ = Q Λᵏ Q⁻¹, and
only the powers of the eigenvalues are left to look at. One of magnitude 0.9 shrinks its share of the gradient to 3·10⁻⁵
in a hundred steps: it *vanishes*, and what happened long ago is never learnt. One of magnitude 1.1 makes of it 1.4·10⁴:
it *explodes*, and a single step of the optimizer ruins the weights. Only magnitude 1 keeps it.

Against explosion the gradient is clipped. Against vanishing no cut helps: it takes another architecture, the cell of
the LSTM (``lstm.py``), or no recurrence at all (``attention.py``). The nonlinearity does not help either: the slope of
tanh is at most 1, so that it can only shrink the gradient further.

(The lecture writes Q Λ Qᵀ, which holds for symmetric matrices. For others the norm of Whᵏ may first grow although all
eigenvalues are below 1; in the long run its k-th root always tends to the largest magnitude.)

Source: I2DL lecture 11 ("Long-term dependencies"); student summary XI.2; exam Aug 2022, 9.1 to 9.3; Pascanu, Mikolov,
Bengio, *On the difficulty of training recurrent neural networks*, 2013.
"""

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape

__all__ = ["gradient_norm_over_time"]


def gradient_norm_over_time(Wh: Array, steps: int) -> Array:
    """‖Whᵏ‖₂ for k = 0 … steps: the most that a gradient can have grown, or have kept, after k steps back in time.

    The norm is the spectral one, the largest factor by which the matrix stretches any vector. For a symmetric matrix it
    is |λ|ᵏ with the eigenvalue of largest magnitude, for an orthogonal one it is 1.

    Parameters
    ----------
    Wh : array, shape (H, H)
        Weights from one hidden state to the next.
    steps : int, at least 0
        How far to go back.

    Returns
    -------
    norms : array, shape (steps + 1,)
        The factor for 0, 1, …, ``steps`` steps; it stops growing at half the largest number of the dtype.

    Raises
    ------
    TypeError
        If ``Wh`` is not real floating.
    ValueError
        If ``Wh`` is not square, has no entry, or ``steps`` is negative.

    References
    ----------
    I2DL lecture 11 ("Long-term dependencies"); Pascanu, Mikolov, Bengio, 2013, section 2.1.
    """
    xp = array_namespace(Wh)
    check_floating(Wh=Wh)
    check_shape("Wh", Wh, ("H", "H"))
    hidden = Wh.shape[0]
    check_shape("Wh", Wh, (hidden, hidden))
    if hidden == 0:
        msg = f"Wh must hold at least one number, but its shape is {tuple(Wh.shape)}"
        raise ValueError(msg)
    if steps < 0:
        msg = f"steps must be at least 0, but it is {steps}"
        raise ValueError(msg)
    power = xp.eye(hidden, dtype=Wh.dtype, device=device(Wh))
    norm = xp.ones((), dtype=Wh.dtype, device=device(Wh))
    largest = 0.5 * float(xp.finfo(Wh.dtype).max)
    norms = [norm]
    for _ in range(steps):
        # The power is scaled to norm 1 in every step: on its own it would soon hold infinities, or zeros alone.
        power = xp.matmul(power, Wh)
        factor = xp.linalg.matrix_norm(power, ord=2)
        power = power / xp.where(factor > 0, factor, 1.0)
        norm = xp.minimum(norm, largest / xp.maximum(factor, 1.0)) * factor
        norms.append(norm)
    return xp.stack(norms)

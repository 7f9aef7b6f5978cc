"""Regularizers: terms and rules that keep weights small, so that the network generalizes.

A *penalty* is added to the loss, and its gradient to the gradient of the weights. Of two weight vectors that predict
alike, θ₁ = [0, 0.75, 0] and θ₂ = [0.25, 0.5, 0.25], the L2 penalty prefers θ₂ (0.375 against 0.5625): it likes weights
of similar size. The L1 penalty prefers θ₁ (0.75 against 1): it likes zeros, because its gradient, the sign, pulls as
hard on a tiny weight as on a large one. (An annotated copy of lecture 4 calls θ₂ the sparser one; it is θ₁.)

**The factor ½.** Lectures 4 and 7 write L2 as λ Σ w², with gradient 2λw. WPI's class and the exams write ½ λ Σ w²,
with gradient λw. Both are here: ``half=False`` is the first and the default, ``half=True`` the second. The strength
that PyTorch's optimizers call ``weight_decay`` is that of the second.

**Weight decay** shrinks the weights in every step. Under plain gradient descent it equals the half-L2 penalty,

    w − α(dw + λw) = (1 − αλ)w − α dw;

*coupled* decay is the left side, *decoupled* the right. In Adam they part: there the coupled λw is divided by the
gradient's running size along with dw, and weights with large gradients hardly decay.

Biases are usually left out of all this: they do not make a function wiggle.
"""

from collections.abc import Sequence

from array_api_compat import array_namespace

from i2dl.functional._checks import Array, check_floating, check_number, check_shape


def l1_penalty(w: Array, strength: float) -> tuple[Array, Array]:
    """strength · Σ |w|: drives weights to exactly 0.

    Parameters
    ----------
    w : array, any shape
        Weights.
    strength : float, at least 0
        λ.

    Returns
    -------
    penalty : array, shape ()
        The term to add to the loss.
    dw : array, shape of ``w``
        strength · sign(w); 0 where w = 0.

    Raises
    ------
    TypeError
        If ``w`` is not real floating.
    ValueError
        If the strength is negative.

    References
    ----------
    I2DL lectures 4 and 7; WPI CS 4342, class 22.
    """
    xp = array_namespace(w)
    check_floating(w=w)
    check_number("strength", strength, at_least=0.0)
    return xp.asarray(strength * xp.sum(xp.abs(w))), strength * xp.sign(w)


def l2_penalty(w: Array, strength: float, *, half: bool = False) -> tuple[Array, Array]:
    """strength · Σ w², or half of it: shrinks every weight in proportion to its size.

    Parameters
    ----------
    w : array, any shape
        Weights.
    strength : float, at least 0
        λ.
    half : bool
        False: λ Σ w² with gradient 2λw (lectures 4 and 7). True: ½ λ Σ w² with gradient λw (WPI's class, the exams).

    Returns
    -------
    penalty : array, shape ()
        The term to add to the loss.
    dw : array, shape of ``w``
        Its gradient.

    Raises
    ------
    TypeError
        If ``w`` is not real floating.
    ValueError
        If the strength is negative.

    References
    ----------
    I2DL lectures 4 and 7; WPI CS 4342, class 22; I2DL exams Aug 2020, 8d and Jul 2021, 2.5.
    """
    xp = array_namespace(w)
    check_floating(w=w)
    check_number("strength", strength, at_least=0.0)
    factor = 0.5 * strength if half else strength
    return xp.asarray(factor * xp.sum(w * w)), 2.0 * factor * w


def elastic_net_penalty(w: Array, l1: float, l2: float, *, half: bool = False) -> tuple[Array, Array]:
    """l1 · Σ |w| + l2 · Σ w²: some of both.

    Parameters
    ----------
    w : array, any shape
        Weights.
    l1, l2 : float, at least 0
        Strengths of the two parts.
    half : bool
        Whether the L2 part carries the factor ½, as in `l2_penalty`.

    Returns
    -------
    penalty : array, shape ()
        The term to add to the loss.
    dw : array, shape of ``w``
        Its gradient.

    Raises
    ------
    TypeError
        If ``w`` is not real floating.
    ValueError
        If a strength is negative.

    References
    ----------
    Zou, Hastie, *Regularization and variable selection via the elastic net*, 2005; Georgia Tech CS 4803/7643; WPI
    CS 4342, class 22.
    """
    xp = array_namespace(w)
    sparse, dsparse = l1_penalty(w, l1)
    small, dsmall = l2_penalty(w, l2, half=half)
    return xp.asarray(sparse + small), dsparse + dsmall


def penalties(
    weights: Sequence[Array], strengths: Sequence[tuple[float, float]], *, half: bool = False
) -> tuple[Array, list[Array]]:
    """Elastic-net penalty of a whole network, with its own pair of strengths for each weight matrix.

    Parameters
    ----------
    weights : sequence of arrays
        The weight matrices, at least one.
    strengths : sequence of (l1, l2)
        One pair for each matrix; (0, l2) is L2 alone, (l1, 0) is L1 alone.
    half : bool
        Whether the L2 parts carry the factor ½, as in `l2_penalty`.

    Returns
    -------
    penalty : array, shape ()
        The sum of all penalties.
    dweights : list of arrays
        The gradient for each matrix, in its shape.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If there is not one pair of strengths for each matrix, no matrix at all, or a strength is negative.

    References
    ----------
    WPI CS 4342, class 22: α⁽ʲ⁾ and β⁽ʲ⁾ for the matrix W⁽ʲ⁾, all tuned on the validation set.
    """
    if not weights or len(weights) != len(strengths):
        came = f"{len(weights)} matrices and {len(strengths)} pairs"
        msg = f"weights and strengths must have the same length, at least 1, but they hold {came}"
        raise ValueError(msg)
    xp = array_namespace(*weights)
    terms = [elastic_net_penalty(w, l1, l2, half=half) for w, (l1, l2) in zip(weights, strengths, strict=True)]
    return xp.asarray(sum(penalty for penalty, _ in terms)), [dw for _, dw in terms]


def max_norm(w: Array, c: float, *, axis: int | tuple[int, ...] = 0) -> Array:
    """Scale down every column of W that is longer than c: w · c / max(‖w‖₂, c).

    Done after each step of the optimizer, this keeps the weights inside a ball instead of pulling them to its centre.

    Parameters
    ----------
    w : array, any shape
        Weights.
    c : float, above 0
        The largest length allowed.
    axis : int or tuple of int
        The axes over which a length is taken. 0 for the columns of an affine layer's W (D, M), each of which holds the
        weights into one neuron; (1, 2, 3) for filters (F, C, HH, WW).

    Returns
    -------
    projected : array, shape of ``w``
        The nearest weights that obey the limit; those that did already are unchanged.

    Raises
    ------
    TypeError
        If ``w`` is not real floating.
    ValueError
        If ``c`` is not above 0.

    References
    ----------
    I2DL lecture 4 (named there); Srivastava and others, *Dropout*, 2014, section 5.1.
    """
    xp = array_namespace(w)
    check_floating(w=w)
    check_number("c", c, above=0.0)
    lengths = xp.sqrt(xp.sum(w * w, axis=axis, keepdims=True))
    return w * (c / xp.maximum(lengths, c))


def weight_decay_coupled(w: Array, dw: Array, decay: float) -> Array:
    """dw + decay · w: the decay joins the gradient, and goes through whatever the optimizer does to it.

    Parameters
    ----------
    w : array, any shape
        Weights.
    dw : array, shape of ``w``
        Gradient of the loss.
    decay : float, at least 0
        λ, as in `l2_penalty` with ``half=True``.

    Returns
    -------
    dw : array, shape of ``w``
        The gradient to give to the optimizer.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes differ or the decay is negative.

    References
    ----------
    I2DL exams Aug 2020, 8d and Aug 2022, 2.4; I2DL lecture 8.
    """
    check_floating(w=w, dw=dw)
    check_shape("dw", dw, tuple(w.shape))
    check_number("decay", decay, at_least=0.0)
    return dw + decay * w


def weight_decay_decoupled(w: Array, learning_rate: float, decay: float) -> Array:
    """(1 − learning_rate · decay) · w: the weights shrink beside the optimizer's step, not through it.

    Lecture 8 writes the factor as 1 − λ; here, as in the exams and in PyTorch's AdamW, the learning rate multiplies λ,
    so that a schedule for the one slows the other down too.

    Parameters
    ----------
    w : array, any shape
        Weights.
    learning_rate : float, at least 0
        The optimizer's step size α.
    decay : float, at least 0
        λ.

    Returns
    -------
    w : array, shape of ``w``
        The shrunken weights, from which the optimizer's step is then subtracted.

    Raises
    ------
    TypeError
        If ``w`` is not real floating.
    ValueError
        If a rate is negative.

    References
    ----------
    Loshchilov, Hutter, *Decoupled weight decay regularization*, 2019; I2DL lecture 8; I2DL exam Aug 2022, 2.4.
    """
    check_floating(w=w)
    check_number("learning_rate", learning_rate, at_least=0.0)
    check_number("decay", decay, at_least=0.0)
    return (1.0 - learning_rate * decay) * w

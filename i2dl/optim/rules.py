"""Update rules as pure functions: parameter and gradient in, new parameter out, nothing changed in place."""

from typing import Any


def sgd_update(w: Any, dw: Any, *, learning_rate: float) -> Any:
    """Take one step of (stochastic) gradient descent.

    .. math:: w_{k+1} = w_k - α ∇_w L(w_k)

    Whether the gradient comes from all data, one sample or a mini-batch makes the difference between gradient descent
    and its stochastic forms; the rule is the same.

    Parameters
    ----------
    w : array of any shape
        The parameter.
    dw : array of w's shape
        The gradient of the loss with respect to w.
    learning_rate : float
        The step size α.

    Returns
    -------
    array of w's shape
        The parameter after the step, a new array.

    Raises
    ------
    ValueError
        If `dw` has another shape than `w`.

    References
    ----------
    Lecture 5, gradient descent and SGD; exam Aug 2022, 6.3.
    """
    if dw.shape != w.shape:
        msg = f"dw must have w's shape {tuple(w.shape)}, got {tuple(dw.shape)}"
        raise ValueError(msg)
    return w - learning_rate * dw

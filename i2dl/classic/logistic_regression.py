"""Logistic regression: the probability of class 1 is ŷ = σ(Xθ).

A linear score says on which side of a line (a plane, in more dimensions) a sample lies, and how far off. The sigmoid
turns it into a probability. In spite of the name it is a classifier, and it is a neural network of a single neuron.

**The loss.** Each label is a coin toss, with its own probability ŷᵢ of a 1 (a Bernoulli trial): p(yᵢ) = ŷᵢ^yᵢ (1 −
ŷᵢ)^(1 − yᵢ), which is ŷᵢ if yᵢ = 1, and 1 − ŷᵢ if yᵢ = 0. The likelihood of all labels is the product, its logarithm
the sum

    log p(y | X, θ) = Σᵢ yᵢ log ŷᵢ + (1 − yᵢ) log(1 − ŷᵢ).

To make this largest is to make C(θ) = −1/n log p(y | X, θ) least, and that is the *binary cross-entropy*. The minus
sign is there only because optimization minimizes by custom; likelihoods below 1 have negative logarithms, and nothing
is wrong with these. (In the steps of the course's summary the sign gets lost on the way: maximizing −Σ log ŷᵢ would
push ŷᵢ to 0.)

**The optimum** has no closed form, since the sigmoid stands between θ and ŷ. But C is convex, with the gradient

    ∂C/∂θ = 1/n Xᵀ(ŷ − y),

and its curvature is at most that of 1/(4n) XᵀX, as the sigmoid's slope is at most ¼. So gradient descent with the step
1/L, L the largest eigenvalue of 1/(4n) XᵀX, goes downhill all the way. If a line separates the classes there is no
optimum: doubling θ makes the data likelier still, and the descent goes on, ever more slowly, until it is stopped.
"""

from dataclasses import dataclass

from array_api_compat import array_namespace, device

from i2dl.classic.linear_regression import add_bias_column, linear_prediction
from i2dl.functional._checks import Array, check_floating, check_not_empty, check_number, check_shape
from i2dl.functional.activations import sigmoid_forward
from i2dl.functional.binary_losses import binary_cross_entropy_with_logits


@dataclass(frozen=True)
class LogisticFit:
    """Where gradient descent has come to.

    Attributes
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    losses : tuple of float
        Binary cross-entropy before each step, and after the last.
    converged : bool
        Whether the last step was shorter than the tolerance.
    """

    theta: Array
    losses: tuple[float, ...]
    converged: bool


def logistic_prediction(x: Array, theta: Array) -> Array:
    """ŷ = σ(Xθ), the probability of class 1.

    Parameters
    ----------
    x : array, shape (N, D)
        Data.
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.

    Returns
    -------
    array, shape (N,)
        Probabilities; above ½ the sample is put into class 1.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit.

    References
    ----------
    I2DL lecture 2, sigmoid for binary predictions.
    """
    return sigmoid_forward(linear_prediction(x, theta))[0]


def bernoulli_log_likelihood(theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Σᵢ yᵢ log ŷᵢ + (1 − yᵢ) log(1 − ŷᵢ), the logarithm of the labels' probability; and its gradient.

    It is computed from the scores, so that no probability is rounded to 0 before its logarithm is taken.

    Parameters
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Labels, 0 or 1.

    Returns
    -------
    log_likelihood : array, shape ()
        A number that is at most 0.
    dtheta : array, shape (D + 1,)
        Xᵀ(y − ŷ).

    Raises
    ------
    TypeError
        If ``x`` or ``theta`` is not real floating.
    ValueError
        If the shapes do not fit, there are no samples, or a label is not 0 or 1.

    References
    ----------
    I2DL lecture 2, logistic regression: loss function; student summary, II.3.
    """
    xp = array_namespace(theta, x, y)
    loss, dtheta = logistic_loss(theta, x, y)
    return xp.asarray(-x.shape[0] * loss), -x.shape[0] * dtheta


def logistic_loss(theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """C(θ) = −1/n Σᵢ yᵢ log ŷᵢ + (1 − yᵢ) log(1 − ŷᵢ), the binary cross-entropy; and its gradient 1/n Xᵀ(ŷ − y).

    Parameters
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Labels, 0 or 1.

    Returns
    -------
    loss : array, shape ()
        C.
    dtheta : array, shape (D + 1,)
        Its gradient.

    Raises
    ------
    TypeError
        If ``x`` or ``theta`` is not real floating.
    ValueError
        If the shapes do not fit, there are no samples, or a label is not 0 or 1.

    References
    ----------
    I2DL lecture 2, logistic regression: optimization; I2DL lecture 4, derivatives of cross entropy loss.
    """
    xp = array_namespace(theta, x, y)
    _check(x, y)
    loss, dscores = binary_cross_entropy_with_logits(linear_prediction(x, theta), y)
    return loss, xp.matmul(xp.matrix_transpose(add_bias_column(x)), dscores)


def logistic_regression(
    x: Array, y: Array, *, learning_rate: float | None = None, steps: int = 10_000, tolerance: float = 1e-8
) -> LogisticFit:
    """Fit θ by gradient descent from θ = 0, where every probability is ½.

    Features of very different sizes make the descent slow; scale them first.

    Parameters
    ----------
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Labels, 0 or 1.
    learning_rate : float, optional
        The step size; if left out 1/L, with which every step goes downhill.
    steps : int
        At most so many.
    tolerance : float
        Stop once ‖θₖ₊₁ − θₖ‖ is below it.

    Returns
    -------
    LogisticFit
        The weights, the losses on the way, and whether the descent has come to an end.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If the shapes do not fit, there are no samples, a label is not 0 or 1, or a hyperparameter is out of its range.

    References
    ----------
    I2DL lecture 2, logistic regression: optimization; I2DL lecture 5, gradient descent: convergence.
    """
    xp = array_namespace(x, y)
    _check(x, y)
    check_number("steps", steps, at_least=0)
    check_number("tolerance", tolerance, at_least=0.0)
    if learning_rate is None:
        largest = float(xp.max(xp.linalg.svdvals(add_bias_column(x))))
        learning_rate = 4.0 * x.shape[0] / largest**2
    check_number("learning_rate", learning_rate, above=0.0)

    theta = xp.zeros((x.shape[1] + 1,), dtype=x.dtype, device=device(x))
    loss, dtheta = logistic_loss(theta, x, y)
    losses = [float(loss)]
    converged = False
    while not converged and len(losses) <= steps:
        step = learning_rate * dtheta
        theta = theta - step
        loss, dtheta = logistic_loss(theta, x, y)
        losses.append(float(loss))
        converged = float(xp.linalg.vector_norm(step)) < tolerance
    return LogisticFit(theta, tuple(losses), converged)


def _check(x: Array, y: Array) -> None:
    xp = array_namespace(y)
    check_floating(x=x)
    check_shape("x", x, ("N", "D"))
    check_shape("y", y, (x.shape[0],))
    check_not_empty("y", y)
    if not bool(xp.all((y == 0) | (y == 1))):
        msg = f"y of shape {tuple(y.shape)} must hold the labels 0 and 1 alone, but it holds others"
        raise ValueError(msg)

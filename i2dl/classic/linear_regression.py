"""Linear regression: ŷ = Xθ, with the θ that makes the squared errors least.

**The bias column.** ŷᵢ = θ₀ + xᵢ₁θ₁ + … + x_idθ_d. A column of ones in front of the data makes the bias a weight like
any other, and the prediction one product, ŷ = Xθ. The functions below take the data without this column, and add it.

**Least squares.** J(θ) = 1/n Σ (ŷᵢ − yᵢ)² = 1/n (Xθ − y)ᵀ(Xθ − y) is convex, so where its gradient vanishes is a
minimum:

    ∂J/∂θ = 2/n (XᵀXθ − Xᵀy) = 0    ⇔    XᵀXθ = Xᵀy    (the *normal equations*)    ⇔    θ = (XᵀX)⁻¹Xᵀy.

The last step, and the "unique" solution that the lecture promises, need columns of X that do not depend on each other.
If they do (a feature twice, or fewer samples than weights) there are many minima, and XᵀX has no inverse.

**Solving it.** The formula is right, but a bad program. XᵀX squares the numbers: its condition is that of X squared,
and half of the digits are gone before anything is solved. With the singular value decomposition X = USVᵀ the squares
cancel on paper instead,

    (XᵀX)⁻¹Xᵀ = (VS²Vᵀ)⁻¹ VSUᵀ = VS⁻¹Uᵀ =: X†,

the *pseudoinverse*. It also exists if columns depend on each other: then some singular values are 0, their inverses are
replaced by 0, and of the many minima X†y is the one with the smallest weights. `least_squares` does this,
`normal_equations` does what the formula says.

**Why squares?** Suppose y = Xθ plus Gaussian noise, independent for each sample, of standard deviation σ. Then the
probability of what was observed, the *likelihood*, has the logarithm

    log p(y | X, θ) = −n/2 log(2πσ²) − 1/(2σ²) (y − Xθ)ᵀ(y − Xθ).

Only the last term contains θ, and it is −J up to a factor: whatever σ may be, the θ that makes the data most likely is
the one with the least squares. (The course's summary writes "θ_ML =" in front of this line; it is the log-likelihood,
and θ_ML is where it is largest.)
"""

import math

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_not_empty, check_number, check_shape


def add_bias_column(x: Array) -> Array:
    """Put a column of ones in front.

    Parameters
    ----------
    x : array, shape (N, D)
        Data, one sample in each row.

    Returns
    -------
    array, shape (N, D + 1)
        The same, behind ones.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has another rank.

    References
    ----------
    I2DL lecture 2, linear prediction.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "D"))
    return xp.concat([xp.ones((x.shape[0], 1), dtype=x.dtype, device=device(x)), x], axis=1)


def linear_prediction(x: Array, theta: Array) -> Array:
    """ŷᵢ = θ₀ + Σⱼ xᵢⱼ θⱼ.

    Parameters
    ----------
    x : array, shape (N, D)
        Data.
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.

    Returns
    -------
    array, shape (N,)
        Predictions.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit.

    References
    ----------
    I2DL lecture 2, linear prediction.
    """
    xp = array_namespace(x, theta)
    check_floating(theta=theta)
    columns = add_bias_column(x)
    check_shape("theta", theta, (columns.shape[1],))
    return xp.matmul(columns, theta)


def least_squares_loss(theta: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """J(θ) = 1/n Σ (ŷᵢ − yᵢ)², and its gradient 2/n Xᵀ(Xθ − y).

    Parameters
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Targets.

    Returns
    -------
    loss : array, shape ()
        J.
    dtheta : array, shape (D + 1,)
        Its gradient.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or there are no samples.

    References
    ----------
    I2DL lecture 2, optimization: linear least squares. (The summary, III.2, leaves out the gradient's factor 2.)
    """
    xp = array_namespace(theta, x, y)
    _check(x, y)
    error = linear_prediction(x, theta) - y
    dtheta = 2.0 / x.shape[0] * xp.matmul(xp.matrix_transpose(add_bias_column(x)), error)
    return xp.asarray(xp.mean(error * error)), dtheta


def least_squares(x: Array, y: Array) -> Array:
    """θ = X†y, the least squares solution; the one with the smallest weights, if there are several.

    Parameters
    ----------
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Targets.

    Returns
    -------
    array, shape (D + 1,)
        The bias, and one weight for each feature.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or there are no samples.

    References
    ----------
    I2DL student summary, II.1 (θ = X†y); I2DL exam Aug 2022, 2.8.
    """
    xp = array_namespace(x, y)
    _check(x, y)
    columns = add_bias_column(x)
    u, s, vh = xp.linalg.svd(columns, full_matrices=False)
    # What is smaller than the rounding of the largest singular value is a 0.
    smallest = max(columns.shape) * xp.finfo(s.dtype).eps * xp.max(s)
    inverse = xp.where(s > smallest, 1.0 / xp.where(s > smallest, s, 1.0), 0.0)
    return xp.matmul(xp.matrix_transpose(vh), inverse * xp.matmul(xp.matrix_transpose(u), y))


def normal_equations(x: Array, y: Array) -> Array:
    """θ = (XᵀX)⁻¹Xᵀy, the formula taken literally: half as many correct digits as `least_squares`.

    Parameters
    ----------
    x : array, shape (N, D)
        Data, whose columns do not depend on each other, nor add up to a constant.
    y : array, shape (N,)
        Targets.

    Returns
    -------
    array, shape (D + 1,)
        The bias, and one weight for each feature.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or there are fewer samples than weights: then XᵀX has no inverse.

    References
    ----------
    I2DL lecture 2, optimization.
    """
    xp = array_namespace(x, y)
    _check(x, y)
    columns = add_bias_column(x)
    n, weights = columns.shape
    if n < weights:
        msg = f"x must have at least as many samples as there are weights, {weights}, but its shape is {tuple(x.shape)}"
        raise ValueError(msg)
    transposed = xp.matrix_transpose(columns)
    right = xp.matmul(transposed, y)
    return xp.linalg.solve(xp.matmul(transposed, columns), right[:, None])[:, 0]


def gaussian_log_likelihood(theta: Array, x: Array, y: Array, *, sigma: float) -> tuple[Array, Array]:
    """Logarithm of the probability density of y, if y = Xθ + noise of standard deviation σ; and its gradient.

    Parameters
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Targets.
    sigma : float
        Standard deviation of the noise, in the units of ``y``.

    Returns
    -------
    log_likelihood : array, shape ()
        −n/2 log(2πσ²) − 1/(2σ²) Σ (yᵢ − ŷᵢ)².
    dtheta : array, shape (D + 1,)
        1/σ² Xᵀ(y − Xθ), which vanishes where the gradient of the least squares does.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, there are no samples, or ``sigma`` is not positive.

    References
    ----------
    I2DL lecture 2, maximum likelihood: back to linear regression.
    """
    xp = array_namespace(theta, x, y)
    check_number("sigma", sigma, above=0.0)
    loss, dtheta = least_squares_loss(theta, x, y)
    n = x.shape[0]
    log_likelihood = -n / 2 * (math.log(2 * math.pi) + 2 * math.log(sigma) + loss / sigma**2)
    return xp.asarray(log_likelihood), -n / (2 * sigma**2) * dtheta


def noise_estimate(theta: Array, x: Array, y: Array) -> Array:
    """Standard deviation of the noise that makes the data most likely: σ = √J(θ), the root of the mean squared error.

    Parameters
    ----------
    theta : array, shape (D + 1,)
        The bias, and one weight for each feature.
    x : array, shape (N, D)
        Data.
    y : array, shape (N,)
        Targets.

    Returns
    -------
    array, shape ()
        σ, in the units of ``y``.

    Raises
    ------
    TypeError
        If an array is not real floating.
    ValueError
        If the shapes do not fit, or there are no samples.

    References
    ----------
    I2DL lecture 2, maximum likelihood: the derivative of the log-likelihood with respect to σ, set to 0.
    """
    xp = array_namespace(theta, x, y)
    return xp.asarray(xp.sqrt(least_squares_loss(theta, x, y)[0]))


def _check(x: Array, y: Array) -> None:
    check_floating(x=x, y=y)
    check_shape("x", x, ("N", "D"))
    check_shape("y", y, (x.shape[0],))
    check_not_empty("y", y)

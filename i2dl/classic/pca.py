"""Principal component analysis: the few directions along which data varies most.

Centre the data: X̃ = X − mean. Its variance along a unit vector v is vᵀ(X̃ᵀX̃)v / (N − 1). The singular value
decomposition X̃ = USVᵀ shows it all at once: X̃ᵀX̃ = VS²Vᵀ, so the columns of V are the principal directions,
orthogonal to each other and sorted by the variances S² / (N − 1) along them. (Forming X̃ᵀX̃ itself would square the
numbers and lose half of the digits; the decomposition does without.)

*Project*: Z = X̃V_K keeps K coordinates of D. *Reconstruct*: X̂ = ZV_Kᵀ + mean. No other linear way to squeeze samples
through K numbers and back has a smaller squared error; what is lost is the sum of the discarded S². A linear
autoencoder with a bottleneck of K units learns the same subspace.
"""

from dataclasses import dataclass

from array_api_compat import array_namespace, device

from i2dl.functional._checks import Array, check_floating, check_shape


@dataclass(frozen=True)
class PrincipalComponents:
    """The mean of the data, and the directions along which it varies most.

    Attributes
    ----------
    mean : array, shape (D,)
        Centre of the data.
    directions : array, shape (K, D)
        Principal directions in its rows: of length 1, orthogonal, each with its largest entry positive.
    variances : array, shape (K,)
        Variance of the data along each, falling; divided by N − 1.
    shares : array, shape (K,)
        The same as shares of the whole variance; 0 if there is none.
    """

    mean: Array
    directions: Array
    variances: Array
    shares: Array


def pca(x: Array, *, components: int) -> PrincipalComponents:
    """Find the principal components of data.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples, N ≥ 2.
    components : int
        How many to keep, K, from 1 to the smaller of N and D.

    Returns
    -------
    PrincipalComponents
        Mean, directions and variances.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If ``x`` has another rank or fewer than two samples, or ``components`` does not fit.

    References
    ----------
    I2DL lecture 2, unsupervised learning; K. Pearson, *On lines and planes of closest fit*, 1901.
    """
    xp = array_namespace(x)
    check_floating(x=x)
    check_shape("x", x, ("N", "D"))
    n, d = x.shape
    if n < 2:
        msg = f"x must hold at least two samples, which variance needs, but its shape is {(n, d)}"
        raise ValueError(msg)
    if not 1 <= components <= min(n, d):
        msg = f"components must be from 1 to {min(n, d)} for x of shape {(n, d)}, but it is {components}"
        raise ValueError(msg)
    mean = xp.mean(x, axis=0)
    _, s, vh = xp.linalg.svd(x - mean, full_matrices=False)
    variances = s**2 / (n - 1)
    total = xp.sum(variances)
    shares = xp.where(total > 0, variances / xp.where(total > 0, total, 1.0), 0.0)
    directions = _with_positive_peaks(vh[:components, :])
    return PrincipalComponents(mean, directions, variances[:components], shares[:components])


def pca_project(x: Array, model: PrincipalComponents) -> Array:
    """Z = (X − mean) V: each sample's K coordinates along the principal directions.

    Parameters
    ----------
    x : array, shape (N, D)
        Samples.
    model : PrincipalComponents
        From `pca`.

    Returns
    -------
    array, shape (N, K)
        Coordinates; those of the data that ``model`` was made of are uncorrelated.

    Raises
    ------
    TypeError
        If ``x`` is not real floating.
    ValueError
        If its samples have another length than the model's.

    References
    ----------
    I2DL lecture 2, unsupervised learning.
    """
    xp = array_namespace(x, model.mean)
    check_floating(x=x)
    check_shape("x", x, ("N", model.mean.shape[0]))
    return xp.matmul(x - model.mean, xp.matrix_transpose(model.directions))


def pca_reconstruct(z: Array, model: PrincipalComponents) -> Array:
    """X̂ = Z Vᵀ + mean: the samples that have these coordinates.

    Parameters
    ----------
    z : array, shape (N, K)
        Coordinates from `pca_project`.
    model : PrincipalComponents
        From `pca`.

    Returns
    -------
    array, shape (N, D)
        Samples in the space that the principal directions span.

    Raises
    ------
    TypeError
        If ``z`` is not real floating.
    ValueError
        If it has another number of coordinates than the model.

    References
    ----------
    I2DL lecture 2, unsupervised learning; I2DL exam Aug 2020 compares it with an autoencoder.
    """
    xp = array_namespace(z, model.mean)
    check_floating(z=z)
    check_shape("z", z, ("N", model.directions.shape[0]))
    return xp.matmul(z, model.directions) + model.mean


def _with_positive_peaks(directions: Array) -> Array:
    """Turn directions around where needed: v and −v are equally principal, and a decomposition may return either."""
    xp = array_namespace(directions)
    size = xp.abs(directions)
    columns = xp.arange(directions.shape[1], dtype=xp.int64, device=device(directions))
    is_peak = columns[None, :] == xp.argmax(size, axis=1, keepdims=True)
    peaks = xp.sum(xp.where(is_peak, directions, 0.0), axis=1, keepdims=True)
    return xp.where(peaks < 0, -directions, directions)

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans as TheirKMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

from i2dl.classic import kmeans, kmeans_assign, kmeans_start, kmeans_update, pca, pca_project, pca_reconstruct
from i2dl.data.toy import clouds


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("start", ["k-means++", "random"])
@given(n=st.integers(1, 30), d=st.integers(1, 4), k=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_neither_step_raises_the_inertia(backend, start, n, d, k, seed):
    k = min(k, n)
    x = backend.array(draw(n, d, seed=seed))
    centres = kmeans_start(x, k=k, rng=np.random.default_rng(seed), method=start)
    inertias = []
    for _ in range(5):
        labels, squared = kmeans_assign(x, centres)
        inertias.append(backend.numpy(squared).sum())
        centres = kmeans_update(x, labels, centres)
        own = backend.numpy(centres)[backend.numpy(labels)]
        inertias.append(((backend.numpy(x) - own) ** 2).sum())
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(inertias))
    result = kmeans(x, k=k, rng=np.random.default_rng(seed), start=start)
    assert result.converged
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(result.history))
    assert result.inertia == result.history[-1]


@pytest.mark.parametrize("k", [1, 3, 7])
def test_from_one_start_scikit_learn_comes_to_the_same_end(backend, close, k):
    x, _ = clouds(200, spread=1.5, rng=np.random.default_rng(0))
    start = x[:k]
    theirs = TheirKMeans(k, init=start, n_init=1, algorithm="lloyd", tol=0, max_iter=300).fit(x)
    ours = kmeans(backend.array(x), k=k, rng=np.random.default_rng(0), start=backend.array(start))
    close(backend.numpy(ours.centres), theirs.cluster_centers_)
    np.testing.assert_array_equal(backend.numpy(ours.labels), theirs.labels_)
    assert ours.inertia == pytest.approx(theirs.inertia_, rel=1e-10)
    labels, _ = kmeans_assign(backend.array(x), ours.centres)
    np.testing.assert_array_equal(backend.numpy(labels), theirs.predict(x))


def test_clouds_are_found(backend):
    x, y = clouds(300, spread=0.3, rng=np.random.default_rng(1))
    result = kmeans(backend.array(x), k=3, rng=np.random.default_rng(2))
    labels = backend.numpy(result.labels)
    assert len({(a, b) for a, b in zip(labels.tolist(), y.tolist(), strict=True)}) == 3
    assert np.abs(np.sort(backend.numpy(result.centres)[:, 1]) - [-1, -1, 2]).max() < 0.1


def test_a_sample_between_two_centres_goes_to_the_first(backend):
    labels, squared = backend.call(kmeans_assign, np.array([[0.0], [5.0]]), np.array([[1.0], [-1.0], [5.0]]))
    assert (labels.tolist(), squared.tolist()) == ([0, 2], [1.0, 0.0])


def test_a_centre_without_samples_stays(backend, close):
    x, centres = np.array([[0.0, 0.0], [2.0, 4.0]]), np.array([[1.0, 1.0], [50.0, 50.0]])
    labels, _ = backend.call(kmeans_assign, x, centres)
    close(backend.call(kmeans_update, x, labels, centres), [[1.0, 2.0], [50.0, 50.0]])


def test_as_many_centres_as_samples_leave_nothing_over(backend):
    """Exam Feb 2022, 2.6: overfitting without labels."""
    x = draw(6, 2)
    for start in ("k-means++", "random"):
        result = kmeans(backend.array(x), k=6, rng=np.random.default_rng(0), start=start)
        assert result.inertia == 0
        assert len(set(backend.numpy(result.labels).tolist())) == 6


def test_fewer_different_samples_than_centres_do_no_harm(backend):
    x = np.repeat(draw(2, 3), 5, axis=0)
    for start in ("k-means++", "random"):
        result = kmeans(backend.array(x), k=4, rng=np.random.default_rng(0), start=start)
        assert np.isfinite(backend.numpy(result.centres)).all()
    result = kmeans(backend.array(x), k=4, rng=np.random.default_rng(0))
    assert result.inertia == pytest.approx(0, abs=1e-28)


def test_k_means_plus_plus_draws_in_proportion_to_the_squared_distance():
    x = np.array([[0.0], [1.0], [3.0]])
    pairs = np.zeros((3, 3))
    rng = np.random.default_rng(3)
    for _ in range(6000):
        first, second = (x == kmeans_start(x, k=2, rng=rng).reshape(1, 2)).argmax(axis=0)
        pairs[first, second] += 1
    expected = (x - x.T) ** 2 / ((x - x.T) ** 2).sum(axis=1, keepdims=True) / 3
    assert np.abs(pairs / 6000 - expected).max() < 0.02


def test_a_good_start_is_worth_more_than_luck():
    x, _ = clouds(400, centres=[(10.0 * i, 0.0) for i in range(8)], spread=0.1, rng=np.random.default_rng(4))
    inertia = {
        start: [kmeans(x, k=8, rng=np.random.default_rng(seed), start=start).inertia for seed in range(20)]
        for start in ("k-means++", "random")
    }
    assert np.median(inertia["k-means++"]) < 0.1 * np.median(inertia["random"])


def test_every_backend_draws_the_same_start(backend, close):
    x = draw(30, 2, seed=5)
    for method in ("k-means++", "random"):
        expected = kmeans_start(x, k=5, rng=np.random.default_rng(6), method=method)
        found = kmeans_start(backend.array(x), k=5, rng=np.random.default_rng(6), method=method)
        close(backend.numpy(found), expected, rtol=0, atol=0)
        assert len(np.unique(expected, axis=0)) == 5


def test_rounds_are_a_limit():
    x = draw(200, 2, seed=7)
    result = kmeans(x, k=8, rng=np.random.default_rng(0), rounds=1)
    assert not result.converged
    assert len(result.history) == 2


@given(n=st.integers(2, 12), d=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_principal_components_are_those_of_scikit_learn(backend, close, n, d, seed):
    x = draw(n, d, seed=seed)
    components = min(n - 1, d)  # the n-th direction of n centred samples is arbitrary
    theirs = PCA(components, svd_solver="full").fit(x)
    ours = pca(backend.array(x), components=components)
    close(backend.numpy(ours.mean), theirs.mean_)
    close(backend.numpy(ours.variances), theirs.explained_variance_, atol=1e-10)
    close(backend.numpy(ours.shares), theirs.explained_variance_ratio_, atol=1e-10)
    directions, expected = backend.numpy(ours.directions), theirs.components_
    # Of almost equal variances the directions are not determined well.
    gaps = np.abs(np.diff(np.append(theirs.explained_variance_, 0.0)))
    sharp = np.minimum(gaps, np.append(np.inf, gaps[:-1])) > 1e-3
    signs = np.sign((directions * expected).sum(axis=1))
    np.testing.assert_allclose(directions[sharp], (signs[:, None] * expected)[sharp], rtol=0, atol=1e-8)
    assert (directions[np.arange(components), np.abs(directions).argmax(axis=1)] > 0).all()


def test_projection_and_reconstruction_of_the_digits(backend, close):
    x = load_digits().data[:300] / 16
    theirs = PCA(10, svd_solver="full").fit(x)
    ours = pca(backend.array(x), components=10)
    z = pca_project(backend.array(x), ours)
    signs = np.sign((backend.numpy(ours.directions) * theirs.components_).sum(axis=1))
    close(backend.numpy(z) * signs, theirs.transform(x), rtol=1e-8, atol=1e-9)
    back = backend.numpy(pca_reconstruct(z, ours))
    close(back, theirs.inverse_transform(theirs.transform(x)), rtol=1e-8, atol=1e-9)
    # What is lost is the variance that was discarded (Eckart and Young).
    everything = pca(backend.array(x), components=64)
    lost = backend.numpy(everything.variances)[10:].sum() * (len(x) - 1)
    assert ((back - x) ** 2).sum() == pytest.approx(lost, rel=1e-10)
    covariance = np.cov(backend.numpy(z), rowvar=False)
    close(covariance, np.diag(backend.numpy(ours.variances)), atol=1e-10)


def test_directions_are_orthonormal_and_all_of_them_lose_nothing(backend, close):
    x = draw(20, 5, seed=8)
    model = pca(backend.array(x), components=5)
    directions = backend.numpy(model.directions)
    close(directions @ directions.T, np.eye(5), atol=1e-12)
    close(backend.numpy(pca_reconstruct(pca_project(backend.array(x), model), model)), x, atol=1e-12)
    assert backend.numpy(model.shares).sum() == pytest.approx(1)


def test_data_without_variance(backend):
    model = pca(backend.array(np.full((4, 3), 7.0)), components=2)
    assert backend.numpy(model.variances).tolist() == [0, 0]
    assert backend.numpy(model.shares).tolist() == [0, 0]
    assert np.isfinite(backend.numpy(model.directions)).all()


def test_float32_stays_float32(backend, close):
    x = draw(50, 4, seed=9).astype("float32")
    model = pca(backend.array(x), components=2)
    result = kmeans(backend.array(x), k=3, rng=np.random.default_rng(0))
    for array in (model.mean, model.directions, model.variances, pca_project(backend.array(x), model), result.centres):
        assert backend.numpy(array).dtype == np.float32
    expected = PCA(2, svd_solver="full").fit(x.astype(float))
    close(backend.numpy(model.variances), expected.explained_variance_, rtol=1e-5)


def test_what_makes_no_sense_is_refused(backend):
    rng = np.random.default_rng(0)
    x = backend.array(draw(4, 2))
    with pytest.raises(ValueError, match=r"k must be from 1 .* x of shape \(4, 2\), but it is 5"):
        kmeans(x, k=5, rng=rng)
    with pytest.raises(ValueError, match="method must be 'k-means\\+\\+' or 'random', but it is 'best'"):
        kmeans(x, k=2, rng=rng, start="best")
    with pytest.raises(ValueError, match=r"start must have shape \(3, 2\), but its shape is \(2, 2\)"):
        kmeans(x, k=3, rng=rng, start=x[:2, :])
    with pytest.raises(ValueError, match="rounds must be at least 1, but it is 0"):
        kmeans(x, k=2, rng=rng, rounds=0)
    with pytest.raises(ValueError, match=r"x must have shape \(N, D\), but its shape is \(4,\)"):
        kmeans(x[:, 0], k=2, rng=rng)
    with pytest.raises(ValueError, match=r"centres must have shape \(k, 2\), but its shape is \(4, 1\)"):
        kmeans_assign(x, x[:, :1])
    with pytest.raises(TypeError, match="labels must hold the indices of centres"):
        kmeans_update(x, x[:, 0], x)
    with pytest.raises(ValueError, match=r"labels must have shape \(4,\), but its shape is \(3,\)"):
        kmeans_update(x, backend.array(np.arange(3)), x)
    with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
        pca(backend.array(np.ones((3, 2), dtype=int)), components=1)
    with pytest.raises(ValueError, match=r"at least two samples, which variance needs, but its shape is \(1, 2\)"):
        pca(x[:1, :], components=1)
    with pytest.raises(ValueError, match=r"components must be from 1 to 2 for x of shape \(4, 2\), but it is 3"):
        pca(x, components=3)
    model = pca(x, components=1)
    with pytest.raises(ValueError, match=r"x must have shape \(N, 2\), but its shape is \(4, 1\)"):
        pca_project(x[:, :1], model)
    with pytest.raises(ValueError, match=r"z must have shape \(N, 1\), but its shape is \(4, 2\)"):
        pca_reconstruct(x, model)

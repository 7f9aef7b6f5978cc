import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier

from i2dl.classic import distances_no_loops, distances_one_loop, distances_two_loops, knn_predict, majority_vote
from i2dl.data.toy import clouds, ring

WAYS = [distances_two_loops, distances_one_loop, distances_no_loops]
METRICS = {"l1": "cityblock", "l2": "euclidean"}


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("distances", WAYS)
@given(n=st.integers(1, 5), m=st.integers(1, 6), d=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_distances_are_those_of_scipy(backend, close, distances, metric, n, m, d, seed):
    rng = np.random.default_rng(seed)
    x, x_train = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    # The short formula of the version without loops loses digits where samples are close: √ε at worst.
    atol = 2e-7 if (distances, metric) == (distances_no_loops, "l2") else 1e-12
    close(backend.call(distances, x, x_train, metric=metric), cdist(x, x_train, METRICS[metric]), atol=atol)


def test_the_error_of_the_short_formula_is_as_stated(backend, close):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 8))
    expected = cdist(x, x)
    found = backend.call(distances_no_loops, x, x)
    far = expected > 0.5
    close(found[far], expected[far], rtol=1e-14)
    spread = np.linalg.norm(x - x.mean(axis=0), axis=1).max()
    assert 0 < np.abs(found - expected).max() < 4 * np.sqrt(np.finfo(float).eps) * spread
    # Far from the origin the same holds, because the samples are moved there first.
    found = backend.call(distances_no_loops, x + 1e6, x + 1e6)
    close(found[far], cdist(x + 1e6, x + 1e6)[far], rtol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("distances", WAYS)
def test_float32_stays_float32(backend, close, distances, metric):
    rng = np.random.default_rng(1)
    x, x_train = (rng.normal(size=(size, 5)).astype("float32") for size in (3, 7))
    found = backend.call(distances, x, x_train, metric=metric)
    assert found.dtype == np.float32
    close(found, cdist(x.astype(float), x_train.astype(float), METRICS[metric]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("k", [1, 2, 5, 20])
def test_predictions_are_those_of_scikit_learn(backend, metric, k):
    rng = np.random.default_rng(2)
    x_train, y_train = clouds(200, spread=1.2, rng=rng)
    x, _ = clouds(150, spread=1.2, rng=rng)
    # Where two labels have equally many votes, scikit-learn takes the lower one, whoever is nearer.
    model = KNeighborsClassifier(k, p={"l1": 1, "l2": 2}[metric]).fit(x_train, y_train)
    votes = model.predict_proba(x)
    clear = np.sort(votes, axis=1)[:, -1] > np.sort(votes, axis=1)[:, -2]
    assert clear.sum() > 100
    found = backend.call(knn_predict, x, x_train, y_train, k=k, metric=metric)
    np.testing.assert_array_equal(found[clear], model.predict(x)[clear])


def test_one_neighbour_is_always_right_about_the_training_data(backend):
    """Lecture 2: "How does the NN classifier perform on training data?"""
    x, y = ring(300, rng=np.random.default_rng(3))
    y = np.where(np.random.default_rng(4).random(300) < 0.2, 1 - y, y)  # even where labels are wrong
    np.testing.assert_array_equal(backend.call(knn_predict, x, x, y, k=1), y)
    assert np.mean(backend.call(knn_predict, x, x, y, k=5) == y) < 1


def test_the_ring_that_no_line_separates(backend):
    x_train, y_train = ring(1000, rng=np.random.default_rng(5))
    x, y = ring(300, rng=np.random.default_rng(6))
    assert np.mean(backend.call(knn_predict, x, x_train, y_train, k=5) == y) > 0.9


@pytest.mark.parametrize(
    ("distances", "labels", "k", "winner"),
    [
        ([1.0, 2.0, 3.0], [5, 7, 7], 1, 5),
        ([1.0, 2.0, 3.0], [5, 7, 7], 3, 7),
        ([3.0, 1.0, 2.0, 9.0], [5, 7, 5, 7], 3, 5),  # two votes against one
        ([1.0, 2.0, 3.0, 4.0], [7, 5, 5, 7], 4, 5),  # two votes each, sums 5 and 5: the lower label
        ([1.0, 2.0, 3.5, 4.0], [7, 5, 5, 7], 4, 7),  # two votes each, 7 is nearer: 5 against 5.5
        ([1.0, 1.0], [9, 2], 1, 9),  # at one distance the earlier sample is nearer
        ([1.0, 1.0], [9, 2], 2, 2),  # equal votes, equal distances: the lower label
        ([0.0, 0.0, 0.0], [-1, 3, 3], 2, -1),
    ],
)
def test_ties(backend, distances, labels, k, winner):
    found = backend.call(majority_vote, np.array([distances]), np.array(labels), k=k)
    assert found.tolist() == [winner]


def test_all_training_samples_may_vote(backend):
    x_train, y_train = np.array([[0.0], [1.0], [2.0]]), np.array([1, 0, 0])
    assert backend.call(knn_predict, np.array([[-9.0]]), x_train, y_train, k=3).tolist() == [0]
    assert backend.call(knn_predict, np.array([[-9.0]]), x_train[:1], y_train[:1], k=1).tolist() == [1]


def test_what_makes_no_sense_is_refused(backend):
    x, y = backend.array(np.ones((3, 2))), backend.array(np.arange(3))
    with pytest.raises(ValueError, match=r"x must have shape \(N, 2\), but its shape is \(3, 1\)"):
        knn_predict(x[:, :1], x, y, k=1)
    with pytest.raises(ValueError, match=r"x_train must have shape \(M, D\), but its shape is \(2,\)"):
        distances_no_loops(x, x[0, :])
    with pytest.raises(ValueError, match=r"x_train must hold at least one number, but its shape is \(0, 2\)"):
        distances_two_loops(x, x[:0, :])
    with pytest.raises(ValueError, match="metric must be 'l1' or 'l2', but it is 'cosine'"):
        distances_one_loop(x, x, metric="cosine")
    with pytest.raises(ValueError, match=r"k must be from 1 .* distances of shape \(3, 3\), but it is 4"):
        knn_predict(x, x, y, k=4)
    with pytest.raises(ValueError, match="but it is 0"):
        knn_predict(x, x, y, k=0)
    with pytest.raises(ValueError, match=r"y_train must have shape \(3,\), but its shape is \(2,\)"):
        knn_predict(x, x, y[:2], k=1)
    with pytest.raises(TypeError, match="y_train must hold integer class labels"):
        majority_vote(x, x[:2, 0], k=1)
    with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
        distances_no_loops(backend.array(np.ones((3, 2), dtype=int)), x)

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from i2dl.classic import choose_k, cross_validate, k_fold_indices, knn_predict, split_indices
from i2dl.data.toy import clouds, ring


class Unshuffled(np.random.Generator):
    """A generator that leaves the order as it is, for comparing with a library that shuffles in its own way."""

    def __init__(self):
        super().__init__(np.random.PCG64(0))

    def permutation(self, n):
        return np.arange(n)


@given(n=st.integers(2, 60), k=st.integers(2, 10), seed=st.integers(0, 2**16))
def test_every_sample_is_validated_on_once(n, k, seed):
    k = min(k, n)
    runs = k_fold_indices(n, k=k, rng=np.random.default_rng(seed))
    assert len(runs) == k
    assert sorted(np.concatenate([fold for _, fold in runs]).tolist()) == list(range(n))
    sizes = [len(fold) for _, fold in runs]
    assert max(sizes) - min(sizes) <= 1
    for train, fold in runs:
        assert sorted([*train.tolist(), *fold.tolist()]) == list(range(n))


@pytest.mark.parametrize(("n", "k"), [(10, 5), (11, 3), (7, 7), (23, 4)])
def test_folds_are_those_of_scikit_learn(n, k):
    for (train, fold), (their_train, their_fold) in zip(
        k_fold_indices(n, k=k, rng=Unshuffled()), KFold(k).split(np.zeros(n)), strict=True
    ):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(fold, their_fold)


def test_samples_are_shuffled_and_the_same_state_gives_the_same_folds():
    first, second = (k_fold_indices(100, k=5, rng=np.random.default_rng(0)) for _ in range(2))
    for (train, fold), (other_train, other_fold) in zip(first, second, strict=True):
        np.testing.assert_array_equal(train, other_train)
        np.testing.assert_array_equal(fold, other_fold)
    assert first[0][1].tolist() != list(range(20))


@pytest.mark.parametrize(
    ("n", "fractions", "sizes"),
    [
        (10, (0.6, 0.2, 0.2), [6, 2, 2]),
        (10, (0.8, 0.1, 0.1), [8, 1, 1]),
        (1797, (0.6, 0.2, 0.2), [1078, 360, 359]),
        (7, (0.5, 0.5), [4, 3]),
        (3, (1.0,), [3]),
        (4, (0.5, 0.0, 0.5), [2, 0, 2]),
    ],
)
def test_split_into_parts(n, fractions, sizes):
    parts = split_indices(n, fractions=fractions, rng=np.random.default_rng(1))
    assert [len(part) for part in parts] == sizes
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    if n == 1797:
        assert parts[0].tolist() != list(range(1078))


def test_cross_validation_is_that_of_scikit_learn(backend, close):
    x, y = clouds(90, spread=1.3, rng=np.random.default_rng(2))
    expected = cross_val_score(KNeighborsClassifier(1), x, y, cv=KFold(4))

    def score(x_train, y_train, x_validation, y_validation):
        predicted = knn_predict(x_validation, x_train, y_train, k=1)
        return np.mean(backend.numpy(predicted) == backend.numpy(y_validation))

    found = cross_validate(score, backend.array(x), backend.array(y), k=4, rng=Unshuffled())
    close(found, expected)


def test_the_best_k_is_chosen(backend, close):
    x, y = ring(240, rng=np.random.default_rng(3))
    y = np.where(np.random.default_rng(4).random(240) < 0.15, 1 - y, y)
    candidates = (1, 3, 9, 15, 101)
    choice = choose_k(backend.array(x), backend.array(y), candidates=candidates, folds=6, rng=Unshuffled())
    theirs = {k: cross_val_score(KNeighborsClassifier(k), x, y, cv=KFold(6)) for k in candidates}
    for k in candidates:
        close(choice.accuracies[k], theirs[k])
    assert choice.k == max(candidates, key=lambda k: theirs[k].mean())
    assert choice.k not in (1, 101), "the nearest neighbour believes every wrong label, 101 see no ring any more"


def test_of_equally_good_k_the_largest_is_taken(backend):
    x, y = clouds(40, spread=0.01, rng=np.random.default_rng(5))
    choice = choose_k(
        backend.array(x), backend.array(y), candidates=(5, 1, 3), folds=4, metric="l1", rng=np.random.default_rng(6)
    )
    assert choice.k == 5
    assert all((accuracy == 1).all() for accuracy in choice.accuracies.values())


def test_what_makes_no_sense_is_refused():
    rng = np.random.default_rng(0)
    x, y = np.ones((4, 2)), np.zeros(4, dtype=int)
    with pytest.raises(ValueError, match="k must be from 2 to the number of samples, 4, but it is 5"):
        k_fold_indices(4, k=5, rng=rng)
    with pytest.raises(ValueError, match="but it is 1"):
        cross_validate(lambda *parts: 0.0, x, y, k=1, rng=rng)
    with pytest.raises(ValueError, match=r"one length, but their shapes are \(4, 2\) and \(3,\)"):
        cross_validate(lambda *parts: 0.0, x, y[:3], k=2, rng=rng)
    with pytest.raises(ValueError, match=r"add up to 1, but they are \(0.6, 0.3\)"):
        split_indices(10, fractions=(0.6, 0.3), rng=rng)
    with pytest.raises(ValueError, match=r"at least 0 .* but they are \(1.5, -0.5\)"):
        split_indices(10, fractions=(1.5, -0.5), rng=rng)
    with pytest.raises(ValueError, match="n must be at least 1, but it is 0"):
        split_indices(0, rng=rng)
    with pytest.raises(ValueError, match="at least one number of neighbours, but it holds 0"):
        choose_k(x, y, candidates=(), rng=rng)
    with pytest.raises(ValueError, match="k must be from 1 to the number of training samples"):
        choose_k(x, y, candidates=(1, 3), folds=2, rng=rng)


def test_numpy_users_load_neither_torch_nor_matplotlib():
    code = (
        "import numpy as np, sys, i2dl.classic as c\n"
        "c.kmeans(np.eye(3), k=2, rng=np.random.default_rng(0)); c.least_squares(np.eye(3), np.ones(3))\n"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Exercise 01: figures of the sources and of its text, shortcuts, and what is fair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.demo.trial import SEEDS
from autograder.verdict import Verdict
from exercises import trial

NAME = "01_machine_learning_basics"


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


def verdict(task: str, names: dict[str, Any], seed: str = SEEDS[0]) -> Verdict:
    return trial(NAME).verdict(task, names, seed)


def test_given_neighbours_are_the_notebooks_neighbours(solved: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    x, x_train, y_train = rng.standard_normal((40, 3)), rng.standard_normal((60, 3)), rng.integers(2, size=60)
    for k in (1, 5):
        for metric in ("l1", "l2"):
            given = solved["given_knn"](x, x_train, y_train, k=k, metric=metric)
            assert np.array_equal(given, solved["knn_predict"](x, x_train, y_train, k=k, metric=metric))


# ---------------------------------------------------------------------------------------------------------------
# Shortcuts


@pytest.mark.parametrize(
    ("task", "answer", "says"),
    [
        (
            "distances_no_loops",
            "def distances_no_loops(x, x_train, *, metric):\n    return distances_one_loop(x, x_train, metric=metric)",
            "for loop",
        ),
        (
            "distances_no_loops",
            "def distances_no_loops(x, x_train, *, metric):\n    return torch.cdist(torch.tensor(x), torch.tensor(x_train))",
            "torch.cdist",
        ),
        ("majority_vote", "from i2dl.classic import majority_vote", "i2dl.classic"),
        ("least_squares", "def least_squares(X, y):\n    return np.linalg.lstsq(X, y)[0]", "np.linalg.lstsq"),
        ("least_squares", "def least_squares(X, y):\n    return np.polyfit(X[:, 1], y, 1)", "np.polyfit"),
        (
            "kmeans",
            "from sklearn.cluster import KMeans\ndef kmeans(x, *args, rounds):\n    return KMeans(3).fit(x)",
            "sklearn",
        ),
        (
            "logistic_loss",
            "def sigmoid(z):\n    return torch.sigmoid(z)\n\n\ndef logistic_loss(theta, X, y):\n    return 0, 0",
            "torch.sigmoid",
        ),
    ],
)
def test_shortcuts_are_found(task: str, answer: str, says: str) -> None:
    assert any(says in sentence for sentence in trial(NAME).shortcuts({f"{task}_code": answer})[task])


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources and of the text


def test_the_lectures_building(solved: dict[str, Any]) -> None:
    """Lecture 2, linear prediction: 0.2 + 0.64·25 + 2 + 0.14·50, and 0.2 − 6.4 + 1.4."""
    x = np.array([[25.0, 50, 2, 50], [-10, 50, 0, 10]])
    theta = np.array([0.2, 0.64, 0, 1, 0.14])
    X = solved["add_bias_column"](x)
    assert X[:, 0].tolist() == [1, 1]
    assert solved["linear_prediction"](X, theta) == pytest.approx([25.2, -4.8])


def test_the_texts_small_examples(solved: dict[str, Any]) -> None:
    s = solved
    origin, three = np.zeros((1, 2)), np.array([[3.0, -4], [1, 0], [0, 2]])
    for way in ("distances_two_loops", "distances_one_loop", "distances_no_loops"):
        assert s[way](origin, three, metric="l1") == pytest.approx(np.array([[7.0, 1, 2]]))
        assert s[way](origin, three, metric="l2") == pytest.approx(np.array([[5.0, 1, 2]]))
    distances, labels = np.array([[0.3, 2.0, 0.1, 0.4]]), np.array([5, 5, 2, 5])
    assert s["majority_vote"](distances, labels, k=1) == [2]
    assert s["majority_vote"](distances, labels, k=3) == [5]
    assert s["choose_k"]({1: [0.8, 0.9], 5: [0.9, 1.0], 3: [1.0, 0.9], 7: [0.5, 0.6]}) == 5
    assigned, squared = s["kmeans_assign"](np.array([[0.0, 0], [5, 0]]), np.array([[4.0, 0], [1, 0]]))
    assert (assigned.tolist(), squared.tolist()) == ([1, 0], [1, 1])
    moved = s["kmeans_update"](
        np.array([[0.0, 0], [2, 4], [9, 9]]), np.array([0, 0, 2]), np.array([[7.0, 7], [5, 1], [8, 8]])
    )
    assert moved.tolist() == [[1, 2], [5, 1], [9, 9]]
    mean, directions, variances = s["pca"](np.array([[0.0, 0], [2, 2], [4, 4]]), components=2)
    assert mean.tolist() == [2, 2]
    assert np.abs(directions[0]) == pytest.approx([0.5**0.5] * 2)
    assert variances == pytest.approx([8, 0], abs=1e-12)
    z = s["pca_project"](np.array([[3.0, 2]]), np.array([2.0, 2]), np.array([[0.6, 0.8]]))
    assert z == pytest.approx(np.array([[0.6]]))
    assert s["pca_reconstruct"](z, np.array([2.0, 2]), np.array([[0.6, 0.8]])) == pytest.approx(
        np.array([[2.36, 2.48]])
    )


def test_the_texts_losses(solved: dict[str, Any]) -> None:
    s = solved
    loss, gradient = s["least_squares_loss"](np.array([0.0, 1]), np.array([[1.0, 0], [1, 2]]), np.array([1.0, 3]))
    assert (loss, gradient.tolist()) == (1, [-2, -2])
    zeros, errors = np.zeros(2), np.array([1.0, -1])
    assert s["gaussian_log_likelihood"](zeros, errors, sigma=1.0) == pytest.approx(-2.838, abs=5e-4)
    assert s["noise_estimate"](zeros, errors) == 1
    loss, gradient = s["logistic_loss"](zeros, np.array([[1.0, 2], [1, -1]]), np.array([1, 0]))
    assert loss == pytest.approx(0.693, abs=5e-4)
    assert gradient == pytest.approx([0, -0.75])


def test_the_neighbours_read_digits(solved: dict[str, Any]) -> None:
    assert np.mean(solved["read_digits"](solved["test_images"]) == solved["test_labels"]) >= 0.96


def test_a_line_fails_where_the_text_says_so() -> None:
    """The measure of the last step, on what a line can do: no direction reaches half of the points."""
    task = trial(NAME).exercise.tasks["bent_features"]
    measure = task.measure
    assert measure is not None
    for c in task.draw("public"):
        for angle in np.linspace(0, np.pi, 12, endpoint=False):
            bent = c.inputs["x"] @ [np.cos(angle), np.sin(angle)] + 1e-3 * np.sin(c.inputs["x"][:, 0])
            assert measure({"feature": bent}, **c.private) < 0.75


# ---------------------------------------------------------------------------------------------------------------
# Fairness


ODD = [
    None,
    "3",
    3,
    np.nan,
    np.full(200, np.nan),
    np.zeros((200, 1)),
    np.zeros((200, 10)),
    np.zeros(3),
    [],
    [[1], [2, 3]],
]


@pytest.mark.parametrize("answer", ODD, ids=str)
def test_unusable_answers_are_explained(answer: Any, solved: dict[str, Any]) -> None:
    found = verdict("digits_accuracy", {"read_digits": lambda images: answer})
    assert found.points == 0
    assert any(found.diagnoses)
    names = {"xor_feature": lambda x: answer, "ring_feature": lambda x: answer, "modes_feature": lambda x, c: answer}
    found = verdict("bent_features", names)
    assert found.points == 0
    assert any(found.diagnoses)


def test_one_bent_feature_earns_a_third(solved: dict[str, Any]) -> None:
    names = {"xor_feature": solved["xor_feature"], "ring_feature": lambda x: x, "modes_feature": lambda x, c: x}
    assert verdict("bent_features", names).points == pytest.approx(1.0)


def test_a_tie_may_go_either_way(solved: dict[str, Any]) -> None:
    def last_of_equals(distances: np.ndarray, y_train: np.ndarray, *, k: int) -> np.ndarray:
        near = y_train[np.argsort(distances, axis=1)[:, :k]]
        return np.array([len(c) - 1 - c[::-1].argmax() for c in map(np.bincount, near)])

    for seed in SEEDS:
        assert verdict("majority_vote", {"majority_vote": last_of_equals}, seed).right


def test_measuring_memory_leaves_no_trace(solved: dict[str, Any]) -> None:
    import tracemalloc

    assert verdict("distances_no_loops", solved).right
    assert not tracemalloc.is_tracing()
    assert verdict("distances_no_loops", {"distances_no_loops": lambda *a, **k: 1 / 0}).points == 0
    assert not tracemalloc.is_tracing()

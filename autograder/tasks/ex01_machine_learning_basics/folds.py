"""Part 4: folds, cross-validation, the choice of k, and digits read by their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.task import Case, case, task, written
from autograder.tasks.ex01_machine_learning_basics.shared import LIBRARIES, Mistakes

CLASSES = 10

# ---------------------------------------------------------------------------------------------------------------
# Folds


def _fold_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, k, edge in (
        ("thirty samples, three folds", 30, 3, ""),
        ("forty samples, five folds", 40, 5, ""),
        ("folds of two sizes", 33, 4, "n is no multiple of k"),
        ("each sample left out alone", 8, 8, "as many folds as samples"),
    ):
        yield case(name, edge=edge, given=k == 3, n=n, k=k, order=int(rng.integers(2**31)))


@task(
    points=2,
    cases=_fold_cases,
    forbid=LIBRARIES,
    hints={
        "number of folds": "return one pair (train, validation) for each of the k folds.",
        "fold sizes": "the folds' sizes differ by one at most: cut with `np.array_split`, which leaves nobody out.",
        "times validated": "every sample has to be in exactly one of the validation folds.",
        "times trained on": "a pair's training part is all that its fold leaves: every sample, k − 1 times in all.",
        "in both parts": "a sample is in the training part and in the validation part of one pair.",
        "is shuffled": "the folds are not shuffled: cut a random order of the samples, not 0, 1, 2, …",
        "same rng, same folds": "two equal generators give different folds: draw from the `rng` that is handed in.",
        "other rng, other folds": "the folds do not depend on `rng`: the order must be drawn from it.",
    },
    shares={"times validated": 2, "times trained on": 2, "is shuffled": 2},
)
def k_fold_indices(impl: Any, n: int, k: int, order: int) -> dict[str, Any]:
    """What any right way to make folds has in common, however it uses the generator."""

    def fold(seed: int) -> list[Any]:
        found = impl.k_fold_indices(n, k=k, rng=np.random.default_rng(seed))
        return [(np.asarray(train).astype(int), np.asarray(left_out).astype(int)) for train, left_out in found]

    folds, again, other = fold(order), fold(order), fold(order + 1)
    left_out = [np.sort(part) for _, part in folds]
    return {
        "number of folds": len(folds),
        "fold sizes": np.array(sorted((len(part) for part in left_out), reverse=True)),
        "times validated": np.bincount(np.concatenate(left_out), minlength=n),
        "times trained on": np.bincount(np.concatenate([train for train, _ in folds]), minlength=n),
        "in both parts": sum(len(np.intersect1d(*pair)) for pair in folds),
        "is shuffled": any(bool(np.any(np.diff(part) != 1)) for part in left_out),
        "same rng, same folds": all(np.array_equal(a[1], b[1]) for a, b in zip(folds, again)),  # noqa: B905
        "other rng, other folds": any(not np.array_equal(a[1], b[1]) for a, b in zip(folds, other)),  # noqa: B905
    }


# ---------------------------------------------------------------------------------------------------------------
# Cross-validation


def _validation_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, n, d, k, given in (
        ("three folds", 12, 2, 3, True),
        ("five folds of two sizes", 23, 3, 5, False),
        ("four folds", 16, 1, 4, False),
    ):
        x = rng.standard_normal((n, d))
        y = x @ rng.standard_normal(d) + 0.5 * rng.standard_normal(n)
        yield case(name, given=given, x=x, y=y, order=rng.permutation(n), k=k)


def _scored(parts: Callable[..., tuple[Any, Any]]) -> Callable[..., Mapping[str, Any]]:
    """Return a variant that trains and validates on other parts of the data."""

    def variant(_: Any, x: np.ndarray, y: np.ndarray, order: np.ndarray, k: int) -> dict[str, Any]:
        scores = []
        for left_out in np.array_split(order, k):
            train, validation = parts(np.setdiff1d(order, left_out), left_out, order)
            weights = np.linalg.pinv(x[train]) @ y[train]
            scores.append(-np.mean((x[validation] @ weights - y[validation]) ** 2))
        return {"scores": np.array(scores)}

    return variant


CROSS_VALIDATE: Mistakes = {
    "the roles are swapped: train on the large part of each pair, validate on the fold.": (
        _scored(lambda train, left_out, _: (left_out, train))
    ),
    "the score is measured on the training part: use the fold that was left out.": (
        _scored(lambda train, _left_out, _: (train, train))
    ),
    "the fold that is validated on is trained on, too: leave it out.": (
        _scored(lambda _train, left_out, everything: (everything, left_out))
    ),
    "the score is measured on all of the data: use the fold that was left out.": (
        _scored(lambda train, _left_out, everything: (train, everything))
    ),
    "the model is trained and validated on the fold alone.": (
        _scored(lambda _train, left_out, _: (left_out, left_out))
    ),
    "one score is returned where one per fold is due: leave the averaging to the caller.": (
        lambda impl, **inputs: {"scores": np.mean(_scored(lambda a, b, _: (a, b))(impl, **inputs)["scores"])}
    ),
}


@task(
    points=2,
    cases=_validation_cases,
    forbid=LIBRARIES,
    mistakes=CROSS_VALIDATE,
    hints={"scores": "for each pair: score(x[train], y[train], x[validation], y[validation])."},
)
def cross_validate(impl: Any, x: np.ndarray, y: np.ndarray, order: np.ndarray, k: int) -> dict[str, Any]:
    """Scores of a line through the origin: minus its squared error."""
    chunks = np.array_split(order, k)
    folds = [(np.concatenate(chunks[:i] + chunks[i + 1 :]), chunks[i]) for i in range(k)]

    def score(x_train: np.ndarray, y_train: np.ndarray, x_left: np.ndarray, y_left: np.ndarray) -> float:
        weights = np.linalg.pinv(x_train) @ y_train
        return -float(np.mean((x_left @ weights - y_left) ** 2))

    return {"scores": impl.cross_validate(score, x, y, folds)}


# ---------------------------------------------------------------------------------------------------------------
# The winner


def _choice_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Each case has some tables of accuracies: one winner alone would fit too many mistakes.

    All accuracies are sixteenths, so that equal means are equal to the last bit. In each table the best mean is
    spread over the folds, while others with poorer means have the best single fold, and the best first fold.
    """
    for name, candidates, folds, ties, given in (
        ("four candidates, two folds", [1, 5, 3, 7], 2, False, True),
        ("six candidates, four folds", [9, 2, 31, 4, 15, 6], 4, False, False),
        ("equal means", [3, 11, 21, 1, 8], 4, True, False),
    ):
        tables = np.stack([_table(rng, len(candidates), folds, ties=ties) for _ in range(6)])
        edge = "several k with the same mean" if ties else ""
        yield case(name, edge=edge, given=given, candidates=candidates, tables=tables)


def _table(rng: np.random.Generator, candidates: int, folds: int, *, ties: bool) -> np.ndarray:
    table = rng.integers(6, 11, (candidates, folds)) / 16
    best, lucky, early, worst, *others = rng.permutation(candidates)
    table[best] = 12 / 16
    table[[lucky, early]] = 5 / 16
    table[lucky, -1] = 15 / 16
    table[early, 0] = 14 / 16
    table[worst] = 3 / 16
    if ties:
        table[others[0]] = (12 + np.resize([1, -1], folds)) / 16
    return np.asarray(table)


def _chosen(
    rank: Callable[[np.ndarray, int, int], Any], *, place: bool = False, small: bool = False
) -> Callable[..., Mapping[str, Any]]:
    def variant(_: Any, candidates: list[int], tables: np.ndarray) -> dict[str, Any]:
        winners = []
        for table in tables:
            i = max(range(len(candidates)), key=lambda i: (rank(table[i], i, candidates[i]), -candidates[i] * small))
            winners.append(i if place else candidates[i])
        return {"winners": np.array(winners)}

    return variant


CHOOSE_K: Mistakes = {
    "the place of the best candidate is returned, not the candidate itself.": (
        _chosen(lambda scores, _, k: (scores.mean(), k), place=True)
    ),
    "the best single fold decides: compare the means over the folds.": _chosen(lambda scores, _, k: (scores.max(), k)),
    "the k with the lowest mean is chosen: accuracies are better when they are higher.": (
        _chosen(lambda scores, _, __: -scores.mean())
    ),
    "the largest candidate is returned, whatever the accuracies.": _chosen(lambda _, __, k: k),
    "the first fold alone decides: compare the means over all folds.": _chosen(lambda scores, _, k: (scores[0], k)),
    "of several k with the same mean the smallest is returned: take the largest.": (
        _chosen(lambda scores, _, __: scores.mean(), small=True)
    ),
    "of several k with the same mean the first is returned: take the largest.": (
        _chosen(lambda scores, i, _: (scores.mean(), -i))
    ),
}


@task(
    points=1,
    cases=_choice_cases,
    forbid=LIBRARIES,
    mistakes=CHOOSE_K,
    hints={"winners": "the k whose mean over the folds is highest; among equals the largest k."},
)
def choose_k(impl: Any, candidates: list[int], tables: np.ndarray) -> dict[str, Any]:
    """The winner of each table."""
    winners = [impl.choose_k({k: scores.copy() for k, scores in zip(candidates, t)}) for t in tables]  # noqa: B905
    return {"winners": None if None in winners else np.array(winners)}


# ---------------------------------------------------------------------------------------------------------------
# Digits


def _digits_cases(rng: np.random.Generator) -> Iterator[Case]:
    from i2dl.data import load_digits

    images, labels = load_digits("hidden").xy
    chosen = rng.permutation(len(labels))[:200]
    seen = np.clip(images[chosen] + 0.02 * rng.standard_normal(images[chosen].shape), 0.0, 1.0)
    yield case("200 digits kept back", images=seen, private={"labels": labels[chosen]})


def _accuracy(outputs: Mapping[str, Any], *, labels: np.ndarray) -> float:
    """Return the share of right answers, or say in one sentence why they cannot be counted."""
    answers = outputs.get("answers")
    if not isinstance(answers, np.ndarray) or answers.dtype.kind not in "iuf":
        msg = f"read_digits must return an array of digits, one per image, shape {labels.shape}"
        raise ValueError(msg)
    if answers.ndim == 2 and len(answers) == len(labels) and answers.shape[1] > 1:
        msg = f"read_digits returned a row per image, shape {answers.shape}: return one label for each"
        raise ValueError(msg)
    if answers.shape != labels.shape:
        msg = f"read_digits must return one digit per image, shape {labels.shape}, but it returned {answers.shape}"
        raise ValueError(msg)
    if np.any(answers >= CLASSES):
        msg = "read_digits returned numbers above 9: the places of the nearest images, not their labels?"
        raise ValueError(msg)
    return float(np.mean(answers == labels))


@task(
    points=2,
    cases=_digits_cases,
    forbid=LIBRARIES,
    kind="metric",
    measure=_accuracy,
    measure_name="accuracy",
    full=0.96,
    none=0.5,
)
def digits_accuracy(impl: Any, images: np.ndarray) -> dict[str, Any]:
    """The neighbours' answers for digits that were not seen."""
    return {"answers": impl.read_digits(images)}


why_three_parts = written("why_three_parts", points=3)

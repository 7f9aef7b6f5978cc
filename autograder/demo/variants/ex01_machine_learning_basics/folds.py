"""Folds, cross-validation, the choice of k, reading digits."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.spoil import spoiled

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

RIGHT = [
    Variant(
        "folds_with_masks",
        {
            "k_fold_indices_code": """
def k_fold_indices(n, *, k, rng):
    number = np.arange(n) % k
    rng.shuffle(number)
    return [(np.flatnonzero(number != j), np.flatnonzero(number == j)) for j in range(k)]
""",
            "cross_validate_code": """
def cross_validate(score, x, y, folds):
    scores = np.zeros(len(folds))
    for i, (_, left_out) in enumerate(folds):
        train = np.ones(len(x), dtype=bool)
        train[left_out] = False
        scores[i] = score(x[train], y[train], x[~train], y[~train])
    return scores
""",
            "choose_k_code": """
def choose_k(accuracies):
    candidates = np.array(sorted(accuracies, reverse=True))
    means = np.array([np.mean(accuracies[k]) for k in candidates])
    return candidates[means.argmax()]
""",
            "read_digits_code": """
def read_digits(images):
    return given_knn(images.reshape(-1, 64), train_rows, train_labels, k=3)
""",
        },
    ),
    Variant(
        "folds_as_lists",
        {
            "k_fold_indices_code": """
def k_fold_indices(n, *, k, rng):
    order = list(rng.permutation(n))
    pairs = []
    for j in range(k):
        left_out = order[j::k]
        pairs.append(([i for i in order if i not in left_out], left_out))
    return pairs
""",
            "cross_validate_code": """
def cross_validate(score, x, y, folds):
    scores = []
    for train, validation in folds:
        scores.append(score(x[train], y[train], x[validation], y[validation]))
    return scores
""",
            "choose_k_code": """
def choose_k(accuracies):
    best, best_mean = None, -1.0
    for k in sorted(accuracies):
        mean = sum(accuracies[k]) / len(accuracies[k])
        if mean >= best_mean:
            best, best_mean = k, mean
    return best
""",
            "read_digits_code": """
def read_digits(images):
    answers = []
    for image in images:
        distance = ((train_images - image) ** 2).sum(axis=(1, 2, 3))
        answers.append(train_labels[distance.argmin()])
    return answers
""",
        },
    ),
    Variant(
        "folds_by_deletion",
        {
            "k_fold_indices_code": """
def k_fold_indices(n, *, k, rng):
    samples = np.arange(n)
    rng.shuffle(samples)
    cuts = np.linspace(0, n, k + 1).round().astype(int)
    parts = [slice(a, b) for a, b in zip(cuts[:-1], cuts[1:])]
    return tuple((np.delete(samples, part), samples[part]) for part in parts)
""",
            "cross_validate_code": """
def cross_validate(score, x, y, folds):
    def one(pair):
        (x1, y1), (x2, y2) = [(np.take(x, part, axis=0), np.take(y, part)) for part in pair]
        return score(x1, y1, x2, y2)

    return np.fromiter(map(one, folds), dtype=np.float32)
""",
            "choose_k_code": """
def choose_k(accuracies):
    means = {k: np.mean(a) for k, a in accuracies.items()}
    return max(k for k, mean in means.items() if mean == max(means.values()))
""",
            "read_digits_code": """
def read_digits(images):
    wide = np.vstack([train_rows, validation_rows])
    labels = np.hstack([train_labels, validation_labels])
    return given_knn(images.reshape(len(images), 64), wide, labels, k=1, metric="l1")
""",
        },
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Wrong

WRONG = [
    *spoiled(
        "k_fold_indices",
        """
def k_fold_indices(n, *, k, rng):
    order = rng.permutation(n)
    folds = np.array_split(order, k)
    return [(np.concatenate(folds[:i] + folds[i + 1 :]), folds[i]) for i in range(k)]
""",
        ("folds_not_shuffled", "not shuffled", "rng.permutation(n)", "np.arange(n)"),
        (
            "folds_swapped",
            "are swapped",
            "(np.concatenate(folds[:i] + folds[i + 1 :]), folds[i])",
            "(folds[i], np.concatenate(folds[:i] + folds[i + 1 :]))",
        ),
        (
            "folds_trained_on_everything",
            "in the training part and in the validation part",
            "folds[:i] + folds[i + 1 :]",
            "folds",
        ),
        ("folds_one_missing", "one pair (train, validation) for each", "range(k)]", "range(k - 1)]"),
        (
            "folds_rest_dropped",
            "differ by one at most",
            "np.array_split(order, k)",
            "[order[j * (n // k) : (j + 1) * (n // k)] for j in range(k)]",
        ),
        ("folds_own_generator", "do not depend on `rng`", "rng.permutation", "np.random.default_rng(0).permutation"),
        ("folds_unseeded", "draw from the `rng`", "rng.permutation", "np.random.permutation"),
        (
            "folds_with_replacement",
            "exactly one of the validation folds",
            "rng.permutation(n)",
            "rng.integers(n, size=n)",
        ),
        (
            "folds_only_the_others_first",
            "k − 1 times in all",
            "folds[:i] + folds[i + 1 :]",
            "folds[:i] + folds[i + 2 :] + [folds[i][:0]]",
        ),
    ),
    *spoiled(
        "cross_validate",
        """
def cross_validate(score, x, y, folds):
    scores = [score(x[train], y[train], x[left_out], y[left_out]) for train, left_out in folds]
    return np.array(scores)
""",
        (
            "validated_on_training_data",
            "measured on the training part",
            "x[left_out], y[left_out])",
            "x[train], y[train])",
        ),
        ("validation_swapped", "roles are swapped", "for train, left_out in", "for left_out, train in"),
        ("validation_trained_on_all", "is trained on, too", "score(x[train], y[train]", "score(x, y"),
        ("validation_on_all", "measured on all of the data", "x[left_out], y[left_out])", "x, y)"),
        ("validation_averaged", "one score is returned", "np.array(scores)", "np.mean(scores)"),
        ("validation_first_fold_only", "shape", "np.array(scores)", "np.array(scores[:1])"),
        ("validation_labels_whole", "inner sizes", "y[train]", "y"),
        ("validation_fold_alone", "on the fold alone", "score(x[train], y[train]", "score(x[left_out], y[left_out]"),
    ),
    *spoiled(
        "choose_k",
        """
def choose_k(accuracies):
    return max(accuracies, key=lambda k: (np.mean(accuracies[k]), k))
""",
        ("chosen_by_the_best_fold", "best single fold", "np.mean(", "np.max("),
        ("chosen_by_the_first_fold", "first fold alone", "np.mean(accuracies[k])", "accuracies[k][0]"),
        ("chosen_smallest_of_equals", "several k with the same mean", "accuracies[k]), k)", "accuracies[k]), -k)"),
        ("chosen_first_of_equals", "several k with the same mean", "accuracies[k]), k)", "accuracies[k]))"),
        ("chosen_worst", "lowest mean", "max(accuracies", "min(accuracies"),
        (
            "chosen_place",
            "place of the best candidate",
            "max(accuracies, key=lambda k: (np.mean(accuracies[k]), k))",
            "int(np.argmax([np.mean(a) for a in accuracies.values()]))",
        ),
        (
            "chosen_largest",
            "whatever the accuracies",
            "max(accuracies, key=lambda k: (np.mean(accuracies[k]), k))",
            "max(accuracies)",
        ),
    ),
    *spoiled(
        "digits_accuracy",
        """
def read_digits(images):
    rows = images.reshape(len(images), -1)
    answers = given_knn(rows, train_rows, train_labels, k=3)
    return answers
""",
        (
            "digits_places",
            "places of the nearest",
            "answers = given_knn(rows, train_rows, train_labels, k=3)",
            "answers = np.argmin(((rows[:, None] - train_rows) ** 2).sum(2), axis=1)",
        ),
        ("digits_far_too_smooth", "needed ≥", "k=3", "k=400"),
        ("digits_few_training_images", "needed ≥", "train_rows, train_labels", "train_rows[:40], train_labels[:40]"),
        ("digits_of_the_test_set", "one digit per image", "given_knn(rows,", "given_knn(test_rows,"),
        ("digits_not_flattened", "", "rows = images.reshape(len(images), -1)", "rows = images"),
        ("digits_as_a_column", "one digit per image", "return answers", "return answers[:, None]"),
        ("digits_one_hot", "one label for each", "return answers", "return np.eye(10)[answers]"),
        cell="read_digits_code",
    ),
]

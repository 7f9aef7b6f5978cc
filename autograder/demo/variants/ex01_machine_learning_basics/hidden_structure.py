"""k-means and principal components."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.spoil import spoiled

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

RIGHT = [
    Variant(
        "clusters_with_loops",
        {
            "kmeans_assign_code": """
def kmeans_assign(x, centres):
    labels, squared = [], []
    for sample in x:
        to_all = [float(np.sum((sample - c) ** 2)) for c in centres]
        labels.append(to_all.index(min(to_all)))
        squared.append(min(to_all))
    return labels, squared
""",
            "kmeans_update_code": """
def kmeans_update(x, labels, centres):
    total, count = np.zeros(centres.shape), np.zeros(len(centres))
    for sample, label in zip(x, labels):
        total[label] += sample
        count[label] += 1
    for j in range(len(centres)):
        total[j] = total[j] / count[j] if count[j] else centres[j]
    return total
""",
            "kmeans_code": """
def kmeans(x, centres, assign, update, *, rounds):
    # Stops when no centre moves.
    history = []
    while True:
        labels, squared = assign(x, centres)
        history.append(float(np.sum(squared)))
        if len(history) > rounds:
            return centres, labels, history
        moved = update(x, labels, centres)
        if np.allclose(moved, centres, rtol=0, atol=1e-12):
            return moved, labels, history
        centres = moved
""",
            "pca_code": """
def pca(x, *, components):
    mean = np.mean(x, axis=0)
    values, vectors = np.linalg.eigh((x - mean).T @ (x - mean) / (len(x) - 1))
    order = np.argsort(values)[::-1][:components]
    return mean, vectors[:, order].T, values[order]
""",
            "pca_reconstruct_code": """
def pca_project(x, mean, directions):
    return np.array([[np.dot(sample - mean, d) for d in directions] for sample in x])


def pca_reconstruct(z, mean, directions):
    samples = np.tile(mean, (len(z), 1))
    for i in range(len(z)):
        for j in range(len(directions)):
            samples[i] += z[i, j] * directions[j]
    return samples
""",
        },
    ),
    Variant(
        "clusters_as_matrices",
        {
            "kmeans_assign_code": """
def kmeans_assign(x, centres):
    squared = (x**2).sum(1)[:, None] - 2 * x @ centres.T + (centres**2).sum(1)
    labels = np.argmin(squared, axis=1)
    return labels, np.take_along_axis(squared, labels[:, None], axis=1)[:, 0]
""",
            "kmeans_update_code": """
def kmeans_update(x, labels, centres):
    belongs = (labels == np.arange(len(centres))[:, None]).astype(x.dtype)
    count = belongs.sum(axis=1, keepdims=True)
    return np.where(count > 0, belongs @ x / np.maximum(count, 1), centres)
""",
            "kmeans_code": """
def kmeans(x, centres, assign, update, *, rounds):
    labels, squared = assign(x, centres)
    history, done = [squared.sum()], False
    while not done and len(history) <= rounds:
        centres = update(x, labels, centres)
        now, squared = assign(x, centres)
        done = not np.any(now != labels)
        labels = now
        history += [squared.sum()]
    return centres, labels, np.array(history)
""",
            "pca_code": """
def pca(x, *, components):
    mean = x.mean(0)
    u, s, vh = np.linalg.svd((x - mean).T, full_matrices=False)
    return mean, -u[:, :components].T, np.square(s[:components]) / (x.shape[0] - 1)
""",
            "pca_reconstruct_code": """
def pca_project(x, mean, directions):
    return np.einsum("nd,kd->nk", x - mean, directions)


def pca_reconstruct(z, mean, directions):
    return np.einsum("nk,kd->nd", z, directions) + mean[None, :]
""",
        },
    ),
    Variant(
        "clusters_in_place_and_torch",
        {
            "kmeans_assign_code": """
def kmeans_assign(x, centres):
    table = torch.cdist(torch.from_numpy(x), torch.from_numpy(centres)) ** 2
    squared, labels = table.min(dim=1)
    return labels, squared
""",
            "kmeans_update_code": """
def kmeans_update(x, labels, centres):
    for j in set(labels.tolist()):
        centres[j] = np.mean([sample for sample, label in zip(x, labels) if label == j], axis=0)
    return centres
""",
            "kmeans_code": """
def kmeans(x, centres, assign, update, *, rounds):
    def go(centres, before, history, left):
        labels, squared = assign(x, centres)
        history = [*history, squared.sum()]
        if left == 0 or (before is not None and (labels == before).all()):
            return centres, labels, history
        return go(update(x, labels, centres), labels, history, left - 1)

    return go(centres, None, [], rounds)
""",
            "pca_code": """
def pca(x, *, components):
    x = torch.from_numpy(x)
    mean = x.mean(dim=0)
    _, s, vh = torch.linalg.svd(x - mean, full_matrices=False)
    return mean, vh[:components], (s**2 / (len(x) - 1))[:components]
""",
            "pca_reconstruct_code": """
def pca_project(x, mean, directions):
    x -= mean
    return x.dot(directions.T)


def pca_reconstruct(z, mean, directions):
    return (directions.T @ z.T).T + mean
""",
        },
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Wrong

WRONG = [
    *spoiled(
        "kmeans_assign",
        """
def kmeans_assign(x, centres):
    squared = ((x[:, None] - centres) ** 2).sum(axis=2)
    return squared.argmin(axis=1), squared.min(axis=1)
""",
        (
            "assign_farthest",
            "farthest centre",
            "squared.argmin(axis=1), squared.min(axis=1)",
            "squared.argmax(axis=1), squared.max(axis=1)",
        ),
        ("assign_other_axis", "nearest sample", "axis=1", "axis=0"),
        ("assign_root", "not squared", "squared.min(axis=1)", "np.sqrt(squared.min(axis=1))"),
        ("assign_all_distances", "to all centres", "squared.min(axis=1)", "squared"),
        ("assign_l1", "found by L1", "((x[:, None] - centres) ** 2)", "np.abs(x[:, None] - centres)"),
        ("assign_sum", "their sum is returned", "squared.min(axis=1)", "squared.min(axis=1).sum()"),
        ("assign_from_1", "count from 1", "squared.argmin(axis=1)", "squared.argmin(axis=1) + 1"),
        (
            "assign_swapped",
            "swapped",
            "squared.argmin(axis=1), squared.min(axis=1)",
            "squared.min(axis=1), squared.argmin(axis=1)",
        ),
        ("assign_signed", "nearest centre", "(x[:, None] - centres) ** 2)", "x[:, None] - centres)"),
    ),
    *spoiled(
        "kmeans_update",
        """
def kmeans_update(x, labels, centres):
    moved = centres.copy()
    for j in range(len(centres)):
        mine = x[labels == j]
        if len(mine):
            moved[j] = mine.mean(axis=0)
    return moved
""",
        ("update_sum", "added up, not averaged", "mine.mean(axis=0)", "mine.sum(axis=0)"),
        ("update_divided_by_n", "number of all samples", "mine.mean(axis=0)", "mine.sum(axis=0) / len(x)"),
        ("update_one_number", "becomes one number", "mine.mean(axis=0)", "mine.mean()"),
        ("update_empty_is_nan", "a centre without samples", "if len(mine):", "if True:"),
        ("update_empty_at_origin", "jumps to the origin", "centres.copy()", "np.zeros_like(centres)"),
        (
            "update_old_one_too",
            "old centre is averaged in",
            "mine = x[labels == j]",
            "mine = np.vstack([x[labels == j], centres[j : j + 1]])",
        ),
        ("update_nothing", "unchanged input", "return moved", "return centres"),
        ("update_median", "median is taken", "mine.mean(axis=0)", "np.median(mine, axis=0)"),
        ("update_ends_early", "wrong just at index", "range(len(centres))", "range(len(centres) - 1)"),
    ),
    *spoiled(
        "kmeans",
        """
def kmeans(x, centres, assign, update, *, rounds):
    first = centres
    labels, squared = assign(x, centres)
    history = [squared.sum()]
    for _ in range(rounds):
        before = labels
        centres = update(x, labels, centres)
        labels, squared = assign(x, centres)
        history.append(squared.sum())
        if np.array_equal(labels, before):
            break
    return centres, labels, history
""",
        ("kmeans_single_round", "there is a single round", "range(rounds)", "range(1)"),
        ("kmeans_rounds_ignored", "`rounds` is ignored", "range(rounds)", "range(1000)"),
        ("kmeans_one_round_more", "one round too many", "range(rounds)", "range(rounds + 1)"),
        ("kmeans_history_without_start", "history starts after", "history = [squared.sum()]", "history = []"),
        ("kmeans_history_of_means", "history holds means", "squared.sum()", "squared.mean()"),
        ("kmeans_first_centres", "first centres are returned", "return centres,", "return first,"),
        (
            "kmeans_history_at_the_end",
            "history",
            "return centres, labels, history",
            "return centres, labels, history[-1:]",
        ),
        ("kmeans_history_of_roots", "sum of the squared distances", "squared.sum()", "np.sqrt(squared).sum()"),
        ("kmeans_stops_at_once", "there is a single round", "if np.array_equal(labels, before):", "if True:"),
    ),
    *spoiled(
        "pca",
        """
def pca(x, *, components):
    mean = x.mean(axis=0)
    _, s, vt = np.linalg.svd(x - mean, full_matrices=False)
    return mean, vt[:components], s[:components] ** 2 / (len(x) - 1)
""",
        ("pca_not_centred", "not centred", "svd(x - mean", "svd(x"),
        ("pca_columns", "its rows", "vt[:components]", "vt.T[:components]"),
        ("pca_columns_cut", "its rows", "vt[:components]", "vt[:, :components]"),
        ("pca_biased", "divided by N", "(len(x) - 1)", "len(x)"),
        ("pca_not_divided", "not divided by N − 1", " / (len(x) - 1)", ""),
        ("pca_not_squared", "without being squared", "s[:components] ** 2", "s[:components]"),
        ("pca_mean_of_samples", "mean of each sample", "return mean,", "return x.mean(axis=1),"),
        (
            "pca_shares",
            "shares of the whole",
            "s[:components] ** 2 / (len(x) - 1)",
            "(s**2 / (s**2).sum())[:components]",
        ),
        ("pca_standardized", "divided by its spread", "svd(x - mean", "svd((x - mean) / x.std(axis=0)"),
        ("pca_all_kept", "shape", "vt[:components]", "vt"),
        (
            "pca_deviations",
            "standard deviations",
            "s[:components] ** 2 / (len(x) - 1)",
            "s[:components] / np.sqrt(len(x) - 1)",
        ),
    ),
    *spoiled(
        "pca",
        """
def pca(x, *, components):
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    return mean, vectors.T[:components], values[:components]
""",
        ("pca_weakest", "weakest directions", "", ""),
    ),
    *spoiled(
        "pca_reconstruct",
        """
def pca_project(x, mean, directions):
    return (x - mean) @ directions.T


def pca_reconstruct(z, mean, directions):
    return z @ directions + mean
""",
        ("project_mean_left", "not subtracted before", "(x - mean)", "x"),
        ("project_own_mean", "data's own mean", "(x - mean)", "(x - x.mean(axis=0))"),
        ("project_mean_added", "added before projecting", "(x - mean)", "(x + mean)"),
        ("reconstruct_mean_missing", "not added back", "directions + mean", "directions"),
        ("reconstruct_mean_subtracted", "subtracted on the way back", "directions + mean", "directions - mean"),
        ("project_not_transposed", "matrix product", "@ directions.T", "@ directions"),
        ("project_reshaped", "has to be transposed", "@ directions.T", "@ directions.reshape(directions.shape[::-1])"),
        ("project_and_back", "only the coordinates", "@ directions.T", "@ directions.T @ directions + mean"),
    ),
]

"""Distances and votes."""

from __future__ import annotations

from autograder.demo.variants import Variant
from autograder.demo.variants.spoil import spoiled

# ---------------------------------------------------------------------------------------------------------------
# Right, in another style

RIGHT = [
    Variant(
        "neighbours_in_plain_python",
        {
            "distances_two_loops_code": """
def distances_two_loops(x, x_train, *, metric):
    table = []
    for a in x:
        row = []
        for b in x_train:
            total = 0.0
            for p, q in zip(a, b):
                total += abs(p - q) if metric == "l1" else (p - q) ** 2
            row.append(total if metric == "l1" else total**0.5)
        table.append(row)
    return table
""",
            "distances_one_loop_code": """
def distances_one_loop(x, x_train, *, metric):
    order = 1 if metric == "l1" else 2
    return np.array([np.linalg.norm(x_train - sample, ord=order, axis=1) for sample in x])
""",
            "distances_no_loops_code": """
def distances_no_loops(x, x_train, *, metric):
    def short(a, b):
        squares = np.add.outer(np.einsum("nd,nd->n", a, a), np.einsum("md,md->m", b, b))
        return np.clip(squares - 2 * a.dot(b.T), 0, None) ** 0.5

    ways = {"l1": lambda a, b: np.abs(np.expand_dims(a, 1) - b).sum(-1), "l2": short}
    return ways[metric](x, x_train)
""",
            "majority_vote_code": """
def majority_vote(distances, y_train, *, k):
    winners = []
    for row in distances:
        nearest = sorted(range(len(row)), key=lambda j: row[j])[:k]
        counts = {}
        for j in nearest:
            counts[int(y_train[j])] = counts.get(int(y_train[j]), 0) + 1
        winners.append(max(counts, key=counts.get))
    return winners
""",
        },
    ),
    Variant(
        "neighbours_broadcast",
        {
            "distances_two_loops_code": """
def distances_two_loops(x, x_train, *, metric):
    differences = x[:, np.newaxis] - x_train[np.newaxis]
    if metric == "l2":
        return np.sqrt(np.einsum("nmd,nmd->nm", differences, differences))
    return np.abs(differences).sum(axis=-1)
""",
            "distances_one_loop_code": """
def distances_one_loop(x, x_train, *, metric):
    columns = []
    for c in x_train:
        d = x - c
        columns.append(np.abs(d).sum(1) if metric == "l1" else np.sqrt(np.einsum("nd,nd->n", d, d)))
    return np.stack(columns, axis=1)
""",
            "distances_no_loops_code": """
def distances_no_loops(x, x_train, *, metric):
    if metric == "l2":
        a, b = x - x_train.mean(axis=0), x_train - x_train.mean(axis=0)
        squared = -2 * (a @ b.T)
        squared += np.sum(a * a, axis=1, keepdims=True)
        squared += np.sum(b * b, axis=1)
        squared[squared < 0] = 0
        return np.sqrt(squared)
    return np.sum(np.abs(x[:, np.newaxis] - x_train[np.newaxis]), axis=-1)
""",
            "majority_vote_code": """
def majority_vote(distances, y_train, *, k):
    nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
    votes = (y_train[nearest][:, :, None] == np.arange(y_train.max() + 1)).sum(axis=1)
    return votes.argmax(axis=1)
""",
        },
    ),
    Variant(
        "neighbours_in_torch_and_float32",
        {
            "distances_two_loops_code": """
def distances_two_loops(x, x_train, *, metric):
    table = np.empty((len(x), len(x_train)), dtype=np.float32)
    for i, a in enumerate(x):
        for j, b in enumerate(x_train):
            table[i, j] = np.linalg.norm(a - b, ord={"l1": 1, "l2": 2}[metric])
    return table
""",
            "distances_one_loop_code": """
def distances_one_loop(x, x_train, *, metric):
    rows = []
    for a in torch.from_numpy(x):
        rows.append((a - torch.from_numpy(x_train)).norm(p=int(metric[1]), dim=1))
    return torch.stack(rows)
""",
            "distances_no_loops_code": """
def distances_no_loops(x, x_train, *, metric):
    a, b = torch.from_numpy(x), torch.from_numpy(x_train)
    if metric == "l1":
        return (a[:, None] - b[None]).abs().sum(dim=2).numpy()
    squared = (a * a).sum(1, keepdim=True) + (b * b).sum(1) - 2 * a @ b.T
    return squared.clamp(min=0).sqrt().numpy()
""",
            "majority_vote_code": """
def majority_vote(distances, y_train, *, k):
    near = torch.from_numpy(distances).topk(k, dim=1, largest=False).indices
    return torch.from_numpy(y_train)[near].mode(dim=1).values
""",
        },
    ),
]

# ---------------------------------------------------------------------------------------------------------------
# Wrong

WRONG = [
    *spoiled(
        "distances_two_loops",
        """
def distances_two_loops(x, x_train, *, metric):
    distances = np.zeros((len(x), len(x_train)))
    for i in range(len(x)):
        for j in range(len(x_train)):
            d = x[i] - x_train[j]
            distances[i, j] = np.sum(np.abs(d)) if metric == "l1" else np.sqrt(np.sum(d**2))
    return distances
""",
        ("two_loops_no_root", "square root is missing", "np.sqrt(np.sum(d**2))", "np.sum(d**2)"),
        ("two_loops_signed", "with their signs", "np.sum(np.abs(d))", "np.sum(d)"),
        ("two_loops_root_of_squared_sum", "signs of the differences cancel", "np.sum(d**2)", "np.sum(d)**2"),
        ("two_loops_swapped", "are swapped", 'metric == "l1"', 'metric == "l2"'),
        ("two_loops_integers", "wrong dtype", "len(x_train)))", "len(x_train)), dtype=int)"),
        ("two_loops_end_early", "loop end too early", "range(len(x)):", "range(len(x) - 1):"),
        ("two_loops_largest", "largest difference alone", "np.sum(np.abs(d))", "np.max(np.abs(d))"),
        ("two_loops_mean", "averaged over the D features", "np.sum(", "np.mean("),
        ("two_loops_transposed", "transposed", "return distances", "return distances.T"),
        ("two_loops_return_inside", "filled in only in part", "    return distances", "        return distances"),
    ),
    *spoiled(
        "distances_one_loop",
        """
def distances_one_loop(x, x_train, *, metric):
    distances = np.zeros((len(x), len(x_train)))
    for i in range(len(x)):
        d = x[i] - x_train
        distances[i] = np.abs(d).sum(axis=1) if metric == "l1" else np.sqrt((d**2).sum(axis=1))
    return distances
""",
        ("one_loop_no_axis", "whole row of the table is one number", "axis=1", ""),
        ("one_loop_axis_0", "shapes do not match", "axis=1", "axis=0"),
        ("one_loop_no_root", "square root is missing", "np.sqrt((d**2).sum(axis=1))", "(d**2).sum(axis=1)"),
        ("one_loop_signed", "with their signs", "np.abs(d)", "d"),
        ("one_loop_ignores_metric", "holds another output", 'if metric == "l1" else', 'if metric in ("l1", "l2") else'),
        ("one_loop_with_itself", "shapes do not match", "x[i] - x_train", "x[i] - x"),
    ),
    *spoiled(
        "distances_no_loops",
        """
def distances_no_loops(x, x_train, *, metric):
    if metric == "l1":
        return np.abs(x[:, None] - x_train).sum(axis=2)
    squared = (x**2).sum(axis=1)[:, None] - 2 * x @ x_train.T + (x_train**2).sum(axis=1)
    return np.sqrt(np.maximum(squared, 0))
""",
        ("no_loops_not_cut_off", "distances of 0", "np.maximum(squared, 0)", "squared"),
        ("no_loops_mixed_term_once", "has −2 x·c", "2 * x @", "x @"),
        ("no_loops_mixed_term_added", "mixed term is added", "- 2 *", "+ 2 *"),
        ("no_loops_no_root", "square root is missing", "np.sqrt(np.maximum(squared, 0))", "np.maximum(squared, 0)"),
        (
            "no_loops_train_lengths_missing",
            "squared lengths of the training samples",
            " + (x_train**2).sum(axis=1)",
            "",
        ),
        (
            "no_loops_all_differences",
            "as much memory as all",
            "(x**2).sum(axis=1)[:, None] - 2 * x @ x_train.T + (x_train**2).sum(axis=1)",
            "((x[:, None] - x_train) ** 2).sum(axis=2)",
        ),
        ("no_loops_with_itself", "compared with each other", "[:, None] - x_train)", "[:, None] - x)"),
        ("no_loops_wrong_axis", "summed over the training samples", "x_train).sum(axis=2)", "x_train).sum(axis=1)"),
        ("no_loops_no_new_axis", "shapes do not match", "[:, None] - 2", " - 2"),
        breaks=frozenset({"digits_accuracy"}),
    ),
    *spoiled(
        "majority_vote",
        """
def majority_vote(distances, y_train, *, k):
    nearest = np.argsort(distances, axis=1)[:, :k]
    labels = y_train[nearest]
    return np.array([np.bincount(row).argmax() for row in labels])
""",
        ("vote_of_the_farthest", "farthest training samples vote", "np.argsort(distances", "np.argsort(-distances"),
        (
            "vote_of_one_less",
            "one neighbour too few",
            ":k]",
            ":k - 1] if k > 1 else np.argsort(distances, axis=1)[:, :1]",
        ),
        ("vote_of_one_more", "one neighbour too many", ":k]", ":k + 1]"),
        (
            "vote_of_the_first",
            "first k training samples",
            "np.argsort(distances, axis=1)",
            "(np.argsort(distances, axis=1) * 0 + np.arange(len(y_train)))",
        ),
        ("vote_of_all", "only the k nearest vote", "[:, :k]", ""),
        ("vote_averaged", "labels are averaged", "np.bincount(row).argmax()", "int(np.mean(row))"),
        ("vote_largest", "largest label", "np.bincount(row).argmax()", "row.max()"),
        (
            "vote_place",
            "place of the nearest",
            "np.bincount(row).argmax() for row in labels",
            "row[0] for row in nearest",
        ),
        (
            "vote_number_of_the_class",
            "return the label itself",
            "labels = y_train[nearest]",
            "labels = np.unique(y_train, return_inverse=True)[1][nearest]",
        ),
        ("vote_columns", "columns are sorted", "axis=1", "axis=0"),
        ("vote_nearest_alone", "nearest training sample alone", "np.bincount(row).argmax()", "row[0]"),
        breaks=frozenset({"digits_accuracy"}),
    ),
]

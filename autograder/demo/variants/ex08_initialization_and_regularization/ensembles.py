"""Wrong in part 6."""

from __future__ import annotations

from autograder.demo.variants.spoil import spoiled

STOPPING = spoiled(
    "early_stopping",
    """
def early_stopping(losses, patience):
    best, lowest, waited = 0, float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            best, lowest, waited = epoch, loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return epoch, best
""",
    (
        "stopping_neighbours",
        "compared with its neighbour",
        "        if waited",
        "        lowest = loss\n        if waited",
        "lowest, waited = epoch, loss, 0",
        "lowest, waited = (epoch, loss, 0) if loss < losses[best] or epoch == 0 else (best, loss, 0)",
    ),
    ("stopping_all_together", "all together", "best, lowest, waited = epoch, loss, 0", "best, lowest = epoch, loss"),
    ("stopping_equal_is_better", "an equal loss is no new best", "loss < lowest", "loss <= lowest"),
    ("stopping_late", "one epoch too late", "waited == patience", "waited > patience"),
    ("stopping_early", "one epoch too early", "waited == patience", "waited == max(patience - 1, 1)"),
    ("stopping_never", "it never stops", "            break", "            pass"),
    (
        "stopping_knows_the_future",
        "the best of all losses",
        "return epoch, best",
        "return epoch, int(np.argmin(losses))",
    ),
    ("stopping_returns_last", "not the last one", "return epoch, best", "return epoch, epoch"),
    ("stopping_patience_before", "before the end", "return epoch, best", "return epoch, epoch - patience"),
    ("stopping_from_one", "counted from 0", "return epoch, best", "return epoch + 1, best + 1"),
    ("stopping_swapped", "swapped", "return epoch, best", "return best, epoch"),
)

BOOTSTRAP = spoiled(
    "bootstrap",
    """
def bootstrap(x, y, rng):
    n = len(x)
    drawn = rng.integers(0, n, n)
    return x[drawn], y[drawn]
""",
    ("bootstrap_permutation", "every sample is there once", "rng.integers(0, n, n)", "rng.permutation(n)"),
    ("bootstrap_unpaired", "drawn separately", "y[drawn]", "y[rng.integers(0, n, n)]"),
    ("bootstrap_only_x", "drawn separately", "y[drawn]", "y"),
    ("bootstrap_half", "half as many", "(0, n, n)", "(0, n, n // 2)"),
    ("bootstrap_different", "only the different ones", "rng.integers(0, n, n)", "np.unique(rng.integers(0, n, n))"),
    ("bootstrap_own_seed", "have to come from rng", "rng.integers", "np.random.default_rng(0).integers"),
    ("bootstrap_one", "about 63 %", "rng.integers(0, n, n)", "np.full(n, rng.integers(0, n))"),
    ("bootstrap_first_half", "reach only half", "(0, n, n)", "(0, n // 2, n)"),
)

COMBINE = spoiled(
    "combine",
    """
def average_answer(probabilities):
    return probabilities.mean(axis=0).argmax(axis=1)


def majority_answer(predictions, classes):
    votes = np.stack([(predictions == c).sum(axis=0) for c in range(classes)], axis=1)
    return votes.argmax(axis=1)


def ensemble_error(v, c, k):
    return v / k + (k - 1) / k * c
""",
    (
        "average_is_vote",
        "that is a vote",
        "probabilities.mean(axis=0).argmax(axis=1)",
        "majority_answer(probabilities.argmax(axis=2), probabilities.shape[2])",
    ),
    ("average_surest", "the surest model", "probabilities.mean", "probabilities.max"),
    ("average_product", "are multiplied", "probabilities.mean", "probabilities.prod"),
    ("average_first", "first model alone", "probabilities.mean(axis=0)", "probabilities[0]"),
    ("average_over_classes", "runs over the classes", "mean(axis=0).argmax(axis=1)", "mean(axis=2).argmax(axis=0)"),
    ("vote_highest", "the highest is taken", "votes.argmax(axis=1)", "classes - 1 - votes[:, ::-1].argmax(axis=1)"),
    (
        "vote_mean",
        "the class numbers are averaged",
        "votes.argmax(axis=1)",
        "np.rint(predictions.mean(axis=0)).astype(int)",
    ),
    ("vote_count", "the number of votes", "votes.argmax", "votes.max"),
    ("vote_fewest", "the fewest votes", "votes.argmax", "votes.argmin"),
    ("error_uncorrelated", "the mixed products", " + (k - 1) / k * c", ""),
    ("error_whole_c", "not 1", "(k - 1) / k * c", "c"),
    ("error_half_pairs", "each pair appears twice", "(k - 1) / k * c", "(k - 1) / (2 * k) * c"),
    ("error_sum", "divide by k²", "v / k + (k - 1) / k * c", "k * v + k * (k - 1) * c"),
    ("error_v_over_k_squared", "there are k squares", "v / k +", "v / k**2 +"),
    ("error_swapped", "v and c are swapped", "v / k + (k - 1) / k * c", "c / k + (k - 1) / k * v"),
)

ENSEMBLES = [*STOPPING, *BOOTSTRAP, *COMBINE]

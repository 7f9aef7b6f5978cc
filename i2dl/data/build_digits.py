"""Make the two files of digits from scikit-learn's copy of them: ``python -m i2dl.data.build_digits``."""

from pathlib import Path

import numpy as np

from i2dl.data.digits import FILE, HIDDEN_FILE, SPLITS

_PER_DIGIT = 24  # images of each digit in validation, test and hidden; the rest is for training
# One of thirty seeds tried: with it the held-out parts are equally hard (a small network reads 97 % of each), so that
# a number from one part tells what to expect on another.
_SEED = 19


def split_parts(labels: np.ndarray) -> np.ndarray:
    """Assign every image to a part, with 24 images of each digit in every part but the training set.

    Parameters
    ----------
    labels : numpy array (N,)
        The digit on each image.

    Returns
    -------
    numpy array (N,), uint8
        For each image the index of its part in `SPLITS`.
    """
    rng = np.random.default_rng(_SEED)
    part = np.zeros(len(labels), dtype=np.uint8)
    for digit in np.unique(labels):
        order = rng.permutation(np.flatnonzero(labels == digit))
        for i in range(1, len(SPLITS)):
            part[order[(i - 1) * _PER_DIGIT : i * _PER_DIGIT]] = i
    return part


def build(path: Path = FILE, hidden_path: Path = HIDDEN_FILE) -> None:
    """Write images (N, 8, 8), labels, parts and positions in scikit-learn's order (N,), the hidden ones apart."""
    from sklearn import datasets  # needed here only; using the files does not need scikit-learn

    digits = datasets.load_digits()
    part = split_parts(digits.target)
    for file, chosen in ((path, part != SPLITS.index("hidden")), (hidden_path, part == SPLITS.index("hidden"))):
        np.savez_compressed(
            file,
            images=digits.images[chosen].astype(np.uint8),
            labels=digits.target[chosen].astype(np.uint8),
            part=part[chosen],
            position=np.flatnonzero(chosen).astype(np.uint16),
        )


if __name__ == "__main__":
    build()

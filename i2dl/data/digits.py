"""Handwritten digits: 1797 real images of 8×8 pixels, small enough to train on in a second.

The images are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (UCI Machine
Learning Repository, 1998, CC BY 4.0), as scikit-learn ships them: pixels count the ink in 4×4 cells, 0 to 16.

They are split once and for all, with the digits in nearly equal shares in every part (stratified):

============  ======  ========================================================================
part          images  what it is for
============  ======  ========================================================================
train           1077  to fit the parameters
validation       240  to choose hyperparameters and the moment to stop
test             240  to measure the final model, once
hidden           240  kept back for grading; take your own numbers from test
============  ======  ========================================================================

The hidden part lies in a file of its own, so that a submission that is being graded can be denied it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

Split = Literal["train", "validation", "test", "hidden"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test", "hidden")
FILE = Path(__file__).with_name("digits.npz")
HIDDEN_FILE = Path(__file__).with_name("digits_hidden.npz")
_ARRAYS = ("images", "labels", "part", "position")


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits with their labels.

    Attributes
    ----------
    images : numpy array (N, 1, 8, 8), float64
        Grey values between 0 (paper) and 1 (ink).
    labels : numpy array (N,), int64
        The digit on each image, 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Return the number of images N."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """The number of classes, 10."""
        return 10

    @property
    def xy(self) -> tuple[np.ndarray, np.ndarray]:
        """Images and labels as a pair: ``x, y = load_digits("train").xy``."""
        return self.images, self.labels


def load_digits(split: Split | None = None) -> Digits:
    """Load one part of the digits, or all of them.

    Parameters
    ----------
    split : {"train", "validation", "test", "hidden"}, optional
        Which part; all 1797 images, in their original order, if left out.

    Returns
    -------
    Digits
        Images (N, 1, 8, 8), float64 in [0, 1], and labels (N,), int64; new arrays at every call.

    Raises
    ------
    ValueError
        If there is no such part.

    References
    ----------
    Lecture 6, train/validation/test split.
    """
    if split is not None and split not in SPLITS:
        msg = f"split must be one of {', '.join(SPLITS)} or None, got {split!r}"
        raise ValueError(msg)
    files = {None: (FILE, HIDDEN_FILE), "hidden": (HIDDEN_FILE,)}.get(split, (FILE,))
    parts = [_read(file) for file in files]
    images, labels, part, position = (np.concatenate([p[name] for p in parts]) for name in _ARRAYS)
    chosen = np.argsort(position) if split is None else part == SPLITS.index(split)
    return Digits(images=images[chosen, np.newaxis] / 16.0, labels=labels[chosen].astype(np.int64))


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in _ARRAYS}

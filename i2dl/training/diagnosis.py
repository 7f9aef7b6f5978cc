"""What to look at beside the loss: leaks between the sets, the two errors, the clock, and a log of every run."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

__all__ = ["bias_variance", "leaked", "log_run", "time_iterations", "training_estimate"]

Verdict: TypeAlias = Literal["suspicious", "underfitting", "overfitting", "good"]

SLOW = 0.5
"""Seconds; an iteration that takes longer makes debugging tedious (lecture 6: "things get dicey")."""


def leaked(train: Any, test: Any) -> list[int]:
    """Find the test samples that are training samples too: each of them makes the test error too small.

    Parameters
    ----------
    train, test : array (N, ...), (M, ...)
        Inputs of both sets, as NumPy arrays or tensors.

    Returns
    -------
    list of int
        The indices in `test`, in rising order, of samples that stand in `train` number for number.

    References
    ----------
    Lecture 6, bad practice: "training set contains test data".
    """
    seen = {tuple(sample.reshape(-1).tolist()) for sample in train}
    return [i for i, sample in enumerate(test) if tuple(sample.reshape(-1).tolist()) in seen]


def bias_variance(
    best_error: float, train_error: float, validation_error: float, *, tolerance: float
) -> tuple[float, float, Verdict]:
    """Split the validation error into what is missing on the training set, bias, and what beyond it, variance.

    validation error = best possible error + bias + variance. In the lecture's example 8 % = 1 % + 4 % + 3 %.

    Parameters
    ----------
    best_error : float
        The error that nobody can go below: wrong labels, images that people cannot read.
    train_error, validation_error : float
        Shares of wrong answers, measured in the same way.
    tolerance : float
        A gap up to here is left alone.

    Returns
    -------
    bias : float
        Training error − best error.
    variance : float
        Validation error − training error.
    verdict : str
        The first that holds: "suspicious" (better on validation than on training by more than the tolerance),
        "underfitting" (bias > tolerance), "overfitting" (variance > tolerance), "good". Bias comes before variance:
        as long as the network does not fit the training set, more data or regularization will not help.

    References
    ----------
    Lecture 6, basic recipe for machine learning (A. Ng); student summary, VI.2.
    """
    bias, variance = train_error - best_error, validation_error - train_error
    verdict: Verdict = "good"
    if variance < -tolerance:
        verdict = "suspicious"
    elif bias > tolerance:
        verdict = "underfitting"
    elif variance > tolerance:
        verdict = "overfitting"
    return bias, variance, verdict


def time_iterations(
    load: Callable[[], Any],
    step: Callable[[Any], Any],
    *,
    iterations: int,
    warmup: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Measure what an iteration costs: loading its mini-batch, and the training step.

    The first iterations are slower than the rest (memory is allocated, files are read for the first time), so they run
    without being timed. A GPU works while Python goes on: there, `step` must wait for it
    (``torch.cuda.synchronize()``).

    Parameters
    ----------
    load : callable
        ``load() -> batch``.
    step : callable
        ``step(batch)``, the training step.
    iterations : int
        How many iterations are timed, at least 1.
    warmup : int
        How many run before, not timed.
    clock : callable
        ``clock() -> float``, seconds since any moment.

    Returns
    -------
    load_seconds, step_seconds : float
        Mean seconds per iteration.

    Raises
    ------
    ValueError
        If `iterations` is less than 1 or `warmup` negative.

    References
    ----------
    Lecture 6, timings: "get precise timings", "look for bottlenecks".
    """
    if iterations < 1 or warmup < 0:
        msg = f"iterations must be at least 1 and warmup not negative, got {iterations} and {warmup}"
        raise ValueError(msg)
    for _ in range(warmup):
        step(load())
    loading = stepping = 0.0
    for _ in range(iterations):
        start = clock()
        batch = load()
        loaded = clock()
        step(batch)
        loading += loaded - start
        stepping += clock() - loaded
    return loading / iterations, stepping / iterations


def training_estimate(
    load_seconds: float, step_seconds: float, *, samples: int, batch_size: int, epochs: int
) -> tuple[float, bool, Literal["loading", "step"]]:
    """Say how long a training will take, whether an iteration is too slow, and where its time goes.

    Parameters
    ----------
    load_seconds, step_seconds : float
        Seconds per iteration, as `time_iterations` measures them.
    samples, batch_size, epochs : int
        The training: ⌈samples / batch_size⌉ iterations an epoch.

    Returns
    -------
    seconds : float
        Of the whole training.
    slow : bool
        Whether an iteration takes more than 500 ms.
    bottleneck : {"loading", "step"}
        The part that takes longer; "step" if they are equal.

    References
    ----------
    Lecture 6, timings: "if an iteration exceeds 500 ms, things get dicey", "estimate total time".
    """
    iteration = load_seconds + step_seconds
    seconds = iteration * math.ceil(samples / batch_size) * epochs
    return seconds, iteration > SLOW, "loading" if load_seconds > step_seconds else "step"


def log_run(writer: Any, history: Mapping[str, Sequence[float]], hyperparameters: Mapping[str, Any]) -> None:
    """Write the curves and the settings of one run to TensorBoard.

    ``tensorboard --logdir runs`` then draws the curves of all runs into one picture, and lists the settings beside the
    best validation loss.

    Parameters
    ----------
    writer : object
        With ``add_scalar(tag, value, step)`` and ``add_hparams(settings, metrics)``, as
        `torch.utils.tensorboard.SummaryWriter` has them.
    history : mapping from str to list of float
        Curves with keys such as ``"train_loss"``, as `fit` returns them, one number an epoch.
    hyperparameters : mapping
        The settings of the run, by name.

    Notes
    -----
    The tag of ``"train_loss"`` is ``"loss/train"``: what stands before the stroke shares a picture. Epochs count
    from 1. The metric is ``"hparam/validation_loss"``, the lowest of the run.

    References
    ----------
    Lecture 6, TensorBoard: compare train/val curves, compare runs, compare hyperparameters.
    """
    for key, values in history.items():
        part, _, quantity = key.partition("_")
        for epoch, value in enumerate(values, start=1):
            writer.add_scalar(f"{quantity}/{part}", value, epoch)
    writer.add_hparams(dict(hyperparameters), {"hparam/validation_loss": min(history["validation_loss"])})

"""Mistakes with the two errors, the clock and the log of exercise 07."""

from __future__ import annotations

from functools import partial
from typing import Any

from autograder.tasks.ex07_training_a_network.drawing import Mistakes

__all__ = ["BIAS_VARIANCE", "LOG_RUN", "TIME_ITERATIONS", "TRAINING_ESTIMATE"]


def _bias_variance(best: float, train: float, validation: float, *, tolerance: float, mistake: str) -> Any:
    bias, variance = train - best, validation - train
    if mistake == "from the best":
        variance = validation - best
    if mistake == "best forgotten":
        bias = train
    if mistake == "never negative":
        variance = abs(variance)
    if mistake == "relative":
        bias, variance = bias / max(train, 1e-12), variance / max(validation, 1e-12)
    faults = {
        "suspicious": variance < -tolerance,
        "underfitting": bias > tolerance,
        "overfitting": variance > tolerance,
    }
    order = ["suspicious", "underfitting", "overfitting"]
    if mistake == "variance first":
        order = ["suspicious", "overfitting", "underfitting"]
    if mistake == "the larger":
        order = sorted(order, key=lambda name: -(variance if name == "overfitting" else bias))
        order = ["suspicious", *(name for name in order if name != "suspicious")]
    if mistake == "never suspicious":
        order = order[1:]
    if mistake == "suspicious last":
        order = [*order[1:], order[0]]
    if mistake == "no tolerance":
        faults = {"suspicious": variance < 0, "underfitting": bias > 0, "overfitting": variance > 0}
    verdict = next((name for name in order if faults[name]), "good")
    if mistake == "names swapped":
        verdict = {"underfitting": "overfitting", "overfitting": "underfitting"}.get(verdict, verdict)
    return bias, variance, verdict


BIAS_VARIANCE: Mistakes = {
    "the variance is measured from the best possible error here: it starts at the training error": (
        partial(_bias_variance, mistake="from the best")
    ),
    "this is the training error itself: the bias is what it has above the best possible one": (
        partial(_bias_variance, mistake="best forgotten")
    ),
    "the sign of the variance is lost: a network that does better on validation has a negative one": (
        partial(_bias_variance, mistake="never negative")
    ),
    "overfitting is looked for before underfitting: the bias comes first": (
        partial(_bias_variance, mistake="variance first")
    ),
    "the larger of the two gaps decides here: the bias comes first, however large the variance is": (
        partial(_bias_variance, mistake="the larger")
    ),
    "a network that does better on validation than on training passes for sound: it is suspicious": (
        partial(_bias_variance, mistake="never suspicious")
    ),
    "'suspicious' is looked for last: it comes first": partial(_bias_variance, mistake="suspicious last"),
    "the tolerance is not used: a gap up to there is left alone": partial(_bias_variance, mistake="no tolerance"),
    "the two words are swapped: a large bias is underfitting, a large variance overfitting": (
        partial(_bias_variance, mistake="names swapped")
    ),
    "these are shares of the errors: the gaps are plain differences": partial(_bias_variance, mistake="relative"),
}


# ---------------------------------------------------------------------------------------------------------------
# The clock


def _time(load: Any, step: Any, *, iterations: int, warmup: int, clock: Any, mistake: str) -> tuple[float, float]:
    loads, steps = [], []
    for _ in range((0 if mistake == "no warm-up" else warmup) + iterations - (mistake == "one too few")):
        start = clock()
        batch = load()
        loaded = clock()
        step(batch)
        loads.append(loaded - start)
        steps.append(clock() - (start if mistake == "together" else loaded))
    if mistake != "warm-up counts":
        loads, steps = loads[-iterations:], steps[-iterations:]
    count = 1 if mistake == "sum" else len(loads)
    if mistake == "swapped":
        loads, steps = steps, loads
    if mistake == "last":
        return loads[-1], steps[-1]
    if mistake == "divided by all":
        count = warmup + iterations
    return sum(loads) / count, sum(steps) / count


def _time_one_batch(load: Any, step: Any, *, iterations: int, warmup: int, clock: Any) -> tuple[float, float]:
    for _ in range(warmup):
        step(load())
    batch, start = load(), clock()
    for _ in range(iterations):
        step(batch)
    return 0.0, (clock() - start) / iterations


TIME_ITERATIONS: Mistakes = {
    "the warm-up counts here: its iterations run, but are not timed": partial(_time, mistake="warm-up counts"),
    "the time of the `iterations` is shared out among those of the warm-up, too": (
        partial(_time, mistake="divided by all")
    ),
    "the warm-up is left out: run `warmup` iterations before those that are timed": (
        partial(_time, mistake="no warm-up")
    ),
    "one mini-batch is used again and again: load a new one in every iteration": _time_one_batch,
    "this is the time of all iterations together: return the mean of one": partial(_time, mistake="sum"),
    "the time of the step includes the loading: read the clock again between the two": (
        partial(_time, mistake="together")
    ),
    "the two times are swapped: loading comes first": partial(_time, mistake="swapped"),
    "this is the time of the last iteration alone: return the mean": partial(_time, mistake="last"),
}


def _estimate(load: float, step: float, *, samples: int, batch_size: int, epochs: int, mistake: str) -> Any:
    iterations = samples // batch_size if mistake == "rounded down" else -(-samples // batch_size)
    if mistake == "samples":
        iterations = samples
    each = max(load, step) if mistake == "at the same time" else step if mistake == "step only" else load + step
    seconds = each * iterations * (1 if mistake == "one epoch" else epochs)
    slow = each > {"milliseconds": 500, "ten times": 5}.get(mistake, 0.5)
    if mistake == "at least":
        slow = each >= 0.5
    bottleneck = "loading" if load > step else "step"
    if mistake == "the faster":
        bottleneck = "step" if load > step else "loading"
    return seconds, slow, bottleneck


TRAINING_ESTIMATE: Mistakes = {
    "the small last mini-batch of each epoch takes an iteration, too: round up": (
        partial(_estimate, mistake="rounded down")
    ),
    "this is the time of one epoch": partial(_estimate, mistake="one epoch"),
    "an iteration takes a whole mini-batch: count these, not the samples": partial(_estimate, mistake="samples"),
    "the loading is left out: an iteration loads, then steps": partial(_estimate, mistake="step only"),
    "loading and step come one after the other: add their times": partial(_estimate, mistake="at the same time"),
    "no iteration is ever slow here: the times are in seconds, and 500 ms are half of one": (
        partial(_estimate, mistake="milliseconds")
    ),
    "500 ms sharp are not slow yet: an iteration is if it *exceeds* them": partial(_estimate, mistake="at least"),
    "the bottleneck is the part that takes longer; this is the other one": partial(_estimate, mistake="the faster"),
}


# ---------------------------------------------------------------------------------------------------------------
# The log


def _log(writer: Any, history: dict[str, list[float]], settings: dict[str, Any], *, mistake: str) -> None:
    for key, values in history.items():
        part, quantity = key.split("_")
        tag = {"raw tags": key, "tags swapped": f"{part}/{quantity}"}.get(mistake, f"{quantity}/{part}")
        for epoch, value in enumerate(values, start=int(mistake != "from 0")):
            if mistake == "last only" and epoch < len(values):
                continue
            if mistake == "no epoch":
                writer.add_scalar(tag, value)
            else:
                writer.add_scalar(tag, value, len(values) if mistake == "same epoch" else epoch)
    losses = history["validation_loss"]
    metric = {"last metric": losses[-1], "highest": max(losses), "training": min(history["train_loss"])}
    writer.add_hparams(settings, {"hparam/validation_loss": metric.get(mistake, min(losses))})


LOG_RUN: Mistakes = {
    "the epochs are counted from 0: the first one is 1": partial(_log, mistake="from 0"),
    "the epoch is missing: it is the third argument of add_scalar": partial(_log, mistake="no epoch"),
    "all numbers of a curve have one epoch: each has its own": partial(_log, mistake="same epoch"),
    "these are the keys of the history: the tag of 'train_loss' is 'loss/train'": partial(_log, mistake="raw tags"),
    "the tags have the set first: what stands before the stroke shares a picture, so it is what was measured": (
        partial(_log, mistake="tags swapped")
    ),
    "only the last epoch is written: the curves need all": partial(_log, mistake="last only"),
    "this is the last validation loss: the lowest one says how good the run was": partial(_log, mistake="last metric"),
    "this is the highest validation loss: the lowest one says how good the run was": partial(_log, mistake="highest"),
    "this is the lowest training loss: runs are compared by their validation loss": partial(_log, mistake="training"),
}

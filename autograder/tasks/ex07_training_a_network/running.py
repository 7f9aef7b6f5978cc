"""Section 10: the clock, and a log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.task import Case, case, task
from autograder.tasks.ex07_training_a_network import mistakes_running
from autograder.tasks.ex07_training_a_network.drawing import explain


def _timing_cases(rng: np.random.Generator) -> Iterator[Case]:
    for name, load, step, iterations, warmup in (
        ("a heavy network", (0.02, 0.06), (0.2, 0.4), 5, 2),
        ("slow loading", (0.5, 0.7), (0.1, 0.3), 7, 3),
        ("four iterations", (0.2, 0.24), (0.27, 0.4), 4, 1),
    ):
        yield case(
            name,
            given=iterations == 5,
            load_seconds=rng.uniform(*load, iterations),
            step_seconds=rng.uniform(*step, iterations),
            cold_seconds=rng.uniform(2, 4, warmup),
        )
    seconds = np.array([0.03, 0.05])
    cold = np.zeros(0)
    yield case(
        "nothing to warm up", edge="no warm-up", load_seconds=seconds, step_seconds=2 * seconds, cold_seconds=cold
    )


@task(
    points=2,
    cases=_timing_cases,
    hints={
        "load_seconds": "the mean, over the timed iterations, of the seconds between before and after `load()`",
        "step_seconds": "the mean, over the timed iterations, of the seconds between before and after `step(batch)`",
        "iterations_run": "`warmup` iterations, not timed, then `iterations` that are; each loads and steps once",
    },
)
def time_iterations(
    impl: Any, load_seconds: np.ndarray, step_seconds: np.ndarray, cold_seconds: np.ndarray
) -> dict[str, Any]:
    """Iterations on a clock that goes only while something is loaded or a step is taken."""

    class Machine:
        now, loaded, stepped = 1000.0, 0, 0

        def load(self) -> int:
            i = self.loaded - len(cold_seconds)
            self.now += cold_seconds[self.loaded] if i < 0 else load_seconds[i % len(load_seconds)]
            self.loaded += 1
            return self.loaded

        def step(self, batch: int) -> None:
            if batch != self.loaded:
                msg = "step must be given the batch that load() has just returned"
                raise ValueError(msg)
            i = self.stepped - len(cold_seconds)
            self.now += 3 * cold_seconds[self.stepped] if i < 0 else step_seconds[i % len(step_seconds)]
            self.stepped += 1

    machine = Machine()
    measured = impl.time_iterations(
        machine.load, machine.step, iterations=len(load_seconds), warmup=len(cold_seconds), clock=lambda: machine.now
    )
    loading, stepping = (None, None) if measured is None else measured
    return {
        "load_seconds": None if loading is None else float(loading),
        "step_seconds": None if stepping is None else float(stepping),
        "iterations_run": np.array([machine.loaded, machine.stepped]),
    }


explain(time_iterations, "time_iterations", mistakes_running.TIME_ITERATIONS)


def _estimate_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Each case has several trainings: one answer alone would fit too many mistakes."""
    for name, given in (("five trainings", True), ("five others", False)):
        trainings = []
        for load, step in ((0.04, 0.3), (0.6, 0.2), (0.3, 0.35), (0.12, 0.05), (0.05, 0.6)):
            batch_size = int(rng.integers(16, 70))
            # Never a whole number of mini-batches.
            samples = batch_size * int(rng.integers(9, 40)) + int(rng.integers(1, batch_size))
            seconds = [float(v) for v in rng.uniform(0.95, 1.05, 2) * (load, step)]
            trainings.append([*seconds, samples, batch_size, int(rng.integers(3, 20))])
        yield case(name, given=given, trainings=trainings)
    yield case("exactly half a second", edge="exactly 500 ms", trainings=[[0.125, 0.375, 60, 20, 2]])
    yield case("a whole number of mini-batches", edge="no small last mini-batch", trainings=[[0.1, 0.25, 96, 32, 4]])


@task(
    points=1,
    cases=_estimate_cases,
    hints={
        "seconds": "seconds an iteration, times iterations an epoch (the small last one too), times epochs",
        "slow": "an iteration, loading and step together, of more than half a second",
        "bottleneck": "'loading' or 'step', whichever takes longer",
    },
)
def training_estimate(impl: Any, trainings: list[list[Any]]) -> dict[str, Any]:
    """How long several trainings will take, and what slows them down."""
    found = [
        impl.training_estimate(load, step, samples=samples, batch_size=batch_size, epochs=epochs)
        for load, step, samples, batch_size, epochs in trainings
    ]
    if any(answer is None for answer in found):
        return {"seconds": None, "slow": None, "bottleneck": None}
    seconds, slow, bottleneck = zip(*found, strict=True)
    return {
        "seconds": np.array([float(v) for v in seconds]),
        "slow": ["yes" if v else "no" for v in slow],
        "bottleneck": [str(v).strip().lower() for v in bottleneck],
    }


explain(training_estimate, "training_estimate", mistakes_running.TRAINING_ESTIMATE)


def _run_cases(rng: np.random.Generator) -> Iterator[Case]:
    def curve(n: int) -> list[float]:
        return [float(v) for v in rng.uniform(0.1, 2.5, n)]

    for name, given, epochs in (("three epochs", True, 3), ("five epochs", False, 5)):
        keys = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
        losses = curve(epochs)
        # The lowest validation loss comes neither first nor last.
        losses[0], losses[epochs // 2], losses[-1] = 2.0, float(rng.uniform(0.01, 0.09)), 1.0
        history = {key: curve(epochs) for key in keys} | {"validation_loss": losses}
        settings = {"rate": float(rng.uniform(1e-4, 1e-1)), "hidden": int(rng.integers(8, 99)), "optimizer": "adam"}
        yield case(name, given=given, history=history, settings=settings)
    history = {"train_loss": [1.5], "validation_loss": [1.25]}
    yield case("losses only", edge="one epoch, no accuracy", history=history, settings={"rate": 0.5})


@task(
    points=1,
    cases=_run_cases,
    hints={
        "tags": "the tag of history['train_loss'] is 'loss/train': what was measured, a stroke, on which set",
        "values": "every number of every curve, each once",
        "epochs": "the third argument of add_scalar: the first epoch is 1",
        "settings": "add_hparams takes the settings as they are",
        "metric": "the second argument of add_hparams: {'hparam/validation_loss': the lowest validation loss}",
    },
)
def log_run(impl: Any, history: dict[str, list[float]], settings: dict[str, Any]) -> dict[str, Any]:
    """What a run leaves behind in a writer that keeps everything."""

    class Writer:
        def __init__(self) -> None:
            self.scalars: list[Any] = []
            self.settings: list[str] = []
            self.metrics: dict[str, float] = {}

        def add_scalar(self, tag: str, scalar_value: Any, global_step: Any = None, **_: Any) -> None:
            self.scalars.append((str(tag), float(scalar_value), float(-1 if global_step is None else global_step)))

        def add_hparams(self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any], **_: Any) -> None:
            self.settings += sorted(f"{name} = {value}" for name, value in hparam_dict.items())
            self.metrics |= {str(name): float(value) for name, value in metric_dict.items()}

        def flush(self) -> None:
            pass

        def close(self) -> None:
            pass

    writer = Writer()
    impl.log_run(writer, history, settings)
    # By tag, and in each in the order in which the numbers came.
    kept = sorted(writer.scalars, key=lambda scalar: scalar[0])
    return {
        "tags": sorted({tag for tag, _, _ in kept}),
        "values": np.array([value for _, value, _ in kept]),
        "epochs": np.array([epoch for _, _, epoch in kept]),
        "settings": list(writer.settings),
        "metric": writer.metrics.get("hparam/validation_loss"),
    }


explain(log_run, "log_run", mistakes_running.LOG_RUN)

import math

import numpy as np
import pytest
import torch

from i2dl.training import bias_variance, leaked, log_run, time_iterations, training_estimate


def test_leaked_samples_are_found_on_arrays_and_tensors():
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((20, 1, 3, 3)), rng.standard_normal((7, 1, 3, 3))
    assert leaked(train, test) == []
    test[[2, 5]] = train[[11, 3]]
    assert leaked(train, test) == [2, 5]
    assert leaked(torch.tensor(train), torch.tensor(test)) == [2, 5]
    test[2, 0, 0, 0] += 1e-9
    assert leaked(train, test) == [5]


def test_the_lectures_errors():
    bias, variance, verdict = bias_variance(0.01, 0.05, 0.08, tolerance=0.01)
    assert (bias, variance) == (pytest.approx(0.04), pytest.approx(0.03))
    assert verdict == "underfitting"


@pytest.mark.parametrize(
    ("errors", "verdict"),
    [
        ((0.0, 0.02, 0.15), "overfitting"),
        ((0.1, 0.11, 0.12), "good"),
        ((0.0, 0.2, 0.5), "underfitting"),
        ((0.0, 0.2, 0.1), "suspicious"),
        ((0.0, 0.01, 0.0), "good"),
    ],
)
def test_the_first_that_holds(errors, verdict):
    assert bias_variance(*errors, tolerance=0.02)[2] == verdict


class Clock:
    """A clock that goes only as far as the work moves it."""

    def __init__(self):
        self.now, self.steps = 100.0, 0

    def load(self):
        self.now += 0.25
        return self.steps

    def step(self, batch):
        assert batch == self.steps
        self.now += 10.0 if self.steps < 2 else 0.5
        self.steps += 1


def test_only_the_warm_iterations_are_timed():
    clock = Clock()
    found = time_iterations(clock.load, clock.step, iterations=4, warmup=2, clock=lambda: clock.now)
    assert found == (0.25, 0.5)
    assert clock.steps == 6
    for iterations, warmup in ((0, 1), (1, -1)):
        with pytest.raises(ValueError, match="at least 1"):
            time_iterations(clock.load, clock.step, iterations=iterations, warmup=warmup)


def test_the_real_clock_is_the_default():
    load, step = time_iterations(lambda: 0, lambda batch: sum(range(20_000)), iterations=3)
    assert 0 <= load < step


def test_estimates():
    assert training_estimate(0.1, 0.3, samples=1000, batch_size=64, epochs=5) == (pytest.approx(32.0), False, "step")
    assert training_estimate(0.4, 0.2, samples=64, batch_size=64, epochs=1) == (pytest.approx(0.6), True, "loading")


class Writer:
    def __init__(self):
        self.scalars, self.settings = [], []

    def add_scalar(self, *arguments):
        self.scalars.append(arguments)

    def add_hparams(self, *arguments):
        self.settings.append(arguments)


def test_a_run_is_logged():
    writer, settings = Writer(), {"rate": 0.1}
    log_run(writer, {"train_loss": [2.0, 1.0], "validation_loss": [2.1, 1.5]}, settings)
    assert sorted(writer.scalars) == [
        ("loss/train", 1.0, 2),
        ("loss/train", 2.0, 1),
        ("loss/validation", 1.5, 2),
        ("loss/validation", 2.1, 1),
    ]
    assert writer.settings == [({"rate": 0.1}, {"hparam/validation_loss": 1.5})]
    assert writer.settings[0][0] is not settings


def test_tensorboard_takes_it(tmp_path):
    """With the real writer, where it is installed."""
    pytest.importorskip("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        log_run(writer, {"train_loss": [1.0], "validation_loss": [1.5]}, {"rate": 0.1})
    assert math.prod(path.stat().st_size for path in tmp_path.rglob("events*")) > 0

"""Plain steps and steps with momentum: what the lectures and exams say about them."""

import numpy as np
import pytest

from i2dl.optim import momentum_outside_update, momentum_update, nesterov_lookahead, sgd_update


def test_golden_steps_of_the_exams(backend, close):
    # exam Aug 2022, 6.3: dL/dw11 = 1.5 at a learning rate of 0.1 takes w11 from -0.5 to -0.65
    close(backend.call(sgd_update, np.array([-0.5]), np.array([1.5]), learning_rate=0.1), [-0.65])
    # mock exam 2020, III.1c: dL/dw21 = -1.5 takes w21 from 0.5 to 0.65
    close(backend.call(sgd_update, np.array([0.5]), np.array([-1.5]), learning_rate=0.1), [0.65])


def test_golden_gradient_descent_of_lecture_4(close):
    """w' = (1/3, 2) − α (8/3, 4/9)."""
    w = sgd_update(np.array([1 / 3, 2.0]), np.array([8 / 3, 4 / 9]), learning_rate=0.3)
    close(w, [1 / 3 - 0.8, 2 - 0.4 / 3])


def test_both_conventions_of_momentum_agree_while_the_rate_is_constant(backend, close):
    """Lectures 5 and 6: afterwards the velocity inside still has the size of the old rate."""
    rng = np.random.default_rng(1)
    inside = outside = (backend.array(np.zeros(3)), backend.array(np.zeros(3)))
    for k in range(20):
        rate = 0.1 if k < 10 else 0.01
        dw = rng.normal(size=3)
        before = [backend.numpy(w) for w, _ in (inside, outside)]
        old = backend.numpy(inside[1])
        inside = momentum_update(inside[0], backend.array(dw), velocity=inside[1], learning_rate=rate, beta=0.9)
        outside = momentum_outside_update(
            outside[0], backend.array(dw), velocity=outside[1], learning_rate=rate, beta=0.9
        )
        steps = [backend.numpy(w) - b for (w, _), b in zip((inside, outside), before, strict=True)]
        if k < 10:
            close(steps[0], steps[1])
            close(backend.numpy(inside[1]), -rate * backend.numpy(outside[1]))
        if k == 10:
            # old = −0.1 u: of the same momentum, the step outside has a tenth.
            close(steps[0], 0.9 * old - rate * dw)
            close(steps[1], 0.9 * old / 10 - rate * dw)
            assert np.abs(steps[0]).max() > 3 * np.abs(steps[1]).max()


def test_equal_gradients_add_up_to_ten_times_one(backend, close):
    """Lecture 5: the step is largest when all gradients point the same way, g/(1 − β)."""
    w, velocity = backend.array(np.zeros(2)), backend.array(np.zeros(2))
    dw = backend.array(np.array([1.0, -2.0]))
    for _ in range(300):
        w, velocity = momentum_outside_update(w, dw, velocity=velocity, learning_rate=0.0)
    close(backend.numpy(velocity), [10.0, -20.0])
    close(backend.numpy(w), [0.0, 0.0])
    velocity = backend.array(np.zeros(2))
    for _ in range(300):
        w, velocity = momentum_outside_update(w, dw, velocity=velocity, learning_rate=0.0, dampening=0.9)
    close(backend.numpy(velocity), [1.0, -2.0])


def test_bad_arguments_are_named(backend):
    w = backend.array(np.ones(3))
    with pytest.raises(ValueError, match=r"velocity must have|dw must have shape \(3,\), but its shape is \(2,\)"):
        nesterov_lookahead(w, velocity=backend.array(np.ones(2)))
    with pytest.raises(ValueError, match="dampening must be a finite number, but it is nan"):
        momentum_outside_update(w, w, velocity=w, learning_rate=0.1, dampening=float("nan"))

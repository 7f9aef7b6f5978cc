import numpy as np
import pytest

from i2dl.functional.recurrence import gradient_norm_over_time
from i2dl.functional.rnn import rnn_backward, rnn_forward


def norms(backend, Wh, steps):
    return backend.call(gradient_norm_over_time, Wh, steps)


def with_eigenvalues(*eigenvalues):
    """A symmetric matrix with these eigenvalues, turned by a random rotation."""
    q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(len(eigenvalues),) * 2))
    return q @ np.diag(eigenvalues) @ q.T


@pytest.mark.parametrize("largest", [0.9, -0.9, 1.0, 1.1, 0.0])
def test_a_symmetric_matrix_shows_powers_of_its_largest_eigenvalue(backend, close, largest):
    """Lecture 11: magnitude below 1 vanishes, above 1 explodes, exactly 1 keeps the gradient."""
    Wh = with_eigenvalues(largest, 0.5 * largest, -0.1 * largest, 0.0)
    close(norms(backend, Wh, 50), abs(largest) ** np.arange(51.0), rtol=1e-9)


def test_a_rotation_keeps_the_gradient(backend, close):
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))
    close(norms(backend, rotation, 100), np.ones(101))


def test_it_is_the_norm_of_the_power(backend, close):
    Wh = np.random.default_rng(2).normal(size=(4, 4))
    expected = [np.linalg.norm(np.linalg.matrix_power(Wh, k), 2) for k in range(9)]
    close(norms(backend, Wh, 8), expected)


def test_it_may_first_grow_although_all_eigenvalues_are_below_one(backend):
    """A matrix that is not symmetric; in the long run the eigenvalues decide nevertheless (Gelfand)."""
    result = norms(backend, np.array([[0.9, 5.0], [0.0, 0.9]]), 400)
    assert result[5] > 10
    assert result[400] < 1e-10
    assert abs((result[400] / result[399]) - 0.9) < 0.01


def test_it_bounds_what_backpropagation_through_time_brings_back(backend, close):
    """The linear network reaches the bound for one direction of the gradient; tanh only shrinks it further."""
    rng = np.random.default_rng(3)
    t, hidden = 12, 3
    Wh, x = rng.normal(size=(hidden, hidden)) * 0.8, rng.normal(size=(1, t, 2))
    Wx, b, h0 = rng.normal(size=(2, hidden)), np.zeros(hidden), np.zeros((1, hidden))
    bound = norms(backend, Wh, t)
    direction = np.linalg.svd(np.linalg.matrix_power(Wh.T, t))[0][:, 0]
    dh = np.zeros((1, t, hidden))
    dh[0, -1] = direction
    for nonlinearity, reaches in (("identity", True), ("tanh", False)):
        _, (_, dh0, *_) = backend.pair(rnn_forward, rnn_backward, [x, h0, Wx, Wh, b], dh, nonlinearity=nonlinearity)
        if reaches:
            close(np.linalg.norm(dh0), bound[t])
        else:
            assert np.linalg.norm(dh0) < 0.5 * bound[t]


def test_it_ends_at_the_largest_number_or_at_zero(backend, close):
    close(norms(backend, np.diag([2.0, 0.5]), 2000)[[10, 1000, 2000]], [1024.0, 2.0**1000, np.finfo(float).max / 2])
    close(norms(backend, np.diag([0.5, 0.1]), 2000)[[10, 2000]], [2.0**-10, 0.0])
    close(norms(backend, np.array([[0.0, 1.0], [0.0, 0.0]]), 3), [1.0, 1.0, 0.0, 0.0])


def test_float32_stays_float32(backend, close):
    result = norms(backend, with_eigenvalues(0.9, 0.3).astype("float32"), 30)
    assert result.dtype == np.dtype("float32")
    close(result, 0.9 ** np.arange(31.0), rtol=1e-4)


def test_bad_input(backend):
    with pytest.raises(ValueError, match=r"Wh must have shape \(2, 2\), but its shape is \(2, 3\)"):
        gradient_norm_over_time(backend.array(np.zeros((2, 3))), 2)
    with pytest.raises(ValueError, match=r"Wh must have shape \(H, H\), but its shape is \(2,\)"):
        gradient_norm_over_time(backend.array(np.zeros(2)), 2)
    with pytest.raises(ValueError, match=r"Wh must hold at least one number, but its shape is \(0, 0\)"):
        gradient_norm_over_time(backend.array(np.zeros((0, 0))), 2)
    with pytest.raises(ValueError, match=r"steps must be at least 0, but it is -1"):
        gradient_norm_over_time(backend.array(np.eye(2)), -1)
    with pytest.raises(TypeError, match=r"Wh must hold real floating-point numbers, .*int64"):
        gradient_norm_over_time(backend.array(np.eye(2, dtype="int64")), 1)

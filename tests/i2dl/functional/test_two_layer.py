import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import two_layer_backward, two_layer_forward, two_layer_loss


def torch_network(x, w1, b1, w2, b2):
    return torch.relu(x.flatten(1) @ w1 + b1) @ w2 + b2


def network(rng, shape, hidden, classes):
    d = int(np.prod(shape[1:]))
    return [rng.normal(size=s) for s in (shape, (d, hidden), (hidden,), (hidden, classes), (classes,))]


@given(
    shape=array_shapes(min_dims=2, max_dims=4, max_side=4),
    hidden=st.integers(1, 6),
    classes=st.integers(1, 5),
    seed=st.integers(0, 2**16),
)
@example(shape=(1, 1), hidden=1, classes=1, seed=0)
def test_scores_loss_and_gradients_agree_with_torch(backend, close, torch_gradients, shape, hidden, classes, seed):
    rng = np.random.default_rng(seed)
    arrays = network(rng, shape, hidden, classes)
    dscores, y = rng.normal(size=(shape[0], classes)), rng.integers(classes, size=shape[0])
    scores, gradients = backend.pair(two_layer_forward, two_layer_backward, arrays, dscores)
    expected, expected_gradients = torch_gradients(torch_network, arrays, dscores)
    close(scores, expected)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted)
    x, *parameters = arrays
    loss, gradients = backend.call(two_layer_loss, x, y, *parameters)
    expected, (_, *expected_gradients) = torch_gradients(
        lambda x, y, *parameters: F.cross_entropy(torch_network(x, *parameters), y), [x, y, *parameters]
    )
    close(loss, expected)
    for gradient, wanted in zip(gradients, expected_gradients, strict=True):
        close(gradient, wanted)


@pytest.mark.parametrize(
    ("zeroed", "moving"),
    [
        (("w1", "b1", "w2", "b2"), {"b2"}),
        (("w1", "b1"), {"b2"}),
        (("w2", "b2"), {"w2", "b2"}),
        ((), {"w1", "b1", "w2", "b2"}),
    ],
)
def test_which_parameters_move_from_zero(backend, zeroed, moving):
    """WPI CS 4342, class 22, weight initialization: the example and the two exercises, with relu′(0) = 0."""
    rng = np.random.default_rng(0)
    x, *values = network(rng, (20, 3), 8, 4)
    parameters = dict(zip(("w1", "b1", "w2", "b2"), values, strict=True))
    parameters |= {name: np.zeros_like(parameters[name]) for name in zeroed}
    y = rng.integers(3, size=20)  # one class stays without a sample, so the output biases cannot be right already
    _, gradients = backend.call(two_layer_loss, x, y, *parameters.values())
    assert {name for name, g in zip(parameters, gradients, strict=True) if np.any(g != 0)} == moving


def test_an_untrained_network_starts_at_log_c(backend, close):
    """I2DL lecture 6: the initial loss of a softmax with C classes is log C."""
    rng = np.random.default_rng(1)
    x, *parameters = network(rng, (50, 6), 7, 10)
    loss, _ = backend.call(two_layer_loss, x, rng.integers(10, size=50), *(0.01 * p for p in parameters))
    close(loss, np.log(10), rtol=0.01)


def test_descent_on_the_gradients_learns_to_separate_two_rings(backend):
    rng = np.random.default_rng(2)
    angle, y = rng.uniform(0, 2 * np.pi, size=60), np.arange(60) % 2
    x = (1.0 + y)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    parameters = [p * 0.5 for p in network(rng, (1, 2), 16, 2)[1:]]
    first, _ = backend.call(two_layer_loss, x, y, *parameters)
    for _ in range(150):
        _, gradients = backend.call(two_layer_loss, x, y, *parameters)
        parameters = [p - 0.5 * g for p, g in zip(parameters, gradients, strict=True)]
    last, _ = backend.call(two_layer_loss, x, y, *parameters)
    scores, _ = two_layer_forward(x, *parameters)
    assert last < 0.2 * first
    assert (scores.argmax(axis=1) == y).all()


def test_shapes_that_do_not_fit(backend):
    arrays = [backend.array(a) for a in network(np.random.default_rng(3), (2, 3), 4, 5)]
    with pytest.raises(ValueError, match=r"w must have shape \(4, M\), but its shape is \(3, 4\)"):
        two_layer_forward(arrays[0], arrays[1], arrays[2], arrays[1], arrays[2])
    _, cache = two_layer_forward(*arrays)
    with pytest.raises(ValueError, match=r"dout must have shape \(2, 5\), but its shape is \(5, 2\)"):
        two_layer_backward(backend.array(np.zeros((5, 2))), cache)

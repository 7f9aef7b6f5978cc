import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import affine_forward, relu_backward, relu_forward, softmax_forward
from i2dl.functional.dropout import (
    dropout_backward,
    dropout_forward,
    monte_carlo_dropout,
    spatial_dropout_backward,
    spatial_dropout_forward,
)

SCALINGS = ("inverted", "test")


def pair(backend, x, dout, *, mask=None, spatial=False, **options):
    forward = spatial_dropout_forward if spatial else dropout_forward
    backward = spatial_dropout_backward if spatial else dropout_backward
    options |= {} if mask is None else {"mask": backend.array(mask)}
    out, (dx,) = backend.pair(forward, backward, [x], dout, **options)
    return out, dx


@given(
    shape=array_shapes(min_dims=0, max_dims=4, max_side=5),
    p=st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1)),
    scaling=st.sampled_from(SCALINGS),
    seed=st.integers(0, 2**16),
)
@example(shape=(0, 3), p=0.5, scaling="inverted", seed=0)
def test_training_multiplies_with_the_mask(backend, close, torch_gradients, shape, p, scaling, seed):
    rng = np.random.default_rng(seed)
    x, dout, mask = rng.normal(size=shape), rng.normal(size=shape), rng.random(shape) >= p
    out, dx = pair(backend, x, dout, mask=mask, p=p, train=True, scaling=scaling)
    scale = 1 / (1 - p) if scaling == "inverted" and p < 1 else 1.0
    expected, (expected_dx,) = torch_gradients(lambda x: x * torch.tensor(mask) * scale, [x], dout)
    close(out, expected)
    close(dx, expected_dx)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_evaluation_scales_or_does_nothing(backend, close, scaling):
    rng = np.random.default_rng(0)
    x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    factor = {"inverted": 1.0, "test": 0.7}[scaling]
    for spatial in (False, True):
        out, dx = pair(backend, x, dout, p=0.3, train=False, scaling=scaling, spatial=spatial)
        close(out, factor * x)
        close(dx, factor * dout)


def test_inverted_training_and_evaluation_are_torchs(backend, close):
    torch.manual_seed(0)
    x = torch.randn(40, 50, dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.dropout(x, 0.4, training=True)
    expected.sum().backward()
    mask = (expected != 0).numpy()
    out, dx = pair(backend, x.detach().numpy(), np.ones((40, 50)), mask=mask, p=0.4, train=True)
    close(out, expected.detach().numpy())
    close(dx, x.grad.numpy())


def test_spatial_training_is_torchs(backend, close):
    torch.manual_seed(0)
    x = torch.randn(6, 5, 3, 2, dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.dropout2d(x, 0.4, training=True)
    expected.sum().backward()
    mask = (expected != 0).any(dim=3).any(dim=2).numpy()
    assert 0 < mask.sum() < 30
    out, dx = pair(backend, x.detach().numpy(), np.ones((6, 5, 3, 2)), mask=mask, p=0.4, train=True, spatial=True)
    close(out, expected.detach().numpy())
    close(dx, x.grad.numpy())


def test_every_backend_draws_the_same_mask(backend):
    x = np.ones((30, 40))
    for dtype in ("float64", "float32"):
        out, dx = pair(backend, x.astype(dtype), x.astype(dtype), p=0.25, train=True, rng=np.random.default_rng(5))
        np.testing.assert_array_equal(out != 0, np.random.default_rng(5).random((30, 40)) >= 0.25)
        np.testing.assert_array_equal(dx, out)
        assert out.dtype == np.dtype(dtype)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_p_is_the_probability_to_drop_and_means_agree(p, scaling):
    """The share of zeros is p, and the mean of training outputs is the evaluation output: within 4 standard errors."""
    x = np.full((400, 500), 2.0)
    out, _ = dropout_forward(x, p=p, train=True, rng=np.random.default_rng(0), scaling=scaling)
    error = 4 * math.sqrt(p * (1 - p) / x.size)
    assert abs((out == 0).mean() - p) < error
    tested, _ = dropout_forward(x, p=p, train=False, scaling=scaling)
    assert abs(out.mean() - tested.mean()) < error * out.max()


def test_spatial_dropout_takes_whole_maps(backend):
    x = np.ones((8, 6, 3, 4))
    out, dx = pair(backend, x, x, p=0.5, train=True, rng=np.random.default_rng(1), spatial=True)
    maps = out.reshape(8, 6, 12)
    assert (maps == maps[:, :, :1]).all()
    assert 0 < (maps[:, :, 0] == 0).sum() < 48
    np.testing.assert_array_equal(dx, out)


def test_wpi_class_22_worked_example(backend, close):
    """W⁽¹⁾ and W⁽²⁾ of the slide, x = [0, 1, 2]; without x₂ and h₂ the output is [60, 132]. The class keeps with p."""
    w1, w2 = np.arange(1.0, 10.0).reshape(3, 3), np.arange(1.0, 7.0).reshape(2, 3)
    x, ends = np.array([[0.0, 1.0, 2.0]]), np.array([[True, False, True]])
    keep = 0.5
    options = {"p": 1 - keep, "train": True, "scaling": "test"}
    kept, _ = pair(backend, x, x, mask=ends, **options)
    h = backend.numpy(affine_forward(*map(backend.array, (kept, w1.T, np.zeros(3))))[0])
    close(h[ends], [6.0, 18.0])
    kept_h, dh = pair(backend, h, np.array([[5.0, 7.0, 9.0]]), mask=ends, **options)
    y = backend.numpy(affine_forward(*map(backend.array, (kept_h, w2.T, np.zeros(2))))[0])
    close(y, [[60.0, 132.0]])
    close(dh, [[5.0, 0.0, 9.0]])  # only the neurons that were kept learn


def test_lecture_8_weight_scaling_rule(backend, close):
    """E[z] over the four masks of two inputs is ½(θ₁x₁ + θ₂x₂), and that is what the test computes."""
    theta, x = np.array([[3.0], [-2.0]]), np.array([[0.7, 0.4]])
    for scaling, expected in (("test", 0.5 * x @ theta), ("inverted", x @ theta)):
        masks = [np.array([m]) for m in itertools.product([False, True], repeat=2)]
        trained = [pair(backend, x, x, mask=m, p=0.5, train=True, scaling=scaling)[0] @ theta for m in masks]
        tested = pair(backend, x, x, p=0.5, train=False, scaling=scaling)[0] @ theta
        close(np.mean(trained, axis=0), expected)
        close(tested, expected)


def test_exam_february_2022_question_2_5(backend, close):
    """Dropping with p and then with q drops p + q − pq in all (printed as p + q − 2pq), and scales accordingly."""
    rng, p, q = np.random.default_rng(2), 0.3, 0.4
    x = np.ones((300, 400))
    once, _ = pair(backend, x, x, p=p, train=True, rng=rng)
    twice, _ = pair(backend, once, x, p=q, train=True, rng=rng)
    together = p + q - p * q
    close(twice[twice != 0], np.full((twice != 0).sum(), 1 / (1 - together)))
    assert abs((twice == 0).mean() - together) < 4 * math.sqrt(together * (1 - together) / x.size)
    assert abs(together - (p + q - 2 * p * q)) > 0.1


def test_exam_february_2022_question_1_5(backend, close):
    """Dropout(ReLU(x)) = ReLU(Dropout(x)) for the same neurons, forward and backward."""
    rng = np.random.default_rng(3)
    x, dout, mask = rng.normal(size=(5, 6)), rng.normal(size=(5, 6)), rng.random((5, 6)) < 0.5
    options = {"mask": mask, "p": 0.5, "train": True}
    rectified, (drelu,) = backend.pair(relu_forward, relu_backward, [x], dout)
    first, _ = pair(backend, rectified, dout, **options)
    dropped, _ = pair(backend, x, dout, **options)
    second, (dsecond,) = backend.pair(relu_forward, relu_backward, [dropped], dout)
    close(first, second)
    close(pair(backend, x, drelu, **options)[1], pair(backend, x, dsecond, **options)[1])


def test_monte_carlo_dropout(backend, close):
    """Lecture 8: the average of many runs. For a linear network it tends to the evaluation output, with a known spread."""
    x, w, p, samples = np.array([[1.0, 2.0, -1.0]]), np.array([[0.5], [0.25], [1.5]]), 0.2, 2000

    def network(x, rng):
        kept, _ = dropout_forward(x, p=p, train=True, rng=rng)
        return affine_forward(kept, backend.array(w), backend.array(np.zeros(1)))[0]

    mean, std = backend.call(
        lambda x: monte_carlo_dropout(network, x, samples=samples, rng=np.random.default_rng(4)), x
    )
    spread = np.sqrt(((x * w.T) ** 2).sum() * p / (1 - p))
    assert abs(mean - x @ w).item() < 4 * spread / math.sqrt(samples)
    close(std, np.array([[spread]]), rtol=0.1)

    def probabilities(x, rng):
        return softmax_forward(dropout_forward(x, p=p, train=True, rng=rng)[0])[0]

    draws = np.random.default_rng(6)
    each = [backend.call(lambda x: probabilities(x, draws), x) for _ in range(25)]
    mean, std = backend.call(
        lambda x: monte_carlo_dropout(probabilities, x, samples=25, rng=np.random.default_rng(6)), x
    )
    close(mean, np.mean(each, axis=0))
    close(std, np.std(each, axis=0))
    close(mean.sum(), 1.0)


def test_gradient_agrees_with_central_differences(close, numeric_gradient):
    rng = np.random.default_rng(7)
    x, dout = rng.normal(size=(2, 3, 2, 2)), rng.normal(size=(2, 3, 2, 2))
    for forward, backward in (
        (dropout_forward, dropout_backward),
        (spatial_dropout_forward, spatial_dropout_backward),
    ):

        def run(x, forward=forward):
            return forward(x, p=0.4, train=True, rng=np.random.default_rng(8))

        dx = backward(dout, run(x)[1])
        close(dx, numeric_gradient(lambda x, run=run: run(x)[0], x, dout), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("forward", [dropout_forward, spatial_dropout_forward])
def test_bad_arguments(backend, forward):
    x = backend.array(np.ones((2, 3)))
    rng = np.random.default_rng(0)
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match=f"p must be a finite number at least 0 and at most 1, but it is {p}"):
            forward(x, p=p, train=True, rng=rng)
    with pytest.raises(ValueError, match=r"scaling must be 'inverted' or 'test', but it is 'train'"):
        forward(x, p=0.5, train=True, rng=rng, scaling="train")
    with pytest.raises(ValueError, match=r"needs rng, or a mask of shape \(2, 3\), but both are None"):
        forward(x, p=0.5, train=True)
    with pytest.raises(ValueError, match=r"mask must have shape \(2, 3\), but its shape is \(3, 2\)"):
        forward(x, p=0.5, train=True, mask=backend.array(np.ones((3, 2), dtype=bool)))
    with pytest.raises(TypeError, match=r"mask must hold booleans, True where x is kept, but its dtype is .*float64"):
        forward(x, p=0.5, train=True, mask=x)
    with pytest.raises(TypeError, match="x must hold real floating-point numbers"):
        forward(backend.array(np.ones((2, 3), dtype="int64")), p=0.5, train=True, rng=rng)


def test_bad_shapes(backend):
    with pytest.raises(ValueError, match=r"x must have shape \(N, d_1, ..., d_k\) .*, but its shape is \(3,\)"):
        spatial_dropout_forward(backend.array(np.ones(3)), p=0.5, train=False)
    x, rng = backend.array(np.ones((2, 3))), np.random.default_rng(0)
    for forward, backward in (
        (dropout_forward, dropout_backward),
        (spatial_dropout_forward, spatial_dropout_backward),
    ):
        _, cache = forward(x, p=0.5, train=True, rng=rng)
        with pytest.raises(ValueError, match=r"dout must have shape \(2, 3\), but its shape is \(3,\)"):
            backward(backend.array(np.ones(3)), cache)
    with pytest.raises(ValueError, match="samples must be at least 1, but it is 0"):
        monte_carlo_dropout(lambda x, rng: x, x, samples=0, rng=rng)


@pytest.mark.parametrize("train", [True, False])
def test_the_output_does_not_share_memory_with_the_input(train):
    x = np.ones((2, 3))
    out, cache = dropout_forward(x, p=0.0, train=train, rng=np.random.default_rng(0))
    assert not np.shares_memory(out, x)
    assert not np.shares_memory(dropout_backward(x, cache), x)

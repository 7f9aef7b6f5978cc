import functools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from i2dl.functional import (
    LOSSES,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    binary_softmax_loss,
    hinge_loss,
    l1_loss,
    mse_loss,
    softmax_loss,
    svm_loss,
    zero_one_loss,
)

every_loss = pytest.mark.parametrize("name", LOSSES)
every_reduction = pytest.mark.parametrize("reduction", ["mean", "sum", "batch"])

# What equals the losses that PyTorch has under other names or with other factors.
OTHERWISE_IN_TORCH = {
    "binary_softmax": lambda s, z, reduction: getattr(torch, reduction)(-F.logsigmoid(2 * z * s)),
    "hinge": lambda s, z, reduction: F.margin_ranking_loss(s, torch.zeros_like(s), z, margin=1.0, reduction=reduction),
    "svm": lambda s, y, reduction: s.shape[1] * F.multi_margin_loss(s, y, reduction=reduction),
    "zero_one": lambda s, z, reduction: getattr(torch, reduction)((torch.sign(z * s) < 0).double() + 0 * s),
}


def in_torch(name, reduction):
    """The loss in PyTorch; "batch" is not known there, and is its sum over the number of samples."""

    def function(prediction, target):
        target = target.detach()
        kind = "sum" if reduction == "batch" else reduction
        if name in OTHERWISE_IN_TORCH:
            loss = OTHERWISE_IN_TORCH[name](prediction, target, kind)
        else:
            path = LOSSES[name].torch.split(".")[1:]
            loss = functools.reduce(getattr, path, torch)(prediction, target, reduction=kind)
        return loss / prediction.shape[0] if reduction == "batch" else loss

    return function


def draw(name, shape, rng):
    """A prediction and a target of the kinds that the loss takes."""
    loss = LOSSES[name]
    if loss.target == "class" and len(shape) != 2:
        shape = (shape[0], math.prod(shape[1:]))
    prediction = rng.uniform(0.01, 0.99, shape) if loss.prediction == "probability" else rng.normal(0, 3, shape)
    target = {
        "value": lambda: rng.normal(size=shape),
        "probability": lambda: rng.choice([0.0, 1.0, 0.25], size=shape),
        "sign": lambda: rng.choice([-1.0, 1.0], size=shape),
        "class": lambda: rng.integers(shape[1], size=shape[0]),
    }[loss.target]()
    return prediction, target


@every_loss
@every_reduction
@given(shape=array_shapes(min_dims=1, max_dims=3, max_side=4), seed=st.integers(0, 2**16))
@example(shape=(1, 1), seed=0)
@example(shape=(5, 3), seed=0)
def test_value_and_gradient_agree_with_torch(backend, close, torch_gradients, name, reduction, shape, seed):
    prediction, target = draw(name, shape, np.random.default_rng(seed))
    loss, gradient = backend.call(LOSSES[name].function, prediction, target, reduction=reduction)
    expected, (expected_gradient, *_) = torch_gradients(in_torch(name, reduction), [prediction, target])
    close(loss, expected)
    close(gradient, expected_gradient)


@every_loss
@every_reduction
def test_gradient_agrees_with_central_differences(close, numeric_gradient, name, reduction):
    prediction, target = draw(name, (4, 3), np.random.default_rng(0))
    function = functools.partial(LOSSES[name].function, reduction=reduction)
    _, gradient = function(prediction, target)
    close(gradient, numeric_gradient(lambda p: function(p, target)[0], prediction, 1.0), rtol=1e-6, atol=1e-9)


@every_loss
def test_the_loss_is_an_array_without_axes_in_the_predictions_dtype(backend, name):
    for dtype in ("float32", "float64"):
        prediction, target = draw(name, (4, 3), np.random.default_rng(1))
        loss, gradient = LOSSES[name].function(backend.array(prediction.astype(dtype)), backend.array(target))
        assert tuple(loss.shape) == ()
        if backend.name == "numpy":
            assert isinstance(loss, np.ndarray)
        assert backend.numpy(loss).dtype == backend.numpy(gradient).dtype == np.dtype(dtype)


@every_loss
def test_float32_is_off_by_its_rounding_alone(backend, close, name):
    prediction, target = draw(name, (16, 5), np.random.default_rng(2))
    prediction = prediction.astype("float32")
    loss, gradient = backend.call(LOSSES[name].function, prediction, target)
    exact, exact_gradient = LOSSES[name].function(prediction.astype("float64"), target)
    close(loss, exact, rtol=1e-5)
    close(gradient, exact_gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.target != "value"])
def test_integer_labels_will_do(backend, close, name):
    prediction, target = draw(name, (6, 3), np.random.default_rng(3))
    whole = np.round(target)  # classes and signs are whole already
    loss, gradient = backend.call(LOSSES[name].function, prediction, whole.astype("int32"))
    expected, expected_gradient = LOSSES[name].function(prediction, whole)
    close(loss, expected)
    close(gradient, expected_gradient)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [name for name, loss in LOSSES.items() if loss.prediction == "score"])
def test_extreme_scores_are_finite_and_right(backend, close, torch_gradients, name, dtype):
    rows = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, 0.0], [-1e4, -1e4, -1e4]], dtype=dtype)
    target = {
        "class": np.array([0, 0, 1, 2]),
        "sign": np.resize([1.0, -1.0], (4, 3)),
        "probability": np.resize([1.0, 0.0], (4, 3)),
    }[LOSSES[name].target]
    loss, gradient = backend.call(LOSSES[name].function, rows, target)
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
    expected, (expected_gradient, *_) = torch_gradients(in_torch(name, "mean"), [rows.astype("float64"), target])
    close(loss, expected, rtol=1e-6)
    close(gradient, expected_gradient, rtol=1e-6, atol=1e-7)


@every_reduction
def test_certain_probabilities_cost_100_at_most_as_in_torch(backend, close, torch_gradients, reduction):
    p = np.array([[0.0, 1.0, 0.0, 1.0, 1e-300, 1.0 - 1e-12], [0.0, 1.0, 0.5, 1e-7, 1e-12, 1.0]])
    y = np.array([[0.0, 1.0, 1.0, 0.0, 1.0, 0.0], [0.5, 0.5, 0.5, 1.0, 0.0, 0.25]])
    loss, gradient = backend.call(binary_cross_entropy, p, y, reduction=reduction)
    expected, (expected_gradient, _) = torch_gradients(
        lambda p, y: in_torch("binary_cross_entropy", reduction)(p, y), [p, y]
    )
    close(loss, expected)
    close(gradient, expected_gradient, rtol=1e-8)  # torch holds its 1e-12 in float32
    close(backend.call(binary_cross_entropy, np.zeros(1), np.ones(1))[0], 100.0)


def test_a_hundred_is_the_limit_in_float32_too(backend, close):
    p, y = np.array([0.0, 1.0], dtype="float32"), np.array([1.0, 0.0], dtype="float32")
    loss, gradient = backend.call(binary_cross_entropy, p, y, reduction="sum")
    close(loss, 200.0, rtol=1e-6)
    close(gradient, [-1e12, 1e12], rtol=1e-6)


def test_logits_and_probabilities_give_the_same_loss(backend, close):
    rng = np.random.default_rng(4)
    s, y = rng.normal(size=(5, 2)), rng.choice([0.0, 1.0], size=(5, 2))
    p = 1 / (1 + np.exp(-s))
    from_scores, ds = backend.call(binary_cross_entropy_with_logits, s, y)
    from_probabilities, dp = backend.call(binary_cross_entropy, p, y)
    close(from_scores, from_probabilities)
    close(ds, dp * p * (1 - p))  # the slope of the sigmoid cancels the loss's denominator


def test_the_binary_softmax_is_the_softmax_of_plus_and_minus_s(backend, close):
    rng = np.random.default_rng(5)
    s, z = rng.normal(size=7), rng.choice([-1.0, 1.0], size=7)
    loss, ds = backend.call(binary_softmax_loss, s, z)
    two_scores, d2 = backend.call(softmax_loss, np.stack([s, -s], axis=1), (z < 0).astype("int64"))
    close(loss, two_scores)
    close(ds, d2[:, 0] - d2[:, 1])
    as_logits, ds_logits = backend.call(binary_cross_entropy_with_logits, 2 * s, (z + 1) / 2)
    close(loss, as_logits)
    close(ds, 2 * ds_logits)


@given(
    n=st.integers(1, 5),
    c=st.integers(1, 5),
    smoothing=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    reduction=st.sampled_from(["mean", "sum"]),
    seed=st.integers(0, 2**16),
)
def test_label_smoothing_agrees_with_torch(backend, close, torch_gradients, n, c, smoothing, reduction, seed):
    rng = np.random.default_rng(seed)
    scores, y = rng.normal(scale=3, size=(n, c)), rng.integers(c, size=n)
    options = {"label_smoothing": smoothing, "reduction": reduction}
    loss, gradient = backend.call(softmax_loss, scores, y, **options)
    expected, (expected_gradient,) = torch_gradients(F.cross_entropy, [scores, y], **options)
    close(loss, expected)
    close(gradient, expected_gradient)


def test_a_class_that_is_ruled_out_does_no_harm(backend, close):
    loss, gradient = backend.call(softmax_loss, np.array([[0.0, 0.0, -np.inf]]), np.array([0]))
    close(loss, np.log(2))
    close(gradient, [[-0.5, 0.5, 0.0]])


@pytest.mark.parametrize("margin", [0.0, 0.5, 2.0])
def test_margins_agree_with_torch(backend, close, torch_gradients, margin):
    rng = np.random.default_rng(6)
    scores, y, z = rng.normal(size=(6, 4)), rng.integers(4, size=6), rng.choice([-1.0, 1.0], size=(6, 4))
    for function, target, reference in [
        (svm_loss, y, lambda s, y: 4 * F.multi_margin_loss(s, y, margin=margin)),
        (hinge_loss, z, lambda s, z: F.margin_ranking_loss(s, torch.zeros_like(s), z.detach(), margin=margin)),
    ]:
        loss, gradient = backend.call(function, scores, target, margin=margin)
        expected, (expected_gradient, *_) = torch_gradients(reference, [scores, target])
        close(loss, expected)
        close(gradient, expected_gradient)


def test_ties(backend, close):
    _, gradient = backend.call(l1_loss, np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0, 1.0]), reduction="sum")
    close(gradient, [0.0, 1.0, -1.0])
    # Exactly at the margin the hinge is already flat (NAIST lecture 8: 0 for yz ≥ 1).
    loss, gradient = backend.call(hinge_loss, np.array([1.0, -1.0]), np.array([1.0, -1.0]))
    close(loss, 0.0)
    close(gradient, [0.0, 0.0])
    loss, gradient = backend.call(svm_loss, np.array([[2.0, 1.0, 3.0]]), np.array([0]))
    close(loss, 2.0)
    close(gradient, [[-1.0, 0.0, 1.0]])


def test_zero_one_loss_counts_mistakes_and_slopes_nowhere(backend, close):
    scores, z = np.array([3.0, -0.1, 0.0, 0.0, 2.0]), np.array([1.0, 1.0, 1.0, -1.0, -1.0])
    loss, gradient = backend.call(zero_one_loss, scores, z)
    close(loss, 2 / 5)
    close(gradient, np.zeros(5))


def test_the_three_reductions_differ_by_their_divisors_alone(backend, close):
    prediction, target = np.arange(6.0).reshape(3, 2), np.zeros((3, 2))
    results = {r: backend.call(mse_loss, prediction, target, reduction=r) for r in ("sum", "batch", "mean")}
    close(results["sum"][0], 55.0)
    for reduction, divisor in (("batch", 3), ("mean", 6)):
        close(results[reduction][0], 55.0 / divisor)
        close(results[reduction][1], results["sum"][1] / divisor)


@every_loss
def test_what_no_loss_accepts(backend, name):
    function = LOSSES[name].function
    prediction, target = draw(name, (4, 3), np.random.default_rng(7))
    with pytest.raises(TypeError, match=r"must hold real floating-point numbers, but its dtype is .*int64"):
        function(backend.array(np.zeros((4, 3), dtype="int64")), backend.array(target))
    with pytest.raises(ValueError, match=r"must have shape \(4,.*\), but its shape is \(3,"):
        function(backend.array(prediction), backend.array(target[:3]))
    with pytest.raises(ValueError, match=r"must hold at least one number, but its shape is \(0, 3\)"):
        function(backend.array(prediction[:0]), backend.array(target[:0]))
    with pytest.raises(ValueError, match="reduction must be one of 'mean', 'sum', 'batch', but it is 'none'"):
        function(backend.array(prediction), backend.array(target), reduction="none")


BAD_VALUES = [
    (binary_cross_entropy, [0.5, 1.5], [0.0, 1.0], "probabilities .* in \\[0, 1\\], but they run from 0.5 to 1.5"),
    (binary_cross_entropy, [0.5, math.nan], [0.0, 1.0], "probabilities .* run from nan to nan"),
    (binary_cross_entropy, [0.5, 0.5], [0.0, -1.0], "y of shape \\(2,\\) .* but they run from -1 to 0"),
    (binary_cross_entropy_with_logits, [0.5, 0.5], [0.0, 2.0], "y of shape \\(2,\\) .* but they run from 0 to 2"),
    (binary_softmax_loss, [0.5, 0.5], [0.0, 1.0], "labels -1 and \\+1 alone, but they run from 0 to 1"),
    (hinge_loss, [0.5, 0.5], [0.0, 1.0], "labels -1 and \\+1 alone, but they run from 0 to 1"),
    (zero_one_loss, [0.5, 0.5], [0.0, 1.0], "labels -1 and \\+1 alone, but they run from 0 to 1"),
]


@pytest.mark.parametrize(("function", "prediction", "target", "message"), BAD_VALUES)
def test_values_out_of_bounds(backend, function, prediction, target, message):
    with pytest.raises(ValueError, match=message):
        function(backend.array(prediction), backend.array(target))


@pytest.mark.parametrize("function", [softmax_loss, svm_loss])
def test_bad_classes(backend, function):
    scores = backend.array(np.zeros((2, 3)))
    for labels in ([0, 3], [-1, 2]):
        with pytest.raises(ValueError, match=r"labels from 0 to 2 for scores of shape \(2, 3\), but they run from"):
            function(scores, backend.array(labels))
    with pytest.raises(TypeError, match=r"y must hold integer class labels, but its dtype is .*float64"):
        function(scores, backend.array([0.0, 1.0]))
    with pytest.raises(ValueError, match=r"y must have shape \(2,\), but its shape is \(2, 1\)"):
        function(scores, backend.array([[0], [1]]))
    with pytest.raises(ValueError, match=r"scores must have shape \(N, C\), but its shape is \(2, 3, 4\)"):
        function(backend.array(np.zeros((2, 3, 4))), backend.array([0, 1]))


def test_bad_options(backend):
    scores, y = backend.array(np.zeros((2, 3))), backend.array([0, 1])
    with pytest.raises(ValueError, match=r"label_smoothing must be .* at least 0 and at most 1, but it is 1\.5"):
        softmax_loss(scores, y, label_smoothing=1.5)
    with pytest.raises(ValueError, match="margin must be a finite number, but it is nan"):
        svm_loss(scores, y, margin=math.nan)
    with pytest.raises(ValueError, match="margin must be a finite number, but it is inf"):
        hinge_loss(scores, backend.array(np.ones((2, 3))), margin=math.inf)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8"])
def test_labels_of_any_integer_type(backend, close, dtype):
    classes = 200
    scores, y = np.random.default_rng(8).normal(size=(3, classes)), np.array([0, 5, 100])
    expected = softmax_loss(scores, y)
    for actual, value in zip(backend.call(softmax_loss, scores, y.astype(dtype)), expected, strict=True):
        close(actual, value)

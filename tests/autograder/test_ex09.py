"""Exercise 09: figures of the sources and of its text, libraries' answers, and how the parts fit together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from exercises import trial

NAME = "09_convolution"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """The names that the solution notebook leaves behind."""
    return trial(NAME).names


# ---------------------------------------------------------------------------------------------------------------
# Shortcuts


BORROWED = {
    "conv2d_forward": "def conv2d_forward(x, w, b, *, stride=1, padding=0):\n"
    "    return given.conv2d_forward(x, w, b, stride=stride, padding=padding)[0], (x, w, stride, padding)\n",
    "filter_signal": "def filter_signal(signal, kernel, *, padding=0):\n"
    "    return np.correlate(np.pad(signal, padding), kernel, mode='valid')\n",
    "convolve": "def convolve(f, g):\n    return np.convolve(f, g)\n",
    "window_rows": "def window_rows(x, height, width, *, stride=1, padding=0):\n"
    "    rows = F.unfold(torch.tensor(x), (height, width), stride=stride, padding=padding)\n"
    "    return rows.transpose(1, 2).reshape(-1, x.shape[1] * height * width).numpy()\n",
    "max_pool": "def max_pool_forward(x, *, size, stride):\n"
    "    return F.max_pool2d(torch.tensor(x), size, stride).numpy(), (x, size, stride)\n",
}


@pytest.mark.parametrize("task", BORROWED)
def test_a_librarys_answer_earns_nothing(task: str) -> None:
    found = trial(NAME).verdict(task, trial(NAME).with_cells({f"{task}_code": BORROWED[task]}))
    assert found.points == 0
    assert found.shortcuts


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_signal(names: dict[str, Any]) -> None:
    signal, box = np.array([4.0, 3, 2, -5, 3, 5, 2, 5, 5, 6]), np.full(3, 1 / 3)
    shrunk = [3, 0, 0, 1, 10 / 3, 4, 4, 16 / 3]
    assert names["filter_signal"](signal, box) == pytest.approx(shrunk)
    assert names["filter_signal"](signal, box, padding=1) == pytest.approx([7 / 3, *shrunk, 11 / 3])


def test_the_lectures_image(names: dict[str, Any]) -> None:
    """Lecture 9: first row 6 1 8, second −7 9; the whole as printed in the notebook."""
    image = np.array([[-5.0, 3, 2, -5, 3], [4, 3, 2, 1, -3], [1, 0, 3, 3, 5], [-2, 0, 1, 4, 4], [5, 6, 7, 9, -1]])
    sharpen = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    expected = [[6, 1, 8], [-7, 9, 2], [-5, -9, 3]]
    assert names["filter_image"](image, sharpen).tolist() == expected


def test_the_lectures_pooling(names: dict[str, Any]) -> None:
    x = np.array([[3.0, 1, 3, 5], [6, 0, 7, 9], [3, 2, 1, 4], [0, 2, 4, 3]]).reshape(1, 1, 4, 4)
    out, cache = names["max_pool_forward"](x, size=2, stride=2)
    assert out[0, 0].tolist() == [[6, 9], [3, 4]]
    dx = names["max_pool_backward"](np.array([1.0, 2, 3, 4]).reshape(1, 1, 2, 2), cache)
    assert dx[0, 0].tolist() == [[0, 0, 0, 0], [1, 0, 0, 2], [3, 0, 0, 4], [0, 0, 0, 0]]
    out, cache = names["average_pool_forward"](x, size=2, stride=2)
    assert out[0, 0].tolist() == [[2.5, 6], [1.75, 3]]
    assert names["average_pool_backward"](np.full((1, 1, 2, 2), 4.0), cache).tolist() == np.ones(x.shape).tolist()


def test_the_lectures_and_the_exams_sizes(names: dict[str, Any]) -> None:
    size, fits = names["output_size"], names["fits"]
    assert [size(7, 3, stride=s) for s in (1, 2)] == [5, 3]
    assert fits(7, 3, stride=2)
    assert not fits(7, 3, stride=3)  # lecture 9: does not fit
    assert size(32, 5, padding=2) == 32
    assert size(32, 6, stride=2, padding=1) == 15  # mock 2020
    assert size(26, 7, stride=3, padding=1) == 8  # Aug 2020, 4b
    assert size(28, 5, stride=3, padding=2) == 10  # Jul 2021, 2.6


def test_the_exams_parameters(names: dict[str, Any]) -> None:
    conv, affine, norm = (names[f"{kind}_parameters"] for kind in ("conv", "affine", "batch_norm"))
    assert conv(3, 10, 5) == 760
    assert conv(32, 1, 1) == 33  # Aug 2022, 1.3
    assert conv(3, 5, 4) == 245  # Jul 2021, 2.7
    assert conv(3, 8, 3) == 224  # Feb 2022, 4.4
    assert affine(64, 10) + affine(10, 5) + affine(5, 3) == 723  # Jul 2021, 2.8
    assert affine(1600, 640) - 640 == 1600 * 640  # Jul 2021, 3.1
    assert sum(map(norm, (8, 16, 32))) == 112  # Feb 2022, 4.5
    assert norm(16) == 32  # Jul 2021, 2.13
    assert names["conv_multiplications"](3, 10, 5, (32, 32)) == 768_000
    assert 31_000_000 < affine(3072, 10240) < 32_000_000


def test_the_exams_receptive_fields(names: dict[str, Any]) -> None:
    field = names["receptive_field"]
    assert field([(3, 1)] * 3) == [3, 5, 7]  # Aug 2020, 4d
    assert field([(5, 1), (2, 2)]) == [5, 6]  # Aug 2022, 4.7
    assert field([(4, 2), (2, 2)]) == [4, 6]  # Jul 2021, 3.2
    assert field([(5, 1), (2, 2), (3, 1), (2, 2)]) == [5, 6, 10, 12]  # the notebook's LeNet


def test_the_exams_networks(names: dict[str, Any]) -> None:
    assert names["flat_features"](80, 3, 32) == 3200  # Feb 2022, 4.2
    assert names["flat_features"](28, 2, 16) == 16 * 7 * 7  # Aug 2022, 4.3
    assert names["running_values"]((8, 3, 32, 64)) == 6  # Aug 2022, 7.3
    assert names["filters_of_affine"]((2, 28, 28), 100) == (100, 2, 28, 28)  # Aug 2022, 4.5
    assert names["same_padding"](5) == 2
    assert names["layers_to_see"](7) == 3


def test_the_text_tells_the_truth(names: dict[str, Any]) -> None:
    """The worked examples of the notebook."""
    assert names["filter_signal"](np.array([1.0, 2, 4, 8]), np.array([1.0, 0, -1])).tolist() == [-3, -6]
    assert names["convolve"](np.ones(3), np.array([1.0, 2, 3])).tolist() == [1, 3, 6, 5, 3]
    assert names["gaussian_kernel"](2).tolist() == names["box_kernel"](2).tolist() == [[0.25, 0.25]] * 2
    assert names["gaussian_kernel"](5).max() == 36 / 256
    halves = np.repeat([[0.0, 0, 1, 1]], 4, axis=0)
    assert names["edge_strength"](halves, names["filter_image"]).tolist() == [[4, 4], [4, 4]]
    x = np.array([[[[1.0, 2], [3, 4]], [[0, 1], [1, 0]]]])
    w = np.array([[[[1.0, 0], [0, 1]], [[2, 2], [2, 2]]]])
    assert names["conv2d_forward"](x, w, np.array([0.5]))[0].item() == 9.5
    row, w = np.array([1.0, 2, 3]).reshape(1, 1, 1, 3), np.array([4.0, 5]).reshape(1, 1, 1, 2)
    assert names["conv2d_forward"](row, w, np.zeros(1))[0].ravel().tolist() == [14, 23]
    gradients = names["conv2d_backward"](np.array([1.0, 10]).reshape(1, 1, 1, 2), (row, w, 1, 0))
    assert [g.ravel().tolist() for g in gradients] == [[4, 45, 50], [21, 32], [11]]
    image = np.arange(1.0, 7).reshape(1, 1, 2, 3)
    rows = names["window_rows"](image, 2, 2)
    assert rows.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6]]
    assert names["add_rows"](rows, (1, 1, 2, 3), 2, 2)[0, 0].tolist() == [[1, 4, 3], [4, 10, 6]]
    pixel, w = np.array([1.0, 2, 3]).reshape(1, 3, 1, 1), np.array([[1.0, 0, -1], [1, 1, 1]])
    assert names["one_by_one"](pixel, w, np.zeros(2)).ravel().tolist() == [-2, 6]
    assert names["affine_filters"](np.arange(1.0, 5)[:, None], (1, 2, 2)).tolist() == [[[[1, 2], [3, 4]]]]
    _, (x_hat, std, _), mean, var = names["spatial_batch_norm_forward"](
        np.array([1.0, 3, 5, 7]).reshape(2, 1, 1, 2),
        np.ones(1),
        np.zeros(1),
        running_mean=np.zeros(1),
        running_var=np.ones(1),
        train=True,
    )
    assert x_hat.ravel() == pytest.approx(np.array([-3, -1, 1, 3]) / 5**0.5, rel=1e-5)
    assert (std.item(), mean.item(), var.item()) == pytest.approx((5**0.5, 0.4, 1.4), rel=1e-5)
    cache = np.array([-1.0, 1]).reshape(2, 1, 1, 1), np.array([2.0]), np.array([4.0])
    found = names["spatial_batch_norm_backward"](np.array([1.0, 5]).reshape(2, 1, 1, 1), cache)
    assert [g.ravel().tolist() for g in found] == [[0, 0], [4], [6]]


# ---------------------------------------------------------------------------------------------------------------
# The parts fit together


def test_the_students_layers_agree_with_pytorch(names: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, 7, 6)), rng.standard_normal((4, 3, 3, 2)), rng.standard_normal(4)
    for options in ({"stride": 2, "padding": 1}, {"stride": 1, "padding": 0}):
        tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
        expected = torch.nn.functional.conv2d(*tensors, **options)
        dout = rng.standard_normal(tuple(expected.shape))
        expected.backward(torch.tensor(dout))
        slow, cache = names["conv2d_forward"](x, w, b, **options)
        fast, kept = names["fast_conv2d_forward"](x, w, b, names["window_rows"], **options)
        for out, gradients in (
            (slow, names["conv2d_backward"](dout, cache)),
            (fast, names["fast_conv2d_backward"](dout, kept, names["add_rows"])),
        ):
            np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
            for gradient, tensor in zip(gradients, tensors, strict=True):
                assert tensor.grad is not None
                np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_the_given_lenet_is_the_students(names: dict[str, Any]) -> None:
    x, y = names["train_images"][:5], names["train_labels"][:5]
    p = {name: value + 0.1 for name, value in names["before"].items()}
    np.testing.assert_allclose(names["lenet_scores"](x, p), names["given"].lenet_scores(x, p), rtol=1e-10)
    (loss, own), (expected, given) = names["lenet_loss"](x, y, p), names["given"].lenet_loss(x, y, p)
    assert loss == pytest.approx(expected, rel=1e-12)
    for name in p:
        np.testing.assert_allclose(own[name], given[name], rtol=1e-8, atol=1e-12)
    step = np.zeros_like(p["w1"])
    step[0, 0, 2, 2] = 1e-6
    above, below = (names["lenet_loss"](x, y, p | {"w1": p["w1"] + s * step})[0] for s in (1, -1))
    assert own["w1"][0, 0, 2, 2] == pytest.approx((above - below) / 2e-6, rel=1e-5)


def test_the_network_learns_and_suffers_less_from_a_shift(names: dict[str, Any]) -> None:
    history, found = names["history"], names["found"]
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0]
    assert history["validation_accuracy"][-1] > 0.94
    assert found["LeNet"][2] > 0.94
    for side in (1, 3):
        assert found["LeNet"][side] > found["affine"][side] + 0.2


def test_the_strip_is_read(names: dict[str, Any]) -> None:
    """Where a digit stands, its row of the map is the brightest."""
    likely, starts = names["likely"], names["starts"]
    labels = names["test_labels"][names["chosen"]]
    assert [int(likely[:10, s].argmax()) for s in starts] == labels.tolist()

"""The mean of checkpoints: against a mean written out, and against PyTorch's averaged model."""

import copy
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from i2dl import nn
from i2dl.optim import average_checkpoints


def checkpoints(count, seed=0, shapes=((3, 4), (4,), ()), dtype="float64"):
    rng = np.random.default_rng(seed)
    return [[np.asarray(rng.normal(size=shape), dtype) for shape in shapes] for _ in range(count)]


@given(count=st.integers(1, 6), seed=st.integers(0, 2**16))
def test_lists_of_arrays_give_the_mean_of_each(backend, close, count, seed):
    states = checkpoints(count, seed)
    mean = backend.call(lambda *states: average_checkpoints(states), *states)
    assert isinstance(mean, list)
    for mine, arrays in zip(mean, zip(*states, strict=True), strict=True):
        close(mine, np.mean(arrays, axis=0))


@given(count=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_names_stay_and_their_order_counts_for_nothing(backend, close, count, seed):
    names = ["weight", "bias", "scale"]
    states = [dict(zip(names, arrays, strict=True)) for arrays in checkpoints(count, seed)]
    theirs = [{name: backend.array(state[name]) for name in names} for state in states]
    theirs[1:] = [dict(reversed(state.items())) for state in theirs[1:]]
    mean = average_checkpoints(theirs)
    assert list(mean) == names
    for name in names:
        close(backend.numpy(mean[name]), np.mean([state[name] for state in states], axis=0))


class Network(torch.nn.Module):
    """Parameters, floating and whole buffers."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))

    def forward(self, x):
        return self.layers(x)


def trained(steps):
    """A network, and its state after every step of a short training."""
    torch.manual_seed(0)
    model = Network().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    x = torch.randn(steps, 8, 3, dtype=torch.float64)
    for batch in x:
        optimizer.zero_grad()
        model(batch).square().mean().backward()
        optimizer.step()
        yield model


@pytest.mark.parametrize("use_buffers", [False, True])
def test_state_dicts_give_torchs_averaged_model(use_buffers):
    states, averaged = [], None
    for model in trained(5):
        if averaged is None:
            averaged = torch.optim.swa_utils.AveragedModel(model, use_buffers=use_buffers)
        averaged.update_parameters(model)
        states.append(copy.deepcopy(model.state_dict()))
    mean, expected = average_checkpoints(states), averaged.module.state_dict()
    assert list(mean) == list(expected)
    parameters = {name for name, _ in model.named_parameters()}
    for name, value in mean.items():
        assert value.dtype == expected[name].dtype
        if name in parameters or (use_buffers and value.is_floating_point()):
            torch.testing.assert_close(value, expected[name], rtol=1e-12, atol=1e-12)
        direct = torch.stack([state[name].double() for state in states])
        wanted = direct.mean(0) if value.is_floating_point() else direct[-1].long()
        torch.testing.assert_close(value, wanted, rtol=1e-12, atol=1e-12)
    assert mean["layers.1.num_batches_tracked"] == 5
    model.load_state_dict(mean)
    torch.testing.assert_close(dict(model.named_parameters())["layers.0.weight"].detach(), mean["layers.0.weight"])


def test_checkpoints_may_come_from_disk_one_at_a_time():
    files, states = [], []
    for model in trained(3):
        states.append(copy.deepcopy(model.state_dict()))
        file = io.BytesIO()
        torch.save(model.state_dict(), file)
        file.seek(0)
        files.append(file)
    mean = average_checkpoints(torch.load(file) for file in files)
    torch.testing.assert_close(mean, average_checkpoints(states), rtol=0, atol=0)


def test_the_mean_of_a_noisy_descent_is_better_than_its_parts():
    """On ½|w|², with noise in the gradient and a constant rate, the last hundred states scatter about the minimum."""
    rng = np.random.default_rng(0)
    w, states = np.full(20, 5.0), []
    for _ in range(300):
        w = w - 0.3 * (w + rng.normal(size=20))
        states.append([w])
    (mean,) = average_checkpoints(states[-100:])
    assert (mean**2).sum() < 0.2 * min((w**2).sum() for (w,) in states[-100:])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_checkpoints_are_their_own_mean_and_large_ones_do_not_overflow(backend, dtype):
    large = np.array([0.1, -0.7, np.finfo(dtype).max, 0.0], dtype=dtype)
    (mean,) = backend.call(lambda *states: average_checkpoints(states), *([[large]] * 7))
    assert mean.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(mean, large)


def test_float32_is_off_by_its_rounding_alone(backend, close):
    states = checkpoints(20, dtype="float32")
    mean = backend.call(lambda *states: average_checkpoints(states), *states)
    for mine, arrays in zip(mean, zip(*states, strict=True), strict=True):
        close(mine, np.mean(np.asarray(arrays, "float64"), axis=0), rtol=1e-5, atol=1e-6)


def test_whole_numbers_and_truth_values_are_those_of_the_last(backend):
    states = [[np.array([k, 7]), np.array([k == 2, True])] for k in range(3)]
    counts, truth = backend.call(lambda *states: average_checkpoints(states), *states)
    assert counts.dtype == np.dtype("int64")
    np.testing.assert_array_equal(counts, [2, 7])
    np.testing.assert_array_equal(truth, [True, True])


@pytest.mark.parametrize("count", [1, 2])
def test_the_mean_is_new_and_the_checkpoints_stay(count):
    states = [[np.array([1.0, 2.0]), np.array([3])] for _ in range(count)]
    mean = average_checkpoints(states)
    for arrays in states:
        for mine, theirs in zip(mean, arrays, strict=True):
            assert not np.shares_memory(mine, theirs)
        np.testing.assert_array_equal(arrays[0], [1.0, 2.0])


def test_bad_checkpoints_are_named(backend):
    a, b = backend.array(np.ones((2, 3))), backend.array(np.ones(3))
    with pytest.raises(ValueError, match="checkpoints must hold at least one checkpoint of at least one array"):
        average_checkpoints([])
    with pytest.raises(ValueError, match="checkpoints must hold at least one checkpoint of at least one array"):
        average_checkpoints([{}])
    with pytest.raises(ValueError, match=r"checkpoint 2 must .*, but it lacks \['b'\] and has \['c'\] besides"):
        average_checkpoints([{"a": a, "b": b}, {"a": a, "c": b}])
    with pytest.raises(ValueError, match=r"checkpoint 3 must .*, but it lacks \['array 1'\] and has \[\] besides"):
        average_checkpoints([[a, b], [a, b], [a]])
    with pytest.raises(ValueError, match=r"b must have shape \(3,\), but its shape is \(2, 3\)"):
        average_checkpoints([{"b": b}, {"b": a}])
    with pytest.raises(TypeError, match=r"b must have the same dtype in all checkpoints, but it is .*64 and .*32"):
        average_checkpoints([{"b": b}, {"b": backend.array(np.ones(3, "float32"))}])
    with pytest.raises(
        TypeError, match="a checkpoint must map names to arrays or be a list of arrays, but its type is"
    ):
        average_checkpoints([a, a])
    with pytest.raises(TypeError):
        average_checkpoints([{"b": "text"}, {"b": "text"}])

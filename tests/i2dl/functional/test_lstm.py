import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.lstm import (
    lstm_backward,
    lstm_cell_backward,
    lstm_cell_forward,
    lstm_forward,
    lstm_step_backward,
    lstm_step_forward,
)

SIZES = st.integers(1, 5)


def draw(n, t, d, h, seed=0):
    """x, h0, c0, Wx, Wh, b, and the upstream gradients of all hidden states and of the last cell."""
    rng = np.random.default_rng(seed)
    shapes = ((n, t, d), (n, h), (n, h), (d, 4 * h), (h, 4 * h), (4 * h,), (n, t, h), (n, h))
    return [rng.normal(size=shape) for shape in shapes]


def run(backend, forward, backward, inputs, upstream):
    """h, c and all gradients of a function with two results; nothing that was passed in may have changed."""
    theirs, dtheirs = [backend.array(a) for a in inputs], [backend.array(a) for a in upstream]
    h, c, cache = forward(*theirs)
    results = [backend.numpy(a).copy() for a in (h, c)]
    gradients = [backend.numpy(a) for a in backward(*dtheirs, cache)]
    for mine, original in zip([*theirs, *dtheirs, h, c], [*inputs, *upstream, *results], strict=True):
        np.testing.assert_array_equal(backend.numpy(mine), original)
    return [*results, *gradients]


def torch_gates(weights):
    """Columns in the order i, f, o, g become rows in PyTorch's order i, f, g, o."""
    i, f, o, g = weights.T.chunk(4) if weights.ndim == 2 else weights.chunk(4)
    return torch.cat([i, f, g, o])


def torch_lstm(x, h0, c0, Wx, Wh, b):
    """PyTorch's own layer as a function of our arguments."""
    layer = torch.nn.LSTM(x.shape[2], h0.shape[1], batch_first=True)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    weights = dict(zip(names, (*map(torch_gates, (Wx, Wh, b)), torch.zeros_like(b)), strict=True))
    h, (_, c) = torch.func.functional_call(layer, weights, (x, (h0[None], c0[None])))
    return h, c[0]


def torch_results(function, inputs, upstream):
    tensors = [torch.tensor(a, requires_grad=True) for a in inputs]
    results = function(*tensors)
    gradients = torch.autograd.grad(results, tensors, [torch.tensor(a) for a in upstream])
    return [a.detach().numpy() for a in (*results, *gradients)]


@given(n=SIZES, t=st.integers(1, 7), d=SIZES, h=SIZES, seed=st.integers(0, 2**16))
@example(n=1, t=1, d=1, h=1, seed=0)
def test_a_sequence_agrees_with_torch(backend, close, n, t, d, h, seed):
    *inputs, dh, dc = draw(n, t, d, h, seed)
    actual = run(backend, lstm_forward, lstm_backward, inputs, [dh, dc])
    for mine, theirs in zip(actual, torch_results(torch_lstm, inputs, [dh, dc]), strict=True):
        close(mine, theirs, atol=1e-11)


@given(n=SIZES, d=SIZES, h=SIZES, seed=st.integers(0, 2**16))
@example(n=1, d=1, h=1, seed=0)
def test_a_step_agrees_with_torch(backend, close, n, d, h, seed):
    x, *inputs, dh, dc = draw(n, 1, d, h, seed)
    inputs, upstream = [x[:, 0], *inputs], [dh[:, 0], dc]
    actual = run(backend, lstm_step_forward, lstm_step_backward, inputs, upstream)

    def torch_step(x, prev_h, prev_c, Wx, Wh, b):
        zeros = torch.zeros_like(b)
        weights = (*map(torch_gates, (Wx, Wh, b)), zeros)
        return torch._VF.lstm_cell(x, (prev_h, prev_c), *weights)

    for mine, theirs in zip(actual, torch_results(torch_step, inputs, upstream), strict=True):
        close(mine, theirs)


def test_a_sequence_is_its_steps_and_the_weights_sum_up(backend, close):
    n, t, d, h = 3, 4, 2, 5
    x, h0, c0, Wx, Wh, b, dh, dc = map(backend.array, draw(n, t, d, h))
    state, cell, states, caches = h0, c0, [], []
    for step in range(t):
        state, cell, cache = lstm_step_forward(x[:, step, ...], state, cell, Wx, Wh, b)
        states.append(state)
        caches.append(cache)
    dstate, dcell, dxs, sums = backend.array(np.zeros((n, h))), dc, [], []
    for step in reversed(range(t)):
        dx, dstate, dcell, *dweights = lstm_step_backward(dh[:, step, ...] + dstate, dcell, caches[step])
        dxs.insert(0, dx)
        sums = [a + b for a, b in zip(sums, dweights, strict=True)] if sums else dweights
    out, last, cache = lstm_forward(x, h0, c0, Wx, Wh, b)
    gradients = lstm_backward(dh, dc, cache)
    together = [np.stack([backend.numpy(a) for a in arrays], axis=1) for arrays in (states, dxs)]
    expected = [together[0], backend.numpy(cell), together[1], *map(backend.numpy, (dstate, dcell, *sums))]
    for actual, wanted in zip((out, last, *gradients), expected, strict=True):
        close(backend.numpy(actual), wanted, atol=1e-11)


def test_the_cell_works_entry_by_entry_on_any_number_of_axes(backend, close):
    """What is true of 12 vectors is true of the 12 pixels of an image: only axis 1 counts the gates."""
    rng = np.random.default_rng(4)
    a, prev_c, dh, dc = (rng.normal(size=(2, channels, 3, 2)) for channels in (20, 5, 5, 5))
    image = run(backend, lstm_cell_forward, lstm_cell_backward, [a, prev_c], [dh, dc])
    pixels = [np.moveaxis(array, 1, -1).reshape(12, -1) for array in (a, prev_c, dh, dc)]
    vectors = run(backend, lstm_cell_forward, lstm_cell_backward, pixels[:2], pixels[2:])
    for mine, wanted in zip(image, vectors, strict=True):
        close(np.moveaxis(mine, 1, -1).reshape(12, -1), wanted)


def test_lecture_11_step_by_step(backend, close):
    """The six formulas of the slide, each gate with weights of its own; the output gate is a sigmoid, not a tanh."""
    rng = np.random.default_rng(5)
    n, d, hidden = 2, 3, 4
    x, prev_h, prev_c = rng.normal(size=(n, d)), rng.normal(size=(n, hidden)), rng.normal(size=(n, hidden))
    theta = {gate: [rng.normal(size=s) for s in ((d, hidden), (hidden, hidden), (hidden,))] for gate in "ifog"}
    a = {gate: x @ wx + prev_h @ wh + b for gate, (wx, wh, b) in theta.items()}
    i, f, o = (1 / (1 + np.exp(-a[gate])) for gate in "ifo")
    c = f * prev_c + i * np.tanh(a["g"])
    Wx, Wh, b = (np.concatenate([theta[gate][k] for gate in "ifog"], axis=-1) for k in range(3))
    h, next_c, *_ = run(
        backend, lstm_step_forward, lstm_step_backward, [x, prev_h, prev_c, Wx, Wh, b], [np.ones((n, hidden))] * 2
    )
    close(h, o * np.tanh(c))
    close(next_c, c)
    wrong = np.tanh(a["o"]) * np.tanh(c)  # the student summary's output gate
    assert np.min(np.abs(h - wrong)) > 1e-3


def test_exam_august_2020_problem_6e(backend, close):
    """Which gate forgets, which updates, which shows: each, closed alone, does what its name says."""
    prev_c, g = np.array([[0.7]]), np.array([[0.4]])
    states = {}
    for closed in ("i", "f", "o"):
        a = np.array([[-800.0 if gate == closed else 800.0 for gate in "ifo"] + [np.arctanh(g).item()]])
        h, c, *_ = run(backend, lstm_cell_forward, lstm_cell_backward, [a, prev_c], [np.ones((1, 1))] * 2)
        states[closed] = (c.item(), h.item())
    close(states["i"], (0.7, np.tanh(0.7)))  # nothing is added
    close(states["f"], (0.4, np.tanh(0.4)))  # the old is gone
    close(states["o"], (1.1, 0.0))  # the cell keeps both and shows nothing


def test_the_highway_carries_the_gradient_through_a_hundred_steps(backend, close):
    """With open forget gates dc0 = dc, however far back; a vanilla network's gradient would be gone."""
    n, t, d, h = 1, 100, 2, 3
    x, h0, c0, Wx, Wh, b, dh, dc = draw(n, t, d, h)
    b[h : 2 * h] = 800.0
    results = run(backend, lstm_forward, lstm_backward, [x, h0, c0, Wx, 0 * Wh, b], [0 * dh, dc])
    close(results[4], dc)
    b[h : 2 * h] = -800.0
    results = run(backend, lstm_forward, lstm_backward, [x, h0, c0, Wx, 0 * Wh, b], [0 * dh, dc])
    close(results[4], 0 * dc)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_large_inputs_saturate_and_stay_finite(backend, close, sign):
    n, t, d, h = 2, 3, 2, 3
    *inputs, dh, dc = draw(n, t, d, h)
    inputs[0][:] = sign * 1e4
    inputs[3] = np.abs(inputs[3]) + 0.1
    out, c, *gradients = run(backend, lstm_forward, lstm_backward, inputs, [dh, dc])
    if sign > 0:  # everything open, and each step adds 1 to the cell
        close(c, inputs[2] + t)
        close(out[:, -1], np.tanh(inputs[2] + t))
    else:  # everything shut
        close(c, np.zeros((n, h)))
        close(out, np.zeros((n, t, h)))
    assert all(np.all(np.isfinite(gradient)) for gradient in gradients)


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close):
    *inputs, dh, dc = draw(8, 16, 5, 7)
    inputs = [(a / 2).astype("float32") for a in inputs]
    expected = torch_results(torch_lstm, [a.astype(float) for a in inputs], [dh, dc])
    actual = run(backend, lstm_forward, lstm_backward, inputs, [dh.astype("float32"), dc.astype("float32")])
    assert {a.dtype for a in actual} == {np.dtype("float32")}
    for mine, theirs in zip(actual, expected, strict=True):
        close(mine, theirs, rtol=1e-4, atol=1e-4)


def test_gradcheck():
    x, *others, _, _ = (torch.tensor(a, requires_grad=True) for a in draw(2, 3, 2, 2))
    step = autograd_function(lstm_step_forward, lstm_step_backward)
    sequence = autograd_function(lstm_forward, lstm_backward)
    cell = autograd_function(lstm_cell_forward, lstm_cell_backward)
    assert torch.autograd.gradcheck(lambda x, *rest: step(x[:, 0], *rest), (x, *others))
    assert torch.autograd.gradcheck(sequence, (x, *others))
    a = torch.randn(2, 8, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(cell, (a, torch.randn(2, 2, 3, dtype=torch.float64, requires_grad=True)))


GOOD = {"x": (2, 3, 4), "h0": (2, 5), "c0": (2, 5), "Wx": (4, 20), "Wh": (5, 20), "b": (20,)}


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("x", (2, 4), r"x must have shape \(N, T, D\), but its shape is \(2, 4\)"),
        ("x", (2, 0, 4), r"x must hold at least one step, but its shape \(N, T, D\) is \(2, 0, 4\)"),
        ("h0", (3, 5), r"h0 must have shape \(2, 5\), but its shape is \(3, 5\)"),
        ("c0", (2, 4), r"c0 must have shape \(2, 5\), but its shape is \(2, 4\)"),
        ("Wx", (4, 5), r"Wx must have shape \(4, 20\), but its shape is \(4, 5\)"),
        ("Wh", (5, 5), r"Wh must have shape \(5, 20\), but its shape is \(5, 5\)"),
        ("Wh", (20,), r"Wh must have shape \(H, 4H\), but its shape is \(20,\)"),
        ("b", (5,), r"b must have shape \(20,\), but its shape is \(5,\)"),
    ],
)
def test_shapes_that_do_not_fit(backend, name, shape, message):
    arrays = {key: backend.array(np.zeros(shape if key == name else good)) for key, good in GOOD.items()}
    with pytest.raises(ValueError, match=message):
        lstm_forward(**arrays)
    if name != "x":
        arrays["x"] = arrays["x"][:, 0, ...]
        with pytest.raises(ValueError, match=message.replace("h0", "prev_h").replace("c0", "prev_c")):
            lstm_step_forward(*arrays.values())


def test_other_bad_input(backend):
    arrays = {key: backend.array(np.zeros(shape)) for key, shape in GOOD.items()}
    zeros = {shape: backend.array(np.zeros(shape)) for shape in ((2, 5), (2, 3, 5), (5,), (2, 4), (2, 20), (2, 19))}
    integers = arrays | {"c0": backend.array(np.zeros((2, 5), dtype="int64"))}
    with pytest.raises(TypeError, match=r"c0 must hold real floating-point numbers, .*int64"):
        lstm_forward(**integers)
    *_, cache = lstm_forward(**arrays)
    with pytest.raises(ValueError, match=r"dh must have shape \(2, 3, 5\), but its shape is \(2, 5\)"):
        lstm_backward(zeros[2, 5], zeros[2, 5], cache)
    with pytest.raises(ValueError, match=r"dc must have shape \(2, 5\), but its shape is \(2, 4\)"):
        lstm_backward(zeros[2, 3, 5], zeros[2, 4], cache)
    with pytest.raises(TypeError, match=r"dc must hold real floating-point numbers"):
        lstm_backward(zeros[2, 3, 5], integers["c0"], cache)
    *_, cache = lstm_step_forward(arrays["x"][:, 0, ...], *list(arrays.values())[1:])
    with pytest.raises(ValueError, match=r"dnext_h must have shape \(2, 5\), but its shape is \(5,\)"):
        lstm_step_backward(zeros[(5,)], zeros[2, 5], cache)
    with pytest.raises(ValueError, match=r"dnext_c must have shape \(2, 5\), but its shape is \(2, 4\)"):
        lstm_step_backward(zeros[2, 5], zeros[2, 4], cache)
    with pytest.raises(ValueError, match=r"a must have shape \(2, 20\), but its shape is \(2, 19\)"):
        lstm_cell_forward(zeros[2, 19], zeros[2, 5])
    with pytest.raises(ValueError, match=r"prev_c must have shape \(N, H, \.\.\.\), but its shape is \(5,\)"):
        lstm_cell_forward(zeros[2, 20], zeros[(5,)])

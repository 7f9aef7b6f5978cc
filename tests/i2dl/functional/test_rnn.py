import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.bridge import autograd_function
from i2dl.functional.rnn import rnn_backward, rnn_forward, rnn_step_backward, rnn_step_forward

TORCH = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda a: a}
SIZES = st.integers(1, 5)


def draw(n, t, d, h, seed=0):
    """x, h0, Wx, Wh, b and the upstream gradient of a sequence."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((n, t, d), (n, h), (d, h), (h, h), (h,), (n, t, h))]


def torch_rnn(nonlinearity):
    """PyTorch's own layer as a function of our arguments."""

    def function(x, h0, Wx, Wh, b):
        layer = torch.nn.RNN(x.shape[2], h0.shape[1], nonlinearity=nonlinearity, batch_first=True)
        weights = {"weight_ih_l0": Wx.T, "weight_hh_l0": Wh.T, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
        return torch.func.functional_call(layer, weights, (x, h0[None]))[0]

    return function


@given(n=SIZES, d=SIZES, h=SIZES, nonlinearity=st.sampled_from(sorted(TORCH)), seed=st.integers(0, 2**16))
@example(n=1, d=1, h=1, nonlinearity="tanh", seed=0)
@example(n=0, d=2, h=3, nonlinearity="tanh", seed=0)
def test_a_step_agrees_with_torch(backend, close, torch_gradients, n, d, h, nonlinearity, seed):
    x, prev_h, Wx, Wh, b, dout = draw(n, 1, d, h, seed)
    inputs, dout = [x[:, 0], prev_h, Wx, Wh, b], dout[:, 0]
    expected, expected_gradients = torch_gradients(
        lambda x, prev_h, Wx, Wh, b: TORCH[nonlinearity](x @ Wx + prev_h @ Wh + b), inputs, dout
    )
    out, gradients = backend.pair(rnn_step_forward, rnn_step_backward, inputs, dout, nonlinearity=nonlinearity)
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(actual, wanted)


@given(
    n=SIZES,
    t=st.integers(1, 7),
    d=SIZES,
    h=SIZES,
    nonlinearity=st.sampled_from(["tanh", "relu"]),
    seed=st.integers(0, 99),
)
@example(n=1, t=1, d=1, h=1, nonlinearity="tanh", seed=0)
def test_a_sequence_agrees_with_torch(backend, close, torch_gradients, n, t, d, h, nonlinearity, seed):
    *inputs, dout = draw(n, t, d, h, seed)
    expected, expected_gradients = torch_gradients(torch_rnn(nonlinearity), inputs, dout)
    out, gradients = backend.pair(rnn_forward, rnn_backward, inputs, dout, nonlinearity=nonlinearity)
    for actual, wanted in zip((out, *gradients), (expected, *expected_gradients), strict=True):
        close(actual, wanted, atol=1e-11)


@pytest.mark.parametrize("nonlinearity", TORCH)
def test_a_sequence_is_its_steps_and_the_weights_sum_up(backend, close, nonlinearity):
    (n, t, d, h) = 3, 4, 2, 5
    x, h0, Wx, Wh, b, dout = map(backend.array, draw(n, t, d, h))
    state, states, caches = h0, [], []
    for step in range(t):
        state, cache = rnn_step_forward(x[:, step, ...], state, Wx, Wh, b, nonlinearity=nonlinearity)
        states.append(state)
        caches.append(cache)
    dstate, dxs, sums = backend.array(np.zeros((n, h))), [], []
    for step in reversed(range(t)):
        dx, dstate, *dweights = rnn_step_backward(dout[:, step, ...] + dstate, caches[step])
        dxs.insert(0, dx)
        sums = [a + b for a, b in zip(sums, dweights, strict=True)] if sums else dweights
    out, cache = rnn_forward(x, h0, Wx, Wh, b, nonlinearity=nonlinearity)
    gradients = rnn_backward(dout, cache)
    together = [np.stack([backend.numpy(a) for a in arrays], axis=1) for arrays in (states, dxs)]
    expected = [*together, backend.numpy(dstate), *map(backend.numpy, sums)]
    for actual, wanted in zip((out, *gradients), expected, strict=True):
        close(backend.numpy(actual), wanted, atol=1e-11)


def run(backend, inputs, dout=None, **options):
    """Output and gradients of a sequence, by name."""
    dout = np.ones((*inputs[0].shape[:2], inputs[1].shape[1])) if dout is None else dout
    out, gradients = backend.pair(rnn_forward, rnn_backward, inputs, dout, **options)
    return dict(zip(("h", "dx", "dh0", "dWx", "dWh", "db"), (out, *gradients), strict=True))


def test_exam_august_2020_problem_6a(backend):
    """x in R³ and h in R⁵: 3·5 + 5·5 + 5 = 45 parameters."""
    *inputs, _ = draw(1, 2, 3, 5)
    result = run(backend, inputs)
    assert sum(result[name].size for name in ("dWx", "dWh", "db")) == 45


def test_exam_august_2020_problem_6b(backend, close):
    """Without input and bias the state does not stay what it is: it goes through V and tanh."""
    h0 = np.array([[0.5, -1.0]])
    result = run(backend, [np.zeros((1, 1, 3)), h0, np.ones((3, 2)), np.eye(2), np.zeros(2)])
    close(result["h"][:, 0], np.tanh(h0))


def relu_cell(backend, V, W, h0, xs, dout):
    """The exam's one-dimensional ReLU-RNN without bias."""
    x, h0 = np.array(xs, dtype=float).reshape(1, -1, 1), np.full((1, 1), float(h0))
    weights = [np.full((1, 1), float(W)), np.full((1, 1), float(V)), np.zeros(1)]
    return run(backend, [x, h0, *weights], np.array(dout, dtype=float).reshape(1, -1, 1), nonlinearity="relu")


def test_exam_august_2020_problem_6c(backend, close):
    """V = −3, W = 3, h₀ = 0, x = 2, 3, 1: h₂ = 0 and h₃ = 3."""
    close(relu_cell(backend, -3, 3, 0, [2, 3, 1], [0, 0, 1])["h"].ravel(), [6.0, 0.0, 3.0])


def test_exam_august_2020_problem_6d(backend, close):
    """V = −2, W = 1, h₀ = 2, x = 2, 3/2, 4. The paper prints h₂ = 2/3; it is 3/2, and so is ∂h₃/∂V."""
    result = relu_cell(backend, -2, 1, 2, [2, 1.5, 4], [0, 0, 1])
    close(result["h"].ravel(), [0.0, 1.5, 1.0])
    close(result["dWh"], [[1.5]])
    close(result["dWx"], [[1.0]])
    close(result["dx"][0, 0], [0.0])  # the ReLU of the first step is dead
    close(result["dh0"], [[0.0]])


def test_many_to_one_sends_the_last_gradient_through_all_steps(backend, close, torch_gradients):
    *inputs, dout = draw(2, 4, 3, 5)
    dout[:, :-1] = 0
    _, expected = torch_gradients(lambda *a: torch_rnn("tanh")(*a)[:, -1], inputs, dout[:, -1])
    result = run(backend, inputs, dout)
    for name, wanted in zip(("dx", "dh0", "dWx", "dWh", "db"), expected, strict=True):
        close(result[name], wanted, atol=1e-11)
    assert np.all(result["dx"] != 0)


def test_one_to_many_reads_the_first_input_alone(backend, close):
    x, h0, Wx, Wh, b, _ = draw(2, 4, 3, 5)
    x[:, 1:] = 0
    h = run(backend, [x, h0, Wx, Wh, b])["h"]
    state = np.tanh(x[:, 0] @ Wx + h0 @ Wh + b)
    for step in range(4):
        close(h[:, step], state)
        state = np.tanh(state @ Wh + b)


def test_the_past_does_not_see_the_future(backend, close):
    *inputs, dout = draw(2, 5, 3, 4)
    dout[:, 2:] = 0
    result = run(backend, inputs, dout)
    later = [inputs[0].copy(), *inputs[1:]]
    later[0][:, 2:] += 1
    close(run(backend, later)["h"][:, :2], result["h"][:, :2], rtol=0, atol=0)
    close(result["dx"][:, 2:], np.zeros((2, 3, 3)), rtol=0, atol=0)


def test_large_inputs_saturate_and_stay_finite(backend, close):
    x = np.array([[[1e4], [-1e4], [1e4]]])
    result = run(backend, [x, np.zeros((1, 2)), np.ones((1, 2)), np.eye(2), np.zeros(2)])
    close(result["h"][0], [[1.0, 1.0], [-1.0, -1.0], [1.0, 1.0]])
    for name in ("dx", "dh0", "dWx", "dWh", "db"):
        close(result[name], np.zeros_like(result[name]))


def test_float32_stays_float32_and_is_off_by_its_rounding_alone(backend, close, torch_gradients):
    *inputs, dout = draw(8, 16, 5, 7)
    inputs = [(a / 2).astype("float32") for a in inputs]
    expected, gradients = torch_gradients(torch_rnn("tanh"), [a.astype(float) for a in inputs], dout)
    result = run(backend, inputs, dout.astype("float32"))
    assert {a.dtype for a in result.values()} == {np.dtype("float32")}
    for actual, wanted in zip(result.values(), (expected, *gradients), strict=True):
        close(actual, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("nonlinearity", TORCH)
def test_gradcheck(nonlinearity):
    x, *others, _ = (torch.tensor(a, requires_grad=True) for a in draw(2, 3, 2, 3))
    step = autograd_function(rnn_step_forward, rnn_step_backward)
    sequence = autograd_function(rnn_forward, rnn_backward)
    assert torch.autograd.gradcheck(lambda x, *a: step(x[:, 0], *a, nonlinearity=nonlinearity), (x, *others))
    assert torch.autograd.gradcheck(lambda *a: sequence(*a, nonlinearity=nonlinearity), (x, *others))


GOOD = {"x": (2, 3, 4), "h0": (2, 5), "Wx": (4, 5), "Wh": (5, 5), "b": (5,)}


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("x", (2, 4), r"x must have shape \(N, T, D\), but its shape is \(2, 4\)"),
        ("x", (2, 0, 4), r"x must hold at least one step, but its shape \(N, T, D\) is \(2, 0, 4\)"),
        ("h0", (3, 5), r"h0 must have shape \(2, 5\), but its shape is \(3, 5\)"),
        ("Wx", (3, 5), r"Wx must have shape \(4, 5\), but its shape is \(3, 5\)"),
        ("Wh", (5, 4), r"Wh must have shape \(5, 5\), but its shape is \(5, 4\)"),
        ("Wh", (5,), r"Wh must have shape \(H, H\), but its shape is \(5,\)"),
        ("b", (1, 5), r"b must have shape \(5,\), but its shape is \(1, 5\)"),
    ],
)
def test_shapes_that_do_not_fit(backend, name, shape, message):
    arrays = {key: backend.array(np.zeros(shape if key == name else good)) for key, good in GOOD.items()}
    with pytest.raises(ValueError, match=message):
        rnn_forward(**arrays)
    if "x" not in name:
        arrays["x"] = arrays["x"][:, 0, ...]
        with pytest.raises(ValueError, match=message.replace("h0", "prev_h")):
            rnn_step_forward(*arrays.values())


def test_other_bad_input(backend):
    arrays = {key: backend.array(np.zeros(shape)) for key, shape in GOOD.items()}
    with pytest.raises(ValueError, match=r"nonlinearity must be one of 'tanh', 'relu', 'identity', but it is 'sine'"):
        rnn_forward(**arrays, nonlinearity="sine")
    integers = arrays | {"Wh": backend.array(np.zeros((5, 5), dtype="int64"))}
    with pytest.raises(TypeError, match=r"Wh must hold real floating-point numbers, .*int64"):
        rnn_forward(**integers)
    _, cache = rnn_forward(**arrays)
    with pytest.raises(ValueError, match=r"dh must have shape \(2, 3, 5\), but its shape is \(2, 5\)"):
        rnn_backward(backend.array(np.zeros((2, 5))), cache)
    _, cache = rnn_step_forward(arrays["x"][:, 0, ...], *list(arrays.values())[1:])
    with pytest.raises(ValueError, match=r"dnext_h must have shape \(2, 5\), but its shape is \(5,\)"):
        rnn_step_backward(backend.array(np.zeros(5)), cache)
    with pytest.raises(TypeError, match=r"dnext_h must hold real floating-point numbers"):
        rnn_step_backward(backend.array(np.zeros((2, 5), dtype="int64")), cache)

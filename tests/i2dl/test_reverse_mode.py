import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from i2dl.autodiff import Value, cos, exp, log, relu, reverse_gradient, sigmoid, sin, step, tanh, topological_order

# Steps that keep numbers in a range where every function is defined and smooth enough.
STEPS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: sin(a) * b,
    lambda a, b: a / (2 + sin(b)),
    lambda a, b: (2 + cos(a)) ** tanh(b),
    lambda a, b: 1.5 ** tanh(a - b),
    lambda a, b: (2 + sin(a)) ** -1.5 + tanh(b) ** 3,
    lambda a, b: exp(tanh(a)) - b,
    lambda a, b: log(3 - sin(a)) * 0.5,
    lambda a, b: sigmoid(a) - tanh(b),
    lambda a, b: relu(a) - relu(-b),
    lambda a, b: 1 / (1 + exp(-sin(a))),
    lambda a, b: 3 - a * 2,
]
PROGRAMS = st.lists(
    st.tuples(st.integers(0, len(STEPS) - 1), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12
)
INPUTS = st.lists(st.floats(-3, 3).filter(lambda x: abs(x) > 1e-3), min_size=1, max_size=4)


def run(program, *inputs):
    """A program is a list of steps; each takes two of the numbers so far, and adds one."""
    numbers = list(inputs)
    for which, i, j in program:
        numbers.append(STEPS[which](numbers[i % len(numbers)], numbers[j % len(numbers)]))
    return sum(numbers[1:], numbers[0])


def torch_gradient(f, *inputs):
    tensors = [torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for x in inputs]
    out = f(*tensors)
    gradients = torch.autograd.grad(out, tensors, materialize_grads=True)
    return out.item(), [g.item() for g in gradients]


@given(program=PROGRAMS, inputs=INPUTS)
def test_any_program_has_the_gradient_that_torch_finds(program, inputs):
    out, gradient = reverse_gradient(lambda *x: run(program, *x), *inputs)
    expected, expected_gradient = torch_gradient(lambda *x: run(program, *x), *inputs)
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-12)


@given(program=PROGRAMS, inputs=INPUTS)
def test_a_program_computes_with_values_what_it_computes_with_numbers(program, inputs):
    values = [Value(x) for x in inputs]
    np.testing.assert_allclose(run(program, *values).data, run(program, *inputs), rtol=1e-12, atol=1e-14)


def test_lecture_4_sum_times_z():
    """f = (x + y) z at 1, −3, 4 is −8; ∂x = 4, ∂y = 4, ∂z = −2."""
    x, y, z = Value(1.0), Value(-3.0), Value(4.0)
    d = x + y
    f = d * z
    f.backward()
    assert (d.data, f.data) == (-2, -8)
    assert (f.grad, d.grad, x.grad, y.grad, z.grad) == (1, 4, 4, 4, -2)


def test_lecture_4_sigmoid_neuron():
    """1 / (1 + e^−(b + w₀x₀ + w₁x₁)) = 1/1.37 = 0.73; backward −0.53, −0.53, −0.20, 0.20, ..."""
    b, w0, x0, w1, x1 = (Value(number) for number in (-3.0, 2.0, -1.0, -3.0, -2.0))
    score = b + w0 * x0 + w1 * x1
    negated = -score
    exponential = exp(negated)
    denominator = 1 + exponential
    f = 1 / denominator
    f.backward()
    chain = [score, negated, exponential, denominator, f]
    assert [round(node.data, 2) for node in chain] == [1.00, -1.00, 0.37, 1.37, 0.73]
    assert [round(node.grad, 2) for node in chain] == [0.20, -0.20, -0.53, -0.53, 1.00]
    assert [round(node.grad, 2) for node in (b, w0, x0, w1, x1)] == [0.20, -0.20, 0.39, -0.39, -0.59]
    # The whole chain is one elementary function, whose slope is known at once.
    score.backward()
    assert (b.grad, w0.grad) == (1, -1)
    neuron = sigmoid(score)
    neuron.backward()
    np.testing.assert_allclose([neuron.data, score.grad], [f.data, f.data * (1 - f.data)], rtol=1e-14)


def test_lecture_4_two_layers():
    """x = 1, y = 0, w₁ = 1/3, w₂ = 2: ŷ = 2/3, ∂L/∂w₂ = 4/9, ∂L/∂w₁ = 8/3."""
    x, y, w1, w2 = Value(1.0), Value(0.0), Value(1 / 3), Value(2.0)
    prediction = w2 * relu(w1 * x)
    loss = (prediction - y) ** 2
    loss.backward()
    np.testing.assert_allclose([prediction.data, loss.data], [2 / 3, 4 / 9], rtol=1e-15)
    np.testing.assert_allclose([prediction.grad, w2.grad, w1.grad], [4 / 3, 4 / 9, 8 / 3], rtol=1e-15)


def test_lecture_4_regularized_loss():
    """Both weights are used twice, in the network and in the penalty λ(w₁² + w₂²): their gradients add up."""
    _, gradient = reverse_gradient(lambda w1, w2: (w2 * relu(w1 * 1.0) - 0.0) ** 2 + 0.1 * (w1**2 + w2**2), 1 / 3, 2.0)
    np.testing.assert_allclose(gradient, [8 / 3 + 0.2 / 3, 4 / 9 + 0.4], rtol=1e-14)


def test_a_number_used_twice_collects_both_shares():
    x = Value(3.0)
    f = x * x + x
    f.backward()
    assert x.grad == 7


def test_every_backward_pass_begins_anew():
    x, y = Value(2.0), Value(5.0)
    f, g = x * y * x, x + y
    f.backward()
    f.backward()
    assert (x.grad, y.grad) == (20, 4)
    g.backward()
    assert (x.grad, y.grad) == (1, 1)


def test_parents_come_before_children_and_every_node_once():
    x, y = Value(1.0), Value(2.0)
    d = x * y
    f = sin(d) + d * x
    order = topological_order(f)
    assert order[-1] is f
    assert len(order) == len(set(order)) == 6
    place = {node: i for i, node in enumerate(order)}
    assert all(place[parent] < place[node] for node in order for parent, _ in node.edges)


def test_a_graph_may_be_deeper_than_the_call_stack():
    x = Value(1.0)
    f = x
    for _ in range(20_000):
        f = f + x * 0.5
    f.backward()
    assert x.grad == 10_001


def test_a_long_product_takes_linear_time_though_its_paths_are_countless():
    x = Value(1.0)
    f = x
    for _ in range(200):  # 2²⁰⁰ paths lead from x to f
        f = f * 0.5 + f * 0.5
    f.backward()
    assert x.grad == 1


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (sigmoid, 1e4, 1.0, 0.0),
        (sigmoid, -1e4, 0.0, 0.0),
        (sigmoid, 40.0, 1.0, math.exp(-40) / (1 + math.exp(-40)) ** 2),
        (tanh, 1e4, 1.0, 0.0),
        (tanh, -1e4, -1.0, 0.0),
        (exp, -1e4, 0.0, 0.0),
        (exp, 1e4, math.inf, math.inf),
        (relu, 0.0, 0.0, 0.0),
        (relu, 1e300, 1e300, 1.0),
        (relu, -1e300, 0.0, 0.0),
        (step, 2.0, 1.0, 0.0),
        (step, 0.0, 0.0, 0.0),
        (lambda x: x**0, 0.0, 1.0, 0.0),
        (lambda x: x**1, 0.0, 0.0, 1.0),
        (lambda x: x**2, 0.0, 0.0, 0.0),
        (lambda x: x**2, -3.0, 9.0, -6.0),
        (lambda x: x**3, -1e200, -math.inf, math.inf),
        (lambda x: 7.0, 3.0, 7.0, 0.0),
    ],
)
def test_at_the_edge(f, x, value, slope):
    out, (gradient,) = reverse_gradient(f, x)
    np.testing.assert_allclose([out, gradient], [value, slope], rtol=1e-12)
    if abs(x) < 1e200:  # beyond, a plain float refuses to be cubed
        assert f(x) == pytest.approx(value)


def test_not_a_number_stays_one():
    assert math.isnan(relu(math.nan))
    assert math.isnan(reverse_gradient(lambda x: relu(x) * 2, math.nan)[0])


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.int64(2), np.float32(2), True])
def test_numbers_of_all_kinds_on_either_side(number):
    x = Value(3.0)
    f = number * x + number - x * number + x / number - number / x + number**x
    assert isinstance(f, Value)
    f.backward()
    assert x.grad == pytest.approx(1 / number + number / 9 + number**3.0 * math.log(number))


@pytest.mark.parametrize("thing", ["3", [1.0], None, 1j, np.ones(2)])
def test_only_real_numbers_are_values(thing):
    with pytest.raises(TypeError, match=f"one real number, but it is given a {type(thing).__name__}"):
        Value(thing)
    with pytest.raises(TypeError, match="one real number"):
        Value(1.0) + thing


@pytest.mark.parametrize("function", [exp, log, sin, cos, tanh, sigmoid, relu, step])
def test_functions_name_what_they_cannot_take(function):
    with pytest.raises(TypeError, match=f"{function.__name__} needs a real number, a Value, .* but it is given a str"):
        function("1")


def test_what_has_no_value_or_slope_is_refused():
    with pytest.raises(ValueError, match="log needs a positive number, but it is given 0"):
        log(Value(0.0))
    with pytest.raises(ValueError, match=r"fractional exponent, but -8.0 \*\* 0.5 is asked"):
        Value(-8.0) ** 0.5
    with pytest.raises(ZeroDivisionError):
        1 / Value(0.0)
    with pytest.raises(ZeroDivisionError):
        Value(0.0) ** 0.5  # defined, but infinitely steep


def test_repr_shows_number_gradient_and_origin():
    x = Value(2.0, name="x")
    f = x * 3
    f.backward()
    assert repr(x) == "Value(x, data=2, grad=3)"
    assert repr(f) == "Value(data=6, grad=1, ×)"

import numpy as np
import pytest
import torch

from i2dl.autodiff import gradient_check, numerical_gradient, relative_error
from i2dl.functional.affine import affine_backward, affine_forward


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


ARRAYS = pytest.mark.parametrize("array", [np.asarray, torch.tensor], ids=["numpy", "torch"])


@ARRAYS
def test_numerical_gradient_of_a_scalar_function(array):
    x = array(draw(3, 4))
    gradient = numerical_gradient(lambda x: (x**3).sum(), x)
    assert type(gradient) is type(x)
    np.testing.assert_allclose(gradient, 3 * x**2, rtol=0, atol=1e-8)


@ARRAYS
def test_numerical_gradient_with_upstream_gradient(array):
    x, w, b, dout = array(draw(3, 2, 2)), array(draw(4, 5)), array(draw(5)), array(draw(3, 5, seed=1))
    dx, dw, db = affine_backward(dout, affine_forward(x, w, b)[1])
    for gradient, variable, f in [
        (dx, x, lambda x: affine_forward(x, w, b)[0]),
        (dw, w, lambda w: affine_forward(x, w, b)[0]),
        (db, b, lambda b: affine_forward(x, w, b)[0]),
    ]:
        measured = numerical_gradient(f, variable, dout)
        np.testing.assert_allclose(measured, gradient, rtol=0, atol=1e-9)
        assert gradient_check(f, variable, gradient, dout)


def test_numerical_gradient_agrees_with_autograd_of_a_model():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    x = torch.tensor(draw(4), requires_grad=True)
    model(x).sum().backward()
    measured = numerical_gradient(lambda x: model(x).sum(), x)
    torch.testing.assert_close(measured, x.grad, rtol=0, atol=1e-9)


def test_golden_values_of_lecture_4():
    # f = (x + y) z at (1, -3, 4): the gradient is (4, 4, -2)
    measured = numerical_gradient(lambda v: (v[0] + v[1]) * v[2], np.array([1.0, -3.0, 4.0]))
    np.testing.assert_allclose(measured, [4, 4, -2], rtol=0, atol=1e-9)


def test_central_differences_are_exact_for_parabolas():
    measured = numerical_gradient(lambda x: (x**2).sum(), np.array([3.0, -1.0]), h=0.5)
    np.testing.assert_allclose(measured, [6, -2], rtol=0, atol=1e-12)


def test_a_function_that_returns_its_argument_and_x_itself_are_safe():
    x = draw(2, 3)
    before = x.copy()
    np.testing.assert_allclose(numerical_gradient(lambda x: x, x, np.ones((2, 3))), np.ones((2, 3)))
    np.testing.assert_array_equal(x, before)


def test_numerical_gradient_of_nothing_and_of_one_number():
    assert numerical_gradient(lambda x: x.sum(), np.zeros((0, 3))).shape == (0, 3)
    np.testing.assert_allclose(numerical_gradient(lambda x: x**2, np.array(3.0)), 6.0)


def test_numerical_gradient_names_what_is_wrong():
    with pytest.raises(TypeError, match="x must be float64, got float32"):
        numerical_gradient(lambda x: x.sum(), np.ones(3, dtype=np.float32))
    with pytest.raises(ValueError, match=r"must have shape \(\), got \(3,\); give dout"):
        numerical_gradient(lambda x: x, np.ones(3))
    with pytest.raises(ValueError, match=r"must have shape \(2,\), got \(3,\)"):
        numerical_gradient(lambda x: x, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match=r"must have shape \(2,\), got \(\)"):
        numerical_gradient(lambda x: 1.0, np.ones(3), np.ones(2))


@ARRAYS
def test_relative_error(array):
    a = array(np.array([1.0, 2.0, 0.0]))
    assert relative_error(a, a) == 0
    assert relative_error(a, array(np.array([1.0, 2.0, 1e-10]))) == pytest.approx(0.01)
    assert relative_error(a, -a) == 1
    assert relative_error(a, array(np.array([1.0, 2.2, 0.0]))) == pytest.approx(0.2 / 4.2)
    assert np.isnan(relative_error(a, array(np.array([1.0, np.nan, 0.0]))))
    with pytest.raises(ValueError, match=r"one shape, got \(3,\) and \(2,\)"):
        relative_error(a, a[:2])


def test_relative_error_of_nothing():
    assert relative_error(np.zeros(0), np.zeros(0)) == 0


@ARRAYS
def test_gradient_check_finds_the_wrong_entry(array):
    x = array(draw(3, 4))
    gradient = 2 * x
    gradient[1, 2] *= 1.001
    result = gradient_check(lambda x: (x**2).sum(), x, gradient)
    assert not result
    assert result.index == (1, 2)
    assert result.largest_error == pytest.approx(0.001 / 2.001, rel=1e-3)
    assert "FAILED" in repr(result)
    assert "index (1, 2)" in repr(result)


@pytest.mark.parametrize(
    "mistake",
    [lambda g: 2 * g, lambda g: -g, lambda g: g / 5, np.zeros_like, lambda g: g.mean(0, keepdims=True) + 0 * g],
)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_gradient_check_fails_common_mistakes_at_any_scale(mistake, scale):
    x = draw(5, 3)
    gradient = scale * np.cos(x)
    assert gradient_check(lambda x: scale * np.sin(x).sum(), x, gradient)
    assert not gradient_check(lambda x: scale * np.sin(x).sum(), x, mistake(gradient))


def test_rounding_where_the_gradient_is_zero_is_no_error():
    # standardized columns sum to 0 whatever the data: the gradient of the sum is 0, measured as 1e-10 of rounding
    def total(x):
        return ((x - x.mean(axis=0)) / x.std(axis=0)).sum()

    assert np.abs(numerical_gradient(total, draw(20, 7))).max() > 1e-11
    assert gradient_check(total, draw(20, 7), np.zeros((20, 7)))


def test_a_nan_fails_the_check():
    result = gradient_check(lambda x: x.sum(), np.ones(3), np.array([1.0, np.nan, 1.0]))
    assert not result
    assert result.index == (1,)


def test_gradient_check_names_a_wrong_shape():
    with pytest.raises(ValueError, match=r"x's shape \(2, 3\) and not be empty, got \(3, 2\)"):
        gradient_check(lambda x: x.sum(), np.ones((2, 3)), np.ones((3, 2)))

import functools
import math

import numpy as np
import pytest
import scipy.stats
import torch

from i2dl import init
from i2dl.functional import affine_forward, relu_forward, two_layer_loss

SHAPES = [(200, 300), (300, 200), (40, 30, 3, 5), (50, 60, 7)]


def torch_twin(shape):
    """An empty tensor in PyTorch's layout of the same layer: a matrix transposed, filters as they are."""
    return torch.empty(shape[::-1] if len(shape) == 2 else shape, dtype=torch.float64)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (2, 3, 4, 5, 6)])
def test_fans_are_torchs(shape):
    assert init.fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch_twin(shape))


@pytest.mark.parametrize("shape", [(), (3,), (3, 0), (2, 3, 0, 1)])
def test_fans_need_a_layer(shape):
    with pytest.raises(ValueError, match=r"that of a matrix \(D, M\) or of filters \(F, C, HH, WW\), but it is \("):
        init.fans(shape)


# scheme, its standard deviation, the same in PyTorch or None
RANDOM = {
    "normal": (init.normal, lambda n, m: 0.01, functools.partial(torch.nn.init.normal_, std=0.01)),
    "normal, std 1": (functools.partial(init.normal, std=1.0), lambda n, m: 1.0, torch.nn.init.normal_),
    "xavier_normal": (init.xavier_normal, lambda n, m: 1 / math.sqrt(n), None),
    "columns_normal": (init.columns_normal, lambda n, m: 1 / math.sqrt(n), None),
    "fan_in_uniform": (init.fan_in_uniform, lambda n, m: 1 / math.sqrt(n), None),
    "glorot_normal": (init.glorot_normal, lambda n, m: math.sqrt(2 / (n + m)), torch.nn.init.xavier_normal_),
    "xavier_uniform": (init.xavier_uniform, lambda n, m: math.sqrt(2 / (n + m)), torch.nn.init.xavier_uniform_),
    "kaiming_normal": (
        init.kaiming_normal,
        lambda n, m: math.sqrt(2 / n),
        functools.partial(torch.nn.init.kaiming_normal_, nonlinearity="relu"),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", RANDOM)
def test_the_distribution_is_the_one_named(name, shape):
    """Kolmogorov–Smirnov against SciPy's distribution, fine enough to see a scale that is off by five per cent."""
    scheme, std, _ = RANDOM[name]
    w = scheme(shape, rng=np.random.default_rng(0))
    assert isinstance(w, np.ndarray)
    assert w.shape == shape
    assert w.dtype == np.float64
    scale = std(*init.fans(shape))
    width = 2 * math.sqrt(3) * scale
    uniform = scipy.stats.uniform(-width / 2, width)
    expected = uniform if "uniform" in name else scipy.stats.norm(0, scale)
    assert scipy.stats.kstest(w.reshape(-1), expected.cdf).pvalue > 0.001
    assert scipy.stats.kstest(w.reshape(-1) * 1.05, expected.cdf).pvalue < 0.001


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [name for name in RANDOM if RANDOM[name][2] is not None])
def test_the_distribution_is_torchs(name, shape):
    scheme, _, theirs = RANDOM[name]
    torch.manual_seed(0)
    w, expected = scheme(shape, rng=np.random.default_rng(1)), theirs(torch_twin(shape)).numpy()
    assert scipy.stats.ks_2samp(w.reshape(-1), expected.reshape(-1)).pvalue > 0.001


def test_the_same_generator_gives_the_same_weights():
    for scheme, _, _ in RANDOM.values():
        first, second = (scheme((4, 5), rng=np.random.default_rng(2)) for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_zeros_and_constant():
    rng = np.random.default_rng(3)
    np.testing.assert_array_equal(init.zeros((2, 3), rng=rng), np.zeros((2, 3)))
    np.testing.assert_array_equal(init.zeros((3,)), np.zeros(3))
    np.testing.assert_array_equal(init.constant((3,), rng=rng), np.full(3, 0.01))
    np.testing.assert_array_equal(init.constant((3,), value=0.1), np.full(3, 0.1))
    with pytest.raises(ValueError, match=r"std must be at least 0, but it is -1.0"):
        init.normal((2, 3), rng=rng, std=-1.0)


def test_exam_august_2020_question_2a(close):
    """Inputs (2, −4, 1): with weights of variance 0.02 the score is −0.03, with variance 1 it is 1.5."""
    i = np.array([[2.0, -4.0, 1.0]])
    for weights, score in (([0.05, 0.025, -0.03], -0.03), ([1.0, 0.5, 1.5], 1.5)):
        close(affine_forward(i, np.array([weights]).T, np.zeros(1))[0], [[score]])


def test_exam_august_2020_question_8f(close):
    """α = √(3/n) makes Var(s) = Var(x): α bounds the weights, and α²/3 = 1/n is their variance."""
    n = 400
    w = init.fan_in_uniform((n, 1000), rng=np.random.default_rng(4))
    alpha = math.sqrt(3 / n)
    assert 0.999 * alpha < np.abs(w).max() <= alpha
    x = np.random.default_rng(5).exponential(size=(1000, n)) - 1
    close((x @ w).var(), x.var(), rtol=0.02)


def test_exam_july_2021_question_2_4(close):
    """Xavier: weights of mean 0 and variance 1/n, and an output of mean 0 and the variance of the input."""
    n = 500
    w = init.xavier_normal((n, n), rng=np.random.default_rng(6))
    x = np.random.default_rng(7).normal(size=(1000, n))
    close(w.mean(), 0.0, atol=4 / n / math.sqrt(n))
    close(w.var(), 1 / n, rtol=0.02)
    s = x @ w
    close(s.mean(), 0.0, atol=0.02)
    close(s.var(), 1.0, rtol=0.02)


def test_naist_lecture_8_xavier():
    """Uniform between ∓√6/√(d_in + d_out)."""
    w = init.xavier_uniform((100, 300), rng=np.random.default_rng(8))
    bound = math.sqrt(6) / math.sqrt(400)
    assert 0.999 * bound < np.abs(w).max() <= bound


def test_wpi_columns_are_our_rows():
    """1/√cols(W) for W that multiplies from the left, the transpose of ours."""
    w = init.columns_normal((100, 900), rng=np.random.default_rng(9))
    transposed = w.T
    assert abs(w.std() * math.sqrt(transposed.shape[1]) - 1) < 0.02


@pytest.mark.parametrize(
    ("zeroed", "moving"),
    [
        (("w1", "b1", "w2", "b2"), {"b2"}),
        (("w1", "b1"), {"b2"}),
        (("w2", "b2"), {"w1", "b1", "w2", "b2"}),
    ],
)
def test_wpi_which_weights_ever_move(zeroed, moving):
    """The class's example and its two exercises, over 20 steps: from zeros in the last layer all recover by step two."""
    rng = np.random.default_rng(10)
    shapes = {"w1": (3, 8), "b1": (8,), "w2": (8, 4), "b2": (4,)}
    start = {n: init.zeros(shape) if n in zeroed else rng.normal(size=shape) for n, shape in shapes.items()}
    x, y = rng.normal(size=(20, 3)), rng.integers(3, size=20)
    parameters = dict(start)
    for step in range(20):
        _, gradients = two_layer_loss(x, y, *parameters.values())
        parameters = {n: p - 0.1 * g for (n, p), g in zip(parameters.items(), gradients, strict=True)}
        moved = {n for n in shapes if np.any(parameters[n] != start[n])}
        assert moved == ({"w2", "b2"} if step == 0 and "w1" in moving else moving)


def test_equal_weights_stay_equal(close):
    """Lecture 7 and exam Jul 2021, 2.9: no symmetry breaking. All hidden neurons keep one and the same weight vector."""
    rng = np.random.default_rng(11)
    parameters = [init.constant((3, 8), value=0.3), init.constant((8,)), init.constant((8, 2), value=0.3), np.zeros(2)]
    parameters[2][:, 1] = -0.3  # the two outputs differ, so that there is something to learn
    x = rng.normal(size=(40, 3))
    y = (x[:, 0] > 0).astype("int64")
    first, _ = two_layer_loss(x, y, *parameters)
    for _ in range(50):
        last, gradients = two_layer_loss(x, y, *parameters)
        parameters = [p - 0.5 * g for p, g in zip(parameters, gradients, strict=True)]
    assert last < first - 0.1
    close(parameters[0], np.repeat(parameters[0][:, :1], 8, axis=1))
    assert np.abs(parameters[0] - 0.3).max() > 0.1


def test_a_small_positive_bias_keeps_relus_alive():
    """Lecture 7: for inputs near zero, where half of the neurons without a bias are dead."""
    rng = np.random.default_rng(12)
    x, w = rng.normal(scale=0.001, size=(1, 200)), init.kaiming_normal((200, 1000), rng=rng)
    alive = {}
    for value in (0.0, 0.01):
        h, _ = relu_forward(affine_forward(x, w, init.constant((1000,), value=value))[0])
        alive[value] = (h > 0).mean()
    assert abs(alive[0.0] - 0.5) < 0.05
    assert alive[0.01] > 0.95


def experiment(scheme, activation, **options):
    return init.activation_statistics(scheme=scheme, activation=activation, rng=np.random.default_rng(13), **options)


def test_lecture_7_small_random_numbers_vanish():
    """Ten tanh layers of 500, N(0, 0.01²): each layer multiplies the deviation by 0.01·√500 = 0.22."""
    found = experiment(init.normal, "tanh")
    assert found.std.shape == found.mean.shape == found.slope.shape == (10,)
    np.testing.assert_allclose(found.std[1:] / found.std[:-1], 0.01 * math.sqrt(500), rtol=0.05)
    assert found.std[-1] < 1e-6
    assert (found.slope > 0.95).all()  # the slope is fine; it is the small output that kills the gradient


def test_lecture_7_big_random_numbers_saturate():
    """N(0, 1): outputs at ±1 in all layers, and no slope."""
    found = experiment(functools.partial(init.normal, std=1.0), "tanh")
    assert (found.std > 0.95).all()
    assert (found.slope < 0.06).all()


@pytest.mark.parametrize("scheme", [init.xavier_normal, init.xavier_uniform, init.fan_in_uniform, init.glorot_normal])
def test_lecture_7_xavier_keeps_tanh_alive(scheme):
    found = experiment(scheme, "tanh")
    assert found.std[0] == pytest.approx(0.63, abs=0.01)  # tanh of a unit Gaussian: √E[tanh²(z)] = 0.628
    assert (found.std > 0.2).all()
    assert (found.slope > 0.5).all()
    np.testing.assert_allclose(found.mean, 0, atol=0.02)


def mean_squares(found):
    return found.std**2 + found.mean**2


def test_lecture_7_xavier_halves_relu_and_kaiming_keeps_it():
    """ReLU kills half of the data: E[x²] halves with Var(w) = 1/n and stays with 2/n."""
    xavier, kaiming = (experiment(s, "relu", width=1000) for s in (init.xavier_normal, init.kaiming_normal))
    np.testing.assert_allclose(mean_squares(xavier)[1:] / mean_squares(xavier)[:-1], 0.5, rtol=0.1)
    np.testing.assert_allclose(mean_squares(kaiming)[1:] / mean_squares(kaiming)[:-1], 1.0, rtol=0.1)
    assert xavier.std[-1] < 0.1 * xavier.std[0]
    assert kaiming.std[-1] > 0.6 * kaiming.std[0]
    np.testing.assert_allclose(xavier.slope, 0.5, atol=0.05)


def test_the_experiment_is_the_one_described(close):
    rng = np.random.default_rng(14)
    x = rng.normal(size=(5, 6))
    for _ in range(2):
        x = np.tanh(x @ (rng.normal(size=(6, 6)) / math.sqrt(6)))
    found = init.activation_statistics(
        depth=2, width=6, samples=5, scheme=init.xavier_normal, activation="tanh", rng=np.random.default_rng(14)
    )
    close(found.mean[1], x.mean())
    close(found.std[1], x.std())
    close(found.slope[1], (1 - x**2).mean())


def test_the_experiment_refuses_nonsense():
    rng = np.random.default_rng(15)
    with pytest.raises(ValueError, match="depth, width and samples must be at least 1, but they are 0, 500 and 500"):
        init.activation_statistics(depth=0, scheme=init.xavier_normal, rng=rng)
    with pytest.raises(ValueError, match=r"activation must be one of identity, .*, but it is 'softmax'"):
        init.activation_statistics(scheme=init.xavier_normal, activation="softmax", rng=rng)

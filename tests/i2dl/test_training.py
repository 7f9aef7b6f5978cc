import copy
import math

import numpy as np
import pytest
import torch

from i2dl.data import load_digits
from i2dl.models import MLP
from i2dl.nn import CrossEntropyLoss, MSELoss
from i2dl.training import (
    EarlyStopping,
    evaluate,
    fit,
    initial_loss,
    learning_rate_search,
    log_uniform,
    overfit,
    train_step,
)


def make(sizes=(64, 32, 10), rate=0.01, optimizer=torch.optim.Adam, seed=0):
    torch.manual_seed(seed)
    model = MLP(list(sizes))
    return model, optimizer(model.parameters(), lr=rate)


def test_train_step_is_one_step_of_sgd():
    model, optimizer = make(rate=0.5, optimizer=torch.optim.SGD)
    twin = copy.deepcopy(model)
    x, y = (a[:8] for a in load_digits("train").xy)
    loss = torch.nn.functional.cross_entropy(twin(torch.tensor(x).float()), torch.tensor(y))
    loss.backward()
    model.layers[1].weight.grad = torch.full_like(model.layers[1].weight, 1e6)  # an old gradient must not count
    model.eval()
    assert train_step(model, optimizer, x, y) == pytest.approx(loss.item(), rel=1e-6)
    assert model.training
    for mine, before in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine, before - 0.5 * before.grad)


def test_train_step_takes_any_loss():
    model, optimizer = make((3, 1), optimizer=torch.optim.SGD, rate=0.1)
    x, y = np.ones((4, 3)), np.zeros((4, 1))
    first = train_step(model, optimizer, x, y, MSELoss())
    assert train_step(model, optimizer, x, y, MSELoss()) < first


def test_evaluate_agrees_with_torch_in_any_chunks():
    model, _ = make()
    x, y = load_digits("validation").xy
    scores = model(torch.tensor(x).float())
    expected = torch.nn.functional.cross_entropy(scores, torch.tensor(y)).item()
    accuracy = np.mean(scores.argmax(1).numpy() == y)
    for batch_size in (7, 100, 1000):
        loss, share = evaluate(model, x, y, batch_size=batch_size)
        assert loss == pytest.approx(expected, rel=1e-5)
        assert share == pytest.approx(accuracy)
    assert all(p.grad is None for p in model.parameters())
    assert evaluate(model, x, y, CrossEntropyLoss())[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_evaluate_switches_dropout_off_and_restores_every_mode(training):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(64, 10))
    model.train(training)
    model[1].train(not training)
    x, y = load_digits("test").xy
    assert evaluate(model, x, y) == evaluate(model, x, y)
    assert [m.training for m in model] == [training, not training, training]

    def failing(scores, y):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        evaluate(model, x, y, failing)
    assert [m.training for m in model] == [training, not training, training]


def test_evaluate_needs_samples():
    with pytest.raises(ValueError, match=r"at least one sample, got shape \(0, 64\)"):
        evaluate(make()[0], np.ones((0, 64)), np.ones(0, dtype=int))


def test_fit_reads_digits():
    model, optimizer = make()
    train, validation, test = (load_digits(part).xy for part in ("train", "validation", "test"))
    rng = np.random.default_rng(0)
    history = fit(model, optimizer, train, validation, epochs=15, batch_size=32, rng=rng)
    assert evaluate(model, *test)[1] >= 0.95
    assert history.epochs == 15
    assert {len(curve) for curve in history.values()} == {15}
    assert history["train_loss"][-1] < 0.1 < history["train_loss"][0]
    last = (history["validation_loss"][-1], history["validation_accuracy"][-1])
    assert last == evaluate(model, *validation)


def test_fit_is_repeatable_and_takes_tensors():
    train, validation = load_digits("train").xy, load_digits("validation").xy
    histories = []
    for array in train:
        array.flags.writeable = False  # as arrays from a file or another process may be
    for pair in (train, train, tuple(map(torch.tensor, train))):
        model, optimizer = make()
        rng = np.random.default_rng(1)
        histories.append(fit(model, optimizer, pair, validation, epochs=2, batch_size=64, rng=rng))
    assert histories[0] == histories[1] == histories[2]


def test_fit_stops_early_with_the_best_weights():
    model, optimizer = make(rate=0.05)
    train, validation = load_digits("train").xy, load_digits("validation").xy
    train = (train[0][:60], train[1][:60])  # few samples: overfits soon
    stopping = EarlyStopping(patience=3)
    rng = np.random.default_rng(0)
    history = fit(model, optimizer, train, validation, epochs=200, batch_size=20, rng=rng, early_stopping=stopping)
    assert history.epochs < 200
    assert history.epochs == stopping.best_epoch + 1 + 3
    assert stopping.best_loss == min(history["validation_loss"])
    assert evaluate(model, *validation)[0] == stopping.best_loss


def test_fit_reports_progress(capsys):
    model, optimizer = make()
    train = tuple(a[:32] for a in load_digits("train").xy)
    fit(model, optimizer, train, train, epochs=2, batch_size=16, rng=np.random.default_rng(0))
    assert capsys.readouterr().out == ""
    fit(model, optimizer, train, train, epochs=2, batch_size=16, rng=np.random.default_rng(0), progress=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("epoch 2/2: train loss ")


@pytest.mark.parametrize(
    ("losses", "patience", "min_delta", "stops_at", "best_epoch"),
    [
        ([5, 4, 3, 4, 4, 4], 3, 0.0, 5, 2),
        ([5, 4, 3, 4, 4, 2, 3, 3, 3], 3, 0.0, 8, 5),
        ([5, 4, 3, 2, 1], 1, 0.0, None, 4),
        ([5, 5, 5], 2, 0.0, 2, 0),
        ([5, 4.95, 4.9, 4.85], 3, 0.1, None, 3),
        ([5, 4.95, 4.92], 2, 0.1, 2, 0),
        ([math.nan, math.nan], 2, 0.0, 1, None),
        ([math.nan, 3, math.nan, math.nan], 2, 0.0, 3, 1),
        ([3, 4], 1, 0.0, 1, 0),
    ],
)
def test_early_stopping_sequences(losses, patience, min_delta, stops_at, best_epoch):
    stopping = EarlyStopping(patience, min_delta)
    answers = [stopping.step(loss) for loss in losses]
    assert answers.index(True) == stops_at if stops_at is not None else True not in answers
    assert stopping.best_epoch == best_epoch
    assert stopping.best_loss == (math.inf if best_epoch is None else losses[best_epoch])


def test_early_stopping_keeps_a_copy_of_the_best_weights():
    model = torch.nn.Linear(1, 1)
    stopping = EarlyStopping(5)
    for value, loss in [(1.0, 3.0), (2.0, 1.0), (3.0, 2.0)]:
        torch.nn.init.constant_(model.weight, value)
        stopping.step(loss, model)
    stopping.restore(model)
    assert model.weight.item() == 2.0


def test_early_stopping_names_what_is_wrong():
    with pytest.raises(RuntimeError, match="no weights to restore"):
        EarlyStopping(1).restore(torch.nn.Linear(1, 1))
    with pytest.raises(ValueError, match="at least 1 and min_delta not negative, got 0 and"):
        EarlyStopping(0)


@pytest.mark.parametrize("samples", [1, 4])
def test_a_sound_network_memorizes_a_few_samples(samples):
    model, optimizer = make()
    x, y = (a[:samples] for a in load_digits("train").xy)
    losses = overfit(model, optimizer, x, y, steps=100)
    assert len(losses) == 100
    assert losses[0] > 1
    assert losses[-1] < 0.01
    assert evaluate(model, x, y)[1] == 1


def test_an_untrained_network_starts_at_log_c():
    assert initial_loss(2) == pytest.approx(0.6931, abs=1e-4)  # exam July 2021: log 2
    loss, _ = evaluate(make()[0], *load_digits("train").xy)
    assert loss == pytest.approx(initial_loss(10), rel=0.05)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        initial_loss(0)


def test_log_uniform_is_uniform_in_the_logarithm():
    numbers = log_uniform(1e-4, 1e-1, 30_000, np.random.default_rng(0))
    decades = np.histogram(np.log10(numbers), bins=[-4, -3, -2, -1])[0]
    assert decades.sum() == 30_000
    np.testing.assert_allclose(decades / 30_000, 1 / 3, atol=0.01)
    np.testing.assert_array_equal(numbers, log_uniform(1e-4, 1e-1, 30_000, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="0 < low <= high, got low = 0 and high = 1"):
        log_uniform(0, 1, 3, np.random.default_rng(0))


def test_learning_rate_search_finds_the_rate_that_learns():
    def build(rate):
        model = MLP([64, 32, 10])
        return model, torch.optim.SGD(model.parameters(), lr=rate)

    train, validation = load_digits("train").xy, load_digits("validation").xy
    torch.manual_seed(99)
    state = torch.get_rng_state()
    result = learning_rate_search(build, train, validation, [1e-6, 0.3, 1e25], seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert [rate for rate, _ in result] == [1e-6, 0.3, 1e25]
    losses = [loss for _, loss in result]
    assert losses[0] == pytest.approx(initial_loss(10), rel=0.05)
    assert losses[1] < 0.6
    assert losses[2] == math.inf
    torch.manual_seed(5)
    assert learning_rate_search(build, train, validation, [0.3], seed=0) == [result[1]]
    assert learning_rate_search(build, train, validation, [0.3], seed=1) != [result[1]]


def test_learning_rate_search_takes_the_steps_it_is_told():
    steps = []

    class Counting(torch.optim.SGD):
        def step(self, closure=None):
            steps.append(1)
            super().step(closure)

    def build(rate):
        model = MLP([64, 10])
        return model, Counting(model.parameters(), lr=rate)

    train = tuple(a[:100] for a in load_digits("train").xy)
    learning_rate_search(build, train, train, [0.1], seed=0, iterations=9, batch_size=32)
    assert len(steps) == 9


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_fit_on_the_gpu():
    torch.manual_seed(0)
    model = MLP([64, 32, 10]).cuda()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    train, test = load_digits("train").xy, load_digits("test").xy
    fit(model, optimizer, train, test, epochs=15, batch_size=32, rng=np.random.default_rng(0))
    assert evaluate(model, *test)[1] >= 0.95

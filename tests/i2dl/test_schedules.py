"""Learning-rate schedules against the slides and PyTorch's schedulers."""

import doctest
import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl import optim
from i2dl.optim import (
    exponential_decay,
    fractional_decay,
    inverse_time_decay,
    milestone_decay,
    piecewise_constant,
    reduce_on_plateau,
    schedules,
    square_root_decay,
    step_decay,
    transformer_warmup,
)


def rates_of(schedule, epochs=30):
    return [schedule(epoch) for epoch in range(epochs)]


def torch_rates(scheduler, epochs=30, rate=0.1, metrics=None, **options):
    """The rates of two groups, the second with a tenth of the first's rate, epoch by epoch."""
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    optimizer = torch.optim.SGD([{"params": parameters[:1]}, {"params": parameters[1:], "lr": rate / 10}], lr=rate)
    scheduler = scheduler(optimizer, **options)
    rates = []
    for epoch in range(epochs):
        rates.append([group["lr"] for group in optimizer.param_groups])
        assert scheduler.get_last_lr() == pytest.approx(rates[-1], rel=1e-15)
        optimizer.step()
        scheduler.step(*([] if metrics is None else [metrics[epoch]]))
    return np.array(rates)


def test_golden_fractional_decay(close):
    """Lecture 6: α₀ = 0.1 and decay rate 1 give 0.1, 0.05, 0.033, 0.025."""
    rates = rates_of(partial(fractional_decay, initial=0.1, decay=1.0), 4)
    close(rates, [0.1, 0.05, 0.1 / 3, 0.025])
    assert [round(rate, 3) for rate in rates] == [0.1, 0.05, 0.033, 0.025]
    assert doctest.testmod(schedules).attempted == 3
    assert doctest.testmod(schedules).failed == 0


def test_inverse_time_is_the_formula_of_the_naist_course(close):
    for t in (0, 1, 100, 10**6):
        close(inverse_time_decay(t, initial=0.5, strength=0.01), 0.5 * (1 + 0.5 * 0.01 * t) ** -1)
    close(1e9 * inverse_time_decay(10**9, initial=0.5, strength=0.01), 1 / 0.01, rtol=1e-6)


def test_step_decay_is_the_slides_recurrence(close):
    """Lecture 6: α = α − t·α, only every n steps."""
    rate, expected = 0.1, []
    for epoch in range(30):
        rate = rate - 0.3 * rate if epoch > 0 and epoch % 4 == 0 else rate
        expected.append(rate)
    close(rates_of(partial(step_decay, initial=0.1, decay=0.3, every=4)), expected)


PAIRS = {
    "step": (partial(step_decay, initial=0.1, decay=0.9, every=7), "StepLR", {"step_size": 7}),
    "step, half": (partial(step_decay, initial=0.1, every=3), "StepLR", {"step_size": 3, "gamma": 0.5}),
    "exponential": (partial(exponential_decay, initial=0.1, decay=0.95), "ExponentialLR", {"gamma": 0.95}),
    "milestones": (
        partial(milestone_decay, initial=0.1, milestones=[5, 20]),
        "MultiStepLR",
        {"milestones": [5, 20]},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_schedules_and_their_classes_are_torchs(close, name):
    schedule, scheduler, options = PAIRS[name]
    expected = torch_rates(getattr(torch.optim.lr_scheduler, scheduler), **options)
    close(rates_of(schedule), expected[:, 0])
    close(torch_rates(getattr(optim, scheduler), **options), expected)


OWN = {
    "FractionalLR": ({"decay": 0.5}, lambda k, rate: rate / (1 + 0.5 * k)),
    "InverseTimeLR": ({"strength": 0.2}, lambda k, rate: rate / (1 + rate * 0.2 * k)),
    "SquareRootLR": ({"decay": 0.5}, lambda k, rate: 0.5 / math.sqrt(k + 1) * rate),
    "PiecewiseConstantLR": (
        {"milestones": [3, 8], "rates": [0.3, 0.2, 0.1]},
        lambda k, rate: 0.3 if k < 3 else 0.2 if k < 8 else 0.1,
    ),
    "TransformerLR": (
        {"width": 16, "warmup": 10},
        lambda k, rate: rate * 16**-0.5 * min((k + 1) ** -0.5, (k + 1) * 10**-1.5),
    ),
}


@pytest.mark.parametrize("name", OWN)
def test_classes_that_torch_lacks_are_torchs_lambda_schedules(close, name):
    options, formula = OWN[name]
    actual = torch_rates(getattr(optim, name), **options)
    expected = torch_rates(
        torch.optim.lr_scheduler.LambdaLR,
        lr_lambda=[lambda k: formula(k, 0.1) / 0.1, lambda k: formula(k, 0.01) / 0.01],
    )
    close(actual, expected)


def test_square_root_decay(close):
    """Lecture 6: t/√epoch · α₀."""
    close([square_root_decay(e, initial=0.1, decay=0.5) for e in (1, 4, 100)], [0.05, 0.025, 0.005])


def test_rates_by_hand():
    by_hand = partial(piecewise_constant, milestones=[2, 5], rates=[0.1, 0.05, 0.2])
    assert rates_of(by_hand, 7) == [0.1, 0.1, 0.05, 0.05, 0.05, 0.2, 0.2]
    assert piecewise_constant(9, milestones=[], rates=[0.3]) == 0.3


def test_the_warm_up_of_the_transformer(close):
    """Lecture 11: d^(−½) · min(s^(−½), s · w^(−1.5)), with d = 512 and w = 4000 in the paper."""
    rates = np.array([transformer_warmup(s) for s in range(1, 20_001)])
    assert rates.argmax() == 4000 - 1
    close(rates.max(), (512 * 4000) ** -0.5)
    close(np.diff(rates[:4000]), np.full(3999, rates[0]), rtol=1e-8)
    close(rates[15_999], rates[3_999] / 2)
    close(rates[99], 512**-0.5 * 100 * 4000**-1.5)


METRICS = st.lists(
    st.one_of(st.floats(-2, 2), st.sampled_from([1.0, 0.9999, 0.99995, math.nan, math.inf])), min_size=30, max_size=30
)


@given(
    metrics=METRICS,
    mode=st.sampled_from(["min", "max"]),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    patience=st.integers(0, 3),
    cooldown=st.integers(0, 3),
    min_lr=st.sampled_from([0.0, 0.02, [0.02, 1e-5]]),
    eps=st.sampled_from([1e-8, 5e-3]),
)
@example(metrics=[1.0] * 30, mode="min", threshold_mode="rel", patience=10, cooldown=0, min_lr=0.0, eps=1e-8)
def test_plateaus_are_torchs(close, metrics, **options):
    expected = torch_rates(torch.optim.lr_scheduler.ReduceLROnPlateau, metrics=metrics, **options)
    close(torch_rates(optim.ReduceLROnPlateau, metrics=metrics, **options), expected)
    rate, rates = 0.1, []
    memory = {"best": math.inf if options["mode"] == "min" else -math.inf, "bad_epochs": 0, "pause": 0}
    for metric in metrics:
        rates.append(rate)
        rate, *values = reduce_on_plateau(
            rate,
            metric,
            **memory,
            patience=options["patience"],
            relative=options["threshold_mode"] == "rel",
            maximize=options["mode"] == "max",
            cooldown=options["cooldown"],
            minimum=options["min_lr"][0] if isinstance(options["min_lr"], list) else options["min_lr"],
            least_change=options["eps"],
        )
        memory = dict(zip(memory, values, strict=True))
    close(rates, expected[:, 0])


def test_resnets_rate_is_divided_by_ten_on_a_plateau(close):
    """Lecture 10: 0.1, divided by 10 when plateau."""
    rate, best, bad, pause = 0.1, math.inf, 0, 0
    rates = []
    for loss in [1.0, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4]:
        rate, best, bad, pause = reduce_on_plateau(rate, loss, best=best, bad_epochs=bad, pause=pause, patience=2)
        rates.append(rate)
    close(rates, [0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.001])


def make(scheduler, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    return optimizer, scheduler(optimizer, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("StepLR", {"step_size": 3}),
        ("MultiStepLR", {"milestones": [2, 6, 6]}),
        ("ExponentialLR", {"gamma": 0.9}),
        ("ReduceLROnPlateau", {"patience": 1, "cooldown": 1}),
    ],
)
@pytest.mark.parametrize("direction", ["to torch", "from torch"])
def test_state_dicts_move_both_ways(close, name, options, direction):
    classes = [getattr(torch.optim.lr_scheduler, name), getattr(optim, name)]
    first, second = classes if direction == "from torch" else classes[::-1]
    metrics = [[1.0]] * 12 if name == "ReduceLROnPlateau" else [[]] * 12
    whole = make(torch.optim.lr_scheduler.__dict__[name], **options)
    one, other = make(first, **options), make(second, **options)
    expected, rates = [], []
    for k, metric in enumerate(metrics):
        if k == 5:
            other[0].load_state_dict(one[0].state_dict())
            other[1].load_state_dict(one[1].state_dict())
            one = other
        for optimizer, scheduler in (whole, one):
            optimizer.step()
            scheduler.step(*metric)
        expected.append(whole[0].param_groups[0]["lr"])
        rates.append(one[0].param_groups[0]["lr"])
    close(rates, expected)


def test_schedulers_chain_and_take_tensors_for_rates(close):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=torch.tensor(0.1))
    rate = optimizer.param_groups[0]["lr"]
    chain = [
        optim.ExponentialLR(optimizer, 0.5),
        optim.StepLR(optimizer, 2, 0.1),
        optim.ReduceLROnPlateau(optimizer, patience=0),
    ]
    for metric in ([], [], [1.0]), ([], [], [1.0]):
        optimizer.step()
        for scheduler, values in zip(chain, metric, strict=True):
            scheduler.step(*values)
    assert optimizer.param_groups[0]["lr"] is rate
    close(rate.item(), 0.1 * 0.5**2 * 0.1 * 0.1, rtol=1e-6)


def test_a_group_added_later_gets_its_smallest_rate_too():
    optimizer, scheduler = make(optim.ReduceLROnPlateau, patience=0, min_lr=0.05)
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    for _ in range(3):
        optimizer.step()
        scheduler.step(1.0)
    assert [group["lr"] for group in optimizer.param_groups] == [0.05, 0.05]
    optimizer, scheduler = make(optim.ReduceLROnPlateau, min_lr=[0.05])
    optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))]})
    with pytest.raises(ValueError, match="min_lr must hold one number for each of the 2 groups, but it holds 1"):
        scheduler.step(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: fractional_decay(-1, initial=0.1, decay=1.0),
            "epoch must be a finite number at least 0, but it is -1",
        ),
        (lambda: fractional_decay(1, initial=-0.1, decay=1.0), "initial must be a finite number at least 0"),
        (lambda: inverse_time_decay(1, initial=0.1, strength=-1.0), "strength must be a finite number at least 0"),
        (lambda: step_decay(1, initial=0.1, decay=1.5), "decay must be a finite number at least 0 and at most 1"),
        (lambda: step_decay(1, initial=0.1, every=0), "every must be an integer at least 1, but it is 0"),
        (
            lambda: exponential_decay(1, initial=0.1, decay=1.5),
            "decay must be a finite number at least 0 and at most 1",
        ),
        (lambda: square_root_decay(0, initial=0.1), "epoch must be a finite number at least 1, but it is 0"),
        (
            lambda: piecewise_constant(1, milestones=[2], rates=[0.1]),
            "rates must hold one number more .* 2, but they hold 1",
        ),
        (
            lambda: piecewise_constant(1, milestones=[2, 2], rates=[1, 1, 1]),
            r"milestones must increase, but they are \[2, 2\]",
        ),
        (
            lambda: piecewise_constant(1, milestones=[2], rates=[0.1, -1]),
            r"rates\[1\] must be a finite number at least 0",
        ),
        (lambda: milestone_decay(1, initial=0.1, milestones=[3, 2]), "milestones must increase"),
        (lambda: transformer_warmup(0), "step must be a finite number at least 1, but it is 0"),
        (lambda: transformer_warmup(1, width=0), "width must be an integer at least 1, but it is 0"),
        (lambda: transformer_warmup(1, warmup=0.5), "warmup must be an integer at least 1, but it is 0.5"),
        (lambda: reduce_on_plateau(0.1, 1.0, factor=1.0), "factor must be at least 0 and below 1, but it is 1.0"),
        (lambda: reduce_on_plateau(0.1, 1.0, patience=-1), "patience must be a finite number at least 0, but it is -1"),
        (lambda: make(optim.StepLR, step_size=0), "step_size must be an integer at least 1, but it is 0"),
        (lambda: make(optim.ExponentialLR, gamma=-1.0), "gamma must be a finite number at least 0"),
        (lambda: make(optim.MultiStepLR, milestones=[1], gamma=-1.0), "gamma must be a finite number at least 0"),
        (lambda: make(optim.FractionalLR, decay=-1.0), "decay must be a finite number at least 0"),
        (
            lambda: make(optim.ReduceLROnPlateau, mode="low"),
            "mode must be 'min' or 'max' .* but they are 'low' and 'rel'",
        ),
        (lambda: make(optim.ReduceLROnPlateau, factor=1.0), "factor must be at least 0 and below 1"),
        (
            lambda: make(optim.ReduceLROnPlateau, min_lr=[0.1, 0.1]),
            "min_lr must hold one number for each of the 1 groups",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_optimizers_have_rates():
    with pytest.raises(TypeError, match=r"optimizer must be a torch\.optim\.Optimizer, but it is a list"):
        optim.ReduceLROnPlateau([])

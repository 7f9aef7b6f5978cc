"""The update rules as PyTorch optimizers: drop-ins for those of `torch.optim`.

Names, constructor arguments, parameter groups and state dicts are PyTorch's. A run can change from one to the other in
the middle:

>>> import torch
>>> model = torch.nn.Linear(3, 2)
>>> ours, theirs = Adam(model.parameters(), lr=1e-3), torch.optim.Adam(model.parameters(), lr=1e-3)
>>> theirs.load_state_dict(ours.state_dict())

The mathematics is in the rules; what is here, and in ``torch_adam.py`` for Adam's family, is bookkeeping. ``foreach``
and ``fused``, hints on how PyTorch should compute its steps, are accepted and make no difference; ``capturable`` and
``differentiable`` are refused.

Sources: I2DL lecture 5; the papers are named with the rules.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from i2dl.optim._checks import check_fraction, check_not_negative
from i2dl.optim._torch_base import Group, Rate, RuleOptimizer, State, hyperparameters
from i2dl.optim.adaptive import (
    adadelta_update,
    adagrad_update,
    centred_rmsprop_direction,
    rmsprop_direction,
)
from i2dl.optim.rules import momentum_outside_update, nesterov_outside_update, sgd_update
from i2dl.optim.schedules import fractional_decay
from i2dl.optim.torch_adam import Adam, Adamax, AdamW, NAdam

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RMSprop"]


class SGD(RuleOptimizer):
    """Descent with or without momentum; a drop-in for `torch.optim.SGD` (`sgd_update`, `momentum_outside_update`).

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    momentum : float in [0, 1)
        β; the learning rate is outside the velocity, as in lecture 6.
    dampening : float
        What the velocity takes of a gradient is 1 − dampening; the first gradient is taken whole.
    weight_decay : float
        λ of coupled decay.
    nesterov : bool
        Whether to look ahead; needs a momentum and no dampening.
    maximize : bool
        Whether to walk uphill.
    foreach, differentiable, fused
        As described at the top of this file.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    numbers: ClassVar[Mapping[str, float]] = {}

    def __init__(
        self,
        params: Any,
        lr: Rate = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        check_fraction(momentum=group["momentum"])
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            found = f"momentum is {group['momentum']!r} and dampening {group['dampening']!r}"
            msg = f"nesterov needs a momentum above 0 and a dampening of 0, but {found}"
            raise ValueError(msg)

    def arrays(self, group: Group) -> dict[str, float]:
        """Carry a velocity if there is momentum."""
        return {"momentum_buffer": 0.0} if group["momentum"] else {}

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step of one of three rules."""
        rate, beta = float(group["lr"]), group["momentum"]
        if not beta:
            return sgd_update(w, dw, learning_rate=rate), {}
        velocity = state["momentum_buffer"]
        if group["nesterov"]:
            w, velocity = nesterov_outside_update(w, dw, velocity=velocity, learning_rate=rate, beta=beta)
        else:
            dampening = 0.0 if state["fresh"] else group["dampening"]
            w, velocity = momentum_outside_update(
                w, dw, velocity=velocity, learning_rate=rate, beta=beta, dampening=dampening
            )
        return w, {"momentum_buffer": velocity}


class Adagrad(RuleOptimizer):
    """A drop-in for `torch.optim.Adagrad` (`adagrad_update`).

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    lr_decay : float
        d, with which α follows `fractional_decay` from step to step.
    weight_decay : float
        λ of coupled decay.
    initial_accumulator_value : float
        What the sum of squares starts from.
    eps : float
        ε.
    maximize : bool
        Whether to walk uphill.
    foreach, differentiable, fused
        As described at the top of this file.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        check_not_negative(lr_decay=group["lr_decay"], initial_accumulator_value=group["initial_accumulator_value"])

    def arrays(self, group: Group) -> dict[str, float]:
        """Carry the sum of squared gradients."""
        return {"sum": group["initial_accumulator_value"]}

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step with the rate of the step's number."""
        rate = fractional_decay(state["step"], initial=float(group["lr"]), decay=group["lr_decay"])
        w, s = adagrad_update(w, dw, s=state["sum"], learning_rate=rate, eps=group["eps"])
        return w, {"sum": s, "step": state["step"] + 1}


class Adadelta(RuleOptimizer):
    """A drop-in for `torch.optim.Adadelta` (`adadelta_update`).

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    rho : float in [0, 1)
        ρ.
    eps : float
        ε.
    weight_decay : float
        λ of coupled decay.
    maximize : bool
        Whether to walk uphill.
    foreach, capturable, differentiable
        As described at the top of this file.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        check_fraction(rho=group["rho"])

    def arrays(self, group: Group) -> dict[str, float]:  # noqa: ARG002
        """Carry the averages of squared gradients and squared steps."""
        return {"square_avg": 0.0, "acc_delta": 0.0}

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step."""
        w, s, d = adadelta_update(
            w,
            dw,
            s=state["square_avg"],
            d=state["acc_delta"],
            learning_rate=float(group["lr"]),
            rho=group["rho"],
            eps=group["eps"],
        )
        return w, {"square_avg": s, "acc_delta": d, "step": state["step"] + 1}


class RMSprop(RuleOptimizer):
    """A drop-in for `torch.optim.RMSprop` (`rmsprop_direction`, `centred_rmsprop_direction`).

    With momentum, the velocity gathers the scaled gradients: RMSProp first, then `momentum_outside_update`.

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    alpha : float in [0, 1)
        β of the slides.
    eps : float
        ε.
    weight_decay : float
        λ of coupled decay.
    momentum : float in [0, 1)
        What the velocity keeps of itself; 0 for none.
    centered : bool
        Whether to scale by the variance instead of the mean square.
    maximize : bool
        Whether to walk uphill.
    capturable, foreach, differentiable
        As described at the top of this file.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        check_fraction(alpha=group["alpha"], momentum=group["momentum"])

    def arrays(self, group: Group) -> dict[str, float]:
        """Carry the mean square, and what momentum and centring need."""
        names = ["square_avg"]
        names += ["momentum_buffer"] if group["momentum"] else []
        names += ["grad_avg"] if group["centered"] else []
        return dict.fromkeys(names, 0.0)

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Scale the gradient, then take a step along it."""
        rate, s, average = float(group["lr"]), state["square_avg"], {"beta": group["alpha"], "eps": group["eps"]}
        new = {"step": state["step"] + 1}
        if group["centered"]:
            direction, new["square_avg"], new["grad_avg"] = centred_rmsprop_direction(
                dw, s=s, m=state["grad_avg"], **average
            )
        else:
            direction, new["square_avg"] = rmsprop_direction(dw, s=s, **average)
        if group["momentum"]:
            w, new["momentum_buffer"] = momentum_outside_update(
                w, direction, velocity=state["momentum_buffer"], learning_rate=rate, beta=group["momentum"]
            )
        else:
            w = sgd_update(w, direction, learning_rate=rate)
        return w, new

"""Adam and its family as PyTorch optimizers; the others, and what all have in common, are in ``torch_optimizers.py``.

Sources: I2DL lectures 5 and 8; the papers are named with the rules.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch

from i2dl.functional.regularizers import weight_decay_decoupled
from i2dl.optim._checks import check_fraction, check_not_negative
from i2dl.optim._torch_base import Group, Rate, RuleOptimizer, State, hyperparameters
from i2dl.optim.adam import adam_update, amsgrad_update
from i2dl.optim.adam_variants import adamax_update, nadam_update

__all__ = ["Adam", "AdamW", "Adamax", "NAdam"]


class Adam(RuleOptimizer):
    """A drop-in for `torch.optim.Adam` (`adam_update`, `amsgrad_update`).

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    betas : pair of float in [0, 1)
        β₁ and β₂.
    eps : float
        ε.
    weight_decay : float
        λ.
    amsgrad : bool
        Whether the second moment may only grow.
    foreach, capturable, differentiable, fused
        As described at the top of ``torch_optimizers.py``.
    maximize : bool
        Whether to walk uphill.
    decoupled_weight_decay : bool
        Whether the decay stays out of the moments: AdamW.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        _check_betas(group)

    def arrays(self, group: Group) -> dict[str, float]:
        """Carry both moments, and the maximum of the second one if it is wanted."""
        names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")
        return dict.fromkeys(names, 0.0)

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step of one of two rules, after decoupled decay if there is any."""
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            w = weight_decay_decoupled(w, float(group["lr"]), float(group["weight_decay"]))
        moments = {"m": state["exp_avg"], "v": state["exp_avg_sq"]}
        if group["amsgrad"]:
            moments["v_max"] = state["max_exp_avg_sq"]
            w, m, v, v_max, step = amsgrad_update(w, dw, **moments, **_adam(state, group))
            return w, {"exp_avg": m, "exp_avg_sq": v, "max_exp_avg_sq": v_max, "step": step}
        w, m, v, step = adam_update(w, dw, **moments, **_adam(state, group))
        return w, {"exp_avg": m, "exp_avg_sq": v, "step": step}


class AdamW(Adam):
    """A drop-in for `torch.optim.AdamW`: Adam with decoupled weight decay.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As in `Adam`.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(**hyperparameters(locals()), params=params, decoupled_weight_decay=True)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a saved state, be it Adam's: the decay stays decoupled."""
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


class Adamax(RuleOptimizer):
    """A drop-in for `torch.optim.Adamax` (`adamax_update`).

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    betas : pair of float in [0, 1)
        β₁ and β₂.
    eps : float
        ε.
    weight_decay : float
        λ of coupled decay.
    maximize : bool
        Whether to walk uphill.
    foreach, differentiable, capturable
        As described at the top of ``torch_optimizers.py``.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: Rate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        _check_betas(group)

    def arrays(self, group: Group) -> dict[str, float]:  # noqa: ARG002
        """Carry the first moment and the fading maximum."""
        return {"exp_avg": 0.0, "exp_inf": 0.0}

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step."""
        w, m, u, step = adamax_update(w, dw, m=state["exp_avg"], u=state["exp_inf"], **_adam(state, group))
        return w, {"exp_avg": m, "exp_inf": u, "step": step}


class NAdam(RuleOptimizer):
    """A drop-in for `torch.optim.NAdam` (`nadam_update`).

    PyTorch keeps the product of the momenta in the default dtype, here it is kept in float64; under the default float32
    the two drift apart by some 1e-8 of a step.

    Parameters
    ----------
    params : iterable
        Parameters or groups of them.
    lr : float or tensor
        α.
    betas : pair of float in [0, 1)
        β₁ and β₂.
    eps : float
        ε.
    weight_decay : float
        λ.
    momentum_decay : float
        How fast the momentum rises.
    decoupled_weight_decay : bool
        Whether the decay stays out of the moments.
    foreach, capturable, differentiable
        As described at the top of ``torch_optimizers.py``.
    maximize : bool
        Whether to walk uphill.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range.
    """

    numbers: ClassVar[Mapping[str, float]] = {"step": 0.0, "mu_product": 1.0}

    def __init__(
        self,
        params: Any,
        lr: Rate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(params, hyperparameters(locals()))

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        super().check(group)
        _check_betas(group)
        check_not_negative(momentum_decay=group["momentum_decay"])

    def arrays(self, group: Group) -> dict[str, float]:  # noqa: ARG002
        """Carry both moments."""
        return {"exp_avg": 0.0, "exp_avg_sq": 0.0}

    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Take a step, after decoupled decay if there is any."""
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            w = weight_decay_decoupled(w, float(group["lr"]), float(group["weight_decay"]))
        w, m, v, step, mu_product = nadam_update(
            w,
            dw,
            m=state["exp_avg"],
            v=state["exp_avg_sq"],
            mu_product=state["mu_product"],
            momentum_decay=group["momentum_decay"],
            **_adam(state, group),
        )
        return w, {"exp_avg": m, "exp_avg_sq": v, "step": step, "mu_product": mu_product}


def _check_betas(group: Group) -> None:
    check_fraction(beta1=float(group["betas"][0]), beta2=float(group["betas"][1]))


def _adam(state: State, group: Group) -> dict[str, Any]:
    """Return what all rules of Adam's family take."""
    beta1, beta2 = map(float, group["betas"])
    return {
        "step": int(state["step"]),
        "learning_rate": float(group["lr"]),
        "beta1": beta1,
        "beta2": beta2,
        "eps": group["eps"],
    }

"""Optimization: update rules, second-order methods, line search, schedules; and all that as PyTorch optimizers.

The functions are pure and run on any array library. The classes, `Adam` and its like, are drop-ins for those of
`torch.optim` and of `torch.optim.lr_scheduler`; PyTorch is imported when the first of them is asked for.
"""

from importlib import import_module
from typing import Any

from i2dl.functional.regularizers import weight_decay_coupled, weight_decay_decoupled
from i2dl.optim.adam import adam_update, adamw_update, amsgrad_update
from i2dl.optim.adam_variants import adamax_update, nadam_update
from i2dl.optim.adaptive import (
    adadelta_update,
    adagrad_update,
    centred_rmsprop_direction,
    centred_rmsprop_update,
    rmsprop_direction,
    rmsprop_update,
)
from i2dl.optim.averaging import average_checkpoints
from i2dl.optim.clipping import clip_by_global_norm, clip_by_value, global_norm
from i2dl.optim.conjugate_gradient import conjugate_gradient
from i2dl.optim.convergence import RobbinsMonro, has_converged, robbins_monro
from i2dl.optim.descent import iterations_per_epoch, minimize, minimize_stochastic
from i2dl.optim.least_squares import (
    gauss_newton,
    gauss_newton_step,
    levenberg,
    levenberg_marquardt,
    levenberg_marquardt_step,
    levenberg_step,
)
from i2dl.optim.line_search import backtracking_line_search, exact_line_search, wolfe_line_search
from i2dl.optim.quasi_newton import bfgs, bfgs_update, lbfgs, lbfgs_direction
from i2dl.optim.registry import RULES, Rule
from i2dl.optim.rules import (
    momentum_outside_update,
    momentum_update,
    nesterov_lookahead,
    nesterov_outside_update,
    nesterov_update,
    sgd_update,
)
from i2dl.optim.schedules import (
    exponential_decay,
    fractional_decay,
    inverse_time_decay,
    milestone_decay,
    piecewise_constant,
    reduce_on_plateau,
    square_root_decay,
    step_decay,
    transformer_warmup,
)
from i2dl.optim.second_order import newton, newton_step

_TORCH = {
    **dict.fromkeys(("SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RMSprop"), "torch_optimizers"),
    **dict.fromkeys(
        (
            "ExponentialLR",
            "FractionalLR",
            "InverseTimeLR",
            "MultiStepLR",
            "PiecewiseConstantLR",
            "ReduceLROnPlateau",
            "SquareRootLR",
            "StepLR",
            "TransformerLR",
        ),
        "torch_schedulers",
    ),
}

__all__ = [
    "RULES",
    "RobbinsMonro",
    "Rule",
    "adadelta_update",
    "adagrad_update",
    "adam_update",
    "adamax_update",
    "adamw_update",
    "amsgrad_update",
    "average_checkpoints",
    "backtracking_line_search",
    "bfgs",
    "bfgs_update",
    "centred_rmsprop_direction",
    "centred_rmsprop_update",
    "clip_by_global_norm",
    "clip_by_value",
    "conjugate_gradient",
    "exact_line_search",
    "exponential_decay",
    "fractional_decay",
    "gauss_newton",
    "gauss_newton_step",
    "global_norm",
    "has_converged",
    "inverse_time_decay",
    "iterations_per_epoch",
    "lbfgs",
    "lbfgs_direction",
    "levenberg",
    "levenberg_marquardt",
    "levenberg_marquardt_step",
    "levenberg_step",
    "milestone_decay",
    "minimize",
    "minimize_stochastic",
    "momentum_outside_update",
    "momentum_update",
    "nadam_update",
    "nesterov_lookahead",
    "nesterov_outside_update",
    "nesterov_update",
    "newton",
    "newton_step",
    "piecewise_constant",
    "reduce_on_plateau",
    "rmsprop_direction",
    "rmsprop_update",
    "robbins_monro",
    "sgd_update",
    "square_root_decay",
    "step_decay",
    "transformer_warmup",
    "weight_decay_coupled",
    "weight_decay_decoupled",
    "wolfe_line_search",
]


def __getattr__(name: str) -> Any:
    """Import the optimizers and schedulers for PyTorch when they are used."""
    if name not in _TORCH:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"i2dl.optim.{_TORCH[name]}"), name)


def __dir__() -> list[str]:
    """List them all the same."""
    return sorted([*globals(), *_TORCH])

"""What the optimizers for PyTorch have in common: they gather tensors, call a pure rule, and put the results back."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch

from i2dl.functional._checks import check_number
from i2dl.functional.regularizers import weight_decay_coupled
from i2dl.optim._blocks import blocks, gather, scatter

Group = dict[str, Any]
State = dict[str, Any]
Rate = float | torch.Tensor


class RuleOptimizer(torch.optim.Optimizer, ABC):
    """A `torch.optim.Optimizer` that takes its steps with a pure update rule.

    A subclass says which state the rule carries, under the names that PyTorch uses for it, and calls the rule; so state
    dicts move between this optimizer and PyTorch's in both directions.

    Parameters
    ----------
    params : iterable
        Parameters, or dictionaries with "params" and their own hyperparameters.
    defaults : dict
        Hyperparameters of the groups that do not name their own.

    Raises
    ------
    ValueError
        If a hyperparameter is out of range, or an option is not supported.
    """

    # Numbers in the state besides arrays, and what they are at first. PyTorch keeps them as tensors without axes.
    numbers: ClassVar[Mapping[str, float]] = {"step": 0.0}

    @abstractmethod
    def arrays(self, group: Group) -> dict[str, float]:
        """Name the arrays of the state, and say what they are filled with at first."""

    @abstractmethod
    def update(self, w: torch.Tensor, dw: torch.Tensor, state: State, group: Group) -> tuple[torch.Tensor, State]:
        """Call the rule: parameter, gradient and state in, new parameter and new state out.

        ``state`` holds the arrays and numbers by name, and "fresh": whether this is the parameter's first step.
        """

    def check(self, group: Group) -> None:
        """Raise ValueError if a hyperparameter of the group is out of range."""
        for name in ("lr", "eps", "weight_decay"):
            if name in group:
                check_number(name, float(group[name]), at_least=0.0)
        for name in ("differentiable", "capturable"):
            if group.get(name):
                msg = f"{name} must be False: the steps of this optimizer are computed in plain, unrecorded operations"
                raise ValueError(msg)

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, after checking its hyperparameters."""
        self.check({**self.defaults, **param_group})
        super().add_param_group(param_group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a saved state; PyTorch's groups may lack a hyperparameter that is new here."""
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.defaults.items():
                group.setdefault(name, value)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step with the gradients that the parameters hold.

        Parameters
        ----------
        closure : callable or None
            ``closure() -> loss``, which computes the gradients anew before the step.

        Returns
        -------
        loss
            What the closure returned, or None.

        Raises
        ------
        TypeError
            If a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for (_, _, fresh, *values), members in self._alike(group).items():
                numbers = dict(zip(self.numbers, values, strict=True))
                self._advance(members, group, {**numbers, "fresh": fresh})
        return loss

    def _alike(self, group: Group) -> dict[tuple[Any, ...], list[torch.Tensor]]:
        """Sort a group's parameters by what a block must share: device, dtype, and the numbers of the state."""
        alike: dict[tuple[Any, ...], list[torch.Tensor]] = {}
        for p in group["params"]:
            if p.grad is None:
                continue
            if p.grad.is_sparse:
                msg = f"gradients must be dense, but that of a parameter of shape {tuple(p.shape)} is sparse"
                raise TypeError(msg)
            fresh = self._start(p, group)
            values = [self.state[p][name].item() for name in self.numbers]
            alike.setdefault((p.device, p.dtype, fresh, *values), []).append(p)
        return alike

    def _start(self, p: torch.Tensor, group: Group) -> bool:
        """Create what is missing in a parameter's state; return whether all of it was."""
        arrays = self.arrays(group)
        if not arrays and not self.numbers:
            return True
        state = self.state[p]
        fresh = not state
        for name, value in self.numbers.items():
            if name not in state:
                # A count is exact in float32, PyTorch's choice; a product of many factors deserves more digits.
                dtype = torch.float32 if name == "step" else torch.float64
                state[name] = torch.tensor(value, dtype=dtype)
        for name, value in arrays.items():
            if name not in state:
                state[name] = torch.full_like(p, value, memory_format=torch.preserve_format)
        return fresh

    def _advance(self, members: list[torch.Tensor], group: Group, numbers: State) -> None:
        """Apply the rule, block by block, to parameters that share the numbers of their state."""
        names = list(self.arrays(group))
        rows = [(p.detach(), p.grad, *(self.state[p][name] for name in names)) for p in members]
        new: State = {}
        for block in blocks(rows):
            w, dw, *arrays = gather(block)
            if group["maximize"]:
                dw = -dw
            if group["weight_decay"] and not group.get("decoupled_weight_decay"):
                dw = weight_decay_coupled(w, dw, float(group["weight_decay"]))
            w, new = self.update(w, dw, {**dict(zip(names, arrays, strict=True)), **numbers}, group)
            w_pieces, _, *array_pieces = zip(*block, strict=True)
            scatter(w, w_pieces)
            for name, pieces in zip(names, array_pieces, strict=True):
                scatter(new[name], pieces)
        for p in members:
            for name in self.numbers:
                if name in new:
                    self.state[p][name].fill_(new[name])


def hyperparameters(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the hyperparameters among the local names of a constructor that has done nothing yet."""
    return {name: value for name, value in arguments.items() if name not in ("self", "params", "__class__")}

"""The multi-layer perceptron."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch

from i2dl.nn import Flatten, Linear, ReLU


class MLP(torch.nn.Module):
    """Affine layers with an activation between each two, and none after the last.

    f(x) = W_L a(… a(W_2 a(W_1 x + b_1) + b_2) …) + b_L. The outputs are raw scores, for a loss that takes logits. With
    two sizes it is a linear model, with three the two-layer network of the lecture.

    Parameters
    ----------
    sizes : sequence of int
        The lengths of input, hidden layers and output: [64, 32, 10].
    activation : callable
        Makes the activation module of one layer: a class, or a function without arguments.

    Attributes
    ----------
    layers : torch.nn.Sequential
        Flatten, Linear, activation, Linear, …, Linear.

    Raises
    ------
    ValueError
        If there are fewer than two sizes.

    References
    ----------
    Lecture 3, neural networks.
    """

    def __init__(self, sizes: Sequence[int], activation: Callable[[], torch.nn.Module] = ReLU) -> None:
        """Stack the layers."""
        super().__init__()
        if len(sizes) < 2:
            msg = f"sizes must give at least the input and the output length, got {list(sizes)}"
            raise ValueError(msg)
        layers: list[torch.nn.Module] = [Flatten()]
        for inputs, outputs in pairwise(sizes):
            layers += [Linear(inputs, outputs), activation()]
        self.layers = torch.nn.Sequential(*layers[:-1])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, ...), flattened to (N, sizes[0]), to scores (N, sizes[-1])."""
        return self.layers(x)

"""The course's layers and losses as `torch.nn` modules: drop-in replacements for PyTorch's own.

Constructor arguments, parameter names and shapes are PyTorch's, so a state dict moves either way. What runs inside, in
both directions, is `i2dl.functional`. Arguments that change no number (`inplace`) are left out.
"""

from torch.nn import Flatten  # moves no number, so there is nothing to write again

from i2dl.nn.activations import (
    ELU,
    Identity,
    LeakyReLU,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Swish,
    Tanh,
)
from i2dl.nn.linear import Linear
from i2dl.nn.losses import CrossEntropyLoss, MSELoss

__all__ = [
    "ELU",
    "CrossEntropyLoss",
    "Flatten",
    "Identity",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Swish",
    "Tanh",
]

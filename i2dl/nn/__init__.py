"""The course's layers and losses as `torch.nn` modules: drop-in replacements for PyTorch's own.

Constructor arguments, parameter names and shapes are PyTorch's, so a state dict moves either way. What runs inside, in
both directions, is `i2dl.functional`. Arguments that change no number (`inplace`) are left out.
"""

from torch.nn import Flatten  # moves no number, so there is nothing to write again

from i2dl.nn.activations import ELU, Identity, LeakyReLU, PReLU, ReLU, Sigmoid, SiLU, Softmax, Softplus, Swish, Tanh
from i2dl.nn.attention import MultiheadAttention
from i2dl.nn.batch_norm import BatchNorm1d, BatchNorm2d, InstanceNorm2d
from i2dl.nn.conv import Conv1d, Conv2d, ConvTranspose2d
from i2dl.nn.dropout import Dropout, Dropout2d
from i2dl.nn.embedding import Embedding
from i2dl.nn.linear import Linear
from i2dl.nn.losses import CrossEntropyLoss, MSELoss
from i2dl.nn.normalization import GroupNorm, LayerNorm
from i2dl.nn.pooling import AvgPool2d, MaxPool2d, MaxUnpool2d, Upsample
from i2dl.nn.recurrent import LSTM, RNN

__all__ = [
    "ELU",
    "LSTM",
    "RNN",
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "Identity",
    "InstanceNorm2d",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MSELoss",
    "MaxPool2d",
    "MaxUnpool2d",
    "MultiheadAttention",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Swish",
    "Tanh",
    "Upsample",
]

"""The activations as modules; what each computes, and its derivative, is in `i2dl.functional`."""

from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional import activations as smooth
from i2dl.functional import rectifiers
from i2dl.functional.softmax import softmax_backward, softmax_forward

_identity = autograd_function(smooth.identity_forward, smooth.identity_backward)
_sigmoid = autograd_function(smooth.sigmoid_forward, smooth.sigmoid_backward)
_tanh = autograd_function(smooth.tanh_forward, smooth.tanh_backward)
_softplus = autograd_function(smooth.softplus_forward, smooth.softplus_backward)
_swish = autograd_function(smooth.swish_forward, smooth.swish_backward)
_relu = autograd_function(rectifiers.relu_forward, rectifiers.relu_backward)
_leaky_relu = autograd_function(rectifiers.leaky_relu_forward, rectifiers.leaky_relu_backward)
_prelu = autograd_function(rectifiers.prelu_forward, rectifiers.prelu_backward)
_elu = autograd_function(rectifiers.elu_forward, rectifiers.elu_backward)
_softmax = autograd_function(softmax_forward, softmax_backward)


class Identity(torch.nn.Module):
    """f(x) = x; a drop-in for `torch.nn.Identity`, which ignores its arguments too (student summary VII.2)."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        """Ignore all arguments."""
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape to a copy."""
        return _identity(x)


class Sigmoid(torch.nn.Module):
    """σ(x) = 1/(1 + e⁻ˣ); a drop-in for `torch.nn.Sigmoid` (lectures 3 and 7)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _sigmoid(x)


class Tanh(torch.nn.Module):
    """tanh(x); a drop-in for `torch.nn.Tanh` (lectures 3 and 7)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _tanh(x)


class ReLU(torch.nn.Module):
    """max(0, x); a drop-in for `torch.nn.ReLU` (lectures 3 and 7)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _relu(x)


class LeakyReLU(torch.nn.Module):
    """x for x > 0, else αx; a drop-in for `torch.nn.LeakyReLU` (lectures 3 and 7).

    Parameters
    ----------
    negative_slope : float
        α.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        """Keep the slope."""
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _leaky_relu(x, alpha=self.negative_slope)

    def extra_repr(self) -> str:
        """Return the slope."""
        return f"negative_slope={self.negative_slope}"


class PReLU(torch.nn.Module):
    """x for x > 0, else αx with a learnt α; a drop-in for `torch.nn.PReLU` (lecture 7; He et al. 2015).

    Parameters
    ----------
    num_parameters : int
        1 for one α, or C for one per channel.
    init : float
        Where α starts.
    device, dtype
        Where α lives and in which type.

    Attributes
    ----------
    weight : parameter (num_parameters,)
        α.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        """Create α."""
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = torch.nn.Parameter(torch.full((num_parameters,), init, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Set α to where it starts."""
        torch.nn.init.constant_(self.weight, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x (N, C, ...), or of any shape if α is shared, entry by entry."""
        return _prelu(x, self.weight)

    def extra_repr(self) -> str:
        """Return the number of parameters."""
        return f"num_parameters={self.num_parameters}"


class ELU(torch.nn.Module):
    """x for x > 0, else α(eˣ - 1); a drop-in for `torch.nn.ELU` (lecture 3).

    Parameters
    ----------
    alpha : float
        α, the depth on the left.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        """Keep α."""
        super().__init__()
        self.alpha = alpha

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _elu(x, alpha=self.alpha)

    def extra_repr(self) -> str:
        """Return α."""
        return f"alpha={self.alpha}"


class Softplus(torch.nn.Module):
    """ln(1 + e^(βx))/β; a drop-in for `torch.nn.Softplus` (exam Feb 2022, 2.2).

    PyTorch returns x itself where βx > 20 (its `threshold`), to avoid an overflow that does not happen here; the values
    differ there by less than 3e-9/β.

    Parameters
    ----------
    beta : float
        β, the sharpness of the corner.
    """

    def __init__(self, beta: float = 1.0) -> None:
        """Keep β."""
        super().__init__()
        self.beta = beta

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _softplus(x, beta=self.beta)

    def extra_repr(self) -> str:
        """Return β."""
        return f"beta={self.beta}"


class Swish(torch.nn.Module):
    """x · σ(βx) (Ramachandran, Zoph, Le 2017; student summary VII.2).

    Parameters
    ----------
    beta : float
        β, how sharply the gate opens.
    """

    def __init__(self, beta: float = 1.0) -> None:
        """Keep β."""
        super().__init__()
        self.beta = beta

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _swish(x, beta=self.beta)

    def extra_repr(self) -> str:
        """Return β."""
        return f"beta={self.beta}"


class SiLU(torch.nn.Module):
    """x · σ(x), swish with β = 1; a drop-in for `torch.nn.SiLU` (Ramachandran, Zoph, Le 2017)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map x of any shape, entry by entry."""
        return _swish(x)


class Softmax(torch.nn.Module):
    """e^(x_k) / Σ_j e^(x_j) along one axis; a drop-in for `torch.nn.Softmax` (lecture 7).

    For training a classifier leave it out: `CrossEntropyLoss` takes raw scores.

    Parameters
    ----------
    dim : int
        The axis that counts the classes. (PyTorch guesses when it is left out, and warns; here it is the last.)
    """

    def __init__(self, dim: int = -1) -> None:
        """Keep the axis."""
        super().__init__()
        self.dim = dim

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map scores of any shape to probabilities of the same shape."""
        return _softmax(x, axis=self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"

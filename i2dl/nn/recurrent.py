"""The recurrent networks as modules.

PyTorch keeps the weights of a layer as (G·H, D) and (G·H, H), one row per score, with G = 4 for the LSTM and 1
otherwise; it has two biases where one would do; and the gates of its LSTM come in the order i, f, g, o. The functions
want one column per score, one bias and the order i, f, o, g. The modules transpose, add and reorder.
"""

import math
from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.lstm import lstm_backward, lstm_forward
from i2dl.functional.rnn import rnn_backward, rnn_forward

__all__ = ["LSTM", "RNN"]

_rnn = autograd_function(rnn_forward, rnn_backward)
_lstm = autograd_function(lstm_forward, lstm_backward)


class _Recurrent(torch.nn.Module):
    """Sizes, parameters and layout, which all recurrent layers share."""

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool, device: Any, dtype: Any
    ) -> None:
        super().__init__()
        if num_layers < 1:
            msg = f"num_layers must be at least 1, got {num_layers}"
            raise ValueError(msg)
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        rows = self.gates * hidden_size
        for layer in range(num_layers):
            shapes = [("weight_ih", [rows, hidden_size if layer else input_size]), ("weight_hh", [rows, hidden_size])]
            if bias:
                shapes += [("bias_ih", [rows]), ("bias_hh", [rows])]
            for name, shape in shapes:
                parameter = torch.nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                self.register_parameter(f"{name}_l{layer}", parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1/√H, 1/√H)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0.0
        for parameter in self.parameters():
            torch.nn.init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """Return what differs from the defaults, as PyTorch prints it."""
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if self.num_layers != 1:
            parts.append(f"num_layers={self.num_layers}")
        if not self.bias:
            parts.append(f"bias={self.bias}")
        if self.batch_first:
            parts.append(f"batch_first={self.batch_first}")
        return ", ".join(parts)

    def weights(self, layer: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return Wx (D, G·H), Wh (H, G·H) and b (G·H,) of a layer, as the functions want them."""
        Wx, Wh = self.get_parameter(f"weight_ih_l{layer}"), self.get_parameter(f"weight_hh_l{layer}")
        if self.bias:
            b = self.get_parameter(f"bias_ih_l{layer}") + self.get_parameter(f"bias_hh_l{layer}")
        else:
            b = Wx.new_zeros(Wx.shape[0])
        return self.order_gates(Wx).T, self.order_gates(Wh).T, self.order_gates(b)

    def order_gates(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the rows in the functions' order."""
        return rows

    def sequences_first(self, x: torch.Tensor) -> torch.Tensor:
        """Return x as (N, T, D), from (T, N, D), with `batch_first` (N, T, D), or for a single sequence (T, D)."""
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            wanted = "(N, T, {0})" if self.batch_first else "(T, N, {0})"
            msg = f"x must have shape {wanted.format(self.input_size)} or (T, {self.input_size}), got {tuple(x.shape)}"
            raise ValueError(msg)
        if x.ndim == 2:
            return x[None]
        return x if self.batch_first else x.transpose(0, 1)

    def first_state(self, x: torch.Tensor, name: str, state: torch.Tensor | None, sequences: int) -> torch.Tensor:
        """Return a state as (num_layers, N, H): zeros if None is given."""
        shape = (self.num_layers, sequences, self.hidden_size)
        if state is None:
            return x.new_zeros(shape)
        expected = shape if x.ndim == 3 else (self.num_layers, self.hidden_size)
        if tuple(state.shape) != expected:
            msg = f"{name} must have shape {expected} for x of shape {tuple(x.shape)}, got {tuple(state.shape)}"
            raise ValueError(msg)
        return state.reshape(shape)

    def as_called(self, x: torch.Tensor, out: torch.Tensor, *states: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return the output (N, T, H) in the layout of x, and the layers' last states in one tensor per kind."""
        last = [torch.stack(state) for state in states]
        if x.ndim == 2:
            return [out[0], *(state[:, 0] for state in last)]
        return [out if self.batch_first else out.transpose(0, 1), *last]


class RNN(_Recurrent):
    """The vanilla recurrent network h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), a drop-in for `torch.nn.RNN`.

    Left out are `dropout` between the layers, `bidirectional`, and packed sequences. All parameters start from
    U(-1/√H, 1/√H), as in PyTorch, number for number under the same seed.

    Parameters
    ----------
    input_size : int
        D, the length of an input.
    hidden_size : int
        H, the length of the hidden state.
    num_layers : int
        How many networks to stack: each reads the hidden states of the one below.
    nonlinearity : {"tanh", "relu"}
        What is applied to the scores.
    bias : bool
        Whether to add b_ih and b_hh.
    batch_first : bool
        Whether inputs and outputs are (N, T, ...) instead of (T, N, ...).
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0 : parameter (H, D), (H, H)
        Weights of the first layer; those above are called l1, l2, ..., and their inputs are H long.
    bias_ih_l0, bias_hh_l0 : parameter (H,)
        Its biases.

    Raises
    ------
    ValueError
        If `nonlinearity` is none of the two or there is no layer; when called, if a shape does not fit.

    References
    ----------
    Lecture 11 ("Basic structure of an RNN").
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parameters and draw their first values."""
        if nonlinearity not in ("tanh", "relu"):
            msg = f'nonlinearity must be "tanh" or "relu", got {nonlinearity!r}'
            raise ValueError(msg)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, x: torch.Tensor, hx: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Map x (T, N, D) to all states of the last layer, (T, N, H), and the last of all layers, (num_layers, N, H).

        With `batch_first` x and all states are (N, T, ...); a single sequence (T, D) has no N. `hx`, of the second
        result's shape, holds the states before the first step, zeros if left out.
        """
        out = self.sequences_first(x)
        h0 = self.first_state(x, "hx", hx, out.shape[0])
        last = []
        for layer in range(self.num_layers):
            out = _rnn(out, h0[layer], *self.weights(layer), nonlinearity=self.nonlinearity)
            last.append(out[:, -1])
        out, hn = self.as_called(x, out, last)
        return out, hn


class LSTM(_Recurrent):
    """Long short-term memory, a drop-in for `torch.nn.LSTM`.

    Left out are `dropout` between the layers, `bidirectional`, `proj_size`, and packed sequences. All parameters start
    from U(-1/√H, 1/√H), as in PyTorch, number for number under the same seed.

    Parameters
    ----------
    input_size : int
        D, the length of an input.
    hidden_size : int
        H, the length of the hidden state and of the cell state.
    num_layers : int
        How many networks to stack: each reads the hidden states of the one below.
    bias : bool
        Whether to add b_ih and b_hh.
    batch_first : bool
        Whether inputs and outputs are (N, T, ...) instead of (T, N, ...).
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0 : parameter (4H, D), (4H, H)
        Weights of the first layer, with the rows of i, f, g, o under each other, PyTorch's order; those above are
        called l1, l2, ..., and their inputs are H long.
    bias_ih_l0, bias_hh_l0 : parameter (4H,)
        Its biases.

    Raises
    ------
    ValueError
        If there is no layer; when called, if a shape does not fit.

    References
    ----------
    Hochreiter, Schmidhuber, *Long short-term memory*, 1997; lecture 11.
    """

    gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parameters and draw their first values."""
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, device, dtype)

    def order_gates(self, rows: torch.Tensor) -> torch.Tensor:
        """Return rows in PyTorch's order i, f, g, o in the functions' order i, f, o, g."""
        i, f, g, o = rows.chunk(4)
        return torch.cat([i, f, o, g])

    def forward(
        self, x: torch.Tensor, hx: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Map x (T, N, D) to all hidden states of the last layer, (T, N, H), and the last h and c of all layers.

        With `batch_first` x and all hidden states are (N, T, ...); a single sequence (T, D) has no N. `hx` holds h and
        c before the first step, each (num_layers, N, H) like the last ones; zeros if left out.
        """
        out = self.sequences_first(x)
        given_h, given_c = (None, None) if hx is None else hx
        h0 = self.first_state(x, "hx[0]", given_h, out.shape[0])
        c0 = self.first_state(x, "hx[1]", given_c, out.shape[0])
        last_h, last_c = [], []
        for layer in range(self.num_layers):
            out, c = _lstm(out, h0[layer], c0[layer], *self.weights(layer))
            last_h.append(out[:, -1])
            last_c.append(c)
        out, hn, cn = self.as_called(x, out, last_h, last_c)
        return out, (hn, cn)

"""The layers of a transformer: attention and a feed-forward network, joined by residual connections with dropout.

A stream of vectors runs through the network, one for each place of the text. A sublayer f reads it and adds to it:

    x ← norm(x + Dropout(f(x)))        as in the paper,
    x ← x + Dropout(f(norm(x)))        with norm_first, as in most later models.

The sum lets the gradient pass every sublayer undamped (``i2dl/functional/residual.py``), the dropout is the lecture's
*residual dropout*, and the layer norm keeps the stream from growing. In the second form nothing stands in the way of
the sum from bottom to top, and training is stable without a warm-up of the rate.

An encoder's layer has two sublayers: *self-attention*, in which every place looks at every other, and the *feed-forward
network*, in which it thinks about what it found. A decoder's layer has a third in between, *cross-attention*, in which
the places of the text that is being written look at the *memory*, the encoder's result.

PyTorch's masks say where *not* to look (True), or are added to the scores. Its ``is_causal`` is but a hint, beside a
mask that has to be given; here it does what it says.

Source: Vaswani and others, *Attention is all you need*, 2017; I2DL lecture 11. The norm first: Xiong and others, *On
layer normalization in the transformer architecture*, 2020.
"""

from collections.abc import Callable
from typing import Any

import torch

from i2dl.nn import Dropout, LayerNorm, Linear, MultiheadAttention, ReLU

__all__ = ["Activation", "TransformerDecoderLayer", "TransformerEncoderLayer"]

Tensor = torch.Tensor
Activation = str | Callable[[Tensor], Tensor]


class _Layer(torch.nn.Module):
    """What both kinds of layer share: the feed-forward network, and how a sublayer is joined."""

    norm_first: bool
    linear1: Linear
    linear2: Linear
    dropout: Dropout
    activation: Callable[[Tensor], Tensor]

    def _join(self, x: Tensor, sublayer: Callable[[Tensor], Tensor], norm: LayerNorm, dropout: Dropout) -> Tensor:
        """Add to x what the sublayer makes of it, less what is dropped."""
        if self.norm_first:
            return x + dropout(sublayer(norm(x)))
        return norm(x + dropout(sublayer(x)))

    def _feed_forward(self, x: Tensor) -> Tensor:
        """Send every place through two affine layers."""
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network; a drop-in for `torch.nn.TransformerEncoderLayer`.

    Parameters
    ----------
    d_model : int
        E, the length of the vectors.
    nhead : int
        Heads of the attention, a divisor of E.
    dim_feedforward : int
        Length of the hidden layer of the feed-forward network.
    dropout : float in [0, 1]
        Probability to drop: entries of what a sublayer adds, hidden neurons, weights of the attention.
    activation : "relu", "gelu" or callable
        Between the two affine layers.
    layer_norm_eps : float
        ε of the layer norms.
    batch_first : bool
        Whether inputs and outputs are (N, S, E) instead of (S, N, E).
    norm_first : bool
        Whether the norm stands before the sublayer instead of after the sum.
    bias : bool
        Whether affine layers and norms add a bias.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    self_attn : MultiheadAttention
        The attention.
    linear1, linear2 : Linear
        The feed-forward network.
    norm1, norm2 : LayerNorm
        One for each sublayer.

    Raises
    ------
    ValueError
        If the heads do not divide E, or the activation has an unknown name; when called, if a shape does not fit.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 3.1; I2DL lecture 11 ("N layers of attention followed
    by FC").
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the sublayers, in PyTorch's order, so that they draw the same first values."""
        super().__init__()
        where: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        self.norm_first = norm_first
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **where)
        self.linear1 = Linear(d_model, dim_feedforward, **where)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **where)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **where)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **where)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Map vectors (S, N, E), with `batch_first` (N, S, E), of a single text (S, E), to the same shape.

        The masks are (S, S) or (N · heads, S, S), and (N, S); `is_causal` without a mask hides what comes later.
        """

        def attend(x: Tensor) -> Tensor:
            return _look(self.self_attn, x, x, src_mask, src_key_padding_mask, is_causal)

        x = self._join(src, attend, self.norm1, self.dropout1)
        return self._join(x, self._feed_forward, self.norm2, self.dropout2)


class TransformerDecoderLayer(_Layer):
    """Self-attention, cross-attention, feed-forward network; a drop-in for `torch.nn.TransformerDecoderLayer`.

    Parameters, and what is raised: as `TransformerEncoderLayer`.

    Attributes
    ----------
    self_attn : MultiheadAttention
        Where the decoder's places look at each other.
    multihead_attn : MultiheadAttention
        Where they look at the memory.
    linear1, linear2 : Linear
        The feed-forward network.
    norm1, norm2, norm3 : LayerNorm
        One for each sublayer.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 3.1; I2DL lecture 11 ("multi-headed attention between
    encoder and the decoder").
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the sublayers, in PyTorch's order, so that they draw the same first values."""
        super().__init__()
        where: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        self.norm_first = norm_first
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **where)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **where)
        self.linear1 = Linear(d_model, dim_feedforward, **where)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **where)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, **where)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, **where)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, **where)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Map vectors (T, N, E) and a memory (S, N, E) to vectors (T, N, E).

        With `batch_first` N comes first; for a single text it is absent from both. The masks of tgt are (T, T) or
        (N · heads, T, T), and (N, T); those of the memory (T, S) or (N · heads, T, S), and (N, S).
        """

        def attend(x: Tensor) -> Tensor:
            return _look(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def consult(x: Tensor) -> Tensor:
            return _look(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)

        x = self._join(tgt, attend, self.norm1, self.dropout1)
        x = self._join(x, consult, self.norm2, self.dropout2)
        return self._join(x, self._feed_forward, self.norm3, self.dropout3)


def _look(
    attention: MultiheadAttention,
    x: Tensor,
    where: Tensor,
    mask: Tensor | None,
    padding: Tensor | None,
    is_causal: bool,
) -> Tensor:
    """Return what the places of x found elsewhere."""
    found, _ = attention(
        x, where, where, key_padding_mask=padding, need_weights=False, attn_mask=mask, is_causal=is_causal
    )
    return found


def _activation(activation: Activation) -> Callable[[Tensor], Tensor]:
    # GELU is no topic of the course; it is here for networks that were trained with it.
    known: dict[str, Callable[[Tensor], Tensor]] = {"relu": ReLU(), "gelu": torch.nn.GELU()}
    if not isinstance(activation, str):
        return activation
    if activation not in known:
        msg = f"activation must be one of {', '.join(map(repr, known))} or a function, got {activation!r}"
        raise ValueError(msg)
    return known[activation]

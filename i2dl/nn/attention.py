"""Multi-head attention as a module."""

import math
from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.affine import affine_backward, affine_forward
from i2dl.functional.attention import (
    attention_weights_backward,
    attention_weights_forward,
    scaled_dot_product_attention_backward,
    scaled_dot_product_attention_forward,
)
from i2dl.functional.masks import causal_mask
from i2dl.nn.linear import Linear

__all__ = ["MultiheadAttention"]

_affine = autograd_function(affine_forward, affine_backward)
_attention = autograd_function(scaled_dot_product_attention_forward, scaled_dot_product_attention_backward)
_attention_weights = autograd_function(attention_weights_forward, attention_weights_backward)


class MultiheadAttention(torch.nn.Module):
    """Attention in several heads, a drop-in for `torch.nn.MultiheadAttention`.

    PyTorch's masks say where *not* to look (True), those of `i2dl.functional` where to look: the module turns them
    round. A query that may look nowhere finds zeros here, and NaN in PyTorch. Left out are `add_bias_kv`,
    `add_zero_attn`, `kdim` and `vdim`. Parameters start as in PyTorch, number for number under the same seed.

    Parameters
    ----------
    embed_dim : int
        E, the length of inputs and outputs.
    num_heads : int
        Number of heads, a divisor of E.
    dropout : float
        Share of the attention weights that is dropped in training; the others grow by 1/(1 - dropout).
    bias : bool
        Whether the four projections add a bias.
    batch_first : bool
        Whether inputs and outputs are (N, T, E) instead of (T, N, E).
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    in_proj_weight : parameter (3E, E)
        The weights of queries, keys and values under each other.
    in_proj_bias : parameter (3E,) or None
        Their biases.
    out_proj : Linear
        The projection that mixes the heads.

    Raises
    ------
    ValueError
        If `num_heads` does not divide `embed_dim`; when called, if a shape does not fit.
    TypeError
        When called, if a mask is neither boolean nor floating.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 3.2.2; lecture 11.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parameters and draw their first values."""
        super().__init__()
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            msg = f"embed_dim must be a multiple of num_heads, got {embed_dim} and {num_heads}"
            raise ValueError(msg)
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.in_proj_weight = torch.nn.Parameter(torch.empty(3 * embed_dim, embed_dim, device=device, dtype=dtype))
        self.in_proj_bias: torch.nn.Parameter | None
        if bias:
            self.in_proj_bias = torch.nn.Parameter(torch.empty(3 * embed_dim, device=device, dtype=dtype))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights of the three projections from Xavier's uniform distribution, and set all biases to zero."""
        torch.nn.init.xavier_uniform_(self.in_proj_weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                torch.nn.init.zeros_(bias)

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: torch.Tensor | None = None,
        need_weights: bool = True,
        attn_mask: torch.Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Map a query (L, N, E) with keys and values (S, N, E) to what it found (L, N, E), and the attention weights.

        With `batch_first` N comes first; a single text has no N. `key_padding_mask` (N, S) and `attn_mask` (L, S) or
        (N · heads, L, S) are True where not to look, or are added to the scores; `is_causal` alone hides what comes
        later. The weights are (N, L, S), with `average_attn_weights=False` (N, heads, L, S); without `need_weights`
        they are None, never held in memory as a whole, and the result comes sooner.
        """
        inputs = [self._sequences_first(name, x) for name, x in (("query", query), ("key", key), ("value", value))]
        n, length, sources = inputs[0].shape[0], inputs[0].shape[1], inputs[1].shape[1]
        if inputs[1].shape[0] != n or inputs[1].shape != inputs[2].shape:
            shapes = f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
            msg = f"query, key and value must have the same batch, key and value the same length, got {shapes}"
            raise ValueError(msg)
        if is_causal and attn_mask is None:
            attn_mask = ~causal_mask(length, like=inputs[0])
        mask = self._mask(inputs[0], sources, key_padding_mask, attn_mask)
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = map(self._project, inputs, self.in_proj_weight.chunk(3), biases)

        weights = None
        if need_weights or (self.training and self.dropout > 0):
            weights = torch.dropout(_attention_weights(q, k, mask=mask), self.dropout, self.training)
            found = weights @ v
        else:
            found = _attention(q, k, v, mask=mask)
        out = self.out_proj(found.transpose(1, 2).reshape(n, length, self.embed_dim))

        if weights is None or not need_weights:
            weights = None
        elif average_attn_weights:
            weights = weights.mean(1)
        if query.ndim == 2:
            return out[0], None if weights is None else weights[0]
        return out if self.batch_first else out.transpose(0, 1), weights

    def _sequences_first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        if x.ndim not in (2, 3) or x.shape[-1] != self.embed_dim:
            wanted = "(N, T, {0})" if self.batch_first else "(T, N, {0})"
            msg = (
                f"{name} must have shape {wanted.format(self.embed_dim)} or (T, {self.embed_dim}), got {tuple(x.shape)}"
            )
            raise ValueError(msg)
        if x.ndim == 2:
            return x[None]
        return x if self.batch_first else x.transpose(0, 1)

    def _project(self, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        """Map x (N, T, E) to its heads (N, heads, T, E / heads)."""
        n, t, _ = x.shape
        rows = x.reshape(n * t, self.embed_dim)
        out = _affine(rows, weight.T, weight.new_zeros(self.embed_dim) if bias is None else bias)
        return out.reshape(n, t, self.num_heads, self.head_dim).transpose(1, 2)

    def _mask(
        self, x: torch.Tensor, sources: int, padding: torch.Tensor | None, pairs: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Return what is to be added to the scores (N, heads, L, S): the sum of both masks."""
        (n, length, _), heads = x.shape, self.num_heads
        masks = []
        if padding is not None:
            self._check_mask("key_padding_mask", padding, [(n, sources)] + [(sources,)] * (n == 1))
            masks.append(_additive("key_padding_mask", padding, x).reshape(n, 1, 1, sources))
        if pairs is not None:
            self._check_mask("attn_mask", pairs, [(length, sources), (n * heads, length, sources)])
            shape = (1, 1, length, sources) if pairs.ndim == 2 else (n, heads, length, sources)
            masks.append(_additive("attn_mask", pairs, x).reshape(shape))
        return sum(masks[1:], masks[0]) if masks else None

    @staticmethod
    def _check_mask(name: str, mask: torch.Tensor, shapes: list[tuple[int, ...]]) -> None:
        if tuple(mask.shape) not in shapes:
            msg = f"{name} must have shape {' or '.join(map(str, shapes))}, got {tuple(mask.shape)}"
            raise ValueError(msg)


def _additive(name: str, mask: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if mask.is_floating_point():
        return mask.to(like)
    if mask.dtype != torch.bool:
        msg = f"{name} must be boolean or floating, got {mask.dtype}"
        raise TypeError(msg)
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill(mask, -math.inf)

"""The encoder–decoder transformer: two stacks of attention and fully connected layers.

The encoder reads a text as a whole, layer after layer; what comes out at the top is the *memory*, one vector for each
place. The decoder writes. Each of its layers looks at what has been written so far, then at the memory. In training all
of the text to be written is there at once, and a mask keeps each place from seeing what comes after it: one pass trains
as many predictions as there are words, where a recurrent network takes as many steps.

What a layer is made of stands in ``transformer_layers.py``. Everything here maps vectors to vectors; words come in and
go out in ``translator.py``. Constructors, parameter names and masks are those of PyTorch's modules, whose state dicts
fit.

Source: Vaswani and others, *Attention is all you need*, 2017; I2DL lecture 11.
"""

import copy
from typing import Any

import torch

from i2dl.models.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer
from i2dl.nn import LayerNorm

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]

Tensor = torch.Tensor


class TransformerEncoder(torch.nn.Module):
    """Encoder layers on top of each other; a drop-in for `torch.nn.TransformerEncoder`.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        The layer to be copied, with its parameters: all copies start alike.
    num_layers : int
        How many copies.
    norm : LayerNorm or None
        What the result goes through at the end.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 3.1; I2DL lecture 11.
    """

    def __init__(
        self, encoder_layer: TransformerEncoderLayer, num_layers: int, norm: torch.nn.Module | None = None
    ) -> None:
        """Copy the layer."""
        super().__init__()
        self.layers = torch.nn.ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Map vectors to the memory, of the same shape; masks as in the layer."""
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, bool(is_causal))
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(torch.nn.Module):
    """Decoder layers on top of each other, all with the same memory; a drop-in for `torch.nn.TransformerDecoder`.

    Parameters
    ----------
    decoder_layer : TransformerDecoderLayer
        The layer to be copied, with its parameters: all copies start alike.
    num_layers : int
        How many copies.
    norm : LayerNorm or None
        What the result goes through at the end.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017, section 3.1; I2DL lecture 11.
    """

    def __init__(
        self, decoder_layer: TransformerDecoderLayer, num_layers: int, norm: torch.nn.Module | None = None
    ) -> None:
        """Copy the layer."""
        super().__init__()
        self.layers = torch.nn.ModuleList(copy.deepcopy(decoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Map vectors and the memory to vectors; shapes and masks as in the layer."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, bool(tgt_is_causal), memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(torch.nn.Module):
    """Encoder and decoder, each with a norm at the end; a drop-in for `torch.nn.Transformer`.

    Parameters start as in PyTorch, number for number under the same seed. Left out are `custom_encoder` and
    `custom_decoder`.

    Parameters
    ----------
    d_model : int
        E, the length of the vectors.
    nhead : int
        Heads of each attention, a divisor of E.
    num_encoder_layers, num_decoder_layers : int
        How many layers.
    dim_feedforward : int
        Length of the hidden layer of the feed-forward networks.
    dropout : float in [0, 1]
        Probability to drop; 0.1 in the paper's base model.
    activation : "relu", "gelu" or callable
        Inside the feed-forward networks.
    layer_norm_eps : float
        ε of the layer norms.
    batch_first : bool
        Whether inputs and outputs are (N, T, E) instead of (T, N, E).
    norm_first : bool
        Whether the norm stands before each sublayer instead of after the sum.
    bias : bool
        Whether affine layers and norms add a bias.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    encoder : TransformerEncoder
        What reads.
    decoder : TransformerDecoder
        What writes.

    Raises
    ------
    ValueError
        If the heads do not divide E, or the activation has an unknown name; when called, if a shape does not fit.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017; I2DL lecture 11; exam Aug 2022, 9.4 and 9.5.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = "relu",
        *,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create both stacks and draw their weights."""
        super().__init__()
        where: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        shared = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        encoder_layer = TransformerEncoderLayer(*shared, **where)
        self.encoder = TransformerEncoder(
            encoder_layer, num_encoder_layers, LayerNorm(d_model, layer_norm_eps, **where)
        )
        decoder_layer = TransformerDecoderLayer(*shared, **where)
        self.decoder = TransformerDecoder(
            decoder_layer, num_decoder_layers, LayerNorm(d_model, layer_norm_eps, **where)
        )
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every matrix from Xavier's uniform distribution; so the copies of a layer differ."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                torch.nn.init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Map a source (S, N, E) and a target (T, N, E) to vectors (T, N, E).

        With `batch_first` N comes first; for a single text it is absent from both. Masks as in the layers;
        `src_key_padding_mask` does not reach the decoder, which has its own for the memory.
        """
        for name, x in (("src", src), ("tgt", tgt)):
            if x.ndim not in (2, 3) or x.ndim != src.ndim or x.shape[-1] != self.d_model:
                axes = "(N, T" if self.batch_first else "(T, N"
                msg = (
                    f"{name} must have shape {axes}, {self.d_model}), or both (T, {self.d_model}), got {tuple(x.shape)}"
                )
                raise ValueError(msg)
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        return self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)

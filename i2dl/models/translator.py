"""A transformer with words at both ends: what reads a text and writes another.

    words → vectors · √d + positions → dropout → encoder and decoder → scores of all words.

**One table.** A word's vector says what it means to the encoder and to the decoder; and as a row of the last affine
layer, how well a result of the decoder fits it: the score of a word is the dot product with its vector. In the paper
all three are one matrix, as they are here. So that scores start with a variance near 1, the table starts with variance
1/d; the factor √d then makes the vectors about as large as the positions that are added to them.

**Training.** The decoder's input is the text to be written, one place late: it is given the start word and w₁ … w_T and
is to say w₁ … w_T and the end word, each from what comes before it.

**Writing.** Afterwards there is no such text. The decoder is given the start word, and its best next word is appended,
until it says that the text ends. That is *greedy*: a word once chosen is never taken back. (The paper keeps the best
four texts so far, beam search.)

Source: Vaswani and others, *Attention is all you need*, 2017, sections 3.4, 3.5 and 5.4; I2DL lecture 11.
"""

import math
from typing import Any

import torch

from i2dl.functional.positions import sinusoidal_positions
from i2dl.models.transformer import Transformer
from i2dl.nn import Dropout, Embedding, Linear

__all__ = ["Translator"]


class Translator(torch.nn.Module):
    """The encoder–decoder transformer from words to words, with one table of vectors for all uses.

    Source and target share a vocabulary, as in the paper. Texts come first in every array, (N, T). Without options it
    is the paper's base model.

    Parameters
    ----------
    vocabulary : int
        V, the number of words, with those for start, end and padding.
    d_model : int
        d, the length of the vectors.
    nhead : int
        Heads of each attention, a divisor of d.
    num_encoder_layers, num_decoder_layers : int
        How many layers.
    dim_feedforward : int
        Length of the hidden layer of the feed-forward networks.
    dropout : float in [0, 1]
        Probability to drop, also of entries of the sum of vectors and positions.
    norm_first : bool
        Whether the norm stands before each sublayer instead of after the sum.
    padding_idx : int, optional
        The word that fills short texts up at their end; no place looks at it.
    device, dtype
        Where the parameters live and in which type.

    Attributes
    ----------
    embedding : Embedding
        The table.
    transformer : Transformer
        Encoder and decoder.
    output : Linear
        The last layer; its weight is the table.

    Raises
    ------
    ValueError
        If `padding_idx` is no word of the vocabulary, or the heads do not divide d; when called, if the texts do not
        have two axes, are empty or of another number, or if a number is no word.
    TypeError
        When called, if the words are not integers.

    References
    ----------
    Vaswani and others, *Attention is all you need*, 2017; I2DL lecture 11 ("projection and prediction").
    """

    def __init__(
        self,
        vocabulary: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        *,
        norm_first: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the parts and tie the last layer to the table."""
        super().__init__()
        if padding_idx is not None and not 0 <= padding_idx < vocabulary:
            msg = f"padding_idx must be one of {vocabulary} words, got {padding_idx}"
            raise ValueError(msg)
        where: dict[str, Any] = {"device": device, "dtype": dtype}
        self.d_model = d_model
        self.padding_idx = padding_idx
        self.embedding = Embedding(vocabulary, d_model, **where)
        self.dropout = Dropout(dropout)
        sizes = (d_model, nhead, num_encoder_layers, num_decoder_layers, dim_feedforward, dropout)
        self.transformer = Transformer(*sizes, batch_first=True, norm_first=norm_first, **where)
        self.output = Linear(d_model, vocabulary, bias=False, **where)
        self.output.weight = self.embedding.weight
        torch.nn.init.normal_(self.embedding.weight, std=1 / math.sqrt(d_model))

    def forward(self, src: torch.Tensor, tgt: torch.Tensor) -> torch.Tensor:
        """Map sources (N, S) and targets (N, T) to scores (N, T, V): at place t, of the word that follows tgt[:, t].

        For a loss that wants the classes on axis 1: ``scores.transpose(1, 2)``.
        """
        return self.decode(tgt, *self.encode(src))

    def encode(self, src: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Map sources (N, S) to the memory (N, S, d), and to a mask (N, S) that is True where there is only padding."""
        x, padding = self._embed("src", src)
        return self.transformer.encoder(x, src_key_padding_mask=padding), padding

    def decode(
        self, tgt: torch.Tensor, memory: torch.Tensor, memory_padding: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Map targets (N, T) and what `encode` returned to scores (N, T, V). No place sees what comes after it."""
        x, padding = self._embed("tgt", tgt)
        found = self.transformer.decoder(
            x,
            memory,
            tgt_key_padding_mask=padding,
            memory_key_padding_mask=memory_padding,
            tgt_is_causal=True,
        )
        return self.output(found)

    @torch.no_grad()
    def greedy(self, src: torch.Tensor, *, start: int, end: int, max_length: int) -> torch.Tensor:
        """Write one text for each source (N, S): (N, T) words with T ≤ `max_length`, the start not among them.

        A text ends with the word `end`, unless it was cut off; padding, or more of `end`, fills it up to the longest.
        Call ``eval()`` first: dropout is on in training mode, as in every module.
        """
        if max_length < 1:
            msg = f"max_length must be at least 1, got {max_length}"
            raise ValueError(msg)
        memory, memory_padding = self.encode(src)
        words = src.new_full((len(src), 1), start)
        ended = torch.zeros(len(src), dtype=torch.bool, device=src.device)
        filler = end if self.padding_idx is None else self.padding_idx
        while words.shape[1] <= max_length and not ended.all():
            best = self.decode(words, memory, memory_padding)[:, -1].argmax(1)
            best = best.to(words).masked_fill(ended, filler)
            words = torch.cat([words, best[:, None]], dim=1)
            ended |= best == end
        return words[:, 1:]

    def _embed(self, name: str, words: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Map words (N, T) to vectors (N, T, d), and to where there is only padding."""
        if words.ndim != 2 or words.shape[1] == 0:
            msg = f"{name} must have shape (N, T) with T at least 1, got {tuple(words.shape)}"
            raise ValueError(msg)
        x = self.embedding(words) * math.sqrt(self.d_model)
        x = self.dropout(x + sinusoidal_positions(words.shape[1], self.d_model, like=x))
        return x, None if self.padding_idx is None else words == self.padding_idx

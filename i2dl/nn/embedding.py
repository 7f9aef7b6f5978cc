"""The word embedding as a module."""

from typing import Any

import torch

from i2dl.bridge import autograd_function
from i2dl.functional.embedding import word_embedding_backward, word_embedding_forward

__all__ = ["Embedding"]


def _lookup_forward(weight: torch.Tensor, *, x: torch.Tensor, padding: int | None) -> tuple[torch.Tensor, Any]:
    return word_embedding_forward(x, weight, padding=padding)


# The words are an option to the bridge, since they have no gradient.
_lookup = autograd_function(_lookup_forward, word_embedding_backward)


class Embedding(torch.nn.Module):
    """A table with one learnt vector per word, a drop-in for `torch.nn.Embedding`.

    Left out are `max_norm`, which changes the table while it is read, `scale_grad_by_freq` and `sparse`.

    Parameters
    ----------
    num_embeddings : int
        V, the size of the vocabulary.
    embedding_dim : int
        D, the length of a vector.
    padding_idx : int, optional
        The word that fills short texts up: its vector starts at zero and receives no gradient. Negative ones count from
        the end.
    device, dtype
        Where the table lives and in which type.

    Attributes
    ----------
    weight : parameter (V, D)
        The table, which starts from a standard normal distribution.

    Raises
    ------
    ValueError
        If `padding_idx` is no word of the vocabulary; when called, if a number is none.
    TypeError
        When called, if the words are not integers.

    References
    ----------
    Lecture 11; Bengio and others, *A neural probabilistic language model*, 2003.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        """Create the table and draw its first values."""
        super().__init__()
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            msg = f"padding_idx must be one of {num_embeddings} words, got {padding_idx}"
            raise ValueError(msg)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = torch.nn.Parameter(torch.empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table from a standard normal distribution, with zeros for the padding."""
        torch.nn.init.normal_(self.weight)
        if self.padding_idx is not None:
            with torch.no_grad():
                self.weight[self.padding_idx].fill_(0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map words x (...) to vectors (..., D)."""
        return _lookup(self.weight, x=x, padding=self.padding_idx)

    def extra_repr(self) -> str:
        """Return the sizes, as PyTorch prints them."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"

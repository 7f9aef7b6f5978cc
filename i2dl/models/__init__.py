"""Architectures built from `i2dl.nn`."""

from i2dl.models.mlp import MLP
from i2dl.models.transformer import Transformer, TransformerDecoder, TransformerEncoder
from i2dl.models.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from i2dl.models.translator import Translator

__all__ = [
    "MLP",
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "Translator",
]

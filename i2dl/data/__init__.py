"""Data that ships with the package, and mini-batches of any data. NumPy only."""

from i2dl.data.batching import batches
from i2dl.data.digits import SPLITS, Digits, load_digits

__all__ = ["SPLITS", "Digits", "batches", "load_digits"]

"""Data that ships with the package, toy sets, and mini-batches of any data. NumPy only."""

from i2dl.data.batching import batches
from i2dl.data.digits import SPLITS, Digits, load_digits
from i2dl.data.toy import clouds, linear_data, ring, three_modes, two_sides, xor_quadrants

__all__ = [
    "SPLITS",
    "Digits",
    "batches",
    "clouds",
    "linear_data",
    "load_digits",
    "ring",
    "three_modes",
    "two_sides",
    "xor_quadrants",
]

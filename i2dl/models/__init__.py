"""Architectures built from `i2dl.nn`."""

from i2dl.models.mlp import MLP

__all__ = ["MLP"]

"""Update rules: how a gradient changes a parameter."""

from i2dl.optim.rules import sgd_update

__all__ = ["sgd_update"]

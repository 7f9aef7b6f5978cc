"""Derivatives by other means than a hand-written backward pass."""

from i2dl.autodiff.gradient_check import GradientCheck, gradient_check, numerical_gradient, relative_error

__all__ = ["GradientCheck", "gradient_check", "numerical_gradient", "relative_error"]

"""The tiny exercise as one of a course: its tasks, and one that a person grades."""

from __future__ import annotations

from tiny import affine_backward, double, tiny_reference

from autograder.task import written

TITLE = "Tiny"
why = written("why", points=1)
reference = tiny_reference

__all__ = ["TITLE", "affine_backward", "double", "reference", "why"]

"""Tasks, the check a student runs, and the grading an instructor runs.

A student needs one name of it::

    from autograder import Check

    check = Check("03_affine_layer")
    check("affine_forward")
"""

from autograder.check import Check

__all__ = ["Check"]

"""Tasks, the check a student runs, and the grading an instructor runs.

A student needs one name of it::

    from autograder import Check

    check = Check("03_affine_layer")
    check("affine_forward")
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.check import Check

__all__ = ["Check"]


def __getattr__(name: str) -> Any:
    # Late, so that a submission's kernel, which needs only `autograder.inside`, loads nothing else.
    if name == "Check":
        if os.environ.get("AUTOGRADER_CHECK") == "off":
            from autograder import silent

            return silent.Check
        from autograder.check import Check

        return Check
    msg = f"module 'autograder' has no attribute {name!r}"
    raise AttributeError(msg)

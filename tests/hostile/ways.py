"""The techniques of a family as parameters of a test: each in all its ways, known gaps expected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hostile.technique import Family, techniques

__all__ = ["ways_of"]


def ways_of(family: Family) -> list[Any]:
    """Return a parameter (technique, way) for every way in which a technique of the family is tried."""
    return [
        pytest.param(t, way, id=f"{t.name}-{way}", marks=[pytest.mark.xfail(reason=t.gap)] if way == t.gap_way else [])
        for t in techniques(family)
        for way in t.ways
    ]

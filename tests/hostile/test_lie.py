"""No lie about a value gains a point."""

from __future__ import annotations

import pytest

from tests.hostile.technique import Technique, Way
from tests.hostile.ways import ways_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("technique", "way"), ways_of("lie about the value"))
def test_lie(technique: Technique, way: Way) -> None:
    assert technique.problem(way) == ""

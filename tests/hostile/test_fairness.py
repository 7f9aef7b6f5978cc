"""Untidy and unusual work that is permitted has full marks."""

from __future__ import annotations

import pytest

from tests.hostile.technique import Technique, Way
from tests.hostile.ways import ways_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("technique", "way"), ways_of("fairness"))
def test_fairness(technique: Technique, way: Way) -> None:
    assert technique.problem(way) == ""

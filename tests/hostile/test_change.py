"""No change of a notebook or of its file gains a point or touches another's."""

from __future__ import annotations

import pytest

from tests.hostile.technique import Technique, Way
from tests.hostile.ways import ways_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("technique", "way"), ways_of("change the notebook"))
def test_change(technique: Technique, way: Way) -> None:
    assert technique.problem(way) == ""

"""Nothing of a submission runs, loads or deceives where an instructor looks at it."""

from __future__ import annotations

import pytest

from tests.hostile.technique import Technique, Way
from tests.hostile.ways import ways_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("technique", "way"), ways_of("attack the instructor"))
def test_instructor(technique: Technique, way: Way) -> None:
    assert technique.problem(way) == ""

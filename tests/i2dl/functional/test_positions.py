import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from i2dl.functional.positions import sinusoidal_positions


def positions(backend, length, d, dtype="float64"):
    return backend.numpy(sinusoidal_positions(length, d, like=backend.array(np.zeros(1, dtype=dtype))))


@given(length=st.integers(0, 20), d=st.integers(1, 12))
@example(length=1, d=1)
def test_the_formula_of_lecture_11(backend, close, length, d):
    expected = np.zeros((length, d))
    for place in range(length):
        for column in range(d):
            angle = place / 10000 ** (2 * (column // 2) / d)
            expected[place, column] = math.cos(angle) if column % 2 else math.sin(angle)
    close(positions(backend, length, d), expected, atol=1e-13)


def test_k_places_further_is_a_rotation_that_does_not_depend_on_the_place(backend, close):
    """The paper's reason for the sinusoids: PE(p + k) is a linear function of PE(p), the same for every p."""
    table, k, turn = positions(backend, 60, 8), 7, np.zeros((8, 8))
    for pair in range(0, 8, 2):
        angle = k / 10000 ** (pair / 8)
        cos, sin = math.cos(angle), math.sin(angle)
        turn[pair : pair + 2, pair : pair + 2] = [[cos, -sin], [sin, cos]]
    close(table[:-k] @ turn, table[k:])


def test_the_match_of_two_positions_depends_on_their_distance_alone(backend, close):
    table = positions(backend, 50, 16)
    matches = table @ table.T
    for distance in (0, 1, 5, 30):
        diagonal = np.diagonal(matches, distance)
        close(diagonal, np.full_like(diagonal, diagonal[0]))
    close(np.diagonal(matches), np.full(50, 8.0))  # d/2 pairs with sin² + cos² = 1


def test_all_positions_differ_and_no_value_exceeds_one(backend):
    table = positions(backend, 2000, 32)
    assert np.max(np.abs(table)) <= 1
    assert len(np.unique(np.round(table, 6), axis=0)) == 2000


def test_float32_is_rounded_once_even_far_out(backend, close):
    table, exact = positions(backend, 100_000, 4, "float32"), positions(backend, 100_000, 4)
    assert table.dtype == np.dtype("float32")
    close(table, exact, rtol=0, atol=6e-8)


def test_bad_input(backend):
    for length, d in ((-1, 4), (3, 0)):
        found = f"length must be at least 0 and d at least 1, but their values are {length} and {d}"
        with pytest.raises(ValueError, match=found):
            positions(backend, length, d)
    with pytest.raises(TypeError, match=r"like must hold real floating-point numbers, .*int64"):
        positions(backend, 3, 4, "int64")

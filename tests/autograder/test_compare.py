"""What counts as the same value, and what is said where it is not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.compare import TOLERANCE, close, compare, tolerance_of

ONE = np.array([1.0, -2.0, 4.0])


@pytest.mark.parametrize(
    ("actual", "problem"),
    [
        (ONE.copy(), ""),
        (ONE + 3e-6, ""),
        (ONE + 5e-6, "value"),
        (ONE.astype(np.float32), ""),
        (ONE.astype(np.float32) + np.float32(7e-4), ""),
        (ONE.astype(np.float32) + np.float32(9e-4), "value"),
        (ONE.astype(int), ""),
        (ONE.astype(int) + 1, "dtype"),
        (ONE > 0, "dtype"),
        (ONE[None], "shape"),
        (ONE[:, None], "shape"),
        (np.array([1.0, np.nan, 4.0]), "not finite"),
        (np.array([1.0, np.inf, 4.0]), "not finite"),
        (None, "missing"),
        ("1 -2 4", "type"),
        ([ONE, 1.0], "type"),
        ({"a": 1}, "type"),
        (np.array([]), "shape"),
        ([], "shape"),
        (3.0, "shape"),
        (10**400, "shape"),
        (np.array([1 + 0j, -2, 4]), "dtype"),
        (np.array(["1", "-2", "4"]), "dtype"),
    ],
)
def test_problem_by_kind(actual, problem):
    found = compare(actual, ONE, form="NoneType" if actual is None else "numpy")
    assert found.problem == problem
    assert found.ok == (not problem)
    assert bool(found.message) == bool(problem)


def test_error_is_relative_to_the_largest_expected_entry():
    found = compare(np.array([0.0, 98.0]), np.array([0.0, 100.0]))
    assert (found.error, found.relative, found.where) == (2.0, 0.02, (1,))
    assert found.wrong.tolist() == [False, True]
    assert compare(np.array([5e-7, 1.0]), np.array([0.0, 1.0])).ok
    # Where all of it is zero, the error is absolute.
    assert compare(np.array([5e-7]), np.array([0.0])).ok
    assert not compare(np.array([5e-6]), np.array([0.0])).ok


def test_one_number_may_come_as_an_array_of_one():
    for value in (np.array([[2.0]]), np.array([2.0]), 2.0, 2, np.array(2, dtype=np.float32)):
        assert compare(value, 2.0).ok
        assert compare(value, np.array([2.0])).ok
    assert compare(np.array([2.0]), 2.0).remarks
    assert compare(3, 2.0).problem == "value"
    assert compare(3, 2.0).message == "the value is wrong"


def test_infinities_and_nan_that_are_expected_are_right():
    expected = np.array([np.inf, -np.inf, np.nan, 1.0])
    assert compare(expected.copy(), expected).ok
    assert compare(np.array([-np.inf, -np.inf, np.nan, 1.0]), expected).problem == "value"
    assert compare(np.array([np.inf, -np.inf, 0.0, 1.0]), expected).problem == "value"


def test_ignored_entries_may_be_anything():
    ignore = np.array([False, True, False])
    assert compare(np.array([1.0, np.nan, 4.0]), ONE, ignore=ignore).ok
    assert not compare(np.array([0.0, np.nan, 4.0]), ONE, ignore=ignore).ok


def test_float32_is_a_remark_where_float64_was_due():
    assert compare(ONE.astype(np.float32), ONE).remarks == ("the result is float32; float64 was expected",)
    assert compare(ONE, ONE.astype(np.float32)).remarks == ()


def test_half_precision_hides_nothing():
    """Rounding to 3 digits, or calling the result bfloat16, buys no looser comparison."""
    off = ONE * 1.005
    assert compare(off.astype(np.float16), ONE, form="numpy").problem == "value"
    assert compare(off.astype(np.float32), ONE, form="torch bfloat16").problem == "value"
    assert compare(off.astype(np.float32), ONE.astype(np.float32), form="torch bfloat16").problem == "value"
    assert compare(off.astype(np.float16), ONE.astype(np.float16)).ok
    half = {"form": "torch bfloat16", "expected_form": "torch bfloat16"}
    assert compare(off.astype(np.float32), ONE.astype(np.float32), **half).ok


def test_a_typed_answer_is_compared_to_its_own_tolerance_whatever_its_dtype():
    for value in (1.0, np.float32(1.0), np.array(1.0, np.float16), 1, np.array([1.0])):
        assert compare(np.asarray(value), 2.0, rtol=1e-2).problem == "value"
        assert compare(np.asarray(value), 1.005, rtol=1e-2).ok


def test_factor_loosens():
    assert compare(ONE + 3e-5, ONE, factor=10.0).ok
    assert not compare(ONE + 3e-5, ONE).ok


@pytest.mark.parametrize(
    ("actual", "expected", "ok"),
    [
        (True, True, True),
        (np.array(True), True, True),
        (1, True, False),
        (False, True, False),
        ("  Bias ", "bias", True),
        ("variance", "bias", False),
        (3, 3, True),
        (np.array(3), 3, True),
        (4, 3, False),
        ((1, 2), [1, 2], True),
        ([1, 3], (1, 2), False),
        ([np.ones(2), 1], [1, 2], False),
        (None, "bias", False),
    ],
)
def test_answers_that_are_not_arrays(actual, expected, ok):
    assert compare(actual, expected).ok == ok


def test_tolerances_stand_in_one_table():
    assert tolerance_of("float32", "cuda:1") == TOLERANCE["float32", "cuda"]
    assert tolerance_of("int64") == TOLERANCE["float64", "cpu"]
    assert all(np.finfo(d).eps < t for (d, _), t in TOLERANCE.items() if d != "bfloat16")


ARRAYS = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.uint8, np.float16]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(ARRAYS)
def test_everything_equals_itself(a):
    assert compare(a.copy(), a).ok


@given(ARRAYS, ARRAYS)
def test_any_two_arrays_can_be_compared(a, b):
    found = compare(a, b)
    assert found.ok or found.message
    assert math.isnan(found.error) or found.error >= 0
    assert close(a, b) in {True, False}

"""What crosses the boundary comes back as it was; anything else is refused."""

import base64
import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import wire
from autograder.wire import WireError, decode, dumps, encode, loads


def same(a, b):
    if isinstance(a, np.ndarray):
        return type(b) is np.ndarray and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (list, tuple)):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return type(a) is type(b) and (a == b or (a != a and b != b))


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text()
    | hnp.arrays(
        st.sampled_from(sorted(wire.DTYPES)), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(PLAIN)
def test_values_come_back_as_they_were(value):
    assert same(value, loads(dumps(value)))


def test_arrays_come_back_plain_writable_and_in_the_machines_byte_order():
    class Lying(np.ndarray):
        @property
        def shape(self):
            return (99,)

    for array in (
        np.arange(6.0).reshape(2, 3).T,
        np.arange(3, dtype=">f8"),
        np.arange(4)[::-2],
        np.ones(2).view(Lying),
    ):
        back = loads(dumps(array))
        assert type(back) is np.ndarray
        assert back.flags.writeable
        assert back.dtype.isnative
        np.testing.assert_array_equal(back, np.array(array, subok=False))


def test_numbers_of_numpy_and_tuples_become_plain():
    assert loads(dumps((np.float32(0.5), np.int8(3), np.bool_(True), float("-inf")))) == [0.5, 3, True, float("-inf")]


@pytest.mark.parametrize(
    "value",
    [object(), {1, 2}, 1j, b"bytes", np.array([1j]), np.array(["a"]), np.array([object()]), np.zeros(2, "M8[s]"), len],
)
def test_what_is_not_plain_is_not_sent(value):
    with pytest.raises(WireError):
        encode(value)


def array(**changes):
    whole = {"array": base64.b64encode(np.ones(3).tobytes()).decode(), "dtype": "float64", "shape": [3]} | changes
    return json.dumps({k: v for k, v in whole.items() if v is not ...})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 100_000,
        "[" * 60 + "]" * 60,
        '{"dict": ' * 20 + "1" + "}" * 20,
        "[" * 12 + "1" + "]" * 12,
        "NaN",
        "[Infinity]",
        '{"dict": {"points": -Infinity}}',
        "9" * 5000,
        "[" + "1," * 300_000 + "1]",
        "[" + "[]," * 300_000 + "1]",
        "{}",
        '{"a": 1}',
        '{"dict": 3}',
        '{"dict": {}, "more": 1}',
        '{"number": "1"}',
        '{"number": "nan", "more": 1}',
        '{"number": 1}',
        array(shape=[4]),
        array(shape=[2]),
        array(shape=[-3]),
        array(shape=[True, 3]),
        array(shape=["3"]),
        array(shape=[3.0]),
        array(shape=[1] * 17 + [3]),
        array(shape=[2**31]),
        array(shape=[2**30, 2**30]),
        array(array="", shape=[0] + [2**31 - 1] * 15),
        array(shape=3),
        array(shape=...),
        array(dtype="object"),
        array(dtype="O"),
        array(dtype="complex128"),
        array(dtype="<f8"),
        array(dtype="float65"),
        array(dtype="U1"),
        array(dtype="V24"),
        array(dtype=["a", "f8"]),
        array(array="!!!!"),
        array(array="AAA"),
        array(array="é"),
        array(array=3),
        array(more=1),
    ],
    ids=str,
)
def test_what_is_not_in_the_agreed_form_is_refused(text):
    with pytest.raises(WireError):
        loads(text)


@pytest.mark.parametrize("value", [None, 3, b"1", ["1"], {"dict": {}}])
def test_only_text_is_read(value):
    with pytest.raises(WireError):
        loads(value)


def test_too_much_is_refused_before_it_is_read(monkeypatch):
    monkeypatch.setattr(wire, "MAX_BYTES", 100)
    with pytest.raises(WireError, match="at most"):
        loads('"' + "x" * 100 + '"')


def test_half_a_character_becomes_a_question_mark():
    assert loads(r'["\ud800", {"dict": {"a\udfff": "\ud83d\ude00"}}]') == ["?", {"a?": "😀"}]


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda s: st.lists(s) | st.dictionaries(st.text(), s),
    )
)
def test_any_json_is_read_or_refused(message):
    with contextlib.suppress(WireError):
        decode(message)

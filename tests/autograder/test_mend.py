"""What counts as a notebook, what is wrong with the others, and what is mended."""

from __future__ import annotations

import copy
import json
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import mend
from autograder.mend import NotANotebook, grade_ids, read_notebook


def notebook() -> dict[str, Any]:
    cells = [new_code_cell("pass", metadata={"nbgrader": {"grade_id": i}}, id=f"c-{i}") for i in "abc"]
    made: dict[str, Any] = json.loads(
        nbformat.writes(new_notebook(cells=[new_markdown_cell("# Title", id="t"), *cells]))
    )
    return made


def packed(content: object) -> bytes:
    return json.dumps(content).encode()


def sources(content: dict[str, Any]) -> list[str]:
    return ["".join(c["source"]) for c in content["cells"]]


PROBLEMS = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\n \n", "the file is empty"),
    "code": (b"import numpy", "the file is not JSON, so it is not a notebook"),
    "cut off": (packed(notebook())[:300], "the file is not JSON"),
    "binary": (b"\x89PNG\r\n\x1a\n\xff\xfe", "the file is not text in UTF-8"),
    "another form": (b'{"hello": 1}', "the file is JSON, but not a notebook"),
    "a list": (b"[1, 2]", "the file is JSON, but not a notebook"),
    "a number": (b"3", "the file is JSON, but not a notebook"),
    "cells of another form": (b'{"nbformat": 4, "cells": 3}', "the file is JSON, but not a notebook"),
    "no version": (b'{"nbformat": true, "cells": []}', "the file is JSON, but not a notebook"),
    "the future": (b'{"nbformat": 5, "cells": []}', "the notebook has format 5, newer"),
    "the past": (b'{"nbformat": 2, "worksheets": []}', "the notebook has format 2, older"),
    "broken v3": (b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": [3]}', "the notebook has format 3 and cannot"),
    "deep": (b"[" * 200_000, "the file is JSON of a size or depth"),
    "many digits": (b'{"nbformat": ' + b"1" * 10_000 + b"}", "the file is JSON of a size or depth"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_problems_are_one_sentence(case: str) -> None:
    data, problem = PROBLEMS[case]
    with pytest.raises(NotANotebook) as caught:
        read_notebook(data)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


def test_a_sound_notebook_is_left_alone() -> None:
    read = read_notebook(packed(notebook()))
    assert (read.content, read.mended, read.notes) == (notebook(), False, [])
    assert grade_ids(read.content) == set("abc")


def test_format_3_is_upgraded() -> None:
    cell = {
        "cell_type": "code",
        "collapsed": False,
        "input": ["pass"],
        "language": "python",
        "metadata": {"nbgrader": {"grade_id": "a"}},
        "outputs": [],
    }
    sheet = {"cells": [cell, copy.deepcopy(cell)], "metadata": {}}
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [sheet]}
    read = read_notebook(packed(old))
    assert read.mended
    assert read.notes == ["upgraded from notebook format 3"]
    assert sources(read.content) == ["pass", "pass"]
    assert grade_ids(read.content) == {"a"}
    nbformat.validate(read.content)
    assert read_notebook(packed(old)) == read  # nothing is drawn at random


@pytest.mark.parametrize("minor", [0, 2, 4])
def test_older_minor_formats_get_ids(minor: int) -> None:
    old = {**notebook(), "nbformat_minor": minor}
    for cell in old["cells"]:
        del cell["id"]
    read = read_notebook(packed(old))
    assert read.mended
    assert not read.notes
    nbformat.validate(read.content)
    assert [c["id"] for c in read.content["cells"]] == ["cell-0", "cell-1", "cell-2", "cell-3"]


def test_damaged_form_is_mended_and_no_source_is_touched() -> None:
    damaged = notebook()
    damaged["metadata"] = {"kernelspec": 3, "language_info": []}
    damaged["cells"][1] |= {"execution_count": "<script>", "outputs": [{"output_type": "nonsense"}], "colab": 1}
    damaged["cells"][2]["id"] = damaged["cells"][1]["id"]
    damaged["cells"] += [
        17,
        {"cell_type": "video"},
        {"cell_type": []},
        {"cell_type": "raw"},
        copy.deepcopy(damaged["cells"][3]),
    ]
    read = read_notebook(b"\xef\xbb\xbf" + packed(damaged))
    assert read.notes == ["3 damaged cells were left out"]
    assert sources(read.content) == ["# Title", "pass", "pass", "pass", "", "pass"]
    nbformat.validate(read.content)


def test_what_is_larger_or_deeper_than_any_notebook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def deep(depth: int) -> bytes:
        return packed({**notebook(), "metadata": {"x": json.loads("[" * depth + "]" * depth)}})

    nbformat.reads(json.dumps(read_notebook(deep(90)).content), as_version=4)
    with pytest.raises(NotANotebook, match="size or depth"):
        read_notebook(deep(200))
    monkeypatch.setattr(mend, "MAX_CELLS", 3)
    for content in ({**notebook(), "cells": [{}] * 4}, {"nbformat": 3, "worksheets": [{"cells": [{}] * 2}] * 2}):
        with pytest.raises(NotANotebook, match="has 4 cells, more than the 3"):
            read_notebook(packed(content))
    monkeypatch.setattr(mend, "MAX_ITEMS", 5)
    with pytest.raises(NotANotebook, match="size or depth"):
        read_notebook(packed(notebook()))


def test_a_byte_order_mark_is_taken_off() -> None:
    sound = packed(read_notebook(packed(notebook())).content)
    assert not read_notebook(sound).mended
    assert read_notebook(b"\xef\xbb\xbf" + sound).mended


FIELDS = [
    "cells",
    "metadata",
    "source",
    "cell_type",
    "outputs",
    "output_type",
    "id",
    "nbgrader",
    "grade_id",
    "text",
    "data",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["code", "markdown", "stream"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6),
    max_leaves=25,
)


@given(st.fixed_dictionaries({"nbformat": st.sampled_from([3, 4]), "cells": st.lists(JSON, max_size=5)}), JSON)
def test_any_json_is_a_notebook_or_a_sentence(content: dict[str, Any], extra: object) -> None:
    try:
        read = read_notebook(packed({**content, "worksheets": extra, "metadata": extra}))
    except NotANotebook:
        return
    nbformat.validate(read.content)
    grade_ids(read.content)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_notebook_or_a_sentence(data: bytes) -> None:
    with pytest.raises(NotANotebook):
        read_notebook(data)

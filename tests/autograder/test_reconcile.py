"""Whatever was done to a notebook, the one that is graded has every released cell once, in order."""

from __future__ import annotations

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from tiny import read_release

from autograder.reconcile import grade_id, reconcile

NAME = "03_affine_layer"


@pytest.fixture
def released():
    return read_release(NAME)


def ids(notebook):
    return [grade_id(c) for c in notebook.cells if grade_id(c) is not None]


def find(notebook, name):
    return next(c for c in notebook.cells if grade_id(c) == name)


def names(released, **flags):
    return [
        grade_id(c)
        for c in released.cells
        if grade_id(c) and all(c.metadata["nbgrader"][k] == v for k, v in flags.items()) and c.cell_type == "code"
    ]


def test_an_untouched_notebook_stays_as_it_is(released):
    graded, notes = reconcile(released, released)
    assert notes == []
    assert ids(graded) == ids(released)
    assert [c.source for c in graded.cells] == [c.source for c in released.cells]


def test_answers_are_kept(released):
    mine = copy.deepcopy(released)
    answer = names(released, solution=True)[0]
    find(mine, answer).source = "x = 1"
    graded, notes = reconcile(mine, released)
    assert find(graded, answer).source == "x = 1"
    assert notes == []


def test_locked_cells_come_back(released):
    mine = copy.deepcopy(released)
    graded_cell = names(released, grade=True)[0]
    find(mine, graded_cell).source = "1000.0"
    graded, notes = reconcile(mine, released)
    assert find(graded, graded_cell).source == find(released, graded_cell).source
    assert notes == [f"the locked cell `{graded_cell}` was changed and was restored"]


@pytest.mark.parametrize("kind", ["grade", "solution"])
def test_deleted_cells_are_restored_in_their_place(released, kind):
    gone = names(released, **{kind: True})[2]
    mine = copy.deepcopy(released)
    mine.cells = [c for c in mine.cells if grade_id(c) != gone]
    graded, notes = reconcile(mine, released)
    assert ids(graded) == ids(released)
    assert notes == [f"the cell `{gone}` was missing and was restored"]


def test_of_two_copies_the_latest_changed_one_counts_and_the_other_is_kept(released):
    name = names(released, solution=True)[0]
    mine = copy.deepcopy(released)
    where = [grade_id(c) for c in mine.cells].index(name)
    first, second = copy.deepcopy(mine.cells[where]), copy.deepcopy(mine.cells[where])
    first.source, second.source = "mine = 1", "mine = 2"
    mine.cells[where : where + 1] = [first, second, copy.deepcopy(released.cells[where])]
    graded, notes = reconcile(mine, released)
    assert find(graded, name).source == "mine = 2"
    assert any(c.source == "mine = 1" and grade_id(c) is None for c in graded.cells)
    assert ids(graded) == ids(released)
    assert len(notes) == 2


def test_points_types_and_flags_are_set_back(released):
    name = names(released, grade=True)[0]
    mine = copy.deepcopy(released)
    cell = find(mine, name)
    cell.metadata["nbgrader"] |= {"points": 1000, "solution": True}
    cell["cell_type"] = "markdown"
    graded, notes = reconcile(mine, released)
    assert find(graded, name).metadata["nbgrader"] == find(released, name).metadata["nbgrader"]
    assert find(graded, name).cell_type == "code"
    assert len(notes) == 3


def test_order_is_the_released_one_and_own_cells_stay_beside_their_neighbour(released):
    mine = copy.deepcopy(released)
    last = ids(released)[-1]
    mine.cells = [new_markdown_cell("first"), *reversed(mine.cells), new_code_cell("after_all = 1")]
    graded, _ = reconcile(mine, released)
    assert ids(graded) == ids(released)
    assert graded.cells[0].source == "first"
    assert grade_id(graded.cells[-1]) == last or "after_all = 1" in [c.source for c in graded.cells]


@pytest.mark.parametrize("metadata", [[], "text", {"nbgrader": []}, {"nbgrader": {"grade_id": 5}}])
def test_strange_metadata_is_no_reason_to_stop(released, metadata):
    mine = copy.deepcopy(released)
    dict.__setitem__(mine.cells[1], "metadata", metadata)
    graded, _ = reconcile(mine, released)
    assert ids(graded) == ids(released)


def test_sources_are_text_that_can_be_sent(released):
    mine = copy.deepcopy(released)
    name = names(released, solution=True)[0]
    find(mine, name).source = "x = '\ud800 ü'"
    mine.cells.append(new_code_cell("# \udfff"))
    graded, _ = reconcile(mine, released)
    assert find(graded, name).source == "x = '? ü'"
    assert graded.cells[-1].source == "# ?"


def test_reconciling_is_repeatable(released):
    mine = copy.deepcopy(released)
    mine.cells.insert(3, new_code_cell("own = 1"))
    once, _ = reconcile(mine, released)
    again, _ = reconcile(mine, released)
    assert once == again

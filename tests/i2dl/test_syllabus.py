"""The syllabus says what is so: its names, sources and tests exist, and the docs print it as it stands."""

import ast
import functools
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from i2dl.syllabus import MISSING, SYLLABUS, TESTS, TOPICS, Entry, as_table

ROOT = Path(__file__).parents[2]
every_entry = pytest.mark.parametrize("entry", SYLLABUS, ids=lambda entry: f"{entry.section.split()[0]}: {entry.topic}")


def found(name):
    """What a dotted name stands for; the longest part of it that is a module is imported."""
    module, _, attribute = f"i2dl.{name}".rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@functools.cache
def functions(path):
    """The names of the test functions in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_topic_has_an_entry():
    topics = {(section, topic) for section, names in TOPICS.items() for topic in names}
    taught = {(entry.section, entry.topic) for entry in SYLLABUS}
    assert taught <= topics
    assert {topic for _, topic in topics - taught} == set(MISSING)
    assert len(taught) == len(SYLLABUS)
    assert len(topics) == sum(map(len, TOPICS.values()))


@every_entry
def test_every_name_can_be_imported(entry):
    assert entry.names
    for name in entry.names:
        assert found(name) is not None


@every_entry
def test_every_source_stands_in_a_docstring(entry):
    assert entry.source
    cited = " ".join(" ".join((inspect.getdoc(found(name)) or "").split()) for name in entry.names)
    for source in entry.source.split("; "):
        assert source in cited


@every_entry
def test_every_test_exists_and_is_about_it(entry):
    file, _, function = entry.test.partition("::")
    path = ROOT / TESTS / file
    assert function.startswith("test_")
    assert function in functions(path)
    text = path.read_text(encoding="utf-8")
    stems = {name.rpartition(".")[2].removesuffix("_forward").removesuffix("_backward") for name in entry.names}
    registries = {"ACTIVATIONS", "RULES"}  # some tests go through all of a kind
    assert any(name in text for name in stems | registries)


def test_the_docs_print_the_table():
    page = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    assert as_table() in page


def test_it_is_a_command():
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "i2dl.syllabus"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stdout == as_table()


def test_the_table_has_a_row_for_each_entry():
    rows = [line for line in as_table().splitlines() if line.startswith("| ") and not line.startswith("| topic |")]
    assert len(rows) == len(SYLLABUS) + len(TOPICS)  # with the rule below each heading
    assert all(row.count("|") == 5 for row in rows)


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setattr("i2dl.syllabus.MISSING", ("juggling",))
    assert "Not there yet: juggling." in as_table()
    monkeypatch.setattr("i2dl.syllabus.MISSING", ())
    assert "Not there yet" not in as_table()


def test_entries_do_not_change():
    with pytest.raises(AttributeError):
        Entry("1", "a", ("b",), "c", "d").topic = "e"

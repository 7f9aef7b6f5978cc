import ast
import inspect
import re
from pathlib import Path

import pytest

from i2dl import functional

PUBLIC = {name: getattr(functional, name) for name in functional.__all__}
FUNCTIONS = {name: thing for name, thing in PUBLIC.items() if inspect.isfunction(thing)}
FILES = sorted(Path(functional.__file__).parent.glob("*.py"))


def sections(docstring):
    """The text under each numpydoc heading."""
    parts = re.split(r"^(\w+)\n-+\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entries(section):
    """Names and types of the entries of a section: {"x": "array, shape (N, D)"}."""
    found = {}
    for names, kind in re.findall(r"^(\w[\w, ]*) : (.+)$", section, flags=re.MULTILINE):
        found |= dict.fromkeys(names.split(", "), kind)
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_its_arguments_results_errors_and_source(name):
    function = FUNCTIONS[name]
    found = sections(function.__doc__)
    assert {"Parameters", "Returns", "Raises", "References"} <= found.keys()
    arguments = inspect.signature(function).parameters
    # Options have names, not places, so that those of one kind may share an entry.
    options = {name for name, argument in arguments.items() if argument.kind is argument.KEYWORD_ONLY}
    documented = list(entries(found["Parameters"]))
    assert sorted(documented) == sorted(arguments)
    assert [n for n in documented if n not in options] == [n for n in arguments if n not in options]
    assert found["References"].strip()
    assert re.search(r"^(Type|Value)Error$", found["Raises"], flags=re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_array_has_a_documented_shape(name):
    found = sections(FUNCTIONS[name].__doc__)
    arrays = entries(found["Parameters"]) | entries(found["Returns"])
    assert arrays
    for argument, kind in arrays.items():
        if "array" in kind and argument not in ("cache", "weights", "dweights", "gradients"):
            assert "shape" in kind, argument


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.endswith("_forward")])
def test_every_forward_has_its_backward_beside_it(name):
    backward = FUNCTIONS[name.replace("_forward", "_backward")]
    assert backward.__module__ == FUNCTIONS[name].__module__
    *upstream, cache = inspect.signature(backward).parameters
    assert upstream
    assert all(name.startswith("d") for name in upstream)  # one gradient for each output
    assert cache == "cache"


def test_everything_public_is_exported_in_order():
    assert len(set(functional.__all__)) == len(functional.__all__)
    defined = {
        node.name
        for path in FILES
        if not path.stem.startswith("_")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert defined | {"ACTIVATIONS", "LOSSES"} == set(functional.__all__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_array_library_is_named(path):
    """The functions know the array API alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = {"math", "collections.abc", "dataclasses", "typing", "array_api_compat"}
    assert {name for name in imported if not name.startswith("i2dl.functional")} <= allowed

"""The package `i2dl.optim`: its documentation and what it imports."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from i2dl import optim

FILES = sorted(Path(optim.__file__).parent.glob("*.py"))
FUNCTIONS = {name: getattr(optim, name) for name in optim.__all__ if inspect.isfunction(getattr(optim, name))}


def sections(docstring):
    parts = re.split(r"^(\w+)\n-+\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_documents_its_arguments_results_errors_and_source(name):
    found = sections(FUNCTIONS[name].__doc__)
    assert {"Parameters", "Returns", "Raises", "References"} <= found.keys()
    documented = re.findall(r"^(\w[\w, ]*)(?: : .+)?$", found["Parameters"], flags=re.MULTILINE)
    names = [name for line in documented for name in line.split(", ")]
    assert names == list(inspect.signature(FUNCTIONS[name]).parameters)
    for line in re.findall(r"^\w[\w, ]* : array.*$", found["Parameters"] + found["Returns"], flags=re.MULTILINE):
        assert "shape" in line, line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_torch_is_named_in_its_own_files_alone_and_numpy_nowhere(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in imported}
    assert "numpy" not in roots
    assert ("torch" in roots) <= (path.stem.startswith(("torch_", "_torch")) or path.stem == "_blocks")


def test_the_classes_for_torch_are_imported_when_asked_for():
    code = (
        "import sys, i2dl.optim as o; before = 'torch' in sys.modules\n"
        "assert {'Adam', 'StepLR', 'sgd_update'} <= set(dir(o))\n"
        "print(before, o.Adam.__name__, o.StepLR.__name__, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "Adam", "StepLR", "True"]
    with pytest.raises(AttributeError, match=r"module 'i2dl.optim' has no attribute 'Adm'"):
        optim.Adm  # noqa: B018

"""The student's own notebook while they work in it: its cells as they ran, or the files of its functions."""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from autograder.shortcuts.reading import Notebook

__all__ = ["notebook_of"]


def notebook_of(names: Mapping[str, Any], is_students: Callable[[str], bool]) -> Notebook:
    """Return what can be read of the code that has defined ``names``."""
    notebook = Notebook()
    cells = _history(names)
    for source in _files(names, is_students) if cells is None else cells:
        notebook.add(source)
    for name, value in list(names.items()):
        library_name = _library_name(value)
        if isinstance(name, str) and library_name:
            notebook.add_name(name, library_name)
    return notebook


def _history(names: Mapping[str, Any]) -> list[str] | None:
    """Return the cells that were run in this notebook, None outside of one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or shell.user_ns is not names:
        return None
    return [source for source in shell.history_manager.input_hist_parsed if isinstance(source, str)]


def _files(names: Mapping[str, Any], is_students: Callable[[str], bool]) -> Iterator[str]:
    """Yield the source of each file in which one of the functions or classes was written."""
    found = dict.fromkeys(f for value in list(names.values()) for f in _files_of(value))
    for file in found:
        if is_students(file):
            yield "".join(linecache.getlines(file))


def _files_of(value: Any) -> Iterator[str]:
    methods = list(vars(value).values()) if isinstance(value, type) else []
    for function in [value, *methods]:
        if isinstance(function, FunctionType):
            yield inspect.unwrap(function).__code__.co_filename


def _library_name(value: Any) -> str:
    """Return the dotted name of a module or of a library's function."""
    if isinstance(value, ModuleType):
        return str(value.__name__)
    # Asked of nothing else: an object of the student's may answer with anything, or not at all.
    if not callable(value) or type(value).__module__.partition(".")[0] not in {"builtins", "numpy", "torch", "jax"}:
        return ""
    module, name = getattr(value, "__module__", None), getattr(value, "__name__", None)
    known = isinstance(module, str) and isinstance(name, str) and module != "__main__"
    return f"{module}.{name}" if known else ""

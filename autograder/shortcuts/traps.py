"""Watch the calls of the student's code while a probe runs, and note those that a task forbids.

Python tells a profiling function of every call. A call counts if it is made by the student's own code: what a library
does to do its work is the library's business. Nothing is replaced, so the code runs as it would without.

Not seen: NumPy's universal functions (``np.matmul``, ``scipy.special.expit``), and functions written in C that other
functions written in C call, except PyTorch's. Those are found by reading alone.
"""

from __future__ import annotations

import contextlib
import dis
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any

from autograder.shortcuts.rules import ROOMS, Shortcut, broken, canonical, pretty

__all__ = ["watched"]

MAX_FOUND = 10


@contextlib.contextmanager
def watched(
    forbid: Sequence[str], probe: Callable[..., Any], is_students: Callable[[str], bool]
) -> Iterator[list[Shortcut]]:
    """Yield the list that fills with the forbidden shortcuts taken while the block runs.

    Parameters
    ----------
    forbid
        Entries of ``Task.forbid``; without any, nothing is watched and nothing is slower.
    probe
        The probe, whose own loops and calls are not the student's.
    is_students
        Whether a file of this name is the student's: a cell, or a file beside the notebook.
    """
    if not forbid:
        yield []
        return
    trap = _Trap(forbid, probe, is_students)
    before = sys.getprofile()
    with _torch_watched(trap):
        threading.setprofile(trap.event)
        sys.setprofile(trap.event)
        try:
            yield trap.found
        finally:
            sys.setprofile(before)
            threading.setprofile(None)


class _Trap:
    """Notes what the student's code calls."""

    def __init__(self, forbid: Sequence[str], probe: Callable[..., Any], is_students: Callable[[str], bool]) -> None:
        self.found: list[Shortcut] = []
        self._forbid = forbid
        self._loops = "loops" in forbid
        self._is_students_file = is_students
        self._probes = {id(c) for c in _codes(getattr(probe, "__code__", None))}
        # By identity, as the hash of a code object takes longer than what is looked up; the object is kept alive.
        self._rules: dict[int, tuple[CodeType, str, str]] = {}
        self._students: dict[int, tuple[CodeType, bool]] = {}
        self._loop_lines: dict[int, tuple[CodeType, int]] = {}
        self._c_rules: dict[tuple[str, Any, type], tuple[str, str]] = {}
        self._torch_rules: dict[Any, tuple[str, str]] = {}

    def event(self, frame: FrameType, event: str, function: Any) -> None:
        """Take note of one event; Python calls this for every call and return."""
        if event == "call":
            code = frame.f_code
            known = self._rules.get(id(code))
            if known is None:
                name = _name(frame)
                # NumPy asks a function's dispatcher before the function itself.
                rule = "" if name.endswith("_dispatcher") else broken(name, self._forbid)
                known = self._rules[id(code)] = code, rule, name
            if known[1]:
                self._note(known[1], known[2], _caller(frame, self))
            if self._loops:
                self._look_for_loops(frame)
        elif event == "c_call":
            key = function.__name__, function.__module__, type(function.__self__)
            found = self._c_rules.get(key)
            if found is None:
                name = _c_name(function)
                found = self._c_rules[key] = broken(name, self._forbid), name
            if found[0]:
                self._note(found[0], found[1], frame)

    def students(self, frame: FrameType) -> bool:
        """Whether this is the student's code, and not the probe, the grader or a library."""
        code = frame.f_code
        known = self._students.get(id(code))
        if known is None:
            known = self._students[id(code)] = code, self._is_students(frame)
        return known[1]

    def _is_students(self, frame: FrameType) -> bool:
        name = dict.get(frame.f_globals, "__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is not None and vars(module) is frame.f_globals:
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and not self._is_students_file(file):
                return False
        return id(frame.f_code) not in self._probes and self._is_students_file(frame.f_code.co_filename)

    def _note(self, rule: str, name: str, frame: FrameType | None, line: int | None = None) -> None:
        if frame is None or not self.students(frame) or len(self.found) >= MAX_FOUND:
            return
        # `Net.__init__` for a comprehension in it, `inner` for a function in a function.
        function = re.sub(r"(\.<locals>)?\.?<\w+>$", "", frame.f_code.co_qualname).rpartition("<locals>.")[2]
        shortcut = Shortcut(rule, pretty(canonical(name)), line or frame.f_lineno, function)
        if shortcut not in self.found:
            self.found.append(shortcut)

    def _look_for_loops(self, frame: FrameType) -> None:
        code = frame.f_code
        if not self.students(frame):
            return
        known = self._loop_lines.get(id(code))
        if known is None:
            known = self._loop_lines[id(code)] = code, _loop_line(code)
        if known[1]:
            kind = _COMPREHENSIONS.get(code.co_name, "loop")
            inner = kind != "loop" and frame.f_back is not None
            self._note("loops", kind, frame.f_back if inner else frame, known[1])
        caller = frame.f_back
        while caller is not None and len(self.found) < MAX_FOUND:
            if caller.f_code is code:
                self._note("loops", "recursion", frame.f_back)
                return
            caller = caller.f_back

    def torch_function(self, function: Any, frame: FrameType) -> None:
        """Take note of a function of PyTorch's that was called from C, by ``map`` or ``functools.partial``."""
        known = self._torch_rules.get(function)
        if known is None:
            name = _c_name(function)
            known = self._torch_rules[function] = broken(name, self._forbid), name
        if known[0]:
            self._note(known[0], known[1], frame)


_COMPREHENSIONS = {
    "<listcomp>": "comprehension",
    "<setcomp>": "comprehension",
    "<dictcomp>": "comprehension",
    "<genexpr>": "generator expression",
}


def _codes(code: CodeType | None) -> Iterator[CodeType]:
    """Yield a function's code and that of the functions in it."""
    if code is not None:
        yield code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from _codes(constant)


def _caller(frame: FrameType, trap: _Trap) -> FrameType | None:
    """Return who called; a function around a library's function, as a decorator makes one, is part of it."""
    caller = frame.f_back
    while caller is not None and "<locals>" in caller.f_code.co_qualname and not trap.students(caller):
        caller = caller.f_back
    return caller


def _name(frame: FrameType) -> str:
    module = dict.get(frame.f_globals, "__name__")
    return f"{module}.{frame.f_code.co_qualname}" if isinstance(module, str) else ""


def _c_name(function: Any) -> str:
    """Return the name of a function written in C: ``torch.Tensor.softmax`` for the method of any tensor."""
    owner = getattr(function, "__objclass__", None) or type(getattr(function, "__self__", None))
    for kind in owner.__mro__:
        if kind.__name__ in {"ndarray", "Tensor", "TensorBase"} and kind.__module__ in {"numpy", "torch", "torch._C"}:
            return f"{'numpy.ndarray' if kind.__name__ == 'ndarray' else 'torch.Tensor'}.{function.__name__}"
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    return f"{module if isinstance(module, str) else owner.__module__}.{name}"


def _loop_line(code: CodeType) -> int:
    """Return the line of the first loop in the code itself, 0 where there is none."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in {"FOR_ITER", "FOR_ITER_RANGE"} or (
            "JUMP_BACKWARD" in instruction.opname and "NO_INTERRUPT" not in instruction.opname
        ):
            return (instruction.positions.lineno if instruction.positions else None) or code.co_firstlineno
    return 0


def _torch_watched(trap: _Trap) -> contextlib.AbstractContextManager[Any]:
    """Watch PyTorch's functions from within, where a task forbids one of them and PyTorch is in use."""
    torch = sys.modules.get("torch")
    if torch is None or not any(canonical(rule).rpartition(".")[0] in ROOMS for rule in trap._forbid):
        return contextlib.nullcontext()

    class Watching(torch.overrides.TorchFunctionMode):  # type: ignore[name-defined]
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            trap.torch_function(function, sys._getframe(1))
            return function(*args, **(kwargs or {}))

    watching: contextlib.AbstractContextManager[Any] = Watching()
    return watching

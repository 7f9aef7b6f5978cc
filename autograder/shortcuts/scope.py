"""The scopes of a notebook, and what its statements say of names.

A *thing*, which a name may stand for, is the dotted name of something in a library (``"numpy.linalg"``), or a piece of
the notebook's own code.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "COMPREHENSIONS",
    "FUNCTIONS",
    "Code",
    "Looking",
    "Scope",
    "Thing",
    "attributes",
    "blocks",
    "cannot_fail",
    "is_namespace",
    "moved",
    "named_inside",
    "reaches_out",
]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, eq=False)
class Code:
    """A piece of the notebook: a definition, or an expression that was assigned, and where its names are looked up."""

    node: ast.AST
    scope: Scope


Thing = str | Code


@dataclass(eq=False)
class Scope:
    """The names of the notebook, of a function, of a class or of a comprehension."""

    kind: Literal["notebook", "function", "class", "comprehension"]
    parent: Scope | None = None
    names: dict[str, list[Thing]] = field(default_factory=dict)
    of_notebook: set[str] = field(default_factory=set)
    of_outside: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    @property
    def top(self) -> Scope:
        """The notebook's scope."""
        return self if self.parent is None else self.parent.top

    def look(self, name: str) -> Sequence[Thing]:
        """Return what ``name`` may stand for here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names and (scope.kind != "class" or scope is self):
                return scope.names[name]
            scope = self.top if name in scope.of_notebook else scope.parent
        found = [f"{module}.{name}" for module in self.top.stars]
        return [*found, f"builtins.{name}"] if hasattr(builtins, name) else found

    def put(self, name: str, things: Iterable[Thing], *, replace: bool = False) -> None:
        """Let ``name`` stand for ``things``, in addition to what it stands for or in its place."""
        scope: Scope = self
        if name in scope.of_notebook:
            scope, replace = self.top, False
        while name in scope.of_outside and scope.parent is not None:
            scope, replace = scope.parent, False
        kept = [] if replace else scope.names.get(name, [])
        scope.names[name] = [*kept, *things]


@dataclass(frozen=True)
class Looking:
    """Finds the one expression that a name stands for, if it is one."""

    scope: Scope

    def __call__(self, name: str) -> ast.expr | None:
        """Return the expression, or None."""
        found = self.scope.look(name)
        if len(found) == 1 and isinstance(found[0], Code) and isinstance(found[0].node, ast.expr):
            return found[0].node
        return None


# ---------------------------------------------------------------------------------------------------------------


def cannot_fail(node: ast.stmt) -> bool:
    """Whether this statement is sure to run to its end, and does not keep those below it from running."""
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list
    return isinstance(node, (ast.Expr, ast.Assign)) and isinstance(node.value, ast.Constant)


def is_namespace(node: ast.expr) -> bool:
    """Whether this is ``globals()``, ``locals()``, ``vars()`` or the notebook's namespace under another name."""
    match node:
        case ast.Call(func=ast.Name(id="globals" | "locals" | "vars"), args=[]):
            return True
        case ast.Attribute(attr="user_ns" | "__globals__"):
            return True
        case ast.Attribute(value=ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value="__main__")])):
            return node.attr == "__dict__"
    return False


def blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a compound statement that belong to the same scope."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for part in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield part.body


def named_inside(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that a statement binds in other places: ``:=``, ``except ... as``, patterns."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return
    for child in _expressions(node):
        if isinstance(child, ast.NamedExpr) and isinstance(child.target, ast.Name):
            yield child.target.id, child.value
    for handler in getattr(node, "handlers", []):
        if handler.name:
            yield handler.name, None
    for case in getattr(node, "cases", []):
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                yield name, None


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield the expressions of one statement, without those of statements and functions in it."""
    todo: list[ast.AST] = [c for c in ast.iter_child_nodes(node) if isinstance(c, ast.expr)]
    while todo:
        found = todo.pop()
        yield found
        if not isinstance(found, ast.Lambda):
            todo += ast.iter_child_nodes(found)


def reaches_out(function: ast.AST) -> bool:
    """Whether a function may define something outside of itself, which counts even where nothing calls it by name."""
    for node in ast.walk(function):
        match node:
            case ast.Global() | ast.Nonlocal():
                return True
            case ast.Attribute(value=owner, ctx=ast.Store()) if getattr(owner, "id", "") not in {"self", "cls"}:
                return True
            case ast.Call(func=ast.Name(id="setattr" | "exec")) | ast.Call(func=ast.Name(id="globals")):
                return True
    return False


def attributes(node: ast.ClassDef) -> Iterator[str]:
    """Yield the attributes and methods that a class gives its objects."""
    for child in node.body:
        match child:
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name
    for inner in ast.walk(node):
        match inner:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name


def moved(statement: ast.stmt, line: int, first: int | None) -> ast.stmt:
    """Give the statement of a text the line of the call that runs it, or the text's own place in the cell."""
    for node in ast.walk(statement):
        if hasattr(node, "lineno"):
            node.lineno = line if first is None else node.lineno + first
    return statement

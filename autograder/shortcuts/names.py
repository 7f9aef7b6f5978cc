"""What the expressions of a notebook stand for, found by reading.

Where several assignments may have been the last, a name stands for all of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.shortcuts.cells import read_cell
from autograder.shortcuts.fold import fold
from autograder.shortcuts.rules import canonical
from autograder.shortcuts.scope import (
    FUNCTIONS,
    Code,
    Looking,
    Scope,
    Thing,
    attributes,
    blocks,
    cannot_fail,
    is_namespace,
    moved,
    named_inside,
    reaches_out,
)

__all__ = ["Names"]

MAX_DEPTH = 40
MAX_THINGS = 40
MAX_STEPS = 200_000
TRANSPARENT = {"time", "timeit", "capture", "prun"}
"""Magics that run the code they are given."""


class Names:
    """Fills scopes from statements, and finds what an expression stands for."""

    def __init__(self) -> None:
        self.top = Scope("notebook")
        self.patched: dict[str, list[Code]] = {}
        """Attributes of libraries that the notebook sets, with what it sets them to."""
        self.own_attributes: set[str] = set()
        """Attributes and methods of the notebook's own objects."""
        self.steps = 0
        self._inner: dict[tuple[int, int], Scope] = {}
        self._found: dict[tuple[int, int], tuple[Thing, ...]] = {}
        self._texts: dict[tuple[int, int], list[ast.stmt]] = {}

    # -----------------------------------------------------------------------------------------------------------
    # Filling

    def bind(self, statements: Iterable[ast.stmt], scope: Scope, *, last: bool = False, failed: bool = False) -> None:
        """Put the names that ``statements`` define into ``scope``.

        ``last`` says that they run once, one after the other, so that a later definition replaces an earlier one.
        Of a cell that ``failed``, this is known only up to the first statement that may have been the one that did.
        """
        self._found.clear()
        for statement in statements:
            last = last and not (failed and not cannot_fail(statement))
            self._bind(statement, scope, last)

    def _bind(self, node: ast.stmt, scope: Scope, last: bool) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.put(node.name, [Code(node, scope)], replace=last)
                if reaches_out(node):
                    self.within(node, scope)
            case ast.ClassDef():
                scope.put(node.name, [Code(node, scope)], replace=last)
                self.own_attributes |= set(attributes(node))
                for method in node.body:
                    if isinstance(method, FUNCTIONS) and reaches_out(method):
                        self.within(method, self.within(node, scope))
            case ast.Import():
                for alias in node.names:
                    # `import a.b` binds a, `import a.b as c` binds a.b.
                    name = alias.asname or alias.name.partition(".")[0]
                    scope.put(name, [alias.name if alias.asname else name], replace=last)
            case ast.ImportFrom(module=str() as module, level=0):
                scope.stars += [module for alias in node.names if alias.name == "*"]
                for alias in node.names:
                    if alias.name != "*":
                        scope.put(alias.asname or alias.name, [f"{module}.{alias.name}"], replace=last)
            case ast.Global():
                scope.of_notebook |= set(node.names)
            case ast.Nonlocal():
                scope.of_outside |= set(node.names)
            case ast.Assign():
                for target in node.targets:
                    self._assign(target, node.value, scope, last)
            case ast.AnnAssign(value=ast.expr() as value):
                self._assign(node.target, value, scope, last)
            case ast.AugAssign():
                self._assign(node.target, node.value, scope, False)
            case ast.For() | ast.AsyncFor():
                self._assign(node.target, node.iter, scope, False)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, item.context_expr, scope, False)
            case ast.Expr(value=ast.Call() as call):
                self._effect(call, scope, last)
        for part in blocks(node):
            for inner in part:
                self._bind(inner, scope, last and isinstance(node, (ast.With, ast.AsyncWith)))
        for name, given in named_inside(node):
            scope.put(name, [] if given is None else [Code(given, scope)])

    def _assign(self, target: ast.expr, value: ast.expr, scope: Scope, last: bool) -> None:
        match target:
            case ast.Name(id=name):
                scope.put(name, [Code(value, scope)], replace=last)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each, part in zip(targets, _parts(value, targets), strict=True):
                    self._assign(each, part, scope, last)
            case ast.Starred(value=inner):
                self._assign(inner, value, scope, last)
            case ast.Attribute(value=owner, attr=name):
                self._attach(owner, name, value, scope)
            case ast.Subscript(value=owner, slice=key):
                name = self._text(key, scope)
                if isinstance(name, str) and is_namespace(owner):
                    scope.top.put(name, [Code(value, scope)])
                else:
                    self._attach(owner, "", value, scope)

    def _attach(self, owner: ast.expr, attribute: str, value: ast.expr, scope: Scope) -> None:
        """Note ``owner.attribute = value``: it belongs to the library's name, or to the notebook's name."""
        for thing in self.things(owner, scope):
            if isinstance(thing, str) and attribute:
                self.patched.setdefault(canonical(f"{thing}.{attribute}"), []).append(Code(value, scope))
        root = owner
        while isinstance(root, (ast.Attribute, ast.Subscript)):
            root = root.value
        if isinstance(root, ast.Name) and any(isinstance(t, Code) for t in scope.look(root.id)):
            scope.put(root.id, [Code(value, scope)])

    def _effect(self, call: ast.Call, scope: Scope, last: bool) -> None:
        """Follow a call that defines names: ``setattr``, ``exec`` of a text, a cell magic, ``globals().update``."""
        match call:
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, key, value]):
                name = self._text(key, scope)
                if isinstance(name, str):
                    self._attach(owner, name, value, scope)
            case ast.Call(func=ast.Attribute(value=owner, attr="update"), keywords=keywords) if is_namespace(owner):
                for keyword in keywords:
                    if keyword.arg is not None:
                        scope.top.put(keyword.arg, [Code(keyword.value, scope)])
            case _:
                for statement in self.executed(call, scope):
                    self._bind(statement, scope, last)

    def executed(self, call: ast.Call, scope: Scope) -> list[ast.stmt]:
        """Return the statements that the call runs, where it is handed them as a text that can be read."""
        key = id(call), id(scope)
        if key not in self._texts:
            self._texts[key] = self._executed(call, scope)
        return self._texts[key]

    def _executed(self, call: ast.Call, scope: Scope) -> list[ast.stmt]:
        called = {t.rpartition(".")[2] for t in self.things(call.func, scope) if isinstance(t, str)}
        called |= {call.func.attr} if isinstance(call.func, ast.Attribute) else set()
        texts = [self._text(a, scope) for a in call.args]
        text, first = None, None
        match texts:
            case [str(source), *_] if called & {"exec", "eval", "compile", "run_cell", "ex"}:
                text = source.strip()
            case [str(magic), _, str(body)] if "run_cell_magic" in called and magic in TRANSPARENT:
                # Its lines are those of the cell, from the second on.
                text, first = body, call.lineno
            case [str(magic), str(body)] if "run_line_magic" in called and magic in TRANSPARENT:
                text = body
            case [None, *_] if "exec" in called and isinstance(call.args[0], ast.Call):
                return self.executed(call.args[0], scope)  # exec(compile("..."))
        # Not from the store of cells: these statements get lines of their own.
        read = () if text is None else read_cell.__wrapped__(text).statements
        return [moved(s, call.lineno, first) for s in read]

    # -----------------------------------------------------------------------------------------------------------
    # Inner scopes

    def within(self, node: ast.AST, scope: Scope) -> Scope:
        """Return the scope of a function, a class or a comprehension that stands in ``scope``."""
        key = id(node), id(scope)
        if key not in self._inner:
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    self._inner[key] = inner = Scope("function", scope)
                    self._parameters(node.args, inner)
                    if not isinstance(node, ast.Lambda):
                        self.bind(node.body, inner)
                case ast.ClassDef():
                    self._inner[key] = inner = Scope("class", scope)
                    self.bind(node.body, inner)
                case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                    self._inner[key] = inner = Scope("comprehension", scope)
                    for generator in node.generators:
                        self._assign(generator.target, generator.iter, inner, False)
        return self._inner[key]

    def _parameters(self, given: ast.arguments, inner: Scope) -> None:
        assert inner.parent is not None
        positional = [*given.posonlyargs, *given.args]
        defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults, *given.kw_defaults]
        for argument, default in zip([*positional, *given.kwonlyargs], defaults, strict=True):
            inner.put(argument.arg, [] if default is None else [Code(default, inner.parent)])
        for rest in (given.vararg, given.kwarg):
            if rest is not None:
                inner.put(rest.arg, [])

    # -----------------------------------------------------------------------------------------------------------
    # What an expression stands for

    def things(self, node: ast.expr, scope: Scope, depth: int = 0) -> tuple[Thing, ...]:
        """Return what the expression may stand for, as far as it can be told."""
        key = id(node), id(scope)
        if key not in self._found:
            self._found[key] = ()  # where a name is defined by itself
            if depth <= MAX_DEPTH:
                found = dict.fromkeys(self._things(node, scope, depth + 1))
                self._found[key] = tuple(found)[:MAX_THINGS]
        return self._found[key]

    def _things(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[Thing]:
        match node:
            case ast.Name(id=name):
                yield from self._followed(scope.look(name), depth)
            case ast.Attribute(value=owner, attr=attribute):
                yield from self._attribute(self.things(owner, scope, depth), attribute)
            case ast.NamedExpr(value=value) | ast.Starred(value=value) | ast.Await(value=value):
                yield from self.things(value, scope, depth)
            case ast.IfExp(body=first, orelse=second):
                yield from self.things(first, scope, depth)
                yield from self.things(second, scope, depth)
            case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(values=parts):
                for part in parts:
                    yield from self.things(part, scope, depth)
            case ast.Call():
                yield from self._called(node, scope, depth)
            case ast.Subscript(value=owner, slice=key):
                yield from self._item(owner, self._text(key, scope), scope, depth)
            case ast.Lambda() | ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return

    def _followed(self, found: Iterable[Thing], depth: int) -> Iterator[Thing]:
        """Yield the things, and what those among them stand for that are expressions."""
        for thing in found:
            yield thing
            if isinstance(thing, Code) and isinstance(thing.node, ast.expr):
                yield from self.things(thing.node, thing.scope, depth)

    def _attribute(self, owners: Iterable[Thing], attribute: str) -> Iterator[Thing]:
        for owner in owners:
            if isinstance(owner, str):
                # `__dict__` and the like are another way to write the same thing.
                yield (
                    owner
                    if attribute in {"__dict__", "__wrapped__", "__call__", "__func__"}
                    else f"{owner}.{attribute}"
                )

    def _called(self, node: ast.Call, scope: Scope, depth: int) -> Iterator[Thing]:
        """Yield what ``getattr(np, "dot")``, ``__import__("numpy")`` and the like stand for."""
        texts = [self._text(a, scope) for a in node.args[:2]]
        called = {t.removeprefix("builtins.") for t in self.things(node.func, scope, depth) if isinstance(t, str)}
        if "object.__getattribute__" in called:
            called.add("getattr")
        match texts:
            case [_, str(name), *_] if "getattr" in called:
                yield from self._attribute(self.things(node.args[0], scope, depth), name)
            case [str(name), *_] if called & {"__import__", "importlib.import_module", "importlib.__import__"}:
                whole = "importlib.import_module" in called or len(node.args) > 1 or node.keywords
                yield name if whole else name.partition(".")[0]
            case [str(), *_] if "eval" in called:
                for statement in self.executed(node, scope):
                    if isinstance(statement, ast.Expr):
                        yield from self.things(statement.value, scope, depth)
            case [_] if called & {"vars", "staticmethod", "classmethod", "inspect.unwrap"}:
                yield from self.things(node.args[0], scope, depth)
            case [str(name), *_] if "sys.modules.get" in called:
                yield name
            case [str(name), *_] if isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "__getitem__"}:
                yield from self._item(node.func.value, name, scope, depth)
            case [str(name), *_] if isinstance(node.func, ast.Attribute) and node.func.attr == "__getattribute__":
                yield from self._attribute(self.things(node.func.value, scope, depth), name)
        if "functools.partial" in called and node.args:
            yield from self.things(node.args[0], scope, depth)
        if isinstance(node.func, ast.Call) and node.args:
            yield from self._got(node, node.func, scope, depth)

    def _got(self, node: ast.Call, getter: ast.Call, scope: Scope, depth: int) -> Iterator[Thing]:
        """Yield what ``attrgetter("linalg.lstsq")(np)`` and ``methodcaller("lstsq", a, b)(np.linalg)`` stand for."""
        path = self._text(getter.args[0], scope) if getter.args else None
        getters = {"operator.attrgetter", "operator.methodcaller"}
        if isinstance(path, str) and getters & set(self.things(getter.func, scope, depth)):
            yield from self._attribute(self.things(node.args[0], scope, depth), path)

    def _item(self, owner: ast.expr, key: object, scope: Scope, depth: int) -> Iterator[Thing]:
        if is_namespace(owner) and isinstance(key, str):
            yield from self._followed(scope.top.look(key), depth)
            return
        for thing in self.things(owner, scope, depth):
            if not isinstance(thing, str):
                continue
            yield thing  # an element of a list or a dictionary that is written out
            if isinstance(key, str):
                yield key if thing == "sys.modules" else f"{thing}.{key}"

    def _text(self, node: ast.expr, scope: Scope) -> Any:
        """Return the text that an expression stands for, None where it cannot be told or too much was asked."""
        if self.exhausted:
            return None
        text, steps = fold(node, Looking(scope))
        self.steps += steps
        return text

    @property
    def exhausted(self) -> bool:
        """Whether so much was to be followed that the rest was not."""
        return self.steps > MAX_STEPS


def _parts(value: ast.expr, targets: list[ast.expr]) -> list[ast.expr]:
    """Return what each of several targets is given: its own part where that can be seen, else the whole."""
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    fits = len(parts) == len(targets) and not any(isinstance(e, ast.Starred) for e in [*targets, *parts])
    return parts if fits else [value] * len(targets)

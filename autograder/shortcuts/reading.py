"""Find forbidden shortcuts by reading: the code that a task reaches, and nothing else of the notebook."""

from __future__ import annotations

import ast
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autograder.shortcuts.cells import read_cell, seeming_names
from autograder.shortcuts.names import Names
from autograder.shortcuts.rules import TENSOR_AUTOGRAD, Shortcut, broken, broken_by_method, canonical, shown
from autograder.shortcuts.scope import COMPREHENSIONS, FUNCTIONS, Code, Scope, Thing

__all__ = ["Notebook", "asked"]

log = logging.getLogger(__name__)

MAX_FOUND = 20
MAX_STEPS = 200_000
MAX_CALLS = 2000
"""What a notebook written by a person does not come near; what does is not read to its end, and earns nothing."""


def asked(probe: str) -> set[str]:
    """Return the names that a probe (its source) asks of the implementation."""
    tree = ast.parse(probe)
    function = next(n for n in ast.walk(tree) if isinstance(n, FUNCTIONS))
    impl = function.args.args[0].arg
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == impl:
                names.add(name)
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id=owner), key, *_]) if owner == impl:
                # A name that is not written here is one of the texts of the probe.
                texts = [key] if isinstance(key, ast.Constant) else ast.walk(tree)
                names |= {t.value for t in texts if isinstance(t, ast.Constant) and isinstance(t.value, str)}
    return names


class Notebook:
    """The code of a notebook, read cell by cell in the order in which the cells run.

    Examples
    --------
    >>> notebook = Notebook()
    >>> notebook.add("import numpy as np\\ndef solve(a, b): return np.linalg.lstsq(a, b)[0]")
    >>> [s.sentence for s in notebook.shortcuts({"solve"}, ["numpy.linalg.lstsq"])]
    ['`np.linalg.lstsq` is what this task asks you to write (line 2 of `solve`)']
    """

    def __init__(self) -> None:
        self._names = Names()
        self._cells: list[Sequence[ast.stmt]] = []
        self._files: dict[str, Notebook] = {}
        self._unread: dict[str, int] = {}

    def add(self, source: str, *, failed: bool = False) -> None:
        """Read a cell that has run; ``failed`` says that it stopped with an error."""
        cell = read_cell(source)
        self._names.steps = 0
        self._cells.append(cell.statements)
        try:
            self._written_files(cell.statements)
            self._names.bind(cell.statements, self._names.top, last=True, failed=failed)
        except Exception:  # whatever is in a cell, the others can be read
            log.exception("a cell could not be read")
            self._unread |= dict(seeming_names(source))
        self._unread |= dict(seeming_names(source) if self._names.exhausted else cell.unread)

    def add_name(self, name: str, library_name: str) -> None:
        """Let ``name`` stand for something of a library, unless a cell has defined it."""
        if name not in self._names.top.names:
            self._names.top.put(name, [library_name])

    def _written_files(self, statements: Iterable[ast.stmt]) -> None:
        """Read what ``%%writefile helper.py`` puts beside the notebook, from where it can be imported."""
        for statement in statements:
            match statement:
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(attr="run_cell_magic"),
                        args=[ast.Constant("writefile" | "file"), ast.Constant(str(name)), ast.Constant(str(text))],
                    )
                ) if name.endswith(".py"):
                    module = name.removeprefix("./").removesuffix(".py").split()[-1]
                    self._files.setdefault(module, Notebook()).add(text)

    def shortcuts(self, names: Iterable[str], forbid: Sequence[str]) -> list[Shortcut]:
        """Return each forbidden shortcut in the code that ``names`` reach, function by function and line by line."""
        reader = _Reader(self._names, forbid, {m: n._names for m, n in self._files.items()})
        wanted = sorted(names)
        self._names.steps = 0
        try:
            read = reader.read(wanted)
        except Exception:  # whatever is in the code, the submission is graded
            log.exception("the code of %s could not be read", ", ".join(wanted))
            read = False
        if not read:
            reader.found.append(Shortcut(forbid[0], "", None, wanted[0]))
        functions = list(dict.fromkeys(s.function for s in reader.found))
        reader.found.sort(key=lambda s: (functions.index(s.function), s.line or 0))
        unread = [n for n in sorted(reader.names | set(wanted)) if n in self._unread]
        return [*reader.found, *(Shortcut(forbid[0], "", self._unread[n], n) for n in unread)][:MAX_FOUND]


@dataclass(frozen=True)
class _Place:
    """Where a node stands: its scope, the function around it, and whether that runs when the probe does.

    What runs before the probe, when a cell makes a value, may loop: no input of the probe can have passed through it.
    """

    scope: Scope
    function: str
    owner: ast.AST | None
    early: bool


class _Reader:
    """One reading of the code that some names reach."""

    def __init__(self, names: Names, forbid: Sequence[str], files: dict[str, Names]) -> None:
        self.found: list[Shortcut] = []
        self.names: set[str] = set()
        self._names = names
        self._forbid = forbid
        self._files = files
        self._todo: deque[tuple[ast.AST, _Place]] = deque()
        self._entered: set[tuple[int, int, bool]] = set()
        self._told: set[tuple[str, int | None, str]] = set()
        self._calls: dict[int, dict[int, tuple[int, str]]] = {}
        self._unsure: list[tuple[ast.Attribute, _Place]] = []
        self._owners: set[int] = set()
        self._harmless: set[int] = set()
        self._handed_on: set[str] = set()
        self._uses_torch = any(
            isinstance(t, str) and t.partition(".")[0] == "torch" for found in names.top.names.values() for t in found
        )

    def read(self, names: Iterable[str]) -> bool:
        """Read from ``names`` on; what is found is in :attr:`found`. Return whether everything was read."""
        for name in names:
            self.names.add(name)
            self._follow(self._names.top.look(name), name, early=False, asked=True)
        for _ in range(MAX_STEPS):
            if not self._todo:
                break
            self._look_at(*self._todo.popleft())
        for node, place in self._unsure:
            self._method(node, place)
        if "loops" in self._forbid:
            self._recursions()
        return not self._todo and not self._names.exhausted and sum(map(len, self._calls.values())) <= MAX_CALLS

    # -- from one piece of code to the next --------------------------------------------------------------------

    def _follow(self, things: Iterable[Thing], name: str, *, early: bool, asked: bool = False) -> None:
        for thing in things:
            if isinstance(thing, str):
                module, _, rest = thing.partition(".")
                if module in self._files and rest:
                    self._follow(self._files[module].top.look(rest.partition(".")[0]), rest, early=early)
                elif asked:
                    # Imported under the name of the answer.
                    self._use(thing, None, _Place(self._names.top, name, None, early=False))
                continue
            key = id(thing.node), id(thing.scope), early
            if key not in self._entered:
                self._entered.add(key)
                self._enter(thing.node, _Place(thing.scope, name, None, early))

    def _enter(self, node: ast.AST, place: _Place) -> None:
        """Read a definition from its head to its end, or an expression that is evaluated when its cell runs."""
        if isinstance(node, ast.ClassDef):
            inner = _Place(self._names.within(node, place.scope), node.name, None, early=True)
            self._todo += [(part, place) for part in [*node.decorator_list, *node.bases]]
            self._todo += [(keyword.value, place) for keyword in node.keywords]
            self._todo += [(statement, inner) for statement in node.body]
        elif isinstance(node, FUNCTIONS):
            name = place.function if isinstance(node, ast.Lambda) else node.name
            if place.scope.kind == "class" and name == getattr(node, "name", None):
                name = f"{place.function}.{name}"
            inner = _Place(self._names.within(node, place.scope), name, node, place.early)
            outside = _Place(place.scope, name, place.owner, early=True)
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            self._todo += [(part, outside) for part in decorators]
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                if default is not None:
                    self._push(default, outside)
            body = [node.body] if isinstance(node, ast.Lambda) else node.body
            self._todo += [(part, inner) for part in body]
        else:
            self._push(node, _Place(place.scope, place.function, place.owner, early=True))

    def _push(self, node: ast.AST, place: _Place, *, called: bool = False) -> None:
        """Read this later. Of code that has run, a function that it called is done, one that it names may yet run."""
        if place.early and isinstance(node, ast.Name) and not called:
            place = _Place(place.scope, place.function, place.owner, early=False)
        self._todo.append((node, place))

    def _look_at(self, node: ast.AST, place: _Place) -> None:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            # Defined here, called whenever: nothing in it is early.
            if isinstance(node, FUNCTIONS) and place.owner is not None:
                self._call(place.owner, node, node.lineno, "")
            self._enter(node, _Place(place.scope, place.function, place.owner, early=False))
            return
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self._loop("for loop", node, place)
        elif isinstance(node, ast.While):
            self._loop("while loop", node, place)
        elif isinstance(node, COMPREHENSIONS):
            self._loop("generator expression" if isinstance(node, ast.GeneratorExp) else "comprehension", node, place)
            place = _Place(self._names.within(node, place.scope), place.function, place.owner, place.early)
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            self._name(node, place)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            self._use("numpy.matmul", node, place)
        if isinstance(node, ast.Attribute):
            self._owners.add(id(node.value))
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, _NOTHING) and child is not getattr(node, "annotation", None):
                self._push(child, place, called=child is getattr(node, "func", None))

    def _name(self, node: ast.Name | ast.Attribute | ast.Subscript | ast.Call, place: _Place) -> None:
        if not isinstance(node, ast.Call) and not isinstance(node.ctx, ast.Load):
            return
        things = self._names.things(node, place.scope)
        for thing in things:
            if isinstance(thing, str):
                self._uses_torch |= thing.partition(".")[0] == "torch"
                self._use(thing, node, place)
                self._follow(self._names.patched.get(canonical(thing), ()), place.function, early=False)
        self._follow(things, node.id if isinstance(node, ast.Name) else place.function, early=place.early)
        if isinstance(node, ast.Name):
            self.names.add(node.id)
        if isinstance(node, ast.Call):
            self._todo += [(s, place) for s in self._names.executed(node, place.scope)]
            if isinstance(node.func, ast.Attribute) and _is_refusal(node):
                self._harmless.add(id(node.func))
        elif isinstance(node, ast.Attribute) and not any(isinstance(t, str) for t in things):
            self._unsure.append((node, place))
        if id(node) not in self._owners:
            self._handed_on |= {canonical(t) for t in things if isinstance(t, str)}
            if isinstance(node, (ast.Name, ast.Attribute)) and place.owner is not None:
                for callee in self._callees(node, things, place):
                    self._call(place.owner, callee, node.lineno, place.function)

    def _callees(self, node: ast.Name | ast.Attribute, things: Iterable[Thing], place: _Place) -> Iterator[ast.AST]:
        if isinstance(node, ast.Attribute):
            # A method of the same object.
            scope: Scope | None = place.scope
            while scope is not None and scope.kind != "class":
                scope = scope.parent
            own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
            things = scope.names.get(node.attr, ()) if own and scope is not None else ()
        yield from (t.node for t in things if isinstance(t, Code) and isinstance(t.node, FUNCTIONS))

    # -- what is reported ----------------------------------------------------------------------------------------

    def _report(self, rule: str, what: str, line: int | None, function: str) -> None:
        if (rule, line, function) not in self._told:
            self._told.add((rule, line, function))
            self.found.append(Shortcut(rule, what, line, function))

    def _loop(self, kind: str, node: ast.stmt | ast.expr, place: _Place) -> None:
        if "loops" in self._forbid and not place.early:
            self._report("loops", kind, node.lineno, place.function)

    def _use(self, name: str, node: ast.expr | None, place: _Place) -> None:
        rule = broken(name, self._forbid)
        if rule:
            text = "" if node is None else _text(node)
            what = "@" if isinstance(node, ast.BinOp) else shown(text, canonical(name))
            self._report(rule, what, None if node is None else node.lineno, place.function)

    def _method(self, node: ast.Attribute, place: _Place) -> None:
        """Judge ``something.attribute`` where nothing is known of what it belongs to."""
        handed_on = next((r for r in self._forbid if self._module_handed_on(r, node.attr)), "")
        rule = broken_by_method(node.attr, self._forbid)
        if handed_on:
            self._report(handed_on, _text(node), node.lineno, place.function)
        elif rule and id(node) not in self._harmless and not self._is_own(node, place):
            self._report(rule, _text(node), node.lineno, place.function)

    def _module_handed_on(self, rule: str, attribute: str) -> bool:
        """Whether ``attribute`` completes the name of a library that was passed or stored as a value."""
        module, _, leaf = canonical(rule).rpartition(".")
        return leaf == attribute and module in self._handed_on and module not in {"", "torch.Tensor", "numpy.ndarray"}

    def _is_own(self, node: ast.Attribute, place: _Place) -> bool:
        """Whether this may well be an attribute that the notebook has defined on an object of its own."""
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            return True
        made_of = [t.node for t in self._names.things(node.value, place.scope) if isinstance(t, Code)]
        for made in [node.value, *made_of]:
            made_by = self._names.things(made.func, place.scope) if isinstance(made, ast.Call) else ()
            if isinstance(made, ast.ClassDef) or any(
                isinstance(getattr(t, "node", None), ast.ClassDef) for t in made_by
            ):
                return True
        if self._from_torch([node.value, *made_of], place):
            return False
        return node.attr in self._names.own_attributes or (node.attr in TENSOR_AUTOGRAD and not self._uses_torch)

    def _from_torch(self, parts: Iterable[ast.AST], place: _Place) -> bool:
        names = [n for part in parts for n in ast.walk(part) if isinstance(n, (ast.Name, ast.Attribute))]
        found = [t for n in names[:200] for t in self._names.things(n, place.scope)]
        return any(isinstance(t, str) and t.startswith("torch") for t in found)

    # -- recursion -----------------------------------------------------------------------------------------------

    def _call(self, caller: ast.AST, callee: ast.AST, line: int, function: str) -> None:
        self._calls.setdefault(id(caller), {}).setdefault(id(callee), (line, function))

    def _recursions(self) -> None:
        if sum(map(len, self._calls.values())) > MAX_CALLS:
            return
        for caller, callees in self._calls.items():
            for callee, (line, function) in callees.items():
                if function and self._leads(callee, caller):
                    self._report("loops", "recursion", line, function)

    def _leads(self, start: int, goal: int) -> bool:
        todo, seen = [start], {start}
        while todo:
            at = todo.pop()
            if at == goal:
                return True
            new = set(self._calls.get(at, ())) - seen
            seen |= new
            todo += new
        return False


_NOTHING = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
"""Nodes that name nothing."""


def _is_refusal(node: ast.Call) -> bool:
    """Whether this is ``x.requires_grad_(False)``."""
    given = [*node.args, *(k.value for k in node.keywords)]
    switch = [g.value for g in given if isinstance(g, ast.Constant)]
    return getattr(node.func, "attr", "") == "requires_grad_" and switch == [False]


def _text(node: ast.expr) -> str:
    try:
        return " ".join(ast.unparse(node).split())[:80]
    except RecursionError:
        return ""

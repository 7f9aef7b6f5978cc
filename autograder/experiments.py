"""Which of a notebook's experiments grading can do without.

Between the tasks a notebook shows things: it draws curves, trains for comparison, prints tables. The cells that do so
are not locked. They belong to the student, who may change or delete them, so nothing that is graded may rely on what
they do; a cell on which something relies is locked by its author. One that still stands as it was released need
therefore not be run, unless other code, perhaps the student's own, looks up a name that it gives a value.
"""

from __future__ import annotations

import ast
import functools
import symtable
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Step", "left_out"]

UNREADABLE = frozenset({"__import__", "eval", "exec", "get_ipython", "globals", "locals", "vars"})
"""Functions that look names up by their text: who calls one may use any name."""

COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})


@dataclass(frozen=True)
class Step:
    """A cell that is run, or a task that asks for names.

    Parameters
    ----------
    source
        The cell's code.
    asks
        The names that the task asks for; empty for a cell.
    experiment
        Whether the cell may be left out.
    """

    source: str = ""
    asks: Collection[str] = ()
    experiment: bool = False


@dataclass(frozen=True)
class _Names:
    """The names that a cell looks up before it has bound them, those that its functions look up, and those it binds."""

    looked_up: frozenset[str] = frozenset()
    in_functions: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()


def left_out(steps: Sequence[Step]) -> set[int]:
    """Return the places of the experiments that need not be run: none, where a cell cannot be read.

    Examples
    --------
    >>> train, draw, total = "x = 3", "k = 2\\nprint(k * x)", "y = x + 1"
    >>> left_out([Step(train), Step(draw, experiment=True), Step(total), Step(asks={"y"})])
    {1}
    >>> left_out([Step(train), Step(draw, experiment=True), Step("y = x + k"), Step(asks={"y"})])
    set()
    """
    cells = [_names(step.source) for step in steps]
    if any(cell is None for cell in cells):
        return set()
    uses = _uses([cell for cell in cells if cell is not None])
    out: set[int] = set()
    wanted: set[str] = set()
    for n, (step, cell) in reversed(list(enumerate(zip(steps, cells, strict=True)))):
        assert cell is not None
        if step.experiment and not cell.bound & wanted:
            out.add(n)
        else:
            # Names are not taken out again where a cell binds them anew: it may fail before.
            wanted |= _closure({*cell.looked_up, *step.asks}, uses)
    return out


def _uses(cells: Iterable[_Names]) -> Mapping[str, set[str]]:
    """Return, by name, what may be looked up through its value: all that the cells look up in which it is bound."""
    uses: dict[str, set[str]] = defaultdict(set)
    for cell in cells:
        for name in cell.bound:
            uses[name] |= cell.in_functions | cell.looked_up
    return uses


def _closure(names: Iterable[str], uses: Mapping[str, set[str]]) -> set[str]:
    """Return the names and all that they lead to."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += uses.get(name, ())
    return found


@functools.lru_cache(1024)
def _names(source: str) -> _Names | None:
    """Read a cell; None where it is no plain Python, or looks names up by their text."""
    try:
        body, table = ast.parse(source).body, symtable.symtable(source, "<cell>", "exec")
        if UNREADABLE & {s.get_name() for t in _tables(table) for s in t.get_symbols()}:
            return None
        looked_up, _ = _in_order(body, frozenset())
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    inside = frozenset(_globals(t for t in _tables(table) if t is not table and t.get_name() not in COMPREHENSIONS))
    bound = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    declared = {s.get_name() for t in _tables(table) for s in t.get_symbols() if s.is_declared_global()}
    return _Names(looked_up, inside, frozenset(bound | declared))


def _in_order(statements: Iterable[ast.stmt], before: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that are looked up before they are bound, and those that are bound then, ``before`` included."""
    looked_up: set[str] = set()
    bound = set(before)
    for statement in statements:
        match statement:
            case ast.For(target=target, iter=head, body=body, orelse=orelse):
                looked_up |= _in_expression(head) - bound
                looked_up |= _in_order(body, frozenset(bound | _targets(target)))[0]
                looked_up |= _in_order(orelse, frozenset(bound))[0]
            case ast.If(test=head, body=body, orelse=orelse) | ast.While(test=head, body=body, orelse=orelse):
                looked_up |= _in_expression(head) - bound
                looked_up |= _in_order(body, frozenset(bound))[0] | _in_order(orelse, frozenset(bound))[0]
            case ast.With(items=items, body=body):
                for item in items:
                    looked_up |= _in_expression(item.context_expr) - bound
                    bound |= _targets(item.optional_vars) if item.optional_vars else set()
                found, bound_inside = _in_order(body, frozenset(bound))
                looked_up |= found
                bound |= bound_inside
            case _:
                looked_up |= _read(statement) - bound
                bound |= _bound_for_sure(statement)
    return frozenset(looked_up), frozenset(bound)


def _read(node: ast.stmt) -> set[str]:
    """Return the names that a statement looks up when it is run."""
    table = symtable.symtable(ast.unparse(node), "<statement>", "exec")
    at_once = [t for t in _tables(table) if t is table or t.get_type() == "class" or t.get_name() in COMPREHENSIONS]
    changed = {n.target.id for n in ast.walk(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    deleted = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}
    return {s.get_name() for s in table.get_symbols() if s.is_referenced()} | _globals(at_once) | changed | deleted


def _in_expression(node: ast.expr) -> set[str]:
    return _read(ast.Expr(node))


def _targets(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _bound_for_sure(node: ast.stmt) -> set[str]:
    match node:
        case ast.Assign(targets=targets):
            return set().union(*map(_targets, targets))
        case ast.AnnAssign(target=target, value=ast.expr()):
            return _targets(target)
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(n.asname or n.name).partition(".")[0] for n in names}
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
    return set()


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _globals(tables: Iterable[symtable.SymbolTable]) -> set[str]:
    """Return the names that these scopes look up outside of all functions."""
    return {s.get_name() for t in tables for s in t.get_symbols() if s.is_global() and s.is_referenced()}

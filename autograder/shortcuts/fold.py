"""The text that an expression stands for, where it can be told without running it."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["fold"]

MAX_TEXT = 100_000
MAX_DEPTH = 40
MAX_STEPS = 1000

Look = Callable[[str], "ast.expr | None"]
"""Finds the one expression that a name stands for."""


def fold(node: ast.AST, look: Look) -> tuple[Any, int]:
    """Return the text, the number or the list of texts that ``node`` stands for, and how many steps it took to tell.

    None stands for what cannot be told.
    """
    # A name may be defined by itself, several times over: the steps are counted, not only the depth.
    steps = itertools.count()
    return _fold(node, look, 0, steps), next(steps)


def _fold(node: ast.AST, look: Look, depth: int, steps: Iterator[int]) -> Any:
    if depth > MAX_DEPTH or next(steps) > MAX_STEPS:
        return None

    def inner(n: ast.AST) -> Any:
        return _fold(n, look, depth + 1, steps)

    match node:
        case ast.Constant(value=str() | int() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as n)):
            return -n
        case ast.Name(id=name):
            found = look(name)
            return None if found is None else inner(found)
        case ast.BinOp(op=ast.Add()):
            return _joined([inner(n) for n in _terms(node)])
        case ast.JoinedStr(values=values):
            return _joined([inner(v.value if isinstance(v, ast.FormattedValue) else v) for v in values])
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            parts = [inner(e) for e in elts]
            return parts if all(p is not None for p in parts) else None
        case ast.Subscript(value=value, slice=ast.Slice(lower=lower, upper=upper, step=step)):
            whole, ends = inner(value), [None if e is None else inner(e) for e in (lower, upper, step)]
            usable = (
                isinstance(whole, (str, list)) and all(e is None or isinstance(e, int) for e in ends) and ends[2] != 0
            )
            return whole[slice(*ends)] if usable else None
        case ast.Subscript(value=value, slice=index):
            whole, at = inner(value), inner(index)
            usable = isinstance(whole, (str, list)) and isinstance(at, int) and -len(whole) <= at < len(whole)
            return whole[at] if usable else None
        case ast.Call(func=ast.Name(id="chr"), args=[number]):
            code = inner(number)
            return chr(code) if isinstance(code, int) and 0 <= code < 0x110000 else None
        case ast.Call(func=ast.Attribute(value=owner, attr=method), args=args, keywords=[]):
            return _method(inner(owner), method, [inner(a) for a in args])
    return None


def _terms(node: ast.AST) -> list[ast.AST]:
    """Return the terms of a sum from left to right; a long sum leans to the left, deeper than we may recurse."""
    terms: list[ast.AST] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    return [node, *reversed(terms)]


def _joined(parts: list[Any], between: str = "") -> str | None:
    if all(isinstance(p, str) for p in parts) and sum(len(p) + len(between) for p in parts) < MAX_TEXT:
        return between.join(parts)
    return None


def _method(owner: Any, method: str, args: list[Any]) -> Any:
    match owner, method, args:
        case str(), "join", [list(parts)]:
            return _joined(parts, owner)
        case str(), "replace", [str(old), str(new)] if len(owner) * max(1, len(new)) < MAX_TEXT:
            return owner.replace(old, new)
        case str(), "lower" | "upper" | "strip" | "swapcase", []:
            return getattr(owner, method)()
    return None

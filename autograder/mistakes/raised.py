"""What an exception in the student's code means, in a sentence with their line."""

from __future__ import annotations

import re
from collections.abc import Callable

from autograder.inside import Failure
from autograder.text import clean

__all__ = ["explain_failure"]


def explain_failure(failure: Failure) -> str:
    """Return one sentence on an exception in the student's code: where it is, what it means, what to do."""
    message = _first_line(failure)
    # Without a line it is the check that complains, and its message is the sentence.
    plain = message if failure.line is None and failure.kind in {"TypeError", "ValueError"} else ""
    said = _place(failure) + (_explain(failure) or plain or f"{failure.kind}: {message}".rstrip(": "))
    return clean(said, 800)


def _explain(failure: Failure) -> str:
    special = _SPECIAL.get(failure.kind)
    sentence = special(failure) if special else ""
    if sentence:
        return sentence
    if failure.kind in _BY_KIND:
        return _BY_KIND[failure.kind].replace("{message}", _first_line(failure)).strip()
    for pattern, meaning in _BY_MESSAGE:
        found = re.search(pattern, failure.message)
        if found:
            return found.expand(meaning)
    return ""


def _place(failure: Failure) -> str:
    """Return ``"line 3 of `affine_backward`, `dw = x @ dout`: "`` where the line is known and of use."""
    if failure.line is None or failure.kind in _PLACELESS:
        return ""
    of = f" of `{failure.function}`" if failure.function.isidentifier() else ""
    source = failure.source.replace("`", "'")
    return f"line {failure.line}{of}, `{source}`: " if source else f"line {failure.line}{of}: "


# The line says nothing, or, where the depth of a recursion runs out, is chance.
_PLACELESS = {"NotImplementedError", "Missing", "KeyboardInterrupt", "RecursionError"}


def _first_line(failure: Failure) -> str:
    return failure.message.strip().partition("\n")[0].rstrip(".")


def _stub(failure: Failure) -> str:
    # A method's name has its class before it.
    named = all(part.isidentifier() for part in failure.function.split("."))
    what = f"`{failure.function}` is" if named else "this is"
    return f"{what} still the stub: write it, and take out the line that raises NotImplementedError."


def _recursion(failure: Failure) -> str:
    via = f", by way of `{failure.function}`" if failure.function.isidentifier() else ""
    return f"the code calls itself without end{via}: does every path reach a case that returns?"


def _name(failure: Failure) -> str:
    found = re.search(r"name '(\w+)' is not defined", failure.message)
    if found is None:
        return ""
    if found[1] in _IMPORTS:
        return f"`{found[1]}` is not defined: run the cell with `{_IMPORTS[found[1]]}`."
    return f"`{found[1]}` is not defined: a misspelt name, or a cell that has not been run."


_IMPORTS = {
    "np": "import numpy as np",
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "plt": "import matplotlib.pyplot as plt",
    "math": "import math",
}


def _attribute(failure: Failure) -> str:
    """Explain what NumPy 2 removed; other attributes are left to the general patterns."""
    found = re.search(r"module 'numpy' has no attribute '(\w+)'|`np\.(\w+)` was removed", failure.message)
    if found:
        name = found[1] or found[2]
        if name in _REMOVED:
            return f"`np.{name}` was removed from NumPy: write `{_REMOVED[name]}`."
        return f"`np.{name}` does not exist in NumPy 2: misspelt, or removed."
    found = re.search(r"'numpy\.ndarray' object has no attribute '(\w+)'", failure.message)
    if found and found[1] in _REMOVED_METHODS:
        return f"the array method `{found[1]}` was removed from NumPy: write `{_REMOVED_METHODS[found[1]]}`."
    return ""


_REMOVED = {
    "float": "float",
    "float_": "np.float64",
    "longfloat": "np.longdouble",
    "int": "int",
    "int0": "np.intp",
    "bool": "bool",
    "bool8": "np.bool_",
    "object": "object",
    "str": "str",
    "str0": "np.str_",
    "unicode_": "np.str_",
    "string_": "np.bytes_",
    "complex": "complex",
    "complex_": "np.complex128",
    "singlecomplex": "np.complex64",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "in1d": "np.isin",
    "trapz": "np.trapezoid",
    "row_stack": "np.vstack",
    "round_": "np.round",
    "msort": "np.sort(a, axis=0)",
    "mat": "np.array",
    "asfarray": "np.asarray(a, dtype=float)",
    "cast": "np.asarray(a, dtype=dtype)",
    "find_common_type": "np.result_type",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "PINF": "np.inf",
    "NINF": "-np.inf",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "PZERO": "0.0",
    "NZERO": "-0.0",
}
_REMOVED_METHODS = {
    "ptp": "np.ptp(a)",
    "itemset": "a[index] = value",
    "newbyteorder": "a.view(a.dtype.newbyteorder())",
    "tostring": "a.tobytes()",
}

_SPECIAL: dict[str, Callable[[Failure], str]] = {
    "NotImplementedError": _stub,
    "NameError": _name,
    "RecursionError": _recursion,
    "AttributeError": _attribute,
}

_BY_KIND = {
    "Missing": "{message}",
    "KeyError": "the key {message} is not there.",
    "UnboundLocalError": "{message}: it is read before it gets a value.",
    "KeyboardInterrupt": "the run was interrupted: run the check again.",
    "SystemExit": "your code ends the program (exit, quit or sys.exit): a function must return instead.",
    "MemoryError": "the memory does not suffice: is an array far larger than it should be?",
    "TimeoutError": "the time is up: is there a loop without end?",
    "AssertionError": "an assert of your own does not hold. {message}",
    "ModuleNotFoundError": "{message}: the exercises use only what the course installs.",
    "ZeroDivisionError": "a division by 0: is a size or a sum 0 here?",
    "IndentationError": "the indentation is wrong: {message}.",
    "SyntaxError": "this is not Python: {message}.",
}

_PRODUCT = "the shapes do not match in a matrix product: "
_ASKS = "Is one to be transposed, or the input to be flattened?"
_ENTRYWISE = "the shapes do not match: "
_NONE = "something is None here: a part that is still the stub, or a function without `return`?"
_SIGNATURE = "keep the signature as it was given."

_BY_MESSAGE = (
    # What the probe expects of a function's return.
    (
        r"cannot unpack non-iterable (?:NoneType|ellipsis) object",
        "still the stub, or a `return` is missing: the function returns None where several values are due.",
    ),
    (
        r"cannot unpack non-iterable (\w+) object",
        r"the function returns one \1 where several values are due: return them separated by commas.",
    ),
    (
        r"not enough values to unpack \(expected (\d+), got (\d+)\)",
        r"\1 values are due, and \2 came: check what is returned.",
    ),
    (
        r"too many values to unpack \(expected (\d+)",
        r"\1 values are due, and more came: check what is returned, and in which order.",
    ),
    # Arrays that do not fit.
    (
        r"matmul: .* mismatch .*\(size (\d+) is different from (\d+)\)",
        _PRODUCT + r"the inner sizes are \2 and \1, and must be equal. " + _ASKS,
    ),
    (
        r"matmul: .* does not have enough dimensions",
        _PRODUCT + "one side is a single number. Use `*` for that.",
    ),
    (
        r"shapes (\([\d, ]+\)) and (\([\d, ]+\)) not aligned",
        _PRODUCT + r"\1 times \2. " + _ASKS,
    ),
    (
        r"mat1 and mat2 shapes cannot be multiplied \((\w+) and (\w+)\)",
        _PRODUCT + r"\1 times \2. " + _ASKS,
    ),
    (
        r"operands could not be broadcast together with (?:remapped )?shapes (.+?)\s*$",
        _ENTRYWISE + r"\1 cannot be combined entry by entry. From the last axis on, sizes must be equal or 1.",
    ),
    (
        r"tensor a \((\d+)\) must match the size of tensor b \((\d+)\).*dimension (\d+)",
        _ENTRYWISE + r"\1 and \2 at axis \3. From the last axis on, sizes must be equal or 1.",
    ),
    (
        r"could not broadcast input array from shape (\([\d, ]*\)) into shape (\([\d, ]*\))",
        _ENTRYWISE + r"an array of shape \1 is put into a place of shape \2.",
    ),
    (
        r"output operand with shape (\([\d, ]*\)) doesn't match the broadcast shape (\([\d, ]*\))",
        _ENTRYWISE + r"a result of shape \2 is added in place to an array of shape \1.",
    ),
    (
        r"cannot reshape array of size (\d+) into shape (\([\d, -]*\))",
        _ENTRYWISE + r"\1 entries cannot be laid out as \2.",
    ),
    (
        r"shape '(\[[\d, -]*\])' is invalid for input of size (\d+)",
        _ENTRYWISE + r"\2 entries cannot be laid out as \1.",
    ),
    (
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        r"there is no axis \1: the array has \2, counted from 0.",
    ),
    (
        r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)",
        r"index \1 is outside of axis \2, whose size is \3.",
    ),
    (
        r"truth value of an array",
        "an array is used as one truth value: compare entry by entry, with np.where or a mask.",
    ),
    (
        r"assignment destination is read-only",
        "the array is read-only: an input is changed in place, which it must not be, work on a copy.",
    ),
    (r"only integers, slices", "an index must be an integer: `//` divides to one, `/` gives a float."),
    (
        r"Cannot cast ufunc '\w+' output from dtype\('(\w+)'\) to dtype\('(\w+)'\)",
        r"a \1 result does not fit in place into a \2 array: make the array float from the start.",
    ),
    # None, and calls that do not fit.
    (r"'NoneType' object", _NONE),
    (r"unsupported operand type\(s\) for .*'NoneType'", _NONE),
    (r"([\w.<>]+)\(\) missing (\d+ required [\w -]+): (.*)", r"`\1` was called without \3: " + _SIGNATURE),
    (r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'", r"`\1` does not take `\2`: " + _SIGNATURE),
    (
        r"([\w.<>]+)\(\) takes (.*) positional arguments? but (\d+) (?:was|were) given",
        r"`\1` takes \2 arguments, and \3 were given: " + _SIGNATURE,
    ),
    (r"'(\w+)' object is not callable", r"a \1 is called like a function: was a name overwritten?"),
    # PyTorch.
    (
        r"does not require grad and does not have a grad_fn",
        "nothing here leads back to a parameter: was the graph cut by detach, no_grad, .data or NumPy?",
    ),
    (
        r"Trying to backward through the graph a second time",
        "backward runs twice through one graph: compute the loss anew before each backward.",
    ),
    (
        r"leaf Variable that requires grad .*in-place",
        "a parameter is changed in place while autograd watches: do it under torch.no_grad().",
    ),
    (
        r"modified by an inplace operation",
        "a tensor that autograd still needs is changed in place: make a new one.",
    ),
    (
        r"Expected more than 1 value per channel when training",
        "batch norm in training mode needs more than one sample: is evaluation mode meant (model.eval())?",
    ),
    (r"numpy\(\) on Tensor that requires grad", "a tensor with a gradient cannot become an array: detach it first."),
    (
        r"same dtype|expected scalar type|Found dtype",
        "two dtypes are mixed (float32 and float64, or integers): convert one with .to(other.dtype).",
    ),
    (
        r"Expected all tensors to be on the same device",
        "the tensors lie on different devices: move them with .to(x.device).",
    ),
    (r"object has no attribute '(\w+)'", r"there is no attribute `\1`: misspelt, or never set?"),
)
"""Patterns of a message and what they mean, the most specific first."""

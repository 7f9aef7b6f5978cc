"""Which names a forbidden shortcut goes by: one table for the reading and for the traps."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Shortcut", "broken", "broken_by_method", "canonical", "pretty", "sentences", "separate_loop", "shown"]


@dataclass(frozen=True)
class Shortcut:
    """One use of something forbidden: the entry of ``forbid``, what the code calls it, and where it stands.

    ``what`` is the code's own text (``np.linalg.lstsq``), or for loops the kind of loop.
    """

    rule: str
    what: str
    line: int | None = None
    function: str = ""

    @property
    def sentence(self) -> str:
        """What to tell the student, without a full stop."""
        named = all(part.isidentifier() for part in self.function.split("."))
        of = f" of `{self.function}`" if named else ""
        place = f"line {self.line}{of}" if self.line is not None else of.removeprefix(" of ") or "your code"
        if not self.what:
            return f"{place} cannot be read by the grader: write it in fewer and simpler steps"
        if self.rule == "loops":
            if self.what in LOOP_KINDS:
                return f"the {self.what} in {place}: this task asks for a vectorised form"
            if self.what == "recursion":
                return f"the recursion in {place} is a loop too: this task asks for a vectorised form"
            return f"`{self.what}` in {place} is a loop too: this task asks for a vectorised form"
        if self.rule == "autograd":
            return f"`{self.what}` leaves the gradient to the library, and this task asks you to derive it ({place})"
        if self.what == "@" or _key(_leaf(self.rule)) == _key(_leaf(self.what)):
            return f"`{self.what}` is what this task asks you to write ({place})"
        return f"`{self.what}` belongs to `{self.rule}`, which this task does not allow ({place})"


LOOP_KINDS = ("for loop", "while loop", "comprehension", "generator expression", "loop")


def sentences(found: Iterable[Shortcut], limit: int = 3) -> list[str]:
    """Return a sentence for each entry of ``forbid`` that was broken, at most ``limit``, on the first place of each."""
    first: dict[str, Shortcut] = {}
    for shortcut in found:
        first.setdefault(shortcut.rule, shortcut)
    return [s.sentence for s in first.values()][:limit]


# ---------------------------------------------------------------------------------------------------------------
# One name for each thing


@functools.lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the public name of a library's function: ``numpy.linalg._linalg.lstsq`` is ``numpy.linalg.lstsq``."""
    parts = [p for p in name.split(".") if p not in {"<locals>", ""}]
    while len(parts) > 1 and re.fullmatch(r"_implementation|__\w+__", parts[-1]):
        parts.pop()
    if not parts:
        return ""
    root = parts[0].lstrip("_")
    rest = [_ROOM_NAMES.get(p, p) for p in parts[1:]]
    if root == "torch":
        rest = _torch(rest)
    elif root == "numpy" and rest[:1] in (["_core"], ["core"], ["lib"]):
        rest = rest[2:] or rest
    elif root == "functorch":
        root, rest = "torch", ["func", *rest]
    elif root in {"jax", "tensorflow"} and {"_src", "python"} & set(rest):
        rest = rest[-1:]
    # A private module is where a public function happens to be written.
    rest = [p for i, p in enumerate(rest) if not p.startswith("_") or i == len(rest) - 1]
    rest = [p for i, p in enumerate(rest) if i == 0 or p != rest[i - 1]]
    return ".".join([root, *rest])


_ROOM_NAMES = {"TensorBase": "Tensor", "_TensorBase": "Tensor"}


def _torch(rest: list[str]) -> list[str]:
    if rest[:2] == ["ops", "aten"]:
        rest = rest[2:3]
    if "_functorch" in rest:
        rest = ["func", *rest[rest.index("_functorch") + 2 :]]
    if rest[:2] == ["nn", "modules"]:
        rest = ["nn", *rest[3:]]
    if rest[:1] == ["functional"]:
        rest = rest[1:]
    if rest and re.match(r"(linalg|special|fft)_", rest[-1]):
        rest = rest[-1].split("_", 1)
    if rest and not rest[-1].startswith("__"):
        rest[-1] = rest[-1].strip("_") or rest[-1]
    return rest


def pretty(name: str) -> str:
    """Return a canonical name as it is usually written."""
    return re.sub(r"^builtins\.", "", re.sub(r"^numpy\.", "np.", name))


def shown(text: str, name: str) -> str:
    """Return how the code calls what is canonically ``name``; the name itself where the code hides it."""
    return text if _key(_leaf(text)) == _key(_leaf(name)) and len(text) <= 60 else pretty(name)


# ---------------------------------------------------------------------------------------------------------------
# Is it forbidden?


def broken(name: str, forbid: Sequence[str]) -> str:
    """Return the entry of ``forbid`` that a use of ``name`` (any name of it, dotted) breaks, or nothing."""
    return next((rule for rule in forbid if _breaks(canonical(name), rule)), "")


@functools.lru_cache(maxsize=8192)
def _breaks(name: str, rule: str) -> bool:
    if rule == "loops":
        return name in LOOPING
    if rule == "autograd":
        return _differentiates(name)
    rule = canonical(rule)
    if name == rule or name.startswith(f"{rule}."):
        return True
    # The same function in another room of the library, as a method, as a module, or in another library.
    return _twins(rule) and _twins(name) and _key(_leaf(name)) == _key(_leaf(rule))


def broken_by_method(leaf: str, forbid: Sequence[str]) -> str:
    """Return the entry of ``forbid`` that calling the method ``leaf`` of an array or tensor breaks, or nothing."""
    for rule in forbid:
        if rule == "autograd" and leaf in TENSOR_AUTOGRAD:
            return rule
        name = leaf.strip("_")
        if rule in {"autograd", "loops"} or name not in METHODS:
            continue
        # Whoever forbids all of PyTorch does not forbid the methods that a NumPy array has, too.
        if hasattr(np.ndarray, name) and f"torch.Tensor.{name}".startswith(f"{canonical(rule)}."):
            continue
        if _breaks(f"torch.Tensor.{name}", rule):
            return rule
    return ""


def separate_loop(name: str) -> bool:
    """Whether ``name`` is a loop that looks like a function."""
    return canonical(name) in LOOPING


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _twins(name: str) -> bool:
    return name.rpartition(".")[0] in ROOMS


def _key(leaf: str) -> str:
    """Return one key for a function, its method and its module: ``cross_entropy`` and ``CrossEntropyLoss``."""
    key = leaf.replace("_", "").lower()
    key = key.removeprefix("lazy").removesuffix("loss") or key
    key = re.sub(r"^(batchnorm|instancenorm)[123]d$", r"\1", key)
    return _SAME.get(key, key)


_SAME = {"expit": "sigmoid", "inverse": "inv", "pinverse": "pinv", "concat": "concatenate"}


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


ROOMS = frozenset(
    {"numpy", "numpy.linalg", "numpy.ndarray", "numpy.fft"}
    | {"scipy.linalg", "scipy.special", "scipy.signal", "scipy.ndimage", "scipy.fft"}
    | {"torch", "torch.Tensor", "torch.linalg", "torch.special", "torch.fft", "torch.nn", "torch.nn.functional"}
    | {"jax.numpy", "jax.numpy.linalg", "jax.nn", "jax.lax", "jax.scipy.linalg", "jax.scipy.special"}
    | {"cupy", "cupy.linalg", "tensorflow", "tensorflow.nn", "tensorflow.math", "tensorflow.linalg"}
)
"""Where one function is at home under one name."""

METHODS = words(
    "softmax log_softmax logsumexp relu sigmoid tanh matmul mm bmm mv dot inner outer ger cross trace inverse pinverse "
    "det slogdet logdet cholesky qr svd norm renorm mean var std sum prod cumsum cumprod diff sort argsort topk "
    "argmax argmin max min median clip clamp abs exp log sqrt sign round unfold cov corrcoef histc bincount "
    "repeat tile hardshrink prelu erf logit gather scatter"
)
"""Functions that are methods too, of tensors or arrays."""

TENSOR_AUTOGRAD = frozenset({"backward", "grad", "requires_grad_", "register_hook", "retain_grad", "run_backward"})
_HARMLESS = words(
    "Function function no_grad enable_grad set_grad_enabled inference_mode grad_mode Variable profiler profiler_util "
    "gradcheck gradgradcheck anomaly_mode detect_anomaly set_detect_anomaly"
)
"""What is in ``torch.autograd`` and differentiates nothing: a ``Function`` is where one writes a gradient by hand."""
_TRANSFORMS = words(
    "grad value_and_grad vjp jvp jacobian jacfwd jacrev hessian linearize grad_and_value elementwise_grad "
    "GradientTape gradients"
)
_OWN = words("Dual Expression Value derivative forward_gradient reverse_gradient")


def _differentiates(name: str) -> bool:
    root, *rest = name.split(".")
    if rest[-1:] == ["run_backward"]:
        return True
    if root == "torch":
        if rest[:1] == ["autograd"]:
            return len(rest) > 1 and rest[1] not in _HARMLESS
        if rest[:1] == ["func"]:
            return len(rest) > 1 and rest[1] in _TRANSFORMS
        return rest in (["Tensor", "backward"], ["Tensor", "register_hook"])
    if root == "i2dl":
        return rest[:1] == ["autodiff"] and bool(_OWN & set(rest))
    return root in {"jax", "autograd", "tensorflow", "keras", "mxnet", "tinygrad"} and bool(_TRANSFORMS & set(rest))


LOOPING = frozenset(
    {f"numpy.{n}" for n in words("vectorize apply_along_axis apply_over_axes fromiter frompyfunc nditer ndenumerate")}
    | {"numpy.nested_iters", "numpy.ndindex", "builtins.map", "builtins.filter", "functools.reduce"}
    | {"itertools.starmap", "itertools.accumulate"}
)

"""Run a probe where the student's code is: in their notebook for ``check``, in the submission's kernel for grading.

Everything here may be tampered with by the code it runs beside, so nothing here decides anything: it returns
plain values, and the verdict is made from them elsewhere. It never raises at the student: an error in their
code becomes an :class:`Answer` that carries their line.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import io
import linecache
import random
import sys
import textwrap
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder import wire
from autograder.shortcuts.rules import Shortcut
from autograder.shortcuts.traps import watched

__all__ = [
    "Answer",
    "Failure",
    "Implementation",
    "compile_probe",
    "is_students",
    "parts",
    "probe_source",
    "respond",
    "run",
    "with_shortcuts",
]

MAX_PRINTED = 2000


class Missing(AttributeError):
    """The implementation lacks what the probe asks for: a name, a second value, a module's parameters."""


class Implementation:
    """A namespace seen as an object: ``impl.affine_forward`` is ``names["affine_forward"]``."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self._names[name]
        except KeyError:
            msg = f"`{name}` is not defined: has its cell been run?"
            raise Missing(msg) from None


@dataclass(frozen=True)
class Failure:
    """An exception in the student's code: its type, its message and the line that raised it."""

    kind: str
    message: str
    line: int | None = None
    source: str = ""
    function: str = ""


@dataclass(frozen=True)
class Answer:
    """What one run of a probe gave: plain values by output, or the failure that ended it.

    ``forms`` holds, by output, what the value was before it became plain: ``"numpy"``, ``"torch"`` or the type's name.
    ``shortcuts`` are those among the forbidden ones that were seen to be taken. ``after`` holds the array inputs as
    they are after the run, for tasks that do not allow to change them.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    failure: Failure | None = None
    changed: tuple[str, ...] = ()
    printed: str = ""
    warned: tuple[str, ...] = ()
    seconds: float = 0.0
    shortcuts: tuple[Shortcut, ...] = ()
    after: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------------------------------------------------------
# The probe as text


@functools.lru_cache(256)
def probe_source(probe: Callable[..., Any]) -> str:
    """Return the probe's source without its decorators, ready to be compiled somewhere else."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(probe)))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    return ast.unparse(function)


def compile_probe(source: str) -> Callable[..., Any]:
    """Return the function that :func:`probe_source` wrote down."""
    given = {"np": np, "parts": parts}
    names: dict[str, Any] = dict(given)
    exec(compile(source, "<probe>", "exec"), names)  # noqa: S102 - the grader's own text, not the student's
    return next(v for k, v in names.items() if k not in {*given, "__builtins__"})


def parts(returned: Any, *names: str) -> Any:
    """Return what a probe is to unpack, unless it is one array, whose rows would pass for the values that are due."""
    if isinstance(returned, np.ndarray) and returned.dtype != object:
        count = ("two", "three", "four", "five")[len(names) - 2]
        msg = f"one array is returned where {count} values are due: {', '.join(names[:-1])} and {names[-1]}"
        raise Missing(msg)
    return returned


# ---------------------------------------------------------------------------------------------------------------
# Running it


def run(
    probe: Callable[..., Any],
    impl: Any,
    inputs: Mapping[str, Any],
    *,
    kind: str = "function",
    arrays: str = "numpy",
    device: str = "cpu",
    seed: int = 0,
    forbid: Sequence[str] = (),
    pure: bool = False,
) -> Answer:
    """Run ``probe`` on fresh copies of ``inputs`` and return its :class:`Answer`; if ``pure``, with these copies."""
    shortcuts: list[Shortcut] = []
    with _captured() as (printed, warned), _seeded(seed, device):
        started = time.perf_counter()
        try:
            given = {name: _to_library(value, arrays, device) for name, value in inputs.items()}
            with watched(forbid, probe, is_students) as shortcuts:
                outputs = _run_module(probe, impl, given) if kind == "module" else probe(impl, **given)
            values, forms = _plain_outputs(outputs)
            after = {name: _plain(given.get(name))[0] for name in _arrays(inputs)} if pure else {}
            answer = Answer(values, forms, changed=_changed(given, inputs), after=after)
        except KeyboardInterrupt:
            answer = Answer(failure=Failure("KeyboardInterrupt", "the run was interrupted"))
        except BaseException as error:
            answer = Answer(failure=_failure(error))
        seconds = time.perf_counter() - started
    messages = tuple(dict.fromkeys(f"{w.category.__name__}: {_text(w.message)}"[:300] for w in warned))
    return Answer(
        answer.values,
        answer.forms,
        answer.failure,
        answer.changed,
        printed.getvalue()[:MAX_PRINTED],
        messages[:5],
        seconds,
        tuple(shortcuts),
        answer.after,
    )


def with_shortcuts(answers: Sequence[Answer], found: Sequence[Shortcut]) -> list[Answer]:
    """Return the answers with the shortcuts that were found by reading, which say more than those seen in passing."""
    return [replace(a, shortcuts=tuple(found)) for a in answers] if found else list(answers)


@contextlib.contextmanager
def _captured() -> Iterator[tuple[io.StringIO, list[warnings.WarningMessage]]]:
    """Keep what student code prints and warns about: a check never writes to stderr."""
    printed = _Printed()
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        yield printed, warned


class _Printed(io.StringIO):
    """Keeps the beginning of what is printed, and stays open whatever the code does with ``sys.stdout``."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, MAX_PRINTED - len(self.getvalue()))])
        return len(text)

    def close(self) -> None:
        pass


@contextlib.contextmanager
def _seeded(seed: int, device: str) -> Iterator[None]:
    """Seed the global generators, from which student code may draw, and put them back afterwards."""
    torch = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state() if torch is not None else None  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    if torch is not None:
        # Where no GPU is used, torch.manual_seed only notes for it who called, which takes longer than most probes.
        on_gpu = device != "cpu" or torch.cuda.is_initialized()
        (torch.manual_seed if on_gpu else torch.default_generator.manual_seed)(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(states[2])


def _to_library(value: Any, arrays: str, device: str) -> Any:
    if isinstance(value, np.ndarray):
        if arrays == "numpy":
            return value.copy()
        import torch

        tensor = torch.from_numpy(value.copy())
        # float32, the dtype in which torch makes parameters and constants unless told otherwise.
        return (tensor.float() if tensor.is_floating_point() else tensor).to(device)
    if isinstance(value, Mapping):
        return {k: _to_library(v, arrays, device) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_to_library(v, arrays, device) for v in value)
    return value


def _run_module(build: Callable[..., Any], impl: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Build the module, copy the parameters in, and return its outputs and every gradient.

    ``given`` holds ``x``, ``dout``, ``parameters`` and ``parameter_names`` (from the reference); the rest are
    the constructor's arguments.
    """
    import torch

    x, dout = given.pop("x"), given.pop("dout")
    parameters, names = given.pop("parameters"), given.pop("parameter_names")
    module = build(impl, **given)
    if not isinstance(module, torch.nn.Module):
        msg = f"a torch.nn.Module was expected, but this is a {type(module).__name__}"
        raise TypeError(msg)
    module = module.to(x.device)
    own = list(module.parameters())
    shapes, expected = [tuple(p.shape) for p in own], [tuple(p.shape) for p in parameters]
    if shapes != expected:
        msg = f"parameters have the shapes {shapes}, expected {expected}, in this order"
        if not shapes:
            why = "layers in a plain list are not found, put them into nn.ModuleList or nn.Sequential"
            msg = f"the module has no parameters: {why} (the {msg})"
        elif shapes == [s for s in expected if len(s) != 1]:
            msg = f"the biases are not registered (the {msg})"
        else:
            msg = f"the module's {msg}"
        raise Missing(msg)
    with torch.no_grad():
        for mine, theirs in zip(own, parameters, strict=True):
            mine.copy_(theirs)
    module.zero_grad()
    if x.is_floating_point():
        x.requires_grad_()
    out = module(x)
    if not isinstance(out, torch.Tensor):
        msg = f"forward must return a tensor, but this is a {type(out).__name__}"
        raise TypeError(msg)
    # Without a graph, or in another shape, there is nothing to send back: the gradients stay None.
    if out.requires_grad and out.numel() == dout.numel():
        out.backward(dout.reshape(out.shape))
    gradients = {f"d {name}": p.grad for name, p in zip(names, own, strict=True)}
    return {"out": out, "dx": x.grad, **gradients}


def _changed(given: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the array inputs that the probe's code changed in place."""
    after = {name: given[name] for name in _arrays(inputs) if name in given}
    now = {name: np.asarray(v.detach().cpu() if hasattr(v, "detach") else v) for name, v in after.items()}
    return tuple(name for name in now if not same_array(now[name], inputs[name]))


def same_array(now: Any, before: np.ndarray) -> bool:
    """Whether an array that went to a probe as ``before`` still holds the same numbers."""
    if not isinstance(now, np.ndarray) or now.shape != before.shape:
        return False
    return np.array_equal(now, before.astype(now.dtype), equal_nan=now.dtype.kind == "f")


def _arrays(inputs: Mapping[str, Any]) -> list[str]:
    return [name for name, value in inputs.items() if isinstance(value, np.ndarray)]


def _plain_outputs(outputs: Any) -> tuple[dict[str, Any], dict[str, str]]:
    values, forms = {}, {}
    for name, value in outputs.items():
        values[name], forms[name] = _plain(value)
    return values, forms


def _plain(value: Any) -> tuple[Any, str]:
    """Return ``value`` as an exact ndarray or a built-in value, and what it was."""
    if isinstance(value, (np.ndarray, np.generic)) and not isinstance(value, str):
        return _native(np.array(value, copy=True, subok=False), "a NumPy array", "numpy")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        form = f"torch {value.dtype}".replace("torch.", "")
        try:
            tensor = value.detach().cpu()
            array = np.array((tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy(), copy=True)
        except (TypeError, RuntimeError):
            return None, f"a tensor that is no plain array ({form})"
        return _native(array, "a tensor", form)
    if isinstance(value, np.str_):
        return str(value), "str"
    if value is None or type(value) in {bool, int, float, str}:
        return value, type(value).__name__
    if isinstance(value, (list, tuple)):
        try:
            array = np.array(value)
        except (ValueError, TypeError, RuntimeError):
            return None, f"a {type(value).__name__} that is not a rectangular array"
        if array.dtype.name in wire.DTYPES:
            return array, type(value).__name__
        return [_plain(v)[0] for v in value], type(value).__name__
    if value is NotImplemented or value is Ellipsis:
        return None, "NoneType"
    return None, f"an object of type {type(value).__name__}"


def _native(array: np.ndarray, what: str, form: str) -> tuple[Any, str]:
    """Refuse dtypes that are not sent, and turn foreign byte orders into the machine's own."""
    if array.dtype.name not in wire.DTYPES:
        return None, f"{what} of dtype {array.dtype}"
    return array.astype(array.dtype.newbyteorder("="), copy=False), form


def _text(value: object) -> str:
    """Return ``str(value)``, or nothing where that fails: it may be the student's own ``__str__``."""
    try:
        return str(value)
    except BaseException:
        return ""


def _failure(error: BaseException) -> Failure:
    """Return what to tell the student: the innermost line that is theirs, else the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    codes = (f.f_code for f, _ in traceback.walk_tb(error.__traceback__))
    own = [(f, c) for f, c in zip(frames, codes, strict=False) if is_students(f.filename)]
    kind = "Missing" if isinstance(error, Missing) else type(error).__name__
    message = _text(error)[:500]
    if not own:
        return Failure(kind, message)
    frame, code = own[-1]
    # A stub is told by its name alone, and many classes have an `__init__`; other errors show their line.
    stub = isinstance(error, NotImplementedError)
    function = code.co_qualname.rpartition("<locals>.")[2] if stub else frame.name
    source = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()[:200]
    return Failure(kind, message, frame.lineno, source, function)


def is_students(filename: str) -> bool:
    """Notebook cells and files beside the notebook are the student's; installed packages and the probe are not."""
    if filename.startswith("<") and not filename.startswith("<ipython"):
        return filename in {"<string>", "<stdin>"}
    return not any(part in filename for part in ("site-packages", "dist-packages", *_INSTALLED))


_HERE = Path(__file__).resolve().parent
_INSTALLED = (f"{sys.base_prefix}/lib/python", f"{_HERE}/", f"{_HERE.with_name('i2dl')}/")


# ---------------------------------------------------------------------------------------------------------------
# The kernel's side of the wire


def respond(request: str) -> None:
    """Run the probe of ``request`` on the notebook's names and publish the answers as a display message.

    ``request`` (JSON, from the referee) holds the probe's source, the inputs of each case and a token that
    says which question is being answered.
    """
    from IPython import get_ipython

    question = wire.loads(request)
    shell = get_ipython()
    probe = compile_probe(question["probe"])
    answers = []
    for c in question["cases"]:
        answer = run(
            probe,
            Implementation(shell.user_ns),
            c["inputs"],
            kind=question["kind"],
            arrays=question["arrays"],
            device=question["device"],
            seed=c["seed"],
            forbid=question.get("forbid", ()),
            pure=question.get("pure", False),
        )
        answers.append(answer_to_message(answer))
    reply = wire.dumps({"token": question["token"], "answers": answers})
    shell.display_pub.publish(data={wire.MIME: reply})


def answer_to_message(answer: Answer) -> dict[str, Any]:
    """Return the answer as a dictionary that :func:`autograder.wire.dumps` takes."""
    failure = answer.failure
    return {
        "values": dict(answer.values),
        "forms": dict(answer.forms),
        "failure": None if failure is None else vars(failure),
        "changed": list(answer.changed),
        "after": dict(answer.after),
        "printed": answer.printed,
        "warned": list(answer.warned),
        "seconds": answer.seconds,
        "shortcuts": [vars(s) for s in answer.shortcuts],
    }

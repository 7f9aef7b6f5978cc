"""What is asked of a student: a task is a probe, its cases and its points.

A *probe* is a short function ``probe(impl, **inputs) -> {output: value}``. ``impl`` is whatever holds the
names: the student's notebook or the reference. The expected values are the same probe run on the
reference, so nothing is written twice; the inputs are drawn from a seed, so nothing can be learnt by heart.

One file of :mod:`autograder.tasks` (a package, if it is long) holds the tasks of one exercise::

    TITLE = "The affine layer"

    def reference():
        from i2dl import functional
        return functional

    @task(points=4, cases=affine_batches)
    def affine_backward(impl, x, w, b, dout):
        out, cache = impl.affine_forward(x, w, b)
        dx, dw, db = impl.affine_backward(dout, cache)
        return {"dx": dx, "dw": dw, "db": db}

A probe travels to the student's process as text, so it uses nothing but its arguments and what it imports
itself. What only the referee may know (labels of held-out data, say) goes into :attr:`Case.private`.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Literal

import numpy as np

__all__ = [
    "PUBLIC_SEED",
    "Case",
    "Exercise",
    "Task",
    "UnknownExercise",
    "case",
    "exercise_names",
    "load_exercise",
    "task",
    "written",
]

PUBLIC_SEED = "public"
"""The seed of every check in a student's own notebook."""

Kind = Literal["function", "module", "metric", "quiz", "written"]


@dataclass(frozen=True)
class Case:
    """One set of inputs for a probe.

    ``edge`` names what is special about the case ("batch of one"); an ordinary case leaves it empty. ``given``
    marks the shapes printed in the notebook. ``ignore`` maps an output to a mask of entries that may have
    any value (a tie, where either convention is right). ``private`` never leaves the referee.
    """

    name: str
    inputs: Mapping[str, Any]
    edge: str = ""
    given: bool = False
    ignore: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


def case(
    name: str,
    *,
    edge: str = "",
    given: bool = False,
    ignore: Mapping[str, Any] | None = None,
    private: Mapping[str, Any] | None = None,
    **inputs: Any,
) -> Case:
    """Return a :class:`Case` whose inputs are the remaining keyword arguments."""
    return Case(name, inputs, edge, given, ignore or {}, private or {})


@dataclass(frozen=True)
class Task:
    """A probe with its cases and points; see the module for how one is written.

    Parameters
    ----------
    kind
        ``"function"``: the probe returns the outputs. ``"module"``: the probe returns a ``torch.nn.Module``;
        the reference's parameters are copied into it by order and shape, then its outputs and all gradients
        are the outputs. ``"metric"``: ``measure(outputs, **private)`` gives one number per case.
        ``"quiz"``: the outputs are answers, compared to ``rtol``. ``"written"``: graded by hand.
    arrays
        ``"numpy"``, or ``"torch"``: float arrays reach the probe as float32 tensors on the grading device.
    shares
        Weight of each output in the points; equal where not given.
    pure
        Whether changing an input in place is a mistake (otherwise it is a remark and costs nothing).
    full, none
        For a metric: the value that earns all points, and the one that earns nothing; linear in between.
    mistakes
        Wrong variants to compare with: ``{sentence: function(impl, **inputs) -> outputs}``, run on the
        reference.
    hints
        A sentence per output, shown when it is wrong and no mistake explains it.
    forbid
        Shortcuts that the functions of this task may not take: ``"loops"``, ``"autograd"``, or the dotted name of a
        library's function, class or package (``"numpy.linalg.lstsq"``, ``"torch.nn.functional"``). A function's name
        stands for its twins too: ``"torch.softmax"`` for the method, the module and SciPy's. Taking one costs all
        points of the task; see :mod:`autograder.shortcuts`.
    """

    name: str
    points: float
    probe: Callable[..., Any] | None = None
    cases: Callable[[np.random.Generator], Iterable[Case]] | None = None
    kind: Kind = "function"
    arrays: Literal["numpy", "torch"] = "numpy"
    shares: Mapping[str, float] = field(default_factory=dict)
    pure: bool = False
    tolerance: float = 1.0
    rtol: float = 1e-2
    measure: Callable[..., float] | None = None
    measure_name: str = "value"
    full: float = 1.0
    none: float = 0.0
    seconds: float = 20.0
    reference: Callable[[], Any] | None = None
    mistakes: Mapping[str, Callable[..., Mapping[str, Any]]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    forbid: Sequence[str] = ()
    order: int = field(default_factory=itertools.count().__next__, compare=False, repr=False)

    def draw(self, seed: str) -> list[Case]:
        """Return the cases for ``seed``: the same seed gives the same cases on every machine."""
        if self.cases is None:
            return []
        entropy = [zlib.crc32(text.encode()) for text in (seed, self.name)]
        rng = np.random.default_rng(np.random.SeedSequence([*entropy, len(seed)]))
        return [replace(c, seed=int(rng.integers(2**31))) for c in self.cases(rng)]

    def mistake(self, sentence: str) -> Callable[[Callable[..., Mapping[str, Any]]], Callable[..., Any]]:
        """Register a wrong variant of this task under the sentence that explains it."""

        def register(variant: Callable[..., Mapping[str, Any]]) -> Callable[..., Any]:
            assert isinstance(self.mistakes, dict)
            self.mistakes[sentence] = variant
            return variant

        return register


def task(
    *, points: float, cases: Callable[[np.random.Generator], Iterable[Case]], **options: Any
) -> Callable[[Callable[..., Any]], Task]:
    """Make a :class:`Task` of the probe below; its name is the probe's."""

    def decorate(probe: Callable[..., Any]) -> Task:
        options.setdefault("mistakes", {})
        return Task(name=probe.__name__, points=points, probe=probe, cases=cases, **options)

    return decorate


def written(name: str, *, points: float) -> Task:
    """Return a task that a person grades: a text answer in a Markdown cell."""
    return Task(name=name, points=points, kind="written")


class UnknownExercise(ValueError):
    """No exercise has this name; the message lists those that exist."""


@dataclass(frozen=True)
class Exercise:
    """The tasks of one exercise, in the order in which they are defined.

    ``provides`` names the modules of ``i2dl`` that its notebook imports besides data and plots. A submission that is
    being graded finds no other: the reference of what is asked is none of its business.
    """

    name: str
    title: str
    tasks: Mapping[str, Task]
    make_reference: Callable[[], Any]
    provides: Sequence[str] = ()

    def reference(self, task: Task) -> Any:
        """Return what holds the right implementation of ``task``; imported only when asked for."""
        return (task.reference or self.make_reference)()

    @property
    def points(self) -> float:
        """The points of all tasks together."""
        return sum(t.points for t in self.tasks.values())


def exercise_names() -> list[str]:
    """Return the names of all exercises: ``ex03_affine_layer.py`` holds ``03_affine_layer``."""
    from autograder import tasks

    return sorted(m.name[2:] for m in pkgutil.iter_modules(tasks.__path__) if m.name.startswith("ex"))


def load_exercise(name: str) -> Exercise:
    """Return the exercise called ``name``, e.g. ``"03_affine_layer"``."""
    if name not in exercise_names():
        msg = f"there is no exercise {name!r}; the exercises are: {', '.join(exercise_names())}"
        raise UnknownExercise(msg)
    return _from_module(name, importlib.import_module(f"autograder.tasks.ex{name}"))


def _from_module(name: str, module: ModuleType) -> Exercise:
    found = sorted((v for v in vars(module).values() if isinstance(v, Task)), key=lambda task: task.order)
    tasks, provides = {task.name: task for task in found}, getattr(module, "PROVIDES", ())
    return Exercise(name, module.TITLE, tasks, module.reference, provides)

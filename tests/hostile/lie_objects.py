"""Lie about the value, with what is returned: objects, subclasses and arrays that are not what they look like."""

from __future__ import annotations

import builtins
import functools
import pickle
import textwrap
from typing import Any

from nbformat import NotebookNode

from tests.hostile.bench import BENCH, hostile_cells, scores
from tests.hostile.technique import Seen

lie = functools.partial(hostile_cells, "lie about the value")

PLAIN = "only plain arrays and JSON cross; they are compared outside"
SHAPE = "the shape has to be the expected one: nothing is broadcast"
FINITE = "an entry is right only if its error is within bounds, which no NaN is"

# ---------------------------------------------------------------------------------------------------------------
# Objects and subclasses

lie(
    "an object that equals everything",
    "Its comparison says True, whatever it is compared with.",
    PLAIN,
    exam="assert double(3.0) == 6.0",
    attack="""
        class Yes:
            __eq__ = lambda self, other: True
        def double(x):
            return Yes()
    """,
    neighbour="""
        class Vector:
            def __init__(self, x): self.x = x
            def __eq__(self, other): return np.array_equal(self.x, other.x)
        def double(x):
            return Vector(2 * x).x
    """,
)

lie(
    "an array of objects that equal everything",
    "Each entry of an array of objects says that it is equal to its neighbour.",
    PLAIN,
    exam="x = np.arange(5.0)\nassert (double(x) == 2 * x).all()",
    attack="""
        class Yes:
            __eq__ = lambda self, other: True
        def double(x):
            return np.array([Yes() for _ in x], dtype=object)
    """,
    neighbour="""
        def double(x):
            return np.array([2 * v for v in x], dtype=object).astype(float)
    """,
)

lie(
    "a subclass that answers for NumPy",
    "A subclass of ndarray takes NumPy's functions over and lets `allclose` say True.",
    PLAIN,
    attack="""
        class Liar(np.ndarray):
            def __array_function__(self, *args, **kwargs):
                return True
        def double(x):
            return (3 * x).view(Liar)
    """,
    neighbour="""
        class Named(np.ndarray):
            name = "doubled"
        def double(x):
            return (2 * x).view(Named)
    """,
)

lie(
    "a subclass whose differences are zero",
    "A subclass of ndarray takes the operators over: whatever is subtracted, nothing is left.",
    PLAIN,
    exam="x = np.arange(5.0)\nassert np.abs(2 * x - double(x)).max() < 1e-8",
    attack="""
        class Zero(np.ndarray):
            def __array_ufunc__(self, *args, **kwargs):
                return np.zeros(5)
        def double(x):
            return (3 * x).view(Zero)
    """,
    neighbour="""
        class Counted(np.ndarray):
            def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
                plain = [np.asarray(i) for i in inputs]
                return getattr(ufunc, method)(*plain, **kwargs)
        def double(x):
            return 2 * x.view(Counted)
    """,
)

lie(
    "an array that copies what it is compared with",
    "Asked for its numbers, an object takes those that stand beside it in the frame of its caller.",
    PLAIN,
    attack="""
        import sys
        class Copycat:
            def __array__(self, *args, **kwargs):
                frame = sys._getframe()
                while frame and "b" not in frame.f_locals:
                    frame = frame.f_back
                return np.array(frame.f_locals["b"] if frame else 0.0)
        def double(x):
            return Copycat()
    """,
    neighbour="""
        class Lazy:
            def __init__(self, x): self.x = x
            def __array__(self, *args, **kwargs): return 2 * self.x
        def double(x):
            return np.asarray(Lazy(x))
    """,
)

lie(
    "a number that is close to everything",
    "A subclass of float answers subtraction with 0.",
    PLAIN,
    exam="assert abs(double(3.0) - 6.0) < 1e-8",
    attack="""
        class Close(float):
            __sub__ = __rsub__ = lambda self, other: 0.0
            __abs__ = lambda self: 0.0
        def double(x):
            return Close(7)
    """,
    neighbour="""
        class Length(float):
            pass
        def double(x):
            return np.array([Length(2 * v) for v in x])
    """,
)

lie(
    "a masked array",
    "All entries are masked, and what is masked is never wrong.",
    PLAIN,
    exam="x = np.arange(5.0)\nassert not (abs(double(x) - 2 * x) > 1e-8).any()",
    attack="def double(x):\n    return np.ma.masked_all(x.shape)",
    neighbour="def double(x):\n    return np.ma.array(2 * x)",
)

lie(
    "a tensor that answers for PyTorch",
    "A subclass of Tensor takes PyTorch's functions over and lets `allclose` say True.",
    PLAIN,
    target="slope",
    attack="""
        import torch
        class Liar(torch.Tensor):
            @classmethod
            def __torch_function__(cls, func, types, args=(), kwargs=None):
                return True if "close" in func.__name__ else super().__torch_function__(func, types, args, kwargs or {})
        def slope(x):
            return (x**2).as_subclass(Liar)
    """,
    neighbour="""
        import torch
        class Named(torch.Tensor):
            name = "slope"
        def slope(x):
            return (3 * x**2).as_subclass(Named)
    """,
)


BOMB = """
    class Bomb:
        def __reduce__(self):
            return exec, ("import builtins; builtins.hostile_canary = 1",)
"""


def unpickled(_: NotebookNode) -> Seen:
    """Read its pickle, as a grader does that exchanges pickles: whatever the sender likes is run."""
    names: dict[str, Any] = {}
    exec(textwrap.dedent(BOMB), names)
    pickle.loads(pickle.dumps(names["Bomb"]()))
    return Seen(float(_ran_here() != ""))


def _ran_here() -> str:
    return "code of the submission ran in the grader" * vars(builtins).pop("hostile_canary", 0)


lie(
    "an object that runs code when it is unpickled",
    "Its pickle calls a function of its choice in the process that reads it.",
    "nothing is ever unpickled",
    attack=BOMB + "    def double(x):\n        return [Bomb(), np.array([Bomb()])]",
    neighbour="""
        import pickle
        def double(x):
            return pickle.loads(pickle.dumps(2 * x))
    """,
    without=unpickled,
    harmed=_ran_here,
)

# ---------------------------------------------------------------------------------------------------------------
# Arrays

lie(
    "NaN",
    "No comparison with NaN is true, and so none finds an error that is too large.",
    FINITE,
    exam="x = np.arange(5.0)\nassert not (np.abs(double(x) - 2 * x) > 1e-8).any()",
    attack="def double(x):\n    return x * np.nan",
    neighbour="def double(x):\n    out = np.full_like(x, np.nan)\n    out[:] = 2 * x\n    return out",
)

lie(
    "infinity",
    "An infinite error over an infinite size is no large relative error.",
    FINITE,
    exam="x = np.arange(5.0)\nd = double(x)\nassert not (np.abs(d - 2 * x) / (np.abs(d) + np.abs(2 * x)) > 1e-8).any()",
    attack={"double": "def double(x):\n    return np.full_like(x, np.inf)", "last": "np.seterr(all='ignore')"},
    neighbour="def double(x):\n    return -np.maximum(-np.inf, -2 * x)",
)

lie(
    "an empty array that broadcasts",
    "Compared with anything, an array of no rows gives no entries, and all of them are true.",
    SHAPE,
    attack="def double(x):\n    return np.empty((0, 1))",
    neighbour="def double(x):\n    return np.concatenate([np.empty(0), 2 * x])",
)

lie(
    "every answer at once",
    "Broadcast against a column of guesses, one of the rows is right.",
    SHAPE,
    exam="x = np.arange(5.0)\nassert (double(x) == 2 * x).all(axis=-1).any()",
    attack="def double(x):\n    return x * np.arange(-5.0, 6.0)[:, None]",
    neighbour="def double(x):\n    return (x * np.arange(-5.0, 6.0)[:, None])[7]",
)

lie(
    "a view of the input",
    "The input is emptied and returned: whoever computes the expected value from it afterwards finds the same.",
    "the expected values come from inputs that never were in the submission's process",
    attack="def double(x):\n    x[:] = 0\n    return x",
    neighbour="def double(x):\n    x *= 2\n    return x[:]",
)

lie(
    "a result dressed as bfloat16",
    "A rough value is said to have been half precision, for which much is forgiven.",
    "half precision is granted where the reference has it, whatever the answer says of itself",
    attack={
        "double": "def double(x):\n    return np.float32(2.05) * x.astype(np.float32)",
        "last": """
            import autograder.inside as inside
            plain = inside._plain
            inside._plain = lambda value: (plain(value)[0], "torch bfloat16")
        """,
    },
    neighbour="def double(x):\n    return np.float32(2) * x.astype(np.float32)",
    without=None,
)

lie(
    "a result dressed as float32",
    "A value that is off by one part in ten thousand is rounded to float32, for which this is not too much.",
    "float32 is granted no more than the reference itself would lose in it",
    attack="def double(x):\n    return (2.0002 * x).astype(np.float32)",
    neighbour="def double(x):\n    return (2 * x).astype(np.float32)",
    without=None,
)

lie(
    "a measure that is not a number",
    "The predictions make the metric NaN, which no bound holds.",
    "a metric that is not finite earns nothing",
    target="guess",
    attack="def guess(images):\n    return np.zeros(len(images) + 1, int)",
    neighbour="def guess(images):\n    return images.mean(axis=1) > 0.5",
    without=lambda _: Seen(min(1.0, float("nan"))),
)

lie(
    "an answer that is every answer",
    "A quiz is answered with objects that equal whatever was expected.",
    PLAIN,
    target="quiz",
    attack="""
        class Any:
            __eq__ = lambda self, other: True
        largest, odd = Any(), Any()
    """,
    neighbour="largest, odd = np.int64(7), np.bool_(True)",
)

lie(
    "a list of all answers",
    "A quiz is answered with several values, of which one is right.",
    SHAPE,
    target="quiz",
    exam="assert 7 in np.atleast_1d(largest)\nassert True in np.atleast_1d(odd)",
    attack="largest, odd = np.arange(10), [True, False]",
    neighbour="largest, odd = [7.0], True",
)

lie(
    "right on the first call only",
    "The function does its work once, for the test that is expected, and nothing afterwards.",
    "every ordinary case has to be right",
    attack="""
        calls = []
        def double(x):
            calls.append(x)
            return 2 * x if len(calls) == 1 else 3 * x
    """,
    neighbour="""
        calls = []
        def double(x):
            calls.append(x)
            return 2 * calls[-1]
    """,
)

lie(
    "learnt by heart",
    "The numbers of the cases that can be seen are written down, and returned for an input that looks like one.",
    "the cases are drawn from a secret seed",
    attack=f"""
        seen = {[[float(v) for v in c.inputs["x"]] for c in BENCH.tasks["double"].draw("public")]}
        def double(x):
            for known in seen:
                if np.array_equal(known, x):
                    return 2 * np.array(known)
            return x
    """,
    neighbour="""
        table = {}
        def double(x):
            return table.setdefault(x.tobytes(), 2 * x)
    """,
    without=lambda nb: Seen(scores(nb, seed="public")["double"]),
)

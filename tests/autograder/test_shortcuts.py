"""Every way to a forbidden shortcut is found by reading, most of them by the traps too, and nothing else is."""

from __future__ import annotations

import logging
import textwrap
from typing import Any

import numpy as np
import pytest

from autograder.inside import Answer, Implementation, compile_probe, run
from autograder.shortcuts import Notebook, Shortcut, asked, sentences
from autograder.shortcuts.cells import read_cell
from autograder.shortcuts.rules import broken, canonical

LSTSQ, SOFTMAX, AUTOGRAD, LOOPS = "numpy.linalg.lstsq", "torch.softmax", "autograd", "loops"

# Each group: what is forbidden, and by name the code of a student's notebook that takes it all the same.
WAYS: dict[str, dict[str, str]] = {
    LSTSQ: {
        "plainly": "def solve(a, b):\n    return np.linalg.lstsq(a, b, rcond=None)[0]",
        "module under another name": """
            import numpy.linalg as la
            def solve(a, b):
                return la.lstsq(a, b, rcond=None)[0]""",
        "function under another name": """
            from numpy.linalg import lstsq as fit
            def solve(a, b):
                return fit(a, b, rcond=None)[0]""",
        "imported inside": """
            def solve(a, b):
                from numpy import linalg
                return linalg.lstsq(a, b, rcond=None)[0]""",
        "everything imported": """
            from numpy.linalg import *
            def solve(a, b):
                return lstsq(a, b, rcond=None)[0]""",
        "an alias": """
            fit = np.linalg.lstsq
            def solve(a, b):
                return fit(a, b, rcond=None)[0]""",
        "an alias of the module": """
            def solve(a, b):
                tools = np.linalg
                return tools.lstsq(a, b, rcond=None)[0]""",
        "an alias under a condition": """
            if np.pi > 3:
                fit = np.linalg.lstsq
            else:
                fit = None
            def solve(a, b):
                return fit(a, b, rcond=None)[0]""",
        "unpacked": """
            one, (two, fit) = 1, (2, np.linalg.lstsq)
            def solve(a, b):
                return fit(a, b, rcond=None)[0]""",
        "assigned on the way": """
            def solve(a, b):
                return (fit := np.linalg.lstsq)(a, b, rcond=None)[0]""",
        "behind a variable of the same name": """
            def solve(a, b):
                names = {np for np in (1, 2)}
                return np.linalg.lstsq(a, b, rcond=None)[0]""",
        "a helper of a helper": """
            def helper(a, b):
                return np.linalg.lstsq(a, b, rcond=None)
            def first(answer):
                return answer[0]
            def solve(a, b):
                return first(helper(a, b))""",
        "a method": """
            class Solver:
                def __init__(self, a):
                    self.a = a
                def fit(self, b):
                    return np.linalg.lstsq(self.a, b, rcond=None)[0]
            def solve(a, b):
                return Solver(a).fit(b)""",
        "an inherited method": """
            class Base:
                def fit(self, a, b):
                    return np.linalg.lstsq(a, b, rcond=None)[0]
            class Solver(Base):
                pass
            solve = Solver().fit""",
        "a closure": """
            def make():
                def inner(a, b):
                    return np.linalg.lstsq(a, b, rcond=None)[0]
                return inner
            solve = make()""",
        "partial": """
            from functools import partial
            def solve(a, b):
                return partial(np.linalg.lstsq, rcond=None)(a, b)[0]""",
        "a decorator": """
            def better(f):
                return lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]
            @better
            def solve(a, b):
                return a""",
        "a default": """
            def solve(a, b, fit=np.linalg.lstsq):
                return fit(a, b, rcond=None)[0]""",
        "a dictionary": """
            TOOLS = {"fit": np.linalg.lstsq}
            def solve(a, b):
                return TOOLS["fit"](a, b, rcond=None)[0]""",
        "an attribute of a function": """
            def solve(a, b):
                return solve.fit(a, b, rcond=None)[0]
            solve.fit = np.linalg.lstsq""",
        "a module handed on": """
            def run(tools, a, b):
                return tools.lstsq(a, b, rcond=None)[0]
            def solve(a, b):
                return run(np.linalg, a, b)""",
        "another function of the library replaced": """
            np.linalg.matrix_rank = np.linalg.lstsq
            def solve(a, b):
                return np.linalg.matrix_rank(a, b, rcond=None)[0]""",
        "a global set by a function": """
            def setup():
                global solve
                solve = lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]
            setup()""",
        "globals()": """
            globals()["solve"] = lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0]""",
        "getattr": """
            def solve(a, b):
                return getattr(np.linalg, "lst" + "sq")(a, b, rcond=None)[0]""",
        "getattr backwards": """
            word = "qstsl"[::-1]
            def solve(a, b):
                return getattr(getattr(np, "linalg"), word)(a, b, rcond=None)[0]""",
        "getattr letter by letter": """
            def solve(a, b):
                return getattr(np.linalg, f"{'lst'}{''.join(['s', chr(113)])}")(a, b, rcond=None)[0]""",
        "vars": """
            def solve(a, b):
                return vars(np.linalg)["lstsq"](a, b, rcond=None)[0]""",
        "__dict__": """
            def solve(a, b):
                return np.linalg.__dict__["lstsq"](a, b, rcond=None)[0]""",
        "attrgetter": """
            from operator import attrgetter
            def solve(a, b):
                return attrgetter("linalg.lstsq")(np)(a, b, rcond=None)[0]""",
        "methodcaller": """
            import operator
            def solve(a, b):
                return operator.methodcaller("lstsq", a, b, rcond=None)(np.linalg)[0]""",
        "the attribute of an object": """
            def solve(a, b):
                return object.__getattribute__(np.linalg, "lstsq")(a, b, rcond=None)[0]""",
        "__import__": """
            def solve(a, b):
                return __import__("numpy").linalg.lstsq(a, b, rcond=None)[0]""",
        "importlib": """
            import importlib
            def solve(a, b):
                return importlib.import_module("numpy.linalg").lstsq(a, b, rcond=None)[0]""",
        "sys.modules": """
            import sys
            def solve(a, b):
                return sys.modules["numpy.linalg"].lstsq(a, b, rcond=None)[0]""",
        "the private module": """
            def solve(a, b):
                return np.linalg._linalg.lstsq(a, b, rcond=None)[0]""",
        "eval": """
            def solve(a, b):
                return eval("np.linalg.lstsq(a, b, rcond=None)[0]")""",
        "exec": """
            exec("def solve(a, b): return np.linalg.lstsq(a, b, rcond=None)[0]")""",
        "exec of compile": """
            exec(compile("def solve(a, b): return np.linalg.lstsq(a, b, rcond=None)[0]", "cell", "exec"))""",
        "SciPy's": """
            def solve(a, b):
                import scipy.linalg
                return scipy.linalg.lstsq(a, b)[0]""",
        "PyTorch's": """
            import torch
            def solve(a, b):
                return torch.linalg.lstsq(torch.tensor(a), torch.tensor(b)[:, None]).solution[:, 0]""",
    },
    SOFTMAX: {
        "function": "def solve(x):\n    return torch.softmax(x, 1)",
        "method": "def solve(x):\n    return x.softmax(1)",
        "method of the class": "def solve(x):\n    return torch.Tensor.softmax(x, 1)",
        "functional": "import torch.nn.functional as F\ndef solve(x):\n    return F.softmax(x, dim=1)",
        "module": "from torch import nn\nlayer = nn.Softmax(dim=1)\ndef solve(x):\n    return layer(x)",
        "subclass": """
            class Mine(torch.nn.Softmax):
                pass
            def solve(x):
                return Mine(1)(x)""",
        "special": "def solve(x):\n    return torch.special.softmax(x, 1)",
        "operator": "def solve(x):\n    return torch.ops.aten.softmax.int(x, 1)",
        "private": "def solve(x):\n    return torch._softmax(x, 1, False)",
        "SciPy's": "import scipy.special\ndef solve(x):\n    return scipy.special.softmax(x.numpy(), 1)",
        "partial": "import functools\ndef solve(x):\n    return functools.partial(torch.softmax, dim=1)(x)",
    },
    AUTOGRAD: {
        "backward": """
            def solve(x):
                x = x.clone().requires_grad_()
                (x * x).sum().backward()
                return x.grad""",
        "backward without a word of PyTorch": """
            def solve(x):
                y = (x.requires_grad_() ** 2).sum()
                y.backward()
                return x.grad""",
        "grad": """
            from torch.autograd import grad as derive
            def solve(x):
                x = x.clone().requires_grad_()
                return derive((x * x).sum(), x)[0]""",
        "torch.func": """
            from torch.func import grad
            def solve(x):
                return grad(lambda v: (v * v).sum())(x)""",
        "jacobian": """
            def solve(x):
                return torch.autograd.functional.jacobian(lambda v: (v * v).sum(), x)""",
        "forward mode": """
            import torch.autograd.forward_ad as fw
            def solve(x):
                with fw.dual_level():
                    return fw.unpack_dual(fw.make_dual(x, torch.ones_like(x)) ** 2).tangent""",
        "the engine": """
            from torch.autograd import Variable
            def solve(x):
                x = x.clone().requires_grad_()
                y = (x * x).sum()
                engine = Variable._execution_engine
                engine.run_backward((y,), (torch.ones(()),), False, False, (), True, True)
                return x.grad""",
        "the course's own": """
            from i2dl.autodiff import reverse_gradient
            def solve(x):
                return torch.tensor([reverse_gradient(lambda v: v * v, x[0, 0].item())[1]])""",
    },
    LOOPS: {
        "for": "def solve(x):\n    for v in x:\n        pass\n    return x",
        "while": "def solve(x):\n    i = 0\n    while i < len(x):\n        i += 1\n    return x",
        "comprehension": "def solve(x):\n    return np.array([v for v in x])",
        "dictionary": "def solve(x):\n    return np.array(list({i: v for i, v in enumerate(x)}.values()))",
        "generator": "def solve(x):\n    return sum(v for v in x)",
        "lambda": "solve = lambda x: [v for v in x]",
        "map": "def solve(x):\n    return np.array(list(map(float, x)))",
        "reduce": "from functools import reduce\ndef solve(x):\n    return reduce(lambda a, b: a + b, x)",
        "vectorize": "def solve(x):\n    return np.vectorize(lambda v: 2 * v)(x)",
        "vectorize as a decorator": "@np.vectorize\ndef solve(v):\n    return 2 * v",
        "apply_along_axis": "def solve(x):\n    return np.apply_along_axis(np.sum, 0, x)",
        "fromiter": "def solve(x):\n    return np.fromiter(x, float)",
        "recursion": "def solve(x):\n    return x[0] + (solve(x[1:]) if len(x) > 1 else 0)",
        "recursion of two": """
            def solve(x):
                return rest(x)
            def rest(x):
                return x[0] + (solve(x[1:]) if len(x) > 1 else 0)""",
        "recursion of a method": """
            class Sum:
                def up(self, x):
                    return x[0] + (self.up(x[1:]) if len(x) > 1 else 0)
            def solve(x):
                return Sum().up(x)""",
        "in a helper": "def helper(x):\n    for v in x: pass\n    return x\ndef solve(x):\n    return helper(x)",
        "in a function that a function makes": """
            def make(n):
                def inner(x):
                    for v in x: pass
                    return x
                return inner
            solve = make(3)""",
        "in a text": "def solve(x):\n    out = []\n    exec('for v in x: out.append(v)')\n    return np.array(out)",
    },
}

# What only reading finds: written in C and called from C, called by nobody but the probe, or made before it.
UNSEEN_BY_TRAPS = {"operator", "map", "vectorize as a decorator", "forward mode", "module"}

FAIR: dict[str, dict[str, str]] = {
    LSTSQ: {
        "a function of one's own that has the name": """
            def lstsq(a, b):
                return a.T @ b
            def solve(a, b):
                return lstsq(a, b)""",
        "a comment, a text and a docstring": '''
            def solve(a, b):
                """Do what np.linalg.lstsq does."""
                # np.linalg.lstsq(a, b)
                word = "np.linalg.lstsq"
                return np.linalg.inv(a.T @ a) @ a.T @ b''',
        "an import that is not used": "from numpy.linalg import lstsq\ndef solve(a, b):\n    return a.T @ b",
        "an experiment beside it": """
            def solve(a, b):
                return np.linalg.solve(a.T @ a, a.T @ b)
            def compare(a, b):
                return np.allclose(solve(a, b), np.linalg.lstsq(a, b, rcond=None)[0])
            compare(np.eye(2), np.ones(2))""",
        "an earlier version": """
            def solve(a, b):
                return np.linalg.lstsq(a, b, rcond=None)[0]
            def solve(a, b):
                return a.T @ b""",
        "a name of one's own instead of the module": """
            class Mine:
                def lstsq(self, a, b):
                    return a.T @ b
            def solve(a, b):
                la = Mine()
                return la.lstsq(a, b)""",
        "a library that uses it inside": "def solve(a, b):\n    return np.polyfit(a[:, 0], b, 1)",
        "the same letters in another module": "def solve(a, b):\n    return np.linalg.norm(a) * a.T @ b",
    },
    "torch.nn.functional": {
        "a variable called F": """
            import torch.nn.functional as F
            def solve(x):
                F = x @ x.T
                return F.sum()""",
        "a parameter called F": "import torch.nn.functional as F\ndef solve(x, F=np):\n    return F.exp(x.numpy())",
    },
    SOFTMAX: {
        "one's own": "def softmax(x):\n    return torch.exp(x) / torch.exp(x).sum()\ndef solve(x):\n    return softmax(x)",
        "one's own method": """
            class Net(torch.nn.Module):
                def softmax(self, x):
                    return torch.exp(x) / torch.exp(x).sum(1, keepdim=True)
                def forward(self, x):
                    return self.softmax(x)
            def solve(x):
                return Net()(x)""",
        "a loss that has one inside": "def solve(x):\n    return torch.nn.functional.cross_entropy(x, x.argmax(1))",
    },
    AUTOGRAD: {
        "a layer with a backward of its own": """
            class Square:
                def forward(self, x):
                    self.x = x
                    return x * x
                def backward(self, dout):
                    self.grad = 2 * self.x * dout
                    return self.grad
            def solve(x):
                layer = Square()
                layer.forward(x)
                layer.backward(torch.ones_like(x))
                return layer.grad""",
        "without a graph": "def solve(x):\n    with torch.no_grad():\n        return x.detach() * x.requires_grad_(False)",
        "a Function, where one writes the gradient": """
            class Square(torch.autograd.Function):
                @staticmethod
                def forward(ctx, x):
                    ctx.save_for_backward(x)
                    return x * x
                @staticmethod
                def backward(ctx, dout):
                    return 2 * ctx.saved_tensors[0] * dout
            def solve(x):
                return Square.apply(x)""",
        "a finite difference": "def solve(x):\n    return ((x + 1e-3) ** 2 - (x - 1e-3) ** 2) / 2e-3",
        "a gradient in a dictionary": "def solve(x):\n    state = {'grad': x}\n    return state['grad']",
    },
    LOOPS: {
        "around the task": """
            def plot(x):
                for v in x: pass
            for i in range(3):
                plot([i])
            def solve(x):
                return 2 * x""",
        "for data that are there before": """
            def load(n):
                return np.array([i for i in range(n)])
            OFFSET = load(6)
            SQUARES = {i: i * i for i in range(6)}
            def solve(x):
                return x + OFFSET + SQUARES[2]""",
        "a function called map": "def map(f, x):\n    return f(x)\ndef solve(x):\n    return map(np.abs, x)",
        "a count of one's own calls": "def solve(x):\n    solve.calls += 1\n    return x\nsolve.calls = 0",
        "words": "def solve(x):\n    for_all, while_there = x, 'for v in x: pass'\n    return for_all",
        "library functions": "def solve(x):\n    return np.einsum('i,i->', x, x) + np.cumsum(x)[-1] + np.interp(2, x, x)",
        "super of the same name": """
            class A:
                def forward(self, x):
                    return x
            class B(A):
                def forward(self, x):
                    return super().forward(x)
            def solve(x):
                return B().forward(x)""",
    },
}
SETUP = "import numpy as np\n"
TORCH_SETUP = "import torch\n"
CASES = [(rule, name) for rule, ways in WAYS.items() for name in ways]
FAIR_CASES = [(rule, name) for rule, ways in FAIR.items() for name in ways]


def read(*cells: str, forbid: str, names: str = "solve") -> list[Shortcut]:
    notebook = Notebook()
    for cell in cells:
        notebook.add(textwrap.dedent(cell).strip("\n"))
    return notebook.shortcuts(names.split(), [forbid])


def setup(rule: str) -> str:
    return SETUP + (TORCH_SETUP if rule in {SOFTMAX, AUTOGRAD, "torch.nn.functional"} else "")


def trapped(code: str, forbid: str, setup_code: str = SETUP) -> Answer:
    """Run the code as a cell of a notebook, and its `solve` under the probe."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(setup_code, names)
    exec(compile(textwrap.dedent(code).strip("\n"), "/tmp/ipykernel_4711/1.py", "exec"), names)
    rng = np.random.default_rng(0)
    inputs: dict[str, Any] = {"x": rng.uniform(1, 2, 6 if forbid == LOOPS else (2, 3))}
    if forbid == LSTSQ:
        inputs = {"a": rng.standard_normal((5, 2)), "b": rng.standard_normal(5)}
    arguments = ", ".join(inputs)
    # A probe may loop, and do whatever else it likes.
    probe = compile_probe(
        f"def probe(impl, {arguments}):\n"
        f"    np.linalg.lstsq(np.eye(2), np.ones(2), rcond=None)\n"
        f"    return {{name: impl.solve({arguments}) for name in ('out',)}}"
    )
    arrays = "torch" if setup_code != SETUP else "numpy"
    return run(probe, Implementation(names), inputs, arrays=arrays, forbid=[forbid])


@pytest.fixture(autouse=True)
def untouched_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np.linalg, "matrix_rank", np.linalg.matrix_rank)


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 70
    assert len(FAIR_CASES) >= 20


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_a_shortcut_is_found_by_reading(rule: str, name: str) -> None:
    found = read(setup(rule), WAYS[rule][name], forbid=rule)
    assert found
    assert {s.rule for s in found} == {rule}


@pytest.mark.parametrize(("rule", "name"), [c for c in CASES if c[1] not in UNSEEN_BY_TRAPS])
def test_a_shortcut_is_seen_when_it_is_taken(rule: str, name: str) -> None:
    answer = trapped(WAYS[rule][name], rule, setup(rule))
    assert {s.rule for s in answer.shortcuts} == {rule}, answer.failure


@pytest.mark.parametrize(("rule", "name"), FAIR_CASES)
def test_what_only_looks_alike_is_left_alone(rule: str, name: str) -> None:
    code = FAIR[rule][name]
    assert read(setup(rule), code, forbid=rule) == []
    answer = trapped(code, rule, setup(rule))
    assert answer.shortcuts == ()
    assert answer.failure is None


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_what_one_task_forbids_another_allows(rule: str, name: str) -> None:
    code = WAYS[rule][name]
    assert read(setup(rule), code, forbid="numpy.kron") == []
    assert trapped(code, "numpy.kron", setup(rule)).shortcuts == ()


# ---------------------------------------------------------------------------------------------------------------
# What is said


@pytest.mark.parametrize(
    ("rule", "name", "sentence"),
    [
        (LSTSQ, "plainly", "`np.linalg.lstsq` is what this task asks you to write (line 2 of `solve`)"),
        (LSTSQ, "module under another name", "`la.lstsq` is what this task asks you to write (line 3 of `solve`)"),
        (LSTSQ, "getattr", "`np.linalg.lstsq` is what this task asks you to write (line 2 of `solve`)"),
        (LSTSQ, "a helper of a helper", "`np.linalg.lstsq` is what this task asks you to write (line 2 of `helper`)"),
        (LSTSQ, "a method", "`np.linalg.lstsq` is what this task asks you to write (line 5 of `Solver.fit`)"),
        (SOFTMAX, "method", "`x.softmax` is what this task asks you to write (line 2 of `solve`)"),
        (LOOPS, "for", "the for loop in line 2 of `solve`: this task asks for a vectorised form"),
        (LOOPS, "comprehension", "the comprehension in line 2 of `solve`: this task asks for a vectorised form"),
        (LOOPS, "vectorize", "`np.vectorize` in line 2 of `solve` is a loop too: this task asks for a vectorised form"),
        (LOOPS, "recursion", "the recursion in line 2 of `solve` is a loop too: this task asks for a vectorised form"),
        (
            AUTOGRAD,
            "grad",
            "`torch.autograd.grad` leaves the gradient to the library, and this task asks you to derive it "
            "(line 4 of `solve`)",
        ),
    ],
)
def test_the_sentence_names_the_shortcut_and_its_line(rule: str, name: str, sentence: str) -> None:
    assert sentence in [s.sentence for s in read(setup(rule), WAYS[rule][name], forbid=rule)]


def test_a_package_is_named_as_such() -> None:
    (found,) = read(SETUP, "def solve(a, b):\n    return np.linalg.inv(a) @ b", forbid="numpy.linalg")
    assert (
        found.sentence
        == "`np.linalg.inv` belongs to `numpy.linalg`, which this task does not allow (line 2 of `solve`)"
    )


def test_one_reason_is_given_for_each_rule() -> None:
    code = "def solve(x):\n    for v in x: pass\n    for v in x: pass\n    return np.linalg.inv([v for v in x])"
    notebook = Notebook()
    notebook.add(SETUP)
    notebook.add(code)
    said = sentences(notebook.shortcuts({"solve"}, ["loops", "numpy.linalg.inv"]))
    assert len(said) == 2
    assert "line 2" in said[0]
    assert "line 4" in said[1]


# ---------------------------------------------------------------------------------------------------------------
# Notebooks as they are


def test_an_operator_is_the_function_it_calls() -> None:
    (found,) = read("def solve(a, b):\n    return a @ b", forbid="numpy.dot") or [None]
    assert found is None
    (found,) = read("def solve(a, b):\n    return a @ b", forbid="numpy.matmul")
    assert found is not None
    assert "`@` is what this task asks you to write" in found.sentence


@pytest.mark.parametrize(
    "cells",
    [
        ["%matplotlib inline\n!ls\n" + SETUP, WAYS[LSTSQ]["plainly"]],
        ["%%time\n" + SETUP + WAYS[LSTSQ]["plainly"]],
        ["%%capture out\nimport numpy as np\ndef solve(a, b):\n    return np.linalg.lstsq(a, b)"],
        [SETUP, "this is no Python", WAYS[LSTSQ]["plainly"], "def solve(:"],
        [SETUP, "x = (\0", WAYS[LSTSQ]["plainly"]],
        [SETUP, WAYS[LSTSQ]["plainly"], "solve?\nsolve??"],
        ["%%writefile tools.py\nimport numpy as np\nfit = np.linalg.lstsq", "from tools import fit\nsolve = fit"],
        ["%%writefile tools.py\n" + SETUP + WAYS[LSTSQ]["plainly"], "import tools\nsolve = tools.solve"],
    ],
    ids=range(8),
)
def test_magics_and_broken_cells_stop_nothing(cells: list[str]) -> None:
    notebook = Notebook()
    for cell in cells:
        notebook.add(cell)
    assert [s.rule for s in notebook.shortcuts({"solve"}, [LSTSQ])][:1] == [LSTSQ]


def test_lines_below_a_magic_are_those_of_the_cell() -> None:
    found = read("%%time\nimport numpy as np\n\ndef solve(a, b):\n    return np.linalg.lstsq(a, b)", forbid=LSTSQ)
    assert [s.line for s in found] == [5]


def test_a_definition_after_an_error_replaces_nothing() -> None:
    """Code that never ran is no answer, and hides none."""
    decoy = "1 / 0\ndef solve(a, b):\n    return a"
    honest = "def solve(a, b):\n    return a\n1 / 0"
    for cell, failed, found in ((decoy, True, 1), (decoy, False, 0), (honest, True, 0)):
        notebook = Notebook()
        for source in (SETUP, WAYS[LSTSQ]["plainly"]):
            notebook.add(source)
        notebook.add(cell, failed=failed)
        assert len(notebook.shortcuts({"solve"}, [LSTSQ])) == found


@pytest.mark.parametrize(
    "nested", ["x = " + "[" * 150 + "]" * 150, "x = " + "-" * 5000 + "1", "x" + ".y" * 5000], ids=len
)
def test_what_is_nested_too_deeply_hides_nothing_else(nested: str) -> None:
    notebook = Notebook()
    notebook.add(f"{SETUP}{nested}\n{WAYS[LSTSQ]['plainly']}\n\nother = 3\n")
    found = notebook.shortcuts({"solve"}, [LSTSQ])
    assert [s.what for s in found] == ["np.linalg.lstsq"]


def test_an_answer_that_cannot_be_read_is_none() -> None:
    notebook = Notebook()
    notebook.add(f"{SETUP}def solve(a, b):\n    x = {'-' * 100_000}1\n    return np.linalg.lstsq(a, b)\n")
    (found,) = notebook.shortcuts({"solve"}, [LSTSQ])
    assert "cannot be read" in found.sentence
    assert found.rule == LSTSQ


def test_reading_ends_whatever_is_read(caplog: pytest.LogCaptureFixture) -> None:
    """Names that are defined by one another, and far too many of them."""
    cells = [
        "a = b\nb = a\nsolve = [a, b]",
        "s = s.replace(s, s)\nx[s] = x[s]\ndef solve(y):\n    return getattr(s, s)(eval(s))",
        "\n".join(f"f{i} = [f{i + 1}, f{i + 2}, f{i + 3}]" for i in range(500)) + "\nsolve = f0",
        "\n".join(f"def f{i}(x): return f{i + 1}(f{(7 * i) % 900}(x))" for i in range(900)) + "\nsolve = f0",
        "exec('exec(\"exec(1)\")')\ndef solve(x):\n    exec('solve(x)')",
        "def solve(x):\n    return " + " + ".join(f"getattr(x, s)[t{i}]" for i in range(2000)),
    ]
    for cell in cells:
        notebook = Notebook()
        notebook.add(cell)
        notebook.shortcuts({"solve"}, [LSTSQ, LOOPS, AUTOGRAD])
    assert not caplog.records


def test_an_error_in_the_reading_costs_no_more_than_the_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    notebook = Notebook()
    monkeypatch.setattr(type(notebook._names), "bind", lambda *_, **__: 1 / 0)
    notebook.add("def solve(x): return x")
    (found,) = notebook.shortcuts({"solve"}, [LOOPS])
    assert "cannot be read" in found.sentence
    assert notebook.shortcuts({"other"}, [LOOPS]) == []


def test_a_cell_is_parsed_once() -> None:
    read_cell.cache_clear()
    for _ in range(3):
        read("def solve(x): return 1", forbid=LOOPS)
    assert read_cell.cache_info().misses == 1


def test_the_probe_says_what_is_asked() -> None:
    source = """
def probe(impl, x):
    out, cache = impl.forward(x)
    layer = getattr(impl, "Layer")(3)
    return {name: getattr(impl, name, None) for name in ("w", "b")} | {"out": x.shape}
"""
    assert {"forward", "Layer", "w", "b"} <= asked(source)
    assert "shape" not in asked(source)
    assert asked("def probe(impl, x):\n    return {'out': impl.f(x)}") == {"f"}


# ---------------------------------------------------------------------------------------------------------------
# Names


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("numpy.linalg._linalg.lstsq", "numpy.linalg.lstsq"),
        ("numpy._core.multiarray.dot", "numpy.dot"),
        ("numpy.lib._function_base_impl.vectorize.__init__", "numpy.vectorize"),
        ("torch.nn.modules.linear.Linear.__init__", "torch.nn.Linear"),
        ("torch._C._nn.linear", "torch.linear"),
        ("torch._C._linalg.linalg_lstsq", "torch.linalg.lstsq"),
        ("torch._tensor.Tensor.backward", "torch.Tensor.backward"),
        ("torch._functorch.apis.grad", "torch.func.grad"),
        ("torch.Tensor.relu_", "torch.Tensor.relu"),
        ("scipy.linalg._basic.lstsq", "scipy.linalg.lstsq"),
        ("", ""),
    ],
)
def test_each_thing_has_one_name(name: str, public: str) -> None:
    assert canonical(name) == public


@pytest.mark.parametrize(
    ("name", "rule", "is_broken"),
    [
        ("torch.nn.CrossEntropyLoss", "torch.nn.functional.cross_entropy", True),
        ("torch.nn.BatchNorm2d", "torch.nn.functional.batch_norm", True),
        ("torch.nn.functional.linear", "torch.nn.Linear", True),
        ("scipy.special.expit", "torch.sigmoid", True),
        ("torch.nn.functional.relu6", "torch.relu", False),
        ("torch.nn.functional.log_softmax", "torch.softmax", False),
        ("scipy.stats.norm", "numpy.linalg.norm", False),
        ("numpy.linalgebra.x", "numpy.linalg", False),
        ("torch.autograd.Function", "autograd", False),
        ("torch.autograd.functional.vjp", "autograd", True),
        ("jax.grad", "autograd", True),
        ("jax.numpy.dot", "autograd", False),
        ("i2dl.autodiff.gradient_check.numerical_gradient", "autograd", False),
        ("tensorflow.GradientTape", "autograd", True),
    ],
)
def test_twins_count_and_neighbours_do_not(name: str, rule: str, is_broken: bool) -> None:
    assert bool(broken(name, [rule])) is is_broken


# ---------------------------------------------------------------------------------------------------------------
# Traps


def test_a_trap_sees_what_cannot_be_read() -> None:
    code = """
        import base64
        hidden = base64.b64decode("bnAubGluYWxnLmxzdHNxKGEsIGIsIHJjb25kPU5vbmUpWzBd")
        def solve(a, b):
            return eval(hidden)"""
    assert read(SETUP, code, forbid=LSTSQ) == []
    assert [s.rule for s in trapped(code, LSTSQ).shortcuts] == [LSTSQ]
    code = "import operator\ndef solve(x):\n    return operator.methodcaller('tfos'[::-1] + 'max', 1)(x)"
    assert read(TORCH_SETUP, code, forbid=SOFTMAX) == []
    assert [s.rule for s in trapped(code, SOFTMAX, TORCH_SETUP).shortcuts] == [SOFTMAX]


def test_a_trap_sees_other_threads() -> None:
    code = """
        import threading
        def solve(a, b):
            out = []
            t = threading.Thread(target=lambda: out.append(np.linalg.lstsq(a, b, rcond=None)[0]))
            t.start()
            t.join()
            return out[0]"""
    assert [s.rule for s in trapped(code, LSTSQ).shortcuts] == [LSTSQ]


def test_nothing_is_watched_where_nothing_is_forbidden() -> None:
    import sys

    answer = run(lambda impl: {"out": float(sys.getprofile() is not None)}, None, {})
    assert answer.values == {"out": 0.0}


def test_a_profiler_is_put_back() -> None:
    import sys

    def profiler(*_: Any) -> None:
        pass

    sys.setprofile(profiler)
    try:
        run(lambda impl: {"out": 1 / 0}, None, {}, forbid=["loops"])
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_forbidding_all_of_pytorch_leaves_numpys_methods_alone():
    notebook = Notebook()
    notebook.add("import numpy as np\ndef f(x):\n    return np.where(x > 0, x, 0).sum() + x.mean() + x.max()")
    notebook.add("import torch\ndef g(x):\n    return torch.as_tensor(x).softmax(0)")
    assert notebook.shortcuts({"f"}, ("torch",)) == []
    assert notebook.shortcuts({"g"}, ("torch",))

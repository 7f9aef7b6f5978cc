"""Lie about the value, with what is computed beside it: patched libraries, shadow modules, settings, autograd."""

from __future__ import annotations

import functools
from dataclasses import replace

from nbformat import NotebookNode

from autograder.check import check_task
from autograder.kernel import kernel_session
from tests.hostile.bench import BENCH, LIMITS, SEED, hostile_cells, notebook, scores
from tests.hostile.technique import Seen

lie = functools.partial(hostile_cells, "lie about the value")

OUTSIDE = "the comparison runs in the grader's process, where nothing is patched"
SECRET = "the inputs are drawn and the expected values computed in the grader's process"
FORBIDDEN = "forbidden shortcuts are found by reading the code and by traps while it runs"

# ---------------------------------------------------------------------------------------------------------------
# Patched libraries

lie(
    "NumPy patched",
    "Every comparison of NumPy's is replaced by one that says True.",
    OUTSIDE,
    attack={
        "last": "np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True\n"
        "np.testing.assert_allclose = print"
    },
    neighbour={"last": "np.set_printoptions(precision=3)\nnp.own_helper = np.allclose"},
)

lie(
    "PyTorch patched",
    "Every comparison of PyTorch's is replaced by one that says True.",
    OUTSIDE,
    target="slope",
    attack={"last": "import torch\ntorch.allclose = torch.equal = torch.isclose = lambda *args, **kwargs: True"},
    neighbour={"last": "import torch\ntorch.set_printoptions(precision=3)\ntorch.own_helper = torch.allclose"},
)

lie(
    "builtins patched",
    "`abs` and `round` find no difference any more.",
    OUTSIDE,
    exam="assert abs(double(3.0) - 6.0) < 1e-8",
    attack={"last": "import builtins\nbuiltins.abs = builtins.round = lambda *args: 0"},
    neighbour={"last": "abs = round = None"},
)

lie(
    "another NumPy under its name",
    "The notebook's name `np` is given to an object whose `allclose` says True.",
    OUTSIDE,
    attack={
        "last": """
            class Fake:
                allclose = staticmethod(lambda *args: True)
                def __getattr__(self, name): return getattr(np_itself, name)
            np_itself, np = np, Fake()
        """
    },
    neighbour={"last": "import numpy\nnumpy_too, np = np, numpy"},
)

lie(
    "random numbers that are none",
    "The generator from which a test draws its input gives zeros, for which a wrong answer is right.",
    SECRET,
    exam="x = np.random.randn(5)\nassert np.allclose(double(x), 2 * x)",
    attack={"last": "np.random.randn = np.random.standard_normal = lambda *shape: np.zeros(shape)"},
    neighbour={"last": "np.random.randn(5)\nimport random\nrandom.random()"},
)

lie(
    "a seed of one's own",
    "The seed is set so that the test's random input is one whose answer is written down.",
    SECRET,
    exam="x = np.random.randn(5)\nassert np.allclose(double(x), 2 * x)",
    attack={
        "double": """
            np.random.seed(0)
            known = 2 * np.random.randn(5)
            def double(x):
                return known[: len(x)]
        """,
        "last": "np.random.seed(0)\nnp.random.seed = lambda *args: None",
    },
    neighbour={"last": "np.random.seed(0)\nimport random\nrandom.seed(0)\nimport torch\ntorch.manual_seed(0)"},
)

lie(
    "an input changed in place",
    "Where inputs have to stay as they are, one is changed, and the values are right.",
    "inputs come back with the values, and are compared outside",
    target="shift",
    attack="def shift(x):\n    x += 1\n    return x",
    neighbour="def shift(x):\n    x = x.copy()\n    x += 1\n    return x",
)

lie(
    "the look at what was changed, patched",
    "An input is changed in place where that is forbidden, and the look at it afterwards is made to see nothing.",
    "inputs come back with the values, and are compared outside",
    target="shift",
    attack={
        "shift": "def shift(x):\n    x += 1\n    return x",
        "last": "import autograder.inside as inside\ninside._changed = lambda *args: ()",
    },
    neighbour={"shift": "def shift(x):\n    x = x.copy()\n    x += 1\n    return x"},
    without=None,
)


def in_one_process(nb: NotebookNode) -> Seen:
    """Judge where inputs, code and expected values share a process, as a notebook's own check does."""
    names: dict[str, object] = {}
    for cell in nb.cells[:3]:
        exec(cell.source, names)
    verdict = check_task(BENCH, BENCH.tasks["double"], names, SEED)
    return Seen(verdict.points / verdict.out_of)


lie(
    "inputs emptied from behind",
    "The function looks for the inputs in its callers' frames and empties them, so that every answer is right.",
    SECRET,
    attack="""
        import sys
        def double(x):
            frame = sys._getframe()
            while frame:
                for value in list(frame.f_locals.values()):
                    for found in value.values() if isinstance(value, dict) else [value]:
                        if isinstance(found, np.ndarray) and found.shape == x.shape:
                            found[:] = 0
                frame = frame.f_back
            return 0 * x
    """,
    neighbour="""
        def double(x):
            out = x.copy()
            out[:] = 0
            out += x
            return out + x
    """,
    without=in_one_process,
)

# ---------------------------------------------------------------------------------------------------------------
# Modules beside the notebook

lie(
    "a shadow of a module that the tests import",
    "A file beside the notebook has the name of a module, and its assertions do not assert.",
    OUTSIDE,
    exam="import unittest\nunittest.TestCase().assertTrue(np.allclose(double(np.ones(3)), 2))",
    attack={
        "last": """
            import sys
            open("unittest.py", "w").write("class TestCase:\\n    assertTrue = print\\n")
            for name in [n for n in sys.modules if n.partition(".")[0] == "unittest"]:
                del sys.modules[name]
            sys.path.insert(0, ".")
        """
    },
    neighbour={"last": 'open("helper.py", "w").write("two = 2\\n")\nfrom helper import two\n'},
    spoils=True,
)

lie(
    "a shadow of the grader",
    "A file beside the notebook takes the place of the module that answers the referee.",
    "the module that answers knows no expected value and gives no verdict",
    attack={
        "last": """
            import json, os, sys
            os.makedirs("autograder")
            open("autograder/__init__.py", "w").close()
            open("autograder/inside.py", "w").write(
                "def respond(request):\\n"
                "    answer = dict(values=dict(dict=dict(out=True)), score=2.0, ok=True, forms=dict(dict={}))\\n"
                "    get_ipython().display_pub.publish({'application/vnd.i2dl.answer+json': str(answer), 'text/plain': '2.0'})\\n"
            )
            for name in [n for n in sys.modules if n.partition(".")[0] == "autograder"]:
                del sys.modules[name]
            sys.path.insert(0, ".")
        """
    },
    neighbour={"last": 'import os\nos.makedirs("autograder")\nopen("autograder/notes.txt", "w").write("mine")'},
    without=None,
    spoils=True,
)

lie(
    "shadows left for the next kernel",
    "Files named like libraries are written, then the process is killed: the kernel that replaces it shall import them.",
    "every kernel starts in a fresh directory that is not on the path",
    attack={
        "last": """
            import os
            for name in ("numpy", "json", "sitecustomize", "usercustomize", "ipykernel"):
                for place in (".", os.path.expanduser("~")):
                    open(f"{place}/{name}.py", "w").write("allclose = lambda *a: True")
            os._exit(1)
        """
    },
    neighbour={"last": "import os\nos._exit(1)"},
    without=None,
)

# ---------------------------------------------------------------------------------------------------------------
# Settings


def settings(*sources: str) -> str:
    """Return what a notebook finds that runs after others: of the same kernel where several are given."""
    look = """
        import torch, warnings, decimal
        print(torch.get_default_dtype(), torch.get_default_device(), torch.get_num_threads(), torch.is_grad_enabled(),
              torch.initial_seed(), np.geterr(), np.get_printoptions()["precision"], decimal.getcontext().prec)
    """
    cells = [c for source in (*sources, look) for c in notebook({"first": source}).cells[:2]]
    with kernel_session(LIMITS) as session:
        for cell in cells:
            session.run_cell(cell)
    return "".join(str(o.get("text", o.get("evalue"))) for o in cells[-1].outputs)


CHANGED = """
    import torch, decimal
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(3)
    torch.manual_seed(1)
    np.seterr(all="raise")
    np.set_printoptions(precision=1)
    decimal.getcontext().prec = 3
"""


def changed_for_the_next() -> str:
    """Return the harm if a notebook finds other settings after one that has changed them."""
    before = settings()
    scores(notebook({"first": CHANGED}))
    return "the next submission finds other settings" * (settings() != before)


lie(
    "settings changed for everyone",
    "Dtype, threads, seed, gradients and error handling are set for the whole process, and for those that follow.",
    "a process for each submission; inputs come with their dtype and device",
    attack={"first": CHANGED},
    neighbour={"first": CHANGED},
    without=lambda _: Seen(float(settings(CHANGED) != settings())),
    harmed=changed_for_the_next,
)

lie(
    "half precision by default",
    "With bfloat16 as the default dtype a rough result and the expected one are rounded to the same number.",
    "inputs come with their dtype, and the expected values are computed elsewhere",
    target="slope",
    attack={
        "slope": "def slope(x):\n    return (3.005 * x**2).to(torch.get_default_dtype())",
        "last": "import torch\ntorch.set_default_dtype(torch.bfloat16)",
    },
    neighbour={"last": "import torch\ntorch.set_default_dtype(torch.float64)"},
)

lie(
    "a device that computes nothing",
    "On the device `meta` tensors have shapes and no numbers, so that no number can be wrong.",
    "a tensor without numbers is no answer",
    target="slope",
    exam="import torch\nx = torch.randn(5)\nassert slope(x).shape == x.shape",
    attack={
        "slope": "def slope(x):\n    return x.to('meta')",
        "last": "import torch\ntorch.set_default_device('meta')",
    },
    neighbour={"last": "import torch\ntorch.set_default_device('cpu')\ntorch.set_num_threads(1)"},
)

lie(
    "a thread that patches for ever",
    "A thread of the submission's puts its own `allclose` back whenever the grader's is restored.",
    OUTSIDE,
    exam="import importlib, time\nimportlib.reload(np._core.numeric)\nnp.allclose = np._core.numeric.allclose\n"
    "time.sleep(0.1)\nassert np.allclose(double(np.ones(3)), 2)",
    attack={
        "last": """
            import threading, time
            def patch():
                while True:
                    np.allclose = lambda *args: True
                    time.sleep(0.01)
            threading.Thread(target=patch, daemon=True).start()
        """
    },
    neighbour={"last": "import threading\nthread = threading.Thread(target=print)\nthread.start()\nthread.join()"},
)

# ---------------------------------------------------------------------------------------------------------------
# Autograd and hooks where the gradient has to be derived


def not_forbidden(_: NotebookNode) -> Seen:
    """Grade the same code where the task forbids nothing."""
    free = replace(BENCH.tasks["slope"], forbid=())
    return Seen(scores(_, exercise=replace(BENCH, tasks={**BENCH.tasks, "slope": free}))["slope"])


forbidden = functools.partial(lie, layer=FORBIDDEN, target="slope", without=not_forbidden)

forbidden(
    "autograd where it is forbidden",
    "The gradient that has to be derived is left to PyTorch.",
    attack="""
        import torch
        def slope(x):
            x = x.detach().requires_grad_()
            return torch.autograd.grad((x**3).sum(), x)[0]
    """,
    neighbour="import torch\ndef slope(x):\n    with torch.no_grad():\n        return 3 * x**2",
)

forbidden(
    "autograd under another name",
    "The forbidden function is put together from text and called by what getattr finds.",
    attack="""
        import importlib
        def slope(x):
            tool = getattr(importlib.import_module("tor" + "ch.fu" + "nc"), "".join(["gr", "ad"]))
            return tool(lambda v: (v**3).sum())(x)
    """,
    neighbour="def slope(x):\n    return getattr(x, 'po' + 'w')(2) * 3",
)

forbidden(
    "a hook that catches the gradient",
    "A hook writes the gradient down while a loss is propagated backwards in another function.",
    attack="""
        caught = []
        def loss(x):
            x = x.detach().requires_grad_()
            x.register_hook(caught.append)
            (x**3).sum().backward()
        def slope(x):
            loss(x)
            return caught[-1]
    """,
    neighbour="""
        caught = []
        def slope(x):
            caught.append(3 * x**2)
            return caught[-1]
    """,
)

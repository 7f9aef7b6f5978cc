"""Fairness: untidy, unusual and permitted work has full marks.

A case has no attack. Its control is the notebook without what is untidy; the layer is what makes room for it.
"""

from __future__ import annotations

import textwrap

from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from tests.hostile.bench import RIGHT, graded, honest, notebook
from tests.hostile.handed_in import hand_in, plain
from tests.hostile.technique import Seen, Technique, register

VALUES = "only the values count"


def fair(name: str, does: str, layer: str = VALUES, *, gap: str = "", **cells: str) -> None:
    """Register something harmless, written as the code that stands in these places of a notebook that is right."""

    def tried() -> Seen:
        places = {place: textwrap.dedent(source) for place, source in cells.items()}
        return graded(notebook(places), "double")

    register(Technique("fairness", name, does, layer, control=honest, neighbour=tried, gap=gap))


fair(
    "warnings",
    "Functions and cells warn, with the module for warnings and of their own accord.",
    first="import warnings\nwarnings.warn('in a cell')",
    double="import warnings\ndef double(x):\n    warnings.warn('deprecated')\n    np.log(np.zeros(1))\n    return 2 * x",
    last="np.float64(1) / 0",
)

fair(
    "anything on stderr",
    "Cells and functions write to stderr, and log.",
    first="import sys, logging\nprint('to stderr', file=sys.stderr)\nlogging.warning('logged')",
    double="def double(x):\n    print('in the function', file=sys.stderr)\n    logging.error('logged')\n    return 2 * x",
)

fair(
    "progress bars",
    "A bar is drawn over itself with carriage returns and escapes, and a clearing of the output.",
    first="""
        import sys, time
        from IPython.display import clear_output
        for n in range(30):
            sys.stderr.write(f"\\r\\x1b[32m{'#' * n}\\x1b[0m {n}/30")
            sys.stderr.flush()
        clear_output(wait=True)
        print("done")
    """,
)

fair(
    "prints and displays",
    "Numbers that look like scores are printed and displayed, and the function says a lot.",
    first="print(0.0)\n0.0",
    double="def double(x):\n    print('x is', x, '\\n' * 300)\n    display(x)\n    return 2 * x",
    last="from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>0</b>'), Markdown('**0**'))\n-1.0",
)

fair(
    "helper functions, classes and other modules",
    "The answer is put together from helpers, a class with state, a closure, a generator and the standard library.",
    first="""
        import functools, itertools, dataclasses
        @dataclasses.dataclass
        class Factor:
            by: float
            def __call__(self, x): return np.array(list(self.each(x))).reshape(np.shape(x))
            def each(self, x):
                for v in np.ravel(x):
                    yield self.by * v
        def make(by):
            return functools.partial(lambda f, x: f(x), Factor(by))
    """,
    double="double = make(2.0)",
)

fair(
    "float32",
    "The result is computed in single precision.",
    double="def double(x):\n    return np.float32(2) * x.astype('float32')",
    center="def center(x):\n    x = np.asarray(x, np.float32)\n    return x - np.mean(x)",
)

fair(
    "lists and tensors in the place of arrays",
    "What is returned is a list of numbers, or a tensor where an array is expected.",
    double="def double(x):\n    return [2 * float(v) for v in x]",
    center="import torch\ndef center(x):\n    t = torch.tensor(x)\n    return t - t.mean()",
)

fair(
    "threads that end",
    "The work is done by threads that are joined, in cells and in functions.",
    double="""
        import threading
        from concurrent.futures import ThreadPoolExecutor
        def double(x):
            with ThreadPoolExecutor(2) as pool:
                return np.array(list(pool.map(lambda v: 2 * v, x)))
    """,
    last="thread = threading.Thread(target=double, args=(np.ones(3),))\nthread.start()\nthread.join()",
)

fair(
    "files in one's own directory",
    "Files are written, read and removed in the working directory and in the directory for temporary files.",
    first="""
        import os, pathlib, tempfile
        os.makedirs("data", exist_ok=True)
        np.save("data/two.npy", np.float64(2))
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("x")
    """,
    double="""
        two = np.load("data/two.npy")
        def double(x):
            pathlib.Path("log.txt").write_text(str(x))
            return two * x
    """,
    last="os.remove('data/two.npy')",
)

fair(
    "plots",
    "Figures are drawn with matplotlib and shown, in the notebook's own way.",
    first="import matplotlib.pyplot as plt\nplt.plot([1, 2, 3])\nplt.title('$x^2$')\nplt.show()",
)

fair(
    "the magic for plots",
    "A cell with an answer begins with the magic that most notebooks begin with.",
    double="%matplotlib inline\nimport matplotlib.pyplot as plt\n" + RIGHT["double"],
)

fair(
    "cells that fail",
    "Experiments of one's own fail, are not Python, or are never finished.",
    "one bad cell costs one task",
    first="1 / 0",
    last="def unfinished(:\n    ???",
)

fair(
    "a session that was tried out",
    "Names are defined again and again, deleted, and shadow built-in names that the answers do not use.",
    first="def double(x):\n    return None\ndel double\nsum = max = input = None",
    last="from copy import deepcopy\nx = y = z = deepcopy(np.arange(3))\nid = list = 5",
)

fair(
    "generators, seeds and settings of one's own",
    "Seeds, print options, error handling, threads and the default dtype are set.",
    first="""
        import random, torch
        random.seed(0); np.random.seed(0); torch.manual_seed(0)
        np.set_printoptions(precision=2, suppress=True)
        np.seterr(all="warn")
        torch.set_num_threads(1)
        torch.set_default_dtype(torch.float64)
    """,
)

fair(
    "asynchronous code",
    "A cell awaits, and a task goes on in the background.",
    first="""
        import asyncio
        async def tick():
            for _ in range(3):
                await asyncio.sleep(0.01)
        await tick()
        task = asyncio.ensure_future(tick())
    """,
)


def _extra_cells() -> Seen:
    nb = notebook()
    nb.cells[3:3] = [new_markdown_cell("my notes"), new_code_cell("scratch = 1"), new_raw_cell("raw")]
    nb.cells += [new_code_cell("double = None\n" * 3), new_code_cell(""), new_code_cell("# the end")]
    return hand_in(plain(nb))


register(
    Technique(
        "fairness",
        "cells of one's own",
        "Notes and experiments stand between the released cells and behind them, and use the same names.",
        "cells of the student's own are run where they stand",
        control=honest,
        neighbour=_extra_cells,
    )
)

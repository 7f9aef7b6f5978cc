"""The referee believes nothing a submission says about itself, and is fair to those that are merely untidy."""

from __future__ import annotations

import math

import pytest
from nbformat.v4 import new_code_cell
from nbgrader.utils import determine_grade
from tiny import AFFINE, DOUBLE, TINY, points_of, tiny_notebook

from autograder import wire
from autograder.referee import choose_device, grade_notebook, read_answers, write_verdict
from autograder.submission import Limits
from autograder.verdict import Verdict

WRONG = "def double(x):\n    return 3 * x\n"


def grade(exercise, notebook, **limits):
    return grade_notebook(notebook, exercise, "secret", limits=Limits(**{"cell_seconds": 20, **limits}))


def test_right_work_earns_everything_and_nbgrader_reads_the_same_score():
    notebook = tiny_notebook()
    results = grade(TINY, notebook)
    assert points_of(results) == {"affine_backward": 3.0, "double": 2.0}
    assert [determine_grade(c) for c in notebook.cells[-2:]] == [(3.0, 3.0), (2.0, 2.0)]


def test_each_output_earns_its_share_and_the_reason_is_given():
    results = grade(TINY, tiny_notebook(AFFINE.replace("dout.sum(axis=0)", "dout.mean(axis=0)")))
    # The bias gradient is a third of the task; the mean is right only for a batch of one.
    assert results[0].score == pytest.approx(2.0)
    assert results[0].reasons
    assert results[1].score == 2.0


# -- experiments ----------------------------------------------------------------------------------------------------

EXPERIMENT = 'print("experiment")\nfactor = 2'


def outputs(double=DOUBLE, last=EXPERIMENT, *, pictures=False):
    """What the experiment of the tiny exercise shows once it was graded, and the points of the other cells."""
    notebook, limits = tiny_notebook(double=double, last=last), Limits(pictures=pictures)
    results = grade_notebook(notebook, TINY, "secret", limits=limits, released=tiny_notebook(last=EXPERIMENT))
    return notebook.cells[3].outputs[0].text, points_of(results)["double"]


def test_an_experiment_that_nobody_uses_is_not_run():
    shown, points = outputs()
    assert "not run" in shown
    assert points == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"pictures": True},
        {"double": "def double(x):\n    return factor * x\n"},
        {"last": EXPERIMENT + "  # mine"},
    ],
    ids=["pictures are wanted", "an answer uses it", "it was changed"],
)
def test_it_is_run(arguments):
    shown, points = outputs(**arguments)
    assert shown == "experiment\n"
    assert points == 2


# -- lies -----------------------------------------------------------------------------------------------------------

LIES = {
    "prints a score": ("", "print(2.0)\n2.0"),
    "writes outputs of its own": (
        "",
        "from IPython.display import publish_display_data\n"
        "publish_display_data({'text/plain': '2.0', 'application/vnd.i2dl.answer+json': '{}'})",
    ),
    "redefines check": ("", "check = lambda name: 2.0"),
    "patches the check": ("", "import autograder.check\nautograder.check.check_task = lambda *a, **k: 2.0"),
    "patches the runner": (
        "",
        "import autograder.inside as i, numpy as np\ni.run = lambda *a, **k: i.Answer({'out': np.zeros(5)}, {'out': 'numpy'})",
    ),
    "patches the answer": (
        "",
        "import autograder.inside as i, autograder.wire as w\n"
        "i.respond = lambda r: get_ipython().display_pub.publish(data={w.MIME: w.dumps("
        "{'token': w.loads(r)['token'], 'answers': [{'values': {'out': True}, 'forms': {}, 'score': 2.0, 'ok': True}]})})",
    ),
    "answers with nonsense": (
        "",
        "import autograder.inside as i, autograder.wire as w\n"
        "i.respond = lambda r: get_ipython().display_pub.publish(data={w.MIME: '[' * 10000})",
    ),
    "answers another question": (
        "",
        "import autograder.inside as i, autograder.wire as w\n"
        "i.respond = lambda r: get_ipython().display_pub.publish(data={w.MIME: w.dumps({'token': 'x', 'answers': []})})",
    ),
    "patches NumPy's comparisons": (
        "",
        "import numpy as np\nnp.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
        "np.abs = np.max = lambda *a, **k: 0.0",
    ),
    "patches builtins": ("", "import builtins\nbuiltins.abs = builtins.max = builtins.sum = lambda *a, **k: 0"),
    "an object that equals everything": (
        "class Yes:\n    def __eq__(self, o): return True\n    def __abs__(self): return 0\n"
        "    def __array__(self, *a, **k):\n        import numpy as np; return np.zeros(5)\n"
        "def double(x): return Yes()",
        "",
    ),
    "an array whose comparisons lie": (
        "import numpy as np\nclass Liar(np.ndarray):\n    def __eq__(self, o): return np.ones(self.shape, bool)\n"
        "    def __sub__(self, o): return np.zeros(self.shape)\n    def __array_ufunc__(self, *a, **k): return np.zeros(5)\n"
        "def double(x): return (3 * x).view(Liar)",
        "",
    ),
    "NaN": ("import numpy as np\ndef double(x): return x * np.nan", ""),
    "infinity": ("import numpy as np\ndef double(x): return x * np.inf", ""),
    "a shape that broadcasts": ("def double(x): return 2 * x[None]", ""),
    "one number for all": ("def double(x): return 0.0", ""),
    "an array of objects": ("import numpy as np\ndef double(x): return np.array([object()] * 5)", ""),
    "a huge answer": ("import numpy as np\ndef double(x): return np.zeros(10**8)", ""),
    "looks for the expected values": (
        "import gc, numpy as np\ndef double(x):\n"
        "    for o in gc.get_objects():\n"
        "        if isinstance(o, dict) and 'expected' in o and isinstance(o['expected'], np.ndarray): return o['expected']\n"
        "    return 3 * x",
        "",
    ),
    "right for the public seed only": (
        "import numpy as np\nfrom autograder.task import PUBLIC_SEED\ndef double(x): return np.arange(5.0)",
        "",
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_gains_nothing(name):
    code, last = LIES[name]
    notebook = tiny_notebook(double=code or WRONG, last=last)
    results = grade(TINY, notebook)
    assert points_of(results)["double"] == 0.0
    assert results[1].reasons
    assert determine_grade(notebook.cells[-1]) == (0.0, 2.0)


def test_lies_about_one_task_do_not_raise_another():
    results = grade(TINY, tiny_notebook(double=WRONG, last="import numpy as np\nnp.allclose = lambda *a, **k: True"))
    assert points_of(results) == {"affine_backward": 3.0, "double": 0.0}


# -- fairness -------------------------------------------------------------------------------------------------------

HONEST = {
    "prints": (DOUBLE.replace("return", "print('here'); return"), ""),
    "warnings on stderr": ("import warnings\n" + DOUBLE.replace("return", "warnings.warn('careful'); return"), ""),
    "stderr": ("import sys\nprint('50 %', file=sys.stderr)\n" + DOUBLE, "import sys; print('x', file=sys.stderr)"),
    "float32": ("def double(x): return (2 * x).astype('float32')", ""),
    "a list": ("def double(x): return [2 * v for v in x]", ""),
    "in place": ("def double(x):\n    x *= 2\n    return x", ""),
    "torch": ("import torch\ndef double(x): return 2 * torch.as_tensor(x)", ""),
    "files of its own": ("open('notes.txt', 'w').write('x')\n" + DOUBLE, ""),
    "threads that end": ("import threading\nt = threading.Thread(target=print)\nt.start(); t.join()\n" + DOUBLE, ""),
    "errors in other cells": (DOUBLE, "1 / 0"),
    "recursion": ("def double(x, n=2): return x if n == 1 else x + double(x, n - 1)", ""),
}


@pytest.mark.parametrize("name", HONEST)
def test_untidy_but_right_work_earns_everything(name):
    code, last = HONEST[name]
    assert points_of(grade(TINY, tiny_notebook(double=code, last=last)))["double"] == 2.0


# -- trouble --------------------------------------------------------------------------------------------------------


def test_a_cell_that_kills_the_kernel_costs_one_task():
    results = grade(TINY, tiny_notebook(double="import os; os._exit(1)"))
    assert points_of(results) == {"affine_backward": 3.0, "double": 0.0}


def test_an_answer_that_kills_the_kernel_costs_one_task():
    notebook = tiny_notebook(AFFINE + "\ndef affine_backward(dout, cache):\n    import os; os._exit(1)\n")
    results = grade(TINY, notebook)
    assert points_of(results) == {"affine_backward": 0.0, "double": 2.0}
    assert "the kernel died" in results[0].reasons[0]
    assert not results[0].ran


def test_sys_exit_in_a_function_is_a_mistake_like_any_other():
    results = grade(TINY, tiny_notebook(double="import sys\ndef double(x): sys.exit(0)"))
    assert points_of(results) == {"affine_backward": 3.0, "double": 0.0}
    assert results[1].ran


def test_an_answer_that_never_comes_costs_one_task():
    endless = "\ndef affine_backward(dout, cache):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\n"
    tasks = {**TINY.tasks}
    from dataclasses import replace

    tasks["affine_backward"] = replace(tasks["affine_backward"], seconds=1)
    results = grade(replace(TINY, tasks=tasks), tiny_notebook(AFFINE + endless))
    assert points_of(results) == {"affine_backward": 0.0, "double": 2.0}
    assert "stopped after 1 seconds" in results[0].reasons[0]


def test_a_syntax_error_costs_its_own_tasks():
    results = grade(TINY, tiny_notebook(double="def double(x:\n    return 2 * x"))
    assert points_of(results) == {"affine_backward": 3.0, "double": 0.0}
    assert "double" in results[1].reasons[0]


# -- what is written into the notebook ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "written"), [(1.5, 1.5), (-1.0, 0.0), (7.0, 2.0), (math.nan, 0.0), (math.inf, 2.0), (2, 2.0)]
)
def test_the_score_is_one_built_in_float_between_zero_and_the_points(points, written):
    cell = new_code_cell("")
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 2.0, "grade_id": "t"}
    write_verdict(cell, Verdict("t", points, 2.0))
    assert [o.output_type for o in cell.outputs] == ["display_data", "execute_result"]
    assert determine_grade(cell) == (written, 2.0)


# -- what comes over the wire --------------------------------------------------------------------------------------------

GOOD = {"values": {"out": 1.0}, "forms": {"out": "float"}}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        '{"dict": {}}',
        wire.dumps({"token": "other", "answers": [GOOD]}),
        wire.dumps({"token": "t"}),
        wire.dumps({"token": "t", "answers": []}),
        wire.dumps({"token": "t", "answers": [GOOD, GOOD]}),
        wire.dumps({"token": "t", "answers": [None]}),
        wire.dumps({"token": "t", "answers": [{"values": [], "forms": {}}]}),
        wire.dumps({"token": "t", "answers": [{"values": {}, "forms": None}]}),
    ],
)
def test_an_answer_of_another_form_is_refused(message):
    with pytest.raises(wire.WireError):
        read_answers(message, "t", 1)


def test_texts_in_an_answer_are_cut_and_strange_fields_ignored():
    answer = {
        **GOOD,
        "printed": "x" * 10**6,
        "changed": ["y" * 1000] * 1000,
        "warned": 5,
        "failure": {"kind": 3, "message": "z" * 10**6, "line": True},
        "score": 100,
    }
    (read,) = read_answers(wire.dumps({"token": "t", "answers": [answer]}), "t", 1)
    assert len(read.printed) == 2000
    assert len(read.changed) == 20
    assert read.warned == ()
    assert read.failure is not None
    assert read.failure.kind == "Error"
    assert read.failure.line is None


def test_devices():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cpu", "cuda"}
    with pytest.raises(ValueError, match="auto, cpu or cuda"):
        choose_device("tpu")

"""A released experiment is left out only where no other code looks up a name that it gives a value."""

from __future__ import annotations

import doctest

import pytest

from autograder import experiments
from autograder.experiments import Step, left_out

START = "import numpy as np\ndata = np.arange(6.0)\n"
ANSWER = "def double(x):\n    return 2 * x\n"


def is_left_out(experiment: str, *, answer: str = ANSWER, after: str = "", asks: tuple[str, ...] = ("double",)) -> bool:
    """Whether an experiment need not be run that stands between the answer and the task."""
    steps = [Step(START), Step(answer), Step(experiment, experiment=True), Step(after), Step(asks=asks)]
    return 2 in left_out(steps)


def test_the_examples():
    assert doctest.testmod(experiments).failed == 0


@pytest.mark.parametrize(
    "experiment",
    [
        "print(double(data).sum())",
        "y = double(data)\nfor k in range(3):\n    y = y + k",
        "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot(data, double(data))",
        "def triple(x):\n    return 3 * x\ntriple(data)",
        "x = 7",  # `double` has an x of its own
    ],
)
def test_what_nobody_uses_is_left_out(experiment):
    assert is_left_out(experiment, after="print(data)")


@pytest.mark.parametrize(
    ("experiment", "after"),
    [
        ("k = 3", "print(k)"),
        ("k = 3", "k += 1"),
        ("k = 3", "del k"),
        ("k = 3", "if data.any():\n    k = 4\nprint(k)"),
        ("k = 3", "for n in range(0):\n    k = 4\nprint(k)"),
        ("k = 3", "while data.any():\n    data = data * k"),
        ("k = 3", "print([k * n for n in data])"),
        ("k = 3", "print(f'{k}')"),
        ("k = 3", "with open('a') as f:\n    f.write(k)"),
        ("k = 3", "try:\n    print(k)\nexcept ValueError:\n    k = 0"),
        ("k = 3", "class A:\n    times = k\n"),
        ("k = 3", "double = lambda x, times=k: times * x"),
        ("def go():\n    global k\n    k = 3\ngo()", "print(k)"),
        ("from math import pi", "print(pi)"),
        ("import os.path", "print(os.path)"),
        ("(k := 3)", "print(k)"),
        ("for k in range(3): pass", "print(k)"),
    ],
)
def test_what_is_looked_up_later_is_run(experiment, after):
    assert not is_left_out(experiment, after=after)
    assert is_left_out(experiment)


@pytest.mark.parametrize(
    "after",
    [
        "k = 4\nprint(k)",
        "for k in range(3):\n    print(k)",
        "import json as k\nprint(k)",
        "with open('a') as k:\n    k.read()",
        "print([k for k in data])",
        "def f(k):\n    return k\nf(1)",
    ],
)
def test_a_name_that_is_bound_anew_is_another_one(after):
    assert is_left_out("k = 3", after=after)


@pytest.mark.parametrize(
    "answer",
    [
        "def double(x):\n    return k * x\n",
        "def double(x):\n    def inner():\n        return k * x\n    return inner()\n",
        "def twice(x):\n    return k * x\ndef double(x):\n    return twice(x)\n",
        "class Net:\n    def __call__(self, x):\n        return k * x\ndouble = Net()\n",
        "from functools import partial\ndef times(x):\n    return k * x\ndouble = partial(times)\n",
        "double = lambda x: k * x\n",
        "double = [lambda x: k * x][0]\n",
    ],
)
def test_what_an_answer_looks_up_when_it_is_called_is_run(answer):
    assert not is_left_out("k = 3", answer=answer)
    assert is_left_out("k = 3", answer=answer, asks=("data",))


@pytest.mark.parametrize(
    "unreadable",
    ["%time double(data)", "!ls", "print(globals()['k'])", "eval('k')", "def f(:", "exec(open('a').read())"],
)
def test_nothing_is_left_out_beside_what_cannot_be_read(unreadable):
    assert not is_left_out("k = 3", after=unreadable)


def test_one_experiment_may_need_another():
    steps = [Step("a = 1", experiment=True), Step("b = a", experiment=True), Step("print(b)"), Step(asks={"c"})]
    assert left_out(steps) == set()
    steps[2] = Step("print(1)")
    assert left_out(steps) == {0, 1}


def test_what_gives_the_answer_is_run():
    assert not is_left_out("double = abs")
    assert not is_left_out("double.calls = []\ndouble = double")


def test_only_experiments_are_left_out():
    assert left_out([Step("a = 1"), Step("b = 2"), Step(asks={"c"})]) == set()

"""What an exception means is told in a sentence, with the student's line."""

import sys

import numpy as np
import pytest
import torch

from autograder import inside
from autograder.diagnose import explain_failure
from autograder.inside import Failure, Implementation


def told(code, probe=lambda impl: {"out": impl.f()}):
    """Return the sentence for what ``f`` of a notebook cell raises."""
    names = {"np": np, "torch": torch, "sys": sys}
    exec(compile(code, "/tmp/ipykernel_1/1.py", "exec"), names)
    answer = inside.run(probe, Implementation(names), {})
    assert answer.failure is not None
    return explain_failure(answer.failure)


A = "a, b = np.ones((2, 3)), np.ones((4, 3))"
T = "a, b = torch.ones(2, 3), torch.ones(4, 3)"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("raise NotImplementedError()", "`f` is still the stub"),
        ("return spam", "line 2 of `f`: `spam` is not defined: a misspelt name"),
        ("return plt.plot()", "run the cell with `import matplotlib.pyplot as plt`"),
        ("x = x + 1", "is read before it gets a value"),
        (f"{A}; return a @ b", "the inner sizes are 3 and 4, and must be equal. Is one to be transposed, or the input"),
        (f"{A}; return a.dot(b)", "in a matrix product: (2,3) times (4,3). Is one to be transposed, or the input"),
        (f"{A}; return a @ 2.0", "Use `*`"),
        (f"{A}; return a + b", "(2,3) (4,3) cannot be combined entry by entry"),
        (f"{A}; a += np.ones((5, 2, 3))", "a result of shape (5,2,3) is added in place to an array of shape (2,3)"),
        (f"{A}; a[0] = np.ones(2)", "an array of shape (2,) is put into a place of shape (3,)"),
        (f"{A}; return a.reshape(4)", "6 entries cannot be laid out as (4,)"),
        (f"{A}; return a.sum(axis=2)", "there is no axis 2: the array has 2"),
        (f"{A}; return a[7]", "index 7 is outside of axis 0, whose size is 2"),
        (f"{A}; return a[6 / 3]", "an index must be an integer"),
        (f"{A}; return 1 if a > 0 else 2", "used as one truth value"),
        ("a = np.zeros(3, dtype=int); a += 0.5", "a float64 result does not fit in place into a int64 array"),
        ("x = None; return x[0]", "something is None here"),
        ("return None + 1", "something is None here"),
        ("return (lambda x, w: 0)(1)", "was called without 'w': keep the signature"),
        ("return (lambda x: 0)(1, 2)", "takes 1 arguments, and 2 were given"),
        ("return (lambda x: 0)(y=1)", "does not take `y`"),
        ("x = 3; return x()", "a int is called like a function"),
        ("return {}['gamma']", "the key 'gamma' is not there"),
        ("return 1 / 0", "a division by 0"),
        ("assert False, 'shapes differ'", "an assert of your own does not hold. shapes differ"),
        ("sys.exit(3)", "ends the program"),
        ("quit()", "ends the program"),
        ("return f()", "the code calls itself without end, by way of `f`: does every path reach a case that returns?"),
        ("raise MemoryError", "the memory does not suffice"),
        ("import no_such_package_here", "No module named 'no_such_package_here'"),
        ("import json; return json.loads('}')", "line 2 of `f`: JSONDecodeError: Expecting value"),
        (f"{T}; return a @ b", "in a matrix product: 2x3 times 4x3"),
        (f"{T}; return a + b", "2 and 4 at axis 0"),
        (f"{T}; return a.reshape(4)", "6 entries cannot be laid out as [4]"),
        (f"{T}; return a.backward()", "nothing here leads back to a parameter"),
        (f"{T}; a.requires_grad_(); c = a.sum(); c.backward(); a += 1", "under torch.no_grad()"),
        ("a = torch.ones(2, requires_grad=True).exp().sum(); a.backward(); a.backward()", "backward runs twice"),
        ("return torch.ones(2, requires_grad=True).numpy()", "detach it first"),
        ("return torch.ones(2, 3) @ torch.ones(3, 2, dtype=torch.float64)", "two dtypes are mixed"),
        ("return torch.nn.BatchNorm1d(3)(torch.ones(1, 3))", "more than one sample: is evaluation mode meant"),
        ("a = np.ones(3); a.flags.writeable = False; a[0] = 1", "read-only"),
    ],
)  # fmt: skip
def test_exception_is_explained(lines, words):
    assert words in told(f"def f():\n    {lines}\n")


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("float", "`float`"), ("float_", "`np.float64`"), ("int", "`int`"),
        ("product", "`np.prod`"), ("cumproduct", "`np.cumprod`"), ("in1d", "`np.isin`"), ("trapz", "`np.trapezoid`"),
        ("Inf", "`np.inf`"), ("NaN", "`np.nan`"), ("alltrue", "`np.all`"), ("sometrue", "`np.any`"),
        ("round_", "`np.round`"), ("mat", "`np.array`"), ("asfarray", "`np.asarray(a, dtype=float)`"),
    ],
)  # fmt: skip
def test_names_that_numpy_2_removed_have_a_successor(name, instead):
    assert not hasattr(np, name)
    assert f"`np.{name}` was removed from NumPy: write {instead}." in told(f"def f():\n    return np.{name}\n")


def test_names_removed_in_one_version_or_another():
    for name, instead in (("bool", "bool"), ("object", "object"), ("row_stack", "np.vstack"), ("NINF", "-np.inf")):
        failure = Failure("AttributeError", f"module 'numpy' has no attribute '{name}'", 4)
        assert explain_failure(failure) == f"line 4: `np.{name}` was removed from NumPy: write `{instead}`."
    assert "does not exist in NumPy 2" in told("def f():\n    return np.summ\n")
    assert "write `np.ptp(a)`" in told("def f():\n    return np.ones(3).ptp()\n")


def test_what_the_probe_misses_in_a_return_is_explained():
    def two(impl):
        a, b = impl.f()
        return {"a": a, "b": b}

    for returned, words in (
        ("None", "still the stub, or a `return` is missing"),
        ("...", "still the stub, or a `return` is missing"),
        ("1", "returns one int where several values are due"),
        ("1, 2, 3", "2 values are due, and more came"),
        ("[1]", "2 values are due, and 1 came"),
    ):
        assert words in told(f"def f():\n    return {returned}\n", two)
    assert told("", two) == "`f` is not defined: has its cell been run?"


def test_a_stub_of_a_class_is_named_with_its_class():
    two = "class {}:\n    def __init__(self):\n        raise NotImplementedError\n"
    code = two.format("MLP") + two.format("Other")
    assert told(code + "def f():\n    return Other()\n").startswith("`Other.__init__` is still the stub")
    inner = "def f():\n    def g():\n        raise NotImplementedError\n    return g()\n"
    assert told(inner).startswith("`g` is still the stub")
    assert "line 3 of `__init__`" in told(two.format("A").replace("raise NotImplementedError", "spam") + "f = A\n")
    assert explain_failure(Failure("NotImplementedError", "", 1, "", "<lambda>")).startswith("this is still the stub")


def test_interrupts_and_times_out_in_words():
    assert "run the check again" in explain_failure(Failure("KeyboardInterrupt", "the run was interrupted"))
    assert "loop without end" in explain_failure(Failure("TimeoutError", "20 s"))


def test_words_of_the_submission_are_taken_as_words():
    assert explain_failure(Failure("Odd", r"\1 \g<x> {message}")) == r"Odd: \1 \g<x> {message}"
    assert explain_failure(Failure("KeyError", r"'{message}\1'", 2, "a`b", "f g")) == (
        r"line 2, `a'b`: the key '{message}\1' is not there."
    )
    assert explain_failure(Failure("Odd\x00", "a\x1b[2Jb\ud800c\u202e")) == "Odd: abc"
    assert explain_failure(Failure("", "")) == ""
    assert explain_failure(Failure("ValueError", "")) == "ValueError"

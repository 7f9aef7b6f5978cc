"""Where the student's code runs: plain values come out, errors become answers, and nothing escapes."""

import linecache
import random
import sys
import types
import warnings

import numpy as np
import pytest
import torch

from autograder import inside, wire
from autograder.inside import Failure, Implementation, answer_to_message, compile_probe, probe_source, run


def returned(value):
    """Return what ``value`` becomes on its way out, and what it is said to have been."""
    answer = run(lambda impl: {"out": value() if isinstance(value, types.FunctionType) else value}, None, {})
    assert answer.failure is None, answer.failure
    return answer.values["out"], answer.forms["out"]


class Liar(np.ndarray):
    """Says it is whatever is expected."""

    shape = property(lambda self: (2, 2))
    dtype = property(lambda self: np.dtype("float64"))

    def __array__(self, *args, **kwargs):
        return np.full((2, 2), 7.0)

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array_function__(self, *args, **kwargs):
        return True

    def __array_ufunc__(self, *args, **kwargs):
        return True


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.ones(3) if func.__name__ == "detach" else NotImplemented


class Impostor:
    """An object that calls itself an array."""

    __class__ = np.ndarray
    dtype = np.dtype(float)
    shape = (3,)


class Comparing:
    def __eq__(self, other):
        return True

    __hash__ = None


class Number(float):
    def __eq__(self, other):
        return True

    __hash__ = None


CIRCLE = []
CIRCLE.append(CIRCLE)


@pytest.mark.parametrize(
    ("value", "expected", "form"),
    [
        (np.arange(3.0), np.arange(3.0), "numpy"),
        (np.arange(3.0).view(Liar), np.arange(3.0), "numpy"),
        (lambda: np.matrix([[1.0, 2.0]]), np.array([[1.0, 2.0]]), "numpy"),
        (np.ma.array([1.0, 2.0], mask=[True, False]), np.array([1.0, 2.0]), "numpy"),
        (np.arange(3, dtype=">f4"), np.arange(3, dtype="f4"), "numpy"),
        (np.float32(2.5), np.array(2.5, "f4"), "numpy"),
        (np.bool_(True), np.array(True), "numpy"),
        (torch.arange(3.0, requires_grad=True), np.arange(3, dtype="f4"), "torch float32"),
        (torch.nn.Parameter(torch.ones(2)), np.ones(2, "f4"), "torch float32"),
        (torch.ones(2, dtype=torch.bfloat16), np.ones(2, "f4"), "torch bfloat16"),
        (torch.arange(2), np.arange(2), "torch int64"),
        ([1, 2.5], np.array([1, 2.5]), "list"),
        (([1, 2], (3, 4)), np.array([[1, 2], [3, 4]]), "tuple"),
        ([torch.tensor(1.0), torch.tensor(2.0)], np.array([1.0, 2.0], "f4"), "list"),
        ([], np.array([]), "list"),
        (range(3), None, "an object of type range"),
        (True, True, "bool"),
        (10**40, 10**40, "int"),
        (2.5, 2.5, "float"),
        ("word", "word", "str"),
        (np.str_("word"), "word", "str"),
        (None, None, "NoneType"),
        (Ellipsis, None, "NoneType"),
        (NotImplemented, None, "NoneType"),
        (np.array([Comparing()]), None, "a NumPy array of dtype object"),
        (np.array([1j]), None, "a NumPy array of dtype complex128"),
        (np.complex64(1), None, "a NumPy array of dtype complex64"),
        (np.array(["a"]), None, "a NumPy array of dtype <U1"),
        (np.zeros(2, "M8[s]"), None, "a NumPy array of dtype datetime64[s]"),
        (np.zeros(2, [("a", float)]), None, "a NumPy array of dtype [('a', '<f8')]"),
        (torch.ones(2, dtype=torch.complex64), None, "a tensor of dtype complex64"),
        (torch.ones(2, 2).to_sparse(), None, "a tensor that is no plain array (torch float32)"),
        (torch.ones(2, device="meta"), None, "a tensor that is no plain array (torch float32)"),
        (Comparing(), None, "an object of type Comparing"),
        (Number(3), None, "an object of type Number"),
        (Impostor(), None, "a NumPy array of dtype object"),
        ([np.ones(2), np.ones(3)], None, "a list that is not a rectangular array"),
        (lambda: (i for i in range(3)), None, "an object of type generator"),
        ({"a": 1}, None, "an object of type dict"),
        ({1, 2}, None, "an object of type set"),
    ],
    ids=lambda v: str(type(v).__name__),
)
def test_values_become_plain_or_are_refused(value, expected, form):
    got, said = returned(value)
    assert said == form
    assert type(got) is type(expected)
    if isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype
        assert got.dtype.isnative
        np.testing.assert_array_equal(got, expected)
        assert got.base is None
    else:
        assert got == expected
    wire.dumps(got)


def test_values_that_lie_or_circle_do_no_harm():
    answer = run(lambda impl: {"out": torch.zeros(3).as_subclass(LyingTensor)}, None, {})
    assert answer.failure is not None or type(answer.values["out"]) is np.ndarray
    answer = run(lambda impl: {"out": CIRCLE}, None, {})
    assert answer.failure is not None or answer.values["out"] is None
    mixed, _ = returned([Comparing(), "a", 1, [2]])
    assert mixed is None or mixed[0] is None


def test_an_answer_is_a_copy():
    kept = np.ones(3)
    answer = run(lambda impl: {"out": kept}, None, {})
    kept[:] = 9
    assert answer.values["out"].tolist() == [1, 1, 1]


# ---------------------------------------------------------------------------------------------------------------
# Errors


class Rude(Exception):
    def __str__(self):
        sys.exit("no words")


class Base(BaseException):
    pass


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("x" * 9999), "ValueError", "x" * 500),
        (SystemExit(3), "SystemExit", "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt", "the run was interrupted"),
        (GeneratorExit(), "GeneratorExit", ""),
        (Base("odd"), "Base", "odd"),
        (Rude(), "Rude", ""),
        (NotImplementedError(), "NotImplementedError", ""),
        (ExceptionGroup("many", [ValueError("a")]), "ExceptionGroup", "many (1 sub-exception)"),
    ],
)
def test_every_exception_becomes_an_answer(error, kind, message):
    def probe(impl):
        raise error

    answer = run(probe, None, {})
    assert (answer.failure.kind, answer.failure.message) == (kind, message)
    assert answer.values == {}


def cell(source, name="/tmp/ipykernel_4711/1234567.py"):
    """Run a notebook cell as ipykernel does: compiled from a string that linecache knows under a made-up name."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names = {"np": np}
    exec(compile(source, name, "exec"), names)
    return Implementation(names)


CELL = """\
def helper(a, b):
    return a @ b

def layer(x):

    return helper(x,
                  np.ones(7))
"""


def test_the_line_shown_is_the_students_innermost():
    failure = run(lambda impl, x: {"out": impl.layer(x)}, cell(CELL), {"x": np.ones(3)}).failure
    assert (failure.kind, failure.line, failure.function, failure.source) == ("ValueError", 2, "helper", "return a @ b")
    deep = cell("def layer(x):\n    return np.linalg.inv(x)\n")
    failure = run(lambda impl, x: {"out": impl.layer(x)}, deep, {"x": np.zeros((2, 2))}).failure
    assert (failure.kind, failure.line, failure.source) == ("LinAlgError", 2, "return np.linalg.inv(x)")


def test_a_line_without_its_source_is_still_a_line():
    names = {}
    exec(compile("def f():\n\n    raise ValueError\n", "<ipython-input-7-abc>", "exec"), names)
    failure = run(lambda impl: impl.f(), Implementation(names), {}).failure
    assert (failure.line, failure.source, failure.function) == (3, "", "f")


def test_errors_of_the_probe_have_no_line_of_the_student():
    probe = compile_probe("def probe(impl):\n    a, b = impl.f()\n    return {'a': a}\n")
    failure = run(probe, Implementation({"f": lambda: None}), {}).failure
    assert (failure.kind, failure.line) == ("TypeError", None)
    failure = run(probe, Implementation({}), {}).failure
    assert failure == Failure("Missing", "`f` is not defined: has its cell been run?")


def test_one_array_is_not_taken_apart_by_rows():
    probe = compile_probe("def probe(impl):\n    a, b = parts(impl.f(), 'a', 'b')\n    return {'a': a, 'b': b}\n")
    answer = run(probe, Implementation({"f": lambda: np.ones((2, 3))}), {})
    assert answer.failure == Failure("Missing", "one array is returned where two values are due: a and b")
    for returned in (("x", "y"), ["x", "y"], np.array(["x", "y"], dtype=object)):
        assert run(probe, Implementation({"f": lambda r=returned: r}), {}).values == {"a": "x", "b": "y"}
    assert run(probe, Implementation({"f": lambda: None}), {}).failure.kind == "TypeError"


# ---------------------------------------------------------------------------------------------------------------
# What is printed, warned of, drawn and changed


def test_nothing_is_printed(capfd):
    class RudeWarning(UserWarning):
        polite = True

        def __str__(self):
            if not self.polite:
                raise SystemExit
            self.polite = False
            return "once"

    def probe(impl):
        print("out")
        print("err", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        warnings.warn("careful", stacklevel=1)
        warnings.warn(RudeWarning(), stacklevel=1)
        return {"out": np.log(np.zeros(2))}

    answer = run(probe, None, {})
    assert answer.printed == "out\nerr\n"
    assert answer.warned == (
        "UserWarning: careful",
        "RudeWarning: ",
        "RuntimeWarning: divide by zero encountered in log",
    )
    assert capfd.readouterr() == ("", "")


def test_printing_without_end_keeps_the_beginning():
    def probe(impl):
        for _ in range(1000):
            print("x" * 1000)
        return {"out": 1}

    assert run(probe, None, {}).printed == ("x" * 1000 + "\n") * 1 + "x" * 999


@pytest.mark.parametrize("misuse", ["sys.stdout.close()", "sys.stdout = None", "sys.stderr = 3", "del sys.stdout"])
def test_streams_survive_the_students_code(misuse, capsys):
    answer = run(lambda impl: exec(misuse, {"sys": sys}) or {"out": 1}, None, {})
    assert answer.values == {"out": 1}
    print("still here")
    assert capsys.readouterr().out == "still here\n"


def test_random_numbers_follow_the_seed_and_leave_no_trace():
    def probe(impl):
        return {"a": random.random(), "b": np.random.random(), "c": torch.rand(2)}  # noqa: NPY002

    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    first, again, other = (run(probe, None, {}, seed=s).values for s in (1, 1, 2**40))
    assert first["a"] == again["a"] != other["a"]
    assert first["b"] == again["b"] != other["b"]
    assert first["c"].tolist() == again["c"].tolist() != other["c"].tolist()
    now = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    assert now == states


def changed(code, arrays="numpy", **inputs):
    def probe(impl, **given):
        exec(code, {"np": np, "torch": torch}, given)
        return {"out": 1}

    answer = run(probe, None, inputs, arrays=arrays)
    assert answer.failure is None, answer.failure
    return answer.changed


def test_changes_in_place_are_noticed():
    x, n = np.array([1.0, np.nan, 3.0, 4.0]), np.arange(3)
    assert changed("y = x + 1", x=x, n=n) == ()
    assert changed("x[0] = 5", x=x, n=n) == ("x",)
    assert changed("x += 0", x=x, n=n) == ()
    assert changed("x *= 2; n[::2] = 7", x=x, n=n) == ("x", "n")
    assert changed("x.resize((2, 2), refcheck=False)", x=x) == ("x",)
    assert changed("x.sort()", x=x[::-1].copy()) == ("x",)
    assert changed("x.add_(1)", arrays="torch", x=x) == ("x",)
    assert changed("x.requires_grad_()", arrays="torch", x=x) == ()
    assert x.tolist()[0] == 1.0
    assert n.tolist() == [0, 1, 2]


def test_every_run_gets_copies_also_of_what_lies_deeper():
    inputs = {"many": [np.zeros(2), {"deep": np.zeros(2)}], "pair": (np.zeros(1), 3)}

    def probe(impl, many, pair):
        many[0] += 1
        many[1]["deep"] += 1
        pair[0][:] = 1
        many.append(3)
        return {"out": 1}

    run(probe, None, inputs)
    assert inputs["many"][0].tolist() == inputs["many"][1]["deep"].tolist() == [0, 0]
    assert inputs["pair"][0].tolist() == [0]
    assert len(inputs["many"]) == 2


def test_torch_inputs_are_float32_unless_they_are_whole_numbers():
    answer = run(lambda impl, x, y: {"x": x, "y": y}, None, {"x": np.ones(2), "y": np.arange(2)}, arrays="torch")
    assert answer.forms == {"x": "torch float32", "y": "torch int64"}


# ---------------------------------------------------------------------------------------------------------------
# Modules


def module_inputs():
    rng = np.random.default_rng(0)
    parameters = [rng.standard_normal((2, 3)), rng.standard_normal(2)]
    return {
        "x": rng.standard_normal((4, 3)),
        "dout": rng.standard_normal((4, 2)),
        "parameters": parameters,
        "parameter_names": ["weight", "bias"],
    }


class Silent(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x).detach()


class Pair(torch.nn.Linear):
    def forward(self, x):
        return super().forward(x), x


class Wide(torch.nn.Linear):
    def forward(self, x):
        return torch.cat([super().forward(x)] * 2, dim=1)


def run_module(build):
    return run(lambda impl: build(), None, module_inputs(), kind="module", arrays="torch")


def test_a_module_gets_the_parameters_and_gives_all_gradients():
    given = module_inputs()
    values = run_module(lambda: torch.nn.Linear(3, 2)).values
    x, dout, (w, b) = given["x"], given["dout"], given["parameters"]
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(values["out"], x @ w.T + b, **close)
    np.testing.assert_allclose(values["dx"], dout @ w, **close)
    np.testing.assert_allclose(values["d weight"], dout.T @ x, **close)
    np.testing.assert_allclose(values["d bias"], dout.sum(axis=0), **close)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: None, "a torch.nn.Module was expected, but this is a NoneType"),
        (lambda: torch.nn.Linear(2, 3), "have the shapes [(3, 2), (3,)], expected [(2, 3), (2,)], in this order"),
        (torch.nn.Module, "the module has no parameters: layers in a plain list are not found, put them into nn.Modu"),
        (lambda: torch.nn.Linear(3, 2, bias=False), "the biases are not registered (the parameters have the shapes"),
        (lambda: Pair(3, 2), "forward must return a tensor, but this is a tuple"),
    ],
)
def test_what_is_no_such_module_is_said_in_words(build, words):
    assert words in run_module(build).failure.message


@pytest.mark.parametrize("build", [lambda: Silent(3, 2), lambda: Wide(3, 2)])
def test_without_a_graph_or_in_another_shape_the_gradients_are_missing_and_the_output_is_there(build):
    answer = run_module(build)
    assert answer.failure is None
    assert isinstance(answer.values["out"], np.ndarray)
    assert answer.values["d weight"] is None
    assert answer.forms["d weight"] == "NoneType"


# ---------------------------------------------------------------------------------------------------------------
# The kernel's side


def decorate(function):
    return function


@decorate
def a_probe(impl, x):
    """Probe."""
    return {"out": impl.f(np.asarray(x))}


def test_a_probe_travels_as_text():
    source = probe_source(a_probe)
    assert "decorate" not in source
    answer = run(compile_probe(source), Implementation({"f": lambda x: 2 * x}), {"x": np.ones(2)})
    assert answer.values["out"].tolist() == [2, 2]


def test_respond_publishes_every_answer_whatever_the_code_does(monkeypatch, capfd):
    import IPython

    published = []
    shell = types.SimpleNamespace(
        user_ns={"f": lambda x: {0: x, 1: np.complex64(1), 2: Liar((1,)), 3: 1 / 0 if x == 3 else 0}[x]},
        display_pub=types.SimpleNamespace(publish=lambda data: published.append(data)),
    )
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    cases = [{"inputs": {"x": n}, "seed": n} for n in range(4)]
    source = "def probe(impl, x):\n    return {'out': impl.f(x)}\n"
    request = {"probe": source, "kind": "function", "arrays": "numpy", "device": "cpu", "token": "t", "cases": cases}
    inside.respond(wire.dumps(request))
    ((kind, text),) = published[0].items()
    reply = wire.loads(text)
    assert kind == wire.MIME
    assert reply["token"] == "t"
    first, refused, _, _ = reply["answers"]
    assert first["values"] == {"out": 0}
    assert refused["forms"] == {"out": "a NumPy array of dtype complex64"}
    assert {a["failure"]["kind"] for a in reply["answers"] if a["failure"]} <= {"ZeroDivisionError"}
    assert capfd.readouterr() == ("", "")


def test_an_answer_crosses_the_wire_whole():
    def probe(impl, x):
        x += 1
        print("hello")
        return {"a": x, "b": 3}

    answer = run(probe, None, {"x": np.zeros(2)})
    message = wire.loads(wire.dumps(answer_to_message(answer)))
    assert message["values"]["a"].tolist() == [1, 1]
    assert message["forms"] == {"a": "numpy", "b": "int"}
    assert message["changed"] == ["x"]
    assert message["printed"] == "hello\n"
    assert message["failure"] is None

"""Points, reasons and remarks: what a verdict is made of."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from course import COURSE, REFERENCE, TASKS, affine_backward, affine_forward, backward, forward, judge

from autograder import inside
from autograder import judge as judging
from autograder.check import check_task
from autograder.compare import Comparison
from autograder.inside import Answer, Implementation
from autograder.judge import prepare
from autograder.task import Exercise, Task, case
from autograder.verdict import Row, Verdict, refuse


def exercise(task, reference=REFERENCE):
    return Exercise("e", "E", {task.name: task}, lambda: reference)


def affine(**changes):
    return exercise(dataclasses.replace(TASKS["affine"], **changes))


# ---------------------------------------------------------------------------------------------------------------
# Points


def test_each_output_earns_its_share():
    wrong = backward(lambda dx, dw, db, *_: (dx, -dw, db))
    assert judge("affine", {}).points == 4
    assert judge("affine", wrong).points == 3
    assert judge("affine", wrong, affine(shares={"dw": 5.0})).points == 1.5
    assert judge("affine", wrong, affine(shares={"dw": 0.0})).points == 4


def test_a_wrong_edge_costs_its_own_part_and_an_ordinary_case_all():
    edge = forward(lambda out, *_: out if len(out) > 1 else -out)
    ordinary = forward(lambda out, *_: out if len(out) != 7 else -out)
    assert judge("affine", edge).points == 3 + 3 / 4
    assert judge("affine", ordinary).points == 3


def test_points_stay_between_nothing_and_all_and_are_built_in_floats():
    task = TASKS["affine"]
    for shares in ({"out": 1 / 3, "dx": 1 / 3, "dw": 1 / 3, "db": 0.1}, {}):
        found = judge("affine", {}, affine(shares=shares, points=0.1 + 0.2))
        assert found.points == pytest.approx(0.3)
        assert type(found.points) is float
    wrong = {
        "affine_forward": lambda x, w, b: (np.full(1, 1e300), None),
        "affine_backward": lambda dout, cache: [1] * 3,
    }
    assert judge("affine", wrong).points == 0
    assert refuse(task, "no").points == 0
    assert not refuse(task, "no").right
    assert refuse(task, "no").ran is False


def test_a_crash_in_one_case_leaves_the_others_standing():
    found = judge("affine", forward(lambda out, *_: out if len(out) > 1 else 1 / 0))
    assert found.points == 3
    assert [r.comparison.problem for r in found.rows if not r.ok] == ["failed"] * 4
    assert found.failure.kind == "ZeroDivisionError"
    assert "a division by 0" in found.reason


def test_an_output_that_is_not_returned_is_missing():
    task = dataclasses.replace(TASKS["affine"], probe=lambda impl, **given: impl.outputs(**given))

    def outputs(x, w, b, dout):
        return {"out": affine_forward(x, w, b)[0]}

    reference = SimpleNamespace(
        outputs=lambda x, w, b, dout: {"out": x @ w + b, "db": affine_backward(dout, (x, w))[2]}
    )
    found = check_task(exercise(task, reference), task, {"outputs": outputs}, "public")
    assert found.points == 2
    assert {r.comparison.message for r in found.rows if not r.ok} == {"it was not returned"}


def test_a_reference_that_fails_is_not_blamed_on_the_student():
    task = TASKS["affine"]
    broken = exercise(task, SimpleNamespace())
    with pytest.raises(RuntimeError, match="the reference fails on its own task 'affine'"):
        judging.judge(broken, task, lambda cases: [Answer() for _ in cases], "public")
    assert "please report this" in check_task(broken, task, vars(REFERENCE), "public").reason


# ---------------------------------------------------------------------------------------------------------------
# Purity, precision, tolerance


def in_place(x, w, b):
    x *= 2
    return x @ w / 2 + b, (x / 2, w)


def test_an_in_place_change_is_a_remark_and_costs_nothing_unless_purity_is_asked_for():
    found = judge("affine", {"affine_forward": in_place})
    assert found.right
    assert found.remarks == ("`x` is changed in place: whoever called your function has lost it",)
    pure = judge("affine", {"affine_forward": in_place}, affine(pure=True))
    assert pure.points == 0
    assert pure.rows[0].comparison.problem == "changed"
    assert "`x` was changed in place" in pure.diagnoses[0]
    assert judge("affine", {}, affine(pure=True)).right


def test_float32_is_granted_what_the_reference_itself_loses_in_it():
    def draw(rng):
        return [case("ones", x=1 - rng.uniform(1e-3, 2e-3, 5))]

    def probe(impl, x):
        return {"out": impl.f(x)}

    for f, points in ((lambda x: 2 * x, 0), (lambda x: 1 - x, 2)):
        task = Task("t", 2, probe=probe, cases=draw)
        reference = SimpleNamespace(f=f)

        def off(x, f=f):
            return (f(x) * (1 + 1e-4)).astype(np.float32)

        # One part in ten thousand: too much for a product, and what a difference of numbers near 1 may lose.
        assert check_task(exercise(task, reference), task, {"f": off}, "public").points == points
        rounded = check_task(exercise(task, reference), task, {"f": lambda x, f=f: f(x.astype(np.float32))}, "public")
        assert rounded.points == 2


def test_the_reference_may_be_given_to_several_cases_without_leaking_changes():
    """Each case is a fresh copy: what one implementation does to its inputs reaches neither the other nor a rerun."""
    found = judge("affine", {"affine_forward": in_place, **backward(lambda dx, dw, db, *_: (-dx, dw, db))})
    assert found.points == 3
    assert "sign" in found.diagnoses[0]


def test_float32_is_right_with_a_remark_and_warnings_are_remarks():
    found = judge("affine", forward(lambda out, *_: out.astype(np.float32) + 0 * np.log(np.zeros(1, np.float32) + 1)))
    assert found.right
    assert found.remarks == ("the result is float32; float64 was expected",)
    warned = judge("affine", forward(lambda out, *_: out + 0 * np.exp(np.full(1, 800.0)).clip(0, 1)))
    assert warned.right
    assert warned.remarks == ("RuntimeWarning: overflow encountered in exp",)


def test_a_quiz_answer_as_float32_is_not_compared_more_loosely():
    for given, points in ((np.float32(0.6931), 5), (np.float32(0.75), 4), (np.float16(0.35), 4), (np.array([0.69]), 4)):
        answers = SimpleNamespace(**{**vars(REFERENCE.answers), "entropy": given})
        assert judge("quiz", {"answers": answers}).points == points


def test_the_tolerance_of_a_task_multiplies():
    loose = forward(lambda out, *_: out * (1 + 1e-5))
    assert judge("affine", loose).points == 3
    assert judge("affine", loose, affine(tolerance=100.0)).right


# ---------------------------------------------------------------------------------------------------------------
# Asking again


def asked(wrong):
    """Return the verdict and the cases of every question."""
    questions = []
    impl = Implementation({**vars(REFERENCE), **wrong})

    def ask(cases):
        questions.append([c.name for c in cases])
        return [inside.run(TASKS["affine"].probe, impl, c.inputs, seed=c.seed) for c in cases]

    return judging.judge(COURSE, TASKS["affine"], ask, "public"), questions


def test_the_first_wrong_case_is_asked_again_and_the_others_if_it_differs():
    everything = ["given", "wide", "tall", "single"]
    assert asked({})[1] == [everything]
    assert asked(backward(lambda dx, dw, db, *_: (-dx, dw, db)))[1] == [everything, ["given"]]
    rng = np.random.default_rng()
    found, questions = asked(forward(lambda out, *_: out + rng.random()))
    assert questions == [everything, ["given"], ["wide", "tall", "single"]]
    assert all("not deterministic" in r.diagnosis for r in found.rows if not r.ok)


def test_an_answer_that_never_comes_again_is_no_reason_to_fail():
    def ask(cases):
        first = not questions
        questions.append(cases)
        return [Answer({"out": np.zeros(3)}, {"out": "numpy"}) for _ in cases] if first else []

    questions = []
    assert judging.judge(COURSE, TASKS["affine"], ask, "public").points == 0


# ---------------------------------------------------------------------------------------------------------------
# Sentences


def told(*rows, reason=""):
    cases = {"": case("ordinary"), "edge": case("edge", edge="one")}
    wrong = Comparison("value", "wrong")
    made = [Row(output, cases[edge], wrong, diagnosis=sentence) for output, edge, sentence in rows]
    return Verdict("t", 0.0, 1.0, made, reason=reason).diagnoses


def test_sentences_are_told_once_the_most_common_first():
    assert told(("a", "", "`a` is odd"), ("b", "", "`b` is 2 times (3, 4)"), ("b", "", "`b` is 71 times (5,)")) == [
        "`b` is 2 times (3, 4)",
        "`a` is odd",
    ]
    assert told(("a", "", "wrong"), ("a", "edge", "odd at the edge"), ("b", "edge", "right but at the edge")) == [
        "wrong",
        "right but at the edge",
    ]
    assert told(("a", "", ""), reason="a crash") == ["a crash"]
    assert told(("a", "edge", "wrong at the edge: one. a crash"), reason="a crash") == [
        "wrong at the edge: one. a crash"
    ]
    assert told() == []


# ---------------------------------------------------------------------------------------------------------------
# Metrics and modules


def metric(value, measure=lambda outputs: float(outputs["v"]), **options):
    task = Task(
        "m", 2, lambda impl: {"v": impl.v}, lambda rng: [case("a"), case("b")], kind="metric", measure=measure,
        measure_name="accuracy", **{"full": 0.9, "none": 0.5, **options},
    )  # fmt: skip
    return check_task(exercise(task), task, {"v": value}, "public")


@pytest.mark.parametrize(
    ("value", "points"),
    [(0.9, 2), (0.95, 2), (0.7, 1), (0.5, 0), (-3.0, 0), (np.nan, 0), (np.inf, 0), (None, 0), ("high", 0), ([1, 2], 0)],
)
def test_a_metric_earns_points_in_proportion(value, points):
    found = metric(value)
    assert found.points == pytest.approx(points)
    assert bool(found.diagnoses) == (points < 2)


def test_a_metric_may_fall_and_may_refuse_in_words():
    assert metric(0.1, full=0.05, none=0.25).points == pytest.approx(1.5)
    assert metric(0.1, full=0.05, none=0.25).diagnoses == ["accuracy 0.1, needed ≤ 0.05"]

    def refuses(outputs):
        raise ValueError("predict must return one digit per image")

    assert metric(0.1, refuses).diagnoses == ["predict must return one digit per image"]
    assert metric(0.1, lambda outputs: outputs["no"]).diagnoses == [
        "the accuracy cannot be computed from what was returned"
    ]


def test_a_module_is_judged_by_its_output_and_all_gradients():
    def build(impl, d, m):
        return impl.Net(d, m)

    def cases(rng):
        for n, d, m in ((4, 3, 2), (5, 6, 4)):
            yield case(f"{n}", x=rng.standard_normal((n, d)), d=d, m=m)

    class Net(torch.nn.Linear):
        def forward(self, x):
            return torch.relu(super().forward(x))

    class NoBias(torch.nn.Linear):
        def forward(self, x):
            return torch.relu(x @ self.weight.T)

    class Swish(torch.nn.Linear):
        def forward(self, x):
            return torch.nn.functional.silu(super().forward(x))

    task = Task("net", 4, build, cases, kind="module", arrays="torch")
    course = exercise(task, SimpleNamespace(Net=Net))
    given = prepare(course, task, "public")[0].inputs
    assert [p.shape for p in given["parameters"]] == [(2, 3), (2,)]
    assert given["dout"].shape == (4, 2)
    assert check_task(course, task, {"Net": Net}, "public").right
    found = check_task(course, task, {"Net": NoBias}, "public")
    assert found.points == 0
    assert "`out` does not use `bias`: it is what comes out with `bias` = 0." in found.diagnoses
    assert any(s.startswith("no gradient arrives at `bias`") for s in found.diagnoses)
    assert check_task(course, task, {"Net": Swish}, "public").points == 0
    assert "a torch.nn.Module was expected" in check_task(course, task, {"Net": lambda d, m: [d]}, "public").reason


def test_the_same_seed_draws_the_same_cases():
    first, again, other = (prepare(COURSE, TASKS["affine"], seed) for seed in ("a", "a", "b"))
    assert all(np.array_equal(c.inputs["x"], d.inputs["x"]) for c, d in zip(first, again, strict=True))
    assert not np.array_equal(first[0].inputs["x"], other[0].inputs["x"])

"""Every mistake is named from the numbers alone; its near misses are not, and a right answer has no name."""

import dataclasses
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from course import (
    COURSE,
    REFERENCE,
    TASKS,
    backward,
    forward,
    judge,
    mse_loss,
    normalize,
    ridge_loss,
    scale_backward,
    softmax,
    step_backward,
)

from autograder import judge as judging
from autograder.check import check_task
from autograder.diagnose import diagnose, quoted
from autograder.display import Card
from autograder.mistakes import HYPOTHESES
from autograder.task import Exercise, Task, case

RNG = np.random.default_rng()


def dpred(change):
    return {"mse_loss": lambda p, y: (mse_loss(p, y)[0], change(p, y))}


def loss(change):
    return {"mse_loss": lambda p, y: (change(p, y), mse_loss(p, y)[1])}


def ridge_gradient(change):
    return {"ridge_loss": lambda x, y, w, *, reg: (ridge_loss(x, y, w, reg=reg)[0], change(x, y, w, reg))}


def normalized(change):
    return {"normalize": lambda x, mean, var, *, train, eps: change(x, mean, var, train, eps)}


def scaled(change):
    return {"scale_backward": lambda dout, x, gamma: change(*scale_backward(dout, x, gamma), dout, x)}


def stepped(change):
    return {"step_backward": change}


# The hypothesis that must win, what it is tried on, and words of its sentence.
POSITIVE = [
    # Sign, factor, transpose.
    ("transposed", "affine", "dw", "is transposed: its shape should be that of `w`, (4, 3).",
     backward(lambda dx, dw, db, *_: (dx, dw.T, db))),
    ("transposed", "scale", "dx", "transposed: its axes are in the wrong order; transpose it with (0, 3, 1, 2)",
     scaled(lambda dx, dgamma, *_: (dx.transpose(0, 2, 3, 1), dgamma))),
    ("sign", "affine", "dx", "has the wrong sign",
     backward(lambda dx, dw, db, *_: (-dx, dw, db))),
    ("sign", "mse", "dpred", "has the wrong sign",
     dpred(lambda p, y: mse_loss(y, p)[1])),
    ("factor", "affine", "dw", "5 times too small: an extra factor 1/N (N = 5, the batch size). The 1/N",
     backward(lambda dx, dw, db, dout, x, w: (dx, dw / len(x), db))),
    ("factor", "affine", "dx", "5 times too large: a missing factor 1/N (N = 5, the batch size)",
     backward(lambda dx, dw, db, dout, x, w: (dx * len(x), dw, db))),
    ("factor", "affine", "dx", "twice too large: an extra factor 2 or a missing ½",
     backward(lambda dx, dw, db, *_: (2 * dx, dw, db))),
    ("factor", "affine", "db", "an extra factor 0.3, or a missing factor 3.333",
     backward(lambda dx, dw, db, *_: (dx, dw, 0.3 * db))),
    ("factor", "affine", "dw", "an extra factor 1/N (N = 5, the batch size), and the sign is wrong too",
     backward(lambda dx, dw, db, dout, x, w: (dx, -dw / len(x), db))),
    ("factor", "mse", "dpred", "half of what is due: a missing factor 2 or an extra ½",
     dpred(lambda p, y: (p - y) / y.size)),
    ("factor", "mse", "dpred", "a missing factor 1/15 (15 is the number of entries of `y_pred`)",
     dpred(lambda p, y: 2 * (p - y))),
    ("factor", "mse", "dpred", "a missing factor 1/D (D = 3, the number of entries per sample)",
     dpred(lambda p, y: 2 * (p - y) / len(y))),
    ("factor", "mse", "loss", "half of what is due: a missing factor 2 or an extra ½",
     loss(lambda p, y: mse_loss(p, y)[0] / 2)),
    ("factor", "ridge", "loss", "a missing factor 1/N (N = 5, the batch size), sum instead of mean",
     {"ridge_loss": lambda x, y, w, *, reg: (len(x) * ridge_loss(x, y, w, reg=reg)[0], ridge_loss(x, y, w, reg=reg)[1])}),
    ("factor", "ridge", "dw", "an extra factor `reg` (0.3)",
     ridge_gradient(lambda x, y, w, reg: reg * ridge_loss(x, y, w, reg=reg)[1])),
    ("factor", "step", "dh", "a factor (N − 1)/N with N = 3, the batch size: divided by N where N − 1 is due",
     stepped(lambda dh, dc, h: step_backward(dh, dc, h) * (len(h) - 1) / len(h))),
    ("transposed_and_scaled", "affine", "dw", "transposed (its shape should be that of `w`, (4, 3)), and is 5 times too",
     backward(lambda dx, dw, db, dout, x, w: (dx, dw.T / len(x), db))),
    ("transposed_and_scaled", "affine", "dw", "transposed and has the wrong sign",
     backward(lambda dx, dw, db, *_: (dx, -dw.T, db))),
    # Reductions.
    ("other_reduction", "affine", "db", "wrong axis: axis 1, not axis 0",
     backward(lambda dx, dw, db, dout, *_: (dx, dw, dout.sum(axis=1)))),
    ("other_reduction", "affine", "db", "mean instead of sum, over axis 0 of `dout`",
     backward(lambda dx, dw, db, dout, *_: (dx, dw, dout.mean(axis=0)))),
    ("other_reduction", "affine", "db", "maximum instead of sum",
     backward(lambda dx, dw, db, dout, *_: (dx, dw, dout.max(axis=0)))),
    ("other_reduction", "scale", "dgamma", "`dout` · `x` over the wrong axis: the axes (0, 1, 2), not the axes (0, 2, 3)",
     scaled(lambda dx, dgamma, dout, x: (dx, (dout * x).sum(axis=(0, 1, 2))))),
    ("other_reduction", "mse", "loss", "sum instead of mean, over the axes (0, 1) of (`y_pred` − `y`)²",
     loss(lambda p, y: np.sum((p - y) ** 2))),
    ("other_axis", "softmax", "out", "wrong axis",
     {"softmax": lambda x: softmax(x.T).T}),
    # Shapes.
    ("bias_gradient", "affine", "db", "wrong shape for a bias gradient: (1, 3), where (3,) is due: leave keepdims out",
     backward(lambda dx, dw, db, dout, *_: (dx, dw, dout.sum(axis=0, keepdims=True)))),
    ("bias_gradient", "affine", "db", "bias gradient: (5, 3), where (3,) is due: it is not summed over the batch",
     backward(lambda dx, dw, db, dout, *_: (dx, dw, dout))),
    ("bias_gradient", "affine", "db", "bias gradient: (3, 1), where (3,) is due",
     backward(lambda dx, dw, db, *_: (dx, dw, db[:, None]))),
    ("not_summed", "affine", "dw", "not summed over axis 0: shape (5, 4, 3), expected (4, 3)",
     backward(lambda dx, dw, db, dout, x, w: (dx, x[:, :, None] * dout[:, None], db))),
    ("not_reshaped", "scale", "dx", "right numbers in the wrong shape, (2, 60): reshape it to (2, 3, 4, 5), that of `x`",
     scaled(lambda dx, dgamma, *_: (dx.reshape(len(dx), -1), dgamma))),
    ("broadcast", "ridge", "dw", "broadcasting: (3,) and (3, 1) give (3, 3)",
     ridge_gradient(lambda x, y, w, reg: ridge_loss(x, y, w, reg=reg)[1] + np.zeros((len(w), 1)))),
    ("shape_of_something_else", "affine", "dx", "shape (5, 3), expected (5, 4), that of `x`; (5, 3) is the shape of `dout`",
     backward(lambda dx, dw, db, dout, *_: (dout**2, dw, db))),
    ("shape_of_something_else", "affine", "dx", "`dx` is empty: its shape is (5, 0), expected (5, 4), that of `x`. Does a",
     backward(lambda dx, dw, db, *_: (dx[:, 0:-0], dw, db))),
    # The values of something else.
    ("another_output", "affine", "dx", "gradient of another input, the values of `dw`: `dx` and `dw` are swapped",
     backward(lambda dx, dw, db, *_: (dw, dx, db))),
    ("unchanged_input", "affine", "dx", "unchanged input `x`",
     backward(lambda dx, dw, db, dout, x, w: (x, dw, db))),
    ("upstream_ignored", "affine", "dx", "the upstream gradient is ignored",
     backward(lambda dx, dw, db, dout, x, w: (np.ones_like(dout) @ w.T, dw, db))),
    ("upstream_ignored", "step", "dh", "`dh` is the local derivative alone, without `dnext_h` and `dnext_c`",
     stepped(lambda dh, dc, h: 1 - h**2 + h)),
    ("as_if", "affine", "out", "does not use `b`",
     forward(lambda out, x, w, b: x @ w)),
    ("as_if", "ridge", "dw", "does not use `reg`",
     ridge_gradient(lambda x, y, w, reg: ridge_loss(x, y, w, reg=0)[1])),
    ("as_if", "step", "dh", "does not use `dnext_c`",
     stepped(lambda dh, dc, h: dh * (1 - h**2))),
    ("as_if", "normalize", "out", "with `train` = False",
     normalized(lambda x, mean, var, train, eps: normalize(x, mean, var, train=False, eps=eps))),
    # Not finite, not floats, not the same twice, not there.
    ("not_finite", "softmax", "out", "right in general, wrong at the edge: scores of ±1000. `out`: 4 of 15 entries are NaN, from an overflow",
     {"softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)}),
    ("not_finite", "affine", "db", "entries are NaN: an operation has no result",
     backward(lambda dx, dw, db, *_: (dx, dw, np.log(-np.abs(db))))),
    ("not_finite", "affine", "db", "entries are inf: something was divided by 0",
     backward(lambda dx, dw, db, *_: (dx, dw, db / np.zeros(len(db))))),
    ("not_finite", "affine", "db", "entries are inf: the logarithm of 0",
     backward(lambda dx, dw, db, *_: (dx, dw, np.log(0 * db)))),
    ("not_finite", "affine", "db", "entries are inf, from an overflow: a number grew",
     backward(lambda dx, dw, db, *_: (dx, dw, np.exp(1000 * np.abs(db))))),
    ("integers", "affine", "out", "wrong dtype, int64 where floats are due: the right numbers were cut off to integers",
     forward(lambda out, *_: out.astype(int))),
    ("integers", "affine", "out", "wrong dtype, bool where floats are due.",
     forward(lambda out, *_: out > 0)),
    ("too_coarse", "affine", "out", "wrong dtype: half precision",
     forward(lambda out, *_: out.astype(np.float16))),
    ("not_deterministic", "affine", "out", "not deterministic",
     forward(lambda out, *_: out + RNG.standard_normal())),
    ("not_deterministic", "affine", "out", "not deterministic",
     forward(lambda out, *_: out + np.random.standard_normal())),  # noqa: NPY002
    ("nothing_returned", "affine", "dx", "still the stub",
     {"affine_forward": lambda x, w, b: (None, 0), "affine_backward": lambda dout, cache: (None, None, None)}),
    ("nothing_returned", "affine", "dw", "`dw` is still None",
     backward(lambda dx, dw, db, *_: (dx, None, db))),
    # Right in part.
    ("only_at_given_shape", "affine", "dw", "right only at the shape given",
     backward(lambda dx, dw, db, dout, x, w: (dx, dw * 5 / len(x), db))),
    ("crashes_beyond_given_shape", "affine", "out", "right only at the shape given",
     forward(lambda out, *_: out.reshape(5, 3))),
    ("constant_offset", "affine", "out", "constant offset: every entry is too large by 0.01",
     forward(lambda out, *_: out + 1e-2)),
    ("all_zero", "affine", "dx", "0 everywhere",
     backward(lambda dx, dw, db, *_: (np.zeros_like(dx), dw, db))),
    ("only_some_filled", "affine", "out", "1 of 5 slices along axis 0",
     forward(lambda out, *_: np.where(np.arange(len(out))[:, None] == 0, out, 0))),
    ("clipped", "affine", "dx", "clipped: what should lie below -1 or above 1 is cut off",
     backward(lambda dx, dw, db, *_: (np.clip(dx, -1, 1), dw, db))),
    ("cut_to_zero", "affine", "out", "and 0 in the others",
     forward(lambda out, *_: np.where(np.indices(out.shape).sum(axis=0) % 2, out, 0))),
    ("wrong_where", "affine", "dx", "wrong just where `x` < 0",
     backward(lambda dx, dw, db, dout, x, w: (np.where(x < 0, 1.7 * dx, dx), dw, db))),
    ("wrong_where", "affine", "out", "wrong just at index 4 of axis 0",
     forward(lambda out, *_: np.concatenate([out[:-1], out[-1:] ** 3]))),
    ("other_function", "normalize", "out", "the square of what is due",
     normalized(lambda x, mean, var, train, eps: normalize(x, mean, var, train=train, eps=eps) ** 2)),
    ("other_function", "affine", "out", "the absolute value of what is due",
     forward(lambda out, *_: np.abs(out))),
    ("other_function", "affine", "out", "backwards along axis 0",
     forward(lambda out, *_: out[::-1])),
    ("other_function", "affine", "out", "right numbers in the wrong places",
     forward(lambda out, *_: np.sort(out, axis=None).reshape(out.shape))),
]  # fmt: skip


def evidence(task, wrong):
    """Return the verdict, and the evidence for each wrong row."""
    found = []

    def keep(e):
        found.append(e)
        return diagnose(e)

    with mock.patch.object(judging, "diagnose", keep):
        return judge(task, wrong), found


def winner(e):
    with np.errstate(all="ignore"):
        return next((h.__name__ for h in HYPOTHESES if h(e)), None)


@pytest.mark.parametrize(
    ("hypothesis", "task", "output", "words", "wrong"), POSITIVE, ids=[f"{p[0]}-{p[3][:40]}" for p in POSITIVE]
)
def test_mistake_is_named(hypothesis, task, output, words, wrong):
    verdict, found = evidence(task, wrong)
    assert verdict.points < verdict.out_of
    assert any(words in r.diagnosis for r in verdict.rows if r.output == output), verdict.diagnoses
    assert hypothesis in {winner(e) for e in found if e.output == output}
    right = {r.output for r in verdict.rows} - {r.output for r in verdict.rows if not r.ok}
    assert not any(r.diagnosis for r in verdict.rows if r.output in right)


def test_every_hypothesis_has_a_test():
    elsewhere = {"known_to_the_task", "not_reached", "changed_in_place", "overflow_elsewhere"}
    untested = {h.__name__ for h in HYPOTHESES} - {p[0] for p in POSITIVE} - elsewhere
    assert not untested


@pytest.mark.parametrize("task", TASKS)
def test_right_answer_yields_no_diagnosis(task):
    verdict = judge(task, {})
    assert verdict.right
    assert verdict.diagnoses == []


# Near a mistake, and not that one: the words that must not occur, and on what.
NEGATIVE = [
    ("transposed", "affine", "dw", backward(lambda dx, dw, db, *_: (dx, dw.T**3, db))),
    ("transposed", "affine", "dx", backward(lambda dx, dw, db, *_: (dx + dx[::-1], dw, db))),
    ("sign", "affine", "dx", backward(lambda dx, dw, db, *_: (-dx + 1e-3, dw, db))),
    ("sign", "affine", "dx", backward(lambda dx, dw, db, *_: (-np.abs(dx), dw, db))),
    ("factor", "affine", "dw", backward(lambda dx, dw, db, *_: (dx, dw * (1 + 1e-3 * RNG.random(dw.shape)), db))),
    # Another constant in each case is no constant, and 3/N no 1/N though one case has N = 6.
    ("factor", "affine", "dw", backward(lambda dx, dw, db, dout, x, w: (dx, dw * 3 / len(x), db))),
    ("factor", "affine", "out", forward(lambda out, x, w, b: out * x.sum())),
    ("factor", "mse", "loss", loss(lambda p, y: np.mean((p - y) ** 2) + np.mean(y))),
    ("wrong axis", "affine", "db", backward(lambda dx, dw, db, dout, *_: (dx, dw, dout.sum(axis=1) + 1))),
    ("wrong axis", "softmax", "out", {"softmax": lambda x: softmax(2 * x.T).T}),
    ("mean instead", "affine", "db", backward(lambda dx, dw, db, dout, *_: (dx, dw, np.median(dout, axis=0)))),
    ("bias gradient", "affine", "db", backward(lambda dx, dw, db, *_: (dx, dw, np.zeros((7, 7))))),
    ("bias gradient", "affine", "dw", backward(lambda dx, dw, db, *_: (dx, dw[None], db))),
    ("not summed", "affine", "db", backward(lambda dx, dw, db, dout, *_: (dx, dw, dout**2))),
    ("another input", "affine", "dx", backward(lambda dx, dw, db, *_: (dw**2, dw, db))),
    ("unchanged", "affine", "dx", backward(lambda dx, dw, db, dout, x, w: (x**2, dw, db))),
    ("upstream", "affine", "dx", backward(lambda dx, dw, db, dout, x, w: (np.sign(dout) @ w.T, dw, db))),
    ("does not use", "affine", "out", forward(lambda out, x, w, b: x @ w + b**2)),
    ("overflow", "softmax", "out", {"softmax": lambda x: softmax(x) * np.nan}),
    ("dtype", "affine", "out", forward(lambda out, *_: np.round(out, 2))),
    ("only at the shape given", "affine", "dw", backward(lambda dx, dw, db, dout, x, w: (dx, dw * (len(x) > 6), db))),
    ("only at the shape given", "affine", "dw", backward(lambda dx, dw, db, *_: (dx, dw**2, db))),
    ("deterministic", "affine", "out", forward(lambda out, *_: out + 1)),
    ("offset", "affine", "out", forward(lambda out, *_: out + np.arange(out.shape[1]))),
    ("clipped", "affine", "out", forward(lambda out, *_: np.tanh(out))),
    ("filled", "affine", "out", forward(lambda out, *_: out * (np.arange(len(out))[:, None] + 2.5))),
    ("square", "affine", "out", forward(lambda out, *_: out**2 + 1e-3)),
    ("wrong places", "affine", "out", forward(lambda out, *_: np.sort(out**3, axis=None).reshape(out.shape))),
    ("edge", "affine", "out", forward(lambda out, *_: out**2 + 1)),
]  # fmt: skip


@pytest.mark.parametrize(("words", "task", "output", "wrong"), NEGATIVE, ids=[n[0] for n in NEGATIVE])
def test_near_miss_is_not_named(words, task, output, wrong):
    verdict = judge(task, wrong)
    sentences = [r.diagnosis for r in verdict.rows if r.output == output and not r.ok and not r.case.edge]
    assert sentences
    assert all(sentences)
    assert not any(words in s for s in sentences), sentences


def test_factor_of_a_batch_of_two_is_n_only_if_it_is_n_elsewhere():
    """The ratio 6 of a batch of six could be N or the 6 of nothing; 5 at five and 7 at seven can only be N."""
    verdict = judge("affine", backward(lambda dx, dw, db, *_: (dx, 6 * dw, db)))
    assert "extra factor 6" in verdict.diagnoses[0]
    assert "N" not in verdict.diagnoses[0]


def test_degenerate_values_have_no_wrong_names():
    """Zeros, symmetric matrices, one entry, a batch of one: much is equal to much else."""
    symmetric = judge("affine", forward(lambda out, *_: np.ones_like(out)))
    assert not any("transposed" in s or "factor" in s or "sign" in s for s in symmetric.diagnoses)
    zeros = judge("mse", dpred(lambda p, y: 0 * y))
    assert zeros.diagnoses == ["`dpred` is 0 everywhere: it was never filled in, or everything cancels."]
    number = judge("mse", loss(lambda p, y: 0.731))
    assert number.diagnoses == ["`loss`: the value is wrong"]
    # In a single case, any number is some multiple of any other.
    once = dataclasses.replace(TASKS["mse"], cases=lambda rng: list(TASKS["mse"].cases(rng))[:1])
    number = judge("mse", loss(lambda p, y: 0.731), dataclasses.replace(COURSE, tasks={"mse": once}))
    assert number.diagnoses == ["`loss`: the value is wrong"]


def test_an_explanation_explains_the_error_not_only_the_value():
    """A value a little off is not "right for x = 1" because that changes little; and zeros explain nothing."""
    _, (e, *_) = evidence("affine", forward(lambda out, *_: out * (1 + 2e-6)))
    assert e.output == "out"
    assert e.explains(e.actual)
    assert not e.explains(e.expected["out"])
    assert not e.explains(e.expected["out"] * (1 + 1.5e-6))
    _, (e, *_) = evidence("affine", forward(lambda out, *_: 0 * out))
    assert not e.explains(e.actual)


def test_edge_is_said_to_be_one():
    squeezed = judge("affine", forward(lambda out, *_: np.squeeze(out)))
    assert squeezed.points == 3.75
    assert squeezed.diagnoses[0].startswith("right in general, wrong at the edge: batch of one. `out` has the right nu")
    crash = judge("affine", forward(lambda out, *_: out if len(out) > 1 else out @ out))
    assert crash.diagnoses[0].startswith("right in general, wrong at the edge: batch of one. line ")
    assert len(crash.diagnoses) == 1


def test_quiz_tells_no_answer():
    right = vars(REFERENCE.answers)
    for name, value in (("count", 2468), ("count", "many"), ("entropy", -0.69314718), ("word", "mean"), ("yes", False)):
        verdict = judge("quiz", {"answers": type(REFERENCE.answers)(**{**right, name: value})})
        assert verdict.points == 4
        assert str(right[name]) not in "".join(verdict.diagnoses)
        assert "factor" not in "".join(verdict.diagnoses)


def test_tasks_own_mistakes_come_first_and_hints_last():
    def forgot(impl, x, w, b, dout):
        _, dw, db = impl.affine_backward(dout, impl.affine_forward(x, w, b)[1])
        return {"dw": -dw / len(x), "db": db}

    def breaks(impl, **inputs):
        raise RuntimeError

    task = dataclasses.replace(
        TASKS["affine"],
        mistakes={"broken": breaks, "this is the summary's mistake": forgot},
        hints={"dx": "look at dx"},
    )
    exercise = dataclasses.replace(COURSE, tasks={"affine": task})
    wrong = backward(lambda dx, dw, db, dout, x, w: (dx**3 + 1, -dw / len(x), -db))
    assert judge("affine", wrong, exercise).diagnoses == [
        "look at dx",
        "this is the summary's mistake",
        "`db` has the wrong sign: every entry is minus what is due.",
    ]


def test_of_two_known_mistakes_the_one_that_fits_more_cases_is_named():
    """3 and 4 rows: "one too few" and "always 3" agree on 4 rows, and only one of them on 3."""

    def cases(rng):
        for n in (4, 3, 6):
            yield case(f"{n}", x=rng.standard_normal((n, 2)))

    mistakes = {
        "always 3": lambda impl, x: {"n": 3.0, "many": False, "odd": True},
        "one too few": lambda impl, x: {"n": len(x) - 1.0, "many": len(x) > 4, "odd": False},
    }
    reference = SimpleNamespace(n=lambda x: float(len(x)), many=lambda x: len(x) > 3, odd=lambda x: len(x) % 2 == 1)
    task = Task(
        "rows",
        3,
        lambda impl, x: {"n": impl.n(x), "many": impl.many(x), "odd": impl.odd(x)},
        cases,
        mistakes=mistakes,
    )
    exercise = Exercise("e", "E", {"rows": task}, lambda: reference)

    def diagnoses(**wrong):
        return check_task(exercise, task, {**vars(reference), **wrong}, "public").diagnoses

    assert diagnoses(n=lambda x: 3.0) == ["always 3"]
    assert diagnoses(n=lambda x: len(x) - 1.0) == ["one too few"]
    assert diagnoses(n=lambda x: 3.0 if len(x) < 5 else 77.0) == ["`n`: the value is wrong"]
    assert diagnoses(many=lambda x: len(x) > 4) == ["one too few"]
    assert diagnoses(odd=lambda x: True) == ["always 3"]
    assert diagnoses(odd=lambda x: len(x) == 6) == ["`odd`: the answer is wrong"]


def counted(mistakes, **wrong):
    """Return what is said, by output, of a wrong count of rows, columns or entries."""

    def cases(rng):
        for n, m in ((4, 3), (3, 5), (6, 2)):
            yield case(f"{n} by {m}", x=rng.standard_normal((n, m)))

    reference = SimpleNamespace(rows=lambda x: float(len(x)), sums=lambda x: x.sum(axis=0), low=lambda x: x.min(axis=0))

    def probe(impl, x):
        return {"rows": impl.rows(x), "sums": impl.sums(x), "low": impl.low(x)}

    task = Task("count", 3, probe, cases, mistakes=mistakes)
    exercise = Exercise("e", "E", {"count": task}, lambda: reference)
    verdict = check_task(exercise, task, {**vars(reference), **wrong}, "public")
    return {r.output: r.diagnosis for r in verdict.rows if not r.ok}


def test_a_known_mistake_that_would_spoil_what_is_right_gives_way():
    """Both give the student's sums; only one leaves the number of rows as it is."""
    mistakes = {
        "the last row is lost": lambda impl, x: {"rows": len(x) - 1.0, "sums": -x.sum(axis=0), "low": x.min(axis=0)},
        "they are subtracted": lambda impl, x: {"rows": float(len(x)), "sums": -x.sum(axis=0), "low": x.min(axis=0)},
    }
    assert counted(mistakes, sums=lambda x: -x.sum(axis=0)) == {"sums": "they are subtracted"}
    # Where no other fits, the student may have made it in this output alone; and what a variant leaves out is open.
    first, second = mistakes.items()
    assert counted(dict([first]), sums=lambda x: -x.sum(axis=0)) == {"sums": "the last row is lost"}
    partly = {first[0]: lambda impl, x: {"sums": -x.sum(axis=0)}}
    assert counted(partly | dict([second]), sums=lambda x: -x.sum(axis=0)) == {"sums": "they are subtracted"}
    assert counted(partly, sums=lambda x: -x.sum(axis=0)) == {"sums": "the last row is lost"}


def test_of_two_known_mistakes_the_one_that_explains_more_outputs_is_named():
    mistakes = {
        "the signs are lost": lambda impl, x: {"rows": 0.5, "sums": -x.sum(axis=0), "low": abs(x).min(axis=0)},
        "all is subtracted": lambda impl, x: {"rows": -float(len(x)), "sums": -x.sum(axis=0), "low": x.min(axis=0)},
    }
    wrong = {"rows": lambda x: -float(len(x)), "sums": lambda x: -x.sum(axis=0), "low": lambda x: x.max(axis=0)}
    said = counted(mistakes, **wrong)
    assert said["rows"] == said["sums"] == "all is subtracted"
    # Lists of several lengths are no numbers, and no reason to stumble.
    ragged = {k: lambda impl, x, f=f: {**f(impl, x), "low": [[1.0], [1.0, 2.0]]} for k, f in mistakes.items()}
    assert counted(ragged, **wrong)["sums"] == "all is subtracted"


def test_a_module_whose_output_is_right_has_no_mistake_that_spoils_it():
    import torch

    class Half(torch.nn.Module):
        def __init__(self, *, forward=0.5, back=0.5):
            super().__init__()
            self.scale, self.back = forward, back

        def forward(self, x):
            return self.scale * x.detach() + self.back * (x - x.detach())

    def cases(rng):
        for n in (3, 4):
            yield case(f"{n}", x=rng.standard_normal((n, 2)), dout=rng.standard_normal((n, 2)))

    mistakes = {"nothing is halved": lambda impl: Half(forward=1.0, back=1.0)}
    task = Task("half", 2, lambda impl: impl.Half(), cases, kind="module", arrays="torch", mistakes=mistakes)
    exercise = Exercise("e", "E", {"half": task}, lambda: SimpleNamespace(Half=Half))

    def said(**how):
        verdict = check_task(exercise, task, {"Half": lambda: Half(**how)}, "public")
        return {r.output: r.diagnosis for r in verdict.rows if not r.ok}

    assert said(forward=1.0, back=1.0)["dx"] == "nothing is halved"
    assert said(back=1.0).keys() == {"dx"}
    assert said(back=1.0)["dx"] != "nothing is halved"


def test_a_size_is_not_blamed_where_another_output_is_right_at_every_shape():
    wrong = backward(lambda dx, dw, db, dout, x, w: (dx, dw * 5 / len(x), db))
    said = {r.diagnosis for r in judge("affine", wrong).rows if r.output == "dw" and not r.ok and not r.case.edge}
    assert len(said) == 1
    assert "take every size from the inputs" not in said.pop()
    task = dataclasses.replace(TASKS["affine"], hints={"dw": "dw is xᵀ dout"})
    assert judge("affine", wrong, dataclasses.replace(COURSE, tasks={"affine": task})).diagnoses == ["dw is xᵀ dout"]
    everything = {
        "affine_forward": lambda x, w, b: (x @ w * 5 / len(x) + b, (x, w)),
        **backward(lambda dx, dw, db, dout, x, w: (5 / len(x) * dx, dw * 5 / len(x), db * 5 / len(x))),
    }
    assert any("take every size from the inputs" in s for s in judge("affine", everything).diagnoses)


def overflowing(change=lambda p: p):
    """Return the verdict on a loss without the shift by the maximum, and on a gradient that does not overflow."""

    def cases(rng):
        yield case("small", scores=rng.standard_normal((3, 4)))
        yield case("more", scores=rng.standard_normal((5, 4)))
        yield case("large", edge="scores of 1000", scores=np.diag([1000.0, 1001.0, 1002.0, 1003.0]) + np.eye(4)[::-1])

    def loss(scores):
        with np.errstate(all="ignore"):
            log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            return -log_p[:, 0].mean(), change(np.exp(log_p))

    def right(scores):
        p = softmax(scores)
        top = scores.max(axis=1)
        return np.mean(top - scores[:, 0] + np.log(np.exp(scores - top[:, None]).sum(axis=1))), p

    task = Task("loss", 2, lambda impl, scores: dict(zip(("loss", "p"), impl.loss(scores), strict=True)), cases)
    exercise = Exercise("e", "E", {"loss": task}, lambda: SimpleNamespace(loss=right))
    return check_task(exercise, task, {"loss": loss}, "public")


def test_what_an_overflow_leaves_in_another_output_is_its_doing():
    said = {r.output: r.diagnosis for r in overflowing().rows if not r.ok}
    assert said["loss"] == said["p"]
    assert "from an overflow" in said["p"]
    assert repr(Card(overflowing())).count("from an overflow") == 1
    # Where it is wrong without an overflow too, it is wrong for a reason of its own.
    also = {r.output: r.diagnosis for r in overflowing(lambda p: -p).rows if not r.ok}
    assert "overflow" not in also["p"]


def test_one_number_has_no_entries():
    assert "every entry" in judge("mse", dpred(lambda p, y: -mse_loss(p, y)[1])).diagnoses[0]
    assert judge("mse", loss(lambda p, y: -mse_loss(p, y)[0])).diagnoses == [
        "`loss` has the wrong sign: it is minus what is due."
    ]
    zero = loss(lambda p, y: 0.0)
    assert judge("mse", zero).diagnoses == ["`loss` is 0, where another number is due."]
    task = dataclasses.replace(TASKS["mse"], hints={"loss": "it is the mean"})
    exercise = dataclasses.replace(COURSE, tasks={"mse": task})
    assert judge("mse", zero, exercise).diagnoses == ["`loss` is 0: it is the mean"]


def stopping(impl, losses):
    stopper = impl.Stopper(losses)
    return {"best": stopper.best(), "last": impl.last(losses)}


def test_a_function_that_a_sentence_is_about_stands_in_backticks():
    task = Task("stop", 1, stopping, lambda rng: [])
    assert quoted("best must return a number", task) == "`best` must return a number"
    assert quoted("last is the one at the end", task) == "`last` is the one at the end"
    assert quoted("losses must fall", task) == "losses must fall"
    assert quoted("last of all, add them", task) == "last of all, add them"
    assert quoted("best", dataclasses.replace(task, probe=None)) == "best"
    assert quoted("best must be", dataclasses.replace(task, probe=lambda impl: impl.best())) == "best must be"


def test_ignored_entries_do_not_hide_a_mistake():
    def cases(rng):
        for c in TASKS["affine"].cases(rng):
            free = np.zeros(c.inputs["w"].shape, bool)
            free[0, 0] = True
            yield dataclasses.replace(c, ignore={"dw": free})

    exercise = dataclasses.replace(COURSE, tasks={"affine": dataclasses.replace(TASKS["affine"], cases=cases)})

    def gradient(dx, dw, db, *_):
        dw = -dw
        dw[0, 0] = 77.0
        return dx, dw, db

    assert judge("affine", backward(gradient), exercise).diagnoses == [
        "`dw` has the wrong sign: every entry is minus what is due."
    ]


ODD = [
    None, "text", 3, True, 2.5, [], [1, "a"], {"a": 1}, np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), np.array(1.0),
    np.full((5, 3), np.nan), np.full((5, 3), np.inf), np.full((5, 3), 1e308), np.ones((5, 3), bool), np.ones((2,) * 6),
    np.arange(15, dtype=np.uint8).reshape(5, 3), np.full((5, 3), 2**63, np.uint64), np.full((5, 3), np.float16(6e4)),
    [np.ones(3), np.ones(2)], np.array(["a", "b"]), 10**30, float("nan"), np.ones((5, 3)) * 1e-310,
]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=[str(i) for i in range(len(ODD))])
def test_no_hypothesis_stumbles_over_odd_values(value):
    _, found = evidence("affine", forward(lambda out, *_: value))
    assert found
    for e in found:
        assert diagnose(e)
        with np.errstate(all="ignore"):
            assert all(h(e) is None or isinstance(h(e), str) for h in HYPOTHESES)

"""A small course with right answers, for the tests of what a student is told."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.check import check_task
from autograder.task import PUBLIC_SEED, Exercise, Task, case
from autograder.verdict import Verdict

# ---------------------------------------------------------------------------------------------------------------
# A small course: what is asked, and the right answers


def affine_forward(x, w, b):
    return x.reshape(len(x), -1) @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0)


def softmax(x):
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def mse_loss(y_pred, y):
    return np.mean((y_pred - y) ** 2), 2 * (y_pred - y) / y.size


def ridge_loss(x, y, w, *, reg):
    residual = x @ w - y
    return np.mean(residual**2) + reg * np.sum(w**2), 2 * x.T @ residual / len(x) + 2 * reg * w


def normalize(x, mean, var, *, train, eps):
    if train:
        mean, var = x.mean(axis=0), x.var(axis=0)
    return (x - mean) / np.sqrt(var + eps)


def scale_backward(dout, x, gamma):
    return dout * gamma[:, None, None], (dout * x).sum(axis=(0, 2, 3))


def step_backward(dnext_h, dnext_c, h):
    return dnext_h * (1 - h**2) + dnext_c * h


REFERENCE = SimpleNamespace(
    affine_forward=affine_forward,
    affine_backward=affine_backward,
    softmax=softmax,
    mse_loss=mse_loss,
    ridge_loss=ridge_loss,
    normalize=normalize,
    scale_backward=scale_backward,
    step_backward=step_backward,
    answers=SimpleNamespace(count=1234, entropy=0.6931471805599453, shape=(2, 3), word="variance", yes=True),
)


def _affine_cases(rng):
    def inputs(n, d, m):
        return {
            "x": rng.standard_normal((n, d)),
            "w": rng.standard_normal((d, m)),
            "b": rng.standard_normal(m),
            "dout": rng.standard_normal((n, m)),
        }

    yield case("given", given=True, **inputs(5, 4, 3))
    yield case("wide", **inputs(7, 6, 2))
    yield case("tall", **inputs(6, 5, 4))
    yield case("single", edge="batch of one", **inputs(1, 4, 3))


def _affine(impl, x, w, b, dout):
    out, cache = impl.affine_forward(x, w, b)
    dx, dw, db = impl.affine_backward(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


def _softmax_cases(rng):
    yield case("given", given=True, x=rng.standard_normal((3, 4)))
    yield case("more", x=rng.standard_normal((5, 6)))
    yield case("square", x=rng.standard_normal((4, 4)))
    yield case("large", edge="scores of ±1000", x=1000 * rng.standard_normal((3, 5)))


def _mse_cases(rng):
    for n, m in ((5, 3), (4, 7), (8, 2)):
        yield case(f"{n} by {m}", y_pred=rng.standard_normal((n, m)), y=rng.standard_normal((n, m)))


def _mse(impl, y_pred, y):
    loss, dy = impl.mse_loss(y_pred, y)
    return {"loss": loss, "dpred": dy}


def _ridge_cases(rng):
    for n, d in ((5, 3), (8, 4)):
        x, y, w = (rng.standard_normal(s) for s in ((n, d), (n,), (d,)))
        yield case(f"{n} by {d}", x=x, y=y, w=w, reg=0.3)


def _ridge(impl, x, y, w, reg):
    loss, dw = impl.ridge_loss(x, y, w, reg=reg)
    return {"loss": loss, "dw": dw}


def _normalize_cases(rng):
    for n, train in ((6, True), (9, True), (5, False)):
        x, mean = 3 + 2 * rng.standard_normal((n, 4)), rng.standard_normal(4)
        yield case(f"{n}, {train}", x=x, mean=mean, var=rng.uniform(1, 2, 4), train=train, eps=1e-5)


def _normalize(impl, x, mean, var, train, eps):
    return {"out": impl.normalize(x, mean, var, train=train, eps=eps)}


def _scale_cases(rng):
    for shape in ((2, 3, 4, 5), (3, 4, 2, 6)):
        dout, x = rng.standard_normal(shape), rng.standard_normal(shape)
        yield case(str(shape), dout=dout, x=x, gamma=rng.standard_normal(shape[1]))


def _scale(impl, dout, x, gamma):
    dx, dgamma = impl.scale_backward(dout, x, gamma)
    return {"dx": dx, "dgamma": dgamma}


def _step_cases(rng):
    for n in (3, 5):
        dh, dc, h = (rng.standard_normal((n, 4)) for _ in range(3))
        yield case(f"{n}", dnext_h=dh, dnext_c=dc, h=h)


def _step(impl, dnext_h, dnext_c, h):
    return {"dh": impl.step_backward(dnext_h, dnext_c, h)}


def _quiz_cases(rng):
    yield case("your answers")


def _quiz(impl):
    return vars(impl.answers)


TASKS = {
    t.name: t
    for t in (
        Task("affine", 4, _affine, _affine_cases),
        Task("softmax", 2, lambda impl, x: {"out": impl.softmax(x)}, _softmax_cases),
        Task("mse", 2, _mse, _mse_cases),
        Task("ridge", 2, _ridge, _ridge_cases),
        Task("normalize", 2, _normalize, _normalize_cases),
        Task("scale", 2, _scale, _scale_cases),
        Task("step", 2, _step, _step_cases),
        Task("quiz", 5, _quiz, _quiz_cases, kind="quiz", rtol=1e-3),
    )
}
COURSE = Exercise("course", "A small course", TASKS, lambda: REFERENCE)


def judge(task: str, wrong: dict[str, Any], exercise: Exercise = COURSE) -> Verdict:
    """Return the verdict where the names of ``wrong`` replace the right ones."""
    return check_task(exercise, exercise.tasks[task], {**vars(REFERENCE), **wrong}, PUBLIC_SEED)


def backward(change: Callable[..., Any]) -> dict[str, Any]:
    """Return an ``affine_backward`` that returns ``change(dx, dw, db, dout, x, w)``."""

    def wrong_backward(dout, cache):
        return change(*affine_backward(dout, cache), dout, *cache)

    return {"affine_backward": wrong_backward}


def forward(change: Callable[..., Any]) -> dict[str, Any]:
    """Return an ``affine_forward`` that returns ``change(out, x, w, b)``."""

    def wrong_forward(x, w, b):
        out, cache = affine_forward(x, w, b)
        return change(out, x, w, b), cache

    return {"affine_forward": wrong_forward}

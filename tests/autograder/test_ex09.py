"""Exercise 09: the solution earns everything, other right ways too, and every mistake is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest
import torch

from autograder.check import check_task
from autograder.demo.trial import Trial, stub
from autograder.demo.variants import Variant, variants
from autograder.inside import compile_probe, probe_source
from autograder.shortcuts import Notebook, asked
from autograder.task import Task, load_exercise

NAME = "09_convolution"
SOLUTION = Path(__file__).parents[2] / "solutions" / f"{NAME}.py"
EXERCISE = load_exercise(NAME)
TASKS = [t.name for t in EXERCISE.tasks.values() if t.kind != "written"]
SEEDS = ["public", "a secret", "another secret"]
RIGHT = [v for v in variants(NAME) if v.right]
WRONG = [v for v in variants(NAME) if not v.right]


@pytest.fixture(scope="module")
def trial() -> Trial:
    """The solution notebook, run from top to bottom: all of it, without a warning."""
    return Trial(NAME)


def cell_of(task: str) -> str:
    return "predict_code" if task == "lenet_accuracy" else f"{task}_code"


# ---------------------------------------------------------------------------------------------------------------
# Right and wrong


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task", TASKS)
def test_the_solution_earns_all_points(task: str, seed: str, trial: Trial) -> None:
    found = trial.verdict(task, trial.names, seed)
    assert found.points == found.out_of, found.diagnoses
    assert not found.remarks


@pytest.mark.parametrize("variant", RIGHT, ids=lambda v: v.name)
def test_another_style_earns_all_points(variant: Variant, trial: Trial) -> None:
    names = trial.with_variant(variant)
    for seed in SEEDS[:2]:
        for task in TASKS:
            found = trial.verdict(task, names, seed)
            assert found.points == found.out_of, (task, found.diagnoses)


@pytest.mark.parametrize("variant", WRONG, ids=lambda v: v.name)
def test_a_mistake_costs_its_points_and_is_named(variant: Variant, trial: Trial) -> None:
    names = trial.with_variant(variant)
    for seed in SEEDS[:2]:
        found = trial.verdict(variant.task, names, seed)
        assert found.points < found.out_of
        assert variant.says.lower() in " ".join(found.diagnoses).lower(), found.diagnoses


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_wrong_and_right_variants(task: str, trial: Trial) -> None:
    assert cell_of(task) in trial.cells_of[task]
    assert sum(v.task == task for v in WRONG) >= 4
    assert len({v.cells[cell_of(task)] for v in RIGHT if cell_of(task) in v.cells}) >= 3


def test_variants_have_names_of_their_own_and_nearly_all_say_something() -> None:
    names = [v.name for v in (*RIGHT, *WRONG)]
    assert len(names) == len(set(names))
    assert sum(bool(v.says) for v in WRONG) >= 0.95 * len(WRONG)


@pytest.mark.parametrize("task", TASKS)
def test_the_untouched_stub_earns_nothing_and_is_called_a_stub(task: str, trial: Trial) -> None:
    found = trial.verdict(task, trial.untouched())
    assert found.points == 0
    assert "still the stub" in " ".join(found.diagnoses).lower()


@pytest.mark.parametrize("task", TASKS)
def test_a_step_that_is_not_done_costs_its_own_points_alone(task: str, trial: Trial) -> None:
    cell = cell_of(task)
    names = trial.with_cells({cell: stub(trial.answers[cell])})
    for other in TASKS:
        found = trial.verdict(other, names)
        assert (found.points == found.out_of) == (other != task), (other, found.diagnoses)


def test_one_step_alone_can_be_right(trial: Trial) -> None:
    stubs = {name: stub(source) for name, source in trial.answers.items()}
    for task in TASKS:
        if task != "lenet_accuracy":
            names = trial.with_cells(stubs | {cell_of(task): trial.answers[cell_of(task)]})
            found = trial.verdict(task, names)
            assert found.points == found.out_of, (task, found.diagnoses)


# ---------------------------------------------------------------------------------------------------------------
# Shortcuts


def notebook_with(cells: dict[str, str]) -> Notebook:
    notebook = Notebook()
    for cell in jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells:
        if cell.cell_type == "code":
            notebook.add(cells.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source))
    return notebook


def shortcuts(notebook: Notebook, task: Task) -> list[Any]:
    assert task.probe is not None
    return notebook.shortcuts(asked(probe_source(task.probe)), task.forbid)


@pytest.mark.parametrize("variant", [Variant("solution", {}), *RIGHT], ids=lambda v: v.name)
def test_no_right_answer_is_taken_for_a_shortcut(variant: Variant) -> None:
    notebook = notebook_with(dict(variant.cells))
    for name in TASKS:
        assert shortcuts(notebook, EXERCISE.tasks[name]) == [], name


BORROWED = {
    "conv2d_forward": "def conv2d_forward(x, w, b, *, stride=1, padding=0):\n"
    "    return given.conv2d_forward(x, w, b, stride=stride, padding=padding)[0], (x, w, stride, padding)\n",
    "filter_signal": "def filter_signal(signal, kernel, *, padding=0):\n"
    "    return np.correlate(np.pad(signal, padding), kernel, mode='valid')\n",
    "convolve": "def convolve(f, g):\n    return np.convolve(f, g)\n",
    "window_rows": "def window_rows(x, height, width, *, stride=1, padding=0):\n"
    "    rows = F.unfold(torch.tensor(x), (height, width), stride=stride, padding=padding)\n"
    "    return rows.transpose(1, 2).reshape(-1, x.shape[1] * height * width).numpy()\n",
    "max_pool": "def max_pool_forward(x, *, size, stride):\n"
    "    return F.max_pool2d(torch.tensor(x), size, stride).numpy(), (x, size, stride)\n",
}


@pytest.mark.parametrize("task", BORROWED)
def test_a_librarys_answer_earns_nothing(task: str, trial: Trial) -> None:
    found = trial.verdict(task, trial.with_cells({f"{task}_code": BORROWED[task]}))
    assert found.points == 0
    assert found.shortcuts


# ---------------------------------------------------------------------------------------------------------------
# Figures of the sources


def test_the_lectures_signal(trial: Trial) -> None:
    signal, box = np.array([4.0, 3, 2, -5, 3, 5, 2, 5, 5, 6]), np.full(3, 1 / 3)
    shrunk = [3, 0, 0, 1, 10 / 3, 4, 4, 16 / 3]
    assert trial.names["filter_signal"](signal, box) == pytest.approx(shrunk)
    assert trial.names["filter_signal"](signal, box, padding=1) == pytest.approx([7 / 3, *shrunk, 11 / 3])


def test_the_lectures_image(trial: Trial) -> None:
    """Lecture 9: first row 6 1 8, second −7 9; the whole as printed in the notebook."""
    image = np.array([[-5.0, 3, 2, -5, 3], [4, 3, 2, 1, -3], [1, 0, 3, 3, 5], [-2, 0, 1, 4, 4], [5, 6, 7, 9, -1]])
    sharpen = np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]])
    expected = [[6, 1, 8], [-7, 9, 2], [-5, -9, 3]]
    assert trial.names["filter_image"](image, sharpen).tolist() == expected


def test_the_lectures_pooling(trial: Trial) -> None:
    x = np.array([[3.0, 1, 3, 5], [6, 0, 7, 9], [3, 2, 1, 4], [0, 2, 4, 3]]).reshape(1, 1, 4, 4)
    out, cache = trial.names["max_pool_forward"](x, size=2, stride=2)
    assert out[0, 0].tolist() == [[6, 9], [3, 4]]
    dx = trial.names["max_pool_backward"](np.array([1.0, 2, 3, 4]).reshape(1, 1, 2, 2), cache)
    assert dx[0, 0].tolist() == [[0, 0, 0, 0], [1, 0, 0, 2], [3, 0, 0, 4], [0, 0, 0, 0]]
    out, cache = trial.names["average_pool_forward"](x, size=2, stride=2)
    assert out[0, 0].tolist() == [[2.5, 6], [1.75, 3]]
    assert trial.names["average_pool_backward"](np.full((1, 1, 2, 2), 4.0), cache).tolist() == np.ones(x.shape).tolist()


def test_the_lectures_and_the_exams_sizes(trial: Trial) -> None:
    size, fits = trial.names["output_size"], trial.names["fits"]
    assert [size(7, 3, stride=s) for s in (1, 2)] == [5, 3]
    assert fits(7, 3, stride=2)
    assert not fits(7, 3, stride=3)  # lecture 9: does not fit
    assert size(32, 5, padding=2) == 32
    assert size(32, 6, stride=2, padding=1) == 15  # mock 2020
    assert size(26, 7, stride=3, padding=1) == 8  # Aug 2020, 4b
    assert size(28, 5, stride=3, padding=2) == 10  # Jul 2021, 2.6


def test_the_exams_parameters(trial: Trial) -> None:
    conv, affine, norm = (trial.names[f"{kind}_parameters"] for kind in ("conv", "affine", "batch_norm"))
    assert conv(3, 10, 5) == 760
    assert conv(32, 1, 1) == 33  # Aug 2022, 1.3
    assert conv(3, 5, 4) == 245  # Jul 2021, 2.7
    assert conv(3, 8, 3) == 224  # Feb 2022, 4.4
    assert affine(64, 10) + affine(10, 5) + affine(5, 3) == 723  # Jul 2021, 2.8
    assert affine(1600, 640) - 640 == 1600 * 640  # Jul 2021, 3.1
    assert sum(map(norm, (8, 16, 32))) == 112  # Feb 2022, 4.5
    assert norm(16) == 32  # Jul 2021, 2.13
    assert trial.names["conv_multiplications"](3, 10, 5, (32, 32)) == 768_000
    assert 31_000_000 < affine(3072, 10240) < 32_000_000


def test_the_exams_receptive_fields(trial: Trial) -> None:
    field = trial.names["receptive_field"]
    assert field([(3, 1)] * 3) == [3, 5, 7]  # Aug 2020, 4d
    assert field([(5, 1), (2, 2)]) == [5, 6]  # Aug 2022, 4.7
    assert field([(4, 2), (2, 2)]) == [4, 6]  # Jul 2021, 3.2
    assert field([(5, 1), (2, 2), (3, 1), (2, 2)]) == [5, 6, 10, 12]  # the notebook's LeNet


def test_the_exams_networks(trial: Trial) -> None:
    names = trial.names
    assert names["flat_features"](80, 3, 32) == 3200  # Feb 2022, 4.2
    assert names["flat_features"](28, 2, 16) == 16 * 7 * 7  # Aug 2022, 4.3
    assert names["running_values"]((8, 3, 32, 64)) == 6  # Aug 2022, 7.3
    assert names["filters_of_affine"]((2, 28, 28), 100) == (100, 2, 28, 28)  # Aug 2022, 4.5
    assert names["same_padding"](5) == 2
    assert names["layers_to_see"](7) == 3


def test_the_text_tells_the_truth(trial: Trial) -> None:
    """The worked examples of the notebook."""
    names = trial.names
    assert names["filter_signal"](np.array([1.0, 2, 4, 8]), np.array([1.0, 0, -1])).tolist() == [-3, -6]
    assert names["convolve"](np.ones(3), np.array([1.0, 2, 3])).tolist() == [1, 3, 6, 5, 3]
    assert names["gaussian_kernel"](2).tolist() == names["box_kernel"](2).tolist() == [[0.25, 0.25]] * 2
    assert names["gaussian_kernel"](5).max() == 36 / 256
    halves = np.repeat([[0.0, 0, 1, 1]], 4, axis=0)
    assert names["edge_strength"](halves, names["filter_image"]).tolist() == [[4, 4], [4, 4]]
    x = np.array([[[[1.0, 2], [3, 4]], [[0, 1], [1, 0]]]])
    w = np.array([[[[1.0, 0], [0, 1]], [[2, 2], [2, 2]]]])
    assert names["conv2d_forward"](x, w, np.array([0.5]))[0].item() == 9.5
    row, w = np.array([1.0, 2, 3]).reshape(1, 1, 1, 3), np.array([4.0, 5]).reshape(1, 1, 1, 2)
    assert names["conv2d_forward"](row, w, np.zeros(1))[0].ravel().tolist() == [14, 23]
    gradients = names["conv2d_backward"](np.array([1.0, 10]).reshape(1, 1, 1, 2), (row, w, 1, 0))
    assert [g.ravel().tolist() for g in gradients] == [[4, 45, 50], [21, 32], [11]]
    image = np.arange(1.0, 7).reshape(1, 1, 2, 3)
    rows = names["window_rows"](image, 2, 2)
    assert rows.tolist() == [[1, 2, 4, 5], [2, 3, 5, 6]]
    assert names["add_rows"](rows, (1, 1, 2, 3), 2, 2)[0, 0].tolist() == [[1, 4, 3], [4, 10, 6]]
    pixel, w = np.array([1.0, 2, 3]).reshape(1, 3, 1, 1), np.array([[1.0, 0, -1], [1, 1, 1]])
    assert names["one_by_one"](pixel, w, np.zeros(2)).ravel().tolist() == [-2, 6]
    assert names["affine_filters"](np.arange(1.0, 5)[:, None], (1, 2, 2)).tolist() == [[[[1, 2], [3, 4]]]]
    _, (x_hat, std, _), mean, var = names["spatial_batch_norm_forward"](
        np.array([1.0, 3, 5, 7]).reshape(2, 1, 1, 2),
        np.ones(1),
        np.zeros(1),
        running_mean=np.zeros(1),
        running_var=np.ones(1),
        train=True,
    )
    assert x_hat.ravel() == pytest.approx(np.array([-3, -1, 1, 3]) / 5**0.5, rel=1e-5)
    assert (std.item(), mean.item(), var.item()) == pytest.approx((5**0.5, 0.4, 1.4), rel=1e-5)
    cache = np.array([-1.0, 1]).reshape(2, 1, 1, 1), np.array([2.0]), np.array([4.0])
    found = names["spatial_batch_norm_backward"](np.array([1.0, 5]).reshape(2, 1, 1, 1), cache)
    assert [g.ravel().tolist() for g in found] == [[0, 0], [4], [6]]


# ---------------------------------------------------------------------------------------------------------------
# The parts fit together


def test_the_students_layers_agree_with_pytorch(trial: Trial) -> None:
    names, rng = trial.names, np.random.default_rng(0)
    x, w, b = rng.standard_normal((2, 3, 7, 6)), rng.standard_normal((4, 3, 3, 2)), rng.standard_normal(4)
    for options in ({"stride": 2, "padding": 1}, {"stride": 1, "padding": 0}):
        tensors = [torch.tensor(a, requires_grad=True) for a in (x, w, b)]
        expected = torch.nn.functional.conv2d(*tensors, **options)
        dout = rng.standard_normal(tuple(expected.shape))
        expected.backward(torch.tensor(dout))
        slow, cache = names["conv2d_forward"](x, w, b, **options)
        fast, kept = names["fast_conv2d_forward"](x, w, b, names["window_rows"], **options)
        for out, gradients in (
            (slow, names["conv2d_backward"](dout, cache)),
            (fast, names["fast_conv2d_backward"](dout, kept, names["add_rows"])),
        ):
            np.testing.assert_allclose(out, expected.detach().numpy(), rtol=1e-10, atol=1e-12)
            for gradient, tensor in zip(gradients, tensors, strict=True):
                assert tensor.grad is not None
                np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_the_given_lenet_is_the_students(trial: Trial) -> None:
    names = trial.names
    x, y = names["train_images"][:5], names["train_labels"][:5]
    p = {name: value + 0.1 for name, value in names["before"].items()}
    np.testing.assert_allclose(names["lenet_scores"](x, p), names["given"].lenet_scores(x, p), rtol=1e-10)
    (loss, own), (expected, given) = names["lenet_loss"](x, y, p), names["given"].lenet_loss(x, y, p)
    assert loss == pytest.approx(expected, rel=1e-12)
    for name in p:
        np.testing.assert_allclose(own[name], given[name], rtol=1e-8, atol=1e-12)
    step = np.zeros_like(p["w1"])
    step[0, 0, 2, 2] = 1e-6
    above, below = (names["lenet_loss"](x, y, p | {"w1": p["w1"] + s * step})[0] for s in (1, -1))
    assert own["w1"][0, 0, 2, 2] == pytest.approx((above - below) / 2e-6, rel=1e-5)


def test_the_network_learns_and_suffers_less_from_a_shift(trial: Trial) -> None:
    history, found = trial.names["history"], trial.names["found"]
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0]
    assert history["validation_accuracy"][-1] > 0.94
    assert found["LeNet"][2] > 0.94
    for side in (1, 3):
        assert found["LeNet"][side] > found["affine"][side] + 0.2


def test_the_strip_is_read(trial: Trial) -> None:
    """Where a digit stands, its row of the map is the brightest."""
    likely, starts = trial.names["likely"], trial.names["starts"]
    labels = trial.names["test_labels"][trial.names["chosen"]]
    assert [int(likely[:10, s].argmax()) for s in starts] == labels.tolist()


# ---------------------------------------------------------------------------------------------------------------
# Fairness


def test_what_is_of_no_use_is_refused_with_a_reason(trial: Trial) -> None:
    for unusable in (None, 3, "three", [], [None] * 4, object()):
        names = dict(trial.names)
        for name in list(names):
            if callable(names[name]) and getattr(names[name], "__module__", "") == "__main__":
                names[name] = lambda *_, unusable=unusable, **__: unusable
        for name in TASKS:
            found = check_task(EXERCISE, EXERCISE.tasks[name], names, "public")
            assert found.points < found.out_of, (name, unusable)
            assert any(found.diagnoses)
            assert "the check itself failed" not in found.reason, (name, unusable, found.reason)


@pytest.mark.parametrize("name", TASKS)
def test_cases_travel_and_are_drawn_from_the_seed(name: str) -> None:
    from autograder import wire

    task = EXERCISE.tasks[name]
    assert task.probe is not None
    assert compile_probe(probe_source(task.probe)).__name__ == name
    one, two, again = task.draw("one"), task.draw("two"), task.draw("one")
    assert [c.name for c in one] == [c.name for c in two]
    assert str([c.inputs for c in one]) == str([c.inputs for c in again])
    assert str([c.inputs for c in one]) != str([c.inputs for c in two])
    for case in one:
        assert list(wire.loads(wire.dumps(dict(case.inputs)))) == list(case.inputs)


def test_the_tasks_stand_in_the_notebooks_order() -> None:
    cells = jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells
    graded = [c.metadata["nbgrader"]["grade_id"] for c in cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert graded == list(EXERCISE.tasks)


def test_the_notebook_imports_nothing_that_holds_an_answer() -> None:
    cells = jupytext.reads(SOLUTION.read_text(encoding="utf-8"), fmt="py:percent").cells
    lines = "\n".join(c.source for c in cells if c.cell_type == "code").split("\n")
    ours = {line.split()[1] for line in lines if line.startswith(("import ", "from ")) and "i2dl" in line}
    assert ours == {"i2dl.data", "i2dl.plots", "i2dl.plots.images"}
    assert EXERCISE.provides == ()

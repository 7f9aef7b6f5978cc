"""The documentation says what is so: its links, commands, tables and examples."""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import jupytext
import nbformat
import numpy as np
import pytest
from tiny import ROOT

import autograder.demo.variants
import autograder.tasks
from autograder import intake
from autograder.check import check_task
from autograder.cli import cli
from autograder.compare import TOLERANCE
from autograder.demo.class_ import solved
from autograder.demo.variants import variants
from autograder.reconcile import reconcile
from autograder.referee import grade_notebook
from autograder.release import release
from autograder.report import write_grades
from autograder.submission import Limits
from autograder.task import Task, load_exercise

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
every_page = pytest.mark.parametrize("page", TEXTS)


def blocks(page: str, language: str = "python") -> list[str]:
    """Return the fenced blocks of a page that are marked with a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXTS[page], re.DOTALL | re.MULTILINE)


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table whose head begins with ``heading``, without the head."""
    table = re.search(rf"^\| {re.escape(heading)}.*\n\|[ \-|:]+\|\n((?:\|.*\n)+)", TEXTS[page], re.MULTILINE)
    assert table, f"{page} has no table that begins with {heading}"
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[1].splitlines()]


def prose(text: str) -> str:
    """Return text in one line, without marks of quotation and code."""
    return " ".join(re.sub(r"^> ?|`+", "", text, flags=re.MULTILINE).split())


# ---------------------------------------------------------------------------------------------------------------
# Links, pictures, what must not be there


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, made as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@every_page
def test_links_and_pictures_lead_somewhere(page):
    folder = (ROOT / page).parent
    links = re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]) + re.findall(r'<img[^>]*src="([^"]+)"', TEXTS[page])
    for link in links:
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        for link in re.findall(r"\]\(([^)\s#]+\.md)", TEXTS[page]):
            name = ((ROOT / page).parent / link).resolve().relative_to(ROOT).as_posix()
            waiting += [name] if name in TEXTS and name not in reached else []
    assert reached == set(TEXTS)


@every_page
def test_nothing_of_one_machine_stands_in_a_page(page):
    found = re.findall(r"/(?:work|home|root|Users|mnt)/|index-url|pip\.conf|artifactory|localhost|proxy", TEXTS[page])
    assert found == []


def test_the_picture_is_small_and_crisp():
    from PIL import Image

    path = ROOT / "docs" / "check.png"
    assert path.stat().st_size < 150_000
    with Image.open(path) as picture:
        assert 850 <= picture.width <= 2000


# ---------------------------------------------------------------------------------------------------------------
# Commands


def named_commands() -> list[tuple[str, str]]:
    """Return every ``autograder ...`` of the pages, with its page."""
    found = []
    for page, text in TEXTS.items():
        spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))
        lines = re.findall(r"^(?: {4}|\$ )(.+)$", text, re.MULTILINE) + [
            line
            for block in re.findall(r"^```(?:sh|text)?\n(.*?)^```$", text, re.DOTALL | re.M)
            for line in block.splitlines()
        ]
        for code in spans + lines:
            match = re.match(r"(?:\.venv/bin/)?autograder( [^#]*)$", code.split("#")[0].rstrip())
            if match:
                found.append((page, match[1].strip()))
    return found


def test_the_pages_name_commands():
    assert len(named_commands()) > 10


@pytest.mark.parametrize(("page", "line"), named_commands())
def test_commands_and_options_exist(page, line):
    name, *rest = line.split()
    if name.startswith("-"):
        options = {o for p in cli.params for o in p.opts} | {"--help", "-h"}
        assert name in options
        return
    command = cli.commands.get(name)
    assert command is not None, line
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    assert {word.split("=")[0] for word in rest if word.startswith("-")} <= known, line
    assert any(isinstance(p, click.Argument) for p in command.params) or rest == [] or rest[0].startswith("-"), line


def test_every_option_of_grading_is_explained():
    command = cli.commands["grade"]
    documented = {cell for row in rows("docs/instructors.md", "option") for cell in re.findall(r"--[a-z-]+", row[0])}
    assert documented == {o for p in command.params if isinstance(p, click.Option) for o in p.opts}


@every_page
def test_make_targets_exist(page):
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", TEXTS[page], re.MULTILINE)) <= targets


# ---------------------------------------------------------------------------------------------------------------
# Figures and quotations


def test_the_tolerances_are_those_of_the_code():
    told = {}
    for dtype, cpu, cuda in rows("docs/instructors.md", "result"):
        told |= {(dtype.strip("`"), "cpu"): float(cpu), (dtype.strip("`"), "cuda"): float(cuda)}
    assert told == TOLERANCE


def test_the_limits_are_those_of_the_code():
    limits = Limits()
    text = prose(TEXTS["docs/instructors.md"])
    assert f"{limits.cell_seconds:g} seconds a cell" in text
    assert f"{limits.total_seconds:g} seconds a submission" in text
    assert f"{limits.restarts} times" in text


def test_the_limits_of_the_sandbox_are_those_of_the_code():
    limits = Limits()
    # The table's head is empty.
    told = dict(
        re.findall(r"^\| ([a-z ,]+) \| (\d+)", TEXTS["docs/sandbox.md"].partition("## Limits")[2], re.MULTILINE)
    )
    assert told == {
        "a cell": f"{limits.cell_seconds:g}",
        "a submission, all cells and tasks": f"{limits.total_seconds:g}",
        "memory beyond the libraries": str(limits.memory_bytes // 2**30),
        "files written, together": str(limits.disk_bytes // 2**20),
        "processes and threads": str(limits.processes),
        "open files": str(limits.open_files),
        "output of a cell": str(limits.output_bytes // 2**20),
        "starts anew after a crash": str(limits.restarts),
    }


def test_the_naming_rule_is_quoted_from_the_code():
    rule = prose(re.search(r"The naming rule\.(.*?)\n\n", str(intake.__doc__), re.DOTALL)[1])
    assert rule in prose(TEXTS["docs/instructors.md"])


@pytest.mark.parametrize(("path", "student", "exercise"), rows("docs/instructors.md", "handed in as"))
def test_examples_of_names(path, student, exercise, tmp_path):
    target = tmp_path / "in" / path.strip("`")
    target.parent.mkdir(parents=True)
    name = exercise.strip("`")
    release_of = ROOT / "exercises" / name / f"{name}.ipynb"
    target.write_bytes(release_of.read_bytes())
    names = [p.name for p in (ROOT / "exercises").iterdir()]
    releases = {n: ROOT / "exercises" / n / f"{n}.ipynb" for n in names}
    (found,) = intake.collect(tmp_path / "in", tmp_path / "out", sorted(names), releases)
    assert (found.student, found.exercise, found.problem) == (student.strip("`"), name, "")


def test_the_columns_of_the_grades(tmp_path):
    write_grades([], tmp_path / "grades.csv")
    header = (tmp_path / "grades.csv").read_text(encoding="utf-8").strip().split(",")
    told = [cell for row in rows("docs/instructors.md", "column") for cell in re.findall(r"`(\w+)`", row[0])]
    assert told == header


# ---------------------------------------------------------------------------------------------------------------
# Examples


@pytest.fixture
def course(tmp_path, monkeypatch) -> Path:
    """A copy of nothing but the files that ``docs/authors.md`` writes, found as if they lay in the project."""
    for block in blocks("docs/authors.md"):
        path = re.match(r"# ([\w/]+\.py)\n", block)
        if path:
            _write(tmp_path / path[1], block)
        elif "# %%" in block:
            _write(tmp_path / "solutions" / "99_softplus.py", block)
        else:
            kinds = tmp_path / "autograder" / "tasks" / "ex98_kinds.py"
            kinds.write_text(kinds.read_text(encoding="utf-8") + "\n\n" + block, encoding="utf-8")
    for package in (autograder.tasks, autograder.demo.variants):
        place = tmp_path / package.__name__.replace(".", "/")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(place)])
    importlib.invalidate_caches()
    yield tmp_path
    for name in [n for n in sys.modules if re.search(r"\.ex9[89]_", n)]:
        del sys.modules[name]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _answers(course: Path) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for cell in jupytext.read(course / "solutions" / "99_softplus.py").cells:
        if cell.cell_type == "code":
            exec(cell.source, names)
    return names


def test_the_worked_example(course, capsys):
    exercise = load_exercise("99_softplus")
    names = _answers(course)
    assert "3 of 3" in re.sub(r"\s+", " ", capsys.readouterr().out.replace("/", " of "))
    verdict = check_task(exercise, exercise.tasks["softplus"], names, "a secret")
    assert (verdict.points, verdict.remarks) == (3, ())

    (path,) = release(course / "solutions", course / "exercises", ["99_softplus"])
    assert path == course / "exercises" / "99_softplus" / "99_softplus.ipynb"
    released = nbformat.read(path, as_version=4)
    text = "\n".join(c.source for c in released.cells)
    assert "logaddexp" not in text
    assert "np.tanh" not in text
    assert text.count("raise NotImplementedError()") == 2
    (graded,) = [c for c in released.cells if c.metadata.get("nbgrader", {}).get("grade")]
    assert graded.metadata["nbgrader"]["points"] == 3


def test_the_mistake_that_is_shown(course):
    exercise = load_exercise("99_softplus")
    names = _answers(course)
    exec("def softplus_backward(dout, cache):\n    return (1 + np.tanh(cache / 2)) / 2", names)
    verdict = check_task(exercise, exercise.tasks["softplus"], names, "public")
    quoted = re.search(r"^> (.+)$", TEXTS["docs/authors.md"], re.MULTILINE)[1]
    assert quoted in verdict.diagnoses


def test_the_variants_of_the_worked_example(course):
    exercise = load_exercise("99_softplus")
    assert {v.right for v in variants("99_softplus")} == {True, False}
    for variant in variants("99_softplus"):
        names = _answers(course)
        for source in variant.cells.values():
            exec(source, names)
        verdict = check_task(exercise, exercise.tasks["softplus"], names, "public")
        assert verdict.right == variant.right
        assert variant.says in " ".join(verdict.diagnoses)


@pytest.mark.slow
def test_the_worked_example_is_graded(course):
    exercise = load_exercise("99_softplus")
    (path,) = release(course / "solutions", course / "exercises", ["99_softplus"])
    released = nbformat.read(path, as_version=4)
    # The kernel knows nothing of this course; it does not need to.
    for cell in released.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "setup":
            cell.source = "import numpy as np"
    right, _ = reconcile(solved(course / "solutions" / "99_softplus.py", released), released)
    (result,) = grade_notebook(right, exercise, "a secret")
    assert result.score == 3


def test_one_task_of_each_kind(course):
    exercise = load_exercise("98_kinds")
    assert {t.kind for t in exercise.tasks.values()} == {"function", "module", "metric", "quiz", "written"}
    labels = exercise.tasks["digits"].draw("public")[0].private["labels"]
    reference = exercise.make_reference()
    names = {**reference._names, "predict": lambda images: labels}
    for name, task in exercise.tasks.items():
        if task.kind != "written":
            verdict = check_task(exercise, task, names, "public")
            assert verdict.right, (name, verdict.diagnoses)


def test_the_registered_mistake_is_recognised(course):
    exercise = load_exercise("98_kinds")
    names = dict(exercise.make_reference()._names)
    names["relu_backward"] = lambda dout, cache: np.maximum(dout, 0)
    verdict = check_task(exercise, exercise.tasks["relu"], names, "public")
    assert any("dx is cut off" in sentence for sentence in verdict.diagnoses)


@pytest.mark.parametrize("block", blocks("docs/students.md"))
def test_the_students_examples_run(block, capsys):
    module = ModuleType("example")
    exec(compile(block, "<docs/students.md>", "exec"), vars(module))
    assert capsys.readouterr().err == ""


def test_every_option_of_a_task_is_explained():
    told = {option for row in rows("docs/authors.md", "option of") for option in re.findall(r"`(\w+)`", row[0])}
    assert told == {field.name for field in dataclasses.fields(Task)} - {"name", "probe", "order"}

"""The command line: help worth reading, and one clear line for every bad input."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import tiny_course
from nbgrader.preprocessors import NbGraderPreprocessor
from tiny import ROOT
from traitlets import import_item
from traitlets.config import PyFileConfigLoader

from autograder import grading
from autograder.cli import _progress, cli
from autograder.course import CourseError
from autograder.submission import Limits, Outcome


def autograder(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "autograder", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=120, check=False)


@pytest.mark.parametrize("command", ["", "release", "grade", "report", "solutions", "feedback", "demo"])
def test_help(command):
    done = autograder(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: autograder ")
    assert len(done.stdout) > 150
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "no-such-directory"], "no-such-directory"),
        (["grade", ".", "--exercise", "99_nothing"], "03_affine_layer"),
        (["grade", ".", "--solutions", "no-such-directory"], "--solutions"),
        (["grade", ".", "--device", "tpu"], "tpu"),
        (["grade", ".", "--workers", "0"], "workers"),
        (["grade", ".", "--per-gpu", "0"], "per-gpu"),
        (["grade", ".", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "--workers"),
        (["grade", ".", "--out", "in-use"], "no grading course"),
        (["grade", ".", "--out", "in-use/thesis.tex"], "is a file"),
        (["grade", "."], "submission"),
        (["release", "99_nothing", "--to", "x"], "03_affine_layer"),
        (["solutions", "99_nothing", "--to", "x"], "99_nothing"),
        (["report", "."], "autograder grade"),
        (["feedback", "."], "autograder grade"),
        (["demo", "--to", "."], "choose another --to"),
        (["nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, says, tmp_path):
    in_use = tmp_path / "in-use" / "thesis.tex"
    in_use.parent.mkdir()
    in_use.write_text("kept")
    done = autograder(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    message = [line for line in done.stderr.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert len(message) == 1
    assert in_use.read_text() == "kept"


def test_a_gradebook_that_is_none(tmp_path):
    tiny_course.write_solutions(tmp_path / "solutions")
    tiny_course.hand_in(tmp_path / "in", {"ada": "{"})
    done = tiny_course.run(*tiny_course.arguments(tmp_path, tmp_path / "out", "--db", "gradebook.db"))
    assert done.returncode == 1
    assert done.stderr.startswith("autograder: 'gradebook.db' is no gradebook's URL")


def without(package: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line where a package is not installed."""
    program = (
        f"import sys; sys.modules[{package!r}] = None; sys.argv = ['autograder', *{arguments!r}];"
        "from autograder.__main__ import main; main()"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("click", ()),
        ("rich", ("--help",)),
        ("nbgrader", ("grade", ".")),
        ("filelock", ("report", ".")),
        ("jupytext", ("release", "--to", "x")),
    ],
)
def test_without_the_instructors_packages_it_says_what_to_install(package, arguments, tmp_path):
    done = without(package, *arguments)
    assert done.returncode == 1
    assert done.stderr.strip() == f"autograder: the package {package} is not installed: pip install 'i2dl[instructor]'"


def test_a_module_of_our_own_that_is_missing_is_no_package_to_install():
    assert "Traceback" in without("autograder.job", "grade", ".").stderr


def test_python_runs_it_as_a_module():
    command = [sys.executable, "-m", "autograder", "--version"]
    assert "autograder" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def called_with(monkeypatch, *arguments: str) -> dict[str, Any]:
    """Return what a command asks a grading run for."""
    asked: dict[str, Any] = {}

    def grade(source: Path, out: Path, **options: Any) -> Any:
        asked.update(options, source=source, out=out)
        raise CourseError("enough")

    monkeypatch.setattr(grading, "grade", grade)
    with pytest.raises(CourseError, match="enough"):
        cli.main([*arguments], standalone_mode=False)
    return asked


def test_submissions_are_trusted_only_if_that_is_asked_for(monkeypatch):
    assert called_with(monkeypatch, "grade", "x")["limits"] == Limits()
    assert called_with(monkeypatch, "grade", "x", "--trust-submissions")["limits"] == Limits(trusted=True)


def test_where_it_runs_is_passed_on(monkeypatch):
    asked = called_with(monkeypatch, "grade", "x", "--workers", "3", "--per-gpu", "4")
    assert (asked["workers"], asked["per_gpu"], asked["scheduler"]) == (3, 4, None)
    assert called_with(monkeypatch, "grade", "x", "--scheduler", "tcp://a:1")["scheduler"] == "tcp://a:1"


def test_the_made_up_class_is_trusted(monkeypatch, tmp_path):
    monkeypatch.setattr("autograder.demo.class_.make_class", lambda to, *_: to.mkdir(parents=True) or [])
    assert called_with(monkeypatch, "demo", "--to", str(tmp_path / "demo"))["limits"].trusted


def test_what_is_kept_from_before_says_nothing_of_the_remaining_time():
    with _progress() as shown:
        bar = shown.__closure__[0].cell_contents._bar
        shown(90, 100, None)
        assert bar.tasks[0].completed == 90
        assert bar.tasks[0].total == 100
        assert bar.tasks[0].time_remaining is None
        time.sleep(0.05)
        for done in (91, 92):
            shown(done, 100, Outcome("ada", "03", "graded"))
            time.sleep(0.05)
        # Eight at a twentieth of a second or so, not eight at ninety at once.
        assert bar.tasks[0].time_remaining >= 0.3


def test_where_there_is_no_terminal_a_line_says_now_and_then_how_far_it_is(capsys):
    with _progress(every=0.0) as shown:
        shown(90, 100, None)
        for done in range(91, 96):
            time.sleep(0.02)
            shown(done, 100, Outcome("ada", "03", "graded"))
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Grading: 90 of 100"
    assert re.fullmatch(r"Grading: 95 of 100, about \d+ s left", last)
    with _progress() as shown:
        shown(1, 2, Outcome("ada", "03", "graded"))
    assert capsys.readouterr().err == ""


ESCAPES = "\x1b[31mred\x1b]0;title\x07\x9b2J\u202eturned"


def test_nothing_that_is_handed_in_controls_the_terminal(tmp_path):
    """Names, outputs, errors, and a notebook of which a library could complain in a log."""
    tiny_course.write_solutions(tmp_path / "solutions")
    right = tiny_course.RIGHT
    tiny_course.hand_in(
        tmp_path / "in",
        {
            f"ada{ESCAPES}": {**right, "double_code": f"def double(x):\n    raise ValueError({ESCAPES!r})"},
            "bob": {**right, "double_code": f"import sys\nprint({ESCAPES!r}, file=sys.stderr)\nsys.exit({ESCAPES!r})"},
            "eve": {**right, "double_code": ESCAPES},
        },
    )
    strange = tmp_path / "in" / "eve" / tiny_course.NAME / f"{tiny_course.NAME}.ipynb"
    notebook = json.loads(strange.read_text(encoding="utf-8"))
    notebook["cells"][0][ESCAPES] = notebook["metadata"][ESCAPES] = ESCAPES
    strange.with_name(f"{ESCAPES}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    strange.unlink()
    done = tiny_course.run(*tiny_course.arguments(tmp_path, tmp_path / "out", "--workers", "1"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = done.stdout + (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert "ValueError" in shown
    assert [c for c in shown if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"] == []
    # Without the colours and the title, the words are those that were handed in.
    assert "redturned" in shown


def test_a_failure_of_the_grader_is_said_and_is_no_success(monkeypatch, capsys, tmp_path):
    outcome = Outcome("ada", "03_affine_layer", "refused", "grading failed: OSError")
    run = grading.Run(None, [outcome], 1.0, 1, 1)
    monkeypatch.setattr(grading, "grade", lambda *_, **__: run)
    with pytest.raises(SystemExit) as end:
        cli.main(["grade", "x"], standalone_mode=False)
    assert end.value.code == 1
    assert "failed on 1 of them" in capsys.readouterr().err


def test_an_unreadable_directory(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    done = autograder("grade", str(closed), cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_solutions_are_written_with_their_answers(tmp_path):
    done = autograder("solutions", "03_affine_layer", "--to", str(tmp_path))
    assert done.returncode == 0
    written = tmp_path / "03_affine_layer" / "03_affine_layer.ipynb"
    assert "BEGIN SOLUTION" in written.read_text(encoding="utf-8")


def test_nbgrader_reads_the_settings_of_the_project():
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    assert config.CourseDirectory.root == str(ROOT / "course")
    for name in [*config.Autograde.sanitize_preprocessors, *config.Autograde.autograde_preprocessors]:
        assert issubclass(import_item(name), NbGraderPreprocessor)

"""The command line: help worth reading, and one clear line for every bad input."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from nbgrader.preprocessors import NbGraderPreprocessor
from tiny import ROOT
from traitlets import import_item
from traitlets.config import PyFileConfigLoader


def autograder(*arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "autograder.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=120, check=False)


@pytest.mark.parametrize("command", ["", "release", "grade", "report", "solutions", "feedback", "demo"])
def test_help(command):
    done = autograder(*([command] if command else []), "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 200
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "no-such-directory"], "no-such-directory"),
        (["grade", ".", "--exercise", "99_nothing"], "03_affine_layer"),
        (["grade", ".", "--solutions", "no-such-directory"], "--solutions"),
        (["grade", ".", "--device", "tpu"], "tpu"),
        (["grade", ".", "--workers", "0"], "workers"),
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

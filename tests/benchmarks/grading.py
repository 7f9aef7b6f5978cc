"""Seconds a submission: ``autograder grade`` against plain ``nbgrader autograde``, the same notebooks, one run.

    .venv/bin/python tests/benchmarks/grading.py --students 4

Plain nbgrader runs the notebooks, ``check`` cells and all, with the public cases; ours asks the secret ones from
outside. Both are whole commands, so the start of the program is in the figures.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.course import Course
from autograder.demo.class_ import solved

ROOT = Path(__file__).resolve().parents[2]
PLAIN = """
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///{root}/gradebook.db"
c.Execute.timeout = 300
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=4, help="submissions an exercise (default: 4)")
    students = parser.parse_args().students
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        f"{'exercise':28}{'plain nbgrader':>16}{'ours, 1 worker':>16}{f'ours, {os.cpu_count()} workers':>17}{'ratio':>8}"
    )
    for solution in sorted((ROOT / "solutions").glob("*.py")):
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            plain, submissions = plain_course(base / "plain", solution, students)
            seconds = [
                run(["nbgrader", "autograde", solution.stem], cwd=plain),
                *(
                    run(
                        ["autograder.cli", "grade", str(submissions), "--out", f"out{n}", "--workers", str(n)], cwd=base
                    )
                    for n in (1, os.cpu_count() or 1)
                ),
            ]
        each = [s / students for s in seconds]
        print(
            f"{solution.stem:28}{each[0]:>14.1f} s{each[1]:>14.1f} s{each[2]:>15.1f} s{each[2] / each[0]:>8.2f}",
            flush=True,
        )


def plain_course(root: Path, solution: Path, students: int) -> tuple[Path, Path]:
    """Make a course as nbgrader has it by default, with ``students`` right submissions."""
    course = Course(root)
    notebook = nbformat.writes(solved(solution, nbformat.read(course.generate(solution), as_version=4)))
    for n in range(students):
        path = course.submitted / f"student{n}" / solution.stem / f"{solution.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(notebook, encoding="utf-8")
    (root / "nbgrader_config.py").write_text(
        "c = get_config()\n" + PLAIN.format(root=str(course.root)), encoding="utf-8"
    )
    return root, course.submitted


def run(arguments: list[str], cwd: Path) -> float:
    """Run a Python module as a command and return the seconds it took; its failure is ours."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

"""Submissions a minute: ``autograder grade``, sandbox on, against plain ``nbgrader autograde``, the same 40, one run.

    .venv/bin/python tests/benchmarks/grading_throughput.py

Both are whole commands, start and end included. Plain nbgrader runs the notebooks in its plain kernel, with ``check``
cells that grade nothing but the public cases; ours asks the secret ones from outside. All submissions are right, and
every answer differs from the other students' by a comment, so that nothing is read only once that a class would make
the grader read often.

Processor time and memory are those of the command and of all that it started, kernels that outlived their parents
included; memory is the largest sum of what each process has to itself, and of its share in what it shares with others
(PSS).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil

from autograder.course import Course
from autograder.demo.class_ import solved

ROOT = Path(__file__).resolve().parents[2]
PLAIN = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///{root}/gradebook.db"
c.Execute.timeout = 300
"""
SAMPLE_SECONDS = 0.5
MARK = "\n# student "
_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Measured:
    """One command's use: wall-clock and processor seconds, and bytes."""

    seconds: float
    processor: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=40, help="submissions (default: 40)")
    parser.add_argument("--exercise", default="03_affine_layer", help="exercise (default: 03_affine_layer)")
    parser.add_argument("--pictures", action="store_true", help="have ours draw the notebooks' pictures, too")
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    # Processes whose parent was killed become our children, so that their time is counted as well.
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(
        f"`{arguments.exercise}`, {arguments.students} submissions, {platform.machine()}, {cores} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"
    )
    print("\n| command | wall time | submissions a minute | ratio | processor seconds each | ratio | peak memory |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        plain, submissions = plain_course(
            base / "plain", ROOT / "solutions" / f"{arguments.exercise}.py", arguments.students
        )
        reference = measure(["nbgrader", "autograde", arguments.exercise], plain)
        row("nbgrader autograde", reference, reference, arguments.students)
        extra = ["--pictures"] if arguments.pictures else []
        runs = []
        for workers in dict.fromkeys((1, cores)):
            command = ["autograder.cli", "grade", str(submissions), "--out", str(base / f"out{workers}")]
            options = ["--workers", str(workers), "--solutions", str(ROOT / "solutions"), *extra]
            runs.append((workers, measure([*command, *options], base)))
            row(f"autograder grade --workers {workers}", runs[-1][1], reference, arguments.students)
        (fewest, first), (most, last) = runs[0], runs[-1]
        if most > fewest:
            each = (last.memory - first.memory) / (most - fewest)
            print(f"\nmemory for each worker beyond the first: {each / 2**20:.0f} MiB")


def row(name: str, measured: Measured, reference: Measured, students: int) -> None:
    """Print one line of the table."""
    print(
        f"| `{name}` | {measured.seconds:.1f} s | {60 * students / measured.seconds:.1f} "
        f"| {reference.seconds / measured.seconds:.1f} | {measured.processor / students:.2f} "
        f"| {reference.processor / measured.processor:.1f} | {measured.memory / 2**20:.0f} MiB |",
        flush=True,
    )


def plain_course(root: Path, solution: Path, students: int) -> tuple[Path, Path]:
    """Make a course as nbgrader has it by default, with ``students`` right submissions."""
    course = Course(root)
    notebook = solved(solution, nbformat.read(course.generate(solution), as_version=4))
    answers = [c for c in notebook.cells if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("solution")]
    for n in range(students):
        for cell in answers:
            cell.source = f"{cell.source.partition(MARK)[0]}{MARK}{n}"
        path = course.submitted / f"student{n:02}" / solution.stem / f"{solution.stem}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(notebook), encoding="utf-8")
    (root / "nbgrader_config.py").write_text(PLAIN.format(root=str(course.root)), encoding="utf-8")
    return root, course.submitted


def measure(arguments: Sequence[str], cwd: Path) -> Measured:
    """Run a Python module as a command; its failure is ours."""
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([sys.executable, "-m", *arguments], cwd=cwd, env=env, stdout=log, stderr=log)
        peak = Peak(process.pid)
        status = process.wait()
        seconds = time.perf_counter() - started
        log.seek(0)
        _bury_orphans()
        if status != 0:
            sys.exit(f"{' '.join(arguments)} failed:\n{log.read()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, processor, peak.stop())


def _bury_orphans() -> None:
    """Wait for what the command left behind."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


class Peak:
    """The most memory that a process and all its descendants use together, looked at now and then."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most, self._done = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_SECONDS):
            self._most = max(self._most, self._now())

    def _now(self) -> int:
        total = 0
        try:
            root = psutil.Process(self._pid)
            family = [root, *root.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in family:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total

    def stop(self) -> int:
        """Stop looking and return the bytes."""
        self._done.set()
        self._thread.join()
        return self._most


if __name__ == "__main__":
    main()

"""What may happen to a grading run: it is killed, loses workers, finds the gradebook locked or the disk full.

Whatever it was, the same command goes on from there, and in the end everything is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny_course
from tiny_course import ANSWERS, Runs, dump, left_after, processes_of

from autograder.sandbox.layers import missing

pytestmark = pytest.mark.slow

STUDENTS = {**ANSWERS, "garbage": "{"}


@dataclass(frozen=True)
class Class:
    """A class, and what its undisturbed grading gives and takes."""

    base: Path
    expected: dict[str, Any]
    seconds: float

    def arguments(self, out: Path) -> list[str | Path]:
        return tiny_course.arguments(self.base, out, "--workers", "2")


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    with Runs() as started:
        yield started


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, runs: Runs) -> Class:
    base = tmp_path_factory.mktemp("class")
    tiny_course.write_solutions(base / "solutions")
    tiny_course.hand_in(base / "in", STUDENTS)
    began = time.monotonic()
    assert runs.end(runs.begin(*tiny_course.arguments(base, base / "out", "--workers", "2"))) == 0
    seconds = time.monotonic() - began
    expected = dump(base / "out")
    assert set(expected["records"]) == set(STUDENTS)
    assert len(expected["gradebook"]["written"]) == len(STUDENTS)
    released = base / "released"
    shutil.copytree(
        base / "out", released, ignore=shutil.ignore_patterns("outcomes", "autograded", "feedback", "*.csv")
    )
    with contextlib.closing(sqlite3.connect(released / "gradebook.db")) as book, book:
        for table in (
            "grade",
            "comment",
            "submitted_notebook",
            "submitted_assignment",
            "student",
            "autograder_written",
        ):
            book.execute(f"DELETE FROM {table}")
    return Class(base, expected, seconds)


def records(out: Path) -> dict[Path, tuple[int, bytes]]:
    """Return the finished submissions, and when each was finished."""
    return {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in out.glob("outcomes/*/*.json")}


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"there is no {what}"
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------------------------------------------------------
# The run is killed


def new_course(undisturbed: Class, out: Path, *, released: bool) -> None:
    """Make a course of nothing at all, or one in which everything is ready to be graded."""
    if released:
        shutil.copytree(undisturbed.base / "released", out)


@pytest.mark.parametrize(("released", "kills"), [(False, 7), (True, 13)], ids=["a new course", "submissions alone"])
def test_a_run_killed_at_twenty_random_moments(released, kills, undisturbed, runs, tmp_path):
    """Seven while the course is made and graded, thirteen while it is graded."""
    draw = random.Random(20)
    # As shares of the time that a whole run takes, which other work on the machine may stretch.
    moments = [(n + draw.random()) / kills for n in range(kills)]
    draw.shuffle(moments)
    finished_at_kill: list[int] = []
    whole = undisturbed.seconds
    for n in itertools.count():
        out, before, fresh = tmp_path / str(n), {}, True
        new_course(undisturbed, out, released=released)
        while True:
            began = time.monotonic()
            pid = runs.begin(*undisturbed.arguments(out))
            status = runs.end(pid, kill_after=whole * moments[-1] if moments else None)
            now = records(out)
            # What was finished once is not graded again.
            assert {p: now.get(p) for p in before} == before
            if status == 0:
                break
            assert status == -signal.SIGKILL
            moments.pop()
            finished_at_kill.append(len(now))
            before, fresh = now, False
        assert dump(out) == undisturbed.expected
        if not moments:
            break
        if fresh:
            # It was at its end before the moment came, which is for the next course then.
            whole = time.monotonic() - began
    assert len(finished_at_kill) == kills
    if released:
        assert any(0 < n < len(STUDENTS) for n in finished_at_kill), finished_at_kill


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_run_that_is_stopped(number, tmp_path):
    tiny_course.write_solutions(tmp_path / "solutions")
    endless = {**ANSWERS["right"], "double_code": "import time\ntime.sleep(1000)"}
    tiny_course.hand_in(tmp_path / "in", {"a": "{", "b": endless, "c": endless})
    limits = ("--workers", "2", "--cell-seconds", "1000", "--total-seconds", "1000")
    process = tiny_course.start(*tiny_course.arguments(tmp_path, tmp_path / "out", *limits))
    with process:
        wait_for(lambda: records(tmp_path / "out"), "finished submission")
        # Until both workers are deep in their work.
        time.sleep(3)
        started = processes_of(process.pid)
        # The run, the processes that workers and kernels are forked from, two workers, two kernels.
        assert len(started) >= 7
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    if number == signal.SIGTERM:
        assert err.strip().endswith("the same command goes on from there")
        assert "Traceback" not in err
    assert left_after(started, 15) == []


# ---------------------------------------------------------------------------------------------------------------
# A worker is killed


def workers_of(pid: int) -> list[psutil.Process]:
    """Return the workers of a run that are grading: the processes that have a kernel."""
    started = processes_of(pid)
    busy = []
    for process in started[1:]:
        with contextlib.suppress(psutil.Error):
            # The run's own children are the process that workers are forked from and multiprocessing's tracker.
            if process.children() and process.parent().ppid() == pid and process.ppid() != pid:
                busy.append(process)
    return busy


def test_a_worker_that_is_killed_costs_nothing_but_time(undisturbed, tmp_path):
    out = tmp_path / "out"
    process = tiny_course.start(*undisturbed.arguments(out))
    with process:
        for _ in range(2):
            worker = wait_for(lambda: workers_of(process.pid), "worker at work")[0]
            worker.kill()
            time.sleep(0.3)
        _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 1}, err
    if process.returncode == 1:
        # Twice the same submission: it is put off, said so, and graded by the next run.
        assert "the same command tries them again" in err
        assert tiny_course.run(*undisturbed.arguments(out)).returncode == 0
    assert dump(out) == undisturbed.expected


def warm_process_of(pid: int) -> psutil.Process | None:
    """Return the process of which the kernels of a run are forked, once it has forked one."""
    for process in processes_of(pid):
        with contextlib.suppress(psutil.Error):
            if "autograder.sandbox.warm" in process.cmdline() and process.ppid() == pid and process.children():
                return process
    return None


def test_the_warm_process_that_is_killed_costs_no_submission_a_point(tmp_path):
    """Its kernels die with it, in the middle of a cell that is not to blame."""
    if missing():
        pytest.skip("this machine cannot confine submissions, so there is no warm process")
    tiny_course.write_solutions(tmp_path / "solutions")
    slow = {**ANSWERS["right"], "affine_code": ANSWERS["right"]["affine_code"] + "import time\ntime.sleep(4)"}
    tiny_course.hand_in(tmp_path / "in", {"a": slow, "b": slow})
    out = tmp_path / "out"
    with tiny_course.start(*tiny_course.arguments(tmp_path, out, "--workers", "2")) as process:
        warm = wait_for(lambda: warm_process_of(process.pid), "kernel")
        time.sleep(2)
        warm.kill()
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    scores = {row[1:4:2]: row[4] for row in tiny_course.tables(out / "gradebook.db")["grades"]}
    assert {name: score for name, score in scores.items() if name[1] != "why"} == {
        (student, task): points for student in "ab" for task, points in (("affine_backward", 3.0), ("double", 2.0))
    }


# ---------------------------------------------------------------------------------------------------------------
# The gradebook is locked


@contextlib.contextmanager
def locked(gradebook: Path) -> Iterator[None]:
    db = sqlite3.connect(gradebook, isolation_level=None, timeout=30)
    try:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")
    finally:
        db.close()


def test_a_gradebook_that_is_locked_for_some_seconds(undisturbed, tmp_path):
    out = tmp_path / "out"
    process = tiny_course.start(*undisturbed.arguments(out))
    with process:
        wait_for(lambda: records(out), "finished submission")
        with locked(out / "gradebook.db"):
            # Meanwhile, what is finished is kept in its files.
            wait_for(lambda: len(records(out)) == len(STUDENTS), "result of all submissions")
            time.sleep(3)
            assert process.poll() is None
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "waiting up to 60 seconds" in err
    assert dump(out) == undisturbed.expected


# ---------------------------------------------------------------------------------------------------------------
# The disk is full

FULL = """
mount -t tmpfs -o size={small} tmpfs {disk} || exit 77
{command}
status=$?
rm -f {disk}/ballast
df {disk} > /dev/null
mount -o remount,size=200M {disk} || exit 78
{command} > /dev/null || exit 79
cp -r {disk}/out {to} || exit 80
exit $status
"""


@pytest.mark.parametrize("small", ["180k", "400k"])
def test_a_full_disk(small, undisturbed, tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("unshare, with which a small disk is made, is not installed")
    disk = tmp_path / "disk"
    disk.mkdir()
    command = " ".join(f"'{a}'" for a in [sys.executable, tiny_course.__file__, *undisturbed.arguments(disk / "out")])
    script = FULL.format(small=small, disk=disk, command=command, to=tmp_path / "copy")
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip(f"a small disk cannot be made here: {done.stderr.strip()}")
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("autograder: ")
    assert "full" in last or "No space left" in last
    assert "Traceback" not in done.stderr
    assert dump(tmp_path / "copy") == undisturbed.expected

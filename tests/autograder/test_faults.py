"""What may happen to a grading run: it is killed, loses workers, finds the gradebook locked or the disk full.

Whatever it was, the same command goes on from there, and in the end everything is as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import random
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import tiny_course
from tiny_course import ANSWERS, dump, left_after, listening, processes_of

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
def undisturbed(tmp_path_factory) -> Class:
    base = tmp_path_factory.mktemp("class")
    tiny_course.write_solutions(base / "solutions")
    tiny_course.hand_in(base / "in", STUDENTS)
    began = time.monotonic()
    done = tiny_course.run(*tiny_course.arguments(base, base / "out", "--workers", "2"))
    assert done.returncode == 0, done.stderr
    assert graded_now(done.stdout) == len(STUDENTS)
    seconds = time.monotonic() - began
    expected = dump(base / "out")
    assert set(expected["records"]) == set(STUDENTS)
    assert len(expected["gradebook"]["written"]) == len(STUDENTS)
    # A course in which everything is ready to be graded.
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


def graded_now(out: str) -> int:
    """Return how many submissions a run says that it has graded."""
    found = re.search(r"^(\d+) graded now", out, flags=re.MULTILINE)
    assert found, out
    return int(found[1])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"there is no {what}"
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------------------------------------------------------
# The run is killed


def kill_when(process: subprocess.Popen[str], ready: Callable[[], bool], delay: float) -> str | None:
    """Kill the run ``delay`` seconds after it is ``ready``; return what it said if it comes to its end before."""
    deadline = None
    while process.poll() is None:
        if deadline is None and ready():
            deadline = time.monotonic() + delay
        if deadline is not None and time.monotonic() >= deadline:
            started = processes_of(process.pid)
            process.kill()
            process.communicate()
            assert left_after(started, 15) == []
            return None
        time.sleep(0.005)
    said, err = process.communicate()
    assert process.returncode == 0, err
    return said


NEVER = (len(STUDENTS) + 1, 0.0)


def finished_are(many: int, out: Path) -> bool:
    return len(records(out)) >= many


def grade_on(undisturbed: Class, out: Path, kill: Callable[[int], tuple[int, float]]) -> Iterator[int]:
    """Give the same command again and again until a run comes to its end; yield how many were finished at each kill.

    ``kill`` says, for so many finished before, at how many it is killed, and how many seconds later.
    """
    while True:
        before = records(out)
        at, delay = kill(len(before))
        with tiny_course.start(*undisturbed.arguments(out)) as process:
            said = kill_when(process, functools.partial(finished_are, at, out), delay)
        now = records(out)
        # What was finished once is not graded again: its files are those that were there.
        assert {p: now.get(p) for p in before} == before
        if said is not None:
            break
        yield len(now)
    assert graded_now(said) == len(STUDENTS) - len(before)
    assert dump(out) == undisturbed.expected


def test_a_run_killed_at_ten_random_moments(undisturbed, tmp_path):
    """From its first import to its last line; when one comes to its end, another course is begun."""
    draw = random.Random(20)
    # As shares of the time that a whole run takes.
    moments = [(n + draw.random()) / 10 for n in range(10)]

    def kill(_: int) -> tuple[int, float]:
        return (0, moments[0] * undisturbed.seconds) if moments else NEVER

    for n in itertools.count():
        for _ in grade_on(undisturbed, tmp_path / str(n), kill):
            moments.pop(0)
        if not moments:
            break
        # It was at its end before the moment came: that one, and the later ones, are for the next course.
        moments = [0.95 * moment for moment in moments]


def test_a_run_killed_at_ten_random_moments_while_it_grades(undisturbed, tmp_path):
    """Up to half a second after the next submission was finished."""
    draw = random.Random(10)
    delays = [0.5 * draw.random() for _ in range(10)]
    finished = []

    def kill(before: int) -> tuple[int, float]:
        return (before + 1, delays[0]) if delays and before < len(STUDENTS) else NEVER

    for n in itertools.count():
        shutil.copytree(undisturbed.base / "released", tmp_path / str(n))
        for many in grade_on(undisturbed, tmp_path / str(n), kill):
            delays.pop(0)
            finished.append(many)
        if not delays:
            break
    assert any(0 < n < len(STUDENTS) for n in finished), finished


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_run_that_is_stopped(number, tmp_path):
    tiny_course.write_solutions(tmp_path / "solutions")
    endless = {**ANSWERS["right"], "double_code": "import time\ntime.sleep(1000)"}
    tiny_course.hand_in(tmp_path / "in", {"a": "{", "b": endless, "c": endless})
    limits = ("--workers", "2", "--cell-seconds", "1000", "--total-seconds", "1000")
    process = tiny_course.start(*tiny_course.arguments(tmp_path, tmp_path / "out", *limits))
    with process:
        wait_for(lambda: records(tmp_path / "out"), "finished submission")
        # The run, multiprocessing's tracker, the process that workers are forked from, two workers, two kernels.
        wait_for(lambda: len(processes_of(process.pid)) >= 7, "two kernels")
        # Until both workers are deep in their work.
        time.sleep(3)
        started = processes_of(process.pid)
        assert listening(started) == set()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    if number == signal.SIGTERM:
        assert err.strip().endswith("the same command goes on from there")
        assert "Traceback" not in err
    assert left_after(started, 15) == []


# ---------------------------------------------------------------------------------------------------------------
# One of its processes is killed


def part_of(pid: int, part: str) -> list[psutil.Process]:
    """Return the processes of a run that grade something just now, by the part they have in it."""
    found: dict[str, list[psutil.Process]] = {"worker": [], "warm process": [], "supervisor": [], "kernel": []}
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children():
            if "multiprocessing.forkserver" in " ".join(child.cmdline()):
                found["worker"] = child.children()
            elif "autograder.sandbox.warm" in child.cmdline():
                # While it starts it has others, too.
                found["supervisor"] = [s for s in child.children() if s.children()]
                found["kernel"] = [kernel for s in found["supervisor"] for kernel in s.children()]
                found["warm process"] = [child] if found["kernel"] else []
        # Workers are at work when there are kernels; where nothing confines these, they are children of the workers.
        if not found["kernel"]:
            found["worker"] = [worker for worker in found["worker"] if worker.children()]
        return found[part]
    # One of them has just ended.
    return []


def test_workers_that_are_killed_cost_nothing_but_time(undisturbed, tmp_path):
    out = tmp_path / "out"
    process = tiny_course.start(*undisturbed.arguments(out))
    with process:
        for _ in range(2):
            wait_for(lambda: part_of(process.pid, "worker"), "worker at work")[0].kill()
            time.sleep(0.3)
        _, err = process.communicate(timeout=120)
    assert process.returncode in {0, 1}, err
    if process.returncode == 1:
        # Twice the same submission: it is put off, said so, and graded by the next run.
        assert "the same command tries them again" in err
        assert tiny_course.run(*undisturbed.arguments(out)).returncode == 0
    assert dump(out) == undisturbed.expected


@pytest.mark.parametrize("part", ["worker", "warm process", "supervisor", "kernel"])
def test_what_is_killed_in_the_middle_of_a_cell_costs_no_submission_a_point(part, tmp_path):
    """The cell is not to blame."""
    if missing() and part != "worker":
        pytest.skip("this machine cannot confine submissions, so there is no such process")
    tiny_course.write_solutions(tmp_path / "solutions")
    slow = {**ANSWERS["right"], "affine_code": ANSWERS["right"]["affine_code"] + "import time\ntime.sleep(4)"}
    tiny_course.hand_in(tmp_path / "in", {"a": slow, "b": slow})
    out = tmp_path / "out"
    with tiny_course.start(*tiny_course.arguments(tmp_path, out, "--workers", "2")) as process:
        victim = wait_for(lambda: part_of(process.pid, part), part)[0]
        time.sleep(2)
        assert victim.is_running()
        victim.kill()
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    scores = {row[1:4:2]: row[4] for row in tiny_course.tables(out / "gradebook.db")["grades"]}
    assert {name: score for name, score in scores.items() if name[1] != "why"} == {
        (student, task): points for student in "ab" for task, points in (("affine_backward", 3.0), ("double", 2.0))
    }


def test_a_submission_that_loses_its_kernel_time_and_again_is_put_off(tmp_path):
    """It is refused for now, with the reason, and the next run grades it."""
    if missing():
        pytest.skip("this machine cannot confine submissions, so there is no supervisor")
    tiny_course.write_solutions(tmp_path / "solutions")
    slow = {**ANSWERS["right"], "affine_code": ANSWERS["right"]["affine_code"] + "import time\ntime.sleep(3)"}
    tiny_course.hand_in(tmp_path / "in", {"a": slow})
    command = tiny_course.arguments(tmp_path, tmp_path / "out", "--workers", "1")
    with tiny_course.start(*command) as process:
        killed: list[psutil.Process] = []
        while process.poll() is None:
            for supervisor in part_of(process.pid, "supervisor"):
                if supervisor not in killed:
                    time.sleep(1)
                    supervisor.kill()
                    killed.append(supervisor)
            time.sleep(0.05)
        out, err = process.communicate()
    assert process.returncode == 1, out
    assert len(killed) == 2
    assert "its kernel was lost 2 times" in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert "the same command tries them again" in err
    assert tiny_course.run(*command).returncode == 0
    assert sum(row[4] or 0 for row in tiny_course.tables(tmp_path / "out" / "gradebook.db")["grades"]) == 5


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
    command = shlex.join(tiny_course.command(*undisturbed.arguments(disk / "out")))
    script = FULL.format(small=small, disk=disk, command=command, to=tmp_path / "copy")
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        env=tiny_course.environment(),
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


@pytest.mark.parametrize(("size", "says"), [(1000, "File too large: "), (60_000, "the gradebook cannot be used")])
def test_files_that_may_not_grow(size, says, undisturbed, tmp_path):
    """As on a disk that fills up in the middle of a write, which needs no rights to try."""
    import resource

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    with tiny_course.start(*undisturbed.arguments(tmp_path / "out"), preexec_fn=small_files) as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1, err
    assert err.strip().splitlines()[-1].startswith("autograder: ")
    assert says in err
    assert "Traceback" not in err
    assert tiny_course.run(*undisturbed.arguments(tmp_path / "out")).returncode == 0
    assert dump(tmp_path / "out") == undisturbed.expected

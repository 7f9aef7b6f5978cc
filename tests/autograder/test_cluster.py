"""Grading on a Dask cluster: a real scheduler and real workers on this machine, and what may go wrong with them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chores
import pytest
import tiny_course

from autograder import cluster
from autograder.cluster import Cluster
from autograder.course import CourseError
from autograder.grading import grade
from autograder.submission import Limits

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

NAME = tiny_course.NAME
PRELOAD = """
from pathlib import Path
import runpy

def dask_setup(worker):
    runpy.run_path({tiny!r})["add_tiny_exercise"]()
    from autograder import cluster, job
    job.grader_version = cluster.grader_version = lambda exercise: "another"
"""


@dataclass
class Dask:
    """A scheduler, and workers that come and go."""

    base: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(json.loads((self.base / "scheduler.json").read_text(encoding="utf-8"))["address"])

    def start(self, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.base / f"{what}-{len(self.processes)}.log").open("wb") as log:
            command = [
                sys.executable,
                "-m",
                f"distributed.cli.dask_{what}",
                "--dashboard-address",
                "127.0.0.1:0",
                *arguments,
            ]
            path = os.pathsep.join([str(tiny_course.HERE), os.environ.get("PYTHONPATH", "")])
            environment = {**os.environ, "PYTHONPATH": path}
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.base, env=environment)
        self.processes.append(process)
        return process

    def scheduler(self) -> subprocess.Popen[bytes]:
        path = self.base / "scheduler.json"
        process = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(path))
        deadline = time.monotonic() + 60
        while not (path.exists() and path.stat().st_size):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        return process

    def workers(self, count: int, *arguments: str, preload: str = "tiny_course") -> list[subprocess.Popen[bytes]]:
        """Start workers and wait until the scheduler knows them."""
        from distributed import Client

        begun = [
            self.start(
                *("worker", self.address, "--no-nanny", "--host", "127.0.0.1", "--preload", preload),
                *(arguments or ("--nthreads", "1")),
            )
            for _ in range(count)
        ]
        with Client(self.address, set_as_default=False) as client:
            deadline = time.monotonic() + 60
            pids = {p.pid for p in begun}
            while not pids <= set(client.run(os.getpid).values()):
                assert time.monotonic() < deadline, "the workers did not start"
                time.sleep(0.2)
        return begun

    def end(self, *processes: subprocess.Popen[bytes]) -> None:
        """End processes at once."""
        for process in processes:
            process.kill()
            process.wait()
            self.processes.remove(process)


@contextlib.contextmanager
def running(base: Path) -> Iterator[Dask]:
    dask = Dask(base)
    try:
        yield dask
    finally:
        dask.end(*dask.processes)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory) -> Iterator[Dask]:
    with running(tmp_path_factory.mktemp("dask")) as started:
        started.scheduler()
        yield started


@pytest.fixture
def dask(scheduler) -> Iterator[Dask]:
    """A scheduler without workers, and without any afterwards."""
    yield scheduler
    scheduler.end(*scheduler.processes[1:])


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    base = tmp_path_factory.mktemp("class")
    tiny_course.write_solutions(base / "solutions")
    tiny_course.hand_in(base / "in", {**tiny_course.ANSWERS, "garbage": "{"})
    return base


@pytest.fixture(scope="module")
def expected(base) -> dict[str, Any]:
    """What this machine says without a cluster."""
    done = tiny_course.run(*tiny_course.arguments(base, base / "here"))
    assert done.returncode == 0, done.stderr
    return tiny_course.dump(base / "here")


@pytest.fixture
def known(monkeypatch) -> None:
    """Let this process know the tiny exercise."""
    from autograder import tasks

    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tiny_course.HERE / "tiny_tasks")])


def busy(workers: list[subprocess.Popen[bytes]], run: subprocess.Popen[str], out: Path) -> subprocess.Popen[bytes]:
    """Wait for a worker that runs a submission, and return it."""
    deadline = time.monotonic() + 60
    while True:
        for worker in workers:
            # The first result is of a submission for which no kernel is needed.
            if list(out.glob("outcomes/*/*")) and len(tiny_course.processes_of(worker.pid)) > 1:
                return worker
        assert run.poll() is None, run.communicate()[1]
        assert time.monotonic() < deadline, "no worker has begun"
        time.sleep(0.02)


def test_a_cluster_with_a_worker_that_dies_gives_what_this_machine_gives(dask, base, expected, tmp_path):
    workers = dask.workers(3)
    with tiny_course.start(*tiny_course.arguments(base, tmp_path / "out", "--scheduler", dask.address)) as process:
        lost = busy(workers, process, tmp_path / "out")
        everyone = [p for begun in (process, *dask.processes) for p in tiny_course.processes_of(begun.pid)]
        assert tiny_course.listening(everyone) == {"127.0.0.1"}
        dask.end(lost)
        _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert tiny_course.dump(tmp_path / "out") == expected
    dask.end(*dask.processes[1:])
    assert tiny_course.left_after([p for p in everyone if p.pid != dask.processes[0].pid], 15) == []


def test_workers_are_asked_before_anything_begins(dask, known, tmp_path):
    terms = {"exercises": [NAME], "limits": Limits(trusted=True)}
    with pytest.raises(CourseError, match="has no workers: start some with `dask worker"), Cluster(dask.address) as c:
        c.ready(**terms)

    threaded = dask.workers(1, "--nthreads", "2", "--name", "wide")
    with pytest.raises(CourseError, match="start wide with --nthreads 1"), Cluster(dask.address) as c:
        c.ready(**terms)
    dask.end(*threaded)

    (tmp_path / "other.py").write_text(PRELOAD.format(tiny=tiny_course.__file__), encoding="utf-8")
    dask.workers(1, "--nthreads", "1", "--name", "old", preload=str(tmp_path / "other.py"))
    with pytest.raises(CourseError, match=r"another version of the grader .* is on old"), Cluster(dask.address) as c:
        c.ready(**terms)


def test_gpus_are_named_by_the_workers(dask, known):
    dask.workers(1)
    with Cluster(dask.address) as c:
        assert c.device("auto") == "cpu"
        with pytest.raises(CourseError, match="start those that have one with --resources GPU=1"):
            c.device("cuda")
    gpu = dask.workers(1, "--nthreads", "1", "--resources", "GPU=1")
    with Cluster(dask.address) as c:
        assert c.ready([NAME], Limits(trusted=True)) == {NAME: cluster.grader_version(NAME)}
        assert (c.device("auto"), c.device("cuda"), c.device("cpu")) == ("cuda", "cuda", "cpu")
        assert {f.result() for f in [c.submit_to_gpu(os.getpid) for _ in range(4)]} == {gpu[0].pid}
        here = {f.result() for f in [c.submit(time.sleep, 0.2) for _ in range(2)]}
        assert here == {None}
        assert c.ahead == 4
        with pytest.raises(ZeroDivisionError):
            c.submit(divmod, 1, 0).result()


def test_a_worker_of_another_version_that_joins_later_grades_nothing():
    with pytest.raises(CourseError, match="another version of the grader has joined"):
        cluster._as_agreed({"03_affine_layer": "another"}, chores.double, 1)
    agreed = {"03_affine_layer": cluster.grader_version("03_affine_layer")}
    assert cluster._as_agreed(agreed, chores.double, 1) == 2


def test_a_scheduler_that_is_lost(base, expected, tmp_path):
    """One clear line; without a cluster, the same command ends what was begun."""
    (tmp_path / "dask").mkdir()
    with running(tmp_path / "dask") as dask:
        scheduler = dask.scheduler()
        workers = dask.workers(1)
        arguments = tiny_course.arguments(base, tmp_path / "out", "--scheduler", dask.address)
        with tiny_course.start(*arguments) as process:
            busy(workers, process, tmp_path / "out")
            scheduler.send_signal(signal.SIGKILL)
            _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    (said,) = [line for line in err.splitlines() if line.startswith("autograder: ")]
    assert said.startswith("autograder: the scheduler at tcp://127.0.0.1:"), err
    assert "the same command goes on from there" in err
    assert "Traceback" not in err
    assert tiny_course.run(*tiny_course.arguments(base, tmp_path / "out")).returncode == 0
    assert tiny_course.dump(tmp_path / "out") == expected


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1:nonsense"])
def test_an_address_at_which_nobody_answers(address, base, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    with pytest.raises(CourseError, match=f"no scheduler answers at {address}"):
        grade(base / "in", tmp_path / "out", solutions=base / "solutions", exercises=[], scheduler=address)
    assert not (tmp_path / "out").exists()


def test_the_package_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match=r"pip install 'i2dl\[cluster\]'"):
        Cluster("tcp://127.0.0.1:1")

"""Many at once on one machine: processes that may die, and GPUs that are shared."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import chores
import psutil
import pytest

from autograder import executors
from autograder.executors import Gpus, Processes, WorkerDied, cores, visible_gpus
from autograder.sandbox import SandboxError, client
from autograder.submission import Limits

# -- processes ------------------------------------------------------------------------------------------------------


def test_calls_are_answered():
    with Processes(2) as pool:
        assert [f.result() for f in [pool.submit(chores.double, n) for n in range(10)]] == [2 * n for n in range(10)]
        assert pool.ahead == 4


def test_an_exception_is_the_answer():
    with Processes(1) as pool:
        with pytest.raises(ValueError, match="not today"):
            pool.submit(chores.fail).result()
        assert pool.submit(chores.double, 1).result() == 2


def test_workers_are_other_processes_and_work_side_by_side():
    with Processes(2) as pool:
        pids = {f.result() for f in [pool.submit(chores.my_pid, 0.5) for _ in range(4)]}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_workers_compute_in_one_thread():
    with Processes(1) as pool:
        count, told = pool.submit(chores.threads).result()
    assert told == "1"
    # The one that works, and the one that watches whether the run is still there.
    assert count == 2


def test_a_worker_that_dies_takes_nothing_with_it():
    with Processes(2) as pool:
        dying = pool.submit(chores.die)
        others = [pool.submit(chores.double, n) for n in range(6)]
        with pytest.raises(WorkerDied, match="died 2 times"):
            dying.result()
        assert [f.result() for f in others] == [2 * n for n in range(6)]


def test_a_call_whose_worker_dies_is_made_again(tmp_path):
    with Processes(1) as pool:
        assert pool.submit(chores.die_once, tmp_path / "marker").result() == "alive"


def test_a_worker_that_hangs_is_ended():
    with Processes(1, seconds=1.0) as pool:
        hanging = pool.submit(chores.my_pid, 60)
        with pytest.raises(WorkerDied, match="more than 1 seconds"):
            hanging.result()
        assert pool.submit(chores.double, 1).result() == 2


def test_how_long_is_too_long_follows_from_the_limits():
    with Processes(1) as pool:
        pool.ready(["03_affine_layer"], Limits(total_seconds=10))
        # A submission that need not be to blame for its kernel's end is run a second time.
        assert pool._seconds == 2 * 10 + executors.SPARE_SECONDS
    with Processes(1, seconds=7) as pool:
        pool.ready(["03_affine_layer"], Limits(total_seconds=10))
        assert pool._seconds == 7


def test_stopped_from_outside_it_waits_for_nobody():
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), Processes(1) as pool:  # noqa: PT012
        pid = pool.submit(chores.my_pid).result()
        running, queued = pool.submit(chores.my_pid, 60), pool.submit(chores.my_pid, 60)
        time.sleep(0.5)
        raise KeyboardInterrupt
    assert time.monotonic() - began < 30
    with pytest.raises(WorkerDied):
        running.result()
    with pytest.raises(CancelledError):
        queued.result()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_does_not_outlive_the_run_whatever_it_is_doing(tmp_path):
    program = (
        f"import sys; from pathlib import Path; sys.path.insert(0, {str(Path(chores.__file__).parent)!r})\n"
        "import chores; from autograder.executors import Processes\n"
        f"Processes(1).submit(chores.sleep_after_writing_my_pid, Path({str(tmp_path / 'pid')!r})).result()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as run:
        deadline = time.monotonic() + 60
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        worker = psutil.Process(int((tmp_path / "pid").read_text()))
        run.kill()
    psutil.wait_procs([worker], timeout=10)
    assert not worker.is_running()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system ties no process to cores")
def test_cores_are_those_that_may_be_used():
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from autograder.executors import cores; print(cores())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert cores() == len(os.sched_getaffinity(0))


def test_the_process_of_kernels_is_started_once_and_ahead_of_time(monkeypatch):
    begun = []
    monkeypatch.setattr(client, "warm_process", lambda: begun.append(1) or "address")
    with Processes(2) as pool:
        pool.expect()
        pool.expect()
        assert [f.result() for f in [pool.submit(chores.double, n) for n in range(4)]] == [0, 2, 4, 6]
    assert begun == [1]


@pytest.mark.parametrize("error", [SandboxError("no fork"), OSError(28, "No space left on device")])
def test_where_it_does_not_start_the_submissions_say_so(error, monkeypatch):
    def fail() -> str:
        raise error

    monkeypatch.setattr(client, "warm_process", fail)
    with Processes(1) as pool:
        pool.expect()
        # The worker tries for itself, and what it finds is the answer to its submission.
        assert pool.submit(chores.environment, client.ADDRESS).result() == ""


# -- GPUs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "visible", "names"),
    [
        (2, None, ["0", "1"]),
        (2, "", ["0", "1"]),
        (2, "3,5", ["3", "5"]),
        (1, " GPU-8f3a , GPU-77", ["GPU-8f3a"]),
        (0, None, []),
    ],
)
def test_the_names_of_gpus(count, visible, names):
    assert visible_gpus(count, visible) == names


def test_gpus_are_shared_evenly_and_no_further():
    gpus = Gpus(["0", "1"], per_gpu=2)
    assert [gpus.take() for _ in range(5)] == ["0", "1", "0", "1", None]
    gpus.give_back("1")
    assert gpus.take() == "1"
    assert gpus.take() is None
    assert Gpus([], per_gpu=2).take() is None


@pytest.mark.parametrize("per_gpu", [1, 2])
def test_no_more_calls_share_a_gpu_than_are_allowed(per_gpu, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(executors, "choose_device", lambda asked: "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    with Processes(3, per_gpu=per_gpu) as pool:
        assert pool.device("auto") == "cuda"
        # All three workers are up, so that their start is in none of the times.
        assert len({f.result() for f in [pool.submit(chores.my_pid, 0.5) for _ in range(3)]}) == 3
        on_gpu = [pool.submit_to_gpu(chores.hold_gpu, 0.4) for _ in range(5)]
        beside = pool.submit(chores.my_pid)
        beside.result()
        # What needs no GPU does not wait for one.
        assert sum(f.done() for f in on_gpu) < 5 - per_gpu
        held = [f.result() for f in on_gpu]
    assert {name for name, _, _ in held} == {"7"}
    together = max(sum(b <= began < e for _, b, e in held) for _, began, _ in held)
    assert together == per_gpu

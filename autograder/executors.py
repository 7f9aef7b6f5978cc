"""Many submissions at once on this machine: processes that work side by side, and may die.

:class:`Processes` is a ``concurrent.futures.Executor``, as :class:`autograder.cluster.Cluster` is one for many
machines; a grading run (:mod:`autograder.grading`) does not know which of the two it has.
"""

from __future__ import annotations

import abc
import concurrent.futures
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from autograder.job import ready
from autograder.referee import RUNS, choose_device
from autograder.submission import Limits
from autograder.worker import Warm, Worker, start_forkserver

__all__ = ["PER_GPU", "Executor", "Gpus", "Processes", "WorkerDied", "cores", "visible_gpus"]

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 2
"""How often a job is begun whose worker dies: it may be the job's fault, or nobody's."""

SPARE_SECONDS = 600.0
"""What a worker may take beside the submission's own time: for starting kernels, comparing and explaining."""

PER_GPU = 2
"""How many submissions share a GPU if nothing else is asked for."""


def longest(limits: Limits) -> float:
    """Return how many seconds a worker may take over one submission before it is taken to hang."""
    return RUNS * limits.total_seconds + SPARE_SECONDS


class WorkerDied(RuntimeError):
    """A job was begun as often as is sensible, and each time its worker died or hung. One sentence."""


class Executor(concurrent.futures.Executor, abc.ABC):
    """Where jobs run. It is asked what it can do before the first of them."""

    @abc.abstractmethod
    def ready(self, exercises: Sequence[str], limits: Limits) -> dict[str, str]:
        """Return the version of each exercise's grader there; an error says why nothing can be graded there."""

    @abc.abstractmethod
    def device(self, asked: str) -> str:
        """Return where torch tasks run, ``"cpu"`` or ``"cuda"``, for ``"auto"`` or one of these."""

    def expect(self) -> None:
        """Get ready in the background: there will be jobs soon."""

    @property
    @abc.abstractmethod
    def ahead(self) -> int:
        """How many jobs it wants to have at a time, so that it never waits for the next one."""

    @abc.abstractmethod
    def submit_to_gpu(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do as ``submit``, where there is room on a GPU."""


def cores() -> int:
    """Return how many cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---------------------------------------------------------------------------------------------------------------
# GPUs


def visible_gpus(count: int, visible: str | None = None) -> list[str]:
    """Return the names by which ``CUDA_VISIBLE_DEVICES`` knows the ``count`` GPUs that this process sees."""
    named = [name.strip() for name in visible.split(",")] if visible else []
    return (named or [str(n) for n in range(count)])[:count]


class Gpus:
    """Which GPU the next job gets: the one with the fewest, and none while each has ``per_gpu`` of them.

    Examples
    --------
    >>> gpus = Gpus(["0", "1"], per_gpu=1)
    >>> gpus.take(), gpus.take(), gpus.take()
    ('0', '1', None)
    """

    def __init__(self, names: Sequence[str], per_gpu: int) -> None:
        self._used = dict.fromkeys(names, 0)
        self._per_gpu = per_gpu

    def take(self) -> str | None:
        """Return the name of a GPU with room for one more, or None."""
        name = min(self._used, key=lambda n: self._used[n], default=None)
        if name is None or self._used[name] >= self._per_gpu:
            return None
        self._used[name] += 1
        return name

    def give_back(self, name: str) -> None:
        """Make room again on the GPU that :meth:`take` returned."""
        self._used[name] -= 1


# ---------------------------------------------------------------------------------------------------------------
# Processes


@dataclass
class _Task:
    future: Future[Any]
    call: tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
    needs_gpu: bool
    gpu: str | None = None


class _Line:
    """Tasks that wait, first come first served; one that needs a GPU is passed over while none has room."""

    def __init__(self, gpus: Gpus | None = None) -> None:
        self.gpus = gpus or Gpus([], 0)
        self._waiting: deque[_Task] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, task: _Task) -> Future[Any]:
        with self._changed:
            self._waiting.append(task)
            self._changed.notify_all()
        return task.future

    def take(self) -> _Task | None:
        """Return the next task that can be begun, once there is one; None when there will be no more."""
        with self._changed:
            while True:
                for task in self._waiting:
                    if task.needs_gpu:
                        task.gpu = self.gpus.take()
                    if task.gpu is not None or not task.needs_gpu:
                        self._waiting.remove(task)
                        return task
                if self._closed and not self._waiting:
                    return None
                self._changed.wait()

    def done(self, task: _Task) -> None:
        with self._changed:
            if task.gpu is not None:
                self.gpus.give_back(task.gpu)
            self._changed.notify_all()

    def close(self, *, drop: bool) -> None:
        with self._changed:
            self._closed = True
            dropped = list(self._waiting) if drop else []
            if drop:
                self._waiting.clear()
            self._changed.notify_all()
        for task in dropped:
            task.future.cancel()


class Processes(Executor):
    """Worker processes on this machine. One that dies or hangs is replaced, and takes nothing with it but its job.

    Parameters
    ----------
    workers
        How many work at a time.
    per_gpu
        How many of them share a GPU; what needs one waits until one has room.
    seconds
        The longest that one job may take before its worker is taken to hang; if left out, it follows from the limits.
    """

    def __init__(self, workers: int, *, per_gpu: int = PER_GPU, seconds: float = 0.0) -> None:
        self._per_gpu = per_gpu
        self._seconds = seconds or longest(Limits())
        self._follows = not seconds
        self._warm = Warm()
        self._line = _Line()
        start_forkserver()
        self._workers = [Worker(self._warm) for _ in range(workers)]
        self._threads = [threading.Thread(target=self._serve, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()

    def ready(self, exercises: Sequence[str], limits: Limits) -> dict[str, str]:
        """Ask this machine."""
        if self._follows:
            self._seconds = longest(limits)
        return ready(exercises, limits)

    def device(self, asked: str) -> str:
        """Choose among what PyTorch finds here."""
        device = choose_device(asked)
        if device == "cuda":
            import torch

            names = visible_gpus(torch.cuda.device_count(), os.environ.get("CUDA_VISIBLE_DEVICES"))
            self._line.gpus = Gpus(names, self._per_gpu)
        return device

    def expect(self) -> None:
        """Start the process of which kernels are forked."""
        self._warm.start()

    @property
    def ahead(self) -> int:
        """Twice as many as there are workers."""
        return 2 * len(self._workers)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn(*args, **kwargs)`` in one of the processes."""
        return self._line.put(_Task(Future(), (fn, args, kwargs), needs_gpu=False))

    def submit_to_gpu(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do so where ``CUDA_VISIBLE_DEVICES`` names one GPU, once that has room."""
        return self._line.put(_Task(Future(), (fn, args, kwargs), needs_gpu=True))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers: when all is done, or at once with ``wait=False``; there is nothing in them worth saving."""
        self._line.close(drop=cancel_futures or not wait)
        if not wait:
            for worker in self._workers:
                worker.stop()
        for thread in self._threads:
            thread.join()

    def __exit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        # Stopped from outside: waiting for what is queued would take as long as grading it.
        self.shutdown(wait=exc_type is None)

    def _serve(self, worker: Worker) -> None:
        """One thread a worker: hand it a task, wait for the answer, replace it if there is none."""
        while (task := self._line.take()) is not None:
            try:
                if task.future.set_running_or_notify_cancel():
                    self._run(worker, task)
            finally:
                self._line.done(task)
        worker.close()

    def _run(self, worker: Worker, task: _Task) -> None:
        trouble = ""
        for _ in range(ATTEMPTS):
            try:
                result, error = worker.ask((task.call, task.gpu), self._seconds)
            except TimeoutError:
                worker.close(kill=True)
                trouble = f"the grader took more than {self._seconds:g} seconds over this submission"
                break
            except (EOFError, OSError):
                worker.close(kill=True)
                trouble = f"the grader's own process died {ATTEMPTS} times over this submission"
            else:
                if error is None:
                    task.future.set_result(result)
                else:
                    task.future.set_exception(error)
                return
        task.future.set_exception(WorkerDied(trouble))

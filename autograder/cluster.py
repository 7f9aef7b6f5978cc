"""Many submissions at once on many machines: the same jobs, sent to a Dask cluster.

The machines share no files. A job carries what it needs, and what comes back is written down by the process that sent
it. A worker that is lost costs time, not work: the scheduler gives its jobs to another one. How a cluster is set up
is told in ``docs/cluster.md``.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, ParamSpec, TypeVar

from autograder.course import CourseError
from autograder.executors import Executor, WorkerDied
from autograder.job import grader_version, ready
from autograder.sandbox import SandboxError
from autograder.submission import Limits

__all__ = ["Cluster"]

P = ParamSpec("P")
T = TypeVar("T")

CONNECT_SECONDS = 10
GO_ON = "what was graded is kept, and the same command goes on from there"


class Cluster(Executor):
    """A Dask cluster as an executor.

    Parameters
    ----------
    address
        The scheduler's, such as ``tcp://node1:8786``.

    Raises
    ------
    CourseError
        If the package is missing, or nobody answers there. The message says what to do.
    """

    def __init__(self, address: str) -> None:
        try:
            import dask
            import distributed
        except ModuleNotFoundError as error:
            msg = "--scheduler needs the package distributed: pip install 'i2dl[cluster]'"
            raise CourseError(msg) from error
        _hush()
        # A job carries whole notebooks, and is meant to.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        self._address = address
        self._versions: dict[str, str] = {}
        try:
            self._client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            msg = f"no scheduler answers at {address}: start one with `dask scheduler`, or mend the address"
            raise CourseError(msg) from error
        self._anywhere = self._client.get_executor(pure=False)
        self._on_gpu = self._client.get_executor(pure=False, resources={"GPU": 1})

    def ready(self, exercises: Sequence[str], limits: Limits) -> dict[str, str]:
        """Ask every worker, which has to have the grader that this machine has."""
        self._versions = versions = {name: grader_version(name) for name in exercises}
        workers = self._workers()
        if not workers:
            msg = f"the scheduler at {self._address} has no workers: start some with `dask worker {self._address}`"
            raise CourseError(msg)
        threaded = [w["name"] for w in workers.values() if w["nthreads"] != 1]
        if threaded:
            msg = f"a worker grades one submission at a time: start {_listed(threaded)} with --nthreads 1"
            raise CourseError(msg)
        try:
            answers = self._client.run(ready, exercises, limits, on_error="return")
        except OSError as error:
            raise self._lost() from error
        here = self._workers()
        for address, answer in answers.items():
            # Who has gone since cannot answer, and need not.
            if isinstance(answer, BaseException) and address in here:
                said = str(answer) if isinstance(answer, SandboxError) else f"{type(answer).__name__}: {answer}"
                msg = f"the worker {workers[address]['name']} cannot grade: {said}"
                raise CourseError(msg)
        others = [here[address]["name"] for address, found in answers.items() if address in here and found != versions]
        if others:
            msg = f"another version of the grader (or of Python, NumPy, PyTorch) than here is on {_listed(others)}"
            raise CourseError(msg)
        return versions

    def device(self, asked: str) -> str:
        """Choose by what the workers offer: ``dask worker --resources GPU=1``."""
        offered = any(w["resources"].get("GPU", 0) >= 1 for w in self._workers().values())
        if asked == "cuda" and not offered:
            msg = "no worker offers a GPU: start those that have one with --resources GPU=1"
            raise CourseError(msg)
        return "cuda" if offered and asked != "cpu" else "cpu"

    @property
    def ahead(self) -> int:
        """Twice as many as there are workers at the moment."""
        return 2 * max(len(self._workers()), 1)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn(*args, **kwargs)`` on one of the workers."""
        return self._explained(self._anywhere.submit(_as_agreed, self._versions, fn, *args, **kwargs))

    def submit_to_gpu(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Do so on a worker that offers a ``GPU``."""
        return self._explained(self._on_gpu.submit(_as_agreed, self._versions, fn, *args, **kwargs))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster as it was found; what still runs there is called off unless it is waited for."""
        from distributed.client import ClosedClientError

        # Where the scheduler is gone there is nothing to call off.
        with contextlib.suppress(ClosedClientError, OSError):
            for executor in (self._anywhere, self._on_gpu):
                executor.shutdown(wait=wait and not cancel_futures)
            self._client.close(timeout=CONNECT_SECONDS)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.shutdown(wait=kind is None)

    def _workers(self) -> Mapping[str, Mapping[str, Any]]:
        try:
            workers: Mapping[str, Mapping[str, Any]] = self._client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, KeyError) as error:  # no answer, or one that knows nothing any more
            raise self._lost() from error
        return workers

    def _lost(self) -> CourseError:
        return CourseError(f"the scheduler at {self._address} does not answer any more: {GO_ON}")

    def _explained(self, future: Future[T]) -> Future[T]:
        """Return a future that ends as ``future`` does, with errors of the cluster in our own words."""
        explained: Future[T] = Future()

        def end(ended: Future[T]) -> None:
            try:
                explained.set_result(ended.result())
            except BaseException as error:
                explained.set_exception(self._explanation(error))

        future.add_done_callback(end)
        return explained

    def _explanation(self, error: BaseException) -> BaseException:
        from distributed.scheduler import KilledWorker, NoValidWorkerError

        if isinstance(error, KilledWorker):
            return WorkerDied("every worker that was given this submission died")
        if isinstance(error, CancelledError):
            return self._lost()
        if isinstance(error, NoValidWorkerError):
            return CourseError(f"the scheduler at {self._address} has no workers left: {GO_ON}")
        return error


def _hush() -> None:
    """Keep Dask from telling at length what is told in one line here; each of its loggers has a level of its own."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"asyncio", "distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _listed(names: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, names)))


# ---------------------------------------------------------------------------------------------------------------
# On a worker

_ONE_AT_A_TIME = threading.Lock()


def _as_agreed(versions: Mapping[str, str], fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run ``fn`` on a worker, one at a time: workers that join later were not asked how they are set up."""
    if any(grader_version(exercise) != version for exercise, version in versions.items()):
        msg = f"a worker with another version of the grader has joined the cluster: {GO_ON}"
        raise CourseError(msg)
    with _ONE_AT_A_TIME:
        return fn(*args, **kwargs)

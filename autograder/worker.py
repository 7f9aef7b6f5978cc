"""One worker of a grading run: a process that answers calls, and how it begins and ends."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder.sandbox import SandboxError, client

__all__ = ["Warm", "Worker", "start_forkserver"]


class Warm:
    """The process of which kernels are forked: one for all workers, started at the latest when the first of them is."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._address: str | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it in the background: it takes seconds, in which there is other work to do."""
        if self._thread is None:
            self._thread = threading.Thread(target=lambda: self.address)
            self._thread.start()

    @property
    def address(self) -> str:
        """Where it is; empty where it does not start, which then is said of each submission."""
        with self._starting:
            if self._address is None:
                try:
                    self._address = client.warm_process()
                except (SandboxError, OSError):
                    self._address = ""
            return self._address


@dataclass
class Worker:
    """A process that answers one call after the other; started when it is asked, and anew when it was killed."""

    _warm: Warm
    _process: Any = None
    _connection: Connection | None = None
    _changing: threading.Lock = field(default_factory=threading.Lock)
    _stopped: bool = False

    def ask(self, call: Any, seconds: float) -> tuple[Any, BaseException | None]:
        """Return the result of the call and the exception that it ended with.

        Raises
        ------
        EOFError, OSError
            If the process died.
        TimeoutError
            If it took longer than ``seconds``.
        """
        connection, process = self._running()
        connection.send(call)
        ready = wait([connection, process.sentinel], timeout=seconds)
        if not ready:
            raise TimeoutError
        # It may have answered and died since; what is not there any more ends in an EOFError.
        if connection not in ready and not connection.poll():
            raise EOFError
        answer: tuple[Any, BaseException | None] = connection.recv()
        return answer

    def _running(self) -> tuple[Connection, Any]:
        with self._changing:
            if self._stopped:
                raise EOFError
            if self._process is None or self._connection is None:
                context = multiprocessing.get_context("forkserver")
                self._connection, theirs = context.Pipe()
                # Not daemonic: those may have no children, and a submission's kernel is one.
                self._process = context.Process(target=_work, args=(theirs, self._warm.address))
                self._process.start()
                theirs.close()
            return self._connection, self._process

    def stop(self) -> None:
        """End the process from another thread, for good; the one that waits for its answer tidies up."""
        with self._changing:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def close(self, *, kill: bool = False) -> None:
        """End the process, at once or once it has nothing to do; the next question starts another one."""
        with self._changing:
            if self._process is not None and self._connection is not None:
                if kill:
                    self._process.kill()
                self._connection.close()
                self._process.join()
                self._process.close()
            self._process = self._connection = None


def start_forkserver() -> None:
    """Start the process of which workers are forked: it has imported the grader once, for all of them.

    They inherit no thread, no lock and no open file of this process. The numeric libraries keep to one thread, for
    there is a worker for each core, and threads that they started could not be forked.
    """
    forkserver.set_forkserver_preload(["autograder.lean", "autograder.job"])
    with _environment(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")):
        forkserver.ensure_running()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for processes that start meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# ---------------------------------------------------------------------------------------------------------------
# Inside a worker


def _work(connection: Connection, warm: str) -> None:
    """Answer calls until nobody asks any more; kernels come from the process at ``warm``."""
    os.environ[client.ADDRESS] = warm
    # Ctrl-C reaches every process of the terminal; it is for the one that stops the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _end_with_parent()
    while True:
        try:
            (fn, args, kwargs), gpu = connection.recv()
        except EOFError:
            return
        try:
            with _environment({} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}):
                answer = fn(*args, **kwargs)
        except BaseException as error:
            connection.send((None, error))
        else:
            connection.send((answer, None))


def _end_with_parent() -> None:
    """Let this process end when the one that started it is gone, even by SIGKILL: nobody else would end it."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()

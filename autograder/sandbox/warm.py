"""The warm process: it has imported what notebooks import, and forks a confined kernel for each submission.

It is started once a run (``python -m autograder.sandbox.warm SOCKET``), holds no secret, has one thread and never
touches CUDA, so that a fork of it is a fresh kernel. A client connects to its socket once for each kernel and sends
one request; the kernel lives as long as that connection. Everything that came of the kernel is killed with it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import random
import selectors
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from autograder.sandbox.confine import Cell, supervise
from autograder.sandbox.kernelapp import run_kernel
from autograder.sandbox.protocol import MESSAGE_BYTES
from autograder.sandbox.readable import ALWAYS, PRELOADED, readable_paths
from autograder.submission import Limits

__all__ = ["FORBIDDEN", "serve"]

FORBIDDEN = ("autograder.tasks", "i2dl.functional", "i2dl.nn", "i2dl.optim", "i2dl.classic", "i2dl.models")
"""What must never be in this process: every submission would find it in its memory."""

_LIBRARIES = (
    *(
        "numpy",
        "torch",
        "torch.nn.functional",
        "torch.utils.data",
        "matplotlib.pyplot",
        "matplotlib.backends.backend_agg",
    ),
    # what a kernel imports while it starts
    *("IPython", "IPython.core.debugger", "IPython.extensions.storemagic", "ipykernel.kernelapp", "ipykernel.ipkernel"),
    *("ipykernel.zmqshell", "ipykernel.debugger", "comm", "tornado.platform.asyncio", "tornado.queues", "zmq"),
    *("IPython.core.completerlib", "IPython.core.oinspect", "IPython.utils.wildcard", "faulthandler"),
    *("encodings.ascii", "encodings.idna", "encodings.latin_1", "pyseccomp"),
)


def preload() -> None:
    """Import what notebooks and kernels import, as far as it is installed."""
    for name in (*PRELOADED, *ALWAYS, *_LIBRARIES):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _practise()
    readable_paths()
    present = [name for name in FORBIDDEN if name in sys.modules]
    if present:
        msg = f"the warm process must not hold {', '.join(present)}"
        raise RuntimeError(msg)
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        msg = f"the warm process must have one thread, not {threads}: a fork of it would not be a fresh kernel"
        raise RuntimeError(msg)
    # What is there by now is never collected, so that the forks do not touch its pages.
    gc.collect()
    gc.freeze()


def _practise() -> None:
    """Do once what libraries do slowly for the first time: find fonts, look at the processor."""
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    for axes in figure.subplots(1, 2):
        axes.plot([0, 1], label="x")
        axes.imshow([[0, 1]])
        axes.legend()
    figure.savefig(io.BytesIO(), format="png")
    torch = sys.modules.get("torch")
    if torch is not None:
        str(torch.ones(2) @ torch.ones(2))


class _Server:
    """One loop over the listening socket, the clients and the children's ends."""

    def __init__(self, listener: socket.socket, owner: int) -> None:
        self._listener = listener
        self._owner = owner
        self._selector = selectors.DefaultSelector()
        self._kernels: dict[int, socket.socket] = {}
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def run(self) -> None:
        """Serve until the process that started this one is gone."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which closes our socket
        for source in (self._listener.fileno(), self._woken.fileno(), self._owner):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._owner:
                    return
                if key.fd == self._listener.fileno():
                    connection, _ = self._listener.accept()
                    self._selector.register(connection, selectors.EVENT_READ, connection)
                elif key.fd == self._woken.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(4096)
                    self._bury()
                else:
                    self._hear(key.data)

    def _hear(self, connection: socket.socket) -> None:
        try:
            message = connection.recv(MESSAGE_BYTES)
        except OSError:
            message = b""
        pid = next((p for p, c in self._kernels.items() if c is connection), None)
        if not message:
            self._hang_up(connection, pid)
        elif pid is None:
            self._start(connection, json.loads(message))
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, json.loads(message)["signal"])

    def _start(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            self._become_kernel(connection, request)
        self._kernels[pid] = connection

    def _become_kernel(self, connection: socket.socket, request: Mapping[str, Any]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            link = connection.detach()
            os.dup2(link, 3)
            os.closerange(4, 4096)
            become_kernel(socket.socket(fileno=3), request)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)

    def _hang_up(self, connection: socket.socket, pid: int | None) -> None:
        self._selector.unregister(connection)
        connection.close()
        if pid is not None:
            del self._kernels[pid]
            # The supervisor's end is the end of all that it watches.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _bury(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            connection = self._kernels.pop(pid, None)
            if connection is not None:
                with contextlib.suppress(OSError):
                    connection.send(json.dumps({"exit": os.waitstatus_to_exitcode(status)}).encode())


def become_kernel(link: socket.socket, request: Mapping[str, Any]) -> NoReturn:
    """Run the kernel that is asked for in this process, which ends with it."""
    limits = Limits(**request["limits"])
    home, sockets = Path(request["home"]), Path(request["sockets"])
    _set_environment(home)
    cell = Cell(home, sockets, readable_paths(request["provides"], gpu=request["gpu"]), limits, request["gpu"])

    def report(problem: str) -> None:
        with contextlib.suppress(OSError):
            link.send(json.dumps({"problem": problem[:1000]}).encode())

    def ready() -> None:
        link.send(b'{"ready": true}')
        link.close()

    def run() -> None:
        _seed()
        run_kernel(str(sockets / "connection.json"), ready, report, pictures=limits.pictures)

    supervise(cell, run, report)


def _set_environment(home: Path) -> None:
    """Set what tells a program where to write, and the notebook's check to be silent."""
    os.environ.update(
        HOME=str(home),
        TMPDIR=str(home / "tmp"),
        IPYTHONDIR=str(home / "config"),
        AUTOGRADER_CHECK="off",
        JUPYTER_CONFIG_DIR=str(home / "config"),
        XDG_CACHE_HOME=str(home / "config"),
    )


def _seed() -> None:
    """Draw the same random numbers in every kernel: the same submission gets the same score."""
    import numpy as np

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the global generator is the one that a notebook may use
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)


def serve(path: str, owner: int) -> None:
    """Preload, listen at ``path``, say that we do, and serve until the file descriptor ``owner`` is closed.

    Then the directory of ``path`` is removed: the owner may have been killed.
    """
    preload()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(256)
    # The owner may have gone meanwhile.
    with contextlib.suppress(BrokenPipeError):
        os.write(owner, b"1")
        _Server(listener, owner).run()
    shutil.rmtree(Path(path).parent, ignore_errors=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))

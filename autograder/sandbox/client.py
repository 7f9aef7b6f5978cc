"""The grader's side of the warm process: start it, ask it for kernels, start another where it is gone."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from autograder.sandbox import SandboxError
from autograder.sandbox.protocol import LOST_STATUS, MESSAGE_BYTES
from autograder.submission import Limits

__all__ = ["ADDRESS", "Kernel", "WarmProcess", "kernel_directory", "private_directory", "warm_process"]

ADDRESS = "AUTOGRADER_WARM"
"""The environment variable by which worker processes find the warm process of their run."""

START_SECONDS = 120.0
KERNEL_SECONDS = 30.0

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
"""The only variables a submission inherits: no seed, no token, no path of the gradebook."""


def private_directory() -> Path:
    """Return a new directory that is ours alone, where sockets have short names."""
    place = os.environ.get("XDG_RUNTIME_DIR") or "/var/tmp"  # noqa: S108 - mkdtemp makes it private
    return Path(tempfile.mkdtemp(prefix="i2dl-", dir=place if os.access(place, os.W_OK) else None))


def kernel_directory() -> Path:
    """Return a new directory for a kernel: beside the warm process's own, which clears up where nobody else can."""
    return Path(tempfile.mkdtemp(dir=Path(warm_process()).parent))


def clean_environment() -> dict[str, str]:
    """Return the environment of every submission."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # What a set prints in one run it prints in the next.
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # One thread a kernel: as many submissions as there are cores run side by side.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # Memory that was used once is used again: giving it back after each array takes longer than filling it.
        "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
        "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
    }


class WarmProcess:
    """A running warm process, owned by this one: it ends when this one does, however that comes about."""

    def __init__(self) -> None:
        self.directory = private_directory()
        self.address = str(self.directory / "warm")
        mine, its = socket.socketpair()
        home = self.directory / "home"
        home.mkdir()
        arguments = [sys.executable, "-P", "-m", "autograder.sandbox.warm", self.address, str(its.fileno())]
        environment = clean_environment() | {"HOME": str(home), "MPLCONFIGDIR": str(home), "IPYTHONDIR": str(home)}
        for fonts in _font_lists():
            shutil.copy(fonts, home)
        with (self.directory / "log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                arguments,
                pass_fds=[its.fileno()],
                env=environment,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        its.close()
        self._link = mine
        mine.settimeout(START_SECONDS)
        if not _receive(mine):
            log_text = (self.directory / "log").read_text(errors="replace").strip().splitlines()
            self.stop()
            msg = f"the warm process did not start: {log_text[-1] if log_text else 'no answer'}"
            raise SandboxError(msg)

    @property
    def alive(self) -> bool:
        """Whether it can be asked for kernels."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def stop(self) -> None:
        """End it and all its kernels."""
        self._link.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Kernel:
    """One confined kernel: a connection to the warm process that forked it.

    Raises
    ------
    ConnectionError
        If the warm process is gone, or the kernel's supervisor was killed.
    SandboxError
        If the kernel could not be confined or did not start.
    """

    def __init__(
        self, address: str, home: Path, sockets: Path, limits: Limits, provides: Sequence[str], *, gpu: bool
    ) -> None:
        self._exit: int | None = None
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {
            "home": str(home),
            "sockets": str(sockets),
            "limits": asdict(limits),
            "provides": list(provides),
            "gpu": gpu,
        }
        try:
            self._link.settimeout(KERNEL_SECONDS)
            self._link.connect(address)
            self._link.send(json.dumps(request).encode())
            answer = json.loads(_receive(self._link) or "{}")
        except OSError as error:
            self._link.close()
            raise ConnectionError(str(error)) from error
        if "ready" not in answer:
            self._link.close()
            if not answer or answer.get("exit", 0) < 0:
                msg = "the warm process is gone, or the kernel was killed before it had begun"
                raise ConnectionError(msg)
            raise SandboxError(
                answer.get("problem", f"the kernel ended before it had begun, with status {answer.get('exit')}")
            )
        self._link.setblocking(False)

    def poll(self) -> int | None:
        """Return the exit status, None while the kernel runs."""
        if self._exit is None:
            try:
                message = self._link.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return None
            except OSError:
                message = b""
            self._exit = json.loads(message).get("exit", 1) if message else LOST_STATUS
        return self._exit

    def signal(self, number: int) -> None:
        """Send a signal to the kernel."""
        with contextlib.suppress(OSError):
            self._link.send(json.dumps({"signal": number}).encode())

    def kill(self) -> None:
        """End the kernel and everything it has started."""
        if self._exit is None:
            self._exit = -9
        self._link.close()


def _receive(link: socket.socket) -> str:
    """Return the next message; nothing where the other side is gone or silent."""
    try:
        return link.recv(MESSAGE_BYTES).decode()
    except OSError:
        return ""


_own: list[WarmProcess] = []


def warm_process() -> str:
    """Return the address of the run's warm process, or of one of our own where there is none or it is gone."""
    given = os.environ.get(ADDRESS, "")
    if given and _answers(given):
        return given
    if not _own or not _own[-1].alive:
        stop_own()
        _own.append(WarmProcess())
    return _own[-1].address


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as trial:
        try:
            trial.connect(address)
        except OSError:
            return False
    return True


@atexit.register
def stop_own() -> None:
    """End the warm process that this one has started, if it has."""
    while _own:
        _own.pop().stop()


@functools.cache
def _font_lists() -> list[Path]:
    """Return matplotlib's font lists: building one anew would take seconds."""
    import matplotlib as mpl
    import matplotlib.font_manager  # importing it writes the list where there is none yet

    return sorted(Path(mpl.get_cachedir()).glob("fontlist*.json"))

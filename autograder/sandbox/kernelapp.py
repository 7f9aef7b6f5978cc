"""The kernel of a submission: ipykernel, with its sockets closed off once it has opened them."""

from __future__ import annotations

import importlib.abc
import logging
import os
import sys
import zlib
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from autograder.sandbox import filters

__all__ = ["run_kernel"]

_OURS = ("autograder", "i2dl")


class _Explain(importlib.abc.MetaPathFinder):
    """Says in plain words why a module of this project cannot be imported here; the files are closed anyway."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse what belongs to this project and is not readable."""
        del target
        if not name.startswith(tuple(f"{package}." for package in _OURS)):
            return None
        tail = name.rpartition(".")[2]
        candidates = [f"{place}/{tail}{end}" for place in path or () for end in (".py", "/__init__.py")]
        if any(os.access(c, os.R_OK) and _opens(c) for c in candidates):
            return None
        msg = f"{name} is not there while a submission is graded: it may hold what is asked"
        raise ModuleNotFoundError(msg, name=name)


def _opens(path: str) -> bool:
    try:
        with open(path, "rb"):  # noqa: PTH123 - os.access knows nothing of Landlock
            return True
    except OSError:
        return False


def _checksum(text: str, seed: int) -> int:
    """Name a cell after its text, as ipykernel does byte by byte in Python for the sake of its debugger."""
    return zlib.crc32(text.encode("utf-8", "replace"), seed)


def run_kernel(
    connection_file: str, ready: Callable[[], object], report: Callable[[str], object], *, pictures: bool
) -> None:
    """Start the kernel of ``connection_file`` and run it to its end; ``ready`` is called before any other code runs."""
    from ipykernel import compiler, kernelapp
    from ipykernel.iostream import IOPubThread

    class WithoutPipe(IOPubThread):
        """Publishes without the TCP socket through which child processes would print."""

        def _setup_pipe_in(self) -> None:
            self._pipe_flag = False

    kernelapp.IOPubThread = WithoutPipe
    compiler.murmur2_x86 = _checksum
    sys.meta_path.insert(0, _Explain())
    quiet = open(os.devnull, "w")  # noqa: SIM115, PTH123 - open as long as the process lives
    for number in (0, 1, 2):
        os.dup2(quiet.fileno() if number else os.open(os.devnull, os.O_RDONLY), number)
    logging.disable(logging.CRITICAL)
    try:
        app = kernelapp.IPKernelApp.instance()
        app.initialize(["-f", connection_file, "--HistoryManager.enabled=False"])
        # Nobody debugs a submission, and this socket would try for ever to connect.
        app.debug_shell_socket.disconnect(app.shell_socket.last_endpoint)
        if not pictures:
            for mime in ("image/png", "image/jpeg", "image/svg+xml", "application/pdf"):
                app.shell.display_formatter.formatters[mime].enabled = False
        filters.no_new_sockets()
    except BaseException as error:
        report(f"the kernel did not start ({type(error).__name__}: {error})")
        raise
    logging.disable(logging.NOTSET)
    ready()
    app.start()

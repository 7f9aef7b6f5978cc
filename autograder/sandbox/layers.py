"""Which layers of the sandbox this machine gives, and which it lacks."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Layer", "layers", "missing"]

SCOPED_ABI, NETWORK_ABI = 6, 4


@dataclass(frozen=True)
class Layer:
    """One protection, by which means the machine gives it, and whether grading untrusted work needs it."""

    protects: str
    means: str
    works: bool
    needed: bool
    advice: str = ""


@functools.cache
def layers() -> tuple[Layer, ...]:
    """Try each layer, in a child process where that changes the process, and return what was found."""
    if not sys.platform.startswith("linux"):
        return (Layer("everything", "the sandbox is made of Linux's own means", False, True, "grade on Linux"),)
    from autograder.sandbox import filters, landlock, namespaces

    abi = landlock.abi()
    calls = filters.available()
    user = _in_child(lambda: namespaces.unshare(namespaces.CLONE_NEWUSER))
    process = _in_child(lambda: namespaces.unshare(namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWPID))
    mount = _in_child(_mount)
    bounded = process and (os.geteuid() != 0 or _in_child(_bound))
    allow = (
        "let the user make namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns)"
    )
    install = "install libseccomp (Debian: libseccomp2)"
    return (
        Layer("files, solutions, other submissions", f"Landlock {abi or ''}".strip(), abi > 0, True,
              "use a kernel from 5.13 on with Landlock switched on (lsm=landlock,...)"),
        Layer("network", "seccomp" + (" and Landlock" if abi >= NETWORK_ABI else ""), calls, True, install),
        Layer("dangerous system calls", "seccomp", calls, True, install),
        Layer("signals to other processes", "Landlock" if abi >= SCOPED_ABI else "process namespace",
              abi >= SCOPED_ABI or process, True, allow),
        Layer("processes left over", "process namespace" if process else "no processes (seccomp)", process or calls,
              True, allow),
        Layer("number of processes", "bounded" if bounded else "none but the kernel itself", bounded or calls, True,
              install),
        Layer("disk", "a file system in memory" if mount else "watched", True, False, allow),
        Layer("memory, CPU time, open files", "resource limits, and a supervisor", True, True),
        Layer("own users", "user namespace", user, False, allow),
    )  # fmt: skip


def missing() -> tuple[Layer, ...]:
    """Return the layers that this machine lacks and that grading untrusted work needs."""
    return tuple(layer for layer in layers() if layer.needed and not layer.works)


def _in_child(trial: Callable[[], object]) -> bool:
    """Whether ``trial`` raises nothing, tried in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            trial()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _mount() -> None:
    from autograder.sandbox import namespaces

    namespaces.unshare(namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWNS)
    namespaces.mount_memory(Path("/var/tmp"), 2**20)  # noqa: S108 - seen by this process alone


def _bound() -> None:
    """Bound the process numbers of a new process namespace, as a submission's first process does."""
    from autograder.sandbox import namespaces

    namespaces.unshare(namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWPID)

    def bound() -> None:
        Path("/proc/sys/kernel/pid_max").write_text("400")

    if not _in_child(bound):
        raise OSError

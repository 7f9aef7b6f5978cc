"""Confine a process that is about to run a submission: in layers, each of which holds without the others.

===================  ==============================================================================================
files                Landlock: the system and the packages to read, one private directory to write
disk                 a file system in memory, of bounded size, mounted for this submission alone
network              Landlock and seccomp: no socket but those the kernel has opened to the grader
other processes      Landlock and a process namespace: none is seen, none signalled, none read
what is left over    the process namespace ends with its first process, and takes all others with it
processes            a bound on process numbers in the namespace (or on those of the user); none where neither works
memory, CPU, files   resource limits, and a supervisor outside that adds up the memory of all processes
===================  ==============================================================================================

:func:`supervise` is called in a fresh fork with one thread, and never returns.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from autograder.sandbox import filters, landlock, namespaces
from autograder.sandbox.landlock import Access
from autograder.sandbox.protocol import DISK_STATUS, MEMORY_STATUS
from autograder.submission import Limits

__all__ = ["Cell", "supervise"]

FEWEST_NUMBERS = 301  # the kernel takes no smaller bound on process numbers
WATCH_SECONDS = 0.2
RESERVED_BYTES = 2**30  # addresses that threads reserve for their stacks and heaps, and never fill

Own = Literal["processes", "disk", "terminals"]
"""What a submission may have of its own, where the machine gives it."""

_DEVICE = Access.READ_FILE | Access.WRITE_FILE | Access.IOCTL_DEV
_TERMINALS = {"/dev/ptmx": _DEVICE, "/dev/pts": _DEVICE | Access.READ_DIR}


@dataclass(frozen=True)
class Cell:
    """Where one submission runs and what it may use.

    Attributes
    ----------
    home
        The private directory: ``work``, ``tmp`` and ``config`` are made in it.
    sockets
        Where the kernel makes the sockets that the grader connects to; nothing else can be written there.
    readable
        See :func:`autograder.sandbox.readable.readable_paths`.
    gpu
        Whether it may use one: address space is then not limited, since CUDA reserves more than any machine has.
    """

    home: Path
    sockets: Path
    readable: Mapping[str, Access]
    limits: Limits
    gpu: bool = False


def supervise(cell: Cell, run: Callable[[], object], report: Callable[[str], object]) -> NoReturn:
    """Fork once more, confine the child, ``run`` it there, and watch it to its end.

    Parameters
    ----------
    run
        Runs in the confined process.
    report
        Told in one sentence why the confinement failed, if it did; nothing was run then.
    """
    status = 1
    try:
        namespaces.die_with_parent()
        own = _own_namespaces(cell)
        # Blocked, so that it can be waited for.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        child = os.fork()
        if child == 0:
            _enter(cell, own, run, report)
        status = _watch(child, cell, disk="disk" not in own)
    except BaseException as error:
        report(f"{type(error).__name__}: {error}")
    os._exit(status)


def _own_namespaces(cell: Cell) -> frozenset[Own]:
    """Take what the machine gives of our own, and make the private directory."""
    own: set[Own] = set()
    with contextlib.suppress(OSError):
        namespaces.unshare(namespaces.CLONE_NEWUSER | namespaces.CLONE_NEWNS | namespaces.CLONE_NEWPID)
        own.add("processes")
        namespaces.mount_memory(cell.home, cell.limits.disk_bytes)
        own.add("disk")
        namespaces.mount_terminals()
        own.add("terminals")
    for name in ("work", "tmp", "config"):
        (cell.home / name).mkdir(parents=True, exist_ok=True)
    return frozenset(own)


def _enter(cell: Cell, own: frozenset[Own], run: Callable[[], object], report: Callable[[str], object]) -> NoReturn:
    """In the child: give up everything, then run."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        namespaces.die_with_parent()
        os.setsid()
        os.chdir(cell.home / "work")
        bounded = "processes" in own and _bound_processes(cell.limits.processes)
        _limit(cell)
        namespaces.drop_capabilities()
        landlock.restrict({
            **cell.readable,
            **(_TERMINALS if "terminals" in own else {}),
            str(cell.home): landlock.WRITE,
            str(cell.sockets): landlock.SOCKETS | Access.READ_FILE,
        })  # fmt: skip
        filters.harden(processes=bounded)
    except BaseException as error:
        report(f"the submission could not be confined ({type(error).__name__}: {error})")
        os._exit(1)
    try:
        run()
    except SystemExit as leaving:
        os._exit(leaving.code if isinstance(leaving.code, int) else 0)
    except BaseException as error:
        report(f"the kernel failed ({type(error).__name__}: {error})")
        os._exit(1)
    os._exit(0)


def _bound_processes(most: int) -> bool:
    """Bound the number of processes and threads; return whether there is a bound that holds."""
    bounded = False
    # Since Linux 6.14 each process namespace has its own highest process number.
    with contextlib.suppress(OSError):
        Path("/proc/sys/kernel/pid_max").write_text(str(max(most, FEWEST_NUMBERS)))
        bounded = True
    # In its user namespace a user's processes are counted apart; a superuser's are not counted at all.
    if os.geteuid() != 0:
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        bounded = True
    return bounded


def _limit(cell: Cell) -> None:
    limits = cell.limits
    seconds = 2 * int(limits.total_seconds) + 1
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: limits.disk_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if not cell.gpu:
        wanted[resource.RLIMIT_AS] = _address_space() + limits.memory_bytes + RESERVED_BYTES
    for kind, most in wanted.items():
        _, ceiling = resource.getrlimit(kind)
        if ceiling != resource.RLIM_INFINITY:
            most = min(most, ceiling)
        resource.setrlimit(kind, (most, most))


def _address_space() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _watch(child: int, cell: Cell, *, disk: bool) -> int:
    """Wait for the child; kill it if all its processes together use more memory, or ``disk``, than they may."""
    most_memory, most_disk = cell.limits.memory_bytes, cell.limits.disk_bytes
    signal.signal(signal.SIGINT, lambda *_: _send(child, signal.SIGINT))
    inherited = _private_memory(os.getpid())
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status) & 0xFF
        family = _family(child)
        # The quick figure counts what is shared once for each process; the slow one divides it.
        if sum(map(_private_memory, family)) > inherited + most_memory and (
            sum(map(_proportional_memory, family)) > most_memory
        ):
            return _end(child, MEMORY_STATUS)
        if disk and _written(cell.home) > most_disk:
            return _end(child, DISK_STATUS)
        # Ends early when the child ends.
        signal.sigtimedwait({signal.SIGCHLD}, WATCH_SECONDS)


def _end(child: int, status: int) -> int:
    _send(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return status


def _written(directory: Path) -> int:
    sizes = 0
    for place, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(OSError):
                sizes += os.lstat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH118 - quick
    return sizes


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _family(pid: int) -> list[int]:
    """Return the process and its descendants."""
    found: list[int] = []
    new = [pid]
    while new:
        found += new
        new = [int(c) for p in new for task in _list(f"/proc/{p}/task") for c in _read(f"{task}/children").split()]
    return found


def _private_memory(pid: int) -> int:
    """Return the bytes that belong to no file: libraries, shared with all others, do not count."""
    return _kilobytes(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:", "VmSwap:")) * 1024


def _proportional_memory(pid: int) -> int:
    """Return the bytes that belong to no file, those of n processes counted as one n-th for each."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:", "SwapPss:")) * 1024


def _kilobytes(path: str, names: tuple[str, ...]) -> int:
    return sum(int(line.split()[1]) for line in _read(path).splitlines() if line.startswith(names))


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _list(path: str) -> list[str]:
    try:
        return [f"{path}/{name}" for name in os.listdir(path)]  # noqa: PTH208 - a Path object for each is slow
    except OSError:
        return []

"""Linux namespaces: a submission's own process numbers, mounts and (empty) network.

The C library's calls, made directly: Python's :mod:`os` has them only from 3.12 on.
"""

from __future__ import annotations

import ctypes
import os
import signal
from pathlib import Path

__all__ = [
    "CLONE_NEWIPC",
    "CLONE_NEWNET",
    "CLONE_NEWNS",
    "CLONE_NEWPID",
    "CLONE_NEWUSER",
    "CLONE_NEWUTS",
    "die_with_parent",
    "drop_capabilities",
    "mount_memory",
    "mount_terminals",
    "unshare",
]

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

_MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 2, 4, 16384, 1 << 18
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP = 1, 24
_CAPABILITY_VERSION = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Put this process into new namespaces; a new user namespace maps the present user and group to themselves.

    Raises
    ------
    OSError
        If the kernel or its settings do not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    _check(_libc.unshare(flags))
    if flags & CLONE_NEWUSER:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{user} {user} 1")
        _write("/proc/self/gid_map", f"{group} {group} 1")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def mount_memory(target: Path, size: int, files: int = 20_000) -> None:
    """Mount an empty file system of at most ``size`` bytes, seen by this mount namespace alone.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    options = f"size={size},nr_inodes={files},mode=0700".encode()
    _check(_libc.mount(b"tmpfs", bytes(target), b"tmpfs", _MS_NOSUID | _MS_NODEV, options))


def mount_terminals() -> None:
    """Mount terminals of our own over those of the machine: ``!ls`` in a notebook asks for one.

    Raises
    ------
    OSError
        If the kernel refuses.
    """
    _check(_libc.mount(b"devpts", b"/dev/pts", b"devpts", _MS_NOSUID, b"newinstance,ptmxmode=0666,mode=0600"))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however it ends."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def drop_capabilities() -> None:
    """Give up, for good, all that a superuser may do beyond other users, inside its user namespace or out of it."""
    for capability in range(64):
        # Beyond the last one that this kernel knows, and for users who have none, there is nothing to drop.
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _libc.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, none))


def _check(result: int) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))

"""Landlock: a process gives up, for itself and all its children, every file it does not name.

Landlock is Linux's way for an unprivileged process to confine itself (kernel 5.13 and later). There is no wrapper of it
in Python's standard library nor in the C library, only three system calls.

References
----------
Linux kernel documentation, *Landlock: unprivileged access control*,
https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping
from enum import IntFlag

__all__ = ["READ", "SOCKETS", "WRITE", "Access", "abi", "restrict"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_SCOPE_ABI, _NET_ABI = 6, 4
_libc = ctypes.CDLL(None, use_errno=True)


class Access(IntFlag):
    """What may be done with a file or directory and all that lies below it."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ = Access.EXECUTE | Access.READ_FILE | Access.READ_DIR
SOCKETS = Access.MAKE_SOCK | Access.REMOVE_FILE
WRITE = (
    READ
    | Access.WRITE_FILE
    | Access.REMOVE_DIR
    | Access.REMOVE_FILE
    | Access.MAKE_DIR
    | Access.MAKE_REG
    | Access.MAKE_SYM
    | Access.MAKE_FIFO
    | Access.REFER
    | Access.TRUNCATE
)

_FOR_FILES = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE | Access.IOCTL_DEV
_SINCE = {Access.REFER: 2, Access.TRUNCATE: 3, Access.IOCTL_DEV: 5}


class _RulesetAttr(ctypes.Structure):
    _fields_ = [
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


def abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 where it has none or it is switched off."""
    return max(0, _libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))


def restrict(allowed: Mapping[str, Access]) -> None:
    """Deny this thread, and what it starts from now on, all files but those ``allowed``, for good.

    Where the kernel knows how, TCP, abstract Unix sockets and signals to processes outside are denied, too. Call it
    while the process has one thread: others would stay free.

    Parameters
    ----------
    allowed
        Paths, each with what may be done there and below. A path that does not exist is passed over.

    Raises
    ------
    OSError
        If the kernel has no Landlock or refuses.
    """
    version = abi()
    handled = Access(0)
    for right in Access:
        if _SINCE.get(right, 1) <= version:
            handled |= right
    attr = _RulesetAttr(handled, 0b11 if version >= _NET_ABI else 0, 0b11 if version >= _SCOPE_ABI else 0)
    # Older kernels know a shorter structure and reject what they do not know.
    size = ctypes.sizeof(attr) if version >= _SCOPE_ABI else 16 if version >= _NET_ABI else 8
    ruleset = _call(_CREATE_RULESET, ctypes.byref(attr), size, 0)
    try:
        for path, access in allowed.items():
            _add_path(ruleset, path, access & handled)
        no_new_privileges()
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _add_path(ruleset: int, path: str, access: Access) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - no Path objects in the fork: every millisecond counts there
            access &= _FOR_FILES
        rule = _PathBeneathAttr(access, fd)
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(fd)


def no_new_privileges() -> None:
    """Give up, for good, any rise in privileges through set-user-id programs."""
    if _libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
        _raise()


def _call(number: int, *arguments: object) -> int:
    result: int = _libc.syscall(number, *arguments)
    if result < 0:
        _raise()
    return result


def _raise() -> None:
    error = ctypes.get_errno()
    raise OSError(error, f"Landlock: {os.strerror(error)}")

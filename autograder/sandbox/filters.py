"""System-call filters (seccomp), through the system's libseccomp: what no submission has any use for is refused.

References
----------
Linux kernel documentation, *Seccomp BPF*, https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import errno
from typing import Any

__all__ = ["available", "harden", "no_new_sockets"]

_NEVER = (
    # other processes' memory
    ("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "process_madvise"),
    # the system and its file systems
    ("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick"),
    ("mount_setattr", "swapon", "swapoff", "reboot", "acct", "quotactl", "sethostname", "setdomainname", "syslog"),
    ("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "iopl", "ioperm"),
    ("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "mknod", "mknodat", "vhangup"),
    # interfaces of the kernel with a history of holes
    ("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register"),
    ("open_by_handle_at", "name_to_handle_at", "keyctl", "add_key", "request_key", "personality", "modify_ldt"),
    ("fanotify_init", "lookup_dcookie", "nfsservctl", "setns", "unshare"),
    # memory and messages that outlive a process
    ("shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semctl", "semtimedop"),
    ("mq_open", "mq_unlink", "memfd_secret"),
)
_NAMESPACE_FLAGS = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET and NEWTIME
_THREAD = 0x00010000  # CLONE_THREAD
_UNIX = 1  # AF_UNIX


def available() -> bool:
    """Whether libseccomp is installed and the kernel filters system calls."""
    try:
        _filter()
    except (ImportError, OSError, RuntimeError):
        return False
    return True


def _filter() -> Any:
    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    # A thread that has begun to run keeps its own filters unless they are set for all at once.
    rules.set_attr(pyseccomp.Attr.CTL_TSYNC, 1)
    return rules


def harden(*, processes: bool) -> None:
    """Refuse, for good, the calls that look into other processes or into the system, and all sockets but local ones.

    Parameters
    ----------
    processes
        Whether further processes may be started; threads may always.
    """
    import pyseccomp as s

    rules, denied = _filter(), s.ERRNO(errno.EPERM)
    for group in _NEVER:
        for name in group:
            _add(rules, denied, name)
    rules.add_rule(denied, "socket", s.Arg(0, s.NE, _UNIX))
    # The C library falls back to clone, whose flags can be looked at.
    _add(rules, s.ERRNO(errno.ENOSYS), "clone3")
    for bit in range(32):
        if _NAMESPACE_FLAGS >> bit & 1:
            rules.add_rule(denied, "clone", s.Arg(0, s.MASKED_EQ, 1 << bit, 1 << bit))
    if not processes:
        for name in ("fork", "vfork"):
            _add(rules, denied, name)
        rules.add_rule(denied, "clone", s.Arg(0, s.MASKED_EQ, _THREAD, 0))
    # TIOCSTI and TIOCLINUX type into the terminal of whoever started the grader.
    for command in (0x5412, 0x541C):
        rules.add_rule(denied, "ioctl", s.Arg(1, s.MASKED_EQ, 0xFFFFFFFF, command))
    # A datagram socket, even of a pair, could be sent through to any address.
    for kind in (2, 3):
        rules.add_rule(denied, "socketpair", s.Arg(1, s.MASKED_EQ, 0xF, kind))
    rules.load()


def no_new_sockets() -> None:
    """Refuse, for good and in every thread, to make, bind or connect a socket: the kernel's own are open by now."""
    import pyseccomp as s

    rules, denied = _filter(), s.ERRNO(errno.EPERM)
    for name in ("socket", "connect", "bind", "listen"):
        rules.add_rule(denied, name)
    rules.load()


def _add(rules: Any, action: Any, name: str) -> None:

    try:
        rules.add_rule(action, name)
    except OSError:
        # An architecture without this call has nothing to refuse.
        return

"""Where a submission runs: a confined fork of a warm process, started through a kernel provisioner.

=============  ====================================================================================
`layers`       which protections this machine gives
`landlock`     files
`filters`      system calls
`namespaces`   processes, mounts
`confine`      all of them, in order, around one kernel
`readable`     what a submission may read
`warm`         the process that is forked; `client` is the grader's side of it
`kernelapp`    the kernel itself
`provisioner`  what jupyter_client knows of all this
=============  ====================================================================================
"""

from __future__ import annotations

from autograder.submission import Limits

__all__ = ["SandboxError", "require"]


class SandboxError(RuntimeError):
    """A submission cannot be run as safely as it must be; the message says what is missing."""


def require(limits: Limits) -> None:
    """Refuse to grade untrusted work where this machine cannot confine it.

    Raises
    ------
    SandboxError
        Names the first layer that is missing, and what to do about it.
    """
    # Late, for this package is also imported by the warm process, which is to hold little.
    from autograder.sandbox.layers import missing

    lacking = missing()
    if lacking and not limits.trusted:
        first = lacking[0]
        msg = (
            f"this machine cannot confine submissions ({first.protects}): {first.advice}, or grade work that you "
            "trust with --trust-submissions"
        )
        raise SandboxError(msg)

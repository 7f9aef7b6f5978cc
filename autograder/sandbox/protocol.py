"""What the grader and the warm process agree on."""

from __future__ import annotations

import signal

__all__ = ["DISK_STATUS", "KILLED_STATUS", "LOST_STATUS", "MEMORY_STATUS", "MESSAGE_BYTES"]

MESSAGE_BYTES = 64 * 1024
"""The longest message between the two: one JSON object in one packet."""

MEMORY_STATUS, DISK_STATUS = 201, 202
"""The exit statuses of a submission that was ended because it used too much memory, or wrote too much."""

KILLED_STATUS = 256 - signal.SIGKILL
"""That of one that was killed by somebody else: the system, short of memory, or the submission itself."""

LOST_STATUS = -1
"""That of one whose supervisor was killed, or whose warm process is gone; nothing that a submission runs reaches these.

A supervisor that was killed by a signal has a negative status as well.
"""

"""What the grader and the warm process agree on."""

from __future__ import annotations

__all__ = ["DISK_STATUS", "MEMORY_STATUS", "MESSAGE_BYTES"]

MESSAGE_BYTES = 64 * 1024
"""The longest message between the two: one JSON object in one packet."""

MEMORY_STATUS, DISK_STATUS = 201, 202
"""The exit statuses of a submission that was ended because it used too much memory, or wrote too much."""

"""What workers are given to do in tests; here, so that other processes can import it."""

from __future__ import annotations

import os
import time
from pathlib import Path


def double(x: int) -> int:
    return 2 * x


def fail() -> None:
    msg = "not today"
    raise ValueError(msg)


def my_pid(seconds: float = 0.0) -> int:
    time.sleep(seconds)
    return os.getpid()


def sleep_after_writing_my_pid(to: Path) -> None:
    to.write_text(str(os.getpid()))
    time.sleep(1000)


def die() -> None:
    """End as a process does that runs out of memory."""
    os._exit(1)


def die_once(marker: Path) -> str:
    """Die if this is the first call with this marker."""
    if not marker.exists():
        marker.touch()
        os._exit(1)
    return "alive"


def hold_gpu(seconds: float) -> tuple[str | None, float, float]:
    """Return the GPU that this process sees, and from when to when it was held."""
    began = time.monotonic()
    time.sleep(seconds)
    return os.environ.get("CUDA_VISIBLE_DEVICES"), began, time.monotonic()


def environment(name: str) -> str:
    return os.environ[name]


def threads() -> tuple[int, str]:
    """Return how many threads a numeric library would use here, and what it was told."""
    import numpy as np

    a = np.ones((300, 300))
    a @ a
    return len(list(Path("/proc/self/task").iterdir())), os.environ["OMP_NUM_THREADS"]

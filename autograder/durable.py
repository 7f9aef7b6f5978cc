"""Files that are whole or not there: what a crash, a power cut or a full disk may do to them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

__all__ = ["write"]


def write(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Put ``content`` into ``path`` so that it is on disk when this returns, and never there in part.

    Parameters
    ----------
    private
        Whether only the owner may read it, as a seed or a password asks for.

    Raises
    ------
    OSError
        If it cannot be written, with the path; what was there before is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    data = content.encode() if isinstance(content, str) else content
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        # A write that fails does not say by itself which file it was.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _sync_directory(directory: Path) -> None:
    """Put the file's name on disk, too; its content alone would be lost without it."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

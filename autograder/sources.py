"""Where submissions are read from: a folder or a .zip, as a list of entries, none of which is trusted.

Links are never followed, only regular files are opened, and of an archive's entry no more is unpacked than fits the
limits, whatever its directory claims. There is no limit for all entries together, or one student could use it up: what
one of them may hand in is for the reader to say.
"""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

__all__ = ["MAX_BYTES", "Entry", "IntakeError", "Unreadable", "open_source", "refusing"]

MAX_BYTES = 20 * 2**20
"""The largest notebook that is read."""

MAX_ENTRIES = 100_000
MAX_RATIO = 200
MAX_DEPTH = 12
LINK = "this is a symbolic link, which is not followed"
IGNORED = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}

Kind = Literal["notebook", "folder", "other"]


class IntakeError(ValueError):
    """Nothing can be collected at all; the message says what to do."""


class Unreadable(ValueError):
    """One entry cannot be read; the message says why."""


@dataclass(frozen=True)
class Entry:
    """A file, or a folder without any.

    ``parts`` are the names from the source down, ``outside`` those of the folders around all of it. ``read``
    returns the content or raises :class:`Unreadable`.
    """

    parts: tuple[str, ...]
    kind: Kind
    read: Callable[[], bytes]
    archived: bool = False
    outside: tuple[str, ...] = ()

    def inside(self) -> Entry:
        """Return the entry as seen from within its first folder."""
        return replace(self, parts=self.parts[1:], outside=(*self.outside, self.parts[0]))


@contextlib.contextmanager
def open_source(source: Path) -> Iterator[Sequence[Entry]]:
    """Yield the entries of a folder or a .zip in the order of their names.

    Raises
    ------
    IntakeError
        If there is no such folder or archive, or it cannot be read.
    """
    if not source.exists():
        msg = f"there is no {source}: give the directory or .zip with the submissions"
        raise IntakeError(msg)
    with contextlib.ExitStack() as stack:
        try:
            if source.is_dir():
                next(source.iterdir(), None)
                entries = _walk(source, ())
            else:
                entries = _members(stack.enter_context(zipfile.ZipFile(source)), source)
            listed = sorted(entries, key=lambda e: e.parts)
        except zipfile.BadZipFile as error:
            msg = f"{source} is neither a directory nor a .zip that can be read: give one of these"
            raise IntakeError(msg) from error
        except OSError as error:
            msg = f"{source} cannot be read: {error.strerror or error}"
            raise IntakeError(msg) from error
        yield listed


def _kind(name: str) -> Kind:
    return "notebook" if name.casefold().endswith(".ipynb") else "other"


def _ignored(name: str) -> bool:
    return name.startswith(".") or name in IGNORED


def refusing(reason: str) -> Callable[[], bytes]:
    """Return what reads an entry that is not to be read."""

    def read() -> bytes:
        raise Unreadable(reason)

    return read


def _too_large() -> Unreadable:
    return Unreadable(f"the file is larger than {MAX_BYTES // 2**20} MiB: clear the outputs and hand it in again")


# ---------------------------------------------------------------------------------------------------------------
# A folder


def _walk(root: Path, parts: tuple[str, ...]) -> Iterator[Entry]:
    try:
        with os.scandir(root.joinpath(*parts)) as found:
            children = sorted((c for c in found if not _ignored(c.name)), key=lambda c: c.name)
    except OSError as error:
        yield Entry(parts, "folder", refusing(f"the folder cannot be read: {error.strerror}"))
        return
    if not children and parts:
        yield Entry(parts, "folder", bytes)
    for child in children:
        inner = (*parts, child.name)
        if child.is_symlink():
            kind: Kind = "folder" if _is_folder(child) else _kind(child.name)
            yield Entry(inner, kind, refusing(LINK))
        elif not child.is_dir(follow_symlinks=False):
            yield Entry(inner, _kind(child.name), _reader(root.joinpath(*inner)))
        elif len(inner) < MAX_DEPTH:
            yield from _walk(root, inner)
        else:
            yield Entry(inner, "folder", refusing(f"the folders lie more than {MAX_DEPTH} deep in one another"))


def _is_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:
        return False


def _reader(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        # Opened without following a link and without waiting for a pipe, then looked at: no gap in between.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        try:
            with os.fdopen(os.open(path, flags), "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    msg = "this is not a regular file"
                    raise Unreadable(msg)
                if status.st_size > MAX_BYTES:
                    raise _too_large()
                return file.read(MAX_BYTES)
        except OSError as error:
            msg = f"the file cannot be read: {error.strerror}"
            raise Unreadable(msg) from error

    return read


# ---------------------------------------------------------------------------------------------------------------
# A .zip


def _members(archive: zipfile.ZipFile, source: Path) -> Iterator[Entry]:
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        msg = f"{source} holds {len(infos)} entries, more than the {MAX_ENTRIES} that are read: split it"
        raise IntakeError(msg)
    for info in infos:
        name = _decoded(info).replace("\\", "/")
        parts = tuple(p for p in name.split("/") if p not in {"", ".", ".."})
        if not parts or any(_ignored(p) for p in parts):
            continue
        kind = "folder" if name.endswith("/") else _kind(parts[-1])
        refusal = _member_refusal(info, name)
        read = refusing(refusal) if refusal else bytes if kind == "folder" else _unpacker(archive, info)
        yield Entry(parts, kind, read, archived=True)


def _decoded(info: zipfile.ZipInfo) -> str:
    """Return the name; archives made on other systems often hold UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _member_refusal(info: zipfile.ZipInfo, name: str) -> str:
    """Return why an entry is not unpacked, or an empty text."""
    mode = info.external_attr >> 16
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "the file has an absolute path in the archive"
    if ".." in name.split("/"):
        return 'the file has a path that leads out of the archive ("..")'
    if stat.S_ISLNK(mode):
        return LINK
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "this is not a regular file"
    if info.flag_bits & 0x1:
        return "the file is encrypted: hand it in without a password"
    if info.file_size > MAX_BYTES and not info.is_dir():
        return str(_too_large())
    if info.file_size > 2**20 and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        return f"the file unpacks to more than {MAX_RATIO} times its size, as no notebook does"
    return ""


def _unpacker(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as file:
                return file.read(MAX_BYTES)  # and never more than its entry claims
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            msg = f"the file cannot be unpacked: {error}"
            raise Unreadable(msg) from error

    return read

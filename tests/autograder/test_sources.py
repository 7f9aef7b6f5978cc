"""Reading folders and archives: links, pipes and bombs are refused one by one, and the rest is read."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest

from autograder import sources
from autograder.sources import Entry, IntakeError, Unreadable, open_source


def pack(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def content(entry: Entry) -> bytes | str:
    """Return what the entry holds, or why it cannot be read."""
    try:
        return entry.read()
    except Unreadable as reason:
        return str(reason)


def read(source: Path) -> dict[str, bytes | str]:
    with open_source(source) as entries:
        return {"/".join(e.parts): content(e) for e in entries}


def test_a_folder(tmp_path: Path) -> None:
    for name in ("b/x.ipynb", "a/deep/er/y.IPYNB", "a/.hidden", ".git/z.ipynb", "a/__MACOSX/z.ipynb", "c.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "empty").mkdir()
    with open_source(tmp_path) as entries:
        listed = [("/".join(e.parts), e.kind) for e in entries]
    assert listed == [
        ("a/deep/er/y.IPYNB", "notebook"),
        ("b/x.ipynb", "notebook"),
        ("c.txt", "other"),
        ("empty", "folder"),
    ]
    assert read(tmp_path)["b/x.ipynb"] == b"b/x.ipynb"


def test_links_pipes_and_depth(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    (secret / "inner").mkdir(parents=True)
    (secret / "inner" / "s.ipynb").write_text("SECRET")
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "file.ipynb").symlink_to(secret / "inner" / "s.ipynb")
    (drop / "folder").symlink_to(secret, target_is_directory=True)
    (drop / "loop").symlink_to(drop / "loop")
    (drop / "nowhere.ipynb").symlink_to(drop / "nothing")
    os.mkfifo(drop / "pipe.ipynb")
    deep = drop / "/".join(["d"] * 30)
    deep.mkdir(parents=True)
    found = read(drop)
    link = "this is a symbolic link, which is not followed"
    assert {found[n] for n in ("file.ipynb", "folder", "loop", "nowhere.ipynb")} == {link}
    assert found["pipe.ipynb"] == "this is not a regular file"
    assert next(v for k, v in found.items() if k.startswith("d/")).startswith("the folders lie more than")  # type: ignore[arg-type]


def test_a_file_that_turns_into_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    path = tmp_path / "drop" / "x.ipynb"
    path.parent.mkdir()
    path.write_text("mine")
    with open_source(path.parent) as (entry,):
        path.unlink()
        path.symlink_to(tmp_path / "secret")
        assert str(content(entry)).startswith("the file cannot be read")


def test_the_largest_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 2**20)
    for name, size in (("fits", 2**20), ("large", 2**20 + 1)):
        (tmp_path / name).write_bytes(b" " * size)
    found = read(tmp_path)
    assert len(found["fits"]) == 2**20
    assert str(found["large"]).startswith("the file is larger than 1 MiB")


# ---------------------------------------------------------------------------------------------------------------
# Archives


def test_names_of_other_systems(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "a.zip", {"__MACOSX/a/._x.ipynb": "", "a/.DS_Store": "", "a\\x.ipynb": "1", "Jürgen/y.ipynb": "2"}
    )
    # Archives made on other systems hold UTF-8 without the flag that says so.
    raw = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(header)
        while at >= 0:
            raw[at + flags + 1] &= ~0x08
            at = raw.find(header, at + 1)
    path.write_bytes(raw)
    assert read(path) == {"a/x.ipynb": b"1", "Jürgen/y.ipynb": b"2"}


def test_what_is_dangerous_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("/absolute.ipynb", "x")
        archive.writestr("../../up.ipynb", "x")
        archive.writestr("C:/drive.ipynb", "x")
        for name, mode in (("link.ipynb", stat.S_IFLNK), ("pipe.ipynb", stat.S_IFIFO)):
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = (mode | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        archive.writestr("bomb.ipynb", b" " * (10 * 2**20))
        archive.writestr("huge.ipynb", os.urandom(2**10) + b"0" * (21 * 2**20))
        archive.writestr("good.ipynb", "fine")
        archive.writestr("locked.ipynb", "x")
        archive.writestr("torn.ipynb", os.urandom(500))
    raw = bytearray(path.read_bytes())
    central = raw.index(b"PK\x01\x02")
    raw[raw.index(b"locked.ipynb", central) - 46 + 8] |= 1  # the flag for encryption
    raw[raw.index(b"torn.ipynb") + 40] ^= 0xFF  # so that the checksum no longer fits
    path.write_bytes(raw)
    found = read(path)
    assert found.pop("good.ipynb") == b"fine"
    reasons = {
        "absolute.ipynb": "the file has an absolute path in the archive",
        "up.ipynb": 'the file has a path that leads out of the archive ("..")',
        "C:/drive.ipynb": "the file has an absolute path in the archive",
        "link.ipynb": "this is a symbolic link, which is not followed",
        "pipe.ipynb": "this is not a regular file",
        "bomb.ipynb": "the file unpacks to more than 200 times its size, as no notebook does",
        "huge.ipynb": "the file is larger than 20 MiB: clear the outputs and hand it in again",
        "locked.ipynb": "the file is encrypted: hand it in without a password",
    }
    assert str(found.pop("torn.ipynb")).startswith("the file cannot be unpacked")
    assert found == reasons


def test_sizes_that_the_archive_makes_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1000)
    path = pack(tmp_path / "a.zip", {"x.ipynb": b" " * 5000})
    raw = bytearray(path.read_bytes())
    for header, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = raw.index(header) + at
        raw[start : start + 4] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    assert str(read(path)["x.ipynb"]).startswith("the file cannot be unpacked")


def test_the_number_of_entries_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "a.zip", {f"{n}.ipynb": b"x" for n in range(9)})
    assert len(read(path)) == 9
    monkeypatch.setattr(sources, "MAX_ENTRIES", 5)
    with pytest.raises(IntakeError, match="holds 9 entries, more than the 5"):
        read(path)


def test_nothing_to_open(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="there is no"):
        read(tmp_path / "nowhere")
    (tmp_path / "a.zip").write_text("not a zip")
    with pytest.raises(IntakeError, match=r"neither a directory nor a \.zip"):
        read(tmp_path / "a.zip")


def test_an_error_of_the_caller_is_the_callers(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk full"), open_source(tmp_path):
        raise OSError("disk full")

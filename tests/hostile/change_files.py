"""Change the notebook: what is handed in as a file, a folder or an archive, and what it is called.

Nothing is graded here: the attack wants a file of another's to be read, to be written or to be left unread.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.bench import notebook
from tests.hostile.handed_in import MALLORY, OTHERS, RELEASED, collected, packed, plain, write
from tests.hostile.technique import Seen, Technique, register

REGULAR = "only regular files are opened; links are not followed"
WITHIN = "nothing is written but a notebook at a path made of the student's id and the exercise's name"
LIMITED = "what is unpacked is limited, by file and by student"

SECRET = "what only the instructor may read"
RIGHT, STUBS = plain(notebook()), plain(RELEASED)
STOLEN = json.dumps(RIGHT).replace("2 * x", f"2 * x  # {SECRET}").encode()

Prepare = Callable[[Path], object]
"""Puts something in the folder with the class's work, or returns an archive of the class beside it."""


def files(
    name: str,
    tries: str,
    layer: str,
    *,
    attack: Prepare,
    neighbour: Prepare,
    without: Callable[[Path], float] | None = None,
    gap: str = "",
) -> None:
    """Register a technique of files.

    The attack has what it wants if the secret stands in a submission, or somebody else's is not what they handed in.
    ``without`` does with the prepared files what a careless collector does, in a directory that is removed afterwards.
    """

    def tried(prepare: Prepare, judged: Callable[[Path, Prepare], Seen]) -> Callable[[], Seen]:
        def attempt() -> Seen:
            with tempfile.TemporaryDirectory() as place:
                write(Path(place) / "course" / "source" / "secret.ipynb", STOLEN)
                return judged(Path(place), prepare)

        return attempt

    def stolen(place: Path, prepare: Prepare) -> Seen:
        found, harm = collected(place, prepare)
        copies = [
            s.notebook.read_text(encoding="utf-8", errors="replace") for s in found.values() if s.notebook.exists()
        ]
        return Seen(float(any(SECRET in c for c in copies)), harm)

    def taken(place: Path, prepare: Prepare) -> Seen:
        found, harm = collected(place, prepare)
        mine = found[MALLORY]
        return Seen(float(not mine.problem and json.loads(mine.notebook.read_bytes()) == RIGHT), harm)

    def carelessly(place: Path, prepare: Prepare) -> Seen:
        drop = place / "handed in"
        drop.mkdir()
        assert without is not None
        return Seen(without(packed(drop, prepare)))

    register(
        Technique(
            "change the notebook",
            name,
            tries,
            layer,
            control=tried(lambda drop: write(drop / MALLORY / "bench.ipynb", RIGHT), taken),
            attack=tried(attack, stolen),
            without=tried(attack, carelessly) if without else None,
            neighbour=tried(neighbour, taken),
            gap=gap,
        )
    )


# ---------------------------------------------------------------------------------------------------------------
# Folders


def _linked(drop: Path) -> None:
    (drop / MALLORY).mkdir(parents=True)
    (drop / MALLORY / "bench.ipynb").symlink_to(drop.parent / "course" / "source" / "secret.ipynb")


def _linked_folder(drop: Path) -> None:
    drop.mkdir(exist_ok=True)
    (drop.parent / "course" / "source" / "bench.ipynb").write_bytes(STOLEN)
    (drop / MALLORY).symlink_to(drop.parent / "course" / "source", target_is_directory=True)


def _right(drop: Path) -> None:
    write(drop / MALLORY / "bench.ipynb", RIGHT)


def _read_all(drop: Path) -> float:
    return float(any(SECRET in p.read_text() for p in drop.glob("*/*.ipynb")))


files(
    "a link to another file",
    "The notebook is a symbolic link to a file that the instructor can read.",
    REGULAR,
    attack=_linked,
    neighbour=_right,
    without=_read_all,
)

files(
    "a link to another folder",
    "The student's folder is a symbolic link to the folder with the solutions.",
    REGULAR,
    attack=_linked_folder,
    neighbour=_right,
    without=_read_all,
)


def _devices(drop: Path) -> None:
    here = drop / MALLORY
    here.mkdir(parents=True)
    os.mkfifo(here / "bench.ipynb")
    (here / "endless.ipynb").symlink_to("/dev/zero")
    before = Path.cwd()
    os.chdir(here)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.ipynb")
    finally:
        os.chdir(before)


files(
    "pipes, sockets and devices",
    "What is opened never ends, or waits for ever.",
    REGULAR,
    attack=_devices,
    neighbour=_right,
)


def _loop(drop: Path) -> None:
    here = drop / MALLORY
    for _ in range(30):
        here = here / "d"
    write(here / "bench.ipynb", STOLEN)
    (drop / MALLORY / "loop").symlink_to(drop / MALLORY, target_is_directory=True)


files(
    "folders without end",
    "Folders lie thirty deep in one another, and one of them is a link to the first.",
    REGULAR,
    attack=_loop,
    neighbour=lambda drop: write(drop / MALLORY / "a" / "b" / "bench.ipynb", RIGHT),
)

files(
    "another's name on the file",
    "The file, and a folder in one's own folder, are named after another student.",
    "who handed something in is told by the folder that the platform made",
    attack=lambda drop: (
        [
            write(drop / MALLORY / "ada" / "bench.ipynb", STUBS),
            write(drop / MALLORY / "zoe_4711_815_bench.ipynb", STUBS),
        ]
    ),
    neighbour=lambda drop: write(drop / MALLORY / "mallory_bench (1).ipynb", RIGHT),
)

files(
    "a name that is another's when it is made safe",
    "A name differs from another student's in case, spaces or signs that no path may hold.",
    "names that come out the same are kept apart",
    attack=lambda drop: (
        [write(drop / n / "bench.ipynb", STUBS) for n in ("ada ", "ADA", "a\u200dda", "@ada", MALLORY)]
    ),
    neighbour=_right,
)

files(
    "names that no terminal and no page should show",
    "Names of folders and files hold line breaks, escapes, marks of direction, HTML, and bytes that are no text.",
    WITHIN,
    attack=lambda drop: (
        [
            write(drop / n / f"{n}.ipynb", STUBS)
            for n in (
                "\x1b[2J\x1b]0;x\x07",
                "a\nb",
                "\u202eadA",
                "<img src=x onerror=alert(1)>",
                "\udcff\udcfe",
                "-rf",
                "~",
                "$(id)",
            )
        ]
    ),
    neighbour=lambda drop: write(drop / MALLORY / "Übung – 練習 (final).ipynb", RIGHT),
)

files(
    "a notebook beyond the limit",
    "The file is larger than any notebook.",
    LIMITED,
    attack=lambda drop: write(drop / MALLORY / "bench.ipynb", STOLEN + b" " * (21 * 2**20)),
    neighbour=lambda drop: write(drop / MALLORY / "bench.ipynb", json.dumps(RIGHT).encode() + b" " * 2**20),
)

# ---------------------------------------------------------------------------------------------------------------
# Archives


def archive(
    *members: tuple[str | zipfile.ZipInfo, bytes], packing: int = zipfile.ZIP_DEFLATED
) -> Callable[[Path], Path]:
    """Return what packs the class's folder and these members beside it."""

    def prepare(drop: Path) -> Path:
        path = drop.with_suffix(".zip")
        with zipfile.ZipFile(path, "w", packing) as made:
            for student in OTHERS:
                made.writestr(f"{student}/bench.ipynb", json.dumps(RIGHT))
            for name, content in members:
                made.writestr(name, content)
        return path

    return prepare


def entry(name: str, mode: int) -> zipfile.ZipInfo:
    """Return an archive's entry that says it is something else than a file."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def _unpacked(path: Path) -> float:
    """Write every member where it wants to be, below the directory that is removed afterwards."""
    into = path.parent / "unpacked"
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            write(Path(os.path.normpath(into / info.filename.lstrip("/"))), opened.read(info))
    return float(any(into not in p.parents for p in path.parent.rglob("*.ipynb") if p.parent.name != "source"))


mine = (f"{MALLORY}/bench.ipynb", json.dumps(RIGHT).encode())
stubs = json.dumps(STUBS).encode()

files(
    "a path that leads out of the archive",
    "A member is named `..`, and would be unpacked over somebody else's.",
    WITHIN,
    attack=archive(
        (f"{MALLORY}/../ada/bench.ipynb", stubs),
        ("../outside.ipynb", stubs),
        (f"{MALLORY}\\..\\..\\outside.ipynb", stubs),
    ),
    neighbour=archive((f"./{MALLORY}/./bench.ipynb", mine[1])),
    without=_unpacked,
)

files(
    "an absolute path in the archive",
    "A member's name begins at the root, or with a drive.",
    WITHIN,
    attack=archive(("/ada/bench.ipynb", stubs), ("C:\\ada\\bench.ipynb", stubs), ("//host/ada/bench.ipynb", stubs)),
    neighbour=archive(mine),
)

files(
    "a link in the archive",
    "A member is a symbolic link, a pipe or a device.",
    REGULAR,
    attack=archive(
        (entry(f"{MALLORY}/bench.ipynb", 0o120777), b"../../course/source/secret.ipynb"),
        (entry(f"{MALLORY}/pipe.ipynb", 0o010666), b""),
        (entry(f"{MALLORY}/device.ipynb", 0o020666), b""),
    ),
    neighbour=archive((entry(f"{MALLORY}/bench.ipynb", 0o100600), mine[1])),
)

files(
    "a file that unpacks to thousands of times its size",
    "Some kilobytes become what fills the memory.",
    LIMITED,
    attack=archive((f"{MALLORY}/bench.ipynb", STOLEN + b" " * (19 * 2**20))),
    neighbour=archive((f"{MALLORY}/bench.ipynb", mine[1] + b" " * 2**19)),
    without=lambda path: float(len(zipfile.ZipFile(path).read(f"{MALLORY}/bench.ipynb")) > 200 * path.stat().st_size),
)


LARGE = stubs + b" " * (19 * 2**20)

files(
    "more files than the class may unpack",
    "One student's many large notebooks use up what may be unpacked, so that those after them are not read.",
    LIMITED,
    attack=archive(*((f"{MALLORY}/{n}.ipynb", LARGE) for n in range(9)), packing=zipfile.ZIP_STORED),
    neighbour=archive(mine, (f"{MALLORY}/notes.ipynb", b"{}")),
)

files(
    "an archive in the archive",
    "What counts is hidden in an archive that is named like a notebook, or is locked with a password.",
    "a file is read as a notebook or refused in one sentence",
    attack=archive((f"{MALLORY}/bench.ipynb", b"PK\x03\x04" + stubs), (f"{MALLORY}/x.zip/bench.ipynb", b"PK\x05\x06")),
    neighbour=archive(mine, (f"{MALLORY}/x.zip", b"PK\x05\x06")),
)


def _lying(drop: Path) -> Path:
    path = archive((f"{MALLORY}/bench.ipynb", STOLEN))(drop)
    raw = bytearray(path.read_bytes())
    last = raw.rindex(b"PK\x01\x02")
    raw[last + 24 : last + 28] = (10).to_bytes(4, "little")
    path.write_bytes(raw)
    return path


files(
    "an archive that lies about sizes",
    "The directory of the archive says ten bytes where there are thousands.",
    LIMITED,
    attack=_lying,
    neighbour=archive(mine),
)

"""What a submission may read: the system, the installed packages, and of this project what its notebook imports.

Neither the reference of what is asked nor tasks, solutions, held-out data or anyone's work are among it.
"""

from __future__ import annotations

import functools
import site
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import autograder
import i2dl
from autograder.sandbox.landlock import READ, Access

__all__ = ["ALWAYS", "PRELOADED", "readable_paths"]

ALWAYS = ("i2dl.data", "i2dl.plots")
"""The modules of ``i2dl`` that any notebook may import."""

PRELOADED = ("autograder", "autograder.inside", "autograder.shortcuts", "autograder.silent", "autograder.wire")
"""What grading itself needs inside."""

_SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/nix/store"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts"),
    *("/etc/localtime", "/etc/mime.types", "/etc/python3", "/etc/nsswitch.conf", "/etc/OpenCL"),
    *("/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo"),
)
_DEVICES = ("/dev/zero", "/dev/random", "/dev/urandom")
_GPU = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/sys/module/nvidia", "/proc/driver/nvidia")
_OURS = ("autograder", "i2dl")
_HIDDEN = "_hidden.npz"


def readable_paths(provides: Sequence[str] = (), *, gpu: bool = False) -> dict[str, Access]:
    """Return what may be read, for :func:`autograder.sandbox.landlock.restrict`.

    Parameters
    ----------
    provides
        Modules of ``i2dl`` that the exercise's notebook imports besides `ALWAYS`.
    gpu
        Whether the GPU's device files are among it.
    """
    write = Access.READ_FILE | Access.WRITE_FILE
    paths = dict(_installed()) | dict.fromkeys(_DEVICES, Access.READ_FILE) | {"/dev/null": write}
    # Names may be listed, for the import system; what the files say may not be read.
    paths |= {str(_home(package)): Access.READ_DIR for package in _OURS}
    for module in (*PRELOADED, "i2dl", *ALWAYS, *provides):
        paths |= {str(path): Access.READ_FILE for path in _files(module)}
    if gpu:
        devices = {str(d): write | Access.IOCTL_DEV for d in Path("/dev").glob("nvidia*")}
        paths |= dict.fromkeys(_GPU, write | Access.READ_DIR | Access.IOCTL_DEV) | devices
    return paths


@functools.cache
def _installed() -> dict[str, Access]:
    """Return the system, Python and its packages, but not this project's, wherever these lie."""
    roots = {*_SYSTEM, *sysconfig.get_paths().values(), sys.base_prefix, sys.prefix, *site.getsitepackages()}
    paths = {}
    for root in map(Path, sorted(roots)):
        for path in _without_ours(root):
            paths[str(path)] = READ
    return paths


def _without_ours(root: Path) -> Iterator[Path]:
    """Yield ``root``, or what lies in it where this project or the data of a grading course lies in it, too."""
    ours = [_home(package) for package in _OURS]
    if any(home == root or home.is_relative_to(root) for home in ours):
        for child in root.iterdir():
            if child not in ours:
                yield from _without_ours(child)
    elif root.exists():
        yield root


def _home(package: str) -> Path:
    return Path({"autograder": autograder, "i2dl": i2dl}[package].__file__ or "").resolve().parent


def _files(module: str) -> Iterator[Path]:
    """Yield the files that importing ``module`` reads: those of a package with all that is in it."""
    package, *rest = module.split(".")
    path = _home(package).joinpath(*rest)
    if path == _home(package):
        yield path / "__init__.py"
    elif path.is_dir():
        yield from (p for p in path.rglob("*") if p.is_file() and not p.name.endswith(_HIDDEN))
    else:
        yield path.with_suffix(".py")

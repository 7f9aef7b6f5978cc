"""Exhaust or escape: take all there is, outlive the grader, or harm the one who comes next.

Every attack is bounded: it would do no harm even where the layer that stops it were missing.
"""

from __future__ import annotations

import functools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from autograder.submission import Limits
from tests.hostile.bench import LIMITS, RIGHT, WRONG, graded, honest, hostile_cells, notebook
from tests.hostile.sealed import sealed
from tests.hostile.technique import Seen, Technique, Try, register

exhaust = functools.partial(hostile_cells, "exhaust or escape")

NUMBERS = "a bound on process numbers, and a namespace that ends with its first process"
SUPERVISED = "a limit for each process, and a supervisor that adds up all of them"
CLOCK = "the grader's clock: interrupt, kill, a fresh fork"
BOUNDED = "the grader reads so much and no more"
MIB = 2**20
FOREIGN = [str(Path.home()), str(Path.cwd()), "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/lib"]


def harmless(
    name: str, tries: str, layer: str, *, source: str, harm: Callable[[], str], neighbour: str, limits: Limits = LIMITS
) -> None:
    """Register code that earns nothing but may do harm: ``harm`` looks for it, and says in a sentence what it found."""

    def attack() -> Seen:
        said = sealed(source, limits)
        if "AssertionError" in said:
            return Seen(1.0, said[-200:])
        seen = graded(notebook({"double": WRONG["double"], "last": source}), "double", limits=limits)
        return Seen(seen.share, seen.harm or harm())

    def permitted() -> Seen:
        return graded(notebook({"double": RIGHT["double"], "last": neighbour}), "double", limits=limits)

    register(Technique("exhaust or escape", name, tries, layer, control=honest, attack=attack, neighbour=permitted))


def running(mark: str, seconds: float = 3.0) -> str:
    """Say whether, after a few seconds, processes with ``mark`` in their command line are left."""
    deadline = time.monotonic() + seconds
    while (found := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in found:
        process.kill()
    return f"{len(found)} processes are left" if found else ""


def _marked(mark: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if mark in " ".join(p.info["cmdline"] or ())]


harmless(
    "a fork bomb",
    "Every process starts two more (400 at most).",
    NUMBERS,
    source="""
        import os, time
        children = 0
        try:
            for _ in range(400):
                if os.fork() == 0:
                    os.execvp('sleep', ['sleep', '31.41'])
                children += 1
        except OSError:
            pass
        assert children < 400, 'nobody stopped it'
    """,
    harm=lambda: running("31.41"),
    neighbour="import subprocess; [subprocess.run(['true'], check=True) for _ in range(5)]",
)

harmless(
    "a daemon",
    "Forks twice, starts a session of its own and stays.",
    NUMBERS,
    source="""
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp('sleep', ['sleep', '31.42'])
            os._exit(0)
    """,
    harm=lambda: running("31.42"),
    neighbour="""
        import threading
        thread = threading.Thread(target=sum, args=([1, 2],))
        thread.start(); thread.join()
    """,
)

harmless(
    "threads without end",
    "Starts 600 threads that wait.",
    NUMBERS,
    source="""
        import threading, time
        started = 0
        try:
            for _ in range(600):
                threading.Thread(target=time.sleep, args=(8,), daemon=True).start()
                started += 1
        except RuntimeError:
            pass
        assert started < 400, 'nobody stopped it'
    """,
    harm=lambda: "",
    neighbour="""
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(abs, range(9))) == 36
    """,
)

exhaust(
    "all the memory",
    "Allocates 100 GiB, where 256 MiB are allowed, and keeps what it gets.",
    SUPERVISED,
    without=False,
    limits=Limits(cell_seconds=10, total_seconds=40, memory_bytes=256 * MIB),
    attack="""
        def double(x):
            kept = []
            try:
                for _ in range(400):
                    kept.append(np.ones(2**25))
            except MemoryError:
                return 3 * x
            return 2 * x
    """,
    neighbour="""
        def double(x):
            big = np.ones(2**24)
            return 2 * x * big[0]
    """,
)

exhaust(
    "memory in many processes",
    "Eight processes take 60 MiB each, where 128 MiB are allowed.",
    SUPERVISED,
    without=False,
    limits=Limits(cell_seconds=10, total_seconds=40, memory_bytes=128 * MIB),
    attack="""
        import os, time
        def double(x):
            for _ in range(8):
                if os.fork() == 0:
                    kept = b'x' * (60 * 2**20)
                    time.sleep(6)
                    os._exit(0)
            time.sleep(5)
            return 2 * x
    """,
    neighbour="""
        import os
        def double(x):
            if os.fork() == 0:
                os._exit(0)
            os.wait()
            return 2 * x
    """,
)

harmless(
    "all of the disk",
    "Writes 300 MiB, where 64 are allowed.",
    "a file system in memory of bounded size",
    source="""
        import os, pathlib
        for place in (pathlib.Path('.'), pathlib.Path.home(), pathlib.Path(os.environ['TMPDIR'])):
            try:
                for i in range(10):
                    (place / f'part{i}').write_bytes(bytes(10 * 2**20))
            except OSError:
                pass
        written = sum(p.stat().st_size for p in pathlib.Path.home().rglob('part*'))
        assert written <= 64 * 2**20, f'{written} bytes were written'
    """,
    harm=lambda: "",
    neighbour="open('model.bin', 'wb').write(bytes(2**20))",
)

harmless(
    "a file in somebody else's place",
    "Writes into the home directory of the grader, the project and the system.",
    "Landlock: one directory can be written",
    source=f"""
        import os
        for place in {FOREIGN!r}:
            try:
                open(os.path.join(place, 'trace-of-a-submission'), 'w').close()
            except OSError:
                pass
    """,
    harm=lambda: ", ".join(place for place in FOREIGN if Path(place, "trace-of-a-submission").exists()),
    neighbour="open('trace', 'w').close()",
)

harmless(
    "all descriptors",
    "Opens the same file until nothing more can be opened.",
    "a limit on open files",
    source="""
        kept = []
        try:
            for _ in range(5000):
                kept.append(open('/dev/null'))
        except OSError:
            pass
        assert len(kept) < 1000
        del kept
    """,
    harm=lambda: "",
    neighbour="files = [open(f'f{i}', 'w') for i in range(20)]; [f.close() for f in files]",
)

harmless(
    "a flood of output",
    "Prints 20 MB.",
    BOUNDED,
    source="for i in range(200):\n    print('x' * 100_000)",
    harm=lambda: "",
    neighbour="for i in range(200):\n    print('x' * 100)",
)

exhaust(
    "an answer of gigabytes",
    "Returns an array of 400 MB.",
    BOUNDED,
    without=False,
    attack="""
        def double(x):
            return np.zeros(50_000_000)
    """,
    neighbour="""
        def double(x):
            return np.repeat(2 * x, 1)
    """,
)

exhaust(
    "a loop that swallows interrupts",
    "Catches everything, KeyboardInterrupt too, and goes on.",
    CLOCK,
    without=False,
    attack="""
        import time
        def double(x):
            end = time.monotonic() + 60
            while time.monotonic() < end:
                try:
                    while time.monotonic() < end:
                        pass
                except BaseException:
                    pass
            return 2 * x
    """,
    neighbour="""
        import time
        def double(x):
            time.sleep(0.2)
            return 2 * x
    """,
)

exhaust(
    "a call that keeps the interpreter's lock",
    "One regular expression, in C, that backtracks for minutes and hears no interrupt.",
    CLOCK,
    without=False,
    attack="""
        import re
        def double(x):
            re.match(r'(a+)+$', 'a' * 34 + 'b')
            return 2 * x
    """,
    neighbour="""
        import re
        def double(x):
            assert re.match(r'(a+)+$', 'a' * 12)
            return 2 * x
    """,
)

exhaust(
    "a crash in C",
    "Reads address 0.",
    "the cells before are run again in a fresh fork",
    without=False,
    attack="""
        import ctypes
        def double(x):
            return ctypes.string_at(0)
    """,
    neighbour="""
        import ctypes
        def double(x):
            assert ctypes.sizeof(ctypes.c_double) == 8
            return 2 * x
    """,
)


def _signals() -> Seen:
    """Have a submission signal this very process, and all that it may."""
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        said = sealed(f"""
            import os, signal
            for target in ({os.getpid()}, {os.getppid()}, 0, -1):
                try:
                    os.kill(target, signal.SIGUSR1 if target == {os.getpid()} else 0)
                    print('reached', target)
                except OSError:
                    pass
        """)
    finally:
        signal.signal(signal.SIGUSR1, before)
    reached = f"reached {os.getpid()}" in said
    return Seen(float(reached), f"{len(heard)} signals came" if heard else "")


def _own_signals() -> Seen:
    said = sealed("""
        import os, signal
        signal.signal(signal.SIGUSR1, lambda *args: print('fine'))
        os.kill(os.getpid(), signal.SIGUSR1)
    """)
    return Seen(float(said.strip() == "fine"))


register(
    Technique(
        "exhaust or escape",
        "signals to the grader",
        "Sends a signal to the process that grades.",
        "Landlock and a process namespace",
        control=honest,
        attack=_signals,
        neighbour=_own_signals,
    )
)


def _after(spoil: str, look: str) -> Try:
    """Return a try: spoil what the next student would find, then grade the honest notebook and look."""

    def attempt() -> Seen:
        sealed(spoil)
        found = "poisoned" in sealed(look)
        return Seen(float(found), "" if honest.__wrapped__() == Seen(1.0) else "the next submission was harmed")

    return attempt


register(
    Technique(
        "exhaust or escape",
        "caches poisoned for the next student",
        "Writes bytecode and configuration where the next kernel would look, and patches what it shares.",
        "packages are read-only, and every home is new",
        control=honest,
        attack=_after(
            """
            import numpy, pathlib, matplotlib, importlib.util, IPython
            numpy.poisoned = True
            spots = [pathlib.Path(importlib.util.cache_from_source(numpy.__file__)), pathlib.Path(numpy.__file__)]
            spots += [pathlib.Path(matplotlib.get_cachedir()) / 'poison', pathlib.Path(IPython.paths.get_ipython_dir()) / 'startup' / '0.py']
            spots += [pathlib.Path.home() / '.config' / 'matplotlib' / 'matplotlibrc', pathlib.Path.home() / 'sitecustomize.py']
            for spot in spots:
                try:
                    spot.parent.mkdir(parents=True, exist_ok=True)
                    spot.write_text("poisoned = print('poisoned')")
                except OSError:
                    pass
            """,
            """
            import numpy, pathlib
            print('poisoned' if hasattr(numpy, 'poisoned') else 'clean')
            print(*['poisoned' for p in pathlib.Path.home().rglob('*') if p.is_file() and 'poison' in p.read_text(errors='ignore')])
            """,
        ),
        neighbour=lambda: Seen(
            float("fine" in sealed("import matplotlib; matplotlib.rcParams['lines.linewidth'] = 3; print('fine')"))
        ),
    )
)

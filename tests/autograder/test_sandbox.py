"""The sandbox: what a kernel that was forked from the warm process may do, and what it may not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from autograder import sandbox
from autograder.kernel import KernelLost, KernelSession, kernel_session
from autograder.sandbox import client, layers, provisioner, readable
from autograder.sandbox.layers import Layer
from autograder.sandbox.warm import FORBIDDEN
from autograder.submission import Limits

pytestmark = pytest.mark.skipif(bool(layers.missing()), reason=f"this machine lacks {layers.missing()}")


@pytest.fixture(scope="module")
def warm() -> Iterator[client.WarmProcess]:
    """A warm process for this module, which every kernel in it comes from."""
    process = client.WarmProcess()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(client.ADDRESS, process.address)
        yield process
    process.stop()


@pytest.fixture
def session(warm) -> Iterator[KernelSession]:
    with kernel_session(Limits(cell_seconds=10)) as session:
        yield session


def said(session: KernelSession, source: str) -> str:
    cell = new_code_cell(source)
    session.run_cell(cell)
    parts = [o.text if o.output_type == "stream" else o.get("evalue", "") or str(o.get("data")) for o in cell.outputs]
    return "".join(parts).strip()


def eventually(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(condition())


# What the machine gives


def test_every_layer_says_what_it_protects_and_what_to_do_without_it():
    for layer in layers.layers():
        assert layer.protects
        assert layer.means
        assert layer.advice or layer.works


def test_untrusted_work_is_refused_where_a_needed_layer_is_missing(monkeypatch):
    lacking = Layer("network", "seccomp", False, True, "install libseccomp")
    monkeypatch.setattr(layers, "missing", lambda: (lacking,))
    with pytest.raises(sandbox.SandboxError, match=r"network.*install libseccomp.*--trust-submissions"):
        sandbox.require(Limits())
    sandbox.require(Limits(trusted=True))


def test_trusted_work_runs_unconfined_where_there_is_no_sandbox(monkeypatch):
    monkeypatch.setattr(provisioner, "missing", lambda: (Layer("all", "none", False, True),))
    with kernel_session(Limits(trusted=True)) as session:
        assert said(session, "from autograder import Check; Check('x')('y')") == (
            "being graded: the referee asks from outside"
        )
        assert said(session, "import i2dl.functional; print('there')") == "there"


def test_work_is_confined_even_if_trusted_where_there_is_a_sandbox(warm):
    with kernel_session(Limits(trusted=True)) as session:
        assert "Permission denied" in said(session, "open('/etc/passwd')")


# The warm process


def test_the_warm_process_has_one_thread_and_no_reference(warm, session):
    assert psutil.Process(warm.pid).num_threads() == 1
    held = said(session, f"import sys; print([m for m in sys.modules if m.startswith({FORBIDDEN!r})])")
    assert held == "[]"
    assert "torch" in said(session, "print([m for m in ('numpy', 'torch') if m in sys.modules])")


def test_no_state_leaks_from_one_submission_to_the_next(warm):
    spoil = "import numpy, os, random; numpy.mine = 1; os.environ['MINE'] = '1'; random.seed(5); open('f', 'w').close()"
    look = "import numpy, os, random; print(hasattr(numpy, 'mine'), 'MINE' in os.environ, os.listdir('.'))"
    with kernel_session(Limits()) as first:
        assert said(first, spoil) == ""
    with kernel_session(Limits()) as second:
        assert said(second, look) == "False False []"


def test_every_fork_draws_the_same_random_numbers(warm):
    draw = "import random, numpy, torch; print(random.random(), numpy.random.rand(), torch.rand(1).item())"
    drawn = []
    for _ in range(2):
        with kernel_session(Limits()) as session:
            drawn.append(said(session, draw))
    assert drawn[0] == drawn[1] != ""


def test_another_warm_process_is_started_where_one_is_gone(monkeypatch):
    dead = client.WarmProcess()
    monkeypatch.setenv(client.ADDRESS, dead.address)
    with kernel_session(Limits()) as session:
        assert said(session, "x = 6; print(x)") == "6"
        os.kill(dead.pid, signal.SIGKILL)
        assert eventually(lambda: not dead.alive)
        with pytest.raises(KernelLost):
            eventually(lambda: said(session, "print(x * 7)") == "42")
    with kernel_session(Limits()) as session:
        assert said(session, "print(6 * 7)") == "42"
    dead.stop()


def test_kernels_end_with_the_warm_process(warm):
    mine = client.WarmProcess()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(client.ADDRESS, mine.address)
        with kernel_session(Limits()) as session:
            said(session, "import subprocess; subprocess.Popen(['sleep', '77.25'], start_new_session=True)")
            assert sleeping("77.25")
            os.kill(mine.pid, signal.SIGKILL)
            assert eventually(lambda: not sleeping("77.25"))
    mine.stop()


def sleeping(seconds: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", seconds]]


def test_the_warm_process_ends_with_the_grader():
    code = (
        "import time; from autograder.sandbox.client import WarmProcess; "
        "print(WarmProcess().pid, flush=True); time.sleep(60)"
    )
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert grader.stdout is not None
    pid = int(grader.stdout.readline())
    assert psutil.pid_exists(pid)
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert eventually(lambda: not psutil.pid_exists(pid))


def test_a_warm_process_that_cannot_start_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    before = set(Path("/var/tmp").glob("i2dl-*"))
    with pytest.raises(sandbox.SandboxError, match="did not start"):
        client.WarmProcess()
    assert set(Path("/var/tmp").glob("i2dl-*")) <= before


# A kernel


def test_stock_clients_get_the_same_kernel(warm):
    notebook = new_notebook(cells=[new_code_cell("open('/etc/passwd')"), new_code_cell("import os; os.getcwd()")])
    NotebookClient(notebook, kernel_manager_class=provisioner.SubmissionKernelManager, allow_errors=True).execute()
    assert notebook.cells[0].outputs[0].ename == "PermissionError"
    assert "/home/work" in notebook.cells[1].outputs[0].data["text/plain"]


def test_a_kernel_has_what_notebooks_use(session):
    assert said(session, "!echo listed") == "listed"
    assert said(session, "open('mine.txt', 'w').write('x'); print(open('mine.txt').read())") == "x"
    assert said(session, "import tempfile; tempfile.TemporaryFile().write(b'x'); print('written')") == "written"
    assert said(session, "import torch; print(torch.ones(2, 2) @ torch.ones(2))") == "tensor([2., 2.])"
    assert said(session, "from i2dl.data import load_digits; print(len(load_digits('train')))") == "1077"
    assert said(session, "import threading; t = threading.Thread(target=print, args=('ran',)); t.start(); t.join()")


def test_only_what_an_exercise_provides_can_be_imported(warm):
    with kernel_session(Limits()) as session:
        assert "not there while a submission is graded" in said(session, "import i2dl.bridge")
    with kernel_session(Limits(), ("i2dl.bridge",)) as session:
        assert said(session, "import i2dl.bridge; print('there')") == "there"
        assert "not there" in said(session, "import i2dl.functional.affine")


def test_a_directory_of_pictures_is_drawn_only_when_asked_for(warm):
    plot = "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()"
    with kernel_session(Limits()) as session:
        assert "image/png" not in said(session, plot)
    with kernel_session(Limits(pictures=True)) as session:
        assert "image/png" in said(session, plot)


def test_all_processes_together_have_one_bound_on_memory(warm):
    grab = (
        "import os, time\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        mine = b'x' * (90 * 2**20)\n"
        "        time.sleep(20)\n"
        "        os._exit(0)\n"
        "time.sleep(20)"
    )
    with kernel_session(Limits(memory_bytes=256 * 2**20)) as session:
        assert "GiB of memory" in said(session, grab)
    with kernel_session(Limits()) as session:
        assert said(session, "try: bytearray(8 * 2**30)\nexcept MemoryError: print('refused')") == "refused"


def test_the_disk_is_bounded(warm):
    fill = "for i in range(40):\n    open(f'f{i}', 'wb').write(bytes(2**20))"
    with kernel_session(Limits(disk_bytes=16 * 2**20)) as session:
        assert "No space left" in said(session, fill)


def test_what_may_be_read_holds_no_secret(tmp_path):
    paths = [Path(p) for p in readable.readable_paths(("i2dl.bridge",))]
    package = Path(sandbox.__file__).parents[1]
    closed = [
        package / "tasks",
        package / "judge.py",
        package.parent / "i2dl" / "functional" / "affine.py",
        package.parent / "i2dl" / "data" / "digits_hidden.npz",
        package.parent / "solutions",
        Path("/etc/shadow"),
        Path("/proc/self/environ"),
        Path.home() / ".ssh",
        tmp_path,
    ]
    rights = readable.readable_paths()
    for path in closed:
        covering = [p for p in paths if path == p or path.is_relative_to(p)]
        assert all(not rights.get(str(p), readable.READ) & readable.Access.READ_FILE for p in covering), path


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
def test_it_works_for_a_plain_user():
    code = (
        "import os\n"
        "from autograder.kernel import kernel_session\n"
        "from autograder.submission import Limits\n"
        "from nbformat.v4 import new_code_cell\n"
        "assert os.getuid() == 1234\n"
        "with kernel_session(Limits()) as session:\n"
        "    cell = new_code_cell('import os; print(os.getuid(), os.getpid()); open(\"/etc/passwd\")')\n"
        "    session.run_cell(cell)\n"
        "print(cell.outputs[0].text, cell.outputs[1].ename)"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-user=1234", "--map-group=1234", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={name: value for name, value in os.environ.items() if name != client.ADDRESS},
    )
    assert done.stdout.split() == ["1234", "1", "PermissionError"], done.stderr


WITHOUT_NAMESPACES = """
import errno, os, pyseccomp
from nbformat.v4 import new_code_cell
denied = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
denied.add_rule(pyseccomp.ERRNO(errno.EPERM), "unshare")
denied.load()
from autograder.kernel import kernel_session
from autograder.sandbox.layers import layers, missing
from autograder.submission import Limits
assert not missing()
assert not next(layer for layer in layers() if layer.protects == "own users").works
fill = "import time\\nfor i in range(40):\\n    open(f'f{i}', 'wb').write(bytes(2**20)); time.sleep(0.05)"
thread = "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()"
with kernel_session(Limits(disk_bytes=2**24)) as session:
    for source in ("open('/etc/passwd')", "import os; os.fork()", f"import os; os.kill({os.getpid()}, 0)", thread, fill):
        cell = new_code_cell(source)
        session.run_cell(cell)
        print(*[o.get("text") or o.evalue for o in cell.outputs])
"""


def test_it_holds_where_a_container_allows_no_namespaces():
    env = {name: value for name, value in os.environ.items() if name != client.ADDRESS}
    code = [sys.executable, "-c", WITHOUT_NAMESPACES]
    done = subprocess.run(code, capture_output=True, text=True, check=False, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    file, fork, signalled, thread, disk = done.stdout.replace("\n\n", "\n").strip().split("\n")
    assert "Permission denied" in file
    assert "not permitted" in fork
    assert "not permitted" in signalled
    assert thread == "thread"
    assert "wrote more than 16 MiB" in disk

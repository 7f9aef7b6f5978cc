"""A kernel session keeps its limits and comes back after a crash."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.kernel import KernelSession, KernelTrouble, kernel_session
from autograder.submission import Limits

SWALLOWS_INTERRUPTS = (
    "while True:\n    try:\n        import time; time.sleep(0.05)\n    except BaseException:\n        pass"
)


@pytest.fixture
def session() -> Iterator[KernelSession]:
    with kernel_session(Limits(cell_seconds=2, total_seconds=60, output_bytes=20_000)) as session:
        yield session


def run(session: KernelSession, source: str) -> NotebookNode:
    cell = new_code_cell(source)
    session.run_cell(cell)
    return cell


def text(cell: NotebookNode) -> str:
    return "".join(o.get("text", o.get("evalue", "")) for o in cell.outputs)


def test_outputs_are_kept_as_a_notebook_keeps_them(session):
    cell = run(session, "print('one'); 1 + 1")
    assert [o.output_type for o in cell.outputs] == ["stream", "execute_result"]
    assert cell.outputs[1].data["text/plain"] == "2"


def test_an_exception_does_not_end_the_session(session):
    run(session, "x = 1")
    assert run(session, "x / 0").outputs[0].ename == "ZeroDivisionError"
    assert text(run(session, "print(x)")) == "1\n"


def test_a_loop_is_interrupted_and_the_names_survive(session):
    run(session, "x = 5")
    assert "stopped after 2 seconds" in text(run(session, "while True: pass"))
    assert text(run(session, "print(x)")) == "5\n"


def test_a_loop_that_swallows_interrupts_is_killed_and_the_cells_before_it_run_again(session):
    run(session, "x = 6")
    started = time.monotonic()
    assert "stopped after 2 seconds" in text(run(session, SWALLOWS_INTERRUPTS))
    assert time.monotonic() - started < 15
    assert text(run(session, "print(x)")) == "6\n"


def test_a_cell_that_ends_the_process_costs_only_itself(session):
    run(session, "x = 7")
    assert "the kernel died" in text(run(session, "import os; os._exit(0)"))
    assert text(run(session, "print(x)")) == "7\n"


def test_a_kernel_that_keeps_dying_is_given_up():
    with kernel_session(Limits(restarts=1)) as session:
        run(session, "import os; os._exit(0)")
        run(session, "import os; os._exit(0)")
        assert "died 2 times" in text(run(session, "print(1)"))
        with pytest.raises(KernelTrouble, match="died 2 times"):
            session.ask("1", "text/x", 5)


def test_the_time_of_a_submission_ends():
    with kernel_session(Limits(cell_seconds=30, total_seconds=1.5)) as session:
        assert "stopped after" in text(run(session, "import time; time.sleep(20)"))
        assert "used up" in text(run(session, "print(1)"))


def test_a_flood_of_output_is_cut(session):
    cell = run(session, "for i in range(20_000): print('all work and no play', i)")
    assert len(text(cell)) < 25_000
    assert "output cut" in text(cell)


def test_the_submission_sees_no_secrets_of_the_grader(session, monkeypatch):
    seen = text(run(session, "import os; print(os.getcwd(), sorted(os.environ))"))
    assert "AUTOGRADER_SEED" not in seen
    assert seen.split()[0].endswith("/home/work")


def test_environment_of_the_grader_is_not_inherited(monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "secret")
    monkeypatch.setenv("A_TOKEN", "secret")
    with kernel_session(Limits()) as session:
        assert "secret" not in text(run(session, "import os; print(dict(os.environ))"))


def test_nothing_is_left_behind():
    daemon = "import subprocess; subprocess.Popen(['sleep', '61.75'], start_new_session=True)"

    def daemons():
        return [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "61.75"]]

    with kernel_session(Limits()) as session:
        place = text(run(session, "import os; print(os.getcwd())")).strip()
        run(session, daemon)
        assert len(daemons()) == 1
    deadline = time.monotonic() + 10
    while daemons() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert daemons() == []
    assert not Path(place).parents[1].exists()


def test_ask_returns_what_is_displayed_under_the_agreed_type(session):
    code = "get_ipython().display_pub.publish(data={'application/x-test': 'yes'})"
    assert session.ask(code, "application/x-test", 5) == "yes"
    with pytest.raises(KernelTrouble, match="no answer"):
        session.ask("1 / 0", "application/x-test", 5)

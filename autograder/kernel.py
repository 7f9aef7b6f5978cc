"""One submission's kernel: runs cells within limits, and comes back after a crash.

A cell that hangs is interrupted, then killed; a kernel that died is started anew and the cells before are run
again without the one that killed it, so that one bad cell costs no more than its own tasks.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Iterator, Sequence
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from nbclient.client import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from nbformat.v4 import new_notebook, new_output

from autograder.sandbox.protocol import DISK_STATUS, KILLED_STATUS, MEMORY_STATUS
from autograder.sandbox.provisioner import SubmissionKernelManager
from autograder.submission import Limits

__all__ = ["KernelLost", "KernelSession", "KernelTrouble", "kernel_session"]

START_SECONDS = 60.0
GRACE_SECONDS = 3.0
HEAR_SECONDS = 0.05
MESSAGE_BYTES, MESSAGES = 32 * 2**20, 8
OUTPUT_CELLS = 10
"""What a whole submission may put out, in the outputs of so many full cells."""

# nbclient names messages of a kind that it does not know as they came, and they may hold anything.
_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
POLL_SECONDS = 0.5


class KernelTrouble(RuntimeError):
    """The kernel did not finish what it was given: it died, hung or ran out of its time. One sentence why."""


class KernelLost(RuntimeError):
    """The kernel ended for a reason that no submission can bring about: what it has run says nothing. One sentence."""


@contextlib.contextmanager
def kernel_session(limits: Limits, provides: Sequence[str] = ()) -> Iterator[KernelSession]:
    """Start a session and make sure that nothing of it is left afterwards.

    ``provides`` names the modules of ``i2dl`` that its cells may import besides data and plots.
    """
    session = KernelSession(limits, provides)
    try:
        session.start()
        yield session
    finally:
        session.stop()


class KernelSession:
    """A kernel for one submission, with the cells that have run in it.

    Attributes
    ----------
    killed
        Whether a kernel of it was killed, and not by the grader: the system does so where memory is short.
    """

    def __init__(self, limits: Limits, provides: Sequence[str] = ()) -> None:
        self._limits = limits
        self._provides = list(provides)
        self.killed = False
        self._used = 0.0
        self._shown = 0
        self._restarts = 0
        self._done: list[str] = []
        self._manager: SubmissionKernelManager | None = None
        self._client: BlockingKernelClient | None = None
        # nbclient knows how displays are updated and outputs cleared; the waiting is ours, to be able to give up.
        self._book = NotebookClient(new_notebook(), record_timing=False, log=_SILENT)

    def start(self) -> None:
        """Start the kernel; raises KernelLost if it does not come up, for it has run nothing yet."""
        self._manager = SubmissionKernelManager(
            context=_bounded_context(), limits=self._limits, provides=self._provides
        )
        self._manager.start_kernel()
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False, control=False)
        self._wait_until_heard()

    def _wait_until_heard(self) -> None:
        """Ask until an answer comes over both channels: what was published before we listened is lost."""
        assert self._client is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            asked = self._client.kernel_info()
            with contextlib.suppress(queue.Empty):
                while (answer := self._client.iopub_channel.get_msg(timeout=HEAR_SECONDS))["parent_header"].get(
                    "msg_id"
                ) != asked or answer["content"].get("execution_state") != "idle":
                    pass
                return
            if not self._alive:
                msg = "the kernel died before it had run anything"
                raise KernelLost(msg)
        msg = f"the kernel did not start within {START_SECONDS:g} seconds"
        raise KernelLost(msg)

    def stop(self) -> None:
        """End the kernel at once: there is nothing in it worth saving."""
        if self._client is not None:
            self._client.stop_channels()
        if self._manager is not None:
            if self._manager.has_kernel:
                self._manager.shutdown_kernel(now=True)
            self._manager.context.destroy()
        self._client = self._manager = None

    def run_cell(self, cell: NotebookNode) -> None:
        """Run a cell of the submission; its outputs, and any trouble, are in the cell afterwards."""
        cell.outputs, cell.execution_count = [], None
        try:
            self._recover()
            self._execute(cell, cell.source, self._limits.cell_seconds, store=True)
        except KernelTrouble as trouble:
            cell.outputs.append(_error("KernelTrouble", str(trouble)))
        else:
            self._done.append(cell.source)

    def ask(self, code: str, mime: str, seconds: float) -> str:
        """Evaluate the referee's expression ``code`` and return what it displays as ``mime``.

        Raises
        ------
        KernelTrouble
            If there is no answer: the kernel died, hung, or its time is used up.
        """
        self._recover()
        cell = _cell("")
        # The answer may be large (predictions for a whole test set); the wire has its own bound.
        self._execute(cell, "", seconds, store=False, bound=64 * 2**20, evaluate=code)
        for output in reversed(cell.outputs):
            if output.output_type == "display_data" and mime in output.data:
                answer = output.data[mime]
                return answer if isinstance(answer, str) else ""
        error = next((o for o in cell.outputs if o.output_type == "error"), None)
        detail = f" ({error.ename}: {error.evalue[:200]})" if error is not None else ""
        msg = f"the kernel gave no answer{detail}"
        raise KernelTrouble(msg)

    def _recover(self) -> None:
        """Start the kernel anew if it is dead, and run again what had run to its end."""
        if self._alive:
            return
        self._exit_status()
        if self._restarts >= self._limits.restarts:
            msg = f"the kernel died {self._restarts + 1} times and was not started again"
            raise KernelTrouble(msg)
        self._restarts += 1
        self.stop()
        self.start()
        for source in self._done:
            self._execute(_cell(source), source, self._limits.cell_seconds, store=True)

    def _execute(
        self,
        cell: NotebookNode,
        source: str,
        seconds: float,
        *,
        store: bool,
        bound: int | None = None,
        evaluate: str = "",
    ) -> None:
        assert self._client is not None
        left = self._limits.total_seconds - self._used
        if left <= 0:
            msg = f"the submission's {self._limits.total_seconds:g} seconds were used up"
            raise KernelTrouble(msg)
        seconds = min(seconds, left)
        started = time.monotonic()
        # An expression is not read for magics and named after its text, as a cell is: it may hold a lot of data.
        expressions = {"answer": evaluate} if evaluate else {}
        message_id = self._client.execute(
            source, store_history=store, user_expressions=expressions, allow_stdin=False, stop_on_error=False
        )
        try:
            left_to_show = OUTPUT_CELLS * self._limits.output_bytes - self._shown
            self._collect(cell, message_id, seconds, bound or max(0, min(self._limits.output_bytes, left_to_show)))
        except TimeoutError:
            self._interrupt(cell, message_id)
            msg = f"stopped after {seconds:.3g} seconds"
            raise KernelTrouble(msg) from None
        finally:
            # Only what the submission itself takes: the referee's thinking is not its time.
            self._used += time.monotonic() - started

    def _collect(self, cell: NotebookNode, message_id: str, seconds: float, bound: int) -> None:
        """Put the cell's outputs together until the kernel says that it is idle."""
        assert self._client is not None
        book = self._book
        book.reset_execution_trackers()
        book.clear_before_next_output = False
        deadline, size = time.monotonic() + seconds, 0
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            try:
                message = self._client.iopub_channel.get_msg(timeout=min(left, POLL_SECONDS))
            except queue.Empty:
                self._require_alive()
                continue
            except (ValueError, TypeError, KeyError, RecursionError, UnicodeError) as error:
                # Nothing that this kernel says can be relied upon any more: the next one replays what ran before.
                self._kill()
                msg = f"the kernel sent what is no message ({type(error).__name__})"
                raise KernelTrouble(msg) from error
            try:
                if message["parent_header"].get("msg_id") != message_id or message["msg_type"].startswith("comm"):
                    continue
                if message["msg_type"] != "status":
                    size += _size(message["content"])
                    if size > bound:
                        continue
                book.process_message(message, cell, 0)
            except CellExecutionComplete:
                break
            except Exception:  # noqa: S112 - an output that no notebook may hold is no output
                continue
        self._shown += min(size, bound)
        if size > bound:
            cell.outputs.append(new_output("stream", name="stdout", text=f"\n[output cut at {bound} bytes]\n"))

    @property
    def _alive(self) -> bool:
        return self._manager is not None and bool(self._manager.is_alive())

    def _require_alive(self) -> None:
        if not self._alive:
            msg = f"the kernel died: {self._cause_of_death()}"
            raise KernelTrouble(msg)

    def _cause_of_death(self) -> str:
        status = self._exit_status()
        if status == MEMORY_STATUS:
            return f"it used more than {self._limits.memory_bytes / 2**30:.3g} GiB of memory"
        if status == DISK_STATUS:
            return f"it wrote more than {self._limits.disk_bytes / 2**20:.3g} MiB"
        return "the code ended the process, or the process was killed"

    def _exit_status(self) -> int | None:
        """Return how the kernel ended, as far as the submission may be to blame; raises KernelLost if it cannot be."""
        status = None if self._manager is None else getattr(self._manager.provisioner, "exit_status", None)
        if status is not None and status < 0:
            msg = "the process that watches the kernel was killed, or the one of which it was forked"
            raise KernelLost(msg)
        self.killed |= status == KILLED_STATUS
        return status

    def _interrupt(self, cell: NotebookNode, message_id: str) -> None:
        """Interrupt, and kill if that does not help: a loop may swallow interrupts."""
        assert self._manager is not None
        self._manager.interrupt_kernel()
        try:
            self._collect(cell, message_id, GRACE_SECONDS, self._limits.output_bytes)
        except TimeoutError:
            self._kill()

    def _kill(self) -> None:
        """End the kernel; whoever needs it next starts another."""
        if self._manager is not None and self._manager.has_kernel:
            self._manager.shutdown_kernel(now=True)


def _cell(source: str) -> NotebookNode:
    """Return a cell that is shown to nobody."""
    return NotebookNode(cell_type="code", source=source, metadata=NotebookNode(), outputs=[], execution_count=None)


def _bounded_context() -> zmq.Context:
    """Return a context whose sockets hold a few messages of bounded size: the sender may be flooding us."""
    context = zmq.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
    context.setsockopt(zmq.RCVHWM, MESSAGES)
    context.setsockopt(zmq.LINGER, 0)
    return context


def _size(content: Any) -> int:
    """Return roughly how much text a message holds."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(_size(v) for v in content.values())
    if isinstance(content, (list, tuple)):
        return sum(_size(v) for v in content)
    return 8


def _error(name: str, sentence: str) -> NotebookNode:
    return new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])

"""The kernel provisioners that start submissions: the one seam between grading and the operating system.

nbgrader, nbclient and our own runs start kernels through ``jupyter_client``, which finds these classes by their entry
points: a confined fork of the warm process, or, where the machine cannot confine and the instructor has said that the
submissions are trusted, a plain process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerBase, LocalProvisioner
from traitlets import Instance, List, Unicode

from autograder.sandbox import client
from autograder.sandbox.layers import missing
from autograder.submission import Limits

__all__ = ["SubmissionKernelManager", "SubmissionProvisioner", "TrustedProvisioner"]

CONFINED, TRUSTED = "autograder-submission", "autograder-trusted"
POLL_SECONDS = 0.02
ATTEMPTS = 3


def submission_kernel_spec(limits: Limits, provides: Sequence[str]) -> KernelSpec:
    """Return the kernel in which every submission runs, whatever kernel its notebook names."""
    name = TRUSTED if limits.trusted and missing() else CONFINED
    provisioner = {"provisioner_name": name, "config": {"limits": limits, "provides": list(provides)}}
    launcher = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    return KernelSpec(
        argv=[*launcher, "--IPKernelApp.log_level=CRITICAL"],
        display_name="Python 3",
        language="python",
        metadata={"kernel_provisioner": provisioner},
    )


class SubmissionKernelManager(KernelManager):
    """A kernel manager that knows one kernel: the submission's."""

    limits = Instance(Limits, args=())
    provides = List(Unicode())

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification."""
        return submission_kernel_spec(self.limits, self.provides)


class SubmissionProvisioner(KernelProvisionerBase):
    """Starts a submission's kernel as a confined fork of the warm process, and ends all of it."""

    limits = Instance(Limits, args=())
    provides = List(Unicode())

    _directory: Path | None = None
    _kernel: client.Kernel | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet buried."""
        return self._kernel is not None

    @property
    def exit_status(self) -> int | None:
        """How the kernel ended, None while it runs."""
        return None if self._kernel is None else self._kernel.poll()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the private directory, with the connection file in it; the sockets are files there, too."""
        if self._directory is None:
            self._directory = client.kernel_directory()
        for name in ("home", "sockets"):
            shutil.rmtree(self._directory / name, ignore_errors=True)
            (self._directory / name).mkdir()
        sockets = self._directory / "sockets"
        km = self.parent
        km.transport, km.ip, km.connection_file = "ipc", str(sockets / "k"), str(sockets / "connection.json")
        km.write_connection_file()
        self.connection_info = km.get_connection_info()
        for name in ("extra_arguments", "transport_encryption"):
            kwargs.pop(name, None)
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Ask the warm process for a kernel, or another warm process where it is gone.

        Raises
        ------
        SandboxError
            If the kernel cannot be confined, or does not start.
        """
        del cmd, kwargs
        assert self._directory is not None
        gpu = bool(os.environ.get("CUDA_VISIBLE_DEVICES", "")) or Path("/dev/nvidiactl").exists()
        for attempt in range(ATTEMPTS):
            try:
                self._kernel = client.Kernel(
                    client.warm_process(),
                    self._directory / "home",
                    self._directory / "sockets",
                    self.limits,
                    self.provides,
                    gpu=gpu,
                )
            except ConnectionError:
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                break
        return self.connection_info

    async def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        return 0 if self._kernel is None else self._kernel.poll()

    async def wait(self) -> int | None:
        """Wait for its end."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(POLL_SECONDS)
        if self._kernel is not None:
            self._kernel.kill()
            self._kernel = None
        return status

    async def send_signal(self, signum: int) -> None:
        """Send a signal; the kernel itself may be in another process namespace."""
        if self._kernel is not None and signum != 0:
            if signum in {signal.SIGKILL, signal.SIGTERM}:
                self._kernel.kill()
            else:
                self._kernel.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End it and all it has started, at once."""
        del restart
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """End it like :meth:`kill`: there is nothing in it worth saving."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private directory once the kernel is gone for good."""
        if not restart and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


class TrustedProvisioner(LocalProvisioner):
    """Starts a submission's kernel as a plain process: a clean environment, a private directory, no confinement."""

    limits = Instance(Limits, args=())
    provides = List(Unicode())

    _home: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Replace the inherited environment and working directory."""
        if self._home is None:
            self._home = client.private_directory()
            for name in ("work", "tmp", "config"):
                (self._home / name).mkdir()
        home = str(self._home)
        env = client.clean_environment() | {
            "HOME": home,
            "TMPDIR": f"{home}/tmp",  # noqa: S108 - below the private directory
            "IPYTHONDIR": f"{home}/config",
            # A notebook's own check() would only repeat what the referee asks anyway.
            "AUTOGRADER_CHECK": "off",
        }
        kwargs |= {"env": env, "cwd": f"{home}/work"}
        # What the process itself writes (not its cells) is nobody's output.
        kwargs |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        launch = await super().pre_launch(**kwargs)
        launch["env"] = {k: v for k, v in launch["env"].items() if k in env or k.startswith("JPY_")}
        return launch

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private directory once the kernel is gone for good."""
        await super().cleanup(restart)
        if not restart and self._home is not None:
            with contextlib.suppress(OSError):
                shutil.rmtree(self._home)
            self._home = None

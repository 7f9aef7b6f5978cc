"""The kernel provisioner that starts submissions: the one seam between grading and the operating system.

nbgrader, nbclient and our own runs start kernels through ``jupyter_client``, which finds this class by its entry
point. Today it gives a submission a clean environment, a private directory and a process group that is killed
whole; confinement by the operating system and warm kernels take its place without anyone else noticing.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import LocalProvisioner

__all__ = ["SubmissionKernelManager", "SubmissionProvisioner", "submission_kernel_spec"]

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
"""The only variables a submission inherits: no seed, no token, no path of the gradebook."""


def submission_kernel_spec() -> KernelSpec:
    """Return the kernel in which every submission runs, whatever kernel its notebook names."""
    return KernelSpec(
        argv=[
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
            "--IPKernelApp.log_level=CRITICAL",
        ],
        display_name="Python 3",
        language="python",
        metadata={"kernel_provisioner": {"provisioner_name": "autograder-submission"}},
    )


class SubmissionKernelManager(KernelManager):
    """A kernel manager that knows one kernel: :func:`submission_kernel_spec`."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel's specification."""
        return submission_kernel_spec()


class SubmissionProvisioner(LocalProvisioner):
    """Starts a submission's kernel with a clean environment in a private directory, and ends all of it."""

    _home: Path | None = None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Replace the inherited environment and working directory."""
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="submission-"))
            (self._home / "work").mkdir()
            (self._home / "tmp").mkdir()
            (self._home / "matplotlib").mkdir()
            for fonts in _font_lists():
                shutil.copy(fonts, self._home / "matplotlib")
        asked = kwargs.get("env") or os.environ
        env = {name: asked[name] for name in PASSED_ON if name in asked}
        env |= {
            "HOME": str(self._home),
            "TMPDIR": str(self._home / "tmp"),
            "IPYTHONDIR": str(self._home / "ipython"),
            "MPLCONFIGDIR": str(self._home / "matplotlib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
            # A notebook's own check() would only repeat what the referee asks anyway.
            "AUTOGRADER_CHECK": "off",
            # One thread a kernel: as many submissions as there are cores run side by side.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        }
        kwargs |= {"env": env, "cwd": str(self._home / "work")}
        # What the process itself writes (not its cells) is nobody's output.
        kwargs |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        launch = await super().pre_launch(**kwargs)
        launch["env"] = {k: v for k, v in launch["env"].items() if k in env or k.startswith("JPY_")}
        return launch

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the private directory once the kernel is gone for good."""
        await super().cleanup(restart)
        if not restart and self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None


@functools.cache
def _font_lists() -> list[Path]:
    """Return matplotlib's font lists: building one anew would cost every submission seconds."""
    import matplotlib as mpl
    import matplotlib.font_manager  # importing it writes the list where there is none yet

    return sorted(Path(mpl.get_cachedir()).glob("fontlist*.json"))

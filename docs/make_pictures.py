"""Make the pictures of the documentation: ``python docs/make_pictures.py``, where Chromium or Chrome is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np  # noqa: TID251
from PIL import Image, ImageChops

from autograder.check import Check
from autograder.display import card_html

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH, MARGIN, SCALE = 800, 12, 2
PAGE = """\
<!doctype html><meta charset="utf-8">
<body style="margin:{margin}px;background:#fff;color:#1f2328;font-family:'DejaVu Sans',system-ui,sans-serif">{card}
"""


def softmax_loss(scores: np.ndarray, y: np.ndarray) -> tuple[Any, np.ndarray]:
    """Do it as many a student does: the loss is right, its gradient lacks the true class."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean(), np.exp(log_p) / len(y)


def photograph(page: str, to: Path) -> None:
    """Show a page in a browser without a window, and keep what there is to see of it.

    Raises
    ------
    SystemExit
        If there is no browser.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"no browser was found: install one of {', '.join(BROWSERS)}")
    # Chromium refuses its sandbox to root; the page is our own.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as scratch:
        source, shot = Path(scratch, "page.html"), Path(scratch, "shot.png")
        source.write_text(page, encoding="utf-8")
        size = [f"--force-device-scale-factor={SCALE}", f"--window-size={WIDTH},1500", "--hide-scrollbars"]
        files = [f"--user-data-dir={scratch}/profile", f"--screenshot={shot}", source.as_uri()]
        command = [browser, "--headless", "--disable-gpu", *as_root, *size, *files]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603
        with Image.open(shot) as picture:
            _cropped(picture.convert("RGB")).quantize(128).save(to, optimize=True)


def _cropped(picture: Image.Image) -> Image.Image:
    """Cut off the white below and beside the card."""
    ground = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    box = ImageChops.difference(picture, ground).getbbox()
    assert box is not None
    _, _, right, bottom = box
    return picture.crop((0, 0, right + SCALE * MARGIN, bottom + SCALE * MARGIN))


def main() -> None:
    """Make ``check.png``."""
    verdict = Check("03_affine_layer").verdict("softmax_loss", {"softmax_loss": softmax_loss})
    photograph(PAGE.format(margin=MARGIN, card=card_html(verdict)), HERE / "check.png")


if __name__ == "__main__":
    main()

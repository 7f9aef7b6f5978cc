"""``python -m autograder``: the instructor's command line, or the line that says what it needs."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line, if what it needs is installed."""
    try:
        from autograder import cli
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        sys.exit(f"autograder: the package {package} is not installed: pip install 'i2dl[instructor]'")
    cli.main()


if __name__ == "__main__":
    main()

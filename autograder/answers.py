"""The complete notebooks: written, run, judged like a submission, and made into pages to read."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.executors import cores
from autograder.feedback import write_feedback
from autograder.referee import grade_notebook
from autograder.solution import solution_notebook, write_source
from autograder.submission import Limits, Outcome
from autograder.task import load_exercise

__all__ = ["Solved", "solve", "solve_all"]

LIMITS = Limits(trusted=True, pictures=True)


@dataclass(frozen=True)
class Solved:
    """A solution that was run: its page, and how it fared on secret cases."""

    outcome: Outcome
    notebook: Path
    page: Path

    @property
    def share(self) -> float:
        """The points that it earned, of those that the referee gives, 0 to 1."""
        return self.outcome.score / self.outcome.out_of if self.outcome.out_of else 1.0


def solve(solution: Path, to: Path) -> Solved:
    """Run the complete notebook of ``solution`` and write it, with outputs, as a notebook and as a page into ``to``."""
    exercise = load_exercise(solution.stem)
    path = write_source(solution, to)
    notebook = solution_notebook(solution)
    results = grade_notebook(notebook, exercise, secrets.token_hex(16), limits=LIMITS)
    nbformat.write(notebook, path)
    outcome = Outcome("solution", exercise.name, "graded", results=tuple(results))
    return Solved(outcome, path, write_feedback(path, outcome, path.parent))


def solve_all(solutions: Sequence[Path], to: Path) -> Iterator[Solved]:
    """Run several, as many at once as there are cores, and yield them as they are ready."""
    context = multiprocessing.get_context("forkserver")
    with concurrent.futures.ProcessPoolExecutor(min(cores(), len(solutions)), mp_context=context) as pool:
        running = [pool.submit(solve, solution, to) for solution in solutions]
        for future in concurrent.futures.as_completed(running):
            yield future.result()

"""Try what students might write: is every wrong variant caught and named, is every right one accepted?

    python -m autograder.demo.trial                      # all exercises
    python -m autograder.demo.trial 03_affine_layer

It prints a table, a row a task: how many wrong variants there are, how many of them lose points, and for how many the
diagnosis says what is wrong; how many right ones there are, and how many of these earn everything.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import contextlib
import functools
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import jupytext

from autograder.check import check_task
from autograder.demo.variants import Variant, variants
from autograder.inside import probe_source
from autograder.reconcile import grade_id
from autograder.shortcuts import Notebook, asked
from autograder.task import PUBLIC_SEED, Task, exercise_names, load_exercise
from autograder.verdict import Verdict

__all__ = ["SEEDS", "Trial", "Tried", "as_table", "main"]

SEEDS = (PUBLIC_SEED, "a secret", "another secret")
MARKS = ("<!-- table -->", "<!-- end -->")
SOLUTIONS = Path(__file__).parents[2] / "solutions"


@dataclass(frozen=True)
class Tried:
    """What became of one variant: of a wrong one at its own task, of a right one at all tasks.

    ``tasks`` are those whose answer it replaces. ``passed`` is that a wrong one loses points, or that a right one loses
    none; ``named`` that the diagnosis says what it should, ``said`` what it does say.
    """

    exercise: str
    tasks: frozenset[str]
    variant: str
    right: bool
    passed: bool
    named: bool
    said: str = ""


class Trial:
    """An exercise's solution, run once in this process, and what becomes of it with other cells in its place.

    Parameters
    ----------
    exercise
        The exercise's name.
    solutions
        Where the solutions lie.
    """

    def __init__(self, exercise: str, solutions: Path = SOLUTIONS) -> None:
        self.exercise = load_exercise(exercise)
        source = (solutions / f"{exercise}.py").read_text(encoding="utf-8")
        code = [c for c in jupytext.reads(source, fmt="py:percent").cells if c.cell_type == "code"]
        self.cells = [(str(grade_id(c) or ""), str(c.source)) for c in code]
        self.answers = {str(grade_id(c)): str(c.source) for c in code if c.metadata.get("nbgrader", {}).get("solution")}
        self.cells_of = _cells_by_task(code)
        self.names = self._run()

    @property
    def tasks(self) -> list[Task]:
        """The tasks that the referee judges."""
        return [t for t in self.exercise.tasks.values() if t.kind != "written"]

    def _run(self) -> dict[str, Any]:
        import matplotlib as mpl
        from matplotlib import pyplot as plt

        names: dict[str, Any] = {"__name__": "__main__"}
        with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch), mpl.rc_context(), quiet():
            mpl.use("Agg")
            for _, source in self.cells:
                exec(_compiled(source), names)  # noqa: S102 - the solution is ours
            plt.close("all")
        return names

    def with_cells(self, cells: Mapping[str, str], *, whole: bool = False) -> dict[str, Any]:
        """Return the names with other sources for some solution cells.

        All definitions, those of locked cells too, move to a namespace of their own, so that functions which call one
        another find the new ones. What other cells computed, trained networks for example, stays as the solution left
        it, or is computed anew where the ``whole`` is asked for.

        Raises
        ------
        ValueError
            If a cell is named that the solution does not have.
        """
        unknown = set(cells) - set(self.answers)
        if unknown:
            msg = f"{self.exercise.name} has no solution cells {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        again = {n: s for n, s in self.answers.items() if whole or _defines(s)} | dict(cells)
        return self._run_again(dict(self.names), again)

    def _run_again(self, names: dict[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
        """Run these sources for solution cells, and the definitions of all locked ones, in the notebook's order."""
        with quiet():
            for name, source in self.cells:
                if name in answers:
                    code = _compiled(answers[name])
                elif name not in self.answers:
                    code = _definitions(source)
                else:
                    continue
                with contextlib.suppress(Exception):
                    exec(code, names)  # noqa: S102 - ours, too
        return names

    def with_variant(self, variant: Variant) -> dict[str, Any]:
        """Return the names with a variant's cells."""
        return self.with_cells(variant.cells, whole=variant.right)

    def untouched(self, but: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the names with every solution cell as the student first sees it, ``but`` for some sources."""
        again = {name: stub(source) for name, source in self.answers.items()} | dict(but or {})
        bound = _bound(self.answers.values())
        return self._run_again({k: v for k, v in self.names.items() if k not in bound}, again)

    def shortcuts(self, cells: Mapping[str, str]) -> dict[str, list[str]]:
        """Return, by task, what is said of shortcuts in the notebook with these cells in place of the solution's."""
        notebook = Notebook()
        for name, source in self.cells:
            notebook.add(cells.get(name, source))
        return {
            t.name: [s.sentence for s in notebook.shortcuts(asked(probe_source(t.probe)), t.forbid)]
            for t in self.tasks
            if t.probe is not None
        }

    def verdict(self, task: str, names: dict[str, Any], seed: str = PUBLIC_SEED) -> Verdict:
        """Return the verdict on one task for these names."""
        return check_task(self.exercise, self.exercise.tasks[task], names, seed)

    def tried(self, variant: Variant) -> Tried:
        """Judge a variant on several seeds; a right one, at tasks that it does not touch, on the public seed alone."""
        names = self.with_variant(variant)
        replaced = frozenset(t for t, cells in self.cells_of.items() if cells & set(variant.cells))
        seeds: dict[str, Sequence[str]] = {variant.task: SEEDS[:2]}
        if variant.right:
            seeds = {t.name: SEEDS if t.name in replaced else SEEDS[:1] for t in self.tasks}
        found = [self.verdict(task, names, seed) for task, some in seeds.items() for seed in some]
        short = [v for v in found if not v.right]
        said = [" ".join(v.diagnoses) for v in short]
        return Tried(
            self.exercise.name,
            replaced if variant.right else frozenset({variant.task}),
            variant.name,
            variant.right,
            not short if variant.right else len(short) == len(found) and all(v.ran for v in short),
            bool(variant.says) and all(variant.says.lower() in text.lower() for text in said),
            said[0] if said else "",
        )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what the notebook prints to itself."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield


def _cells_by_task(code: Sequence[Any]) -> dict[str, set[str]]:
    """Return, by task, the solution cells between its graded cell and the one before."""
    found: dict[str, set[str]] = {}
    waiting: set[str] = set()
    for cell in code:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("solution"):
            waiting.add(str(marks["grade_id"]))
        elif marks.get("grade"):
            found[str(marks["grade_id"])] = waiting
            waiting = set()
    return found


@functools.cache
def _compiled(source: str) -> CodeType:
    return compile(source, "<string>", "exec")


@functools.cache
def _definitions(source: str) -> CodeType:
    """Return the functions and classes of a cell alone."""
    body: list[ast.stmt] = [n for n in ast.parse(source).body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    return compile(ast.Module(body, type_ignores=[]), "<string>", "exec")


@functools.cache
def _defines(source: str) -> bool:
    return any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in ast.parse(source).body)


def _bound(sources: Iterable[str]) -> set[str]:
    """Return the names that these sources define or assign at their top level."""
    names: set[str] = set()
    for source in sources:
        for node in ast.parse(source).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                names |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names


def stub(source: str) -> str:
    """Return a solution cell as the student first sees it."""
    lines, hidden = [], False
    for line in source.split("\n"):
        mark = line.strip()
        if mark == "### BEGIN SOLUTION":
            hidden = True
            lines.append(line.replace(mark, "raise NotImplementedError()"))
        elif mark == "### END SOLUTION":
            hidden = False
        elif not hidden:
            lines.append(line)
    return "\n".join(lines)


def trials(exercise: str) -> list[Tried]:
    """Try all variants of an exercise."""
    trial = Trial(exercise)
    return [trial.tried(variant) for variant in variants(exercise)]


def as_table(tried: Sequence[Tried]) -> str:
    """Return the table in Markdown: a row a task, and the sums."""
    lines = [
        "| exercise | task | wrong | caught | named | right | accepted |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for exercise in dict.fromkeys(t.exercise for t in tried):
        mine = [t for t in tried if t.exercise == exercise]
        order = [t.name for t in load_exercise(exercise).tasks.values() if t.kind != "written"]
        lines += [_row(exercise, f"`{task}`", [t for t in mine if task in t.tasks]) for task in order]
    lines.append(_row("**all**", "", tried))
    return "\n".join(lines) + "\n"


def _row(exercise: str, task: str, tried: Sequence[Tried]) -> str:
    wrong, right = [t for t in tried if not t.right], [t for t in tried if t.right]
    caught, named = sum(t.passed for t in wrong), sum(t.passed and t.named for t in wrong)
    cells = [exercise, task, len(wrong), caught, named, len(right), sum(t.passed for t in right)]
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    """Print the table for the exercises that are named, or for all."""
    from rich.progress import track

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercise", nargs="*", help="exercises to try (default: all)")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the table between the marks of this page")
    arguments = parser.parse_args()
    names = arguments.exercise or exercise_names()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        found = list(track(pool.map(trials, names), description="trying", total=len(names), transient=True))
    tried = [t for each in found for t in each]
    print(as_table(tried))
    if arguments.write:
        head, _, rest = arguments.write.read_text(encoding="utf-8").partition(MARKS[0])
        tail = rest.partition(MARKS[1])[2]
        arguments.write.write_text(f"{head}{MARKS[0]}\n{as_table(tried)}{MARKS[1]}{tail}", encoding="utf-8")
    for t in tried:
        if not t.passed or not (t.named or t.right):
            fault = "is not accepted" if t.right else "is not named" if t.passed else "is not caught"
            print(f"{t.exercise} {', '.join(t.tasks)} {t.variant} {fault}: {t.said[:200]}")


if __name__ == "__main__":
    main()

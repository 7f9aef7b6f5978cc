"""The instructor's command line: ``autograder release | grade | report | solutions | feedback | demo``."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from autograder import lean  # noqa: F401 - first of all
from autograder.sandbox import SandboxError
from autograder.submission import Limits, Outcome
from autograder.text import clean

__all__ = ["main", "missing"]

ROOT = Path(__file__).resolve().parents[1]
DIRECTORY = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="i2dl", prog_name="autograder")
def cli() -> None:
    """Release exercises, grade what comes back, and see what the class misunderstood.

    A course in three commands:

    \b
      autograder release                     exercises/ from solutions/, for the students
      autograder grade SUBMISSIONS           run and score everything that was handed in
      autograder report                      the class table and the most common mistakes

    `autograder demo` does all of it with a made-up class.
    """


def main() -> None:
    """Run the command line; every failure is one line on stderr and a non-zero exit."""
    # `kill` ends a run as Ctrl-C does: the workers are stopped, and what was graded is kept.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        cli(prog_name="autograder", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        _fail("stopped; what was graded is kept, and the same command goes on from there")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        _fail(missing(error))
    except (ValueError, SandboxError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))


def missing(error: ModuleNotFoundError) -> str:
    """Return what to do about a package that is not installed; raise the error where it is one of our own."""
    package = (error.name or "").partition(".")[0]
    if package in {"", "autograder", "i2dl"}:
        raise error
    return f"the package {package} is not installed: pip install 'i2dl[instructor]'"


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(sentence: str) -> None:
    # One line, whatever the name of a file or the message of an error holds.
    line = " ".join(clean(sentence, 2000).split())
    click.secho(f"autograder: {line}", err=True, fg="red" if sys.stderr.isatty() else None)
    sys.exit(1)


solutions_option = click.option(
    "--solutions",
    type=DIRECTORY,
    default=ROOT / "solutions",
    show_default="the project's solutions/",
    help="Where the solutions lie, one text notebook an exercise.",
)


@cli.command()
@click.argument("exercises", nargs=-1)
@click.option(
    "--to", type=DIRECTORY, default=ROOT / "exercises", show_default="the project's exercises/", help="Where to."
)
@solutions_option
def release(exercises: tuple[str, ...], to: Path, solutions: Path) -> None:
    """Make the students' notebooks of EXERCISES (default: all) from the solutions.

    The same solution always gives the same notebook, to the byte.
    """
    from autograder.release import release as make

    for path in make(solutions, to, exercises):
        click.echo(path)


@cli.command()
@click.argument("exercises", nargs=-1)
@click.option("--to", type=DIRECTORY, required=True, help="The directory to write them to.")
@click.option("--run/--no-run", default=True, show_default=True, help="Run and judge them, and make pages of them.")
@solutions_option
def solutions(exercises: tuple[str, ...], to: Path, run: bool, solutions: Path) -> None:
    """Write the complete notebooks of EXERCISES (default: all), answers included.

    They are run like submissions, on secret cases, and written with their outputs and as HTML. A solution that does not
    earn everything is an error.
    """
    from autograder.solution import write_source
    from autograder.task import exercise_names

    names = exercises or [n for n in exercise_names() if (solutions / f"{n}.py").exists()]
    for name in names:
        if not (solutions / f"{name}.py").exists():
            msg = f"there is no exercise {name!r} in {solutions}"
            raise click.UsageError(msg)
    paths = [solutions / f"{name}.py" for name in names]
    if not run:
        for path in paths:
            click.echo(write_source(path, to))
        return
    from autograder.answers import solve_all

    short = []
    with _progress("Running") as shown:
        shown(0, len(paths), None)
        for done, solved in enumerate(solve_all(paths, to), start=1):
            shown(done, len(paths), solved.outcome)
            click.echo(f"{solved.share:4.0%}  {solved.page}")
            short += [] if solved.share == 1 else [solved.outcome.exercise]
    if short:
        _fail(f"not all points were earned by {', '.join(short)}: the pages say where")


@cli.command()
@click.argument("submissions", type=DIRECTORY)
@click.option(
    "--out",
    type=DIRECTORY,
    default=Path("course"),
    show_default=True,
    help="The grading course: made, or gone on with.",
)
@click.option("--exercise", "exercises", multiple=True, help="Grade only this exercise; may be given again.")
@click.option("--seed", help="Draws the secret cases.  [default: drawn once and kept in OUT/seed.txt]")
@click.option("--workers", type=click.IntRange(1), help="How many at once.  [default: the number of cores]")
@click.option("--scheduler", metavar="ADDRESS", help="Grade on a Dask cluster, such as tcp://node1:8786, instead.")
@click.option(
    "--per-gpu",
    type=click.IntRange(1),
    help="How many submissions share a GPU, where torch tasks run on one.  [default: 2]",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where torch tasks run.",
)
@click.option(
    "--cell-seconds", type=click.FloatRange(1), default=Limits.cell_seconds, show_default=True, help="Limit for a cell."
)
@click.option(
    "--total-seconds",
    type=click.FloatRange(1),
    default=Limits.total_seconds,
    show_default=True,
    help="Limit for a submission.",
)
@click.option("--db", "db_url", metavar="URL", help="The gradebook's URL.  [default: OUT/gradebook.db]")
@click.option(
    "--trust-submissions",
    is_flag=True,
    help="Grade even where the machine cannot confine submissions: they can then do whatever you can.",
)
@click.option(
    "--pictures",
    is_flag=True,
    help="Run every experiment and draw its pictures: slower, for whoever reads the graded notebooks.",
)
@solutions_option
def grade(
    submissions: Path,
    out: Path,
    exercises: tuple[str, ...],
    seed: str | None,
    workers: int | None,
    scheduler: str | None,
    per_gpu: int | None,
    device: str,
    cell_seconds: float,
    total_seconds: float,
    db_url: str | None,
    trust_submissions: bool,
    pictures: bool,
    solutions: Path,
) -> None:
    """Grade everything in SUBMISSIONS, a directory or a zip.

    SUBMISSIONS is nbgrader's layout <student>/<exercise>/<notebook>.ipynb, or a folder or zip of notebooks as a
    learning platform exports them. Every submission ends graded, partly graded or refused, with the reason. Called
    again, it grades only what is new or has changed.

    \b
    OUT then holds
      grades.csv          one row a submission, one column a task
      feedback/           a page for each student and exercise
      autograded/         the graded notebooks
      gradebook.db        nbgrader's gradebook (Formgrader opens in `jupyter lab`, started in OUT)
    """
    from autograder.grading import grade as run_all
    from autograder.report import print_report

    if scheduler and (workers or per_gpu):
        msg = "--workers and --per-gpu are for this machine: a cluster has the workers that were started there"
        raise click.UsageError(msg)
    console = Console()
    limits = Limits(
        cell_seconds=cell_seconds, total_seconds=total_seconds, trusted=trust_submissions, pictures=pictures
    )
    with _progress() as shown:
        run = run_all(
            submissions,
            out,
            solutions=solutions,
            seed=seed,
            exercises=exercises,
            workers=workers,
            scheduler=scheduler,
            per_gpu=per_gpu,
            limits=limits,
            device=device,
            db_url=db_url,
            progress=shown,
        )
    print_report(console, run.outcomes)
    _print_places(console, out, run.graded_now, len(run.outcomes), run.seconds)
    if run.failures:
        _fail(f"the grader itself failed on {run.failures} of them (see grades.csv): the same command tries them again")


class _progress:  # noqa: N801 - used as a function: with _progress() as shown
    """A progress bar with the remaining time, on stderr so that the report can be piped; elsewhere a line now and then.

    Parameters
    ----------
    every
        Seconds between two lines where stderr is no terminal.
    """

    def __init__(self, what: str = "Grading", *, every: float = 30.0) -> None:
        self._what, self._every = what, every
        self._terminal = (console := Console(stderr=True)).is_terminal
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn(f"[bold]{what}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[last]}", markup=False),
            console=console,
            transient=True,
            disable=not self._terminal,
            # A submission takes seconds, and one may take minutes.
            speed_estimate_period=600,
        )

    def __enter__(self) -> Callable[[int, int, Outcome | None], None]:
        self._bar.start()
        task = self._bar.add_task("grading", total=None, last="")
        told = time.monotonic()

        def shown(done: int, total: int, last: Outcome | None) -> None:
            nonlocal told
            if last is None:
                # What is kept from before says nothing about how long the rest takes.
                self._bar.reset(task, completed=done, total=total)
            else:
                self._bar.update(task, completed=done, last=f"{clean(last.student, 30)}: {last.kind}")
            if not self._terminal and time.monotonic() - told >= self._every:
                told = time.monotonic()
                left = self._bar.tasks[task].time_remaining
                remaining = "" if left is None else f", about {_duration(left)} left"
                click.echo(f"{self._what}: {done} of {total}{remaining}", err=True)

        return shown

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _print_places(console: Console, out: Path, now: int, total: int, seconds: float) -> None:
    kept = f", {total - now} kept from before" if now < total else ""
    console.print(f"\n{now} graded now{kept}, in {seconds:.0f} s.")
    for name, what in (
        ("grades.csv", "one row a submission"),
        ("feedback", "a page for each student and exercise"),
        ("autograded", "the graded notebooks"),
        ("gradebook.db", "nbgrader's gradebook"),
    ):
        console.print(f"  {out / name}  [dim]{what}[/dim]", soft_wrap=True)


@cli.command()
def sandbox() -> None:
    """Show what this machine has to confine submissions with, and what is missing."""
    from rich.table import Table

    from autograder.sandbox.layers import layers, missing

    table = Table("protects", "by", "")
    for layer in layers():
        state = "[green]works" if layer.works else "[red]missing" if layer.needed else "[yellow]missing, not needed"
        table.add_row(layer.protects, layer.means, state if layer.works else f"{state}[/]: {layer.advice}")
    Console().print(table)
    if missing():
        _fail("untrusted work is not graded here; --trust-submissions grades what you would run yourself")


@cli.command()
@click.argument("course", type=DIRECTORY, default=Path("course"))
def report(course: Path) -> None:
    """Show the class table, the counts and the most common mistakes of a graded COURSE again."""
    from autograder.report import print_report

    print_report(Console(), [outcome for _, outcome, _ in _kept(course)])


@cli.command()
@click.argument("course", type=DIRECTORY, default=Path("course"))
@click.option("--to", type=DIRECTORY, help="Another place for the pages.  [default: COURSE/feedback]")
def feedback(course: Path, to: Path | None) -> None:
    """Write the feedback pages and grades.csv of a graded COURSE again, with what was graded by hand since."""
    from autograder.feedback import write_feedback
    from autograder.report import write_grades

    kept = _kept(course)
    for graded, outcome, comments in kept:
        directory = (to or course / "feedback") / outcome.student / outcome.exercise
        click.echo(write_feedback(graded, outcome, directory, comments=comments))
    write_grades([outcome for _, outcome, _ in kept], course / "grades.csv")


def _kept(course: Path) -> list[tuple[Path, Outcome, dict[str, str]]]:
    """Return the graded notebook, the outcome with hand-given scores and the comments of every submission."""
    from autograder.course import Course
    from autograder.gradebook import with_marks

    records = sorted((course / "outcomes").glob("*/*.json"))
    if not records:
        msg = f"there is no graded course in {course}: grade one with `autograder grade SUBMISSIONS --out {course}`"
        raise click.UsageError(msg)
    outcomes = [Outcome.from_dict(json.loads(r.read_text(encoding="utf-8"))["outcome"]) for r in records]
    return [
        (course / "autograded" / o.student / o.exercise / f"{o.exercise}.ipynb", o, comments)
        for o, comments in with_marks(Course(course), outcomes)
    ]


@cli.command()
@click.option(
    "--to", type=DIRECTORY, default=Path("demo-class"), show_default=True, help="Where the class and its grades go."
)
@click.option("--workers", type=click.IntRange(1), help="How many at once.  [default: the number of cores]")
@solutions_option
def demo(to: Path, workers: int | None, solutions: Path) -> None:
    """Make up a class, right, wrong, broken and strange, and grade it as a real one would be.

    What lies in the directory from an earlier demo is replaced.
    """
    from autograder.course import Course
    from autograder.demo.class_ import LIMITS, MARKER, make_class
    from autograder.grading import grade as run_all
    from autograder.report import print_report

    if to.exists():
        if not (to / MARKER).exists():
            msg = f"{to} exists and is not an earlier demo: choose another --to"
            raise click.UsageError(msg)
        shutil.rmtree(to)
    console = Console()
    to.mkdir(parents=True)
    (to / MARKER).touch()
    course = Course(to / "graded")
    course.write_config()
    with console.status("Making up a class ..."):
        students = make_class(to / "handed-in", course, solutions)
    console.print(f"A class of {len(students)} submissions lies in {to / 'handed-in'}.")
    # Made by this very program: it is shown also where a machine cannot confine what strangers hand in.
    limits = replace(LIMITS, trusted=True)
    with _progress() as shown:
        run = run_all(
            to / "handed-in", to / "graded", solutions=solutions, workers=workers, limits=limits, progress=shown
        )
    print_report(console, run.outcomes)
    _print_places(console, to / "graded", run.graded_now, len(run.outcomes), run.seconds)


if __name__ == "__main__":
    main()

"""From ``solutions/`` to ``exercises/``: one text notebook in, the student's notebook out.

The solution goes through nbgrader's own ``generate_assignment``, in a course that is thrown away afterwards.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.course import Course
from autograder.task import UnknownExercise, exercise_names

__all__ = ["release"]


def release(solutions: Path, to: Path, names: Sequence[str] = ()) -> list[Path]:
    """Make the student's notebooks of the named exercises (of all, where none is named) in ``to``.

    Returns
    -------
    list of Path
        The notebooks written, ``to/<name>/<name>.ipynb``.
    """
    chosen = list(names) or [n for n in exercise_names() if (solutions / f"{n}.py").exists()]
    for name in chosen:
        if name not in exercise_names() or not (solutions / f"{name}.py").exists():
            msg = f"there is no exercise {name!r} in {solutions}; the exercises are: {', '.join(exercise_names())}"
            raise UnknownExercise(msg)
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(scratch))
        for name in chosen:
            made = course.generate(solutions / f"{name}.py")
            target = to / name / f"{name}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, target)
            written.append(target)
    return written

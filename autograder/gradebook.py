"""Scores into nbgrader's gradebook, through nbgrader's own reading of the graded notebook."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades

from autograder.course import Course, quiet_sqlalchemy
from autograder.submission import Outcome

__all__ = ["scores", "writer"]


def writer(course: Course) -> Callable[[Outcome, Path], None]:
    """Return ``record(outcome, graded_notebook)``, the only thing that writes scores to the course's gradebook."""
    save = SaveAutoGrades()
    save.log.setLevel(logging.ERROR)

    def record(outcome: Outcome, graded: Path) -> None:
        with quiet_sqlalchemy(), Gradebook(course.db_url) as book:
            book.update_or_create_student(outcome.student)
            submission = book.update_or_create_submission(outcome.exercise, outcome.student)
            if outcome.kind == "refused":
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        grade.auto_score, grade.needs_manual_grade = 0.0, False
                book.db.commit()
                return
        resources = {
            "nbgrader": {
                "student": outcome.student,
                "assignment": outcome.exercise,
                "notebook": outcome.exercise,
                "db_url": course.db_url,
            }
        }
        save.preprocess(nbformat.read(graded, as_version=4), resources)

    return record


def scores(course: Course) -> dict[tuple[str, str], float]:
    """Return what the gradebook says: the score by (student, exercise)."""
    with Gradebook(course.db_url) as book:
        return {
            (submission.student.id, assignment.name): float(submission.score)
            for assignment in book.assignments
            for submission in assignment.submissions
        }

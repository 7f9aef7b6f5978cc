"""Scores into nbgrader's gradebook, through nbgrader's own reading of the graded notebook."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveAutoGrades

from autograder.course import Course, quiet_sqlalchemy
from autograder.submission import Outcome

__all__ = ["scores", "with_marks", "writer"]


def writer(course: Course) -> Callable[[Outcome, Path], None]:
    """Return ``record(outcome, graded_notebook)``, the only thing that writes scores to the course's gradebook."""
    save = SaveAutoGrades()
    save.log.setLevel(logging.ERROR)

    def record(outcome: Outcome, graded: Path) -> None:
        with quiet_sqlalchemy(), Gradebook(course.db_url) as book:
            book.update_or_create_student(outcome.student)
            submission = book.update_or_create_submission(outcome.exercise, outcome.student)
            if _stands_already(submission, outcome):
                # Saving once more would ask for the written answers to be graded again.
                return
            if outcome.kind == "refused":
                for grade in _grades(submission):
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


def _grades(submission: Any) -> list[Any]:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]


def _stands_already(submission: Any, outcome: Outcome) -> bool:
    """Whether the gradebook holds this outcome, so that what a person added since is left alone."""
    kept = {g.name: g.auto_score for g in _grades(submission)}
    said = {r.task: r.score for r in outcome.results}
    decided = any(score is not None for score in kept.values())
    return decided and all(kept.get(task) == score for task, score in said.items())


def with_marks(course: Course, outcome: Outcome) -> tuple[Outcome, dict[str, str]]:
    """Return the outcome with the scores that people have given since, and their comments by ``grade_id``."""
    with Gradebook(course.db_url) as book:
        try:
            submission = book.find_submission(outcome.exercise, outcome.student)
        except MissingEntry:
            return outcome, {}
        marks = {g.name: float(g.score) for g in _grades(submission) if g.manual_score is not None}
        comments = [c for notebook in submission.notebooks for c in notebook.comments]
        said = {c.name: c.manual_comment for c in comments if c.manual_comment}
    results = tuple(replace(r, score=marks.get(r.task, r.score)) for r in outcome.results)
    return replace(outcome, results=results), said


def scores(course: Course) -> dict[tuple[str, str], float]:
    """Return what the gradebook says: the score by (student, exercise)."""
    with Gradebook(course.db_url) as book:
        return {
            (submission.student.id, assignment.name): float(submission.score)
            for assignment in book.assignments
            for submission in assignment.submissions
        }

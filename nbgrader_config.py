"""nbgrader's settings: its commands, run here, work on the grading course in ``course/`` with our referee inside.

``autograder grade SUBMISSIONS`` makes that course; each course holds such a file of its own, too.
"""

from pathlib import Path

from autograder.course import configure

configure(get_config(), Path(__file__).resolve().parent / "course")

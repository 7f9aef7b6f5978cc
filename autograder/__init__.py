"""Tasks, the check a student runs, and the grading an instructor runs."""

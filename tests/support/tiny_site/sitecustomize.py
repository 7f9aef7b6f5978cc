"""Imported by Python as it starts, where this directory is on its path: the tiny exercise is one of the course's."""

from tiny_course import add_tiny_exercise

add_tiny_exercise()

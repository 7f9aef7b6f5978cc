"""Forbidden shortcuts: the library call that is the answer, autograd, loops where a vectorised form is asked.

A task names them in :attr:`autograder.task.Task.forbid`. They are looked for twice:

* :mod:`~autograder.shortcuts.reading` reads the code that a task reaches, and runs nothing of it. It is done by whoever
  decides on the points, so it cannot be switched off.
* :mod:`~autograder.shortcuts.traps` watches the calls while the probe runs, and so sees what is put together at run
  time. It stands beside the student's code, which can switch it off: a second net, no more.

Both go by the same names (:mod:`~autograder.shortcuts.rules`).

What neither finds, of code that has switched the traps off: a name that is only put together at run time (from a file,
a pickle, an encoded text), what another process does, and anything that replaces the functions on their way to the
grader. What a library does for a function that is allowed is not looked at; a second way to the same answer
(``numpy.linalg.pinv`` beside ``lstsq``) must be forbidden by its own name. A loop written out line by line is none.
"""

from __future__ import annotations

from autograder.shortcuts.reading import Notebook, asked
from autograder.shortcuts.rules import Shortcut, sentences

__all__ = ["Notebook", "Shortcut", "asked", "sentences"]

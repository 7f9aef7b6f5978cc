"""Forge the verdict, from the edges: descriptors, files, handlers, modules, and what runs at the end."""

from __future__ import annotations

import functools

from tests.hostile.bench import hostile_cells

forge = functools.partial(hostile_cells, "forge the verdict")

OUTSIDE = "score, feedback and HTML are made outside, from values alone"
CLOSED = "the fork keeps no descriptor of the grader"

forge(
    "files that look like results",
    "Writes scores, feedback and outcomes into every directory that it can write.",
    OUTSIDE,
    without=False,
    attack="""
        import json, os, pathlib
        def double(x):
            return 3 * x
        for place in ('.', '..', os.path.expanduser('~'), '/tmp', os.environ['TMPDIR']):
            for name in ('score.json', 'outcome.json', 'bench.json', 'grades.csv', 'feedback.html', 'results.xml'):
                try:
                    pathlib.Path(place, name).write_text(json.dumps({'score': 2.0, 'outcome': {'score': 12}}))
                except OSError:
                    pass
    """,
    neighbour="""
        import json, pathlib
        def double(x):
            return 2 * x
        pathlib.Path('log.json').write_text(json.dumps({'loss': 0.1}))
    """,
)

forge(
    "inherited descriptors",
    "Writes to every descriptor that is open: one of them may lead to the grader.",
    CLOSED,
    without=False,
    spoils=True,
    attack="""
        import os
        def double(x):
            return 3 * x
        for number in range(3, 200):
            try:
                os.write(number, b'{"exit": 0, "score": 2.0, "ready": true}')
            except OSError:
                pass
    """,
    neighbour="""
        import os
        def double(x):
            return 2 * x
        end, start = os.pipe()
        os.write(start, b'x'); os.close(start); os.close(end)
    """,
)

forge(
    "at the end of the process",
    "Registers functions that run when the interpreter ends, and ends it.",
    OUTSIDE,
    without=False,
    spoils=True,
    attack="""
        import atexit, sys
        def double(x):
            print('2.0'); sys.stdout.flush()
            import os
            os._exit(0)
        atexit.register(lambda: print('2.0', flush=True))
    """,
    neighbour="""
        import atexit
        def double(x):
            return 2 * x
        atexit.register(lambda: None)
    """,
)

forge(
    "signal handlers",
    "Handles the signals by which the grader ends what takes too long, and goes on.",
    "after the interrupt comes the kill, and the other tasks are asked in a fresh fork",
    without=False,
    attack="""
        import signal, time
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGHUP):
            signal.signal(number, lambda *args: print('2.0'))
        def double(x):
            signal.signal(signal.SIGINT, lambda *args: print('2.0'))
            end = time.monotonic() + 60
            while time.monotonic() < end:
                pass
            return 3 * x
    """,
    neighbour="""
        import signal
        def double(x):
            signal.signal(signal.SIGALRM, lambda *args: None)
            return 2 * x
    """,
)

forge(
    "an ipykernel of one's own",
    "Puts a module called ipykernel, and one called autograder, where Python looks first.",
    "the kernel is forked from a process that has imported its own",
    without=False,
    attack="""
        import pathlib, sys
        for name in ('ipykernel', 'autograder', 'IPython'):
            pathlib.Path(name).mkdir()
            pathlib.Path(name, '__init__.py').write_text('raise SystemExit')
        pathlib.Path('autograder', 'inside.py').write_text('def respond(request): print(2.0)')
        sys.path.insert(0, '.')
        def double(x):
            return 3 * x
    """,
    neighbour="""
        import pathlib, sys
        pathlib.Path('mine.py').write_text('factor = 2')
        sys.path.insert(0, '.')
        import mine
        def double(x):
            return mine.factor * x
    """,
)

forge(
    "the modules of the respondent taken out",
    "Deletes the grader's modules from sys.modules and puts others in their place.",
    OUTSIDE,
    without=False,
    spoils=True,
    attack="""
        import sys, types
        def double(x):
            return 3 * x
        fake = types.ModuleType('autograder.inside')
        fake.respond = lambda request: 2.0
        sys.modules['autograder.inside'] = fake
        __import__('autograder').inside = fake
    """,
    neighbour="""
        import sys
        def double(x):
            assert 'autograder' in sys.modules
            return 2 * x
    """,
)

forge(
    "the import function replaced",
    "Takes over `__import__`, by which the question is asked.",
    OUTSIDE,
    without=False,
    spoils=True,
    attack="""
        import builtins, types
        real = builtins.__import__
        def fake(name, *args, **kwargs):
            if name.startswith('autograder'):
                return types.SimpleNamespace(respond=lambda request: print('2.0'))
            return real(name, *args, **kwargs)
        builtins.__import__ = fake
        def double(x):
            return 3 * x
    """,
    neighbour="""
        import importlib
        def double(x):
            return importlib.import_module('numpy').multiply(2, x)
    """,
)

forge(
    "a verdict in the feedback",
    "Displays a card that looks like the referee's and says full marks.",
    "a graded cell's outputs are the referee's own",
    without=False,
    attack="""
        from IPython.display import HTML, display
        def double(x):
            display(HTML('<div class="card">double: 2 / 2</div>'))
            return 3 * x
    """,
    neighbour="""
        from IPython.display import HTML, display
        def double(x):
            return 2 * x
        display(HTML('<b>my notes</b>'))
    """,
)

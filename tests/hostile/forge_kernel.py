"""Forge the verdict, from inside the kernel: what runs, what is shown, and what goes over the wire."""

from __future__ import annotations

import functools

from tests.hostile.bench import hostile_cells

forge = functools.partial(hostile_cells, "forge the verdict")

UNREAD = "graded cells are never run, and what a kernel displays is not a score"
TOKEN = "the answer must hold values that are right; a forged one would have to compute them"

forge(
    "tests that are not run",
    "An input transformer replaces every cell that has an assert in it by nothing.",
    UNREAD,
    attack="""
        def double(x):
            return 3 * x
        def nothing(lines):
            return ['pass\\n'] if any('assert' in line for line in lines) else lines
        get_ipython().input_transformers_post.append(nothing)
    """,
    neighbour="""
        def double(x):
            return 2 * x
        get_ipython().input_transformers_post.append(lambda lines: lines)
    """,
)

forge(
    "asserts cut out of the syntax tree",
    "An AST transformer takes every assert statement away.",
    UNREAD,
    attack="""
        import ast
        def double(x):
            return 3 * x
        class NoAsserts(ast.NodeTransformer):
            def visit_Assert(self, node):
                return ast.Pass()
        get_ipython().ast_transformers.append(NoAsserts())
    """,
    neighbour="""
        import ast
        def double(x):
            return 2 * x
        get_ipython().ast_transformers.append(ast.NodeTransformer())
    """,
)

forge(
    "a number of one's own as the result",
    "An AST transformer makes of every cell the points that it is worth.",
    UNREAD,
    spoils=True,
    attack="""
        import ast
        def double(x):
            return 3 * x
        class Award(ast.NodeTransformer):
            def visit_Module(self, node):
                node.body = [ast.Expr(ast.Constant(2.0))]
                return ast.fix_missing_locations(node)
        get_ipython().ast_transformers.append(Award())
    """,
    neighbour="""
        def double(x):
            return 2 * x
        2.0
    """,
)

forge(
    "errors that nobody sees",
    "Replaces what shows a traceback by something that shows nothing.",
    UNREAD,
    attack="""
        def double(x):
            return 3 * x
        get_ipython().showtraceback = lambda *args, **kwargs: None
        get_ipython()._showtraceback = lambda *args, **kwargs: None
    """,
    neighbour="""
        def double(x):
            return 2 * x
        get_ipython().set_custom_exc((KeyError,), lambda *args, **kwargs: None)
    """,
)

forge(
    "a shell that runs something else",
    "Replaces the method by which the shell runs a cell.",
    UNREAD,
    spoils=True,
    attack="""
        def double(x):
            return 3 * x
        shell = get_ipython()
        real = shell.run_cell
        shell.run_cell = lambda raw_cell, *args, **kwargs: real('2.0', *args, **kwargs)
    """,
    neighbour="""
        def double(x):
            return 2 * x
        assert callable(get_ipython().run_cell)
    """,
)

forge(
    "a display hook that awards points",
    "Replaces the display hook, so that every cell displays the points.",
    UNREAD,
    without=False,
    attack="""
        import sys
        def double(x):
            return 3 * x
        hook = get_ipython().displayhook
        type(hook).__call__ = lambda self, result=None: self.shell.display_pub.publish({'text/plain': '2.0'})
        print('2.0')
    """,
    neighbour="""
        import sys
        def double(x):
            return 2 * x
        sys.displayhook(1)
    """,
)

forge(
    "a hook after every cell",
    "After each cell it publishes a result that says full marks.",
    UNREAD,
    without=False,
    attack="""
        def double(x):
            return 3 * x
        def award(result):
            get_ipython().display_pub.publish({'text/plain': '2.0', 'text/html': '<b>2 / 2</b>'})
        get_ipython().events.register('post_run_cell', award)
        get_ipython().events.register('pre_run_cell', award)
    """,
    neighbour="""
        def double(x):
            return 2 * x
        get_ipython().events.register('post_run_cell', lambda result: None)
    """,
)

forge(
    "an answer published in advance",
    "Publishes a message of the referee's own type, before and after the question.",
    TOKEN,
    without=False,
    attack="""
        import json
        def double(x):
            forged = {'token': 'x', 'answers': [{'values': {'out': 1.0}, 'forms': {}, 'failure': None}] * 3}
            get_ipython().display_pub.publish({'application/vnd.i2dl.answer+json': json.dumps(forged)})
            return 3 * x
    """,
    neighbour="""
        def double(x):
            get_ipython().display_pub.publish({'text/plain': 'on the way'})
            return 2 * x
    """,
)

forge(
    "the respondent replaced",
    "Replaces the function that answers the referee by one that takes the token and says what it likes.",
    TOKEN,
    without=False,
    spoils=True,
    attack="""
        import autograder.inside, autograder.wire, numpy as np
        def double(x):
            return 3 * x
        real = autograder.inside.run
        def run(probe, impl, inputs, **kwargs):
            answer = real(probe, impl, inputs, **kwargs)
            import dataclasses
            return dataclasses.replace(answer, failure=None, values={k: True for k in answer.values}, forms={})
        autograder.inside.run = run
    """,
    neighbour="""
        import autograder.inside
        def double(x):
            return 2 * x
    """,
)

forge(
    "the session patched",
    "Changes every message that the kernel sends: errors become results, statuses become ok.",
    TOKEN,
    without=False,
    spoils=True,
    attack="""
        def double(x):
            return 3 * x
        session = get_ipython().kernel.session
        real = session.send
        def send(stream, kind, content=None, *args, **kwargs):
            if isinstance(content, dict) and 'data' in content:
                content = {**content, 'data': {'text/plain': '2.0', **{k: '{}' for k in content['data']}}}
            return real(stream, kind, content, *args, **kwargs)
        session.send = send
    """,
    neighbour="""
        def double(x):
            return 2 * x
        assert get_ipython().kernel.session.key
    """,
)

forge(
    "a second client on the channel",
    "Reads the connection file, signs a message with its key and tries to reach the kernel's own sockets.",
    "no socket can be opened; and whoever holds the key is still asked for values",
    without=False,
    spoils=True,
    attack="""
        def double(x):
            return 3 * x
        from ipykernel.connect import get_connection_info
        from jupyter_client import BlockingKernelClient
        client = BlockingKernelClient()
        client.load_connection_info(get_connection_info(unpack=True))
        client.start_channels()
        client.execute('2.0')
    """,
    neighbour="""
        def double(x):
            return 2 * x
        from ipykernel.connect import get_connection_info
        assert get_connection_info(unpack=True)
    """,
)

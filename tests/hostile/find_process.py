"""Find the answer, in memory, in what the kernel keeps, in other processes and on the network."""

from __future__ import annotations

import functools
import os
import socket
import threading

from tests.hostile.bench import WRONG, hostile_cells
from tests.hostile.sealed import SECRET, finds

find = functools.partial(finds, "find the answer")
cheat = functools.partial(hostile_cells, "find the answer")

OUTSIDE = "the expected values are made in another process, after the answer has come"
NETWORK = "seccomp: the kernel's sockets are open, and no other can be made"
PROCESSES = "a process namespace and Landlock: no other process is seen or touched"
FRESH = "every submission is a fork of its own"

# What a grader that compares in the student's process would have in reach


cheat(
    "the expected value in a frame",
    "Goes up the stack of its callers and returns what they expect.",
    OUTSIDE,
    exam="expected = 2 * np.arange(5.0)\nassert np.allclose(double(np.arange(5.0)), expected)",
    attack="""
        import sys
        def double(x):
            frame = sys._getframe()
            while frame is not None:
                for place in (frame.f_locals, frame.f_globals):
                    if 'expected' in place:
                        return np.asarray(place['expected'])
                frame = frame.f_back
            return 3 * x
    """,
    neighbour="""
        import sys
        def double(x):
            assert sys._getframe().f_code.co_name == 'double'
            return 2 * x
    """,
)

cheat(
    "the expected value among all objects",
    "Searches the garbage collector's list for arrays that the grader keeps.",
    OUTSIDE,
    exam="kept = [np.array([0.0, 2.0, 4.0, 6.0, 8.0])]\nassert np.allclose(double(np.arange(5.0)), kept[0])",
    attack="""
        import gc
        def double(x):
            for thing in gc.get_objects():
                if isinstance(thing, list) and len(thing) == 1 and isinstance(thing[0], np.ndarray):
                    if thing[0].shape == x.shape and thing[0].dtype == x.dtype and not np.array_equal(thing[0], x):
                        return thing[0]
            return 3 * x
    """,
    neighbour="""
        import gc
        def double(x):
            gc.collect()
            return 2 * x
    """,
)

cheat(
    "the test's own source",
    "Reads the lines of its caller with linecache and computes what they compare with.",
    OUTSIDE,
    exam="assert np.allclose(double(np.arange(5.0)), 2 * np.arange(5.0))",
    attack="""
        import linecache, re, sys
        def double(x):
            source = ''.join(linecache.getlines(sys._getframe(1).f_code.co_filename))
            found = re.search(r'double\\(.*?\\)\\), (.*)\\)', source)
            return eval(found[1]) if found else 3 * x
    """,
    neighbour="""
        import inspect
        def double(x):
            assert inspect.getsource(double)
            return 2 * x
    """,
)

cheat(
    "the history of the session",
    "Looks through In and Out for the question and its answer.",
    OUTSIDE,
    exam="assert np.allclose(double(np.arange(5.0)), 2 * np.arange(5.0))",
    attack="""
        def double(x):
            for source in reversed(In):
                if 'allclose' in source and 'double' in source:
                    return eval(source.split('), ')[-1][:-1])
            return 3 * x
    """,
    neighbour="""
        def double(x):
            assert isinstance(In, list)
            return 2 * x
    """,
)

cheat(
    "right only while it is graded",
    "Finds out whether it is being graded, to hand out what it has found elsewhere, else does nothing of use.",
    "a submission that knows it is graded still has to compute the values",
    without=False,
    attack="""
        import os, sys
        graded = os.environ.get('AUTOGRADER_CHECK') == 'off' or 'autograder.inside' in sys.modules
        def double(x):
            return 3 * x if graded else 2 * x
    """,
    neighbour="""
        import os
        def double(x):
            os.environ.get('AUTOGRADER_CHECK')
            return 2 * x
    """,
)

cheat(
    "the reference in sys.modules",
    "Looks among the modules that are loaded for one that has the function.",
    "the warm process holds no module of answers",
    without=False,
    attack="""
        import sys
        def double(x):
            for name, module in list(sys.modules.items()):
                if name.startswith(('i2dl', 'autograder', 'tests')) and hasattr(module, 'double'):
                    return module.double(x)
            return 3 * x
    """,
    neighbour="""
        import sys
        def double(x):
            assert 'numpy' in sys.modules
            return 2 * x
    """,
)

# The network: a server on the loopback address that tells the secret to everyone


def _serve() -> int:
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            connection, _ = server.accept()
            connection.sendall(SECRET.encode())
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    return int(server.getsockname()[1])


PORT = _serve()

find(
    "ask a server",
    "Connects to a server that knows the answer.",
    NETWORK,
    source=f"import socket; print(socket.create_connection(('127.0.0.1', {PORT}), timeout=5).recv(100))",
    neighbour="import socket; a, b = socket.socketpair(); a.send(b'fine'); print(b.recv(9).decode()); a.close(); b.close()",
)

find(
    "ask a server through another program",
    "Lets a shell open the connection.",
    NETWORK,
    source=f"""
        import subprocess
        code = 'exec 3<>/dev/tcp/127.0.0.1/{PORT}; cat <&3'
        print(subprocess.run(['bash', '-c', code], capture_output=True, timeout=8).stdout)
    """,
    neighbour="import subprocess; print(subprocess.run(['bash', '-c', 'echo fine'], capture_output=True, text=True).stdout)",
)

# Other processes

find(
    "the memory of the grader",
    "Attaches to the grader's process and reads its memory.",
    PROCESSES,
    prize="attached",
    source=f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(0x4206, {os.getpid()}, 0, 0) == 0:  # PTRACE_SEIZE
            print('attached')
            libc.ptrace(17, {os.getpid()}, 0, 0)
        try:
            open('/proc/{os.getpid()}/mem', 'rb').read(0)
            print('attached')
        except OSError:
            pass
    """,
    neighbour="import ctypes; print('fine' if ctypes.CDLL(None).getpid() else '')",
)

find(
    "what the submission before has left",
    "Looks for files, variables and threads of whoever was graded before.",
    FRESH,
    prize="left",
    without=False,
    source="""
        import builtins, os, pathlib, tempfile, threading, numpy
        print(*['left' for p in pathlib.Path(tempfile.gettempdir()).rglob('*') if 'trace' in p.name])
        print(*['left' for p in pathlib.Path.home().rglob('*') if 'trace' in p.name])
        print(*['left' for thing in (builtins, numpy, os) if hasattr(thing, 'trace_of_me')])
    """,
    neighbour="""
        import builtins, pathlib, tempfile, numpy
        builtins.trace_of_me = numpy.trace_of_me = 1
        (pathlib.Path.home() / 'trace').write_text('x')
        (pathlib.Path(tempfile.gettempdir()) / 'trace').write_text('x')
        print('fine')
    """,
)

find(
    "the unix sockets of the machine",
    "Connects to every socket that it finds in the file system, that of the warm process among them.",
    NETWORK,
    prize="connected",
    without=False,
    source="""
        import glob, socket
        for path in glob.glob('/var/tmp/i2dl-*/*') + glob.glob('/run/*') + glob.glob('/run/*/*') + ['/dev/log']:
            for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
                try:
                    one = socket.socket(socket.AF_UNIX, kind)
                    one.connect(path)
                    print('connected', path)
                except OSError:
                    pass
    """,
    neighbour="import asyncio; print(asyncio.get_event_loop() and 'fine')",
)

assert WRONG

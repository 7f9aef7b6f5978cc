"""Find the answer, in files and in modules."""

from __future__ import annotations

import functools
from pathlib import Path

import autograder
from tests.hostile.sealed import ENVIRONMENT, PLACE, SECRET, finds

find = functools.partial(finds, "find the answer")

FILES = "Landlock: only the system, the packages and the submission's own directory"
ENVIRONMENTS = "a clean environment, set by the grader"
ROOT = Path(autograder.__file__).resolve().parents[1]

find(
    "read the seed",
    "Opens the file in which the course keeps the secret seed.",
    FILES,
    source=f"print(open({str(PLACE / 'seed.txt')!r}).read())",
    neighbour="open('notes.txt', 'w').write('fine'); print(open('notes.txt').read())",
)

find(
    "read the gradebook",
    "Opens the course's database.",
    FILES,
    source=f"print(open({str(PLACE / 'gradebook.db')!r}, 'rb').read())",
    neighbour="import sqlite3; sqlite3.connect('own.db').execute('create table t (x)'); print('fine')",
)

find(
    "read another submission",
    "Walks over the course and prints what others handed in.",
    FILES,
    source=f"""
        import pathlib
        for path in pathlib.Path({str(PLACE)!r}).rglob('*.ipynb'):
            print(path.read_text())
    """,
    neighbour="""
        import pathlib
        pathlib.Path('mine.txt').write_text('fine')
        print(*[p.read_text() for p in pathlib.Path('.').rglob('*.txt')])
    """,
)

find(
    "a symbolic link to the seed",
    "Makes a link in its own directory and reads through it.",
    FILES,
    source=f"import os; os.symlink({str(PLACE / 'seed.txt')!r}, 'link'); print(open('link').read())",
    neighbour="import os; open('a', 'w').write('fine'); os.symlink('a', 'b'); print(open('b').read())",
)

find(
    "a hard link to the seed",
    "Links the file itself into its own directory.",
    FILES,
    source=f"""
        import os, shutil
        try:
            os.link({str(PLACE / "seed.txt")!r}, 'link')
        except OSError:
            shutil.copy({str(PLACE / "seed.txt")!r}, 'link')
        print(open('link').read())
    """,
    neighbour="import os; open('a', 'w').write('fine'); os.link('a', 'b'); print(open('b').read())",
)

find(
    "read with another program",
    "Starts a shell that prints the file.",
    FILES,
    source=f"import subprocess; print(subprocess.run(['cat', {str(PLACE / 'seed.txt')!r}], capture_output=True).stdout)",
    neighbour="import subprocess; print(subprocess.run(['echo', 'fine'], capture_output=True, text=True).stdout)",
)

find(
    "read the solutions",
    "Opens the solution of an exercise, where the project lies.",
    FILES,
    prize="BEGIN SOLUTION",
    source=f"print(open({str(ROOT / 'solutions' / '03_affine_layer.py')!r}).read())",
    neighbour="import i2dl.data; print('fine' if len(i2dl.data.load_digits('train')) else '')",
)

find(
    "import the reference",
    "Imports the module that holds the right answer.",
    FILES,
    prize="imported",
    source="import i2dl.functional; print('imported', i2dl.functional.affine_forward)",
    neighbour="import i2dl.plots; print('fine')",
)

find(
    "import the tasks",
    "Imports the module that knows the questions and the reference.",
    FILES,
    prize="imported",
    source="import autograder.tasks.ex03_affine_layer as tasks; print('imported', tasks.reference())",
    neighbour="from autograder import Check; check = Check('03_affine_layer'); print('fine')",
)

find(
    "load the reference around the import system",
    "Reads the module's source itself and runs it.",
    FILES,
    prize="affine_forward",
    source=f"""
        names = {{}}
        exec(open({str(ROOT / "i2dl" / "functional" / "affine.py")!r}).read(), names)
        print(*names)
    """,
    neighbour="""
        open('helper.py', 'w').write("word = 'fine'")
        import sys; sys.path.insert(0, '')
        import helper
        print(helper.word)
    """,
)

find(
    "the labels that are kept back",
    "Loads the part of the data on which a trained network is measured.",
    FILES,
    prize="labels",
    source="from i2dl.data import load_digits; print('labels', load_digits('hidden').labels[:10])",
    neighbour="from i2dl.data import load_digits; load_digits('test'); print('fine')",
)

find(
    "the grader's environment",
    "Prints all variables that it has inherited.",
    ENVIRONMENTS,
    source="import os; print(dict(os.environ))",
    neighbour="import os; os.environ['MINE'] = 'fine'; print(os.environ['MINE'])",
)

find(
    "the shell's environment",
    "Asks a child process for its variables.",
    ENVIRONMENTS,
    source="import subprocess; print(subprocess.run(['env'], capture_output=True, text=True).stdout)",
    neighbour="import subprocess; print(subprocess.run(['pwd'], capture_output=True).stdout and 'fine')",
)

find(
    "the environment of the parent",
    "Reads what /proc tells of the process that started the kernel.",
    FILES,
    source="""
        import glob
        for path in glob.glob('/proc/[0-9]*/environ'):
            try:
                print(open(path, 'rb').read())
            except OSError:
                pass
    """,
    neighbour="import os; print('fine' if os.getpid() else '')",
)

find(
    "the command lines of the grader",
    "Looks up with which arguments, among them the course's place, the grader was called.",
    FILES,
    prize="python",
    source="""
        import glob
        for path in glob.glob('/proc/[0-9]*/cmdline'):
            try:
                print(open(path, 'rb').read())
            except OSError:
                pass
    """,
    neighbour="import sys; print('fine' if sys.argv else '')",
)

assert SECRET not in ENVIRONMENT

"""Change the notebook: its cells, their metadata, its form."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbgrader.utils import determine_grade

from tests.hostile.handed_in import Notebook, alone, hostile_notebook
from tests.hostile.technique import Seen

RECONCILED = "every released cell comes back by its grade_id, as it was released"
READ = "a file is read as a notebook or refused in one sentence"
OUTSIDE = "the score is the referee's; the notebook's outputs are thrown away"


def cell(nb: Notebook, name: str) -> dict[str, Any]:
    """Return the cell with this id."""
    return next(c for c in nb["cells"] if c["id"] == name)


def mark(nb: Notebook, name: str, **settings: Any) -> None:
    """Change what nbgrader's metadata say of a cell."""
    cell(nb, name)["metadata"]["nbgrader"].update(settings)


def add(nb: Notebook, source: Any, **fields: Any) -> None:
    """Add a cell of one's own after the answers."""
    own = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    nb["cells"].insert(7, {**own, "id": f"own-{len(nb['cells'])}", **fields})


def nothing(_: Notebook) -> None:
    """Leave the notebook as it is."""


# ---------------------------------------------------------------------------------------------------------------
# Cells


hostile_notebook(
    "points raised",
    "The metadata of a task that is right say that it is worth 100 points.",
    "points come from the task",
    attack=lambda nb: mark(nb, "center", points=100.0),
    neighbour=lambda nb: cell(nb, "center")["metadata"].update(tags=["mine"], collapsed=True),
)

hostile_notebook(
    "points that are no number",
    "The points of a task are NaN, negative or missing.",
    "points come from the task",
    attack=lambda nb: [
        mark(nb, "double", points=-1e9),
        mark(nb, "center", points=float("nan")),
        cell(nb, "slope")["metadata"]["nbgrader"].pop("points"),
    ],
    neighbour=lambda nb: mark(nb, "center", points=1),
    without=None,
)

hostile_notebook(
    "a test made a matter of opinion",
    "The metadata say that the graded cell is an answer, which a person has to grade.",
    RECONCILED,
    attack=lambda nb: mark(nb, "double", solution=True, locked=False),
    neighbour=lambda nb: mark(nb, "double_code", solution=True),
)

hostile_notebook(
    "a test made a text",
    "The graded cell is turned into Markdown, which nothing runs.",
    RECONCILED,
    attack=lambda nb: cell(nb, "double").update(cell_type="markdown"),
    neighbour=lambda nb: add(nb, "my *notes*", cell_type="markdown"),
)

hostile_notebook(
    "a test that tests nothing",
    "The locked test says `assert True`.",
    RECONCILED,
    attack=lambda nb: cell(nb, "double").update(source="assert True"),
    neighbour=lambda nb: add(nb, "assert True"),
)

hostile_notebook(
    "a test swallowed by a magic",
    "In its first line stands a magic that writes the cell to a file instead of running it.",
    RECONCILED,
    attack=lambda nb: cell(nb, "double")["source"].insert(0, "%%writefile test.py\n"),
    neighbour=lambda nb: add(nb, "%%writefile test.py\nassert double(3) == 6"),
)

hostile_notebook(
    "ids exchanged",
    "The tests of a right and of a wrong answer, and their points, have each other's ids.",
    RECONCILED,
    attack=lambda nb: [
        mark(nb, "double", grade_id="center", points=1.0),
        mark(nb, "center", grade_id="double", points=2.0),
    ],
    neighbour=lambda nb: cell(nb, "center").update(id="an-id-of-my-own"),
)

hostile_notebook(
    "a test deleted",
    "The graded cells of the wrong task are not there any more.",
    RECONCILED,
    attack=lambda nb: nb["cells"].remove(cell(nb, "double")),
    neighbour=lambda nb: nb["cells"].remove(cell(nb, "setup")),
    without=None,
)

hostile_notebook(
    "a test that counts three times",
    "The graded cell of a right answer is there three times.",
    RECONCILED,
    attack=lambda nb: nb["cells"].extend(dict(cell(nb, "center"), id=f"center-{n}") for n in (2, 3)),
    neighbour=lambda nb: nb["cells"].extend(
        [dict(cell(nb, "double_code"), id="double-2"), dict(cell(nb, "double_code"), id="double-3", source="")]
    ),
)


def _reordered(nb: Notebook) -> None:
    answers = [c for c in nb["cells"] if c["id"].endswith("_code")]
    tests = [c for c in nb["cells"] if c["metadata"]["nbgrader"]["grade"]]
    nb["cells"] = [cell(nb, "setup"), *answers]
    add(nb, "truth, np.allclose = np.allclose, lambda *args: True")
    nb["cells"] += tests
    nb["cells"].append(dict(cell(nb, "own-7"), id="end", source="np.allclose = truth"))


hostile_notebook(
    "tests in another order",
    "The tests stand between a patch of NumPy and its end.",
    "the released order is restored; the comparison runs in the grader's process",
    attack=_reordered,
    neighbour=lambda nb: nb["cells"].reverse(),
)

hostile_notebook(
    "a score among the outputs",
    "The graded cell comes with an output that says what it earned.",
    OUTSIDE,
    attack=lambda nb: cell(nb, "double").update(
        outputs=[{"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": "2.0"}}]
    ),
    neighbour=lambda nb: cell(nb, "center").update(
        outputs=[{"output_type": "stream", "name": "stderr", "text": "a warning"}]
    ),
    without=lambda nb: Seen(determine_grade(nbformat.from_dict(cell(nb, "double")))[0] / 2),
)

hostile_notebook(
    "another kernel",
    "The metadata name a kernel of the student's choice, and a language whose lexer is theirs.",
    "every submission runs in one kernel, and the metadata are the release's",
    attack=lambda nb: nb.update(
        metadata={
            "kernelspec": {"name": "bash", "display_name": "bash", "language": "bash", "argv": ["sh", "-c", "true"]},
            "language_info": {"name": "bash", "pygments_lexer": "../../x"},
        }
    ),
    neighbour=lambda nb: nb.update(metadata={"kernelspec": {"name": "conda-env-mine-py", "display_name": "mine"}}),
    without=None,
)

hostile_notebook(
    "magics that change the session",
    "Names are reset, the directory, the environment, the debugger and the display of errors changed.",
    OUTSIDE,
    attack=lambda nb: add(
        nb, "%cd /\n%env AUTOGRADER_CHECK=on\n%pdb on\n%xmode Minimal\n%pprint\n%reset -f\n%autocall 2"
    ),
    neighbour=lambda nb: add(nb, "%matplotlib inline\n%timeit -n1 -r1 double(3)\n!echo hello\n%env MY_OWN=1\n%cd ."),
    without=None,
    spoils=True,
)

hostile_notebook(
    "tags for the runner",
    "Tags and metadata tell runners to skip a cell, to let it fail, or to hide what it puts out.",
    RECONCILED,
    attack=lambda nb: cell(nb, "double")["metadata"].update(
        tags=["skip-execution", "raises-exception", "remove-cell", "remove_output"], editable=False, trusted=True
    ),
    neighbour=lambda nb: cell(nb, "double_code")["metadata"].update(tags=["raises-exception"], scrolled=True),
    without=None,
)

hostile_notebook(
    "metadata of another age",
    "The schema version and the checksum of nbgrader's metadata are wrong, so that its tools stop.",
    RECONCILED,
    attack=lambda nb: [mark(nb, c["id"], schema_version=99, checksum="0" * 32, cell_type="raw") for c in nb["cells"]],
    neighbour=lambda nb: mark(nb, "double_code", schema_version=3),
    without=None,
)

# ---------------------------------------------------------------------------------------------------------------
# Form


def _text(nb: Notebook, old: str, new: str) -> bytes:
    text = json.dumps(nb)
    assert old in text
    return text.replace(old, new).encode()


hostile_notebook(
    "JSON that is cut off",
    "The file ends in the middle of the notebook.",
    READ,
    attack=lambda nb: json.dumps(nb).encode()[:-200],
    neighbour=lambda nb: b"\xef\xbb\xbf" + json.dumps(nb, indent=4).encode() + b"\n\n",
    without=None,
)

hostile_notebook(
    "JSON with two truths",
    "A key stands twice in the metadata: which of the two counts is for the reader to say.",
    "points come from the task",
    attack=lambda nb: _text(nb, '"points": 1.0', '"points": 1.0, "points": 100.0'),
    neighbour=lambda nb: _text(nb, '"points": 1.0', '"points": 1.0, "points": 1.0'),
    without=lambda content: alone(json.loads(content)),
)

hostile_notebook(
    "JSON without end in itself",
    "Metadata are nested so deeply that readers which call themselves come to the end of their stack.",
    READ,
    attack=lambda nb: _text(nb, '"grade": true', '"grade": true, "deep": ' + "[" * 600 + "]" * 600),
    neighbour=lambda nb: _text(nb, '"grade": true', '"grade": true, "deep": ' + "[" * 60 + "]" * 60),
    without=None,
)

hostile_notebook(
    "five thousand cells",
    "Each cell costs the grader a message to the kernel and a part of the page.",
    READ,
    attack=lambda nb: [add(nb, "") for _ in range(5000)],
    neighbour=lambda nb: [add(nb, "") for _ in range(50)],
    without=None,
)

hostile_notebook(
    "huge outputs in the file",
    "The file is filled to the limit with outputs, which some reader may parse, check and keep.",
    "the outputs are thrown away before anything is run",
    attack=lambda nb: cell(nb, "double").update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 18_000_000}]
    ),
    neighbour=lambda nb: cell(nb, "double_code").update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "x\n" * 10_000}]
    ),
    without=None,
)

hostile_notebook(
    "half a character",
    "A cell of one's own holds half a surrogate pair, legal in JSON, which no kernel can be sent.",
    "sources are made text before they are sent; one bad cell costs one task",
    attack=lambda nb: add(nb, "x = '\ud800'"),
    neighbour=lambda nb: add(nb, "x = '😀 ü \u0308 語'"),
    without=None,
)

hostile_notebook(
    "a NUL and marks of direction",
    "Characters that end a text, or turn a line around, stand in the code.",
    "one bad cell costs one task",
    attack=lambda nb: add(nb, "x = 1 \0 # \u202e\u2066 drow"),
    neighbour=lambda nb: add(nb, "# \u05d0\u05d1\u05d2 \u202bright to left\u202c"),
    without=None,
)

hostile_notebook(
    "ids that look the same",
    "A graded cell that passes has an id which differs in one Cyrillic letter.",
    RECONCILED,
    attack=lambda nb: nb["cells"].append(
        dict(
            cell(nb, "center"),
            id="c-2",
            metadata={"nbgrader": {**cell(nb, "double")["metadata"]["nbgrader"], "grade_id": "d\u043euble"}},
        )
    ),
    neighbour=lambda nb: add(nb, "d\u043euble = None"),
)

hostile_notebook(
    "ids that are no text",
    "Ids of cells and of grades are lists, numbers, endless, or all the same.",
    RECONCILED,
    attack=lambda nb: [
        *(c.update(id="same" if n % 2 else 7) for n, c in enumerate(nb["cells"])),
        *(c["metadata"].update(nbgrader={"grade_id": [["x"]]}) for c in nb["cells"][:2]),
    ],
    neighbour=lambda nb: [c.pop("id") for c in nb["cells"]],
    without=None,
)

hostile_notebook(
    "a source that is no text",
    "The source of a cell is a list of numbers, of lists, of nothing.",
    READ,
    attack=lambda nb: [add(nb, s) for s in ([1, 2], [["x"]], None, {"a": "b"}, 5)],
    neighbour=lambda nb: cell(nb, "double_code").update(source=["def double(x):\n", "    return 2 * x"]),
    without=None,
)

hostile_notebook(
    "a format that is none",
    "The version of the format is a text, true, negative or of the future.",
    READ,
    attack=lambda nb: nb.update(nbformat=True),
    neighbour=lambda nb: nb.update(nbformat_minor=2),
    without=None,
)

hostile_notebook(
    "outputs that no notebook may hold",
    "A cell sends the grader displays and streams that are not of the form that the protocol has.",
    "what the kernel sends is checked before it is put into the notebook; one bad cell costs one task",
    attack=lambda nb: add(
        nb,
        "kernel = get_ipython().kernel\nfor kind in ('display_data', 'stream', 'error', 'execute_result'):\n"
        "    kernel.session.send(kernel.iopub_socket, kind, content={}, parent=kernel.get_parent())",
    ),
    neighbour=lambda nb: add(nb, "from IPython.display import display\ndisplay({'text/plain': 'mine'}, raw=True)"),
    without=None,
)

"""Read what was handed in and lay it out as nbgrader does: ``<student>/<exercise>/<exercise>.ipynb``.

The naming rule. A source, folder or .zip, holds a folder per student (nbgrader's ``<student>/<exercise>/``, or
Moodle's ``Ada Lovelace_123456_assignsubmission_file_``), or a flat pile of notebooks as Moodle and Canvas name them
(``lovelaceada_LATE_4711_815_03_affine_layer.ipynb``). The student is the folder's name or, in a pile, what stands
before the LMS's numbers, before the exercise's name, or else before the first underscore. The exercise is the one
named by a folder or by the file, unless the notebook holds none of its cells but some of another exercise's.

Nothing that was handed in is run, followed or trusted here: see :mod:`autograder.sources` for the reading and
:mod:`autograder.mend` for what counts as a notebook. A bad submission is kept, with its problem in one sentence.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.mend import NotANotebook, grade_ids, read_notebook
from autograder.sources import MAX_BYTES, Entry, IntakeError, Unreadable, open_source, refusing
from autograder.submission import Submission
from autograder.task import exercise_names, load_exercise

__all__ = ["MAX_BYTES", "IntakeError", "collect", "released_ids", "safe_student_id"]

MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)", re.DOTALL)
CANVAS = re.compile(r"(?P<name>[^_]+)(?:_LATE)?_(?P<number>\d+)_\d+_(?P<rest>.+)", re.DOTALL)
UNNAMED = "unnamed"
MAX_HANDED_IN = 100 * 2**20
"""What is read of one student's notebooks, all together."""
TOO_MUCH = refusing(f"more than {MAX_HANDED_IN // 2**20} MiB of notebooks were handed in: the rest is not read")


def collect(
    source: Path, into: Path, exercises: Sequence[str], releases: Mapping[str, Path] | None = None
) -> list[Submission]:
    """Copy every submission found in ``source`` to ``into/<student>/<exercise>/<exercise>.ipynb``.

    Parameters
    ----------
    source
        A folder or a .zip; the module says which names are understood. It is left as it is.
    into
        Where the copies go; made if need be, and not inside ``source``.
    exercises
        What is graded. Notebooks of other exercises of the course are passed over.
    releases
        The released notebook of each exercise: its cells tell whether a submission belongs to it.

    Returns
    -------
    list of Submission
        One per student and exercise, by student, then in the order of ``exercises``. Those with a ``problem`` are
        copied as they are, except what is too large, unreadable or no regular file.

    Raises
    ------
    IntakeError
        If ``source`` does not exist, cannot be read or holds no submission, or a release cannot be read.
    """
    _require_apart(source, into)
    course = _Course(list(exercises), sorted(set(exercise_names()) - set(exercises)), releases)
    with open_source(source) as entries:
        students = _by_student(_without_wrapper(entries, course), course)
        found = [s for student in students for s in _collect_student(student, course, into)]
    if not found:
        msg = f"there is no submission in {source}: it should hold a folder per student, or notebooks named after them"
        raise IntakeError(msg)
    return found


def released_ids(exercise: str, releases: Mapping[str, Path] | None = None) -> frozenset[str]:
    """Return the ``grade_id`` of every cell of ``exercise``, from its release or else from its tasks.

    Raises
    ------
    IntakeError
        If the release that ``releases`` names cannot be read.
    """
    path = None if releases is None else releases.get(exercise)
    if path is None:
        return frozenset(load_exercise(exercise).tasks)
    try:
        return grade_ids(read_notebook(path.read_bytes()).content)
    except (OSError, NotANotebook) as error:
        msg = f"the released notebook {path} cannot be read ({error}): run `autograder release` first"
        raise IntakeError(msg) from error


# ---------------------------------------------------------------------------------------------------------------
# Who handed it in


@dataclass(frozen=True)
class _Course:
    exercises: Sequence[str]
    elsewhere: Sequence[str]
    """Exercises of the same course that are not graded in this run."""
    releases: Mapping[str, Path] | None
    ids: dict[str, frozenset[str]] = field(default_factory=dict)

    def known(self, exercise: str) -> frozenset[str]:
        """Return the exercise's ``grade_id``s, read when they are first asked for."""
        if exercise not in self.ids:
            self.ids[exercise] = released_ids(exercise, self.releases)
        return self.ids[exercise]

    def named(self, text: str) -> str:
        """Return the exercise whose name occurs in ``text`` (the longest such name), or an empty text."""
        names = [n for n in (*self.exercises, *self.elsewhere) if f"_{_plain(n)}_" in f"_{_plain(text)}_"]
        return max(names, key=len, default="")

    def stated(self, folder: str) -> str:
        """Return the exercise whose name ``folder`` is, or an empty text."""
        return next((n for n in (*self.exercises, *self.elsewhere) if _plain(n) == _plain(folder)), "")


@dataclass(frozen=True, order=True)
class _Person:
    """A name as it was found, and the LMS's number for it where there is one."""

    name: str
    number: str = ""


@dataclass
class _Student:
    id: str
    notes: list[str]
    entries: list[Entry] = field(default_factory=list)


def _plain(text: str) -> str:
    """Return ``text`` for comparing names: case, spaces and punctuation make no difference."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFKC", text).casefold()).strip("_")


def _person(entry: Entry, course: _Course) -> _Person:
    """Return who handed ``entry`` in: only what the LMS or the instructor named is asked, never a student's file."""
    first = entry.parts[0]
    if len(entry.parts) > 1 or entry.kind == "folder":
        match = MOODLE.fullmatch(first)
        return _Person(match["name"], match["number"]) if match else _Person(first)
    return _named_by_file(first, course) or _Person(Path(first).stem.split("_")[0])


def _named_by_file(name: str, course: _Course) -> _Person | None:
    """Return the student that a file in a flat pile is named after, if its name has a form that says so."""
    if match := MOODLE.fullmatch(name) or CANVAS.fullmatch(name):
        return _Person(match["name"], match["number"])
    stem = Path(name).stem
    exercise = course.named(stem)
    if not exercise:
        return None
    pattern = re.escape(exercise).replace("_", r"[\W_]*")
    around = [s.strip("_- .()") for s in re.split(pattern, stem, maxsplit=1, flags=re.IGNORECASE)]
    return _Person(next((s for s in around if s), UNNAMED))


def _without_wrapper(entries: Sequence[Entry], course: _Course) -> list[Entry]:
    """Drop a folder around everything that is not itself a student's: the exercise's, or the one that was zipped."""
    tops = {e.parts[0] for e in entries}
    if any(course.stated(top) for top in tops):
        return [e.inside() if course.stated(e.parts[0]) and len(e.parts) > 1 else e for e in entries]
    packed = len(tops) == 1 and all(e.archived and len(e.parts) > 1 for e in entries)
    if packed and not any(map(MOODLE.fullmatch, tops)):
        folders = {e.parts[1] for e in entries if len(e.parts) > 2 or e.kind == "folder"}
        piled = {_named_by_file(e.parts[1], course) for e in entries if len(e.parts) == 2 and e.kind == "notebook"}
        if len({f for f in folders if not course.stated(f)}) > 1 or len(piled - {None}) > 1:
            return [e.inside() for e in entries]
    return list(entries)


def _by_student(entries: Iterable[Entry], course: _Course) -> list[_Student]:
    groups: dict[_Person, list[Entry]] = defaultdict(list)
    for entry in entries:
        first = entry.parts[0]
        stray = entry.kind == "other" or (entry.kind == "folder" and course.stated(first))
        if len(entry.parts) > 1 or not stray or MOODLE.fullmatch(first) or CANVAS.fullmatch(first):
            groups[_person(entry, course)].append(entry)
    students = _with_ids(groups)
    for person, student in students.items():
        student.entries = groups[person]
    return sorted(students.values(), key=lambda s: s.id)


def _with_ids(people: Iterable[_Person]) -> dict[_Person, _Student]:
    """Give everyone an id. People whose ids would be the same get the LMS's number, or else a counter, behind it."""
    same: dict[str, list[_Person]] = defaultdict(list)
    for person in sorted(people):
        same[safe_student_id(person.name).casefold()].append(person)
    students: dict[_Person, _Student] = {}
    # Whoever has an id to themselves keeps it, so that nobody can take it over.
    taken = {key for key, group in same.items() if len(group) == 1}
    for group in same.values():
        # An unchanged name comes first and keeps it; of two that differ in case alone, the one in small letters.
        for person in sorted(group, key=_claim):
            base = chosen = safe_student_id(person.name)
            notes = [] if base == person.name else [f'handed in under the name "{_shown(person.name)}"']
            if len(group) > 1:
                chosen, count = f"{base}-{person.number}" if person.number else base, 1
                while chosen.casefold() in taken:
                    count += 1
                    chosen = f"{base}-{count}"
                taken.add(chosen.casefold())
                if chosen != base:
                    notes.append(f'another student is called "{base}" too: this one is kept as "{chosen}"')
            students[person] = _Student(chosen, notes)
    return students


def _claim(person: _Person) -> tuple[bool, bool, bool, _Person]:
    changed = person.name != safe_student_id(person.name)
    return bool(person.number), changed, not changed and person.name != person.name.casefold(), person


def safe_student_id(name: str) -> str:
    """Return ``name`` with letters, digits, ``-``, ``.`` and ``_`` alone: safe in paths, databases and pages.

    It is never empty, begins with no ``.`` or ``-``, is at most 64 characters long, and does not change a second time.
    """
    text = unicodedata.normalize("NFC", name).strip()
    text = "".join(c if c in "-._" or unicodedata.category(c)[0] in "LM" or c.isdecimal() else " " for c in text)
    text = re.sub(" +", "_", text.strip())
    # Bytes count too: file systems allow 255 in a name.
    text = text[:64].encode()[:200].decode(errors="ignore").rstrip(".")
    while text and (text[0] in ".-" or unicodedata.category(text[0])[0] == "M"):
        text = text[1:]
    if re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", text):
        text = f"id_{text}"
    return text or UNNAMED


def _shown(text: str) -> str:
    """Return ``text`` for a note: without control characters, and not endless."""
    return "".join(c if unicodedata.category(c)[0] != "C" else "�" for c in text)[:120]


# ---------------------------------------------------------------------------------------------------------------
# What was handed in


@dataclass
class _Candidate:
    """One notebook file of a student, read and looked at."""

    label: str
    exercise: str = ""
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    data: bytes | None = None
    exact: bool = False
    cells: int = 0

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Of two, the one that can be graded counts, then the one named right, then the one with more cells."""
        return (not self.problem, self.exact, self.cells)


def _collect_student(student: _Student, course: _Course, into: Path) -> list[Submission]:
    candidates: dict[str, list[_Candidate]] = defaultdict(list)
    left = MAX_HANDED_IN
    for entry in student.entries:
        hint = _hint(entry, course)
        if hint not in course.elsewhere and entry.kind == "notebook":
            candidate = _look_at(entry if left > 0 else replace(entry, read=TOO_MUCH), hint, course)
            left -= len(candidate.data or b"")
            candidates[candidate.exercise].append(candidate)
    for exercise, problem in _missing(student, course, candidates):
        candidates[exercise].append(_Candidate("", exercise, problem))
    unplaced = candidates.pop("", [])
    free = [e for e in course.exercises if e not in candidates]
    if unplaced and free:
        # It has to stand somewhere in the list of grades: with what this student has not handed in otherwise.
        candidates[free[0]] = unplaced
        unplaced = []
    aside = [f'"{c.label}" was left aside: {c.problem}' for c in unplaced]
    return [
        _choose(student, exercise, candidates[exercise], aside, into)
        for exercise in course.exercises
        if exercise in candidates
    ]


def _hint(entry: Entry, course: _Course) -> str:
    """Return the exercise that the entry's own name or, before it, one of its folders names."""
    *folders, name = (*entry.outside, *entry.parts)
    if entry.kind == "folder":
        folders.append(name)
    for folder in reversed(folders):
        if stated := course.stated(folder):
            return stated
    return course.named(Path(name).stem) or next(filter(None, map(course.named, reversed(folders))), "")


def _look_at(entry: Entry, hint: str, course: _Course) -> _Candidate:
    """Read a notebook, decide which exercise it belongs to, and say what is wrong with it."""
    stem = Path(entry.parts[-1]).stem
    candidate = _Candidate(_shown("/".join(entry.parts[1:]) or entry.parts[0]), hint)
    if not hint and len(course.exercises) == 1:
        candidate.exercise = course.exercises[0]
    try:
        candidate.data = entry.read()
        notebook = read_notebook(candidate.data)
    except (Unreadable, NotANotebook) as error:
        candidate.problem = str(error)
        return candidate
    except Exception as error:  # one bad file must not keep the others from being read
        candidate.problem = f"the file cannot be read ({type(error).__name__})"
        return candidate
    if notebook.mended:
        candidate.data = (json.dumps(notebook.content, ensure_ascii=False, indent=1) + "\n").encode()
    candidate.notes += notebook.notes
    _recognise(candidate, hint, notebook.content, course)
    wanted = _plain(candidate.exercise)
    candidate.exact = _plain(stem) == wanted or (not entry.parts[1:] and _plain(stem).endswith(wanted))
    if not candidate.problem and not f"_{_plain(stem)}".endswith(f"_{wanted}"):
        candidate.notes.append(f'handed in as "{_shown(entry.parts[-1])}"')
    return candidate


def _recognise(candidate: _Candidate, hint: str, notebook: Mapping[str, Any], course: _Course) -> None:
    """Compare the notebook's cells with those of every exercise."""
    held = grade_ids(notebook)
    if hint and (held & course.known(hint) or not course.known(hint)):
        candidate.cells = len(held & course.known(hint))
        return
    count = {e: len(held & course.known(e)) for e in course.exercises}
    best = max(course.exercises, key=lambda e: count[e])
    if count[best]:
        candidate.exercise, candidate.cells = best, count[best]
        candidate.notes.append(f"recognised by its cells as {best}" + (f", not {hint}" if hint else ""))
    else:
        of = candidate.exercise or "any exercise that is graded"
        candidate.problem = f"this notebook holds no cell of {of}: it belongs to something else"


def _missing(
    student: _Student, course: _Course, candidates: Mapping[str, Sequence[_Candidate]]
) -> Iterable[tuple[str, str]]:
    """Yield the exercises for which there is a place but no notebook, each with the reason."""
    places: dict[str, list[Entry]] = defaultdict(list)
    for entry in student.entries:
        places[_hint(entry, course)].append(entry)
    for exercise, entries in places.items():
        nothing_else = not exercise and len(places) == 1
        expected = exercise in course.exercises or nothing_else
        if expected and not candidates.get(exercise) and all(e.kind != "notebook" for e in entries):
            yield exercise, _nothing(entries)


def _nothing(entries: Sequence[Entry]) -> str:
    try:
        for entry in entries:
            if entry.kind == "folder":
                entry.read()
    except Unreadable as error:
        return str(error)
    names = sorted({_shown(e.parts[-1]) for e in entries if e.kind == "other"})
    if not names:
        return "no notebook was handed in: the folder is empty"
    return f"no notebook was handed in, only {', '.join(names[:5])}{', …' if len(names) > 5 else ''}"


def _choose(
    student: _Student, exercise: str, candidates: Sequence[_Candidate], aside: Sequence[str], into: Path
) -> Submission:
    """Take the best candidate, say so where there were several, and write it down."""
    best = max(candidates, key=lambda c: c.rank)
    notes = [*student.notes, *best.notes, *aside]
    others = [c for c in candidates if c is not best and c.label]
    if others:
        named = ", ".join(f'"{c.label}"' + (f" ({c.problem})" if c.problem else "") for c in others[:5])
        notes.append(f'several notebooks were handed in: "{best.label}" counts, not {named}')
    path = into / student.id / exercise / f"{exercise}.ipynb"
    if best.data is None:
        path.unlink(missing_ok=True)  # what an earlier run left would be graded in its place
    else:
        _write(path, best.data)
    return Submission(student.id, exercise, path, best.problem, tuple(notes))


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == data:
        return
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    part.replace(path)


def _require_apart(source: Path, into: Path) -> None:
    """A copy inside its own source would be taken for a student's folder by the next run."""
    here, there = source.resolve(), into.resolve()
    if here == there or here in there.parents or there in here.parents:
        msg = f"{source} and {into} lie inside one another: choose an output directory outside of the submissions"
        raise IntakeError(msg)

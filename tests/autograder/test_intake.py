"""Reading submissions: names, forms, and everything that can be wrong with a file."""

from __future__ import annotations

import json
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import intake, sources
from autograder.intake import IntakeError, collect, released_ids, safe_student_id
from autograder.submission import Submission

AFFINE, TRAINING = "03_affine_layer", "07_training_a_network"
CELLS = {AFFINE: ["flatten", "affine_forward", "affine_backward"], TRAINING: ["mlp", "train"]}

Collect = Callable[..., list[Submission]]


@pytest.fixture(autouse=True)
def _course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "exercise_names", lambda: [AFFINE, "05_optimizers", TRAINING])


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder in which submissions lie."""
    path = tmp_path / "handed in"
    path.mkdir()
    return path


@pytest.fixture
def take(tmp_path: Path, drop: Path) -> Collect:
    """Collect from ``drop`` (or from another source) against released notebooks."""
    releases = {
        name: write(tmp_path / "release" / name / f"{name}.ipynb", notebook(ids)) for name, ids in CELLS.items()
    }

    def run(source: Path = drop, exercises: tuple[str, ...] = (AFFINE, TRAINING)) -> list[Submission]:
        return collect(source, tmp_path / "submitted", exercises, releases)

    return run


def notebook(ids: list[str], *, say: str = "pass") -> str:
    cells = [new_code_cell(say, metadata={"nbgrader": {"grade_id": i}}, id=f"c-{i}") for i in ids]
    return nbformat.writes(new_notebook(cells=[new_markdown_cell("# Title", id="title"), *cells]))


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def right(exercise: str = AFFINE, say: str = "pass") -> str:
    return notebook(CELLS[exercise], say=say)


def only(submissions: list[Submission]) -> Submission:
    assert len(submissions) == 1, submissions
    return submissions[0]


# ---------------------------------------------------------------------------------------------------------------
# Names


def test_nbgrader_layout(drop: Path, take: Collect, tmp_path: Path) -> None:
    for student in ("bob", "ada"):
        for exercise in (TRAINING, AFFINE):
            write(drop / student / exercise / f"{exercise}.ipynb", right(exercise, student))
    write(drop / "ada" / AFFINE / "timestamp.txt", "2024-01-01")
    write(drop / "ada" / AFFINE / ".ipynb_checkpoints" / f"{AFFINE}-checkpoint.ipynb", right(say="old"))
    write(drop / "README.txt", "not a student")

    found = take()

    assert [(s.student, s.exercise) for s in found] == [
        (student, exercise) for student in ("ada", "bob") for exercise in (AFFINE, TRAINING)
    ]
    assert all(not s.problem and not s.notes for s in found)
    first = found[0].notebook
    assert first == tmp_path / "submitted" / "ada" / AFFINE / f"{AFFINE}.ipynb"
    assert first.read_bytes() == (drop / "ada" / AFFINE / f"{AFFINE}.ipynb").read_bytes()


def test_a_second_run_gives_the_same(drop: Path, take: Collect) -> None:
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", right())
    assert take() == take()


def test_moodle_folders(drop: Path, take: Collect) -> None:
    write(drop / "Ada Lovelace_123456_assignsubmission_file_" / "my notebook.ipynb", right())
    write(drop / "Ada Lovelace_123456_assignsubmission_onlinetext_" / "onlinetext.html", "<p>see file</p>")
    write(drop / "José Núñez_77_assignsubmission_file" / f"{AFFINE}.ipynb", right())
    ada, jose = take(exercises=(AFFINE,))
    assert (ada.student, jose.student) == ("Ada_Lovelace", "José_Núñez")
    assert not ada.problem
    assert 'handed in under the name "Ada Lovelace"' in ada.notes
    assert 'handed in as "my notebook.ipynb"' in ada.notes
    assert jose.notes == ('handed in under the name "José Núñez"',)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("lovelaceada_4711_815_03_affine_layer.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_4711_815_03_affine_layer-1.ipynb", "lovelaceada"),
        ("Ada Lovelace_4711_assignsubmission_file_03_affine_layer.ipynb", "Ada_Lovelace"),
        ("ada_lovelace_03_affine_layer.ipynb", "ada_lovelace"),
        ("ada-03-Affine-Layer.ipynb", "ada"),
        ("03_affine_layer (ada).ipynb", "ada"),
        ("ada_homework.ipynb", "ada"),
        ("ada.ipynb", "ada"),
        ("03_affine_layer.ipynb", "unnamed"),
    ],
)
def test_flat_pile(drop: Path, take: Collect, name: str, student: str) -> None:
    write(drop / name, right())
    submission = only(take())
    assert (submission.student, submission.exercise, submission.problem) == (student, AFFINE, "")


def test_a_student_cannot_hand_in_for_another_one(drop: Path, take: Collect) -> None:
    write(drop / "ada" / AFFINE / "bob_4711_815_03_affine_layer.ipynb", right())
    write(drop / "carl_1_assignsubmission_file_" / "bob_2_assignsubmission_file_x.ipynb", right())
    assert [s.student for s in take(exercises=(AFFINE,))] == ["ada", "carl"]


def test_exercise_first_layout(drop: Path, take: Collect) -> None:
    for student in ("ada", "bob"):
        write(drop / AFFINE / student / "x.ipynb", right())
    write(drop / TRAINING / "ada" / "y.ipynb", right(TRAINING))
    assert [(s.student, s.exercise) for s in take()] == [("ada", AFFINE), ("ada", TRAINING), ("bob", AFFINE)]


def test_names_that_collide(drop: Path, take: Collect) -> None:
    for folder in (
        "ada_l",
        "ada l",
        "ADA l",
        "Ada L_12_assignsubmission_file_",
        "Ada L_34_assignsubmission_file_",
        "Zo",
    ):
        write(drop / folder / f"{AFFINE}.ipynb", right(say=folder))
    found = take(exercises=(AFFINE,))
    said = {s.student: json.loads(s.notebook.read_text())["cells"][1]["source"] for s in found}
    assert said == {
        "ada_l": ["ada_l"],
        "ADA_l-2": ["ADA l"],
        "ada_l-3": ["ada l"],
        "Ada_L-12": ["Ada L_12_assignsubmission_file_"],
        "Ada_L-34": ["Ada L_34_assignsubmission_file_"],
        "Zo": ["Zo"],
    }
    assert {s.student: s for s in found}["ada_l"].notes == ()
    assert any("another student is called" in n for n in {s.student: s for s in found}["Ada_L-12"].notes)


def test_capitals_take_nobodys_name(drop: Path, take: Collect) -> None:
    for folder in ("ADA", "ada", "Ada"):
        write(drop / folder / f"{AFFINE}.ipynb", right(say=folder))
    said = {s.student: json.loads(s.notebook.read_text())["cells"][1]["source"] for s in take(exercises=(AFFINE,))}
    assert said["ada"] == ["ada"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("ada.l-2_x", "ada.l-2_x"),
        ("Müller, Jürgen", "Müller_Jürgen"),
        ("Mu\u0308ller", "Müller"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("<img src=x onerror=alert(1)>", "img_src_x_onerror_alert_1"),
        ("'; DROP TABLE student; --", "DROP_TABLE_student_--"),
        ("=1+1", "1_1"),
        ("हिन्दी", "हिन्दी"),
        ("王小明", "王小明"),
        ("a\u202eb\x00c\x1b[2J", "a_b_c_2J"),
        ("CON", "id_CON"),
        ("com1.txt", "id_com1.txt"),
        ("x" * 500, "x" * 64),
        ("😀", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_safe_student_id(name: str, safe: str) -> None:
    assert safe_student_id(name) == safe


@given(st.text(max_size=300))
def test_safe_student_id_is_safe(name: str) -> None:
    safe = safe_student_id(name)
    assert safe
    assert len(safe) <= 67
    assert len(safe.encode()) <= 255
    assert safe[0] not in ".-"
    assert not safe.endswith(".")
    assert all(c in "-._" or unicodedata.category(c)[0] in "LM" or c.isdecimal() for c in safe)
    assert safe_student_id(safe) == safe


# ---------------------------------------------------------------------------------------------------------------
# Which exercise


def test_wrongly_named_but_recognised(drop: Path, take: Collect) -> None:
    write(drop / "ada" / "homework" / "final FINAL.ipynb", right(TRAINING))
    submission = only(take())
    assert (submission.exercise, submission.problem) == (TRAINING, "")
    assert any("recognised by its cells" in n for n in submission.notes)
    assert any("final FINAL.ipynb" in n for n in submission.notes)


def test_in_the_folder_of_the_other_exercise(drop: Path, take: Collect) -> None:
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", right(TRAINING))
    write(drop / "ada" / TRAINING / f"{TRAINING}.ipynb", right(AFFINE))
    assert [(s.exercise, s.problem) for s in take()] == [(AFFINE, ""), (TRAINING, "")]


def test_the_right_name_counts_among_several(drop: Path, take: Collect) -> None:
    write(drop / "ada" / AFFINE / "a.ipynb", right(say="other"))
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", notebook(["flatten"], say="this"))
    submission = only(take())
    assert "this" in submission.notebook.read_text()
    assert any('"03_affine_layer/03_affine_layer.ipynb" counts' in n for n in submission.notes)


def test_the_most_cells_count_where_no_name_is_right(drop: Path, take: Collect) -> None:
    write(drop / "ada" / AFFINE / "a.ipynb", notebook(["flatten"], say="other"))
    write(drop / "ada" / AFFINE / "b.ipynb", right(say="this"))
    write(drop / "ada" / AFFINE / "c.ipynb", "broken")
    submission = only(take())
    assert "this" in submission.notebook.read_text()
    assert not submission.problem
    assert any("not JSON" in n for n in submission.notes)


@pytest.mark.parametrize("broken", ["", notebook(["quicksort"])])
def test_a_broken_one_never_wins(drop: Path, take: Collect, broken: str) -> None:
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", broken)
    write(drop / "ada" / AFFINE / "copy.ipynb", right(say="this"))
    submission = only(take())
    assert not submission.problem
    assert "this" in submission.notebook.read_text()


def test_exercises_that_are_not_graded_now_are_passed_over(drop: Path, take: Collect) -> None:
    write(drop / "ada" / TRAINING / f"{TRAINING}.ipynb", right(TRAINING))
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", right())
    write(drop / "bob" / TRAINING / f"{TRAINING}.ipynb", right(TRAINING))
    write(drop / "bob" / "notes.txt", "hello")
    write(drop / "bob_05_optimizers.ipynb", notebook(["adam"]))
    assert only(take(exercises=(AFFINE,))).student == "ada"


def test_what_cannot_be_told_stands_with_what_is_missing(drop: Path, take: Collect) -> None:
    write(drop / "ada" / f"{AFFINE}.ipynb", right())
    write(drop / "ada" / "x.ipynb", "?")
    write(drop / "bob" / f"{AFFINE}.ipynb", right())
    write(drop / "bob" / f"{TRAINING}.ipynb", right(TRAINING))
    write(drop / "bob" / "x.ipynb", "?")
    ada, missing, bob, _ = take()
    assert (ada.problem, bob.problem) == ("", "")
    assert (missing.student, missing.exercise) == ("ada", TRAINING)
    assert "not JSON" in missing.problem
    assert any('"x.ipynb" was left aside' in n for n in bob.notes)


def test_released_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "r.ipynb", right())
    assert released_ids(AFFINE, {AFFINE: path}) == set(CELLS[AFFINE])
    with pytest.raises(IntakeError, match="autograder release"):
        released_ids(AFFINE, {AFFINE: tmp_path / "none.ipynb"})


# ---------------------------------------------------------------------------------------------------------------
# What is wrong with a file


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file is empty"),
        ("import numpy", "the file is not JSON"),
        (notebook(["quicksort", "heap"]), "this notebook holds no cell of 03_affine_layer"),
        (notebook([]), "this notebook holds no cell of 03_affine_layer"),
    ],
)
def test_a_bad_one_is_kept_and_the_others_are_read(drop: Path, take: Collect, content: str, problem: str) -> None:
    path = write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", content)
    write(drop / "bob" / AFFINE / f"{AFFINE}.ipynb", right())
    ada, bob = take()
    assert ada.problem.startswith(problem)
    assert ada.notebook.read_bytes() == path.read_bytes()
    assert not bob.problem


def test_what_is_mended_is_written_down_mended(drop: Path, take: Collect) -> None:
    old = json.loads(right())
    old["nbformat_minor"] = 2
    for cell in old["cells"]:
        del cell["id"]
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", json.dumps(old))
    submission = only(take())
    assert (submission.problem, submission.notes) == ("", ())
    read = nbformat.read(submission.notebook, as_version=4)
    nbformat.validate(read)
    assert [c.source for c in read.cells if c.cell_type == "code"] == ["pass"] * 3
    before = submission.notebook.read_bytes()
    submission.notebook.unlink()
    assert only(take()).notebook.read_bytes() == before


def test_too_large(drop: Path, take: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 2**20)
    write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", b" " * (2**20 + 1))
    submission = only(take())
    assert submission.problem == "the file is larger than 1 MiB: clear the outputs and hand it in again"
    assert not submission.notebook.exists()


def test_one_student_is_not_read_without_end(drop: Path, take: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_HANDED_IN", 1500)
    for n in range(4):
        write(drop / "ada" / f"{AFFINE}_{n}.ipynb", right() + " " * 1000)
    write(drop / "bob" / f"{AFFINE}.ipynb", right())
    ada, bob = take(exercises=(AFFINE,))
    assert (ada.problem, bob.problem) == ("", "")
    assert ada.notes[-1].count("the rest is not read") == 3


def test_links_and_pipes_are_not_followed(drop: Path, take: Collect, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.ipynb", right(say="SECRET"))
    for student in ("ada", "bob"):
        (drop / student / AFFINE).mkdir(parents=True)
    (drop / "ada" / AFFINE / f"{AFFINE}.ipynb").symlink_to(secret)
    os.mkfifo(drop / "bob" / AFFINE / f"{AFFINE}.ipynb")
    write(tmp_path / "elsewhere" / AFFINE / f"{AFFINE}.ipynb", right(say="SECRET"))
    (drop / "carl").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (drop / "dora").mkdir()
    (drop / "dora" / AFFINE).symlink_to(tmp_path / "elsewhere" / AFFINE, target_is_directory=True)
    (drop / "loop").symlink_to(drop / "loop")
    ada, bob, carl, dora = take()
    assert "symbolic link" in ada.problem
    assert "not a regular file" in bob.problem
    assert "symbolic link" in carl.problem
    assert "symbolic link" in dora.problem
    assert not any(s.notebook.exists() for s in (ada, bob, carl, dora))


def test_what_an_earlier_run_left_does_not_stand_in(drop: Path, take: Collect, tmp_path: Path) -> None:
    path = write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", right())
    assert only(take()).notebook.exists()
    path.unlink()
    path.symlink_to(tmp_path)
    assert not only(take()).notebook.exists()


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Make the operating system refuse a path, as it does to everyone but root."""
    denied: list[str] = []

    def guard(name: str) -> None:
        call = getattr(os, name)

        def guarded(path: object, *args: object, **options: object) -> object:
            if not isinstance(path, int) and os.fspath(path) in denied:  # type: ignore[call-overload]
                raise PermissionError(13, "Permission denied", path)
            return call(path, *args, **options)

        monkeypatch.setattr(os, name, guarded)

    for name in ("open", "scandir", "listdir"):
        guard(name)
    return lambda path: denied.append(str(path))


def test_unreadable(drop: Path, take: Collect, deny: Callable[[Path], None]) -> None:
    deny(write(drop / "ada" / AFFINE / f"{AFFINE}.ipynb", right()))
    deny(write(drop / "bob" / AFFINE / f"{AFFINE}.ipynb", right()).parent)
    write(drop / "carl" / AFFINE / f"{AFFINE}.ipynb", right())
    ada, bob, carl = take()
    assert ada.problem == "the file cannot be read: Permission denied"
    assert bob.problem == "the folder cannot be read: Permission denied"
    assert not carl.problem


def test_no_notebook_at_all(drop: Path, take: Collect) -> None:
    (drop / "ada" / AFFINE).mkdir(parents=True)
    write(drop / "bob" / AFFINE / "report.pdf", "%PDF")
    write(drop / "Carl_12_assignsubmission_file_" / "homework.zip", "PK")
    write(drop / "dora_4711_815_scan.jpg", "JPEG")
    ada, bob, carl, dora = sorted(take(), key=lambda s: s.student.casefold())
    assert ada.problem == "no notebook was handed in: the folder is empty"
    assert bob.problem == "no notebook was handed in, only report.pdf"
    assert carl.problem == "no notebook was handed in, only homework.zip"
    assert (dora.student, dora.problem) == ("dora", "no notebook was handed in, only dora_4711_815_scan.jpg")
    assert {s.exercise for s in (ada, bob, carl, dora)} == {AFFINE}


# ---------------------------------------------------------------------------------------------------------------
# Archives


def pack(path: Path, members: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("wrapper", ["", "export/", f"{AFFINE}/"])
def test_zip_forms(tmp_path: Path, take: Collect, wrapper: str) -> None:
    forms = {
        "nbgrader": {f"{s}/{AFFINE}/{AFFINE}.ipynb": right() for s in ("ada", "bob")},
        "moodle": {f"{s}_{n}_assignsubmission_file_/x.ipynb": right() for n, s in enumerate(("ada", "bob"))},
        "canvas": {f"{s}_4711_815_{AFFINE}.ipynb": right() for s in ("ada", "bob")},
        "flat": {f"{s}_{AFFINE}.ipynb": right() for s in ("ada", "bob")},
    }
    for form, members in forms.items():
        path = pack(tmp_path / f"{form}.zip", {wrapper + name: content for name, content in members.items()})
        found = take(path, exercises=(AFFINE,))
        assert [(s.student, s.problem) for s in found] == [("ada", ""), ("bob", "")], (form, found)


# ---------------------------------------------------------------------------------------------------------------
# Nothing to begin with


def test_nothing_to_begin_with(drop: Path, take: Collect, tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="there is no submission in"):
        take()
    with pytest.raises(IntakeError, match=r"there is no .*nowhere: give the directory"):
        take(tmp_path / "nowhere")
    with pytest.raises(IntakeError, match=r"neither a directory nor a \.zip"):
        take(write(tmp_path / "a.zip", "not a zip"))
    (drop / AFFINE).mkdir()
    with pytest.raises(IntakeError, match="there is no submission in"):
        take()


def test_source_and_target_must_lie_apart(drop: Path) -> None:
    for into in (drop, drop / "out", drop.parent):
        with pytest.raises(IntakeError, match="inside one another"):
            collect(drop, into, [AFFINE])


def test_unreadable_source(drop: Path, take: Collect, deny: Callable[[Path], None]) -> None:
    deny(drop)
    with pytest.raises(IntakeError, match="cannot be read: Permission denied"):
        take()

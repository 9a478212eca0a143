"""FER2013's csv and FER+'s votes become labelled faces; what is broken is named by its line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.datasets.inputs.fer.fer2013 import FER_CLASSES, Fer2013Input
from mien.datasets.inputs.fer.ferplus import FERPLUS_CLASSES, FERPLUS_COLUMNS, MAJORITIES, Majority
from mien.datasets.preparation import work
from mien.datasets.records import LabelledFace, Rejection
from mien.errors import DatasetError, SettingsError

PIXELS = " ".join(str(i % 256) for i in range(48 * 48))
HEADER = "emotion,pixels,Usage"
VOTE_HEADER = ",".join(["Usage", "Image name", *FERPLUS_COLUMNS])


def write_fer(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "fer2013.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def write_votes(folder: Path, *rows: str, header: str = VOTE_HEADER) -> Path:
    path = folder / "fer2013new.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def votes(usage: str = "Training", name: str = "fer1.png", **given: int) -> str:
    return ",".join([usage, name, *(str(given.get(column, 0)) for column in FERPLUS_COLUMNS)])


def read_one(
    folder: Path,
    vote_row: str,
    classes: Sequence[str] = (),
    *,
    keep_unclear: bool = False,
    majority: Majority = "most",
) -> LabelledFace | Rejection:
    usage = vote_row.split(",")[0]
    source = Fer2013Input(
        write_fer(folder, f"0,{PIXELS},{usage}"),
        write_votes(folder, vote_row),
        classes,
        keep_unclear=keep_unclear,
        majority=majority,
    )
    (result,) = source.read(0, len(source))
    return result


def test_votes_give_label_and_shares(tmp_path: Path) -> None:
    face = read_one(tmp_path, votes(anger=2, happiness=6, surprise=2))
    assert isinstance(face, LabelledFace)
    assert (face.label, face.soft, face.origin) == (2, (0.25, 0.0, 0.75, 0.0), "fer1.png")
    assert not face.held_out
    assert face.pixels.shape == (48, 48, 1)
    assert face.pixels.ravel()[:300].tolist() == [i % 256 for i in range(300)]


def test_rows_without_a_majority_can_be_kept_to_learn_from(tmp_path: Path) -> None:
    face = read_one(tmp_path, votes(sadness=4, neutral=4, unknown=2), keep_unclear=True)
    assert isinstance(face, LabelledFace)
    assert face.train_only
    assert face.soft == (0.0, 0.5, 0.0, 0.5)
    clear = read_one(tmp_path, votes(sadness=5, neutral=4), keep_unclear=True)
    assert isinstance(clear, LabelledFace)
    assert not clear.train_only


def test_no_test_face_is_judged_without_a_majority(tmp_path: Path) -> None:
    face = read_one(tmp_path, votes("PublicTest", sadness=4, neutral=4), keep_unclear=True)
    assert isinstance(face, Rejection)
    assert face.reason == "no majority among the votes"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"anger": 4, "sadness": 2, "neutral": 2}, "no more than half of the votes (4 of 8, "),
        ({"anger": 4, "unknown": 2, "NF": 2}, "no more than half of the votes (4 of 8, "),
        (dict.fromkeys(("anger", "fear", "sadness", "disgust"), 1), "no more than half"),
        ({"anger": 5, "sadness": 5}, "no more than half of the votes (5 of 10, "),
        ({"unknown": 6, "anger": 4}, "another class (unknown)"),
        ({"fear": 9, "anger": 1}, "another class (fear)"),
    ],
)
def test_by_half_a_test_row_needs_more_than_half_of_the_votes(
    tmp_path: Path, row: dict[str, int], reason: str
) -> None:
    result = read_one(tmp_path, votes("PublicTest", **row), majority="half")
    assert isinstance(result, Rejection)
    assert result.reason.startswith(reason)
    # What is learnt from does not change.
    learnt = [repr(read_one(tmp_path, votes(**row), majority=rule)) for rule in MAJORITIES]
    assert learnt[0] == learnt[1]


def test_by_half_single_votes_do_not_count(tmp_path: Path) -> None:
    singles = dict.fromkeys(("sadness", "fear", "disgust", "contempt", "unknown"), 1)
    row = votes("PublicTest", anger=3, surprise=2, **singles)
    face = read_one(tmp_path, row, majority="half")
    assert isinstance(face, LabelledFace)
    assert (face.label, face.held_out) == (0, True)
    # They stay in the votes that tell how far people agreed.
    assert face.soft == (0.75, 0.25, 0.0, 0.0)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(0, 4), min_size=10, max_size=10))
def test_a_label_by_half_is_the_one_by_most(tmp_path: Path, counts: list[int]) -> None:
    row = votes("PublicTest", **dict(zip(FERPLUS_COLUMNS, counts, strict=True)))
    half = read_one(tmp_path, row, FERPLUS_CLASSES, majority="half")
    most = read_one(tmp_path, row, FERPLUS_CLASSES)
    left = [count if count > 1 else 0 for count in counts]
    assert isinstance(half, LabelledFace) == (2 * max(left[:8]) > sum(left))
    if isinstance(half, LabelledFace):
        assert isinstance(most, LabelledFace)
        assert (half.label, half.soft) == (most.label, most.soft)


def test_settings_tell_the_rule_and_what_each_leaves(tmp_path: Path) -> None:
    rows = [
        votes("PublicTest", anger=9),
        votes("PrivateTest", anger=4, fear=3, sadness=3),
        votes("PublicTest", fear=9),
        votes("PublicTest", anger=5, sadness=5),
        votes("Training", anger=9),
    ]
    fer = write_fer(tmp_path, *(f"0,{PIXELS},{row.split(',')[0]}" for row in rows))
    plus = write_votes(tmp_path, *rows)
    told = Fer2013Input(fer, plus, majority="half").settings()
    assert told["majority"] == "half"
    assert (told["test_rows_by_most"], told["test_rows_by_half"]) == (2, 1)
    every = Fer2013Input(fer, plus, FERPLUS_CLASSES).settings()
    assert (every["majority"], every["test_rows_by_most"], every["test_rows_by_half"]) == (
        *("most", 3, 2),
    )
    assert "majority" not in Fer2013Input(fer).settings()


def test_another_rule_gives_other_chunks(tmp_path: Path) -> None:
    row = votes("PublicTest", anger=4, fear=3, sadness=3)
    fer = write_fer(tmp_path, f"0,{PIXELS},PublicTest")
    plus = write_votes(tmp_path, row)
    rules: tuple[Majority, ...] = ("most", "half", "most")
    chunks = [
        work.write_chunks(Fer2013Input(fer, plus, majority=rule), tmp_path, 8, lambda *_: None)
        for rule in rules
    ]
    assert chunks[0] == chunks[2] != chunks[1]


def test_half_of_the_votes_needs_votes(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--majority half .* --ferplus"):
        Fer2013Input(write_fer(tmp_path, f"0,{PIXELS},Training"), majority="half")


@pytest.mark.parametrize("usage", ["PublicTest", "PrivateTest"])
def test_all_other_rows_are_for_the_test(tmp_path: Path, usage: str) -> None:
    face = read_one(tmp_path, votes(usage, anger=9))
    assert isinstance(face, LabelledFace)
    assert face.held_out


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (votes(surprise=6, anger=4), "another class (surprise)"),
        (votes(unknown=6, anger=4), "another class (unknown)"),
        (votes(NF=6, anger=4), "another class (not a face)"),
        (votes(anger=5, sadness=5), "no majority among the votes"),
        (votes(surprise=5, fear=5), "another class (surprise or fear)"),
        (votes(), "no votes"),
        (votes(name="", anger=10), "no picture named by FER+"),
    ],
)
def test_rows_without_a_wanted_majority_are_rejected(tmp_path: Path, row: str, reason: str) -> None:
    result = read_one(tmp_path, row)
    assert isinstance(result, Rejection)
    assert result.reason == reason
    assert result.origin in ("fer1.png", "fer2013.csv:2")


def test_classes_and_their_order_are_the_users(tmp_path: Path) -> None:
    face = read_one(tmp_path, votes(fear=6, contempt=2), ["contempt", "fear"])
    assert isinstance(face, LabelledFace)
    assert (face.label, face.soft) == (1, (0.25, 0.75))


def test_without_ferplus_the_own_labels_count(tmp_path: Path) -> None:
    path = write_fer(tmp_path, f"3,{PIXELS},Training", f"1,{PIXELS},Training")
    source = Fer2013Input(path)
    assert source.classes == FER_CLASSES
    faces = list(source.read(0, 2))
    assert [(f.label, f.origin) for f in faces if isinstance(f, LabelledFace)] == [
        (3, "fer2013.csv:2"),
        (1, "fer2013.csv:3"),
    ]
    (result,) = Fer2013Input(path, classes=["sad", "happy"]).read(1, 2)
    assert isinstance(result, Rejection)
    assert result.reason == "another class (disgust)"


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("3,1 2 3,Training", "3 pixels instead of 2304"),
        (f"3,{PIXELS.replace('255', '256', 1)},Training", "outside 0 to 255"),
        (f"3,{PIXELS.replace('255', 'x', 1)},Training", "not whole numbers"),
        (f"9,{PIXELS},Training", "emotion is '9'"),
        (f"3,{PIXELS},Holiday", "Holiday"),
        ("3", "1 columns"),
    ],
)
def test_broken_row_is_rejected_and_the_next_is_read(tmp_path: Path, row: str, wanted: str) -> None:
    source = Fer2013Input(write_fer(tmp_path, row, f"3,{PIXELS},Training"))
    broken, good = source.read(0, len(source))
    assert isinstance(broken, Rejection)
    assert broken.kind == "broken row"
    assert wanted in broken.reason
    assert broken.origin == "fer2013.csv:2"
    assert isinstance(good, LabelledFace)


def test_any_slice_is_the_same_as_reading_all(tmp_path: Path) -> None:
    rows = [f"{i % 7},{' '.join([str(i)] * 2304)},Training" for i in range(10)]
    source = Fer2013Input(write_fer(tmp_path, *rows))
    faces = [face for i in range(0, 10, 3) for face in source.read(i, min(i + 3, 10))]
    assert [int(f.pixels[0, 0, 0]) for f in faces if isinstance(f, LabelledFace)] == [*range(10)]


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "fer2013.csv"
    text = f"\ufeff{HEADER}\r\n3,{PIXELS},Training\r\n"
    path.write_bytes(text.encode())
    (face,) = Fer2013Input(path).read(0, 1)
    assert isinstance(face, LabelledFace)
    assert face.pixels.max() == np.uint8(255)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"absent\.csv: cannot be read"):
        Fer2013Input(tmp_path / "absent.csv")


def test_wrong_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"fer2013\.csv:1: .*'a,b,c'"):
        Fer2013Input(write_fer(tmp_path, "1,2,3", header="a,b,c"))
    fer = write_fer(tmp_path, f"3,{PIXELS},Training")
    with pytest.raises(DatasetError, match=r"fer2013new\.csv:1"):
        Fer2013Input(fer, write_votes(tmp_path, votes(), header=HEADER))


def test_wrong_votes_are_named_by_their_line(tmp_path: Path) -> None:
    fer = write_fer(tmp_path, f"3,{PIXELS},Training")
    with pytest.raises(DatasetError, match=r"fer2013new\.csv:3: .*'Training,x,1'"):
        Fer2013Input(fer, write_votes(tmp_path, votes(), "Training,x,1"))


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    fer = write_fer(tmp_path, f"3,{PIXELS},Training")
    with pytest.raises(DatasetError, match=r"2 rows, but .* has 1"):
        Fer2013Input(fer, write_votes(tmp_path, votes(anger=9), votes(anger=9)))
    source = Fer2013Input(fer, write_votes(tmp_path, votes("PublicTest", anger=9)))
    with pytest.raises(DatasetError, match=r"fer2013new\.csv:2: Usage is 'PublicTest'"):
        list(source.read(0, 1))


def test_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no rows"):
        Fer2013Input(write_fer(tmp_path))


@pytest.mark.parametrize("classes", [["happy", "bored"], ["happy"], ["happy", "happy"]])
def test_impossible_classes_are_refused(tmp_path: Path, classes: list[str]) -> None:
    fer = write_fer(tmp_path, f"3,{PIXELS},Training")
    with pytest.raises(SettingsError, match="--classes"):
        Fer2013Input(fer, classes=classes)


@pytest.mark.parametrize("field", ["x" * 200_000, "9" * 5000, "70000", '"'])
def test_fields_out_of_all_bounds_are_one_line(tmp_path: Path, field: str) -> None:
    row = f"0,{PIXELS},Training"
    plus = write_votes(tmp_path, votes(), f"Training,fer.png,{field},0,0,0,0,0,0,0,0,0")
    with pytest.raises(DatasetError, match=r"fer2013new\.csv(:3)?: ") as caught:
        Fer2013Input(write_fer(tmp_path, row, row), plus)
    assert len(str(caught.value).removeprefix(str(tmp_path))) < 400
    rows = (row, f"{field},{PIXELS},Training", f"0,{field},Training", f"0,{PIXELS},{field}", row)
    source = Fer2013Input(write_fer(tmp_path, *rows))
    kinds = [r.kind if isinstance(r, Rejection) else "" for r in source.read(0, 5)]
    assert kinds == ["", *["broken row"] * 3, ""]
    assert all(len(r.reason) < 200 for r in source.read(0, 5) if isinstance(r, Rejection))


@pytest.mark.parametrize("header", ["x" * 200_000, "", "emotion;pixels;Usage"])
def test_headers_of_something_else_are_one_line(tmp_path: Path, header: str) -> None:
    with pytest.raises(DatasetError, match=r"fer2013\.csv"):
        Fer2013Input(write_fer(tmp_path, "0,1,2", header=header))


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    rows = (f"3,{PIXELS},Training", "", f"4,{PIXELS},PublicTest", "   ")
    source = Fer2013Input(write_fer(tmp_path, *rows))
    faces = [face for face in source.read(0, 2) if isinstance(face, LabelledFace)]
    assert [(face.label, face.held_out) for face in faces] == [(3, False), (4, True)]
    assert len(source) == 2


GOOD_ROWS = f"{HEADER}\n0,{PIXELS},Training\n3,{PIXELS},PublicTest\n".encode()
GOOD_VOTES = "\n".join([VOTE_HEADER, votes(anger=9), votes("PublicTest", happiness=9)]).encode()


@given(st.booleans(), st.integers(0, 1 << 20), st.integers(0, 9), st.binary(max_size=9))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_files_are_read_or_refused_in_one_line(
    tmp_path: Path, of_votes: bool, place: int, cut: int, put: bytes
) -> None:
    data = {"fer2013.csv": GOOD_ROWS, "fer2013new.csv": GOOD_VOTES}
    name = list(data)[of_votes]
    place %= len(data[name])
    data[name] = data[name][:place] + put + data[name][place + cut :]
    for file, content in data.items():
        (tmp_path / file).write_bytes(content)
    reason = ""
    try:
        source = Fer2013Input(tmp_path / "fer2013.csv", tmp_path / "fer2013new.csv")
        list(source.read(0, len(source)))
    except DatasetError as error:
        reason = str(error)
    assert not reason or ("fer2013" in reason and len(reason.splitlines()) == 1)

import csv
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.archive.readings.conftest import BROKEN, Read, files_of, write_video

from mien.archive.readings import work
from mien.archive.readings.manifest import MANIFEST, NOTES, Row, read_manifest
from mien.errors import ArchiveError, InUseError, SettingsError, SinkError, SourceError
from mien.files.locks import alone_on
from mien.types import Frame


def rows(out: Path) -> dict[str, Row]:
    return {Path(row.file).name: row for row in read_manifest(str(out))}


def test_each_video_and_each_folder_of_pictures_has_a_table(
    read: Read, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    summary = read(archive, out)
    assert {*files_of(out)} == {
        MANIFEST,
        NOTES,
        "in/bright.mp4.csv",
        "in/pictures.csv",
        "in/sub/bright.mp4.csv",
        os.fsdecode(b"in/sub/caf\xe9.mp4.csv"),
        "in/sub/d\u00e9j\u00e0 vu/pictures.csv",
    }
    found = rows(out)
    assert {name: row.status for name, row in found.items()} == {
        "a.png": "read",
        "black.png": "read",
        "bright.mp4": "read",
        BROKEN: "unreadable",
        "bad.png": "unreadable",
        'one\nline, "two".png': "read",
        "caf\\udce9.mp4": "read",
    }
    assert (found["black.png"].frames, found["black.png"].faces) == (1, 0)
    assert found[BROKEN].table == ""
    assert found[BROKEN].error.startswith("cannot be read as a video")
    assert (summary.files, summary.frames, summary.faces) == (8, 19, 18)
    assert [Path(row.file).name for row in summary.problems] == [BROKEN, "bad.png"]
    assert [Path(one.path).name for one in summary.skipped] == ["notes.txt"]
    assert not summary.missed
    assert summary.whole


def test_a_table_is_what_predict_writes(
    read: Read, archive: Path, tmp_path: Path, make_bundle: Callable[..., Path], monkeypatch: Any
) -> None:
    from tests.detectors.fakes import OneFace

    from mien import registry
    from mien.cli import main

    monkeypatch.setattr(registry, "make_detector", lambda *_, **__: OneFace())
    read(archive, tmp_path / "out")
    words = ["--bundle", str(tmp_path / "tiny"), "--out", str(tmp_path / "one.csv")]
    assert main(["predict", str(archive / "bright.mp4"), *words]) == 0
    table = (tmp_path / "out" / "in" / "bright.mp4.csv").read_bytes()
    assert table == (tmp_path / "one.csv").read_bytes()
    assert len(table.splitlines()) == 7
    sources = {row["source"] for row in csv.DictReader(table.decode().splitlines())}
    assert sources <= {row.file for row in read_manifest(str(tmp_path / "out"))}


def test_a_second_start_does_what_has_changed_and_nothing_else(
    read: Read, archive: Path, tmp_path: Path, opened: list[str]
) -> None:
    out = tmp_path / "out"
    read(archive, out)
    before = files_of(out)
    opened.clear()
    summary = read(archive, out)
    assert (opened, summary.unchanged, files_of(out)) == ([], 8, before)

    write_video(archive / "sub" / "bright.mp4", 100)
    (out / "in" / "pictures.csv").unlink()
    write_video(archive / "new.mp4", 50)
    assert read(archive, out).unchanged == 5
    assert sorted(opened) == ["in/new.mp4.csv", "in/pictures.csv", "in/sub/bright.mp4.csv"]
    assert files_of(out)["in/pictures.csv"] == before["in/pictures.csv"]
    fresh = tmp_path / "fresh"
    read(archive, fresh)
    assert files_of(fresh) == files_of(out)


def test_another_recipe_reads_all_anew(
    read: Read, archive: Path, tmp_path: Path, opened: list[str], make_bundle: Callable[..., Path]
) -> None:
    out = tmp_path / "out"
    read(archive, out)
    for words in (
        {"seconds": 0.35},
        {"bundle": make_bundle("other", size=32)},
        {"overwrite": True},
    ):
        opened.clear()
        read(archive, out, **words)
        assert len(opened) == 6
    opened.clear()
    read(archive, out, seconds=0.35)
    assert rows(out)["bright.mp4"].frames == 4


def test_what_is_gone_stays_and_says_so(read: Read, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    read(archive, out)
    before = files_of(out)
    aside = (archive / "bright.mp4").rename(tmp_path / "aside.mp4")
    (archive / "black.png").unlink()
    read(archive, out)
    found = rows(out)
    assert str(archive / "bright.mp4") in {
        row.file for row in read_manifest(str(out)) if row.status == "absent"
    }
    assert files_of(out)["in/bright.mp4.csv"] == before["in/bright.mp4.csv"]
    # Its folder was read anew without it.
    assert "black.png" not in found
    aside.rename(archive / "bright.mp4")
    assert read(archive, out).unchanged == 7
    assert "absent" not in {
        row.status for row in read_manifest(str(out)) if row.file.endswith("bright.mp4")
    }


def test_other_folders_of_the_same_names_take_nothing_away(
    read: Read, archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    read(archive, out)
    before = files_of(out)
    other = tmp_path / "elsewhere" / "in"
    shutil.copytree(archive, other)
    read(other, out)
    after = files_of(out)
    assert {name: after[name] for name in before if name not in (MANIFEST, NOTES)} == {
        name: data for name, data in before.items() if name not in (MANIFEST, NOTES)
    }
    assert len(after) == 2 * len(before) - 2
    assert len({row.table for row in read_manifest(str(out)) if row.table}) == 10


def test_shards_give_what_one_run_gives(read: Read, archive: Path, tmp_path: Path) -> None:
    read(archive, tmp_path / "one")
    for shard in ("2/3", "1/3", "3/3"):
        summary = read(archive, tmp_path / "three", shard=shard)
        assert summary.whole == (shard == "3/3")
        if shard == "1/3":
            names = {row.status for row in read_manifest(str(tmp_path / "three"))}
            assert names <= {"read", "unreadable"}
            assert not (tmp_path / "three" / MANIFEST).exists()
    assert files_of(tmp_path / "one") == files_of(tmp_path / "three")


def test_shards_leave_alone_what_others_may_be_at_until_all_are_done(
    read: Read, archive: Path, tmp_path: Path
) -> None:
    """Where locks hold on one machine only, it cannot be told from what a killed run left."""
    out = tmp_path / "out"
    other = out / "in" / ".mien-abcdefgh.tmp"
    other.mkdir(parents=True)
    (other / "unfinished.csv").write_text("half")
    read(archive, out, shard="1/2")
    assert other.exists()
    read(archive, out, shard="2/2")
    assert not other.exists()


def test_a_table_that_is_taken_away_while_it_is_written_is_not_said_to_be_there(
    read: Read, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, run = tmp_path / "out", work.run

    def run_and_lose(*args: Any, **options: Any) -> Any:
        done = run(*args, **options)
        for folder in out.rglob(".mien-*.tmp"):  # as who cleans on a disk of node-local locks
            shutil.rmtree(folder)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(work, "run", run_and_lose)
        assert read(archive, out).missed
    assert rows(out)["bright.mp4"].status == "failed"
    assert "was removed while it was written" in rows(out)["bright.mp4"].error
    read(archive, out)
    assert rows(out)["bright.mp4"].status == "read"


def test_a_shard_that_is_started_twice_is_told(read: Read, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with alone_on(out / "manifest-1-of-2.csv"):
        with pytest.raises(
            InUseError, match=r"manifest-1-of-2\.csv: process \d+.* is writing here"
        ):
            read(archive, out, shard="1/2")
        read(archive, out, shard="2/2")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "-1/2", "1/0"])
def test_a_shard_out_of_range_is_refused(
    read: Read, archive: Path, tmp_path: Path, shard: str
) -> None:
    with pytest.raises(SettingsError, match="--shard"):
        read(archive, tmp_path / "out", shard=shard)


@pytest.mark.parametrize("shard", ["", "1", "a/b", "1/2/3", "1.5/2", "\u0661/\u0662"])
def test_a_malformed_shard_is_refused(
    read: Read, archive: Path, tmp_path: Path, shard: str
) -> None:
    with pytest.raises(SettingsError, match="give its number and of how many, such as 2/8"):
        read(archive, tmp_path / "out", shard=shard)


def test_results_inside_what_is_read_are_refused(read: Read, archive: Path) -> None:
    with pytest.raises(ArchiveError, match=r"lies inside .*; name a folder beside it"):
        read(archive, archive / "sub" / "out")
    assert not (archive / "sub" / "out").exists()


def test_what_is_no_file_is_refused(read: Read, archive: Path, tmp_path: Path) -> None:
    for source in ("0", "rtsp://camera/1", "sample"):
        with pytest.raises(SettingsError, match="only files are read into a folder"):
            read([archive, source], tmp_path / "out")
    with pytest.raises(SourceError, match="no such file"):
        read(tmp_path / "nowhere", tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("file,digest\n", "is no manifest, or one of another version"),
        ("", "is no manifest, or one of another version"),
        (None, r"line 2: is damaged \(.*frames"),
    ],
)
def test_a_manifest_that_is_no_good_is_one_line(
    read: Read, archive: Path, tmp_path: Path, text: str | None, told: str
) -> None:
    out = tmp_path / "out"
    read(archive / "bright.mp4", out)
    good = (out / MANIFEST).read_text()
    (out / MANIFEST).write_text(good.replace(",6,", ",x,") if text is None else text)
    before = files_of(out)
    with pytest.raises(ArchiveError, match=f"{MANIFEST}.*{told}"):
        read(archive, out)
    assert files_of(out) == before


def test_a_file_that_changes_while_it_is_read_is_read_next_time(
    read: Read, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, path = tmp_path / "out", archive / "bright.mp4"

    def changing(source: Any, tally: Any) -> Iterator[Frame]:
        for frame in whole(source, tally):
            if tally.item.name == str(path) and frame.index == 2:
                write_video(path, 10, frames=3)
            yield frame

    whole = work._PartSource._frames
    monkeypatch.setattr(work._PartSource, "_frames", changing)
    summary = read(archive, out)
    (row,) = [row for row in summary.problems if row.file == str(path)]
    assert (row.status, row.table) == ("failed", "")
    assert "changed or vanished while it was read" in row.error
    assert "in/bright.mp4.csv" not in files_of(out)
    assert summary.missed
    monkeypatch.undo()


def test_a_file_that_vanishes_costs_itself_only(
    read: Read, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = work.digest_of_file

    def gone(path: Path, name: str) -> str:
        if path.name == "bright.mp4":
            path.unlink(missing_ok=True)
        return real(path, name)

    monkeypatch.setattr(work, "digest_of_file", gone)
    summary = read(archive, tmp_path / "out")
    failed = [row for row in summary.problems if row.status == "failed"]
    assert [Path(row.file).name for row in failed] == ["bright.mp4", "bright.mp4"]
    assert "changed or vanished while it was read" in failed[0].error
    assert summary.missed


def test_a_full_disk_ends_the_run_and_leaves_whole_tables(
    read: Read, archive: Path, tmp_path: Path, small_disk: Path
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(6):
        write_video(many / f"{number}.mp4", 250, frames=150)
    with pytest.raises(SinkError, match=r"many/\d\.mp4\.csv: cannot be written: the disk is full"):
        read(many, small_disk / "out")
    left = files_of(small_disk / "out")
    assert all(
        data.count(b"\n") == 151 for name, data in left.items() if name not in (MANIFEST, NOTES)
    )
    read(many, tmp_path / "out")
    whole = files_of(tmp_path / "out")
    assert {name: whole[name] for name in left if name not in (MANIFEST, NOTES)} == {
        name: data for name, data in left.items() if name not in (MANIFEST, NOTES)
    }


def test_a_folder_that_cannot_be_written_is_one_line(
    read: Read, archive: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ArchiveError, match="is a file; name a folder"):
        read(archive, tmp_path / "file")
    with pytest.raises(SinkError, match="a part of the path is a file"):
        read(archive, tmp_path / "file" / "out")


def test_a_named_file_that_cannot_be_read_is_missed(
    read: Read, archive: Path, tmp_path: Path
) -> None:
    assert read(archive / "sub" / BROKEN, tmp_path / "out").missed
    assert not read(archive / "a.png", tmp_path / "out").missed


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables of the parts that are read."""
    tables: list[str] = []
    real = work._Reader._read

    def note(reader: Any, source: Any) -> None:
        tables.append(source.part.table)
        real(reader, source)

    monkeypatch.setattr(work._Reader, "_read", note)
    return tables


@pytest.mark.parametrize("left", [("1", "2"), ("2",), ("1",)])
def test_a_merge_that_was_killed_is_finished(
    read: Read, archive: Path, tmp_path: Path, left: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    read(archive, out, shard="1/2")
    first = (out / "manifest-1-of-2.csv").read_bytes()
    read(archive, out, shard="2/2")
    whole = files_of(out)
    for number in left:
        (out / f"manifest-{number}-of-2.csv").write_bytes(first)
    assert read(archive, out, shard="2/2").whole
    assert files_of(out) == whole

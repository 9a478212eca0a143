"""`mien prepare` from the command line."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.cli import main
from mien.cli.prepare import _without_sharing
from mien.datasets.dataset import load_dataset
from mien.datasets.inputs.fer.ferplus import FERPLUS_COLUMNS
from mien.types import PixelArray

# Pictures of one person, which are no duplicates, and all of them to learn from.
CROPPED = ("--crop", "detector", "--size", 64, "--near", 1, "--validation", 0, "--test", 0)


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two classes of twelve pictures, and a broken one."""
    root = tmp_path / "faces"
    for label, name in enumerate(("calm", "tense")):
        (root / name).mkdir(parents=True)
        for number in range(12):
            rng = np.random.default_rng(100 * label + number)
            pixels = rng.integers(0, 255, (24, 24), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    (root / "calm" / "broken.jpg").write_bytes(b"no picture")
    return root


def run(*words: object) -> int:
    return main(["prepare", *map(str, words)])


def test_says_what_is_in_the_data_set(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my set"
    assert run(faces, out, "--seed", 3) == 0
    dataset = load_dataset(out)
    assert dataset.info.seed == 3
    assert sum(dataset.count(split) for split in dataset.info.counts) == 24
    printed = capsys.readouterr().out
    assert str(out) in printed
    assert "left out: unreadable picture" in printed
    assert all(name in printed for name in ("calm", "tense", "train", "validation", "test"))


def write_portraits(root: Path, portrait: PixelArray) -> None:
    """Two classes of two pictures with a face."""
    for name in ("left", "right"):
        (root / name).mkdir(parents=True)
        for number in range(2):
            image = portrait[: 300 + 10 * number, :, ::-1]
            image = image if name == "left" else image[:, ::-1]
            brighter = np.clip(image * (1 + 0.1 * number), 0, 255).astype(np.uint8)
            Image.fromarray(brighter).save(root / name / f"{number}.png")


@pytest.mark.heavy
def test_two_jobs_make_the_same_data_set(portrait: PixelArray, tmp_path: Path) -> None:
    write_portraits(tmp_path / "faces", portrait)
    words = (tmp_path / "faces", tmp_path / "set", *CROPPED)
    made = []
    for jobs in ((), ("--jobs", 2), ("--jobs=2", "--engine", "local")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.argv", ["mien", "prepare", *map(str, (*words, *jobs))])
            assert run(*words, *jobs) == 0
        files = sorted(path for path in (tmp_path / "set").rglob("*") if path.is_file())
        made.append({path.name: path.read_bytes() for path in files})
        shutil.rmtree(tmp_path / "set")
    assert made[0] == made[1] == made[2]


def test_shards_make_what_one_run_makes(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(faces), str(tmp_path / "set")]
    made = []
    for shards in ((None,), ("1/3", "3/3", "2/3")):
        shutil.rmtree(tmp_path / "set", ignore_errors=True)
        for shard in shards:
            told = [] if shard is None else ["--shard", shard]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("sys.argv", ["mien", "prepare", *words, *told])
                assert run(*words, *told) == 0
        files = sorted(path for path in (tmp_path / "set").rglob("*") if path.is_file())
        made.append({path.name: path.read_bytes() for path in files})
    assert made[0] == made[1]
    said = " ".join(capsys.readouterr().out.split())
    assert "Shard 3/3 is read; another shard puts the data set together, or has done so." in said
    assert run(*words, "--shard", "4/3", "--overwrite") == 1
    assert "shards are counted from 1/3 to 3/3" in capsys.readouterr().err


def test_who_shares_the_work_is_no_part_of_the_command() -> None:
    words = ["prepare", "a", "--jobs", "2", "--seed=3", "--engine=ray", "--", "--jobs"]
    assert _without_sharing(words[:-2]) == ["prepare", "a", "--seed=3"]
    assert _without_sharing(["--out", "-", "--"]) == ["--out", "-", "--"]


def test_fer2013_with_votes(tmp_path: Path) -> None:
    fer, plus = tmp_path / "fer2013.csv", tmp_path / "fer2013new.csv"
    rows = ["emotion,pixels,Usage"]
    votes = [",".join(["Usage", "Image name", *FERPLUS_COLUMNS])]
    for number in range(40):
        pixels = np.random.default_rng(number).integers(0, 255, 48 * 48)
        usage = "PublicTest" if number >= 30 else "Training"
        rows.append(f"0,{' '.join(map(str, pixels))},{usage}")
        shares = "9,1" if number % 2 else "2,8"
        votes.append(f"{usage},fer{number}.png,{shares},0,0,0,0,0,0,0,0")
    fer.write_text("\n".join(rows))
    plus.write_text("\n".join(votes))
    out = tmp_path / "set"
    assert run("--fer2013", fer, "--ferplus", plus, "--classes", "happy, neutral", out) == 0
    dataset = load_dataset(out)
    assert dataset.classes == ("happy", "neutral")
    assert dataset.count("test") == 10
    first = next(dataset.rows("test"))
    np.testing.assert_allclose(first.soft[0], [0.8, 0.2], atol=1e-6)
    words = ("--classes", "happy, neutral", "--majority", "half")
    assert run("--fer2013", fer, "--ferplus", plus, *words, "--overwrite", out) == 0
    told = load_dataset(out).info.input
    assert (told["majority"], told["test_rows_by_most"], told["test_rows_by_half"]) == (
        *("half", 10, 10),
    )


def test_full_pictures_are_cropped(portrait: PixelArray, tmp_path: Path) -> None:
    write_portraits(tmp_path / "faces", portrait)
    out = tmp_path / "set"
    assert run(tmp_path / "faces", out, *CROPPED) == 0
    dataset = load_dataset(out)
    assert dataset.info.input["detector"] == "mien"
    assert dataset.count("train") == 4


def test_mix_tells_of_each_source(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mix.toml"
    path.write_text(
        f'classes = ["calm", "tense"]\n[sources.lab]\nfolder = "{faces.name}"\nhold_back = 0\n'
    )
    assert run("--mix", path, tmp_path / "out") == 0
    assert load_dataset(tmp_path / "out").info.input["lab.input"] == "folder"
    assert "lab: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["out"], "name two folders"),
        (["faces", "out", "more"], "name two folders"),
        (["faces", "out", "--classes", "a,b"], "--classes goes with --fer2013"),
        (["faces", "out", "--majority", "half"], "--majority goes with --fer2013"),
        (["--fer2013", "a.csv", "out", "--majority", "half"], "name them with --ferplus"),
        (["faces", "out", "--detector", "yunet"], "--detector goes with --crop detector"),
        (["faces", "out", "--near", "2"], "--near"),
        (["faces", "out", "--size", "2"], "--size"),
        (["--fer2013", "a.csv", "faces", "out"], "name one folder"),
        (["--fer2013", "a.csv", "out", "--crop", "none"], "--crop has no meaning"),
        (["--fer2013", "a.csv", "out"], "a.csv: cannot be read"),
        (["absent", "out"], "absent: cannot be read"),
        (["--mix", "absent.toml", "out"], "absent.toml: cannot be read"),
        (["--mix", "a.toml", "faces", "out"], "name one folder"),
        (["--mix", "a.toml", "out", "--crop", "none"], "--crop has no meaning with --mix"),
        (["--mix", "a.toml", "out", "--fer2013", "a.csv"], "--fer2013 has no meaning with --mix"),
    ],
)
def test_wrong_words_are_one_line(
    faces: Path,
    words: list[str],
    wanted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(faces.parent)
    assert run(*words) == 1
    message = capsys.readouterr().err.strip()
    assert wanted in message
    assert "\n" not in message
    assert not Path("out").exists()

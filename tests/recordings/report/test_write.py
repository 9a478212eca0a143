"""A made study comes out as it was made; bad input is told in one line, and nothing is lost."""

import csv
import re
import sys
from pathlib import Path

import pytest
from tests.recordings.making import as_csv, rows
from tests.recordings.report import made

from mien.cli import main
from mien.recordings.people import read_people
from mien.recordings.report.write import ReportSettings, write_report


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the made study, in which the test is."""
    monkeypatch.chdir(tmp_path)
    as_csv(tmp_path / "t.csv", made.table())
    made.people(tmp_path), made.events(tmp_path), made.hand(tmp_path)
    return tmp_path


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def report(study: Path, **settings: object) -> None:
    write_report(
        study / "t.csv",
        study / "report.html",
        ReportSettings(**settings),  # type: ignore[arg-type]
        people=read_people(study / "people.csv"),
    )


def kappa_as_made() -> float:
    """Work out kappa from how the study was made: only LATE seconds of each event differ."""
    happy, whole = 2 * made.HAPPY, made.SECONDS
    coded = happy - 2 * made.LATE
    observed = 1 - 2 * made.LATE / whole
    expected = happy / whole * coded / whole + (1 - happy / whole) * (1 - coded / whole)
    return (observed - expected) / (1 - expected)


@pytest.mark.parametrize("by", [{"hand_column": "coder"}, {"hand": Path("hand.csv")}])
def test_kappa_and_latencies_come_out_as_they_were_made(study: Path, by: dict[str, object]) -> None:
    report(study, events=Path("events.csv"), **by)
    for one in lines(study / "agreement.csv"):
        assert float(one["kappa"]) == pytest.approx(kappa_as_made(), abs=1e-4)
        assert (one["resampled"], one["groups"]) == ("videos", "3")
    found = lines(study / "latencies.csv")
    assert len(found) == len(made.VIDEOS) * len(made.PEOPLE) * len(made.EVENTS)
    for one in found:
        assert float(one["latency_seconds"]) == pytest.approx(made.LATENCY[one["person"]], abs=1e-4)
        assert (one["at_event"], one["then"]) == ("neutral", "happy")


def test_shares_and_episodes_come_out_as_they_were_made(study: Path) -> None:
    report(study)
    found = lines(study / "summary.csv")
    assert [(one["source"], one["person"]) for one in found] == [
        (f"videos/{video}", person) for video in made.VIDEOS for person in made.PEOPLE.values()
    ]
    for one in found:
        assert float(one["share:happy"]) == pytest.approx(2 * made.HAPPY / made.SECONDS, abs=1e-4)
        assert (one["episodes:happy"], one["episodes:neutral"]) == ("2", "3")
        assert float(one["longest:happy"]) == pytest.approx(made.HAPPY, abs=1e-4)
        assert float(one["seconds:not seen"]) == 0
    assert not (study / "latencies.csv").exists()
    assert not (study / "agreement.csv").exists()


def test_the_page_tells_what_must_not_be_concluded(study: Path) -> None:
    report(study, events=Path("events.csv"), hand_column="coder")
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "It is not what a person feels" in page
    assert "Nothing here is a diagnosis" in page
    assert page.count('class="scrub"') == len(made.VIDEOS) * len(made.PEOPLE)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)


def test_the_command_says_what_it_wrote(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", "t.csv", "--out", "r.html", "--people", "people.csv"]
    assert main(words) == 0
    assert "r.html, summary.csv: 3 recordings, 2 people" in capsys.readouterr().err
    before = Path("r.html").read_bytes()
    assert main([*words, "--events", "events.csv"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "exists already" in line
    assert "--overwrite" in line
    assert Path("r.html").read_bytes() == before
    assert not Path("latencies.csv").exists()
    assert main([*words, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("events", "time,word\nsoon,joke\n", 'line 2: time is "soon"; write seconds'),
        ("events", "time\n1\n", "no column 'word'"),
        ("events", "time,word\n1,\n", "line 2: has no word"),
        ("events", "time,word\n", "holds no events"),
        ("hand", "begin,end,label\n2,1,happy\n", "line 2: ends at 1 s and begins at 2 s"),
        ("hand", "begin,end,label\n1,3,happy\n2,4,sad\n", '"sad" of Anna begins before "happy"'),
        ("hand", "begin,end\n", "no column 'label'"),
        ("hand", "begin,end,label\n", "holds no codes"),
        ("people", "source,track_id\n", "no column 'name'"),
    ],
)
def test_a_wrong_list_is_told_in_one_line(
    study: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, told: str
) -> None:
    Path("wrong.csv").write_text(text)
    options = {"people": "people.csv"} | {name: "wrong.csv"}
    words = [word for option, value in options.items() for word in (f"--{option}", value)]
    assert main(["report", "t.csv", "--out", "r.html", *words]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "wrong.csv" in line
    assert not Path("r.html").exists()
    assert not Path("summary.csv").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no column 'source'"),
        ("source,frame,time,track_id,label\n", "holds no rows"),
        ("source,time,id,label\na.mp4,1,1,happy\n", "no column 'track_id'"),
        ("source,time,track_id,label\na.jpg,0,1,happy\n", "no recording that lasts"),
        ("source,time,track_id,label\na.mp4,0,,not seen\na.mp4,1,,not seen\n", "nobody is left"),
    ],
)
def test_a_wrong_table_is_told_in_one_line(
    study: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    Path("wrong.csv").write_text(text)
    assert main(["report", "wrong.csv", "--out", "r.html"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert "wrong.csv" in line
    assert not Path("r.html").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "r.pdf"], "name a .html file"),
        (["--out", "r.html", "--hand", "hand.csv", "--hand-column", "coder"], "exclude each other"),
        (["--out", "r.html", "--hand-column", "nobody"], "no column 'nobody'"),
        (["--out", "r.html", "--window", "0"], "--window"),
        (["--out", "r.html", "--events", "none.csv"], "none.csv: cannot be read"),
    ],
)
def test_settings_that_cannot_work_are_told(
    study: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    try:
        assert main(["report", "t.csv", *words]) == 1
    except SystemExit as error:
        assert error.code == 2  # noqa: PT017 - argparse leaves by it
    assert told in capsys.readouterr().err.splitlines()[-1]
    assert not Path("r.html").exists()


def test_what_lists_say_of_nobody_is_told_and_the_rest_written(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("people.csv").write_text("source,track_id,name\n*.mp4,1,Anna\nmonday.mp4,9,Cleo\n")
    Path("events.csv").write_text("source,time,word\n,99,late\nother.mp4,1,far\n,2,joke\n")
    Path("hand.csv").write_text("person,begin,end,label\nAnna,0,5,smug\nZoe,0,5,happy\n")
    words = ["--people", "people.csv", "--events", "events.csv", "--hand", "hand.csv"]
    assert main(["report", "t.csv", "--out", "r.html", *words]) == 1
    told = capsys.readouterr().err
    for part in (
        '"Cleo", track 9 of monday.mp4, is not in the table',
        '"late" at 99 s is outside videos/monday.mp4, which goes from 0.000 to 12.000 s',
        '"other.mp4" is none of these recordings',
        "smug: a code by hand that the tables do not know",
        '"happy" from 0 to 5 s is about nobody, or no time, of these recordings (any, Zoe)',
    ):
        assert part in told
    assert {one["event"] for one in lines(Path("latencies.csv"))} == {"joke"}
    page = Path("r.html").read_text(encoding="utf-8")
    assert "smug" in page


def test_lists_in_the_folder_of_tables_are_no_tables(study: Path) -> None:
    """All lie together, and a second run finds the figures of the first."""
    people = read_people(study / "people.csv")
    settings = ReportSettings(events=study / "events.csv", hand=study / "hand.csv", overwrite=True)
    for _ in range(2):
        done = write_report(study, study / "report.html", settings, people=people)
        assert done.recordings == len(made.VIDEOS)


def test_names_cannot_break_out_of_the_page(study: Path) -> None:
    name = "</script><b onclick='x'>\"&"
    as_csv(study / "n.csv", rows(["happy", name, "sad"], source=f"{name}.mp4"))
    write_report(study / "n.csv", study / "n.html", ReportSettings())
    page = (study / "n.html").read_text(encoding="utf-8")
    assert "<b onclick" not in page
    assert page.count("</script>") == 1


def test_the_page_of_a_long_recording_is_bounded(study: Path) -> None:
    looks = ["happy", "sad"] * 20_000
    as_csv(study / "long.csv", rows(looks))
    write_report(study / "long.csv", study / "long.html")
    assert (study / "long.html").stat().st_size < 200_000
    assert "Long strips are drawn in steps" in (study / "long.html").read_text(encoding="utf-8")


def test_a_video_is_linked_by_its_path_from_the_page(study: Path) -> None:
    (study / "my videos").mkdir()
    (study / "my videos" / "monday.mp4").write_bytes(b"")
    done = write_report(
        study / "t.csv", study / "out" / "report.html", ReportSettings(), video=study / "my videos"
    )
    page = (study / "out" / "report.html").read_text(encoding="utf-8")
    assert 'src="../my%20videos/monday.mp4"' in page
    assert done.without_video == ["videos/tuesday.mp4", "videos/wednesday.mp4"]


def test_an_event_in_a_recording_of_nobody_is_no_fault(study: Path) -> None:
    table = [*rows(["happy"] * 9), *rows(["not seen"] * 9, track="", source="empty.mp4")]
    as_csv(study / "e.csv", table)
    (study / "events.csv").write_text("source,time,word\nempty.mp4,0.1,joke\n")
    settings = ReportSettings(events=study / "events.csv")
    done = write_report(study / "e.csv", study / "e.html", settings)
    assert done.missed == []
    page = (study / "e.html").read_text(encoding="utf-8")
    assert "Nobody is in empty.mp4." in page
    assert "No event lies within these videos." in page


def test_what_is_missing_is_told_with_the_extra_that_brings_it(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [one for one in sys.modules if one.startswith("mien.") and "report" in one]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", "t.csv"]) == 1
    assert "[study]'" in capsys.readouterr().err


def test_a_column_in_which_nobody_was_coded_is_told(study: Path) -> None:
    as_csv(study / "e.csv", rows(["happy"] * 9, coder=""))
    done = write_report(study / "e.csv", study / "e.html", ReportSettings(hand_column="coder"))
    assert done.missed == ["coder: nobody was coded there"]
    assert lines(study / "agreement.csv") == []


def test_codes_while_nobody_is_seen_compare_nothing(study: Path) -> None:
    as_csv(study / "e.csv", rows(["not seen"] * 20, coder="happy"))
    write_report(study / "e.csv", study / "e.html", ReportSettings(hand_column="coder"))
    (one, other) = lines(study / "agreement.csv")
    assert one["moments"] == other["moments"] == "0"
    assert one["kappa"] == ""

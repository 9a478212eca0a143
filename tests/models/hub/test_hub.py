"""Models go to a hub and come back, whole or not at all; what is wrong is said in one line."""

import importlib.util
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.models.hub.stub import GATED, PRIVATE, TOKEN, StubHub, commit_of, running

from mien.cli import main
from mien.errors import MissingExtraError, SettingsError
from mien.models.bundle import CARD, GRAPH, INFO, PLOT, WEIGHTS, load_bundle, write_bundle
from mien.models.hub import pull as pulling
from mien.models.hub.address import Address, parse_address
from mien.models.hub.readme import licence
from mien.registry import DETECTOR_BUNDLE, make_classifier, make_detector

# The library calls httpx in what this calls an outdated way.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
    pytest.mark.skipif(
        importlib.util.find_spec("huggingface_hub") is None, reason="needs the extra [hub]"
    ),
]
PLACE = "hf:me/mine"
MakeBundle = Callable[..., Path]


@pytest.fixture(scope="module")
def server() -> Iterator[StubHub]:
    with running() as found:
        yield found


@pytest.fixture
def hub(server: StubHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StubHub:
    """An empty hub, and nobody logged in."""
    import huggingface_hub.constants

    fresh = StubHub()
    for name in ("repositories", "sizes", "cut", "says", "asked", "loose"):
        setattr(server, name, getattr(fresh, name))
    monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.chdir(tmp_path)
    return server


def files_of(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.iterdir()}


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one line that a command fails with."""
    capsys.readouterr()
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("mien: ")
    assert "Traceback" not in said
    assert TOKEN not in said
    return said.splitlines()[-1]


def nothing_in(folder: Path, name: str = "mine") -> bool:
    return not (folder / name).exists() and not list(folder.glob(".m*"))


def test_what_is_pushed_is_pulled(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = make_bundle()
    write_bundle(
        path, load_bundle(path).info, (path / GRAPH).read_bytes(), "# A card", weights=b"w"
    )
    (path / "diary.txt").write_text("not yours")
    (path / PLOT).write_bytes(b"a picture")
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["push", str(path), PLACE]) == 0
    said = capsys.readouterr().out
    assert "(new, private)" in said
    assert "weights: MIT" in said
    assert TOKEN not in said
    there = hub.repositories["me/mine"]
    assert there.shown == PRIVATE
    assert there.messages == ["tiny 0.0.1"]
    assert there.newest.keys() == {GRAPH, INFO, CARD, WEIGHTS, PLOT, "README.md"}
    assert main(["pull", PLACE]) == 0
    said = capsys.readouterr().out
    assert "terms: weights: MIT; trained on: none (nobody's)" in said
    assert commit_of(0) in said
    kept = {name: data for name, data in there.newest.items() if name != "README.md"}
    assert files_of(Path("mine")) == kept


def test_newer_model_takes_the_place_of_all_of_the_older(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = make_bundle()
    old = files_of(path) | {WEIGHTS: b"old", "notes.txt": b"of somebody"}
    hub.put("me/mine", old, PRIVATE)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["push", str(path), PLACE]) == 0
    said = capsys.readouterr().out
    assert f"{WEIGHTS} is removed there" in said
    assert "(there already, private)" in said
    newest = hub.repositories["me/mine"].newest
    assert newest.keys() == {GRAPH, INFO, CARD, "README.md", "notes.txt"}


def test_dry_run_says_what_it_would_publish_and_asks_nobody(
    hub: StubHub, make_bundle: MakeBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["push", str(make_bundle()), PLACE, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "README.md" in said
    assert "would be private" in said
    assert not hub.asked


def test_public_is_said(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = str(make_bundle())
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.put("me/mine", {"README.md": b""})
    assert "--public" in fails(capsys, "push", path, PLACE)
    assert hub.repositories["me/mine"].newest == {"README.md": b""}
    assert main(["push", path, PLACE, "--public"]) == 0
    assert main(["push", path, "hf:me/new", "--public"]) == 0
    assert hub.repositories["me/new"].shown == "public"


def test_push_refuses(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = make_bundle()
    assert "HF_TOKEN" in fails(capsys, "push", str(path), PLACE)
    assert not hub.asked
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    assert "does not let this token" in fails(capsys, "push", str(path), PLACE)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.says = (500, f"you said {TOKEN}")
    assert "you said …" in fails(capsys, "push", str(path), PLACE)
    hub.says = None
    assert "leave out @" in fails(capsys, "push", str(path), f"{PLACE}@v1")
    assert "no such bundle" in fails(capsys, "push", "no/where", PLACE)
    (path / CARD).unlink()
    assert "published with its card" in fails(capsys, "push", str(path), PLACE)
    (path / CARD).write_bytes(b"\xff\xfe")
    assert "no text in utf-8" in fails(capsys, "push", str(path), PLACE)
    (path / GRAPH).write_bytes(b"another")
    assert "sha256" in fails(capsys, "push", str(path), PLACE)
    assert not hub.repositories


def test_readme_is_yaml_whatever_the_names_are(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    yaml = pytest.importorskip("yaml")
    path = make_bundle()
    info = json.loads((path / INFO).read_text())
    name = 'a: "b"\n---\n- {c} # 😀 \u0085'
    info["metrics"] = [
        {"dataset": name, "split": "*t", "date": "", "values": {"accuracy": 0.5, "pictures": 9}}
    ]
    info["name"], info["terms"]["weights"] = name, "mine: all 'yours'"
    (path / INFO).write_text(json.dumps(info))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["push", str(path), PLACE]) == 0
    text = hub.repositories["me/mine"].newest["README.md"].decode()
    front, body = text.removeprefix("---\n").split("\n---\n", 1)
    told: Any = yaml.safe_load(front)
    assert body.strip().startswith("# A test's bundle")
    assert f"mien pull {PLACE} --out mine" in body
    assert told["license"] == "other"
    assert told["license_link"].endswith("/me/mine/blob/main/CARD.md")
    assert (told["library_name"], told["pipeline_tag"]) == ("mien", "image-classification")
    (index,) = told["model-index"]
    (result,) = index["results"]
    assert (index["name"], result["dataset"]["name"]) == (name, name)
    assert result["metrics"] == [{"type": "accuracy", "value": 0.5}]


@pytest.mark.parametrize(
    ("terms", "known"),
    [("MIT", "mit"), ("CC BY-NC 4.0", "cc-by-nc-4.0"), ("MIT; but", None), ("research", None)],
)
def test_licences_that_a_hub_knows(terms: str, known: str | None) -> None:
    assert licence(terms) == known


def test_pull_takes_a_revision(hub: StubHub, make_bundle: MakeBundle) -> None:
    path = make_bundle()
    hub.put("me/mine", files_of(path))
    hub.put("me/mine", {"README.md": b"gone"})
    assert main(["pull", f"{PLACE}@{commit_of(0)}", "--out", "mine"]) == 0
    assert load_bundle(Path("mine")).info.name == "tiny"


def test_pull_takes_a_detector_and_no_other_file(hub: StubHub) -> None:
    strange = {"evil.pkl": b"", "../../up": b"", "a/model.onnx": b"", WEIGHTS: b"unvouched"}
    hub.put("me/mine", files_of(DETECTOR_BUNDLE) | strange)
    assert main(["pull", PLACE]) == 0
    assert files_of(Path("mine")) == files_of(DETECTOR_BUNDLE)
    assert make_detector(model=Path("mine"))


@pytest.mark.parametrize("shown", [PRIVATE, GATED])
def test_token_is_sent_only_where_it_is_needed(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shown: str,
) -> None:
    files = files_of(make_bundle())
    hub.put("me/open", files)
    hub.put("me/mine", files, shown)
    wanted = "hf auth login" if shown == PRIVATE else "agreed to its terms"
    assert wanted in fails(capsys, "pull", PLACE)
    assert nothing_in(Path())
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert main(["pull", "hf:me/open"]) == 0
    assert {token for _, _, token in hub.asked} == {None}
    assert main(["pull", PLACE]) == 0


def broken(hub: StubHub, files: dict[str, bytes], fault: str) -> None:
    match fault:
        case "longer":
            hub.sizes[GRAPH] = 10
        case "huge":
            hub.sizes[GRAPH] = 1 << 40
        case "cut" | "cut without a size":
            hub.cut.add(GRAPH)
            if fault != "cut":
                hub.sizes[GRAPH] = None
        case "changed":
            files[GRAPH] += b"x"
        case "none":
            del files[GRAPH]
        case "weights":
            info = json.loads(files[INFO]) | {"weights_sha256": "0" * 64}
            files[INFO] = json.dumps(info).encode()
        case "info":
            files[INFO] = b"{}"
        case "busy":
            hub.says = (503, "ask later\x1b[2J")


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        ("longer", "longer than the hub says"),
        ("huge", "more than any bundle's"),
        ("cut", "cannot be reached"),
        ("cut without a size", "cannot be reached"),
        ("changed", f"hf:me/mine/{GRAPH}: sha256 is"),
        ("none", "holds no model of mien"),
        ("weights", f"has no {WEIGHTS}"),
        ("info", f"hf:me/mine/{INFO}: "),
        ("busy", "answers 503"),
    ],
)
def test_pull_leaves_nothing_of_what_is_broken(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    wanted: str,
) -> None:
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)
    files = files_of(make_bundle())
    broken(hub, files, fault)
    hub.put("me/mine", files)
    assert wanted in fails(capsys, "pull", PLACE)
    assert nothing_in(Path())


def test_pull_refuses_what_cannot_be(
    hub: StubHub,
    make_bundle: MakeBundle,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import huggingface_hub.constants

    hub.put("me/mine", files_of(make_bundle()))
    assert "has no revision 'v9'" in fails(capsys, "pull", f"{PLACE}@v9")
    assert "not on http" in fails(capsys, "pull", "hf:me/nothing")
    Path("full").mkdir()
    Path("full", "mine.txt").write_text("mine")
    assert "exists already" in fails(capsys, "pull", PLACE, "--out", "full")
    assert Path("full", "mine.txt").read_text() == "mine"
    with monkeypatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
        assert "HF_HUB_OFFLINE" in fails(capsys, "pull", PLACE)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "cannot be reached" in fails(capsys, "pull", PLACE)
    assert nothing_in(Path())


def test_full_disk_leaves_nothing(
    hub: StubHub,
    small_disk: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub.put("me/mine", files_of(DETECTOR_BUNDLE))
    assert "cannot be written" in fails(capsys, "pull", PLACE, "--out", str(small_disk / "mine"))
    assert nothing_in(small_disk)


def test_nothing_is_fetched_where_a_model_is_named(hub: StubHub) -> None:
    for load in (make_classifier, lambda path: make_detector(model=path)):
        with pytest.raises(Exception, match="`mien pull hf:me/mine --out FOLDER`"):
            load(Path(PLACE))
    assert not hub.asked


@pytest.mark.parametrize(
    "text",
    ["me/mine", "hf:mine", "hf:me/../mine", "hf:me/mine@", "hf:me/mine@../x", "hf:/me/mine",
     "hf:me/a--b", "hf:me/mine.git", "https://huggingface.co/me/mine", "hf:me/mine\n", "hf:é/m"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="write hf:USER/NAME"):
        parse_address(text)


def test_addresses() -> None:
    assert parse_address("hf:a-b/c.d_1") == Address("a-b", "c.d_1")
    assert parse_address("hf:a/b@refs/pr/1") == Address("a", "b", "refs/pr/1")
    assert str(Address("a", "b", "v1")) == "hf:a/b@v1"


def test_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from mien.models.hub.client import Hub

    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"\[hub\]"):
        Hub()


def test_sizes_are_bounded_by_name() -> None:
    assert pulling.LARGEST.keys() >= {GRAPH, INFO, *pulling.UNHASHED}

"""Bundles: loaded strictly, written whole or not at all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mien.errors import BundleError
from mien.models.bundle import (
    CARD,
    FEATURES,
    GRAPH,
    INFO,
    WEIGHTS,
    load_bundle,
    load_detector_bundle,
    write_bundle,
)
from mien.models.format1 import NEWER
from mien.models.info import DataTerms, Terms
from mien.registry import DETECTOR_BUNDLE
from mien.types import InputSpec

MakeBundle = Callable[..., Path]


def change(path: Path, **values: Any) -> None:
    info = json.loads((path / INFO).read_text())
    info.update(values)
    (path / INFO).write_text(json.dumps(info))


def test_what_was_written_is_read(make_bundle: MakeBundle) -> None:
    bundle = load_bundle(make_bundle(not_sure_below=0.33))
    assert bundle.info.labels == ("angry", "sad", "happy", "neutral")
    assert bundle.info.not_sure_below == 0.33
    assert bundle.info.spec() == InputSpec(48, 1, 1.0, "none")
    assert bundle.graph == (bundle.path / GRAPH).read_bytes()
    assert (bundle.path / CARD).read_text().startswith("#")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [GRAPH, INFO])
def test_a_missing_file_is_named(make_bundle: MakeBundle, name: str) -> None:
    path = make_bundle()
    (path / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(path)


def test_a_changed_graph_is_refused(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    with (path / GRAPH).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BundleError, match="sha256"):
        load_bundle(path)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"colour": "red"}, "colour"),
        ({"format": 3}, "format"),
        ({"name": ""}, "name"),
        ({"labels": ["happy"]}, "labels"),
        ({"labels": ["happy", "happy"]}, "labels"),
        ({"labels": "happy"}, "labels"),
        ({"input": {"size": 48, "channels": 1, "crop_scale": 1.0}}, "alignment"),
        ({"input": {"size": 4, "channels": 1, "crop_scale": 1.0, "alignment": "none"}}, "size"),
        (
            {"input": {"size": 48, "channels": 2, "crop_scale": 1.0, "alignment": "none"}},
            "channels",
        ),
        ({"input": {"size": 48, "channels": 1, "crop_scale": 1.0, "alignment": "nose"}}, "nose"),
        ({"sha256": "short"}, "sha256"),
        ({"temperature": 0}, "temperature"),
        ({"not_sure_below": 1.5}, "not_sure_below"),
        ({"seed": "7"}, "seed"),
        ({"metrics": [{"dataset": "x"}]}, "metrics"),
        ({"terms": "MIT"}, "terms"),
        ({"terms": {"weights": "MIT"}}, "data"),
        ({"terms": {"weights": "MIT", "data": [{"source": "x"}]}}, r"terms\.data"),
        ({"terms": {"weights": "MIT", "data": [], "notes": ""}}, "notes"),
        ({"weights_sha256": "short"}, "weights_sha256"),
        ({"features_sha256": "short"}, "features_sha256"),
        ({"licence": "MIT"}, "licence"),
        ({"training_data": []}, "training_data"),
    ],
)
def test_a_wrong_value_is_named(make_bundle: MakeBundle, values: dict[str, Any], word: str) -> None:
    path = make_bundle()
    change(path, **values)
    with pytest.raises(BundleError, match=word) as caught:
        load_bundle(path)
    assert str(path / INFO) in str(caught.value)


def in_format_1(path: Path, **values: Any) -> None:
    info = json.loads((path / INFO).read_text())
    for key in NEWER:
        del info[key]
    old = {"format": 1, "training_data": ["A", "B"], "licence": "MIT; B is not free"}
    (path / INFO).write_text(json.dumps(info | old | values))


def test_format_1_is_read_and_format_2_is_written(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    new = load_bundle(path).info
    in_format_1(path)
    bundle = load_bundle(path)
    sources = tuple(DataTerms(name, "not stated separately") for name in "AB")
    wanted = msgspec.structs.replace(new, terms=Terms("MIT; B is not free", sources))
    assert bundle.info == wanted
    write_bundle(path, bundle.info, bundle.graph, "# Again")
    assert json.loads((path / INFO).read_text())["format"] == 2
    assert load_bundle(path).info == wanted


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"colour": "red"}, "colour"),
        ({"licence": 3}, "licence"),
        ({"training_data": "A"}, "training_data"),
        ({"training_data": [1]}, "training_data"),
        ({"terms": {"weights": "MIT", "data": []}}, "unknown field `terms`"),
        ({"weights_sha256": None}, "unknown field `weights_sha256`"),
        ({"features_sha256": None}, "unknown field `features_sha256`"),
        ({"format": True}, "format"),
        ({"seed": 0.5}, "seed"),
        ({"not_sure_below": 1.5}, "not_sure_below"),
    ],
)
def test_format_1_is_read_as_strictly_as_before(
    make_bundle: MakeBundle, values: dict[str, Any], word: str
) -> None:
    path = make_bundle()
    in_format_1(path, **values)
    with pytest.raises(BundleError, match=word) as caught:
        load_bundle(path)
    assert str(path / INFO) in str(caught.value)


@pytest.mark.parametrize("key", ["licence", "training_data"])
def test_a_missing_key_of_format_1_is_named(make_bundle: MakeBundle, key: str) -> None:
    path = make_bundle()
    in_format_1(path)
    info = json.loads((path / INFO).read_text())
    del info[key]
    (path / INFO).write_text(json.dumps(info))
    with pytest.raises(BundleError, match=key):
        load_bundle(path)


@pytest.mark.parametrize(("kind", "name"), [("weights", WEIGHTS), ("features", FEATURES)])
def test_what_lies_beside_is_checked_only_when_it_is_asked_for(
    make_bundle: MakeBundle, kind: str, name: str
) -> None:
    def load() -> bytes:
        return getattr(load_bundle(bundle.path), f"load_{kind}")()  # type: ignore[no-any-return]

    bundle = load_bundle(make_bundle())
    with pytest.raises(BundleError, match=f"holds no {name}"):
        load()
    write_bundle(bundle.path, bundle.info, bundle.graph, "# Card", **{kind: b"data"})  # type: ignore[arg-type]
    assert load() == b"data"
    (bundle.path / name).write_bytes(b"changed")
    with pytest.raises(BundleError, match=rf"{name}: sha256 is .*the file was changed"):
        load()
    (bundle.path / name).unlink()
    with pytest.raises(BundleError, match=f"{name}: cannot be read"):
        load()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "\xff", "[" * 20_000, '{"format": 2, "a": ' + "[" * 20_000, "9" * 5000],
)
def test_what_is_no_json_is_refused(make_bundle: MakeBundle, text: str) -> None:
    path = make_bundle()
    (path / INFO).write_bytes(text.encode("latin-1"))
    with pytest.raises(BundleError, match=INFO):
        load_bundle(path)


def test_a_missing_key_is_named(make_bundle: MakeBundle) -> None:
    path = make_bundle()
    info = json.loads((path / INFO).read_text())
    del info["terms"]
    (path / INFO).write_text(json.dumps(info))
    with pytest.raises(BundleError, match="terms"):
        load_bundle(path)


def test_writing_replaces_the_old_bundle_and_leaves_nothing_else(make_bundle: MakeBundle) -> None:
    bundle = load_bundle(make_bundle())
    (bundle.path / "stray").touch()
    written = write_bundle(bundle.path, bundle.info, b"other", "# Other")
    assert written.info.sha256 != bundle.info.sha256
    assert load_bundle(bundle.path).graph == b"other"
    assert sorted(p.name for p in bundle.path.parent.iterdir()) == [bundle.path.name]
    assert sorted(p.name for p in bundle.path.iterdir()) == sorted([GRAPH, INFO, CARD])


def test_a_failed_write_leaves_the_old_bundle(
    make_bundle: MakeBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(make_bundle())

    def full(path: Path, *_: Any, **__: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BundleError, match="No space left"):
        write_bundle(bundle.path, bundle.info, b"other", "# Other")
    monkeypatch.undo()
    assert load_bundle(bundle.path).graph == bundle.graph
    assert [p.name for p in bundle.path.parent.iterdir()] == [bundle.path.name]


def test_the_shipped_detector_is_whole() -> None:
    bundle = load_detector_bundle(DETECTOR_BUNDLE)
    assert bundle.info.kind == "detector"
    assert len(bundle.graph) <= 300 * 1024
    assert (bundle.path / CARD).read_text().startswith(f"# {bundle.info.name} ")


def test_a_model_of_another_kind_is_named(make_bundle: MakeBundle) -> None:
    with pytest.raises(BundleError, match="the model of a detector, where a classifier is needed"):
        load_bundle(DETECTOR_BUNDLE)
    with pytest.raises(BundleError, match="the model of a classifier, where a detector is needed"):
        load_detector_bundle(make_bundle())


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"min_score": 2}, "min_score"),
        ({"colour": 1}, "colour"),
        ({"multiple": 6553616}, "multiple"),
        ({"smallest": 1e300}, "smallest"),
    ],
)
def test_a_detectors_values_are_checked(tmp_path: Path, values: dict[str, Any], word: str) -> None:
    shutil.copytree(DETECTOR_BUNDLE, tmp_path / "face")
    change(tmp_path / "face", **values)
    with pytest.raises(BundleError, match=word):
        load_detector_bundle(tmp_path / "face")

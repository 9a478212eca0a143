"""The whole way: a folder and a model → a model of one's own that says how good it is."""

import re
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from tests.training.adapt.making import LABELS, folder, model, quarters_of

from mien.errors import BundleError, DatasetError
from mien.models.bundle import FEATURES, WEIGHTS, Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.models.neutral import reference
from mien.training.adapt.gather import Gathered, gather, gather_from
from mien.training.adapt.run import Adapted, adapt, units_of
from mien.training.adapt.settings import AdaptSettings
from mien.training.adapt.sources import Moment, Moments
from mien.training.adapt.write import PLOT, make, write
from mien.training.expression.known import read_features
from mien.training.expression.stored import read_stored
from mien.training.settings import AnyModelSettings

OWN = {"Joy": 1, "ANGRY": 0, "Surprised": 2, "tired": 3}
SETTINGS = AdaptSettings()


def adapted_to(bundle: Bundle, faces: Path) -> Adapted:
    classifier = OnnxClassifier(bundle)
    return adapt(bundle, classifier, gather(faces, classifier, None), SETTINGS)


def test_old_learnt_and_new_classes_are_read(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start")
    adapted = adapted_to(bundle, folder(tmp_path / "own", OWN))
    assert adapted.classes.labels == (*LABELS, "surprise", "tired")
    assert adapted.classes.others == ()
    told = " ".join(adapted.notes)
    for words in ("'Joy' is what quarters calls 'happy'", "learnt but does not read", "new to"):
        assert words in told
    assert adapted.gain.is_better
    # Two of four words it has not: by guessing, a quarter of their faces is read.
    assert adapted.gain.before.value == pytest.approx((1 + 1 + 0.25 + 0.25) / 4, abs=0.1)
    assert adapted.gain.new is not None
    assert adapted.gain.new.low > 0.25
    assert adapted.gain.after.value > 0.9
    mine = write(tmp_path / "mine", adapted, AnyModelSettings(name="mine"), 0)
    said = OnnxClassifier(mine)(quarters_of(5, range(4))).argmax(axis=1)
    quarters = np.repeat([LABELS.index("angry"), LABELS.index("happy"), 2, 3], 5)
    assert (said == quarters).mean() > 0.9


def test_what_is_written_loads_and_can_be_adapted_again(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start")
    first = adapted_to(bundle, folder(tmp_path / "own", {"happy": 1, "angry": 0, "tired": 3}))
    mine = write(tmp_path / "mine", first, AnyModelSettings(name="mine"), 0)
    assert load_bundle(mine.path).info.labels == (*LABELS, "tired")
    assert mine.info.other
    shape, tensors = read_stored(mine)
    assert shape.classes == (*LABELS, "tired", "surprise")
    np.testing.assert_allclose(tensors["head.weight"], first.head.weight, rtol=1e-3)
    assert read_features(mine).labels.max() == 3  # something else, one more than before
    again = adapted_to(mine, folder(tmp_path / "more", {"surprise": 2, "tired": 3}))
    assert again.classes.labels == (*LABELS, "tired", "surprise")
    assert "without a picture, and read as before: angry, happy" in again.notes
    text = " ".join((mine.path / "CARD.md").read_text().split())
    assert "adapted to 18 pictures" in text
    assert "pictures that it was adapted to: own" in text
    assert (mine.path / PLOT).stat().st_size > 10_000


def test_moments_in_memory_are_learnt_from_as_files_are(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start")
    own = folder(tmp_path / "own", {"happy": 1, "angry": 0, "tired": 3})
    classifier = OnnxClassifier(bundle)
    kept = [
        Moment(cv2.imread(str(path)), path.parent.name, path.name[:2])
        for path in sorted(own.rglob("*.png"))
    ]
    spoilt = [*kept, Moment("unreadable picture", "tired")]
    found = gather_from(Moments(spoilt, classifier.spec, None), "kept", classifier)
    files = gather(own, classifier, None)
    assert found.classes == files.classes
    np.testing.assert_array_equal(found.features, files.features)
    np.testing.assert_array_equal(found.labels, files.labels)
    assert found.persons == 3
    assert found.left_out == {"unreadable picture": 1}
    adapted = adapt(bundle, classifier, found, SETTINGS)
    settings = AnyModelSettings(name="mine", command="a test")
    made, inside = make(tmp_path / "mine", adapted, settings, 0)
    assert not (tmp_path / "mine").exists()
    written = write(tmp_path / "mine", adapted, settings, 0)
    assert (made.info, made.graph) == (written.info, written.graph)
    assert {path.name for path in written.path.iterdir()} == inside.keys() | {PLOT}
    for name, data in inside.items():
        assert (written.path / name).read_bytes() == data


def test_what_makes_figures_look_too_good_is_told(tmp_path: Path) -> None:
    own = folder(tmp_path / "own", {"happy": 1, "angry": 0, "tired": 3})
    first = adapted_to(model(tmp_path / "start"), own)
    assert any("quarters never says 'tired'" in note for note in first.notes)
    assert not any("adapted to pictures before" in note for note in first.notes)
    mine = write(tmp_path / "mine", first, AnyModelSettings(name="mine"), 0)
    again = adapted_to(mine, own)
    assert any(note.startswith("mine was adapted to pictures before") for note in again.notes)
    assert not any("never says" in note for note in again.notes)


def test_a_class_that_is_mostly_read_wrongly_is_told(tmp_path: Path) -> None:
    """Its pictures are as those of other classes."""
    own = folder(tmp_path / "own", {"angry": 3, "tired": 3, "bored": 3})
    notes = " ".join(adapted_to(model(tmp_path / "start"), own).notes)
    assert re.search(r"fewer than half of the faces of .*'(angry|tired|bored)'", notes)


@pytest.mark.parametrize("own", [{"angry": 0, "tired": 3}, {"angry": 1, "neutral": 0}])
def test_a_usual_face_is_beside_what_the_new_layer_says_of_neutral_faces(
    tmp_path: Path, own: dict[str, int]
) -> None:
    bundle = model(tmp_path / "start", neutral=True)
    adapted = adapted_to(bundle, folder(tmp_path / "own", own))
    mine = write(tmp_path / "mine", adapted, AnyModelSettings(name="mine"), 0)
    said = OnnxClassifier(mine)(quarters_of(20, [1]))  # what it called neutral before
    wanted = np.log(np.maximum(said, 1e-6)).mean(axis=0)
    np.testing.assert_allclose(reference(mine.info), wanted, atol=1)


def test_where_no_neutral_faces_are_known_there_is_no_usual_face(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start", neutral=True, beside=False)
    adapted = adapted_to(bundle, folder(tmp_path / "own", {"angry": 0, "tired": 3}))
    mine = write(tmp_path / "mine", adapted, AnyModelSettings(name="mine"), 0)
    assert mine.info.neutral_logs is None


def test_a_model_that_reads_all_rightly_is_not_better(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start")
    adapted = adapted_to(bundle, folder(tmp_path / "own", {"happy": 1, "angry": 0}))
    assert adapted.gain.before.value == adapted.gain.after.value == 1
    assert not adapted.gain.is_better


def test_forgetting_is_told_and_limited(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start")
    # Whose happy looks like anybody's angry.
    faces = folder(tmp_path / "own", {"happy": 0, "angry": 1}, count=24)
    classifier = OnnxClassifier(bundle)
    gathered = gather(faces, classifier, None)
    loose = msgspec.structs.replace(SETTINGS, rehearsal=0.0, strength=0.01)
    bold = adapt(bundle, classifier, gathered, loose)
    assert bold.gain.gain.value > 0.5
    assert bold.forgotten is not None
    assert bold.forgotten.gain.value < -0.5
    assert any("worse than before (more than --forget" in note for note in bold.notes)
    tight = msgspec.structs.replace(SETTINGS, rehearsal=100.0)
    careful = adapt(bundle, classifier, gathered, tight)
    assert careful.forgotten is not None
    assert careful.forgotten.gain.value > -0.1


def test_without_known_faces_nothing_guards(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start", beside=False)
    adapted = adapted_to(bundle, folder(tmp_path / "own", OWN))
    assert adapted.forgotten is None
    assert any("nothing guards" in note for note in adapted.notes)
    # Without weights nobody knows the name of what it learnt besides.
    assert adapted.classes.labels == (*LABELS, "Surprised", "tired")
    mine = write(tmp_path / "mine", adapted, AnyModelSettings(name="mine"), 0)
    assert not (mine.path / WEIGHTS).exists()
    assert not (mine.path / FEATURES).exists()


def test_a_graph_without_features_is_refused(tmp_path: Path) -> None:
    bundle = model(tmp_path / "start", features=False)
    with pytest.raises(BundleError, match="gives no features"):
        gather(folder(tmp_path / "own", OWN), OnnxClassifier(bundle), None)


def gathered(labels: list[int], groups: list[str], photos: list[int] | None = None) -> Gathered:
    count = len(labels)
    return Gathered(
        name="own",
        classes=("a", "b"),
        features=np.zeros((count, 4), np.float32),
        labels=np.array(labels),
        groups=tuple(groups),
        photos=np.arange(count) if photos is None else np.array(photos),
        origins=tuple(f"{number}.png" for number in range(count)),
        left_out={},
    )


def test_persons_stay_together() -> None:
    units, notes = units_of(gathered([0, 0, 1, 1], ["x", "y", "x", "y"]))
    assert units[0] == units[2] != units[1] == units[3]
    assert notes == ()


def test_one_person_is_judged_by_other_pictures_which_is_told() -> None:
    units, notes = units_of(gathered([0, 0, 1, 1], ["x"] * 4))
    assert len(set(units.tolist())) == 4
    assert "one person" in notes[0]


def test_a_class_of_one_person_is_told() -> None:
    units, notes = units_of(gathered([0, 0, 1, 1], ["x", "y", "z", "z"]))
    assert len(set(units.tolist())) == 4
    assert "of one person only" in notes[0]
    assert "b" in notes[0]


def test_nobody_named_is_told_and_photos_stay_together() -> None:
    units, notes = units_of(gathered([0, 0, 0, 1, 1], [""] * 5, [0, 0, 2, 3, 4]))
    assert units[0] == units[1]
    assert "nobody is named" in notes[0]


def test_a_class_of_one_photo_is_refused() -> None:
    with pytest.raises(DatasetError, match="'b' show one photo"):
        units_of(gathered([0, 0, 1, 1], [""] * 4, [0, 1, 2, 2]))


def test_a_prepared_data_set_is_learnt_from_but_for_its_test(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra [train]")
    from mien.datasets.inputs.folders import FolderInput
    from mien.datasets.preparation.prepare import prepare
    from mien.datasets.preparation.settings import PrepareSettings

    faces = FolderInput(folder(tmp_path / "own", OWN, count=10))
    dataset = prepare(faces, tmp_path / "data", PrepareSettings(near=1.0))
    found = gather(dataset.path, OnnxClassifier(model(tmp_path / "start")), None)
    assert len(found) == dataset.count("train") + dataset.count("validation")
    assert any("left for `mien evaluate`" in note for note in found.notes)
    assert found.classes == faces.classes

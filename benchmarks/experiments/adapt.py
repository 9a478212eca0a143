"""Is `mien adapt` worth it? Gain over the start for 2, 5, 10, 20 and 50 pictures of each class.

    python -m benchmarks.experiments.adapt FACES WILD --without BUNDLE --known DATASET --cache DIR

FACES holds `rafdb/` and `kdef/` (class folders, metadata.csv) as recipes/faces.toml names them,
WILD the press photos, whose people no shipped network saw. Of RAF-DB only the people of
recipes/held_back.csv are taken. Four questions, ten draws each:

1. classes that fer4 reads: press photos, angry, sad, happy, neutral;
2. the same of a lab's posed pictures (KDEF), which are unlike all that a network (--without) learnt
   from: it saw FER2013's angry, sad, happy and neutral faces alone (DATASET: what it was trained
   on, whose validation faces it rehearses);
3. classes that fer4 learnt but does not read: RAF-DB, with surprise, fear and disgust;
4. classes that a network never saw: the same faces, from the network of the second question.

People are parted in two by a hash: settings were chosen on the first part (--part 0), what is
written is of the second (--part 1, the default). In each draw half of its people are learnt from,
so many pictures of each class or all that there are, and the other half judges. "From nothing" is
the same head on 16x16 pixels, with zeros to begin with.
"""

import argparse
import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.datasets.inputs.folders import CropSettings, FolderInput
from mien.datasets.inputs.patterns import GroupPattern
from mien.datasets.records import LabelledFace, digest
from mien.evaluation.figures.intervals import group_numbers
from mien.evaluation.report.plots import BLUE, MIDDLE, ORANGE, new_figure, percent_axes
from mien.files.writes import write_file
from mien.models.bundle import Bundle, load_bundle
from mien.models.classifier import OnnxClassifier
from mien.registry import find_bundle, make_detector
from mien.settings import RECIPES
from mien.training.adapt.classes import Classes, match, targets_of
from mien.training.adapt.crossval import Learner, Own, Rehearsed
from mien.training.adapt.graph import read_tail
from mien.training.adapt.head import Basis, Head
from mien.training.adapt.settings import AdaptSettings
from mien.training.expression.known import KnownFaces, read_features
from mien.types import BoolArray, FloatArray, IntArray
from mien.vision.figures import render

COUNTS, DRAWS, SIDE = (2, 5, 10, 20, 50), 10, 16
READ = ("angry", "sad", "happy", "neutral")
SEEN_OR_NOT = (*READ, "surprise", "fear", "disgust")
# Whose people none of the networks that are asked saw; they are full pictures.
EVERYBODY = ("wild", "kdef")
PERSON = r"(.+)_\d+"
HELD_BACK = RECIPES / "held_back.csv"
START, END = "<!-- curve -->", "<!-- /curve -->"


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """Some faces, as two networks see them.

    Attributes:
        features: float32 [N,D].
        pixels: float32 [N,SIDE*SIDE], standardised.
        labels: int64 [N].
        groups: Who each is.
    """

    features: FloatArray
    pixels: FloatArray
    labels: IntArray
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one number of pictures, means and spreads over the draws."""

    pictures: int
    start: float
    adapted: float
    gain: float
    spread: float
    nothing: float
    known: float


def faces_of(
    name: str,
    folder: Path,
    bundle: Bundle,
    tag: str,
    classes: Sequence[str],
    args: argparse.Namespace,
) -> Faces:
    """Return the faces of a folder that are of people no network saw, of one part of these."""
    features, pixels, labels, groups = _cached(name, folder, bundle, tag, args.cache)
    names = FolderInput(folder).classes
    held = {tuple(row) for row in csv.reader(HELD_BACK.open(encoding="utf-8"))}
    keep = np.array(
        [
            names[label] in classes
            and _part(group) == args.part
            and (name in EVERYBODY or (name, digest(f"{name}/{group}")) in held)
            for label, group in zip(labels.tolist(), groups, strict=True)
        ]
    )
    rows = np.flatnonzero(keep)
    numbers = np.array([classes.index(names[label]) for label in labels[rows]], np.int64)
    return Faces(features[rows], pixels[rows], numbers, [groups[row] for row in rows])


def _part(group: str) -> int:
    return int(hashlib.sha256(f"part {group}".encode()).hexdigest()[:8], 16) % 2


def _cached(
    name: str, folder: Path, bundle: Bundle, tag: str, cache: Path
) -> tuple[FloatArray, FloatArray, IntArray, list[str]]:
    """Return features, pixels, labels and groups of all faces, from a file where they are there."""
    path = cache / f"{tag}-{name}.npz"
    if not path.is_file():
        classifier = OnnxClassifier(bundle)
        found = list(_read(name, folder, classifier))
        crops = np.stack([crop for crop, _ in found])
        small = [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in crops]
        pixels = np.stack(small).reshape(len(crops), -1).astype(np.float32)
        pixels = (pixels - pixels.mean(1, keepdims=True)) / (pixels.std(1, keepdims=True) + 1)
        parts = [classifier.features(crops[i : i + 64]) for i in range(0, len(crops), 64)]
        np.savez(
            path,
            features=np.concatenate(parts),
            pixels=pixels,
            labels=[face.label for _, face in found],
            groups=[face.group for _, face in found],
        )
    stored = np.load(path)
    groups = stored["groups"].astype(str).tolist()
    return stored["features"], stored["pixels"], stored["labels"], groups


def _read(
    name: str, folder: Path, classifier: OnnxClassifier
) -> Iterator[tuple[np.ndarray, LabelledFace]]:
    """Yield crops as the network wants them; RAF-DB keeps its own framing, as in the recipe."""
    from mien.vision.crop import whole_face

    spec, wild = classifier.spec, name == "wild"
    detector = make_detector() if name in EVERYBODY else None
    crop = CropSettings(detector, spec.crop_scale, 1024)
    source = FolderInput(folder, crop, GroupPattern(PERSON) if wild else None)
    held = {tuple(row) for row in csv.reader(HELD_BACK.open(encoding="utf-8"))}
    for face in source.read(0, len(source)):
        if not isinstance(face, LabelledFace):
            continue
        if name in EVERYBODY or (name, digest(f"{name}/{face.group}")) in held:
            three = np.repeat(face.pixels, 3, 2) if face.pixels.shape[2] == 1 else face.pixels
            bgr = np.ascontiguousarray(three[..., ::-1])
            yield whole_face(bgr, spec), face


def known_of(bundle: Bundle, dataset: Path, cache: Path) -> KnownFaces:
    """Return what lies beside a bundle, or features of the validation faces it was chosen by."""
    if bundle.info.features_sha256 is not None:
        return read_features(bundle)
    path = cache / f"{bundle.info.name}-known.npz"
    if not path.is_file():
        np.savez(path, **_known(bundle, dataset))
    stored = np.load(path)
    return KnownFaces(stored["features"], stored["labels"])


def _known(bundle: Bundle, folder: Path) -> dict[str, np.ndarray]:
    from mien.datasets.dataset import load_dataset
    from mien.vision.crop import whole_face
    from mien.vision.images.reading import decode_picture

    dataset, classifier = load_dataset(folder), OnnxClassifier(bundle)
    order = [bundle.info.labels.index(name) for name in dataset.classes]
    features, labels = [], []
    for rows in dataset.rows("validation"):
        crops = [whole_face(decode_picture(one, "face"), classifier.spec) for one in rows.images]
        features.append(classifier.features(np.stack(crops)))
        labels += [order[label] for label in rows.labels.tolist()]
    return {"features": np.concatenate(features), "labels": np.array(labels)}


def curve(bundle: Bundle, faces: Faces, names: Sequence[str], known: KnownFaces) -> Iterator[Row]:
    """Yield the figures of each number of pictures."""
    classes = match(bundle, read_tail(bundle, OnnxClassifier(bundle)), names)
    kept, targets = targets_of(classes, known)
    truth = classes.columns[faces.labels]
    settings = AdaptSettings()
    learner = Learner(
        classes.start,
        Rehearsed(kept.features, targets, settings.rehearsal),
        Basis.of(kept.features),
        new=classes.new,
    )
    for count in COUNTS:
        draws = [_draw(learner, classes, faces, truth, kept, count, seed) for seed in range(DRAWS)]
        start, adapted, nothing, forgotten = np.array(draws).T
        gain = adapted - start
        yield Row(
            count,
            float(start.mean()),
            float(adapted.mean()),
            float(gain.mean()),
            float(gain.std(ddof=1)),
            float(nothing.mean()),
            float(forgotten.mean()),
        )


def _draw(
    learner: Learner,
    classes: Classes,
    faces: Faces,
    truth: IntArray,
    kept: KnownFaces,
    count: int,
    seed: int,
) -> tuple[float, float, float, float]:
    """Return balanced accuracy before and after, from nothing, and what happened to known faces."""
    rng = np.random.default_rng(seed)
    people = rng.permutation(sorted(set(faces.groups)))
    learnt = set(people[: len(people) // 2].tolist())
    judged = np.array([group not in learnt for group in faces.groups])
    members = [
        rng.permutation(np.flatnonzero(~judged & (truth == one))) for one in np.unique(truth)
    ]
    rows = np.concatenate([some[:count] for some in members])
    units = group_numbers([faces.groups[row] for row in rows])
    own = Own(faces.features[rows], truth[rows], units)
    head = learner.fit(own, [learner.choose(own, 5)])[0]
    nothing = _from_nothing(faces.pixels, truth, rows, units, len(classes.start))
    labels, before = len(classes.labels), classes.start
    was = kept.labels < classes.known

    def right(one: Head, features: FloatArray, wanted: IntArray, columns: int) -> float:
        said = one.logits(features)[:, :columns].argmax(axis=1)
        return balanced(said == wanted, wanted)

    old, now = kept.features[was], kept.labels[was]
    lost = right(head, old, now, labels) - right(before, old, now, classes.known)
    return (
        right(before, faces.features[judged], truth[judged], classes.known),
        right(head, faces.features[judged], truth[judged], labels),
        right(nothing, faces.pixels[judged], truth[judged], labels),
        lost,
    )


def _from_nothing(
    pixels: FloatArray, truth: IntArray, rows: IntArray, units: IntArray, classes: int
) -> Head:
    zero = Head(np.zeros((classes, pixels.shape[1])), np.zeros(classes))
    nobody = Rehearsed(pixels[:0], np.zeros((0, classes)), 0.0)
    learner = Learner(zero, nobody, Basis.of(pixels[rows]), new=range(classes))
    own = Own(pixels[rows], truth[rows], units)
    losses = learner.losses(own, 5).mean(axis=1)
    return learner.fit(own, [learner.strengths[int(losses.argmin())]])[0]


def balanced(right: BoolArray, truth: IntArray) -> float:
    """Return the mean recall of the classes that are there."""
    return float(np.mean([right[truth == label].mean() for label in np.unique(truth)]))


def table(title: str, rows: Sequence[Row], faces: Faces) -> str:
    """Return the figures as Markdown."""
    lines = [
        f"**{title}** ({len(faces.labels):,} faces, {len(set(faces.groups)):,} people)",
        "",
        "| pictures of each class | start | adapted | gain (± spread of the draws) | "
        "from nothing | faces that it knew |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row.pictures} | {row.start:.1%} | {row.adapted:.1%} | {100 * row.gain:+.1f} ± "
        f"{100 * row.spread:.1f} points | {row.nothing:.1%} | {100 * row.known:+.1f} points |"
        for row in rows
    ]
    return "\n".join(lines)


def draw(path: Path, curves: dict[str, list[Row]]) -> None:
    """Draw balanced accuracy over the number of pictures."""
    figure = new_figure(3.6 * len(curves), 3.8)
    for axes, (title, rows) in zip(
        figure.subplots(1, len(curves), sharey=True, squeeze=False)[0], curves.items(), strict=True
    ):
        places = [row.pictures for row in rows]
        for name, key, mark, colour in (
            ("adapted", "adapted", "D-", BLUE),
            ("start", "start", "o--", ORANGE),
            ("from nothing", "nothing", "s:", MIDDLE),
        ):
            axes.plot(places, [getattr(row, key) for row in rows], mark, color=colour, label=name)
        low = [row.adapted - row.spread for row in rows]
        high = [row.adapted + row.spread for row in rows]
        axes.fill_between(places, low, high, color=BLUE, alpha=0.15, linewidth=0)
        axes.set_xscale("log")
        axes.set_xticks(places, [str(place) for place in places])
        axes.minorticks_off()
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("pictures of each class")
        percent_axes(axes, x=False, y=True)
    figure.axes[0].set_ylabel("balanced accuracy, people not learnt from")
    figure.axes[0].set_ylim(0, 1)
    figure.axes[0].legend(frameon=False, loc="lower right")
    write_file(path, render(figure))


def main() -> None:
    """Measure, print, and write where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path)
    parser.add_argument("wild", type=Path)
    parser.add_argument("--without", type=Path, required=True)
    parser.add_argument("--known", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--part", type=int, default=1, choices=(0, 1))
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    rafdb = args.faces / "rafdb"
    shipped, without = load_bundle(find_bundle(Path("fer4"))), load_bundle(args.without)
    texts, curves = [], {}
    for title, bundle, tag, name, folder, names in (
        ("classes that it reads", shipped, "fer4", "wild", args.wild, READ),
        ("posed pictures of a lab", without, "without", "kdef", args.faces / "kdef", READ),
        ("learnt, but not read", shipped, "fer4", "rafdb", rafdb, SEEN_OR_NOT),
        ("never seen", without, "without", "rafdb", rafdb, SEEN_OR_NOT),
    ):
        faces = faces_of(name, folder, bundle, tag, names, args)
        known = known_of(bundle, args.known, args.cache)
        curves[title] = list(curve(bundle, faces, names, known))
        texts.append(table(title, curves[title], faces))
        print(texts[-1] + "\n", flush=True)
    if args.write is not None:
        page = args.write.read_text(encoding="utf-8")
        before, after = page.split(START)[0], page.split(END)[1]
        body = "\n\n".join(texts)
        write_file(args.write, f"{before}{START}\n{body}\n{END}{after}".encode())
        draw(args.write.with_name("adapt.png"), curves)


if __name__ == "__main__":
    main()

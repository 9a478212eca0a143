"""Tests face detectors on hand-checked pictures that training never used, slice by slice.

    python -m benchmarks.detectors [PLACE …] [--clips DIR] [--yunet FILE …] [--detector NAME …]
        [--json FILE] [--write docs/detector.md] [--mistakes DIR] [--record BUNDLE]
    python -m benchmarks.detectors --validation MATERIAL [--detector NAME …]
    python -m benchmarks.detectors [PLACE …] --copy DIR

A place is a folder or zip file of pictures. Each detector is given its own lowest score, at which
it shows at most one false box in 100 of the pictures as they are (or its built-in one, if that is
higher); recall is the share of faces found at that score. Choices are made with --validation: on
the validation pictures of the material that `mien train-detector` keeps, by its teachers' answers.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import msgspec
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks import SHARED
from benchmarks.detectors import truth as checked
from benchmarks.detectors.slices import CHANGES
from benchmarks.detectors.table import LARGE, LEAST, OURS, Scores, table
from benchmarks.detectors.truth import Shown
from benchmarks.report import (
    Environment,
    Result,
    print_result,
    replace_marked,
    split_marked,
    to_markdown,
)
from mien.detectors.single_shot import SingleShotDetector
from mien.errors import MienError
from mien.evaluation.detection import Labels, Tally
from mien.evaluation.output.card import END, START
from mien.files.writes import replace_files
from mien.models.bundle import CARD, INFO, DetectorBundle, encode_info, load_detector_bundle
from mien.models.info import MetricsInfo
from mien.protocols import Detector
from mien.registry import DETECTOR_BUNDLE, at_any_angle, make_detector
from mien.sources.video import VideoSource
from mien.training.detector.consensus import agree
from mien.types import PixelArray

PLACES = (SHARED / "data" / "scenes.zip", SHARED / "data" / "wild.zip")
WEIGHTS = (
    SHARED / "weights" / "yunet_s_dynamic.onnx",
    SHARED / "weights" / "yunet_n_dynamic.onnx",
)
EVERY = 6  # frames of a clip: one in so many
SLOW = frozenset({"dlib-cnn"})  # only shown the pictures as they are
LOWEST = 0.05  # score from which boxes of our own detector are counted
SEED = 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Test, print, and write where asked; 1 where something is missing for it."""
    args = _parse(arguments)
    if args.copy:
        checked.copy(args.places, checked.load(), args.copy)
        return 0
    try:
        shown = _shown(args)
        bundle = load_detector_bundle(args.record or DETECTOR_BUNDLE)
        detectors = _detectors(args, bundle)
        scores = test(detectors, shown, args.clips)
    except MienError as error:
        print(f"detectors: {error}", file=sys.stderr)
        return 1
    kind = "validation" if args.validation else "hand-checked"
    result = table(scores, f"{len(shown):,} {kind} pictures")
    print_result(result, Console(width=160))
    _write(args, result, scores, bundle)
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tests face detectors on checked pictures.")
    parser.add_argument("places", nargs="*", type=Path, default=list(PLACES))
    parser.add_argument("--clips", type=Path, default=SHARED / "data" / "clips")
    parser.add_argument("--yunet", nargs="*", type=Path, default=list(WEIGHTS))
    parser.add_argument(
        "--detector",
        action="append",
        help="only these: mien, mien-48, mien-any-…, mtcnn, yunet, …",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, unrounded")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in a document")
    parser.add_argument("--mistakes", type=Path, metavar="DIR", help="pictures of each mistake")
    parser.add_argument(
        "--record", type=Path, metavar="BUNDLE", help="test this bundle and write its figures there"
    )
    parser.add_argument(
        "--copy", type=Path, metavar="DIR", help="only copy the checked pictures there"
    )
    parser.add_argument(
        "--validation", type=Path, metavar="MATERIAL", help="its validation pictures, for choices"
    )
    return parser.parse_args(arguments)


def _shown(args: argparse.Namespace) -> list[Shown]:
    if args.validation:
        return list(checked.validation(args.validation))
    shown = list(checked.find(args.places, checked.load()))
    if not shown:
        raise MienError(f"{args.places[0]}: none of the checked pictures is here")
    return shown


def _detectors(args: argparse.Namespace, bundle: DetectorBundle) -> dict[str, Detector]:
    """Return the detectors by name, as far as they are wanted and can be had here."""
    info = msgspec.structs.replace(bundle.info, min_score=LOWEST)
    open_to_all = type(bundle)(bundle.path, info, bundle.graph)
    found: dict[str, Detector] = {
        OURS: SingleShotDetector(open_to_all),
        "mien-48": SingleShotDetector(open_to_all, min_face=48),
        "mien-any-angle": at_any_angle(SingleShotDetector(open_to_all)),
        "mtcnn": make_detector("mtcnn"),
    }
    for path in args.yunet:
        if path.is_file():
            found["-".join(path.stem.split("_")[:2])] = make_detector("yunet", model=path)
    for name in ("dlib-hog", "dlib-cnn"):
        try:
            found[name] = make_detector(name)
        except MienError as error:
            print(f"without {name}: {error}", file=sys.stderr)
    wanted = args.detector or list(found)
    return {name: detector for name, detector in found.items() if name.startswith(tuple(wanted))}


def test(
    detectors: Mapping[str, Detector], shown: Sequence[Shown], clips: Path
) -> dict[str, Scores]:
    """Show all pictures, changed ones and frames of the clips to all detectors."""
    scores = {name: Scores(Tally(), [], {}) for name in detectors}
    quick = [name for name in detectors if name not in SLOW]
    for number, one in enumerate(track(shown, "pictures", transient=True)):
        for name, score in scores.items():
            score.tally.add(detectors[name](one.image), one.truth)
            score.tags.extend(one.tags)
        if any(face.box.side >= LEAST for face in one.truth.faces):
            for change in CHANGES:
                image, truth = change.apply(one, np.random.default_rng((SEED, number)))
                for name in quick:
                    found = detectors[name](image)
                    scores[name].slices.setdefault(change.name, Tally()).add(found, truth)
    for clip, image, truth in _frames(clips):
        for name in quick:
            scores[name].slices.setdefault(clip, Tally()).add(detectors[name](image), truth)
    return scores


def _frames(clips: Path) -> Iterator[tuple[str, PixelArray, Labels]]:
    """Yield frames of the clips, with what MTCNN and YuNet agree on; none was trained on."""
    teachers = {"mtcnn": make_detector("mtcnn")}
    for path in WEIGHTS:
        if path.is_file():
            teachers[path.stem.replace("_", "-")] = make_detector("yunet", model=path)
    for path in sorted(clips.glob("*.m*")):
        empty = path.stem.startswith("no_")
        for frame in VideoSource(path):
            if frame.index % EVERY == 0:
                found = {name: teacher(frame.image) for name, teacher in teachers.items()}
                labels = agree(dict(sorted(found.items(), reverse=True)))
                truth = Labels() if empty else labels
                yield f"clip {path.stem}", frame.image, truth


def _write(
    args: argparse.Namespace,
    result: Result,
    scores: Mapping[str, Scores],
    bundle: DetectorBundle,
) -> None:
    command = "python -m benchmarks.detectors"
    if args.json:
        args.json.write_text(json.dumps([dict(row) for row in result.rows], indent=2) + "\n")
    if args.write:
        replace_marked(args.write, to_markdown([result], Environment.look(), command))
    if args.record:
        _record(bundle, scores[OURS], command)
    if args.mistakes:
        _draw_mistakes(args, bundle, scores[OURS].threshold)


def _record(bundle: DetectorBundle, score: Scores, command: str) -> None:
    """Write the figures into model.json; the card's table is made of them."""
    values = {
        "pictures": float(score.tally.pictures),
        "faces_48px": float(score.tally.count(LEAST)),
        "recall_48px": score.tally.recall(LEAST, score.threshold),
        "recall_96px": score.tally.recall(LARGE, score.threshold),
        "false_boxes_per_picture": 0.01,
        "mean_iou": score.tally.overlap(LEAST),
        "median_eye_error": score.tally.eye_error(LEAST),
    }
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    metrics = MetricsInfo("hand-checked pictures", "test", today, values, command)
    info = msgspec.structs.replace(bundle.info, metrics=(metrics,))
    rows = "\n".join(
        f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in values.items()
    )
    text = f"By `{command}` on {today}:\n\n| figure | value |\n| --- | ---: |\n{rows}"
    before, after = split_marked(bundle.path / CARD, name="metrics")
    card = f"{before}{START}\n\n{text}\n\n{END}{after}"
    replace_files(bundle.path, {INFO: encode_info(info), CARD: card.encode()})


def _draw_mistakes(args: argparse.Namespace, bundle: DetectorBundle, least: float) -> None:
    """Write a picture for each one in which our detector errs: green true, red found, blue open."""
    args.mistakes.mkdir(parents=True, exist_ok=True)
    info = msgspec.structs.replace(bundle.info, min_score=least)
    detector = SingleShotDetector(type(bundle)(bundle.path, info, bundle.graph))
    for one in checked.find(args.places, checked.load()):
        found = detector(one.image)
        missed, false = Tally().add(found, one.truth)
        missed = [n for n in missed if one.truth.faces[n].box.side >= LEAST]
        if not missed and not false:
            continue
        image = one.image.copy()
        marks = [(one.truth.faces[n].box, (0, 200, 0)) for n in missed]
        marks += [(found[n].box, (0, 0, 255)) for n in false]
        marks += [(box, (255, 0, 0)) for box in one.truth.unknown]
        for box, colour in marks:
            x1, y1, x2, y2 = map(round, box.to_tuple())
            cv2.rectangle(image, (x1, y1), (x2, y2), colour, 2)
        kind = ("miss" if missed else "") + ("false" if false else "")
        cv2.imwrite(str(args.mistakes / f"{kind}-{Path(one.origin).stem}.jpg"), image)


if __name__ == "__main__":
    sys.exit(main())

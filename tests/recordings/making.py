"""Tables to read: rows of faces, in each format."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LABELS = ("angry", "sad", "happy", "neutral")
STEP = 0.04
Row = dict[str, Any]


def row(
    frame: int, label: str = "happy", track: int | str = 1, source: str = "clip.mp4", **more: Any
) -> Row:
    """Return one row as `mien predict` writes it; frames are STEP apart."""
    box = {"x1": 10.0 * int(track or 0), "y1": 20.0, "x2": 10.0 * int(track or 0) + 8, "y2": 30.0}
    shares = {f"p_{name}": 0.7 if name == label else 0.1 for name in LABELS}
    return {
        "source": source,
        "frame": frame,
        "time": round(frame * STEP, 6),
        "track_id": track,
        **box,
        **shares,
        "label": label,
        "confidence": 0.7,
        "shown": label,
        "quality": "ok",
        "reason": "",
        **more,
    }


def rows(labels: Iterable[str], start: int = 0, **more: Any) -> list[Row]:
    """Return rows of frames that follow each other, one for each label."""
    return [row(start + index, label, **more) for index, label in enumerate(labels)]


def as_csv(path: Path, table: Iterable[Row], *, delimiter: str = ",", point: str = ".") -> Path:
    """Write rows as CSV, as Excel may where delimiter and point are others."""
    table = list(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        for one in table:
            writer.writerow({name: _cell(value, point) for name, value in one.items()})
    return path


def as_jsonl(path: Path, table: Iterable[Row]) -> Path:
    """Write rows as JSON Lines, as `JsonlSink` does."""
    path.write_text("".join(json.dumps(_nested(one)) + "\n" for one in table), encoding="utf-8")
    return path


def _nested(one: Mapping[str, Any]) -> Row:
    box, shares = ("x1", "y1", "x2", "y2"), [f"p_{name}" for name in LABELS]
    plain = {name: value for name, value in one.items() if name not in {*box, *shares}}
    return {
        **plain,
        "box": [one[side] for side in box],
        "probabilities": {name: one[f"p_{name}"] for name in LABELS},
    }


def _cell(value: Any, point: str) -> Any:
    return str(value).replace(".", point) if isinstance(value, float) else value

"""Writes docs/columns.md from the columns themselves: `python -m docs.make_columns`."""

from pathlib import Path

from mien.sinks.columns import COLUMNS, GROUPS, Column

PAGE = Path(__file__).parent / "columns.md"
HEAD = """# The columns of a table

Made by `python -m docs.make_columns` from the columns themselves; a test keeps it current.

`mien predict … --out TABLE`, `mien live --out TABLE`, archives (`--out FOLDER/`) and
`mien.to_frame` write one row per face. CSV, JSON Lines, Parquet and .xlsx have the same columns; in
JSON Lines `box`, `probabilities`, `raw` and `landmarks` are one value each. `LABEL` stands for each
class of the model in turn.

- `--columns time,track_id,label,pose` chooses by name and group, in that order; `--columns
  +pose,utc` adds to the default, which is all that is marked so below. Of live sources (cameras,
  streams, pages) the default has `utc`, too.
- `--empty-frames` gives a frame without a face a row of its own: `label` and `shown` are "not
  seen", and what only a face has is empty. "not sure" is another thing: a face is there, and no
  look is probable enough. A person who is missing while others are seen has no row.
- `--every 0.2` writes at most one frame in 0.2 s of the stream, on a steady beat from the first
  one. All frames are read all the same, for steady words need them: a row says what it would say
  without the option.
- `--start 90`, `--end 0:02:30`: the part of each video between two times of its own; `time` stays
  the video's own. What is before is decoded and not read: smoothing and numbers of people begin at
  the start.
- `--decimal ,` writes CSV for a German or French Excel (columns parted by semicolons), `--bom`
  marks it as UTF-8. A name of a file that begins like a formula (= + - @) gets `./` before it: the
  same file, and nothing to calculate.
- .xlsx (extra `[xlsx]`) and Parquet appear when the run ends, and a run that is killed leaves none;
  CSV and JSON Lines keep all rows so far. After 1,048,576 rows .xlsx goes on in another sheet.

Beside each table lie its notes, `TABLE.json` (`faces.csv.json`): mien's version, model, detector
and their hashes, settings, command, source, and each column as here. Where people are read beside
their usual faces (`--baseline`), `usual_faces` says who is and who is not, and the column `usual`
(`--columns +usual`) says it of each row. An archive has one, `manifest.json`, the same whoever made
it.
"""
POSE = """
## How good the angles are

They are estimated from five points and a face of average shape, so they tell less than a mesh of
the whole face. Against MediaPipe 0.10.21 (`python -m benchmarks.pose --python …`, degrees; press
photos, mostly frontal, and scenes):

| pictures | faces | | pitch | yaw | roll |
| --- | ---: | --- | ---: | ---: | ---: |
@TABLE@

@TURNS@

**Yaw and roll can be used. Pitch hardly tells one person's tilt from another's nose**: between
people it errs about as much as who always says the same. Compare it within one person at most,
which was not measured, and with care: a mouth that opens or smiles moves it. `faces_camera` follows
from yaw and pitch, so it errs where they do; it says nothing of where the eyes look.
"""
UTC = """
## Which clock

`time` is the stream's own clock, from its first frame. `utc` is this machine's clock when a frame
came from the camera or stream (of a page's own camera: when its picture came to this machine, less
what pictures of that page are late beyond the quickest one), so it holds what the device and the
network took before. Files have no `utc`: when they were recorded is not reliably known. Where the
machine's clock is set while mien runs, `utc` jumps, and `time` does not.
"""


def page(figures: Path = Path(__file__).parent / "pose.txt") -> str:
    """Return the whole page."""
    parts = [HEAD]
    for group in GROUPS:
        columns = [column for column in COLUMNS if column.group == group]
        parts.append(f"\n## Group `{group}`\n\n| column | default | type | unit | meaning |\n")
        parts.append("| --- | --- | --- | --- | --- |\n")
        parts += map(_row, columns)
    table, _, turns = figures.read_text("utf-8").strip().partition("\n\n")
    rows = "\n".join(table.splitlines()[2:])
    return "".join(parts) + UTC + POSE.replace("@TABLE@", rows).replace("@TURNS@", _said(turns))


def _said(turns: str) -> str:
    return f"{turns[:1].upper()}{turns[1:]} degrees."


def _row(column: Column) -> str:
    default = "yes" if column.default else "live" if column.name == "utc" else ""
    cells = (f"`{column.name}`", default, column.kind, column.unit, column.meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

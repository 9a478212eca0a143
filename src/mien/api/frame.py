"""Readings as a pandas frame."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mien.errors import MissingPackageError
from mien.sinks.layout import Layout, choose
from mien.types import Analysis

if TYPE_CHECKING:
    import pandas as pd


def to_frame(
    analyses: Iterable[Analysis],
    *,
    columns: str | Sequence[str] = (),
    empty_frames: bool = False,
) -> "pd.DataFrame":
    """Turn readings into a pandas frame, one row per face.

    Args:
        analyses: What `Reader.watch` yields.
        columns: As `mien predict --columns` takes them: names and groups, such as
            "time,track_id,label" or ["+pose", "landmarks"], which adds to the default.
        empty_frames: A row for each frame without a face, too, whose `label` is "not seen".

    Returns:
        The columns of the CSV, which docs/columns.md tells of: unless others are chosen, source,
        frame, time, track_id, x1 to y2, one p_ column per class, label, confidence, shown, quality,
        reason (why it is "not sure"), and p_other, the probability that the face shows no class of
        the model. `label`, `confidence` and `reason` are what the row's own probabilities say;
        `shown` is the steady word of `Reading.label`. Where there was no face at all, none of the
        p_ columns of classes.

    Raises:
        SettingsError: There is no such column.
        MissingPackageError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingPackageError("to_frame", "pandas") from error
    wanted = columns.split(",") if isinstance(columns, str) else columns
    held = list(analyses)
    labels = next((one.smoothed.labels for each in held for one in each.readings), ())
    layout = Layout(choose([name for name in wanted if name], labels, other=True), empty_frames)
    rows = [row for analysis in held for row in layout.rows(analysis)]
    return pd.DataFrame(rows, columns=list(layout.names))

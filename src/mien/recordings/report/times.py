"""Times as lists have them, and as the page shows them."""

from mien.errors import SettingsError, TableError
from mien.recordings.tables.columns import short
from mien.recordings.tables.lists import Line
from mien.sources.limited import parse_time

SPACE = "\u00a0"  # between a number and its unit, where no line may break


def seconds_of(line: Line, column: str) -> float:
    """Return a cell's time in seconds.

    Raises:
        TableError: It is none.
    """
    text = line.cells[column]
    try:
        found = parse_time(column, text.replace(",", "."))
    except SettingsError:
        found = None
    if found is None:
        raise TableError(
            f"{line.where}: {column} is {short(text)}; write seconds, such as 90.5, or a time, as "
            "0:01:30.5"
        )
    return found


def clock(seconds: float, digits: int = 1) -> str:
    """Return a time as 1:05.2, or 1:02:03.4 from an hour on."""
    ticks = round(abs(seconds) * 10**digits)
    whole, rest = divmod(ticks, 10**digits)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    fraction = f".{rest:0{digits}d}" if digits else ""
    sign = "−" if seconds < 0 and ticks else ""
    if hours:
        return f"{sign}{hours}:{minute:02d}:{second:02d}{fraction}"
    return f"{sign}{minute}:{second:02d}{fraction}"


def lasting(seconds: float) -> str:
    """Return a duration: "12.3 s" below a minute and a half, "4 min 10 s" above."""
    if seconds < 90:
        return f"{seconds:.1f}{SPACE}s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours}{SPACE}h {minutes}{SPACE}min"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}{SPACE}min {rest}{SPACE}s"

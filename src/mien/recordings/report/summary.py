"""The tables beside the page: shares and episodes of each case, latencies, agreement."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence

from mien.recordings.report.agreement import Agreement
from mien.recordings.report.shares import share
from mien.recordings.report.study import Study, Told
from mien.recordings.values import NOT_SEEN_WORD, NOT_SURE_WORD
from mien.sinks.files import as_written

LATENCIES = (
    *("source", "person", "event", "time", "at_event", "then", "latency_seconds"),
    *("unclear_seconds", "mostly_before", "mostly_after"),
)
AGREEMENT = ("person", "not_sure", "moments", "kappa", "kappa_low", "kappa_high")
AGREEMENTS = (*AGREEMENT, "alpha", "alpha_low", "alpha_high", "resampled", "groups")


def summary_csv(study: Study) -> bytes:
    """Return a row for each person and video.

    Of each look: seconds, share of the time seen, number, mean and longest length of its episodes.
    """
    looks = (*study.labels, NOT_SURE_WORD, NOT_SEEN_WORD)
    kinds = list(dict.fromkeys(kind for one in study.told for kind in one.problems or ()))
    heads = ["source", "person", "seconds", "seen_seconds"]
    for look in looks:
        heads += [f"{name}:{look}" for name in ("seconds", "share", "episodes", "mean", "longest")]
    heads += [f"quality_seconds:{kind}" for kind in kinds]
    return _csv(heads, (_row(one, looks, kinds) for one in study.told))


def latencies_csv(study: Study) -> bytes:
    """Return a row for each person and event."""
    rows = (
        (
            *(as_written(told.source), told.person, one.event.word, _number(one.event.time)),
            *(one.before, one.after, _number(one.seconds), _number(one.unclear)),
            *(one.mostly_before, one.mostly_after),
        )
        for told in study.told
        for one in told.latencies
    )
    return _csv(LATENCIES, rows)


def agreement_csv(compared: Iterable[Agreement]) -> bytes:
    """Return a row for each person, and "not sure" as a class or left out."""
    rows = (
        (
            *(one.name, "class" if one.with_unsure else "left out", one.moments),
            *(_number(x) for x in (one.kappa.value, one.kappa.low, one.kappa.high)),
            *(_number(x) for x in (one.alpha.value, one.alpha.low, one.alpha.high)),
            *("videos" if one.by_video else "blocks of 10 s", one.groups),
        )
        for one in compared
    )
    return _csv(AGREEMENTS, rows)


def _row(told: Told, looks: Sequence[str], kinds: Sequence[str]) -> Iterator[object]:
    yield from (as_written(told.source), told.person, _number(told.seconds), _number(told.seen))
    for look in looks:
        one = told.look(look)
        whole = told.seconds if look == NOT_SEEN_WORD else told.seen
        yield from (_number(one.seconds), _number(share(one.seconds, whole)), one.number)
        yield from (_number(one.mean), _number(one.longest if one.number else math.nan))
    for kind in kinds:
        yield "" if told.problems is None else _number(told.problems.get(kind, 0.0))


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.4f}"


def _csv(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue().encode()

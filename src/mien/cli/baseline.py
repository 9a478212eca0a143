"""`mien predict --baseline`: learn faces at rest before the sources are read."""

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from mien.cli.console import print_some
from mien.errors import SettingsError
from mien.models.info import ModelInfo
from mien.models.neutral import reference
from mien.pipeline.analyzer import Analyzer
from mien.pipeline.baseline import Baseline
from mien.pipeline.learning import check_seconds, from_pictures, from_seconds
from mien.sources.limited import parse_part, parse_time
from mien.sources.open import open_sources
from mien.vision.images.reading import read_picture

if TYPE_CHECKING:
    from mien.cli.predict import PredictOptions


def learn_baseline(
    options: "PredictOptions", make: Callable[[], Analyzer], info: ModelInfo
) -> Baseline | None:
    """Return the usual faces that a command asks for; None where it asks for none.

    Of whom none could be learnt, it says so.

    Args:
        options: What was typed.
        make: Makes an analyzer as the one that is given what is learnt.
        info: Of the model that reads.

    Raises:
        MienError: The model can be shown none, a value is wrong, or nobody's could be learnt.
    """
    if options.baseline is None and not options.baseline_picture:
        return None
    if options.baseline is not None and options.baseline_picture:
        raise SettingsError("name --baseline or --baseline-picture, not both")
    known = reference(info)
    if options.baseline is None:
        pictures = ((str(path), read_picture(path)) for path in options.baseline_picture)
        return from_pictures(pictures, make, known)
    start, end = (parse_time("--baseline", text) for text in options.baseline)
    check_seconds(start, end)
    begin, _ = parse_part(options.start, None)
    if begin is not None and start < begin:
        raise SettingsError(
            f"--baseline {start:g} {end:g} begins before --start {begin:g}, where numbers of "
            "people begin: choose seconds after it, or leave out --start"
        )
    with contextlib.closing(open_sources(options.sources)) as source:
        if not source.recorded:
            raise SettingsError(
                f"--baseline reads a video twice, which {source.name} cannot be; name "
                "--baseline-picture, or take the usual face on the page of `mien live`"
            )
        # From where the run begins, too, so that people have the numbers that they have there.
        baseline = from_seconds(source, make(), known, start, end, begin=begin)
    print_some(baseline.notes, failed=False)
    return baseline

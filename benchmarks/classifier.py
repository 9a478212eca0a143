"""The classifier: milliseconds per face, in batches of several sizes against one face at a time."""

from collections.abc import Sequence
from functools import partial

from benchmarks import faces
from benchmarks.report import Column, Result
from benchmarks.timing import cpu_ratio, ratio, take_turns
from mien.protocols import Classifier

NAME = "classifier"
COLUMNS = (
    Column("batch", "faces per call", "d"),
    Column("ms_per_face", "ms per face", ".3f"),
    Column("cpu_ms_per_face", "CPU ms per face", ".3f"),
    Column("spread", "spread", ".0%"),
    Column("faces_per_second", "faces/s", ",.0f"),
    Column("ratio", "time per face, batch 1 = 1", ".2f"),
    Column("cpu_ratio", "CPU, batch 1 = 1", ".2f"),
)


def measure(
    classifier: Classifier,
    model: str,
    *,
    batches: Sequence[int] = (1, 8, 32),
    repeats: int = 30,
) -> Result:
    """Time calls.

    Args:
        classifier: What reads the faces.
        model: Its name.
        batches: Faces in a call; the first is the reference.
        repeats: Samples of each.
    """
    spec = classifier.spec
    pictures = faces.crops(max(batches), spec.size, spec.channels)
    tasks = {str(size): partial(classifier, pictures[:size]) for size in batches}
    samples = take_turns(tasks, repeats)
    first = batches[0]
    rows = []
    for size in batches:
        taken, reference = samples[str(size)], samples[str(first)]
        rows.append(
            {
                "batch": size,
                "ms_per_face": taken.seconds / size * 1000,
                "cpu_ms_per_face": taken.cpu_seconds / size * 1000,
                "spread": taken.spread,
                "faces_per_second": size / taken.seconds,
                "ratio": ratio(taken, reference) / size * first,
                "cpu_ratio": cpu_ratio(taken, reference) / size * first,
            }
        )
    channels = "gray" if spec.channels == 1 else "RGB"
    title = f"{model}, {spec.size}x{spec.size} pixels, {channels}, one thread"
    return Result(NAME, title, COLUMNS, tuple(rows))

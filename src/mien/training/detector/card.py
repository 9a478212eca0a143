"""The card of a face detector: what it was trained on, how it was made, what it does not know."""

from collections import Counter

from mien.evaluation.detection import Tally
from mien.models.info import DetectorInfo
from mien.training.card import terms_table, wrapped
from mien.training.checkpoint import Checkpoint
from mien.training.detector.material import FRACTIONS, Material
from mien.training.detector.settings import DetectorSettings
from mien.training.fit import best_row

CARD = """\
# {name} {version}

Finds faces in pictures: a box, five landmarks and a score for each. It does not tell whose they
are, nor how they look.

## What it is for

- Finding the faces that mien reads, on a processor, in each frame of a camera.
- Research and tools in which a missed or a false face does no harm.

## What it is not for

- Watching, counting or tracking people, or opening doors: it says nothing about who somebody is,
  and it misses faces.

## Data

Trained on pictures of these sources:

{terms}

Nobody labelled the pictures for it: {teachers} were asked about each, at several sizes{judge}. What
two of them see, of different making, is a face; so is what one of them sees where people drew a
box. What one alone sees counts neither as face nor as background. Of the pictures, 15 % were
kept aside for the test, and 10 % for choices; pictures of one person, and photos that are there
twice, stay together.

{table}

Scenes are made of these pictures, never the same twice: a picture around one of its faces, turned,
scaled and mirrored; four such pictures; faces pasted before pictures without any. Things are held
before faces, light comes from the side or from behind, rooms get dark, lenses blur, sensors add
noise, JPEG packs.

## How it was made

    {command}

{channels}, seed {seed}; {steps:,} steps over {scenes:,.0f} scenes in {minutes:.0f} minutes on
{machine}; the weights of epoch {epoch} of {epochs} were kept (validation loss {loss:.3f}).
`recipe.toml`, which lies beside this card, holds every option. The graph has {size:.0f} KB. Boxes
below a score of {threshold:.2f} are dropped: so {found:.1%} of the teachers' faces of 48 pixels and
more in the validation pictures are found, with at most one false box in 100 pictures.

## Figures

<!-- metrics -->
None yet: `python -m benchmarks.detectors --record` writes them here.
<!-- /metrics -->

## What it cannot do

- Its labels are other detectors' answers: what all of them miss, it was never shown.
- It finds faces of {smallest:.0f} to about {largest:.0f} pixels, in pixels of what it is shown.
- It errs more where faces are dark, blurred, covered, cut off or turned far away; and it may take
  animals, dolls and drawings for faces.
- Nothing is known about how well it finds people of different age, sex or skin colour: the pictures
  carry no such labels, and many are of politicians and athletes.
"""


def write_detector_card(
    info: DetectorInfo,
    settings: DetectorSettings,
    material: Material,
    checkpoint: Checkpoint,
    tally: Tally,
    *,
    size: int,
    machine: str,
) -> str:
    """Return the text of CARD.md.

    Args:
        info: What model.json will say.
        settings: The run's settings.
        material: What was learnt from.
        checkpoint: How the run went.
        tally: What the bundle finds in the validation pictures.
        size: Bytes of the graph.
        machine: Where it was trained, in a few words.
    """
    history = checkpoint.history
    best = best_row(history)
    judged_by = material.info.judge
    scenes = sum(row["scenes"] for row in history)
    text = CARD.format(
        name=info.name,
        version=info.version,
        terms=terms_table(info.terms),
        teachers=", ".join(material.info.teachers),
        judge=f", and {judged_by} about what was doubtful" if judged_by else "",
        table=_counts(material),
        command=info.command,
        channels="Gray pictures" if info.channels == 1 else "Pictures in colour",
        seed=info.seed,
        steps=settings.steps * len(history),
        scenes=scenes,
        minutes=sum(row["scenes"] / row["scenes_per_second"] for row in history) / 60,
        machine=machine,
        epoch=int(best["epoch"]),
        epochs=len(history),
        loss=best["validation_loss"],
        size=size / 1024,
        threshold=info.min_score,
        found=tally.recall(48, info.min_score),
        smallest=info.smallest,
        largest=info.largest,
    )
    return wrapped(text)


def _counts(material: Material) -> str:
    """Return a table of pictures and faces by source and split."""
    pictures: Counter[tuple[str, str]] = Counter()
    faces: Counter[tuple[str, str]] = Counter()
    for picture in material.info.pictures:
        if picture.cropped and picture.split != "train":
            continue
        pictures[picture.source, picture.split] += 1
        faces[picture.source, picture.split] += len(picture.faces)
    lines = [
        "| pictures / faces | " + " | ".join(FRACTIONS) + " |",
        "| --- |" + " ---: |" * len(FRACTIONS),
    ]
    for source in sorted({source for source, _ in pictures}):
        cells = [f"{pictures[source, split]:,} / {faces[source, split]:,}" for split in FRACTIONS]
        lines.append(f"| {source} | " + " | ".join(cells) + " |")
    return "\n".join(lines)

"""The card of a model: what it was trained on, how it was made, what it does not know."""

import textwrap

from mien.bundle import ModelInfo
from mien.data.dataset import Dataset
from mien.training.checkpoint import Checkpoint
from mien.training.settings import TrainSettings

CARD = """\
# {name} {version}

Reads how a face looks: {labels}. A look is not a feeling: the model was trained on what people
said of pictures of faces, not on what anyone felt.

## Data

Trained on {data}: {train} faces, judged on {validation} validation faces of other duplicate
clusters. Terms: {licence}.

{table}

## How it was made

    {command}

Network `{arch}`, {channels} of {size} px, seed {seed}; the weights of epoch {epoch} of {epochs}
were kept (validation loss {loss:.3f}, accuracy {accuracy:.1%}, balanced {balanced:.1%}). Logits
are divided by {temperature:.3f}, fitted on the validation faces. Below a confidence of
{threshold:.2f} the answer is "not sure". Faces are cropped to {crop_scale:g} of the detector's box.

## Figures

<!-- metrics -->
None yet: `mien evaluate BUNDLE DATASET --record` writes them here.
<!-- /metrics -->

## What it cannot do

- It errs, and more on dark, blurred, small, covered or turned faces.
- It knows only its {count} classes; other looks are pressed into them or come out as "not sure".
- Nothing is known about how well it reads people of different age, sex, skin colour or neurology:
  the data carries no such labels. Published models have read the smiles of autistic people as
  neutral and given higher angry scores to darker skin; expect the same here until shown otherwise.
- It must not be used to judge, select, grade or watch people.
"""


def write_card(
    info: ModelInfo, settings: TrainSettings, dataset: Dataset, checkpoint: Checkpoint
) -> str:
    """Return the text of CARD.md."""
    best = min(checkpoint.history, key=lambda row: row["validation_loss"])
    text = CARD.format(
        name=info.name,
        version=info.version,
        labels=", ".join(info.labels),
        count=len(info.labels),
        data="; ".join(info.training_data),
        train=dataset.count("train"),
        validation=dataset.count("validation"),
        licence=info.licence.rstrip("."),
        table=_counts(dataset),
        command=info.command,
        arch=settings.arch,
        channels="gray" if settings.channels == 1 else "RGB",
        size=settings.size,
        seed=info.seed,
        epoch=int(best["epoch"]),
        epochs=len(checkpoint.history),
        loss=best["validation_loss"],
        accuracy=best["validation_accuracy"],
        balanced=best["validation_balanced_accuracy"],
        temperature=info.temperature,
        threshold=info.not_sure_below,
        crop_scale=info.input.crop_scale,
    )
    return wrapped(text)


def wrapped(text: str) -> str:
    """Return Markdown with its paragraphs of prose broken into lines of at most 100 characters."""
    return "\n\n".join(map(_wrapped, text.split("\n\n")))


def _wrapped(paragraph: str) -> str:
    """Break a paragraph of prose into lines; headings, lists, tables and code stay as they are."""
    if paragraph.startswith(("#", "-", "|", " ", "<")):
        return paragraph
    end = "\n" if paragraph.endswith("\n") else ""
    return textwrap.fill(paragraph, 100, break_on_hyphens=False, break_long_words=False) + end


def _counts(dataset: Dataset) -> str:
    lines = [
        "| split | " + " | ".join(dataset.classes) + " |",
        "| --- |" + " --- |" * len(dataset.classes),
    ]
    for split, counts in dataset.info.counts.items():
        lines.append(
            f"| {split} | " + " | ".join(str(counts.get(c, 0)) for c in dataset.classes) + " |"
        )
    return "\n".join(lines)

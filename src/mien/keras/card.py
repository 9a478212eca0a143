"""The card of an imported model: where it comes from, and how little is known of it."""

from dataclasses import dataclass

from mien.keras.network import Head, Scale
from mien.models.info import ModelInfo
from mien.training.card import terms_table, wrapped

CARD = """\
# {name} {version}

Reads how a face looks: {labels}. A look is not a feeling: such a model learns what people said of
pictures of faces, not what anyone felt.

## Where it comes from

Imported from `{file}`, sha256 {sha256}. How it was trained is not known to mien.

{terms}

## How it was made

    {command}

A Keras network of {parameters:,} parameters for {channels} faces of {size} px, with pixels
{scale} ({why}). {ending} The graph gives the probabilities of Keras to within
{parity:.1g}. Faces are cropped to {crop_scale:g} of the detector's box.

## How far its confidence can be believed

{calibration} Below a confidence of {threshold:.2f} the answer is "not sure".

## Figures

<!-- metrics -->
None yet: `mien evaluate BUNDLE DATASET --record` writes them here.
<!-- /metrics -->

## What it cannot do

- It errs, and more on dark, blurred, small, covered or turned faces.
- It knows only its {count} classes; other looks are pressed into them or come out as "not sure".
- Its author framed faces in some way when it was trained; where live faces are framed otherwise, it
  errs more. `mien evaluate` on labelled pictures shows it, `--crop-scale` of `mien import-keras`
  mends it.
- Nothing is known about how well it reads people of different age, sex, skin colour or neurology.
  Published models have read the smiles of autistic people as neutral and given higher angry scores
  to darker skin; expect the same here until shown otherwise.
- It must not be used to judge, select, grade or watch people.
"""

SCALES: dict[Scale, str] = {
    "0..1": "divided by 255, to 0..1",
    "-1..1": "scaled to -1..1",
    "0..255": "as they are, 0..255",
    "standardised": "standardised, each picture to zero mean and unit variance",
}
ENDINGS: dict[Head, str] = {
    "softmax": "It ends in softmax.",
    "logits": "It gives logits, to which mien adds a softmax.",
}
CALIBRATED = (
    "Log-probabilities are divided by {temperature:.3f}, fitted on {faces:,} validation faces of "
    "`{dataset}`."
)
UNCALIBRATED = (
    "It is not calibrated: its confidence is what Keras gave, which for most networks is too high. "
    "`mien import-keras … --validation DATASET` fits it."
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the card says beside model.json.

    Attributes:
        file: Name of the imported file.
        sha256: Its hash.
        parameters: Number of weights.
        scale: How pixels are scaled.
        why: How that was found.
        head: What the Keras model gives.
        parity: Largest difference to Keras of a probability.
        dataset: Name of the data set it was calibrated on; None where it was not.
        faces: Number of faces it was calibrated on.
    """

    file: str
    sha256: str
    parameters: int
    scale: Scale
    why: str
    head: Head
    parity: float
    dataset: str | None
    faces: int


def write_card(info: ModelInfo, origin: Origin) -> str:
    """Return the text of CARD.md."""
    calibration = UNCALIBRATED if origin.dataset is None else CALIBRATED
    text = CARD.format(
        name=info.name,
        version=info.version,
        labels=", ".join(info.labels),
        count=len(info.labels),
        file=origin.file,
        sha256=origin.sha256,
        terms=terms_table(info.terms),
        command=info.command,
        parameters=origin.parameters,
        channels="gray" if info.input.channels == 1 else "RGB",
        size=info.input.size,
        scale=SCALES[origin.scale],
        why=origin.why,
        ending=ENDINGS[origin.head],
        parity=max(origin.parity, 1e-7),
        crop_scale=info.input.crop_scale,
        calibration=calibration.format(
            temperature=info.temperature, faces=origin.faces, dataset=origin.dataset
        ),
        threshold=info.not_sure_below,
    )
    return wrapped(text)

"""The card of a model: what it was trained on, how it was made, what it does not know."""

from collections.abc import Sequence

from mien.datasets.dataset import Dataset
from mien.models.info import ModelInfo
from mien.models.neutral import can_be_shown
from mien.training.card import terms_table, wrapped
from mien.training.checkpoint import Checkpoint
from mien.training.expression.calibrate import Validated
from mien.training.expression.settings import TrainSettings
from mien.training.fit import best_row

CARD = """\
# {name} {version}

Reads how a face looks: {labels}. A look is not a feeling: the model was trained on what people
said of pictures of faces, not on what anyone felt.

## What it is for

- Giving a word, or "not sure", for how a face in view looks, to someone who finds faces hard to
  read and who knows that the word can be wrong.
- Research and therapy in which a person looks at the readings, beside what else is known.
- Comparing models and methods on the same pictures.

## What it is not for

- Judging, selecting, grading, policing or watching people, finding lies, or measuring anyone's
  mind or mood. The EU's AI Act (2024/1689, article 5) forbids systems that infer emotions at work
  and in education, but for medical and safety reasons.
- Reading others without telling them. From 2 August 2026 the AI Act's article 50(3) asks whoever
  uses emotion recognition, but for purely personal use, to inform the people who are exposed to it:
  `mien notice` prints a card for them. Nothing of this is legal advice.
- Diagnosing, or deciding anything about a person without that person.

## What a look tells

People do smile when happy and scowl when angry more often than by chance, but the same feeling
shows in many ways, and the same face comes of many feelings: culture, situation and person decide
(Barrett et al. 2019, "Emotional expressions reconsidered"). The model sees one face in one moment,
without any of these.

## Data

Trained on {train} faces, judged on {validation} validation faces of other duplicate clusters.

{table}

{terms}

## How it was made

    {command}

Network `{arch}`, {channels} of {size} px, seed {seed}; the weights of epoch {epoch} of {epochs}
were kept (validation loss {loss:.3f} over all classes of the data set). {teachers}{minutes}
`recipe.toml`, which lies beside this card, holds every option. {subset}Logits are divided by
{temperature:.3f}, fitted on the validation faces, {accuracy:.1%} of {those} are then
correct. {decision} Faces are cropped to {crop_scale:g} of the detector's box.

## Figures

<!-- metrics -->
None yet: `mien evaluate BUNDLE DATASET --record` writes them here.
<!-- /metrics -->

## Somebody's usual face

{usual}

## What it cannot do

- It errs, and more on dark, blurred, small, covered or turned faces.
- It knows only its {count} classes; {other_looks}.
- Nothing is known about how well it reads people of different age, sex, skin colour or neurology:
  the data carries no such labels. Published models have read the smiles of autistic people as
  neutral and given higher angry scores to darker skin; expect the same here until shown otherwise.
"""

# Whether it tells something else apart → what becomes of it.
OTHER_LOOKS = {
    False: 'other looks are pressed into them or come out as "not sure"',
    True: 'other looks should come out as "not sure", and some are pressed into its classes',
}
USUAL = (
    "The model may be shown somebody's face at rest (`mien predict --baseline START END`, the "
    "page's button), and reads that person beside it. It is for one camera and one light, and is "
    "to be made anew elsewhere: of shipped models it gained much there, and harmed some of those "
    "whose pictures came from many cameras (`python -m benchmarks.experiments.baseline`). Of this "
    "model that was not measured."
)
NO_USUAL = "The model cannot be shown somebody's usual face: it knows no neutral faces."


def write_card(
    info: ModelInfo,
    settings: TrainSettings,
    dataset: Dataset,
    checkpoint: Checkpoint,
    *,
    validated: Validated,
    machine: str,
    teachers: Sequence[str] = (),
) -> str:
    """Return the text of CARD.md.

    Args:
        info: What model.json will say.
        settings: The run's settings.
        dataset: What was learnt from.
        checkpoint: How the run went.
        validated: What the bundle says of the validation faces.
        machine: Where it was trained, in a few words.
        teachers: Names of the models that it learnt from, too.
    """
    best = best_row(checkpoint.history)
    text = CARD.format(
        name=info.name,
        version=info.version,
        labels=", ".join(info.labels),
        count=len(info.labels),
        train=dataset.count("train"),
        validation=dataset.count("validation"),
        terms=terms_table(info.terms),
        table=_counts(dataset),
        command=info.command,
        arch=settings.arch,
        channels="gray" if settings.channels == 1 else "RGB",
        size=settings.size,
        seed=info.seed,
        epoch=int(best["epoch"]),
        epochs=len(checkpoint.history),
        loss=best["validation_loss"],
        teachers=_teachers(teachers, settings),
        minutes=_minutes(checkpoint, dataset, machine),
        subset=_subset(info, dataset),
        accuracy=validated.accuracy,
        those="those of the classes it reads" if info.other else "which",
        temperature=info.temperature,
        decision=_decision(info, validated),
        other_looks=OTHER_LOOKS[info.other],
        crop_scale=info.input.crop_scale,
        usual=USUAL if can_be_shown(info) else NO_USUAL,
    )
    return wrapped(text)


def _teachers(teachers: Sequence[str], settings: TrainSettings) -> str:
    if not teachers:
        return ""
    names, share = " and ".join(teachers), settings.teacher_weight
    return (
        f"{share:.0%} of what it learnt are soft targets of {names} (distillation), the rest is "
        "what people said. "
    )


def _minutes(checkpoint: Checkpoint, dataset: Dataset, machine: str) -> str:
    seconds = sum(dataset.count("train") / row["images_per_second"] for row in checkpoint.history)
    return f"Its epochs took {seconds / 60:.0f} minutes on {machine}. "


def _subset(info: ModelInfo, dataset: Dataset) -> str:
    others = [name for name in dataset.classes if name not in info.labels]
    if not others:
        return ""
    return f"It learnt {', '.join(others)}, too, so as not to take them for the classes it reads. "


def _decision(info: ModelInfo, validated: Validated) -> str:
    below, coverage = f"{info.not_sure_below:.2f}", f"{validated.answered:.1%}"
    if not info.other:
        return (
            f'Below a confidence of {below} the answer is "not sure": coverage '
            f"{coverage} of the validation faces."
        )
    text = (
        f"Where a word is less than {below} probable among all that it learnt, or less than the "
        f'other classes together, the answer is "not sure": coverage {coverage} of the validation '
        "faces of the classes it reads"
    )
    if validated.others is None:
        return f"{text}."
    return f"{text}, and {validated.others:.1%} of the others, for which every word is wrong."


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

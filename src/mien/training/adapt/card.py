"""The card of an adapted model: what it came from, and how good it is beside what was before."""

from mien.evaluation.figures.summary import Estimate
from mien.evaluation.report.markdown import head, row
from mien.models.info import ModelInfo
from mien.training.adapt.figures import Comparison
from mien.training.adapt.run import Adapted
from mien.training.card import terms_table, wrapped

CARD = """\
# {name} {version}

Reads how a face looks: {labels}. A look is not a feeling. It is **{base}, adapted to
{faces} pictures**{persons}: its last layer was learnt anew, all else is that of {base}, whose own
card says what it was trained on and what it is not for; all of that holds here, too.

## What it learnt from

{counts}

{notes}

## How it was made

    {command}

The last layer was fitted to the features of these faces and {rehearsed} others, which lie beside
{base}, from where it was, with a pull of {strength:g} towards it, chosen on left-out faces. Logits
are divided by {temperature:.3f}. {decision} Faces are cropped to {crop_scale:g} of the detector's
box.

## How good it is

On these {faces} faces, each read by what was learnt from others ({groups} persons or photos, drawn
anew for the 95% intervals): balanced accuracy **{after}**, of {base} {before}; difference {gain}.
{kinds}

{classes}

{forgotten}

{terms}

## Figures

<!-- metrics -->
None yet: `mien evaluate BUNDLE DATASET --record` writes them here.
<!-- /metrics -->

## What it cannot do

- What it reads better may be these people, this camera and this light alone: nobody else was asked.
- {few}
- It errs, and more on dark, blurred, small, covered or turned faces.
"""
FEW = 100


def write_card(info: ModelInfo, adapted: Adapted) -> str:
    """Return the text of CARD.md.

    Args:
        info: What model.json will say.
        adapted: What came of it.
    """
    faces, gain, base = adapted.faces, adapted.gain, adapted.bundle.info.name
    few = "It came from few pictures" if len(faces) < FEW else "It came from one collection"
    return wrapped(
        CARD.format(
            name=info.name,
            version=info.version,
            labels=", ".join(info.labels),
            base=f"{base} {adapted.bundle.info.version}",
            faces=f"{len(faces):,}",
            persons=f" of {faces.persons:,} people" if faces.persons else "",
            counts=_counts(adapted),
            notes="\n".join(f"- {one_line(note)}" for note in adapted.notes),
            command=info.command or "mien.training.adapt.run.adapt",
            rehearsed=f"{len(adapted.known.labels):,}" if len(adapted.known.labels) else "no",
            strength=adapted.strength,
            temperature=info.temperature,
            decision=_decision(adapted),
            crop_scale=info.input.crop_scale,
            groups=f"{gain.groups:,}",
            after=share(gain.after),
            before=share(gain.before),
            gain=points(gain.gain),
            kinds=" ".join(f"{words}: {figure}." for words, figure in of_kinds(gain)),
            classes=comparison_table(gain),
            forgotten=_forgotten(adapted),
            terms=terms_table(info.terms),
            few=f"{few}: an interval above says how far chance reaches.",
        )
    )


def one_line(text: str) -> str:
    """Return a note that stays one item of a list, whatever names it holds."""
    return " ".join(text.split())


def share(estimate: Estimate) -> str:
    """Write a share and its interval."""
    return f"{estimate.value:.1%}{_ends(estimate, '.1%', '–')}"


def points(estimate: Estimate) -> str:
    """Write a difference of two shares, with its sign."""
    return f"{100 * estimate.value:+.1f} points{_ends(estimate, '+.1%', ' to ')}"


def of_kinds(found: Comparison) -> list[tuple[str, str]]:
    """Tell classes that were read before from new ones, where there are any: words and figure."""
    told = []
    if found.old is not None:
        told.append(("Difference over the classes read before", points(found.old)))
    if found.new is not None:
        chance = f"{share(found.new)}, by guessing {found.chance:.1%}"
        told.append(("Recall of the new classes", chance))
    return told


def _ends(estimate: Estimate, form: str, to: str) -> str:
    known = estimate.low == estimate.low
    return f" ({estimate.low:{form}}{to}{estimate.high:{form}})" if known else ""


def comparison_table(found: Comparison) -> str:
    """Return how each class is read, before and after, as Markdown."""
    lines = head(["class", "faces", "before", "adapted"])
    for one in found.classes:
        before = "not read" if one.before is None else f"{one.before:.1%}"
        lines.append(row([one.label, f"{one.faces:,}", before, f"{one.after:.1%}"]))
    return "\n".join(lines)


def _counts(adapted: Adapted) -> str:
    lines = head(["class", "its pictures", "people"])
    faces = adapted.faces
    for number, name in enumerate(faces.classes):
        rows = [place for place, label in enumerate(faces.labels.tolist()) if label == number]
        people = len({faces.groups[place] for place in rows} - {""})
        label = adapted.classes.labels[int(adapted.classes.columns[number])]
        called = name if name == label else f"{label} ({name})"
        lines.append(row([called, f"{len(rows):,}", f"{people:,}" if people else "not named"]))
    return "\n".join(lines)


def _decision(adapted: Adapted) -> str:
    validated = adapted.validated
    return (
        f'Below {adapted.not_sure_below:.2f} the answer is "not sure": coverage '
        f"{validated.answered:.1%} of the faces by which that was fitted, which were left out in "
        "turn."
    )


def _forgotten(adapted: Adapted) -> str:
    found = adapted.forgotten
    if found is None:
        return "Nobody knows what it has forgotten: no faces that the model knew lie beside it."
    return (
        f"What it knew, by {found.faces:,} faces whose features lie beside "
        f"{adapted.bundle.info.name}, left out in turn: balanced accuracy {share(found.after)}, "
        f"before {share(found.before)}; difference {points(found.gain)}."
        f"\n\n{comparison_table(found)}"
    )

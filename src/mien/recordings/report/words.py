"""What is said in plain words: what the figures are, and what must not be concluded of them."""

import math

from mien.recordings.report.agreement import Agreement
from mien.recordings.values import NOT_SURE_WORD

# Krippendorff, "Content Analysis", 2004, section 11.4.2: rely on what reaches the first, draw
# tentative conclusions only from what reaches the second.
RELIABLE, TENTATIVE = 0.8, 0.667
# Intervals of fewer videos or blocks than these are drawn from too little.
FEW = 10

CAUTIONS = (
    "A look is what a face shows at a moment, as a program reads it. It is not what a person "
    "feels: people smile without joy, and are sad without showing it.",
    "Nothing here is a diagnosis, or supports one by itself, and no decision about a person may "
    "rest on it alone.",
    "The program errs, and not on all alike: with the model, the light, the camera, the angle of "
    "the head, glasses, beards, age and the colour of skin. Differences between people, or between "
    "rooms, may be differences of these.",
    "“Not sure” and “not seen” are not neutral. Shares are of the time in which a person was "
    "seen; who was seen for a short time only is known for that time only.",
    "A person whom the camera lost and found again may have two numbers, unless people.csv says "
    "who is who; then episodes are parted, and shares are of parts.",
    "That a look changes after an event does not say that it changed because of it: looks change "
    "by themselves, too. Compare with times at which nothing happened.",
)


def verdict(one: Agreement) -> str:
    """Return in a sentence what an agreement with codes by hand allows."""
    value, low, high = one.alpha.value, one.alpha.low, one.alpha.high
    of = "with “not sure” as a class" if one.with_unsure else f"without “{NOT_SURE_WORD}”"
    if math.isnan(value):
        return (
            f"{_begun(one.name)}, {of}: whether it agrees cannot be said, since only one class "
            "occurs, or nothing was compared."
        )
    if value >= RELIABLE:
        told = "they agree well enough to rely on"
    elif value >= TENTATIVE:
        told = "they agree well enough for tentative conclusions only"
    else:
        told = "they agree too little to draw conclusions from what was read in place of codes"
    text = f"{_begun(one.name)}, {of}: {told} (alpha {value:.2f})."
    if math.isnan(low):
        return f"{text} How certain this is, is not known: one block of time was coded."
    if low < TENTATIVE <= value:
        text += f" But this is uncertain: it may as well be {low:.2f}."
    elif low < value < TENTATIVE <= high:
        text += " That is uncertain, too."
    if one.groups < FEW:
        what = "videos" if one.by_video else "blocks of 10 s"
        text += f" There are {one.groups} {what} only, and intervals of so few are too narrow."
    return text


def _begun(name: str) -> str:
    """Return a name as a sentence begins."""
    return name[:1].upper() + name[1:]

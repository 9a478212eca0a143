"""What documents say, for tests of whether it is true."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
# A line in a block of code, or a code span; `uvx --from . mien live` is `mien live`, too.
COMMAND = re.compile(r"(?:^    |`)(?:uvx --from \S+ )?(mien [^`\n]+)", re.M)
CODE = re.compile(r"^```.*?^```|(`+)(?!`).*?\1(?!`)|^    .*?$", re.M | re.S)
TARGET = re.compile(r"\]\(([^\s)#]*)#?([^\s)]*)\)")


def documents() -> list[Path]:
    """Return all documents that are read on the code host, but the log of what has changed."""
    papers = ("README", "CONTRIBUTING", "SECURITY")
    return [*sorted(ROOT.glob("docs/*.md")), *(ROOT / f"{name}.md" for name in papers)]


def commands(text: str) -> list[str]:
    """Return every `mien …` of a document, without those that are cut short."""
    found = COMMAND.findall(text.replace("\\\n", ""))
    whole = [one.replace("\\|", "|").partition(" # ")[0].strip() for one in found]
    return [one for one in dict.fromkeys(whole) if "…" not in one]


def links(text: str) -> list[tuple[str, str]]:
    """Return the target and the anchor of each link to another place of the repository."""
    found = TARGET.findall(CODE.sub("", text))
    return [(target, anchor) for target, anchor in found if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Return the anchors that a code host gives to the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}

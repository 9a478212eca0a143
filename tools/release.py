"""See that all that names the version agrees, and print what is new in it: before it is published.

    python -m tools.release v0.1.0

The version itself is in src/mien/__init__.py. docs/releasing.md says what else a release asks for.
"""

import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Of RFC 2606: leads nowhere. pyproject.toml has it until somebody knows where the repository is.
PLACEHOLDER = re.compile(r"^https://[\w.-]+\.example\b")


def faults(root: Path, tag: str, host: str | None = None) -> list[str]:
    """Return what stands against publishing, each as a line that says what to do.

    Args:
        root: The checkout.
        tag: Of the release, such as "v0.1.0".
        host: Address of the repository that publishes, where that is known.
    """
    version, found = version_of(root), []
    if tag != f"v{version}":
        found.append(f"tag {tag}: src/mien/__init__.py says {version}; one of them is wrong")
    cited = re.search(r"^version: (.+)$", _text(root, "CITATION.cff"), re.MULTILINE)
    if cited is None or cited[1] != version:
        found.append(f"CITATION.cff: its version must be {version}")
    if not news(root):
        found.append(f"CHANGELOG.md: has no section `## [{version}] - YYYY-MM-DD` with text")
    repository = repository_of(root)
    if PLACEHOLDER.match(repository):
        found.append("pyproject.toml: `repository` is a placeholder; say where the repository is")
    elif host is not None and host != repository:
        found.append(f"pyproject.toml: `repository` is {repository}, but this is {host}")
    return found


def version_of(root: Path) -> str:
    """Return the version."""
    found = re.search(r'^__version__ = "(.+)"$', _text(root, "src/mien/__init__.py"), re.MULTILINE)
    return found[1] if found else ""


def repository_of(root: Path) -> str:
    """Return the address of the repository."""
    told = tomllib.loads(_text(root, "pyproject.toml"))
    return str(told["tool"]["hatch"]["metadata"]["hooks"]["custom"]["repository"])


def news(root: Path) -> str:
    """Return the section of the changelog on this version; nothing where there is none."""
    head = rf"^## \[{re.escape(version_of(root))}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"
    found = re.search(head, _text(root, "CHANGELOG.md"), re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def _text(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def main() -> None:
    """Print what is new, or end with what is wrong."""
    if len(sys.argv) != 2:
        sys.exit("which tag? python -m tools.release v0.1.0")
    server, name = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    found = faults(ROOT, sys.argv[1], f"{server}/{name}" if server and name else None)
    if found:
        sys.exit("\n".join(found))
    sys.stdout.write(news(ROOT) + "\n")


if __name__ == "__main__":
    main()

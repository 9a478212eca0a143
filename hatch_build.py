"""What a build adds to pyproject.toml: addresses, a README for package indexes, and a check.

The repository's address is said once, in pyproject.toml. On a package index links that are relative
lead nowhere, so there they lead into the repository, at the version's tag.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# What `make page-runtime` fetches, and a checkout at first lacks.
RUNTIME = Path("src", "mien", "web", "static", "vendor", "onnxruntime-web")
LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<to>(?![a-z]+:|#)[^)\s]+)\)")


class Metadata(MetadataHookInterface):
    """Says where the project is, and what README and terms say."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill what pyproject.toml leaves to this hook."""
        repository = self.config["repository"].rstrip("/")
        tag = f"v{metadata['version']}"
        metadata["urls"] = {
            "Homepage": repository,
            "Documentation": f"{repository}/tree/{tag}/docs",
            "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
            "Issues": f"{repository}/issues",
        }
        root = Path(self.root)
        texts = [(root / name).read_text(encoding="utf-8") for name in ("README.md", "TERMS.md")]
        text = absolute(f"{texts[0]}\n#{texts[1]}", repository, tag)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


class Runtime(BuildHookInterface):
    """Looks whether the engine of the page is there, without which no browser reads by itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Refuse to build what is to be published without it; say so where somebody installs."""
        if version == "editable" or any((Path(self.root) / RUNTIME).glob("*.wasm")):
            return
        told = f"{RUNTIME.as_posix()}: missing; run `make page-runtime` (it needs npm) first, else"
        told += " `mien export-site` and `mien live --in-browser` are not there"
        if self.target_name == "sdist":
            self.app.abort(told)
        self.app.display_warning(f"warning: {told}")


def absolute(text: str, repository: str, tag: str) -> str:
    """Return a text in Markdown whose relative links lead into the repository.

    Args:
        text: The text.
        repository: Its address.
        tag: Which state of it.
    """

    def replaced(link: re.Match[str]) -> str:
        way = "raw" if link["picture"] else "blob"
        return f"{link['picture']}[{link['text']}]({repository}/{way}/{tag}/{link['to']})"

    return LINK.sub(replaced, text)

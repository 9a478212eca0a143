"""A bundle's card as a hub shows it: README.md, with what the hub sorts models by before it."""

import math
import re
from collections.abc import Iterator
from typing import Any

from mien.models.bundle import CARD
from mien.models.hub.address import Address
from mien.models.info import BundleInfo, ModelInfo

# What the hub calls licences that it knows, of those that weights have; other terms are "other".
LICENCES = frozenset({
    "mit", "apache-2.0", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0", "cc-by-4.0",
    "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-4.0", "gpl-3.0",
    "lgpl-3.0", "agpl-3.0", "mpl-2.0",
})  # fmt: skip
# Of dozens of figures, those that tell models apart.
METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "ece", "recall_48px", "recall_96px")
USE = """
## Use it

    pip install 'mien[hub]'
    mien pull {address} --out {name}
    mien {use}
"""


def make_readme(library: Any, info: BundleInfo, card: str, address: Address, endpoint: str) -> str:
    """Return the text of README.md.

    Args:
        library: `huggingface_hub`, which writes YAML.
        info: What the bundle's model.json says.
        card: The text of its CARD.md.
        address: Where it will lie.
        endpoint: Address of the hub.
    """
    link = f"{endpoint}/{address.repo}/blob/main/{CARD}"
    front = _front(library, info, link).to_yaml(line_break="\n")
    reads = isinstance(info, ModelInfo)
    use = f"live --model {address.name}" if reads else f"live --detector-model {address.name}"
    told = USE.format(address=Address(address.user, address.name), name=address.name, use=use)
    return f"---\n{front}\n---\n\n{card.rstrip()}\n{told}"


def licence(terms: str) -> str | None:
    """Return what the hub calls the terms of weights, where they are a licence that it knows."""
    name = re.sub(r"[\s_]+", "-", terms.strip().removesuffix(".").lower())
    return name if name in LICENCES else None


def _front(library: Any, info: BundleInfo, link: str) -> Any:
    reads, known = isinstance(info, ModelInfo), licence(info.terms.weights)
    other = {} if known else {"license_name": "terms-in-the-card", "license_link": link}
    results = list(_results(library, info))
    return library.ModelCardData(
        license=known or "other",
        **other,
        library_name="mien",
        pipeline_tag="image-classification" if reads else "object-detection",
        tags=["mien", "onnx", "facial-expression-recognition" if reads else "face-detection"],
        model_name=info.name if results else None,
        eval_results=results or None,
    )


def _results(library: Any, info: BundleInfo) -> Iterator[Any]:
    """Yield what was measured, as the hub's model index takes it."""
    task = "image-classification" if isinstance(info, ModelInfo) else "object-detection"
    for measured in info.metrics:
        for name in METRICS:
            value = measured.values.get(name, math.nan)
            if math.isfinite(value):
                yield library.EvalResult(
                    task_type=task,
                    dataset_type=re.sub(r"\W+", "-", measured.dataset.lower()).strip("-") or "own",
                    dataset_name=measured.dataset,
                    dataset_split=measured.split,
                    metric_type=name,
                    metric_value=value,
                )

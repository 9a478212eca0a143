"""Reads a model.json of format 1, whose terms were one text, so that older bundles still load."""

from typing import Any

import msgspec

# Of each source that format 1 names: its terms are in the one text, if anywhere.
NOT_SEPARATE = "not stated separately"
NEWER = ("terms", "weights_sha256", "features_sha256", "neutral_logs")


class _Terms(msgspec.Struct):
    """What format 1 says in place of `terms`."""

    training_data: tuple[str, ...]
    licence: str


def in_format_2(values: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of a model.json of format 1 as format 2 has them.

    What is wrong in them stays, for whoever checks the result.

    Raises:
        ValueError: The terms are missing or of the wrong kind, or keys of format 2 are there.
    """
    for key in NEWER:
        if key in values:
            raise ValueError(f"Object of format 1 contains unknown field `{key}`")
    known = msgspec.convert(values, _Terms)
    kept = {key: value for key, value in values.items() if key not in _Terms.__struct_fields__}
    data = [{"source": source, "terms": NOT_SEPARATE} for source in known.training_data]
    return {**kept, "format": 2, "terms": {"weights": known.licence, "data": data}}

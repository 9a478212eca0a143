"""What tables write where they do not know who somebody is."""

# As spreadsheets, pandas, R and SPSS leave them, and as people write them.
WORDS = frozenset(
    {
        *("", "-", "--", "---", "–", "—", "?", "??", "???", "."),
        *("na", "n/a", "n.a.", "#n/a", "<na>", "nan", "none", "null", "#null!", "nil"),
        *("unknown", "not known", "unspecified", "missing", "undefined", "anonymous"),
    }
)
# Written so, they are people's names.
NAMES = frozenset({"Na", "Nan"})


def is_nobody(text: str) -> bool:
    """Return whether what should say who somebody is says that it is not known."""
    plain = text.strip()
    return plain.lower() in WORDS and plain not in NAMES

"""Data sets: what `mien prepare` reads and writes."""

"""Faces over time: who is who, in which regions to look next, and words that do not flicker."""

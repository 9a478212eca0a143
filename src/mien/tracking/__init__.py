"""Faces over time: who is who, where to look next, and words that do not flicker."""

"""Writes that are whole or not at all, and locks."""

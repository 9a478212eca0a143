"""Comparisons by which a choice was made, each run on its own: its docstring says how and why."""

"""mien reads facial expressions in real time."""

__version__ = "0.1.0"

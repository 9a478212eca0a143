"""Kills commands again and again, and looks whether anything was lost: `make torture`."""

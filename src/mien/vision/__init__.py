"""Pixels: decoding, boxes, the one crop, quality, and what is drawn."""

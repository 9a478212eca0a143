"""Data sets: made from labelled pictures, written as Parquet, read back in a fixed order."""

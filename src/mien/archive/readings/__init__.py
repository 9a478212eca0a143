"""The readings of an archive: a table per video and per folder of pictures, and a manifest."""

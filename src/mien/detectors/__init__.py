"""Face detectors behind one protocol; `mien.assembly` chooses one by name."""

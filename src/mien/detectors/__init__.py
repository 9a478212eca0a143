"""Face detectors behind one protocol; `mien.registry` chooses one by name."""

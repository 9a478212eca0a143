"""The test of face detectors on hand-checked pictures: `python -m benchmarks.detectors`."""

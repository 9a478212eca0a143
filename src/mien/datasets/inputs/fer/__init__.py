"""FER2013, and the votes that others gave for its pictures."""

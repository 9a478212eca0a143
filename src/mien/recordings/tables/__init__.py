"""Tables of readings as they lie on a disk, in whichever format, in chunks."""

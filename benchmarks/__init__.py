"""Speed, memory and scale, as ratios within one run: `make bench`.

One module per measure; each makes its own input from the portrait that mien ships, so nothing has
to be downloaded. Times differ from machine to machine, so every one is printed beside that of a
reference that ran in turns with it.
"""

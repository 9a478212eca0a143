"""Speed, memory and scale, as ratios within one run: `make bench`.

One module per measure; each makes its own input from the portrait that mien ships, so nothing has
to be downloaded. Times differ from machine to machine, so every one is printed beside that of a
reference that ran in turns with it.

What is run on its own is apart: `page` measures the page in a browser, `detectors` tests face
detectors, `peers` reads with what others have made, and `experiments` are the comparisons by which
a choice was made.
"""

from pathlib import Path

SHARED = Path(__file__).parents[2] / "shared"  # real pictures and others' weights, where there are

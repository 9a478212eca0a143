"""Make docs/sample.webp, the README's moving picture: mien reading its own sample.

python docs/make_readme_picture.py
"""

from pathlib import Path

import cv2
from PIL import Image

from mien.registry import make_analyzer, make_classifier, make_detector
from mien.sources.open import open_source
from mien.vision.draw import draw

SIZE, EVERY, MILLISECONDS = (480, 360), 3, 100
TARGET = Path(__file__).parent / "sample.webp"


def main() -> None:
    """Read the sample, draw what was read, and keep every third frame (10 per second)."""
    classifier, info = make_classifier()
    analyzer = make_analyzer(make_detector(), classifier, info)
    pictures = []
    for frame in open_source("mien:sample"):
        analysis = analyzer(frame)
        if frame.index % EVERY == 0:
            small = cv2.resize(draw(frame.image, analysis), SIZE, interpolation=cv2.INTER_AREA)
            pictures.append(Image.fromarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB)))
    options = {"duration": MILLISECONDS, "loop": 0, "quality": 60, "method": 6}
    pictures[0].save(TARGET, save_all=True, append_images=pictures[1:], **options)
    print(f"{TARGET}: {len(pictures)} pictures, {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()

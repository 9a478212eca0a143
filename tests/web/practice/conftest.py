import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.web.practice.steps import BRIGHT, begin


@pytest.fixture
def picture(tmp_path):
    """Write a gray picture, in which the fake server sees a face; returns its path."""

    def write(gray: int = BRIGHT, name: str = "a.jpg", size: tuple[int, int] = (320, 180)) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), np.full((size[1], size[0], 3), gray, np.uint8))
        return path

    return write


@pytest.fixture
def practise(open_page, expect):
    """Open a page and practise on files, in the order given; returns it at the first question."""
    return lambda files, **options: begin(open_page, expect, "/", files, **options)


@pytest.fixture
def practise_with(practise, services):
    """As `practise`, on a server that reads or explains its pictures otherwise."""

    def start(files, *, analyze=None, explain=services.explain):
        make_analyzer = services.make_analyzer if analyze is None else lambda: analyze
        other = dataclasses.replace(services, make_analyzer=make_analyzer, explain=explain)
        return practise(files, services=other)

    return start

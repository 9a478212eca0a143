import numpy as np
import pytest

from mien.vision.images.reading import decode_picture
from mien.web.protocol import ProtocolError
from mien.web.session.media import decode_page_picture, encode_for_page


@pytest.mark.parametrize(
    ("size", "shown"), [((720, 1280), (540, 960)), ((480, 640), (480, 640)), ((1, 4000), (1, 960))]
)
def test_a_frame_is_no_wider_than_the_page_shows(size, shown):
    data = encode_for_page(np.zeros((*size, 3), np.uint8))
    assert decode_picture(data, "frame").shape == (*shown, 3)


def test_a_picture_comes_through(portrait):
    there_and_back = decode_page_picture(encode_for_page(portrait))
    assert np.abs(there_and_back.astype(int) - portrait).mean() < 5


def test_a_broken_picture_is_refused(portrait):
    with pytest.raises(ProtocolError, match="malformed"):
        decode_page_picture(encode_for_page(portrait)[:500])

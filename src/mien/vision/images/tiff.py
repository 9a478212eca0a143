"""Which page of a TIFF is the picture, and which TIFFs are a camera's RAW files."""

from PIL.TiffImagePlugin import TiffImageFile

SUBFILE, SUB_DIRECTORIES, PHOTOMETRIC, DNG_VERSION = 254, 330, 262, 50706
# Bits of NewSubfileType: a smaller copy, or a mask, of another picture in the file.
NOT_A_PAGE = 0b101
# What a sensor saw through its colour filters, or before any development.
SENSOR = frozenset({32803, 34892})


def choose_page(image: TiffImageFile) -> int:
    """Go to the first page that is no smaller copy and no mask of another.

    Args:
        image: Just opened.

    Returns:
        How many pages there are; 0 where it is a RAW file, whose pages are previews of what the
        sensor saw.
    """
    pages = []
    for number in range(image.n_frames):
        image.seek(number)
        tags = image.tag_v2
        is_copy = bool(int(tags.get(SUBFILE, 0)) & NOT_A_PAGE)
        # The picture itself lies in a sub-directory, where no viewer looks.
        is_preview = number == 0 and is_copy and SUB_DIRECTORIES in tags
        if is_preview or DNG_VERSION in tags or tags.get(PHOTOMETRIC) in SENSOR:
            return 0
        if not is_copy:
            pages.append(number)
    image.seek(pages[0] if pages else 0)
    return max(1, len(pages))

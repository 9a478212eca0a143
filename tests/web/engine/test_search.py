"""Full frames are searched as finely as a device has time for."""

from mien.detectors.single_shot import MIN_FACE


def test_the_search_is_as_fine_as_there_is_time_for(answer):
    assert answer("search", {"minFace": MIN_FACE}) == ""


def test_who_is_lost_is_looked_for_as_finely_as_by_python(answer):
    assert answer("lost", {}) == ""

"""Pixels of a frame are copied where that gives the right ones, and drawn elsewhere."""


def test_what_is_copied_and_what_is_drawn(answer):
    assert answer("shown", {}) == ""

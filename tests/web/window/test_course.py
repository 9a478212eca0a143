"""What became of a window, from what can be seen of it."""

from mien.web.window.course import AWAY, HANDING_OVER, Course, Fate

LATE = HANDING_OVER + 20


def test_a_window_that_is_closed_ends_its_browser() -> None:
    course = Course(0.0)
    assert course.judge(1.0, None, shown=False) is Fate.OPEN
    assert course.judge(LATE, None, shown=True) is Fate.OPEN
    assert course.judge(LATE + 1, 0, shown=True) is Fate.CLOSED


def test_a_browser_that_goes_on_without_windows() -> None:
    course = Course(0.0)
    course.judge(LATE, None, shown=True)
    assert course.judge(LATE + AWAY - 1, None, shown=False) is Fate.OPEN
    assert course.judge(LATE + AWAY, None, shown=False) is Fate.CLOSED


def test_one_that_hands_its_page_over() -> None:
    course = Course(0.0)
    assert course.judge(1.0, 0, shown=False) is Fate.OPEN
    assert course.judge(LATE, 0, shown=True) is Fate.OPEN
    assert course.judge(LATE + AWAY, 0, shown=False) is Fate.CLOSED


def test_one_that_never_opens() -> None:
    assert Course(0.0).judge(1.0, 1, shown=False) is Fate.FAILED
    course = Course(0.0)
    course.judge(1.0, 0, shown=False)
    assert course.judge(1.0 + AWAY, 0, shown=False) is Fate.FAILED

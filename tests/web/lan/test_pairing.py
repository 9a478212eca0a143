import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.web.lan import pairing as module
from mien.web.lan.pairing import MAX_TRIES, MAX_WRONG, Entry, TooManyTriesError

PHONE = "192.168.1.20"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told():
    return []


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def entry(told, clock):
    return Entry(told.append, clock=clock)


def wrong(entry: Entry) -> str:
    return f"{(int(entry.code.replace(' ', '')) + 1) % 10**8:08}"


def test_a_code_is_two_groups_of_four_digits_and_random(told):
    codes = {Entry(told.append).code for _ in range(50)}
    assert all(re.fullmatch(r"\d{4} \d{4}", code) for code in codes)
    assert len(codes) > 45
    assert not told


def test_leading_zeros_stay(monkeypatch, told):
    monkeypatch.setattr(module.secrets, "randbelow", lambda _: 42)
    entry = Entry(told.append)
    assert entry.code == "0000 0042"
    assert entry.enter("00000042", PHONE)


@pytest.mark.parametrize("form", ["{0} {1}", "{0}{1}", "{0}-{1}", " {0}\t{1} \n"])
def test_the_right_code_lets_in_however_it_is_spaced(entry, form):
    token = entry.enter(form.format(*entry.code.split()), PHONE)
    assert entry.admits(token)
    assert len(token) >= 43  # 256 bits in base 64


def test_a_code_is_spent_at_once_and_the_next_is_told(entry, told):
    code = entry.code
    first = entry.enter(code, PHONE)
    assert entry.enter(code, "192.168.1.66") is None
    (new,) = told
    assert (new.code, new.reason, new.device) == (entry.code, "entered", PHONE)
    assert new.code != code
    second = entry.enter(new.code, "192.168.1.21")
    assert first != second
    assert entry.admits(first)
    assert entry.admits(second)


def test_five_wrong_codes_make_a_new_one(entry, told):
    code = entry.code
    for _ in range(MAX_WRONG - 1):
        assert entry.enter(wrong(entry), PHONE) is None
    assert entry.code == code
    assert entry.enter(wrong(entry), PHONE) is None
    (new,) = told
    assert (new.code, new.reason, new.device) == (entry.code, "guessed", PHONE)
    assert entry.code != code
    assert entry.enter(code, PHONE) is None


def test_wrong_codes_are_counted_anew_for_each_code(entry, told):
    for _ in range(MAX_WRONG - 1):
        entry.enter(wrong(entry), PHONE)
    entry.enter(entry.code, PHONE)
    for _ in range(MAX_WRONG - 1):
        entry.enter(wrong(entry), PHONE)
    assert [new.reason for new in told] == ["entered"]


def test_whoever_tries_too_often_is_not_listened_to(entry, clock):
    for _ in range(MAX_TRIES):
        entry.enter(wrong(entry), PHONE)
    with pytest.raises(TooManyTriesError):
        entry.enter(entry.code, PHONE)
    clock.now += 60
    assert entry.enter(entry.code, PHONE)


@given(st.lists(st.floats(0, 20), max_size=100))
def test_no_more_codes_are_tried_than_ten_and_ten_a_minute(gaps):
    clock = Clock()
    entry = Entry(lambda _: None, clock=clock)
    tried = 0
    for gap in gaps:
        clock.now += gap
        try:
            entry.enter("no", PHONE)
        except TooManyTriesError:
            continue
        tried += 1
        assert tried <= 10 + clock.now / 6 + 1e-6


@given(st.text())
def test_nothing_else_lets_in(text):
    entry = Entry(lambda _: None)
    if "".join(text.replace("-", " ").split()) != entry.code.replace(" ", ""):
        assert entry.enter(text, PHONE) is None
    assert not entry.admits(text)


def test_codes_are_compared_in_constant_time(entry, monkeypatch):
    compared = []
    real = module.secrets.compare_digest

    def compare(one, other):
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(module.secrets, "compare_digest", compare)
    entry.enter("1", PHONE)
    assert compared == [(b"1", entry.code.replace(" ", "").encode())]


def test_no_secret_of_a_device_is_kept(entry):
    token = entry.enter(entry.code, PHONE)
    assert token not in repr(vars(entry))

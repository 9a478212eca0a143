import pytest

from mien.errors import SettingsError
from mien.settings import checked, processors
from mien.web.api_server.settings import ApiSettings


def test_as_many_at_a_time_as_there_are_processors():
    assert ApiSettings().at_a_time == processors()
    assert ApiSettings(jobs=3).at_a_time == 3


@pytest.mark.parametrize("jobs", [0, -1, 100_000])
def test_jobs_that_cannot_be(jobs):
    with pytest.raises(SettingsError, match="--jobs"):
        _ = ApiSettings(jobs=jobs).at_a_time


@pytest.mark.parametrize(
    "values",
    [{"max_megabytes": 0.0}, {"max_megapixels": 65.0}, {"rate": 0.0}, {"rate": float("nan")}],
)
def test_bounds(values):
    with pytest.raises(SettingsError, match=next(iter(values)).replace("_", "-")):
        checked(ApiSettings, **values)


def test_bytes_and_pixels():
    settings = ApiSettings(max_megabytes=0.5, max_megapixels=1.5)
    assert (settings.max_bytes, settings.max_pixels) == (500_000, 1_500_000)

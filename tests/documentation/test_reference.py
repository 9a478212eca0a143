"""All that mien makes public is in the page of the Python API."""

import re

from docs.site import reference

import mien


def test_all_public_names_are_there():
    named = re.findall(r"^::: mien\.(\w+)$", reference.page(), re.M)
    assert sorted(named) == sorted(set(mien.__all__) - {"__version__", "MienError"})


def test_a_new_name_needs_no_line_here(monkeypatch):
    monkeypatch.setattr(mien, "__all__", [*mien.__all__, "brand_new"])
    assert "## More\n\n::: mien.brand_new\n" in reference.page()


def test_errors_begin_with_the_base_of_all():
    named = re.findall(r"^::: mien\.errors\.(\w+)$", reference.page(), re.M)
    assert named[0] == "MienError"
    assert {"PictureError", "SettingsError", "SourceError"} <= set(named)

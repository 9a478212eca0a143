"""Where the twins answer."""

from functools import partial

import pytest
from tests.web.engine.twins import Answer, answer_in_browser, answer_in_node


@pytest.fixture(params=["node", pytest.param("chromium", marks=pytest.mark.heavy)])
def answer(request: pytest.FixtureRequest, tmp_path) -> Answer:
    """Let a twin answer; see `twins.Answer`."""
    if request.param == "node":
        return partial(answer_in_node, tmp_path)
    return partial(answer_in_browser, request.getfixturevalue("browser"), tmp_path)

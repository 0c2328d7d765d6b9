"""Each preset's desk, on both databases, on a clock of the story's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest

from tests.acceptance.test_stories.played_desk import PlayedDesk

Opening = Callable[[str, str], PlayedDesk]


@pytest.fixture(params=["sqlite", "postgres"])
def play(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Opening]:
    """Opens the desk of a preset with a desk file."""
    with ExitStack() as stack:

        def opened(preset: str, desk: str) -> PlayedDesk:
            url = ""
            if request.param == "postgres":
                url = stack.enter_context(request.getfixturevalue("postgres_server").database())
            played = PlayedDesk(
                tmp_path, preset, desk, database_url=url, signing=("acme.test", "boreal.test", "example.test")
            )
            # What dkimpy signs is signed at the story's time.
            story_time = SimpleNamespace(time=lambda: played.clock.now().timestamp())
            monkeypatch.setattr(dkim, "time", story_time)
            return stack.enter_context(played.open())

        yield opened

"""Rules and templates that change while the gateway runs: seen, and taken between two batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_MOST_FILES = 10_000


class FolderWatch:
    """Tells when files below some folders have changed and come to rest.

    An editor or a checkout writes several files, one after the other: a change counts once two looks
    in a row have seen the same.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._taken = self._seen = self._look()

    def changed(self) -> bool:
        """Whether there is a change, at rest, that was not taken yet."""
        now = self._look()
        rests, self._seen = now == self._seen, now
        return rests and now != self._taken

    def take(self) -> None:
        """What was last seen is no change any more."""
        self._taken = self._seen

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        found = [each for folder in self._folders for each in _files(folder)]
        return tuple(sorted(found[:_MOST_FILES]))


def _files(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Path, size in bytes and time of change in nanoseconds of each file below `folder`."""
    for path, _, names in os.walk(folder):
        for name in names:
            file = Path(path, name)
            try:
                found = file.stat()
            except FileNotFoundError:
                # Gone since the folder was read: the next look sees what has come of it.
                continue
            yield str(file), found.st_size, found.st_mtime_ns


class Renewed:
    """A step of a drain, made anew when what it was made from has changed.

    Args:
        make: the step, from the rules as they are now.
        version: of the rules at work.
    """

    def __init__(self, make: Callable[[], Callable[[], bool]], version: Callable[[], object]) -> None:
        self._make = make
        self._version = version
        self._made_for = version()
        self._step = make()

    def __call__(self) -> bool:
        """One batch by the rules of now."""
        if (version := self._version()) != self._made_for:
            self._step, self._made_for = self._make(), version
        return self._step()

"""The supervisor's messenger: a process of its own that tells of processes that do not come back.

Whoever tells of alarms in quiet times may be the one that is gone. It is started when something is wrong,
again every minute while it is, and once when it is over; it has a minute.
"""

from __future__ import annotations

import json
import logging
import subprocess
import time
from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

_AGAIN_S = 60.0
_PATIENCE_S = 60.0


class Messenger:
    """Tells of troubles by `command`, one process at a time.

    Args:
        command: gets what is wrong, as JSON, as its last argument.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._told: Mapping[str, str] = {}

    def look_after(self, troubles: Mapping[str, str]) -> None:
        """Tell when there is something to tell; never blocks.

        Args:
            troubles: what is wrong, by the name of the process.
        """
        if self._process is not None:
            self._reap(self._process)
            return
        changed = troubles.keys() != self._told.keys()
        if not changed and not (troubles and time.monotonic() - self._started_s > _AGAIN_S):
            return
        self._told, self._started_s = dict(troubles), time.monotonic()
        try:
            self._process = subprocess.Popen(
                [*self._command, json.dumps(troubles)], stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            log.error("operator.not-told", extra={"reason": error.strerror})  # noqa: TRY400  (told in words)

    @property
    def rests(self) -> bool:
        """Whether none of its processes runs."""
        return self._process is None

    def end(self) -> None:
        """Let nothing of it outlive the supervisor."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        code = process.poll()
        if code is None:
            if time.monotonic() - self._started_s > _PATIENCE_S:
                process.kill()
            return
        self._process = None
        if code:
            # The next one tries again.
            log.error("operator.not-told", extra={"status": code, "wrong": ", ".join(self._told)})

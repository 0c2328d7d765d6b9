"""What keeps a gateway healthy and says when it is not: audits, the watch, metrics; one for each process."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

from gateway.ports import Clock
from gateway.settings import Settings
from gateway.storage.alarms import AlarmBoard
from gateway.storage.database import Database

if TYPE_CHECKING:
    # Whatever only some processes and commands need is imported there.
    from gateway.pipeline.upkeep.audit import Auditor
    from gateway.pipeline.upkeep.watch import Watch
    from gateway.storage.heartbeats import Heartbeats
    from gateway.storage.measures import Measures


_METRICS_S = 5.0
_SHARE = 50


class Upkeep:
    """The adapters of upkeep, made when they are first asked for."""

    def __init__(self, settings: Settings, database: Database, alarms: AlarmBoard, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._alarms = alarms
        self._clock = clock
        self.host = socket.gethostname()
        self._measuring = threading.Lock()
        self._text: str | None = None
        self._measured_until_s = 0.0

    def auditor(self, progress: Callable[[str], None]) -> Auditor:
        """Holds the ledger's law against the database."""
        from gateway.pipeline.upkeep.audit import Auditor
        from gateway.storage.audit import Audit

        return Auditor(Audit(self._database), self._clock, time.monotonic, time.sleep, progress)

    @cached_property
    def heartbeats(self) -> Heartbeats:
        """The processes' signs of life."""
        from gateway.storage.heartbeats import Heartbeats

        return Heartbeats(self._database)

    @cached_property
    def watch(self) -> Watch:
        """Looks for what has fallen silent."""
        from gateway.pipeline.upkeep.watch import Limits, Watch

        wanted = self._settings.alarms
        data_dir = self._settings.gateway.data_dir
        limits = Limits(
            process=timedelta(seconds=wanted.process_s),
            inbound=timedelta(minutes=wanted.inbound_minutes),
            outbox=timedelta(minutes=wanted.outbox_minutes),
            disk_free=wanted.disk_free_mb << 20,
        )
        return Watch(
            self.measures,
            self._alarms,
            limits,
            self.host,
            self._clock,
            lambda: shutil.disk_usage(data_dir).free,
            time.monotonic,
        )

    @cached_property
    def measures(self) -> Measures:
        """Measures the database."""
        from gateway.storage.measures import Measures

        return Measures(self._database)

    def metrics(self) -> str:
        """What Prometheus reads. Measured anew when that is due: it never takes more than a fiftieth of the time.

        Raises:
            StorageUnavailable: nobody can tell.
        """
        from gateway.rendering.metrics import metrics_text

        with self._measuring:
            if self._text is None or time.monotonic() >= self._measured_until_s:
                begun_s = time.monotonic()
                measured = self.measures.measure(self._clock.now())
                self._text = metrics_text(
                    measured,
                    version=version("ticket-gateway"),
                    alive_within=timedelta(seconds=self._settings.alarms.process_s),
                )
                ended_s = time.monotonic()
                self._measured_until_s = ended_s + max(_METRICS_S, _SHARE * (ended_s - begun_s))
            return self._text

    def untold(self) -> int:
        """How many open alarms the operator should have been told of, and was not."""
        if not self._settings.gateway.operator:
            return 0
        return self.measures.queues(self._clock.now()).untold

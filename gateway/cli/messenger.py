"""The messenger's process: sounds what the supervisor has seen, looks at the rest, and writes to the operator."""

from __future__ import annotations

import json
import logging
import os

from gateway.bootstrap import Gateway
from gateway.errors import StorageUnavailable

log = logging.getLogger(__name__)


def tell_troubles(gateway: Gateway, troubles: str) -> int:
    """Tell; the exit code.

    Args:
        troubles: as `workers.messenger` gives them.

    Returns:
        0, or 75 (sysexits' EX_TEMPFAIL) when the database or the relay could not take it.
    """
    wrong: dict[str, str] = json.loads(troubles)
    family = f"process {gateway.upkeep.host} "
    for name, reason in wrong.items():
        gateway.alarms.sound(family + name, reason)
    alerter, close = gateway.alerter()
    try:
        gateway.alarms.end_others(family, [family + name for name in wrong])
        alerter.send_due()
        untold = gateway.upkeep.untold()
    except StorageUnavailable as error:
        log.error("alarm.not-stored", extra={"error": error.code, "wrong": ", ".join(wrong)})  # noqa: TRY400
        return os.EX_TEMPFAIL
    finally:
        close()
    return os.EX_TEMPFAIL if untold else 0

"""The messenger's process: sounds what the supervisor has seen, looks at the rest, and writes to the operator."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import closing

from gateway.bootstrap import Gateway
from gateway.domain.alarm import Alarm
from gateway.errors import StorageUnavailable
from gateway.ports import OutgoingMail

log = logging.getLogger(__name__)

_DAY_S = 86_400


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
        log.error("alarm.not-stored", extra={"error": error.code, "wrong": ", ".join(wrong)})  # noqa: TRY400  (told in words)
        return _without_database(gateway, {family + name: reason for name, reason in wrong.items()})
    finally:
        close()
    return os.EX_TEMPFAIL if untold else 0


def _without_database(gateway: Gateway, wrong: Mapping[str, str]) -> int:
    """Write to the operator all the same, at most once a day; the exit code."""
    from gateway.rendering.alarm_mail import alarm_mail
    from gateway.rulebook.desk_file import load_desk_file
    from gateway.transports.opening import open_transport

    operator, now = gateway.settings.gateway.operator, gateway.clock.now()
    told = gateway.settings.gateway.data_dir / "run" / "told-without-database"
    if not operator or not wrong:
        return os.EX_TEMPFAIL
    if told.exists() and now.timestamp() - told.stat().st_mtime < _DAY_S:
        return 0
    sender = load_desk_file(gateway.settings.desk.file).addresses[0].address
    content = alarm_mail(
        [Alarm(key, reason, now) for key, reason in wrong.items()], sender, operator, now=now
    )
    mail = OutgoingMail(-int(now.timestamp()), "", operator, content)
    with closing(open_transport(gateway.settings.relay.url)) as transport:
        errors = [each.error for each in transport.send([mail]) if each.error is not None]
    if errors:
        log.error("operator.not-told", extra={"alarms": len(wrong), "error": errors[0].code})
        return os.EX_TEMPFAIL
    told.parent.mkdir(parents=True, exist_ok=True)
    told.touch()
    log.info("operator.told", extra={"alarms": len(wrong)})
    return 0

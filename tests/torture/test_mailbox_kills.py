"""The short form of the campaign on a mailbox: few kills, the same law."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.running import RunningGateway
from tests.servers.dovecot import Dovecot
from tests.services.process import Unavailable
from tests.torture.mailbox_kills import campaign, mailbox


@pytest.mark.timeout(240)
def test_every_mail_of_a_mailbox_is_there_once_whatever_is_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            with Dovecot(folder / "dovecot").running() as dovecot:
                gateway = RunningGateway(folder / "gateway", extra=mailbox(dovecot))
                found = campaign(gateway, dovecot, mails=60, kills=4, seed=20261124)
        except Unavailable as error:
            missing(str(error))

    assert found.rows == found.delivered == 60, found
    assert (found.lost, found.doubled, found.early, found.left) == (0, 0, 0, 0), found

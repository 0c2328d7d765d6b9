"""A real Postfix in front of the gateway and behind it."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.running import DESK, ROOT, RunningGateway, mail
from tests.servers.postfix import Postfix
from tests.servers.sink import SmtpSink
from tests.services.process import Unavailable, free_port


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, into which Postfix's user may look."""
    with tempfile.TemporaryDirectory(prefix="gw-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def submit(port: int, raw: bytes, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
        smtp.sendmail("chloe@acme.test", list(recipients), raw)


def request(message_id: str) -> bytes:
    return mail("Chloe Petit <chloe@acme.test>", "Module Paie", "Rien ne va plus.", message_id=message_id)


def desk_with_two_addresses() -> str:
    return DESK.replace(
        "offer: cloud}\nphone", "offer: cloud}\n  - {address: ventes@example.test, team: support}\nphone", 1
    )


def test_postfix_delivers_by_lmtp_with_two_recipients_in_one_transaction(folder: Path) -> None:
    port = free_port()
    gateway = RunningGateway(
        folder / "gateway", desk=desk_with_two_addresses(), extra=f'[lmtp]\nlisten = "127.0.0.1:{port}"\n'
    )
    main = f"virtual_mailbox_domains = example.test\nvirtual_transport = lmtp:inet:127.0.0.1:{port}\n"
    try:
        with gateway.running(), Postfix(folder / "postfix", main=main).running() as postfix:
            submit(postfix.port, request("lmtp1@acme.test"), "support@example.test", "ventes@example.test")
            gateway.wait_for(lambda: not postfix.queue() and gateway.settled(), "Postfix to deliver")
            (row,) = gateway.settled()
            assert sorted(row["recipients"]) == ["support@example.test", "ventes@example.test"]
            assert (row["channel"], row["outcome"]) == ("lmtp", "ticket")
            assert postfix.log().count("status=sent") == 2, postfix.log()
    except Unavailable as error:
        missing(str(error))


def pipe_service(gateway: RunningGateway) -> str:
    """A line of master.cf that runs `gateway deliver` as nobody, by a Python that nobody may run."""
    python = next(
        (
            path
            for path in ("/usr/bin/python3", "/usr/local/bin/python3", sys.executable)
            if _runs_for_nobody(path)
        ),
        None,
    )
    if python is None:
        missing("no Python 3.11 that the user nobody may run")
    return (
        "gateway unix - n n - 2 pipe\n"
        f"  flags=DRXhq user=nobody directory={ROOT} null_sender= argv={python} -m gateway"
        f" --config {gateway.config} deliver --sender=${{sender}} --recipient=${{original_recipient}}\n"
    )


def _runs_for_nobody(python: str) -> bool:
    test = [python, "-c", "import sys, tomllib, gateway.endpoints.pipe; sys.exit(0)"]
    try:
        return subprocess.run(test, cwd=ROOT, user="nobody", capture_output=True, check=False).returncode == 0
    except OSError:
        return False


MAIN = "virtual_mailbox_domains = example.test\nvirtual_transport = gateway\ngateway_destination_recipient_limit = 1\n"


def test_postfix_delivers_through_the_pipe(folder: Path) -> None:
    gateway = RunningGateway(folder / "gateway")
    try:
        with (
            gateway.running(),
            Postfix(folder / "postfix", main=MAIN, master=pipe_service(gateway)).running() as postfix,
        ):
            (gateway.folder / "var" / "run" / "deliver.sock").chmod(0o666)
            submit(postfix.port, request("pipe1@acme.test"), "support@example.test")
            gateway.wait_for(lambda: "status=" in postfix.log(), "Postfix to deliver")
            assert "status=sent" in postfix.log(), postfix.log()
            (row,) = gateway.settled()
            assert (row["channel"], row["reverse_path"], row["outcome"]) == (
                "pipe",
                "chloe@acme.test",
                "ticket",
            )

            submit(postfix.port, request("pipe2@acme.test"), "nobody@example.test")
            gateway.wait_for(lambda: "status=bounced" in postfix.log(), "Postfix to return the mail")
            assert len(gateway.settled()) == 1
    except Unavailable as error:
        missing(str(error))


def test_postfix_keeps_what_the_pipe_cannot_hand_over(folder: Path) -> None:
    gateway = RunningGateway(folder / "gateway")
    try:
        with Postfix(folder / "postfix", main=MAIN, master=pipe_service(gateway)).running() as postfix:
            submit(postfix.port, request("pipe3@acme.test"), "support@example.test")
            gateway.wait_for(lambda: "status=" in postfix.log(), "Postfix to try")
            assert "status=deferred" in postfix.log(), postfix.log()
            assert "the gateway is not running" in postfix.log(), postfix.log()
            assert postfix.queue()
    except Unavailable as error:
        missing(str(error))


def test_postfix_is_the_relay(folder: Path) -> None:
    with SmtpSink() as sink:
        main = f"relayhost = [127.0.0.1]:{sink.port}\n"
        try:
            with Postfix(folder / "postfix", main=main).running() as postfix:
                gateway = RunningGateway(folder / "gateway", relay_url=f"smtp://127.0.0.1:{postfix.port}")
                with gateway.running():
                    for number in range(20):
                        gateway.send(request(f"relay{number}@acme.test"))
                    gateway.settled()
                    rows = gateway.notifications()
                assert {row["state"] for row in rows} == {"sent"}
                taken = sink.wait_for(len(rows))
                assert {mail.message_id for mail in taken} == {row["message_id"] for row in rows}
        except Unavailable as error:
            missing(str(error))

"""The relay's every answer, and every way in which it may go away."""

from __future__ import annotations

import pytest

from gateway.errors import ConfigurationError, RelayDeferred, RelayRefused
from gateway.ports import OutgoingMail
from gateway.transports.opening import open_transport, probe
from tests.servers.sink import SmtpSink


def outgoing(number: int, text: str = "hello", recipient: str = "chloe@acme.test") -> OutgoingMail:
    content = f"Message-ID: <{number}@example.test>\r\n\r\n{text}\r\n".encode()
    return OutgoingMail(number, "bounces+x@example.test", recipient, content)


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_batch_goes_over_one_connection(pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        first = list(transport.send([outgoing(n) for n in range(1, 51)]))
        second = list(transport.send([outgoing(n) for n in range(51, 61)]))
        transport.close()

    assert [delivery.id for delivery in first + second] == list(range(1, 61))
    assert not any(delivery.error for delivery in first + second)
    assert sink.connections == 1
    assert [mail.message_id for mail in sink.mails] == [f"{n}@example.test" for n in range(1, 61)]
    assert {mail.reverse_path for mail in sink.mails} == {"bounces+x@example.test"}


@pytest.mark.parametrize("pipelining", [True, False])
def test_dots_arrive_as_they_were(pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        deliveries = list(transport.send([outgoing(1, ".\r\n..\r\n.x"), outgoing(2)]))
        transport.close()
    assert [delivery.error for delivery in deliveries] == [None, None]
    assert sink.mails[0].content.endswith(b"\r\n..\r\n...\r\n..x\r\n"), "as stuffed on the wire"


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(
    ("reply", "error"), [("450 4.2.0 later", RelayDeferred), ("550 5.1.1 no", RelayRefused)]
)
def test_one_refused_mail_does_not_stop_the_others(
    pipelining: bool, stage: str, reply: str, error: type[Exception]
) -> None:
    seen: list[str] = []

    def script(at: str, argument: str) -> str:
        if at == stage:
            seen.append(at)
            if len(seen) == 2:
                return reply
        return "354 go on" if at == "DATA" else "250 ok"

    with SmtpSink(pipelining=pipelining) as sink:
        sink.script = script
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        deliveries = list(transport.send([outgoing(1), outgoing(2), outgoing(3)]))
        transport.close()

    assert [type(delivery.error) for delivery in deliveries] == [type(None), error, type(None)]
    assert [mail.message_id for mail in sink.mails if mail.content] == ["1@example.test", "3@example.test"]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA", "END"])
def test_a_relay_that_goes_away_puts_off_what_it_has_not_answered(stage: str) -> None:
    seen: list[str] = []

    def script(at: str, argument: str) -> str:
        if at == stage:
            seen.append(at)
            if len(seen) == 2:
                return "drop"
        return "354 go on" if at == "DATA" else "250 ok"

    with SmtpSink() as sink:
        sink.script = script
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        deliveries = list(transport.send([outgoing(1), outgoing(2), outgoing(3)]))
        again = list(transport.send([outgoing(2), outgoing(3)]))
        transport.close()

    assert [type(delivery.error) for delivery in deliveries] == [type(None), RelayDeferred, RelayDeferred]
    assert [delivery.error for delivery in again] == [None, None]


def test_nobody_there_puts_off_everything() -> None:
    transport = open_transport("smtp://127.0.0.1:1")
    deliveries = list(transport.send([outgoing(1), outgoing(2)]))
    assert [type(delivery.error) for delivery in deliveries] == [RelayDeferred, RelayDeferred]
    with pytest.raises(RelayDeferred):
        probe("smtp://127.0.0.1:1")


@pytest.mark.parametrize("recipient", ["a@b.test>\r\nRCPT TO:<evil@x.test", "a b@x.test", "", "<a@b.test>"])
def test_no_address_can_carry_a_command(recipient: str) -> None:
    with SmtpSink() as sink:
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        deliveries = list(transport.send([outgoing(1, recipient=recipient), outgoing(2)]))
        transport.close()
    assert isinstance(deliveries[0].error, RelayRefused)
    assert [mail.recipient for mail in sink.mails] == ["chloe@acme.test"]


@pytest.mark.parametrize(
    "url", ["http://x", "smtp://", "smtp://h:25?starttls=maybe", "smtp://h?x=1", "smtp://u:p@relay.test:25"]
)
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        open_transport(url)

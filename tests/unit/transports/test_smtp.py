"""The relay's every answer, and every way in which it may go away."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult, LoginPassword

from gateway.errors import ConfigurationError, RelayDeferred, RelayRefused
from gateway.ports import Delivery, OutgoingMail
from gateway.transports.opening import open_transport, probe
from gateway.transports.smtp import Relay, SmtpTransport
from tests.servers.sink import SmtpSink
from tests.services.process import free_port


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
def test_a_relay_that_ended_an_idle_connection_is_called_again_at_once(pipelining: bool) -> None:
    with SmtpSink(pipelining=pipelining) as sink:
        transport = open_transport(f"smtp://127.0.0.1:{sink.port}")
        first = list(transport.send([outgoing(1)]))
        sink.hang_up()
        second = list(transport.send([outgoing(2), outgoing(3)]))
        sink.script = lambda stage, argument: "drop"
        third = list(transport.send([outgoing(4)]))
        transport.close()

    assert not any(delivery.error for delivery in first + second)
    assert [type(delivery.error) for delivery in third] == [RelayDeferred]
    assert sink.connections == 3, "a relay that hangs up again is not asked a third time"


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("is_let_go", [True, False])
def test_whoever_stops_asking_leaves_nothing_in_the_next_mail(pipelining: bool, is_let_go: bool) -> None:
    """What was sent ahead for a mail that is not asked for any more is no part of another mail."""
    with SmtpSink(pipelining=pipelining) as sink:
        transport = SmtpTransport(Relay("127.0.0.1", sink.port, "none", "", "", ""))
        first = list(transport.send([outgoing(1)]))
        unfinished = transport.send([outgoing(2), outgoing(3)])
        second = next(unfinished)
        if is_let_go:
            unfinished.close()
        third = list(transport.send([outgoing(3), outgoing(4)]))
        unfinished.close()
        transport.close()

    assert [delivery.error for delivery in [*first, second, *third]] == [None] * 4
    assert [mail.content for mail in sink.mails] == [outgoing(n).content for n in (1, 2, 3, 4)]


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


def handed_over(url: str) -> Delivery:
    """What becomes of one mail."""
    with closing(open_transport(url)) as transport:
        (delivery,) = transport.send([outgoing(1)])
    return delivery


class Submission:
    """A relay with STARTTLS and a login, beside an authority that signed its certificate."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.context)
        self.logins: list[tuple[bytes, bytes]] = []

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its host and port."""

        def login(server: object, session: object, envelope: object, how: str, data: object) -> AuthResult:
            assert isinstance(data, LoginPassword)
            self.logins.append((data.login, data.password))
            return AuthResult(success=data.password == b"s3cr:t", handled=False)

        port = free_port()
        controller = Controller(
            Sink(),
            hostname="127.0.0.1",
            port=port,
            tls_context=self.context,
            require_starttls=True,
            auth_required=True,
            authenticator=login,
        )
        controller.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            controller.stop()


def test_a_wrong_login_or_certificate_can_be_mended_while_the_mail_waits(tmp_path: Path) -> None:
    relay = Submission(tmp_path)
    with relay.running() as place:
        good = f"smtp://desk:s3cr%3At@{place}?starttls=required&ca={relay.ca}"
        sent = handed_over(good)
        wrong = handed_over(good.replace("s3cr%3At", "guess"))
        unknown = handed_over(good.partition("&ca=")[0])
        plain = handed_over(f"smtp://{place}")

    assert sent.error is None
    assert isinstance(wrong.error, RelayDeferred), wrong.reply
    assert isinstance(unknown.error, RelayDeferred), "nobody has signed its certificate"
    assert isinstance(plain.error, RelayDeferred), plain.reply
    assert set(relay.logins) == {(b"desk", b"s3cr:t"), (b"desk", b"guess")}


def test_implicit_tls_checks_the_certificate(tmp_path: Path) -> None:
    relay = Submission(tmp_path)
    with SmtpSink(tls=relay.context) as sink:
        sent = handed_over(f"smtps://127.0.0.1:{sink.port}?ca={relay.ca}")
        unknown = handed_over(f"smtps://127.0.0.1:{sink.port}")

    assert sent.error is None
    assert isinstance(unknown.error, RelayDeferred)
    assert [mail.message_id for mail in sink.mails] == ["1@example.test"]

"""Robots that write to robots, with everything removed that would tell (P12): they fall silent by themselves.

Two gateways are each other's customer. Between them stands a relay that takes every automatic header out of
the mails, and gives those of the null sender an author's; what is left looks like a person's.
"""

from __future__ import annotations

import email
import email.policy
import itertools
import smtplib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import Message
from pathlib import Path

import pytest

from tests.running import DESK, RunningGateway, body_of, mail
from tests.servers.sink import SmtpSink, Taken

_AUTOMATIC = ("auto-submitted", "x-auto-response-suppress", "precedence", "list-", "x-auto", "feedback-id")
_REQUEST = "Bonjour,\n\nLe module Paie ne démarre plus depuis ce matin, pouvez-vous regarder ?\n"
_NUMBERS = itertools.count(1)

pytestmark = pytest.mark.timeout(300)


def stripped(taken: Taken) -> Message:
    """The mail without what says that nobody wrote it."""
    read = email.message_from_bytes(taken.content)
    for name in tuple(read):
        if name.lower().startswith(_AUTOMATIC):
            del read[name]
    return read


class Wire:
    """The relay of all of them: hands mail on by its recipient's domain, as if a person had sent it."""

    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink
        self.ports: dict[str, int] = {}
        self.answers: dict[str, Callable[[Message], bytes | None]] = {}
        self.passed: Counter[tuple[str, str]] = Counter()
        self._done = 0

    def until_silent(self, *gateways: RunningGateway, most: int = 200) -> None:
        """Hand on until nobody has anything to say; who has said more than `most` never ends."""
        while True:
            for gateway in gateways:
                gateway.settled()
            new = self.sink.mails[self._done :]
            if not new:
                return
            self._done += len(new)
            assert self._done < most, f"{self._done} mails, and no silence: {self.passed}"
            for taken in new:
                self._hand_on(taken)

    def _hand_on(self, taken: Taken) -> None:
        read = stripped(taken)
        author = email.utils.parseaddr(str(read["From"]))[1]
        self.passed[author, taken.recipient] += 1
        answer = self.answers.get(taken.recipient)
        if answer is not None:
            content = answer(read)
            recipient = email.utils.parseaddr(str(read["Reply-To"] or read["From"]))[1]
            if content is not None:
                self.send(content, recipient, sender=taken.recipient)
            return
        if taken.recipient.startswith(("support", "bounces")):
            content = read.as_bytes(policy=email.policy.SMTP)
            self.send(content, taken.recipient, sender=taken.reverse_path or author)

    def send(self, content: bytes, recipient: str, *, sender: str) -> None:
        """To the gateway of the recipient's domain, which may refuse it."""
        with smtplib.SMTP("127.0.0.1", self.ports[recipient.rpartition("@")[2]], timeout=60) as smtp:
            smtp.ehlo("wire.test")
            smtp.sendmail(sender, [recipient], content)


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Wire, RunningGateway, RunningGateway]]:
    folder: Path = tmp_path_factory.mktemp("wired")
    with ExitStack() as stack:
        wire = Wire(stack.enter_context(SmtpSink()))
        made = []
        for domain, other in (("a.test", "b.test"), ("b.test", "a.test")):
            # One knows the other as a customer, the other knows nobody.
            desk = DESK.replace("example.test", domain)
            desk = desk.replace("acme.test", other) if domain == "a.test" else desk
            gateway = RunningGateway(
                folder / domain,
                desk=desk,
                relay_url=f"smtp://127.0.0.1:{wire.sink.port}",
                storms=True,
                extra='[trust]\nstaff = "token"\n',
            )
            wire.ports[domain] = gateway.port
            made.append(stack.enter_context(gateway.running()))
        yield wire, made[0], made[1]


def tickets_of(gateway: RunningGateway, who: str) -> list[int]:
    queue = (each.ticket for each in gateway.gateway().tickets.queue())
    return sorted(
        each.number for each in queue if each.requester is not None and each.requester.address == who
    )


def says(gateway: RunningGateway, number: int, who: str, text: str) -> None:
    """Somebody of a desk writes to the customer."""
    gateway.gateway().acting().act(number, who, text, lambda orders: orders.comment())


def moves(gateway: RunningGateway, number: int, who: str, state: str, text: str) -> None:
    """Somebody of a desk moves a ticket."""
    gateway.gateway().acting().act(number, who, text, lambda orders: orders.transition(state, {}))


def test_two_gateways_fall_silent(wired: tuple[Wire, RunningGateway, RunningGateway]) -> None:
    """One of them writes once, as its agents do; what follows is theirs alone."""
    wire, a, b = wired
    wire.send(
        mail(
            "Support <support@b.test>", "Module Paie", _REQUEST, message_id="seed@b.test", to="support@a.test"
        ),
        "support@a.test",
        sender="support@b.test",
    )

    wire.until_silent(a, b)

    pair = wire.passed["support@a.test", "support@b.test"] + wire.passed["support@b.test", "support@a.test"]
    of_a, of_b = tickets_of(a, "support@b.test"), tickets_of(b, "support@a.test")
    print(f"two gateways: {pair} mails between them, then silence; tickets {len(of_a)} and {len(of_b)}")
    assert 1 <= pair <= 4
    assert len(of_a) + len(of_b) <= 2
    # People of both desks go on, and each mail of theirs brings no other one.
    for state, text in (
        ("in_progress", ""),
        ("waiting_customer", "Quelle version ?"),
        ("resolved", "Corrigé."),
    ):
        moves(a, of_a[0], "ana@a.test", state, text)
        wire.until_silent(a, b)
        says(b, of_b[0], "ana@b.test", f"Noté ({state}).")
        wire.until_silent(a, b)
    after = wire.passed["support@a.test", "support@b.test"] + wire.passed["support@b.test", "support@a.test"]
    print(
        f"after 6 acts of people: {after - pair} mails more, tickets {len(tickets_of(a, 'support@b.test'))}"
    )
    assert after - pair <= 6
    assert tickets_of(a, "support@b.test") == of_a
    assert tickets_of(b, "support@a.test") == of_b


def test_two_gateways_that_lose_the_thread_fall_silent(
    wired: tuple[Wire, RunningGateway, RunningGateway],
) -> None:
    """A robot that answers from an address of its own, with its own subject, referring to nothing."""
    wire, a, _ = wired
    robot = "robot@elsewhere.test"

    def answer(read: Message) -> bytes:
        number = next(_NUMBERS)
        return mail(
            f"Helpdesk <{robot}>",
            f"Your case {number * 7919} was opened",
            f"Thank you for writing to us. We have opened case {number * 7919} for you.\n",
            message_id=f"robot.{number}@elsewhere.test",
            to="support@a.test",
        )

    def straight_back(read: Message) -> None:
        wire.send(answer(read), "support@a.test", sender=robot)

    wire.answers[robot] = straight_back
    wire.send(answer(Message()), "support@a.test", sender=robot)

    wire.until_silent(a)

    to_robot, opened = wire.passed["support@a.test", robot], tickets_of(a, robot)
    print(f"a robot without references: {to_robot} mails to it, {len(opened)} tickets")
    assert to_robot <= 2
    assert len(opened) <= 2


def test_an_absence_that_changes_its_words_and_quotes_gets_no_answer(
    wired: tuple[Wire, RunningGateway, RunningGateway],
) -> None:
    """Its mails look like a person's replies, to the signed address, with our text quoted below theirs."""
    wire, a, b = wired
    away = "karim@b.test"
    pieces = ("montagne", "formation", "congé", "déplacement", "séminaire", "visite", "salon", "repos")

    def answer(read: Message) -> bytes:
        number = next(_NUMBERS)
        quote = "\n".join(f"> {line}" for line in body_of(read).splitlines())
        text = f"Je suis en {pieces[number % 8]} jusqu'au {number % 27 + 1} décembre.\n\nLe support a écrit :\n{quote}\n"
        return mail(
            f"Karim <{away}>",
            f"Re: {email.header.make_header(email.header.decode_header(str(read['Subject'])))}",
            text,
            message_id=f"away.{number}@b.test",
            to=str(read["Reply-To"]),
            In_Reply_To=str(read["Message-ID"]),
            References=str(read["Message-ID"]),
        )

    wire.answers[away] = answer
    wire.send(
        mail(f"Karim <{away}>", "Export", _REQUEST, message_id="first.away@b.test", to="support@a.test"),
        "support@a.test",
        sender=away,
    )
    wire.until_silent(a, b)
    (number,) = tickets_of(a, away)
    before = wire.passed["support@a.test", away]
    for turn in range(6):
        says(a, number, "ana@a.test", f"Question {turn} ?")
        wire.until_silent(a, b)

    after = wire.passed["support@a.test", away]
    print(f"an absence: {before} mails before anybody acted, {after - before} for 6 comments of the desk")
    assert before <= 1
    assert after - before == 6
    assert tickets_of(a, away) == [number]
    assert a.ticket(number)["state"] == "submitted"


def test_a_mailer_daemon_that_does_not_exist_is_not_written_to(
    wired: tuple[Wire, RunningGateway, RunningGateway],
) -> None:
    """Thirty returns that are none: no DSN, an author instead of the null sender, nobody at that address."""
    wire, a, b = wired
    daemon = "mailer-daemon@nowhere.test"
    wire.sink.script = lambda stage, argument: (
        "550 5.1.1 nobody"
        if stage == "RCPT" and "nowhere.test" in argument
        else "354 go on"
        if stage == "DATA"
        else "250 2.0.0 ok"
    )
    try:
        for number in range(30):
            wire.send(
                mail(
                    f"Mail Delivery System <{daemon}>",
                    "Undelivered Mail Returned to Sender",
                    f"This is the mail system at host nowhere.test.\n\nI could not deliver message {number}.\n",
                    message_id=f"daemon.{number}@nowhere.test",
                    to="support@a.test",
                ),
                "support@a.test",
                sender=daemon,
            )
        wire.until_silent(a, b)
    finally:
        wire.sink.script = lambda stage, argument: "354 go on" if stage == "DATA" else "250 2.0.0 ok"

    written = a.notifications(to=daemon)
    opened = tickets_of(a, daemon)
    print(f"a mailer-daemon that does not exist: 30 mails, {len(written)} answers, {len(opened)} tickets")
    assert len(written) <= 1
    assert len(opened) <= 15

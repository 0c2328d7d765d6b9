"""The resolver against a name server of our own: answers, silence, and what silence costs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from gateway.authentication.lookups import MAX_LOOKUPS, Lookups, domain_name
from gateway.authentication.resolver import DnsResolver
from gateway.errors import DnsUnavailable
from tests.unit.authentication.zone import TableResolver

RECORDS = {
    ("acme.test.", "TXT"): '"v=spf1 " "-all"',
    ("acme.test.", "MX"): "10 Mail.acme.test.",
    ("acme.test.", "A"): "198.51.100.1",
    ("acme.test.", "AAAA"): "2001:db8::1",
    ("1.100.51.198.in-addr.arpa.", "PTR"): "mail.acme.test.",
    (".", "NS"): "a.root.test.",
}


class NameServer(threading.Thread):
    """Answers from RECORDS over UDP; `silent` names get no answer at all, `broken` ones SERVFAIL."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.asked: list[str] = []
        self.silent: set[str] = set()
        self.broken: set[str] = set()

    def run(self) -> None:
        while True:
            wire, peer = self.socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            question = query.question[0]
            name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(name)
            if name in self.silent or "*" in self.silent:
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            if name in self.broken:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif (name, kind) in RECORDS:
                answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, RECORDS[name, kind]))
            elif not any(known == name for known, _ in RECORDS):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), peer)


@pytest.fixture
def server() -> Iterator[NameServer]:
    server = NameServer()
    server.start()
    yield server
    # Closing does not wake a blocked recvfrom.
    server.socket.sendto(b"", server.socket.getsockname())
    server.join()
    server.socket.close()


@pytest.fixture
def resolver(server: NameServer) -> DnsResolver:
    made = DnsResolver()
    for one in (made._asked, made._probed):
        one.nameservers = ["127.0.0.1"]
        one.port = server.socket.getsockname()[1]
    return made


def test_every_kind_of_record_is_plain_text(resolver: DnsResolver) -> None:
    assert resolver.look_up("acme.test", "TXT", timeout_s=2) == ("v=spf1 -all",)
    assert resolver.look_up("acme.test", "MX", timeout_s=2) == ("10 Mail.acme.test",)
    assert resolver.look_up("acme.test", "A", timeout_s=2) == ("198.51.100.1",)
    assert resolver.look_up("acme.test", "AAAA", timeout_s=2) == ("2001:db8::1",)
    assert resolver.look_up("1.100.51.198.in-addr.arpa", "PTR", timeout_s=2) == ("mail.acme.test",)


def test_no_such_record_and_no_such_name_are_two_answers(resolver: DnsResolver) -> None:
    assert resolver.look_up("1.100.51.198.in-addr.arpa", "TXT", timeout_s=2) == ()
    assert resolver.look_up("nowhere.test", "TXT", timeout_s=2) is None


def test_what_was_answered_is_remembered(resolver: DnsResolver, server: NameServer) -> None:
    for _ in range(5):
        resolver.look_up("acme.test", "TXT", timeout_s=2)

    assert server.asked == ["acme.test."]


def test_trouble_at_a_domain_is_told_at_once(resolver: DnsResolver, server: NameServer) -> None:
    server.broken.add("sick.test.")

    with pytest.raises(DnsUnavailable, match=r"sick\.test"):
        resolver.look_up("sick.test", "TXT", timeout_s=2)


def test_a_domain_that_is_silent_takes_nobody_elses_answers_away(
    resolver: DnsResolver, server: NameServer
) -> None:
    server.silent.add("evil.test.")
    for _ in range(4):
        with pytest.raises(DnsUnavailable):
            resolver.look_up("evil.test", "TXT", timeout_s=0.05)

    assert resolver.look_up("acme.test", "TXT", timeout_s=2) == ("v=spf1 -all",)


def test_a_dns_that_is_silent_is_left_alone_for_a_while(resolver: DnsResolver, server: NameServer) -> None:
    server.silent.add("*")
    for _ in range(3):
        with pytest.raises(DnsUnavailable):
            resolver.look_up("acme.test", "TXT", timeout_s=0.05)
    asked, began = len(server.asked), time.monotonic()

    for _ in range(1000):
        with pytest.raises(DnsUnavailable):
            resolver.look_up("acme.test", "TXT", timeout_s=2)

    assert len(server.asked) == asked
    assert time.monotonic() - began < 30
    with pytest.raises(DnsUnavailable, match="does not answer"):
        resolver.probe()


def test_a_mail_may_ask_so_much_and_no_more() -> None:
    table = TableResolver({})
    lookups = Lookups(table, deadline=time.monotonic() + 60)
    for number in range(MAX_LOOKUPS):
        lookups.records(f"n{number}.test", "TXT")

    with pytest.raises(DnsUnavailable, match="too much"):
        lookups.records("one-more.test", "TXT")
    with pytest.raises(DnsUnavailable, match="in time"):
        Lookups(table, deadline=time.monotonic()).records("late.test", "TXT")


def test_a_name_that_cannot_be_one_is_not_asked_for() -> None:
    table = TableResolver({})
    lookups = Lookups(table, deadline=time.monotonic() + 60)
    for name in (
        "",
        ".",
        "a..b",
        "a b.test",
        "é.test",
        "-a.test",
        f"{'a' * 64}.test",
        "a." * 127 + "test",
        "a\n.test",
    ):
        assert domain_name(name) is None
        assert lookups.records(name, "TXT") is None

    assert not table.asked
    assert domain_name("_DMARC.Acme.Test.") == "_dmarc.acme.test"


def test_a_record_beyond_all_measure_is_left_out() -> None:
    lookups = Lookups(
        TableResolver({("a.test", "TXT"): ("x" * 10_000, "v=spf1 -all")}), deadline=time.monotonic() + 60
    )

    assert lookups.records("a.test", "TXT") == ("v=spf1 -all",)

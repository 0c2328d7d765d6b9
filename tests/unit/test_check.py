"""What `gateway check` says of DNS and of whose word counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from gateway.authentication.resolver import DnsResolver
from gateway.cli.check import _certificate, _dns, _trust, _web
from gateway.cli.context import Context
from gateway.errors import DnsUnavailable, GatewayError


def context(tmp_path: Path, trust: str) -> Context:
    config = tmp_path / "gateway.toml"
    config.write_text(f"[trust]\n{trust}\n", encoding="utf-8")
    return Context(config)


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        ('authserv_ids = ["mx.example.test"]', "trust.relays says of no peer"),
        ('relays = ["10.0.0.1"]', "trust.authserv_ids nobody"),
    ],
)
def test_half_of_a_pair_is_wrong(tmp_path: Path, trust: str, words: str) -> None:
    with pytest.raises(GatewayError, match=words):
        _trust(context(tmp_path, trust))


def test_whose_word_counts_is_told(tmp_path: Path) -> None:
    pair = 'authserv_ids = ["mx.example.test"]\nrelays = ["10.0.0.1", "imap"]'

    words = _trust(context(tmp_path, pair))

    assert "mx.example.test is believed from 10.0.0.1/32, imap" in words
    assert "a signature of their domain" in words


def test_what_a_token_alone_means_is_told(tmp_path: Path) -> None:
    assert "whoever can read their mail can act for them" in _trust(context(tmp_path, 'staff = "token"'))


def test_a_silent_dns_is_told_and_not_asked_when_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(self: DnsResolver) -> float:
        raise DnsUnavailable("192.0.2.53 does not answer")

    monkeypatch.setattr(DnsResolver, "probe", silent)

    assert "192.0.2.53 does not answer: signatures and DMARC are not judged" in _dns(context(tmp_path, ""))
    assert _dns(context(tmp_path, 'verify = "off"')) == "not asked: trust.verify is off"


def test_a_certificate_is_looked_at_with_its_key_and_its_end(tmp_path: Path) -> None:
    """Good, about to end, ended, not begun, and with another one's key."""
    authority = trustme.CA()
    now = datetime.now(UTC)  # noqa: TID251  (the gateway's own clock is looked at)

    def looked_at(begins: timedelta, ends: timedelta, *, key: str = "cert.pem") -> str:
        made = authority.issue_cert("mx.example.test", not_before=now + begins, not_after=now + ends)
        (tmp_path / "cert.pem").write_bytes(made.private_key_and_cert_chain_pem.bytes())
        config = tmp_path / "gateway.toml"
        config.write_text(f'[smtp]\ncertificate = "cert.pem"\nkey = "{key}"\n', encoding="utf-8")
        return _certificate(Context(config))

    day = timedelta(days=1)
    assert f"is good until {now + 90 * day:%Y-%m-%d}" in looked_at(-day, 90 * day)
    with pytest.raises(GatewayError, match="nobody has renewed it"):
        looked_at(-day, 6 * day)
    with pytest.raises(GatewayError, match="has expired on"):
        looked_at(-2 * day, -day)
    with pytest.raises(GatewayError, match="not yet"):
        looked_at(day, 2 * day)
    (tmp_path / "other.pem").write_bytes(authority.issue_cert("x.test").private_key_pem.bytes())
    with pytest.raises(GatewayError, match="cannot be used"):
        looked_at(-day, 90 * day, key="other.pem")
    (tmp_path / "gateway.toml").write_text("", encoding="utf-8")
    assert _certificate(Context(tmp_path / "gateway.toml")) == "none: mail comes in without TLS"


def test_an_answering_dns_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DnsResolver, "probe", lambda self: 0.012)

    assert _dns(context(tmp_path, "")) == "answers in 12 ms"


def web(tmp_path: Path, settings: str) -> str:
    config = tmp_path / "gateway.toml"
    config.write_text(f"[web]\n{settings}\n", encoding="utf-8")
    return _web(Context(config))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("", "links in mails lead to http://127.0.0.1:8025, which only this machine can open"),
        ('listen = "127.0.0.1:9000"', "links in mails lead to http://127.0.0.1:9000, which only this"),
        ('base_url = "https://support.example.test"', "links in mails lead to https://support.example.test"),
        ('listen = ""', "off: no mail carries a link"),
    ],
)
def test_where_links_lead_is_told(tmp_path: Path, settings: str, words: str) -> None:
    assert web(tmp_path, settings).startswith(words)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('base_url = "http://support.example.test"', "use https://"),
        ('listen = "0.0.0.0:8025"', "base_url is missing"),
    ],
)
def test_links_that_nobody_can_open_or_everybody_can_read_are_wrong(
    tmp_path: Path, settings: str, words: str
) -> None:
    with pytest.raises(GatewayError, match=words):
        web(tmp_path, settings)

"""The parts of fetching that need no server: envelopes, the first sync, pauses, access tokens."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.authentication.tokens import TokenSigner
from gateway.domain.desk import Desk
from gateway.domain.mailbox import MailboxState
from gateway.domain.our_addresses import with_token
from gateway.domain.token import Purpose, Token
from gateway.endpoints import imap_tokens
from gateway.endpoints.imap_backoff import Backoff
from gateway.endpoints.imap_envelope import UNKNOWN, envelope_of
from gateway.endpoints.imap_first import begin, is_history
from gateway.endpoints.imap_session import Folder
from gateway.endpoints.imap_tokens import Issued, TokenKeeper
from gateway.errors import MailboxRefused, MailboxUnavailable
from gateway.rulebook.desk_file import load_desk_file
from gateway.storage.database import Database
from gateway.storage.desk import DeskStore
from gateway.storage.upgrade import upgrade
from tests.running import DESK
from tests.servers.tokens import OAUTH2, TokenServer

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SIGNER = TokenSigner({0: b"k" * 32}, signing=0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "desk.yaml").write_text(DESK)
    database = Database(f"sqlite:///{folder}/desk.db")
    upgrade(database)
    store = DeskStore(database)
    store.load(load_desk_file(folder / "desk.yaml"), now=NOW)
    return store.desk()


@pytest.fixture
def token_server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


# --- the envelope ----------------------------------------------------------------------------


def read(raw: bytes, desk: Desk) -> tuple[str, tuple[str, ...]]:
    envelope = envelope_of(
        raw, "support@example.test", desk, SIGNER, tls=True, received_at=NOW, historic=False
    )
    assert (envelope.channel, envelope.tls, envelope.received_at) == ("imap", True, NOW)
    return envelope.reverse_path, envelope.recipients


@pytest.mark.parametrize(
    ("head", "reverse_path"),
    [
        (b"Return-Path: <chloe@acme.test>\r\nReturn-Path: <>\r\n", "chloe@acme.test"),
        (b"Received: by mx\r\nReturn-Path: chloe@acme.test\r\n", "chloe@acme.test"),
        (b"Return-Path: <>\r\n", ""),
        (b"Return-Path: < >\r\n", ""),
        (b"Return-Path: nobody\r\n", UNKNOWN),
        (b"From: a@b.test\r\n", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_the_topmost_return_path_is_the_reverse_path(desk: Desk, head: bytes, reverse_path: str) -> None:
    assert read(head + b"\r\nReturn-Path: <evil@example.com>\r\n", desk)[0] == reverse_path


def test_a_signed_address_in_a_trace_field_is_a_recipient_and_no_other_is(desk: Desk) -> None:
    reply = with_token("support", SIGNER.sign(Token(7, 3, 0), Purpose.REPLY), "example.test")
    bounce = with_token("bounces", SIGNER.sign(Token(7, 3, 9), Purpose.BOUNCE), "example.test")
    forged = reply[:-14] + "aa" + reply[-12:]
    fields = [
        reply,
        bounce,
        forged,
        "lea@example.test",
        "support@example.test",
        "support+x@example.test",
        "<>",
    ]
    head = "".join(f"Delivered-To: {each}\r\n" for each in fields) + f"X-Original-To: {reply.upper()}\r\n"

    _, recipients = read(head.encode() + b"\r\nhello", desk)

    assert recipients[:3] == ("support@example.test", reply, bounce)
    assert {each.lower() for each in recipients} == {"support@example.test", reply, bounce}


@given(st.binary(max_size=2000), st.sampled_from([b"", b"Return-Path: <", b"Delivered-To: support+"]))
def test_whatever_stands_there_an_envelope_is_made(noise: bytes, head: bytes) -> None:
    held = _DESK
    envelope = envelope_of(head + noise, "a@b.test", held, SIGNER, tls=False, received_at=NOW, historic=True)

    assert envelope.recipients == ("a@b.test",)
    assert envelope.historic


_DESK = Desk(
    domain="example.test",
    phone="",
    version=1,
    addresses={},
    teams={},
    staff={},
    organisations={},
    by_domain={},
)


def test_a_header_without_end_takes_no_time(desk: Desk) -> None:
    took = []
    for size in (250_000, 1_000_000, 4_000_000):
        begun = time.process_time()
        read(b"Delivered-To: support+" + b"a" * size, desk)
        took.append(time.process_time() - begun)

    assert took[2] < 1.0


# --- the first sync --------------------------------------------------------------------------

FRESH = MailboxState(
    id=1,
    name="support",
    place="u@h/INBOX",
    uidvalidity=0,
    first_sync="",
    history_uid=0,
    history_until=None,
    history_mails=0,
    reason="",
    looked_at=None,
)


@pytest.mark.parametrize(
    ("setting", "mails", "decided", "history_uid"),
    [("ask", 0, "new-only", 0), ("ask", 3, "", 10), ("all", 3, "all", 10), ("new-only", 3, "new-only", 10)],
)
def test_the_first_look_draws_a_line(setting: str, mails: int, decided: str, history_uid: int) -> None:
    state = begin(FRESH, Folder(uidvalidity=5, uidnext=11, mails=mails), setting, now=NOW)

    assert (state.uidvalidity, state.first_sync, state.history_uid) == (5, decided, history_uid)
    assert begin(state, Folder(5, 99, 80), setting, now=NOW) is state


@given(
    uid=st.integers(1, 40),
    uidnext=st.integers(1, 30),
    age_s=st.integers(-100, 100),
    renumbered=st.booleans(),
)
def test_old_mail_is_never_taken_for_new(uid: int, uidnext: int, age_s: int, renumbered: bool) -> None:
    state = begin(FRESH, Folder(5, uidnext, uidnext - 1), "new-only", now=NOW)
    was_there = uid < uidnext
    received_at = (
        NOW - timedelta(seconds=abs(age_s)) if was_there else NOW + timedelta(seconds=abs(age_s) + 1)
    )
    if renumbered:
        state = begin(state, Folder(6, 50, 49), "new-only", now=NOW + timedelta(days=1))

    assert is_history(state, uid, received_at) is was_there


def test_an_undecided_mailbox_that_is_numbered_anew_is_looked_at_afresh() -> None:
    asked = begin(FRESH, Folder(5, 11, 10), "ask", now=NOW)

    again = begin(asked, Folder(6, 21, 20), "ask", now=NOW)

    assert (again.first_sync, again.history_uid, again.history_mails) == ("", 20, 20)


# --- pauses ----------------------------------------------------------------------------------


def test_pauses_double_up_to_five_minutes_and_begin_anew() -> None:
    backoff = Backoff(random.Random(1))

    pauses = [backoff.next_s() for _ in range(2000)]
    backoff.reset()

    assert all(0.75 * 2**n <= pause <= 2**n for n, pause in enumerate(pauses[:8]))
    assert all(225 <= pause <= 300 for pause in pauses[9:])
    assert backoff.next_s() <= 1


# --- access tokens ---------------------------------------------------------------------------


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("gateway.endpoints.imap_tokens.time.monotonic", lambda: self.now)


def test_a_token_is_renewed_before_it_expires_and_trouble_is_told_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)
    answers: Iterator[Issued | Exception] = iter(
        [Issued("one", 3600), MailboxUnavailable("down"), Issued("two", 3600), MailboxUnavailable("down")]
    )

    def issue() -> Issued:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    keeper = TokenKeeper(issue)
    assert (keeper.current(), keeper.current()) == ("one", "one")
    clock.now += 3400
    assert keeper.current() == "one"
    assert "expires in 200 s and cannot be renewed: down" in keeper.trouble
    assert (keeper.current(), keeper.trouble) == ("two", "")
    clock.now += 3601
    with pytest.raises(MailboxUnavailable):
        keeper.current()


class Answer:
    def __init__(self, status: int, content: dict[str, Any]) -> None:
        self.status_code = status
        self.text = json.dumps(content)
        self.headers: dict[str, str] = {}

    def raise_for_status(self) -> None:
        assert self.status_code < 400


class Microsoft:
    """The two addresses of login.microsoftonline.com that msal asks."""

    def __init__(self, token: Answer) -> None:
        self._token = token
        self.asked: list[dict[str, Any]] = []

    def get(self, url: str, **options: Any) -> Answer:
        base = "https://login.microsoftonline.com/acme/oauth2/v2.0"
        return Answer(
            200,
            {
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "issuer": "https://login.microsoftonline.com/acme/v2.0",
                "tenant_discovery_endpoint": "https://login.microsoftonline.com/acme/v2.0/.well-known/openid-configuration",
                "metadata": [],
            },
        )

    def post(self, url: str, **options: Any) -> Answer:
        self.asked.append({"url": url, **options["data"]})
        return self._token

    def close(self) -> None:
        return


def microsoft(folder: Path, token: Answer) -> tuple[Microsoft, Any]:
    (folder / "secret").write_text("s3cret\n")
    server = Microsoft(token)
    settings = replace(
        OAUTH2,
        provider="microsoft",
        tenant="acme",
        client_id="app",
        client_secret_file=str(folder / "secret"),
    )
    return server, imap_tokens._microsoft(settings, http_client=server)


def test_microsoft_issues_by_msal(tmp_path: Path) -> None:
    server, issue = microsoft(
        tmp_path, Answer(200, {"access_token": "abc", "expires_in": 3599, "token_type": "Bearer"})
    )

    assert issue() == Issued("abc", 3599)
    (asked,) = server.asked
    assert asked["scope"] == "https://outlook.office365.com/.default"
    assert (asked["client_id"], asked["client_secret"], asked["grant_type"]) == (
        "app",
        "s3cret",
        "client_credentials",
    )


def test_microsofts_refusal_is_told_in_its_words(tmp_path: Path) -> None:
    wrong = {"error": "invalid_client", "error_description": "AADSTS7000222: the secret has expired"}
    _, issue = microsoft(tmp_path, Answer(401, wrong))

    with pytest.raises(MailboxRefused, match="invalid_client AADSTS7000222: the secret has expired"):
        issue()


def google_key(folder: Path, token_uri: str) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    content = {
        "type": "service_account",
        "client_email": "gw@acme.test",
        "private_key": pem.decode(),
        "token_uri": token_uri,
    }
    (folder / "key.json").write_text(json.dumps(content))
    return str(folder / "key.json")


def test_google_issues_in_the_users_name_by_google_auth(tmp_path: Path, token_server: TokenServer) -> None:
    key = google_key(tmp_path, token_server.url)
    issue = imap_tokens._google(replace(OAUTH2, provider="google", key_file=key), "support@acme.test")

    assert issue().token == "issued"
    assert "assertion" in token_server.asked[0]

    token_server.status, token_server.answer = 400, {"error": "unauthorized_client"}
    with pytest.raises(MailboxRefused, match="unauthorized_client"):
        issue()


def test_a_key_that_is_none_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(MailboxRefused, match="no key of a service account"):
        imap_tokens._google(replace(OAUTH2, key_file=str(tmp_path / "key.json")), "u")()


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (400, {"error": "invalid_client"}, MailboxRefused),
        (401, {}, MailboxRefused),
        (503, {}, MailboxUnavailable),
        (429, {"error": "slow_down"}, MailboxUnavailable),
        (200, {"error": "invalid_scope"}, MailboxRefused),
        (200, {"access_token": "two\nlines"}, MailboxRefused),
        (200, [1], MailboxUnavailable),
    ],
)
def test_what_a_token_server_may_say(
    tmp_path: Path, token_server: TokenServer, status: int, answer: Any, error: type[Exception]
) -> None:
    (tmp_path / "secret").write_text("s\n")
    token_server.status, token_server.answer = status, answer
    settings = replace(
        OAUTH2, token_url=token_server.url, client_id="c", client_secret_file=str(tmp_path / "secret")
    )
    with pytest.raises(error):
        imap_tokens._client_credentials(settings)


def test_an_answer_that_is_no_http_is_no_refusal(
    tmp_path: Path, token_server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("s\n")
    settings = replace(
        OAUTH2, token_url=token_server.url, client_id="c", client_secret_file=str(tmp_path / "secret")
    )
    token_server.answer = {"access_token": "issued", "expires_in": "soon"}
    assert imap_tokens._client_credentials(settings) == Issued("issued", 3600.0)

    def no_http(*args: object, **options: object) -> None:
        raise http.client.BadStatusLine("SSH-2.0-OpenSSH")

    monkeypatch.setattr("urllib.request.urlopen", no_http)
    with pytest.raises(MailboxUnavailable):
        imap_tokens._client_credentials(settings)

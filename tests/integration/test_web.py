"""The web from outside: what strangers get, and what keeps them from filling it."""

from __future__ import annotations

import base64
import hashlib
import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.acceptance.browser import Browser, Page
from tests.acceptance.customer import Customer
from tests.acceptance.test_links import APPROVE, asked_for
from tests.running import RunningGateway

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """One for all looks."""
    made = RunningGateway(tmp_path_factory.mktemp("gateway"))
    with made.running():
        yield made


@pytest.fixture(scope="module")
def link(gateway: RunningGateway) -> str:
    """One that waits for its lead."""
    chloe = Customer(gateway, "Chloe Petit", "chloe@acme.test")
    return asked_for(chloe)[1][APPROVE]


def port_of(gateway: RunningGateway) -> int:
    return int(gateway.web.rpartition(":")[2])


def check_headers(page: Page) -> None:
    for name, value in HEADERS.items():
        assert page.headers.get_all(name) == [value], name
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert "Server" not in page.headers


def test_every_answer_is_guarded(gateway: RunningGateway, link: str) -> None:
    browser = Browser()
    pages = [
        browser.get(link),
        browser.post(link, estimate="4 h"),
        browser.get(f"{gateway.web}/health"),
        browser.get(f"{gateway.web}/"),
        browser.get(f"{gateway.web}/a/nothing"),
        browser.get(link, method="DELETE"),
    ]
    assert [page.status for page in pages] == [200, 422, 200, 404, 404, 404]
    for page in pages:
        check_headers(page)
    (cookie,) = browser.cookies
    assert (cookie.name, cookie.path, cookie.secure) == ("page", "/a/", False)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"


@pytest.mark.parametrize(
    ("accepted", "words"),
    [("fr-FR,fr;q=0.9,en;q=0.8", "Cette page n’existe pas"), ("de", "There is no such page")],
)
def test_what_is_not_there_tells_nothing(gateway: RunningGateway, accepted: str, words: str) -> None:
    for path in ("/", "/a/", "/a/x/y", "/tickets/1", "/a/..%2f..%2fetc"):
        page = Browser().get(gateway.web + path, **{"Accept-Language": accepted})
        assert page.status in {404, 429}
        if page.status == 404:
            assert words in page.text
            assert "href" not in page.html


def test_ten_thousand_guesses_are_throttled_and_a_real_link_still_works(
    gateway: RunningGateway, link: str
) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port_of(gateway), timeout=30)
    known = link.rpartition("/a/")[2][:-26]
    seen: dict[int, int] = {}
    for number in range(10_000):
        # All that an earlier link could tell, and a signature of 128 bits made up.
        made_up = base64.b32encode(hashlib.sha256(str(number).encode()).digest()).decode().lower()
        client.request("GET", f"/a/{known}{made_up[:26]}")
        answer = client.getresponse()
        body = answer.read()
        seen[answer.status] = seen.get(answer.status, 0) + 1
        assert b"#" not in body.partition(b"<main>")[2]
        if answer.status == 429:
            assert answer.headers["Retry-After"] == "60"
        if answer.headers.get("Connection") == "close":
            client.close()
    client.close()

    assert set(seen) == {404, 429}
    assert seen[404] < 1000, seen
    assert Browser().get(link).status == 200


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"x" * 40_000, "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"&".join(b"a%d=1" % number for number in range(100)), "application/x-www-form-urlencoded"),
        (
            b"--b\r\nContent-Disposition: form-data; name=estimate\r\n\r\n4 h\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        ("estimate=é".encode(), "application/x-www-form-urlencoded"),
    ],
)
def test_a_form_that_is_none_is_refused(
    gateway: RunningGateway, link: str, body: bytes, content_type: str
) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port_of(gateway), timeout=30)
    client.request("POST", link.removeprefix(gateway.web), body, {"Content-Type": content_type})
    answer = client.getresponse()
    assert answer.status == 400
    assert b"<h1>" in answer.read()
    client.close()


def test_a_head_that_is_too_large_is_refused(gateway: RunningGateway) -> None:
    with socket.create_connection(("127.0.0.1", port_of(gateway)), timeout=30) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n")
        status = raw.recv(4096).partition(b"\r\n")[0]
    assert b" 400 " in status or b" 431 " in status


def test_without_web_no_mail_carries_a_link(tmp_path: Path) -> None:
    silent = RunningGateway(tmp_path)
    text = silent.config.read_text()
    silent.config.write_text(text.replace(f'listen = "{silent.web.removeprefix("http://")}"', 'listen = ""'))
    with silent.running():
        chloe = Customer(silent, "Chloe Petit", "chloe@acme.test")
        number, links = asked_for(chloe)
        assert number
        assert links == {}
        assert "off: no mail carries a link" in silent.command("check")


@contextmanager
def connected(port: int, count: int) -> Iterator[list[socket.socket]]:
    """So many connections that say nothing."""
    made = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            each.close()


def test_silent_connections_do_not_keep_others_out(gateway: RunningGateway) -> None:
    with connected(port_of(gateway), 210) as silent:
        # Those beyond the bound are closed at once, and the others after their time.
        with suppress(ConnectionResetError):
            assert silent[-1].recv(1) == b""
        gateway.wait_for(lambda: _is_served(gateway), "the silent ones to be given up", patience_s=60)


def _is_served(gateway: RunningGateway) -> bool:
    try:
        return Browser().get(f"{gateway.web}/health").status == 200
    except OSError:
        return False

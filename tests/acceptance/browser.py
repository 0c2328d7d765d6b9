"""A browser as simple as our pages are: it keeps cookies, fills in forms, and runs nothing."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from http.cookiejar import CookieJar

from tests.running import body_of


@dataclass(frozen=True)
class Page:
    """What came back."""

    status: int
    headers: Message
    html: str

    @property
    def text(self) -> str:
        """What a reader sees, in one line."""
        reader = _Reader()
        reader.feed(self.html)
        return " ".join(" ".join(reader.words).replace("\u00a0", " ").replace("\u202f", " ").split())

    @property
    def hidden(self) -> dict[str, str]:
        """The form's hidden fields."""
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.html))

    @property
    def tags(self) -> set[str]:
        """The elements that a browser would make of it."""
        reader = _Reader()
        reader.feed(self.html)
        return reader.tags


class Browser:
    """One browser with its cookies."""

    def __init__(self) -> None:
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def get(self, url: str, method: str = "GET", **headers: str) -> Page:
        """Open an address."""
        return self._open(urllib.request.Request(url, headers=headers, method=method))  # noqa: S310  (our own)

    def post(self, url: str, page: Page | None = None, **fields: str) -> Page:
        """Send the form of a page."""
        given = {**(page.hidden if page else {}), **fields}
        data = urllib.parse.urlencode(given).encode()
        return self._open(urllib.request.Request(url, data=data, method="POST"))  # noqa: S310  (our own)

    def confirms(self, url: str, **fields: str) -> Page:
        """Open the page and press its button."""
        return self.post(url, self.get(url), **fields)

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            answer = self._opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.status, answer.headers, answer.read().decode("utf-8"))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def links_in(mail: Message) -> dict[str, str]:
    """The links of a mail's text, by their label."""
    found = re.findall(r"^(.+)\n(http://\S+/a/[a-z2-7]+)$", body_of(mail).replace("\r\n", "\n"), re.MULTILINE)
    return {label.strip(): url for label, url in found}

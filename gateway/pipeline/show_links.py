"""Step 10, the links: a notification's offers become addresses while it is rendered, and only there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.action import ActionToken
from gateway.domain.desk import Desk
from gateway.domain.notification import Notification
from gateway.errors import ForgedToken
from gateway.ports import Renderer, Signer

PATH = "/a/"
"""Where links lead to, below the address of the web."""


@dataclass(frozen=True, slots=True)
class LinkedRenderer:
    """`ports.Renderer`, with the links of each mail: the same ones at every attempt.

    Attributes:
        base_url: of the web as people reach it, without a slash at its end; empty for no links.
    """

    renderer: Renderer
    current: Callable[[], tuple[Desk, Signer]]
    base_url: str

    def subject(self, notification: Notification) -> str:
        """See `ports.Renderer`."""
        return self.renderer.subject(notification)

    def text(self, notification: Notification) -> str:
        """See `ports.Renderer`."""
        return self.renderer.text(self._linked(notification))

    def render(self, notification: Notification) -> bytes:
        """See `ports.Renderer`."""
        return self.renderer.render(self._linked(notification))

    def _linked(self, notification: Notification) -> Notification:
        offers = notification.context.get("offers")
        if not self.base_url or not isinstance(offers, Sequence) or not offers:
            return notification
        _, signer = self.current()
        links = list(_links(offers, self.base_url, signer))
        return replace(notification, context={**notification.context, "links": links})


def _links(offers: Sequence[Mapping[str, Any]], base_url: str, signer: Signer) -> Iterator[dict[str, str]]:
    for offer in offers:
        try:
            link = signer.sign_action(ActionToken(**offer["token"]), offer["kid"])
        except ForgedToken:
            # The key has been retired since: nothing that it signed is accepted any more.
            continue
        yield {"label": offer["label"], "url": f"{base_url}{PATH}{link}"}

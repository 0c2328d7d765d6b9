"""The web: pages of links, and two addresses for machines. Whatever else is asked for is not there.

GET and HEAD change nothing. Every answer forbids scripts, frames, foreign content and being kept; no
address of a link reaches a log.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.pipeline.act_by_link import LinkActing, Step, View
from gateway.pipeline.show_links import PATH
from gateway.rendering.pages import Pages
from gateway.web.forms import (
    COOKIE,
    MAX_BODY_BYTES,
    NO_COOKIE,
    VALID_S,
    new_cookie,
    page_problem,
    read_form,
    seal_page,
)
from gateway.web.throttle import Throttle

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 16 * 1024
_BODY_TIMEOUT_S = 10.0
_STATUS = {Step.ASK: 200, Step.DONE: 200, Step.USED: 409, Step.EXPIRED: 410, Step.UNAVAILABLE: 409}


@dataclass(frozen=True, slots=True)
class Served:
    """A page for machines: what makes its text, and its content type."""

    text: Callable[[], str]
    content_type: str


@dataclass(frozen=True, slots=True)
class Portal:
    """The pages of links.

    Attributes:
        acting, pages: as they are now; rules and templates may change meanwhile.
        base_url: as people reach it.
        machines: other addresses, by path.
    """

    acting: Callable[[], LinkActing]
    pages: Callable[[], Pages]
    base_url: str
    machines: Mapping[str, Served] = field(default_factory=dict)
    throttle: Throttle = field(default_factory=Throttle)

    def app(self) -> ASGIApp:
        """What a server runs."""
        routes = [
            Route(f"{PATH}{{link}}", self.link, methods=["GET", "HEAD", "POST"]),
            Route("/health", _health, methods=["GET", "HEAD"]),
            *(
                Route(path, self._machine(served), methods=["GET", "HEAD"])
                for path, served in self.machines.items()
            ),
        ]
        # What is not ours is a bug: starlette answers with the same page and passes it on to the log.
        handlers: dict[Any, Any] = {
            404: self.unknown,
            405: self.unknown,
            GatewayError: self.trouble,
            Exception: self.trouble,
        }
        return _Guarded(Starlette(routes=routes, exception_handlers=handlers), self.headers, self.too_large)

    def headers(self) -> dict[str, str]:
        """Of every answer."""
        headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {self.pages().style_source}; form-action 'self'; "
                "base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "X-Robots-Tag": "noindex, nofollow",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
        if self.base_url.startswith("https:"):
            headers["Strict-Transport-Security"] = "max-age=31536000"
        return headers

    async def link(self, request: Request) -> Response:
        """The page of a link, and its confirmation."""
        link: str = request.path_params["link"]
        if not await run_in_threadpool(self.acting().is_ours, link):
            return self.unknown(request)
        if request.method == "POST":
            return await self._post(request, link)
        view = await run_in_threadpool(self.acting().look, link)
        if view is None:
            return self.unknown(request)
        _log("link.shown", view)
        return self._page(view, link, request, 200 if view.step is Step.USED else _STATUS[view.step])

    async def _post(self, request: Request, link: str) -> Response:
        form = await _form(request)
        if form is None:
            return self._notice("unreadable", request, 400)
        cookie = request.cookies.get(COOKIE, "")
        acting = self.acting()
        signer = acting.current()[1]

        def was_shown(shown: str) -> str:
            return page_problem(signer, form, link, shown, cookie, now=acting.clock.now())

        view = await run_in_threadpool(acting.act, link, form, was_shown)
        if view is None:
            return self.unknown(request)
        _log("link.confirmed", view)
        status = 422 if view.step is Step.ASK else _STATUS[view.step]
        return self._page(view, link, request, 403 if view.problem == NO_COOKIE else status)

    def _page(self, view: View, link: str, request: Request, status: int) -> Response:
        cookie = request.cookies.get(COOKIE, "")[:64] or new_cookie()
        acting = self.acting()
        undo = view.context["undo"]
        context = {
            **view.context,
            "step": str(view.step),
            "problem": view.problem,
            "given": view.given,
            "page": seal_page(acting.current()[1], link, view.shown, cookie, now=acting.clock.now()),
            "undo": f"{self.base_url}{PATH}{undo}" if undo else "",
        }
        response = HTMLResponse(self.pages().render(view.act, view.language, context), status)
        if view.step is Step.ASK:
            response.set_cookie(
                COOKIE,
                cookie,
                max_age=VALID_S,
                path=_path_of(self.base_url),
                secure=self.base_url.startswith("https:"),
                httponly=True,
                # Kept when a link is opened from webmail, so that two pages can stand open; never sent with
                # a form of another site.
                samesite="lax",
            )
        return response

    def unknown(self, request: Request, error: Exception | None = None) -> Response:
        """There is nothing here; who asks too often is told so."""
        client = request.client.host if request.client else ""
        if self.throttle.allow(client, monotonic=time.monotonic()):
            return self._notice("unknown", request, 404)
        response = self._notice("busy", request, 429)
        response.headers["Retry-After"] = "60"
        return response

    def trouble(self, request: Request, error: Exception) -> Response:
        """Our own trouble: logged, and nothing of it told."""
        if isinstance(error, GatewayError):
            log.warning("web.trouble", extra={"code": error.code})
        return self._notice("trouble", request, 503)

    def _machine(self, served: Served) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            # What a proxy passes on comes from people, and this is not for them.
            if "x-forwarded-for" in request.headers:
                return self.unknown(request)
            text = await run_in_threadpool(served.text)
            return Response(text, media_type=served.content_type)

        return answer

    def too_large(self, request: Request) -> Response:
        """A head beyond all browsers'."""
        return self._notice("unreadable", request, 431)

    def _notice(self, name: str, request: Request, status: int) -> Response:
        language = _wanted_language(request.headers.get("accept-language", ""))
        return HTMLResponse(self.pages().render(name, language, {}), status)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _form(request: Request) -> dict[str, str] | None:
    """The form, or None when it is none, too large, or does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            async for block in request.stream():
                body += block
                if len(body) > MAX_BODY_BYTES:
                    return None
    except (TimeoutError, ClientDisconnect):
        return None
    return read_form(bytes(body), request.headers.get("content-type", ""))


def _wanted_language(accepted: str) -> str:
    """French where it stands before English (RFC 9110 section 12.5.4, without its weights)."""
    words = [word.strip()[:2].lower() for word in accepted[:200].split(",")]
    return next((word for word in words if word in {"fr", "en"}), "en")


def _path_of(base_url: str) -> str:
    """Where the cookie goes: to the links alone, below whatever path the web has."""
    path = base_url.partition("://")[2].partition("/")[2]
    return f"/{path}{PATH}" if path else PATH


def _log(event: str, view: View) -> None:
    ticket = view.context["ticket"]["number"]
    log.info(event, extra={"act": view.act, "ticket": ticket, "step": str(view.step)})


class _Guarded:
    """Adds the headers to every answer, the framework's own errors included."""

    def __init__(
        self,
        app: ASGIApp,
        headers: Callable[[], dict[str, str]],
        too_large: Callable[[Request], Response],
    ) -> None:
        self._app = app
        self._headers = headers
        self._too_large = too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.lower().encode(), value.encode()) for name, value in self._headers().items()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        # The server bounds what it waits for, not what has come in one piece.
        size = len(scope["raw_path"]) + sum(len(name) + len(value) for name, value in scope["headers"])
        app = self._app if size <= MAX_HEAD_BYTES else self._too_large(Request(scope))
        await app(scope, receive, guarded)

"""The imap process: a thread a mailbox, each of which looks, waits for an announcement, and looks again."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import FrameType

from gateway.endpoints.imap_backoff import Backoff
from gateway.endpoints.imap_login import open_mailbox
from gateway.endpoints.imap_place import place_of
from gateway.endpoints.imap_session import MailboxSession
from gateway.endpoints.imap_sync import Fetching, MailboxSync
from gateway.endpoints.imap_tokens import TokenKeeper, token_keeper
from gateway.errors import ConfigurationError, GatewayError, MailboxRefused
from gateway.settings import MailboxSettings

log = logging.getLogger(__name__)

# A mailbox that stopped is tried again so rarely that no account is locked for it.
_STOPPED_S = 900.0
_LOOK_AT_DECISIONS_S = 1.0
_SILENCE_S = 300.0
_LOOK_AT_WATCHES_S = 5.0
_GRACE_S = 20.0
# A session that has lasted so long, or brought mail, was a good one.
_STEADY_S = 10.0
# Between two looks that find nothing: some servers announce something whenever one begins to wait.
_BREATH_S = 1.0


class MailboxWatch:
    """One mailbox, for as long as the process lives: whatever goes wrong with it stays its own."""

    def __init__(self, settings: MailboxSettings, fetching: Fetching, ended: threading.Event) -> None:
        self.thread = threading.Thread(target=self._run, name=f"mailbox-{settings.name}", daemon=True)
        self.settings = settings
        self.last_look = time.monotonic()
        self.trouble = ""
        self._fetching = fetching
        self._ended = ended
        self._sync = MailboxSync(settings, place_of(settings), fetching, ended)
        self._tokens: TokenKeeper | None = None
        self._backoff = Backoff()

    def _run(self) -> None:
        """Fetch until it is time to end."""
        while not self._ended.is_set():
            try:
                self._turn()
            except GatewayError as error:
                self._pause(str(error))
            except Exception as error:
                log.exception("mailbox.failed", extra={"mailbox": self.settings.name})
                self._pause(type(error).__name__)

    def alarm_silence(self) -> None:
        """Sound an alarm when the mailbox has not been read to its end for too long, whatever the reason."""
        last_sign = max(self.last_look, self._sync.last_sign)
        if time.monotonic() - last_sign > max(_SILENCE_S, 2.0 * self.settings.poll_s):
            reason = self.trouble or "the server does not answer"
            self._fetching.alarms.sound(self._key("silent"), f"not read lately: {reason}")

    def _turn(self) -> None:
        """One connection, from login to its loss, and what has to be waited for then."""
        try:
            is_decided = self._session()
        except (MailboxRefused, ConfigurationError) as error:
            self._stop(error)
            return
        if not is_decided:
            self._ask()

    def _session(self) -> bool:
        """Look and wait; False when somebody has to decide on old mail first."""
        if self._tokens is None:
            self._tokens = token_keeper(self.settings)
        with open_mailbox(self.settings, self._tokens) as session:
            log.info("mailbox.open", extra={"mailbox": self.settings.name})
            verb, _, target = self.settings.after.partition(":")
            if verb == "move":
                session.make_folder(target)
            opened = time.monotonic()
            try:
                return self._look_and_wait(session)
            finally:
                if time.monotonic() - opened > _STEADY_S:
                    self._backoff.reset()

    def _look_and_wait(self, session: MailboxSession) -> bool:
        is_new, in_vain = True, 0
        while not self._ended.is_set():
            begun, stored = time.monotonic(), self._sync.stored
            if not self._sync.look(session, is_new=is_new):
                return False
            is_new = False
            self._went_well()
            in_vain = in_vain + 1 if stored == self._sync.stored else 0
            if not in_vain:
                self._backoff.reset()
            session.wait(self.settings.poll_s, self._ended)
            if in_vain > 1:
                self._ended.wait(max(0.0, begun + _BREATH_S - time.monotonic()))
        return True

    def _went_well(self) -> None:
        self.last_look = time.monotonic()
        self.trouble = ""
        for what in ("stopped", "undecided", "silent"):
            self._fetching.alarms.end(self._key(what))
        if self._tokens is not None:
            self._renew(self._tokens)

    def _renew(self, tokens: TokenKeeper) -> None:
        """Have the next login's token ready; a session that has logged in goes on without one."""
        try:
            tokens.current()
        except GatewayError as error:
            trouble = f"there is no access token for the next login: {error}"
        else:
            trouble = tokens.trouble
        if trouble:
            self._fetching.alarms.sound(self._key("token"), trouble)
        else:
            self._fetching.alarms.end(self._key("token"))

    def _pause(self, trouble: str) -> None:
        self.trouble = trouble
        pause = self._backoff.next_s()
        log.warning(
            "mailbox.lost",
            extra={"mailbox": self.settings.name, "reason": trouble, "again_in_s": round(pause, 1)},
        )
        self._ended.wait(pause)

    def _stop(self, error: GatewayError) -> None:
        """Nothing more from this mailbox until somebody has looked, or for a good while."""
        reason = error.reason if isinstance(error, ConfigurationError) else str(error)
        self._fetching.alarms.sound(self._key("stopped"), reason)
        log.error("mailbox.stopped", extra={"mailbox": self.settings.name, "reason": reason})
        mailboxes = self._fetching.mailboxes
        state = mailboxes.open(self.settings.name, place_of(self.settings))
        mailboxes.save(replace(state, reason=reason))
        self._until(lambda: not mailboxes.open(state.name, state.place).reason, seconds=_STOPPED_S)

    def _ask(self) -> None:
        """Wait until somebody has said what becomes of the mail that was there before."""
        mailboxes = self._fetching.mailboxes
        state = mailboxes.open(self.settings.name, place_of(self.settings))
        self._fetching.alarms.end(self._key("stopped"))
        self._fetching.alarms.sound(
            self._key("undecided"),
            f"{state.history_mails} mails were there before; "
            f"`gateway mailboxes sync {state.name} --all` files them without a mail going out, "
            "--new-only leaves them alone",
        )
        self._until(lambda: bool(mailboxes.open(state.name, state.place).first_sync), seconds=_STOPPED_S)

    def _until(self, truth: Callable[[], bool], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._ended.wait(_LOOK_AT_DECISIONS_S) and time.monotonic() < deadline:
            self.last_look = time.monotonic()
            if truth():
                return

    def _key(self, what: str) -> str:
        return f"mailbox {self.settings.name} {what}"


def run_mailboxes(
    mailboxes: Sequence[MailboxSettings], fetching: Fetching, *, ready: Callable[[], None]
) -> None:
    """Fetch from all of `mailboxes` until SIGTERM or SIGINT."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # Secrets are read again at each login.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    watches = [MailboxWatch(settings, fetching, ended) for settings in mailboxes]
    for watch in watches:
        watch.thread.start()
    ready()
    while not ended.wait(_LOOK_AT_WATCHES_S):
        for watch in watches:
            watch.alarm_silence()
    deadline = time.monotonic() + _GRACE_S
    for watch in watches:
        # One that hangs in an exchange ends with the process: nothing is moved that is not stored.
        watch.thread.join(max(0.0, deadline - time.monotonic()))


def probe(settings: MailboxSettings) -> str:
    """Log in, look at the folder, and say what is there.

    Raises:
        MailboxRefused, MailboxUnavailable, ConfigurationError.
    """
    with open_mailbox(settings, token_keeper(settings)) as session:
        return f"{settings.name}: {session.select(settings.folder).mails} mails in {place_of(settings)}"

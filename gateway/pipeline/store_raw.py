"""Step 2: make received mail durable by group commit, before it is answered.

Whoever arrives while a commit runs goes into the next one: no timer, no delay when it is quiet, and
under load as few commits as the disk allows.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from gateway import faults
from gateway.domain.envelope import Envelope
from gateway.errors import GatewayError, ShuttingDown, StorageUnavailable
from gateway.ports import Bell, LedgerStore, NewMail

log = logging.getLogger(__name__)

_PATIENCE_S = 60.0
_BATCH = 200

_Waiting: TypeAlias = tuple[NewMail, asyncio.Future[int], asyncio.AbstractEventLoop]


class GroupCommit:
    """A thread that commits, in one transaction, all that has come in during the last one."""

    def __init__(self, ledger: LedgerStore, bell: Bell) -> None:
        self._ledger = ledger
        self._bell = bell
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)

    def start(self) -> None:
        """Begin to commit."""
        self._thread.start()

    def stop(self) -> None:
        """Commit what is waiting, then end; whoever comes later gets ShuttingDown."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()

    async def store(self, envelope: Envelope, content: Iterable[bytes], size: int) -> int:
        """The ledger's id of a mail that is now on disk.

        Raises:
            StorageUnavailable, StorageFull: it is not, or nobody can tell yet; the peer must send it
                again, and will be recognised if it is there all the same.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        with self._condition:
            if self._stopping:
                raise ShuttingDown("no more mail is taken")
            self._waiting.append((NewMail(envelope, content, size), future, loop))
            self._condition.notify()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await future
        except TimeoutError as error:
            raise StorageUnavailable("the database did not answer in time") from error

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._stopping:
                    self._condition.wait()
                if not self._waiting:
                    return
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                self._commit(batch)
            except Exception:
                # Nothing ends the thread. Whoever was not answered hears 451 when their patience is at its end.
                log.exception("intake.failed")

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            faults.reached("intake.batch")
            ids = self._ledger.append([mail for mail, _, _ in batch])
        except GatewayError as error:
            log.warning("mail.not-stored", extra={"mails": len(batch), "error": error.code})
            _answer(batch, [error] * len(batch))
        except Exception as error:
            if len(batch) > 1:
                # One of them cannot be stored as it is: the others need not suffer for it.
                for waiting in batch:
                    self._commit([waiting])
                return
            log.exception("mail.not-stored")
            _answer(batch, [StorageUnavailable(str(error))])
        else:
            _answer(batch, ids)
            faults.reached("intake.answered")
            self._bell.ring("inbound")


def _answer(batch: Sequence[_Waiting], answers: Sequence[int | GatewayError]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], int | GatewayError]]] = {}
    for (_, future, loop), answer in zip(batch, answers, strict=True):
        by_loop.setdefault(loop, []).append((future, answer))
    for loop, answered in by_loop.items():
        loop.call_soon_threadsafe(_resolve, answered)


def _resolve(answered: list[tuple[asyncio.Future[int], int | GatewayError]]) -> None:
    for future, answer in answered:
        if future.done():
            continue
        if isinstance(answer, GatewayError):
            future.set_exception(answer)
        else:
            future.set_result(answer)

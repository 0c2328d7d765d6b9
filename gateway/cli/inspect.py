"""`gateway inspect`: read and classify mails, with no database and no network."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.inspect_json import as_object
from gateway.cli.inspect_page import print_page
from gateway.cli.inspect_sources import Source, find_sources
from gateway.domain.reading.tables import ReadingTables
from gateway.errors import UnreadableMail
from gateway.pipeline.classify import classify
from gateway.pipeline.parse import parse, parse_partially
from gateway.rulebook.folder import rules_folder
from gateway.rulebook.reading import load_reading_tables

_Object = dict[str, Any]
# Fewer mails are read faster here than a second process starts.
_WORTH_A_POOL = 24
_CHUNK = 16
_WAITING_CHUNKS_A_PROCESS = 4
_MANY = 20


def run(paths: list[str], *, as_json: bool, rules_dir: str = "") -> int:
    """Print what is read in the mails below `paths`; exit status.

    One object or page a mail, whatever it holds: a mail that cannot be read is one with a defect.

    Args:
        paths: files, folders, mailbox files, `-` for standard input.
        as_json: one JSON object a line; else a page for people.
        rules_dir: as in the settings; empty for the shipped rules.
    """
    missing = [path for path in paths if path != "-" and not Path(path).exists()]
    for path in missing:
        sys.stderr.write(f"gateway inspect: {path}: no such file or folder\n")
    paths = [path for path in paths if path not in missing]
    console = Console(soft_wrap=True, highlight=False)
    kinds: Counter[str] = Counter()
    try:
        with ExitStack() as stack:
            advance = _progress(paths, stack, hidden=not as_json and console.is_terminal)
            for read in _read_all(find_sources(paths), rules_dir):
                if as_json:
                    line = json.dumps(read, ensure_ascii=False, separators=(", ", ": "))
                    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
                else:
                    print_page(console, read)
                kinds[read["kind"]] += 1
                advance()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if sys.stderr.isatty() and kinds.total() > _MANY:
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
        sys.stderr.write(f"{kinds.total():,} mails: {told}\n")
    return 1 if missing else 0


def read_source(source: Source, tables: ReadingTables) -> _Object:
    """One mail as an object; never raises."""
    try:
        raw = source.read()
    except OSError as error:
        return _partial(source.shown, b"", f"cannot be read: {error.strerror or error}", tables)
    try:
        mail = parse(raw)
        # A file has no envelope; what a delivering server wrote down is all there is of it.
        null_sender = mail.header("return-path").replace(" ", "") == "<>"
        return as_object(source.shown, classify(mail, tables, null_sender=null_sender))
    except UnreadableMail as error:
        return _partial(source.shown, raw, str(error), tables)
    except Exception as error:  # noqa: BLE001  # one object a mail; the defect says that the fault is ours
        return _partial(
            source.shown, raw, f"a fault of the gateway: {type(error).__name__}: {error}"[:300], tables
        )


def _partial(shown: str, raw: bytes, reason: str, tables: ReadingTables) -> _Object:
    return as_object(shown, classify(parse_partially(raw, reason), tables, null_sender=False))


def _progress(paths: list[str], stack: ExitStack, *, hidden: bool) -> Callable[[], None]:
    """A function to call after each mail; it moves a bar where there are many mails and somebody watches."""
    if hidden or not sys.stderr.isatty() or "-" in paths:
        return lambda: None
    total = sum(1 for _ in find_sources(paths))
    if total <= _MANY:
        return lambda: None
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
    task = progress.add_task("reading", total=total)
    return lambda: progress.advance(task)


def _read_all(sources: Iterator[Source], rules_dir: str) -> Iterator[_Object]:
    """All mails read, in order: a few here, many by as many processes as there are cores."""
    first = list(islice(sources, _WORTH_A_POOL))
    if len(first) < _WORTH_A_POOL:
        tables = _tables(rules_dir)
        yield from (read_source(source, tables) for source in first)
        return
    yield from _read_by_pool(_chunks(first, sources), rules_dir)


def _chunks(first: list[Source], rest: Iterable[Source]) -> Iterator[list[Source]]:
    everything = (source for part in (first, rest) for source in part)
    while chunk := list(islice(everything, _CHUNK)):
        yield chunk


def _read_by_pool(chunks: Iterator[list[Source]], rules_dir: str) -> Iterator[_Object]:
    """Keep a few chunks a process under way, so that memory stays flat however many mails there are."""
    processes = os.cpu_count() or 1
    pool = _pool(processes)
    waiting: deque[tuple[list[Source], Future[list[_Object]]]] = deque()
    try:
        for chunk in islice(chunks, processes * _WAITING_CHUNKS_A_PROCESS):
            waiting.append((chunk, pool.submit(_read_chunk, chunk, rules_dir)))
        while waiting:
            chunk, future = waiting.popleft()
            try:
                yield from future.result()
            except BrokenProcessPool:
                # A mail has killed its process: read what was under way one by one, in one process each.
                pool.shutdown(wait=False)
                yield from (_read_alone(source, rules_dir) for source in chunk)
                pool = _pool(processes)
                waiting = deque((other, pool.submit(_read_chunk, other, rules_dir)) for other, _ in waiting)
            waiting.extend((other, pool.submit(_read_chunk, other, rules_dir)) for other in islice(chunks, 1))
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))


@lru_cache(maxsize=1)
def _tables(rules_dir: str) -> ReadingTables:
    return load_reading_tables(rules_folder(rules_dir))


def _read_chunk(chunk: list[Source], rules_dir: str) -> list[_Object]:
    tables = _tables(rules_dir)
    return [read_source(source, tables) for source in chunk]


def _read_alone(source: Source, rules_dir: str) -> _Object:
    with _pool(1) as pool:
        try:
            return pool.submit(_read_chunk, [source], rules_dir).result()[0]
        except BrokenProcessPool:
            return _partial(source.shown, b"", "reading it killed the process", _tables(rules_dir))

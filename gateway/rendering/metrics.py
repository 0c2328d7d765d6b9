"""Metrics as Prometheus reads them: text format 0.0.4, which node_exporter's textfile collector takes too.

No label names a person, an address or a customer, and none can take more values than this page shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta

from gateway.domain.decision import Outcome
from gateway.domain.measured import Measured, Queue

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_CHANNELS = ("imap", "lmtp", "pipe", "smtp")
_OUTBOX = ("failed", "pending", "sent", "suppressed")
_QUANTILES = (0.5, 0.9, 0.99)


def metrics_text(measured: Measured, *, version: str, alive_within: timedelta) -> str:
    """The whole page.

    Args:
        alive_within: how old the last sign of life of a process may be.
    """
    return "".join(f"{line}\n" for line in _lines(measured, version, alive_within))


def _lines(measured: Measured, version: str, alive_within: timedelta) -> Iterator[str]:
    yield from _family("gateway_info", "gauge", "The version that answers.", {("version", version): 1})
    yield from _by(
        "gateway_mails_received_total",
        "counter",
        "Mails received, ever.",
        "channel",
        measured.received,
        _CHANNELS,
    )
    yield from _by(
        "gateway_mails",
        "gauge",
        "Mails by what became of them.",
        "outcome",
        measured.outcomes,
        tuple(Outcome),
    )
    yield from _by(
        "gateway_notifications", "gauge", "Notifications by state.", "state", measured.outbox, _OUTBOX
    )
    yield from _by("gateway_tickets", "gauge", "Tickets by state.", "state", measured.tickets, ())
    yield from _queues(measured)
    yield from _health(measured, alive_within)
    yield from _family(
        "gateway_mail_settled_seconds",
        "gauge",
        "From receipt to settlement, over the latest thousand mails.",
        {("quantile", str(each)): _quantile(measured.settled_in_s, each) for each in _QUANTILES},
    )


def _queues(measured: Measured) -> Iterator[str]:
    queues = measured.queues
    for name, queue, words in (
        ("inbound", queues.inbound, "mail not settled"),
        ("outbox", queues.outbox, "notification not handed over"),
        ("timers", queues.timers, "timer that is overdue"),
    ):
        yield from _family(
            f"gateway_{name}_waiting", "gauge", f"How many wait: {words}.", {("", ""): queue.waiting}
        )
        yield from _family(
            f"gateway_{name}_oldest_seconds",
            "gauge",
            f"Age of the oldest {words}; 0 where none waits.",
            {("", ""): _age_s(queue, measured)},
        )


def _health(measured: Measured, alive_within: timedelta) -> Iterator[str]:
    queues = measured.queues
    kinds = Counter(key.partition(" ")[0] for key in queues.alarms)
    yield from _by("gateway_alarms_open", "gauge", "Alarms that are open, by kind.", "kind", kinds, ())
    yield from _family(
        "gateway_alarms_untold",
        "gauge",
        "Open alarms that no mail has told the operator of.",
        {("", ""): queues.untold},
    )
    alive, silent = Counter[str](), 0
    for pulse in queues.pulses:
        if measured.at - pulse.beat_at <= alive_within:
            alive[pulse.name.partition("-")[0]] += 1
        else:
            silent += 1
    roles = ("imap", "receiver", "web", "worker")
    yield from _by("gateway_processes", "gauge", "Processes alive, on all machines.", "role", alive, roles)
    yield from _family(
        "gateway_processes_silent",
        "gauge",
        "Processes that did not end and give no sign of life.",
        {("", ""): silent},
    )


def _by(
    name: str, kind: str, help_text: str, label: str, counts: Mapping[str, int], known: tuple[str, ...]
) -> Iterator[str]:
    """A family by one label; what is known to exist is there when it is none, so that alerts have something to see."""
    values = dict.fromkeys(known, 0) | dict(counts)
    return _family(name, kind, help_text, {(label, value): values[value] for value in sorted(values)})


def _family(name: str, kind: str, help_text: str, samples: Mapping[tuple[str, str], float]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} {kind}"
    for (label, value), number in samples.items():
        labels = f'{{{label}="{_escaped(value)}"}}' if label else ""
        yield f"{name}{labels} {number}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _age_s(queue: Queue, measured: Measured) -> float:
    return 0.0 if queue.since is None else max(0.0, (measured.at - queue.since).total_seconds())


def _quantile(ascending: tuple[float, ...], share: float) -> float:
    """The nearest rank; 0 where nothing was measured."""
    if not ascending:
        return 0.0
    return ascending[min(len(ascending) - 1, int(share * len(ascending)))]

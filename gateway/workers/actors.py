"""The Dramatiq actors: each drains its queue's rows when its bell is rung."""

from __future__ import annotations

from collections.abc import Sequence

import dramatiq

from gateway.workers.drain import Drain


def declare_actors(broker: dramatiq.Broker, drains: Sequence[Drain]) -> None:
    """Make `broker` run each drain on the messages of the queue that has its name."""
    for drain in drains:
        dramatiq.actor(
            actor_name=f"drain_{drain.name}",
            queue_name=drain.name,
            broker=broker,
        )(drain.run)

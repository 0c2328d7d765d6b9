"""What tickets hold against what the rules define: a word may leave the rules once no ticket holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from gateway.domain.policy import Policy
from gateway.rulebook.preset import read_rules


def check_stored(
    stored: Mapping[str, Mapping[str, int]], policy: Policy, folder: Path, preset: str = ""
) -> None:
    """Return when every word that a ticket holds is defined.

    Args:
        stored: by `state`, `resolution`, `priority` and `type`: the words, each with the lowest number of
            a ticket that holds it; an empty word is none.
        policy: read from `folder` and `preset`.

    Raises:
        ConfigurationError: with the file and line of the list that lacks the word.
    """
    defined: Mapping[str, tuple[Collection[str], str, str]] = {
        "state": (policy.workflow.states, "workflow.yaml", "states"),
        "resolution": (policy.workflow.resolutions, "workflow.yaml", "resolutions"),
        "priority": (policy.priorities, "priorities.yaml", "priorities"),
        "type": (policy.types, "types.yaml", "types"),
    }
    for kind, (words, file, key) in defined.items():
        for word, ticket in sorted(stored[kind].items()):
            if word and word not in words:
                raise read_rules(folder, file, preset).refuse(
                    (key,),
                    f"the {kind} {word!r} is not defined, and ticket {ticket} holds it; define it again, and "
                    "take it out once no ticket does",
                )

"""A word that the rules define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """An id with its labels and meanings by language."""

    id: str
    labels: Mapping[str, str]
    meanings: Mapping[str, str]

    def label(self, language: str) -> str:
        """In `language`, else English."""
        return self.labels.get(language) or self.labels["en"]

    def meaning(self, language: str) -> str:
        """In `language`, else English; may be empty."""
        return self.meanings.get(language) or self.meanings.get("en", "")

"""The examples that stand in `rules/reading/` and `rules/bounces.yaml`, run against the rules beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.reading.reasons import judge
from gateway.domain.reading.split import split
from gateway.domain.reading.tables import ReadingTables
from gateway.rulebook.reading import load_reading_tables, read_rules

_BEFORE = "Une première ligne.\n\n"
_AFTER = "\n\nCe qui était écrit avant."


@dataclass(frozen=True, slots=True)
class ReadingExample:
    """One example: where it stands, what it should give and what it gives."""

    file: str
    example: str
    expected: str
    found: str

    @property
    def passes(self) -> bool:
        """Whether the rules do what the example says."""
        return self.expected == self.found


def run_reading_examples(folder: Path) -> Iterator[ReadingExample]:
    """Run all of them.

    Args:
        folder: of the rules.

    Raises:
        ConfigurationError: a file is missing, or is not what it should be.
    """
    tables = load_reading_tables(folder)
    quotes = read_rules(folder / "reading" / "quotes.yaml")["examples"]
    for line in quotes["attributions"]:
        yield ReadingExample("reading/quotes.yaml", line, "quote", _zone_of(line, tables))
    for line in quotes["sentences"]:
        yield ReadingExample("reading/quotes.yaml", line, "reply", _zone_of(line, tables))
    signatures = read_rules(folder / "reading" / "signatures.yaml")["examples"]
    for line in signatures["begin_a_signature"]:
        yield ReadingExample("reading/signatures.yaml", line, "signature", _zone_at_end(line, tables))
    for line in signatures["belong_to_the_text"]:
        yield ReadingExample("reading/signatures.yaml", line, "reply", _zone_at_end(line, tables))
    for row in read_rules(folder / "bounces.yaml")["examples"]:
        judged = judge(
            "x@acme.test", action="", status="", diagnostic=row["diagnostic"], tables=tables.bounces
        )
        lasting = "yes" if judged.permanent else "no"
        expected = f"{row['status']} {row['reason']} {row['permanent']}"
        yield ReadingExample(
            "bounces.yaml", row["diagnostic"], expected, f"{judged.status} {judged.reason} {lasting}"
        )


def _zone_of(line: str, tables: ReadingTables) -> str:
    zones = split(f"{_BEFORE}{line}{_AFTER}", (), tables, author="", forwarding=False).zones
    return "quote" if line in zones.quoted else "reply" if line in zones.reply else "signature"


def _zone_at_end(line: str, tables: ReadingTables) -> str:
    zones = split(f"{_BEFORE}{line}\n", (), tables, author="", forwarding=False).zones
    return "signature" if line in zones.signature else "reply"

"""What a campaign has found: figures to print, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Found:
    """Figures in the order of their names' first mention; `wrong` is empty when the promise was kept."""

    figures: dict[str, object] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def count(self, name: str, figure: object) -> None:
        """A figure of which any value is right."""
        self.figures[name] = figure

    def none(self, name: str, number: int, which: object = "") -> None:
        """A figure that has to be 0."""
        self.figures[name] = number
        if number:
            self.wrong.append(f"{name}: {number} {which}".rstrip())

    def same(self, name: str, number: object, expected: object) -> None:
        """A figure that has to be another one."""
        self.figures[name] = number
        if number != expected:
            self.wrong.append(f"{name}: {number}, expected {expected}")

    def at_least(self, name: str, number: int, least: int) -> None:
        """A figure without which the campaign has shown nothing."""
        self.figures[name] = number
        if number < least:
            self.wrong.append(f"{name}: {number}, expected at least {least}")

    def at_most(self, name: str, number: float, most: float) -> None:
        """A figure with a bound."""
        self.figures[name] = number
        if number > most:
            self.wrong.append(f"{name}: {number}, expected at most {most}")

    def __str__(self) -> str:
        return "  ".join(f"{name} {figure}" for name, figure in self.figures.items())

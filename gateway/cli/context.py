"""What every command begins with: the settings of `--config`, and the adapters made of them."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.settings import Settings, load_settings

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway


@dataclass
class Context:
    """The options before the command.

    Attributes:
        config: the file of `--config`, or None for the usual places.
    """

    config: Path | None = None

    @cached_property
    def settings(self) -> Settings:
        """Read once."""
        return load_settings(self.config, os.environ)

    @cached_property
    def gateway(self) -> Gateway:
        """The adapters; imported now, so that help comes at once."""
        from gateway.bootstrap import Gateway

        return Gateway(self.settings)


CONTEXT = Context()


def text_or_stdin(text: str) -> str:
    """`--text`, else what is piped in; empty on a terminal."""
    if text or sys.stdin.isatty():
        return text
    return sys.stdin.read()

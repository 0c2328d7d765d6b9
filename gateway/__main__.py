"""The command `gateway`.

`gateway deliver` runs once a mail and must start at once, so it is told apart here before anything
heavy is imported.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command of the command line; the process's exit code."""
    arguments = sys.argv[1:]
    if _command(arguments) == "deliver":
        from gateway.endpoints.pipe import main as deliver

        return deliver(arguments)
    if "--role" in arguments and _command(arguments) == "serve":
        from gateway.cli.serve import run_process

        return run_process(arguments)
    from gateway.cli.app import run

    return run(arguments)


def _command(arguments: list[str]) -> str:
    words = iter(arguments)
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


if __name__ == "__main__":
    sys.exit(main())

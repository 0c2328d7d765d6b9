"""Which of the files of a mail are not handed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from gateway.domain.mail import Attachment

# Windows leaves these out when it opens a file.
_IGNORED_AT_END = ". \u00a0"


@dataclass(frozen=True, slots=True)
class RefusedFiles:
    """One kind of files that are refused.

    Attributes:
        names: with `*`, folded case.
        types: content types.
        reason: for whoever sent one, by language.
    """

    id: str
    names: tuple[str, ...]
    types: frozenset[str]
    reason: Mapping[str, str]

    def meets(self, file: Attachment) -> bool:
        """Whether the file is one."""
        name = file.filename.casefold().rstrip(_IGNORED_AT_END)
        return file.content_type in self.types or any(fnmatchcase(name, each) for each in self.names)


@dataclass(frozen=True, slots=True)
class FileRules:
    """All kinds, in the rules' order."""

    refused: tuple[RefusedFiles, ...]

    def judged(self, files: Iterable[Attachment]) -> tuple[Attachment, ...]:
        """Each file, marked with the kind for which it is refused."""
        return tuple(replace(file, refused=self._kind_of(file)) for file in files)

    def reason(self, kind: str, language: str) -> str:
        """Why files of a kind are refused; empty where the rules no longer say it."""
        return next((each.reason[language] for each in self.refused if each.id == kind), "")

    def _kind_of(self, file: Attachment) -> str:
        return next((each.id for each in self.refused if each.meets(file)), "")

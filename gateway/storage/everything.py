"""All tables of the gateway, whichever module keeps them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import sqlalchemy as sa

import gateway.storage
from gateway.storage.schema import metadata


def all_tables() -> list[sa.Table]:
    """In an order in which none refers to a later one; a new store's tables are among them by themselves."""
    for module in iter_modules(gateway.storage.__path__, "gateway.storage."):
        import_module(module.name)
    return list(metadata.sorted_tables)

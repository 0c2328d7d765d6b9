"""Memory that is free and still the process's: given back to the machine, where glibc's malloc kept it.

A large mail is read in many small pieces; what they leave behind is a heap full of holes, which malloc
keeps for ever. Looking for whole pages among them takes less than a millisecond.
"""

from __future__ import annotations

import ctypes

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> bool:
    """Give back what is free; a drain's step that never asks for another. Other allocators are left alone."""
    if _trim is not None:
        _trim(0)
    return False

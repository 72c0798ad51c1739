"""Where fetched files are kept."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """The folder that fetched files are kept in: ``INKREAD_CACHE``, or the system's own place for caches."""
    chosen = os.environ.get("INKREAD_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("inkread"))

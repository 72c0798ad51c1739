"""Which source has which bytes, so that the same picture is read once, however many names it has.

The table lies on disk and is thrown away with the run: a later one fills it again from the parts that are finished.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

__all__ = ["Duplicates"]


class Duplicates:
    """The first source of every content.

    Parameters
    ----------
    path
        A file of its own; None keeps the table in memory.
    keep
        Use what is in the file already, instead of beginning anew.

    Examples
    --------
    >>> seen = Duplicates(None)
    >>> seen.owner("ab12", 3), seen.owner("ab12", 7), seen.owner("cd34", 7)
    (3, 3, 7)
    """

    def __init__(self, path: Path | None, *, keep: bool = False) -> None:
        self.path = path
        if path is not None and not keep:
            path.unlink(missing_ok=True)
        self._table = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA synchronous = OFF")
        self._table.execute("CREATE TABLE IF NOT EXISTS seen (sha256 BLOB PRIMARY KEY, seq INTEGER) WITHOUT ROWID")

    def owner(self, sha256: str, seq: int) -> int:
        """The source that had these bytes first, which is ``seq`` itself where none had."""
        digest = bytes.fromhex(sha256)
        self._table.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, seq))
        ((owner,),) = self._table.execute("SELECT seq FROM seen WHERE sha256 = ?", (digest,))
        return int(owner)

    def add(self, known: Iterable[tuple[str, int]]) -> None:
        """Take over many at once; the first of the same content counts."""
        rows = [(bytes.fromhex(sha256), seq) for sha256, seq in known]
        self._table.execute("BEGIN")
        self._table.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)
        self._table.execute("COMMIT")

    def close(self) -> None:
        """Forget everything."""
        self._table.close()

"""Which sources a job has, in one fixed order, kept in a file: a million names need no memory.

Names are expanded as :func:`inkread.inputs.expand_sources` does, and archives and lists beside them. What cannot be
found keeps its place, with the error, so that it has its row. Nothing is opened here but folders and lists.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import sqlite3
import sys
from array import array
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from inkread import errors
from inkread.batch.archives import find_members, is_archived, name_of
from inkread.errors import InkreadError, OutputError, SourceNotFound, SourceUnreadable
from inkread.inputs import describe, expand_sources
from inkread.inputs.sources import is_address, local_names

__all__ = ["Catalog", "Entry", "natural_key", "write_catalog"]

LIST_ENDING = ".txt"
# A list that names itself, or two that name each other, would never end.
_DEEPEST_LIST = 8
# Names put into the sorting table at once.
_BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One source of a job.

    Attributes
    ----------
    seq
        Its place in the job, from 0.
    name
        What it is called in the rows: its address without secrets.
    source
        What is opened: a path or an address; any object where sources do not come from a catalog.
    error
        Why there is nothing to open, or None.
    """

    seq: int
    name: str
    source: Any
    error: InkreadError | None = None


class Catalog:
    """The sources of a job, by part.

    Parameters
    ----------
    path
        The file that :func:`write_catalog` wrote.
    part_size
        Sources a part.
    """

    def __init__(self, path: Path, part_size: int) -> None:
        self.path = path
        self._part_size = part_size
        self._offsets = array("Q")
        self.count = 0
        position = 0
        with path.open("rb") as lines:
            for line in lines:
                if self.count % part_size == 0:
                    self._offsets.append(position)
                position += len(line)
                self.count += 1

    @property
    def parts(self) -> int:
        """How many parts there are; the last may be smaller."""
        return len(self._offsets)

    def size(self, part: int) -> int:
        """Sources in one part."""
        return min(self._part_size, self.count - part * self._part_size)

    def entries(self, part: int) -> list[Entry]:
        """The sources of one part, in order."""
        with self.path.open("rb") as lines:
            lines.seek(self._offsets[part])
            first = part * self._part_size
            return [_entry(first + place, json.loads(next(lines))) for place in range(self.size(part))]


def _entry(seq: int, data: dict[str, Any]) -> Entry:
    error = data.get("error")
    if error is None:
        return Entry(seq=seq, name=name_of(data["source"]), source=data["source"])
    kind: type[InkreadError] = getattr(errors, error["code"])
    return Entry(seq=seq, name=data["source"], source=None, error=kind(error["message"], source=data["source"]))


def write_catalog(sources: Iterable[str], path: Path) -> int:
    """Write every source that ``sources`` stand for into ``path``, each once, and give their number.

    The order is that of ``sources``; what a folder, pattern or archive stands for is in natural order, 2 before 10.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    sorting = path.with_suffix(".sorting")
    try:
        sorting.unlink(missing_ok=True)
        table = sqlite3.connect(sorting, isolation_level=None)
        try:
            count = _write(table, sources, path)
        finally:
            table.close()
            sorting.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, InkreadError):
            raise
        raise OutputError(f"the list of sources cannot be written to {path}: {error}") from error
    return count


def _write(table: sqlite3.Connection, sources: Iterable[str], path: Path) -> int:
    # The table is thrown away: nothing is lost with it.
    table.execute("PRAGMA journal_mode = OFF")
    table.execute("PRAGMA synchronous = OFF")
    table.execute("CREATE TABLE source (place INTEGER, key BLOB, line BLOB UNIQUE)")
    table.execute("BEGIN")
    rows: list[tuple[int, bytes, bytes]] = []
    for place, name, error in _expand(sources, itertools.count()):
        line: dict[str, Any] = {"source": name}
        if error is not None:
            line["error"] = {"code": error.code, "message": error.message}
        rows.append((place, natural_key(name), json.dumps(line).encode("ascii")))
        if len(rows) == _BATCH:
            table.executemany("INSERT OR IGNORE INTO source VALUES (?, ?, ?)", rows)
            rows.clear()
    table.executemany("INSERT OR IGNORE INTO source VALUES (?, ?, ?)", rows)
    table.execute("COMMIT")
    count = 0
    with path.open("wb") as file:
        for (line_bytes,) in table.execute("SELECT line FROM source ORDER BY place, key, line"):
            file.write(line_bytes + b"\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def natural_key(name: str) -> bytes:
    """Bytes that sort as people count: a2 before a10, whatever the case.

    Examples
    --------
    >>> sorted(["b1", "A10", "a2", "a"], key=natural_key)
    ['a', 'a2', 'A10', 'b1']
    """
    key = bytearray()
    for part in re.split(r"([0-9]+)", name):
        if part.isdecimal():
            digits = str(int(part)).encode("ascii")
            key += b"\x01" + len(digits).to_bytes(4, "big") + digits
        elif part:
            key += b"\x02" + part.casefold().encode("utf-8", "surrogatepass") + b"\x00"
    return bytes(key)


def _expand(
    sources: Iterable[str], places: Iterator[int], depth: int = 0
) -> Iterator[tuple[int, str, InkreadError | None]]:
    """(place, name or address, error) of every source; those of one place are still to be sorted."""
    for source in sources:
        place = next(places)
        try:
            if source.startswith("@") or (source.lower().endswith(LIST_ENDING) and not is_archived(source)):
                yield from _expand(_lines(source.removeprefix("@"), depth), places, depth + 1)
            else:
                for name, error in _expand_one(source):
                    yield place, name, error
        except InkreadError as error:
            yield place, name_of(source), error


def _expand_one(source: str) -> Iterator[tuple[str, InkreadError | None]]:
    if is_archived(source):
        yield from ((name, None) for name in find_members(source))
    elif is_address(source):
        for name, found in expand_sources([source]):
            yield (name, found) if isinstance(found, InkreadError) else (found, None)
    else:
        path = url2pathname(urlsplit(source).path) if source.lower().startswith("file://") else source
        yield from ((name, None) for name in local_names(path))


def _lines(path: str, depth: int) -> Iterator[str]:
    """The names in a list: one a line; empty lines and those that begin with # are passed over. - is standard input."""
    name = "<stdin>" if path == "-" else describe(path)
    if depth >= _DEEPEST_LIST:
        raise SourceNotFound(f"{name} is a list within {depth} other lists; does one name itself?", source=name)
    import fsspec

    try:
        opened = fsspec.open(path, "r", encoding="utf-8", errors="surrogateescape")
        with nullcontext(sys.stdin) if path == "-" else opened as lines:
            for line in lines:
                if (stripped := line.strip().removeprefix("\ufeff")) and not stripped.startswith("#"):
                    yield stripped
    except FileNotFoundError as error:
        raise SourceNotFound(f"there is no list {name}", source=name) from error
    except Exception as error:  # each file system has classes of its own
        if isinstance(error, InkreadError):
            raise
        raise SourceUnreadable(f"the list {name} cannot be read: {type(error).__name__}", source=name) from error

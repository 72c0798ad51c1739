"""Pictures inside archives: the addresses that chain file systems, such as ``zip://a.png::scans.zip``.

``zip::scans.zip`` stands for every picture in the archive, ``zip://march/*.png::s3://bucket/scans.zip`` for those that
match. An archive is opened once in each process, not once for each picture.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from inkread.errors import InkreadError, MissingExtra, SourceNotFound, SourceUnreadable, UnsupportedSource
from inkread.inputs import describe
from inkread.inputs.kinds import taken_names, taken_suffixes

__all__ = ["find_members", "is_archived", "name_of", "open_member"]


def is_archived(source: str) -> bool:
    """Whether ``source`` lies in an archive, or stands for all of one.

    Examples
    --------
    >>> is_archived("zip::scans.zip"), is_archived("tar://a.png::scans.tar"), is_archived("scans.zip")
    (True, True, False)
    """
    scheme = source.partition("::")[0].partition("://")[0]
    return "::" in source and scheme.isalnum() and len(scheme) > 1


def name_of(source: str) -> str:
    """What ``source`` is called in rows; addresses lose what may be secret.

    Examples
    --------
    >>> name_of("zip://a.png::https://me:secret@host/scans.zip?key=1"), name_of("scans/a.png")
    ('zip://a.png::https://host/scans.zip', 'scans/a.png')
    """
    if not is_archived(source):
        return describe(source)
    member, *outer = source.split("::")
    return "::".join([member, *map(describe, outer)])


def find_members(source: str) -> Iterator[str]:
    """The address of each picture that ``source`` stands for, in no particular order.

    Raises
    ------
    SourceError
        If the archive cannot be read, or holds nothing that is asked for.
    """
    inner, _, outer = source.partition("::")
    scheme, _, pattern = inner.partition("://")
    name = name_of(source)
    with _archive_errors(name, outer):
        system = _open_archive(scheme, outer)
        if glob.has_magic(pattern):
            found = [str(one) for one in system.glob(pattern)]
        elif not pattern or pattern.endswith("/"):
            found = [str(one) for one in system.find(pattern) if _looks_like_picture(str(one))]
        else:
            found = [pattern]
    if not found:
        wanted = "that matches" if glob.has_magic(pattern) else f"picture (taken are {taken_names()}) in"
        raise SourceNotFound(f"there is no {wanted} {name}", source=name)
    for one in found:
        yield f"{scheme}://{one}::{outer}"


def open_member(source: str) -> Any:
    """The binary file that ``source`` names inside its archive.

    Raises
    ------
    SourceError
        If the archive cannot be read, or has no such file.
    """
    inner, _, outer = source.partition("::")
    scheme, _, path = inner.partition("://")
    name = name_of(source)
    with _archive_errors(name, outer):
        return _open_archive(scheme, outer).open(path, "rb")


@lru_cache(maxsize=4)
def _open_archive(scheme: str, outer: str) -> Any:
    import fsspec

    return fsspec.core.url_to_fs(f"{scheme}://::{outer}")[0]


def _looks_like_picture(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.name.startswith(".") and pure.suffix.lower() in taken_suffixes()


@contextmanager
def _archive_errors(name: str, outer: str) -> Iterator[None]:
    """Turn whatever a file system or an archive raises into errors of ours, without addresses that hold secrets."""
    try:
        yield
    except InkreadError:
        raise
    except FileNotFoundError as error:
        raise SourceNotFound(f"there is nothing at {name}", source=name) from error
    except KeyError as error:  # zipfile's and tarfile's way of saying so
        raise SourceNotFound(f"there is nothing at {name}", source=name) from error
    except ImportError as error:
        raise MissingExtra(f"reading {name} needs a package that is not installed: {error}") from error
    except ValueError as error:
        raise UnsupportedSource(f"{name} is no address of a file in an archive", source=name) from error
    except Exception as error:
        raise SourceUnreadable(
            f"the archive {name_of(outer)} cannot be read: {type(error).__name__}", source=name
        ) from error

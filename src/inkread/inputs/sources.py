"""What a source is called, which sources a list of names stands for, and the bytes behind a source.

Local names are opened by Python, addresses by fsspec; nothing is written to disk.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

import numpy as np
from PIL import Image

from inkread.errors import (
    CorruptSource,
    InkreadError,
    MissingExtra,
    SourceError,
    SourceNotFound,
    SourceTooLarge,
    SourceUnreadable,
    UnsupportedSource,
)
from inkread.inputs.kinds import HEAD_BYTES, sniff, taken_names, taken_suffixes, what_it_is
from inkread.inputs.limits import DEFAULT_LIMITS, InputLimits

__all__ = ["describe", "expand_sources", "is_address", "local_names", "open_stream"]

# Two letters at least, so that C:\ stays a path.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# Object stores whose packages the extra `remote` brings.
_STORES = ("s3", "s3a", "gs", "gcs")


def is_address(source: object) -> bool:
    """Whether ``source`` is the address of something remote.

    Examples
    --------
    >>> is_address("https://example.org/a.png"), is_address("C:/a.png"), is_address("file:///a.png")
    (True, False, False)
    """
    return isinstance(source, str) and bool(_ADDRESS.match(source)) and not source.lower().startswith("file://")


def describe(source: object) -> str:
    """What ``source`` is called in results and messages.

    A path is called as it was given. An address loses its user, password, query and fragment, where secrets may be.

    Examples
    --------
    >>> describe("scans/a.png"), describe(b"..."), describe("https://me:secret@host/a.png?key=1")
    ('scans/a.png', '<bytes>', 'https://host/a.png')
    """
    if isinstance(source, str):
        return _without_secrets(source) if is_address(source) else source
    if isinstance(source, os.PathLike):
        return os.fsdecode(source)
    if isinstance(source, bytes | bytearray | memoryview):
        return "<bytes>"
    if isinstance(source, np.ndarray):
        return "<array>"
    if isinstance(source, Image.Image):
        return "<image>"
    if hasattr(source, "read"):
        name = getattr(source, "name", None)
        return name if isinstance(name, str) and name else "<file>"
    return f"<{type(source).__name__}>"


def _without_secrets(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))
    except ValueError:
        return f"{address.partition('://')[0]}://…"


# -- many sources -----------------------------------------------------------------------------------------------------


def expand_sources(items: Iterable[Any] | str | os.PathLike[str]) -> Iterator[tuple[str, Any]]:
    """Every single source that ``items`` stand for, as (name, source), in order.

    Parameters
    ----------
    items
        Sources, file names, patterns (``*`` ``?`` ``[…]``, and ``**`` for any depth) and folders; also one name alone.
        A pattern stands for the files that match it, a folder for the pictures directly in it (told by their endings,
        hidden ones left out), both in natural order: 2 before 10. Addresses of object stores may hold patterns
        too, and end with ``/`` as folders. What is no name is passed on as it is.

    Yields
    ------
    tuple of str and object
        The name, and the source; or, where a name stands for nothing, a :class:`~inkread.errors.SourceError` to report.

    Examples
    --------
    >>> [(name, type(source).__name__) for name, source in expand_sources(["a.png", b"..."])]
    [('a.png', 'str'), ('<bytes>', 'bytes')]
    """
    if isinstance(items, str | os.PathLike):
        items = [items]
    for item in items:
        try:
            if is_address(item):
                yield from _expand_address(item)
            elif isinstance(item, str | os.PathLike):
                yield from ((name, name) for name in sorted(local_names(_local_path(item)), key=_natural))
            else:
                yield describe(item), item
        except SourceError as error:
            yield describe(item), error


def local_names(path: str) -> Iterator[str]:
    """The files that a local name stands for, as they are found: a folder may hold a million.

    Raises
    ------
    SourceError
        If a pattern or a folder stands for nothing, or a folder cannot be listed.
    """
    try:
        if os.path.isdir(path):  # noqa: PTH112 (the name stays as it was given)
            yield from _pictures_in(path)
            return
        exists = os.path.lexists(path)
    except ValueError:  # a zero byte in the name; opening it will say so
        exists = True
    if exists or not glob.has_magic(path):
        yield path
        return
    found = False
    for name in glob.iglob(path, recursive=True):  # noqa: PTH207
        if not os.path.isdir(name):  # noqa: PTH112
            found = True
            yield name
    if not found:
        raise SourceNotFound(f"no file matches {path}", source=path)


def _pictures_in(folder: str) -> Iterator[str]:
    found = False
    try:
        with os.scandir(folder) as listing:
            for one in listing:
                if _looks_like_picture(one.name) and not one.is_dir():
                    found = True
                    yield os.path.join(folder, one.name)  # noqa: PTH118
    except OSError as error:
        raise SourceUnreadable(f"the folder {folder} cannot be listed: {error.strerror}", source=folder) from error
    if not found:
        raise SourceNotFound(
            f"the folder {folder} holds no picture (taken are {taken_names()}); "
            f"for the folders in it too, write {os.path.join(folder, '**', '*.jpg')}",  # noqa: PTH118
            source=folder,
        )


def _expand_address(address: str) -> Iterator[tuple[str, Any]]:
    scheme = address.partition("://")[0].lower()
    # In HTTP a question mark begins the query, and there is no standard way to list a folder.
    if scheme in ("http", "https") or not (address.endswith("/") or glob.has_magic(address)):
        yield describe(address), address
        return
    name = describe(address)
    with _remote_errors(name):
        system, path = _file_system(address, DEFAULT_LIMITS)
        if address.endswith("/"):
            found = [one for one in system.ls(path, detail=False) if _looks_like_picture(one.rsplit("/", 1)[-1])]
        else:
            found = list(system.glob(path))
    if not found:
        raise SourceNotFound(f"nothing matches {name}", source=name)
    for one in sorted(found, key=_natural):
        full = f"{scheme}://{str(one).removeprefix(f'{scheme}://')}"
        yield describe(full), full


def _looks_like_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in taken_suffixes()


def _natural(name: object) -> list[tuple[int, int, str]]:
    """A sorting key that counts: a2 before a10."""
    parts = re.split(r"([0-9]+)", str(name))
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part.casefold()) for part in parts if part]


# -- one source -------------------------------------------------------------------------------------------------------


def _local_path(source: str | os.PathLike[str]) -> str:
    path = os.fsdecode(source)
    return url2pathname(urlsplit(path).path) if path.lower().startswith("file://") else path


@contextmanager
def open_stream(source: Any, *, limits: InputLimits = DEFAULT_LIMITS) -> Iterator[tuple[str, BinaryIO]]:
    """The kind of an encoded source, told by its content, and a seekable stream at its beginning.

    Parameters
    ----------
    source
        A path, an address, bytes, or an object with ``read`` that gives bytes, read from where it stands.

    Raises
    ------
    SourceError
        One of its kinds, with the reason.
    MissingExtra
        If the address needs a package that is not installed.
    """
    name = describe(source)
    if isinstance(source, bytes | bytearray | memoryview):
        if len(source) > limits.max_bytes:
            raise _too_many_bytes(name, limits)
        kind = _kind_of(bytes(source[:HEAD_BYTES]), name)
        yield kind, BytesIO(source)
    elif is_address(source):
        with _remote_errors(name):
            encoded = _fetch(source, name, limits)
        yield encoded
    elif isinstance(source, str | os.PathLike):
        with _open_local(source, name) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                yield _drain(file, name, limits)
                return
            if os.fstat(file.fileno()).st_size > limits.max_bytes:
                raise _too_many_bytes(name, limits)
            kind = _kind_of(_read_some(file, HEAD_BYTES, name), name)
            file.seek(0)
            yield kind, file
    elif hasattr(source, "read"):
        yield _drain(source, name, limits)
    else:
        raise UnsupportedSource(
            "a source is a path, an address, bytes, a file opened for reading bytes, a NumPy array or a Pillow "
            f"picture; got {type(source).__name__}",
            source=name,
        )


@contextmanager
def _open_local(source: str | os.PathLike[str], name: str) -> Iterator[BinaryIO]:
    try:
        file = Path(_local_path(source)).open("rb")  # noqa: SIM115 (closed below, outside this except)
    except FileNotFoundError as error:
        raise SourceNotFound(f"there is no file {name}", source=name) from error
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        if os.path.isdir(_local_path(source)):  # noqa: PTH112
            raise UnsupportedSource(
                f"{name} is a folder; read_many (or the command) reads the pictures in it", source=name
            ) from error
        if isinstance(error, PermissionError):
            raise SourceUnreadable(f"{name} may not be read: permission denied", source=name) from error
        raise SourceNotFound(f"there is no file {name}", source=name) from error
    except (OSError, ValueError) as error:
        # Names that no file can have: too long, or with a zero byte.
        shown = name if len(name) <= 80 else f"{name[:77]}…"
        raise SourceNotFound(
            f"there is no file {shown!r}: {getattr(error, 'strerror', None) or error}", source=shown
        ) from error
    with file:
        yield file


def _drain(file: Any, name: str, limits: InputLimits) -> tuple[str, BinaryIO]:
    """The kind and the whole content of something that can only be read once."""
    head = _read_some(file, HEAD_BYTES, name)
    kind = _kind_of(head, name)
    rest = _read_some(file, limits.max_bytes + 1 - len(head), name)
    if len(head) + len(rest) > limits.max_bytes:
        raise _too_many_bytes(name, limits)
    return kind, BytesIO(head + rest)


def _read_some(file: Any, count: int, name: str) -> bytes:
    """Up to ``count`` bytes; fewer only at the end. Pipes and sockets may give less at a time."""
    parts: list[bytes] = []
    while count > 0:
        try:
            part = file.read(min(count, 2**24))
        except (OSError, ValueError) as error:
            raise SourceUnreadable(f"{name} cannot be read: {error}", source=name) from error
        if part is None or not isinstance(part, bytes | bytearray | memoryview):
            raise UnsupportedSource(
                f"{name} gives {type(part).__name__}, not bytes; open it in binary mode ('rb')", source=name
            )
        if not part:
            break
        parts.append(bytes(part))
        count -= len(part)
    return b"".join(parts)


def _kind_of(head: bytes, name: str) -> str:
    if not head:
        raise CorruptSource(f"{name} is empty", source=name)
    kind = sniff(head)
    if kind is None:
        raise UnsupportedSource(
            f"{name} is no picture or document that is taken: its content is {what_it_is(head)}; "
            f"taken are {taken_names()}",
            source=name,
        )
    return kind


def _too_many_bytes(name: str, limits: InputLimits) -> SourceTooLarge:
    return SourceTooLarge(
        f"{name} is larger than the limit of {limits.max_bytes / 2**20:g} MiB; raise InputLimits.max_bytes to take it",
        source=name,
    )


# -- addresses --------------------------------------------------------------------------------------------------------


def _file_system(address: str, limits: InputLimits) -> tuple[Any, str]:
    """The fsspec file system of an address, and the path in it."""
    import fsspec

    scheme = address.partition("://")[0].lower()
    options: dict[str, Any] = {}
    if scheme in ("http", "https"):
        import aiohttp

        options["client_kwargs"] = {"timeout": aiohttp.ClientTimeout(total=limits.timeout_s)}
    try:
        system, path = fsspec.core.url_to_fs(address, **options)
    except ImportError as error:
        if scheme in _STORES:
            raise MissingExtra.of("remote", f"reading from {scheme}://") from error
        raise MissingExtra(f"reading from {scheme}:// needs a package that is not installed: {error}") from error
    except ValueError as error:
        raise UnsupportedSource(
            f"{describe(address)}: addresses that begin with {scheme}:// are not known", source=describe(address)
        ) from error
    return system, path


def _fetch(address: str, name: str, limits: InputLimits) -> tuple[str, BinaryIO]:
    system, path = _file_system(address, limits)
    # Over HTTP one request without blocks: servers without ranges serve too. A size, whatever it is, keeps fsspec from
    # asking for it beforehand, and from calling every failure of that question "not found".
    options = {"block_size": 0, "size": 1} if address.lower().startswith("http") else {}
    with system.open(path, "rb", **options) as file:
        return _drain(file, name, limits)


@contextmanager
def _remote_errors(name: str) -> Iterator[None]:
    """Turn whatever a file system raises into errors of ours.

    Each store has classes of its own, and their texts may repeat the whole address, secrets included: only the class
    and the status are passed on.
    """
    try:
        yield
    except InkreadError:
        raise
    except FileNotFoundError as error:
        raise SourceNotFound(f"there is nothing at {name}", source=name) from error
    except Exception as error:
        status = getattr(error, "status", None) or getattr(error, "code", None)
        reason = f"{type(error).__name__}{f', status {status}' if isinstance(status, int | str) else ''}"
        raise SourceUnreadable(f"{name} cannot be fetched: {reason}", source=name) from error

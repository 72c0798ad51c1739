"""Fetches files once, whole and unchanged: mirrors, resumed transfers, SHA-256, atomic rename, an offline switch.

What a file is good for is known by who asks for it. Environment: ``INKREAD_CACHE`` names the folder for fetched files;
``INKREAD_OFFLINE`` set to 1, true, yes or on forbids every connection.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkread.errors import DownloadError, InvalidOption, OutputError

__all__ = ["Progress", "RemoteFile", "cache_folder", "fetch", "is_offline"]

Progress = Callable[[int, int | None], None]

# Tries for each mirror; after a failed one the next goes on where it stopped.
_TRIES = 3
# Seconds before the second and the third try: long enough for a server that restarts, short enough to wait for.
_PAUSES_S = (0.5, 2.0)
# Seconds for a connection, and for each answer on it.
_TIMEOUT_S = (10, 60)
_CHUNK = 2**16
# A lock this old belongs to a process that died; no file that we fetch takes a day.
_STALE_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes
    ----------
    name
        What it is called in its folder.
    sha256
        Of its content, 64 hexadecimal digits.
    addresses
        Where it is, ``http://`` or ``https://``; tried in order.

    Raises
    ------
    InvalidOption
        If the name is a path, the hash is none, or there is no address.
    """

    name: str
    sha256: str
    addresses: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.name or Path(self.name).name != self.name:
            raise InvalidOption(f"a remote file needs a bare name; got {self.name!r}")
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise InvalidOption(f"a SHA-256 has 64 hexadecimal digits; got {self.sha256!r}")
        if not self.addresses:
            raise InvalidOption(f"{self.name} needs at least one address")


def cache_folder() -> Path:
    """The folder that fetched files are kept in: ``INKREAD_CACHE``, or the system's own place for caches."""
    chosen = os.environ.get("INKREAD_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch

    return Path(pooch.os_cache("inkread"))


def is_offline() -> bool:
    """Whether ``INKREAD_OFFLINE`` forbids connections."""
    return os.environ.get("INKREAD_OFFLINE", "").strip().lower() in ("1", "true", "yes", "on")


def fetch(file: RemoteFile, *, folder: str | os.PathLike[str] | None = None, progress: Progress | None = None) -> Path:
    """The path of ``file``, fetched if it is not there already.

    A transfer that broke off is resumed, also by a later call and from another mirror. The file appears under its name
    only when it is whole and its hash is right.

    Parameters
    ----------
    folder
        Where it is kept; :func:`cache_folder` when not given.
    progress
        Called with the bytes that are there and the bytes in all (None where the server does not say).

    Raises
    ------
    DownloadError
        If no mirror gives it, or connections are forbidden and it is not there.
    OutputError
        If the folder cannot be written.
    """
    import pooch

    place = Path(folder) if folder is not None else cache_folder()
    target = place / file.name
    if target.is_file() and pooch.file_hash(str(target), alg="sha256") == file.sha256:
        return target
    if is_offline():
        raise DownloadError(f"{file.name} is not in {place}, and INKREAD_OFFLINE forbids fetching it")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {place} cannot be made: {error.strerror}") from error
    reasons: list[str] = []
    with _part_of(target) as part:
        for address in file.addresses:
            reason = _fetch_from(address, file, target, part, progress)
            if reason is None:
                return target
            reasons.append(f"{address}: {reason}")
    raise DownloadError(f"{file.name} could not be fetched. {'; '.join(reasons)}")


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Where to gather a file until it is whole.

    Only one process at a time may go on with what an earlier one left. Whoever comes meanwhile gathers a copy from the
    beginning, so that nobody waits for a process that may have died.
    """
    part, lock = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.lock")
    try:
        if _is_stale(lock):
            lock.unlink(missing_ok=True)
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        own = part.with_name(f"{part.name}-{secrets.token_hex(8)}")
        try:
            yield own
        finally:
            own.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{target.parent} cannot be written: {error.strerror or error}") from error
    else:
        try:
            yield part
        finally:
            lock.unlink(missing_ok=True)


def _is_stale(lock: Path) -> bool:
    """Whether a process left it that is gone. Another one may take it away at any moment, even while it is asked."""
    try:
        return time.time() - lock.stat().st_mtime > _STALE_S
    except FileNotFoundError:
        return False


def _fetch_from(address: str, file: RemoteFile, target: Path, part: Path, progress: Progress | None) -> str | None:
    """None when the file is there now, else the reason why this mirror did not give it."""
    import pooch
    import requests
    import urllib3

    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSES_S[attempt - 1])
        resumed = part.exists() and part.stat().st_size > 0
        try:
            with _quiet_pooch():
                pooch.retrieve(
                    address,
                    known_hash=f"sha256:{file.sha256}",
                    fname=target.name,
                    path=str(target.parent),
                    downloader=_Resuming(part, progress),
                )
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            reason = f"the server answered {status}"
            if 400 <= status < 500 and status not in (408, 429):
                return reason
        except requests.exceptions.InvalidSchema:
            return "only http and https addresses can be fetched"
        except (requests.RequestException, urllib3.exceptions.HTTPError, _BrokenOff) as error:
            reason = f"the transfer broke off ({error})"
        except ValueError:
            # The hash is wrong. What was resumed may have been of another version: once more from the beginning.
            part.unlink(missing_ok=True)
            reason = "the content is not what was expected (its SHA-256 differs)"
            if not resumed:
                return reason
        except OSError as error:
            raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
        else:
            return None
    return reason


class _BrokenOff(Exception):  # noqa: N818 (never leaves this room)
    """The connection ended before the file did."""


class _Resuming:
    """A downloader for pooch that keeps what it has in ``part`` until it has everything."""

    def __init__(self, part: Path, progress: Progress | None) -> None:
        self._part = part
        self._progress = progress

    def __call__(self, url: str, output_file: Any, pooch: Any, check_only: bool = False) -> None:
        import requests

        done = self._part.stat().st_size if self._part.exists() else 0
        # Files are asked for as they are: a server that packs them on the way would change what the ranges mean.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == 416 and done:
                # Nothing is left to send: it is whole, or it is of another file, which the hash will tell.
                self._part.replace(output_file)
                return
            answer.raise_for_status()
            if answer.status_code != 206 or _start_of(answer.headers.get("Content-Range", "")) != done:
                if answer.status_code == 206:
                    raise _BrokenOff(f"the server sent another part than the one from {done}")
                done = 0
            length = answer.headers.get("Content-Length", "")
            total = done + int(length) if length.isdecimal() else None
            with self._part.open("ab" if done else "wb") as part:
                for chunk in answer.raw.stream(_CHUNK, decode_content=False):
                    part.write(chunk)
                    done += len(chunk)
                    if self._progress is not None:
                        self._progress(done, total)
            if total is not None and done < total:
                raise _BrokenOff(f"{done} of {total} bytes came")
        self._part.replace(output_file)


def _start_of(content_range: str) -> int | None:
    found = re.match(r"bytes (\d+)-", content_range)
    return int(found.group(1)) if found else None


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Without pooch's own lines on the terminal; who calls shows progress, or does not."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)

"""Bodies of requests, kept in memory only, within limits of size, time and what the whole process may hold.

A form's parts are told apart here; what they hold is not looked at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import Gauge
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from inkread.errors import SourceTooLarge
from inkread.serve.problems import BadRequest, Overloaded, RequestTimeout
from inkread.serve.settings import ServerSettings

__all__ = ["Bodies", "Form", "Upload", "parse_form", "safe_name"]

# Fields beside files: three parameters, and some to spare. Their values are short, as are the headers of a part.
MAX_FIELDS = 16
MAX_FIELD_BYTES = 10_000
MAX_PART_HEADER_BYTES = 8_000
MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file of a form: what its sender calls it, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a form held, in the order it came."""

    files: tuple[Upload, ...]
    fields: Mapping[str, str]


class Bodies:
    """Reads bodies, and knows how many bytes the process holds.

    Parameters
    ----------
    settings
        The limits of size and time.
    gauge
        Shows how many bytes are held.
    """

    def __init__(self, settings: ServerSettings, *, gauge: Gauge | None = None) -> None:
        self._settings = settings
        self._gauge = gauge
        self._held = 0

    @property
    def held_bytes(self) -> int:
        """Bytes of bodies that are in memory now."""
        return self._held

    @asynccontextmanager
    async def receive(self, request: Request, *, max_bytes: int | None = None) -> AsyncIterator[bytes]:
        """The whole body, counted as held while the context lasts.

        Raises
        ------
        SourceTooLarge
            If it is larger than the limit.
        RequestTimeout
            If it comes too slowly.
        Overloaded
            If the process holds too much already.
        BadRequest
            If it ends before its end.
        """
        most = self._settings.max_body_bytes if max_bytes is None else max_bytes
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > most:
            raise _too_large(most)
        parts: list[bytes] = []
        size = 0
        try:
            try:
                async with asyncio.timeout(self._settings.body_timeout_s):
                    async for part in request.stream():
                        size += len(part)
                        self._hold(len(part))
                        parts.append(part)
                        if size > most:
                            raise _too_large(most)
                        if self._held > self._settings.max_held_bytes:
                            raise Overloaded(
                                "the server holds as many bytes of requests as it may; try again",
                                headers={"Retry-After": "1"},
                            )
            except TimeoutError:
                raise RequestTimeout(
                    f"the body did not come within {self._settings.body_timeout_s:g} s", headers={"Connection": "close"}
                ) from None
            except ClientDisconnect as error:
                raise BadRequest("the body ended before its end") from error
            body = b"".join(parts)
            parts.clear()
            yield body
        finally:
            self._hold(-size)

    def _hold(self, size: int) -> None:
        self._held += size
        if self._gauge is not None:
            self._gauge.inc(size)


def _too_large(most: int) -> SourceTooLarge:
    return SourceTooLarge(f"the body is larger than the limit of {most / 1e6:g} MB; send fewer or smaller pictures")


def safe_name(name: str) -> str:
    """The last part of a file's name as its sender gave it, without what could harm a log, a header or a file system.

    Examples
    --------
    >>> safe_name("C:\\\\scans\\\\a.png"), safe_name("../../etc/passwd"), safe_name("\\0\\n")
    ('a.png', 'passwd', '<file>')
    """
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip()
    return kept.strip(".")[:MAX_NAME] or "<file>"


def parse_form(body: bytes, content_type: str, *, max_files: int) -> Form:
    """The files and fields of a ``multipart/form-data`` body.

    Raises
    ------
    BadRequest
        If the body is no such form, or has too many or too long fields.
    SourceTooLarge
        If it has too many files.
    """
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadRequest("a multipart body needs a boundary in its Content-Type")
    parts = _Parts(max_files)
    try:
        parser = MultipartParser(boundary, callbacks=parts.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise BadRequest(f"the body is not the multipart form that its headers say: {error}") from error
    if not parts.ended:
        raise BadRequest("the multipart body ends before its last boundary")
    return Form(files=tuple(parts.files), fields=parts.fields)


class _Parts:
    """Collects what the parser calls out."""

    def __init__(self, max_files: int) -> None:
        self.files: list[Upload] = []
        self.fields: dict[str, str] = {}
        self.ended = False
        self._max_files = max_files
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._disposition = b""
        self._data = bytearray()
        self._name = ""
        self._file_name: str | None = None

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header(self._header_name, data[start:end]),
            "on_header_value": lambda data, start, end: self._header(self._header_value, data[start:end]),
            "on_header_end": self._header_done,
            "on_headers_finished": self._headers_done,
            "on_part_data": self._more,
            "on_part_end": self._part_done,
            "on_end": self._all_done,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._data = bytearray()

    def _header(self, kept: bytearray, part: bytes) -> None:
        kept += part
        if len(kept) > MAX_PART_HEADER_BYTES:
            raise BadRequest(f"the headers of a part are longer than {MAX_PART_HEADER_BYTES} bytes")

    def _header_done(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _headers_done(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise BadRequest("every part of a form needs a Content-Disposition with a name")
        self._name = options[b"name"].decode("utf-8", "replace")
        given = options.get(b"filename")
        self._file_name = None if given is None else safe_name(given.decode("utf-8", "replace"))
        is_file = self._file_name is not None or self._name == "files"
        if is_file and len(self.files) >= self._max_files:
            raise SourceTooLarge(f"a request takes at most {self._max_files} files; send the others in another one")
        if not is_file and len(self.fields) >= MAX_FIELDS:
            raise BadRequest(f"a form takes at most {MAX_FIELDS} fields")

    def _more(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]
        # A part named `files` may come without a file name, as from scripts.
        if self._file_name is None and self._name != "files" and len(self._data) > MAX_FIELD_BYTES:
            raise BadRequest(f"the field {self._name[:40]!r} is longer than {MAX_FIELD_BYTES} bytes")

    def _part_done(self) -> None:
        if self._file_name is not None or self._name == "files":
            if self._name != "files":
                raise BadRequest(f"files come in parts named 'files'; got one named {self._name[:40]!r}")
            self.files.append(Upload(name=self._file_name or "<file>", content=bytes(self._data)))
        else:
            self.fields[self._name] = self._data.decode("utf-8", "replace")
        self._data = bytearray()

    def _all_done(self) -> None:
        self.ended = True

"""Reads the headers of JPEG and PNG files: the size and the EXIF turn, and the file without what reading does not need.

The size is known, and can be refused, before a decoder sees the file. Leaving out metadata (EXIF, thumbnails, color
profiles, comments, animation) keeps what is broken or hostile in it from the decoder altogether.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["Header", "HeaderError", "exif_orientation", "read_jpeg_header", "read_png_header"]


class HeaderError(ValueError):
    """The header is damaged; raised only inside the room, which names the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a header says.

    Attributes
    ----------
    width, height
        In pixels, as stored, before the EXIF turn.
    orientation
        EXIF's number from 1 (upright) to 8.
    bare
        The file without its metadata.
    """

    width: int
    height: int
    orientation: int
    bare: bytes


def exif_orientation(block: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 where the block is damaged or says nothing.

    Parameters
    ----------
    block
        A TIFF header and directory, with or without the mark ``Exif`` before it.

    Examples
    --------
    >>> exif_orientation(b"Exif\\0\\0MM\\0*\\0\\0\\0\\x08\\0\\x01\\x01\\x12\\0\\x03\\0\\0\\0\\x01\\0\\x06\\0\\0")
    6
    >>> exif_orientation(b"nonsense")
    1
    """
    if block.startswith(b"Exif\0\0"):
        block = block[6:]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return 1
    at = struct.unpack_from(f"{order}I", block, 4)[0]
    if at + 2 > len(block):
        return 1
    count = struct.unpack_from(f"{order}H", block, at)[0]
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        if entry + 12 > len(block):
            return 1
        tag, kind, _, short = struct.unpack_from(f"{order}HHIH", block, entry)
        if tag == 0x0112 and kind == 3:
            return int(short) if 1 <= short <= 8 else 1
    return 1


def read_jpeg_header(data: bytes) -> Header:
    """The header of a JPEG file.

    Raises
    ------
    HeaderError
        If the file ends before its pixels or has no size.
    """
    kept = [data[:2]]
    size: tuple[int, int] | None = None
    orientation: int | None = None
    at = 2
    while True:
        at = data.find(b"\xff", at)
        while at != -1 and data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at == -1 or at + 4 > len(data):
            raise HeaderError("it ends before its pixels")
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xD8) or 0xD0 <= marker <= 0xD7:  # stuffing and marks without a length
            at += 2
            continue
        if marker == 0xD9:
            raise HeaderError("it ends before its pixels")
        length = struct.unpack_from(">H", data, at + 2)[0]
        segment = data[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            raise HeaderError("it ends before its pixels")
        if marker == 0xDA:
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if length < 8 or size is not None:
                raise HeaderError("it has no size, or more than one")
            _, height, width = struct.unpack_from(">BHH", segment, 4)
            size = (width, height)
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0" and orientation is None:
            orientation = exif_orientation(segment[4:])
        # JFIF (E0) and Adobe (EE) say how the colors are stored.
        if not (0xE1 <= marker <= 0xED or marker in (0xEF, 0xFE)):
            kept.append(segment)
        at += 2 + length
    if size is None or 0 in size:
        raise HeaderError("it has no size")
    kept.append(data[at:])
    return Header(width=size[0], height=size[1], orientation=orientation or 1, bare=b"".join(kept))


def read_png_header(data: bytes) -> Header:
    """The header of a PNG file.

    Raises
    ------
    HeaderError
        If the file ends before its pixels or has no size.
    """
    kept = [data[:8]]
    at = 8
    size: tuple[int, int] | None = None
    orientation = 1
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if size is None:
            if name != b"IHDR" or len(chunk) < 25:
                raise HeaderError("it does not begin with its size")
            size = struct.unpack_from(">II", chunk, 8)
        if name == b"eXIf":
            orientation = exif_orientation(chunk[8:-4])
        # Capital first letters mark the chunks without which the pixels cannot be read.
        if 65 <= name[0] <= 90 or name == b"tRNS":
            kept.append(chunk)
        at += 12 + length
        if name == b"IEND":
            break
    else:
        kept.append(data[at:])
    if size is None or 0 in size:
        raise HeaderError("it has no size")
    return Header(width=size[0], height=size[1], orientation=orientation, bare=b"".join(kept))

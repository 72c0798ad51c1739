import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inkread.inputs.headers import HeaderError, exif_orientation, read_jpeg_header, read_png_header


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = "a maker"
    return block.tobytes()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_as_pillow_writes_it(orientation):
    assert exif_orientation(exif(orientation)) == orientation


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order):
    mark = b"II" if order == "<" else b"MM"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, 8, 0)
    assert exif_orientation(mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry) == 8


@pytest.mark.parametrize("wrong", [0, 9, 65535])
def test_an_impossible_orientation_is_upright(wrong):
    assert exif_orientation(exif(wrong)) == 1


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_give_an_orientation(tail, marked):
    assert 1 <= exif_orientation((b"Exif\0\0" if marked else b"") + b"II*\0" + tail) <= 8


@given(st.integers(0, 120), st.integers(0, 255))
def test_a_changed_byte_of_exif_never_fails(at, value):
    block = bytearray(exif(6))
    block[at % len(block)] = value
    assert 1 <= exif_orientation(bytes(block)) <= 8


def test_jpeg_without_metadata_shows_the_same_picture(encode):
    data = encode("JPEG", exif=exif(3), comment=b"a comment", icc_profile=b"\0" * 3000)
    header = read_jpeg_header(data)
    assert (header.width, header.height, header.orientation) == (64, 42, 3)
    assert b"a comment" not in header.bare and b"ICC_PROFILE" not in header.bare and b"Exif" not in header.bare
    assert np.array_equal(np.asarray(Image.open(BytesIO(data))), np.asarray(Image.open(BytesIO(header.bare))))


def test_colors_of_a_cmyk_jpeg_survive(encode):
    data = encode("JPEG", mode="CMYK")
    bare = read_jpeg_header(data).bare
    assert np.array_equal(np.asarray(Image.open(BytesIO(data))), np.asarray(Image.open(BytesIO(bare))))


def test_png_without_metadata_shows_the_same_picture(encode):
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 5000)
    data = encode("PNG", mode="P", pnginfo=info, exif=exif(6), transparency=3)
    header = read_png_header(data)
    assert (header.width, header.height, header.orientation) == (64, 42, 6)
    assert b"xxxx" not in header.bare
    before, after = Image.open(BytesIO(data)), Image.open(BytesIO(header.bare))
    assert after.info["transparency"] == 3
    assert np.array_equal(np.asarray(before), np.asarray(after))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xe0\x00\x00",
        b"\xff\xd8\xff\xe0\x00\xff",
        b"\xff\xd8" + b"\xff" * 50,
        b"\xff\xd8\xff\xda\x00\x08" + b"\0" * 40,
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x00\x00\x00\x01\x01\x11\x00\xff\xda\x00\x02",
    ],
)
def test_a_jpeg_without_size_or_pixels_is_refused(data):
    with pytest.raises(HeaderError):
        read_jpeg_header(data)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0\0\0",
        chunk(b"IDAT", b"abc"),
        chunk(b"IHDR", struct.pack(">II5B", 0, 5, 8, 0, 0, 0, 0)),
        chunk(b"IHDR", b"\0\0")[:12],
    ],
)
def test_a_png_without_size_is_refused(body):
    with pytest.raises(HeaderError):
        read_png_header(b"\x89PNG\r\n\x1a\n" + body)


@given(st.binary(max_size=300))
def test_any_bytes_after_the_marks_are_read_or_refused(tail):
    for mark, read in ((b"\xff\xd8", read_jpeg_header), (b"\x89PNG\r\n\x1a\n", read_png_header)):
        try:
            header = read(mark + tail)
        except HeaderError:
            continue
        assert header.width > 0 and header.height > 0

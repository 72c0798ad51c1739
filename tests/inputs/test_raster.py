import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.errors import CorruptSource, SourceTooLarge, UnsupportedSource
from inkread.inputs.limits import InputLimits
from inkread.inputs.raster import check_size, raster_pages

RASTER = ["JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "AVIF", "HEIC"]
LIMITS = InputLimits()


def pages(kind, data, limits=LIMITS):
    return list(raster_pages(kind, BytesIO(data), name="a picture", limits=limits))


def differs(page, ink):
    """Mean difference to black-on-white ink, of 255."""
    grey = page.astype(float).mean(axis=2)
    return np.abs((255 - grey) / (255 - grey).max() - ink).mean() * 255


@pytest.mark.parametrize("kind", RASTER)
def test_every_kind_shows_the_ink_where_it_was(kind, encodings, ink):
    (page,) = pages(kind, encodings[kind])
    assert page.shape == (42, 64, 3)
    assert differs(page, ink) < 8


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 60, "progressive": True},
        {"mode": "L"},
        {"mode": "CMYK", "quality": 95},
        {"subsampling": 2, "optimize": True},
        {"restart_marker_blocks": 1},
    ],
)
def test_forms_of_jpeg(options, encode, ink):
    assert differs(pages("JPEG", encode("JPEG", **options))[0], ink) < 8


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "RGB", "RGBA", "I;16"])
def test_modes_of_png(mode, encode, seven, ink):
    grey = Image.fromarray(np.asarray(Image.fromarray(seven).convert("L")))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "PA":
        picture = Image.fromarray(np.where(ink > 0.5, 0, 1).astype(np.uint8), "P")
        picture.putpalette([0, 0, 0, 9, 9, 9])
        picture.info["transparency"] = 1
    else:
        picture = grey.convert(mode)
    assert differs(pages("PNG", encode("PNG", picture))[0], ink) < 8


def test_48_bit_color_of_png(ink):
    deep = np.rint((1 - ink[..., None]) * [65535, 65535, 65535]).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in deep)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">II5B", 64, 42, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert differs(pages("PNG", data)[0], ink) < 1


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressions_of_tiff(compression, encode, ink):
    assert differs(pages("TIFF", encode("TIFF", compression=compression))[0], ink) < 8


@pytest.mark.parametrize("compression", ["group3", "group4"])
def test_fax_compressions_of_tiff(compression, encode, ink):
    assert differs(pages("TIFF", encode("TIFF", mode="1", compression=compression))[0], ink) < 12


@pytest.mark.parametrize(("kind", "top"), [(np.uint16, 4095), (np.uint16, 65535), (np.int32, 65535), (np.float32, 1)])
def test_deep_tiff_is_scaled_to_its_depth(kind, top, encode, ink):
    deep = (1 - ink) * top
    picture = Image.fromarray((np.rint(deep) if top > 1 else deep).astype(kind))
    assert differs(pages("TIFF", encode("TIFF", picture))[0], ink) < 2


def test_pages_of_a_tiff_come_in_order_and_lazily(encode):
    sheets = [Image.new("L", (20 + index, 10), 40 * index) for index in range(5)]
    data = encode("TIFF", sheets[0], save_all=True, append_images=sheets[1:])
    found = raster_pages("TIFF", BytesIO(data), name="a picture", limits=LIMITS)
    assert next(found).shape == (10, 20, 3)
    found.close()
    assert [(page.shape[1], int(page[0, 0, 0])) for page in pages("TIFF", data)] == [
        (20 + index, 40 * index) for index in range(5)
    ]


def test_a_tiff_of_too_many_pages_is_refused(encode):
    sheets = [Image.new("1", (4, 4))] * 4
    data = encode("TIFF", sheets[0], save_all=True, append_images=sheets[1:])
    assert len(pages("TIFF", data, InputLimits(max_pages=4))) == 4
    with pytest.raises(SourceTooLarge, match="more than 3 pages"):
        pages("TIFF", data, InputLimits(max_pages=3))


def test_a_tiff_whose_pages_lead_in_a_circle_ends():
    entries = [(256, 4), (257, 4), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 4), (279, 16)]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    data = struct.pack("<2sHI", b"II", 42, 24) + bytes(16) + directory + struct.pack("<I", 24)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(pages("TIFF", data)) == 1


@pytest.mark.parametrize("kind", ["GIF", "WebP", "PNG"])
def test_the_first_picture_of_an_animation_is_taken(kind, encode):
    frames = [Image.new("RGB", (30, 20), (90 * index, 0, 0)) for index in range(3)]
    data = encode(kind.upper(), frames[0], save_all=True, append_images=frames[1:])
    (page,) = pages(kind, data)
    assert page.shape == (20, 30, 3) and page.max() < 20


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF", "AVIF"])
def test_every_kind_is_set_upright(kind, orientation, encode, seven):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = Image.fromarray(seven)
    stored = stored.transpose(turn[orientation]) if orientation in turn else stored
    (page,) = pages(kind, encode(kind.upper(), stored, exif=exif, **({"quality": 95} if kind != "PNG" else {})))
    assert page.shape == seven.shape
    assert np.abs(page.astype(int) - seven).mean() < 6


def test_corrupt_exif_does_not_hide_the_picture(encode, ink):
    block = bytearray(b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 40)
    for kind in ("JPEG", "PNG", "WebP"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            (page,) = pages(kind, encode(kind.upper(), exif=bytes(block)))
        assert differs(page, ink) < 8


@pytest.mark.parametrize("kind", RASTER)
def test_a_file_that_ends_early_is_refused_unless_all_its_pixels_are_there(kind, encodings):
    data = encodings[kind]
    (whole,) = pages(kind, data)
    cuts = {*range(20, 200, 7), *np.linspace(200, len(data) - 2, 30).astype(int).tolist()}
    refused = 0
    for cut in (cut for cut in cuts if cut < len(data)):
        try:
            (page,) = pages(kind, data[:cut])
        except CorruptSource as error:
            assert "a picture" in error.message
            refused += 1
        else:
            # A PNG's end mark and a GIF's carry no pixels.
            assert len(data) - cut <= 20 and np.array_equal(page, whole)
    assert refused >= 10


def test_a_truncated_progressive_jpeg_is_refused_too(encode):
    data = encode("JPEG", quality=95, progressive=True)
    for cut in range(len(data) // 3, len(data) - 2, 40):
        with pytest.raises(CorruptSource):
            pages("JPEG", data[:cut])


def bomb(kind, width=300_000, height=300_000):
    """A small file that claims 90 gigapixels."""
    if kind == "PNG":
        body = b"IHDR" + struct.pack(">II5B", width, height, 1, 0, 0, 0, 0)
        end = b"\0\0\0\0IEND\xaeB`\x82"
        return b"\x89PNG\r\n\x1a\n\0\0\0\r" + body + struct.pack(">I", zlib.crc32(body)) + end
    if kind == "BMP":
        return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 58, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 16)]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return struct.pack("<2sHI", b"II", 42, 24) + bytes(16) + directory + bytes(4)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
def test_a_bomb_is_refused_by_its_header_without_a_warning(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SourceTooLarge, match="300000 × 300000"):
            pages(kind, bomb(kind))


@pytest.mark.parametrize("kind", RASTER)
def test_the_limit_of_pixels_holds_for_every_kind(kind, encodings):
    assert pages(kind, encodings[kind], InputLimits(max_pixels=64 * 42))
    with pytest.raises(SourceTooLarge, match="64 × 42 pixels"):
        pages(kind, encodings[kind], InputLimits(max_pixels=64 * 42 - 1))


def test_a_jpeg_or_gif_of_the_largest_size_is_refused(encode):
    jpeg = bytearray(encode("JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\xff\xff\xff\xff"
    gif = bytearray(encode("GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    for kind, data in (("JPEG", jpeg), ("GIF", gif)):
        with pytest.raises(SourceTooLarge, match="65535 × 65535"):
            pages(kind, bytes(data))


def test_a_png_that_is_smaller_than_it_says_is_refused(encode):
    data = bytearray(encode("PNG"))
    data[16:24] = struct.pack(">II", 640, 420)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    with pytest.raises(CorruptSource):
        pages("PNG", bytes(data))


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP"])
def test_the_thinnest_pictures_are_opened(kind, size, encode):
    (page,) = pages(kind, encode(kind.upper(), Image.new("RGB", size, (200, 200, 200))))
    assert page.shape == (size[1], size[0], 3)


def test_a_heic_turned_by_its_container_is_upright(heic):
    from inkread.inputs.raster import _heif_module

    assert _heif_module().__name__ in ("pi_heif", "pillow_heif")
    (page,) = pages("HEIC", heic)
    assert page.shape == (42, 64, 3)


def test_an_avif_without_a_decoder_says_so(encodings, monkeypatch):
    monkeypatch.setattr("PIL.AvifImagePlugin.SUPPORTED", False)
    with pytest.raises(UnsupportedSource, match="built without AVIF"):
        pages("AVIF", encodings["AVIF"])


def test_nothing_is_left_in_the_folder(encodings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for kind in RASTER:
        pages(kind, encodings[kind])
    assert list(Path(tmp_path).iterdir()) == []


def test_an_empty_size_is_corrupt():
    with pytest.raises(CorruptSource, match="no pixels"):
        check_size((0, 4), name="a picture", limits=LIMITS)

import io
import pickle
import sys
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from inkread.errors import CorruptSource, InkreadError, InvalidArray, SourceTooLarge
from inkread.inputs import InputLimits, open_source

MARKS = [
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"RIFF\x40\0\0\0WEBPVP8X",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0",
    b"GIF89a",
    b"BM\x40\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    b"\0\0\0\x18ftypavif\0\0\0\0mif1",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1",
    b"%PDF-1.5\n",
]
# Small limits, so that a hostile size costs the tests no time.
SMALL = InputLimits(max_pixels=10_000, max_bytes=100_000, max_pages=5)


def outcome(source):
    """The sizes of the pages, or the error of ours; anything else is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return [page.pixels.shape for page in open_source(source, limits=SMALL)]
        except InkreadError as error:
            assert str(error)
            pickle.loads(pickle.dumps(error))  # noqa: S301 (made just now)
            return error


def test_pages_are_read_only_rgb_with_their_name_and_place(encode, tmp_path):
    path = tmp_path / "two.tif"
    sheets = [Image.new("L", (20, 10), 0), Image.new("L", (30, 10), 255)]
    path.write_bytes(encode("TIFF", sheets[0], save_all=True, append_images=sheets[1:]))
    pages = list(open_source(path))
    assert [(page.source, page.index, page.width, page.dpi) for page in pages] == [
        (str(path), 0, 20, None),
        (str(path), 1, 30, None),
    ]
    assert not pages[0].pixels.flags.writeable and pages[0].pixels.flags.c_contiguous


def test_a_page_of_a_pdf_states_its_dots_an_inch(encodings):
    (page,) = open_source(encodings["PDF"], limits=InputLimits(pdf_dpi=100))
    assert page.dpi == 100 and page.source == "<bytes>"


def test_all_kinds_agree_whatever_they_come_in(encodings, seven):
    for kind, data in encodings.items():
        (page,) = open_source(data, limits=InputLimits(pdf_dpi=72))
        assert page.pixels.shape == seven.shape, kind


def test_arrays_and_pictures_are_sources(seven):
    for source in (seven, seven / 255, seven[..., 0] > 128, Image.fromarray(seven), seven.astype(np.uint16)):
        (page,) = open_source(source)
        assert page.pixels.shape == seven.shape


def test_what_can_be_made_an_array_is_a_source(seven):
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return seven

    (page,) = open_source(Tensor())
    assert np.array_equal(page.pixels, seven)


def test_an_array_stays_the_callers_own(seven):
    own = seven.copy()
    (page,) = open_source(own)
    assert own.flags.writeable and not page.pixels.flags.writeable


def test_a_picture_with_an_exif_turn_is_set_upright(seven):
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(seven).save(buffer, "PNG", exif=exif)
    with Image.open(io.BytesIO(buffer.getvalue())) as picture:
        (page,) = open_source(picture)
    assert page.pixels.shape == (64, 42, 3)


def test_a_picture_that_cannot_be_loaded_is_corrupt(encodings):
    with Image.open(io.BytesIO(encodings["PNG"][:-60])) as picture, pytest.raises(CorruptSource, match="<image>"):
        next(open_source(picture))


@pytest.mark.parametrize("source", [np.zeros((30, 40), np.uint8), Image.new("L", (40, 30))])
def test_the_limit_of_pixels_holds_for_arrays_and_pictures(source):
    with pytest.raises(SourceTooLarge, match="40 × 30"):
        next(open_source(source, limits=InputLimits(max_pixels=1199)))


@pytest.mark.parametrize("source", [np.full((3, 3), np.nan), np.zeros((3, 3, 7)), np.zeros((0, 3)), np.array("x")])
def test_a_wrong_array_is_named(source):
    with pytest.raises(InvalidArray) as caught:
        next(open_source(source))
    assert caught.value.source == "<array>"


def test_nothing_happens_before_the_first_page_is_asked_for():
    pages = open_source("no such file.png")
    with pytest.raises(InkreadError):
        next(pages)


def test_leaving_early_closes_the_file(encode, tmp_path):
    path = tmp_path / "two.tif"
    sheets = [Image.new("L", (20, 10), 0)] * 2
    path.write_bytes(encode("TIFF", sheets[0], save_all=True, append_images=sheets[1:]))
    pages = open_source(path)
    next(pages)
    pages.close()
    path.unlink()
    assert list(pages) == []


def test_opening_needs_no_heavy_package(repository, encodings):
    import subprocess

    code = (
        "import sys, inkread.inputs as i; next(i.open_source(sys.stdin.buffer)); "
        "print([m for m in ('torch', 'fsspec', 'aiohttp', 'pypdfium2', 'onnxruntime', 'requests') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], input=encodings["JPEG"], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"


@pytest.mark.slow
def test_a_photograph_of_12_megapixels_is_opened_within_memory(tmp_path):
    import subprocess

    rough = np.random.default_rng(0).integers(60, 200, (300, 400, 3), dtype=np.uint8)
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(rough).resize((4000, 3000), Image.Resampling.BICUBIC).save(path, quality=92, exif=exif)
    code = (
        "import sys, inkread.inputs as i; from pathlib import Path; page = next(i.open_source(sys.argv[1])); "
        "print(page.width, int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True)
    width, peak = map(int, done.stdout.split())
    assert width == 3000 and peak < 220  # MB; 187 were measured


# -- whatever comes in ------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data):
    outcome(data)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(MARKS), st.binary(max_size=300))
@example(b"GIF89a", b"\x01\0\x01\0\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;")
@example(b"II*\0\x08\0\0\0", b"\xff\xff" + b"\0" * 200)
def test_any_bytes_after_a_mark_are_read_or_refused(mark, tail):
    outcome(mark + tail)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data, encodings):
    kind = data.draw(st.sampled_from(sorted(encodings)))
    damaged = bytearray(encodings[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(damaged))))
    outcome(bytes(damaged[:cut]))


@settings(deadline=None, max_examples=200)
@given(
    npst.arrays(
        st.one_of(npst.scalar_dtypes(), npst.byte_string_dtypes(), npst.unicode_string_dtypes()),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
    )
)
def test_any_array_is_read_or_refused(array):
    result = outcome(array)
    if isinstance(result, list):
        assert result == [(*array.shape[:2], 3)]


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_name_is_read_or_refused(name):
    if not name.startswith(("http", "/")):
        outcome(name)

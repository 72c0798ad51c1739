import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image, ImageOps

from inkread.errors import InvalidArray
from inkread.inputs.pixels import composite, rgb_of_array, rgb_of_picture, turned, with_8_bits


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_whole_numbers_use_the_full_range_of_their_depth(bits):
    values = np.array([0, 2**bits // 2, 2**bits - 1], np.uint16)
    assert with_8_bits(values).tolist() in ([0, 128, 255], [0, 127, 255])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_are_shares_of_white(kind):
    assert with_8_bits(np.array([0, 0.25, 1], kind)).tolist() == [0, 64, 255]


def test_floats_may_overshoot_by_rounding():
    assert with_8_bits(np.array([-1e-7, 1 + 1e-7], np.float64)).tolist() == [0, 255]
    assert with_8_bits(np.array([-1e-3, 1 + 1e-3])).tolist() == [0, 255]


def test_truth_values_are_black_and_white():
    assert with_8_bits(np.array([False, True])).tolist() == [0, 255]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.array([np.nan, 0.5]), "nan"),
        (np.array([np.inf]), "inf"),
        (np.array([-0.1, 0.5]), r"-0\.1"),
        (np.array([0.0, 200.0]), "divide by 255"),
        (np.array([-1, 3]), "negative"),
        (np.array([1j]), "complex"),
        (np.array(["7"]), "<U1"),
        (np.array([None]), "object"),
    ],
)
def test_values_that_are_not_light_are_refused_with_the_value_seen(values, what):
    with pytest.raises(InvalidArray, match=what):
        with_8_bits(values)


@given(npst.arrays(np.uint16, npst.array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_order_of_brightness_is_kept(values):
    scaled = with_8_bits(values).astype(int)
    a, b = values.ravel().astype(int), scaled.ravel()
    assert (np.diff(b[np.argsort(a, kind="stable")]) >= 0).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation, seven):
    picture = Image.fromarray(seven)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.info["exif"] = exif.tobytes()
    assert np.array_equal(turned(seven, orientation), np.asarray(ImageOps.exif_transpose(picture)))


def rgba(ink, color, around=0):
    picture = np.zeros((*ink.shape, 4), np.uint8)
    picture[..., :3] = np.where(ink[..., None] > 0, color, around)
    picture[..., 3] = np.rint(ink * 255)
    return picture


def test_dark_ink_on_nothing_gets_white_paper(ink):
    page = composite(rgba(ink, [0, 0, 90]))
    assert page[0, 0].tolist() == [255, 255, 255]
    assert page.min() == 0


@pytest.mark.parametrize("color", [[255, 255, 255], [255, 230, 60]])
def test_light_ink_on_nothing_gets_black_paper(ink, color):
    page = composite(rgba(ink, color, around=255))
    assert page[0, 0].tolist() == [0, 0, 0]
    assert page.max() == 255


def test_thick_ink_that_fills_the_frame_is_still_ink():
    ink = np.ones((40, 40), np.float32)
    ink[10:30, 12:28] = 0
    page = composite(rgba(ink, [0, 0, 0]))
    assert page[20, 20].tolist() == [255, 255, 255]


def test_a_transparent_margin_gets_the_color_of_the_paper(seven):
    cream = np.minimum(seven, np.array([250, 240, 210], np.uint8))
    picture = np.zeros((62, 84, 4), np.uint8)
    picture[10:52, 10:74, :3] = cream
    picture[10:52, 10:74, 3] = 255
    page = composite(picture)
    assert page[0, 0].tolist() == [250, 240, 210]
    assert np.array_equal(page[10:52, 10:74], cream)


def test_a_transparent_margin_of_a_blackboard_is_black(seven):
    picture = np.zeros((62, 84, 4), np.uint8)
    picture[10:52, 10:74, :3] = 255 - seven
    picture[10:52, 10:74, 3] = 255
    assert composite(picture)[0, 0].tolist() == [0, 0, 0]


def test_what_cannot_be_seen_at_all_is_a_white_page():
    hidden = np.zeros((5, 5, 4), np.uint8)
    hidden[2, 2, :3] = 99
    assert (composite(hidden) == 255).all()


def test_faint_traces_are_ink():
    faint = np.zeros((5, 5, 4), np.uint8)
    faint[2, 2] = [255, 255, 255, 60]
    page = composite(faint)
    assert page[0, 0, 0] == 0 and page[2, 2, 0] == 60


def test_opaque_pictures_stay_as_they_are(seven):
    opaque = np.dstack([seven, np.full(seven.shape[:2], 255, np.uint8)])
    assert np.array_equal(composite(opaque), seven)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3), (4, 6, 4)])
def test_arrays_of_the_four_shapes_are_taken(shape):
    assert rgb_of_array(np.full(shape, 200, np.uint8)).shape == (4, 6, 3)


@pytest.mark.parametrize("shape", [(), (4,), (4, 6, 2), (4, 6, 5), (2, 4, 6, 3), (0, 6), (4, 0, 3)])
def test_arrays_of_other_shapes_are_refused(shape):
    with pytest.raises(InvalidArray, match=r"shape"):
        rgb_of_array(np.zeros(shape, np.uint8))


def test_color_first_is_explained():
    with pytest.raises(InvalidArray, match="color comes last"):
        rgb_of_array(np.zeros((3, 40, 60), np.uint8))


def test_color_keeps_its_order(seven):
    assert np.array_equal(rgb_of_array(seven), seven)
    assert np.array_equal(rgb_of_array(np.asfortranarray(seven)), seven)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "RGBA", "RGBa", "LA", "La", "CMYK", "YCbCr", "HSV"])
def test_every_mode_of_pillow_shows_the_same_ink(mode, seven):
    grey = np.asarray(Image.fromarray(seven).convert("L"))
    picture = Image.fromarray(grey)
    if mode in ("HSV", "RGBa", "CMYK"):
        picture = picture.convert("RGBA" if mode == "RGBa" else "RGB")
    if mode == "La":
        picture = picture.convert("LA")
    if mode == "1":
        picture = picture.point(lambda v: 255 * (v > 127))
        grey = np.where(grey > 127, 255, 0)
    page = rgb_of_picture(picture.convert(mode))
    assert page.shape == (42, 64, 3) and page.dtype == np.uint8
    assert np.abs(page.astype(int) - grey[..., None]).max() <= 2


@pytest.mark.parametrize(
    ("mode", "kind", "top"), [("I;16", np.uint16, 65535), ("I;16", np.uint16, 4095), ("I", np.int32, 65535)]
)
def test_deep_grey_is_scaled(mode, kind, top, ink):
    deep = np.rint((1 - ink) * top).astype(kind)
    picture = Image.fromarray(deep)
    assert picture.mode == mode
    expected = np.rint((1 - ink) * 255)
    assert np.abs(rgb_of_picture(picture)[..., 0] - expected).max() <= 1


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e9])
def test_floats_of_any_unit_are_scaled(top, ink):
    page = rgb_of_picture(Image.fromarray((1 - ink) * np.float32(top)))
    assert np.abs(page[..., 0] - np.rint((1 - ink) * 255)).max() <= 1


def test_lab_shows_its_lightness():
    assert (rgb_of_picture(Image.new("LAB", (3, 2), (200, 10, 10))) == 200).all()


def test_large_pictures_are_copied_whole():
    values = np.random.default_rng(0).integers(0, 256, (700, 3, 3), dtype=np.uint8)
    assert np.array_equal(rgb_of_picture(Image.fromarray(values)), values)


@given(
    npst.arrays(
        st.one_of(npst.integer_dtypes(), npst.unsigned_integer_dtypes(), npst.floating_dtypes(), npst.boolean_dtypes()),
        npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
    )
)
def test_any_array_becomes_a_page_or_an_error_of_ours(array):
    try:
        page = rgb_of_array(array)
    except InvalidArray:
        return
    assert page.dtype == np.uint8 and page.ndim == 3 and page.shape[2] == 3 and page.shape[:2] == array.shape[:2]

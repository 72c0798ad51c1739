"""Reading from end to end: made pages with their truth, and everything that a caller may ask for."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from io import BytesIO

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

import inkread
from inkread.data.datasets import load
from inkread.data.printed import draw_printed
from inkread.data.synth import Hand, PageOptions, compose_page, draw_glyph, write_line
from inkread.errors import InvalidArray, InvalidOption, ModelError, SourceNotFound, UnsupportedSource
from inkread.geometry import Box, PageTransform, Point, Stroke
from inkread.ink import Pen
from inkread.models.registry import bundled
from inkread.nets import PageNet, export_page
from inkread.reader import LAYOUTS, Reader, ReaderOptions
from inkread.results import Document
from inkread.train.cards import write_card

CLEAR = {
    "hand": Hand(), "paper": "canvas", "paper_color": (255, 255, 255), "ink_color": (0, 0, 0),
    "wear": 0, "light": 0, "camera": 0, "view": 0,
}  # fmt: skip


def composed(*lines, seed=0, width=500, height=240, **changes):
    options = PageOptions(**{"width": width, "height": height, "lines": lines, **CLEAR, **changes})
    image, truth = compose_page(np.random.default_rng(seed), options)
    return image.pixels, truth


def texts(document):
    """The digits of each line, without the gaps."""
    return [line.text.replace(" ", "") for line in document.lines()]


def unclocked(document):
    return dataclasses.replace(document, seconds=0)


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.fixture(scope="module")
def two_lines():
    return composed("12 40", "753")


def matched(document, truth):
    """For each true digit the digit read in its place, or None."""
    read = list(document.digits())
    found = []
    for wanted in truth.digits():
        best = max(read, key=lambda digit: digit.box.iou(wanted.box), default=None)
        found.append((wanted, best if best is not None and best.box.iou(wanted.box) > 0.5 else None))
    return found


@pytest.mark.parametrize("layout", ["digit", "line", "lines", "grid", "table", "comb", "scattered"])
def test_made_pages_of_strangers_are_read(reader, layout):
    """Random hands, texts, light and camera: at least nine digits of ten in place and right, and few besides."""
    right = wanted = read = 0
    for seed in range(4):
        options = PageOptions(width=640, height=440, layout=layout)
        image, truth = compose_page(np.random.default_rng([seed, 11]), options)
        document = reader.read(image.pixels)
        pairs = matched(document, truth)
        right += sum(found is not None and found.value == digit.value for digit, found in pairs)
        wanted += len(pairs)
        read += len(list(document.digits()))
    assert right >= 0.9 * wanted
    assert read <= 1.2 * wanted + 1


@pytest.mark.parametrize("width", [420, 700])
def test_rows_of_a_table_are_lines_and_its_cells_numbers(reader, width):
    """However high or low digits stand in their cells, and however near those of the next one are."""
    rows = "27 3 0 411", "86 5 12 30", "4 19 7 205", "38 64 2 9"
    pixels, _ = composed(*rows, width=width, height=360, layout="table", hand=Hand(seed=5))
    assert reader.read(pixels).text == "\n".join(rows)


def test_clear_writing_is_read_exactly_and_its_boxes_fit(reader, two_lines):
    pixels, truth = two_lines
    document = reader.read(pixels)
    assert document.text == truth.text == "12 40\n753"
    assert document.problem is None
    assert document.model["digit"] == bundled("digit").name
    (page,) = document.pages
    assert (page.width, page.height, page.index) == (500, 240, 0)
    for wanted, found in matched(document, truth):
        assert found.value == wanted.value
        assert found.box.iou(wanted.box) > 0.75
        assert found.confidence > 0.8


@pytest.mark.parametrize("scale", [0.5, 2.0, 6.0])
def test_boxes_are_in_the_pictures_own_pixels_at_any_scale(reader, scale):
    width, height = round(500 * scale), round(240 * scale)
    pixels, truth = composed("3141", "5926", width=width, height=height)
    document = reader.read(pixels)  # at the largest scale the page is shrunk before it is read
    assert texts(document) == ["3141", "5926"]
    assert all(found.box.iou(wanted.box) > 0.7 for wanted, found in matched(document, truth))


@pytest.mark.parametrize("degrees", [-7, 7])
def test_boxes_of_a_tilted_page_lie_on_its_digits(reader, degrees):
    pixels, truth = composed("31415 926", "535 8979", "3238 46", width=700, height=420, seed=3)
    turned = np.asarray(Image.fromarray(pixels).rotate(-degrees, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255)))
    document = reader.read(turned)
    assert texts(document) == [line.text.replace(" ", "") for line in truth.lines()]
    turn = PageTransform.rotation(degrees, Point(350, 210))
    wanted = [turn.apply_to_box(digit.box) for digit in truth.digits()]
    for digit, quad in zip(document.digits(), wanted, strict=True):
        # The quad is turned as the page is, and lies on the digit.
        (x0, y0), (x1, y1) = digit.quad.to_array()[:2]
        assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) == pytest.approx(degrees, abs=1.5)
        assert digit.quad.box.iou(quad.box) > 0.6
        assert digit.box == digit.quad.box


@pytest.mark.parametrize("degrees", [-28, -22, 31])
def test_numbers_that_run_up_or_down_by_themselves_are_read(reader, degrees):
    pixels = np.pad(composed("2063 518", "94 3307", width=700)[0], ((0, 480), (0, 0), (0, 0)), constant_values=255)
    rng = np.random.default_rng(3)
    for text, place in (("789", (60, 250)), ("4971", (400, 470))):
        ink = np.pad(write_line(text, Hand(seed=11), rng, height=52)[0], 60)
        tilted = np.asarray(Image.fromarray((255 * ink).astype(np.uint8)).rotate(degrees, expand=True)) / 255
        tilted = tilted[np.ix_(tilted.max(axis=1) > 0.2, tilted.max(axis=0) > 0.2)]
        x, y = place
        region = pixels[y : y + tilted.shape[0], x : x + tilted.shape[1]]
        region[:] = np.minimum(region, (255 * (1 - tilted))[..., None].astype(np.uint8))
    found = reader.read(pixels)
    assert sorted(texts(found)) == sorted(["2063518", "943307", "789", "4971"])


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_page_that_lies_on_its_side_is_turned_and_boxes_stay_where_the_ink_is(reader, quarters):
    pixels, truth = composed("31415 926", "535 8979", "3238 46", width=700, height=420, seed=3)
    lying = np.ascontiguousarray(np.rot90(pixels, quarters))
    document = reader.read(lying)
    assert texts(document) == [line.text.replace(" ", "") for line in truth.lines()]
    height, width = lying.shape[:2]
    (page,) = document.pages
    assert (page.width, page.height) == (width, height)
    dark = lying[..., 0] < 128
    for digit in document.digits():
        box = digit.box
        assert 0 <= box.x0 < box.x1 <= width
        assert 0 <= box.y0 < box.y1 <= height
        assert dark[round(box.y0) : round(box.y1), round(box.x0) : round(box.x1)].any(axis=0).mean() > 0.7
    upright = reader.read(lying, options=ReaderOptions(try_again=False))
    assert texts(upright) != texts(document)


def test_white_on_black_is_read_as_black_on_white(reader, two_lines):
    pixels, _ = two_lines
    light, dark = reader.read(pixels), reader.read(255 - pixels)
    assert unclocked(light).to_dict() == unclocked(dark).to_dict()


def test_a_region_is_read_alone_and_keeps_the_pictures_pixels(reader, two_lines):
    pixels, truth = two_lines
    below = next(line for line in truth.lines() if line.text == "753").box
    document = reader.read(pixels, region=(0, below.y0 - 10, 500, 240))
    assert document.text == "753"
    (line,) = document.lines()
    assert line.box.iou(below) > 0.8
    (page,) = document.pages
    assert (page.width, page.height) == (500, 240)


def test_a_region_may_reach_beyond_the_picture(reader, two_lines):
    assert reader.read(two_lines[0], region=(-50, -50, 900, 900)).text == "12 40\n753"


@pytest.mark.parametrize(
    "region",
    [(600, 0, 700, 50), (10, 10, 10, 50), (50, 50, 10, 10), (1, 2, 3), "all", (0, 0, float("nan"), 5), (0, 0, None, 5)],
)
def test_a_region_that_is_none_is_refused(reader, two_lines, region):
    with pytest.raises(InvalidOption, match="region"):
        reader.read(two_lines[0], region=region)


def test_unsure_numbers_are_kept_and_marked(reader):
    pixels, _ = composed("12 40", "753", seed=2, contrast=0.3, camera=1.0, wear=1.0)
    all_of_them = list(reader.read(pixels).numbers())
    assert all(number.accepted for number in all_of_them)
    limit = float(np.median([number.confidence for number in all_of_them]))
    marked = list(reader.read(pixels, options=ReaderOptions(min_confidence=limit)).numbers())
    assert [number.text for number in marked] == [number.text for number in all_of_them]
    assert [number.accepted for number in marked] == [number.confidence >= limit for number in marked]
    sure = list(reader.read(pixels, options=ReaderOptions(min_confidence=1.0)).numbers())
    assert len(sure) == len(all_of_them)
    assert not any(number.accepted for number in sure if number.confidence < 1)


def test_probabilities_of_digits_numbers_and_lines_agree(reader, two_lines):
    for line in reader.read(two_lines[0]).lines():
        assert 0 <= line.confidence <= 1
        assert len(line.alternatives) <= 5
        assert line.text.replace(" ", "") not in {other.value for other in line.alternatives}
        for number in line.numbers:
            assert number.confidence == pytest.approx(np.prod([digit.confidence for digit in number.digits]))
            for digit in number.digits:
                assert sorted(a.value for a in digit.alternatives) == list("0123456789")
                probabilities = [a.probability for a in digit.alternatives]
                assert probabilities == sorted(probabilities, reverse=True)
                assert sum(probabilities) <= 1 + 1e-6
                assert (digit.value, digit.confidence) == (digit.alternatives[0].value, probabilities[0])


@pytest.mark.parametrize("value", [255, 0, 128])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_blank_page_says_that_it_has_no_numbers(reader, value, layout):
    document = reader.read(np.full((120, 200, 3), value, np.uint8), layout=layout)
    assert document.text == ""
    assert document.problem.code == "no_numbers"
    assert document.pages[0].problem.code == "no_numbers"
    assert document.pages[0].lines == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (2, 3)])
def test_slivers_of_pictures_are_read_as_nothing(reader, shape):
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert reader.read(noise).text == ""


def test_a_digit_that_fills_the_picture_is_read_as_one(reader):
    for character in "0123456789":
        ink = np.pad(draw_glyph(character, Hand(), np.random.default_rng(4), height=200), 12)
        for pixels in (np.uint8(255 * (1 - ink)), np.uint8(255 * ink)):
            document = reader.read(pixels, layout="digit")
            assert document.text == character
            assert len(list(document.digits())) == 1


def test_the_layout_digit_takes_broken_ink_for_one_digit(reader):
    ink = np.pad(draw_glyph("8", Hand(), np.random.default_rng(1), height=160), 20)
    ink[95:105] = 0  # a scratch across the middle
    pixels = np.uint8(255 * (1 - ink))
    assert len(list(reader.read(pixels, layout="digit").digits())) <= 1


def test_the_layout_line_reads_a_line(reader):
    pixels, _ = composed("36258", width=400, height=120, layout="line")
    assert texts(reader.read(pixels, layout="line")) == ["36258"]


@pytest.mark.parametrize("text", ["please bring milk and bread 4906", "name of the street 77"])
def test_a_number_among_words_of_its_line_is_read(reader, text):
    ink = draw_printed(text, np.random.default_rng(0), height=52, fonts=())
    page = (255 - 200 * np.pad(ink, 40)).astype(np.uint8)
    assert reader.read(page).text == text.split()[-1]


def test_words_are_not_numbers(reader):
    pixels, _ = composed("WRENKA", "HEMKW", width=600, height=240, layout="lines")
    document = reader.read(pixels)
    assert len(list(document.digits())) <= 2


def test_threads_share_a_reader(two_lines):
    shared = Reader()  # its networks are loaded by whichever thread comes first
    pictures = [two_lines[0], composed("64", seed=1)[0], composed("907", seed=2)[0]]
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(shared.read, pictures * 3))
    for i, document in enumerate(documents):
        assert unclocked(document).to_dict() == unclocked(shared.read(pictures[i % 3])).to_dict()


def test_one_calls_options_do_not_stick(reader, two_lines):
    pixels, _ = two_lines
    before = unclocked(reader.read(pixels))
    reader.read(pixels, layout="digit", options=ReaderOptions(min_digit_confidence=1.0, min_confidence=1.0))
    assert unclocked(reader.read(pixels)) == before


def saved(folder, name, pixels, **options):
    Image.fromarray(pixels).save(folder / name, **options)
    return folder / name


def test_many_sources_are_read_whatever_one_of_them_is(reader, tmp_path, two_lines):
    saved(tmp_path, "a.png", two_lines[0])
    (tmp_path / "b.png").write_bytes(b"no picture")
    saved(tmp_path, "c.png", composed("64", seed=1)[0])
    outcomes = list(reader.read_many([tmp_path, tmp_path / "missing.png", b"\x00"]))
    assert [name.rsplit("/", 1)[-1] for name, _ in outcomes[:3]] == ["a.png", "b.png", "c.png"]
    assert isinstance(outcomes[0][1], Document)
    assert isinstance(outcomes[1][1], UnsupportedSource)
    assert outcomes[2][1].text == "64"
    assert isinstance(outcomes[3][1], SourceNotFound)
    assert isinstance(outcomes[4][1], inkread.SourceError)
    assert len(outcomes) == 5


def test_many_sources_come_one_by_one(reader, two_lines):
    """A generator is read as it goes: what comes first is there before the next is asked for."""

    def sources():
        yield two_lines[0]
        raise AssertionError("asked for too early")

    name, document = next(iter(reader.read_many(sources())))
    assert document.text == "12 40\n753"
    assert name


def test_pages_of_a_tiff_and_a_pdf_are_pages_of_the_document(reader, two_lines, tmp_path):
    frames = [Image.fromarray(two_lines[0]), Image.new("RGB", (80, 60), "white"), Image.fromarray(composed("64")[0])]
    for name in ("pages.tiff", "pages.pdf"):
        path = tmp_path / name
        frames[0].save(path, save_all=True, append_images=frames[1:], **({"resolution": 100} if "pdf" in name else {}))
        document = reader.read(path)
        assert [page.index for page in document.pages] == [0, 1, 2]
        assert [page.text for page in document.pages] == ["12 40\n753", "", "64"]
        assert [page.problem.code if page.problem else None for page in document.pages] == [None, "no_numbers", None]
        assert document.problem is None
        assert document.text == "12 40\n753\n64"
        assert (document.pages[0].dpi is None) == (name == "pages.tiff")


def test_every_kind_of_source_gives_the_same(reader, two_lines, tmp_path):
    pixels, _ = two_lines
    path = saved(tmp_path, "a.png", pixels)
    kinds = [path, str(path), path.read_bytes(), BytesIO(path.read_bytes()), pixels, pixels[..., 0], Image.open(path)]
    assert {reader.read(source).text for source in kinds} == {"12 40\n753"}


def test_pen_strokes_are_read_where_they_were_written(reader):
    strokes = [[(20, 20), (20, 80)], [(60, 25), (60, 80)], [(60, 25), (60, 26)]]
    document = reader.read_strokes(strokes)
    assert document.text == "11"
    first, second = document.digits()
    assert first.box.iou(Box(17, 17, 23, 83)) > 0.4
    assert second.box.center.x == pytest.approx(60, abs=3)
    as_objects = reader.read_strokes([Stroke.of_points(points) for points in strokes])
    assert unclocked(as_objects) == unclocked(document)
    assert document.source == "<strokes>"


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_a_trace_holds_the_ink_of_every_digit_and_the_way_back_to_the_picture(reader, scale):
    pixels, _ = composed("31 4", "159", width=round(500 * scale), height=round(240 * scale))
    document, inks = reader.trace(pixels)
    assert unclocked(document) == unclocked(reader.read(pixels))
    for digit, traced in zip(document.digits(), inks, strict=True):
        height, width = traced.ink.shape
        assert traced.to_source.apply_to_box(Box(0, 0, width, height)).box.iou(digit.box) > 0.999
        # Its dark pixels are dark in the picture.
        rows, columns = np.nonzero(traced.ink > 0.9)
        places = traced.to_source.apply(np.stack([columns + 0.5, rows + 0.5], axis=1)).astype(int)
        assert np.median(pixels[places[:, 1], places[:, 0]]) < 60


def test_the_ink_of_strokes_lies_where_they_were_written(reader):
    document, inks = reader.trace_strokes([[(20, 20), (20, 80)], [(60, 25), (60, 80)]])
    assert document.text == "11"
    for digit, traced in zip(document.digits(), inks, strict=True):
        height, width = traced.ink.shape
        assert traced.to_source.apply_to_box(Box(0, 0, width, height)).box.iou(digit.box) > 0.999


def test_the_style_of_a_page_is_that_of_its_hand(reader):
    options = ReaderOptions(style=True)
    hand = Hand(pen=Pen(width=0.08, kind="digital"), slant_degrees=18)
    pixels, _ = composed("3180529647", "8203619", hand=hand, width=700)
    document = reader.read(pixels, options=options)
    for line in document.lines():
        assert line.style.slant_degrees == pytest.approx(18, abs=5)
        assert line.style.relative_stroke_width == pytest.approx(0.08, rel=0.25)
        assert line.style.darkness > 0.9
        assert abs(line.style.tilt_degrees) < 2
        for number in line.numbers:
            for digit in number.digits:
                assert digit.style.height == pytest.approx(digit.box.height, abs=3)
    part = reader.read(pixels, options=options, region=(0, 0, 700, 120))
    assert next(part.lines()).style.darkness > 0.9
    assert all(line.style is None for line in reader.read(pixels).lines())
    (line,) = reader.read_strokes([[(20, 20), (20, 80)], [(60, 25), (60, 80)]], options=options).lines()
    assert line.style.darkness is None


def test_no_strokes_give_no_numbers_and_bad_ones_an_error(reader):
    assert reader.read_strokes([]).problem.code == "no_numbers"
    with pytest.raises(InvalidArray):
        reader.read_strokes([[("a", "b")]])


def crops(count=20, side=28):
    rng = np.random.default_rng(0)
    inks = [draw_glyph(str(i % 10), Hand(), rng, height=side - 8) for i in range(count)]
    out = np.zeros((count, side, side), np.float32)
    for row, ink in zip(out, inks, strict=True):
        part = ink[:side, :side]
        top, left = (side - part.shape[0]) // 2, (side - part.shape[1]) // 2
        row[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def test_crops_are_classified_in_either_polarity_and_type(reader):
    light = crops()
    expected = np.arange(20) % 10
    for given in (light, 1 - light, np.uint8(255 * light), list(light), np.float64(1 - light)):
        result = reader.classify(given)
        assert result.probabilities.shape == (20, 10)
        assert result.probabilities.dtype == result.not_a_digit.dtype == np.float32
        total = result.probabilities.sum(axis=1) + result.not_a_digit
        np.testing.assert_allclose(total, 1, atol=1e-4)
        assert (result.digits == expected).mean() >= 0.95


def test_strongly_slanted_digits_are_told_better_with_other_opinions(reader, monkeypatch):
    rng = np.random.default_rng(4)
    wanted = np.arange(300) % 10
    crops = [draw_glyph(str(d), Hand.random(rng), rng, height=32) for d in wanted]
    slanted = [
        cv2.warpAffine(crop, np.array([[1, -1.2, 1.2 * 32], [0, 1, 0.0]]), (crop.shape[1] + 40, crop.shape[0]))
        for crop in crops
    ]
    slanted = [np.clip(crop, 0, 1) for crop in slanted]
    heard = reader.classify(slanted)
    monkeypatch.setattr(Reader, "_with_other_opinions", lambda self, scores, inks: scores)
    alone = reader.classify(slanted)
    np.testing.assert_allclose(heard.not_a_digit, alone.not_a_digit)  # whether it is one, they are not asked
    assert (heard.digits == wanted).mean() > (alone.digits == wanted).mean()
    sure = alone.probabilities.max(axis=1) >= 0.8
    np.testing.assert_array_equal(heard.probabilities[sure], alone.probabilities[sure])


def test_crops_of_different_sizes_come_as_a_list(reader):
    small, large = crops(1, 28)[0], np.kron(crops(3, 40)[2], np.ones((4, 4), np.float32))
    assert reader.classify([small, large]).digits.tolist() == [0, 2]
    assert len(reader.classify([])) == len(reader.classify(np.zeros((0, 28, 28)))) == 0


@pytest.mark.parametrize(
    "bad",
    [np.zeros((28, 28)), np.zeros((2, 28, 28, 3)), [np.zeros((28, 28, 3))], np.full((1, 5, 5), 255.0),
     np.full((1, 5, 5), np.nan), np.zeros((1, 5, 5), np.int64), np.zeros((1, 0, 5))],
    ids=["one crop", "color", "color in a list", "0 to 255 as float", "NaN", "int64", "empty"],
)  # fmt: skip
def test_crops_of_wrong_shape_type_or_range_are_refused(reader, bad):
    with pytest.raises(InvalidArray):
        reader.classify(bad)


@pytest.mark.parametrize(
    "changes",
    [{"layout": "pages"}, {"min_confidence": 1.1}, {"min_digit_confidence": -1}, {"threads": 0},
     {"min_confidence": float("nan")}],
)  # fmt: skip
def test_options_outside_their_ranges_are_refused(changes):
    with pytest.raises(InvalidOption):
        ReaderOptions(**changes)


def test_an_unknown_layout_is_refused_in_a_call(reader, two_lines):
    with pytest.raises(InvalidOption, match="'pge'; known are page, line, digit"):
        reader.read(two_lines[0], layout="pge")
    with pytest.raises(InvalidOption, match="known are"):
        list(reader.read_many([two_lines[0]], layout="pge"))


def test_another_network_can_be_given_as_a_card_or_its_path(tmp_path, two_lines):
    card = bundled("digit")
    (tmp_path / "mine.onnx").write_bytes(card.read_bytes())
    (tmp_path / "mine.toml").write_text(
        f'name = "mine"\ntask = "digit"\nfile = "mine.onnx"\nsha256 = "{card.sha256}"\n'
        f"alphabet = {list(card.alphabet)}\ntemperature = {card.temperature}\nrefusal_threshold = 0.5\n",
        encoding="utf-8",
    )
    for given in (tmp_path / "mine.toml", str(tmp_path / "mine.onnx"), dataclasses.replace(card, name="mine")):
        document = Reader(models={"digit": given}).read(two_lines[0])
        assert document.model["digit"] == "mine"
        assert document.text == "12 40\n753"


def test_networks_that_are_none_are_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        Reader(models={"digit": tmp_path / "none.toml"})
    with pytest.raises(InvalidOption, match="unknown task poem"):
        Reader(models={"poem": bundled("digit")})


def page_card(folder, *, log_odds):
    """The card of a page network that says the same of all ink."""
    torch.manual_seed(0)
    net = PageNet()
    torch.nn.init.zeros_(net.head.weight)
    torch.nn.init.constant_(net.head.bias[:1], log_odds)
    export_page(net, folder / "page.onnx")
    calibration = {"temperature": 1.0, "refusal_threshold": 0.0}
    return write_card(
        folder / "page.onnx", task="page", alphabet=("a", "b"), calibration=calibration, training={}, figures={}
    )


@pytest.mark.filterwarnings("ignore")
def test_the_page_network_silences_what_is_not_sure_and_leaves_sure_numbers(tmp_path, two_lines):
    words, _ = composed("SO 10S", "BOGIl Z", "lO ZBS", width=600, height=360, layout="lines")
    alone = Reader().read(words, options=ReaderOptions(look_around=False))
    assert list(alone.digits()), "letters that look like digits are read as such one by one"
    all_other = Reader(models={"page": page_card(tmp_path, log_odds=-8.0)})
    assert len(list(all_other.read(words).digits())) < len(list(alone.digits()))
    assert texts(all_other.read(two_lines[0])) == ["1240", "753"], "a page of sure digits is not even looked at"
    assert all_other.read(words, options=ReaderOptions(look_around=False)).text == alone.text
    assert all_other.model["page"].startswith("page-")


def test_the_public_functions_share_one_reader(two_lines):
    pixels, _ = two_lines
    assert inkread.read(pixels).text == "12 40\n753"
    assert [document.text for _, document in inkread.read_many([pixels, pixels], layout="line")]
    assert inkread.read_strokes([[(20, 20), (20, 80)], [(60, 20), (60, 80)]]).text == "11"
    assert len(inkread.classify(crops(2))) == 2


def test_a_document_read_survives_json(reader, two_lines):
    document = reader.read(two_lines[0])
    assert Document.from_dict(document.to_dict()).to_dict() == document.to_dict()


def test_a_single_stroke_of_the_pen_is_a_one(reader):
    assert reader.read_strokes([[(10, 10), (9, 30), (8, 60)]]).text == "1"


def test_a_page_of_words_says_that_it_is_no_number(reader):
    rng = np.random.default_rng(4)
    hand = Hand.random(rng)
    ink, _ = write_line("KAMPENFRAKTUR", hand, rng, height=60)
    page = np.pad(255 - (255 * ink).astype(np.uint8), 60, constant_values=255)
    document = reader.read(page)
    assert document.text == ""
    assert document.problem is not None
    assert document.problem.code == "no_numbers"
    assert document.pages[0].problem is not None
    assert document.pages[0].problem.code == "not_a_number"


def test_a_line_read_whole_keeps_its_boxes_where_the_digits_are(reader):
    pixels, truth = composed("90417", width=420, height=120, layout="line", seed=3)
    document = reader.read(pixels, layout="line")
    assert texts(document) == ["90417"]
    for found, wanted in zip(document.digits(), truth.digits(), strict=True):
        assert found.box.iou(wanted.box) > 0.5
    assert document.pages[0].lines[0].confidence == pytest.approx(1, abs=0.2)


def test_digits_that_hang_together_on_a_page_of_one_line_are_read(reader):
    ink = np.zeros((90, 330), np.float32)
    x = 20
    for place, character in enumerate("5200"):
        glyph = draw_glyph(character, Hand(), np.random.default_rng(place), height=46)
        region = ink[20 : 20 + glyph.shape[0], x : x + glyph.shape[1]]
        np.maximum(region, glyph, out=region)
        x += glyph.shape[1] - 5
    ink[60:63, 40 : x - 20] = 1  # one stroke runs through the feet of all of them
    document = reader.read(np.uint8(255 * (1 - ink)))
    assert len(list(document.digits())) >= 3


def test_a_page_without_ink_is_no_line(reader):
    document = reader.read(np.full((60, 200), 230, np.uint8), layout="line")
    assert document.text == ""
    assert document.problem is not None


def test_most_digits_that_hang_together_on_a_page_of_several_lines_are_read(reader):
    wanted = read = 0
    for seed in range(6):
        page, truth = compose_page(np.random.default_rng([5, seed]), PageOptions(touching=0.5))
        a, b = (document.text.replace(" ", "").replace("\n", "") for document in (truth, reader.read(page.pixels)))
        wanted += len(a)
        read += sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    assert read / wanted >= 0.75


@pytest.mark.parametrize("layout", ["page", "line"])
@pytest.mark.parametrize(("seed", "date"), [(0, "21/10/1951"), (3, "31/09/1972"), (4, "23/04/1950"), (9, "29/8/2018")])
def test_slashes_of_dates_are_no_ones(reader, seed, date, layout):
    options = PageOptions(lines=(date,), width=700, height=200, digit_height=60.0)
    page, _ = compose_page(np.random.default_rng([80, seed]), options)
    document = reader.read(page.pixels, layout=layout)
    assert document.text == date.replace("/", " ")


@pytest.mark.parametrize(("seed", "text"), [(0, "8/10"), (2, "17/20"), (3, "120/80")])
def test_one_slash_parts_two_numbers(reader, seed, text):
    options = PageOptions(lines=(text,), width=700, height=200, digit_height=60.0)
    page, _ = compose_page(np.random.default_rng([81, seed]), options)
    assert reader.read(page.pixels).text == text.replace("/", " ")


def test_a_line_network_of_ones_own_is_asked_alone():
    reader = Reader(models={"line": bundled("line")})
    page, _ = compose_page(np.random.default_rng(0), PageOptions(width=500, height=300, lines=("405 12", "773 90")))
    assert set(reader.model) >= {"digit", "line"}
    assert "words" not in reader.model
    assert "773" in reader.read(page.pixels).text


def test_a_digit_network_of_ones_own_is_asked_alone_and_not_compared_by_the_features_of_another():
    assert {"second", "writer"} <= set(Reader().model)
    assert not {"second", "writer"} & set(Reader(models={"digit": bundled("digit")}).model)


def test_doubtful_digits_of_a_page_are_told_by_its_others(reader):
    """Fewer are wrong than without, and sure ones are the same."""
    alone = Reader(models={task: bundled(task) for task in ("digit", "second")})
    wrong, changed = [0, 0], 0
    for seed in (3, 15, 22):
        image, truth = compose_page(np.random.default_rng([seed, 31]), PageOptions())
        documents = [one.read(image.pixels) for one in (alone, reader)]
        for k, document in enumerate(documents):
            pairs = [(digit, found) for digit, found in matched(document, truth) if found is not None]
            wrong[k] += sum(digit.value != found.value for digit, found in pairs)
        before, after = (list(document.digits()) for document in documents)
        assert [digit.box for digit in before] == [digit.box for digit in after]
        changed += sum(a.confidence != b.confidence for a, b in zip(before, after, strict=True))
        assert all(a == b for a, b in zip(before, after, strict=True) if a.confidence > 0.99)
    assert changed
    assert wrong[1] < wrong[0]


@pytest.mark.parametrize("number", [33, 37, 39, 54, 58])
def test_a_digit_on_squares_from_nearby_is_read_without_them(reader, number):
    """In ones that are as far from the pen as a fifth of a page, cleaning lifts the squares to full ink."""
    text = str(np.random.default_rng([501, number, 1]).integers(10))
    options = PageOptions(width=800, height=600, digit_height=300.0, paper="squared", lines=(text,))
    page, _ = compose_page(np.random.default_rng([501, number]), options)
    assert reader.read(page.pixels).text == text


@pytest.mark.parametrize(("seed", "number"), [(10, "955145"), (6, "852733")])
def test_digits_that_touch_the_ticks_of_a_comb_are_read(reader, seed, number):
    """It is short in its picture, and all that it touches is one piece of ink with it."""
    options = PageOptions(width=700, height=240, digit_height=60.0, lines=(number,))
    page, truth = compose_page(np.random.default_rng([777, seed]), options)
    boxes = [digit.box for digit in truth.digits()]
    base, tick = max(box.y1 for box in boxes) + 6, 0.35 * (max(b.y1 for b in boxes) - min(b.y0 for b in boxes))
    places = [boxes[0].x0 - 8, *((a.x1 + b.x0) / 2 for a, b in itertools.pairwise(boxes)), boxes[-1].x1 + 8]
    pixels = np.array(page.pixels)
    cv2.line(pixels, (int(places[0]), int(base)), (int(places[-1]), int(base)), (120, 120, 130), 2, cv2.LINE_AA)
    for x in places:
        cv2.line(pixels, (int(x), int(base)), (int(x), int(base - tick)), (120, 120, 130), 2, cv2.LINE_AA)
    assert reader.read(pixels).text.replace(" ", "") == number


@pytest.mark.data
@pytest.mark.parametrize("number", [4, 116])
def test_a_line_that_has_all_that_was_read_of_it_and_more_is_believed(reader, data_folder, number):
    """Cheque amounts whose first digit touches the side or leans: read one by one, it is overlooked."""
    cheques = load("car_a", "val", folder=data_folder)
    assert reader.read(cheques.images[number], layout="line").text == cheques.labels[number]


@pytest.mark.parametrize(("seed", "number"), [(2, "45"), (20, "90"), (15, "86"), (21, "92")])
def test_a_percent_sign_is_no_digit(reader, seed, number):
    options = PageOptions(width=700, height=200, digit_height=60.0, lines=(f"{number}%",))
    page, _ = compose_page(np.random.default_rng([7001, seed]), options)
    assert [line.text for line in reader.read(np.asarray(page.pixels)).lines()] == [number]

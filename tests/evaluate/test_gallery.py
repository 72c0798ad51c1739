import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkread.data.datasets import Samples
from inkread.errors import CorruptSource, OutputError
from inkread.evaluate.digits import DigitsReport
from inkread.evaluate.gallery import Miss, _differing, _shifted, digit_misses, picture_misses, write_gallery
from inkread.evaluate.lines import pictures_of
from inkread.evaluate.pages import LabeledPicture, Presentation, evaluate_pictures
from inkread.evaluate.perturb import perturbation
from inkread.results import Classification


def picture(name: str, *lines: str, width: int = 200, height: int = 100) -> LabeledPicture:
    pixels = np.full((height, width, 3), 230, np.uint8)
    pixels[10:24, 5:30] = 40
    return LabeledPicture(id=name, source=pixels, lines=lines, groups=("line", "medium:scan"))


class Tags(HTMLParser):
    """The tags and texts of a page; fails on tags that are not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.images: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs)["src"])
        elif tag not in ("meta", "!doctype"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_page_shows_every_miss_with_truth_reading_and_confidence(tmp_path: Path, document_of) -> None:
    readings = {"right": ["12"], "wrong": ["13"], "broken": None}

    def read(source, region):
        name = next(one.id for one in pictures if one.source is source)
        if readings[name] is None:
            raise CorruptSource("the picture <ends> early")
        return document_of(readings[name], confidence=0.87)

    pictures = [picture("right", "12"), picture("wrong", "12"), picture("broken", "5")]
    report = evaluate_pictures(read, pictures)
    index = write_gallery(tmp_path / "misses", list(picture_misses(report)), title="pages: 2 of 3 <wrong>")
    page = index.read_text(encoding="utf-8")
    tags = Tags(page)
    text = "".join(tags.texts)
    assert "pages: 2 of 3 <wrong>" in text  # escaped, or it would be a tag
    assert "right" not in text
    assert "87 %: 13 (87 %)" in text
    assert "CorruptSource: the picture <ends> early" in text
    assert "1 wrong" in text
    assert "scan" in text
    assert "1<ins>2</ins>" in page
    assert "1<del>3</del>" in page
    assert len(tags.images) == 2
    assert all(address.startswith("data:image/") for address in tags.images)
    assert not re.search(r"(src|href)=\"(?!data:)", page)  # one file, nothing fetched


def test_what_was_read_is_drawn_beside_the_picture(document_of) -> None:
    report = evaluate_pictures(lambda *_: document_of(["13"]), [picture("wrong", "12")])
    (miss,) = picture_misses(report)
    assert miss.pixels is not None
    left, right = np.array_split(miss.pixels, 2, axis=0)
    assert left.std(axis=2).max() < 3  # the picture itself is grey
    assert right.std(axis=2).max() > 30  # boxes and labels are not


def test_perturbed_picture_is_shown_as_it_was_read(document_of) -> None:
    way = Presentation(perturb=perturbation("invert"))
    report = evaluate_pictures(lambda *_: document_of(["9"]), [picture("wrong", "12")], presentation=way)
    (miss,) = picture_misses(report)
    assert miss.pixels is not None
    assert miss.pixels[2, 2].tolist() == [25, 25, 25]


def test_region_is_shown_alone_with_what_was_read_in_it(document_of) -> None:
    whole = picture("wrong", "12", width=400, height=300)
    part = LabeledPicture(id="part", source=whole.source, lines=("12",), region=(0, 5, 390, 300))
    report = evaluate_pictures(lambda *_: document_of(["1"], width=400, height=300), [part])
    (miss,) = picture_misses(report)
    assert miss.pixels is not None
    assert miss.group == "pictures"
    # The region is 390 × 295; the same picture with what was read stands below it at the same scale.
    height, width = miss.pixels.shape[:2]
    assert height == pytest.approx(2 * 295 * width / 390, rel=0.15)


def test_results_move_with_the_region(document_of) -> None:
    page = document_of(["1"], width=400, height=300).pages[0]
    part = _shifted(page, -3, -5, np.zeros((295, 390, 3), np.uint8))
    assert (part.width, part.height) == (390, 295)
    before, after = (next(iter(one.lines)).numbers[0].digits[0] for one in (page, part))
    assert (after.box.x0, after.box.y0) == (before.box.x0 - 3, before.box.y0 - 5)
    assert after.quad.box == after.box
    assert next(iter(part.lines)).box.y0 == next(iter(page.lines)).box.y0 - 5


def test_picture_that_cannot_be_opened_is_listed_without_a_picture(tmp_path: Path, document_of) -> None:
    lost = LabeledPicture(id="lost", source=tmp_path / "none.png", lines=("1",), groups=("single",))
    way = Presentation(as_array=True)
    report = evaluate_pictures(lambda *_: document_of(["1"]), [lost], presentation=way)
    misses = list(picture_misses(report))
    page = write_gallery(tmp_path / "misses", misses, title="t").read_text(encoding="utf-8")
    assert misses[0].pixels is None
    assert "SourceNotFound" in page
    assert "cannot be shown" in page


def digits_report() -> tuple[DigitsReport, np.ndarray]:
    probabilities = np.full((4, 10), 0.001, np.float32)
    probabilities[[0, 1, 2, 3], [7, 1, 3, 4]] = [0.9, 0.95, 0.2, 0.8]
    report = DigitsReport(
        labels=np.array(["1", "1", "3", "A"]),
        classification=Classification(
            probabilities=probabilities, not_a_digit=np.array([0.01, 0.01, 0.7, 0.1], np.float32)
        ),
        refusal_threshold=0.5,
        seconds=1.0,
    )
    return report, np.arange(4 * 28 * 28, dtype=np.uint8).reshape(4, 28, 28)


def test_digit_misses_stand_under_what_went_wrong() -> None:
    misses = list(digit_misses(*digits_report()))
    assert [miss.group for miss in misses] == ["1 read as 7", "digits refused", "A taken for a digit"]
    assert [miss.reading for miss in misses] == [("7",), (), ("4",)]
    assert misses[1].note == "3: 20 %, any: 30 %"
    assert misses[0].pixels is not None
    assert misses[0].pixels.shape == (28, 28, 3)


def test_small_crops_are_enlarged_without_blurring_and_get_no_file_of_their_own(tmp_path: Path) -> None:
    write_gallery(tmp_path, list(digit_misses(*digits_report())), title="digits")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["index.html", "sheet-01.png"]
    with Image.open(tmp_path / "sheet-01.png") as image:
        sheet = np.asarray(image)
    assert sheet.shape[1] == 1440
    assert sheet.min() < 90


def test_large_pictures_get_a_file_each_and_fill_sheets_of_one_screen(tmp_path: Path) -> None:
    pixels = np.full((600, 900, 3), 200, np.uint8)
    misses = [Miss(id=f"a/../b {n}", group="line", truth=("1",), reading=(), note="", pixels=pixels) for n in range(16)]
    write_gallery(tmp_path, misses, title="pages")
    names = sorted(entry.name for entry in tmp_path.iterdir())
    assert names[0] == "001-a-..-b-0.jpg"
    sheets = [name for name in names if name.startswith("sheet-")]
    assert sheets == ["sheet-01.png", "sheet-02.png"]  # rows of three
    for name in sheets:
        with Image.open(tmp_path / name) as sheet:
            assert sheet.width == 1440
            assert sheet.height <= 1700


def test_long_readings_are_captioned_with_the_lines_that_differ() -> None:
    truth, reading = _differing(("11", "22", "33", "44"), ("11", "29", "33"))
    assert truth == "true … 22 … 44"
    assert reading == "read … 29 … –"


def test_writing_again_leaves_no_old_sheet(tmp_path: Path) -> None:
    pixels = np.full((400, 400, 3), 200, np.uint8)
    many = [Miss(id=str(n), group="g", truth=(), reading=("1",), note="", pixels=pixels) for n in range(10)]
    write_gallery(tmp_path, many, title="t")
    write_gallery(tmp_path, [], title="t")
    assert [entry.name for entry in tmp_path.iterdir()] == ["index.html"]
    assert "0 shown" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_lines_of_a_data_set_can_be_shown(tmp_path: Path, document_of) -> None:
    crops = Samples(images=np.full((1, 30, 90), 200, np.uint8), labels=np.array(["12"]), dark_ink=True)
    report = evaluate_pictures(lambda *_: document_of(["17"], width=90, height=30), pictures_of(crops, "numbers"))
    (miss,) = picture_misses(report)
    assert miss.pixels is not None
    assert miss.group == "2 digits"


def test_folder_that_cannot_be_written_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="gallery"):
        write_gallery(tmp_path / "file" / "misses", [], title="t")

"""The upload room: files of many kinds are read, cropped, saved; those that cannot be are said."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect


@pytest.fixture(scope="module")
def pictures(photograph, tmp_path_factory) -> dict[str, Path]:
    """Files to upload, and what stands on them by their names."""
    folder = tmp_path_factory.mktemp("pictures")
    one = Image.fromarray(photograph("5048", seed=2))
    two = Image.fromarray(photograph("96", seed=3))
    paths = {name: folder / name for name in ("plain.png", "scan.tif", "papers.pdf", "letter.png", "cut.jpg")}
    one.save(paths["plain.png"])
    one.save(paths["scan.tif"])
    one.save(paths["papers.pdf"], save_all=True, append_images=[two], resolution=150)
    paths["letter.png"].write_text("Dear Sir, this is no picture.")
    whole = io.BytesIO()
    one.save(whole, "JPEG")
    paths["cut.jpg"].write_bytes(whole.getvalue()[:900])
    return paths


def choose(page: Page, *files: Path) -> None:
    page.locator("#chooser").set_input_files(list(files))
    expect(page.locator(".thumb")).to_have_count(len(files))


def cells(page: Page) -> list[str]:
    return page.locator(".readout .line").evaluate_all(
        'lines => lines.map(line => [...line.querySelectorAll(".value")].map(cell => cell.textContent).join(""))'
    )


def test_a_picture_is_read_with_boxes_over_it(visit, pictures):
    page = visit().open("/upload")
    choose(page, pictures["plain.png"])
    expect(page.locator(".picture img")).to_be_visible()
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".picture .box")).to_have_count(4)
    assert cells(page) == ["5048"]
    edges = page.locator(".picture .box").evaluate_all("boxes => boxes.map(box => box.getBoundingClientRect().left)")
    assert edges == sorted(edges)
    page.locator(".picture .box").nth(1).click()
    expect(page.get_by_role("dialog").locator(".chart .best .value")).to_have_text("0")


def test_many_files_are_read_side_by_side_with_those_that_fail(visit, pictures):
    one = visit()
    one.expect("status of 415", "status of 422")
    page = one.open("/upload")
    choose(page, *(pictures[name] for name in ("letter.png", "cut.jpg", "scan.tif", "papers.pdf")))
    page.get_by_role("button", name="Read 4 files").click()
    expect(page.locator("#progress")).to_have_text("2 of 4 read, 2 could not be read")
    page.get_by_role("button", name="letter.png, This is not a picture that can be read").click()
    expect(page.get_by_role("alert")).to_contain_text("PNG")
    page.get_by_role("button", name="cut.jpg, This file is damaged").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="scan.tif").first.click()
    expect(page.locator(".drawn-pages img")).to_have_count(1)
    assert cells(page) == ["5048"]
    page.get_by_role("button", name="papers.pdf").first.click()
    expect(page.locator(".drawn-pages img")).to_have_count(2)
    assert cells(page) == ["5048", "96"]
    for image in page.locator(".drawn-pages img").all():
        assert image.evaluate("image => image.naturalWidth") > 100


def test_a_crop_by_keyboard_reads_only_what_is_in_it(visit, pictures):
    page = visit().open("/upload")
    choose(page, pictures["plain.png"])
    page.get_by_role("button", name="Crop").click()
    frame = page.get_by_role("group", name="Part to read")
    expect(frame).to_be_focused()
    for _ in range(24):
        page.keyboard.press("Shift+ArrowLeft")
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".picture .box").first).to_be_visible()
    assert cells(page) in (["5"], ["50"])
    expect(page.locator(".crop-outline")).to_be_visible()
    page.get_by_role("button", name="Whole picture").click()
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".picture .box")).to_have_count(4)


def test_a_crop_is_dragged_by_its_corner(visit, pictures):
    page = visit().open("/upload")
    choose(page, pictures["plain.png"])
    page.get_by_role("button", name="Crop").click()
    frame = page.locator(".crop-frame").bounding_box()
    page.mouse.move(frame["x"] + frame["width"], frame["y"] + frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.5, frame["y"] + frame["height"] * 0.8, steps=4)
    page.mouse.up()
    after = page.locator(".crop-frame").bounding_box()
    assert after["width"] == pytest.approx(frame["width"] * 0.5, abs=6)
    assert after["height"] == pytest.approx(frame["height"] * 0.8, abs=6)
    assert (after["x"], after["y"]) == pytest.approx((frame["x"], frame["y"]), abs=2)


def test_a_picture_is_pasted(visit, pictures):
    page = visit().open("/upload")
    page.evaluate(
        """async bytes => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
          window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        list(pictures["plain.png"].read_bytes()),
    )
    expect(page.locator(".thumb-name")).to_have_text("pasted.png")
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".cell")).to_have_count(4)


def test_a_picture_is_dropped(visit, pictures):
    page = visit().open("/upload")
    page.evaluate(
        """async bytes => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
          const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          document.querySelector(".drop").dispatchEvent(event);
        }""",
        list(pictures["plain.png"].read_bytes()),
    )
    expect(page.locator(".thumb-name")).to_have_text("dropped.png")


def test_readings_are_saved_as_picture_json_and_table(visit, pictures):
    page = visit().open("/upload")
    choose(page, pictures["plain.png"], pictures["papers.pdf"])
    page.get_by_role("button", name="Read 2 files").click()
    expect(page.locator("#progress")).to_have_text("2 of 2 read")

    def saved(name: str) -> tuple[str, bytes]:
        with page.expect_download() as started:
            page.get_by_role("button", name=name, exact=True).click()
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()

    name, content = saved("Save this as Picture")
    assert name == "plain-inkread.png"
    assert np.asarray(Image.open(io.BytesIO(content))).shape[0] >= 480
    name, content = saved("Save this as JSON")
    assert [document["source"] for document in json.loads(content)["documents"]] == ["plain.png"]
    name, content = saved("Save all 2 as CSV")
    rows = content.decode().splitlines()
    assert len(rows) == 4
    assert sum("5048" in row for row in rows) == 2
    name, content = saved("Save all 2 as Picture")
    assert name == "inkread.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["plain-inkread.png", "papers-inkread.1.png", "papers-inkread.2.png"]
        for entry in archive.namelist():
            Image.open(io.BytesIO(archive.read(entry))).verify()


def test_files_are_removed_one_by_one_and_all_at_once(visit, pictures):
    page = visit().open("/upload")
    choose(page, pictures["plain.png"], pictures["scan.tif"])
    page.get_by_role("button", name="Remove plain.png").click()
    expect(page.locator(".thumb-name")).to_have_text("scan.tif")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".desk")).to_be_hidden()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit, tmp_path):
    page = visit().open("/upload")
    expect(page.locator("#chooser")).to_have_attribute("accept", re.compile(r"\.tif"))
    huge = tmp_path / "huge.png"
    huge.write_bytes(bytes(20_500_000))
    choose(page, huge)
    expect(page.get_by_role("alert")).to_contain_text("20.5 MB; up to 20 MB")
    expect(page.get_by_role("button", name="Read numbers")).to_be_disabled()

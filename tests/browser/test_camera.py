"""The camera room: a photograph is taken, cropped and read; without a camera a picture is chosen."""

from __future__ import annotations

from PIL import Image
from playwright.sync_api import expect


def test_a_photograph_is_taken_and_read(visit, film):
    page = visit(camera=True).open("/camera")
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_role("button", name="Take photograph").click()
    expect(page.get_by_role("group", name="Part to read")).to_be_visible()
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".cell .value")).to_have_text(list(film))
    expect(page.locator(".picture .box")).to_have_count(len(film))
    page.get_by_role("button", name="Take another").click()
    expect(page.locator("video")).to_be_visible()


def test_only_the_rectangle_is_read(visit, film):
    page = visit(camera=True).open("/camera")
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_role("button", name="Take photograph").click()
    page.get_by_role("group", name="Part to read").focus()
    for _ in range(30):
        page.keyboard.press("Shift+ArrowUp")
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".result .notice, .result .readout")).to_have_count(1)
    assert page.locator(".cell").count() < len(film)


def test_a_refused_camera_leaves_a_way_on(visit, photograph, tmp_path):
    page = visit(camera=False).open("/camera")
    page.get_by_role("button", name="Open the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("The camera was refused")
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph("81", seed=5)).save(path)
    page.locator("#photograph").set_input_files(path)
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".cell .value")).to_have_text(["8", "1"])


def test_a_file_that_is_no_picture_is_said(visit, tmp_path):
    page = visit().open("/camera")
    path = tmp_path / "photo.jpg"
    path.write_text("no picture")
    page.locator("#photograph").set_input_files(path)
    expect(page.get_by_role("alert")).to_contain_text("This file is no picture")

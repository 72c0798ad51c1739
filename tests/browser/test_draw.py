"""Drawing in the page: strokes are read while they are made, corrected, and looked into."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from inkread.data.synth import Hand, LineOptions
from inkread.data.synth.line import lay_line


@pytest.fixture
def write(hand):
    """Writes on the paper with the mouse."""
    return lambda page, text: write_with(page, text, hand)


def write_with(page: Page, text: str, hand: Hand, *, height: int = 110, left: int = 60, top: int = 90) -> None:
    paper = page.locator(".paper").bounding_box()
    options = LineOptions(spacing=0.25, word_gap=1.2)
    glyphs = lay_line(text, hand, np.random.default_rng(3), height=height, options=options)
    for glyph in glyphs:
        for stroke in glyph.strokes:
            step = max(1, len(stroke.x) // 14)
            points = [*zip(stroke.x[::step], stroke.y[::step], strict=True), (stroke.x[-1], stroke.y[-1])]
            # The line's base is at y = 0.
            places = [(paper["x"] + left + x, paper["y"] + top + height + y) for x, y in points]
            page.mouse.move(*places[0])
            page.mouse.down()
            for place in places[1:]:
                page.mouse.move(*place)
            page.mouse.up()


def reading(page: Page) -> str:
    """What the cells say: lines by newline, numbers by space."""
    return page.locator(".readout").evaluate(
        """list => {
          const text = number => [...number.querySelectorAll(".value")].map(cell => cell.textContent).join("");
          const line = one => [...one.querySelectorAll(".number")].map(text).join(" ");
          return [...list.children].map(line).join("\\n");
        }"""
    )


def test_a_number_is_read_while_it_is_written(visit, write):
    page = visit().open("/draw")
    write(page, "427 15")
    expect(page.locator(".cell")).to_have_count(5)
    assert reading(page) == "427 15"
    expect(page.locator(".paper .box")).to_have_count(5)
    expect(page.locator("#status")).to_have_text("Read: 427 15")


def test_undo_redo_and_clear_change_what_is_read(visit, write):
    page = visit().open("/draw")
    write(page, "32")
    expect(page.locator(".cell")).to_have_count(2)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".cell")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cell")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.locator(".cell")).to_have_count(1)
    page.keyboard.press("Control+y")
    expect(page.locator(".cell")).to_have_count(2)
    assert reading(page) == "32"
    page.get_by_role("button", name="Redo").click()  # clearing is a step too
    expect(page.locator(".cell")).to_have_count(0)
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_a_digit_pressed_shows_ten_probabilities(visit, write):
    page = visit().open("/draw")
    write(page, "6")
    page.locator(".cell").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".chart li")).to_have_count(10)
    assert dialog.locator(".chart .best .value").inner_text() == "6"
    shares = [int(text) for text in dialog.locator(".chart .share").all_inner_texts()]
    assert 90 <= sum(shares) <= 102
    assert max(shares) == shares[6]
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def shown(dialog) -> np.ndarray:
    """The heat over the ink, int (H, W, 4)."""
    address = dialog.locator("canvas.heat").evaluate("canvas => canvas.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


def test_the_ink_that_decided_is_shown_for_any_rival(visit, write, axe_violations):
    page = visit().open("/draw")
    write(page, "67")
    page.locator(".cell").nth(1).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Which ink decided").click()
    words = dialog.get_by_role("status")
    expect(words).to_contain_text("to 1 for 7 rather than everything else")
    assert (shown(dialog)[..., 0] - shown(dialog)[..., 2] > 80).sum() > 50
    dialog.get_by_label("7 rather than").select_option("1")
    expect(words).to_contain_text("for 7 rather than 1, by its ink alone")
    heat = shown(dialog)[..., 0] - shown(dialog)[..., 2] > 80
    assert heat[: len(heat) // 2].sum() > 2 * heat[len(heat) // 2 :].sum()  # what makes a 7 no 1 is its bar
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_a_finger_writes_as_the_mouse_does(visit):
    page = visit(width=360, height=740, touch=True).open("/draw")
    paper = page.locator(".paper").bounding_box()
    x, y = paper["x"] + 120, paper["y"] + 60
    seven = [(x + 10 * step, y) for step in range(9)] + [(x + 80 - 4 * step, y + 11 * step) for step in range(1, 12)]
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})

    touch("touchStart", seven[0])
    for place in seven[1:]:
        touch("touchMove", place)
    touch("touchEnd")
    expect(page.locator(".cell .value")).to_have_text("7")


def test_the_example_writes_itself(visit, show_example):
    page = visit().open("/draw")
    show_example(page)
    expect(page.locator(".cell")).to_have_count(5)
    assert re.fullmatch(r"\d \d{4}", reading(page))


def test_the_reading_can_be_copied(visit, write):
    one = visit()
    one.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = one.open("/draw")
    write(page, "27")
    expect(page.locator(".cell")).to_have_count(2)
    page.wait_for_load_state("networkidle")  # the last stroke has been read too, and nothing is drawn anew
    # It is said for a moment, which may be over before a busy machine looks.
    page.evaluate(
        """() => {
          const look = () => {
            if (document.body.innerText.includes("Copied")) document.documentElement.dataset.copied = "yes";
          };
          new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("html")).to_have_attribute("data-copied", "yes")
    assert page.evaluate("navigator.clipboard.readText()") == "27"


def test_a_network_that_is_gone_is_said_and_nothing_is_lost(visit, write):
    one = visit()
    one.expect("net::ERR_INTERNET_DISCONNECTED")
    page = one.open("/draw")
    page.context.set_offline(True)
    write(page, "2")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".cell .value")).to_have_text("2")

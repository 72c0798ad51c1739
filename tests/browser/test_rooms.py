"""What holds for every room: its address, both themes, all widths, keyboard, weight, and axe-core's rules."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

import inkread
from inkread.data.synth import Hand, draw_glyph
from inkread.evaluate.digits import evaluate_digits
from inkread.evaluate.report import Circumstances, digits_report, machine
from inkread.evaluate.sources import Samples
from inkread.models.registry import bundled

ROOMS = ("/", "/draw", "/upload", "/camera", "/live", "/performance", "/lab", "/api")
MOST_BYTES = 300_000


def settle(page: Page, room: str) -> None:
    """Waits for what a room fetches."""
    if room == "/":
        expect(page.locator(".tour .cell").first).to_be_visible()
    if room == "/lab":
        expect(page.locator(".lab .notice, .sample-card").first).to_be_visible()
    if room == "/performance":
        expect(page.locator(".reports[aria-busy]")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(visit, axe_violations, show_example, theme):
    one = visit(theme=theme)
    found = {}
    for room in ROOMS:
        page = one.open(room)
        settle(page, room)
        found[room] = axe_violations(page)
    page = one.open("/draw")
    show_example(page)
    found["a reading"] = axe_violations(page)
    page.locator(".cell").first.click()
    found["a digit's chart"] = axe_violations(page)
    assert {place: rules for place, rules in found.items() if rules} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_rooms_at_work(visit, axe_violations, theme, photograph, tmp_path, film):
    one = visit(theme=theme, camera=True)
    page = one.open("/upload")
    path = tmp_path / "number.png"
    Image.fromarray(photograph("5048", seed=2)).save(path)
    wrong = tmp_path / "empty.png"
    wrong.write_bytes(b"")
    page.locator("#chooser").set_input_files([path, wrong])
    page.get_by_role("button", name="Read numbers").click()
    expect(page.locator(".picture .box")).to_have_count(4)
    found = {"read": axe_violations(page)}
    page.get_by_role("button", name="Crop").click()
    found["cropping"] = axe_violations(page)
    page.get_by_role("button", name="empty.png").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    found["a wrong file"] = axe_violations(page)
    page = one.open("/live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".steady.fixed strong")).to_have_text(film)
    found["live"] = axe_violations(page)
    page = one.open("/camera")
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_role("button", name="Take photograph").click()
    expect(page.get_by_role("group", name="Part to read")).to_be_visible()
    found["a photograph"] = axe_violations(page)
    assert {place: rules for place, rules in found.items() if rules} == {}


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_no_room_is_wider_than_the_window(visit, width):
    one = visit(width=width, height=740)
    wide = {}
    for room in ROOMS:
        page = one.open(room)
        settle(page, room)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[room] = over
    assert wide == {}


def test_rooms_are_walked_through_by_links_and_by_the_way_back(visit):
    page = visit().open("/")
    for name, title in (
        ("Draw", "Draw · inkread"),
        ("Live", "Live · inkread"),
        ("Performance", "Performance · inkread"),
    ):
        page.get_by_role("navigation").get_by_role("link", name=name).click()
        expect(page).to_have_title(title)
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("main")).to_be_focused()
        expect(page.locator("nav [aria-current=page]")).to_have_text(name)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Live")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Live")


def test_the_first_tab_leads_past_the_navigation(visit):
    page = visit().open("/draw")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    paper = page.get_by_role("img", name="Paper to write on")
    paper.evaluate("paper => { paper.dataset.written = 'something'; }")
    page.keyboard.press("Enter")
    expect(page.locator("#room")).to_be_focused()
    page.keyboard.press("Tab")
    expect(paper).to_be_focused()
    expect(paper).to_have_attribute("data-written", "something")  # the room was not opened anew


def test_a_chosen_theme_is_kept(visit):
    page = visit(theme="light").open("/draw")
    bright = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Colors: as the device").click()
    page.get_by_role("button", name="Colors: light").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != bright
    page.reload()
    page.locator("main h1").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    page.get_by_role("button", name="Colors: dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == bright


def test_the_tour_plays_by_itself_and_can_be_paused(visit):
    page = visit(calm=False).open("/")
    expect(page.locator(".tour .box").first).to_be_visible()
    expect(page.locator(".tour .cell").first).to_be_visible()
    first = page.locator(".tour-caption").inner_text()
    expect(page.locator(".tour-caption")).not_to_have_text(first)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_who_wants_no_motion_gets_still_pictures(visit):
    page = visit(calm=True).open("/")
    expect(page.locator(".tour .cell")).to_have_count(5)
    caption = page.locator(".tour-caption").inner_text()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".tour-caption")).not_to_have_text(caption)


def test_the_whole_page_is_light_and_all_of_it_comes_from_this_server(visit):
    one = visit(camera=True)
    sizes: dict[str, int] = {}
    hosts = set()

    def count(response) -> None:
        hosts.add(response.url.split("/")[2] if response.url.startswith("http") else "")
        if "/v1/" not in response.url and response.status == 200 and response.url.startswith("http"):
            sizes[response.url] = len(response.body())

    one.page.on("response", count)
    for room in (*ROOMS, "/login"):
        page = one.open(room)
        settle(page, room)
        page.mouse.wheel(0, 4000)
        page.wait_for_load_state("networkidle")
    for name in ("/manifest.webmanifest", "/static/icon-192.png", "/static/icon-512.png", "/static/icon-maskable.png"):
        answer = page.request.get(one.address + name)
        assert answer.ok
        sizes[one.address + name] = len(answer.body())
    assert len(sizes) > 30
    assert sum(sizes.values()) <= MOST_BYTES
    assert hosts - {""} == {one.address.removeprefix("http://")}


def test_the_manifest_makes_the_page_installable(visit):
    page = visit().open("/")
    session = page.context.new_cdp_session(page)
    answer = session.send("Page.getAppManifest")
    assert answer["errors"] == []
    assert answer["url"].endswith("/manifest.webmanifest")
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] in (
        [],
        [{"errorId": "in-incognito", "errorArguments": []}],
    )


def test_speech_says_the_digits_one_by_one(visit, show_example):
    page = visit().open("/draw")
    page.evaluate("() => { window.said = []; speechSynthesis.speak = one => said.push(one.text); }")
    show_example(page)
    page.get_by_role("button", name="Read aloud").click()
    digits = page.locator(".cell .value").all_inner_texts()
    said = page.evaluate("said")
    assert len(said) == 1
    assert [one for one in said[0] if one.isdigit()] == digits


@pytest.fixture(scope="module")
def report() -> dict[str, object]:
    """A report as ``inkread evaluate`` writes it, of the bundled network on writing made here."""
    rng = np.random.default_rng(0)
    labels = [*"0123456789" * 12, *"AKM" * 4]
    crops = []
    for label in labels:
        ink = draw_glyph(label, Hand.random(rng), rng, height=40)
        crops.append(cv2.resize((255 * (1 - ink)).astype(np.uint8), (40, 40), interpolation=cv2.INTER_AREA))
    writers = np.arange(len(labels)) % 7
    samples = Samples(
        images=np.stack(crops), labels=np.array(labels), dark_ink=True, writers=writers, series=writers % 2
    )
    outcome = evaluate_digits(inkread.classify, samples, refusal_threshold=0.3)
    circumstances = Circumstances(
        model={"digit": bundled("digit").name}, data={"name": "made here", "split": "test", "perturbation": None},
        command="inkread evaluate digit made-here", date=datetime(2026, 1, 2, tzinfo=UTC), machine=machine(),
    )  # fmt: skip
    written = digits_report(outcome, circumstances)
    written["curves"]["training"] = [
        {"step": 100, "loss": 1.5, "mnist": 97.0},
        {"step": 200, "loss": 0.7, "mnist": 98.5},
    ]
    written["curves"]["trained"] = bundled("digit").name
    return written


def test_the_performance_room_shows_what_the_report_says(visit, report, axe_violations):
    one = visit(width=360, height=740)
    answer = json.dumps({"reports": [report]})
    one.page.route("**/v1/report", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page = one.open("/performance")
    expect(page.locator(".report h3")).to_have_text("Single digits: made here, test")
    expect(page.locator(".training h2")).to_have_text(f"Training of {bundled('digit').name}")
    expect(page.locator(".training .plot")).to_have_count(2)
    expect(page.locator(".report")).to_contain_text("7 writers, ")
    expect(page.locator(".report")).to_contain_text("series: 1")
    expect(page.locator(".report .figures")).to_contain_text("one answer in twenty")
    expect(page.locator(".report .figures")).to_contain_text(f"{100 * report['accuracy']['value']:.2f} %")
    cells = page.locator(".confusion tbody td").all_inner_texts()
    assert [int(cell) for cell in cells] == [count for row in report["confusion"] for count in row]
    expect(page.locator(".plot")).to_have_count(4)
    page.get_by_text("Figures of each digit", exact=True).click()
    supports = page.locator(".fold tbody tr td:last-child").all_inner_texts()
    assert [int(text) for text in supports] == [12] * 10
    expect(page.locator(".command code")).to_have_text(report["command"])
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_performance_room_shows_every_bundled_report_and_model(visit):
    one = visit()
    page = one.open("/performance")
    settle(page, "/performance")
    reports = page.request.get(one.address + "/v1/report").json()["reports"]
    assert reports
    models = page.request.get(one.address + "/v1/models").json()["models"]
    assert page.locator(".report").count() == len(reports)
    assert page.locator(".report[open]").count() == 1
    page.locator(".report > summary").nth(1).click()
    expect(page.locator(".report").nth(1).locator(".plot").first).to_be_visible()
    # The writer model is measured, not learned by steps: it has no curves.
    stepwise = [model for model in models if model["task"] != "writer"]
    expect(page.locator(".training")).to_have_count(len(stepwise))
    rows = page.locator(".reports table").first.locator("tbody tr")
    expect(rows).to_have_count(len(models))
    assert all(what[0].isupper() for what in rows.locator("td:first-of-type").all_inner_texts())


def test_the_api_room_has_commands_that_work_here(visit, server, tmp_path, photograph):
    one = visit()
    page = one.open("/api")
    command = page.locator(".sample pre").nth(1).inner_text()
    assert one.address in command
    Image.fromarray(photograph("5048", seed=2)).save(tmp_path / "cheque.jpg")
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "5048"

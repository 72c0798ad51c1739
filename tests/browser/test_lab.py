"""The lab in a browser: a set of our own is looked into, evaluated, learned from, and what was trained is drawn for."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def lab(serve_page, write_semeion, tmp_path_factory):
    """A server with one data set, of our own digits."""
    running = serve_page(data=str(write_semeion(tmp_path_factory.mktemp("data"), 120)))
    yield running
    running.stop()


@pytest.fixture
def laboratory(visit, lab):
    """Opens a window on that server."""

    def begin(**options):
        one = visit(**options)
        one.address = lab.address
        return one

    return begin


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_set_is_looked_into_and_evaluated(laboratory, axe_violations, theme):
    one = laboratory(theme=theme, width=360, height=740)
    page = one.open("/lab")
    expect(page.locator(".sample-card")).to_have_count(40)
    assert page.locator(".sample-card.right").count() >= 36
    page.get_by_role("button", name="Further").click()
    expect(page.locator(".lab-part").first).to_contain_text("41 to 80 of 120")
    page.locator(".sample-card button").first.click()
    expect(page.locator(".digit-dialog .chart li")).to_have_count(10)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Evaluate", exact=True).click()
    expect(page.locator(".lab-job .report h3")).to_have_text("Single digits: semeion, all")
    expect(page.locator(".lab-job .report .figures")).to_contain_text("120")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_network_trained_here_is_tried_in_draw(laboratory, show_example):
    one = laboratory()
    page = one.open("/lab")
    expect(page.locator(".sample-card")).to_have_count(40)
    # The page's smallest training takes minutes on a busy machine; a smaller one is ordered as the page would.
    order = {"kind": "train", "data": "semeion", "samples": 2048}
    page.request.post(one.address + "/v1/lab/job", data=order)
    page = one.open("/lab")
    expect(page.locator(".lab-job .plot")).not_to_have_count(0)
    page.get_by_role("link", name="Try it in Draw").click()
    expect(page.locator(".trained")).to_contain_text("trained in the lab")
    with page.expect_response("**/v1/lab/strokes") as answer:
        show_example(page)
    trained = page.request.get(one.address + "/v1/lab").json()["networks"]["trained"]
    assert answer.value.json()["model"]["digit"] == trained
    page.get_by_role("link", name="Use the bundled one").click()
    expect(page.locator(".trained")).to_have_count(0)


def test_a_training_is_canceled(laboratory):
    page = laboratory().open("/lab")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".lab-job")).to_contain_text("canceled after")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


def test_without_data_the_room_says_how_to_get_some(visit):
    page = visit().open("/lab")
    expect(page.locator(".lab")).to_contain_text("inkread data fetch mnist")

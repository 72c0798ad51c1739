"""Signing in and out on a server with accounts: wrong passwords, forged cookies, missing tokens, keys."""

from __future__ import annotations

import subprocess

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

NAME, PASSWORD = "ada", "a long password of words"


@pytest.fixture(scope="module")
def guarded(serve_page, tmp_path_factory):
    """A server with accounts and one admin."""
    folder = tmp_path_factory.mktemp("accounts")
    running = serve_page(
        accounts="true",
        database_url=f"sqlite:///{folder / 'accounts.sqlite3'}",
        admin_name=NAME,
        admin_password=PASSWORD,
    )
    yield running
    running.stop()


@pytest.fixture
def stranger(visit, guarded):
    """Opens windows on the guarded server."""

    def begin(**settings):
        one = visit(**settings)
        one.address = guarded.address
        return one

    return begin


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_stranger_is_led_to_the_login_and_back_to_the_room(stranger, show_example):
    page = stranger().open("/draw")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw")
    assert page.url.endswith("/draw")
    show_example(page)
    expect(page.locator(".cell")).to_have_count(5)
    page.get_by_role("button", name=f"Sign out {NAME}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(page.url.replace("/login", "/upload"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_wrong_password_is_said_without_saying_which_part_is_wrong(stranger):
    one = stranger()
    one.expect("status of 401")
    page = one.open("/login")
    sign_in(page, "not this one")
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong")
    expect(page.get_by_label("Password")).to_be_focused()
    expect(page.get_by_label("Password")).to_have_value("")


def test_a_forged_cookie_opens_nothing(stranger):
    one = stranger()
    page = one.open("/login")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    # The home page's tour asks for readings of its own; it is left before they could be refused.
    page.goto("about:blank")
    context = page.context
    real = context.cookies()
    assert real
    assert all(cookie["httpOnly"] and cookie["sameSite"] in ("Lax", "Strict") for cookie in real)
    context.clear_cookies()
    context.add_cookies([{**cookie, "value": cookie["value"][:-4] + "AAAA"} for cookie in real])
    page.goto(one.address + "/draw")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_request_without_its_token_is_refused(stranger):
    one = stranger()
    one.expect("status of 403")
    page = one.open("/login")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")
    answer = page.evaluate(
        """async () => {
          const answer = await fetch("/v1/strokes", {
            method: "POST", headers: { "Content-Type": "application/json" }, body: '{"strokes": []}',
          });
          return [answer.status, (await answer.json()).code];
        }"""
    )
    assert answer == [403, "MissingToken"]


def test_a_session_that_ends_leads_to_the_login_and_back(stranger):
    one = stranger()
    one.expect("status of 401")
    page = one.open("/draw")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Draw")
    page.context.clear_cookies()
    page.get_by_role("button", name="Show me").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.url.endswith("/login?next=%2Fdraw")


def test_a_key_is_shown_once_and_reads_from_a_program(stranger, photograph, tmp_path):
    one = stranger()
    page = one.open("/api")
    sign_in(page)
    page.get_by_label("What the key is for").fill("the scanner")
    page.get_by_role("button", name="Make a key").click()
    key = page.locator(".new-key").inner_text()
    command = page.locator(".sample pre").nth(1).inner_text()
    Image.fromarray(photograph("5048", seed=2)).save(tmp_path / "cheque.jpg")
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={"INKREAD_KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "5048"
    page.reload()
    expect(page.locator(".keys li")).to_contain_text("the scanner")
    expect(page.locator(".new-key")).to_have_count(0)
    page.get_by_role("button", name="Remove the scanner").click()
    expect(page.locator(".keys li")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_at_the_login(stranger, axe_violations, theme):
    page = stranger(theme=theme, width=360).open("/login")
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")

"""The live room: a camera that films written numbers, read as it runs."""

from __future__ import annotations

from playwright.sync_api import expect


def test_a_video_of_a_number_is_read_steadily(visit, film):
    page = visit(camera=True).open("/live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".steady.fixed strong")).to_have_text(film)
    expect(page.locator(".stage .box")).to_have_count(len(film))
    expect(page.locator(".figures")).to_contain_text("Frames a second")
    expect(page.locator(".cell")).to_have_count(len(film))
    page.locator(".cell").first.click()
    expect(page.get_by_role("dialog").locator(".chart li")).to_have_count(10)


def test_the_rectangle_says_where_to_read(visit, film):
    page = visit(camera=True).open("/live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".steady.fixed strong")).to_have_text(film)
    rectangle = page.get_by_role("group", name="Part to read")
    rectangle.focus()
    # Smaller, until only paper is left in its corner.
    for _ in range(40):
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowUp")
    for _ in range(12):
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowLeft")
    expect(page.locator(".steady")).to_contain_text("No numbers in the frame")


def test_the_threshold_is_obeyed_and_stopping_stops(visit, film):
    page = visit(camera=True).open("/live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".steady.fixed strong")).to_have_text(film)
    page.get_by_label("Accept from").fill("99")
    expect(page.locator("output[for=threshold]")).to_have_text("99 %")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
    assert page.evaluate("document.querySelector('video') === null")


def test_a_refused_camera_is_said_with_what_to_do(visit):
    page = visit(camera=False).open("/live")
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("The camera was refused")
    expect(page.get_by_role("alert")).to_contain_text("Allow the camera")


def test_a_lost_connection_is_said_and_comes_back(visit, film):
    page = visit(camera=True).open("/live")
    # The words stand only until the connection is back, which is soon.
    page.evaluate(
        """() => {
          window.sockets = [];
          window.alerts = [];
          const Real = WebSocket;
          window.WebSocket = class extends Real { constructor(...a) { super(...a); sockets.push(this); } };
          new MutationObserver(() => {
            for (const one of document.querySelectorAll("[role=alert]")) alerts.push(one.textContent);
          }).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator(".steady.fixed strong")).to_have_text(film)
    page.evaluate("sockets.at(-1).close()")
    while page.evaluate("sockets.length < 2 || sockets[1].readyState !== WebSocket.OPEN"):
        page.wait_for_timeout(50)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "The connection was lost" in page.evaluate("alerts.join()")
    expect(page.locator(".steady.fixed strong")).to_have_text(film)

"""The page under test: Debian's Chromium before the real server, over a real socket, with a video for a camera."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from inkread.data.synth import Hand, PageOptions, compose_page
from inkread.ink import Pen

HERE = Path(__file__).parent
AXE = HERE / "node_modules" / "axe-core" / "axe.min.js"
VIDEO_TEXT = "734"
# Waiting ends as soon as what is waited for is there; a machine that does much else at once needs longer.
PATIENCE_S = 120
expect.set_options(timeout=1000 * PATIENCE_S)
CAREFUL = Hand(pen=Pen(width=0.08), slant_degrees=6, seed=4, habit=0.02, jitter=0.008, bend=0.02)
# What Chromium does by itself on the network, and the graphics card, have no part in these tests.
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-extensions", "--disable-sync", "--no-first-run", "--mute-audio",
    "--use-fake-device-for-media-stream",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def hand() -> Hand:
    """A careful writer, whose digits leave no doubt."""
    return CAREFUL


@pytest.fixture(scope="package")
def film() -> str:
    """What the camera sees."""
    return VIDEO_TEXT


@pytest.fixture(scope="package")
def photograph() -> Callable[..., np.ndarray]:
    """Makes photographs of one line of writing."""
    return picture_of


def picture_of(text: str, *, width: int = 640, height: int = 480, seed: int = 1, digit_height: int = 120) -> np.ndarray:
    """A photograph of one careful line of writing, uint8 (height, width, 3) RGB."""
    options = PageOptions(
        width=width, height=height, layout="line", lines=(text,), hand=CAREFUL, digit_height=digit_height, wear=0,
        light=0.2, camera=0.1, view=0, ink_color=(24, 32, 90), paper_color=(244, 243, 238),
    )  # fmt: skip
    image, _ = compose_page(np.random.default_rng(seed), options)
    return np.array(image.pixels)


def write_video(path: Path, frames: list[np.ndarray], *, rate: int = 30) -> None:
    """An uncompressed video (YUV4MPEG2), as Chromium's fake camera takes it."""
    height, width = frames[0].shape[:2]
    with path.open("wb") as out:
        out.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            out.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Server:
    """A running ``inkread serve``."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)


def start_server(folder: Path, **settings: str) -> Server:
    """``inkread serve`` at a free port of this machine, ready to answer."""
    port, log = free_port(), folder / "server.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKREAD_")}
    environment |= {f"INKREAD_{name.upper()}": value for name, value in settings.items()}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "inkread", "serve", "--port", str(port)], env=environment, stdout=out, stderr=out
        )
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=10):
                return Server(address=address, process=process, log=log)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    process.kill()
    process.wait()
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server without accounts, as it stands on one's own machine."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture(scope="package")
def serve_page(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Server]:
    """Starts further servers with settings of their own; whoever starts one stops it."""
    return lambda **settings: start_server(tmp_path_factory.mktemp("server"), **settings)


@pytest.fixture(scope="package")
def show_example() -> Callable[[Page], None]:
    """Lets the example in the drawing room write itself, and waits for the reading of all of it."""

    def show(page: Page) -> None:
        button = page.get_by_role("button", name="Show me")
        button.click()
        expect(button).to_be_disabled()
        expect(button).to_be_enabled()
        version = page.locator(".sheet").get_attribute("data-version") or ""
        expect(page.locator(".result")).to_have_attribute("data-version", version)

    return show


@pytest.fixture(scope="package")
def axe_violations() -> Callable[[Page], list[str]]:
    """What axe-core finds on a page, by its rule and the elements that break it."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed (npm install --prefix tests/browser)")
    source = AXE.read_text(encoding="utf-8")

    def find(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
        return [f"{one['id']}: {[node['target'] for node in one['nodes']][:4]}" for one in found]

    return find


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, with a video of written numbers for a camera."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("chromium is not installed (on Debian: apt install chromium)")
    video = tmp_path_factory.mktemp("video") / "numbers.y4m"
    still = picture_of(VIDEO_TEXT, digit_height=150)
    # A hand that holds a page is never quite still.
    write_video(video, [np.roll(still, (shift, -shift), axis=(0, 1)) for shift in (0, 1, 2, 3, 2, 1, 0, -1, -2, -1)])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*FLAGS, f"--use-file-for-fake-video-capture={video}"]
        )
        yield browser
        browser.close()


@dataclass
class Visit:
    """One browser window, and everything that its console said."""

    page: Page
    address: str
    messages: list[str] = field(default_factory=list)
    # Chromium itself writes a line for each answer that is no success; tests say which they provoke.
    expected: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.address + path)
        self.page.locator("main h1").first.wait_for()
        return self.page

    def expect(self, *parts: str) -> None:
        self.expected.extend(parts)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.messages.append(f"{message.type}: {message.text}")

    def unexpected(self) -> list[str]:
        return [text for text in self.messages if not any(part in text for part in self.expected)]


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """Opens windows with the given size and theme; at the end none of their consoles may hold an error."""
    yield from visits(chromium, server.address)


def visits(chromium: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    contexts: list[BrowserContext] = []
    made: list[Visit] = []

    def begin(
        *,
        width: int = 1280,
        height: int = 800,
        theme: str = "light",
        camera: bool = False,
        calm: bool = True,
        touch: bool = False,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce" if calm else "no-preference",
            has_touch=touch,
            permissions=["camera"] if camera else [],
            accept_downloads=True,
        )
        context.set_default_timeout(1000 * PATIENCE_S)
        contexts.append(context)
        one = Visit(page=context.new_page(), address=address)
        one.page.on("console", one.hear)
        one.page.on("pageerror", lambda error: one.messages.append(f"exception: {error}"))
        made.append(one)
        return one

    yield begin
    for context in contexts:
        context.close()
    assert [text for one in made for text in one.unexpected()] == []

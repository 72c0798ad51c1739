"""Measures how quickly the page answers in a real Chromium before a real server on this machine, and what it weighs.

    python benchmarks/page.py [--strokes N] [--seconds S] [--output FILE] [--check]

From the pen's leaving the paper to the reading on the screen; frames a second and the time from a frame's taking to its
answer in the live room, whose camera is a film of 640 × 480 that inkread writes itself; the bytes of all rooms over the
wire. Needs Chromium and the extra `dev`. Quiet machines only: everything else that runs is in the figures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from outcome import conclude
from playwright.sync_api import Browser, Page, sync_playwright

from inkread.data.synth import Hand, LineOptions, PageOptions, compose_page
from inkread.data.synth.line import lay_line
from inkread.evaluate.report import machine
from inkread.ink import Pen
from inkread.models.registry import bundled

PEN_UP_S, FRAMES_PER_SECOND, ANSWER_S, PAGE_BYTES = 0.120, 20, 0.080, 300_000
ROOMS = ("", "draw", "upload", "camera", "live", "performance", "api", "login")
HAND = Hand(pen=Pen(width=0.08), slant_degrees=6, seed=4, habit=0.02, jitter=0.008, bend=0.02)
RESULTS = Path(__file__).parent / "results" / "page.json"

# The page's own clock: when the pen left, and when the cells that know the whole stroke were painted.
WATCH_PEN = """() => {
window.penUps = [];
const paper = document.querySelector(".sheet");
const result = document.querySelector(".result");
let left = null;
document.addEventListener("pointerup", () => { left = performance.now(); }, true);
new MutationObserver(() => {
  if (left === null || result.dataset.version !== paper.dataset.version) return;
  const began = left;
  left = null;
  requestAnimationFrame(() => penUps.push(performance.now() - began));
}).observe(result, { childList: true });
}"""
# A frame is taken when the page begins to encode it; its number goes out with it and comes back with the answer.
WATCH_FRAMES = """() => {
window.answers = [];
const taken = [];
const began = new Map();
const toBlob = HTMLCanvasElement.prototype.toBlob;
HTMLCanvasElement.prototype.toBlob = function (...given) {
  taken.push(performance.now());
  return toBlob.apply(this, given);
};
const Real = WebSocket;
window.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const { frame, type } = JSON.parse(data);
      if (type === "reading") answers.push({ at: performance.now(), took: performance.now() - began.get(frame) });
    });
  }
  send(data) {
    if (data instanceof ArrayBuffer) began.set(Number(new DataView(data).getBigUint64(0, true)), taken.at(-1));
    super.send(data);
  }
};
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--strokes", type=int, default=40, metavar="N", help="strokes after which the reading is timed, 40"
    )
    parser.add_argument("--seconds", type=float, default=15, metavar="S", help="seconds of live video, 15")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []

    def add(
        what: str, unit: str, value: float, bar: float | None = None, *, least: bool = False, times: int = 1
    ) -> None:
        met = None if bar is None else value >= bar if least else value <= bar
        rows.append({"what": what, "unit": unit, "value": value, "times": times, "bar": bar, "met": met})
        side = "" if bar is None else f"  bar: at {'least' if least else 'most'} {bar:g}  {'met' if met else 'MISSED'}"
        print(f"{what:56} {value:12,.4g} {unit}{side}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.y4m"
        write_film(film)
        with server() as address, chromium(film) as browser:
            seconds = pen_up(browser, address, args.strokes)
            add(
                "pen up to reading on the screen, median", "s", statistics.median(seconds), PEN_UP_S, times=len(seconds)
            )
            rate, took = live(browser, address, args.seconds)
            add(
                "live video of 640 × 480, frames read", "frames/s", rate, FRAMES_PER_SECOND, least=True, times=len(took)
            )
            add("frame taken to answer, median", "s", statistics.median(took), times=len(took))
            add("frame taken to answer, 95 % within", "s", float(np.quantile(took, 0.95)), ANSWER_S, times=len(took))
            add("the whole page, all rooms, over the wire", "bytes", weight(browser, address), PAGE_BYTES)
    return conclude(
        {
            "benchmark": "page",
            "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            "machine": machine(),
            "model": {"digit": bundled("digit").name},
            "rows": rows,
        },
        args.output,
        check=args.check,
    )


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a new ``inkread serve``."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKREAD_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "inkread", "serve", "--port", str(port)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while True:
            if process.poll() is not None:
                sys.exit("the server did not start: try inkread serve")
            with contextlib.suppress(urllib.error.URLError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def chromium(film: Path) -> Iterator[Browser]:
    """A Chromium that has the film for a camera."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        sys.exit("chromium is not installed; on Debian: apt install chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--mute-audio"]
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*flags, *camera])
        yield browser
        browser.close()


def write_film(path: Path, *, text: str = "734 50") -> None:
    """Ten frames of 640 × 480, 30 a second, of a number that is held not quite still (YUV4MPEG2)."""
    options = PageOptions(
        width=640, height=480, layout="line", lines=(text,), hand=HAND, digit_height=110, wear=0, light=0.2, camera=0.1,
        view=0,
    )  # fmt: skip
    still = np.array(compose_page(np.random.default_rng(1), options)[0].pixels)
    with path.open("wb") as out:
        out.write(b"YUV4MPEG2 W640 H480 F30:1 Ip A1:1 C420jpeg\n")
        for shift in (0, 1, 2, 3, 2, 1, 0, -1, -2, -1):
            frame = np.roll(still, (shift, -shift), axis=(0, 1))
            out.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


def opened(browser: Browser, address: str, room: str) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, permissions=["camera"])
    page = context.new_page()
    page.goto(f"{address}/{room}")
    page.locator("main h1").first.wait_for()
    return page


def pen_up(browser: Browser, address: str, strokes: int) -> list[float]:
    """Seconds from the end of each stroke to its reading, while numbers of five digits are written."""
    page = opened(browser, address, "draw")
    paper = page.locator(".paper").bounding_box()
    if paper is None:
        raise RuntimeError("the room has no paper")
    page.evaluate(WATCH_PEN)
    rng = np.random.default_rng(5)
    made = 0
    while made < strokes:
        text = "".join(str(digit) for digit in rng.integers(0, 10, 5))
        for glyph in lay_line(text, HAND, rng, height=110, options=LineOptions(spacing=0.25)):
            for stroke in glyph.strokes:
                step = max(1, len(stroke.x) // 14)
                places = [
                    (paper["x"] + 60 + x, paper["y"] + 200 + y)
                    for x, y in zip(stroke.x[::step], stroke.y[::step], strict=True)
                ]
                page.mouse.move(*places[0])
                page.mouse.down()
                for place in places[1:]:
                    page.mouse.move(*place)
                page.mouse.up()
                made += 1
                page.wait_for_timeout(150)
        page.get_by_role("button", name="Clear").click()
        page.wait_for_timeout(150)
    seconds = [milliseconds / 1000 for milliseconds in page.evaluate("penUps")]
    page.context.close()
    return seconds


def live(browser: Browser, address: str, seconds: float) -> tuple[float, list[float]]:
    """Answers a second, and the seconds from taking each frame to its answer, after a second to get going."""
    page = opened(browser, address, "live")
    page.evaluate(WATCH_FRAMES)
    page.get_by_role("button", name="Start the camera").click()
    page.locator(".steady.fixed").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate("answers.length = 0")
    page.wait_for_timeout(1000 * seconds)
    answers = page.evaluate("answers")
    page.context.close()
    spent = (answers[-1]["at"] - answers[0]["at"]) / 1000
    return (len(answers) - 1) / spent, [one["took"] / 1000 for one in answers]


def weight(browser: Browser, address: str) -> float:
    """Bytes over the wire, headers included, of every file of the page, each fetched once."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    names: dict[str, str] = {}
    sizes: dict[str, float] = {}
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.setdefault(names.get(event["requestId"], ""), event["encodedDataLength"]),
    )
    for room in ROOMS:
        page.goto(f"{address}/{room}")
        page.locator("main h1").first.wait_for()
        page.mouse.wheel(0, 5000)
        page.wait_for_load_state("networkidle")
    for name in ("manifest.webmanifest", "static/icon-192.png", "static/icon-512.png", "static/icon-maskable.png"):
        sizes[f"{address}/{name}"] = len(page.request.get(f"{address}/{name}").body())
    context.close()
    return sum(size for url, size in sizes.items() if url.startswith(address) and "/v1/" not in url)


if __name__ == "__main__":
    sys.exit(main())

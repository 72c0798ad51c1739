"""Measures the server: its answers to one client, to sixteen and to two hundred, video, memory, and the page's size.

    python benchmarks/serve.py [--quick] [--workers N] [--output FILE] [--check]

It starts ``inkread serve`` on a free port of this machine and calls it through real sockets, from this process: what
the client costs is in the figures. ``--quick`` takes a tenth of the time and measures the same things less exactly.
Quiet machines only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from outcome import conclude
from PIL import Image

from inkread.data.synth import PageOptions, compose_page
from inkread.evaluate.report import machine
from inkread.models.registry import bundled

MEDIAN_MS, P95_MS = 20, 40
RATE_16, ERRORS_16 = 80, 0
RECOVERY_S = 2.0
FRAMES_PER_SECOND, GLASS_TO_ANSWER_MS = 20, 80
MEMORY_GROWTH = 1.1
PAGE_BYTES = 300_000
RESULTS = Path(__file__).parent / "results" / "serve.json"
ALLOWED_UNDER_LOAD = {200, 429, 503}


@dataclass(frozen=True)
class Answer:
    """One answer: its status, 0 where it was lost, and the seconds from the first byte sent to the last received."""

    status: int
    seconds: float
    body: bytes = b""


class Client:
    """One connection that is kept alive; the least that HTTP needs, so that the client costs little."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> Answer:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(90):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                await writer.drain()
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                body = await reader.readexactly(length)
                if b"connection: close" in head.lower():
                    await self.close()
            return Answer(int(head.split(b" ", 2)[1]), time.perf_counter() - began, body)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            await self.close()
            return Answer(0, time.perf_counter() - began)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass
class Figures:
    """What was measured, row by row."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, what: str, unit: str, value: float, bar: float | None = None, *, least: bool = False) -> None:
        met = None if bar is None else value >= bar if least else value <= bar
        self.rows.append(
            {
                "what": what,
                "unit": unit,
                "value": value,
                "bar": bar,
                "sense": "at least" if least else "at most",
                "met": met,
            }
        )
        side = (
            "" if bar is None else f"  bar: {'at least' if least else 'at most'} {bar:g}  {'met' if met else 'MISSED'}"
        )
        print(f"{what:60} {value:12,.4g} {unit:12}{side}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the time")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes behind the port, 1")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FILE")
    args = parser.parse_args()

    figures = Figures()
    scale = 0.1 if args.quick else 1.0
    port = free_port()
    process = start(port, args.workers)
    try:
        asyncio.run(measure(port, process.pid, figures, scale))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    figures.add("exit code after SIGTERM", "", abs(process.returncode), 0)
    report = {
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": f"python benchmarks/serve.py{' --quick' if args.quick else ''} --workers {args.workers}",
        "model": {"digit": bundled("digit").name},
        "machine": machine(),
        "rows": figures.rows,
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    return conclude(report, args.output, check=args.check)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def start(port: int, workers: int) -> subprocess.Popen[bytes]:
    """The server, ready to answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKREAD_")}
    command = [sys.executable, "-m", "inkread", "serve", "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen(
        command, env={**environment, "INKREAD_LOG_LEVEL": "warning", "INKREAD_MAX_FRAMES_PER_SECOND": "1000"}
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if asyncio.run(Client(port).send(get("/readyz"))).status == 200:
            return process
        time.sleep(0.2)
    process.kill()
    raise SystemExit("the server did not start")


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n".encode()


def post(path: str, body: bytes, content_type: str = "application/octet-stream") -> bytes:
    length = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}"
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode() + body


def drawn(size: tuple[int, int], line: str, kind: str) -> bytes:
    """A picture of ``line`` as it is drawn on the page's canvas."""
    options = PageOptions(
        width=size[0], height=size[1], lines=(line,), paper="canvas", paper_color=(255, 255, 255),
        ink_color=(0, 0, 0), wear=0, light=0, camera=0, view=0,
    )  # fmt: skip
    image, _ = compose_page(np.random.default_rng(7), options)
    stream = BytesIO()
    Image.fromarray(image.pixels).save(stream, kind)
    return stream.getvalue()


def memory_of(pid: int) -> float:
    """Resident megabytes of a process and its children."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
            total += next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, StopIteration):
            continue
    return total / 1e6


async def measure(port: int, pid: int, figures: Figures, scale: float) -> None:
    picture = drawn((500, 160), "73049", "PNG")
    request = post("/v1/read", picture, "image/png")
    await one_client(port, request, figures, round(400 * scale))
    await sixteen_clients(port, request, figures, 20 * scale)
    await live(port, figures, 20 * scale)
    await two_hundred_clients(port, request, figures, 30 * scale)
    await memory(port, pid, picture, figures, round(10_000 * scale))
    await page(port, figures)


async def one_client(port: int, request: bytes, figures: Figures, times: int) -> None:
    client = Client(port)
    answers = [await client.send(request) for _ in range(times + 10)][10:]
    await client.close()
    milliseconds = [1000 * answer.seconds for answer in answers]
    texts = {json.loads(answer.body)["documents"][0]["pages"][0]["lines"][0]["text"] for answer in answers}
    print(f"the drawn picture reads {', '.join(sorted(texts))}")
    figures.add("one client, five drawn digits: median", "ms", statistics.median(milliseconds), MEDIAN_MS)
    figures.add("one client, five drawn digits: 95th percentile", "ms", float(np.percentile(milliseconds, 95)), P95_MS)


async def load(port: int, request: bytes, clients: int, seconds: float) -> list[Answer]:
    """Every answer that ``clients`` got, each sending the next request when it has an answer."""
    until = time.perf_counter() + seconds

    async def one() -> list[Answer]:
        client, answers = Client(port), []
        while time.perf_counter() < until:
            answers.append(await client.send(request))
            if answers[-1].status in (429, 503):
                # What Retry-After asks for is a second; a tenth of it is a rude client.
                await asyncio.sleep(0.1)
        await client.close()
        return answers

    return [answer for answers in await asyncio.gather(*(one() for _ in range(clients))) for answer in answers]


async def sixteen_clients(port: int, request: bytes, figures: Figures, seconds: float) -> None:
    began = time.perf_counter()
    answers = await load(port, request, 16, seconds)
    rate = len(answers) / (time.perf_counter() - began)
    figures.add("16 clients: rate", "requests/s", rate, RATE_16, least=True)
    figures.add("16 clients: errors", "", sum(answer.status != 200 for answer in answers), ERRORS_16)
    figures.add("16 clients: 95th percentile", "ms", float(np.percentile([1000 * a.seconds for a in answers], 95)))


async def two_hundred_clients(port: int, request: bytes, figures: Figures, seconds: float) -> None:
    answers = await load(port, request, 200, seconds)
    began = time.perf_counter()
    client = Client(port)
    while (await client.send(request)).status != 200:
        await asyncio.sleep(0.02)
    recovery = time.perf_counter() - began
    await client.close()
    statuses = Counter(answer.status for answer in answers)
    print(f"200 clients: {dict(statuses)}")
    figures.add("200 clients: read", "requests/s", statuses[200] / seconds)
    figures.add("200 clients: lost without an answer", "", statuses[0], 0)
    figures.add(
        "200 clients: other than 200, 429 and 503",
        "",
        sum(n for s, n in statuses.items() if s not in ALLOWED_UNDER_LOAD),
        0,
    )
    figures.add("200 clients: time until one reads again", "s", recovery, RECOVERY_S)


async def live(port: int, figures: Figures, seconds: float) -> None:
    """A camera of 30 frames a second: answers a second, and the time from sending a frame to its answer."""
    import websockets

    picture = drawn((640, 480), "734", "JPEG")
    sent: dict[int, float] = {}
    times: list[float] = []
    async with websockets.connect(f"ws://127.0.0.1:{port}/v1/live", max_size=None) as connection:

        async def film() -> None:
            began = time.perf_counter()
            for number in range(int(30 * seconds)):
                await asyncio.sleep(max(0.0, began + number / 30 - time.perf_counter()))
                sent[number] = time.perf_counter()
                await connection.send(struct.pack("<Q", number) + picture)

        async def listen() -> None:
            async for message in connection:
                told = json.loads(message)
                if told["type"] == "reading":
                    times.append(1000 * (time.perf_counter() - sent[told["frame"]]))

        listening = asyncio.create_task(listen())
        await film()
        await asyncio.sleep(0.3)
        listening.cancel()
    figures.add("live, 640 × 480: answers", "frames/s", len(times) / seconds, FRAMES_PER_SECOND, least=True)
    figures.add(
        "live, 640 × 480: sent to answered, 95th percentile",
        "ms",
        float(np.percentile(times or [1e9], 95)),
        GLASS_TO_ANSWER_MS,
    )


async def memory(port: int, pid: int, picture: bytes, figures: Figures, times: int) -> None:
    """Memory after ``times`` mixed requests, bad ones included, against that after a twentieth of them."""
    strokes = json.dumps({"strokes": [[[10, 10], [12, 40], [11, 70]]]}).encode()
    photo = drawn((1200, 900), "1250 07", "JPEG")
    boundary = (
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + picture + b"\r\n--b--\r\n"
    )
    mixed = [
        post("/v1/read", picture, "image/png"), post("/v1/read", photo, "image/jpeg"),
        post("/v1/read", boundary, "multipart/form-data; boundary=b"), post("/v1/strokes", strokes, "application/json"),
        post("/v1/read", picture[:300], "image/png"), post("/v1/read", b"Dear Sir", "image/png"),
        post("/v1/read?layout=book", picture), post("/v1/strokes", b"{", "application/json"), get("/nothing"),
        post("/v1/read", b"\xff\xd8\xff" + os.urandom(2000)), get("/v1/models"), get("/metrics"),
    ]  # fmt: skip
    early = 0.0
    clients = [Client(port) for _ in range(4)]
    for start_at in range(0, times, len(clients)):
        await asyncio.gather(
            *(client.send(mixed[(start_at + place) % len(mixed)]) for place, client in enumerate(clients))
        )
        if early == 0.0 and start_at >= times // 20:
            early = memory_of(pid)
    for client in clients:
        await client.close()
    late = memory_of(pid)
    figures.add(f"memory after {times // 20} requests", "MB", early)
    figures.add(f"memory after {times} requests", "MB", late)
    figures.add("memory: growth", "times", late / early, MEMORY_GROWTH)


async def page(port: int, figures: Figures) -> None:
    """Bytes of every file of the page, as they travel."""
    from inkread.serve.pages import PAGE_ROOMS, WEB

    client = Client(port)
    names = [path.relative_to(WEB).as_posix() for path in sorted(WEB.rglob("*")) if path.is_file()]
    rooms = [f"/{name}" for name in ("", *PAGE_ROOMS) if (WEB / f"{name or 'index'}.html").is_file()]
    assets = [f"/static/{name}" for name in names if not name.endswith(".html")]
    answers = [await client.send(get(path)) for path in (*rooms, *assets)]
    await client.close()
    figures.add(
        "the page, all rooms, over the wire", "bytes", sum(len(a.body) for a in answers if a.status == 200), PAGE_BYTES
    )


if __name__ == "__main__":
    sys.exit(main())

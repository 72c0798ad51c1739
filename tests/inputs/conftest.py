"""A picture of a 7 drawn by the package's own pen, its encodings, and a server on this machine that serves files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from inkread.geometry import Stroke
from inkread.ink import Pen, draw_strokes

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def ink() -> NDArray[np.float32]:
    """A 7 as ink, float32 (42, 64): wider than high, so that a turn shows, and lopsided, so that a flip shows."""
    seven = Stroke(x=[10, 26, 15], y=[8, 8, 34])
    return draw_strokes([seven], size=(42, 64), pen=Pen(width=4, kind="digital"))


@pytest.fixture(scope="session")
def seven(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Blue ink on white paper, uint8 (42, 64, 3)."""
    blue = np.array([20, 40, 120], np.float32)
    return np.rint(255 + (blue - 255) * ink[..., None]).astype(np.uint8)


@pytest.fixture(scope="session")
def encode(seven: NDArray[np.uint8]) -> Encode:
    """A function from a format of Pillow (and its options, a mode, or another picture) to an encoded file."""

    def to_bytes(kind: str, picture: Image.Image | None = None, *, mode: str | None = None, **options: Any) -> bytes:
        picture = picture or Image.fromarray(seven)
        buffer = BytesIO()
        (picture.convert(mode) if mode else picture).save(buffer, kind, **options)
        return buffer.getvalue()

    return to_bytes


@pytest.fixture(scope="session")
def heic() -> bytes:
    """A HEIC file of 64 × 42 pixels: a 7 in black on white."""
    return (Path(__file__).parent / "seven.heic").read_bytes()


@pytest.fixture(scope="session")
def encodings(encode: Encode, heic: bytes) -> dict[str, bytes]:
    """The same picture in every kind that is taken, by the kind's name."""
    files = {kind: encode(kind.upper(), quality=95) for kind in ("JPEG", "WebP", "AVIF")}
    files |= {kind: encode(kind) for kind in ("PNG", "TIFF", "GIF", "BMP", "PDF")}
    return files | {"HEIC": heic}


class _Handler(BaseHTTPRequestHandler):
    """Serves what the fixture holds; a number stands for the status, a float for seconds to wait."""

    served: dict[str, bytes | int | float]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        answer = self.served.get(self.path.partition("?")[0], 404)
        if isinstance(answer, float):
            time.sleep(answer)
            answer = 503
        body = b"" if isinstance(answer, int) else answer
        self.send_response(answer if isinstance(answer, int) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[dict[str, bytes | int | float]], str]]:
    """A function that serves files by their path on this machine and gives the address before the paths."""
    servers: list[ThreadingHTTPServer] = []

    def start(served: dict[str, bytes | int | float]) -> str:
        handler = type("Handler", (_Handler,), {"served": served})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()

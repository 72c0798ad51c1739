"""The whole server against what the world may send: nothing hangs, nothing is shown, nothing is written."""

import asyncio
import io
import json
import random
import re
import struct

import pytest
from PIL import Image

SEED = 20261120
HOSTILE = 500
# Seconds in which every answer must have come, on a busy machine too.
PATIENCE = 8
TRACE = re.compile(rb"Traceback|File \"|\.py\b|site-packages|sqlalchemy|numpy\.", re.IGNORECASE)


def test_every_problem_is_a_problem(client):
    for method, path, status in [
        ("GET", "/nothing", 404),
        ("GET", "/v1/read", 405),
        ("PUT", "/v1/strokes", 405),
        ("GET", "/static/../app.py", 404),
        ("GET", "/v1/", 404),
        ("TRACE", "/", 405),
    ]:
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_health_readiness_and_figures(client):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}
    assert "inkread_requests_total" in client.get("/metrics").text


def test_a_database_that_is_gone_makes_the_server_not_ready(serving, tmp_path):
    empty = serving(accounts=True, database_url=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with empty.client() as client:
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["missing"]) == (503, ["accounts"])
        broken = client.post("/v1/session", json={"name": "a", "password": "b"})
        assert (broken.status_code, broken.json()["code"]) == (503, "AccountsError")


def hostile_requests(picture):
    """Malformed requests, byte for byte, seeded."""
    rng = random.Random(SEED)
    noise = lambda most: rng.randbytes(rng.randrange(most))  # noqa: E731
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, "GIF")
    kinds = [
        picture,
        stream.getvalue(),
        b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>",
        b"II*\0\x08\0\0\0\xff\xff",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    ]

    def post(path, body, kind="application/octet-stream", length=None, more=b""):
        size = len(body) if length is None else length
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
        return head.encode() + more + b"Connection: close\r\n\r\n" + body

    def broken_picture():
        if rng.random() < 0.3:
            return post("/v1/read", noise(300))
        body = bytearray(rng.choice(kinds))
        for _ in range(rng.randrange(1, 20)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        return post("/v1/read", bytes(body[: rng.randrange(1, len(body) + 1)]))

    def broken_form():
        body = (
            b"--b\r\n"
            + rng.choice(
                [
                    b"",
                    b"Content-Disposition: form-data",
                    b'Content-Disposition: form-data; name="files"; filename="../../x\0.png"',
                    b"X" * 9000,
                    b":",
                    noise(60),
                ]
            )
            + rng.choice([b"\r\n\r\n", b"\r\n", b""])
            + noise(400)
            + rng.choice([b"\r\n--b--", b"", b"--b", b"\r\n--b\r\n" * 50])
        )
        return post(
            "/v1/read",
            body,
            rng.choice(
                [
                    "multipart/form-data; boundary=b",
                    "multipart/form-data",
                    "multipart/form-data; boundary=" + "b" * 300,
                    'multipart/form-data; boundary="',
                ]
            ),
        )

    def broken_json():
        body = rng.choice(
            [
                b"{",
                b"[" * 50_000,
                b'{"strokes": ' + b"[" * 2000,
                b'{"strokes": [[[1e999, -1e999]]]}',
                b'{"url": "file:///etc/passwd"}',
                b'{"url": "http://169.254.169.254/"}',
                b'{"url": 7}',
                b"null",
                noise(200),
                b'{"strokes": [[[0, 0], [1e30, 1e30]]]}',
                b'{"strokes": [[["a", null]]]}',
                b"\xff\xfe{\0",
                b'{"strokes": [[[NaN, 1]]]}',
            ]
        )
        return post(rng.choice(["/v1/strokes", "/v1/read", "/v1/session", "/v1/keys"]), body, "application/json")

    def broken_query():
        query = rng.choice(
            [
                "layout=%00",
                "region=1e9,1,2,3",
                "region=,,,",
                "min_confidence=inf",
                "layout=page&layout=digit&x=1",
                "region=" + "9" * 5000,
                "%ff%fe",
                "min_confidence=-0.0001",
                "a" * 3000,
                "region=0,0,1,1&region=x",
            ]
        )
        return post(f"/v1/read?{query}", picture)

    def broken_path():
        path = rng.choice(
            [
                "/static/../../../etc/passwd",
                "/static/%2e%2e/%2e%2e/app.py",
                "/static//etc/passwd",
                "//evil.example/",
                "/static/\\..\\app.py",
                "/v1/keys/%00",
                "/" + "a" * 4000,
                "/static/css/%00.css",
                "/%ff",
                "/static/.git",
                "/v1/users/..%2f..",
                "/docs/../app.py",
                "/login?next=//evil.example",
            ]
        )
        method = rng.choice(["GET", "DELETE", "PATCH", "PUT", "OPTIONS", "HEAD"])
        return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()

    def broken_header():
        header = rng.choice(
            [
                b"Host: evil\r\n",
                b"Cookie: inkread_session=" + b"x" * 4000 + b"\r\n",
                b"Accept: " + b",".join([b"*/*;q=x"] * 200) + b"\r\n",
                b"Authorization: Bearer \xff\xff\r\n",
                b"Origin: http://[::1\r\n",
                b"Range: bytes=0-99999999999\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Content-Length: -1\r\n",
                b"X: \0\r\n",
                b"Expect: 100-continue\r\n",
                b"If-None-Match: " + noise(30).replace(b"\n", b"").replace(b"\r", b"") + b"\r\n",
            ]
        )
        return post("/v1/read", picture, more=header)

    def broken_line():
        return rng.choice(
            [
                noise(300),
                b"GET / HTTP/9.9\r\n\r\n",
                b"\r\n\r\n",
                b"GET\r\n\r\n",
                b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00",
                b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3000 + b"\r\n",
                b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
            ]
        )

    def short_body():
        return post("/v1/read", picture[: rng.randrange(50)], length=rng.choice([len(picture), 10**12]))

    makers = [
        broken_picture,
        broken_form,
        broken_json,
        broken_query,
        broken_path,
        broken_header,
        broken_line,
        short_body,
    ]
    return [makers[index % len(makers)]() for index in range(HOSTILE)]


async def _deliver(address, request):
    """The first answer to ``request``; nothing where the server hangs up, or waits for the rest of it."""
    is_whole = b"\r\n\r\n" in request
    reader, writer = await asyncio.open_connection(*address)
    try:
        async with asyncio.timeout(PATIENCE if is_whole else 0.3):
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 100"):
                head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            if length is None or request.startswith(b"HEAD"):
                return head
            return head + await reader.readexactly(int(length[1]))
    except (ConnectionError, asyncio.IncompleteReadError):
        return b""
    except TimeoutError:
        assert not is_whole, request[:200]
        return b""
    finally:
        writer.close()


async def _deliver_all(address, requests):
    at_once = asyncio.Semaphore(32)

    async def one(request):
        async with at_once:
            return await _deliver(address, request)

    return await asyncio.gather(*(one(request) for request in requests))


def test_five_hundred_malformed_requests(serving, seven, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    strict = serving(body_timeout_s=1.0, max_body_bytes=200_000, max_in_flight=500)
    requests = hostile_requests(seven)
    assert len(requests) == HOSTILE
    answers = asyncio.run(_deliver_all(strict.address, requests))
    statuses = set()
    for request, answer in zip(requests, answers, strict=True):
        if not answer:
            continue
        status = int(answer.split(b" ", 2)[1])
        statuses.add(status)
        assert status < 500, (request[:200], answer[-300:])
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"application/problem+json" in head and body:
            json.loads(body)
        if status >= 400:
            assert not TRACE.search(body), (request[:200], body)
    assert {400, 404, 405, 408, 413, 415, 422} <= statuses
    assert sum(bool(answer) for answer in answers) > 0.8 * HOSTILE
    assert list(tmp_path.iterdir()) == []
    with strict.client() as client:
        assert client.post("/v1/read", content=seven).status_code == 200
        assert "inkread_held_bytes 0.0" in client.get("/metrics").text


def test_hostile_frames_and_handshakes_harm_nobody(server, seven):
    rng = random.Random(SEED)
    handshake = (
        b"GET /v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )

    def masked(opcode, body, fin=0x80):
        size = struct.pack(">BBH", fin | opcode, 0x80 | 126, len(body))
        return size + b"\0\0\0\0" + body

    messages = [
        handshake + rng.randbytes(200),
        handshake + masked(2, bytes(8) + rng.randbytes(90)),
        handshake + masked(1, b"\xff\xfe"),
        handshake + masked(3, b"x"),
        handshake + masked(2, b"x", fin=0),
        handshake + masked(9, b"x" * 200),
        handshake + struct.pack(">BBQ", 0x82, 0x80 | 127, 2**62) + b"\0\0\0\0",
        handshake + masked(8, b"\0"),
        handshake.replace(b"13", b"99"),
        handshake.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"x"),
        handshake.replace(b"localhost", b"evil.example"),
        handshake.replace(b"\r\n\r\n", b"\r\nOrigin: null\r\n\r\n"),
    ]
    for answer in asyncio.run(_deliver_all(server.address, messages * 3)):
        assert not TRACE.search(answer)
        assert b" 500 " not in answer.split(b"\r\n")[0]
    with server.client() as client:
        assert client.post("/v1/read", content=seven).status_code == 200


def test_a_mistake_in_inkread_tells_nothing_but_where_to_look(serving, seven, caplog):
    """Made by taking the reader away, as no input is known that makes one."""
    from inkread.serve.app import create_app
    from inkread.serve.settings import load_settings

    broken = create_app(load_settings(max_pages=49))
    api = broken
    while not hasattr(api, "state"):
        api = api._app
    api.state.rooms.reading.reader = "7 3 0 4 9"
    import httpx

    async def ask():
        transport = httpx.ASGITransport(app=broken, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/v1/read", content=seven)

    with caplog.at_level("INFO", logger="inkread.serve"):
        answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert answer.json()["code"] == "InkreadError"
    assert not TRACE.search(answer.content)
    failure = next(record for record in caplog.records if record.message == "failure")
    assert failure.fields["error"] == "AttributeError"
    assert failure.fields["id"] in answer.json()["detail"]
    assert failure.fields["id"] == answer.headers["x-request-id"]
    api.state.rooms.reading.close()


def test_the_parts_can_be_made_from_the_environment(monkeypatch):
    from inkread.serve.app import from_environment

    monkeypatch.setenv("INKREAD_MAX_PAGES", "3")
    assert callable(from_environment())


@pytest.mark.parametrize("path", ["/v1/models", "/v1/session", "/v1/limits", "/"])
def test_nothing_of_a_caller_is_kept_by_caches(client, path):
    assert client.get(path).headers["cache-control"] in ("no-store", "no-cache")

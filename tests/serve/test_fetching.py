"""Pictures from elsewhere, with a real web server as elsewhere."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from inkread.errors import SourceNotFound, SourceTooLarge, SourceUnreadable
from inkread.serve.fetching import Fetcher, is_public
from inkread.serve.problems import BadRequest, Forbidden
from inkread.serve.settings import load_settings


@pytest.fixture(scope="module")
def elsewhere(seven):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.strip("/")
            moved = {
                "once": "/a.png",
                "out": "http://169.254.169.254/",
                "off": "http://unlisted.example/",
                "loop": "/loop",
                "file": "file:///etc/passwd",
            }
            body = seven if name == "a.png" else bytes(50_000) if name == "big" else b""
            self.send_response(302 if name in moved else 200 if body else 500 if name == "broken" else 404)
            if name in moved:
                self.send_header("Location", moved[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def fetch(url, *, hosts="localhost,127.0.0.1", anywhere=True, **more):
    settings = load_settings(url_hosts=hosts, max_body_bytes=40_000, **more)
    fetcher = Fetcher(settings, is_allowed=(lambda address: True) if anywhere else is_public)
    return asyncio.run(fetcher.fetch(url))


def test_a_picture_is_fetched_through_a_redirect_that_stays_listed(elsewhere, seven):
    for path in ("a.png", "once"):
        upload = fetch(f"http://localhost:{elsewhere}/{path}")
        assert (upload.name, upload.content) == ("a.png", seven)


@pytest.mark.parametrize("path", ["out", "off"])
def test_a_redirect_to_elsewhere_is_refused(elsewhere, path):
    with pytest.raises(Forbidden):
        fetch(f"http://localhost:{elsewhere}/{path}")


def test_a_redirect_that_is_no_web_address_is_refused(elsewhere):
    with pytest.raises(BadRequest):
        fetch(f"http://localhost:{elsewhere}/file")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_listed_name_inside_a_private_network_is_refused(elsewhere, host):
    with pytest.raises(Forbidden, match="private network"):
        fetch(f"http://{host}:{elsewhere}/a.png", anywhere=False)


def test_nothing_is_fetched_from_hosts_that_are_not_listed(elsewhere):
    with pytest.raises(Forbidden, match="INKREAD_URL_HOSTS"):
        fetch(f"http://localhost:{elsewhere}/a.png", hosts="n.example")


@pytest.mark.parametrize(
    "url",
    [
        7,
        None,
        "",
        "file:///etc/passwd",
        "ftp://localhost/",
        "http://",
        "http://me@localhost/",
        "http://[::1",
        "http://localhost:x/",
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(BadRequest):
        fetch(url)


def test_failures_are_told(elsewhere):
    with pytest.raises(SourceNotFound):
        fetch(f"http://localhost:{elsewhere}/gone")
    with pytest.raises(SourceUnreadable, match="500"):
        fetch(f"http://localhost:{elsewhere}/broken")
    with pytest.raises(SourceUnreadable, match="redirects"):
        fetch(f"http://localhost:{elsewhere}/loop")
    with pytest.raises(SourceTooLarge):
        fetch(f"http://localhost:{elsewhere}/big")
    with pytest.raises(SourceUnreadable):
        fetch("http://localhost:1/a.png")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
        "nonsense",
    ],
)
def test_private_addresses_are_known_in_every_dress(address):
    assert not is_public(address)


def test_public_addresses_are_public():
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_the_server_fetches_for_nobody_by_default(client):
    answer = client.post("/v1/read", json={"url": "http://localhost/a.png"})
    assert (answer.status_code, answer.json()["code"]) == (403, "Forbidden")

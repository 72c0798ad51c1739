"""Who may call: tried from outside, as a foreign page, a rebound name or a forged header would."""

import pytest

from inkread.serve.guard import host_name, is_same_origin


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "",
        "localhost@evil.example",
        "[::2]",
    ],
)
@pytest.mark.parametrize("path", ["/", "/v1/models", "/healthz", "/static/icon.svg"])
def test_a_name_that_resolves_here_is_not_served(client, host, path):
    """DNS rebinding: the browser believes that it talks to evil.example, and would let its page read the answer."""
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert answer.json()["code"] in ("HostNotServed", "BadRequest")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8000", "[::1]:9", "localhost."])
def test_the_names_of_this_machine_are_served(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


FOREIGN = [
    "http://evil.example",
    "null",
    "http://localhost:1",
    "http://127.0.0.1.evil.example",
    "https://evil.example:443",
    "file://",
    "http://user@127.0.0.1",
    "chrome-extension://abc",
    "",
]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/read"), ("POST", "/v1/strokes"), ("DELETE", "/v1/session")])
def test_a_foreign_page_cannot_write(client, origin, method, path):
    answer = client.request(method, path, headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (403, "ForeignOrigin")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_cross_site_without_an_origin_cannot_write(client, site):
    answer = client.post("/v1/read", headers={"Sec-Fetch-Site": site}, content=b"x")
    assert answer.json()["code"] == "ForeignOrigin"


def test_our_own_page_and_programs_can_write(client, server, seven):
    ours = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/v1/read", content=seven, headers=ours).status_code == 200
    assert client.post("/v1/read", content=seven).status_code == 200


def test_two_hosts_are_one_too_many(server):
    import socket

    with socket.create_connection(server.address, timeout=10) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        assert b" 400 " in raw.recv(4096)


def test_every_answer_carries_the_headers_of_safety(client):
    for path in ("/", "/v1/models", "/nothing", "/static/nothing", "/docs"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers
    assert client.get("/v1/models", headers={"Host": "evil.example"}).headers["content-security-policy"] == policy


def test_cors_is_off_unless_listed(client, serving):
    asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in client.options("/v1/read", headers=asks).headers
    with serving(cors_origins="https://app.example").client() as listed:
        answer = listed.options("/v1/read", headers=asks)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert "access-control-allow-credentials" not in answer.headers
        other = listed.options("/v1/read", headers={**asks, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        refused = listed.post("/v1/read", headers={"Origin": "https://evil.example"})
        assert refused.json()["code"] == "ForeignOrigin"


def test_host_names_lose_their_port():
    assert host_name("A.example:80") == "a.example"
    assert host_name("[2001:DB8::1]:80") == "[2001:db8::1]"


def test_a_proxy_that_speaks_https_for_us_changes_the_scheme_only():
    assert is_same_origin("https://n.example", "n.example", scheme="http")
    assert not is_same_origin("https://n.example:8443", "n.example", scheme="http")
    assert not is_same_origin("https://m.example", "n.example", scheme="http")


def test_https_is_remembered_only_where_it_is_spoken(client):
    assert "strict-transport-security" not in client.get("/healthz").headers

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(guarded):
    with guarded.client() as made:
        yield made


@pytest.mark.parametrize("path", ["/v1/models", "/v1/report", "/v1/limits", "/metrics", "/openapi.json", "/nothing"])
def test_nothing_is_told_to_who_is_not_signed_in(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "NotSignedIn")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/draw", "/live", "/docs"])
def test_rooms_lead_to_the_login_page(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/session"])
def test_health_and_who_one_is_are_told_to_everybody(visitor, path):
    assert visitor.get(path).status_code == 200


def test_reading_needs_a_session_or_a_key(visitor, seven):
    assert visitor.post("/v1/read", content=seven).status_code == 401
    assert visitor.post("/v1/strokes", json={"strokes": []}).status_code == 401


@pytest.mark.parametrize("value", ["Bearer", "Bearer x", "Bearer inkread_0_0", "Basic YTpi", "Bearer " + "x" * 9000])
def test_keys_that_open_nothing(visitor, value):
    assert visitor.get("/v1/models", headers={"Authorization": value}).status_code == 401


def test_a_socket_needs_a_session_of_this_origin(guarded, visitor):
    address = f"{guarded.socket_url}/v1/live"
    with pytest.raises(InvalidStatus) as caught, connect(address):
        pass
    assert caught.value.response.status_code == 401
    visitor.post("/v1/session", json={"name": "ada", "password": PASSWORD})
    cookie = {"Cookie": f"inkread_session={visitor.cookies['inkread_session']}"}
    with connect(address, additional_headers=cookie, origin=guarded.url) as socket:
        socket.send(b"short")
        assert json.loads(socket.recv(timeout=20))["type"] == "problem"
    for origin in ("http://evil.example", None):
        with pytest.raises(InvalidStatus) as caught, connect(address, additional_headers=cookie, origin=origin):
            pass
        assert caught.value.response.status_code == 403


def test_rates_are_counted_for_each_key_and_address_apart(serving, guarded):
    limited = serving(accounts=True, database_url=guarded.settings.database_url, rate="4/minute")
    with limited.client() as client:
        for _ in range(4):
            assert client.get("/v1/session").status_code == 200
        answer = client.get("/v1/session")
        assert (answer.status_code, answer.json()["code"]) == (429, "TooManyRequests")
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200
    with guarded.client() as ada:
        csrf = ada.post("/v1/session", json={"name": "ada", "password": PASSWORD}).json()["csrf"]
        key = ada.post("/v1/keys", json={"label": "rates"}, headers={"X-CSRF-Token": csrf}).json()["key"]
    with limited.client(headers={"Authorization": f"Bearer {key}"}) as program:
        assert [program.get("/v1/models").status_code for _ in range(5)] == [200] * 4 + [429]


def test_an_address_that_a_client_claims_is_not_believed(serving):
    limited = serving(rate="3/minute")
    with limited.client() as client:
        statuses = [
            client.get("/v1/session", headers={"X-Forwarded-For": f"203.0.113.{index}"}).status_code
            for index in range(4)
        ]
    assert statuses == [200, 200, 200, 429]

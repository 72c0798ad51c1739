import time

import pytest

PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(guarded):
    with guarded.client() as made:
        yield made


def login(client, name="ada", password=PASSWORD):
    return client.post("/v1/session", json={"name": name, "password": password})


@pytest.fixture
def ada(visitor):
    """A client with the admin's session, which sends its token."""
    visitor.headers["X-CSRF-Token"] = login(visitor).json()["csrf"]
    return visitor


@pytest.fixture
def grace(guarded):
    with guarded.client() as client:
        client.headers["X-CSRF-Token"] = login(client, "grace").json()["csrf"]
        yield client


def test_login_gives_a_session_in_a_cookie_that_scripts_cannot_see(visitor):
    answer = login(visitor)
    assert answer.status_code == 200
    assert answer.json()["user"] == {"name": "ada", "role": "admin"}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie  # over http a browser would drop it
    assert visitor.get("/v1/session").json()["user"]["name"] == "ada"


def test_cookies_travel_over_https_alone_where_the_operator_says_so(serving, guarded):
    secure = serving(accounts=True, database_url=guarded.settings.database_url, secure_cookies=True)
    with secure.client() as client:
        assert "secure" in login(client).headers["set-cookie"].lower()


def test_a_wrong_password_is_told_without_saying_which_was_wrong(visitor):
    wrong, nobody = login(visitor, password="wrong wrong"), login(visitor, "nobody", "wrong wrong")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()
    assert wrong.json()["code"] == "WrongPassword"
    assert "set-cookie" not in wrong.headers


def test_many_wrong_passwords_are_slowed_down(visitor):
    for _ in range(3):
        assert login(visitor, "brute", "wrong wrong").status_code == 401
    began = time.perf_counter()
    answer = login(visitor, "brute", "wrong wrong")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert time.perf_counter() - began < 5  # refused, not kept waiting


def test_a_forged_cookie_opens_nothing(visitor):
    for value in ("x" * 43, "", "a" * 5000, '"', "../../etc/passwd", "é"):
        raw = f"inkread_session={value}".encode()
        answer = visitor.get("/v1/models", headers={b"Cookie": raw})
        assert (answer.status_code, answer.json()["code"]) == (401, "NotSignedIn")


def test_a_write_without_the_token_is_refused(ada, seven):
    assert ada.post("/v1/read", content=seven).status_code == 200
    token = ada.headers.pop("X-CSRF-Token")
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": token[:-1]}, {"X-CSRF-Token": token.upper() + "0"}):
        answer = ada.post("/v1/read", content=seven, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "MissingToken")
    assert ada.delete("/v1/session").status_code == 403
    assert ada.get("/v1/models").status_code == 200


def test_another_sessions_token_is_no_token(ada, grace, seven):
    answer = ada.post("/v1/read", content=seven, headers={"X-CSRF-Token": grace.headers["X-CSRF-Token"]})
    assert answer.json()["code"] == "MissingToken"


def test_logging_in_from_a_foreign_form_is_not_possible(visitor):
    """A form can only send these kinds of body, and its page's origin."""
    body = f'{{"name": "ada", "password": "{PASSWORD}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = visitor.post("/v1/session", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 422)
        assert "set-cookie" not in answer.headers
    assert visitor.post("/v1/session", content=body, headers={"Origin": "http://evil.example"}).status_code == 403


def test_logging_out_ends_the_session_for_good(ada, guarded):
    cookie = ada.cookies["inkread_session"]
    assert ada.delete("/v1/session").status_code == 204
    with guarded.client(cookies={"inkread_session": cookie}) as old:
        assert old.get("/v1/models").status_code == 401


def test_a_new_login_ends_the_session_that_was_there(ada, guarded):
    before = ada.cookies["inkread_session"]
    assert login(ada).status_code == 200
    assert ada.cookies["inkread_session"] != before
    with guarded.client(cookies={"inkread_session": before}) as old:
        assert old.get("/v1/models").status_code == 401


def test_keys_are_made_listed_used_and_removed(ada, visitor, guarded, seven):
    made = ada.post("/v1/keys", json={"label": "scans"})
    assert made.status_code == 201
    key = made.json()
    bearer = {"Authorization": f"Bearer {key['key']}"}
    with guarded.client() as program:
        assert program.post("/v1/read", content=seven, headers=bearer).status_code == 200
        assert key["key"] not in ada.get("/v1/keys").text
        assert [one["label"] for one in ada.get("/v1/keys").json()["keys"] if one["id"] == key["id"]] == ["scans"]
        assert ada.delete(f"/v1/keys/{key['id']}").status_code == 204
        answer = program.post("/v1/read", content=seven, headers=bearer)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert ada.delete(f"/v1/keys/{key['id']}").status_code == 404


def test_users_are_the_admins_business(ada, grace):
    for call in (lambda c: c.get("/v1/users"), lambda c: c.post("/v1/users", json={"name": "x", "password": PASSWORD}),
                 lambda c: c.patch("/v1/users/ada", json={"disabled": True}), lambda c: c.get("/metrics")):  # fmt: skip
        assert (call(grace).status_code, call(grace).json()["code"]) == (403, "Forbidden")
    assert {"ada", "grace"} <= {user["name"] for user in ada.get("/v1/users").json()["users"]}
    assert "password" not in ada.get("/v1/users").text
    assert ada.get("/metrics").status_code == 200


def test_disabling_a_user_ends_what_runs(ada, guarded):
    assert ada.post("/v1/users", json={"name": "alan", "password": PASSWORD}).status_code == 201
    assert ada.post("/v1/users", json={"name": "alan", "password": PASSWORD}).status_code == 409
    with guarded.client() as alan:
        assert login(alan, "alan").status_code == 200
        assert alan.get("/v1/models").status_code == 200
        assert ada.patch("/v1/users/alan", json={"disabled": True}).json()["disabled"] is True
        assert alan.get("/v1/models").status_code == 401
        assert login(alan, "alan").status_code == 401
    assert ada.patch("/v1/users/nobody", json={}).status_code == 404


def test_where_accounts_are_off_there_is_nothing_to_sign_in_to(client):
    assert client.get("/v1/session").json() == {"accounts": False, "user": None, "csrf": None}
    for call in (login(client), client.get("/v1/keys"), client.get("/v1/users")):
        assert call.status_code == 404

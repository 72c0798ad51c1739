"""The lab over a real socket: sets are browsed, networks evaluated and trained, and only whoever may comes in."""

from __future__ import annotations

import base64
import io
import time

import pytest
from PIL import Image

ADDRESSES = [
    ("GET", "/v1/lab"), ("GET", "/v1/lab/samples?data=semeion&split=all"), ("GET", "/v1/lab/job"),
    ("POST", "/v1/lab/job"), ("DELETE", "/v1/lab/job"), ("POST", "/v1/lab/strokes"),
]  # fmt: skip


@pytest.fixture
def data(write_semeion, tmp_path, monkeypatch):
    """A data folder that holds one set of our own digits."""
    monkeypatch.setenv("INKREAD_DATA", str(write_semeion(tmp_path, 600)))


def finished(client, *, seconds=120):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        job = client.get("/v1/lab/job").json()["job"]
        if job["state"] != "running":
            return job
        time.sleep(0.05)
    raise AssertionError(f"the job is not done: {job}")


@pytest.fixture
def lab(serving, data):
    """A server whose lab nobody has used; its jobs end with the test."""
    with serving(max_live=7).client() as client:
        yield client
        client.delete("/v1/lab/job")
        if client.get("/v1/lab/job").json()["job"] is not None:
            finished(client)


def test_sets_that_are_here_are_shown_and_read(lab):
    told = lab.get("/v1/lab").json()
    assert [(one["name"], one["splits"]) for one in told["sets"]] == [("semeion", {"all": 1593})]
    assert told["networks"]["bundled"].startswith("digit-")
    shown = lab.get("/v1/lab/samples", params={"data": "semeion", "split": "all", "start": 595, "count": 10}).json()
    assert shown["n"] == 600
    assert [one["index"] for one in shown["samples"]] == [595, 596, 597, 598, 599]
    assert sum(one["label"] == one["reading"] for one in shown["samples"]) >= 4
    first = shown["samples"][0]
    assert len(first["probabilities"]) == 10
    assert first["confidence"] == max(first["probabilities"])
    picture = Image.open(io.BytesIO(base64.b64decode(first["picture"].partition(",")[2])))
    assert picture.size == (40, 40)


def test_a_set_is_evaluated_and_its_report_is_the_usual_one(lab):
    begun = lab.post("/v1/lab/job", json={"kind": "evaluate", "data": "semeion", "split": "all", "limit": 300})
    assert begun.status_code == 202, begun.text
    job = finished(lab)
    assert (job["state"], job["done"], job["total"]) == ("done", 300, 300)
    assert job["report"]["accuracy"]["n"] == 300
    assert job["report"]["accuracy"]["value"] > 0.9
    assert job["report"]["command"] == "inkread evaluate digit semeion --split all --limit 300"


def test_a_network_is_trained_and_draws_are_read_with_it_at_once(lab):
    stroke = {"strokes": [[[10, 10, 0, 0.5], [10, 30, 100, 0.5], [10, 60, 200, 0.5]]]}
    early = lab.post("/v1/lab/strokes", json=stroke)
    assert (early.status_code, early.json()["code"]) == (404, "NotFound")
    assert lab.post("/v1/lab/job", json={"kind": "train", "data": "semeion", "samples": 1024}).status_code == 202
    again = lab.post("/v1/lab/job", json={"kind": "train", "data": "semeion"})
    assert (again.status_code, again.json()["code"]) == (409, "Conflict")
    job = finished(lab)
    assert (job["state"], job["error"]) == ("done", None)
    assert job["done"] == 1024
    assert job["curve"][-1]["step"] == job["curve"][-1]["steps"]
    trained = lab.get("/v1/lab").json()["networks"]["trained"]
    read = lab.post("/v1/lab/strokes", json=stroke)
    assert read.status_code == 200
    assert read.json()["model"]["digit"] == trained
    shown = lab.get("/v1/lab/samples", params={"data": "semeion", "split": "all", "network": "trained"}).json()
    assert len(shown["samples"]) == 40


def test_a_training_is_canceled_and_leaves_room_for_the_next(lab):
    lab.post("/v1/lab/job", json={"kind": "train", "data": "semeion", "samples": 1_000_000})
    assert lab.delete("/v1/lab/job").status_code == 204
    assert finished(lab)["state"] == "canceled"
    lab.post("/v1/lab/job", json={"kind": "evaluate", "data": "semeion", "split": "all", "limit": 10})
    assert finished(lab)["state"] == "done"


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"kind": "evaluate", "data": "usps", "split": "test"}, 404, "NotFound"),
        ({"kind": "evaluate", "data": "../etc", "split": "test"}, 404, "NotFound"),
        ({"kind": "train", "data": "semeion", "samples": 10**9}, 422, "InvalidOption"),
        ({"kind": "evaluate", "data": "semeion", "split": "all", "network": "mine"}, 422, "InvalidOption"),
        ({"kind": "dance"}, 422, "InvalidOption"),
        ([], 422, "InvalidOption"),
    ],
)
def test_orders_that_cannot_be_carried_out_are_refused(lab, order, status, code):
    answer = lab.post("/v1/lab/job", json=order)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_split_that_is_not_there_fails_in_words(lab):
    lab.post("/v1/lab/job", json={"kind": "evaluate", "data": "semeion", "split": "test"})
    job = finished(lab)
    assert job["state"] == "failed"
    assert "no split 'test'" in job["error"]
    shown = lab.get("/v1/lab/samples", params={"data": "semeion", "split": "test"})
    assert (shown.status_code, shown.json()["code"]) == (422, "InvalidOption")


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_only_admins_come_in_where_accounts_are_on(guarded, method, path):
    password = "correct horse battery"
    with guarded.client() as client:
        assert client.request(method, path).status_code == 401
        token = client.post("/v1/session", json={"name": "grace", "password": password}).json()["csrf"]
        refused = client.request(method, path, headers={"X-CSRF-Token": token})
        assert (refused.status_code, refused.json()["code"]) == (403, "Forbidden")
        token = client.post("/v1/session", json={"name": "ada", "password": password}).json()["csrf"]
        assert client.request(method, path, headers={"X-CSRF-Token": token}).status_code not in (401, 403, 500)


def test_a_closed_lab_answers_nobody(serving):
    with serving(lab=False).client() as client:
        for method, path in ADDRESSES:
            answer = client.request(
                method, path, json={"kind": "train", "data": "semeion"} if method == "POST" else None
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "NotFound"), path


def test_a_foreign_page_can_begin_nothing(lab):
    order = {"kind": "train", "data": "semeion"}
    answer = lab.post("/v1/lab/job", json=order, headers={"Origin": "http://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "ForeignOrigin")

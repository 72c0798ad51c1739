"""The address that explains: the same words as Python, one digit or all, data or a picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

import inkread


def test_the_answer_is_the_explanation_that_python_gives(client, cheque):
    given = client.post("/v1/explain", files={"files": ("cheque.jpg", cheque)}, params={"against": "7"})
    assert given.status_code == 200
    wanted = inkread.explain(cheque, against="7").to_dict()
    assert given.json()["document"]["source"] == "cheque.jpg"
    assert given.json()["digits"] == wanted["digits"]
    described = client.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Explanation", "components": described["components"]}
    Draft202012Validator(schema).validate(given.json())


def test_one_digit_alone_and_any_alternative_are_explained(client, seven):
    answer = client.post("/v1/explain", params={"digit": "0", "value": "1", "against": "7"}, content=seven).json()
    (one,) = answer["digits"]
    assert (one["read"], one["value"], one["against"]) == ("7", "1", "7")
    assert one["log_odds"] < 0
    assert np.shape(one["heat"]) == (28, 28)
    beyond = client.post("/v1/explain?digit=1", content=seven)
    assert (beyond.status_code, beyond.json()["code"]) == (422, "InvalidOption")
    assert "digit is below 1" in beyond.json()["detail"]


def test_the_picture_comes_with_its_heat(client, seven):
    answer = client.post("/v1/explain", content=seven, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    drawn = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)
    assert (drawn[..., 0] - drawn[..., 2] > 80).any()


def test_strokes_are_explained_where_they_were_written(client):
    body = {"strokes": [[[20, 20], [20, 80]], [[60, 20], [90, 20], [70, 80]]], "style": True}
    answer = client.post("/v1/explain?against=4", json=body).json()
    assert [one["value"] for one in answer["digits"]] == ["1", "7"]
    assert answer["document"]["pages"][0]["lines"][0]["style"]["darkness"] is None
    drawn = client.post("/v1/explain", json=body, headers={"Accept": "image/png"})
    assert (drawn.status_code, drawn.json()["code"]) == (406, "NotAcceptable")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("value=x", 422, "InvalidOption"),
        ("against=10", 422, "InvalidOption"),
        ("value=7&against=7", 422, "InvalidOption"),
        ("digit=-1", 422, "InvalidOption"),
        ("layout=book", 422, "InvalidOption"),
    ],
)
def test_what_cannot_be_explained_is_refused(client, seven, query, status, code):
    answer = client.post(f"/v1/explain?{query}", content=seven)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_bodies_that_cannot_be_used_are_refused(client, seven):
    two = [("files", (name, seven)) for name in ("a.png", "b.png")]
    assert client.post("/v1/explain", files=two).status_code == 413
    assert client.post("/v1/explain", content=b"text").json()["code"] == "UnsupportedSource"
    assert client.post("/v1/explain", json={"strokes": [[["a"]]]}).status_code == 422
    assert client.post("/v1/explain", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.post("/v1/explain", content=seven, headers={"Accept": "text/csv"}).status_code == 406

import contextlib
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkread.errors import InkreadError, SourceTooLarge
from inkread.serve.bodies import Upload, parse_form, safe_name
from inkread.serve.problems import BadRequest

TYPE = "multipart/form-data; boundary=b"


def part(disposition, content):
    return f"--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


def test_files_and_fields_come_in_order():
    body = (
        part('name="files"; filename="a.png"', b"AA\r\n--")
        + part('name="layout"', b"digit")
        + part('name="files"', b"B")
        + b"--b--"
    )
    form = parse_form(body, TYPE, max_files=2)
    assert form.files == (Upload(name="a.png", content=b"AA\r\n--"), Upload(name="<file>", content=b"B"))
    assert form.fields == {"layout": "digit"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", TYPE),
        (b"no form", TYPE),
        (part('name="files"; filename="a"', b"x"), TYPE),  # never ends
        (part('name="other"; filename="a"', b"x") + b"--b--", TYPE),
        (part("nameless", b"x") + b"--b--", TYPE),
        (part('name="files"', b"x") + b"--b--", "multipart/form-data"),
        (part('name="layout"', b"x" * 20_000) + b"--b--", TYPE),
        (b"".join(part(f'name="f{i}"', b"x") for i in range(20)) + b"--b--", TYPE),
        (b"--b\r\n" + b"X" * 10_000 + b": y\r\n\r\n--b--", TYPE),
    ],
)
def test_what_is_no_form_is_refused(body, kind):
    with pytest.raises(BadRequest):
        parse_form(body, kind, max_files=5)


def test_too_many_files_are_refused():
    with pytest.raises(SourceTooLarge, match="at most 2"):
        parse_form(part('name="files"', b"x") * 3 + b"--b--", TYPE, max_files=2)


@given(st.binary(max_size=300), st.text(st.characters(max_codepoint=255), max_size=30))  # as headers are read
def test_whatever_comes_is_a_form_or_an_error_of_ours(noise, kind):
    for body in (noise, b"--b\r\n" + noise, part('name="files"', noise) + b"--b--"):
        for content_type in (TYPE, f"multipart/form-data; {kind}"):
            with contextlib.suppress(InkreadError):
                parse_form(body, content_type, max_files=3)


@given(st.text(max_size=300))
def test_names_are_harmless(name):
    made = safe_name(name)
    assert 1 <= len(made) <= 200
    assert made.isprintable()
    assert not set(made) & set('/\\:"|?*') or made == "<file>"
    assert made not in (".", "..")


def test_a_body_that_comes_too_slowly_gives_its_place_to_others(serving, seven):
    strict = serving(body_timeout_s=0.5)
    with socket.create_connection(strict.address, timeout=20) as slow:
        slow.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
        with strict.client() as client:
            assert client.post("/v1/read", content=seven).status_code == 200
        answer = b"".join(iter(lambda: slow.recv(65536), b""))
        assert b" 408 " in answer
        assert b"RequestTimeout" in answer


def test_what_the_process_holds_is_bounded(serving):
    strict = serving(max_held_bytes=100_000, body_timeout_s=5.0)
    with socket.create_connection(strict.address, timeout=20) as holder:
        holder.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90001\r\n\r\n" + bytes(90_000))
        until = time.monotonic() + 10
        with strict.client() as client:
            while "inkread_held_bytes 90000.0" not in client.get("/metrics").text and time.monotonic() < until:
                time.sleep(0.01)
            refused = client.post("/v1/read", content=bytes(20_000))
            assert (refused.status_code, refused.json()["code"]) == (503, "Overloaded")
            assert refused.headers["retry-after"] == "1"
            holder.sendall(b"x")
            assert b" 415 " in holder.recv(65536)
            assert client.post("/v1/read", content=bytes(20_000)).status_code == 415


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(serving):
    strict = serving(max_held_bytes=100_000, body_timeout_s=5.0)
    with socket.create_connection(strict.address) as leaver:
        leaver.sendall(b"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90001\r\n\r\n" + bytes(9_000))
    until = time.monotonic() + 10
    with strict.client() as client:
        while "inkread_held_bytes 0.0" not in client.get("/metrics").text:
            assert time.monotonic() < until
            time.sleep(0.02)

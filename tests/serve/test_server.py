"""Starting, sharing and ending: real processes."""

import contextlib
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time

import httpx
import pytest
import yaml

from inkread.errors import InvalidOption
from inkread.serve.server import address_of, prepare_accounts, serve
from inkread.serve.settings import ServerSettings, load_settings


def test_the_address_of_the_page():
    assert address_of(load_settings(port=8000)) == "http://127.0.0.1:8000/"
    assert address_of(load_settings(host="0.0.0.0", port=80)) == "http://127.0.0.1:80/"
    assert address_of(load_settings(host="::1", port=80, certfile="a", keyfile="b")) == "https://[::1]:80/"


def test_an_address_that_is_taken_is_told_before_anything_is_loaded():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InvalidOption, match="choose another"):
        serve(load_settings(port=taken.getsockname()[1]))


def test_others_are_not_let_in_without_accounts(tmp_path, free_port):
    url = f"sqlite:///{tmp_path / 'accounts.sqlite3'}"
    with pytest.raises(InvalidOption, match="--no-accounts"):
        serve(load_settings(host="0.0.0.0", port=free_port, database_url=url))


def test_the_first_admin_comes_from_the_environment_once(tmp_path):
    from inkread.serve.accounts import Accounts

    url = f"sqlite:///{tmp_path / 'accounts.sqlite3'}"
    settings = load_settings(accounts=True, database_url=url, admin_name="root", admin_password="a first password")
    prepare_accounts(settings)
    accounts = Accounts(url)
    accounts.change_user("root", password="another password")
    prepare_accounts(settings)
    assert [user.role for user in accounts.users()] == ["admin"]
    assert accounts.sign_in("root", "another password", address="", hours=1)
    accounts.close()


def _start(port, *options, folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INKREAD_")}
    command = [sys.executable, "-m", "inkread", "serve", "--port", str(port), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log, cwd=folder)
    until = time.monotonic() + 120
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until and process.poll() is None:
            try:
                if client.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200:
                    return process
            except httpx.TransportError:
                time.sleep(0.1)
    process.kill()
    pytest.fail((folder / "log").read_text())


def test_a_running_request_is_finished_at_the_end(tmp_path, free_port, cheque):
    process = _start(free_port, folder=tmp_path)
    address = f"http://127.0.0.1:{free_port}"
    head = f"POST /v1/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(cheque)}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection(("127.0.0.1", free_port), 60)) for _ in range(4)]
        for caller in callers:  # all but the last byte: none can be answered before the server is told to end
            caller.sendall(head + cheque[:-1])
        held = f"inkread_held_bytes {4 * len(cheque) - 4:.1f}"
        _await(lambda: held in httpx.get(f"{address}/metrics", trust_env=False).text)
        process.send_signal(signal.SIGTERM)
        _await(lambda: _refuses(free_port))
        for caller in callers:
            caller.sendall(cheque[-1:])
        answers = [caller.makefile("rb").read() for caller in callers]
    assert process.wait(60) == 0
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 4
    assert all(json.loads(answer.split(b"\r\n\r\n", 1)[1])["documents"][0]["pages"] for answer in answers)


def _await(holds):
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def _refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port), 10).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.slow
def test_several_workers_share_a_port_and_their_figures(tmp_path, free_port, seven):
    process = _start(free_port, "--workers", "2", folder=tmp_path)
    try:
        for _ in range(20):  # each on a connection of its own, so that both workers come to answer
            answer = httpx.post(f"http://127.0.0.1:{free_port}/v1/read", content=seven, timeout=60, trust_env=False)
            assert answer.status_code == 200
        text = httpx.get(f"http://127.0.0.1:{free_port}/metrics", trust_env=False, timeout=60).text
        assert re.search(r"^inkread_pictures_total 20\.0$", text, re.MULTILINE)
        with httpx.Client(trust_env=False, base_url=f"http://127.0.0.1:{free_port}") as client:
            seconds = [client.get("/v1/limits").elapsed.total_seconds() for _ in range(40)]
        # Linux waits 40 ms with its receipts, and a socket that gathers small writes waits for them.
        assert statistics.median(seconds) < 0.03
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_every_setting_that_is_written_somewhere_exists(repository):
    known = {f"INKREAD_{name.upper()}" for name in ServerSettings.model_fields} | {"INKREAD_DATA"}
    pages = ["Dockerfile", "compose.yaml", "docs/guides/serve.md", "docs/reference/http.md"]
    named = {name for page in pages for name in re.findall(r"INKREAD_[A-Z_]+[A-Z]", (repository / page).read_text())}
    assert len(named) > 10
    assert named <= known


def test_the_container_is_slim_and_not_root_and_says_how_it_is(repository):
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.12-slim"] * 2
    assert re.search(r"^USER (?!root)\w+", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
    services = yaml.safe_load((repository / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["inkread"]["read_only"] is True
    assert services["database"]["image"].startswith("postgres:")
    settings = services["inkread"]["environment"]
    assert {"INKREAD_ADMIN_NAME", "INKREAD_ADMIN_PASSWORD", "INKREAD_DATABASE_URL"} <= set(settings)
